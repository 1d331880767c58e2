namespace Cotangent.Engines

// What each elementwise primitive does to a row: a run of adjacent elements. One jump per row chooses the
// function; the generic code is compiled anew for each element type.

open System
open System.Numerics
open System.Numerics.Tensors
open System.Runtime.InteropServices
open Cotangent

module internal Rows =
    let private unsupported (op: obj) dtype =
        invalidOp $"{op} has no kernel for {dtype}; the shape rule should have refused it."

    let inline private both (x: ReadOnlySpan<'T>) (y: ReadOnlySpan<'T>) (z: Span<'U>) ([<InlineIfLambda>] f) =
        Tile.optimised ()

        for i in 0 .. z.Length - 1 do
            z[i] <- f x[i] y[i]

    /// y <- op x, for Float32 and Float64.
    let unaryFloat<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (op: Unary)
        (xs: 'T[])
        xo
        (ys: 'T[])
        yo
        n
        =
        let x = ReadOnlySpan(xs, xo, n)
        let y = Span(ys, yo, n)

        match op.Form with
        | Form.Arithmetic Arithmetic.Negate -> RowMath.Negate(x, y)
        | Form.Arithmetic Arithmetic.Abs -> RowMath.Abs(x, y)
        | Form.Arithmetic Arithmetic.Sign -> VectorMath.sign x y
        // Max propagates NaN and takes 0 for the larger of 0 and -0.
        | Form.Arithmetic Arithmetic.Relu -> RowMath.Max(x, 'T.Zero, y)
        | Form.Direct Direct.Floor -> TensorPrimitives.Floor(x, y)
        | Form.Direct Direct.Ceiling -> TensorPrimitives.Ceiling(x, y)
        | Form.Direct Direct.Round -> TensorPrimitives.Round(x, y)
        | Form.Direct Direct.Sqrt -> RowMath.Sqrt(x, y)
        | Form.Special f -> SpecialRows.unary f x y
        | Form.Doubled f -> SpecialRows.doubled f x y
        | Form.Apart Apart.Lgamma -> Gamma.each Gamma.logGamma x y
        | Form.Apart(Apart.Polygamma order) -> Gamma.each (Gamma.polygamma order) x y
        | Form.IsNaN
        | Form.Not -> unsupported op typeof<'T>

    /// Whether an integer type has a sign; the compiler of .NET knows.
    let private isSigned<'T when 'T :> IBinaryInteger<'T>> () = 'T.IsNegative(-'T.One)

    /// y <- op x, for integers; overflow wraps around.
    let unaryInteger<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IBinaryInteger<'T>>
        (op: Unary)
        (xs: 'T[])
        xo
        (ys: 'T[])
        yo
        n
        =
        let x = ReadOnlySpan(xs, xo, n)
        let y = Span(ys, yo, n)

        match op.Form with
        | Form.Arithmetic Arithmetic.Negate -> RowMath.Negate(x, y)
        | Form.Arithmetic Arithmetic.Sign when not (isSigned<'T>()) -> RowMath.Min(x, 'T.One, y)
        | Form.Arithmetic(Arithmetic.Abs | Arithmetic.Relu) when not (isSigned<'T>()) -> x.CopyTo y
        | Form.Arithmetic Arithmetic.Abs ->
            // RowMath.Abs throws at the smallest integer.
            RowMath.Negate(x, y)
            RowMath.Max(x, Span.op_Implicit y, y)
        | Form.Arithmetic Arithmetic.Sign -> VectorMath.sign x y
        | Form.Arithmetic Arithmetic.Relu -> RowMath.Max(x, 'T.Zero, y)
        | Form.Direct _
        | Form.Special _
        | Form.Doubled _
        | Form.Apart _
        | Form.IsNaN
        | Form.Not -> unsupported op typeof<'T>

    let isNaN<'T when 'T :> INumberBase<'T>> (xs: 'T[]) xo (ys: bool[]) yo n =
        TensorPrimitives.IsNaN(ReadOnlySpan(xs, xo, n), Span(ys, yo, n))

    let private bytes (xs: bool[]) xo n = MemoryMarshal.Cast<bool, byte>(ReadOnlySpan(xs, xo, n))

    let unaryBool (op: Unary) (xs: bool[]) xo (ys: bool[]) yo n =
        match op.Form with
        | Form.Not ->
            let y = MemoryMarshal.Cast<bool, byte>(Span(ys, yo, n))
            RowMath.Xor(bytes xs xo n, 1uy, y)
        | Form.Arithmetic _
        | Form.Direct _
        | Form.Special _
        | Form.Doubled _
        | Form.Apart _
        | Form.IsNaN -> unsupported op typeof<bool>

    /// z <- op x y, for Float32 and Float64.
    let binaryFloat<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (op: Binary)
        (xs: 'T[])
        xo
        (ys: 'T[])
        yo
        (zs: 'T[])
        zo
        n
        =
        let x = ReadOnlySpan(xs, xo, n)
        let y = ReadOnlySpan(ys, yo, n)
        let z = Span(zs, zo, n)

        match op.Form with
        | BinaryForm.Operator Operator.Add -> RowMath.Add(x, y, z)
        | BinaryForm.Operator Operator.Subtract -> RowMath.Subtract(x, y, z)
        | BinaryForm.Operator Operator.Multiply -> RowMath.Multiply(x, y, z)
        | BinaryForm.Operator Operator.Divide -> RowMath.Divide(x, y, z)
        | BinaryForm.Operator Operator.Remainder -> both x y z (fun a b -> a % b)
        | BinaryForm.Curve Curve.Power -> SpecialRows.power x y z
        | BinaryForm.Curve Curve.Atan2 -> SpecialRows.atan2 x y z
        | BinaryForm.Bound Bound.Max -> RowMath.Max(x, y, z)
        | BinaryForm.Bound Bound.Min -> RowMath.Min(x, y, z)
        | BinaryForm.Logic _
        | BinaryForm.Shift _
        | BinaryForm.Comparison _ -> unsupported op typeof<'T>

    let divisionByZero (name: string) =
        raise (
            ValueException
                $"{name}: an element of the integer divisor is 0. Replace it with `where`, or convert both tensors to a floating-point dtype."
        )

    /// Whether a count of bits leaves some of an integer.
    let private leavesBits<'T when 'T: unmanaged and 'T :> IBinaryInteger<'T>> (count: 'T) =
        not ('T.IsNegative count) && 'T.op_LessThan (count, 'T.CreateTruncating(8 * sizeof<'T>))

    let private shiftLeft<'T when 'T: unmanaged and 'T :> IBinaryInteger<'T>> (a: 'T) (count: 'T) =
        if leavesBits count then 'T.op_LeftShift (a, Int32.CreateTruncating count) else 'T.Zero

    let private shiftRight<'T when 'T: unmanaged and 'T :> IBinaryInteger<'T>> (a: 'T) (count: 'T) =
        if leavesBits count then 'T.op_RightShift (a, Int32.CreateTruncating count)
        elif 'T.IsNegative a then -'T.One
        else 'T.Zero

    /// z <- op x y, for integers. Overflow wraps around, also where -1 divides the smallest integer, which the
    /// processor refuses.
    let binaryInteger<'T when 'T: unmanaged and 'T :> IBinaryInteger<'T>>
        (op: Binary)
        (xs: 'T[])
        xo
        (ys: 'T[])
        yo
        (zs: 'T[])
        zo
        n
        =
        let x = ReadOnlySpan(xs, xo, n)
        let y = ReadOnlySpan(ys, yo, n)
        let z = Span(zs, zo, n)
        let minusOne = -'T.One
        let isSigned = isSigned<'T>()

        match op.Form with
        | BinaryForm.Operator Operator.Add -> RowMath.Add(x, y, z)
        | BinaryForm.Operator Operator.Subtract -> RowMath.Subtract(x, y, z)
        | BinaryForm.Operator Operator.Multiply -> RowMath.Multiply(x, y, z)
        | BinaryForm.Operator Operator.Divide ->
            both x y z (fun a b ->
                if isSigned && 'T.op_Equality (b, minusOne) then -a
                elif 'T.IsZero b then divisionByZero "divide"
                else a / b)
        | BinaryForm.Operator Operator.Remainder ->
            both x y z (fun a b ->
                if isSigned && 'T.op_Equality (b, minusOne) then 'T.Zero
                elif 'T.IsZero b then divisionByZero "remainder"
                else a % b)
        | BinaryForm.Bound Bound.Max -> RowMath.Max(x, y, z)
        | BinaryForm.Bound Bound.Min -> RowMath.Min(x, y, z)
        | BinaryForm.Logic Logic.And -> RowMath.BitwiseAnd(x, y, z)
        | BinaryForm.Logic Logic.Or -> RowMath.BitwiseOr(x, y, z)
        | BinaryForm.Logic Logic.Xor -> RowMath.Xor(x, y, z)
        | BinaryForm.Shift Shift.Left -> both x y z (fun a b -> shiftLeft a b)
        | BinaryForm.Shift Shift.Right -> both x y z (fun a b -> shiftRight a b)
        | BinaryForm.Curve _
        | BinaryForm.Comparison _ -> unsupported op typeof<'T>

    /// z <- op x y, for Bool, where false = 0 is less than true = 1.
    let binaryBool (op: Binary) (xs: bool[]) xo (ys: bool[]) yo (zs: bool[]) zo n =
        let x = bytes xs xo n
        let y = bytes ys yo n
        let z = MemoryMarshal.Cast<bool, byte>(Span(zs, zo, n))
        let z' = Span.op_Implicit z: ReadOnlySpan<byte>

        match op.Form with
        | BinaryForm.Logic Logic.And
        | BinaryForm.Bound Bound.Min -> RowMath.BitwiseAnd(x, y, z)
        | BinaryForm.Logic Logic.Or
        | BinaryForm.Bound Bound.Max -> RowMath.BitwiseOr(x, y, z)
        | BinaryForm.Logic Logic.Xor -> RowMath.Xor(x, y, z)
        | BinaryForm.Comparison Comparison.Equal ->
            RowMath.Xor(x, y, z)
            RowMath.Xor(z', 1uy, z)
        | BinaryForm.Comparison Comparison.Less ->
            RowMath.Xor(x, 1uy, z)
            RowMath.BitwiseAnd(z', y, z)
        | BinaryForm.Comparison Comparison.LessEqual ->
            RowMath.Xor(x, 1uy, z)
            RowMath.BitwiseOr(z', y, z)
        | BinaryForm.Operator _
        | BinaryForm.Shift _
        | BinaryForm.Curve _ -> unsupported op typeof<bool>

    /// z <- op x y, for all numbers; comparisons with NaN are false.
    let compare<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (op: Binary)
        (xs: 'T[])
        xo
        (ys: 'T[])
        yo
        (zs: bool[])
        zo
        n
        =
        let x = ReadOnlySpan(xs, xo, n)
        let y = ReadOnlySpan(ys, yo, n)
        let z = Span(zs, zo, n)

        match op.Form with
        | BinaryForm.Comparison Comparison.Equal -> VectorMath.equal x y z
        | BinaryForm.Comparison Comparison.Less -> VectorMath.less x y z
        | BinaryForm.Comparison Comparison.LessEqual -> VectorMath.lessEqual x y z
        | BinaryForm.Operator _
        | BinaryForm.Curve _
        | BinaryForm.Bound _
        | BinaryForm.Shift _
        | BinaryForm.Logic _ -> unsupported op typeof<'T>
