namespace Cotangent.Compiler

open Cotangent

/// Where a slot's memory comes from.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Home =
    /// Planned: a part of the arena of its dtype.
    | Arena
    | Input of int
    /// Made for each call.
    | Output of int
    | Constant of HostBuffer
    /// A slice of another slot's memory that moves as a loop goes on.
    | Slice

/// Memory that steps read and write.
[<NoComparison; NoEquality>]
type internal Slot = { DType: DType; Count: int; Home: Home }

/// What a plan does, one step after the other.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Step =
    /// A loop nest in machine code.
    | Nest of Kernel
    /// A product too large for a loop nest of ours: a library's, or a blocked one.
    | Product of a: View * b: View * target: View
    /// Random draws, straight into memory.
    | Draw of Draw * DType * keys: View * count: int * target: View
    /// Any primitive that is not emitted: the engine evaluates it.
    | Engine of Primitive * inputs: View[] * target: View
    | Scan of ScanStep
    | While of WhileStep
    | Cond of test: View * onTrue: Step[] * onFalse: Step[]

and [<NoComparison; NoEquality>] internal ScanStep = {
    Count: int
    Reverse: bool
    Body: Step[]
    /// Slots of the carry as a round finds it and as it leaves it: they change places after each.
    Carry: struct (int * int)[]
    /// Slots that hold the slice of a round, and whose slice: one element of the outer axis takes so many elements.
    Slices: struct (int * View * int)[]
}

and [<NoComparison; NoEquality>] internal WhileStep = {
    Condition: Step[]
    Test: View
    Round: Step[]
    State: struct (int * int)[]
}

module internal Steps =
    /// The slots that a step reads and those that it writes, inner steps included.
    let rec slots (step: Step) : struct (int seq * int seq) =
        match step with
        | Step.Nest k ->
            let reads =
                k.Body
                |> Seq.choose (fun i ->
                    match i with
                    | Instruction.Load(_, a) -> Some a.Slot
                    | Instruction.Constant _
                    | Instruction.Position _
                    | Instruction.Unary _
                    | Instruction.Binary _
                    | Instruction.Select _
                    | Instruction.Convert _
                    | Instruction.Reduce _ -> None)

            struct (reads, k.Stores |> Seq.map (fun (a, _) -> a.Slot))
        | Step.Product(a, b, target) -> struct (seq [ a.Slot; b.Slot ], Seq.singleton target.Slot)
        | Step.Draw(_, _, keys, _, target) -> struct (Seq.singleton keys.Slot, Seq.singleton target.Slot)
        | Step.Engine(_, inputs, target) ->
            struct (inputs |> Seq.map (fun (v: View) -> v.Slot), Seq.singleton target.Slot)
        | Step.Scan s ->
            let struct (reads, writes) = all s.Body
            let sources = s.Slices |> Seq.map (fun (struct (_, v, _)) -> v.Slot)
            let carry = s.Carry |> Seq.collect (fun (struct (a, b)) -> [ a; b ])
            let moving = s.Slices |> Seq.map (fun (struct (slot, _, _)) -> slot)

            struct (Seq.concat [ reads; sources; carry; moving ],
                    Seq.concat [ writes; carry; sources; moving ])
        | Step.While w ->
            let struct (reads, writes) = all (Array.append w.Condition w.Round)
            let state = w.State |> Seq.collect (fun (struct (a, b)) -> [ a; b ])
            struct (Seq.concat [ reads; state; Seq.singleton w.Test.Slot ], Seq.append writes state)
        | Step.Cond(test, onTrue, onFalse) ->
            let struct (reads, writes) = all (Array.append onTrue onFalse)
            struct (Seq.append (Seq.singleton test.Slot) reads, writes)

    and all (steps: Step[]) : struct (int seq * int seq) =
        let parts = steps |> Array.map slots

        struct (parts |> Seq.collect (fun (struct (r, _)) -> r),
                parts |> Seq.collect (fun (struct (_, w)) -> w))
