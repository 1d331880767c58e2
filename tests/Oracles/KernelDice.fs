/// Random kernels from a seed, and memory for them in which nothing else can be read or written unseen.
module internal Cotangent.Tests.KernelDice

open System
open System.Runtime.InteropServices
open FSharp.NativeInterop
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Dice

[<DllImport("libc", EntryPoint = "mmap")>]
extern nativeint private map(
    nativeint address,
    unativeint length,
    int protection,
    int flags,
    int file,
    nativeint offset
)

[<DllImport("libc", EntryPoint = "mprotect")>]
extern int private protect(nativeint address, unativeint length, int protection)

[<DllImport("libc", EntryPoint = "munmap")>]
extern int private unmap(nativeint address, unativeint length)

/// Memory of a slot. On Linux it ends (or begins) at a page that can't be touched: whoever reads beyond it brings the
/// process down.
[<Sealed>]
type Block(bytes: int, atEnd: bool) =
    let page = 4096
    let pages = (bytes + page - 1) / page + 2
    let guarded = OperatingSystem.IsLinux()

    let whole =
        if guarded then
            let m = map (0n, unativeint (pages * page), 3, 0x22, -1, 0n)
            if m = -1n then failwith "No memory to map."
            protect (m, unativeint page, 0) |> ignore
            protect (m + nativeint ((pages - 1) * page), unativeint page, 0) |> ignore
            m
        else
            Marshal.AllocHGlobal(pages * page)

    let start = if atEnd then whole + nativeint ((pages - 1) * page - bytes) else whole + nativeint page

    member _.Address = start
    member _.Bytes = bytes
    member _.Span = Span<byte>(NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte> start), bytes)

    interface IDisposable with
        member _.Dispose() =
            if guarded then
                unmap (whole, unativeint (pages * page)) |> ignore
            else
                Marshal.FreeHGlobal whole

/// A slot: how many elements of which dtype.
type Slot = { DType: DType; Length: int }

type Case = { Kernel: LoopNest; Slots: Slot list; Special: bool }

/// Strides and offset of a layout without overlaps along the given axes, and the number of elements it spans.
let private layout (dice: Dice) (axes: int[]) (along: int -> bool) (mayRepeat: bool) =
    let strides: int[] = Array.zeroCreate axes.Length
    let mutable extent = 1
    let mutable offset = 0
    let order = if dice.Chance 0.5 then Array.rev [| 0 .. axes.Length - 1 |] else dice.Order axes.Length

    for axis in order do
        if along axis && not (mayRepeat && dice.Chance 0.3) then
            let step = extent * (if dice.Chance 0.1 then 2 else 1)
            let reach = step * max 0 (axes[axis] - 1)

            if dice.Chance 0.1 then
                strides[axis] <- -step
                offset <- offset + reach
            else
                strides[axis] <- step

            extent <- step * max 1 axes[axis]

    let before = if dice.Chance 0.3 then dice.Below 4 else 0
    strides, offset + before, extent + before + (if dice.Chance 0.3 then dice.Below 4 else 0)

let private sizes = [ 1; 1; 2; 3; 4; 5; 7; 8; 9; 10; 12; 15; 16; 17; 31; 33 ]

