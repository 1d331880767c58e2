namespace Cotangent

open System
open System.IO
open System.Runtime.CompilerServices
open System.Threading
open Cotangent.Datasets

/// An example that is kept.
[<Sealed>]
type internal Kept<'t>(value: 't) =
    member _.Value = value

/// <summary>Examples that are computed once. F#'s functions of these names are in the module <c>Dataset</c>.</summary>
[<AbstractClass; Sealed; Extension>]
type DatasetCaching =

    /// <summary>Each example is kept in memory from the first time on that it is asked for.</summary>
    /// <exception cref="T:Cotangent.ValueException">The dataset was shuffled or drawn by a key: cache before.</exception>
    /// <example><code lang="csharp">
    /// var asked = 0;
    /// var cached = Dataset.OfArray([1, 2, 3]).Map(x => { asked++; return 10 * x; }).Cache();
    /// (cached[2], cached[2], asked) // (30, 30, 1)
    /// </code></example>
    [<Extension>]
    static member Cache(dataset: Dataset<'t>) : Dataset<'t> =
        Argument.check "dataset" dataset
        Placing.requireFixed "Dataset.cache" dataset

        if dataset.Count > int64 Array.MaxLength then
            raise (
                ValueException
                    $"Dataset.cache: {dataset.Name} has {dataset.Count} examples, more than an array holds. Use `Dataset.cacheIn`."
            )

        let kept = Array.zeroCreate<Kept<'t> | null>(int dataset.Count)

        Dataset<'t>(
            dataset.Name,
            dataset.Count,
            true,
            Func<_, _, _>(fun epoch i ->
                // Two threads that ask at the same time both compute it, and get the same.
                match Volatile.Read(&kept[int i]) with
                | null ->
                    let made = Kept(dataset.Example(epoch, i))

                    match Interlocked.CompareExchange(&kept[int i], made, null) with
                    | null -> made.Value
                    | other -> other.Value
                | there -> there.Value),
            dataset.Origins
        )

    /// <summary>
    /// The tensors of all examples in a file, which is mapped into memory. If it is not there, all examples are asked for and written when
    /// the first one is; it is there as a whole or not at all. A file of another dataset is refused, by name and number of examples: what
    /// was changed in the functions before it, it can't know.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The dataset was shuffled or drawn by a key: cache before.</exception>
    /// <exception cref="T:Cotangent.TreeException">There is no tensor in the examples, or what is none differs between them.</exception>
    /// <exception cref="T:Cotangent.FileException">When the first example is asked for: it is another file, or damaged.</exception>
    /// <example><code lang="csharp">
    /// var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "examples");
    /// var cached = Dataset.OfTensors(Tensor.Create([1.0, 2.0, 3.0])).CacheIn(path);
    /// cached[2] // 3
    /// File.Exists(path) // true
    /// </code></example>
    [<Extension>]
    static member CacheIn(dataset: Dataset<'t>, path: string) : Dataset<'t> =
        Argument.check "dataset" dataset
        Argument.check "path" path
        Placing.requireFixed "Dataset.cacheIn" dataset
        Structure.requireTensors<'t> "Dataset.cacheIn:"

        if dataset.Count >= int64 Array.MaxLength then
            raise (
                ValueException
                    $"Dataset.cacheIn: {dataset.Name} has {dataset.Count} examples, more than {Array.MaxLength}. Cache parts of it."
            )

        let opened =
            lazy
                (if not (File.Exists path) then CacheFile.write path dataset
                 struct (CacheFile.read path dataset, dataset[0L]))

        Dataset<'t>(
            dataset.Name,
            dataset.Count,
            true,
            Func<_, _, _>(fun _ i ->
                let struct (read, template) = opened.Value
                Tree.rebuild template (read i)),
            dataset.Origins
        )
