/// How long slots live, and that a plan made of that holds, by the verifier, which plays the steps through.
module Cotangent.Tests.ArenaPlanTests

open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Dice
open Expecto

let private slot = { DType = DType.Float32; Count = 16; Home = Home.Arena }
let private view s = Layout.contiguous s [| 16 |]

let private engine inputs target =
    Step.Engine(
        Primitive.Unary Unary.Sin,
        inputs |> List.map view |> Array.ofList,
        [| ValueSome(view target) |]
    )

let private made target =
    Step.Engine(Primitive.Full(Literal.Real 1.0, DType.Float32, [| 16 |]), [||], [| ValueSome(view target) |])

let private scan carry slices body =
    Step.Scan { Count = 3; Reverse = false; Body = body; Carry = carry; Slices = slices }

let private whole test condition round state =
    Step.While { Condition = condition; Test = view test; Round = round; State = state }

let private lives count steps outputs =
    ArenaPlan.lifetimes (Array.create count slot) steps (Array.map view outputs)

/// Whether no moment of one is a moment of the other.
let private areApart (struct (a: int, b: int)) (struct (c: int, d: int)) = b < c || d < a

let private spans =
    testList "lifetimes" [
        test "from the step that writes to the last that reads" {
            let found = lives 3 [| made 0; engine [ 0 ] 1; made 2; engine [ 0; 2 ] 2 |] [| 2 |]
            Expect.equal found[0] (struct (0, 3)) "read at the end"
            Expect.equal found[1] (struct (1, 1)) "read by none"
            Expect.equal found[2] (struct (2, 4)) "returned"
        }
        test "both ends of a carry live from before a loop until after it" {
            let found =
                lives 4 [|
                    made 0
                    made 3
                    scan [| struct (0, 1) |] [||] [| engine [ 0 ] 2; engine [ 2 ] 1 |]
                    engine [ 3 ] 2
                |] [||]
            // The loop is a moment, its two steps, and a moment.
            Expect.equal found[0] (struct (0, 5)) "written before the loop, needed until its end"
            Expect.equal found[1] found[0] "they change places"
        }
        test "either end of a carry may be what is read after the loop" {
            let found =
                lives 3 [|
                    made 0
                    scan [| struct (0, 1) |] [||] [| engine [ 0 ] 1 |]
                    made 2
                    engine [ 2; 0 ] 2
                |] [||]

            Expect.equal found[1] found[0] "both until then"
        }
        test "what a loop reads lives in all of its rounds" {
            let loop = scan [| struct (1, 2) |] [||] [| engine [ 0 ] 3; engine [ 1; 3 ] 4; engine [ 4 ] 2 |]
            let found = lives 5 [| made 0; made 1; loop |] [| 1 |]
            Expect.isFalse (areApart found[0] found[4]) "also when it was read in this round"
        }
        test "what a test of a loop reads does, too" {
            let loop = whole 2 [| engine [ 0 ] 2 |] [| engine [ 1 ] 4; engine [ 4 ] 3 |] [| struct (1, 3) |]
            let found = lives 5 [| made 0; made 1; loop |] [| 1 |]
            Expect.isFalse (areApart found[0] found[4]) "the round comes after the test"
            Expect.isFalse (areApart found[1] found[4]) "the state"
        }
        test "so does what a loop stacks" {
            let slots = [| slot; slot; slot; { slot with Home = Home.Slice }; slot |]
            let body = [| engine [ 0 ] 4; engine [ 4 ] 1; engine [ 4 ] 3 |]
            let loop = scan [| struct (0, 1) |] [| struct (3, view 2, 4) |] body
            let found = ArenaPlan.lifetimes slots [| made 0; loop; engine [ 2 ] 4 |] [| view 4 |]
            let struct (first, _) = found[2]
            Expect.equal first 1 "from the loop's begin"
            // Its rounds write it, whether it is read afterwards or not.
            let unread = ArenaPlan.lifetimes slots [| made 0; loop |] [||]
            Expect.equal unread[2] (struct (1, 5)) "to the loop's end"
        }
        test "the test of a choice is read before its branches" {
            let found =
                lives 3 [| made 0; Step.Cond(view 0, [| made 1 |], [| made 1 |]); engine [ 1 ] 2 |] [| 2 |]

            Expect.equal found[0] (struct (0, 1)) "not after"
        }
    ]

// ---- Random steps ----

