namespace Cotangent.Compiler

open Cotangent

/// What runs programs, as the passes that make them see it: which devices it serves, what a loop nest may hold there, and
/// from where on things are worth it. How a nest becomes something that runs is the affair of its `Backend`.
[<NoComparison; NoEquality>]
type internal Target = {
    Name: string
    /// The device that serves what runs here: each other node is a call of its device's engine.
    Device: Device
    /// Whether a nest can hold elements of this dtype.
    Holds: DType -> bool
    /// Whether a nest can draw random numbers, and is fast at it.
    Draws: unit -> bool
    /// Elementwise work of a higher price is stored for a second reader rather than repeated.
    Dear: int
    /// Instructions that the body of a nest may have: registers are few, and long methods compile badly.
    LongestBody: int
    /// Matrix products of up to so many multiplications become loop nests.
    LargestProduct: int64
    /// Fused operations of up to so many elements are written out as loop nests.
    LargestExpansion: int
    /// Bytes that values of all rounds of a loop may take when they are computed ahead of it or after it.
    LargestStack: int64
} with

    /// Whether nodes of this device run here.
    member target.Serves(device: Device) = device = target.Device

    /// Whether a nest can hold this node.
    member target.Emits(g: Graph, node: Node) : bool =
        let isKnown =
            match node.Operation with
            | Operation.Primitive p ->
                match (Facts.kind p).AsPointwise with
                | ValueSome work -> Facts.isInNests work
                | ValueNone -> true
            | Operation.Input _
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> true

        isKnown
        && target.Holds node.DType
        && node.Inputs |> Array.forall (fun i -> target.Holds g.Nodes[i].DType)
