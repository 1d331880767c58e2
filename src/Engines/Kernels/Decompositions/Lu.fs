namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics
open System.Numerics.Tensors
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Rows of A in another order = L U, with partial pivoting, panel after panel of columns: each is brought up to date by a
// triangular system and one product of matrices, and factored in a copy of its own, where the numbers of a column are neighbours.

module internal Lu =
    [<Literal>]
    let private Panel = 32

    let private swapRows (a: 'T[]) at n i j =
        let first = Span(a, at + i * n, n)
        let second = Span(a, at + j * n, n)

        for c in 0 .. n - 1 do
            let kept = first[c]
            first[c] <- second[c]
            second[c] <- kept

    /// Brings a panel, m rows of so many columns, up to date with the `top` columns of a that are factored.
    let private update<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (multiply: Matrices.Product<'T>)
        m
        (a: Matrix<'T>)
        top
        (panel: 'T[])
        width
        (part: 'T[])
        =
        if top > 0 then
            TriangularSolve.solve multiply false true top width a panel 0

            if top < m then
                let above = Matrices.adjacent panel 0 width
                multiply.Invoke(m - top, width, top, Matrices.from a top 0, above, part, 0)
                let rest = Span(panel, top * width, (m - top) * width)
                TensorPrimitives.Subtract(reading rest, ReadOnlySpan(part, 0, rest.Length), rest)

    /// The place of the largest element.
    let private largest<'T when 'T: struct and 'T :> INumberBase<'T>> (x: ReadOnlySpan<'T>) : int =
        let mutable found = 0
        let mutable most = Scalars.size x[0]

        for i in 1 .. x.Length - 1 do
            let size = Scalars.size x[i]

            if size > most then
                most <- size
                found <- i

        found

    /// Factors the columns of a panel, which lie one behind the other, so many numbers each, from a row on that is as far down as the
    /// panel is right. The rows that these change places with, in turn.
    let private factorColumns<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        m
        (columns: 'T[])
        width
        top
        : int[] =
        let chosenRows = Array.zeroCreate<int>(max 0 (min width (m - top)))

        for j in 0 .. chosenRows.Length - 1 do
            let row = top + j
            let own = Span(columns, j * m + row, m - row)
            let chosen = row + largest (reading own)
            chosenRows[j] <- chosen

            if chosen <> row then
                for k in 0 .. width - 1 do
                    let kept = columns[k * m + row]
                    columns[k * m + row] <- columns[k * m + chosen]
                    columns[k * m + chosen] <- kept

            let pivot = own[0]

            // Below a pivot of 0 all are 0 already.
            if not ('T.IsZero pivot) && own.Length > 1 then
                let below = own.Slice 1
                TensorPrimitives.Divide(reading below, pivot, below)

                for k in j + 1 .. width - 1 do
                    let opposite: 'T = -columns[k * m + row]
                    let target = Span(columns, k * m + row + 1, below.Length)
                    TensorPrimitives.MultiplyAdd(reading below, opposite, reading target, target)

        chosenRows

    /// L and U take the place of a. `order` says which row of a each row was. Whether that is an odd permutation.
    let factor<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (multiply: Matrices.Product<'T>)
        m
        n
        (a: 'T[])
        at
        (order: Span<int>)
        : bool =
        let k = min m n
        let size = max 1 (m * min Panel (max 1 n))
        let panel, part = ArrayPool<'T>.Shared.Rent size, ArrayPool<'T>.Shared.Rent size
        let matrix = Matrices.adjacent a at n
        let mutable isOdd = false

        for i in 0 .. m - 1 do
            order[i] <- i

        for p in 0..Panel .. n - 1 do
            let width = min Panel (n - p)

            for i in 0 .. m - 1 do
                Array.Copy(a, at + i * n + p, panel, i * width, width)

            update multiply m matrix (min p k) panel width part

            for i in 0 .. m - 1 do
                for j in 0 .. width - 1 do
                    part[j * m + i] <- panel[i * width + j]

            let chosenRows = factorColumns m part width p

            for j in 0 .. chosenRows.Length - 1 do
                let row, chosen = p + j, chosenRows[j]

                if chosen <> row then
                    swapRows a at n row chosen
                    let kept = order[row]
                    order[row] <- order[chosen]
                    order[chosen] <- kept
                    isOdd <- not isOdd

            for i in 0 .. m - 1 do
                for j in 0 .. width - 1 do
                    a[at + i * n + p + j] <- part[j * m + i]

        ArrayPool<'T>.Shared.Return panel
        ArrayPool<'T>.Shared.Return part
        isOdd

    let private run<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (inputs: HostBuffer<'T>[])
        : HostBuffer[] =
        let x = inputs[0]
        let struct (batch, m, n) = Matrices.sizes x
        let packed = Strided.fresh<'T> x.DType x.Shape
        Buffers.copy x packed
        let order = Strided.fresh<int> DType.Int32 (Array.append batch [| m |])
        let odd = Strided.fresh<int> DType.Int32 batch
        let multiply = Matrices.product<'T>()

        Matrices.each batch (int64 m * int64 n * int64 (min m n)) (fun i ->
            let isOdd = factor multiply m n packed.Items (i * m * n) (Span(order.Items, i * m, m))
            odd.Items[i] <- if isOdd then 1 else 0)

        [| packed; order; odd |]

    /// L and U in one, the order of the rows, and whether that is odd.
    let evaluate (x: HostBuffer) : HostBuffer[] =
        Matrices.onNumbers "lu" [| x |] run<float32> run<float> run<Complex>

    // ---- Systems ----

    /// x <- a⁻¹ b or a⁻ᵀ b; a becomes its factors. False where a is singular. b is read where x shall be.
    let private solveOne<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (multiply: Matrices.Product<'T>)
        isTransposed
        n
        columns
        (a: 'T[])
        (x: 'T[])
        at
        : bool =
        let order = Array.zeroCreate<int> n
        factor multiply n n a 0 (Span order) |> ignore
        let isRegular = Range.forall n (fun i -> not ('T.IsZero a[i * n + i]))

        if isRegular && columns > 0 then
            let matrix = Matrices.adjacent a 0 n
            let moved = Array.zeroCreate<'T>(n * columns)

            if isTransposed then
                // Aᵀ = Uᵀ Lᵀ P
                let turned = Matrices.transpose matrix
                TriangularSolve.solve multiply false false n columns turned x at
                TriangularSolve.solve multiply true true n columns turned x at

                for i in 0 .. n - 1 do
                    Array.Copy(x, at + i * columns, moved, order[i] * columns, columns)

                Array.Copy(moved, 0, x, at, n * columns)
            else
                for i in 0 .. n - 1 do
                    Array.Copy(x, at + order[i] * columns, moved, i * columns, columns)

                TriangularSolve.solve multiply false true n columns matrix moved 0
                TriangularSolve.solve multiply true false n columns matrix moved 0
                Array.Copy(moved, 0, x, at, n * columns)

        isRegular

    let private solveAll<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        name
        isTransposed
        (a: HostBuffer<'T>)
        (x: HostBuffer<'T>)
        : HostBuffer[] =
        let a = Strided.contiguous a
        let struct (batch, n, columns) = Matrices.sizes x
        let isWrong = Array.zeroCreate<bool>(Shape.count batch)
        let multiply = Matrices.product<'T>()

        Matrices.each batch (int64 n * int64 n * int64 (n + columns)) (fun i ->
            let copy = ReadOnlySpan(a.Items, a.Offset + i * n * n, n * n).ToArray()
            isWrong[i] <- not (solveOne multiply isTransposed n columns copy x.Items (i * n * columns)))

        Matrices.refuse batch isWrong (Matrices.singular name)
        [| x |]

    let private solveRun<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        isTransposed
        (inputs: HostBuffer<'T>[])
        =
        let x = Strided.fresh<'T> inputs[1].DType inputs[1].Shape
        Buffers.copy inputs[1] x
        solveAll "solve" isTransposed inputs[0] x

    let private invertRun<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (inputs: HostBuffer<'T>[])
        =
        let x = Strided.fresh<'T> inputs[0].DType inputs[0].Shape
        let struct (batch, n, _) = Matrices.sizes x
        Array.Clear(x.Items, 0, Shape.count x.Shape)

        for k in 0 .. Shape.count batch * n - 1 do
            x.Items[k * n + k % n] <- 'T.One

        solveAll "inv" false inputs[0] x

    /// a⁻¹ b, or a⁻ᵀ b.
    let solve isTransposed (a: HostBuffer) (b: HostBuffer) : HostBuffer =
        (Matrices.onNumbers
            "solve"
            [| a; b |]
            (solveRun<float32> isTransposed)
            (solveRun<float> isTransposed)
            (solveRun<Complex> isTransposed))[0]

    let invert (a: HostBuffer) : HostBuffer =
        (Matrices.onNumbers "inv" [| a |] invertRun<float32> invertRun<float> invertRun<Complex>)[0]
