namespace Cotangent.Engines

// Arithmetic for the first short rows of a process. .NET compiles the vector code of TensorPrimitives when an operation is
// first called, for 1 to 4 ms each, and can't do so ahead: the operators are static members of type arguments. Parameters
// being drawn and constants being folded are small, and should not wait for that. These loops are compiled ahead, and
// compute the same bits.

open Cotangent

[<Sealed; AbstractClass>]
type internal FirstRows private () =
    [<DefaultValue>]
    static val mutable private count: int

    /// Rows of more elements are worth the compilation at once.
    static member Longest = 1024

    /// So are all after this many.
    static member Patience = 1000

    /// Whether a row of so many elements is one of the first short ones. Counts those.
    static member Has(n: int) =
        n <= FirstRows.Longest
        && FirstRows.count < FirstRows.Patience
        && (FirstRows.count <- FirstRows.count + 1
            true)

    static member Fill(xs: 'T[], value: 'T, n: int) =
        if FirstRows.Has n then
            for i in 0 .. n - 1 do
                xs[i] <- value
        else
            System.Array.Fill(xs, value, 0, n)

// Each tells whether it did it.
module internal FirstRow =
    let inline private each n ([<InlineIfLambda>] f: int -> unit) =
        for i in 0 .. n - 1 do
            f i

        true

    let inline private unary (op: Unary) (xs: 'T[]) xo (ys: 'T[]) yo n =
        match op with
        | Unary.Negate -> FirstRows.Has n && each n (fun i -> ys[yo + i] <- -xs[xo + i])
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
        | Unary.Relu
        | Unary.IsNaN
        | Unary.Not -> false

    let inline private binary (op: Binary) (xs: 'T[]) xo (ys: 'T[]) yo (zs: 'T[]) zo n =
        match op with
        | Binary.Add -> FirstRows.Has n && each n (fun i -> zs[zo + i] <- xs[xo + i] + ys[yo + i])
        | Binary.Subtract -> FirstRows.Has n && each n (fun i -> zs[zo + i] <- xs[xo + i] - ys[yo + i])
        | Binary.Multiply -> FirstRows.Has n && each n (fun i -> zs[zo + i] <- xs[xo + i] * ys[yo + i])
        | Binary.Divide -> FirstRows.Has n && each n (fun i -> zs[zo + i] <- xs[xo + i] / ys[yo + i])
        | Binary.Remainder
        | Binary.Power
        | Binary.Atan2
        | Binary.Max
        | Binary.Min
        | Binary.And
        | Binary.Or
        | Binary.Xor
        | Binary.Equal
        | Binary.Less
        | Binary.LessEqual -> false

    /// Of integers, whose division is another matter.
    let inline private whole (op: Binary) (xs: 'T[]) xo (ys: 'T[]) yo (zs: 'T[]) zo n =
        match op with
        | Binary.Add
        | Binary.Subtract
        | Binary.Multiply -> binary op xs xo ys yo zs zo n
        | Binary.Divide
        | Binary.Remainder
        | Binary.Power
        | Binary.Atan2
        | Binary.Max
        | Binary.Min
        | Binary.And
        | Binary.Or
        | Binary.Xor
        | Binary.Equal
        | Binary.Less
        | Binary.LessEqual -> false

    let inline private compare (op: Binary) (xs: 'T[]) xo (ys: 'T[]) yo (zs: bool[]) zo n =
        match op with
        | Binary.Equal -> FirstRows.Has n && each n (fun i -> zs[zo + i] <- (xs[xo + i] = ys[yo + i]))
        | Binary.Less -> FirstRows.Has n && each n (fun i -> zs[zo + i] <- (xs[xo + i] < ys[yo + i]))
        | Binary.LessEqual -> FirstRows.Has n && each n (fun i -> zs[zo + i] <- (xs[xo + i] <= ys[yo + i]))
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

    let unarySingle op (xs: float32[]) xo (ys: float32[]) yo n = unary op xs xo ys yo n
    let unaryDouble op (xs: float[]) xo (ys: float[]) yo n = unary op xs xo ys yo n

    let binarySingle op (xs: float32[]) xo (ys: float32[]) yo (zs: float32[]) zo n =
        binary op xs xo ys yo zs zo n

    let binaryDouble op (xs: float[]) xo (ys: float[]) yo (zs: float[]) zo n = binary op xs xo ys yo zs zo n

    let binaryInt op (xs: int[]) xo (ys: int[]) yo (zs: int[]) zo n = whole op xs xo ys yo zs zo n

    let binaryLong op (xs: int64[]) xo (ys: int64[]) yo (zs: int64[]) zo n = whole op xs xo ys yo zs zo n

    let compareSingle op (xs: float32[]) xo (ys: float32[]) yo (zs: bool[]) zo n =
        compare op xs xo ys yo zs zo n

    let compareDouble op (xs: float[]) xo (ys: float[]) yo (zs: bool[]) zo n = compare op xs xo ys yo zs zo n

    /// z <- if c then x else y.
    let select (cs: bool[]) co (xs: 'T[]) xo (ys: 'T[]) yo (zs: 'T[]) zo n =
        FirstRows.Has n && each n (fun i -> zs[zo + i] <- if cs[co + i] then xs[xo + i] else ys[yo + i])

    let inline convert ([<InlineIfLambda>] f: 'A -> 'B) (xs: 'A[]) xo (ys: 'B[]) yo n =
        FirstRows.Has n && each n (fun i -> ys[yo + i] <- f xs[xo + i])
