namespace Cotangent.Compiler

open Cotangent

/// What runs loop nests, as the passes that make them see it: what a nest may hold there. How a nest becomes something
/// that runs is the target's own affair.
[<NoComparison; NoEquality>]
type internal Target = {
    /// Whether a nest can hold elements of this dtype.
    Holds: DType -> bool
    /// Whether a nest can draw random numbers, and is fast at it.
    Draws: unit -> bool
} with

    /// Whether a nest can hold this node.
    member target.Emits(g: Graph, node: Node) : bool =
        target.Holds node.DType && node.Inputs |> Array.forall (fun i -> target.Holds g.Nodes[i].DType)
