/// What a loop nest means, point by point and number by number: an oracle for emitted code, and a target of its own. Floats
/// are computed in Float64 and rounded to their dtype after each instruction.
module internal Cotangent.Tests.NestInterpreter

open Cotangent.Compiler
open Cotangent.Compiler.Emission
open System
open FSharp.NativeInterop
open Cotangent

/// Rounded or wrapped around as the dtype does.
let private fit (dtype: DType) (x: Literal) =
    match dtype with
    | DType.Float64 -> Literal.Real(Oracle.real x)
    | DType.Float32 -> Literal.Real(float (float32 (Oracle.real x)))
    | DType.Float16 -> Literal.Real(float (Half.op_Explicit (Oracle.real x): Half))
    | DType.BFloat16 -> Literal.Real(float (BFloat16.OfSingle(float32 (Oracle.real x)).ToSingle()))
    | DType.Int32 -> Literal.Whole(int64 (int (Oracle.whole x)))
    | DType.Int64
    | DType.Bool -> Literal.Whole(Oracle.whole x)
    | DType.Complex64
    | DType.Complex128 -> invalidOp "Complex numbers have oracles of their own."
    | DType.Int8
    | DType.Int16
    | DType.UInt8
    | DType.UInt16
    | DType.UInt32
    | DType.UInt64 -> invalidOp $"No nest holds {dtype}."

let private convert (dtype: DType) (x: Literal) =
    match x with
    | Literal.Real v when dtype = DType.Int32 -> Literal.Whole(int64 (Int32.CreateSaturating v))
    | Literal.Real v when dtype = DType.Int64 -> Literal.Whole(Int64.CreateSaturating v)
    | Literal.Whole v when dtype = DType.Int32 -> Literal.Whole(int64 (Int32.CreateSaturating v))
    | Literal.Whole v when dtype = DType.Float32 -> Literal.Real(float (float32 v))
    | _ when dtype = DType.Bool -> Oracle.ofBool (Oracle.real x <> 0.0)
    | _ -> fit dtype x

// Memory.

