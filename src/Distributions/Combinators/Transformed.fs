namespace Cotangent.Distributions

open Cotangent

/// What both kinds of transformed distributions share.
module internal Change =
    /// Axes of an event that are not those of an argument: a function of numbers has them all.
    let private rest (d: Distribution) (b: Bijection) =
        d.EventShape[.. d.EventShape.Length - b.ArgumentRank - 1]

    /// The batch of both, where the function's parameters may also belong to axes of the event.
    let batchShape (family: string) (d: Distribution) (b: Bijection) : int[] =
        let rest = rest d b

        match Parameters.broadcast (Array.append d.BatchShape rest) b.BatchShape with
        | Some whole when whole[whole.Length - rest.Length ..] = rest ->
            whole[.. whole.Length - rest.Length - 1]
        | _ ->
            raise (
                ShapeException
                    $"{family}: parameters of the function have shape {Parameters.show b.BatchShape}, which does not broadcast with {d}."
            )

    let require (family: string) (distribution: Distribution) (bijection: Bijection) =
        if isNull (box distribution) then nullArg "distribution"
        if isNull (box bijection) then nullArg "bijection"

        if distribution.IsDiscrete then
            raise (
                ValueException
                    $"{family}: {distribution} is discrete; a smooth function stretches densities, not probabilities."
            )

        if bijection.ArgumentRank > distribution.EventShape.Length then
            raise (
                ShapeException
                    $"{family}: the function takes arguments of {bijection.ArgumentRank} axes, and events of {distribution} have {distribution.EventShape.Length}. `Independent` takes axes of the batch for these."
            )

        batchShape family distribution bijection |> ignore

    /// Sums over axes of the event that are not those of an argument.
    let overRest (distribution: Distribution) (bijection: Bijection) (t: Tensor) =
        match (rest distribution bijection).Length with
        | 0 -> t
        | axes -> t.Sum [ for i in 1..axes -> -i ]

    /// The shape of a value of the function, as an event.
    let eventShape (d: Distribution) (b: Bijection) : int[] =
        let rest = rest d b
        Array.append rest (b.ValueShape d.EventShape[rest.Length ..])

    let logProb (d: Distribution) (b: Bijection) (y: Tensor) : Tensor =
        let isOutside = b.IsOutside y
        // One for each event.
        let isOff =
            match (rest d b).Length with
            | 0 -> isOutside
            | axes -> isOutside.Any [ for i in 1..axes -> -i ]

        // Some value that there is, where y is none.
        let somewhere = b.Forward((Tensor.zeros y.DType d.EventShape).To y.Device)
        let spread = Seq.fold (fun (t: Tensor) _ -> t.Unsqueeze -1) isOff (eventShape d b)
        let x = b.Inverse(where spread somewhere y)
        let value = d.LogProbCore x - overRest d b (b.LogJacobian x)
        where isOff (Tensor.fullLike value -infinity) value

/// <summary>The distribution of a bijection's values, where its arguments have a distribution.</summary>
/// <remarks>Of numbers there is <c>TransformedNumber</c>, with a distribution function and quantiles.</remarks>
/// <exception cref="T:Cotangent.ShapeException">Events have fewer axes than an argument of the function.</exception>
/// <example><code>
/// // A logit-normal distribution of three probabilities.
/// let d = Transformed(MultivariateNormalDiagonal(tensor [ 0.0; 0.0 ], tensor 1.0), Bijections.Simplex)
/// d.Sample(Key.create 0L, 5) // shape (5, 3)
/// </code></example>
[<Sealed>]
type Transformed(distribution: Distribution, bijection: Bijection) =
    inherit Distribution()
    do Change.require "Transformed" distribution bijection
    /// Of the arguments.
    member val Distribution: Distribution = distribution
    /// The function.
    member val Bijection: Bijection = bijection
    override d.DType = d.Distribution.DType
    override d.BatchShape = Change.batchShape "Transformed" d.Distribution d.Bijection
    override d.EventShape = Change.eventShape d.Distribution d.Bijection
    override d.IsReparameterised = d.Distribution.IsReparameterised
    override d.SampleCore(key, shape) = d.Bijection.Forward(d.Distribution.SampleCore(key, shape))
    override d.LogProbCore y = Change.logProb d.Distribution d.Bijection y

/// <summary>The distribution of a function's values, where its arguments, numbers, have a distribution.</summary>
/// <exception cref="T:Cotangent.ShapeException">The function is not one of numbers.</exception>
/// <example><code>
/// let d = TransformedNumber(Normal(tensor 0.0, tensor 1.0), Bijections.Exp)
/// d.LogProb(tensor 2.0), LogNormal(tensor 0.0, tensor 1.0).LogProb(tensor 2.0) // (-1.8523, -1.8523)
/// </code></example>
[<Sealed>]
type TransformedNumber(distribution: Univariate, bijection: Bijection) =
    inherit Univariate()
    do Change.require "TransformedNumber" distribution bijection
    /// Of the arguments.
    member val Distribution: Univariate = distribution
    /// The function.
    member val Bijection: Bijection = bijection
    override d.DType = d.Distribution.DType
    override d.BatchShape = Change.batchShape "TransformedNumber" d.Distribution d.Bijection
    override d.IsReparameterised = d.Distribution.IsReparameterised
    override d.SampleCore(key, shape) = d.Bijection.Forward(d.Distribution.SampleCore(key, shape))
    override d.LogProbCore y = Change.logProb d.Distribution d.Bijection y

    override d.CdfCore y =
        let somewhere = d.Bijection.Forward(Tensor.zerosLike y)
        let isOutside = d.Bijection.IsOutside y
        let p = d.Distribution.CdfCore(d.Bijection.Inverse(where isOutside somewhere y))
        let p = where (d.Bijection.IsDecreasing.To p.Device) (1.0 - p) p
        // Values that there are not lie below all that there are, or above.
        let end' = where (y.Less somewhere) (Tensor.zerosLike p) (Tensor.onesLike p)
        where (isOutside.And(y.Equal y)) end' p

    override d.QuantileCore p =
        d.Bijection.Forward(
            d.Distribution.QuantileCore(where (d.Bijection.IsDecreasing.To p.Device) (1.0 - p) p)
        )
