namespace Cotangent.Engines

// Memory that waits to be used again: arrays of dead tensors, and workspaces of compiled functions. It is worth keeping while a
// program works, and is nobody's when a burst of work is over. What nobody missed between two looks is given up. One looks after
// each full collection, and every few seconds, since a program that does nothing has no collections. Before memory runs out all
// of it goes.

open System
open System.Collections.Generic
open System.Threading
open Cotangent.Inlined // in place of functions of Array and List

/// Runs a function after every full collection.
[<Sealed>]
type private AfterFullCollections(run: unit -> unit) =
    override x.Finalize() =
        run ()
        GC.ReRegisterForFinalize x

/// A store of memory that waits.
[<AbstractClass>]
type internal Waiting() =
    /// Gives up what nobody missed since the last time; the bytes of it.
    abstract Trim: unit -> int64

    /// Gives up all; the bytes of it.
    abstract Empty: unit -> int64

module internal WaitingMemory =
    let private stores = List<WeakReference<Waiting>>()
    let mutable private bytes = 0L

    /// The most memory that the process may have: the collector's own limit, the container's or the machine's.
    let limit = later (fun () -> GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)

    let add (n: int64) = Interlocked.Add(&bytes, n) |> ignore

    /// Bytes of all that waits.
    let total () = Volatile.Read &bytes

    /// Whether so many bytes more may wait: what waits is no more than a quarter of what there is.
    let hasRoom (n: int64) = total () + n <= limit.Value / 4L

    let private each (act: Waiting -> int64) : int64 =
        let found =
            lock stores (fun () ->
                stores.RemoveAll(fun w -> not (fst (w.TryGetTarget()))) |> ignore
                stores.ToArray())

        let mutable sum = 0L

        for weak in found do
            match weak.TryGetTarget() with
            | true, store -> sum <- sum + act store
            | _ -> ()

        sum

    let trim () : int64 = each _.Trim()
    let empty () : int64 = each _.Empty()

    let mutable private isWatching = 0

    /// Adds a store, which is known for as long as somebody holds it.
    let register (store: Waiting) =
        lock stores (fun () -> stores.Add(WeakReference<Waiting> store))

        // Nothing may hold it, or it would never be finalised.
        if Interlocked.Exchange(&isWatching, 1) = 0 then
            AfterFullCollections(fun () -> trim () |> ignore) |> ignore

    // ---- The looks every few seconds ----

    /// Bytes for which a collection is worth its while.
    [<Literal>]
    let private Worth = 67108864L

    /// Milliseconds between looks.
    let mutable private interval = 10_000

    let mutable private uses = 0
    let mutable private usesBefore = 0
    let mutable private timer: Timer | null = null
    let mutable private isArmed = 0

    /// Has dead tensors give their arrays back, and these, with all that waits, go to the system.
    let giveUp () =
        GC.Collect()
        GC.WaitForPendingFinalizers()
        empty () |> ignore
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, true, true)

    let private arm () =
        match timer with
        | null -> ()
        | timer -> timer.Change(interval, Timeout.Infinite) |> ignore

    /// For tests: looks at other intervals, from now on.
    let lookEvery (milliseconds: int) =
        interval <- milliseconds
        if Volatile.Read &isArmed = 1 then arm ()

    let private look () =
        let now = Volatile.Read &uses

        if now = usesBefore then
            Volatile.Write(&isArmed, 0)
            // Nobody computes: what the process holds of ours beyond live tensors is given back, once.
            if GC.GetTotalMemory false > Worth then giveUp ()
        else
            usesBefore <- now
            if trim () > Worth then GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, false)
            arm ()

    /// Told of each use of memory that may wait afterwards.
    let note () =
        // Counts are lost when threads meet, which does not matter: they need only change.
        uses <- uses + 1

        if Volatile.Read &isArmed = 0 && Interlocked.Exchange(&isArmed, 1) = 0 then
            lock stores (fun () ->
                match timer with
                | null ->
                    // Not to be held up by what the thread carries along that happens to come first.
                    use _ = ExecutionContext.SuppressFlow()
                    timer <- new Timer(fun (_: objnull) -> look ())
                | _ -> ()

                arm ())
