namespace Cotangent.Engines

// Arithmetic on short rows. .NET compiles the vector code of longer ones, `RowMath`, when an operation is first called, and does not do
// so ahead: the widths of vectors are the processor's. Parameters being drawn and constants being folded are small, and a program's
// first result should not wait for that. These loops are compiled ahead, compute the same bits, and take as long: the row's length
// alone decides.

open System
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Cotangent

[<RequireQualifiedAccess>]
module internal Short =
    /// The longest rows for loops over vectors of 128 bits, which every processor has.
    [<Literal>]
    let Row = 256

    /// The longest for loops over elements.
    [<Literal>]
    let Elements = 128

    let fill (xs: 'T[]) (value: 'T) n =
        if n <= Elements then
            for i in 0 .. n - 1 do
                xs[i] <- value
        else
            Array.Fill(xs, value, 0, n)

// Each tells whether it did it.
module internal ShortRow =
    let inline private each n ([<InlineIfLambda>] f: int -> unit) =
        if n > Short.Elements then
            false
        else
            for i in 0 .. n - 1 do
                f i

            true

    /// zs <- f xs ys, by vectors and then by elements.
    let inline private along
        (xs: 'T[])
        xo
        (ys: 'T[])
        yo
        (zs: 'T[])
        zo
        n
        ([<InlineIfLambda>] vectors: Vector128<'T> -> Vector128<'T> -> Vector128<'T>)
        ([<InlineIfLambda>] elements: 'T -> 'T -> 'T)
        =
        if n > Short.Row then
            false
        else
            let x = ReadOnlySpan(xs, xo, n)
            let y = ReadOnlySpan(ys, yo, n)
            let z = Span(zs, zo, n)
            let a = &MemoryMarshal.GetReference x
            let b = &MemoryMarshal.GetReference y
            let c = &MemoryMarshal.GetReference z
            let mutable i = 0

            while i <= n - Vector128<'T>.Count do
                let at = unativeint i
                let v = vectors (Vector128.LoadUnsafe(&a, at)) (Vector128.LoadUnsafe(&b, at))
                Vector128.StoreUnsafe(v, &c, at)
                i <- i + Vector128<'T>.Count

            while i < n do
                z[i] <- elements x[i] y[i]
                i <- i + 1

            true

    // Asked one by one, of the operations themselves: a form would cost a tenth of the call.

    let inline private unary (op: Unary) (xs: 'T[]) xo (ys: 'T[]) yo n =
        op.IsNegate && along xs xo xs xo ys yo n (fun x _ -> -x) (fun x _ -> -x)

    /// Of integers, whose division is another matter.
    let inline private whole (op: Binary) (xs: 'T[]) xo (ys: 'T[]) yo (zs: 'T[]) zo n =
        if op.IsAdd then along xs xo ys yo zs zo n (fun x y -> x + y) (fun x y -> x + y)
        elif op.IsSubtract then along xs xo ys yo zs zo n (fun x y -> x - y) (fun x y -> x - y)
        elif op.IsMultiply then along xs xo ys yo zs zo n (fun x y -> x * y) (fun x y -> x * y)
        else false

    let inline private binary (op: Binary) (xs: 'T[]) xo (ys: 'T[]) yo (zs: 'T[]) zo n =
        if op.IsDivide then
            along xs xo ys yo zs zo n (fun x y -> x / y) (fun x y -> x / y)
        else
            whole op xs xo ys yo zs zo n

    let inline private compare (op: Binary) (xs: 'T[]) xo (ys: 'T[]) yo (zs: bool[]) zo n =
        if op.IsEqual then each n (fun i -> zs[zo + i] <- (xs[xo + i] = ys[yo + i]))
        elif op.IsLess then each n (fun i -> zs[zo + i] <- (xs[xo + i] < ys[yo + i]))
        elif op.IsLessEqual then each n (fun i -> zs[zo + i] <- (xs[xo + i] <= ys[yo + i]))
        else false

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
        each n (fun i -> zs[zo + i] <- if cs[co + i] then xs[xo + i] else ys[yo + i])

    let inline convert ([<InlineIfLambda>] f: 'A -> 'B) (xs: 'A[]) xo (ys: 'B[]) yo n =
        each n (fun i -> ys[yo + i] <- f xs[xo + i])
