namespace Cotangent.Compiler

open Cotangent.Inlined

/// Drops what nothing depends on.
module internal DeadCode =
    /// What outputs depend on, renumbered; all inputs stay.
    let eliminate (g: Graph) : Graph =
        let live = Array.create g.Nodes.Length false

        for i in g.Outputs do
            live[i] <- true

        for i in g.Inputs do
            live[i] <- true

        for i in g.Nodes.Length - 1 .. -1 .. 0 do
            if live[i] then
                for j in g.Nodes[i].Inputs do
                    live[j] <- true

        let number = Array.create g.Nodes.Length -1
        let nodes = ResizeArray<Node>()

        for i in 0 .. g.Nodes.Length - 1 do
            if live[i] then
                number[i] <- nodes.Count
                let node = g.Nodes[i]
                nodes.Add { node with Inputs = node.Inputs |> Array.map (fun j -> number[j]) }

        {
            Nodes = nodes.ToArray()
            Inputs = g.Inputs |> Array.map (fun i -> number[i])
            Outputs = g.Outputs |> Array.map (fun i -> number[i])
        }
