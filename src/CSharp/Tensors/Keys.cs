namespace Cotangent;

/// <summary>
/// Keys, the source of randomness, and what is drawn from them. A key is used once, for a draw or for a
/// split; the same key gives the same numbers on every device.
/// </summary>
public static class Keys
{
    extension(Key)
    {
        /// <summary>The key of a seed.</summary>
        /// <example><code>
        /// var (forWeights, forData) = Key.Create(0).Split();
        /// forData.Normal(64, 2) // shape (64, 2)
        /// </code></example>
        public static Key Create(long seed) => KeyModule.create(seed);
    }

    /// <summary>Two fresh keys.</summary>
    /// <example><code>
    /// var (forWeights, forNoise) = Key.Create(0).Split();
    /// forWeights.Uniform(3).Equals(forNoise.Uniform(3)) // false
    /// </code></example>
    public static (Key First, Key Second) Split(this Key key) => KeyModule.split(key.NotNull()).ToValueTuple();

    /// <summary>As many fresh keys as asked for; the first are those of <see cref="Split(Key)"/>.</summary>
    /// <exception cref="ValueException">The count is negative.</exception>
    /// <example><code>
    /// Key.Create(0).Split(3).Length // 3
    /// </code></example>
    public static Key[] Split(this Key key, int count) => KeyModule.splitMany(count, key.NotNull());

    /// <summary>
    /// As many fresh keys as asked for, as a batch for <see cref="Transform"/>: each example gets its own.
    /// </summary>
    /// <exception cref="ValueException">The count is negative.</exception>
    /// <example><code>
    /// Transform.Vectorize(k => k.Normal(3), Key.Create(0).Batch(10)) // shape (10, 3)
    /// </code></example>
    public static Key Batch(this Key key, int count) => KeyModule.batch(count, key.NotNull());

    /// <summary>
    /// A fresh key for each number (a step, the index of a worker). Does not use the key up: fold as many
    /// numbers in as you like, but draw nothing from the key itself.
    /// </summary>
    /// <example><code>
    /// Key.Create(0).Fold(7).Uniform(2) // shape (2)
    /// </code></example>
    public static Key Fold(this Key key, long number) => KeyModule.fold(number, key.NotNull());

    /// <summary>
    /// A fresh key for each name. Does not use the key up: a part that is added or removed leaves the draws of all others as
    /// they are.
    /// </summary>
    /// <example><code>
    /// var key = Key.Create(0);
    /// key.Fold("weights").Normal(2, 3) // shape (2, 3)
    /// key.Fold("dropout").Bernoulli(0.9, [3]) // shape (3)
    /// </code></example>
    public static Key Fold(this Key key, string name) => KeyModule.named(name.NotNull(), key.NotNull());

    /// <summary>
    /// The same with a number that is a tensor, an Int64 scalar, as a counter inside a compiled loop is.
    /// </summary>
    /// <exception cref="DTypeException">The number is anything but an Int64 scalar.</exception>
    /// <example><code>
    /// var key = Key.Create(0);
    /// key.Fold(Tensor.Create(7L)).Uniform(2).Equals(key.Fold(7).Uniform(2)) // true
    /// </code></example>
    public static Key Fold(this Key key, Tensor number) => KeyModule.foldTensor(number.NotNull(), key.NotNull());

    /// <summary>Float32 numbers uniform in [0, 1).</summary>
    /// <example><code>
    /// Key.Create(0).Uniform(2, 3) // shape (2, 3)
    /// </code></example>
    public static Tensor Uniform(this Key key, params ReadOnlySpan<int> shape) => key.Uniform(shape, DType.Float32);

    /// <summary>Numbers uniform in [0, 1).</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ShapeException">A size is negative.</exception>
    /// <example><code>
    /// Key.Create(0).Uniform([2, 3], DType.Float64) // shape (2, 3)
    /// </code></example>
    public static Tensor Uniform(this Key key, ReadOnlySpan<int> shape, DType dtype) =>
        RandomModule.uniform(key.NotNull(), dtype, shape.ToArray());

    /// <summary>Numbers uniform in [low, high). Float32 by default.</summary>
    /// <exception cref="ValueException">The bounds are out of order.</exception>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ShapeException">A size is negative.</exception>
    /// <example><code>
    /// Key.Create(0).UniformIn(5, 6, [3]).Floor() // [5, 5, 5]
    /// </code></example>
    public static Tensor UniformIn(
        this Key key,
        double low,
        double high,
        ReadOnlySpan<int> shape,
        DType dtype = default
    ) => RandomModule.uniformIn(key.NotNull(), low, high, dtype, shape.ToArray());

