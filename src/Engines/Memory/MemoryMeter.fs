namespace Cotangent.Engines

open System
open System.Threading

/// Counts memory that is held by small objects with finalizers, of which the collector sees next to nothing: left alone,
/// it would let gigabytes pile up. The meter has it look for dead ones now and then: among the youngest after every
/// `every` bytes taken, since most tensors die young; among all once the memory has doubled since it last did so.
[<Sealed>]
type internal MemoryMeter(every: int64) =
    let mutable live = 0L
    let mutable peak = 0L
    let mutable fresh = 0L
    let mutable floor = 0L
    let mutable turn = 0

    let collect () =
        if Volatile.Read &live > 2L * floor + 4L * every then
            GC.Collect(2, GCCollectionMode.Forced, true, false)
            GC.WaitForPendingFinalizers()
            floor <- Volatile.Read &live
        else
            turn <- turn + 1
            // What lived through one collection of the youngest is looked at every fourth time.
            GC.Collect((if turn % 4 = 0 then 1 else 0), GCCollectionMode.Forced, true)

    /// Bytes held.
    member _.Live = Volatile.Read &live

    /// The most bytes held at any time.
    member _.Peak = Volatile.Read &peak

    /// Notes memory taken.
    member _.Take(bytes: int64) =
        let now = Interlocked.Add(&live, bytes)
        let mutable most = Volatile.Read &peak

        while now > most && Interlocked.CompareExchange(&peak, now, most) <> most do
            most <- Volatile.Read &peak

        if Interlocked.Add(&fresh, bytes) > every then
            Interlocked.Exchange(&fresh, 0L) |> ignore
            collect ()

    /// Notes memory given back.
    member _.Return(bytes: int64) = Interlocked.Add(&live, -bytes) |> ignore

    /// Has all that is dead given back: when memory has run out.
    member _.Reclaim() =
        GC.Collect()
        GC.WaitForPendingFinalizers()
        floor <- Volatile.Read &live
