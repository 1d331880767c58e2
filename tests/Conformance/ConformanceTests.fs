/// ONNX's own cases of its operators, run by ours.
module Cotangent.Conformance.ConformanceTests

open Cotangent
open Expecto

/// What an output should be and is not, if anything.
let private difference (name: string, expected: Tensor) (actual: Tensor) : string option =
    if actual.Shape <> expected.Shape then
        Some $"{name} has the shape %A{actual.Shape}, expected %A{expected.Shape}"
    elif actual.DType <> expected.DType && not (actual.DType.IsInteger && expected.DType.IsInteger) then
        Some $"{name} is {actual.DType}, expected {expected.DType}"
    else
        // As ONNX's own runner has it; half precision is computed in another order there.
        let relative = if expected.DType = DType.Float16 then 2e-3 else 1e-3

        List.map2
            (fun (a: float) (b: float) ->
                if a = b || (System.Double.IsNaN a && System.Double.IsNaN b) then
                    0.0
                else
                    abs (a - b) / (1e-6 / relative + abs b))
            (floatsOf actual)
            (floatsOf expected)
        |> List.fold (fun worst error -> if error <= worst then worst else error) 0.0
        |> fun worst -> if worst <= relative then None else Some $"{name} is off by {worst} of its size"

let private wrong (case: Case) (results: Tensor list) : string option =
    List.zip case.Expected results
    |> List.tryPick (fun (expected, actual) -> difference expected actual)

let private cases = Cases.all ()

let private unknown (case: Case) = case.Nodes |> List.map _.Operator |> List.filter (Operators.isKnown >> not)

/// Whether a case is computed, wherever that leads.
let private isMapped (case: Case) =
    (unknown case).IsEmpty
    && (try
            Operators.run case |> ignore
            true
        with Unmapped _ ->
            false)

[<Tests>]
let tests =
    testList "ONNX" [
        for how, run in [ "eager", Operators.run; "compiled", Operators.runCompiled ] do
            testList how [
                for case in cases do
                    if (unknown case).IsEmpty then
                        test case.Name {
                            try
                                match wrong case (run case) with
                                | Some difference -> failtest difference
                                | None -> ()
                            with
                            | Unmapped reason -> skiptest $"Cotangent has no {reason}"
                            | :? TraceException as e -> skiptest e.Message
                        }
            ]

        test "most cases of tensors of numbers have a counterpart here" {
            let others = [ "sequences"; "strings"; "optional values" ]

            let ofTensors =
                cases.Length
                + (Cases.leftOut ()
                   |> List.filter (fun (_, why) -> not (List.contains why others))
                   |> List.length)

            let mapped = cases |> List.filter isMapped |> List.length
            let share = float mapped / float ofTensors
            printfn "%d of %d cases of ONNX's operators on tensors run: %.3f" mapped ofTensors share
            Expect.isGreaterThan share 0.89 "the share of cases that run"
        }
    ]
