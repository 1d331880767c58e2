namespace Cotangent;

/// <summary>Where a step stands in its sequence, as vectors that are not trained.</summary>
public static class Positions
{
    /// <summary>
    /// Sines and cosines of positions (Vaswani et al. 2017, §3.5): positions p (…) give (…, width), whose number 2i is
    /// sin(p / 10000^(2i/width)) and number 2i + 1 is cos of the same. Positions may be fractions, such as times. The result is
    /// Float32 by default.
    /// </summary>
    /// <exception cref="ShapeException">The width is odd, or below 2.</exception>
    /// <exception cref="DTypeException">The positions are Bool, or the dtype is not floating-point.</exception>
    /// <example><code>
    /// Positions.Sinusoidal(4, Tensor.Create([0, 1])) // [[0, 1, 0, 1], [0.8415, 0.5403, 0.01, 1]]
    /// </code></example>
    public static Tensor Sinusoidal(int width, Tensor positions, DType dtype = default) =>
        PositionsModule.sinusoidal(dtype, width, positions.NotNull());
}

/// <summary>Making learned positions: <c>LearnedPositions.Create</c>.</summary>
public static class LearnedPositionsLayers
{
    extension(LearnedPositions)
    {
        /// <summary>A vector for each of so many places, which is added to what stands there.</summary>
        /// <param name="steps">How long sequences are at most.</param>
        /// <param name="width">How many numbers a step has.</param>
        /// <param name="key">What the vectors are drawn with.</param>
        /// <param name="dtype">Of the vectors; Float32 by default.</param>
        /// <param name="weightInit">How the vectors start; by default normal with a deviation of 0.02.</param>
        /// <exception cref="ValueException">The number of steps or the width is below 1.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var layer = LearnedPositions.Create(128, 64, Key.Create(0));
        /// layer.Forward(Tensor.Zeros(2, 10, 64)) // shape (2, 10, 64)
        /// </code></example>
        public static LearnedPositions Create(
            int steps,
            int width,
            Key key,
            DType dtype = default,
            Initializer? weightInit = null
        ) =>
            LearnedPositionsModule.init(
                new(weightInit?.ToFSharp() ?? LearnedPositionsModule.defaults.Weight, dtype),
                steps,
                width,
                key.NotNull()
            );
    }
}

/// <summary>Rotary positions as they are usual: <c>Rotary.Halves</c>, <c>Rotary.Neighbours</c>.</summary>
public static class RotaryPositions
{
    extension(Rotary)
    {
        /// <summary>Base 10000, numbers 2i and 2i + 1 a pair, as Su et al. 2021 write it.</summary>
        /// <example><code>
        /// var x = Tensor.Create([[1.0, 0.0, 1.0, 0.0], [1.0, 0.0, 1.0, 0.0]]);
        /// Rotary.Neighbours.Forward(x).Slice(1) // [0.5403, 0.8415, 1, 0.01]
        /// </code></example>
        public static Rotary Neighbours => RotaryModule.neighbours;

        /// <summary>Base 10000, numbers i and i + width/2 a pair, as in GPT-NeoX.</summary>
        /// <example><code>
        /// Rotary.Halves.Forward(Tensor.Create([[1.0, 0.0], [1.0, 0.0]])) // [[1, 0], [0.5403, 0.8415]]
        /// </code></example>
        public static Rotary Halves => RotaryModule.halves;
    }
}
