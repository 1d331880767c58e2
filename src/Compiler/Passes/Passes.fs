namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined

/// The passes over graphs, in order. The verifier runs after each where the environment variable COTANGENT_VERIFY is set,
/// as it is in tests.
module internal Passes =
    let private isVerifying = not (isNull (System.Environment.GetEnvironmentVariable "COTANGENT_VERIFY"))

    let private verified (g: Graph) =
        if isVerifying then Verify.graph g
        g

    let private hasControl (g: Graph) =
        g.Nodes
        |> Array.exists (fun node ->
            match node.Operation with
            | Operation.Control _ -> true
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Item _ -> false)

    /// Without control flow there is nothing to do but to simplify.
    let private run (simplify: Graph -> Graph) (ahead: Graph -> Graph) (g: Graph) : Graph =
        let g = verified g |> simplify |> verified

        if hasControl g then
            g
            |> Prune.graph
            |> verified
            |> Hoist.graph
            |> verified
            |> ahead
            |> verified
            |> simplify
            |> verified
            |> Prune.graph
            |> verified
        else
            g

    /// What a program is made of.
    let complete (g: Graph) : Graph = run Simplify.graph (BeforeLoop.graph >> verified >> AfterLoop.graph) g

    /// What derivatives can still be taken of.
    let differentiable (g: Graph) : Graph = run Simplify.differentiable id g
