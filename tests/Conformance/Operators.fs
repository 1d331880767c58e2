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
    )

let isKnown name = table.ContainsKey name

/// The outputs of a graph that are expected, by their names.
let run (case: Case) : Map<string, Tensor> =
    (case.Values, case.Nodes)
    ||> List.fold (fun values node ->
        let inputs = [ for name in node.Inputs -> if name = "" then None else Some values[name] ]
        let outputs = table[node.Operator] node.Attributes inputs

        // An operator may give more than a node asks for.
        List.zip node.Outputs (List.truncate node.Outputs.Length outputs)
        |> List.fold (fun values (name, value) -> Map.add name value values) values)
