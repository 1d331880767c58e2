/// What a loop nest means, point by point and number by number: an oracle for emitted code, and a target of its own. Floats
/// are computed in Float64 and rounded to their dtype after each instruction.
module internal Cotangent.Tests.NestInterpreter

open Cotangent.Compiler
open Cotangent.Compiler.Emission
open System
open FSharp.NativeInterop
open Cotangent

let private real (x: Literal) =
    match x with
    | Literal.Real v -> v
    | Literal.Whole v -> float v

let private whole (x: Literal) =
    match x with
    | Literal.Real v -> int64 v
    | Literal.Whole v -> v

let private truth b = Literal.Whole(if b then 1L else 0L)

/// Rounded or wrapped around as the dtype does.
let private fit (dtype: DType) (x: Literal) =
    match dtype with
    | DType.Float64 -> Literal.Real(real x)
    | DType.Float32 -> Literal.Real(float (float32 (real x)))
    | DType.Float16 -> Literal.Real(float (Half.op_Explicit (real x): Half))
    | DType.BFloat16 -> Literal.Real(float (BFloat16.OfSingle(float32 (real x)).ToSingle()))
    | DType.Int32 -> Literal.Whole(int64 (int (whole x)))
    | DType.Int64
    | DType.Bool -> Literal.Whole(whole x)

let private convert (dtype: DType) (x: Literal) =
    match x with
    | Literal.Real v when dtype = DType.Int32 -> Literal.Whole(int64 (Int32.CreateSaturating v))
    | Literal.Real v when dtype = DType.Int64 -> Literal.Whole(Int64.CreateSaturating v)
    | Literal.Whole v when dtype = DType.Int32 -> Literal.Whole(int64 (Int32.CreateSaturating v))
    | Literal.Whole v when dtype = DType.Float32 -> Literal.Real(float (float32 v))
    | _ when dtype = DType.Bool -> truth (real x <> 0.0)
    | _ -> fit dtype x

let private log1p (x: float) =
    let u = 1.0 + x

    if u = 1.0 || Double.IsPositiveInfinity u then
        u - 1.0 + (x - (u - 1.0))
    else
        log u * (x / (u - 1.0))

let private expm1 (x: float) =
    if abs x < 1e-5 then
        x + x * x / 2.0 + x * x * x / 6.0
    else
        let u = exp x
        if Double.IsInfinity u || u - 1.0 = -1.0 then u - 1.0 else (u - 1.0) * (x / log u)

/// What .NET has no function for, by the kernel for a row of one.
let private byRow (op: Unary) (x: float) =
    let y = [| 0.0 |]
    Cotangent.Engines.Rows.unaryFloat op [| x |] 0 y 0 1
    y[0]

let private unaryReal (op: Unary) (x: float) =
    match op with
    | Unary.Negate -> -x
    | Unary.Abs -> abs x
    | Unary.Sign ->
        if x > 0.0 then 1.0
        elif x < 0.0 then -1.0
        else x + 0.0
    | Unary.Floor -> floor x
    | Unary.Ceiling -> ceil x
    | Unary.Round -> Math.Round(x, MidpointRounding.ToEven)
    | Unary.Exp -> exp x
    | Unary.Expm1 -> expm1 x
    | Unary.Log -> log x
    | Unary.Log1p -> log1p x
    | Unary.Sqrt -> sqrt x
    | Unary.Sin -> sin x
    | Unary.Cos -> cos x
    | Unary.Tan -> tan x
    | Unary.Asin -> asin x
    | Unary.Acos -> acos x
    | Unary.Atan -> atan x
    | Unary.Sinh -> sinh x
    | Unary.Cosh -> cosh x
    | Unary.Tanh -> tanh x
    | Unary.Asinh -> Math.Asinh x
    | Unary.Acosh -> Math.Acosh x
    | Unary.Atanh -> Math.Atanh x
    | Unary.Sigmoid -> if x >= 0.0 then 1.0 / (1.0 + exp -x) else exp x / (1.0 + exp x)
    | Unary.Softplus -> Math.Max(x, 0.0) + log1p (exp -(abs x))
    | Unary.Erf
    | Unary.Erfc
    | Unary.Gelu
    | Unary.GeluSlope
    | Unary.Lgamma
    | Unary.Polygamma _ -> byRow op x
    | Unary.Relu -> Math.Max(x, 0.0)
    | Unary.IsNaN
    | Unary.Not -> invalidOp $"{op} has no real value."

let private unary (op: Unary) (x: Literal) =
    match op, x with
    | Unary.IsNaN, _ -> truth (Double.IsNaN(real x))
    | Unary.Not, _ -> truth (whole x = 0L)
    | Unary.Negate, Literal.Whole v -> Literal.Whole -v
    | Unary.Abs, Literal.Whole v -> Literal.Whole(if v < 0L then -v else v)
    | Unary.Sign, Literal.Whole v -> Literal.Whole(int64 (sign v))
    | Unary.Relu, Literal.Whole v -> Literal.Whole(max v 0L)
    | _ -> Literal.Real(unaryReal op (real x))

