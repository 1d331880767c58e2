namespace Cotangent.Distributions

open System
open Cotangent

/// <summary>Something that a distribution does not have in closed form; the message says what there is.</summary>
type DistributionException(message: string) =
    inherit CotangentException(message)

/// <summary>
/// A probability distribution, or a batch of them: an immutable value over tensors of parameters, and so a tree, through whose
/// parameters <c>grad</c>, <c>vmap</c> and <c>compile</c> work.
/// </summary>
/// <remarks>
/// Parameters broadcast to the batch shape, one distribution for each place in it; what one of them draws has the event shape: ()
/// for numbers, (n) for vectors. Draws have the shape sample ++ batch ++ event. Parameters are Float32 or Float64, all of one dtype;
/// those out of range are an error where their numbers are known, and give NaN where a transformation traces them.
/// To write a family of one's own, derive and override what has no default.
/// </remarks>
[<AbstractClass>]
type Distribution() =
    /// The dtype of draws, and of what <c>LogProb</c> takes.
    abstract DType: DType

    /// One distribution for each place in this shape.
    abstract BatchShape: int[]

    /// The shape of one draw of one of them.
    abstract EventShape: int[]

    /// Whether draws are functions of the parameters that can be differentiated. Otherwise draws are constants, without derivatives.
    abstract IsReparameterised: bool

    /// Whether values are counts or classes, with probabilities, rather than numbers with a density.
    abstract IsDiscrete: bool
    default _.IsDiscrete = false

    /// <summary>What <c>Sample</c> calls: draws of the shape given, which ends with the batch shape, followed by the event shape.</summary>
    /// <example><code>
    /// // A family of one's own: a number that is always the same.
    /// type Certain(value: Tensor) =
    ///     inherit Distribution()
    ///     override _.DType = value.DType
    ///     override _.BatchShape = value.Shape
    ///     override _.EventShape = [||]
    ///     override _.IsReparameterised = true
    ///     override _.SampleCore(_, shape) = value.Expand shape
    ///     override _.LogProbCore x = log ((x.Equal value).Convert value.DType)
    ///
    /// Certain(tensor [ 1.0; 2.0 ]).Sample(Key.create 0L, 3) // shape (3, 2)
    /// </code></example>
    abstract SampleCore: key: Key * shape: int[] -> Tensor

    /// <summary>What <c>LogProb</c> calls, when dtype and shape of x have been checked.</summary>
    /// <example><code>
    /// // A family of one's own: angles that are all as likely, whose log-density is -log 2π.
    /// type Angle() =
    ///     inherit Distribution()
    ///     override _.DType = DType.Float64
    ///     override _.BatchShape = [||]
    ///     override _.EventShape = [||]
    ///     override _.IsReparameterised = false
    ///     override _.SampleCore(key, shape) = System.Math.Tau * Random.uniform key DType.Float64 shape
    ///     override _.LogProbCore x = Tensor.fullLike x -(log System.Math.Tau)
    ///
    /// Angle().LogProb(tensor [ 1.0; 2.0 ]) // [-1.8379, -1.8379]
    /// </code></example>
    abstract LogProbCore: x: Tensor -> Tensor

    /// The name of the family, as messages say it.
    member d.Name: string = d.GetType().Name

    /// What a family says where it has no formula.
    member internal d.Lacks(what: string, instead: string) : exn =
        DistributionException $"{d.Name} has no {what} in closed form. {instead}"

    /// <summary>Independent draws, of shape: the shape asked for ++ batch ++ event. Spends the key.</summary>
    /// <exception cref="T:Cotangent.ShapeException">A size is negative.</exception>
    /// <example><code>
    /// Normal(tensor [ 0.0; 1.0 ], tensor 1.0).Sample(Key.create 0L, 3) // shape (3, 2)
    /// </code></example>
    member d.Sample(key: Key, [<ParamArray>] shape: int[]) : Tensor =
        if isNull (box key) then nullArg "key"
        if isNull (box shape) then nullArg "shape"

        if shape |> Array.exists (fun n -> n < 0) then
            raise (
                ShapeException
                    $"{d.Name}.Sample: shape {Parameters.show shape} has a negative size; 0 or more is needed."
            )

        d.SampleCore(key, Array.append shape d.BatchShape)

    /// <summary>
    /// The logarithm of the density, or of the probability of discrete values, at x, of shape (anything that broadcasts with the
    /// batch) ++ event; -∞ outside the support.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">x has another dtype than draws have.</exception>
    /// <exception cref="T:Cotangent.ShapeException">x does not end with the event shape, or does not broadcast with the batch.</exception>
    /// <example><code>
    /// Exponential(tensor 2.0).LogProb(tensor [ 0.5; -1.0 ]) // [-0.3069, -infinity]
    /// </code></example>
    member d.LogProb(x: Tensor) : Tensor = d.LogProbCore(d.Checked("LogProb", "x", d.EventShape, x))

    /// Throws unless dtype and shape fit.
    member internal d.Checked(operation: string, name: string, event: int[], x: Tensor) : Tensor =
        if isNull (box x) then nullArg name

        if x.DType <> d.DType then
            raise (
                DTypeException
                    $"{d.Name}.{operation}: {name} is {x.DType}; that of the distribution is {d.DType}. Convert it, with `{name}.Convert DType.{d.DType}`."
            )

        let free = x.Rank - event.Length

        if free < 0 || Parameters.broadcast x.Shape[free..] event <> Some event then
            raise (
                ShapeException
                    $"{d.Name}.{operation}: {name} has shape {Parameters.show x.Shape}; it must end with the event shape {Parameters.show event}."
            )

        if (Parameters.broadcast x.Shape[.. free - 1] d.BatchShape).IsNone then
            raise (
                ShapeException
                    $"{d.Name}.{operation}: {name} has shape {Parameters.show x.Shape}, which does not broadcast with the batch shape {Parameters.show d.BatchShape}{d.EventNote}."
            )

        if x.Shape[free..] = event then x else x.Expand(Array.append x.Shape[.. free - 1] event)

    member private d.EventNote =
        if d.EventShape.Length = 0 then
            ""
        else
            $", before the event shape {Parameters.show d.EventShape}"

    /// <summary>The mean, of shape batch ++ event: NaN where there is none, ∞ where it is infinite.</summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <example><code>
    /// Exponential(tensor [ 1.0; 2.0 ]).Mean() // [1, 0.5]
    /// </code></example>
    abstract Mean: unit -> Tensor

    default d.Mean() = raise (d.Lacks("mean", "Take the mean of draws."))

    /// <summary>
    /// The variance of each number, of shape batch ++ event: NaN where there is none, ∞ where it is infinite.
    /// </summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <example><code>
    /// Exponential(tensor [ 1.0; 2.0 ]).Variance() // [1, 0.25]
    /// </code></example>
    abstract Variance: unit -> Tensor

    default d.Variance() = raise (d.Lacks("variance", "Take the variance of draws."))

    /// <summary>The square root of the variance. Its shape is batch ++ event.</summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <example><code>
    /// Exponential(tensor [ 1.0; 2.0 ]).StandardDeviation() // [1, 0.5]
    /// </code></example>
    member d.StandardDeviation() : Tensor = sqrt (d.Variance())

    /// <summary>The most likely value, of shape batch ++ event: NaN where there are several.</summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <example><code>
    /// Normal(tensor [ 1.0; 2.0 ], tensor 1.0).Mode() // [1, 2]
    /// </code></example>
    abstract Mode: unit -> Tensor

    default d.Mode() = raise (d.Lacks("mode", "Maximise `LogProb`."))

    /// <summary>The entropy in nats, of the batch shape.</summary>
    /// <exception cref="T:Cotangent.Distributions.DistributionException">There is no closed form.</exception>
    /// <example><code>
    /// // 1 - log rate
    /// Exponential(tensor [ 1.0; 2.0 ]).Entropy() // [1, 0.3069]
    /// Poisson(tensor 1.0).Entropy() // throws DistributionException
    /// </code></example>
    abstract Entropy: unit -> Tensor

    default d.Entropy() = raise (d.Lacks("entropy", "Estimate it by the mean of `-LogProb` over draws."))

    override d.ToString() =
        $"{d.Name}, batch {Parameters.show d.BatchShape}, event {Parameters.show d.EventShape}, {d.DType}"

