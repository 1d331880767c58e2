/// All operators that have a counterpart here, and the run of a graph.
module internal Cotangent.Conformance.Operators

open Cotangent

let private table =
    Map(
        Elementwise.operators
        @ Reductions.operators
        @ Shapes.operators
        @ Indexing.operators
        @ Windows.operators
        @ Networks.operators
        @ Integers.operators
        @ Signals.operators
        @ Learning.operators
        @ Detection.operators
    )

let private controls = set [ "If"; "Loop"; "Scan" ]

let isKnown name = table.ContainsKey name || controls.Contains name

/// All values of a graph by their names, from those that it begins with.
let rec private values (start: Map<string, Tensor>) (nodes: Node list) : Map<string, Tensor> =
    (start, nodes)
    ||> List.fold (fun values node ->
        let inputs = [ for name in node.Inputs -> if name = "" then None else Some values[name] ]

        let outputs =
            match table.TryFind node.Operator with
            | Some operator -> operator node.Attributes inputs
            | None -> control values node inputs

        // An operator may give more than a node asks for.
        List.zip node.Outputs (List.truncate node.Outputs.Length outputs)
        |> List.fold (fun values (name, value) -> Map.add name value values) values)

/// A graph inside of a node as a function; it sees the values around it.
and private body (around: Map<string, Tensor>) (graph: Subgraph) (arguments: Tensor list) : Tensor list =
    let known = Map.fold (fun all name value -> Map.add name value all) around graph.Start

    let start =
        List.zip graph.Parameters arguments
        |> List.fold (fun all (name, value) -> Map.add name value all) known

    let values = values start graph.Body
    [ for name in graph.Results -> values[name] ]

and private control around (node: Node) (inputs: Tensor option list) : Tensor list =
    let graph name = body around (Cases.subgraph node.Attributes name)

    match node.Operator with
    | "If" ->
        let test = (given inputs 0).Reshape []
        cond test (fun _ -> graph "then_branch" []) (fun _ -> graph "else_branch" []) test
    | "Loop" -> loop (graph "body") inputs
    | _ when node.Attributes.Opset < 9 ->
        // Of version 8 over a batch, after the lengths of its sequences.
        if inputs.Head.IsSome then unmapped "scans of sequences of many lengths"
        vmap (over node.Attributes (graph "body")) (inputs |> List.skip 1 |> List.choose id)
    | _ -> over node.Attributes (graph "body") (List.choose id inputs)

/// So many rounds: what goes from round to round, and what each round adds behind.
and private loop graph (inputs: Tensor option list) : Tensor list =
    let rounds = List.head (intsOf (given inputs 0))
    let initial = inputs |> List.skip 2 |> List.choose id
    let test = tryGiven inputs 1 |> Option.defaultWith (fun () -> Tensor.ones DType.Bool [])

    let step (test: Tensor, state: Tensor list) (round: Tensor) =
        let results = graph (round :: test :: state)
        let next, kept = results.Head.Reshape [], List.take initial.Length results.Tail
        (next.And test, kept), List.skip initial.Length results.Tail

    let (test, last), added = scan step (test.Reshape [], initial) (Tensor.arange DType.Int64 rounds)

    if intsOf (test.Convert DType.Int32) = [ 0 ] then
        unmapped "loops that end early and stack what they add"

    last @ added

/// States, then what is gone through along axis 0.
and private over (a: Attributes) graph (inputs: Tensor list) : Tensor list =
    let states = inputs.Length - a.Int("num_scan_inputs", 1)
    let initial, xs = List.splitAt states inputs

    let last, added = scan (fun state x -> List.splitAt states (graph (state @ x))) initial xs

    last @ added

/// The outputs of a graph that are expected, in their order.
let run (case: Case) : Tensor list =
    let values = values case.Values case.Nodes
    [ for name, _ in case.Expected -> values[name] ]

/// The same by a compiled function of the inputs that are floating-point numbers; the others, sizes and axes among them, are constants.
let runCompiled (case: Case) : Tensor list =
    let numbers = case.Values |> Map.filter (fun _ value -> value.DType.IsFloat)

    let compiled =
        compile (fun (numbers: Map<string, Tensor>) ->
            let start = Map.fold (fun all name value -> Map.add name value all) case.Values numbers
            let values = values start case.Nodes
            [ for name, _ in case.Expected -> values[name] ])

    compiled numbers
