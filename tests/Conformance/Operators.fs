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
    )

let isKnown name = table.ContainsKey name

/// All values of a graph by their names, from those that it begins with.
let private values (start: Map<string, Tensor>) (nodes: Node list) : Map<string, Tensor> =
    (start, nodes)
    ||> List.fold (fun values node ->
        let inputs = [ for name in node.Inputs -> if name = "" then None else Some values[name] ]
        let outputs = table[node.Operator] node.Attributes inputs

        // An operator may give more than a node asks for.
        List.zip node.Outputs (List.truncate node.Outputs.Length outputs)
        |> List.fold (fun values (name, value) -> Map.add name value values) values)

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
