namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// What is done for its own sake, whether or not somebody reads the result: prints, and control flow that has some inside.
module internal Effects =
    let rec node (node: Node) : bool =
        match node.Operation with
        | Operation.Primitive(Primitive.Print _) -> true
        | Operation.Control control -> Graph.bodies control |> List.exists (snd >> graph)
        | Operation.Input _
        | Operation.Constant _
        | Operation.Primitive _
        | Operation.Item _ -> false

    and graph (g: Graph) : bool = not (Range.forall g.Nodes.Length (fun i -> not (node g.Nodes[i])))

    /// The nodes that are.
    let places (g: Graph) : int[] = [|
        for i in 0 .. g.Nodes.Length - 1 do
            if node g.Nodes[i] then i
    |]

    /// The graph without its prints: what is computed again on the way back was seen before.
    let rec silenced (g: Graph) : Graph =
        if not (graph g) then
            g
        else
            let builder = GraphBuilder()
            let copy = GraphCopy(g, builder)
            copy.Inputs g.Inputs

            copy.Rest(fun _ node arguments ->
                let again operation = builder.Add { node with Operation = operation; Inputs = arguments }

                match node.Operation with
                | Operation.Primitive(Primitive.Print _) -> arguments[0]
                | Operation.Control(Control.Scan s) ->
                    again (Operation.Control(Control.Scan { s with Body = silenced s.Body }))
                | Operation.Control(Control.While w) ->
                    let condition, body = silenced w.Condition, silenced w.Body
                    again (Operation.Control(Control.While { w with Condition = condition; Body = body }))
                | Operation.Control(Control.Cond c) ->
                    let branches = { OnTrue = silenced c.OnTrue; OnFalse = silenced c.OnFalse }
                    again (Operation.Control(Control.Cond branches))
                | Operation.Control(Control.Call c) ->
                    again (Operation.Control(Control.Call { c with Body = silenced c.Body }))
                | Operation.Input _
                | Operation.Constant _
                | Operation.Primitive _
                | Operation.Item _ -> again node.Operation)

            builder.ToGraph(copy.All g.Outputs)

/// Drops what nothing depends on.
module internal DeadCode =
    /// What outputs and some other nodes depend on, renumbered; all inputs stay.
    let keep (nodes: int[]) (g: Graph) : Graph =
        let builder = GraphBuilder()
        let copy = GraphCopy(g, builder)
        copy.Nodes(GraphWalk.ancestors g (Array.concat [ g.Outputs; g.Inputs; nodes ]))
        // Inputs stay where they are among the nodes.
        { builder.ToGraph(copy.All g.Outputs) with Inputs = copy.All g.Inputs }

    /// What outputs depend on, and what prints.
    let eliminate (g: Graph) : Graph = keep (Effects.places g) g
