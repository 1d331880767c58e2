namespace Cotangent.Distributions

open Cotangent

/// Products with logarithms.
module internal Logs =
    /// a times a logarithm, and 0 without derivatives where a is 0: as `xlogy`, of what is a logarithm already.
    let times (a: Tensor) (logarithm: Tensor) : Tensor =
        let isNothing = (a.Equal 0.0).And(logarithm.Equal -infinity)
        let product = a * where isNothing (Tensor.zerosLike logarithm) logarithm
        where isNothing (Tensor.zerosLike product) product

/// <summary>
/// 1 with a probability, and 0 otherwise, in the dtype of the parameter. From probabilities, or by <c>OfLogits</c> from log-odds, which
/// have digits where probabilities have none.
/// </summary>
/// <exception cref="T:Cotangent.ValueException">A probability is not between 0 and 1.</exception>
/// <example><code>
/// Bernoulli(tensor 0.25).LogProb(tensor 1.0) // -1.3863
/// </code></example>
[<Sealed>]
type Bernoulli private (parameter: Tensor, isLogits: bool) =
    inherit Univariate()

    /// What it was made of: at probabilities of 0 and 1, where log-odds are infinite, only the probabilities have derivatives.
    member val private Parameter: Tensor = parameter
    member val private IsLogits: bool = isLogits

    new(probability: Tensor) =
        let batch = Parameters.batch "Bernoulli" [ "probability", probability ]
        Bernoulli(Parameters.probability "Bernoulli" "probability" batch probability, false)

    /// <summary>From log-odds, log (p/(1 - p)).</summary>
    /// <example><code>
    /// Bernoulli.OfLogits(tensor 0.0).Mean() // 0.5
    /// </code></example>
    static member OfLogits(logits: Tensor) : Bernoulli =
        let batch = Parameters.batch "Bernoulli" [ "logits", logits ]
        Bernoulli(Parameters.real "Bernoulli" "logits" batch logits, true)

    /// The log-odds of 1.
    member d.Logits: Tensor = if d.IsLogits then d.Parameter else logit d.Parameter
    /// The probability of 1.
    member d.Probability: Tensor = if d.IsLogits then sigmoid d.Parameter else d.Parameter
    /// The probability of 0.
    member internal d.Rest: Tensor = if d.IsLogits then sigmoid -d.Parameter else 1.0 - d.Parameter

    /// a log p + b log (1 - p), with 0 log 0 = 0.
    member internal d.WeighLogs(a: Tensor, b: Tensor) : Tensor =
        if d.IsLogits then
            Logs.times a (-(softplus -d.Parameter)) + Logs.times b (-(softplus d.Parameter))
        else
            xlogy a d.Parameter + xlog1py b -d.Parameter

    override d.DType = d.Parameter.DType
    override d.BatchShape = d.Parameter.Shape
    override _.IsReparameterised = false
    override _.IsDiscrete = true

    override d.SampleCore(key, shape) =
        let u = Random.uniform key d.DType shape
        (u.Less d.Probability).Convert d.DType

    override d.LogProbCore x =
        Support.within
            ((x.NotEqual 0.0).And(x.NotEqual 1.0).And(x.Equal x))
            (Tensor.zerosLike x)
            (fun x -> d.WeighLogs(x, 1.0 - x))
            x

    override d.CdfCore x =
        let zero = Tensor.zerosLike (x + d.Parameter)
        where (x.Less 0.0) zero (where (x.Less 1.0) d.Rest (zero + 1.0))

    override d.QuantileCore p = (p.Greater d.Rest).Convert d.DType
    override d.Mean() = d.Probability
    override d.Variance() = d.Probability * d.Rest

    override d.Mode() =
        let even = if d.IsLogits then 0.0 else 0.5
        let isOne = (d.Parameter.Greater even).Convert d.DType
        where (d.Parameter.Equal even) (Tensor.fullLike isOne nan) isOne

    override d.Entropy() = -(d.WeighLogs(d.Probability, d.Rest))

