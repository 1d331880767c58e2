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
        // As ONNX's own runner has it. Half precision is computed in another order there, and where we round to BFloat16 it cuts.
        let relative =
            if expected.DType = DType.Float16 then 2e-3
            elif expected.DType = DType.BFloat16 then 1.0 / 128.0
            else 1e-3

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

/// Why a case is not computed, if it is not.
let private missing (case: Case) : string option =
    match unknown case with
    | operator :: _ -> Some operator
    | [] ->
        try
            Operators.run case |> ignore
            None
        with Unmapped reason ->
            Some reason

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

            let reasons =
                (Cases.leftOut () |> List.map snd) @ (cases |> List.choose missing)
                |> List.filter (fun why -> not (List.contains why others))

            let all =
                cases.Length
                + (Cases.leftOut () |> List.filter (fun (_, why) -> not (List.contains why others))).Length

            let share = float (all - reasons.Length) / float all
            printfn "%d of %d cases of ONNX's operators on tensors run: %.3f" (all - reasons.Length) all share

            for reason, count in List.countBy id reasons do
                printfn "%4d without: %s" count reason

            Expect.isGreaterThan share 0.98 "the share of cases that run"
        }
    ]
