namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

/// Triangular systems, by substitution in blocks: what the solved rows take from a block is one product.
module internal TriangularSolve =
    [<Literal>]
    let private Block = 32

    /// Columns of x that are solved at a time; they do not depend on each other.
    [<Literal>]
    let private Columns = 128

    let private row (x: Matrix<'T>) i count : Span<'T> = Span(x.Data, x.Offset + i * x.RowStride, count)

    /// The columns of x, so many from the first on.
    let private solveColumns<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (multiply: Matrices.Product<'T>)
        isUpper
        isUnit
        n
        (a: Matrix<'T>)
        (x: Matrix<'T>)
        count
        =
        Tile.optimised ()
        let part = ArrayPool<'T>.Shared.Rent(max 1 (min n Block * count))

        // Rows are taken in the order in which they can be solved.
        for start in 0..Block .. n - 1 do
            let rows = min Block (n - start)
            // The first row of the block, and of those solved before.
            let struct (first, solved) =
                if isUpper then struct (n - start - rows, n - start) else struct (start, 0)

            if start > 0 then
                multiply.Invoke(
                    rows,
                    count,
                    start,
                    Matrices.from a first solved,
                    Matrices.from x solved 0,
                    part,
                    0
                )

                for i in 0 .. rows - 1 do
                    let target = row x (first + i) count
                    RowMath.Subtract(reading target, ReadOnlySpan(part, i * count, count), target)

            for step in 0 .. rows - 1 do
                let i = if isUpper then first + rows - 1 - step else first + step
                let target = row x i count

                for before in 0 .. step - 1 do
                    let j = if isUpper then first + rows - 1 - before else first + before
                    let factor: 'T = -a.Data[a.Offset + i * a.RowStride + j * a.ColStride]
                    RowMath.MultiplyAdd(reading (row x j count), factor, reading target, target)

                if not isUnit then
                    let diagonal = a.Data[a.Offset + i * (a.RowStride + a.ColStride)]
                    RowMath.Divide(reading target, diagonal, target)

        ArrayPool<'T>.Shared.Return part

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
        let whole = Matrices.adjacent x at columns

        Strided.ranges (partsOf columns Columns) (int64 n * int64 n * int64 columns) (fun first last ->
            for part in first .. last - 1 do
                let from = part * Columns

                solveColumns
                    multiply
                    isUpper
                    isUnit
                    n
                    a
                    (Matrices.from whole 0 from)
                    (min Columns (columns - from)))

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
