namespace Cotangent;

/// <summary>
/// Mini-batches, epoch after epoch, in an order that is fixed: whoever asks for a place gets the same batch again, so
/// that training goes on where it stopped. A batch is any tree.
/// </summary>
/// <param name="Count">Batches an epoch.</param>
/// <param name="Epoch">
/// From the epoch and a place within it, both from 0, to the batches from that place to the end of the epoch.
/// </param>
/// <example><code>
/// var numbers = new Batches&lt;Tensor>(2, (epoch, first) =>
///     Enumerable.Range(first, 2 - first).Select(i => Tensor.Create([2 * epoch + i])));
/// numbers.Epoch(3, 1).Single() // [7]
/// </code></example>
public sealed record Batches<T>(int Count, Func<int, int, IEnumerable<T>> Epoch)
    where T : notnull
{
    /// <summary>
    /// From the epoch and a place within it, both from 0, to the batches from that place to the end of the epoch.
    /// </summary>
    public Func<int, int, IEnumerable<T>> Epoch { get; init => field = value.NotNull(nameof(Epoch)); } = Epoch.NotNull();

    /// <summary>Each batch changed as it comes: scaled, augmented, moved to a device.</summary>
    /// <example><code>
    /// var halves = Data.InOrder(2, Tensor.Create([2.0, 4.0])).Map(x => x / 2);
    /// halves.Epoch(0, 0).Single() // [1, 2]
    /// </code></example>
    public Batches<U> Map<U>(Func<T, U> f)
        where U : notnull => BatchesModule.map(f.ToFSharp(), ToFSharp()).ToCSharp();

    /// <summary>
    /// A key beside each batch, for dropout or noise: another one at every step, the same one whenever the step is taken
    /// again.
    /// </summary>
    /// <example><code>
    /// var (x, key) = Data.InOrder(2, Tensor.Create([1.0, 2.0])).WithKeys(Key.Create(0)).Epoch(0, 0).Single();
    /// key.Normal(2) // shape (2)
    /// </code></example>
    public Batches<(T Batch, Key Key)> WithKeys(Key key)
    {
        var pairs = BatchesModule.withKeys(key.NotNull(), ToFSharp());
        return new(Count, (epoch, first) => pairs.Epoch.Invoke(epoch).Invoke(first).Select(pair => (pair.Item1, pair.Item2)));
    }

    internal FSharpBatches<T> ToFSharp() => new(Count, Epoch.ToFSharp());
}

/// <summary>
/// Examples in memory: any tree of tensors whose first axes are equally long, with an entry for each example.
/// <c>(images, labels)</c> is one.
/// </summary>
public static class Data
{
    /// <summary>How many examples there are.</summary>
    /// <exception cref="ShapeException">The first axes differ, or a tensor is a scalar.</exception>
    /// <example><code>
    /// Data.Count((Tensor.Zeros(5, 28, 28), Tensor.Create([0, 1, 2, 3, 4]))) // 5
    /// </code></example>
    public static int Count<T>(T data)
        where T : notnull => DataModule.count(data.NotNull());

    /// <summary>The examples at the positions (of one axis), in their order.</summary>
    /// <exception cref="ShapeException">The first axes differ, or a tensor is a scalar.</exception>
    /// <exception cref="IndexException">There is no example at a position.</exception>
    /// <example><code>
    /// Data.Take(Tensor.Create([2, 0]), Tensor.Create([1.0, 2.0, 3.0])) // [3, 1]
    /// </code></example>
    public static T Take<T>(Tensor positions, T data)
        where T : notnull => DataModule.take(positions.NotNull(), data.NotNull());

    /// <summary>Two parts: the first examples, as many as asked for, and the others. Views, not copies.</summary>
    /// <exception cref="ValueException">There are fewer examples than that.</exception>
    /// <example><code>
    /// var (training, validation) = Data.Split(2, Tensor.Create([1.0, 2.0, 3.0]));
    /// validation // [3]
    /// </code></example>
    public static (T First, T Others) Split<T>(int first, T data)
        where T : notnull => DataModule.split(first, data.NotNull()).ToValueTuple();

    /// <summary>The examples in an order drawn by the key.</summary>
    /// <exception cref="ShapeException">The first axes differ, or a tensor is a scalar.</exception>
    /// <example><code>
    /// Data.Shuffle(Key.Create(0), Tensor.Create([3.0, 1.0, 2.0])).Sort() // [1, 2, 3]
    /// </code></example>
    public static T Shuffle<T>(Key key, T data)
        where T : notnull => DataModule.shuffle(key.NotNull(), data.NotNull());

    /// <summary>
    /// Batches of equal size, in an order that the key draws anew for each epoch. What is left of an epoch when whole
    /// batches are taken waits for another: all batches have one shape, and a compiled step one program.
    /// </summary>
    /// <exception cref="ShapeException">The first axes differ, or a tensor is a scalar.</exception>
    /// <exception cref="ValueException">The size is below 1, or above the number of examples.</exception>
    /// <example><code>
    /// Data.Batches(32, Key.Create(0), Tensor.Zeros(100, 28, 28)).Count // 3
    /// </code></example>
    public static Batches<T> Batches<T>(int size, Key key, T data)
        where T : notnull => DataModule.batches(size, key.NotNull(), data.NotNull()).ToCSharp();

    /// <summary>Batches in the order of the examples, for evaluating; the last one is as short as it must be.</summary>
    /// <exception cref="ShapeException">The first axes differ, or a tensor is a scalar.</exception>
    /// <exception cref="ValueException">The size is below 1.</exception>
    /// <example><code>
    /// Data.InOrder(2, Tensor.Create([1.0, 2.0, 3.0])).Epoch(0, 0).ToArray() // [[1, 2], [3]]
    /// </code></example>
    public static Batches<T> InOrder<T>(int size, T data)
        where T : notnull => DataModule.inOrder(size, data.NotNull()).ToCSharp();

    /// <summary>
    /// What <c>Train.Run</c> takes, of a source that gives batches epoch after epoch: the <c>Loader</c> of the package
    /// Cotangent.Data is one.
    /// </summary>
    /// <example><code>
    /// var loader = new Loader&lt;Tensor>(Dataset.OfTensors(Tensor.Create([1.0, 2.0, 3.0])).Batch(2));
    /// static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Mean());
    /// Train.Run(new TrainOptions&lt;Tensor>(), Add, loader.Batches(), Tensor.Create(0.0)).Last.State // 6
    /// </code></example>
    public static Batches<T> Batches<T>(this IBatchSource<T> source)
        where T : notnull => new(source.NotNull().Count, source.Epoch);

    internal static Batches<T> ToCSharp<T>(this FSharpBatches<T> batches)
        where T : notnull => new(batches.Count, (epoch, first) => batches.Epoch.Invoke(epoch).Invoke(first));
}