/// <summary>
/// A class, an Int32 from 0 on, with a probability each: the last axis of the parameter is that of the classes. From probabilities that sum
/// to 1, or by <c>OfLogits</c> from their logarithms, which need not be normalised.
/// </summary>
/// <exception cref="T:Cotangent.ValueException">A probability is negative, or they do not sum to 1 (within 0.0001).</exception>
/// <exception cref="T:Cotangent.ShapeException">There is no axis of classes, or none in it.</exception>
/// <example><code>
/// let d = Categorical(tensor [ 0.25; 0.75 ])
/// d.LogProb(tensor 1) // -0.2877
/// </code></example>
[<Sealed>]
type Categorical private (parameter: Tensor, isLogits: bool) =
    inherit Distribution()

    static let requireClasses (name: string) (t: Tensor) =
        Parameters.batchOf "Categorical" [ name, t, 1 ] |> ignore

        if t.Shape[t.Rank - 1] = 0 then
            raise (ShapeException $"Categorical: {name} of shape {Parameters.show t.Shape} has no classes.")

    new(probabilities: Tensor) =
        requireClasses "probabilities" probabilities
        let total = probabilities.Sum(-1, keepDims = true)
        let isSum = (abs (total - 1.0)).LessEqual 1e-4

        let probabilities =
            Parameters.require
                "Categorical"
                "probabilities"
                "0 or more, and sum to 1 along the last axis (`OfLogits (log p)` takes others)"
                ((probabilities.GreaterEqual 0.0).And isSum)
                probabilities

        Categorical(probabilities / total, false)

    /// <summary>From logarithms of probabilities that need not be normalised.</summary>
    /// <example><code>
    /// Categorical.OfLogits(tensor [ 0.0; 0.0 ]).Probabilities // [0.5, 0.5]
    /// </code></example>
    static member OfLogits(logits: Tensor) : Categorical =
        requireClasses "logits" logits
        let logits = Parameters.real "Categorical" "logits" logits.Shape logits
        Categorical(logits.LogSoftmax -1, true)

    /// What it was made of, normalised: at probabilities of 0, whose logarithms are infinite, only the probabilities have derivatives.
    member val private Parameter: Tensor = parameter
    member val internal IsLogits: bool = isLogits
    /// Logarithms of the probabilities, normalised, of shape batch ++ classes.
    member d.Logits: Tensor = if d.IsLogits then d.Parameter else log d.Parameter
    /// The probabilities, of shape batch ++ classes.
    member d.Probabilities: Tensor = if d.IsLogits then exp d.Parameter else d.Parameter
    /// How many classes there are.
    member d.Classes: int = d.Parameter.Shape[d.Parameter.Rank - 1]

    /// The sum of a log p over the classes, with 0 log 0 = 0.
    member internal d.WeighLogs(a: Tensor) : Tensor =
        (if d.IsLogits then Logs.times a d.Parameter else xlogy a d.Parameter).Sum -1

    override _.DType = DType.Int32
    override d.BatchShape = d.Parameter.Shape[.. d.Parameter.Rank - 2]
    override _.EventShape = [||]
    override _.IsReparameterised = false
    override _.IsDiscrete = true

    override d.SampleCore(key, shape) =
        Random.categorical key ((stopGradient d.Logits).Expand(Array.append shape [| d.Classes |]))

    override d.LogProbCore x =
        let zero = Tensor.zerosLike x
        let isOutside = (x.Less 0.0).Or(x.GreaterEqual(float d.Classes))
        let x = where isOutside zero x
        // By a sum over the classes: x and the batch broadcast.
        let isIt = (x.Unsqueeze -1).Equal((Tensor.arange DType.Int32 d.Classes).To x.Device)
        let value = d.WeighLogs(isIt.Convert d.Parameter.DType)
        where isOutside (Tensor.fullLike value -infinity) value

    override d.Mean() =
        raise (d.Lacks("mean", "Classes have no order: `Probabilities` has the mean of one-hot draws."))

    override d.Variance() = raise (d.Lacks("variance", "Classes have no order: see `Probabilities`."))
    override d.Mode() = d.Parameter.ArgMax -1
    override d.Entropy() = -(d.WeighLogs d.Probabilities)

/// <summary>How many failures there are before the first success: 0, 1, 2, …</summary>
/// <exception cref="T:Cotangent.ValueException">The probability of success is not above 0 and at most 1.</exception>
/// <example><code>
/// Geometric(tensor 0.25).Mean() // 3
/// </code></example>
[<Sealed>]
type Geometric(probability: Tensor) =
    inherit Univariate()
    let batch = Parameters.batch "Geometric" [ "probability", probability ]

    let probability =
        Parameters.require
            "Geometric"
            "probability"
            "above 0 and at most 1"
            (probability.Greater 0.0)
            probability

    /// The probability of success.
    member val Probability = Parameters.probability "Geometric" "probability" batch probability
    override d.DType = d.Probability.DType
    override d.BatchShape = d.Probability.Shape
    override _.IsReparameterised = false
    override _.IsDiscrete = true

    /// The logarithm of the probability of failure.
    member private d.LogFailure = log1p -d.Probability

    override d.SampleCore(key, shape) =
        stopGradient (floor (log (Uniforms.inside key d.DType shape) / d.LogFailure))

    override d.LogProbCore x = Support.count (fun x -> xlog1py x -d.Probability + log d.Probability) x

    override d.CdfCore x =
        let k = floor x
        let p = -(expm1 ((clampMin 0.0 k + 1.0) * d.LogFailure))
        where (k.Less 0.0) (Tensor.zerosLike p) p

    override d.QuantileCore p =
        // One too many where the quotient was rounded up past a whole number.
        let k = clampMin 0.0 (ceil (log1p -p / d.LogFailure - 1.0))
        let less = clampMin 0.0 (k - 1.0)
        stopGradient (where ((d.CdfCore less).GreaterEqual p) less k)

    override d.Mean() = (1.0 - d.Probability) / d.Probability
    override d.Variance() = (1.0 - d.Probability) / square d.Probability
    override d.Mode() = Tensor.zerosLike d.Probability

    override d.Entropy() =
        let p, rest = d.Probability, 1.0 - d.Probability
        -(xlogy p p + xlogy rest rest) / p
