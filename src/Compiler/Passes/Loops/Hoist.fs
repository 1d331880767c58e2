namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Moves out of loops what comes out the same in every round: nodes made of shared inputs and constants alone. They are
/// computed before the loop and handed in as further shared inputs. Inner loops first, so that work moves out of all the
/// loops that it does not depend on.
module internal Hoist =
    /// Prices from which elementwise work is worth memory of its own.
    let private dear = 5

    /// The number of elements behind views of a node. A loop: such views can stand in long rows.
    let private behind (g: Graph) (i: int) : int =
        let mutable at = i

        while Graph.isSpread g.Nodes[at] do
            at <- g.Nodes[at].Inputs[0]

        match g.Nodes[at].Operation with
        | Operation.Primitive(Primitive.Full _ | Primitive.Iota _) -> 0
        | Operation.Primitive _
        | Operation.Input _
        | Operation.Constant _
        | Operation.Control _
        | Operation.Item _ -> Shape.count g.Nodes[at].Shape

    /// Whether memory for the result is better than computing it in each round, given that its inputs are there.
    let private isWorthIt (g: Graph) (i: int) : bool =
        let node = g.Nodes[i]

        match node.Operation with
        | Operation.Input _
        | Operation.Constant _
        | Operation.Control _ -> false
        | Operation.Item _ -> true
        | Operation.Primitive _ when node.HasItems -> false
        | Operation.Primitive p ->
            // Light work that spreads a small tensor over a large one costs less than the memory.
            let isLarge () = node.Inputs |> Array.exists (fun j -> behind g j >= Shape.count node.Shape)

            match Facts.kind p with
            | Kind.Source _
            | Kind.View _ -> false
            | Kind.Elementwise work -> Facts.price work >= dear || isLarge ()
            | Kind.Fold _
            | Kind.Contraction
            | Kind.Draw _
            | Kind.Transfer _
            | Kind.Opaque _
            | Kind.Custom _ -> true

    /// Nodes that are the same in every round. What may raise stays in a loop that may run no round.
    let private invariants (isRun: bool) (body: Graph) (shared: int) =
        let same = Array.create body.Nodes.Length false

        for i in 0 .. body.Nodes.Length - 1 do
            let node = body.Nodes[i]
            let inputsAre = node.Inputs |> Array.forall (fun j -> same[j])

            same[i] <-
                match node.Operation with
                | Operation.Input n -> n < shared
                | Operation.Constant _ -> true
                // Behind a barrier things are meant to be computed again.
                | Operation.Primitive Primitive.Barrier -> false
                // Each round is to be seen.
                | _ when Effects.node node -> false
                | Operation.Item _ -> inputsAre
                | Operation.Primitive _
                | Operation.Control _ -> inputsAre && (isRun || not (Raising.node body i))

        same

    /// The invariant nodes that are worth it and read by others than such; in the order of the body.
    let private frontier (body: Graph) (same: bool[]) : int[] =
        let moves = Array.init same.Length (fun i -> same[i] && isWorthIt body i)

        let isInside i =
            // What is the same and has items moves with these.
            not moves[i] && not (same[i] && body.Nodes[i].HasItems)

        let isRead = GraphWalk.back (fun i _ -> isInside i) body body.Outputs

        [|
            for i in 0 .. same.Length - 1 do
                if moves[i] && isRead[i] then i
        |]

    /// Computes nodes of a body in the graph around; the nodes there.
    let private outside (builder: GraphBuilder) (body: Graph) (shared: int[]) (nodes: int[]) : int[] =
        let copy = GraphCopy(body, builder)
        copy.Replace(body.Inputs[.. shared.Length - 1], shared)
        copy.Nodes(GraphWalk.ancestors body nodes)
        copy.All nodes

    /// The graph with some nodes read from inputs, which are there already.
    let readFrom (inputs: int[]) (nodes: int[]) (g: Graph) : Graph =
        // The inputs stand at the end; put them first.
        let builder = GraphBuilder()
        let copy = GraphCopy(g, builder)
        copy.Inputs g.Inputs
        copy.Replace(nodes, inputs |> Array.map (fun k -> copy[g.Inputs[k]]))
        copy.Rest()
        DeadCode.eliminate (builder.ToGraph(copy.All g.Outputs))

    /// What inputs that stand for nodes are like.
    let like (g: Graph) (nodes: int[]) =
        nodes
        |> Array.map (fun i ->
            let node = g.Nodes[i]
            ({ DType = node.DType; Shape = node.Shape }: Signature), node.Device)

    let rec graph (g: Graph) : Graph =
        let builder = GraphBuilder()
        let copy = GraphCopy(g, builder)
        copy.Inputs g.Inputs

        copy.Rest(fun _ node arguments ->
            match node.Operation with
            | Operation.Control control ->
                let struct (control, arguments) = loop builder control arguments
                builder.Add { node with Operation = Operation.Control control; Inputs = arguments }
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Item _ -> builder.Add { node with Inputs = arguments })

        builder.ToGraph(copy.All g.Outputs)

    and private loop
        (builder: GraphBuilder)
        (control: Control)
        (arguments: int[])
        : struct (Control * int[]) =
        let find isRun body shared =
            let body = graph body
            body, frontier body (invariants isRun body shared)

        match control with
        | Control.Scan s ->
            let body, found = find (s.Count > 0) s.Body s.Shared
            let made = outside builder body arguments found
            let at = Array.init found.Length (fun k -> s.Shared + k)
            let body = Graph.insertInputs s.Shared (like body found) body |> readFrom at found

            struct (Control.Scan { s with Shared = s.Shared + found.Length; Body = body },
                    Array.concat [ arguments[.. s.Shared - 1]; made; arguments[s.Shared ..] ])
        | Control.While w ->
            let condition, forTest = find true w.Condition w.Shared
            let body, forRound = find false w.Body w.Shared

            let made =
                Array.append
                    (outside builder condition arguments forTest)
                    (outside builder body arguments forRound)

            let inserted = Array.append (like condition forTest) (like body forRound)
            let at first count = Array.init count (fun k -> w.Shared + first + k)

            let condition =
                Graph.insertInputs w.Shared inserted condition |> readFrom (at 0 forTest.Length) forTest

            let body =
                Graph.insertInputs w.Shared inserted body
                |> readFrom (at forTest.Length forRound.Length) forRound

            struct (Control.While {
                        w with
                            Shared = w.Shared + made.Length
                            Condition = condition
                            Body = body
                    },
                    Array.concat [ arguments[.. w.Shared - 1]; made; arguments[w.Shared ..] ])
        // Not every branch is taken: what is in one stays there.
        | Control.Cond c ->
            struct (Control.Cond { OnTrue = graph c.OnTrue; OnFalse = graph c.OnFalse }, arguments)
        | Control.Call c -> struct (Control.Call { c with Body = graph c.Body }, arguments)
