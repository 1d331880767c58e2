namespace Cotangent

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open System.Threading
open System.Threading.Tasks
open Cotangent.Datasets

/// <summary>How examples are loaded ahead of the loop that takes them.</summary>
/// <example><code>
/// let options = { Loader.defaults with Workers = 2; Ahead = 8 }
/// let loader = Dataset.ofTensors (Tensor.zeros DType.Float32 [ 10; 3 ]) |> Dataset.batch 4 |> Loader.createWith options
/// loader.Count // 3
/// </code></example>
[<NoComparison>]
type LoaderOptions = {
    /// Threads that make examples; 0 makes each when it is asked for, on the thread that asks, as a debugger likes it.
    Workers: int
    /// How many examples (batches, most often) are made and not yet taken at most: what bounds the memory.
    Ahead: int
    /// Ends the loop with an <c>OperationCanceledException</c>.
    Cancellation: CancellationToken
} with

    /// A worker for each processor but one, at least one; two examples ahead for each.
    static member Default =
        let workers = max 1 (Environment.ProcessorCount - 1)
        { Workers = workers; Ahead = 2 * workers; Cancellation = CancellationToken.None }

    /// <summary>These options but for those that are given: what <c>{ options with … }</c> is in F#.</summary>
    /// <param name="workers">Threads that make examples.</param>
    /// <param name="ahead">How many examples are made and not yet taken at most.</param>
    /// <param name="cancellation">Ends the loop with an <c>OperationCanceledException</c>.</param>
    /// <example><code lang="csharp">
    /// var options = LoaderOptions.Default.With(workers: 2, ahead: 8);
    /// var loader = new Loader&lt;int>(Dataset.OfArray([1, 2, 3]), options);
    /// loader.Options.Workers // 2
    /// </code></example>
    member options.With
        (
            [<Optional>] workers: Nullable<int>,
            [<Optional>] ahead: Nullable<int>,
            [<Optional>] cancellation: Nullable<CancellationToken>
        ) : LoaderOptions = {
        Workers = workers.GetValueOrDefault options.Workers
        Ahead = ahead.GetValueOrDefault options.Ahead
        Cancellation = cancellation.GetValueOrDefault options.Cancellation
    }

/// One walk through the examples of workers, for a loop that waits without a thread.
[<Sealed>]
type internal AsyncExamples<'s, 'x>(start: unit -> Workers<'s, 'x>, cancellation: CancellationTokenSource) =
    // Threads begin with the first step, as those of a sequence do.
    let workers = lazy (start ())
    let mutable current = ValueNone

    interface IAsyncEnumerator<'x> with
        member _.Current = current.Value

        member _.MoveNextAsync() =
            ValueTask<bool>(
                task {
                    cancellation.Token.ThrowIfCancellationRequested()
                    let! next = workers.Value.TakeAsync cancellation.Token
                    current <- next
                    return next.IsSome
                }
            )

        member _.DisposeAsync() =
            if workers.IsValueCreated then
                // Workers finish the example that they are at; nobody waits for that but a thread of the pool.
                ValueTask(
                    Task.Run(fun () ->
                        (workers.Value :> IDisposable).Dispose()
                        cancellation.Dispose())
                )
            else
                cancellation.Dispose()
                ValueTask.CompletedTask

module internal Ahead =
    let require (operation: string) (options: LoaderOptions) =
        Argument.check "options" options

        if options.Workers < 0 then
            raise (ValueException $"{operation}: {options.Workers} workers; give 0 or more.")

        if options.Workers > 0 && options.Ahead < 1 then
            raise (ValueException $"{operation}: {options.Ahead} examples ahead; give 1 or more.")

    /// What workers make. They are started with each walk through it, and end with it.
    let sequence (options: LoaderOptions) (start: unit -> Workers<'s, 'x>) : IEnumerable<'x> = seq {
        use workers = start ()
        let mutable next = workers.Take options.Cancellation

        while next.IsSome do
            next.Value
            next <- workers.Take options.Cancellation
    }

    let asynchronous (options: LoaderOptions) (start: unit -> Workers<'s, 'x>) : IAsyncEnumerable<'x> = {
        new IAsyncEnumerable<'x> with
            member _.GetAsyncEnumerator cancellation =
                new AsyncExamples<'s, 'x>(
                    start,
                    CancellationTokenSource.CreateLinkedTokenSource(cancellation, options.Cancellation)
                )
    }
