namespace Cotangent.Engines

open System
open System.Numerics
open System.Numerics.Tensors
open Cotangent.Engines.Along

/// Products of matrices of complex numbers inside of decompositions, row by row.
module internal ComplexProduct =
    let run m n k (a: Matrix<Complex>) (b: Matrix<Complex>) (c: Complex[]) at =
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

                TensorPrimitives.MultiplyAdd(other, factor, reading row, row)
