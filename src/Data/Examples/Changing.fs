namespace Cotangent

open System
open System.Runtime.CompilerServices
open Cotangent.Datasets

/// <summary>Datasets of other examples. F#'s functions of these names are in the module <c>Dataset</c>.</summary>
[<AbstractClass; Sealed; Extension>]
type DatasetChanging =

    /// <summary>A function of each example.</summary>
    /// <example><code lang="csharp">
    /// Dataset.OfArray([1, 2, 3]).Map(x => 10 * x).ToArray() // [10, 20, 30]
    /// </code></example>
    [<Extension>]
    static member Map(dataset: Dataset<'t>, f: Func<'t, 'u>) : Dataset<'u> =
        Argument.check "dataset" dataset
        Argument.check "f" f
        Placing.mapped true (fun _ _ x -> f.Invoke x) dataset

    /// <summary>
    /// A function of each example and a key of its own, for augmentation: another key for every example in every epoch, the same one
    /// whenever the example is asked for again.
    /// </summary>
    /// <example><code lang="csharp">
    /// var noisy = Dataset.OfTensors(Tensor.Zeros(4)).MapWithKey(Key.Create(0), (x, key) => x + key.Normal());
    /// (double)(noisy.Example(0, 2) - noisy.Example(0, 2)) // 0
    /// (noisy.Example(0, 2) - noisy.Example(1, 2)).NotEqual(0) // true
    /// </code></example>
    [<Extension>]
    static member MapWithKey(dataset: Dataset<'t>, key: Key, f: Func<'t, Key, 'u>) : Dataset<'u> =
        Argument.check "dataset" dataset
        Argument.check "f" f
        let seed = KeyedHash.seedOf "Dataset.mapWithKey" key

        Placing.mapped false (fun epoch i x -> f.Invoke(x, KeyedHash.keyOf seed epoch i)) dataset

    /// <summary>Those examples of which the predicate is true. How many they are has to be known: all examples are asked for here, once.</summary>
    /// <exception cref="T:Cotangent.ValueException">The dataset was shuffled or drawn by a key: filter before.</exception>
    /// <example><code lang="csharp">
    /// Dataset.OfArray([1, 2, 3, 4]).Filter(x => x % 2 == 0).ToArray() // [2, 4]
    /// </code></example>
    [<Extension>]
    static member Filter(dataset: Dataset<'t>, predicate: Func<'t, bool>) : Dataset<'t> =
        Argument.check "dataset" dataset
        Argument.check "predicate" predicate
        Placing.requireFixed "Dataset.filter" dataset

        let kept = [|
            for i in 0L .. dataset.Count - 1L do
                if predicate.Invoke dataset[i] then i
        |]

        Placing.at dataset.Name kept.LongLength true (fun epoch i -> struct (epoch, kept[int i])) dataset

    /// <summary>Another example in the place of each that can't be made, from the error that says which one it is.</summary>
    /// <example><code lang="csharp">
    /// Dataset.OfArray([0, 1, 2]).Map(x => 6 / x).Recover(error => -1).ToArray() // [-1, 6, 3]
    /// </code></example>
    [<Extension>]
    static member Recover(dataset: Dataset<'t>, replace: Func<ExampleException, 't>) : Dataset<'t> =
        Argument.check "dataset" dataset
        Argument.check "replace" replace

        Dataset<'t>(
            dataset.Name,
            dataset.Count,
            dataset.IsFixed,
            Func<_, _, _>(fun epoch i ->
                try
                    dataset.Example(epoch, i)
                with :? ExampleException as e ->
                    replace.Invoke e),
            dataset.Origins
        )

    /// <summary>The same examples under another name, which errors use; their indices are counted anew.</summary>
    /// <example><code lang="csharp">
    /// var numbers = Dataset.OfArray([1, 2, 3]).Named("my numbers");
    /// numbers.Name == "my numbers" // true
    /// </code></example>
    [<Extension>]
    static member Named(dataset: Dataset<'t>, name: string) : Dataset<'t> =
        Argument.check "dataset" dataset
        Argument.check "name" name

        Dataset<'t>(
            name,
            dataset.Count,
            dataset.IsFixed,
            dataset.Get,
            Func<_, _, _>(fun _ i -> { Source = name; Index = i }),
            dataset.Rows
        )
