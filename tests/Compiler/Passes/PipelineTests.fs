/// The pipeline of passes: what it tells of itself, and that each level's verifier refuses what is broken.
module Cotangent.Tests.PipelineTests

open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Support
open Expecto

let private looking =
    let f (x: Tensor) = iterate 3 (fun x -> sin (x * 1.0)) x
    let x = tensor [ 1.0; 2.0 ]

    testList "looking" [
        test "each pass has a line, in the order in which they run" {
            let names = [ "simplify"; "hoist invariants"; "lower"; "merge nests"; "plan memory"; "emit" ]
            let text = Compile.passes f x
            let places = names |> List.map (fun name -> text.IndexOf name)
            Expect.isTrue (List.forall (fun p -> p >= 0) places) text
            Expect.equal (List.sort places) places text
            Expect.stringStarts text "graph" "the first level"
        }
        test "without control flow loops' passes do not run" {
            Expect.isFalse ((Compile.passes (fun x -> sum (sin x)) x).Contains "hoist") "no loop"
        }
        test "the pipeline can be cut after a pass" {
            Expect.stringContains (Compile.graph f x) "multiply" "before all"
            Expect.isFalse ((Compile.after "simplify" f x).Contains "multiply") "x * 1 is x"
            Expect.stringContains (Compile.after "lower" f x) "repeat 3 times" "steps"
            Expect.stringContains (Compile.after "plan memory" f x) "bytes" "memory"
        }
        test "a pass that is not there" {
            throws<ValueException, _> [ "fold"; "simplify"; "emit" ] (fun () -> Compile.after "fold" f x)
        }
        test "who watches is told of size and text, and the verifier comes after each pass" {
            let told = ResizeArray<string>()
            let mutable verified = 0

            let level = {
                Name = "numbers"
                Text = fun (n: int) -> [ string n; "!" ]
                Size = fun n -> $"{n} big"
                Verify = fun _ -> verified <- verified + 1
            }

            let watch = {
                Verifies = true
                Reported = fun r -> told.Add(r.Pass + " " + r.Size + " " + r.Text())
            }

            let passes = [ { Name = "double"; Run = (*) 2 }; { Name = "next"; Run = (+) 1 } ]
            Expect.equal (Pipeline.run watch level passes 5) 11 "run in order"
            Expect.equal (List.ofSeq told) [ "double 10 big 10\n!"; "next 11 big 11\n!" ] "told"
            Expect.equal verified 2 "verified"
        }
    ]

// ---- Broken steps ----

let private slot count = { DType = DType.Float32; Count = count; Home = Home.Arena }
let private view s = Layout.contiguous s [| 8 |]

let private engine inputs target =
    Step.Engine(
        Primitive.Unary Unary.Sin,
        inputs |> List.map view |> Array.ofList,
        [| ValueSome(view target) |]
    )

let private access slot offset stride : Access = { Slot = slot; Offset = offset; Strides = [| stride |] }

let private nest body stores =
    Step.Nest { Axes = [| 8 |]; Reduced = 0; Body = Array.ofList body; Stores = [| stores |] }

let private load a = Instruction.Load(DType.Float32, a)

let private steps =
    let slots = [| slot 8; slot 8; { slot 8 with DType = DType.Float64 } |]

    let refused name words step = test name {
        throws<System.InvalidOperationException, _> words (fun () -> VerifySteps.steps slots [| step |])
    }

    let carry pair body =
        Step.Scan { Count = 2; Reverse = false; Body = body; Carry = [| pair |]; Slices = [||] }

    testList "steps" [
        test "those that are well formed pass" {
            let reversed = nest [ load (access 0 7 -1) ] (access 1 0 1, 0)
            VerifySteps.steps slots [| reversed; engine [ 0 ] 1; carry (struct (0, 1)) [| engine [ 0 ] 1 |] |]
        }
        refused "a load beyond the end" [ "s0"; "8" ] (nest [ load (access 0 1 1) ] (access 1 0 1, 0))
        refused "a load before the start" [ "-1" ] (nest [ load (access 0 6 -1) ] (access 1 0 1, 0))
        refused "a store beyond the end" [ "s1" ] (nest [ load (access 0 0 1) ] (access 1 0 2, 0))
        refused "a store of another dtype" [ "Float64" ] (nest [ load (access 0 0 1) ] (access 2 0 1, 0))
        refused "a load of another dtype" [ "Float32" ] (nest [ load (access 2 0 1) ] (access 0 0 1, 0))
        refused
            "an argument that comes later"
            [ "%1" ]
            (nest [ Instruction.Unary(Unary.Sin, 1) ] (access 1 0 1, 0))
        refused
            "a mask that is none"
            [ "Bool" ]
            (nest [ load (access 0 0 1); Instruction.Select(0, 0, 0) ] (access 1 0 1, 1))
        refused
            "a fold of a fold"
            [ "fold" ]
            (Step.Nest {
                Axes = [| 8 |]
                Reduced = 1
                Body = [|
                    load (access 0 0 1)
                    Instruction.Reduce(Reduction.Sum, 0)
                    Instruction.Reduce(Reduction.Sum, 1)
                |]
                Stores = [| access 1 0 0, 2 |]
            })
        refused
            "a store that moves along what is folded"
            [ "folded" ]
            (Step.Nest {
                Axes = [| 8 |]
                Reduced = 1
                Body = [| load (access 0 0 1); Instruction.Reduce(Reduction.Sum, 0) |]
                Stores = [| access 1 0 1, 1 |]
            })
        refused
            "an engine's view beyond its slot"
            [ "s0" ]
            (Step.Engine(
                Primitive.Unary Unary.Sin,
                [| Layout.contiguous 0 [| 9 |] |],
                [| ValueSome(view 1) |]
            ))
        refused "a carry of two kinds" [ "alike" ] (carry (struct (0, 2)) [||])
    ]

