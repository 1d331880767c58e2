namespace Cotangent

/// <summary>
/// Mini-batches, epoch after epoch, in an order that is fixed: whoever asks for a place gets the same batch again, so that
/// training goes on where it stopped. 'x is any tree.
/// </summary>
/// <example><code>
/// // Any source will do: here two batches an epoch, of one number each.
/// let numbers = { Count = 2; Epoch = fun epoch first -> seq { for i in first .. 1 -> tensor [ 2 * epoch + i ] } }
/// List.ofSeq (numbers.Epoch 3 0) // [[6], [7]]
/// </code></example>
[<NoComparison; NoEquality; CompiledName "FSharpBatches">]
type Batches<'x> = {
    /// Batches an epoch.
    Count: int
    /// Epoch and place within it, both from 0 -> the batches from that place to the end of the epoch, in order.
    Epoch: int -> int -> seq<'x>
}

/// <summary>
/// What gives batches epoch after epoch, as the <c>Loader</c> of Cotangent.Data does: a package that knows nothing of the facade for C#
/// says by it what <c>source.Batches()</c> there hands to <c>Train.Run</c>.
/// </summary>
/// <example><code>
/// let source = {
///     new IBatchSource&lt;Tensor> with
///         member _.Count = 2
///         member _.Epoch(epoch, first) = seq { for i in first .. 1 -> tensor [ 2 * epoch + i ] }
/// }
///
/// List.ofSeq (source.Epoch(3, 1)) // [[7]]
/// </code></example>
[<Interface>]
type IBatchSource<'x> =
    /// Batches an epoch.
    abstract Count: int
    /// The batches from a place within an epoch, both from 0, to its end, in order.
    abstract Epoch: epoch: int * first: int -> seq<'x>

