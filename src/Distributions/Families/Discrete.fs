namespace Cotangent.Distributions

open Cotangent

/// <summary>
/// 1 with a probability, and 0 otherwise, in the dtype of the parameter. From probabilities, or by <c>OfLogits</c> from log-odds, which
/// have digits where probabilities have none.
/// </summary>
/// <exception cref="T:Cotangent.ValueException">A probability is not between 0 and 1.</exception>
/// <example><code>
/// Bernoulli(tensor 0.25).LogProb(tensor 1.0) // -1.3863
/// </code></example>
[<Sealed>]
type Bernoulli private (logits: Tensor, batch: int[]) =
    inherit Univariate()

    new(probability: Tensor) =
        let batch = Parameters.batch "Bernoulli" [ "probability", probability ]
        Bernoulli(logit (Parameters.probability "Bernoulli" "probability" batch probability), batch)

    /// <summary>From log-odds, log (p/(1 - p)).</summary>
    /// <example><code>
    /// Bernoulli.OfLogits(tensor 0.0).Mean() // 0.5
    /// </code></example>
    static member OfLogits(logits: Tensor) : Bernoulli =
        let batch = Parameters.batch "Bernoulli" [ "logits", logits ]
        Bernoulli(Parameters.real "Bernoulli" "logits" batch logits, batch)

    /// The log-odds of 1.
    member val Logits: Tensor = logits.Expand batch
    /// The probability of 1.
    member d.Probability: Tensor = sigmoid d.Logits
    override d.DType = d.Logits.DType
    override d.BatchShape = d.Logits.Shape
    override _.IsReparameterised = false
    override _.IsDiscrete = true

    override d.SampleCore(key, shape) =
        let u = Random.uniform key d.DType shape
        (u.Less d.Probability).Convert d.DType

    override d.LogProbCore x =
        Support.within
            ((x.NotEqual 0.0).And(x.NotEqual 1.0).And(x.Equal x))
            (Tensor.zerosLike x)
            (fun x -> -(softplus (where (x.Equal 1.0) -d.Logits d.Logits)) + 0.0 * x)
            x

    override d.CdfCore x =
        let zero = Tensor.zerosLike (x + d.Logits)
        where (x.Less 0.0) zero (where (x.Less 1.0) (sigmoid -d.Logits) (zero + 1.0))

    override d.QuantileCore p = (p.Greater(sigmoid -d.Logits)).Convert d.DType
    override d.Mean() = d.Probability
    override d.Variance() = d.Probability * sigmoid -d.Logits

    override d.Mode() =
        let isOne = (d.Logits.Greater 0.0).Convert d.DType
        where (d.Logits.Equal 0.0) (Tensor.fullLike isOne nan) isOne

    override d.Entropy() = entr d.Probability + entr (sigmoid -d.Logits)

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
type Categorical private (logits: Tensor, _isChecked: unit) =
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

        Categorical(log probabilities, ())

    /// <summary>From logarithms of probabilities that need not be normalised.</summary>
    /// <example><code>
    /// Categorical.OfLogits(tensor [ 0.0; 0.0 ]).Probabilities // [0.5, 0.5]
    /// </code></example>
    static member OfLogits(logits: Tensor) : Categorical =
        requireClasses "logits" logits
        Categorical(Parameters.real "Categorical" "logits" logits.Shape logits, ())

    /// Logarithms of the probabilities, normalised, of shape batch ++ classes.
    member val Logits: Tensor = logits.LogSoftmax -1
    /// The probabilities, of shape batch ++ classes.
    member d.Probabilities: Tensor = exp d.Logits
    /// How many classes there are.
    member d.Classes: int = d.Logits.Shape[d.Logits.Rank - 1]
    override _.DType = DType.Int32
    override d.BatchShape = d.Logits.Shape[.. d.Logits.Rank - 2]
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
        let value = (where isIt d.Logits (Tensor.zerosLike d.Logits)).Sum -1
        where isOutside (Tensor.fullLike value -infinity) value

    override d.Mean() =
        raise (d.Lacks("mean", "Classes have no order: `Probabilities` has the mean of one-hot draws."))

    override d.Variance() = raise (d.Lacks("variance", "Classes have no order: see `Probabilities`."))
    override d.Mode() = d.Logits.ArgMax -1
    override d.Entropy() = (entr d.Probabilities).Sum -1

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

    override d.Entropy() = (entr d.Probability + entr (1.0 - d.Probability)) / d.Probability