/// <summary>A distribution of numbers that has a distribution function.</summary>
[<AbstractClass>]
type Univariate() =
    inherit Distribution()

    override _.EventShape = [||]

    /// <summary>What <c>Cdf</c> calls, when x has been checked.</summary>
    /// <example><code>
    /// // A family of one's own, with the density 2 x from 0 to 1.
    /// type Ramp() =
    ///     inherit Univariate()
    ///     override _.DType = DType.Float64
    ///     override _.BatchShape = [||]
    ///     override _.IsReparameterised = false
    ///     override _.SampleCore(key, shape) = sqrt (Random.uniform key DType.Float64 shape)
    ///     override _.LogProbCore x = log (2.0 * x)
    ///     override _.CdfCore x = square (clamp 0.0 1.0 x)
    ///     override _.QuantileCore p = sqrt p
    ///
    /// Ramp().Cdf(tensor [ 0.5; 2.0 ]) // [0.25, 1]
    /// </code></example>
    abstract CdfCore: x: Tensor -> Tensor

    /// <summary>What <c>Quantile</c> calls: p has been checked, and all of it lies between 0 and 1.</summary>
    /// <example><code>
    /// // A family of one's own, with the density 2 x from 0 to 1.
    /// type Ramp() =
    ///     inherit Univariate()
    ///     override _.DType = DType.Float64
    ///     override _.BatchShape = [||]
    ///     override _.IsReparameterised = false
    ///     override _.SampleCore(key, shape) = sqrt (Random.uniform key DType.Float64 shape)
    ///     override _.LogProbCore x = log (2.0 * x)
    ///     override _.CdfCore x = square (clamp 0.0 1.0 x)
    ///     override _.QuantileCore p = sqrt p
    ///
    /// Ramp().Quantile(tensor [ 0.25; 2.0 ]) // [0.5, nan]
    /// </code></example>
    abstract QuantileCore: p: Tensor -> Tensor

    /// <summary>The probability of values up to x.</summary>
    /// <exception cref="T:Cotangent.DTypeException">x has another dtype than the distribution.</exception>
    /// <exception cref="T:Cotangent.ShapeException">x does not broadcast with the batch.</exception>
    /// <example><code>
    /// Exponential(tensor 1.0).Cdf(tensor 2.0) // 0.8647
    /// </code></example>
    member d.Cdf(x: Tensor) : Tensor = d.CdfCore(d.Checked("Cdf", "x", [||], x))

    /// <summary>
    /// The inverse of <c>Cdf</c>; of discrete values the least whose <c>Cdf</c> is at least p. NaN where p is no probability.
    /// </summary>
    /// <exception cref="T:Cotangent.DTypeException">p has another dtype than the distribution.</exception>
    /// <exception cref="T:Cotangent.ShapeException">p does not broadcast with the batch.</exception>
    /// <example><code>
    /// Normal(tensor 0.0, tensor 1.0).Quantile(tensor 0.975) // 1.96
    /// </code></example>
    member d.Quantile(p: Tensor) : Tensor =
        let p = d.Checked("Quantile", "p", [||], p)
        let isProbability = (p.GreaterEqual 0.0).And(p.LessEqual 1.0)
        let x = d.QuantileCore(where isProbability p (Tensor.fullLike p 0.5))
        where isProbability x (Tensor.fullLike x nan)
