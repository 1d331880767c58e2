namespace Cotangent

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open Cotangent.Datasets

/// <summary>Other orders, parts and unions of datasets. F#'s functions of these names are in the module <c>Dataset</c>.</summary>
[<AbstractClass; Sealed; Extension>]
type DatasetOrdering =

    /// Another order in each epoch, drawn by the key: the same on each run.
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

    /// The examples from an index on, so many.
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

    /// The examples with these indices, in their order; an index may stand there several times.
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

    /// Parts without a common example, drawn by the key, of these fractions, which add up to 1.
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

    /// All of it so many times in one epoch; each time shuffled and drawn anew.
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

    /// One dataset after the other.
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

    /// What one machine or process of several takes: every so manieth example, beginning with its own number. Together they take all,
    /// and none twice; one may have an example more than another.
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

    /// The same number of examples for each machine, as steps in common need it: those that are left over when all have as many, fewer than
    /// there are machines, are nobody's.
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

    /// Pairs of the examples in the same places; both have equally many.
    [<Extension>]
    static member Zip(dataset: Dataset<'t>, other: Dataset<'u>) : Dataset<struct ('t * 'u)> =
        Pairing.zip (fun a b -> struct (a, b)) dataset other
