namespace Cotangent.Engines

open System
open System.Diagnostics
open System.Runtime.CompilerServices
open System.Runtime.ExceptionServices
open System.Threading

/// Waiting by looking again and again, for a short time.
module internal Spin =
    /// Whether it holds before some microseconds are over. On one core nothing would change meanwhile.
    let inline until (microseconds: int64) ([<InlineIfLambda>] holds: unit -> bool) =
        let mutable result = holds ()

        if not result && Environment.ProcessorCount > 1 then
            let last = Stopwatch.GetTimestamp() + microseconds * Stopwatch.Frequency / 1_000_000L

            while not result && Stopwatch.GetTimestamp() < last do
                Thread.SpinWait 8
                result <- holds ()

        result

/// Work in parts, which are taken one by one by whoever is free: by the caller, who so can always finish it alone, and by as
/// many others as there are seats.
[<Sealed>]
type internal Job(parts: int, body: int -> unit, seats: int) =
    // What ambient variables hold for the caller, they hold for all.
    let context = ExecutionContext.Capture()
    let mutable free = seats
    let mutable next = 0
    let mutable unfinished = parts
    let mutable isSleeping = false
    // Given up by whoever finishes the last part: a helper that is about to look for another, and is not let run, would else
    // keep alive all that the work reads.
    let mutable body: (int -> unit) | null = body
    let mutable error: ExceptionDispatchInfo | null = null

    static let work = ContextCallback(fun job -> (nonNull job :?> Job).Work())

    member private job.Finish(count: int) =
        if Interlocked.Add(&unfinished, -count) = 0 then
            body <- null

            if Volatile.Read &isSleeping then lock job (fun () -> Monitor.PulseAll job)

    // A method of its own, so that no frame of a helper that waits holds the body.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    member private _.Do(part: int) = (nonNull body) part

    /// The first error is kept, and parts that nobody has begun are left out.
    member private job.Fail(e: exn) =
        Interlocked.CompareExchange(&error, ExceptionDispatchInfo.Capture e, null) |> ignore
        let begun = Interlocked.Exchange(&next, parts)
        if begun < parts then job.Finish(parts - begun)

    /// Does parts until all are taken.
    member job.Work() =
        let mutable part = Interlocked.Increment &next - 1

        while part < parts do
            try
                job.Do part
            with e ->
                job.Fail e

            job.Finish 1
            part <- Interlocked.Increment &next - 1

    /// Whether someone more could help.
    member _.IsOpen = Volatile.Read &next < parts && Volatile.Read &free > 0

    /// Takes a seat and works. False if none is free, or nothing is left to do.
    member job.Help() =
        if job.IsOpen && Interlocked.Decrement &free >= 0 then
            match context with
            | null -> job.Work()
            | context -> ExecutionContext.Run(context, work, job)

            true
        else
            false

    /// Waits for the parts that others have begun, and throws what one of them has thrown, as it was.
    member job.Wait() =
        if not (Spin.until 50L (fun () -> Volatile.Read &unfinished = 0)) then
            lock job (fun () ->
                Volatile.Write(&isSleeping, true)
                Interlocked.MemoryBarrier()

                while Volatile.Read &unfinished > 0 do
                    Monitor.Wait job |> ignore)

        match error with
        | null -> ()
        | error -> error.Throw()
