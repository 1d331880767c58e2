namespace Cotangent.Inference

open System

/// Where a trajectory is, and how it goes on.
[<NoComparison; NoEquality>]
type internal Point = {
    Position: float[]
    Momentum: float[]
    Velocity: float[]
    LogDensity: float
    /// Of the log-density.
    Gradient: float[]
    /// Potential and kinetic; ∞ where it is no number.
    Energy: float
}

/// Hamilton's equations for a particle whose potential is minus the log-density, by leapfrog steps.
module internal Leapfrog =
    let private point mass (position: float[]) (momentum: float[]) (struct (logDensity, gradient)) =
        let velocity = Mass.velocity mass momentum
        let energy = 0.5 * Mass.dot momentum velocity - logDensity

        {
            Position = position
            Momentum = momentum
            Velocity = velocity
            LogDensity = logDensity
            Gradient = gradient
            Energy = if Double.IsFinite energy then energy else infinity
        }

    /// At rest.
    let resting (density: float[] -> struct (float * float[])) (position: float[]) : Point =
        let size = position.Length
        point (Mass.unit size) position (Array.zeroCreate size) (density position)

    /// The same place with another momentum.
    let kick mass (momentum: float[]) (p: Point) : Point =
        point mass p.Position momentum (struct (p.LogDensity, p.Gradient))

    /// A step of that size; back in time where it is negative.
    let step mass (density: float[] -> struct (float * float[])) (size: float) (p: Point) : Point =
        let half = Array.map2 (fun momentum slope -> momentum + 0.5 * size * slope)
        let between = half p.Momentum p.Gradient

        let position =
            Array.map2 (fun q velocity -> q + size * velocity) p.Position (Mass.velocity mass between)

        let struct (logDensity, gradient) = density position
        point mass position (half between gradient) (struct (logDensity, gradient))