// ---- Broken memory plans ----

let private memory =
    let slots = Array.init 5 (fun _ -> slot 8)

    let plan offsets : MemoryPlan = { Sizes = [| struct (DType.Float32, 80L) |]; Offsets = offsets }

    let check slots steps outputs offsets =
        VerifyMemory.plan slots steps (Array.map view outputs) (Array.create 8 -1) (plan offsets)

    let accepted name steps outputs offsets = test name { check slots steps outputs offsets }

    let refused name words steps outputs offsets = test name {
        throws<System.InvalidOperationException, _> words (fun () -> check slots steps outputs offsets)
    }

    let source target =
        Step.Engine(
            Primitive.Full(Literal.Real 1.0, DType.Float32, [| 8 |]),
            [||],
            [| ValueSome(view target) |]
        )

    let loop body =
        Step.Scan { Count = 5; Reverse = false; Body = body; Carry = [| struct (1, 2) |]; Slices = [||] }

    let chain = [| source 0; engine [ 0 ] 1; engine [ 1 ] 2 |]
    let looping = [| source 0; source 1; loop [| engine [ 0 ] 3; engine [ 1; 3 ] 2 |] |]
    let late = [| source 0; source 1; loop [| engine [ 1 ] 2; engine [ 0; 1 ] 3 |] |]

    testList "memory" [
        accepted "slots one after the other in one place" chain [| 2 |] [| 0L; 16L; 0L; -1L; -1L |]
        refused
            "a step that writes what it still reads later"
            [ "s0" ]
            [| source 0; engine [ 0 ] 1; engine [ 0 ] 2 |] [| 2 |] [| 0L; 0L; 16L; -1L; -1L |]
        refused "a slot that nobody wrote" [ "s3" ] [| engine [ 3 ] 1 |] [| 1 |] [| 0L; 16L; 32L; 48L; -1L |]
        refused "a result that was overwritten" [ "s1" ] chain [| 1 |] [| 0L; 16L; 16L; -1L; -1L |]
        refused "a slot that is not aligned" [ "aligned" ] chain [| 2 |] [| 0L; 8L; 16L; -1L; -1L |]
        refused "a slot over the end" [ "end" ] chain [| 2 |] [| 0L; 16L; 80L; -1L; -1L |]
        accepted "a loop" looping [| 1 |] [| 0L; 16L; 32L; 48L; -1L |]
        refused "what a loop reads in each round" [ "s0" ] looping [| 1 |] [| 0L; 16L; 32L; 0L; -1L |]
        refused "the two ends of a carry in one place" [ "s1" ] late [| 1 |] [| 0L; 16L; 16L; 48L; -1L |]
        refused "a step that writes over what it reads" [ "s1"; "s0" ] [| source 0; engine [ 0 ] 1 |] [| 1 |] [|
            0L
            0L
            -1L
            -1L
            -1L
        |]
        refused
            "a carry that the second round finds overwritten"
            [ "s1" ]
            [| source 0; source 1; loop [| engine [ 0 ] 3; engine [ 3 ] 4; engine [ 1; 4 ] 2 |] |] [| 1 |] [|
                0L
                16L
                32L
                32L
                48L
            |]
        test "a donated argument that is read after its result was written" {
            let given home = { slot 8 with Home = home }
            let slots = [| given (Home.Input 0); given (Home.Output 0); given (Home.Output 1) |]
            let steps = [| engine [ 0 ] 1; engine [ 0 ] 2 |]
            let outputs = [| view 1; view 2 |]
            let plan = { Sizes = [||]; Offsets = [| -1L; -1L; -1L |] }
            VerifyMemory.plan slots steps outputs [| -1; 0 |] plan

            throws<System.InvalidOperationException, _> [ "s0" ] (fun () ->
                VerifyMemory.plan slots steps outputs [| 0; -1 |] plan)
        }
    ]

[<Tests>]
let tests = testList "Pipeline" [ looking; steps; memory ]
