namespace Cotangent.Distributions

open System
open Cotangent

/// <summary>
/// The von Mises distribution of angles in radians, the normal distribution's counterpart on the circle. Draws lie between -π and π; the
/// density is that of an angle, whatever turn it is given in.
/// </summary>
/// <remarks>
/// <c>Mean</c> is the mean direction and <c>Variance</c> the circular variance, 1 - I₁(κ)/I₀(κ), between 0 and 1. The distribution function
/// has no closed form.
/// </remarks>
/// <exception cref="T:Cotangent.ValueException">The concentration is not positive.</exception>
/// <example><code>
/// VonMises(tensor 0.0, tensor 1.0).LogProb(tensor 0.0) // -1.0738
/// </code></example>
[<Sealed>]
type VonMises(loc: Tensor, concentration: Tensor) =
    inherit Distribution()
    let batch = Parameters.batch "VonMises" [ "loc", loc; "concentration", concentration ]
    /// The mean direction.
    member val Loc: Tensor = Parameters.real "VonMises" "loc" batch loc
    /// κ: 1/κ is near the variance where κ is large.
    member val Concentration: Tensor = Parameters.positive "VonMises" "concentration" batch concentration
    override d.DType = d.Loc.DType
    override d.BatchShape = d.Loc.Shape
    override _.EventShape = [||]
    override _.IsReparameterised = false

    /// <summary>By rejection from a wrapped Cauchy distribution: Best and Fisher, "Efficient simulation of the von Mises distribution" (1979).</summary>
    /// <example><code>
    /// VonMises(tensor 0.0, tensor 4.0).Sample(Key.create 0L, 5) // shape (5)
    /// </code></example>
    override d.SampleCore(key, shape) =
        let k = (stopGradient d.Concentration).Convert(DType.Float64).Expand shape
        let isValid = (k.Greater 0.0).And(k.IsFinite())
        let tau = 1.0 + sqrt (1.0 + 4.0 * square k)
        let rho = (tau - sqrt (2.0 * tau)) / (2.0 * k)
        // The difference has lost its digits where κ is small: there it is κ.
        let r = where (k.Less 1e-4) (1.0 / k + k) ((1.0 + square rho) / (2.0 * rho))

        let angle =
            Rejection.draw key isValid k (fun key ->
                let forZ, forU, forSide = Key.split3 key
                let z = cos (Math.PI * Uniforms.inside forZ DType.Float64 shape)
                let u = Uniforms.inside forU DType.Float64 shape
                let side = (Uniforms.inside forSide DType.Float64 shape - 0.5).Sign()
                let f = clamp -1.0 1.0 ((1.0 + r * z) / (r + z))
                let c = k * (r - f)
                let isQuick = (c * (2.0 - c) - u).Greater 0.0
                side * acos f, isQuick.Or((log (c / u) + 1.0 - c).GreaterEqual 0.0))

        let turned = angle + (stopGradient d.Loc).Convert DType.Float64
        (turned - 2.0 * Math.PI * round (turned / (2.0 * Math.PI))).Convert d.DType

    override d.LogProbCore x =
        let k = d.Concentration
        // cos - 1, which keeps its digits where κ is large.
        -2.0 * k * square (sin (0.5 * (x - d.Loc))) - log (2.0 * Math.PI * besselI0e k)

    member private d.Resultant = besselI1e d.Concentration / besselI0e d.Concentration
    override d.Mean() = d.Loc
    override d.Variance() = 1.0 - d.Resultant
    override d.Mode() = d.Loc

    override d.Entropy() =
        let k = d.Concentration
        log (2.0 * Math.PI * besselI0e k) + k - k * d.Resultant
