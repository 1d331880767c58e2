namespace Cotangent

open System
open Cotangent.Datasets

/// <summary>
/// Datasets: where they come from, and what is made of them. In C# most of these are methods of a <c>Dataset</c>.
/// </summary>
[<RequireQualifiedAccess>]
module Dataset =

    // ---- Sources ----

    /// <summary>Examples that a function makes from their index.</summary>
    /// <exception cref="T:Cotangent.ValueException">The count is negative.</exception>
    /// <example><code>
    /// (Dataset.init 3L (fun i -> 10L * i))[2] // 20
    /// </code></example>
    let init (count: int64) (example: int64 -> 't) : Dataset<'t> =
        Argument.check "example" example
        Dataset<'t>("the function", count, Func<_, _> example)

    /// <summary>The elements of an array.</summary>
    /// <example><code>
    /// (Dataset.ofArray [| "a"; "b" |])[1] // b
    /// </code></example>
    [<CompiledName "OfArray">]
    let ofArray (items: 't[]) : Dataset<'t> =
        Argument.check "items" items
        Dataset<'t>("the array", items.LongLength, fun i -> items[int i])

    /// <summary>
    /// Examples in memory: a tree of tensors whose first axes are equally long, with an entry for each example. An example is a view, not
    /// a copy, of each.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The first axes differ, or a tensor is a scalar.</exception>
    /// <example><code>
    /// let images, labels = Tensor.zeros DType.Float32 [ 100; 28; 28 ], Tensor.arange DType.Int32 100
    /// let image, label = (Dataset.ofTensors (images, labels))[7] // shapes (28, 28) and ()
    /// </code></example>
    [<CompiledName "OfTensors">]
    let ofTensors (tensors: 't) : Dataset<'t> =
        let name = "the tensors"

        Dataset<'t>(
            name,
            int64 (Data.count tensors),
            true,
            Func<_, _, _>(fun _ i -> tensors |> Tree.map (fun t -> t[int i])),
            Func<_, _, _>(fun _ i -> { Source = name; Index = i }),
            ValueSome { Tensors = tensors; Row = fun _ i -> i }
        )

    /// <summary>The same examples under another name, which errors use; their indices are counted anew.</summary>
    /// <example><code>
    /// let numbers = Dataset.init 3L id |> Dataset.named "my numbers"
    /// numbers.Origin(0, 2L).Source = "my numbers" // true
    /// </code></example>
    let named (name: string) (dataset: Dataset<'t>) : Dataset<'t> = dataset.Named name

    // ---- Other examples ----

    /// <summary>A function of each example.</summary>
    /// <example><code>
    /// (Dataset.init 3L id |> Dataset.map (fun i -> 2L * i))[2] // 4
    /// </code></example>
    let map (f: 't -> 'u) (dataset: Dataset<'t>) : Dataset<'u> =
        Argument.check "f" f
        dataset.Map(Func<_, _> f)

    /// <summary>
    /// A function of a key and each example, for augmentation: another key for every example in every epoch, the same one whenever the
    /// example is asked for again, by whatever worker.
    /// </summary>
    /// <example><code>
    /// let noisy =
    ///     Dataset.ofTensors (Tensor.zeros DType.Float32 [ 10; 3 ])
    ///     |> Dataset.mapWithKey (Key.create 0L) (fun key x -> x + Random.normal key DType.Float32 [ 3 ])
    ///
    /// noisy.Example(0, 4L) = noisy.Example(0, 4L) // true
    /// noisy.Example(0, 4L) = noisy.Example(1, 4L) // false
    /// </code></example>
    let mapWithKey (key: Key) (f: Key -> 't -> 'u) (dataset: Dataset<'t>) : Dataset<'u> =
        Argument.check "f" f
        dataset.MapWithKey(key, Func<_, _, _>(fun x key -> f key x))

    /// <summary>
    /// Those examples of which the predicate is true. How many they are has to be known: all examples are asked for here, once.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The dataset was shuffled or drawn by a key: filter before.</exception>
    /// <example><code>
    /// (Dataset.init 10L id |> Dataset.filter (fun i -> i % 3L = 0L)).Count // 4
    /// </code></example>
    let filter (predicate: 't -> bool) (dataset: Dataset<'t>) : Dataset<'t> =
        Argument.check "predicate" predicate
        dataset.Filter(Func<_, _> predicate)

    /// <summary>Another example in the place of each that can't be made, from the error that says which one it is.</summary>
    /// <example><code>
    /// let halves = Dataset.init 3L (fun i -> 6L / i) |> Dataset.recover (fun error -> -1L)
    /// List.ofSeq halves // [-1, 6, 3]
    /// </code></example>
    let recover (replace: ExampleException -> 't) (dataset: Dataset<'t>) : Dataset<'t> =
        Argument.check "replace" replace
        dataset.Recover(Func<_, _> replace)

    /// <summary>Pairs of the examples in the same places.</summary>
    /// <exception cref="T:Cotangent.ValueException">The two differ in length.</exception>
    /// <example><code>
    /// (Dataset.zip (Dataset.init 3L id) (Dataset.ofArray [| "a"; "b"; "c" |]))[1] // (1, b)
    /// </code></example>
    let zip (first: Dataset<'a>) (second: Dataset<'b>) : Dataset<'a * 'b> =
        Pairing.zip (fun a b -> a, b) first second

    /// <summary>One dataset after the other.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is none.</exception>
    /// <example><code>
    /// List.ofSeq (Dataset.concat [ Dataset.ofArray [| 1; 2 |]; Dataset.ofArray [| 3 |] ]) // [1, 2, 3]
    /// </code></example>
    let concat (datasets: Dataset<'t> seq) : Dataset<'t> =
        let all = Argument.items "datasets" datasets

        if all.Length = 0 then
            raise (ValueException "Dataset.concat: no datasets. Give at least one.")

        all[0].Concat all[1..]

    // ---- Parts and orders ----

    /// <summary>The examples from an index on, so many.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are not that many; or the dataset was shuffled or drawn by a key.</exception>
    /// <example><code>
    /// List.ofSeq (Dataset.init 10L id |> Dataset.range 4L 2L) // [4, 5]
    /// </code></example>
    let range (first: int64) (count: int64) (dataset: Dataset<'t>) : Dataset<'t> = dataset.Range(first, count)

    /// <summary>The examples with these indices, in their order; an index may stand there several times.</summary>
    /// <exception cref="T:Cotangent.IndexException">There is no example at an index.</exception>
    /// <exception cref="T:Cotangent.ValueException">The dataset was shuffled or drawn by a key.</exception>
    /// <example><code>
    /// List.ofSeq (Dataset.ofArray [| "a"; "b"; "c" |] |> Dataset.subset [ 2L; 0L ]) // [c, a]
    /// </code></example>
    let subset (indices: int64 seq) (dataset: Dataset<'t>) : Dataset<'t> = dataset.Subset indices

    /// <summary>Parts without a common example, drawn by the key, of these fractions, which add up to 1.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A fraction is not positive, or they do not add up to 1; or the dataset was shuffled or drawn by a key: split before.
    /// </exception>
    /// <example><code>
    /// let parts = Dataset.init 10L id |> Dataset.split (Key.create 0L) [ 0.8; 0.2 ]
    /// [ for part in parts -> part.Count ] // [8, 2]
    /// </code></example>
    let split (key: Key) (fractions: float seq) (dataset: Dataset<'t>) : Dataset<'t> list =
        List.ofArray (dataset.Split(key, fractions))

    /// <summary>
    /// Another order in each epoch, drawn by the key: the same on each run. The order is computed place by place, so that it takes no memory
    /// however long the dataset is.
    /// </summary>
    /// <example><code>
    /// let shuffled = Dataset.init 5L id |> Dataset.shuffle (Key.create 0L)
    /// List.sort (List.ofSeq (shuffled.Epoch 0)) // [0, 1, 2, 3, 4]
    /// </code></example>
    let shuffle (key: Key) (dataset: Dataset<'t>) : Dataset<'t> = dataset.Shuffle key

    /// <summary>All of it so many times in one epoch; each time shuffled and drawn anew.</summary>
    /// <exception cref="T:Cotangent.ValueException">The number of times is below 1.</exception>
    /// <example><code>
    /// List.ofSeq (Dataset.ofArray [| 1; 2 |] |> Dataset.repeat 2) // [1, 2, 1, 2]
    /// </code></example>
    let repeat (times: int) (dataset: Dataset<'t>) : Dataset<'t> = dataset.Repeat times

    /// <summary>
    /// So many examples an epoch, each drawn in proportion to the weights, so that one may come several times; drawn anew for each epoch.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// There is not one weight for each example, one is negative or not finite, or all are 0.
    /// </exception>
    /// <example><code>
    /// let labels = [| 0; 0; 0; 1 |] // as many of the rare class as of the common one
    /// let weights = [ for label in labels -> if label = 1 then 3.0 else 1.0 ]
    /// (Dataset.ofArray labels |> Dataset.sample (Key.create 0L) weights 100L).Count // 100
    /// </code></example>
    let sample (key: Key) (weights: float seq) (count: int64) (dataset: Dataset<'t>) : Dataset<'t> =
        dataset.Sample(key, weights, count)

    /// <summary>
    /// So many different examples an epoch, drawn one after the other in proportion to the weights of those that are left; drawn anew for
    /// each epoch.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// The weights are no weights, or fewer examples have one above 0 than are asked for.
    /// </exception>
    /// <example><code>
    /// let some = Dataset.init 4L id |> Dataset.sampleWithoutReplacement (Key.create 0L) [ 1.0; 0.0; 1.0; 0.0 ] 2
    /// List.sort (List.ofSeq some) // [0, 2]
    /// </code></example>
    let sampleWithoutReplacement (key: Key) (weights: float seq) (count: int) (dataset: Dataset<'t>) =
        dataset.SampleWithoutReplacement(key, weights, count)

    /// <summary>
    /// What one machine or process of several takes: every so manieth example, beginning with its own number. Together they take all, and
    /// none twice; one may have an example more than another. Shuffle before, with the same key on all of them.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no such shard.</exception>
    /// <example><code>
    /// List.ofSeq (Dataset.init 7L id |> Dataset.shard 1 3) // [1, 4]
    /// </code></example>
    let shard (index: int) (count: int) (dataset: Dataset<'t>) : Dataset<'t> = dataset.Shard(index, count)

    /// <summary>
    /// The same number of examples for each machine, as steps in common need it: those that are left over when all have as many, fewer than
    /// there are machines, are nobody's.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no such shard.</exception>
    /// <example><code>
    /// (Dataset.init 7L id |> Dataset.shardEvenly 0 3).Count // 2
    /// </code></example>
    let shardEvenly (index: int) (count: int) (dataset: Dataset<'t>) : Dataset<'t> =
        dataset.ShardEvenly(index, count)

    // ---- Kept ----

    /// <summary>Each example is kept in memory from the first time on that it is asked for.</summary>
    /// <exception cref="T:Cotangent.ValueException">The dataset was shuffled or drawn by a key: cache before.</exception>
    /// <example><code>
    /// let mutable asked = 0
    /// let cached = Dataset.init 3L (fun i -> asked &lt;- asked + 1; 10L * i) |> Dataset.cache
    /// cached[2], cached[2], asked // (20, 20, 1)
    /// </code></example>
    let cache (dataset: Dataset<'t>) : Dataset<'t> = dataset.Cache()

    /// <summary>
    /// The tensors of all examples in a file, which is mapped into memory. If it is not there, all examples are asked for and written when
    /// the first one is; it is there as a whole or not at all. A file of another dataset is refused, by name and number of examples: what
    /// was changed in the functions before it, it can't know.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The dataset was shuffled or drawn by a key: cache before.</exception>
    /// <exception cref="T:Cotangent.TreeException">There is no tensor in the examples, or what is none differs between them.</exception>
    /// <exception cref="T:Cotangent.FileException">When the first example is asked for: it is another file, or damaged.</exception>
    /// <example><code>
    /// let cached = Dataset.init 10L (fun i -> tensor [ float i ]) |> Dataset.cacheIn "examples.cache"
    /// </code></example>
    let cacheIn (path: string) (dataset: Dataset<'t>) : Dataset<'t> = dataset.CacheIn path

    // ---- Batches ----

    /// <summary>
    /// Batches of so many examples that follow each other, stacked by <c>Collate.stack</c>. The last one is as short as it must be.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code>
    /// let batches = Dataset.ofTensors (tensor [ 1.0; 2.0; 3.0 ]) |> Dataset.batch 2
    /// List.ofSeq batches // [[1, 2], [3]]
    /// </code></example>
    let batch (size: int) (dataset: Dataset<'t>) : Dataset<'t> = dataset.Batch size

    /// <summary>
    /// Batches of exactly so many examples, so that all have one shape and a compiled step one program: what is left over at the end of an
    /// epoch is dropped. Shuffled before, that is other examples in each epoch.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code>
    /// let batches = Dataset.ofTensors (tensor [ 1.0; 2.0; 3.0 ]) |> Dataset.batchWhole 2
    /// List.ofSeq batches // [[1, 2]]
    /// </code></example>
    let batchWhole (size: int) (dataset: Dataset<'t>) : Dataset<'t> = dataset.Batch(size, dropLast = true)

    /// <summary>Batches that a function of one's own makes of the examples.</summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code>
    /// let sums = Dataset.init 5L id |> Dataset.batchWith Array.sum 2
    /// List.ofSeq sums // [1, 5, 4]
    /// </code></example>
    let batchWith (collate: 't[] -> 'b) (size: int) (dataset: Dataset<'t>) : Dataset<'b> =
        Argument.check "collate" collate
        dataset.Batch(size, Func<_, _> collate)

    /// <summary>
    /// Batches of examples that differ in length: each is filled up with a number to the longest of its batch, as <c>Collate.pad</c> does.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code>
    /// let words = Dataset.ofArray [| tensor [ 1; 2; 3 ]; tensor [ 4 ] |]
    /// List.ofSeq (words |> Dataset.batchPadded 0.0 2) // [[[1, 2, 3], [4, 0, 0]]]
    /// </code></example>
    let batchPadded (value: float) (size: int) (dataset: Dataset<'t>) : Dataset<'t> =
        dataset.Batch(size, Func<_, _>(Collate.pad value))

    /// <summary>
    /// Batches of examples of about one length, so that little has to be filled up: those with a length up to the first bound are in batches
    /// of their own, then those up to the second, and so on, the longest behind the last bound. Which examples meet, and the order of the
    /// batches, is drawn by the key for each epoch. The length of each example is asked for here, once.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1; or the dataset was shuffled or drawn by a key.</exception>
    /// <example><code>
    /// let words = Dataset.ofArray [| tensor [ 1; 2; 3 ]; tensor [ 4 ]; tensor [ 5; 6; 7; 8 ] |]
    /// let batches = words |> Dataset.bucket (Key.create 0L) [ 2 ] (fun word -> word.Size) (Collate.pad 0.0) 2
    /// batches.Count // 2: the short one, and the two longer ones
    /// </code></example>
    let bucket
        (key: Key)
        (bounds: int seq)
        (length: 't -> int)
        (collate: 't[] -> 'b)
        (size: int)
        (dataset: Dataset<'t>)
        : Dataset<'b> =
        Argument.check "length" length
        Argument.check "collate" collate
        dataset.Bucket(size, key, bounds, Func<_, _> length, Func<_, _> collate)
