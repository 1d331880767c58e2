namespace Cotangent

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open Cotangent.Datasets

/// <summary>
/// A dataset whose examples, batches most often, are made by threads ahead of the loop that takes them. Their order is the dataset's,
/// whatever the number of workers. Each epoch starts its own threads, and ends them when it ends or is left: nothing outlives a loop.
/// </summary>
/// <example><code>
/// let images, labels = Tensor.zeros DType.Float32 [ 100; 28; 28 ], Tensor.zeros DType.Int32 [ 100 ]
///
/// let loader =
///     Dataset.ofTensors (images, labels)
///     |> Dataset.shuffle (Key.create 0L)
///     |> Dataset.batch 32
///     |> Loader.create
///
/// loader.Count // 4
/// [ for images, labels in loader.Epoch 0 -> images.Shape[0] ] // [32, 32, 32, 4]
/// </code></example>
[<Sealed>]
type Loader<'x>(dataset: Dataset<'x>, options: LoaderOptions) =
    do
        Argument.check "dataset" dataset
        Ahead.require "Loader" options

        if dataset.Count > int64 Int32.MaxValue then
            raise (
                ValueException
                    $"Loader: {dataset.Count} examples of {dataset.Name} an epoch; at most {Int32.MaxValue} are counted. Batch them, or take a part."
            )

    let check (epoch: int) (first: int) =
        if epoch < 0 || first < 0 || int64 first > dataset.Count then
            raise (
                ValueException
                    $"Loader: place {first} of epoch {epoch}; {dataset.Name} has {dataset.Count} an epoch, and both are counted from 0."
            )

    let start epoch first =
        new Workers<unit, 'x>(
            $"Loader of {dataset.Name}",
            int (min (int64 options.Workers) (dataset.Count - int64 first + 1L)),
            options.Ahead,
            int64 first,
            (fun i -> if i < dataset.Count then ValueSome() else ValueNone),
            (fun i () -> dataset.Example(epoch, i)),
            ignore
        )

    /// One per processor but one.
    new(dataset: Dataset<'x>) = Loader<'x>(dataset, LoaderOptions.Default)

    /// What is loaded.
    member _.Dataset = dataset
    /// How.
    member _.Options = options
    /// How many examples, or batches, an epoch has.
    member _.Count = int dataset.Count

    /// <summary>The examples of an epoch, from a place on: 0 unless given, another one to go on where a run was interrupted.</summary>
    /// <exception cref="T:Cotangent.ExampleException">
    /// In the loop, at the place of an example that can't be made; says which one it is, and why.
    /// </exception>
    /// <exception cref="T:System.OperationCanceledException">In the loop, when the token is cancelled.</exception>
    /// <exception cref="T:Cotangent.ValueException">There is no such place or epoch.</exception>
    /// <example><code>
    /// let loader = Dataset.init 10L id |> Dataset.batchWith Array.sum 4 |> Loader.create
    /// List.ofSeq (loader.Epoch 0) // [6, 22, 17]
    /// List.ofSeq (loader.Epoch(0, first = 2)) // [17]
    /// </code></example>
    member _.Epoch(epoch: int, [<Optional; DefaultParameterValue(0)>] first: int) : IEnumerable<'x> =
        check epoch first

        if options.Workers = 0 then
            seq {
                for i in int64 first .. dataset.Count - 1L do
                    options.Cancellation.ThrowIfCancellationRequested()
                    dataset.Example(epoch, i)
            }
        else
            Ahead.sequence options (fun () -> start epoch first)

    /// <summary>The same for <c>await foreach</c>, which waits without a thread. <c>WithCancellation</c> adds a token of the loop's own.</summary>
    /// <exception cref="T:Cotangent.ExampleException">
    /// In the loop, at the place of an example that can't be made; says which one it is, and why.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">There is no such place or epoch.</exception>
    /// <example><code lang="csharp">
    /// var loader = new Loader&lt;int>(Dataset.OfArray([1, 2, 3]));
    /// var sum = 0;
    /// await foreach (var number in loader.EpochAsync(0)) sum += number;
    /// sum // 6
    /// </code></example>
    member _.EpochAsync
        (epoch: int, [<Optional; DefaultParameterValue(0)>] first: int)
        : IAsyncEnumerable<'x> =
        check epoch first

        Ahead.asynchronous options (fun () -> start epoch first)

    // C# finds `loader.Batches()` by it, which its facade defines.
    interface IBatchSource<'x> with
        member loader.Count = loader.Count
        member loader.Epoch(epoch, first) = loader.Epoch(epoch, first)

/// <summary>Loaders of datasets.</summary>
[<RequireQualifiedAccess>]
module Loader =
    /// <summary>A worker for each processor but one, at least one; two examples ahead for each.</summary>
    /// <example><code>
    /// let options = { Loader.defaults with Workers = 2; Ahead = 8 }
    /// </code></example>
    [<CompiledName "Defaults">]
    let defaults: LoaderOptions = LoaderOptions.Default

    /// <summary>A loader with the defaults.</summary>
    /// <example><code>
    /// let loader = Dataset.ofTensors (Tensor.zeros DType.Float32 [ 10; 3 ]) |> Dataset.batch 4 |> Loader.create
    /// loader.Count // 3
    /// </code></example>
    let create (dataset: Dataset<'x>) : Loader<'x> = Loader<'x>(dataset)

    /// <summary>A loader with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are fewer than 0 workers, or none is ahead.</exception>
    /// <example><code>
    /// let batches = Dataset.ofTensors (Tensor.zeros DType.Float32 [ 10; 3 ]) |> Dataset.batch 4
    /// let loader = batches |> Loader.createWith { Loader.defaults with Workers = 2 }
    /// </code></example>
    let createWith (options: LoaderOptions) (dataset: Dataset<'x>) : Loader<'x> = Loader<'x>(dataset, options)

    /// <summary>
    /// What <c>Train.run</c> takes, in C# <c>loader.Batches()</c>. A training that begins at a later step asks for that place at once:
    /// nothing before it is loaded.
    /// </summary>
    /// <example><code>
    /// let step (x: Tensor) (batch: Tensor) =
    ///     let loss, slope = valueAndGrad (fun x -> mean (square (x - batch))) x
    ///     x - 0.1 * slope, loss
    ///
    /// let loader = Dataset.ofTensors (Tensor.ones DType.Float64 [ 8 ]) |> Dataset.batch 4 |> Loader.create
    /// let run = Train.run { Train.defaults with Epochs = 100 } step (Loader.batches loader) (tensor 0.0)
    /// run.Last.State // 1
    /// </code></example>
    let batches (loader: Loader<'x>) : Batches<'x> =
        Argument.check "loader" loader
        { Count = loader.Count; Epoch = fun epoch first -> loader.Epoch(epoch, first) }
