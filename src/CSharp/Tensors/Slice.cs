using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>
/// What to take of one axis, for <see cref="TensorIndexing.Slice"/>: a position, as <c>2</c>, <c>-1</c> or
/// <c>^1</c>; a range, as <c>1..3</c> or <c>..</c>, which like every range of C# excludes its end; a tensor
/// of positions; or one of the members here.
/// </summary>
public readonly struct Slice
{
    private readonly Range range;
    private readonly int step;
    private readonly FSharpIndex? whole;
    private readonly bool isGiven;

    private Slice(FSharpIndex whole) => (this.whole, isGiven) = (whole, true);

    private Slice(Range range, int step) => (this.range, this.step, isGiven) = (range, step, true);

    /// <summary>The whole axis, as <c>..</c>.</summary>
    /// <example><code>
    /// Tensor.Create([[1, 2], [3, 4]]).Slice(Slice.All, 0) // [1, 3]
    /// </code></example>
    public static Slice All => new(FSharpIndex.All);

    /// <summary>A new axis of size 1.</summary>
    /// <example><code>
    /// Tensor.Create([1, 2]).Slice(Slice.NewAxis, ..) // [[1, 2]]
    /// </code></example>
    public static Slice NewAxis => new(FSharpIndex.NewAxis);

    /// <summary>As many whole axes as are left; the three dots of NumPy.</summary>
    /// <example><code>
    /// Tensor.Zeros(2, 3, 4).Slice(Slice.Rest, 0) // shape (2, 3)
    /// </code></example>
    public static Slice Rest => new(FSharpIndex.Rest);

    /// <summary>
    /// Every step-th position of a range, from its first; from its last backwards if the step is negative.
    /// </summary>
    /// <example><code>
    /// var x = Tensor.Create([0, 1, 2, 3, 4]);
    /// x.Slice(Slice.Step(.., 2)) // [0, 2, 4]
    /// x.Slice(Slice.Step(.., -1)) // [4, 3, 2, 1, 0]
    /// </code></example>
    public static Slice Step(Range range, int step) => new(range, step);

    /// <summary>
    /// One position; the axis disappears. Negative ones count from the end, -1 being the last.
    /// </summary>
    /// <example><code>
    /// var x = Tensor.Create([10, 20, 30]);
    /// x.Slice(1) // 20
    /// x.Slice(-1) // 30
    /// </code></example>
    public static implicit operator Slice(int position) => new(FSharpIndex.NewAt(position));

    /// <summary>One position, perhaps from the end; the axis disappears.</summary>
    /// <example><code>
    /// Tensor.Create([10, 20, 30]).Slice(^1) // 30
    /// </code></example>
    public static implicit operator Slice(Index position) =>
        position.Equals(Index.End) ? new Slice(position..position, 0)
        : position.IsFromEnd ? -position.Value
        : position.Value;

    /// <summary>A range, its end excluded.</summary>
    /// <example><code>
    /// var x = Tensor.Create([10, 20, 30]);
    /// x.Slice(1..) // [20, 30]
    /// x.Slice(..^1) // [10, 20]
    /// </code></example>
    public static implicit operator Slice(Range range) => new(range, 1);

    /// <summary>The positions in an integer tensor, whose axes take the place of this one.</summary>
    /// <example><code>
    /// Tensor.Create([10, 20, 30]).Slice(Tensor.Create([2, 0])) // [30, 10]
    /// </code></example>
    public static implicit operator Slice(Tensor positions) => new(FSharpIndex.NewTake(positions.NotNull()));

    internal bool IsRest => whole is { IsRest: true };

    internal bool HasAxis => whole is not ({ IsRest: true } or { IsNewAxis: true });

    /// <summary>The same for an axis of a known size.</summary>
    internal FSharpIndex On(int size)
    {
        if (whole is not null)
        {
            return whole;
        }

        if (!isGiven)
        {
            throw new IndexException("Slice: default(Slice) takes nothing. The whole axis is `Slice.All`, one position a number.");
        }

        var (start, end) = (range.Start.GetOffset(size), range.End.GetOffset(size));

        if (start < 0 || end > size || start > end || step == 0)
        {
            var what = step == 1 ? $"slice {range}" : step == 0 ? $"index {range.Start}" : $"slice {range} by {step}";
            throw new IndexException($"{what} does not fit an axis of size {size}.");
        }

        // An end before the start is empty; written so that neither is negative.
        return start == end ? Range(1, 0, 1) : step > 0 ? Range(start, end - 1, step) : Range(end - 1, start, step);
    }

    private static FSharpIndex Range(int first, int last, int step) =>
        FSharpIndex.NewRange(FSharpOption<int>.Some(first), FSharpOption<int>.Some(last), step);
}
