namespace Cotangent.Compiler

open Cotangent.Inlined // in place of functions of Array and List

/// Drops what nothing depends on.
module internal DeadCode =
    /// What outputs depend on, renumbered; all inputs stay.
    let eliminate (g: Graph) : Graph =
        let builder = GraphBuilder()
        let copy = GraphCopy(g, builder)
        copy.Nodes(GraphWalk.ancestors g (Array.append g.Outputs g.Inputs))
        // Inputs stay where they are among the nodes.
        { builder.ToGraph(copy.All g.Outputs) with Inputs = copy.All g.Inputs }
