namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// What makes a node's value.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Operation =
    /// The i-th input of the graph.
    | Input of int
    /// Numbers known when the graph was made.
    | Constant of Buffer
    /// Where it has several results, these are read by `Item`.
    | Primitive of Primitive
    /// Control flow; its results are read by `Item`.
    | Control of Control
    /// The i-th result of another node.
    | Item of int

/// Control flow: primitives that carry graphs. The tensors that the code of a body closes over are inputs of its graph,
/// its `Shared` ones.
and [<RequireQualifiedAccess; NoComparison; NoEquality>] internal Control =
    | Scan of Scan
    | While of While
    | Cond of Cond
    /// A function with a derivative of the user's own.
    | Call of Call

/// `Count` times: carry, x -> carry, y; x runs through slices of the sequences along axis 0, the y are stacked.
/// Inputs: shared, carry, sequences; results: last carry, stacked. The body: shared, carry, slices -> carry, y.
and [<NoComparison; NoEquality>] internal Scan = {
    Count: int
    /// From the last slice to the first.
    Reverse: bool
    Shared: int
    Carry: int
    Body: Graph
}

/// As long as the condition holds: carry -> carry. Inputs: shared, carry; results: the last carry. Condition and body
/// both take shared, carry.
and [<NoComparison; NoEquality>] internal While = {
    Shared: int
    Condition: Graph
    Body: Graph
    /// What reverse mode through it is told: why there is none, and what to do instead.
    NoReverse: string
}

/// Inputs: a Bool scalar, then the inputs that both branches take.
and [<NoComparison; NoEquality>] internal Cond = { OnTrue: Graph; OnFalse: Graph }

/// Inputs: the function's arguments, then what its body closes over.
and [<NoComparison; NoEquality>] internal Call = { Function: CustomFunction; Arguments: int; Body: Graph }

/// One operation on values computed before.
and [<NoComparison; NoEquality>] internal Node = {
    Operation: Operation
    /// The nodes of its arguments.
    Inputs: int[]
    /// Of a node with items: nothing to go by, see `Item`.
    DType: DType
    Shape: int[]
    Device: Device
    /// File and line of the call that it stands for, where that was asked for.
    Place: string
} with

    /// Whether it has no value of its own, but results that are read by `Item`.
    member node.HasItems =
        match node.Operation with
        | Operation.Control _ -> true
        | Operation.Primitive p -> Facts.hasSeveral p
        | Operation.Input _
        | Operation.Constant _
        | Operation.Item _ -> false

/// A computation: nodes in an order in which each comes after its inputs.
and [<NoComparison; NoEquality>] internal Graph = {
    Nodes: Node[]
    /// The nodes that are inputs, in order.
    Inputs: int[]
    Outputs: int[]
}