let private byZero (op: Binary) =
    raise (DivideByZeroException $"{op}: an element of the integer divisor is zero.")

let private binary (op: Binary) (x: Literal) (y: Literal) =
    match x, y with
    | Literal.Whole x, Literal.Whole y ->
        match op with
        | Binary.Add -> Literal.Whole(x + y)
        | Binary.Subtract -> Literal.Whole(x - y)
        | Binary.Multiply -> Literal.Whole(x * y)
        | Binary.Divide ->
            Literal.Whole(
                if y = -1L then -x
                elif y = 0L then byZero op
                else x / y
            )
        | Binary.Remainder ->
            Literal.Whole(
                if y = -1L then 0L
                elif y = 0L then byZero op
                else x % y
            )
        | Binary.Max -> Literal.Whole(max x y)
        | Binary.Min -> Literal.Whole(min x y)
        | Binary.And -> Literal.Whole(x &&& y)
        | Binary.Or -> Literal.Whole(x ||| y)
        | Binary.Xor -> Literal.Whole(x ^^^ y)
        | Binary.Equal -> truth (x = y)
        | Binary.Less -> truth (x < y)
        | Binary.LessEqual -> truth (x <= y)
        | Binary.Power
        | Binary.Atan2 -> invalidOp $"{op} has no whole value."
    | _ ->
        let x, y = real x, real y

        match op with
        | Binary.Add -> Literal.Real(x + y)
        | Binary.Subtract -> Literal.Real(x - y)
        | Binary.Multiply -> Literal.Real(x * y)
        | Binary.Divide -> Literal.Real(x / y)
        | Binary.Remainder -> Literal.Real(x % y)
        | Binary.Power -> Literal.Real(Math.Pow(x, y))
        | Binary.Atan2 -> Literal.Real(Math.Atan2(x, y))
        | Binary.Max -> Literal.Real(Math.Max(x, y))
        | Binary.Min -> Literal.Real(Math.Min(x, y))
        | Binary.Equal -> truth (x = y)
        | Binary.Less -> truth (x < y)
        | Binary.LessEqual -> truth (x <= y)
        | Binary.And
        | Binary.Or
        | Binary.Xor -> invalidOp $"{op} has no real value."

// Memory.

let private pointer<'T when 'T: unmanaged> (slots: nativeint[]) (access: Access) index =
    let mutable at = access.Offset

    for axis in 0 .. access.Strides.Length - 1 do
        at <- at + access.Strides[axis] * Array.get index axis

    NativePtr.add (NativePtr.ofNativeInt<'T> slots[access.Slot]) at

let private read slots (dtype: DType) access (index: int[]) =
    match dtype with
    | DType.Float32 -> Literal.Real(float (NativePtr.read (pointer<float32> slots access index)))
    | DType.Float64 -> Literal.Real(NativePtr.read (pointer<float> slots access index))
    | DType.Float16 -> Literal.Real(float (NativePtr.read (pointer<Half> slots access index)))
    | DType.BFloat16 ->
        Literal.Real(float ((NativePtr.read (pointer<BFloat16> slots access index)).ToSingle()))
    | DType.Int32 -> Literal.Whole(int64 (NativePtr.read (pointer<int> slots access index)))
    | DType.Int64 -> Literal.Whole(NativePtr.read (pointer<int64> slots access index))
    | DType.Bool -> Literal.Whole(int64 (NativePtr.read (pointer<byte> slots access index)))

let private write slots (dtype: DType) access (index: int[]) (x: Literal) =
    match dtype with
    | DType.Float32 -> NativePtr.write (pointer<float32> slots access index) (float32 (real x))
    | DType.Float64 -> NativePtr.write (pointer<float> slots access index) (real x)
    | DType.Float16 -> NativePtr.write (pointer<Half> slots access index) (Half.op_Explicit (real x))
    | DType.BFloat16 ->
        NativePtr.write (pointer<BFloat16> slots access index) (BFloat16.OfSingle(float32 (real x)))
    | DType.Int32 -> NativePtr.write (pointer<int> slots access index) (int (whole x))
    | DType.Int64 -> NativePtr.write (pointer<int64> slots access index) (whole x)
    | DType.Bool -> NativePtr.write (pointer<byte> slots access index) (byte (whole x))

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
            | Instruction.Unary(op, x) -> fit types[i] (unary op values[x])
            | Instruction.Binary(op, x, y) -> fit types[i] (binary op values[x] values[y])
            | Instruction.Select(c, x, y) -> if whole values[c] <> 0L then values[x] else values[y]
            | Instruction.Convert(dtype, x) -> convert dtype values[x]
            | Instruction.Draw(draw, dtype, key, index) ->
                Cotangent.Engines.Philox.element draw dtype (whole values[key]) (whole values[index])
            | Instruction.Reduce _ -> values[i]

    let evaluateAll isLate index =
        for i in 0 .. body.Length - 1 do
            if late[i] = isLate then evaluate i index

    let fold () =
        for i in 0 .. body.Length - 1 do
            match body[i] with
            | Instruction.Reduce(kind, x) ->
                values[i] <- fit types[i] (binary (foldOf kind) values[i] values[x])
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
