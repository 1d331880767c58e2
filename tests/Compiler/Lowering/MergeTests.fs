/// Loop nests joined into one: on nests written by hand, and on random ones that the interpreter runs before and after.
module Cotangent.Tests.MergeTests

open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Dice
open Expecto

let private f64 = DType.Float64
let private slot count = { DType = f64; Count = count; Home = Home.Arena }
let private at slot offset strides : Access = { Slot = slot; Offset = offset; Strides = strides }
let private load a = Instruction.Load(f64, a)

let private nest axes reduced body stores : LoopNest = {
    Axes = Array.ofList axes
    Reduced = reduced
    Body = Array.ofList body
    Stores = Array.ofList stores
}

let private count (nests: LoopNest list) = (Merge.steps [| for k in nests -> Step.Nest k |]).Length

let private hand =
    testList "by hand" [
        test "a position on an axis of one element is its start" {
            let k =
                nest [ 1; 4 ] 0 [
                    Instruction.Position(f64, 0, 17, 3)
                    Instruction.Position(f64, 1, 5, 2)
                    Instruction.Binary(Binary.Add, 0, 1)
                ] [ at 0 0 [| 4; 1 |], 2 ]

            let found = (StepInterpreter.run [| slot 4 |] [] (Merge.steps [| Step.Nest k |]))[0]
            Expect.equal found [| 22.0; 24.0; 26.0; 28.0 |] "17 + 5 + 2i"
            Expect.equal (Merge.normalise k).Axes [| 4 |] "one axis"
        }
        test "a fold over one element is its argument" {
            let k =
                nest [ 4; 1 ] 1 [ load (at 0 0 [| 1; 1 |]); Instruction.Reduce(Reduction.Sum, 0) ] [
                    at 1 0 [| 1; 0 |], 1
                ]

            match Merge.steps [| Step.Nest k |] with
            | [| Step.Nest k |] -> Expect.equal k.Body [| load (at 0 0 [| 1 |]) |] "a load"
            | _ -> failtest "a nest"
        }
        test "elements of two sizes stay apart" {
            let first =
                nest [ 8 ] 0 [ load (at 0 0 [| 1 |]); Instruction.Convert(DType.Float32, 0) ] [
                    at 1 0 [| 1 |], 1
                ]

            let second =
                nest [ 8 ] 0 [ Instruction.Load(DType.Float32, at 1 0 [| 1 |]) ] [ at 2 0 [| 1 |], 0 ]

            Expect.equal (count [ first; second ]) 2 "nests"
        }
        test "what is read from another element on is not what was stored" {
            let first =
                nest [ 4 ] 0 [ load (at 0 0 [| 1 |]); Instruction.Unary(Unary.Abs, 0) ] [ at 1 0 [| 1 |], 1 ]

            let shifted offset stride = nest [ 4 ] 0 [ load (at 1 offset [| stride |]) ] [ at 2 0 [| 1 |], 0 ]
            Expect.equal (count [ first; shifted 0 1 ]) 1 "the same"
            Expect.equal (count [ first; shifted 1 1 ]) 2 "another start"
            Expect.equal (count [ first; shifted 0 2 ]) 2 "other steps"
        }
        test "a fold of what is folded takes a loop of its own" {
            let folded from into =
                nest [ 3; 4 ] 1 [
                    load (at from 0 [| (if from = 0 then 4 else 1); (if from = 0 then 1 else 0) |])
                    Instruction.Reduce(Reduction.Sum, 0)
                ] [ at into 0 [| 1; 0 |], 1 ]

            Expect.equal (count [ folded 0 1; folded 1 2 ]) 2 "nests"
            Expect.equal (count [ folded 0 1; folded 0 2 ]) 1 "side by side"
        }
        test "a fold along what another nest stored is not a fold of one number" {
            let first =
                nest [ 4 ] 0 [ load (at 0 0 [| 1 |]); Instruction.Unary(Unary.Abs, 0) ] [ at 1 0 [| 1 |], 1 ]

            // Of the twelve numbers of the slot, the first nest stores four.
            let folded stride =
                nest [ 4; 3 ] 1 [ load (at 1 0 [| 1; stride |]); Instruction.Reduce(Reduction.Sum, 0) ] [
                    at 2 0 [| 1; 0 |], 1
                ]

            Expect.equal (count [ first; folded 0 ]) 1 "the same number each time"
            Expect.equal (count [ first; folded 4 ]) 2 "others, too"
        }
        test "folds over other axes stay apart" {
            let folded size =
                nest [ 3; size ] 1 [ load (at 0 0 [| 1; 1 |]); Instruction.Reduce(Reduction.Sum, 0) ] [
                    at size 0 [| 1; 0 |], 1
                ]

            Expect.equal (count [ folded 2; folded 4 ]) 2 "nests"
        }
        test "large nests that have nothing in common stay apart" {
            let k size from = nest [ size ] 0 [ load (at from 0 [| 1 |]) ] [ at (from + 1) 0 [| 1 |], 0 ]
            Expect.equal (count [ k 5000 0; k 5000 2 ]) 2 "large"
            Expect.equal (count [ k 50 0; k 50 2 ]) 1 "small"
            Expect.equal (count [ k 5000 0; k 5000 1 ]) 1 "one after the other"
        }
        test "bodies do not grow beyond the registers" {
            let long from =
                let body = load (at from 0 [| 1 |]) :: [ for i in 0..28 -> Instruction.Unary(Unary.Sin, i) ]
                nest [ 8 ] 0 body [ at (from + 1) 0 [| 1 |], body.Length - 1 ]

            Expect.equal (count [ long 0; long 1 ]) 2 "sixty instructions"
        }
        test "slices and results are stored, read or not" {
            let store home =
                let slots = [| slot 8; { slot 8 with Home = home } |]
                let k = nest [ 8 ] 0 [ load (at 0 0 [| 1 |]) ] [ at 1 0 [| 1 |], 0 ]
                (Merge.clean slots [||] [| Step.Nest k |]).Length

            Expect.equal (store Home.Slice) 1 "a slice"
            Expect.equal (store (Home.Output 0)) 1 "a result"
            Expect.equal (store Home.Arena) 0 "nobody reads it"
        }
    ]

