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
/// many others as there are seats. Everyone begins with the parts of a home, a range of neighbours that is the same from job to job,
/// and goes on with what others have left: so what a core has written, it mostly reads next, and caches of different cores may be far
/// from each other.
[<Sealed>]
type internal Job(parts: int, body: int -> unit, seats: int) =
    let homes = seats + 1
    let startOf home = int (int64 parts * int64 home / int64 homes)
    // Of each home, how many of its parts were begun, or more, and whether a helper sits there; on lines of the caches of their own.
    let counters: int[] = Array.zeroCreate (homes * Job.Line)
    // Of all parts.
    let mutable begun = 0
    // What ambient variables hold for the caller, they hold for all.
    let context = ExecutionContext.Capture()
    let mutable free = seats
    let mutable unfinished = parts
    let mutable isSleeping = false
    // Given up by whoever finishes the last part: a helper that is about to look for another, and is not let run, would else
    // keep alive all that the work reads.
    let mutable body: (int -> unit) | null = body
    let mutable error: ExceptionDispatchInfo | null = null

    static let work = ContextCallback(fun job -> let job = nonNull job :?> Job in job.WorkFrom Job.Seat)

    [<ThreadStatic; DefaultValue>]
    static val mutable private seat: int

    static member private Line = 16

    /// Where a thread sits in the job that it helps, or did last: that is its home there.
    static member private Seat
        with get () = Job.seat
        and set value = Job.seat <- value

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

        for home in 0 .. homes - 1 do
            let size = startOf (home + 1) - startOf home
            let taken = Interlocked.Exchange(&counters[home * Job.Line], size)

            if taken < size then
                Interlocked.Add(&begun, size - taken) |> ignore
                job.Finish(size - taken)

    /// A part that nobody has begun, of this home or else of another one; -1 if there is none.
    member private _.Take(home: int) : int =
        let mutable part = -1
        let mutable n = 0

        while part < 0 && n < homes do
            let other = (home + n) % homes
            let first, size = startOf other, startOf (other + 1) - startOf other
            let counter = &counters[other * Job.Line]

            // Read first, so that counters of empty homes stay where they are, and do not overflow.
            if Volatile.Read &counter < size then
                let taken = Interlocked.Increment &counter - 1
                if taken < size then part <- first + taken

            n <- n + 1

        if part >= 0 then Interlocked.Increment &begun |> ignore
        part

    /// Does parts until all are taken.
    member private job.WorkFrom(home: int) =
        let mutable part = job.Take home

        while part >= 0 do
            try
                job.Do part
            with e ->
                job.Fail e

            job.Finish 1
            part <- job.Take home

    /// The caller's share.
    member job.Work() = job.WorkFrom 0

    /// Whether someone more could help.
    member _.IsOpen = Volatile.Read &begun < parts && Volatile.Read &free > 0

    /// A seat that nobody has, from a given one on: there is one for everyone that is let in.
    member private job.Sit(seat: int) : int =
        if Interlocked.Exchange(&counters[seat * Job.Line + 1], 1) = 0 then
            seat
        else
            job.Sit(1 + seat % seats)

    /// Takes a seat, the one of the last job if it is free, and works. False if none is free, or nothing is left to do.
    member job.Help() =
        if job.IsOpen && Interlocked.Decrement &free >= 0 then
            Job.Seat <- job.Sit(1 + (max 1 Job.Seat - 1) % seats)

            match context with
            | null -> job.WorkFrom Job.Seat
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
