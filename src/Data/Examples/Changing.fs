namespace Cotangent

open System
open System.Runtime.CompilerServices
open Cotangent.Datasets

/// <summary>Datasets of other examples. F#'s functions of these names are in the module <c>Dataset</c>.</summary>
[<AbstractClass; Sealed; Extension>]
type DatasetChanging =

    /// A function of each example.
    [<Extension>]
    static member Map(dataset: Dataset<'t>, f: Func<'t, 'u>) : Dataset<'u> =
        Argument.check "dataset" dataset
        Argument.check "f" f
        Placing.mapped true (fun _ _ x -> f.Invoke x) dataset

    /// A function of each example and a key of its own, for augmentation: another key for every example in every epoch, the same one
    /// whenever the example is asked for again.
    [<Extension>]
    static member MapWithKey(dataset: Dataset<'t>, key: Key, f: Func<'t, Key, 'u>) : Dataset<'u> =
        Argument.check "dataset" dataset
        Argument.check "f" f
        let seed = KeyedHash.seedOf "Dataset.mapWithKey" key

        Placing.mapped false (fun epoch i x -> f.Invoke(x, KeyedHash.keyOf seed epoch i)) dataset

    /// Those examples of which the predicate is true. How many they are has to be known: all examples are asked for here, once.
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

    /// Another example in the place of each that can't be made, from the error that says which one it is.
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

    /// The same examples under another name, which errors use; their indices are counted anew.
    [<Extension>]
    static member Named(dataset: Dataset<'t>, name: string) : Dataset<'t> =
        Argument.check "dataset" dataset
        Argument.check "name" name

        Dataset<'t>(
            name,
            dataset.Count,
            dataset.IsFixed,
            dataset.Get,
            Func<_, _, _>(fun _ i -> { Source = name; Index = i })
        )
