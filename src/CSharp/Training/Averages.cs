namespace Cotangent;

/// <summary>Averages of parameters: of many steps together they often do better than the last.</summary>
public static class WeightAverage
{
    /// <summary>An average of nothing yet; the parameters say what it will look like.</summary>
    /// <example><code>
    /// var x = Tensor.Create([3.0]);
    /// WeightAverage.Start(x).Exponential(0.9, x).Mean // [3]
    /// </code></example>
    public static WeightAverage<P> Start<P>(P parameters)
        where P : notnull => WeightAverageModule.start(parameters.NotNull());

    /// <summary>
    /// An exponential average with these parameters too, whose weights are divided by their sum, so that nothing of a beginning is
    /// in it (Kingma and Ba 2015, §3).
    /// </summary>
    /// <exception cref="ValueException">The decay is outside [0, 1).</exception>
    /// <exception cref="ShapeException">The average has another shape than the parameters.</exception>
    /// <exception cref="TreeException">The structures differ.</exception>
    /// <example><code>
    /// var (x, y) = (Tensor.Create([3.0]), Tensor.Create([6.0]));
    /// WeightAverage.Start(x).Exponential(0.5, x).Exponential(0.5, y).Mean // [5]
    /// </code></example>
    public static WeightAverage<P> Exponential<P>(this WeightAverage<P> average, double decay, P parameters)
        where P : notnull => WeightAverageModule.exponential(decay, parameters.NotNull(), average.NotNull());

    /// <summary>
    /// The plain mean of these parameters and all before: stochastic weight averaging (Izmailov et al. 2018, algorithm 1).
    /// </summary>
    /// <exception cref="ShapeException">The average has another shape than the parameters.</exception>
    /// <exception cref="TreeException">The structures differ.</exception>
    /// <example><code>
    /// var (x, y) = (Tensor.Create([3.0]), Tensor.Create([6.0]));
    /// WeightAverage.Start(x).Uniform(x).Uniform(y).Mean // [4.5]
    /// </code></example>
    public static WeightAverage<P> Uniform<P>(this WeightAverage<P> average, P parameters)
        where P : notnull => WeightAverageModule.uniform(parameters.NotNull(), average.NotNull());
}

/// <summary>
/// The gradient of a batch that is too large to be taken at once: the mean over micro-batches, each by its number of examples.
/// </summary>
public static class GradientSum
{
    /// <summary>The sum of none, for parameters like these.</summary>
    /// <example><code>
    /// var x = Tensor.Create([0.0]);
    /// GradientSum.Zero(x).Add(Tensor.Create(2.0), Tensor.Create([5.0])).Mean(x) // [5]
    /// </code></example>
    public static GradientSum<P> Zero<P>(P parameters)
        where P : notnull => GradientSumModule.zero(parameters.NotNull());

    /// <summary>With another gradient, that of a mean over so many examples.</summary>
    /// <exception cref="ShapeException">The weight is no scalar, or two shapes differ.</exception>
    /// <exception cref="TreeException">The structures differ.</exception>
    /// <example><code>
    /// // Means over one example and over three.
    /// var x = Tensor.Create([0.0]);
    /// var sum = GradientSum.Zero(x).Add(Tensor.Create(1.0), Tensor.Create([1.0])).Add(Tensor.Create(3.0), Tensor.Create([5.0]));
    /// sum.Mean(x) // [4]
    /// </code></example>
    public static GradientSum<P> Add<P>(this GradientSum<P> sum, Tensor weight, P gradient)
        where P : notnull => GradientSumModule.add(weight.NotNull(), gradient.NotNull(), sum.NotNull());

    /// <summary>The mean, in the dtypes of the parameters.</summary>
    /// <exception cref="TreeException">The structures differ.</exception>
    /// <example><code>
    /// var x = Tensor.Create([0.0]);
    /// var sum = GradientSum.Zero(x).Add(Tensor.Create(3.0), Tensor.Create([1.0])).Add(Tensor.Create(1.0), Tensor.Create([5.0]));
    /// sum.Mean(x) // [2]
    /// </code></example>
    public static P Mean<P>(this GradientSum<P> sum, P parameters)
        where P : notnull => GradientSumModule.mean(parameters.NotNull(), sum.NotNull());
}
