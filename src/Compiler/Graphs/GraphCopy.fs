namespace Cotangent.Compiler

open Cotangent.Inlined // in place of functions of Array and List

/// A graph on its way into another one, node by node: which node there each one here has become.
[<Sealed>]
type internal GraphCopy(g: Graph, there: GraphBuilder) =
    let number = Array.create g.Nodes.Length -1

    /// The node there of a node here; -1 where there is none yet.
    member _.Item
        with get (i: int) = number[i]
        and set (i: int) (node: int) = number[i] <- node

    member _.Has(i: int) = number[i] >= 0

    /// The nodes there of nodes here.
    member _.All(nodes: int[]) : int[] = nodes |> Array.map (fun i -> number[i])

    /// Lets nodes that are there already stand for nodes here.
    member _.Replace(nodes: int[], by: int[]) = Array.iter2 (fun i node -> number[i] <- node) nodes by

    /// Lets new inputs there, in this order, stand for nodes here.
    member _.Inputs(nodes: int[]) =
        for i in nodes do
            let node = g.Nodes[i]
            number[i] <- there.Input(node.DType, node.Shape, node.Device)

    /// Goes on with the nodes marked that are not there yet. `make` says what becomes of each: its node there, from its
    /// number here, itself and its inputs there.
    member copy.Nodes(marked: bool[], make: int -> Node -> int[] -> int) =
        for i in 0 .. g.Nodes.Length - 1 do
            if marked[i] && number[i] < 0 then
                let node = g.Nodes[i]
                number[i] <- make i node (copy.All node.Inputs)

    /// The same, each as it is.
    member copy.Nodes(marked: bool[]) =
        copy.Nodes(marked, (fun _ node inputs -> there.Add { node with Inputs = inputs }))

    /// All that are not there yet.
    member copy.Rest(make: int -> Node -> int[] -> int) = copy.Nodes(Array.create g.Nodes.Length true, make)

    /// All that are not there yet, each as it is.
    member copy.Rest() = copy.Nodes(Array.create g.Nodes.Length true)
