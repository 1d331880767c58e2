namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

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

    let private simplify target : Pass<Graph, Graph> = { Name = "simplify"; Run = Simplify.graph target }

    let private simplifyDifferentiable target : Pass<Graph, Graph> = {
        Name = "simplify"
        Run = Simplify.differentiable target
    }

    let private prune: Pass<Graph, Graph> = { Name = "prune loops"; Run = Prune.graph }
    let private hoist: Pass<Graph, Graph> = { Name = "hoist invariants"; Run = Hoist.graph }

    /// What is done to control flow, besides simplifying.
    let private loops target : Pass<Graph, Graph> list = [
        prune
        hoist
        { Name = "compute before loops"; Run = BeforeLoop.graph target }
        { Name = "reuse between loops"; Run = BetweenLoops.graph }
        { Name = "compute after loops"; Run = AfterLoop.graph target }
        simplify target
        prune
    ]

    /// Without control flow there is nothing to do but to simplify.
    let private run
        (watch: Watch)
        (simplify: Pass<Graph, Graph>)
        (loops: unit -> Pass<Graph, Graph> list)
        (g: Graph)
        =
        if watch.Verifies then Verify.graph g
        let g = Pipeline.step watch level simplify g
        if hasControl g then Pipeline.run watch level (loops ()) g else g

    /// The graph that a program is made of.
    let complete (watch: Watch) (target: Target) (g: Graph) : Graph =
        run watch (simplify target) (fun () -> loops target) g

    /// What derivatives can still be taken of: loops keep what their derivatives are made of.
    let differentiable (watch: Watch) (target: Target) (g: Graph) : Graph =
        let simplify = simplifyDifferentiable target
        run watch simplify (fun () -> [ prune; hoist; simplify; prune ]) g
