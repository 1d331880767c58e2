/// The seam between the compiler and what runs programs: a second, tiny target that interprets loop nests runs them all, and
/// what a target says of itself is what the passes go by.
module Cotangent.Tests.BackendTests

open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Dice
open Cotangent.Tests.Laws
open Cotangent.Tests.Programs
open Expecto

/// Loop nests point by point; everything else is left to the engine. `ran` counts nests.
let private interpreter (target: Target) (ran: int ref) : Backend = {
    Target = target
    Runs =
        fun _ step ->
            match step with
            | Step.Nest _ -> true
            | Step.Product _
            | Step.Draw _
            | Step.Engine _
            | Step.Scan _
            | Step.While _
            | Step.Cond _ -> false
    Prepare =
        fun slots steps ->
            steps
            |> Array.map (fun step ->
                match step with
                | Step.Nest k ->
                    let points = if k.Axes.Length > k.Reduced then k.Axes[0] else 1

                    Runner(fun w ->
                        ran.Value <- ran.Value + 1
                        let addresses = Array.init slots.Length (fun slot -> w.Address slot)
                        NestInterpreter.run k addresses 0 points)
                | Step.Product _
                | Step.Draw _
                | Step.Engine _
                | Step.Scan _
                | Step.While _
                | Step.Cond _ -> failtest "no step of this target")
    Workspace = fun slots plan -> Workspace(slots, plan)
}

let private build (backend: Backend) (run: Tensor[] -> Tensor[]) (inputs: Tensor[]) =
    let like = inputs |> Array.map (fun t -> Stage.signatureOf t, t.Device)
    Build.program Watch.ofEnvironment.Value backend "compile" 0 (Stage.closed "compile" run like)

let private buffer (t: Tensor) =
    match t with
    | Value b -> b :?> HostBuffer
    | Traced _ -> failtest "a value"

let private agrees name (target: Target) = test name {
    let ran = ref 0
    let backend = interpreter target ran
    let features = { Floats = DType.Float64; While = true; Derivatives = true }

    for seed in firstSeed .. firstSeed + cases 30 - 1 do
        let run, inputs = draw features (Dice seed)
        let buffers = Array.map buffer inputs
        let results = (build backend run inputs).Run(buffers, buffers, 0, "")

        for expected, actual in Seq.zip (run inputs) results do
            match difference $"seed {seed}" 1e-9 expected (Value actual) with
            | None -> ()
            | Some wrong -> failtest wrong

    Expect.isGreaterThan ran.Value 100 "nests that were interpreted"
}

let private small = {
    Cpu.target with
        Name = "small"
        Draws = fun () -> false
        Dear = 0
        LongestBody = 2
        LargestProduct = 0L
        LargestExpansion = 0
        LargestStack = 0L
}

let private steps (target: Target) (f: Tensor[] -> Tensor[]) (inputs: Tensor[]) =
    (build (interpreter target (ref 0)) f inputs).Steps

let private isProduct step =
    match step with
    | Step.Product _ -> true
    | Step.Nest _
    | Step.Draw _
    | Step.Engine _
    | Step.Scan _
    | Step.While _
    | Step.Cond _ -> false

let private isEngine step =
    match step with
    | Step.Engine _ -> true
    | Step.Product _
    | Step.Nest _
    | Step.Draw _
    | Step.Scan _
    | Step.While _
    | Step.Cond _ -> false

let private asks =
    let x = Tensor.ones DType.Float32 [ 4; 4 ]

    testList "passes ask the target" [
        test "which products are loop nests" {
            let f (xs: Tensor[]) = [| matmul xs[0] xs[0] + 1.0 |]
            Expect.isFalse (Array.exists isProduct (steps Cpu.target f [| x |])) "a nest"
            Expect.isTrue (Array.exists isProduct (steps small f [| x |])) "a product"
        }
        test "which dtypes a nest holds" {
            let f (xs: Tensor[]) = [| sin xs[0] |]
            let none = { Cpu.target with Holds = fun _ -> false }
            Expect.isFalse (Array.exists isEngine (steps Cpu.target f [| x |])) "a nest"
            Expect.isTrue (Array.forall isEngine (steps none f [| x |])) "the engine"
        }
        test "which fused operations are written out" {
            let f (xs: Tensor[]) = [| softmax xs[0] |]
            Expect.isFalse (Array.exists isEngine (steps Cpu.target f [| x |])) "nests"
            Expect.isTrue (Array.exists isEngine (steps small f [| x |])) "one operation"
        }
    ]

[<Tests>]
let tests =
    testList "Backend" [
        agrees "a target that interprets nests runs random programs" Cpu.target
        agrees "with other thresholds, too" small
        asks
    ]
