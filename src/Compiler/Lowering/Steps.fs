namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

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
    | Nest of LoopNest
    /// A product too large for a loop nest of ours: a library's, or a blocked one.
    | Product of a: View * b: View * target: View
    /// Random draws, straight into memory.
    | Draw of Draw * DType * keys: View * count: int * target: View
    /// Any primitive that is not emitted: the engine evaluates it. Where each of its results goes, if anybody reads it.
    | Engine of Primitive * inputs: View[] * targets: View voption[]
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

/// A program as steps on slots, and where its results are.
[<NoComparison; NoEquality>]
type internal Lowered = { Slots: Slot[]; Steps: Step[]; Outputs: View[] }

/// The slots that a step reads and those that it writes, inner steps included; some more than once.
[<NoComparison; NoEquality>]
type internal Touched = { Reads: ResizeArray<int>; Writes: ResizeArray<int> }

module internal Steps =
    let private pairs (into: Touched) (exchanged: struct (int * int)[]) =
        for struct (a, b) in exchanged do
            into.Reads.Add a
            into.Reads.Add b
            into.Writes.Add a
            into.Writes.Add b

    let rec private touch (into: Touched) (step: Step) : unit =
        let read (v: View) = into.Reads.Add v.Slot
        let write (v: View) = into.Writes.Add v.Slot

        match step with
        | Step.Nest k ->
            for i in k.Body do
                match Instruction.loaded i with
                | ValueSome a -> into.Reads.Add a.Slot
                | ValueNone -> ()

            for a, _ in k.Stores do
                into.Writes.Add a.Slot
        | Step.Product(a, b, target) ->
            read a
            read b
            write target
        | Step.Draw(_, _, keys, _, target) ->
            read keys
            write target
        | Step.Engine(_, inputs, targets) ->
            Array.iter read inputs

            for target in targets do
                ValueOption.iter write target
        | Step.Scan s ->
            touchAll into s.Body
            pairs into s.Carry

            for struct (slot, whole, _) in s.Slices do
                pairs into [| struct (slot, whole.Slot) |]
        | Step.While w ->
            touchAll into w.Condition
            touchAll into w.Round
            pairs into w.State
            read w.Test
        | Step.Cond(test, onTrue, onFalse) ->
            read test
            touchAll into onTrue
            touchAll into onFalse

    and private touchAll (into: Touched) (steps: Step[]) =
        for step in steps do
            touch into step

    /// Whether a step holds no other steps.
    let isSimple (step: Step) =
        match step with
        | Step.Nest _
        | Step.Product _
        | Step.Draw _
        | Step.Engine _ -> true
        | Step.Scan _
        | Step.While _
        | Step.Cond _ -> false

    let all (steps: Step[]) : Touched =
        let touched = { Reads = ResizeArray(); Writes = ResizeArray() }
        touchAll touched steps
        touched

    let slots (step: Step) : Touched = all [| step |]
