namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// A = L Lᵀ, panel after panel of columns: what the columns before take from a panel is one product of matrices.

module internal Cholesky =
    [<Literal>]
    let private Panel = 48

    /// L of the block on the diagonal at p; false where it is not positive definite.
    let private block<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        n
        (a: 'T[])
        at
        p
        width
        : bool =
        Tile.optimised ()
        let row i = at + (p + i) * n + p
        let mutable isPositive = true
        let mutable i = 0

        while isPositive && i < width do
            for j in 0..i do
                let along: 'T = RowMath.Dot(ReadOnlySpan(a, row i, j), ReadOnlySpan(a, row j, j))

                let rest: 'T = a[row i + j] - along

                if j < i then
                    let quotient: 'T = rest / a[row j + j]
                    a[row i + j] <- quotient
                else
                    // NaN goes on as NaN.
                    isPositive <- 'T.IsNaN rest || 'T.IsPositive rest && not ('T.IsZero rest)
                    a[row i + i] <- 'T.Sqrt rest

            i <- i + 1

        isPositive

    /// The inverse of the block of L on the diagonal at p.
    let private inverseOf<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        n
        (a: 'T[])
        at
        p
        width
        (inverse: 'T[])
        =
        Tile.optimised ()
        Array.Clear(inverse, 0, width * width)

        for i in 0 .. width - 1 do
            inverse[i * width + i] <- 'T.One
            let target = Span(inverse, i * width, width)

            for j in 0 .. i - 1 do
                let factor: 'T = -a[at + (p + i) * n + p + j]
                let known = ReadOnlySpan(inverse, j * width, width)
                RowMath.MultiplyAdd(known, factor, reading target, target)

            RowMath.Divide(reading target, a[at + (p + i) * n + p + i], target)

    /// The lower triangle of a becomes L, the upper one 0; false where a is not positive definite.
    let factor<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (multiply: Matrices.Product<'T>)
        n
        (a: 'T[])
        at
        : bool =
        Tile.optimised ()
        let part = ArrayPool<'T>.Shared.Rent(max 1 (n * min Panel n))
        let inverse = ArrayPool<'T>.Shared.Rent(max 1 (min Panel n * min Panel n))
        let mutable isPositive = true
        let mutable p = 0

        while isPositive && p < n do
            let width = min Panel (n - p)
            let rows = n - p

            if p > 0 then
                let before = Matrices.adjacent a (at + p * n) n
                multiply.Invoke(rows, width, p, before, Matrices.transpose before, part, 0)

                for i in 0 .. rows - 1 do
                    let row = Span(a, at + (p + i) * n + p, width)
                    RowMath.Subtract(reading row, ReadOnlySpan(part, i * width, width), row)

            isPositive <- block n a at p width
            let below = rows - width

            if isPositive && below > 0 then
                inverseOf n a at p width inverse
                let rest = Matrices.adjacent a (at + (p + width) * n + p) n
                let turned = Matrices.transpose (Matrices.adjacent inverse 0 width)
                multiply.Invoke(below, width, width, rest, turned, part, 0)

                for i in 0 .. below - 1 do
                    Array.Copy(part, i * width, a, at + (p + width + i) * n + p, width)

            p <- p + width

        for i in 0 .. n - 2 do
            Array.Clear(a, at + i * n + i + 1, n - i - 1)

        ArrayPool<'T>.Shared.Return part
        ArrayPool<'T>.Shared.Return inverse
        isPositive

    /// What is wrong about a matrix that has no such factor.
    let refusal (place: string) : string =
        $"cholesky: the symmetric part of {place} is not positive definite. Add a little to its diagonal, 1e-6 of the largest element for example; `eigh` and `lu` take others."

    let private run<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> IFloatingPointIeee754<'T>>
        (inputs: HostBuffer<'T>[])
        : HostBuffer[] =
        let x = Strided.contiguous inputs[0]
        let struct (batch, n, _) = Matrices.sizes x
        let l = Strided.fresh<'T> x.DType x.Shape
        let isWrong = Array.zeroCreate<bool>(Shape.count batch)
        let multiply = Matrices.product<'T>()
        let half: 'T = 'T.CreateChecked 0.5

        Matrices.each batch (int64 n * int64 n * int64 n / 2L) (fun k ->
            let source, target = x.Offset + k * n * n, k * n * n

            for i in 0 .. n - 1 do
                for j in 0..i do
                    let below: 'T = half * x.Items[source + i * n + j]
                    let above: 'T = half * x.Items[source + j * n + i]
                    l.Items[target + i * n + j] <- below + above

            isWrong[k] <- not (factor multiply n l.Items target))

        Matrices.refuse batch isWrong refusal

        [| l |]

    /// The lower triangular factor of symmetric, positive definite matrices.
    let evaluate (x: HostBuffer) : HostBuffer =
        (Matrices.onFloats "cholesky" [| x |] run<float32> run<float>)[0]
