namespace Cotangent.Engines

open System
open System.Buffers
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Householder's reflections from the left and the right make a matrix bidiagonal (G. Golub and W. Kahan, "Calculating the
// singular values and pseudo-inverse of a matrix", 1965). Within a panel of steps the matrix stays as it is: what the steps have made of
// it is A - V Yᵀ - X Uᵀ, V the vectors of the reflections from the left and U of those from the right, and the panel is taken away by one
// product (J. Dongarra, D. Sorensen and S. Hammarling, "Block reduction of matrices to condensed forms for eigenvalue computations",
// 1989). So a step only reads the matrix, and once: where a row's product with the reflection from the right is known, so is the row's
// number in the next column, by which it is summed up for the next reflection from the left (G. Howell et al., "Cache efficient
// bidiagonalization using BLAS 2.5 operators", 2008).

module internal Bidiagonal =
    /// A matrix of m rows and n columns, m at least n, as it becomes bidiagonal.
    type Form = {
        /// On the diagonal, and right of it.
        Diagonal: float[]
        Beside: float[]
        /// The vectors of the reflections from the left, row k from element k on, and their taus.
        Left: float[]
        LeftTaus: float[]
        /// Those from the right, row k from element k + 1 on.
        Right: float[]
        RightTaus: float[]
    }

    /// From so many columns on, steps are taken by panels.
    [<Literal>]
    let private ByPanelsFrom = 128

    /// Steps of a panel.
    [<Literal>]
    let private Panel = 32

    /// Rows that are summed up by themselves, so that sums are the same for any number of threads.
    [<Literal>]
    let private Chunk = 64

    /// What the steps of a panel have made of a matrix A of m rows and n columns is A - shares · columns.
    [<NoComparison; NoEquality>]
    type private Change = {
        /// The most shares of a row.
        Depth: int
        /// Row by row, by turns elements of V and X.
        Shares: float[]
        /// Row by row, by turns columns of Y and U.
        Columns: float[]
    }

    let inline private left (form: Form) m k : Span<float> = Span(form.Left, k * m + k, m - k)
    let inline private right (form: Form) n k : Span<float> = Span(form.Right, k * n + k + 1, n - k - 1)

    /// The reflection of column k, whose numbers stand in the row of its vector. What the numbers are divided by.
    let private reflectColumn (form: Form) m k =
        let x = left form m k
        let alpha = x[0]
        let struct (beta, tau) = Reflections.make x
        form.Diagonal[k] <- beta
        form.LeftTaus[k] <- tau
        alpha - beta

    /// A <- A - shares · columns, from a row and a column on.
    let private apply m n (a: float[]) (change: Change) fromRow fromColumn =
        let rows, width = m - fromRow, n - fromColumn
        let product = ArrayPool<float>.Shared.Rent(max 1 (rows * width))
        let shares = Matrices.adjacent change.Shares (fromRow * change.Depth) change.Depth
        let columns = Matrices.adjacent change.Columns fromColumn n
        (Matrices.product<float>()).Invoke(rows, width, change.Depth, shares, columns, product, 0)

        Strided.ranges rows (int64 rows * int64 width) (fun first last ->
            for i in first .. last - 1 do
                let row = Span(a, (fromRow + i) * n + fromColumn, width)
                RowMath.Subtract(reading row, ReadOnlySpan(product, i * width, width), row))

        ArrayPool<float>.Shared.Return product

    /// Step by step: a small matrix stays in the first-level cache.
    let private reduceSmall m n (a: float[]) (form: Form) =
        Tile.optimised ()
        let sums, products = Array.zeroCreate<float> n, Array.zeroCreate<float> m

        for k in 0 .. n - 1 do
            let next = k + 1

            for i in k .. m - 1 do
                form.Left[k * m + i] <- a[i * n + k]

            reflectColumn form m k |> ignore

            if next < n then
                let v = left form m k
                let z = right form n k
                let sum = Span(sums, next, n - next)
                sum.Clear()
                RowSteps.addRows a (k * n + next) n (reading v) sum

                for i in k .. m - 1 do
                    let row = Span(a, i * n + next, n - next)
                    RowMath.MultiplyAdd(reading sum, -form.LeftTaus[k] * v[i - k], reading row, row)

                Span(a, k * n + next, n - next).CopyTo z
                let struct (beta, turn) = Reflections.make z
                form.Beside[k] <- beta
                form.RightTaus[k] <- turn
                let product = Span(products, next, m - next)
                RowSteps.dots a (next * n + next) n z product

                for i in next .. m - 1 do
                    let row = Span(a, i * n + next, n - next)
                    RowMath.MultiplyAdd(reading z, -turn * products[i], reading row, row)

    let private reduceByPanels m n (a: float[]) (form: Form) =
        Tile.optimised ()
        let depth = 2 * Panel

        let change = {
            Depth = depth
            Shares = Array.zeroCreate (m * depth)
            Columns = Array.zeroCreate (depth * n)
        }

        // Sums of the chunks' rows, each times its number in the next column: of the matrix, and of the shares.
        let sums = Array.zeroCreate<float>(partsOf m Chunk * n)
        let sumsOfShares = Array.zeroCreate<float>(partsOf m Chunk * depth)
        let ones = Array.create (partsOf m Chunk) 1.0
        // The products of the columns with the reflection from the right; and the columns' elements in the next column.
        let along, ahead = Array.zeroCreate<float> depth, Array.zeroCreate<float> depth
        // What a step multiplies shares, and rows of shares, by.
        let factors, others = Array.zeroCreate<float> depth, Array.zeroCreate<float> m

        /// The vector of the reflection from the left becomes a column of V.
        let keepLeft k place =
            let v = left form m k

            for i in 0 .. v.Length - 1 do
                change.Shares[(k + i) * depth + place] <- v[i]

        /// Rows of a chunk, in step k: where the reflection from the right takes them, and what they add to the sums.
        let pass k place chunk =
            let next = k + 1
            let width = n - next
            let turn: float = form.RightTaus[k]
            let start = next + chunk * Chunk
            let count = min Chunk (m - start)
            // The rows' products with the reflection; then their numbers in the next column.
            let x = Span(form.Left, next * m + start, count)
            RowSteps.dots a (start * n + next) n (right form n k) x
            let other = Span(others, chunk * Chunk, count)
            RowSteps.dots change.Shares (start * depth) depth (Span(along, 0, place)) other

            for i in 0 .. count - 1 do
                change.Shares[(start + i) * depth + place] <- turn * (x[i] - other[i])

            RowSteps.dots change.Shares (start * depth) depth (Span(ahead, 0, place + 1)) other

            for i in 0 .. count - 1 do
                x[i] <- a[(start + i) * n + next] - other[i]

            let sum = Span(sums, chunk * n + next, width)
            let sumOfShares = Span(sumsOfShares, chunk * depth, place + 1)
            sum.Clear()
            sumOfShares.Clear()
            RowSteps.addRows a (start * n + next) n (reading x) sum
            RowSteps.addRows change.Shares (start * depth) depth (reading x) sumOfShares

        for i in 0 .. m - 1 do
            form.Left[i] <- a[i * n]

        reflectColumn form m 0 |> ignore
        keepLeft 0 0
        let y = Span(change.Columns, 1, n - 1)
        RowSteps.addRows a 1 n (ReadOnlySpan(form.Left, 0, m)) y
        RowMath.Multiply(reading y, form.LeftTaus[0], y)

        for k in 0 .. n - 2 do
            let next = k + 1
            let width = n - next
            // The place of the reflection from the right among the shares.
            let place = 2 * (k % (depth / 2)) + 1
            // Row k tells it.
            let z = right form n k
            Span(a, k * n + next, width).CopyTo z
            let shares = Span(factors, 0, place)
            RowMath.Negate(ReadOnlySpan(change.Shares, k * depth, place), shares)
            RowSteps.addRows change.Columns next n (reading shares) z
            let struct (beta, turn) = Reflections.make z
            form.Beside[k] <- beta
            form.RightTaus[k] <- turn
            z.CopyTo(Span(change.Columns, place * n + next, width))
            RowSteps.dots change.Columns next n z (Span(along, 0, place))

            for l in 0..place do
                ahead[l] <- change.Columns[l * n + next]

            let chunks = partsOf (m - next) Chunk

            Strided.ranges chunks (4L * int64 (m - next) * int64 width) (fun first last ->
                for chunk in first .. last - 1 do
                    pass k place chunk)

            let sum = Span(sums, next + 1, width - 1)
            let sumOfShares = Span(sumsOfShares, 0, place + 1)
            let ones = ReadOnlySpan(ones, 0, chunks - 1)
            RowSteps.addRows sums (n + next + 1) n ones sum
            RowSteps.addRows sumsOfShares depth depth ones sumOfShares

            // The vector of the reflection from the left is (x - (beta, 0, …)) / divisor, its first element 1.
            let divisor = reflectColumn form m next

            if divisor = 0.0 then
                sum.Clear()
            else
                let beta: float = form.Diagonal[next]
                let first = ReadOnlySpan(a, next * n + next + 1, width - 1)
                RowMath.MultiplyAdd(first, -beta, reading sum, sum)
                let share = ReadOnlySpan(change.Shares, next * depth, place + 1)
                // Less the sums of shares.
                let shares = Span(factors, 0, place + 1)
                RowMath.Multiply(share, beta, shares)
                RowMath.Subtract(reading shares, reading sumOfShares, shares)
                RowSteps.addRows change.Columns (next + 1) n (reading shares) sum
                RowMath.Multiply(reading sum, form.LeftTaus[next] / divisor, sum)

            // The panel after a full one begins with this reflection.
            let isFull = place + 1 = depth
            if isFull then apply m n a change next (next + 1)
            let after = if isFull then 0 else place + 1
            keepLeft next after
            sum.CopyTo(Span(change.Columns, after * n + next + 1, width - 1))

    /// Spoils a.
    let reduce m n (a: float[]) : Form =
        let form = {
            Diagonal = Array.zeroCreate n
            Beside = Array.zeroCreate n
            Left = Array.zeroCreate (n * m)
            LeftTaus = Array.zeroCreate n
            Right = Array.zeroCreate (n * n)
            RightTaus = Array.zeroCreate n
        }

        if n < ByPanelsFrom then reduceSmall m n a form else reduceByPanels m n a form
        form
