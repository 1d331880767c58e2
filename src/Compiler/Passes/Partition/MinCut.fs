namespace Cotangent.Compiler

open System
open System.Collections.Generic
open Cotangent.Inlined // in place of functions of Array and List

/// The cheapest set of edges that parts a source from a sink: by the theorem of Ford and Fulkerson, those that a largest
/// flow fills. The flow is found by Dinic's algorithm, without recursion: graphs are as deep as programs are long.
[<Sealed>]
type internal MinCut(vertices: int) =
    let source, sink = vertices, vertices + 1
    // Edge e and its reverse e ^^^ 1 stand side by side; each vertex has a list of its edges.
    let ends = ResizeArray<int>()
    let room = ResizeArray<int64>()
    let following = ResizeArray<int>()
    let first = Array.create (vertices + 2) -1
    let level: int[] = Array.zeroCreate (vertices + 2)

    let half from into capacity =
        following.Add first[from]
        first[from] <- ends.Count
        ends.Add into
        room.Add capacity

    /// Levels of the vertices by their distance from the source over edges with room; whether the sink has one.
    let reach () =
        Array.Fill(level, -1)
        level[source] <- 0
        let waiting = Queue [ source ]

        while waiting.Count > 0 && level[sink] < 0 do
            let v = waiting.Dequeue()
            let mutable e = first[v]

            while e >= 0 do
                if room[e] > 0L && level[ends[e]] < 0 then
                    level[ends[e]] <- level[v] + 1
                    waiting.Enqueue ends[e]

                e <- following[e]

        level[sink] >= 0

    /// Fills paths along rising levels until there is none. `next` is where each vertex goes on searching.
    let fill () =
        let next = Array.copy first
        let path = ResizeArray<int>()
        let mutable v = source
        let mutable searching = true

        while searching do
            if v = sink then
                let mutable least = Int64.MaxValue
                let mutable full = 0

                for k in path.Count - 1 .. -1 .. 0 do
                    if room[path[k]] <= least then
                        least <- room[path[k]]
                        full <- k

                for e in path do
                    room[e] <- room[e] - least
                    room[e ^^^ 1] <- room[e ^^^ 1] + least

                // Back to before the first edge that is full now.
                v <- ends[path[full] ^^^ 1]
                path.RemoveRange(full, path.Count - full)
            else
                let e = next[v]

                if e < 0 then
                    // Nothing leads on from here.
                    if path.Count = 0 then
                        searching <- false
                    else
                        v <- ends[path[path.Count - 1] ^^^ 1]
                        path.RemoveAt(path.Count - 1)
                        next[v] <- following[next[v]]
                elif room[e] > 0L && level[ends[e]] = level[v] + 1 then
                    path.Add e
                    v <- ends[e]
                else
                    next[v] <- following[e]

    /// More than all finite capacities together: an edge that is never cut.
    static member Endless = Int64.MaxValue / 4L

    member _.Source = source
    member _.Sink = sink

    member _.Edge(from: int, into: int, capacity: int64) =
        half from into capacity
        half into from 0L

    /// Cuts as near to the sink as the least price allows: whether each vertex is on the sink's side.
    member _.Cut() : bool[] =
        while reach () do
            fill ()

        let beyond = Array.create (vertices + 2) false
        beyond[sink] <- true
        let waiting = Queue [ sink ]

        while waiting.Count > 0 do
            let v = waiting.Dequeue()
            let mutable e = first[v]

            while e >= 0 do
                // The reverse of an edge of v comes into v.
                if room[e ^^^ 1] > 0L && not beyond[ends[e]] then
                    beyond[ends[e]] <- true
                    waiting.Enqueue ends[e]

                e <- following[e]

        beyond
