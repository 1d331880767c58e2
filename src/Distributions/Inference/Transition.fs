namespace Cotangent.Inference

/// What came of one transition of a chain.
[<NoComparison; NoEquality>]
type internal Transition = {
    /// Where the chain is now, with the energy that it had there.
    Point: Point
    /// Of the points that were visited, the average probability with which Metropolis would take each.
    Acceptance: float
    Steps: int
    /// How often the trajectory was doubled.
    Depth: int
    IsDivergent: bool
    /// Whether it ended because it may not be longer.
    IsSaturated: bool
}

/// Hamiltonian Monte Carlo with trajectories of given length (Duane et al. 1987; Neal 2011).
module internal FixedLength =
    let private most = 1024

    let transition
        (limit: float)
        (length: float)
        step
        (size: float)
        (random: Stream)
        (start: Point)
        : Transition =
        let steps =
            length * (0.8 + 0.4 * random.Uniform()) / size |> round |> max 1.0 |> min (float most) |> int

        let rec go taken (p: Point) =
            if taken = steps || p.Energy - start.Energy > limit then
                struct (taken, p)
            else
                go (taken + 1) (step size p)

        let struct (taken, last) = go 0 start
        let gain = last.Energy - start.Energy
        let acceptance = exp (min 0.0 -gain)

        {
            Point = if random.Uniform() < acceptance then last else start
            Acceptance = acceptance
            Steps = taken
            Depth = 0
            IsDivergent = gain > limit
            IsSaturated = steps = most
        }
