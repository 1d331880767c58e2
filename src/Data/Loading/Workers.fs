namespace Cotangent.Datasets

open System
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks

/// What has become of an example: it is made, can't be made, or is none any more.
[<Struct; NoComparison; NoEquality>]
type internal Made<'x> =
    | Made of value: 'x
    | Failed of error: ExceptionDispatchInfo
    | Ended

/// Threads that make examples ahead of whoever takes them, who gets them in order. At most `ahead` are made and not yet taken. What an
/// example is made of is read by one thread at a time, in order, until nothing is left. The threads end with the last example, at the
/// first error, and when this is disposed, which waits for them and closes what
/// was read from.
[<Sealed>]
type internal Workers<'s, 'x>
    (
        name: string,
        count: int,
        ahead: int,
        first: int64,
        read: int64 -> 's voption,
        make: int64 -> 's -> 'x,
        close: unit -> unit
    ) =
    let gate = obj ()
    /// Held by the thread that reads.
    let reading = obj ()
    let slots = Array.zeroCreate<Made<'x> voption> ahead
    /// The next example that nobody makes yet.
    let mutable next = first
    /// The next one to be taken.
    let mutable taken = first
    /// No example is begun any more.
    let mutable finished = false
    let mutable disposed = false
    /// Who waits for it without a thread.
    let mutable waiting: TaskCompletionSource | null = null

    let slot (i: int64) = int (i % int64 ahead)

    let wake () =
        Monitor.PulseAll gate

        match waiting with
        | null -> ()
        | task ->
            waiting <- null
            task.TrySetResult() |> ignore

    let put i (made: Made<'x>) =
        lock gate (fun () ->
            slots[slot i] <- ValueSome made

            // What comes behind an error is never taken.
            match made with
            | Failed _
            | Ended -> finished <- true
            | Made _ -> ()

            wake ())

    /// The number of an example to make, once there is room for it; -1 when there is none.
    let claim () =
        lock gate (fun () ->
            while not finished && next >= taken + int64 ahead do
                Monitor.Wait gate |> ignore

            if finished then
                -1L
            else
                next <- next + 1L
                next - 1L)

    /// An example to make, and what it is made of; none when nothing is left to do.
    let start () : struct (int64 * 's voption) =
        lock reading (fun () ->
            match claim () with
            | -1L -> struct (-1L, ValueNone)
            | i ->
                try
                    let source = read i
                    if source.IsNone then put i Ended
                    struct (i, source)
                with e ->
                    put i (Failed(ExceptionDispatchInfo.Capture e))
                    struct (i, ValueNone))

    let work () =
        let mutable working = true

        while working do
            match start () with
            | struct (i, ValueSome source) ->
                let made =
                    try
                        Made(make i source)
                    with e ->
                        Failed(ExceptionDispatchInfo.Capture e)

                put i made
            | struct (_, ValueNone) -> working <- false

    let threads =
        Array.init count (fun number ->
            Thread(work, IsBackground = true, Name = $"{name}, worker {number + 1} of {count}"))

    let isReady () = disposed || slots[slot taken].IsSome

    let take () : 'x voption =
        if disposed then raise (ObjectDisposedException name)
        let at = slot taken

        match slots[at] with
        | ValueSome(Made value) ->
            slots[at] <- ValueNone
            taken <- taken + 1L
            Monitor.PulseAll gate
            ValueSome value
        | ValueSome(Failed error) ->
            error.Throw()
            ValueNone
        | ValueSome Ended
        | ValueNone -> ValueNone

    do
        for thread in threads do
            thread.Start()

    /// The next example, once it is there; none behind the last.
    member _.Take(cancellation: CancellationToken) : 'x voption =
        use _ = cancellation.Register(fun () -> lock gate wake)

        lock gate (fun () ->
            while not (isReady ()) && not cancellation.IsCancellationRequested do
                Monitor.Wait gate |> ignore

            cancellation.ThrowIfCancellationRequested()
            take ())

    /// The same, without a thread that waits.
    member _.TakeAsync(cancellation: CancellationToken) : Task<'x voption> = task {
        use _ = cancellation.Register(fun () -> lock gate wake)
        let mutable found = ValueNone

        while found.IsNone do
            cancellation.ThrowIfCancellationRequested()

            let wait =
                lock gate (fun () ->
                    if isReady () then
                        found <- ValueSome(take ())
                        Task.CompletedTask
                    elif cancellation.IsCancellationRequested then
                        Task.CompletedTask
                    else
                        let source = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
                        waiting <- source
                        source.Task)

            do! wait

        return found.Value
    }

    interface IDisposable with
        member _.Dispose() =
            lock gate (fun () ->
                finished <- true
                disposed <- true
                wake ())

            for thread in threads do
                thread.Join()

            close ()
