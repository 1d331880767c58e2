namespace Cotangent

open System.Collections.Generic
open System.Runtime.CompilerServices
open Cotangent.Datasets

/// <summary>Examples drawn in proportion to weights. F#'s functions of these names are in the module <c>Dataset</c>.</summary>
[<AbstractClass; Sealed; Extension>]
type DatasetSampling =

    /// <summary>So many examples an epoch, each drawn in proportion to the weights, so that one may come several times; drawn anew for each epoch.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// There is not one weight for each example, one is negative or not finite, or all are 0.
    /// </exception>
    /// <example><code lang="csharp">
    /// // Only those of weight above 0.
    /// Dataset.OfArray([1, 2, 3]).Sample(Key.Create(0), [0.0, 1.0, 0.0], 4).ToArray() // [2, 2, 2, 2]
    /// </code></example>
    [<Extension>]
    static member Sample
        (dataset: Dataset<'t>, key: Key, weights: IEnumerable<float>, count: int64)
        : Dataset<'t> =
        Argument.check "dataset" dataset
        Argument.check "weights" weights
        let weights = Array.ofSeq weights
        Weights.require "Dataset.sample" dataset.Name dataset.Count weights

        if count < 0L then
            raise (ValueException $"Dataset.sample: {count} examples of {dataset.Name}; ask for 0 or more.")

        let seed = KeyedHash.seedOf "Dataset.sample" key
        let draw = Weights.drawer weights

        Placing.at
            dataset.Name
            count
            false
            (fun epoch i -> struct (epoch, draw (KeyedHash.ofEpoch seed epoch) i))
            dataset

    /// <summary>
    /// So many different examples an epoch, drawn one after the other in proportion to the weights of those that are left; drawn anew for
    /// each epoch.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// The weights are no weights, or fewer examples have one above 0 than are asked for.
    /// </exception>
    /// <example><code lang="csharp">
    /// var some = Dataset.OfArray([1, 2, 3]).SampleWithoutReplacement(Key.Create(0), [1.0, 0.0, 1.0], 2);
    /// some.Epoch(0).Order().ToArray() // [1, 3]
    /// </code></example>
    [<Extension>]
    static member SampleWithoutReplacement
        (dataset: Dataset<'t>, key: Key, weights: IEnumerable<float>, count: int)
        : Dataset<'t> =
        Argument.check "dataset" dataset
        Argument.check "weights" weights
        let weights = Array.ofSeq weights
        Weights.require "Dataset.sampleWithoutReplacement" dataset.Name dataset.Count weights
        let available = weights |> Array.sumBy (fun w -> if w > 0.0 then 1 else 0)

        if count < 0 || count > available then
            raise (
                ValueException
                    $"Dataset.sampleWithoutReplacement: {count} different examples of {dataset.Name}, of which {available} have a weight above 0. Ask for at most that many, or draw with `Dataset.sample`."
            )

        let seed = KeyedHash.seedOf "Dataset.sampleWithoutReplacement" key

        let places =
            Weights.perEpoch (fun epoch ->
                Weights.withoutReplacement weights count (KeyedHash.ofEpoch seed epoch))

        Placing.at
            dataset.Name
            (int64 count)
            false
            (fun epoch i ->
                let own = places epoch
                struct (epoch, int64 own[int i]))
            dataset
