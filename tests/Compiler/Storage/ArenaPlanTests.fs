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
    for seed in firstSeed .. firstSeed + 400 * effort - 1 do
        let struct (slots, steps, outputs) = draw (Dice seed)
        let plan = ArenaPlan.memory slots (ArenaPlan.lifetimes slots steps outputs)

        try
            VerifyMemory.plan slots steps outputs (Array.create outputs.Length -1) plan
        with e ->
            failtest $"seed {seed}: {e.Message}"
}

[<Tests>]
let tests = testList "ArenaPlan" [ spans; plans ]
