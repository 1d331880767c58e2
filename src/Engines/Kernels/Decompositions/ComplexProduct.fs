namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics
open Cotangent.Engines.Along

/// Products of matrices of complex numbers inside of decompositions.
module internal ComplexProduct =
    /// Products from which on real ones take less time, with the copies they need.
    [<Literal>]
    let private RealFrom = 4096.0

    /// Row by row.
    let private byRows m n k (a: Matrix<Complex>) (b: Matrix<Complex>) (c: Complex[]) at =
        Tile.optimised ()
        let copy = if b.ColStride = 1 then [||] else Array.zeroCreate<Complex>(k * n)

        if b.ColStride <> 1 then
            for l in 0 .. k - 1 do
                for j in 0 .. n - 1 do
                    copy[l * n + j] <- b.Data[b.Offset + l * b.RowStride + j * b.ColStride]

        for i in 0 .. m - 1 do
            let row = Span(c, at + i * n, n)
            row.Clear()

            for l in 0 .. k - 1 do
                let factor = a.Data[a.Offset + i * a.RowStride + l * a.ColStride]

                let other =
                    if b.ColStride = 1 then
                        ReadOnlySpan(b.Data, b.Offset + l * b.RowStride, n)
                    else
                        ReadOnlySpan(copy, l * n, n)

                RowMath.MultiplyAdd(other, factor, reading row, row)

    let private adjacent (data: float[]) columns : Matrix<float> = {
        Data = data
        Offset = 0
        RowStride = columns
        ColStride = 1
    }

    /// By one real product, of the parts of a below each other and those of b side by side: x + yi times u + vi has xu, xv, yu, yv.
    let private byParts m n k (a: Matrix<Complex>) (b: Matrix<Complex>) (c: Complex[]) at =
        Tile.optimised ()
        let left = ArrayPool<float>.Shared.Rent(2 * m * k)
        let right = ArrayPool<float>.Shared.Rent(2 * k * n)
        let all = ArrayPool<float>.Shared.Rent(4 * m * n)

        for i in 0 .. m - 1 do
            for l in 0 .. k - 1 do
                let z = a.Data[a.Offset + i * a.RowStride + l * a.ColStride]
                left[i * k + l] <- z.Real
                left[(m + i) * k + l] <- z.Imaginary

        for l in 0 .. k - 1 do
            for j in 0 .. n - 1 do
                let z = b.Data[b.Offset + l * b.RowStride + j * b.ColStride]
                right[2 * l * n + j] <- z.Real
                right[(2 * l + 1) * n + j] <- z.Imaginary

        MatMul.float64 (2 * m) (2 * n) k (adjacent left k) (adjacent right (2 * n)) all 0

        for i in 0 .. m - 1 do
            let upper, lower = 2 * i * n, 2 * (m + i) * n

            for j in 0 .. n - 1 do
                c[at + i * n + j] <-
                    Complex(all[upper + j] - all[lower + n + j], all[upper + n + j] + all[lower + j])

        ArrayPool<float>.Shared.Return left
        ArrayPool<float>.Shared.Return right
        ArrayPool<float>.Shared.Return all

    let run m n k (a: Matrix<Complex>) (b: Matrix<Complex>) (c: Complex[]) at =
        if float m * float n * float k < RealFrom then
            byRows m n k a b c at
        else
            byParts m n k a b c at