let private pointer<'T when 'T: unmanaged> (slots: nativeint[]) (access: Access) index =
    let mutable at = access.Offset

    for axis in 0 .. access.Strides.Length - 1 do
        at <- at + access.Strides[axis] * Array.get index axis

    NativePtr.add (NativePtr.ofNativeInt<'T> slots[access.Slot]) at

let private read slots (dtype: DType) access (index: int[]) =
    match dtype.Storage with
    | Storage.Float32 -> Literal.Real(float (NativePtr.read (pointer<float32> slots access index)))
    | Storage.Float64 -> Literal.Real(NativePtr.read (pointer<float> slots access index))
    | Storage.Float16 -> Literal.Real(float (NativePtr.read (pointer<Half> slots access index)))
    | Storage.BFloat16 ->
        Literal.Real(float ((NativePtr.read (pointer<BFloat16> slots access index)).ToSingle()))
    | Storage.Integer IntegerSize.Bits32 ->
        Literal.Whole(int64 (NativePtr.read (pointer<int> slots access index)))
    | Storage.Integer IntegerSize.Bits64 -> Literal.Whole(NativePtr.read (pointer<int64> slots access index))
    | Storage.Integer(IntegerSize.Bits8 | IntegerSize.Bits16) -> invalidOp $"No nest holds {dtype}."
    | Storage.Bool -> Literal.Whole(int64 (NativePtr.read (pointer<byte> slots access index)))
    | Storage.Complex64
    | Storage.Complex128 -> invalidOp "Complex numbers have oracles of their own."

let private write slots (dtype: DType) access (index: int[]) (x: Literal) =
    match dtype.Storage with
    | Storage.Float32 -> NativePtr.write (pointer<float32> slots access index) (float32 (Oracle.real x))
    | Storage.Float64 -> NativePtr.write (pointer<float> slots access index) (Oracle.real x)
    | Storage.Float16 -> NativePtr.write (pointer<Half> slots access index) (Half.op_Explicit (Oracle.real x))
    | Storage.BFloat16 ->
        NativePtr.write (pointer<BFloat16> slots access index) (BFloat16.OfSingle(float32 (Oracle.real x)))
    | Storage.Integer IntegerSize.Bits32 ->
        NativePtr.write (pointer<int> slots access index) (int (Oracle.whole x))
    | Storage.Integer IntegerSize.Bits64 ->
        NativePtr.write (pointer<int64> slots access index) (Oracle.whole x)
    | Storage.Integer(IntegerSize.Bits8 | IntegerSize.Bits16) -> invalidOp $"No nest holds {dtype}."
    | Storage.Bool -> NativePtr.write (pointer<byte> slots access index) (byte (Oracle.whole x))
    | Storage.Complex64
    | Storage.Complex128 -> invalidOp "Complex numbers have oracles of their own."

let private foldOf (kind: Reduction) =
    match kind with
    | Reduction.Sum -> Binary.Add
    | Reduction.Max -> Binary.Max
    | Reduction.Min -> Binary.Min

let private smallest (dtype: DType) = if dtype = DType.Int32 then int64 Int32.MinValue else Int64.MinValue
let private largest (dtype: DType) = if dtype = DType.Int32 then int64 Int32.MaxValue else Int64.MaxValue

let private start (kind: Reduction) (dtype: DType) =
    match kind with
    | Reduction.Sum -> fit dtype (Literal.Whole 0L)
    | Reduction.Max when dtype.IsFloat -> Literal.Real Double.NegativeInfinity
    | Reduction.Min when dtype.IsFloat -> Literal.Real Double.PositiveInfinity
    | Reduction.Max -> Literal.Whole(if dtype = DType.Bool then 0L else smallest dtype)
    | Reduction.Min -> Literal.Whole(if dtype = DType.Bool then 1L else largest dtype)

/// Computes points first <= i < last of the outermost axis that is not reduced. slots[i] is the address of slot i's
/// element 0.
let run (kernel: LoopNest) (slots: nativeint[]) (first: int) (last: int) =
    let body = kernel.Body
    let types = LaneCode.dtypes body
    let kept = kernel.Axes.Length - kernel.Reduced
    let values: Literal[] = Array.zeroCreate body.Length

    /// Which instructions have a property that their own or an operand's makes.
    let spread (own: Instruction -> bool) =
        let flags = Array.create body.Length false

        for i in 0 .. body.Length - 1 do
            flags[i] <-
                own body[i]
                || match body[i] with
                   | Instruction.Load _
                   | Instruction.Constant _
                   | Instruction.Position _
                   | Instruction.Reduce _ -> false
                   | Instruction.Unary(_, x)
                   | Instruction.Convert(_, x) -> flags[x]
                   | Instruction.Binary(_, x, y)
                   | Instruction.Draw(_, _, x, y) -> flags[x] || flags[y]
                   | Instruction.Select(c, x, y) -> flags[c] || flags[x] || flags[y]

        flags

    let isFold instruction =
        match instruction with
        | Instruction.Reduce _ -> true
        | _ -> false

    let isInner instruction =
        match instruction with
        | Instruction.Load(_, access) -> Array.exists ((<>) 0) access.Strides[kept..]
        | Instruction.Position(_, axis, _, _) -> axis >= kept
        | _ -> false

    let late, inner = spread isFold, spread isInner

    let evaluate i (index: int[]) =
        values[i] <-
            match body[i] with
            | Instruction.Load(dtype, access) -> read slots dtype access index
            | Instruction.Constant(value, dtype) -> convert dtype value
            | Instruction.Position(dtype, axis, start, step) ->
                convert dtype (Literal.Whole(int64 (index[axis] * step + start)))
            | Instruction.Unary(op, x) -> fit types[i] (Oracle.unary op values[x])
            | Instruction.Binary(op, x, y) -> fit types[i] (Oracle.binary op values[x] values[y])
            | Instruction.Select(c, x, y) -> if Oracle.whole values[c] <> 0L then values[x] else values[y]
            | Instruction.Convert(dtype, x) -> convert dtype values[x]
            | Instruction.Draw(draw, dtype, key, index) ->
                Cotangent.Engines.Philox.element
                    draw
                    dtype
                    (Oracle.whole values[key])
                    (Oracle.whole values[index])
            | Instruction.Reduce _ -> values[i]

    let evaluateAll isLate index =
        for i in 0 .. body.Length - 1 do
            if late[i] = isLate then evaluate i index

    let fold () =
        for i in 0 .. body.Length - 1 do
            match body[i] with
            | Instruction.Reduce(kind, x) ->
                values[i] <- fit types[i] (Oracle.binary (foldOf kind) values[i] values[x])
            | _ -> ()

    let startFolds () =
        for i in 0 .. body.Length - 1 do
            match body[i] with
            | Instruction.Reduce(kind, _) -> values[i] <- start kind types[i]
            | _ -> ()

    let finish (index: int[]) =
        for axis in kept .. index.Length - 1 do
            index[axis] <- 0

        // Where nothing was folded, what is not a fold has not been computed either.
        if Array.contains 0 kernel.Axes then
            for i in 0 .. body.Length - 1 do
                if not late[i] && not inner[i] then evaluate i index

        evaluateAll true index

        for access, i in kernel.Stores do
            write slots types[i] access index values[i]

    let rec loop axis (index: int[]) =
        if axis = kept then
            startFolds ()
            reduce axis index
            finish index
        else
            let from, past = if axis = 0 then first, last else 0, kernel.Axes[axis]

            for i in from .. past - 1 do
                index[axis] <- i
                loop (axis + 1) index

    and reduce axis index =
        if axis = index.Length then
            evaluateAll false index
            fold ()
        else
            for i in 0 .. kernel.Axes[axis] - 1 do
                index[axis] <- i
                reduce (axis + 1) index

    if kept > 0 || first < last then loop 0 (Array.zeroCreate kernel.Axes.Length)
