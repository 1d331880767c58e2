namespace Cotangent.Distributions

open Cotangent

/// <summary>The Dirichlet distribution of vectors of probabilities, of mean proportional to the concentrations.</summary>
/// <remarks>
/// Draws are differentiable with respect to the concentrations, as ratios of gamma variables.
/// </remarks>
/// <exception cref="T:Cotangent.ValueException">A concentration is not positive.</exception>
/// <example><code>
/// Dirichlet(tensor [ 1.0; 2.0; 3.0 ]).LogProb(tensor [ 0.2; 0.3; 0.5 ]) // 1.5041
/// </code></example>
[<Sealed>]
type Dirichlet(concentration: Tensor) =
    inherit Distribution()
    let _batch = Parameters.batchOf "Dirichlet" [ "concentration", concentration, 1 ]

    /// The concentrations, of shape batch ++ (n).
    member val Concentration: Tensor =
        Parameters.positive "Dirichlet" "concentration" concentration.Shape concentration

    member private d.Total = d.Concentration.Sum -1
    /// The logarithm of what normalises the density.
    member private d.LogBeta = (lgamma d.Concentration).Sum -1 - lgamma d.Total
    override d.DType = d.Concentration.DType
    override d.BatchShape = d.Concentration.Shape[.. d.Concentration.Rank - 2]
    override d.EventShape = d.Concentration.Shape[d.Concentration.Rank - 1 ..]
    override _.IsReparameterised = true

    override d.SampleCore(key, shape) =
        let logDraws = GammaParts.logDraw key (d.Concentration.Expand(Array.append shape d.EventShape))

        (logDraws.Softmax -1).Convert d.DType

    override d.LogProbCore x =
        let slack = if d.DType = DType.Float64 then 1e-8 else 1e-4
        let isOff = ((abs (x.Sum -1 - 1.0)).Greater slack).Or(((x.Less 0.0).Any -1))
        let middle = Tensor.fullLike x (1.0 / float d.EventShape[0])
        let inside = where (isOff.Unsqueeze -1) middle x
        let value = (xlogy (d.Concentration - 1.0) inside).Sum -1 - d.LogBeta
        where isOff (Tensor.fullLike value -infinity) value

    override d.Mean() = d.Concentration / d.Total.Unsqueeze -1

    override d.Variance() =
        let mean = d.Mean()
        mean * (1.0 - mean) / (d.Total.Unsqueeze -1 + 1.0)

    override d.Mode() =
        let isInside = (d.Concentration.Greater 1.0).All(-1, keepDims = true)
        let a = where isInside d.Concentration (Tensor.fullLike d.Concentration 2.0)
        let mode = (a - 1.0) / (a.Sum(-1, keepDims = true) - float d.EventShape[0])
        where isInside mode (Tensor.fullLike mode nan)

    override d.Entropy() =
        d.LogBeta + (d.Total - float d.EventShape[0]) * digamma d.Total
        - ((d.Concentration - 1.0) * digamma d.Concentration).Sum -1

/// <summary>
/// How often each class is drawn in <c>count</c> independent draws, in the dtype of the parameter: vectors of counts that sum to it. From
/// probabilities that sum to 1, or by <c>OfLogits</c> from their logarithms, which need not be normalised.
/// </summary>
/// <remarks>Drawing takes time and memory for each of the <c>count</c> draws.</remarks>
/// <exception cref="T:Cotangent.ValueException">The count is negative; a probability is, or they do not sum to 1.</exception>
/// <example><code>
/// Multinomial(3, tensor [ 0.5; 0.5 ]).LogProb(tensor [ 1.0; 2.0 ]) // -0.9808
/// </code></example>
[<Sealed>]
type Multinomial private (count: int, classes: Categorical) =
    inherit Distribution()

    do
        if count < 0 then
            raise (ValueException $"Multinomial: count must be 0 or more, got {count}.")

    new(count: int, probabilities: Tensor) = Multinomial(count, Categorical probabilities)

    /// <summary>From logarithms of probabilities that need not be normalised.</summary>
    /// <example><code>
    /// Multinomial.OfLogits(4, tensor [ 0.0; 0.0 ]).Mean() // [2, 2]
    /// </code></example>
    static member OfLogits(count: int, logits: Tensor) : Multinomial =
        Multinomial(count, Categorical.OfLogits logits)

    /// How many draws are counted.
    member val Count: int = count
    /// Of what they are.
    member val Class: Categorical = classes
    override d.DType = d.Class.Logits.DType
    override d.BatchShape = d.Class.BatchShape
    override d.EventShape = [| d.Class.Classes |]
    override _.IsReparameterised = false
    override _.IsDiscrete = true

    override d.SampleCore(key, shape) =
        let drawn = d.Class.SampleCore(key, Array.append [| d.Count |] shape)
        (Tensor.oneHot d.DType d.Class.Classes drawn).Sum 0

    override d.LogProbCore x =
        let isOff = ((Support.isNoCount x).Any -1).Or((x.Sum -1).NotEqual(float d.Count))
        let inside = where (isOff.Unsqueeze -1) (Tensor.zerosLike x) x
        let ways = lgamma (stopGradient (inside.Sum -1) + 1.0)
        let value = ways + d.Class.WeighLogs inside - (lgamma (inside + 1.0)).Sum -1
        where isOff (Tensor.fullLike value -infinity) value

    override d.Mean() = float d.Count * d.Class.Probabilities

    override d.Variance() =
        let p = d.Class.Probabilities
        float d.Count * p * (1.0 - p)
