namespace Cotangent;

/// <summary>Axes by name: sums of products in Einstein's notation, and patterns in that of einops.</summary>
public static class TensorPatterns
{
    extension(Tensor)
    {
        /// <summary>
        /// A sum of products, written by the axes: <c>Tensor.Einsum("ij,jk->ik", a, b)</c> is the product of two matrices.
        /// Each operand has a letter for each of its axes; axes of one letter go together, and what is not named behind
        /// the arrow is summed over. A letter that one operand has twice takes its diagonal. Three dots stand for all axes
        /// that are not named, which broadcast. Without an arrow, the result has the dots, then the letters that stand
        /// once, in the order of the alphabet.
        /// </summary>
        /// <exception cref="ValueException">
        /// The equation is none, or has another number of operands than there are tensors.
        /// </exception>
        /// <exception cref="ShapeException">A tensor has another number of axes, or a letter two sizes.</exception>
        /// <exception cref="DTypeException">The dtypes differ, or are Bool.</exception>
        /// <example><code>
        /// var a = Tensor.Create([[1.0, 2.0], [3.0, 4.0]]);
        /// Tensor.Einsum("ij,jk->ik", a, a) // [[7, 10], [15, 22]]
        /// Tensor.Einsum("ii", a) // the trace: 5
        /// </code></example>
        public static Tensor Einsum(string equation, params IEnumerable<Tensor> operands) =>
            global::Cotangent.Einsum.einsum(equation.NotNull(), operands.NoneNull());
    }

    /// <summary>
    /// The axes in another order, taken apart and put together, as a pattern in einops' notation says; the same elements.
    /// </summary>
    /// <param name="x">The tensor.</param>
    /// <param name="pattern">The axes as they are, an arrow, and the axes as they shall be.</param>
    /// <param name="sizes">Sizes of named axes that do not follow from the tensor.</param>
    /// <exception cref="ValueException">
    /// The pattern is none, an axis stands on one side only, or a size does not follow or does not fit.
    /// </exception>
    /// <exception cref="ShapeException">The tensor has another number of axes.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Rearrange("h w -> (w h)") // [1, 3, 2, 4]
    /// x.Rearrange("h (w c) -> c h w", ("c", 2)) // shape (2, 2, 1)
    /// </code></example>
    public static Tensor Rearrange(this Tensor x, string pattern, params ReadOnlySpan<(string Name, int Size)> sizes) =>
        Patterns.rearrange(pattern.NotNull(), Sizes(sizes), x.NotNull());

    /// <summary>
    /// The axes that the right side of a pattern leaves out folded into one number; the others in the order that it says. A
    /// number in the pattern is an axis of that size without a name.
    /// </summary>
    /// <exception cref="ValueException">
    /// The pattern is none, the right side has what the left has not, or a size does not follow or does not fit.
    /// </exception>
    /// <exception cref="ShapeException">
    /// The tensor has another number of axes, or there is nothing to take a mean or an extreme of.
    /// </exception>
    /// <exception cref="DTypeException">The dtype has no such reduction.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Reduce("h w -> h 1", Reduce.Sum) // [[3], [7]]
    /// </code></example>
    public static Tensor Reduce(
        this Tensor x,
        string pattern,
        Reduce how,
        params ReadOnlySpan<(string Name, int Size)> sizes
    ) => Patterns.reduce(pattern.NotNull(), how, Sizes(sizes), x.NotNull());

    /// <summary>
    /// The elements again and again along the axes that only the right side of a pattern has, each of a size that is given,
    /// or is a number in the pattern.
    /// </summary>
    /// <exception cref="ValueException">
    /// The pattern is none, an axis of the left side is lost, or a size is not given or does not fit.
    /// </exception>
    /// <exception cref="ShapeException">The tensor has another number of axes.</exception>
    /// <example><code>
    /// var x = Tensor.Create([[1, 2], [3, 4]]);
    /// x.Repeat("h w -> h (w 2)") // [[1, 1, 2, 2], [3, 3, 4, 4]]
    /// x.Repeat("h w -> h w c", ("c", 3)) // shape (2, 2, 3)
    /// </code></example>
    public static Tensor Repeat(this Tensor x, string pattern, params ReadOnlySpan<(string Name, int Size)> sizes) =>
        Patterns.repeat(pattern.NotNull(), Sizes(sizes), x.NotNull());

    private static Microsoft.FSharp.Collections.FSharpList<Tuple<string, int>> Sizes(
        ReadOnlySpan<(string Name, int Size)> sizes
    ) => sizes.ToArray().Select(size => (size.Name.NotNull("sizes"), size.Size).ToTuple()).ToFSharpList();
}
