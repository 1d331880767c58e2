namespace Cotangent.Compiler

open Cotangent

/// Where a loop nest reads or writes: element `Offset + i₀·Strides[0] + i₁·Strides[1] + …` of the memory that a slot
/// points to, with one stride (in elements) for each axis of the nest.
type internal Access = { Slot: int; Offset: int; Strides: int[] }

/// What a kernel computes at each point of its nest. Arguments are the numbers of earlier instructions. Bool values are
/// masks; they live in registers only.
[<RequireQualifiedAccess; NoComparison>]
type internal Instruction =
    | Load of DType * Access
    | Constant of Literal * DType
    /// The index of the point along an axis, times a step, plus a start: where an iota is read through a view.
    | Position of DType * axis: int * start: int * step: int
    | Unary of Unary * int
    | Binary of Binary * int * int
    /// condition, value where true, value where false
    | Select of int * int * int
    | Convert of DType * int
    /// A number that an Int64 key draws: the one of an Int64 index.
    | Draw of Draw * DType * key: int * index: int
    /// Folds a value over the reduced axes. What depends on it runs once for each point of the other axes. The value
    /// folded may not depend on another Reduce.
    | Reduce of Reduction * int

/// A loop nest: what fusion makes of a group of primitives, and emission turns into machine code.
[<NoComparison>]
type internal LoopNest = {
    /// Sizes, outermost first.
    Axes: int[]
    /// How many of the last axes are folded by Reduce; 0 for an elementwise kernel.
    Reduced: int
    /// Each in terms of those before it.
    Body: Instruction[]
    /// Where which instruction's value goes; once for each point of the axes that are not reduced (strides along the
    /// reduced ones are 0).
    Stores: (Access * int)[]
}

module internal Instruction =
    /// The same instruction with other arguments.
    let map (f: int -> int) (instruction: Instruction) =
        match instruction with
        | Instruction.Load _
        | Instruction.Constant _
        | Instruction.Position _ -> instruction
        | Instruction.Unary(op, a) -> Instruction.Unary(op, f a)
        | Instruction.Binary(op, a, b) -> Instruction.Binary(op, f a, f b)
        | Instruction.Select(c, a, b) -> Instruction.Select(f c, f a, f b)
        | Instruction.Convert(dtype, a) -> Instruction.Convert(dtype, f a)
        | Instruction.Draw(draw, dtype, key, index) -> Instruction.Draw(draw, dtype, f key, f index)
        | Instruction.Reduce(kind, a) -> Instruction.Reduce(kind, f a)

    let arguments (instruction: Instruction) =
        match instruction with
        | Instruction.Load _
        | Instruction.Constant _
        | Instruction.Position _ -> []
        | Instruction.Unary(_, a)
        | Instruction.Convert(_, a)
        | Instruction.Reduce(_, a) -> [ a ]
        | Instruction.Binary(_, a, b)
        | Instruction.Draw(_, _, a, b) -> [ a; b ]
        | Instruction.Select(c, a, b) -> [ c; a; b ]

    /// Where it reads, if it loads.
    let loaded (i: Instruction) : Access voption =
        match i with
        | Instruction.Load(_, access) -> ValueSome access
        | Instruction.Constant _
        | Instruction.Position _
        | Instruction.Unary _
        | Instruction.Binary _
        | Instruction.Select _
        | Instruction.Convert _
        | Instruction.Draw _
        | Instruction.Reduce _ -> ValueNone

    /// Whether it loads, and that holds of where it reads.
    let loads (holds: Access -> bool) (i: Instruction) : bool =
        match loaded i with
        | ValueSome access -> holds access
        | ValueNone -> false

    /// The same, reading elsewhere if it loads.
    let from (access: Access -> Access) (i: Instruction) : Instruction =
        match i with
        | Instruction.Load(dtype, a) -> Instruction.Load(dtype, access a)
        | Instruction.Constant _
        | Instruction.Position _
        | Instruction.Unary _
        | Instruction.Binary _
        | Instruction.Select _
        | Instruction.Convert _
        | Instruction.Draw _
        | Instruction.Reduce _ -> i

    /// Roughly how long code is, in operations; the generator of random numbers takes many.
    let length (body: Instruction[]) : int =
        let mutable n = body.Length

        for i in body do
            if i.IsDraw then n <- n + 40

        n

/// The body of a kernel as it is put together: equal instructions are one.
[<Sealed>]
type internal InstructionList() =
    let body = ResizeArray<Instruction>()

    member _.Count = body.Count
    member _.Item(i: int) = body[i]

    // Bodies are short: to look through them takes less than to make keys.
    member _.Add(instruction: Instruction) : int =
        let mutable i = 0

        while i < body.Count && not (body[i].Equals instruction) do
            i <- i + 1

        if i = body.Count then body.Add instruction
        i

    member _.ToArray() = body.ToArray()

module internal LoopNest =
    /// Points up to which a call weighs more than the work: nests of so few are worth joining to others that they have nothing in common
    /// with, and copies of so few elements are nests.
    [<Literal>]
    let Small = 4096
