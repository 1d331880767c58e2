namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics
open System.Numerics.Tensors
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

/// Triangular systems, by substitution in blocks: what the solved rows take from a block is one product.
module internal TriangularSolve =
    [<Literal>]
    let private Block = 64

    /// x <- a⁻¹ x, of which only one triangle of a is read, and where `isUnit`, not the diagonal, which is 1.
    let solve<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (multiply: Matrices.Product<'T>)
        isUpper
        isUnit
        n
        columns
        (a: Matrix<'T>)
        (x: 'T[])
        at
        =
        let part = ArrayPool<'T>.Shared.Rent(max 1 (min n Block * columns))

        // Rows are taken in the order in which they can be solved.
        for start in 0..Block .. n - 1 do
            let count = min Block (n - start)
            // The first row of the block, and of those solved before.
            let struct (first, solved) =
                if isUpper then struct (n - start - count, n - start) else struct (start, 0)

            if start > 0 then
                let known = Matrices.adjacent x (at + solved * columns) columns
                multiply.Invoke(count, columns, start, Matrices.from a first solved, known, part, 0)
                let block = Span(x, at + first * columns, count * columns)
                TensorPrimitives.Subtract(reading block, ReadOnlySpan(part, 0, count * columns), block)

            for step in 0 .. count - 1 do
                let i = if isUpper then first + count - 1 - step else first + step
                let target = Matrices.part x (at + i * columns) columns

                for before in 0 .. step - 1 do
                    let j = if isUpper then first + count - 1 - before else first + before
                    let factor: 'T = -a.Data[a.Offset + i * a.RowStride + j * a.ColStride]
                    let known = Matrices.part x (at + j * columns) columns
                    TensorPrimitives.MultiplyAdd(reading known, factor, reading target, target)

                if not isUnit then
                    let diagonal = a.Data[a.Offset + i * (a.RowStride + a.ColStride)]
                    TensorPrimitives.Divide(reading target, diagonal, target)

        ArrayPool<'T>.Shared.Return part

    let private run<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        isUpper
        (inputs: HostBuffer<'T>[])
        : HostBuffer[] =
        let a, b = Strided.contiguous inputs[0], inputs[1]
        let struct (batch, n, columns) = Matrices.sizes b
        let x = Strided.fresh<'T> b.DType b.Shape
        Buffers.copy b x
        let multiply = Matrices.product<'T>()

        if columns > 0 then
            Matrices.each batch (int64 n * int64 n * int64 columns) (fun i ->
                let matrix = Matrices.adjacent a.Items (a.Offset + i * n * n) n
                solve multiply isUpper false n columns matrix x.Items (i * n * columns))

        [| x |]

    /// a⁻¹ b, where only the upper or lower triangle of a is read.
    let evaluate isUpper (a: HostBuffer) (b: HostBuffer) : HostBuffer =
        (Matrices.onNumbers
            "solveTriangular"
            [| a; b |]
            (run<float32> isUpper)
            (run<float> isUpper)
            (run<Complex> isUpper))[0]
