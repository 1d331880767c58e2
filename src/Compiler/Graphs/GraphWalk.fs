namespace Cotangent.Compiler

open Cotangent.Inlined // in place of functions of Array and List

/// What passes ask of the edges of a graph: what nodes depend on, and how often and when last each is read. All are loops in
/// the order of the nodes, in which each comes after its inputs: a graph may be as deep as a program is long.
module internal GraphWalk =
    /// Marks the nodes given and the inputs of each node that `reads` says so of. It is asked the last node first, with
    /// whether the node is marked: what reads a node has been asked before.
    let back (reads: int -> bool -> bool) (g: Graph) (nodes: int[]) : bool[] =
        let marks = Array.create g.Nodes.Length false

        for i in nodes do
            marks[i] <- true

        for i in g.Nodes.Length - 1 .. -1 .. 0 do
            if reads i marks[i] then
                for j in g.Nodes[i].Inputs do
                    marks[j] <- true

        marks

    /// Marks the nodes given and all that they depend on.
    let ancestors (g: Graph) (nodes: int[]) : bool[] = back (fun _ isMarked -> isMarked) g nodes

    /// The same, but not what lies behind a node that stops the walk.
    let ancestorsUpTo (stops: int -> bool) (g: Graph) (nodes: int[]) : bool[] =
        back (fun i isMarked -> isMarked && not (stops i)) g nodes

    /// How many nodes read each node, outputs included.
    let readers (g: Graph) : int[] =
        let counts = Array.zeroCreate g.Nodes.Length

        for node in g.Nodes do
            for i in node.Inputs do
                counts[i] <- counts[i] + 1

        for i in g.Outputs do
            counts[i] <- counts[i] + 1

        counts

    /// For each node the last one that reads the memory that it owns: Int32.MaxValue where outputs lie in it, -1 where it is
    /// never read. `owner` tells in whose memory each node's value lies.
    let lastReaders (owner: int[]) (g: Graph) : int[] =
        let last = Array.create g.Nodes.Length -1

        for i in 0 .. g.Nodes.Length - 1 do
            for j in g.Nodes[i].Inputs do
                last[owner[j]] <- i

        for i in g.Outputs do
            last[owner[i]] <- System.Int32.MaxValue

        last