/// Sequences of mini-batches.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Batches =
    /// <summary>Each batch changed as it comes: scaled, augmented, moved to a device.</summary>
    /// <example><code>
    /// let halves = Data.inOrder 2 (tensor [ 2.0; 4.0; 6.0 ]) |> Batches.map (fun x -> x / 2.0)
    /// List.ofSeq (halves.Epoch 0 0) // [[1, 2], [3]]
    /// </code></example>
    let map (f: 'x -> 'y) (batches: Batches<'x>) : Batches<'y> =
        Given.check "f" f
        Given.check "batches" batches

        { Count = batches.Count; Epoch = fun epoch first -> Seq.map f (batches.Epoch epoch first) }

    /// <summary>
    /// A key beside each batch, for dropout or noise: another one at every step, the same one whenever the step is taken again.
    /// </summary>
    /// <example><code>
    /// let noisy = Data.inOrder 2 (tensor [ 1.0; 2.0 ]) |> Batches.withKeys (Key.create 0L)
    /// let x, key = Seq.head (noisy.Epoch 0 0)
    /// x + Random.normal key DType.Float64 [ 2 ] // shape (2)
    /// </code></example>
    let withKeys (key: Key) (batches: Batches<'x>) : Batches<'x * Key> =
        Given.check "key" key
        Given.check "batches" batches

        {
            Count = batches.Count
            Epoch =
                fun epoch first ->
                    batches.Epoch epoch first
                    |> Seq.mapi (fun i batch ->
                        let step = int64 epoch * int64 batches.Count + int64 (first + i)
                        batch, Key.fold step key)
        }

/// <summary>
/// Examples in memory: any tree of tensors whose first axes are equally long, with an entry for each example.
/// <c>(images, labels)</c> is one.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Data =
    let private counted (operation: string) (data: 'x) =
        let leaves = Tree.leavesOf $"{operation}:" data
        let places = lazy Tree.paths data

        if leaves.Length = 0 then
            raise (ValueException $"{operation}: there is no tensor in the examples.")

        for i in 0 .. leaves.Length - 1 do
            if leaves[i].Rank = 0 then
                raise (
                    ShapeException
                        $"{Placed.before (places.Value[i])}{operation}: a scalar; every tensor has an entry for each example along its first axis."
                )

            if leaves[i].Dims[0] <> leaves[0].Dims[0] then
                raise (
                    ShapeException
                        $"{Placed.before (places.Value[i])}{operation}: shape {Shape.show leaves[i].Dims} has {leaves[i].Dims[0]} examples where `{places.Value[0]}`, of shape {Shape.show leaves[0].Dims}, has {leaves[0].Dims[0]}; every tensor has an entry for each example along its first axis."
                )

        leaves[0].Dims[0]

    let private range first count (data: 'x) : 'x = data |> Tree.map (fun t -> t[first .. first + count - 1])

    /// <summary>How many examples there are.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The first axes differ, or a tensor is a scalar.</exception>
    /// <example><code>
    /// Data.count (Tensor.zeros DType.Float32 [ 5; 28; 28 ], tensor [ 0; 1; 2; 3; 4 ]) // 5
    /// </code></example>
    let count (data: 'x) : int = counted "Data.count" data

    /// <summary>The examples at the positions (integers, of one axis), in their order.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The first axes differ, or a tensor is a scalar.</exception>
    /// <exception cref="T:Cotangent.IndexException">There is no example at a position.</exception>
    /// <example><code>
    /// Data.take (tensor [ 2; 0 ]) (tensor [ 1.0; 2.0; 3.0 ], tensor [ 10; 20; 30 ]) // ([3, 1], [30, 10])
    /// </code></example>
    let take (positions: Tensor) (data: 'x) : 'x =
        Given.check "positions" positions
        counted "Data.take" data |> ignore
        data |> Tree.mapped "Data.take" (fun t -> t.Take(positions, 0))

    /// <summary>Two parts: the first examples, as many as asked for, and the others. Views, not copies.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are fewer examples than that.</exception>
    /// <example><code>
    /// Data.split 2 (tensor [ 1.0; 2.0; 3.0 ]) // ([1, 2], [3])
    /// </code></example>
    let split (first: int) (data: 'x) : 'x * 'x =
        let n = counted "Data.split" data

        if first < 0 || first > n then
            raise (
                ValueException
                    $"Data.split: the first {first} of {n} examples; take 0 or more, and at most all."
            )

        range 0 first data, range first (n - first) data

    /// <summary>The examples in an order drawn by the key.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The first axes differ, or a tensor is a scalar.</exception>
    /// <example><code>
    /// (Data.shuffle (Key.create 0L) (tensor [ 1.0; 2.0; 3.0 ])).Sort() // [1, 2, 3]
    /// </code></example>
    let shuffle (key: Key) (data: 'x) : 'x =
        let n = counted "Data.shuffle" data
        take (Random.permutation key n) data

    let private requireSize (operation: string) size =
        if size < 1 then
            raise (ValueException $"{operation}: batches of {size} examples; at least 1 is needed.")

    /// <summary>
    /// Batches of equal size, in an order that the key draws anew for each epoch. What is left of an epoch when whole batches are
    /// taken waits for another: all batches have one shape, and a compiled step one program.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The first axes differ, or a tensor is a scalar.</exception>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1, or above the number of examples.</exception>
    /// <example><code>
    /// let images, labels = Tensor.zeros DType.Float32 [ 100; 28; 28 ], Tensor.zeros DType.Int32 [ 100 ]
    /// let batches = Data.batches 32 (Key.create 0L) (images, labels)
    /// batches.Count                                // 3
    /// fst (Seq.head (batches.Epoch 0 0)) // shape (32, 28, 28)
    /// </code></example>
    let batches (size: int) (key: Key) (data: 'x) : Batches<'x> =
        Given.check "key" key
        let n = counted "Data.batches" data
        requireSize "Data.batches" size

        if size > n then
            raise (
                ValueException
                    $"Data.batches: batches of {size} examples, but there are {n}. Use smaller batches, or `Data.inOrder`, which keeps the last one short."
            )

        let inEpoch = n / size

        {
            Count = inEpoch
            Epoch =
                fun epoch first -> seq {
                    let order = Random.permutation (Key.fold (int64 epoch) key) n

                    for i in first .. inEpoch - 1 do
                        take order[i * size .. (i + 1) * size - 1] data
                }
        }

    /// <summary>Batches in the order of the examples, for evaluating; the last one is as short as it must be.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The first axes differ, or a tensor is a scalar.</exception>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code>
    /// List.ofSeq ((Data.inOrder 2 (tensor [ 1.0; 2.0; 3.0 ])).Epoch 0 0) // [[1, 2], [3]]
    /// </code></example>
    let inOrder (size: int) (data: 'x) : Batches<'x> =
        let n = counted "Data.inOrder" data
        requireSize "Data.inOrder" size
        let inEpoch = (n + size - 1) / size

        {
            Count = inEpoch
            Epoch =
                fun _ first -> seq {
                    for i in first .. inEpoch - 1 do
                        range (i * size) (min size (n - i * size)) data
                }
        }
