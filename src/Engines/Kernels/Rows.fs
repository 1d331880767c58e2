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

        match op with
        | Unary.Negate -> TensorPrimitives.Negate(x, y)
        | Unary.Abs -> TensorPrimitives.Abs(x, y)
        | Unary.Sign -> VectorMath.sign x y
        | Unary.Floor -> TensorPrimitives.Floor(x, y)
        | Unary.Ceiling -> TensorPrimitives.Ceiling(x, y)
        | Unary.Round -> TensorPrimitives.Round(x, y)
        | Unary.Sqrt -> TensorPrimitives.Sqrt(x, y)
        | Unary.Exp
        | Unary.Expm1
        | Unary.Log
        | Unary.Log1p
        | Unary.Sin
        | Unary.Cos
        | Unary.Tan
        | Unary.Asin
        | Unary.Acos
        | Unary.Atan
        | Unary.Sinh
        | Unary.Cosh
        | Unary.Tanh
        | Unary.Asinh
        | Unary.Acosh
        | Unary.Atanh
        | Unary.Sigmoid
        | Unary.Softplus
        | Unary.Erf
        | Unary.Erfc
        | Unary.Gelu
        | Unary.GeluSlope -> SpecialRows.unary op x y
        | Unary.Lgamma -> Gamma.each Gamma.logGamma x y
        | Unary.Polygamma order -> Gamma.each (Gamma.polygamma order) x y
        // Max propagates NaN and takes 0 for the larger of 0 and -0.
        | Unary.Relu -> TensorPrimitives.Max(x, 'T.Zero, y)
        | Unary.IsNaN
        | Unary.Not -> unsupported op typeof<'T>

    /// y <- op x, for Int32 and Int64; overflow wraps around.
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

        match op with
        | Unary.Negate -> TensorPrimitives.Negate(x, y)
        | Unary.Abs ->
            // TensorPrimitives.Abs throws at the smallest integer.
            TensorPrimitives.Negate(x, y)
            TensorPrimitives.Max(x, Span.op_Implicit y, y)
        | Unary.Sign -> VectorMath.sign x y
        | Unary.Relu -> TensorPrimitives.Max(x, 'T.Zero, y)
        | Unary.Floor
        | Unary.Ceiling
        | Unary.Round
        | Unary.Exp
        | Unary.Expm1
        | Unary.Log
        | Unary.Log1p
        | Unary.Sqrt
        | Unary.Sin
        | Unary.Cos
        | Unary.Tan
        | Unary.Asin
        | Unary.Acos
        | Unary.Atan
        | Unary.Sinh
        | Unary.Cosh
        | Unary.Tanh
        | Unary.Asinh
        | Unary.Acosh
        | Unary.Atanh
        | Unary.Sigmoid
        | Unary.Softplus
        | Unary.Erf
        | Unary.Erfc
        | Unary.Gelu
        | Unary.GeluSlope
        | Unary.Lgamma
        | Unary.Polygamma _
        | Unary.IsNaN
        | Unary.Not -> unsupported op typeof<'T>

    let isNaN<'T when 'T :> INumberBase<'T>> (xs: 'T[]) xo (ys: bool[]) yo n =
        TensorPrimitives.IsNaN(ReadOnlySpan(xs, xo, n), Span(ys, yo, n))

    let private bytes (xs: bool[]) xo n = MemoryMarshal.Cast<bool, byte>(ReadOnlySpan(xs, xo, n))

    let unaryBool (op: Unary) (xs: bool[]) xo (ys: bool[]) yo n =
        match op with
        | Unary.Not ->
            let y = MemoryMarshal.Cast<bool, byte>(Span(ys, yo, n))
            TensorPrimitives.Xor(bytes xs xo n, 1uy, y)
        | Unary.Negate
        | Unary.Abs
        | Unary.Sign
        | Unary.Floor
        | Unary.Ceiling
        | Unary.Round
        | Unary.Exp
        | Unary.Expm1
        | Unary.Log
        | Unary.Log1p
        | Unary.Sqrt
        | Unary.Sin
        | Unary.Cos
        | Unary.Tan
        | Unary.Asin
        | Unary.Acos
        | Unary.Atan
        | Unary.Sinh
        | Unary.Cosh
        | Unary.Tanh
        | Unary.Asinh
        | Unary.Acosh
        | Unary.Atanh
        | Unary.Sigmoid
        | Unary.Softplus
        | Unary.Erf
        | Unary.Erfc
        | Unary.Gelu
        | Unary.GeluSlope
        | Unary.Lgamma
        | Unary.Polygamma _
        | Unary.Relu
        | Unary.IsNaN -> unsupported op typeof<bool>

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

        match op with
        | Binary.Add -> TensorPrimitives.Add(x, y, z)
        | Binary.Subtract -> TensorPrimitives.Subtract(x, y, z)
        | Binary.Multiply -> TensorPrimitives.Multiply(x, y, z)
        | Binary.Divide -> TensorPrimitives.Divide(x, y, z)
        | Binary.Remainder -> both x y z (fun a b -> a % b)
        | Binary.Power -> SpecialRows.power x y z
        | Binary.Atan2 -> SpecialRows.atan2 x y z
        | Binary.Max -> TensorPrimitives.Max(x, y, z)
        | Binary.Min -> TensorPrimitives.Min(x, y, z)
        | Binary.And
        | Binary.Or
        | Binary.Xor
        | Binary.Equal
        | Binary.Less
        | Binary.LessEqual -> unsupported op typeof<'T>

    let divisionByZero (name: string) =
        raise (
            ValueException
                $"{name}: an element of the integer divisor is 0. Replace it with `where`, or convert both tensors to a floating-point dtype."
        )

    /// z <- op x y, for Int32 and Int64. Overflow wraps around, also where -1 divides the smallest integer,
    /// which the processor refuses.
    let binaryInteger<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IBinaryInteger<'T>>
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

        match op with
        | Binary.Add -> TensorPrimitives.Add(x, y, z)
        | Binary.Subtract -> TensorPrimitives.Subtract(x, y, z)
        | Binary.Multiply -> TensorPrimitives.Multiply(x, y, z)
        | Binary.Divide ->
            both x y z (fun a b ->
                if 'T.op_Equality (b, minusOne) then -a
                elif 'T.IsZero b then divisionByZero "divide"
                else a / b)
        | Binary.Remainder ->
            both x y z (fun a b ->
                if 'T.op_Equality (b, minusOne) then 'T.Zero
                elif 'T.IsZero b then divisionByZero "remainder"
                else a % b)
        | Binary.Max -> TensorPrimitives.Max(x, y, z)
        | Binary.Min -> TensorPrimitives.Min(x, y, z)
        | Binary.And -> TensorPrimitives.BitwiseAnd(x, y, z)
        | Binary.Or -> TensorPrimitives.BitwiseOr(x, y, z)
        | Binary.Xor -> TensorPrimitives.Xor(x, y, z)
        | Binary.Power
        | Binary.Atan2
        | Binary.Equal
        | Binary.Less
        | Binary.LessEqual -> unsupported op typeof<'T>

    /// z <- op x y, for Bool, where false = 0 is less than true = 1.
    let binaryBool (op: Binary) (xs: bool[]) xo (ys: bool[]) yo (zs: bool[]) zo n =
        let x = bytes xs xo n
        let y = bytes ys yo n
        let z = MemoryMarshal.Cast<bool, byte>(Span(zs, zo, n))
        let z' = Span.op_Implicit z: ReadOnlySpan<byte>

        match op with
        | Binary.And
        | Binary.Min -> TensorPrimitives.BitwiseAnd(x, y, z)
        | Binary.Or
        | Binary.Max -> TensorPrimitives.BitwiseOr(x, y, z)
        | Binary.Xor -> TensorPrimitives.Xor(x, y, z)
        | Binary.Equal ->
            TensorPrimitives.Xor(x, y, z)
            TensorPrimitives.Xor(z', 1uy, z)
        | Binary.Less ->
            TensorPrimitives.Xor(x, 1uy, z)
            TensorPrimitives.BitwiseAnd(z', y, z)
        | Binary.LessEqual ->
            TensorPrimitives.Xor(x, 1uy, z)
            TensorPrimitives.BitwiseOr(z', y, z)
        | Binary.Add
        | Binary.Subtract
        | Binary.Multiply
        | Binary.Divide
        | Binary.Remainder
        | Binary.Power
        | Binary.Atan2 -> unsupported op typeof<bool>

    let isComparison (op: Binary) =
        match op with
        | Binary.Equal
        | Binary.Less
        | Binary.LessEqual -> true
        | Binary.Add
        | Binary.Subtract
        | Binary.Multiply
        | Binary.Divide
        | Binary.Remainder
        | Binary.Power
        | Binary.Atan2
        | Binary.Max
        | Binary.Min
        | Binary.And
        | Binary.Or
        | Binary.Xor -> false

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

        match op with
        | Binary.Equal -> VectorMath.equal x y z
        | Binary.Less -> VectorMath.less x y z
        | Binary.LessEqual -> VectorMath.lessEqual x y z
        | Binary.Add
        | Binary.Subtract
        | Binary.Multiply
        | Binary.Divide
        | Binary.Remainder
        | Binary.Power
        | Binary.Atan2
        | Binary.Max
        | Binary.Min
        | Binary.And
        | Binary.Or
        | Binary.Xor -> unsupported op typeof<'T>
