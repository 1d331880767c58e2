namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// One lane operation as instructions of .NET's intermediate language; its operands lie on the evaluation stack.

open System
open System.Reflection
open System.Reflection.Emit

/// Writes instructions that work on vectors of one width.
[<Sealed>]
type internal Instructions(il: ILGenerator) =

    let call (m: MethodInfo) = il.Emit(OpCodes.Call, m)

    member _.IL = il

    member _.Call(m: MethodInfo) = call m

    member _.Whole(value: int64, e: Element) =
        if e.Size = 4 then il.Emit(OpCodes.Ldc_I4, int value) else il.Emit(OpCodes.Ldc_I8, value)

    /// A number in every lane; the compiler of .NET keeps it in memory beside the code.
    member x.Constant(w: Width, e: Element, bits: int64) =
        match e with
        | Element.F32 -> il.Emit(OpCodes.Ldc_R4, BitConverter.Int32BitsToSingle(int bits))
        | Element.F64 -> il.Emit(OpCodes.Ldc_R8, BitConverter.Int64BitsToDouble bits)
        | Element.I32
        | Element.I64 -> x.Whole(bits, e)

        call (w.Broadcast e)

    /// A whole number for each lane.
    member x.Constants(w: Width, e: Element, lane: int -> int64) =
        for i in 0 .. w.Bits / 8 / e.Size - 1 do
            x.Whole(lane i, e)

        call (w.Assemble e)

    /// Reads one element from the address on the stack.
    member _.LoadElement(e: Element) =
        match e with
        | Element.F32 -> il.Emit OpCodes.Ldind_R4
        | Element.F64 -> il.Emit OpCodes.Ldind_R8
        | Element.I32 -> il.Emit OpCodes.Ldind_I4
        | Element.I64 -> il.Emit OpCodes.Ldind_I8

    member _.StoreElement(e: Element) =
        match e with
        | Element.F32 -> il.Emit OpCodes.Stind_R4
        | Element.F64 -> il.Emit OpCodes.Stind_R8
        | Element.I32 -> il.Emit OpCodes.Stind_I4
        | Element.I64 -> il.Emit OpCodes.Stind_I8

    member _.Zero(e: Element) =
        match e with
        | Element.F32 -> il.Emit(OpCodes.Ldc_R4, 0.0f)
        | Element.F64 -> il.Emit(OpCodes.Ldc_R8, 0.0)
        | Element.I32 -> il.Emit OpCodes.Ldc_I4_0
        | Element.I64 -> il.Emit(OpCodes.Ldc_I8, 0L)

    member _.LoadVector(w: Width, e: Element) = il.Emit(OpCodes.Ldobj, w.Vector e)
    member _.StoreVector(w: Width, e: Element) = il.Emit(OpCodes.Stobj, w.Vector e)

    member _.Cast(w: Width, source: Element, target: Element) =
        if source <> target then call (w.Cast(source, target))

    member x.Lane(w: Width, e: Element, index: int) =
        il.Emit(OpCodes.Ldc_I4, index)
        call (w.GetElement e)

    /// Folds the two vectors on the stack into one.
    member _.Fold(w: Width, op: Op, e: Element) =
        let name =
            match op with
            | Op.Sum -> "Add"
            | Op.Largest -> "Max"
            | Op.Smallest -> "Min"
            | Op.Any -> "BitwiseOr"
            | Op.All -> "BitwiseAnd"
            | _ -> invalidOp $"{op} folds nothing."

        call (w.Of(name, e, 2))

    /// Folds the lanes of the vector on the stack into a number, and puts that into every lane. Each step folds one
    /// half of the lanes with the other.
    member x.FoldLanes(w: Width, op: Op, e: Element, local: Width -> LocalBuilder) =
        let mutable narrow = w

        while narrow.Bits > 128 do
            let half = Width.OfBits(narrow.Bits / 2)
            let whole = local narrow
            il.Emit(OpCodes.Stloc, whole)
            il.Emit(OpCodes.Ldloc, whole)
            call (narrow.Of("GetLower", e, 1))
            il.Emit(OpCodes.Ldloc, whole)
            call (narrow.Of("GetUpper", e, 1))
            x.Fold(half, op, e)
            narrow <- half

        let mutable lanes = 16 / e.Size

        while lanes > 1 do
            let half = lanes / 2
            let whole = local narrow
            il.Emit(OpCodes.Stloc, whole)
            il.Emit(OpCodes.Ldloc, whole)
            il.Emit(OpCodes.Ldloc, whole)
            x.Constants(narrow, e.Whole, (fun i -> int64 (i ^^^ half)))
            call (narrow.Shuffle e)
            x.Fold(narrow, op, e)
            lanes <- half

        call (narrow.Of("ToScalar", e, 1))
        call (w.Broadcast e)

    /// An operation on the operands that `push` puts on the stack.
    member x.Operation(nodes: Node[], node: Node, push: int -> unit) =
        let w = Width.OfBits node.Bits
        let e = node.Element

        let two name =
            push node.A
            push node.B
            call (w.Of(name, e, 2))

        let one name =
            push node.A
            call (w.Of(name, e, 1))

        let shift name =
            push node.A
            il.Emit(OpCodes.Ldc_I4, int node.Immediate)
            call (w.Shift(name, e))

        let compare name =
            let operand = nodes[node.A].Element
            push node.A
            push node.B
            call (w.Of(name, operand, 2))
            x.Cast(w, operand, e)

        /// From vectors of one width to the other.
        let between (from: Width) name operands (upper: string) =
            let source = nodes[node.A].Element
            push node.A
            if operands = 2 then push node.B
            call (from.Other(name + upper, source, Array.create operands (from.Vector source)))

        match node.Op with
        | Op.Constant -> x.Constant(w, e, node.Immediate)
        | Op.Sqrt -> one "Sqrt"
        | Op.Floor -> one "Floor"
        | Op.Ceiling -> one "Ceiling"
        | Op.Round -> one "Round"
        | Op.Truncate -> one "Truncate"
        | Op.Not -> one "OnesComplement"
        | Op.Bits ->
            push node.A
            x.Cast(w, nodes[node.A].Element, e)
        | Op.ToReal ->
            push node.A
            let name = if e.Size = 4 then "ConvertToSingle" else "ConvertToDouble"
            call (w.Other(name, e.Whole, [| w.Vector e.Whole |]))
        | Op.ToWhole ->
            push node.A
            let name = if e.Size = 4 then "ConvertToInt32" else "ConvertToInt64"
            call (w.Other(name, e.Real, [| w.Vector e.Real |]))
        | Op.WidenLower -> between w "WidenLower" 1 ""
        | Op.WidenUpper -> between w "WidenUpper" 1 ""
        | Op.Narrow -> between w "Narrow" 2 ""
        | Op.Widen ->
            let half = Width.OfBits(node.Bits / 2)
            let source = nodes[node.A].Element
            push node.A
            call (half.Other($"ToVector{node.Bits}Unsafe", source, [| half.Vector source |]))
            call (w.Other("WidenLower", source, [| w.Vector source |]))
        | Op.NarrowHalf ->
            let double = Width.OfBits(node.Bits * 2)
            let source = nodes[node.A].Element
            push node.A
            x.Constant(double, source, 0L)
            call (double.Other("Narrow", source, [| double.Vector source; double.Vector source |]))
            call (double.Of("GetLower", e, 1))
        | Op.ShiftLeft -> shift "ShiftLeft"
        | Op.ShiftRight -> shift "ShiftRightLogical"
        | Op.ShiftRightSigned -> shift "ShiftRightArithmetic"
        | Op.Add -> two "Add"
        | Op.Subtract -> two "Subtract"
        | Op.Multiply -> two "Multiply"
        | Op.Divide -> two "Divide"
        | Op.Max -> two "Max"
        | Op.Min -> two "Min"
        | Op.MaxNative -> two "MaxNative"
        | Op.MinNative -> two "MinNative"
        | Op.And -> two "BitwiseAnd"
        | Op.Or -> two "BitwiseOr"
        | Op.Xor -> two "Xor"
        | Op.AndNot -> two "AndNot"
        | Op.Equal -> compare "Equals"
        | Op.Less -> compare "LessThan"
        | Op.LessEqual -> compare "LessThanOrEqual"
        | Op.Select ->
            push node.A
            x.Cast(w, e.Whole, e)
            push node.B
            push node.C
            call (w.Of("ConditionalSelect", e, 3))
        | Op.MultiplyAdd ->
            push node.A
            push node.B
            push node.C
            call (w.Of("MultiplyAddEstimate", e, 3))
        | Op.NegatedMultiplyAdd ->
            push node.A
            call (w.Of("Negate", e, 1))
            push node.B
            push node.C
            call (w.Of("MultiplyAddEstimate", e, 3))
        | Op.MultiplySubtract ->
            push node.A
            push node.B
            push node.C
            call (w.Of("Negate", e, 1))
            call (w.Of("MultiplyAddEstimate", e, 3))
        | Op.Load
        | Op.LoadBool
        | Op.Index
        | Op.Guard
        | Op.Sum
        | Op.Largest
        | Op.Smallest
        | Op.All
        | Op.Any -> invalidOp $"{node.Op} is not an operation on operands."