    /// <summary>Float32 numbers of the standard normal distribution.</summary>
    /// <example><code>
    /// Key.Create(0).Normal(2, 3) // shape (2, 3)
    /// </code></example>
    public static Tensor Normal(this Key key, params ReadOnlySpan<int> shape) => key.Normal(shape, DType.Float32);

    /// <summary>Numbers of the standard normal distribution.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ShapeException">A size is negative.</exception>
    /// <example><code>
    /// Key.Create(0).Normal([2, 3], DType.Float64) // shape (2, 3)
    /// </code></example>
    public static Tensor Normal(this Key key, ReadOnlySpan<int> shape, DType dtype) =>
        RandomModule.normal(key.NotNull(), dtype, shape.ToArray());

    /// <summary>Numbers of the standard normal distribution, conditioned to lie in [low, high]. Float32 by default.</summary>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <exception cref="ShapeException">A size is negative.</exception>
    /// <exception cref="ValueException">
    /// The bounds are out of order, or the dtype has no finite number between them.
    /// </exception>
    /// <example><code>
    /// Key.Create(0).TruncatedNormal(2, 3, [3]).Floor() // [2, 2, 2]
    /// </code></example>
    public static Tensor TruncatedNormal(
        this Key key,
        double low,
        double high,
        ReadOnlySpan<int> shape,
        DType dtype = default
    ) => RandomModule.truncatedNormal(key.NotNull(), low, high, dtype, shape.ToArray());

    /// <summary>Bools that are true with probability p.</summary>
    /// <exception cref="ShapeException">A size is negative.</exception>
    /// <exception cref="ValueException">p is not between 0 and 1.</exception>
    /// <example><code>
    /// var keep = Key.Create(0).Bernoulli(0.8, [5]);
    /// Maths.Where(keep, Tensor.Full(1.25, [5]), Tensor.Zeros(5)) // dropout, by hand: shape (5)
    /// </code></example>
    public static Tensor Bernoulli(this Key key, double p, ReadOnlySpan<int> shape) =>
        RandomModule.bernoulli(key.NotNull(), p, shape.ToArray());

    /// <summary>
    /// Int32 classes along the last axis of logits (unnormalised log-probabilities), one for each leading
    /// position.
    /// </summary>
    /// <exception cref="DTypeException">The logits are not floating-point.</exception>
    /// <exception cref="ShapeException">The logits are a scalar.</exception>
    /// <exception cref="ValueException">
    /// In a row of logits, one is NaN or all are -infinity; where the numbers are at hand.
    /// </exception>
    /// <example><code>
    /// var logits = Tensor.Create([[0.0, double.NegativeInfinity], [double.NegativeInfinity, 0.0]]);
    /// Key.Create(0).Categorical(logits) // [0, 1]
    /// </code></example>
    public static Tensor Categorical(this Key key, Tensor logits) => RandomModule.categorical(key.NotNull(), logits.NotNull());

    /// <summary>Int64 integers uniform in [low, high).</summary>
    /// <example><code>
    /// Key.Create(0).Integers(1, 7, [5]) // five throws of a die: shape (5)
    /// </code></example>
    public static Tensor Integers(this Key key, long low, long high, ReadOnlySpan<int> shape) =>
        key.Integers(low, high, shape, DType.Int64);

    /// <summary>Integers uniform in [low, high), of any integer dtype.</summary>
    /// <exception cref="DTypeException">The dtype is no integer.</exception>
    /// <exception cref="ValueException">
    /// There are no integers in the range, more than 2^52, or more than the dtype holds.
    /// </exception>
    /// <exception cref="ShapeException">A size is negative.</exception>
    /// <example><code>
    /// Key.Create(0).Integers(7, 8, [3], DType.Int32) // [7, 7, 7]
    /// </code></example>
    public static Tensor Integers(this Key key, long low, long high, ReadOnlySpan<int> shape, DType dtype) =>
        RandomModule.integers(key.NotNull(), low, high, dtype, shape.ToArray());

    /// <summary>0 … n-1 in random order, Int32.</summary>
    /// <exception cref="ShapeException">n is negative.</exception>
    /// <example><code>
    /// Key.Create(0).Permutation(5).Sort() // [0, 1, 2, 3, 4]
    /// </code></example>
    public static Tensor Permutation(this Key key, int n) => RandomModule.permutation(key.NotNull(), n);

    /// <summary>The slices of a tensor along axis 0 in random order.</summary>
    /// <exception cref="ShapeException">The tensor is a scalar.</exception>
    /// <example><code>
    /// Key.Create(0).Shuffle(Tensor.Create([3, 1, 2])).Sort() // [1, 2, 3]
    /// </code></example>
    public static Tensor Shuffle(this Key key, Tensor t) => RandomModule.shuffle(key.NotNull(), t.NotNull());
}
