namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Lane operations as instructions of .NET's intermediate language; operands lie on the evaluation stack.

open System
open System.Collections.Generic
open System.Reflection
open System.Reflection.Emit

/// Writes into a method. `constants` is a local that holds the address of the pool of constants.
[<Sealed>]
type internal Instructions(il: ILGenerator, constants: LocalBuilder) =

    let free = Dictionary<Type, List<LocalBuilder>>()

    member _.IL = il
    member _.Call(m: MethodInfo) = il.Emit(OpCodes.Call, m)
    member _.Load(local: LocalBuilder) = il.Emit(OpCodes.Ldloc, local)
    member _.Store(local: LocalBuilder) = il.Emit(OpCodes.Stloc, local)

    // Locals, used again when their value is no longer needed: with one for each value the compiler of .NET would keep
    // too many alive.

    member _.Take(t: Type) : LocalBuilder =
        match free.TryGetValue t with
        | true, list when list.Count > 0 ->
            let local = list[list.Count - 1]
            list.RemoveAt(list.Count - 1)
            local
        | _ -> il.DeclareLocal t

    member _.GiveBack(local: LocalBuilder) =
        match free.TryGetValue local.LocalType with
        | true, list -> list.Add local
        | _ ->
            let list = List<LocalBuilder>()
            list.Add local
            free.Add(local.LocalType, list)

    /// The address of the pool of constants into its local.
    member x.LoadConstants() =
        il.Emit(OpCodes.Ldc_I8, int64 ConstantPool.address)
        il.Emit OpCodes.Conv_I
        il.Emit OpCodes.Ldind_I
        x.Store constants

    member x.TakeVector(w: Width, e: Element) = x.Take(w.Vector e)

    /// Adds a number of bytes to the address on the stack.
    member _.AddBytes(bytes: int64) =
        if bytes <> 0L then
            if bytes = int64 (int bytes) then
                il.Emit(OpCodes.Ldc_I4, int bytes)
            else
                il.Emit(OpCodes.Ldc_I8, bytes)

            il.Emit OpCodes.Conv_I
            il.Emit OpCodes.Add

    member _.Whole(value: int64, e: Element) =
        if Element.size e = 4 then
            il.Emit(OpCodes.Ldc_I4, int value)
        else
            il.Emit(OpCodes.Ldc_I8, value)

    member _.LoadElement(e: Element) =
        il.Emit(
            match e with
            | Element.F32 -> OpCodes.Ldind_R4
            | Element.F64 -> OpCodes.Ldind_R8
            | Element.I32 -> OpCodes.Ldind_I4
            | Element.I64 -> OpCodes.Ldind_I8
        )

    member _.StoreElement(e: Element) =
        il.Emit(
            match e with
            | Element.F32 -> OpCodes.Stind_R4
            | Element.F64 -> OpCodes.Stind_R8
            | Element.I32 -> OpCodes.Stind_I4
            | Element.I64 -> OpCodes.Stind_I8
        )

    member _.LoadVector(w: Width, e: Element) = il.Emit(OpCodes.Ldobj, w.Vector e)
    member _.StoreVector(w: Width, e: Element) = il.Emit(OpCodes.Stobj, w.Vector e)

    /// The number on the stack in every lane.
    member x.Broadcast(w: Width, e: Element) = x.Call(w.Generic("Create", e))

    /// The number on the stack in the first lane, 0 in the others.
    member x.First(w: Width, e: Element) = x.Call(w.Generic("CreateScalar", e))

    /// A constant in every lane.
    member x.Constant(w: Width, e: Element, bits: int64) =
        if bits = 0L then
            x.Call(w.Member("get_Zero", e))
        elif bits = -1L && not (Element.isFloat e) then
            x.Call(w.Member("get_AllBitsSet", e))
        else
            let at = ConstantPool.offset e bits

            if at >= 0 then
                x.Load constants
                x.AddBytes(int64 at)
                x.LoadVector(w, e)
            else
                match e with
                | Element.F32 -> il.Emit(OpCodes.Ldc_R4, BitConverter.Int32BitsToSingle(int bits))
                | Element.F64 -> il.Emit(OpCodes.Ldc_R8, BitConverter.Int64BitsToDouble bits)
                | Element.I32
                | Element.I64 -> x.Whole(bits, e)

                x.Broadcast(w, e)

    /// 0, 1, 2, …
    member x.Count(w: Width, e: Element) = x.Call(w.Member("get_Indices", e))

    member x.Cast(w: Width, source: Element, target: Element) =
        if source <> target then x.Call(w.Cast(source, target))

    /// A truth for the first lanes, as an element.
    member x.FirstLanes(w: Width, e: Element, count: int) =
        let at = ConstantPool.ofFirst e count

        if at >= 0 then
            x.Load constants
            x.AddBytes(int64 at)
            x.LoadVector(w, e)
        else
            let whole = Element.whole e
            x.Count(w, whole)
            x.Whole(int64 count, whole)
            x.Broadcast(w, whole)
            x.Call(w.Generic("LessThan", whole))
            x.Cast(w, whole, e)

    /// One lane of the vector on the stack.
    member x.Lane(w: Width, e: Element, lane: int) =
        if lane = 0 then
            x.Call(w.Generic("ToScalar", e))
        else
            il.Emit(OpCodes.Ldc_I4, lane)
            x.Call(w.Generic("GetElement", e))

    /// What is to be done with an operand after it was put on the stack.
    member x.After(nodes: LaneNode[], n: LaneNode, operand: int) =
        if n.Op = Op.Select && operand = 0 then
            x.Cast(Width.OfBits n.Bits, nodes[n.A].Element, n.Element)

        if n.Op = Op.NegatedMultiplyAdd && operand = 1 || n.Op = Op.MultiplySubtract && operand = 2 then
            x.Call(Width.OfBits(n.Bits).Generic("Negate", n.Element))

    /// Applies an operation to the operands on the stack, the first of which is of the given element.
    member x.Apply(n: LaneNode, operand: Element) =
        let w = Width.OfBits n.Bits
        let e = n.Element
        let generic name = x.Call(w.Generic(name, e))
        let overload name count = x.Call(w.Overload(name, e, count))

        let shift name =
            il.Emit(OpCodes.Ldc_I4, int n.Immediate)
            x.Call(w.Member(name, e))

        let compare name =
            x.Call(w.Generic(name, operand))
            x.Cast(w, operand, e)

        match n.Op with
        | Op.Sqrt -> generic "Sqrt"
        | Op.Floor -> overload "Floor" 1
        | Op.Ceiling -> overload "Ceiling" 1
        | Op.Round -> overload "Round" 1
        | Op.Truncate -> overload "Truncate" 1
        | Op.Not -> generic "OnesComplement"
        | Op.Bits -> x.Cast(w, operand, e)
        | Op.ToReal ->
            x.Call(w.Overload((if e = Element.F32 then "ConvertToSingle" else "ConvertToDouble"), operand, 1))
        | Op.ToWhole ->
            x.Call(w.Overload((if e = Element.I32 then "ConvertToInt32" else "ConvertToInt64"), operand, 1))
        | Op.WidenLower -> x.Call(w.Overload("WidenLower", operand, 1))
        | Op.WidenUpper -> x.Call(w.Overload("WidenUpper", operand, 1))
        | Op.Narrow -> x.Call(w.Overload("Narrow", operand, 2))
        | Op.Widen ->
            let half = Width.OfBits(n.Bits / 2)
            x.Call(half.Generic((if n.Bits = 256 then "ToVector256Unsafe" else "ToVector512Unsafe"), operand))
            x.Call(w.Overload("WidenLower", operand, 1))
        | Op.NarrowHalf ->
            let double = Width.OfBits(n.Bits * 2)
            x.Constant(double, operand, 0L)
            x.Call(double.Overload("Narrow", operand, 2))
            x.Call(double.Generic("GetLower", e))
        | Op.ShiftLeft -> shift "op_LeftShift"
        | Op.ShiftRight -> shift "op_UnsignedRightShift"
        | Op.ShiftRightSigned -> shift "op_RightShift"
        | Op.Add -> generic "Add"
        | Op.Subtract -> generic "Subtract"
        | Op.Multiply -> generic "Multiply"
        | Op.Divide -> generic "Divide"
        | Op.Max -> generic "Max"
        | Op.Min -> generic "Min"
        | Op.MaxNative -> generic "MaxNative"
        | Op.MinNative -> generic "MinNative"
        | Op.And -> generic "BitwiseAnd"
        | Op.Or -> generic "BitwiseOr"
        | Op.Xor -> generic "Xor"
        | Op.AndNot -> generic "AndNot"
        | Op.Equal -> compare "Equals"
        | Op.Less -> compare "LessThan"
        | Op.LessEqual -> compare "LessThanOrEqual"
        | Op.Select -> generic "ConditionalSelect"
        | Op.MultiplyAdd
        | Op.NegatedMultiplyAdd
        | Op.MultiplySubtract -> overload "FusedMultiplyAdd" 3
        | Op.Shorten ->
            x.Lane(Width.OfBits(int n.Immediate), e, 0)
            x.Broadcast(w, e)
        | Op.Spread ->
            x.Lane(Width.OfBits 128, e, 0)
            x.Broadcast(w, e)
        | Op.Load
        | Op.LoadBool
        | Op.Constant
        | Op.Index
        | Op.Guard
        | Op.Sum
        | Op.Largest
        | Op.Smallest
        | Op.All
        | Op.Any
        | Op.FirstWords
        | Op.LastWords -> invalidOp $"{n.Op} is not an operation on operands."

    /// Folds the two vectors on the stack into one.
    member x.Fold(w: Width, op: Op, e: Element) =
        x.Call(
            w.Generic(
                (match Op.fold op with
                 | Fold.Sum -> "Add"
                 | Fold.Largest -> "Max"
                 | Fold.Smallest -> "Min"
                 | Fold.Any -> "BitwiseOr"
                 | Fold.All -> "BitwiseAnd"),
                e
            )
        )
