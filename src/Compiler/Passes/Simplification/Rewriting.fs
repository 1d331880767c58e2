namespace Cotangent.Compiler

open Cotangent

/// The graph that rules of simplification read and add to. A rule gets a primitive and the nodes it would be applied to,
/// and answers with a node of the same value, or with ValueNone: no such rule.
type internal IRewriting =
    /// A node that was added before.
    abstract Node: int -> Node
    /// A primitive of such nodes, itself simplified.
    abstract Apply: Primitive * int[] * Device -> int

/// What rules ask about nodes.
module internal Rewriting =
    /// The number that a full node repeats.
    let (|Full|_|) (node: Node) =
        match node.Operation with
        | Operation.Primitive(Primitive.Full(value, _, _)) -> Some value
        | Operation.Input _
        | Operation.Constant _
        | Operation.Primitive _
        | Operation.Control _
        | Operation.Item _ -> None

    let (|Number|_|) (node: Node) =
        match node with
        | Full(Literal.Real x) -> Some x
        | Full(Literal.Whole n) -> Some(float n)
        | _ -> None

    let (|Applied|_|) (node: Node) =
        match node.Operation with
        | Operation.Primitive p -> Some(p, node.Inputs)
        | Operation.Input _
        | Operation.Constant _
        | Operation.Control _
        | Operation.Item _ -> None

    let isElementwise (p: Primitive) = (Facts.kind p).IsElementwise