// ---- Random nests ----

/// Nests and engine's steps, each of which writes a slot of its own and reads earlier ones.
let private draw (dice: Dice) =
    let slots = ResizeArray [ slot 12; slot 12; slot 3; slot 4 ]

    let initial = [
        for i in 0 .. slots.Count - 1 -> i, Array.init slots[i].Count (fun _ -> float (dice.Below 9 - 4))
    ]

    let fresh count =
        slots.Add(slot count)
        slots.Count - 1

    let product (axes: int[]) = Array.fold (*) 1 axes

    /// Any access within a slot: often each element once, in order.
    let access (axes: int[]) kept (from: int) =
        let outer = Array.truncate kept axes
        let within = Array.append (Shape.strides outer) (Array.zeroCreate (axes.Length - kept))

        if slots[from].Count = product axes && dice.Chance 0.7 then
            at from 0 (Shape.strides axes)
        elif slots[from].Count = product outer && dice.Chance 0.7 then
            at from 0 within
        else
            let strides = Shape.strides axes |> Array.map (fun s -> dice.Pick [ 0; 0; s; -s; 1 ])
            let far sign = Array.fold2 (fun sum s n -> sum + max 0 (sign * s * (n - 1))) 0 strides axes
            let low, high = far -1, slots[from].Count - 1 - far 1

            if low <= high then
                at from (low + dice.Below(high - low + 1)) strides
            else
                at from (dice.Below slots[from].Count) (Array.zeroCreate axes.Length)

    let nest () =
        let axes, reduced =
            dice.Pick [
                [| 12 |], 0
                [| 3; 4 |], 0
                [| 3; 4 |], 1
                [| 3; 4 |], 1
                [| 3; 1 |], 1
                [| 1; 3; 4 |], 1
                [| 3; 4; 1 |], 2
                [| 3 |], 0
                [| 1; 12 |], 0
                [| 4; 1; 3 |], 0
                [| 4 |], 0
                [| 12 |], 1
                [| 3; 1 |], 0
            ]

        let kept = axes.Length - reduced
        let outer = Array.truncate kept axes
        let body = InstructionList()
        let mutable value = body.Add(load (access axes kept (dice.Below slots.Count)))

        for _ in 0 .. dice.Below 2 do
            let other =
                if dice.Chance 0.3 then
                    body.Add(Instruction.Position(f64, dice.Below axes.Length, dice.Below 9, dice.Below 4))
                else
                    body.Add(load (access axes kept (dice.Below slots.Count)))

            value <- body.Add(Instruction.Binary(dice.Pick [ Binary.Add; Binary.Subtract ], value, other))

        if reduced > 0 then value <- body.Add(Instruction.Reduce(Reduction.Sum, value))
        let target = fresh (product outer)
        let strides = Array.append (Shape.strides outer) (Array.zeroCreate reduced)

        Step.Nest {
            Axes = axes
            Reduced = reduced
            Body = body.ToArray()
            Stores = [| at target 0 strides, value |]
        }

    let engine () =
        let from = dice.Below slots.Count
        let view s = Layout.contiguous s [| slots[s].Count |]
        Step.Engine(Primitive.Barrier, [| view from |], [| ValueSome(view (fresh slots[from].Count)) |])

    let steps = Array.init (2 + dice.Below 8) (fun _ -> if dice.Chance 0.15 then engine () else nest ())
    struct (slots.ToArray(), initial, steps)

let private random = test "random nests compute the same, joined and cleaned" {
    let mutable before, after = 0, 0

    for seed in firstSeed .. firstSeed + cases 1000 - 1 do
        let dice = Dice seed
        let struct (slots, initial, steps) = draw dice
        let expected = StepInterpreter.run slots initial steps
        let joined = Merge.steps steps
        VerifySteps.steps slots joined
        let found = StepInterpreter.run slots initial joined
        Expect.equal found expected $"seed {seed}, joined"
        let outputs = [| for _ in 0..2 -> dice.Below slots.Length |]

        let cleaned =
            Merge.clean slots [| for s in outputs -> Layout.contiguous s [| slots[s].Count |] |] joined

        VerifySteps.steps slots cleaned
        let left = StepInterpreter.run slots initial cleaned

        for s in outputs do
            Expect.equal left[s] expected[s] $"seed {seed}, slot {s} of what is left"

        before <- before + steps.Length
        after <- after + joined.Length

    Expect.isLessThan after (before * 9 / 10) "many were joined"
}

[<Tests>]
let tests = testList "Merge" [ hand; random ]
