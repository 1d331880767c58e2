namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined

/// The passes over graphs, in order.
module internal Passes =
    let level: Level<Graph> = {
        Name = "graph"
        Text = Graph.print ""
        Size = fun g -> $"{g.Nodes.Length} nodes"
        Verify = Verify.graph
    }

    let private hasControl (g: Graph) =
        g.Nodes
        |> Array.exists (fun node ->
            match node.Operation with
            | Operation.Control _ -> true
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Item _ -> false)

    let private simplify: Pass<Graph, Graph> = { Name = "simplify"; Run = Simplify.graph }
    let private prune: Pass<Graph, Graph> = { Name = "prune loops"; Run = Prune.graph }
    let private hoist: Pass<Graph, Graph> = { Name = "hoist invariants"; Run = Hoist.graph }

    /// What is done to control flow, besides simplifying.
    let private loops: Pass<Graph, Graph> list = [
        prune
        hoist
        { Name = "compute before loops"; Run = BeforeLoop.graph }
        { Name = "compute after loops"; Run = AfterLoop.graph }
        simplify
        prune
    ]

    /// Derivatives see through these too.
    let private differentiableLoops: Pass<Graph, Graph> list =
        let simplify = { Name = "simplify"; Run = Simplify.differentiable }
        [ prune; hoist; simplify; prune ]

    /// Without control flow there is nothing to do but to simplify.
    let private run
        (watch: Watch)
        (simplify: Pass<Graph, Graph>)
        (loops: Pass<Graph, Graph> list)
        (g: Graph)
        : Graph =
        if watch.Verifies then Verify.graph g
        let g = Pipeline.step watch level simplify g
        if hasControl g then Pipeline.run watch level loops g else g

    /// The graph that a program is made of.
    let complete (watch: Watch) (g: Graph) : Graph = run watch simplify loops g

    /// What derivatives can still be taken of.
    let differentiable (g: Graph) : Graph =
        let simplify = { Name = "simplify"; Run = Simplify.differentiable }
        run Watch.ofEnvironment.Value simplify differentiableLoops g
