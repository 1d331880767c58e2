namespace Cotangent.Distributions

open Cotangent

/// What both kinds of mixtures share: the last axis of the components' batch counts the components.
module internal Blend =
    let require (family: string) (weights: Categorical) (components: Distribution) =
        if isNull (box weights) then nullArg "weights"
        if isNull (box components) then nullArg "components"
        let batch = components.BatchShape
        let found = if batch.Length = 0 then 0 else batch[batch.Length - 1]

        if found <> weights.Classes then
            raise (
                ShapeException
                    $"{family}: {weights.Classes} weights for {components}; the last axis of its batch must count the components."
            )

        if components.DType.IsFloat && components.DType <> weights.Logits.DType then
            raise (
                DTypeException
                    $"{family}: weights are {weights.Logits.DType}, components {components.DType}. Make both of one dtype."
            )

        let rest = batch[.. batch.Length - 2]

        if Parameters.broadcast weights.BatchShape rest <> Some rest then
            raise (
                ShapeException
                    $"{family}: the weights have batch shape {Parameters.show weights.BatchShape}, which does not broadcast to {Parameters.show rest} of the components, without their last axis."
            )

    let batchShape (components: Distribution) =
        let batch = components.BatchShape
        batch[.. batch.Length - 2]

    /// The axis of the components, from the end, in tensors that have one number for each of the event.
    let axis (components: Distribution) = -1 - components.EventShape.Length

    /// As many new last axes as events have.
    let spread (components: Distribution) (t: Tensor) =
        Seq.fold (fun (t: Tensor) _ -> t.Unsqueeze -1) t components.EventShape

    /// Weighed and summed over the components, of something that has one for each number of an event.
    let weigh (weights: Categorical) (components: Distribution) (t: Tensor) =
        (spread components weights.Probabilities * t).Sum(axis components)

    let sample (weights: Categorical) (components: Distribution) key (shape: int[]) =
        let forWhich, forDraw = Key.split key
        let all = stopGradient (components.SampleCore(forDraw, Array.append shape [| weights.Classes |]))
        let which = (weights.SampleCore(forWhich, shape)).Unsqueeze -1

        let isIt =
            spread components (which.Equal((Tensor.arange DType.Int32 weights.Classes).To which.Device))

        (where isIt all (Tensor.zerosLike all)).Sum(axis components)

    let logProb (weights: Categorical) (components: Distribution) (x: Tensor) =
        let logs = components.LogProbCore(x.Unsqueeze(axis components))

        if weights.IsLogits then
            (weights.Logits + logs).LogSumExp -1
        else
            // The weights themselves: they may be 0, where their logarithms have no derivatives. Components of no weight do not count for the
            // greatest, so that those that have some are never lost beside it; and they are kept from overflowing, which 0 would not undo.
            let isNone = weights.Probabilities.Equal 0.0
            let counted = where isNone (Tensor.fullLike logs -infinity) logs
            let greatest = stopGradient (counted.Max(-1, keepDims = true))
            let greatest = where (greatest.IsFinite()) greatest (Tensor.zerosLike greatest)
            let shifted = logs - greatest
            let shifted = where isNone (clampMax 80.0 shifted) shifted
            log ((weights.Probabilities * exp shifted).Sum -1) + greatest.Squeeze -1

    let variance (weights: Categorical) (components: Distribution) =
        let mean = components.Mean()
        let within = weigh weights components (components.Variance())
        // Of the means: about their mean, so that no digits are lost where these are far from 0.
        let away = mean - (weigh weights components mean).Unsqueeze(axis components)
        within + weigh weights components (square away)

