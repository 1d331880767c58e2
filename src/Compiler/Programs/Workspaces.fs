namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent.Engines

/// The workspaces of one program that no call uses just now. Calls at the same time have one each; those that a burst of calls
/// leaves behind go when they are not missed.
[<Sealed>]
type internal Workspaces(bytes: int64, make: unit -> Workspace) as this =
    inherit Waiting()
    let waiting = Stack<Workspace>()
    /// The fewest that waited since the last look: so many were not missed.
    let mutable fewest = 0
    // What takes less than a large array is not worth counting.
    let counts = bytes >= Recycling.Large

    do if counts then WaitingMemory.register this

    let drop (n: int) : int64 =
        for _ in 1..n do
            waiting.Pop().Close()

        WaitingMemory.add (-(int64 n * bytes))
        int64 n * bytes

    member _.Take() : Workspace =
        let found =
            lock waiting (fun () ->
                match waiting.TryPop() with
                | true, w ->
                    fewest <- min fewest waiting.Count
                    ValueSome w
                | false, _ -> ValueNone)

        if counts then WaitingMemory.note ()

        match found with
        | ValueSome w ->
            if counts then WaitingMemory.add -bytes
            w
        | ValueNone -> make ()

    /// One that no call uses any more. The first is kept in any case; others as far as the process has room.
    member _.Put(w: Workspace) =
        lock waiting (fun () ->
            if not counts then
                waiting.Push w
            elif waiting.Count = 0 || WaitingMemory.hasRoom bytes then
                waiting.Push w
                WaitingMemory.add bytes
            else
                w.Close())

    override _.Trim() =
        lock waiting (fun () ->
            let dropped = drop (min fewest waiting.Count)
            fewest <- waiting.Count
            dropped)

    override _.Empty() = lock waiting (fun () -> drop waiting.Count)
