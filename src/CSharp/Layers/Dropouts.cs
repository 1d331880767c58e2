namespace Cotangent;

/// <summary>Making layers that drop parts by chance: <c>Dropout.Create</c>.</summary>
public static class Dropouts
{
    extension(Dropout)
    {
        /// <summary>A layer that drops parts with a probability while it is trained.</summary>
        /// <param name="rate">The probability, at least 0 and below 1.</param>
        /// <param name="dropped">What is dropped as one; single elements by default.</param>
        /// <exception cref="ValueException">The rate is below 0, or 1 or more.</exception>
        /// <example><code>
        /// var layer = Dropout.Create(0.5);
        /// layer.Forward(Tensor.Create([1.0, 2.0])) // [1, 2]
        /// layer.Train(Tensor.Ones(100, 100), Key.Create(0)).Max() // 2
        /// </code></example>
        public static Dropout Create(double rate, Dropped dropped = default) => DropoutModule.init(dropped, rate);
    }
}
