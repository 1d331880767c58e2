namespace Cotangent

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open Cotangent.Datasets

/// <summary>Other orders, parts and unions of datasets. F#'s functions of these names are in the module <c>Dataset</c>.</summary>
[<AbstractClass; Sealed; Extension>]
type DatasetOrdering =

    /// <summary>Another order in each epoch, drawn by the key: the same on each run.</summary>
    /// <example><code lang="csharp">
    /// var shuffled = Dataset.OfArray([0, 1, 2, 3]).Shuffle(Key.Create(0));
    /// shuffled.Epoch(0).Order().ToArray() // [0, 1, 2, 3]
    /// </code></example>
    [<Extension>]
    static member Shuffle(dataset: Dataset<'t>, key: Key) : Dataset<'t> =
        Argument.check "dataset" dataset
        let seed = KeyedHash.seedOf "Dataset.shuffle" key

        Placing.at
            dataset.Name
            dataset.Count
            false
            (fun epoch i -> struct (epoch, Permutation(KeyedHash.ofEpoch seed epoch, dataset.Count)[i]))
            dataset

    /// <summary>The examples from an index on, so many.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are not that many; or the dataset was shuffled or drawn by a key.</exception>
    /// <example><code lang="csharp">
    /// Dataset.OfArray([0, 10, 20, 30]).Range(1, 2).ToArray() // [10, 20]
    /// </code></example>
    [<Extension>]
    static member Range(dataset: Dataset<'t>, first: int64, count: int64) : Dataset<'t> =
        Argument.check "dataset" dataset
        Placing.requireFixed "Dataset.range" dataset

        if first < 0L || count < 0L || first > dataset.Count - count then
            raise (
                ValueException
                    $"Dataset.range: {count} examples from {first} on, but {dataset.Name} has {dataset.Count}. Ask for a range within them."
            )

        Placing.range dataset.Name first count dataset

    /// <summary>The examples with these indices, in their order; an index may stand there several times.</summary>
    /// <exception cref="T:Cotangent.IndexException">There is no example at an index.</exception>
    /// <exception cref="T:Cotangent.ValueException">The dataset was shuffled or drawn by a key.</exception>
    /// <example><code lang="csharp">
    /// Dataset.OfArray([0, 10, 20, 30]).Subset([3, 0]).ToArray() // [30, 0]
    /// </code></example>
    [<Extension>]
    static member Subset(dataset: Dataset<'t>, indices: IEnumerable<int64>) : Dataset<'t> =
        Argument.check "dataset" dataset
        Argument.check "indices" indices
        Placing.requireFixed "Dataset.subset" dataset
        let indices = Array.ofSeq indices

        for i in 0 .. indices.Length - 1 do
            if indices[i] < 0L || indices[i] >= dataset.Count then
                raise (
                    IndexException
                        $"Dataset.subset: index {indices[i]}, at place {i}; {dataset.Name} has {dataset.Count} examples, and indices begin at 0."
                )

        Placing.at
            dataset.Name
            indices.LongLength
            true
            (fun epoch i -> struct (epoch, indices[int i]))
            dataset

    /// <summary>Parts without a common example, drawn by the key, of these fractions, which add up to 1.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A fraction is not positive, or they do not add up to 1; or the dataset was shuffled or drawn by a key: split before.
    /// </exception>
    /// <example><code lang="csharp">
    /// var parts = Dataset.OfArray(Enumerable.Range(0, 10).ToArray()).Split(Key.Create(0), [0.8, 0.2]);
    /// (parts[0].Count, parts[1].Count) // (8, 2)
    /// parts.SelectMany(part => part).Order().ToArray() // [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    /// </code></example>
    [<Extension>]
    static member Split(dataset: Dataset<'t>, key: Key, fractions: IEnumerable<float>) : Dataset<'t>[] =
        Argument.check "dataset" dataset
        Argument.check "fractions" fractions
        Placing.requireFixed "Dataset.split" dataset
        let fractions = Array.ofSeq fractions
        let total = Array.sum fractions

        if fractions |> Array.exists (fun f -> not (f > 0.0)) || not (abs (total - 1.0) < 1e-9) then
            let shown = fractions |> Array.map string |> String.concat ", "

            raise (
                ValueException
                    $"Dataset.split: fractions {shown} of {dataset.Name} add up to {total}; give positive ones that add up to 1, so that no example is left out."
            )

        let seed = KeyedHash.seedOf "Dataset.split" key
        let count = dataset.Count

        // The bounds are rounded, not the sizes: so they add up.
        let bounds =
            fractions
            |> Array.scan (+) 0.0
            |> Array.mapi (fun i f ->
                if i = fractions.Length then count else int64 (Math.Round(f * float count)))

        Array.init fractions.Length (fun part ->
            let first = bounds[part]

            Placing.at
                dataset.Name
                (bounds[part + 1] - first)
                true
                (fun epoch i -> struct (epoch, Permutation(seed, count)[first + i]))
                dataset)

    /// <summary>All of it so many times in one epoch; each time shuffled and drawn anew.</summary>
    /// <exception cref="T:Cotangent.ValueException">The number of times is below 1.</exception>
    /// <example><code lang="csharp">
    /// Dataset.OfArray([1, 2]).Repeat(2).ToArray() // [1, 2, 1, 2]
    /// </code></example>
    [<Extension>]
    static member Repeat(dataset: Dataset<'t>, times: int) : Dataset<'t> =
        Argument.check "dataset" dataset

        if times < 1 then
            raise (ValueException $"Dataset.repeat: {dataset.Name} {times} times; at least once is needed.")

        let each = dataset.Count

        Placing.at
            dataset.Name
            (Checked.(*) each (int64 times))
            true
            (fun epoch i -> struct (Checked.(+) (Checked.(*) epoch times) (int (i / each)), i % each))
            dataset

    /// <summary>One dataset after the other.</summary>
    /// <example><code lang="csharp">
    /// Dataset.OfArray([1, 2]).Concat(Dataset.OfArray([3])).ToArray() // [1, 2, 3]
    /// </code></example>
    [<Extension>]
    static member Concat(dataset: Dataset<'t>, [<ParamArray>] others: Dataset<'t>[]) : Dataset<'t> =
        Argument.check "dataset" dataset
        let all = Array.append [| dataset |] (Argument.items "others" others)
        let ends = all |> Array.map _.Count |> Array.scan Checked.(+) 0L |> Array.tail

        let find (i: int64) =
            let found = Array.BinarySearch(ends, i)
            let mutable part = if found < 0 then ~~~found else found + 1

            // Those without examples end where the one before them does.
            while all[part].Count = 0L do
                part <- part + 1

            struct (part, (if part = 0 then i else i - ends[part - 1]))

        Dataset<'t>(
            String.Join(" and ", all |> Array.map _.Name |> Array.distinct),
            Array.last ends,
            all |> Array.forall _.IsFixed,
            Func<_, _, _>(fun epoch i ->
                let struct (part, i) = find i
                all[part].Get.Invoke(epoch, i)),
            Func<_, _, _>(fun epoch i ->
                let struct (part, i) = find i
                all[part].Origins.Invoke(epoch, i))
        )

    /// <summary>
    /// What one machine or process of several takes: every so manieth example, beginning with its own number. Together they take all,
    /// and none twice; one may have an example more than another.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no such shard.</exception>
    /// <example><code lang="csharp">
    /// Dataset.OfArray(Enumerable.Range(0, 7).ToArray()).Shard(1, 3).ToArray() // [1, 4]
    /// </code></example>
    [<Extension>]
    static member Shard(dataset: Dataset<'t>, index: int, count: int) : Dataset<'t> =
        Argument.check "dataset" dataset
        Sharding.require "Dataset.shard" index count
        let own = (dataset.Count - int64 index + int64 count - 1L) / int64 count

        Placing.at
            dataset.Name
            (max 0L own)
            true
            (fun epoch i -> struct (epoch, i * int64 count + int64 index))
            dataset

    /// <summary>
    /// The same number of examples for each machine, as steps in common need it: those that are left over when all have as many, fewer than
    /// there are machines, are nobody's.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no such shard.</exception>
    /// <example><code lang="csharp">
    /// Dataset.OfArray(Enumerable.Range(0, 7).ToArray()).ShardEvenly(0, 3).ToArray() // [0, 3]
    /// </code></example>
    [<Extension>]
    static member ShardEvenly(dataset: Dataset<'t>, index: int, count: int) : Dataset<'t> =
        Argument.check "dataset" dataset
        Sharding.require "Dataset.shardEvenly" index count

        Placing.at
            dataset.Name
            (dataset.Count / int64 count)
            true
            (fun epoch i -> struct (epoch, i * int64 count + int64 index))
            dataset

    /// <summary>Pairs of the examples in the same places; both have equally many.</summary>
    /// <exception cref="T:Cotangent.ValueException">The two differ in length.</exception>
    /// <example><code lang="csharp">
    /// Dataset.OfArray([1, 2]).Zip(Dataset.OfArray([10, 20]))[1] // (2, 20)
    /// </code></example>
    [<Extension>]
    static member Zip(dataset: Dataset<'t>, other: Dataset<'u>) : Dataset<struct ('t * 'u)> =
        Pairing.zip (fun a b -> struct (a, b)) dataset other
