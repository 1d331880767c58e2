namespace Cotangent

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent.Datasets

module internal BatchPlaces =
    let requireSize (operation: string) (size: int) =
        if size < 1 then
            raise (ValueException $"{operation}: batches of {size} examples; at least 1 is needed.")

    /// A batch of the examples at these places of an epoch, made one by one.
    let collated (collate: Func<'t[], 'b>) (dataset: Dataset<'t>) epoch (places: int64[]) : 'b =
        places |> Array.map (fun i -> dataset.Example(epoch, i)) |> collate.Invoke

    /// What `collated` makes of `Collate.stack`; rows of tensors are copied as a whole.
    let stacked (dataset: Dataset<'t>) : int -> int64[] -> 't =
        match dataset.Rows with
        | ValueSome rows ->
            fun epoch places ->
                Data.take (Tensor.ofArray [ places.Length ] (Array.map (rows.Row epoch) places)) rows.Tensors
        | ValueNone -> collated (Func<_, _> Collate.stack) dataset

    /// Groups of examples by their places in an epoch.
    let gather
        count
        isFixed
        (places: int -> int64 -> int64[])
        (make: int -> int64[] -> 'b)
        (dataset: Dataset<'t>)
        =
        Dataset<'b>(
            dataset.Name,
            count,
            isFixed && dataset.IsFixed,
            Func<_, _, _>(fun epoch batch -> make epoch (places epoch batch)),
            Func<_, _, _>(fun epoch batch -> dataset.Origins.Invoke(epoch, (places epoch batch)[0]))
        )

    /// Consecutive examples; the last batch is as short as it must be, or left out.
    let consecutive (size: int) (dropLast: bool) (make: int -> int64[] -> 'b) (dataset: Dataset<'t>) =
        let n, size = dataset.Count, int64 size

        let places _ batch = Array.init (int (min size (n - batch * size))) (fun i -> batch * size + int64 i)

        gather (if dropLast then n / size else (n + size - 1L) / size) true places make dataset

/// <summary>Batches of examples. F#'s functions of these names are in the module <c>Dataset</c>.</summary>
[<AbstractClass; Sealed; Extension>]
type DatasetBatching =

    /// <summary>
    /// Batches of so many examples that follow each other, stacked by <c>Collate.stack</c>. The last one is as short as it must be, unless
    /// it is asked to be dropped.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code lang="csharp">
    /// var batches = Dataset.OfTensors(Tensor.Create([1.0, 2.0, 3.0])).Batch(2);
    /// batches[0] // [1, 2]
    /// (batches.Count, Dataset.OfTensors(Tensor.Create([1.0, 2.0, 3.0])).Batch(2, dropLast: true).Count) // (2, 1)
    /// </code></example>
    [<Extension>]
    static member Batch
        (dataset: Dataset<'t>, size: int, [<Optional; DefaultParameterValue(false)>] dropLast: bool)
        : Dataset<'t> =
        Argument.check "dataset" dataset
        BatchPlaces.requireSize "Dataset.batch" size
        BatchPlaces.consecutive size dropLast (BatchPlaces.stacked dataset) dataset

    /// <summary>The same, stacked by a custom function.</summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1.</exception>
    /// <example><code lang="csharp">
    /// Dataset.OfArray([1, 2, 3]).Batch(2, group => group.Sum()).ToArray() // [3, 3]
    /// </code></example>
    [<Extension>]
    static member Batch
        (
            dataset: Dataset<'t>,
            size: int,
            collate: Func<'t[], 'b>,
            [<Optional; DefaultParameterValue(false)>] dropLast: bool
        ) : Dataset<'b> =
        Argument.check "dataset" dataset
        Argument.check "collate" collate
        BatchPlaces.requireSize "Dataset.batchWith" size
        BatchPlaces.consecutive size dropLast (BatchPlaces.collated collate dataset) dataset

    /// <summary>
    /// Batches of examples of about one length, so that little has to be filled up: those with a length up to the first bound are in batches
    /// of their own, then those up to the second, and so on, the longest behind the last bound. Which examples meet, and the order of the
    /// batches, is drawn by the key for each epoch. The length of each example is asked for here, once.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The size is below 1; or the dataset was shuffled or drawn by a key.</exception>
    /// <example><code lang="csharp">
    /// // Short words with short ones.
    /// var words = Dataset.OfArray(["a", "to", "cat", "horse"]);
    /// var batches = words.Bucket(2, Key.Create(0), [2], word => word.Length, group => group.Sum(word => word.Length));
    /// batches.Epoch(0).Order().ToArray() // [3, 8]
    /// </code></example>
    [<Extension>]
    static member Bucket
        (
            dataset: Dataset<'t>,
            size: int,
            key: Key,
            bounds: IEnumerable<int>,
            length: Func<'t, int>,
            collate: Func<'t[], 'b>
        ) : Dataset<'b> =
        Argument.check "dataset" dataset
        Argument.check "bounds" bounds
        Argument.check "length" length
        Argument.check "collate" collate
        BatchPlaces.requireSize "Dataset.bucket" size
        Placing.requireFixed "Dataset.bucket" dataset
        let bounds = bounds |> Seq.distinct |> Seq.sort |> Array.ofSeq
        let buckets = Array.init (bounds.Length + 1) (fun _ -> List<int64>())

        for i in 0L .. dataset.Count - 1L do
            let found = Array.BinarySearch(bounds, length.Invoke dataset[i])
            buckets[if found < 0 then ~~~found else found].Add i

        let buckets = buckets |> Array.filter (fun each -> each.Count > 0) |> Array.map _.ToArray()
        let ends = buckets |> Array.scan (fun sum each -> sum + (each.Length + size - 1) / size) 0
        let count = int64 (Array.last ends)
        let seed = KeyedHash.seedOf "Dataset.bucket" key

        let places epoch batch =
            let seed = KeyedHash.ofEpoch seed epoch
            let batch = int (Permutation(seed, count)[batch])
            let bucket = Array.FindIndex(ends, fun e -> e > batch) - 1
            let own = buckets[bucket]
            let order = Permutation(KeyedHash.bits seed KeyedHash.Draws (uint64 bucket), own.LongLength)
            let first = (batch - ends[bucket]) * size

            Array.init (min size (own.Length - first)) (fun i -> own[int order[int64 (first + i)]])

        BatchPlaces.gather count false places (BatchPlaces.collated collate dataset) dataset
