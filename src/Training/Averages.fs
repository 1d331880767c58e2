namespace Cotangent

/// An average of the parameters that a training goes through; a tree.
type WeightAverage<'p> = {
    /// The average. Parameters of 16 bits have Float32 here.
    Mean: 'p
    /// How many went into it, Int32.
    Count: Tensor
}

/// Averages of parameters: of many steps together they often do better than the last.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module WeightAverage =
    /// <summary>An average of nothing yet; the parameters say what it will look like.</summary>
    /// <example><code>
    /// (WeightAverage.start (tensor [ 3.0 ])).Count // 0
    /// </code></example>
    let start (parameters: 'p) : WeightAverage<'p> =
        let leaves = Tree.leaves parameters
        let count = Tensor.own [||] [| 0 |]

        {
            // Copies: an average may be given away apart from the parameters.
            Mean =
                Tree.rebuild
                    parameters
                    (leaves
                     |> Array.map (fun p ->
                         let wide = Wide.widen p
                         if wide.DType = DType.Bool then wide.Or wide else wide + Tensor.zerosLike wide))
            Count = if leaves.Length = 0 then count else count.To leaves[0].Device
        }

    /// The average moved towards the parameters by a share of the way, which depends on how many there are with these.
    let private toward operation (share: Tensor -> Tensor) (parameters: 'p) (average: WeightAverage<'p>) =
        let means, now = Tree.matched operation average.Mean (Tree.map Wide.widen parameters)
        let places = TrainedLeaves.places parameters
        let count = average.Count + 1
        let share = share (count.Convert DType.Float64)

        let blend (mean: Tensor) (p: Tensor) =
            // By the difference where both are there, so that equal ones stay as they are.
            mean + (p - mean) * share.Convert mean.DType

        let blended = Array.map2 blend (TrainedLeaves.choose places means) (TrainedLeaves.choose places now)
        // What is not trained is what it is now.
        { Mean = Tree.rebuild parameters (TrainedLeaves.put places now blended); Count = count }

    /// <summary>
    /// An exponential average with these parameters too: the weights of the last ones, (1 - decay) decayⁱ of the i-th from the
    /// last, divided by their sum, so that nothing of a beginning is in it (Kingma &amp; Ba 2015, §3).
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The decay is outside [0, 1).</exception>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The average has another shape than the parameters.</exception>
    /// <example><code>
    /// let x, y = tensor [ 3.0 ], tensor [ 6.0 ]
    /// let average = WeightAverage.start x |> WeightAverage.exponential 0.5 x |> WeightAverage.exponential 0.5 y
    /// // (3 + 2 · 6) / 3
    /// average.Mean // [5]
    /// </code></example>
    let exponential (decay: float) (parameters: 'p) (average: WeightAverage<'p>) : WeightAverage<'p> =
        Given.check "average" average

        if not (decay >= 0.0 && decay < 1.0) then
            raise (
                ValueException
                    $"WeightAverage.exponential: the decay is {string decay}; it must be in [0, 1)."
            )

        let share count = (1.0 - decay) / AdamStep.unbiased decay count
        toward "WeightAverage.exponential: average and parameters" share parameters average

    /// <summary>
    /// The plain mean of these parameters and all before: stochastic weight averaging (Izmailov et al. 2018, algorithm 1).
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The average has another shape than the parameters.</exception>
    /// <example><code>
    /// let x, y = tensor [ 3.0 ], tensor [ 6.0 ]
    /// let average = WeightAverage.start x |> WeightAverage.uniform x |> WeightAverage.uniform y
    /// average.Mean // [4.5]
    /// </code></example>
    let uniform (parameters: 'p) (average: WeightAverage<'p>) : WeightAverage<'p> =
        Given.check "average" average
        toward "WeightAverage.uniform: average and parameters" (fun count -> 1.0 / count) parameters average

/// Gradients added up over micro-batches, and what they weigh; a tree.
type GradientSum<'p> = {
    /// The sum of the gradients times their weights; of 16-bit ones in Float32.
    Sum: 'p
    /// The sum of the weights, Float64.
    Weight: Tensor
}

/// <summary>
/// The gradient of a batch that is too large to be taken at once: the mean over micro-batches, each by its number of examples.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module GradientSum =
    /// <summary>The sum of none, for parameters like these.</summary>
    /// <example><code>
    /// (GradientSum.zero (tensor [ 1.0; 2.0 ])).Sum // [0, 0]
    /// </code></example>
    let zero (parameters: 'p) : GradientSum<'p> =
        let leaves = Tree.leaves parameters
        let weight = Tensor.own [||] [| 0.0 |]

        {
            Sum = Tree.rebuild parameters (Array.map Wide.zeros leaves)
            Weight = if leaves.Length = 0 then weight else weight.To leaves[0].Device
        }

    /// <summary>
    /// With another gradient, that of a mean over so many examples. Where a micro-batch is padded, the weight is the number of
    /// examples that count.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The weight is no scalar, or two shapes differ.</exception>
    /// <example><code>
    /// let sum = GradientSum.zero (tensor [ 0.0 ]) |> GradientSum.add (tensor 3.0) (tensor [ 2.0 ])
    /// sum.Sum, sum.Weight // ([6], 3)
    /// </code></example>
    let add (weight: Tensor) (gradient: 'p) (sum: GradientSum<'p>) : GradientSum<'p> =
        Given.check "weight" weight
        Given.check "sum" sum

        if weight.Rank > 0 then
            raise (
                ShapeException
                    $"GradientSum.add: the weight has shape {Shape.show weight.Dims}; it must be a scalar, of shape (). Index or reshape it."
            )

        let weight = weight.Convert DType.Float64

        let sums, gradients =
            Tree.matched "GradientSum.add: sum and gradient" sum.Sum (Tree.map Wide.widen gradient)

        let add (s: Tensor) (g: Tensor) = s + g * weight.Convert g.DType
        { Sum = Tree.rebuild gradient (Array.map2 add sums gradients); Weight = sum.Weight + weight }

    /// <summary>The mean, in the dtypes of the parameters.</summary>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <example><code>
    /// // The gradients of means over three examples and over one.
    /// let x = tensor [ 0.0 ]
    /// GradientSum.zero x
    /// |> GradientSum.add (tensor 3.0) (tensor [ 1.0 ])
    /// |> GradientSum.add (tensor 1.0) (tensor [ 5.0 ])
    /// |> GradientSum.mean x // [2]
    /// </code></example>
    let mean (parameters: 'p) (sum: GradientSum<'p>) : 'p =
        Given.check "sum" sum
        let leaves, sums = Tree.zipped "GradientSum.mean: parameters and sum" parameters sum.Sum
        let mean (p: Tensor) (s: Tensor) = (s / sum.Weight.Convert s.DType).Convert p.DType
        Tree.rebuild parameters (Array.map2 mean leaves sums)