/// Steps that read only what is there, nested; slots as they come.
let private draw (dice: Dice) =
    let slots = ResizeArray<Slot>()

    let fresh () =
        slots.Add { slot with Count = dice.Pick [ 1; 16; 40; 70; 100 ] }
        slots.Count - 1

    let like s =
        slots.Add slots[s]
        slots.Count - 1

    let at s = Layout.contiguous s [| slots[s].Count |]

    let op inputs target =
        Step.Engine(
            Primitive.Unary Unary.Sin,
            inputs |> List.map at |> Array.ofList,
            [| ValueSome(at target) |]
        )

    let pick (from: ResizeArray<int>) = from[dice.Below from.Count]

    /// Slots for what goes round, and the steps that write their first numbers.
    let states (there: ResizeArray<int>) (steps: ResizeArray<Step>) =
        Array.init (1 + dice.Below 2) (fun _ ->
            let before = fresh ()
            steps.Add(op [ pick there ] before)
            struct (before, like before))

    /// Steps, and what is there after them.
    let rec some depth count (known: int seq) : struct (Step[] * ResizeArray<int>) =
        let there = ResizeArray known
        let steps = ResizeArray<Step>()

        /// Some steps, then those that write these.
        let inner (targets: int[]) =
            let struct (body, inside) = some (depth - 1) (dice.Below 4) there
            let ends = targets |> Array.map (fun target -> op [ pick inside; pick inside ] target)
            Array.append body ends

        for _ in 1..count do
            match dice.Below(if depth > 0 then 8 else 4) with
            | 4
            | 5 ->
                let state = states there steps
                there.AddRange(state |> Array.map (fun (struct (before, _)) -> before))
                steps.Add(scan state [||] (inner (state |> Array.map (fun (struct (_, after)) -> after))))
            | 6 ->
                let state = states there steps
                there.AddRange(state |> Array.map (fun (struct (before, _)) -> before))
                let test = fresh ()
                let condition = inner [| test |]
                let round = inner (state |> Array.map (fun (struct (_, after)) -> after))
                steps.Add(Step.While { Condition = condition; Test = at test; Round = round; State = state })
            | 7 ->
                let result, test = fresh (), pick there
                steps.Add(Step.Cond(at test, inner [| result |], inner [| result |]))
                there.Add result
            | _ ->
                let inputs, target = [ pick there; pick there ], fresh ()
                steps.Add(op inputs target)
                there.Add target

        struct (steps.ToArray(), there)

    let input = fresh ()
    slots[input] <- { slots[input] with Home = Home.Input 0 }
    let struct (steps, there) = some 2 (3 + dice.Below 6) [ input ]
    struct (slots.ToArray(), steps, Array.init 3 (fun _ -> at (pick there)))

let private plans = test "plans of random steps hold" {
    for seed in firstSeed .. firstSeed + cases 400 - 1 do
        let struct (slots, steps, outputs) = draw (Dice seed)
        let plan = ArenaPlan.memory slots (ArenaPlan.lifetimes slots steps outputs)

        try
            VerifyMemory.plan slots steps outputs (Array.create outputs.Length -1) plan
        with e ->
            failtest $"seed {seed}: {e.Message}"
}

let private many =
    testList "places for very many slots" [
        for count in [ 1; 10; 300 ] do
            test $"{count} never meet" {
                for seed in firstSeed .. firstSeed + cases 20 - 1 do
                    let dice = Dice seed
                    let room = Array.init count (fun _ -> 16L * int64 (1 + dice.Below 9))
                    let moments = 1 + 2 * count

                    let lives =
                        Array.init count (fun _ ->
                            let first = dice.Below moments
                            struct (first, min (moments - 1) (first + dice.Below 12)))

                    let offsets = Array.create count -1L
                    let total = ArenaSweep.place [| 0 .. count - 1 |] room lives offsets

                    let at moment =
                        [| 0 .. count - 1 |]
                        |> Array.filter (fun i ->
                            let struct (first, last) = lives[i]
                            first <= moment && moment <= last)
                        |> Array.sortBy (fun i -> offsets[i])

                    for moment in 0 .. moments - 1 do
                        for i, j in Array.pairwise (at moment) do
                            Expect.isTrue (offsets[i] + room[i] <= offsets[j]) $"{i} and {j}, seed {seed}"

                    let needed =
                        [ 0 .. moments - 1 ]
                        |> List.map (fun m -> at m |> Array.sumBy (fun i -> room[i]))
                        |> List.max

                    Expect.isTrue (offsets |> Array.forall (fun at -> at >= 0L)) "all have a place"
                    let last = Array.map2 (+) offsets room |> Array.max
                    Expect.equal total last "the arena ends with the last of them"
                    Expect.isTrue (total <= needed * 3L / 2L + 64L) $"{total} for {needed}, seed {seed}"
            }
        test "one after the other, all are at the same place" {
            let count = 100_000
            let lives = Array.init count (fun i -> struct (2 * i, 2 * i + 1))
            let offsets = Array.create count -1L
            let total = ArenaSweep.place [| 0 .. count - 1 |] (Array.create count 64L) lives offsets
            Expect.equal total 64L "one place"
        }
        test "all at once, and freed in any order, are joined again" {
            // Quadratic work would be 10^10 steps.
            let count = 100_000
            let order = System.Random(7).GetItems([| 0..7 |], count)

            let lives =
                Array.append (Array.init count (fun i -> struct (0, 1 + order[i]))) [| struct (9, 9) |]

            let room = Array.append (Array.create count 16L) [| 16L * int64 count |]
            let offsets = Array.create (count + 1) -1L
            let total = ArenaSweep.place [| 0..count |] room lives offsets
            Expect.equal total (16L * int64 count) "the large one takes the place of the small ones"
            Expect.equal offsets[count] 0L "from the beginning"
        }
        test "more slots than are packed by size hold too" {
            for seed in 1..3 do
                let dice = Dice seed
                let slots = Array.init 3000 (fun _ -> { slot with Count = dice.Pick [ 1; 16; 40; 100 ] })
                let at s = Layout.contiguous s [| slots[s].Count |]

                let steps =
                    Array.init 3000 (fun i ->
                        let read = if i = 0 then [||] else [| at (max 0 (i - 1 - dice.Below 40)) |]
                        Step.Engine(Primitive.Unary Unary.Sin, read, [| ValueSome(at i) |]))

                let outputs = [| at 2999 |]
                let plan = ArenaPlan.memory slots (ArenaPlan.lifetimes slots steps outputs)
                VerifyMemory.plan slots steps outputs [| -1 |] plan
                Expect.isLessThan plan.Bytes (int64 (100 * 8 * 100)) "they share"
        }
    ]

[<Tests>]
let tests = testList "ArenaPlan" [ spans; plans; many ]