module internal Graph =
    /// How a node sees its input, where it is a view.
    let viewOf (node: Node) : ViewKind voption =
        match node.Operation with
        | Operation.Primitive p -> (Facts.kind p).AsView
        | Operation.Input _
        | Operation.Constant _
        | Operation.Control _
        | Operation.Item _ -> ValueNone

    /// Whether a node spreads its input, or lines it up anew, and shows all of it.
    let isSpread (node: Node) : bool =
        match viewOf node with
        | ValueSome(ViewKind.Broadcast _ | ViewKind.Reshape _ | ViewKind.Permute _) -> true
        | ValueSome(ViewKind.Slice _ | ViewKind.Detach | ViewKind.Barrier)
        | ValueNone -> false

    /// The graphs inside control flow, named.
    let bodies (control: Control) =
        match control with
        | Control.Scan s -> [ "body", s.Body ]
        | Control.While w -> [ "condition", w.Condition; "body", w.Body ]
        | Control.Cond c -> [ "true", c.OnTrue; "false", c.OnFalse ]
        | Control.Call c -> [ "body", c.Body ]

    /// The dtype and shape of each result of control flow.
    let results (control: Control) : Signature[] =
        let of' (g: Graph) (nodes: int[]) : Signature[] =
            nodes |> Array.map (fun i -> { DType = g.Nodes[i].DType; Shape = g.Nodes[i].Shape })

        match control with
        | Control.Scan s ->
            of' s.Body s.Body.Outputs
            |> Array.mapi (fun i r ->
                if i < s.Carry then r else { r with Shape = Array.append [| s.Count |] r.Shape })
        | Control.While w -> of' w.Body w.Body.Outputs
        | Control.Cond c -> of' c.OnTrue c.OnTrue.Outputs
        | Control.Call c -> of' c.Body c.Body.Outputs

    /// The dtype and shape of each item of a node.
    let items (g: Graph) (i: int) : Signature[] =
        let node = g.Nodes[i]

        match node.Operation with
        | Operation.Control control -> results control
        | Operation.Primitive p ->
            node.Inputs
            |> Array.map (fun j -> ({ DType = g.Nodes[j].DType; Shape = g.Nodes[j].Shape }: Signature))
            |> ShapeRule.infer p
        | Operation.Input _
        | Operation.Constant _
        | Operation.Item _ -> invalidOp $"Node %%{i} has no items."

    let describe (control: Control) =
        match control with
        | Control.Scan s -> "scan " + string s.Count + (if s.Reverse then " backwards" else "")
        | Control.While _ -> "while"
        | Control.Cond _ -> "cond"
        | Control.Call c -> $"call {c.Function.Name}"

    let private renumberInputs (number: int -> int) (g: Graph) =
        g.Nodes
        |> Array.map (fun node ->
            match node.Operation with
            | Operation.Input n -> { node with Operation = Operation.Input(number n) }
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Control _
            | Operation.Item _ -> node)

    /// The same graph with its inputs from the given one on before the others.
    let rotateInputs (first: int) (g: Graph) : Graph =
        let after = g.Inputs.Length - first

        {
            g with
                Inputs = Array.append g.Inputs[first..] g.Inputs[.. first - 1]
                Nodes = renumberInputs (fun n -> if n >= first then n - first else n + after) g
        }

    /// The same graph with further inputs, which it does not use, from a place on.
    let insertInputs (at: int) (like: (Signature * Device)[]) (g: Graph) : Graph =
        let more =
            like
            |> Array.mapi (fun k (s: Signature, device) -> {
                Operation = Operation.Input(at + k)
                Inputs = [||]
                DType = s.DType
                Shape = s.Shape
                Device = device
                Place = ""
            })

        let own = Array.init more.Length (fun k -> g.Nodes.Length + k)

        {
            g with
                Inputs = Array.concat [ g.Inputs[.. at - 1]; own; g.Inputs[at..] ]
                Nodes = Array.append (renumberInputs (fun n -> if n >= at then n + more.Length else n) g) more
        }

    /// How many nodes there are, those of bodies included.
    let rec size (g: Graph) : int =
        g.Nodes
        |> Array.sumBy (fun node ->
            match node.Operation with
            | Operation.Control control -> 1 + List.sumBy (fun (_, body) -> size body) (bodies control)
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Item _ -> 1)

    /// One line for each node: number, dtype and shape, operation and inputs; bodies of control flow indented.
    let rec print (indent: string) (g: Graph) : string seq =
        let names nodes = nodes |> Seq.map (fun i -> $"%%{i}") |> String.concat ", "

        seq {
            for i in 0 .. g.Nodes.Length - 1 do
                let node = g.Nodes[i]
                let signature = $"{node.DType} {Shape.show node.Shape}"

                match node.Operation with
                | Operation.Input n -> $"{indent}%%{i}: {signature} = input {n}"
                | Operation.Constant _ -> $"{indent}%%{i}: {signature} = constant"
                | Operation.Primitive p ->
                    let signature = if node.HasItems then "" else ": " + signature
                    $"{indent}%%{i}{signature} = {OperationText.primitive p} {names node.Inputs}".TrimEnd()
                | Operation.Item n -> $"{indent}%%{i}: {signature} = item {n} of {names node.Inputs}"
                | Operation.Control control ->
                    $"{indent}%%{i} = {describe control} {names node.Inputs}"

                    for name, body in bodies control do
                        $"{indent}  {name}:"
                        yield! print (indent + "    ") body

            $"{indent}return {names g.Outputs}"
        }

/// Puts a graph together, node by node.
[<Sealed>]
type internal GraphBuilder() =
    let nodes = ResizeArray<Node>()
    let inputs = ResizeArray<int>()

    member _.Count = nodes.Count
    member _.Item(i: int) = nodes[i]

    member _.Add(node: Node) =
        match SourcePlace.recorded () with
        | "" -> nodes.Add node
        | place -> nodes.Add(if node.Place = "" then { node with Place = place } else node)

        nodes.Count - 1

    /// A node with items, and these.
    member b.AddAll(operation: Operation, inputs: int[], device: Device, results: Signature[]) : int[] =
        let node =
            b.Add {
                Operation = operation
                Inputs = inputs
                DType = DType.Bool
                Shape = [||]
                Device = device
                Place = ""
            }

        results
        |> Array.mapi (fun i result ->
            b.Add {
                Operation = Operation.Item i
                Inputs = [| node |]
                DType = result.DType
                Shape = result.Shape
                Device = device
                Place = ""
            })

    member b.Input(dtype, shape, device) =
        let i =
            b.Add {
                Operation = Operation.Input inputs.Count
                Inputs = [||]
                DType = dtype
                Shape = shape
                Device = device
                Place = ""
            }

        inputs.Add i
        i

    member _.ToGraph(outputs: int[]) : Graph = {
        Nodes = nodes.ToArray()
        Inputs = inputs.ToArray()
        Outputs = outputs
    }
