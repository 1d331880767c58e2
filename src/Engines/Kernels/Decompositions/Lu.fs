namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Rows of A in another order = L U, with partial pivoting, panel after panel of columns: each is factored in a copy of its own, where
// the numbers of a column are neighbours; then the columns right of it are brought up to date by a triangular system and one product of
// matrices. Blocks of columns do not depend on each other, and are shared among the cores; the next panel is the first of them, and is
// factored while the others are brought up to date.

module internal Lu =
    [<Literal>]
    let private Panel = 32

    /// Columns right of a panel that are brought up to date at a time.
    [<Literal>]
    let private Block = 64

    /// In some columns, the rows from a panel's first on change places with others, in turn.
    let private swapRows (a: 'T[]) at n top (chosenRows: int[]) from count =
        Tile.optimised ()

        for j in 0 .. chosenRows.Length - 1 do
            let first = Span(a, at + (top + j) * n + from, count)
            let second = Span(a, at + chosenRows[j] * n + from, count)

            for c in 0 .. (if chosenRows[j] = top + j then 0 else count) - 1 do
                let kept = first[c]
                first[c] <- second[c]
                second[c] <- kept

    /// The place of the largest element.
    let private largest<'T when 'T: struct and 'T :> INumberBase<'T>> (x: ReadOnlySpan<'T>) : int =
        Tile.optimised ()
        let mutable found = 0
        let mutable most = Scalars.size x[0]

        for i in 1 .. x.Length - 1 do
            let size = Scalars.size x[i]

            if size > most then
                most <- size
                found <- i

        found

    /// Factors the columns of a panel, which lie one behind the other, m numbers each. The rows that its rows change places with, in
    /// turn.
    let private factorColumns<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        m
        (columns: 'T[])
        width
        : int[] =
        Tile.optimised ()
        let chosenRows = Array.zeroCreate<int>(min width m)

        for row in 0 .. chosenRows.Length - 1 do
            let own = Span(columns, row * m + row, m - row)
            let chosen = row + largest (reading own)
            chosenRows[row] <- chosen

            if chosen <> row then
                for k in 0 .. width - 1 do
                    let kept = columns[k * m + row]
                    columns[k * m + row] <- columns[k * m + chosen]
                    columns[k * m + chosen] <- kept

            let pivot = own[0]

            // Below a pivot of 0 all are 0 already.
            if not ('T.IsZero pivot) && own.Length > 1 then
                let below = own.Slice 1
                RowMath.Divide(reading below, pivot, below)

                for k in row + 1 .. width - 1 do
                    let opposite: 'T = -columns[k * m + row]
                    let target = Span(columns, k * m + row + 1, below.Length)
                    RowMath.MultiplyAdd(reading below, opposite, reading target, target)

        chosenRows

    /// Factors the panel that begins at a row and column. The rows that its rows have changed places with, in turn.
    let private factorPanel<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        m
        n
        (a: 'T[])
        at
        top
        : int[] =
        Tile.optimised ()
        let width, rows = min Panel (n - top), m - top
        let columns = ArrayPool<'T>.Shared.Rent(width * rows)

        for i in 0 .. rows - 1 do
            let row = Span(a, at + (top + i) * n + top, width)

            for j in 0 .. width - 1 do
                columns[j * rows + i] <- row[j]

        let chosenRows = factorColumns rows columns width

        for i in 0 .. rows - 1 do
            let row = Span(a, at + (top + i) * n + top, width)

            for j in 0 .. width - 1 do
                row[j] <- columns[j * rows + i]

        ArrayPool<'T>.Shared.Return columns
        chosenRows |> Array.map (fun row -> top + row)

    /// Brings columns right of a panel up to date with it.
    let private update<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (multiply: Matrices.Product<'T>)
        m
        n
        (a: 'T[])
        at
        top
        (chosenRows: int[])
        from
        count
        =
        Tile.optimised ()
        swapRows a at n top chosenRows from count
        let height = chosenRows.Length
        let row i = at + (top + i) * n

        for i in 1 .. height - 1 do
            let target = Span(a, row i + from, count)

            for j in 0 .. i - 1 do
                let factor: 'T = -a[row i + top + j]

                RowMath.MultiplyAdd(ReadOnlySpan(a, row j + from, count), factor, reading target, target)

        let rest = m - top - height

        if rest > 0 then
            let part = ArrayPool<'T>.Shared.Rent(rest * count)
            let left = Matrices.adjacent a (row height + top) n
            multiply.Invoke(rest, count, height, left, Matrices.adjacent a (row 0 + from) n, part, 0)

            for i in 0 .. rest - 1 do
                let target = Span(a, row (height + i) + from, count)
                RowMath.Subtract(reading target, ReadOnlySpan(part, i * count, count), target)

            ArrayPool<'T>.Shared.Return part

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
        let mutable isOdd = false

        for i in 0 .. m - 1 do
            order[i] <- i

        let mutable chosenRows = if k > 0 then factorPanel m n a at 0 else [||]

        for top in 0..Panel .. k - 1 do
            let own, next = chosenRows, top + Panel
            let after = next + Panel
            let nextRows: int[][] = [| [||] |]

            // The next panel, the blocks of columns right of it, and those left of this one.
            let blocks = 1 + partsOf (max 0 (n - after)) Block

            Strided.ranges (blocks + 1) (int64 (m - top) * int64 (n - top) * int64 Panel) (fun first last ->
                for block in first .. last - 1 do
                    if block = blocks then
                        swapRows a at n top own 0 top
                    elif block > 0 then
                        let from = after + (block - 1) * Block
                        update multiply m n a at top own from (min Block (n - from))
                    elif next < n then
                        update multiply m n a at top own next (min Panel (n - next))
                        if next < k then nextRows[0] <- factorPanel m n a at next)

            for j in 0 .. own.Length - 1 do
                let row, chosen = top + j, own[j]

                if chosen <> row then
                    let kept = order[row]
                    order[row] <- order[chosen]
                    order[chosen] <- kept
                    isOdd <- not isOdd

            chosenRows <- nextRows[0]

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
        Tile.optimised ()
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
        Tile.optimised ()
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
