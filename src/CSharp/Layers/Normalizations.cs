namespace Cotangent;

/// <summary>Options of layers that normalise, from named arguments.</summary>
internal static class Normalizations
{
    internal static NormOptions Options(double? weight, double? bias, double epsilon, DType dtype) =>
        new(weight.ToOption(), bias.ToOption(), epsilon, dtype);
}

/// <summary>Making layers that normalise: <c>LayerNorm.Create</c>.</summary>
public static class LayerNorms
{
    extension(LayerNorm)
    {
        /// <summary>A layer that normalises over a last axis of so many features.</summary>
        /// <param name="features">How long the last axis is.</param>
        /// <param name="weight">What the gains start from; null for none.</param>
        /// <param name="bias">What the biases start from; null for none.</param>
        /// <param name="epsilon">Is added to the variance.</param>
        /// <param name="dtype">Of gains and biases; Float32 by default.</param>
        /// <exception cref="ValueException">There are no features, or epsilon is negative.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// LayerNorm.Create(3).Forward(Tensor.Create([1f, 2f, 3f])) // [-1.2247, 0, 1.2247]
        /// </code></example>
        public static LayerNorm Create(
            int features,
            double? weight = 1,
            double? bias = 0,
            double epsilon = 1e-5,
            DType dtype = default
        ) => LayerNorm.Create([features], weight, bias, epsilon, dtype);

        /// <summary>A layer that normalises over last axes of these sizes, as one.</summary>
        /// <param name="shape">How long the last axes are.</param>
        /// <param name="weight">What the gains start from; null for none.</param>
        /// <param name="bias">What the biases start from; null for none.</param>
        /// <param name="epsilon">Is added to the variance.</param>
        /// <param name="dtype">Of gains and biases; Float32 by default.</param>
        /// <exception cref="ValueException">There is no size, one is below 1, or epsilon is negative.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// LayerNorm.Create([4, 8], bias: null).Weight! // shape (4, 8)
        /// </code></example>
        public static LayerNorm Create(
            IReadOnlyList<int> shape,
            double? weight = 1,
            double? bias = 0,
            double epsilon = 1e-5,
            DType dtype = default
        ) => LayerNormModule.init(Normalizations.Options(weight, bias, epsilon, dtype), shape.ToFSharpList());
    }
}

/// <summary>Making layers that normalise: <c>RmsNorm.Create</c>.</summary>
public static class RmsNorms
{
    extension(RmsNorm)
    {
        /// <summary>A layer that normalises over a last axis of so many features.</summary>
        /// <param name="features">How long the last axis is.</param>
        /// <param name="weight">What the gains start from; null for none.</param>
        /// <param name="epsilon">Is added to the mean of squares.</param>
        /// <param name="dtype">Of the gains; Float32 by default.</param>
        /// <exception cref="ValueException">There are no features, or epsilon is negative.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// RmsNorm.Create(4).Forward(Tensor.Create([1f, -1f, 7f, 7f])) // [0.2, -0.2, 1.4, 1.4]
        /// </code></example>
        public static RmsNorm Create(
            int features,
            double? weight = 1,
            double epsilon = 1e-5,
            DType dtype = default
        ) => RmsNorm.Create([features], weight, epsilon, dtype);

        /// <summary>A layer that normalises over last axes of these sizes, as one.</summary>
        /// <param name="shape">How long the last axes are.</param>
        /// <param name="weight">What the gains start from; null for none.</param>
        /// <param name="epsilon">Is added to the mean of squares.</param>
        /// <param name="dtype">Of the gains; Float32 by default.</param>
        /// <exception cref="ValueException">There is no size, one is below 1, or epsilon is negative.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// RmsNorm.Create([2, 2]).Forward(Tensor.Create([[1f, -1f], [7f, 7f]])) // [[0.2, -0.2], [1.4, 1.4]]
        /// </code></example>
        public static RmsNorm Create(
            IReadOnlyList<int> shape,
            double? weight = 1,
            double epsilon = 1e-5,
            DType dtype = default
        ) => RmsNormModule.init(new(weight.ToOption(), epsilon, dtype), shape.ToFSharpList());
    }
}

/// <summary>Making layers that normalise: <c>GroupNorm.Create</c>.</summary>
public static class GroupNorms
{
    extension(GroupNorm)
    {
        /// <summary>A layer for so many groups of so many channels in all.</summary>
        /// <param name="groups">How many groups there are.</param>
        /// <param name="channels">How many channels all of them have together.</param>
        /// <param name="weight">What the gains start from; null for none.</param>
        /// <param name="bias">What the biases start from; null for none.</param>
        /// <param name="epsilon">Is added to the variance.</param>
        /// <param name="dtype">Of gains and biases; Float32 by default.</param>
        /// <exception cref="ValueException">
        /// A number is below 1, the groups do not divide the channels, or epsilon is negative.
        /// </exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// GroupNorm.Create(2, 4).Forward(Tensor.Ones(8, 4, 28, 28)) // shape (8, 4, 28, 28)
        /// </code></example>
        public static GroupNorm Create(
            int groups,
            int channels,
            double? weight = 1,
            double? bias = 0,
            double epsilon = 1e-5,
            DType dtype = default
        ) => GroupNormModule.init(Normalizations.Options(weight, bias, epsilon, dtype), groups, channels);
    }
}

/// <summary>Making layers that normalise: <c>InstanceNorm.Create</c>.</summary>
public static class InstanceNorms
{
    extension(InstanceNorm)
    {
        /// <summary>A layer for so many channels.</summary>
        /// <param name="channels">How many channels there are.</param>
        /// <param name="weight">What the gains start from; null, the default, for none.</param>
        /// <param name="bias">What the biases start from; null, the default, for none.</param>
        /// <param name="epsilon">Is added to the variance.</param>
        /// <param name="dtype">Of gains and biases; Float32 by default.</param>
        /// <exception cref="ValueException">There are no channels, or epsilon is negative.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// InstanceNorm.Create(3).Forward(Tensor.Ones(8, 3, 28, 28)) // shape (8, 3, 28, 28)
        /// </code></example>
        public static InstanceNorm Create(
            int channels,
            double? weight = null,
            double? bias = null,
            double epsilon = 1e-5,
            DType dtype = default
        ) => InstanceNormModule.init(Normalizations.Options(weight, bias, epsilon, dtype), channels);
    }
}

/// <summary>Making layers that normalise: <c>BatchNorm.Create</c>.</summary>
public static class BatchNorms
{
    extension(BatchNorm)
    {
        /// <summary>A layer for so many channels.</summary>
        /// <param name="channels">How many channels there are.</param>
        /// <param name="weight">What the gains start from; null for none.</param>
        /// <param name="bias">What the biases start from; null for none.</param>
        /// <param name="momentum">How much of a new batch goes into the running statistics, from 0 to 1.</param>
        /// <param name="epsilon">Is added to the variance.</param>
        /// <param name="dtype">Of gains and biases; Float32 by default.</param>
        /// <exception cref="ValueException">
        /// There are no channels, epsilon is negative, or the momentum is not from 0 to 1.
        /// </exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var (y, layer) = BatchNorm.Create(1).Train(Tensor.Create([[1f], [3f]]));
        /// y // [[-1], [1]]
        /// layer.RunningMean.Value // [0.2]
        /// </code></example>
        public static BatchNorm Create(
            int channels,
            double? weight = 1,
            double? bias = 0,
            double momentum = 0.1,
            double epsilon = 1e-5,
            DType dtype = default
        ) => BatchNormModule.init(new(weight.ToOption(), bias.ToOption(), momentum, epsilon, dtype), channels);
    }
}
