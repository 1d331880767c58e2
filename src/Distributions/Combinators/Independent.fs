namespace Cotangent.Distributions

open Cotangent

/// <summary>A distribution whose last axes of the batch are taken for axes of its events: log-densities are summed over them.</summary>
/// <exception cref="T:Cotangent.ValueException">The batch has fewer axes than that, or their number is negative.</exception>
/// <example><code>
/// let d = Independent(Normal(tensor [ 0.0; 1.0 ], tensor 1.0), 1)
/// d.LogProb(tensor [ 0.0; 1.0 ]) // -1.8379
/// </code></example>
[<Sealed>]
type Independent(distribution: Distribution, axes: int) =
    inherit Distribution()

    do
        if isNull (box distribution) then nullArg "distribution"

        if axes < 0 || axes > distribution.BatchShape.Length then
            raise (
                ValueException
                    $"Independent: {axes} axes of {distribution}; from 0 to {distribution.BatchShape.Length} can be taken."
            )

    let over (d: Independent) (t: Tensor) = if d.Axes = 0 then t else t.Sum [ for i in 1 .. d.Axes -> -i ]
    /// What the axes are taken of.
    member val Distribution: Distribution = distribution
    /// How many.
    member val Axes: int = axes
    override d.DType = d.Distribution.DType
    override d.BatchShape = let batch = d.Distribution.BatchShape in batch[.. batch.Length - d.Axes - 1]

    override d.EventShape =
        let batch = d.Distribution.BatchShape
        Array.append batch[batch.Length - d.Axes ..] d.Distribution.EventShape

    override d.IsReparameterised = d.Distribution.IsReparameterised
    override d.IsDiscrete = d.Distribution.IsDiscrete

    override d.SampleCore(key, shape) =
        let batch = d.Distribution.BatchShape
        d.Distribution.SampleCore(key, Array.append shape batch[batch.Length - d.Axes ..])

    override d.LogProbCore x = over d (d.Distribution.LogProbCore x)
    override d.Mean() = d.Distribution.Mean()
    override d.Variance() = d.Distribution.Variance()
    override d.Mode() = d.Distribution.Mode()
    override d.Entropy() = over d (d.Distribution.Entropy())