/// A kernel whose numbers are whole and small, so that every order of additions gives the same.
let draw (seed: int) (dtypes: DType list) : Case =
    let dice = Dice seed
    let rank = dice.Below 5
    let axes = Array.init rank (fun _ -> if dice.Chance 0.02 then 0 else dice.Pick sizes)
    // Not too many points.
    while Array.fold (*) 1 axes > 20000 do
        axes[dice.Below rank] <- 1 + dice.Below 3

    let reduced = if dice.Chance 0.5 then 0 else dice.Below(rank + 1)
    let kept = rank - reduced
    let points = max 1 (Array.fold (*) 1 axes[kept..])
    let slots = ResizeArray<Slot>()
    let body = ResizeArray<Instruction>()
    let types = ResizeArray<DType>()
    let bounds = ResizeArray<float>()
    // Along reduced axes; after a fold.
    let inner = ResizeArray<bool>()
    let late = ResizeArray<bool>()
    let special = dice.Chance 0.2

    let add instruction dtype bound isInner isLate =
        body.Add instruction
        types.Add dtype
        bounds.Add bound
        inner.Add isInner
        late.Add isLate
        body.Count - 1

    let numbers = dtypes |> List.filter (fun d -> d <> DType.Bool)

    for _ in 0 .. dice.Below 4 do
        let dtype = dice.Pick dtypes
        let isInner = dice.Chance 0.7
        let strides, offset, length = layout dice axes (fun axis -> isInner || axis < kept) true
        slots.Add { DType = dtype; Length = length }
        let access = { Slot = slots.Count - 1; Offset = offset; Strides = strides }
        let along = Array.exists ((<>) 0) strides[kept..]
        add (Instruction.Load(dtype, access)) dtype 4.0 along false |> ignore

    let where predicate = seq { 0 .. body.Count - 1 } |> Seq.filter predicate |> List.ofSeq
    let limit = 4e6

    /// Numbers that a value draws, and small whole ones made of them: only those may be added up, in whatever order.
    let drawn key =
        let isPlaced = rank > 0 && dice.Chance 0.7
        let axis = if isPlaced then dice.Below rank else 0
        let isInner = inner[key] || isPlaced && axis >= kept

        if not (isInner && late[key]) then
            let index =
                if isPlaced then
                    Instruction.Position(DType.Int64, axis, dice.Below 3, dice.Below 3)
                else
                    Instruction.Constant(Literal.Whole(int64 (dice.Below 9)), DType.Int64)

            let at = add index DType.Int64 infinity (isPlaced && axis >= kept) false

            for _ in 0 .. dice.Below 2 do
                let dtype = dice.Pick numbers

                let kind =
                    if dtype.IsFloat then Draw.Uniform
                    elif dtype = DType.Int64 then dice.Pick [ Draw.Bits; Draw.Keys ]
                    else Draw.Bits

                let numbered instruction bound = add instruction dtype bound isInner late[key]
                let constant value = add (Instruction.Constant(value, dtype)) dtype 8.0 false false
                let d = numbered (Instruction.Draw(kind, dtype, key, at)) infinity

                if dtype.IsFloat then
                    let eight = constant (Literal.Real 8.0)
                    let scaled = numbered (Instruction.Binary(Binary.Multiply, d, eight)) infinity
                    numbered (Instruction.Unary(Unary.Floor, scaled)) 8.0 |> ignore
                else
                    let seven = constant (Literal.Whole 7L)
                    numbered (Instruction.Binary(Binary.And, d, seven)) 8.0 |> ignore

    let step () =
        let x = dice.Below body.Count
        let dtype, bound = types[x], bounds[x]
        let alike = where (fun i -> types[i] = dtype)
        let y = dice.Pick alike
        let isInner, isLate = inner[x] || inner[y], late[x] || late[y]

        // What mixes folds with values along reduced axes has no place.
        if not (isInner && isLate) then
            let unary op = add (Instruction.Unary(op, x)) dtype bound inner[x] late[x] |> ignore

            let binary op result bound =
                if bound <= limit then
                    add (Instruction.Binary(op, x, y)) result bound isInner isLate |> ignore

            if dtype = DType.Int64 && dice.Chance 0.2 then
                drawn x
            elif dtype = DType.Bool then
                match dice.Below 9 with
                | 0 -> unary Unary.Not
                | 1 -> binary Binary.And DType.Bool 1.0
                | 2 -> binary Binary.Or DType.Bool 1.0
                | 3 -> binary Binary.Xor DType.Bool 1.0
                | 4 -> binary Binary.Equal DType.Bool 1.0
                | 5 -> binary Binary.Less DType.Bool 1.0
                | 6 -> binary Binary.LessEqual DType.Bool 1.0
                | 7 -> binary Binary.Max DType.Bool 1.0
                | _ ->
                    let target = dice.Pick numbers
                    add (Instruction.Convert(target, x)) target 1.0 inner[x] late[x] |> ignore
            else
                match dice.Below 20 with
                | 0 -> unary Unary.Negate
                | 1 -> unary Unary.Abs
                | 2 -> unary Unary.Sign
                | 3 -> unary Unary.Relu
                | 4
                | 5
                | 6 -> binary Binary.Add dtype (bound + bounds[y])
                | 7
                | 8 -> binary Binary.Subtract dtype (bound + bounds[y])
                | 9
                | 10
                | 11 -> binary Binary.Multiply dtype (bound * bounds[y])
                | 12 -> binary Binary.Max dtype (max bound bounds[y])
                | 13 -> binary Binary.Min dtype (max bound bounds[y])
                | 14 -> binary Binary.Less DType.Bool 1.0
                | 15 -> binary Binary.Equal DType.Bool 1.0
                | 16 ->
                    match where (fun i -> types[i] = DType.Bool) with
                    | [] -> ()
                    | truths ->
                        let c = dice.Pick truths

                        if not ((inner[c] || isInner) && (late[c] || isLate)) then
                            let bound = max bound bounds[y]

                            add
                                (Instruction.Select(c, x, y))
                                dtype
                                bound
                                (inner[c] || isInner)
                                (late[c] || isLate)
                            |> ignore
                | 17 ->
                    let target = dice.Pick dtypes

                    if
                        not (special && (dtype.IsFloat && target.IsInteger))
                        && not (dtype = DType.Int64 && target = DType.Float32)
                    then
                        let bound = if target = DType.Bool then 1.0 else bound
                        add (Instruction.Convert(target, x)) target bound inner[x] late[x] |> ignore
                | 18 ->
                    if rank > 0 then
                        let axis = dice.Below rank
                        let start, step = dice.Below 5 - 2, dice.Below 5 - 2
                        let bound = 2.0 + 2.0 * float axes[axis]

                        add (Instruction.Position(dtype, axis, start, step)) dtype bound (axis >= kept) false
                        |> ignore
                | _ ->
                    let value = float (dice.Below 7 - 3)
                    let literal = if dtype.IsFloat then Literal.Real value else Literal.Whole(int64 value)
                    add (Instruction.Constant(literal, dtype)) dtype 3.0 false false |> ignore

    for _ in 0 .. dice.Below 12 do
        step ()

    if reduced > 0 then
        for _ in 0 .. dice.Below 3 do
            match where (fun i -> not late[i]) with
            | [] -> ()
            | early ->
                let x = dice.Pick early

                let kind =
                    if types[x] = DType.Bool then dice.Pick [ Reduction.Max; Reduction.Min ]
                    elif Array.contains 0 axes then Reduction.Sum
                    else dice.Pick [ Reduction.Sum; Reduction.Sum; Reduction.Max; Reduction.Min ]

                let bound = if kind = Reduction.Sum then bounds[x] * float points else bounds[x]

                if bound <= limit && not (types[x] = DType.Bool && Array.contains 0 axes) then
                    add (Instruction.Reduce(kind, x)) types[x] bound false true |> ignore

        for _ in 0 .. dice.Below 6 do
            step ()

    let storable = where (fun i -> not inner[i])

    let stores = [|
        if not storable.IsEmpty then
            for _ in 0 .. dice.Below 3 do
                let i =
                    dice.Pick(
                        if dice.Chance 0.6 then
                            storable |> List.rev |> List.take (min 3 storable.Length)
                        else
                            storable
                    )

                let strides, offset, length = layout dice axes (fun axis -> axis < kept) false
                slots.Add { DType = types[i]; Length = length }
                { Slot = slots.Count - 1; Offset = offset; Strides = strides }, i
    |]

    /// Whether an access finds another element at every kept point, and no other instruction looks there.
    let owns (access: Access) =
        let alone =
            Seq.length (
                Seq.filter
                    (fun instruction ->
                        match instruction with
                        | Instruction.Load(_, other) -> other.Slot = access.Slot
                        | _ -> false)
                    body
            )
                =
                1

        alone
        && Seq.forall
            (fun axis -> axes[axis] = 1 || (access.Strides[axis] <> 0) = (axis < kept))
            (seq { 0 .. rank - 1 })

    // In place of what was loaded, sometimes.
    if stores.Length > 0 && dice.Chance 0.3 then
        let _, value = stores[0]

        for instruction in body do
            match instruction with
            | Instruction.Load(dtype, access) when dtype = types[value] && owns access ->
                stores[0] <- access, value
            | _ -> ()

    {
        Kernel = { Axes = axes; Reduced = reduced; Body = body.ToArray(); Stores = stores }
        Slots = List.ofSeq slots
        Special = special
    }