/// <summary>
/// Draws of one of several distributions, chosen by weights: <c>components</c> is a batch of them, whose last axis counts the components.
/// </summary>
/// <remarks>Draws are constants: the choice has no derivative. Of numbers there is <c>MixtureOfNumbers</c>.</remarks>
/// <exception cref="T:Cotangent.ShapeException">There are not as many weights as components.</exception>
/// <example><code>
/// let centres = tensor [ [ 0.0; 0.0 ]; [ 5.0; 5.0 ] ]
/// let d = Mixture(Categorical(tensor [ 0.5; 0.5 ]), MultivariateNormalDiagonal(centres, tensor [ 1.0 ]))
/// d.Mean() // [2.5, 2.5]
/// </code></example>
[<Sealed>]
type Mixture(weights: Categorical, components: Distribution) =
    inherit Distribution()
    do Blend.require "Mixture" weights components
    /// How likely each component is.
    member val Weights: Categorical = weights
    /// The components, along the last axis of the batch.
    member val Components: Distribution = components
    override d.DType = d.Components.DType
    override d.BatchShape = Blend.batchShape d.Components
    override d.EventShape = d.Components.EventShape
    override _.IsReparameterised = false
    override d.IsDiscrete = d.Components.IsDiscrete
    override d.SampleCore(key, shape) = Blend.sample d.Weights d.Components key shape
    override d.LogProbCore x = Blend.logProb d.Weights d.Components x
    override d.Mean() = Blend.weigh d.Weights d.Components (d.Components.Mean())
    override d.Variance() = Blend.variance d.Weights d.Components

/// <summary>A mixture of distributions of numbers, which has a distribution function and quantiles.</summary>
/// <remarks>
/// Draws are constants: the choice has no derivative. Quantiles, found by bisection, are differentiable by p and by the parameters.
/// </remarks>
/// <exception cref="T:Cotangent.ShapeException">There are not as many weights as components.</exception>
/// <example><code>
/// let d = MixtureOfNumbers(Categorical(tensor [ 0.3; 0.7 ]), Normal(tensor [ 0.0; 10.0 ], tensor 1.0))
/// d.Mean() // 7
/// </code></example>
[<Sealed>]
type MixtureOfNumbers(weights: Categorical, components: Univariate) =
    inherit Univariate()
    do Blend.require "MixtureOfNumbers" weights components
    /// How likely each component is.
    member val Weights: Categorical = weights
    /// The components, along the last axis of the batch.
    member val Components: Univariate = components
    override d.DType = d.Components.DType
    override d.BatchShape = Blend.batchShape d.Components
    override _.IsReparameterised = false
    override d.IsDiscrete = d.Components.IsDiscrete
    override d.SampleCore(key, shape) = Blend.sample d.Weights d.Components key shape
    override d.LogProbCore x = Blend.logProb d.Weights d.Components x
    override d.CdfCore x = Blend.weigh d.Weights d.Components (d.Components.CdfCore(x.Unsqueeze -1))

    override d.QuantileCore p =
        // Between the least and the greatest of the components.
        let constant, constantP = stopGradient d, stopGradient p
        let ends = constant.Components.QuantileCore(constantP.Unsqueeze -1)
        let low, high = ends.Min -1, ends.Max -1
        let isBelow x = (constant.CdfCore x).Less constantP

        let x =
            if d.IsDiscrete then
                Quantiles.bisectWhole high isBelow
            else
                MixtureOfNumbers.Root(d, p, Quantiles.bisect low high isBelow)

        where (p.Equal 0.0) low (where (p.Equal 1.0) high x)

    /// x, where the distribution function is p, as a function of the mixture and p.
    static member private Root(d: MixtureOfNumbers, p: Tensor, x: Tensor) : Tensor =
        let push (d: MixtureOfNumbers, p, x) (change: MixtureOfNumbers, dp: Tensor, _: Tensor) =
            let x = MixtureOfNumbers.Root(d, p, x)
            let _, moved = jvp (fun (d: MixtureOfNumbers) -> d.CdfCore x) d change
            (dp - moved) / exp (d.LogProbCore x)

        withDerivative (Derivative.Push push) (fun (_, _, x) -> x) (d, p, stopGradient x)

    override d.Mean() = Blend.weigh d.Weights d.Components (d.Components.Mean())
    override d.Variance() = Blend.variance d.Weights d.Components
