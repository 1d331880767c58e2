namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// A = Q R by Householder's reflections, in panels of columns: the reflections of a panel together are I - V T Vᴴ (R. Schreiber
// and C. Van Loan, "A storage-efficient WY representation for products of Householder transformations", 1989), so that all
// columns behind it are reflected by three products of matrices.

module internal Qr =
    [<Literal>]
    let private Panel = 32

    /// Of a column x, so many numbers from a place on, the reflection H = I - tau v vᴴ whose adjoint takes it to a multiple of its first
    /// axis: that multiple, beta, and tau. v, whose first element is 1, takes the column's place.
    let private reflection<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (x: Span<'T>)
        : struct ('T * 'T) =
        Tile.optimised ()
        let mutable largest = 0.0

        for i in 0 .. x.Length - 1 do
            largest <- Math.Max(largest, Scalars.size x[i])

        // Of numbers up to 1, so that no square leaves the range.
        let mutable below = 0.0

        if largest <> 0.0 then
            for i in 1 .. x.Length - 1 do
                let ratio = Scalars.size x[i] / largest
                below <- below + ratio * ratio

        let alpha: 'T = x[0]
        x[0] <- 'T.One

        // A complex number is turned, at least.
        if largest = 0.0 || below = 0.0 && Scalars.isReal alpha then
            struct (alpha, 'T.Zero)
        else
            let ratio = Scalars.size alpha / largest
            let norm = largest * Math.Sqrt(below + ratio * ratio)
            let beta: 'T = 'T.CreateChecked(if Scalars.realPart alpha < 0.0 then norm else -norm)
            let first: 'T = alpha - beta
            let change: 'T = beta - alpha
            let tail = x.Slice 1
            RowMath.Divide(reading tail, first, tail)
            struct (beta, change / beta)

    /// The reflections of a panel, columns p to p + width of a from row p on: their vectors as rows. R takes the place of what stands
    /// above. Columns are copied into rows, where their numbers are neighbours.
    let private panel<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (a: 'T[])
        m
        n
        p
        width
        (taus: 'T[])
        : 'T[] =
        Tile.optimised ()
        let rows = m - p
        let columns = Array.zeroCreate<'T>(width * rows)

        for i in 0 .. rows - 1 do
            for j in 0 .. width - 1 do
                columns[j * rows + i] <- a[(p + i) * n + p + j]

        for j in 0 .. width - 1 do
            let v = Span(columns, j * rows + j, rows - j)
            let struct (beta, tau) = reflection v
            taus[p + j] <- tau
            let adjoint = Scalars.conjugates (v.ToArray())

            // x <- x - conj tau · v (vᴴ x), of the columns behind.
            for k in j + 1 .. width - 1 do
                let x = Span(columns, k * rows + j, rows - j)
                let along: 'T = RowMath.Dot(ReadOnlySpan adjoint, reading x)
                let share: 'T = Scalars.conjugate tau * along
                RowMath.MultiplyAdd(reading v, 'T.Zero - share, reading x, x)

            a[(p + j) * n + p + j] <- beta

            for i in 0 .. j - 1 do
                a[(p + i) * n + p + j] <- columns[j * rows + i]

            Array.Clear(columns, j * rows, j)

        columns

    /// T of the block: upper triangular. The vectors are rows.
    let private factor<'T when 'T: struct and 'T :> INumberBase<'T>>
        (multiply: Matrices.Product<'T>)
        (v: 'T[])
        rows
        width
        (taus: 'T[])
        p
        : 'T[] =
        Tile.optimised ()
        let inner = Array.zeroCreate<'T>(width * width)
        let columns = Matrices.transpose (Matrices.adjacent v 0 rows)
        let adjoint = Matrices.adjacent (Scalars.conjugates v) 0 rows
        multiply.Invoke(width, width, rows, adjoint, columns, inner, 0)
        let t = Array.zeroCreate<'T>(width * width)

        for j in 0 .. width - 1 do
            t[j * width + j] <- taus[p + j]

            for i in 0 .. j - 1 do
                let mutable sum: 'T = 'T.Zero

                for l in i .. j - 1 do
                    let term: 'T = t[i * width + l] * inner[l * width + j]
                    sum <- sum + term

                let whole: 'T = taus[p + j] * sum
                t[i * width + j] <- 'T.Zero - whole

        t

    /// C <- C - V T (Vᴴ C), or with Tᴴ; C has so many columns, `stride` from row to row. The vectors are rows.
    let private apply<'T when 'T: struct and 'T :> INumberBase<'T>>
        (multiply: Matrices.Product<'T>)
        (v: 'T[])
        (t: Matrix<'T>)
        rows
        width
        (c: 'T[])
        at
        stride
        columns
        =
        Tile.optimised ()

        if columns > 0 then
            let reflections = Matrices.transpose (Matrices.adjacent v 0 rows)
            let rent (size: int) = ArrayPool<'T>.Shared.Rent size
            let inner, turned, change = rent (width * columns), rent (width * columns), rent (rows * columns)
            let target = Matrices.adjacent c at stride
            let adjoint = Matrices.adjacent (Scalars.conjugates v) 0 rows
            multiply.Invoke(width, columns, rows, adjoint, target, inner, 0)
            multiply.Invoke(width, columns, width, t, Matrices.adjacent inner 0 columns, turned, 0)
            multiply.Invoke(rows, columns, width, reflections, Matrices.adjacent turned 0 columns, change, 0)

            for i in 0 .. rows - 1 do
                let row = Span(c, at + i * stride, columns)
                RowMath.Subtract(reading row, ReadOnlySpan(change, i * columns, columns), row)

            for array in [| inner; turned; change |] do
                ArrayPool<'T>.Shared.Return array

    /// Of the matrix in `a`, which is spoiled: Q (m, k) and R (k, n) at places of other arrays, R with nothing negative on its
    /// diagonal.
    let decompose<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (multiply: Matrices.Product<'T>)
        m
        n
        (a: 'T[])
        (q: 'T[])
        atQ
        (r: 'T[])
        atR
        =
        Tile.optimised ()
        let k = min m n
        let taus = Array.zeroCreate<'T> k
        let blocks = ResizeArray<struct (int * int * 'T[] * 'T[])>()

        for p in 0..Panel .. k - 1 do
            let width = min Panel (k - p)
            let v = panel a m n p width taus
            let t = factor multiply v (m - p) width taus p
            blocks.Add(struct (p, width, v, t))
            let behind = p + width
            let turned = Matrices.transpose (Matrices.adjacent (Scalars.conjugates t) 0 width)
            apply multiply v turned (m - p) width a (p * n + behind) n (n - behind)

        for i in 0 .. k - 1 do
            Array.Clear(r, atR + i * n, i)
            Array.Copy(a, i * n + i, r, atR + i * n + i, n - i)

        // The product of all reflections, times the first columns of the identity.
        Array.Clear(q, atQ, m * k)

        for i in 0 .. k - 1 do
            q[atQ + i * k + i] <- 'T.One

        for block in blocks.Count - 1 .. -1 .. 0 do
            let struct (p, width, v, t) = blocks[block]
            apply multiply v (Matrices.adjacent t 0 width) (m - p) width q (atQ + p * k + p) k (k - p)

        // Turned round where the diagonal of R is negative.
        let signs = Array.create k 'T.One

        for j in 0 .. k - 1 do
            if Scalars.realPart r[atR + j * n + j] < 0.0 then
                signs[j] <- 'T.Zero - 'T.One
                let row = Span(r, atR + j * n + j, n - j)
                RowMath.Negate(reading row, row)

        for i in 0 .. m - 1 do
            let row = Span(q, atQ + i * k, k)
            RowMath.Multiply(reading row, ReadOnlySpan signs, row)

    let private run<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (inputs: HostBuffer<'T>[])
        : HostBuffer[] =
        let x = Strided.contiguous inputs[0]
        let struct (batch, m, n) = Matrices.sizes x
        let k = min m n
        let q = Strided.fresh<'T> x.DType (Array.append batch [| m; k |])
        let r = Strided.fresh<'T> x.DType (Array.append batch [| k; n |])
        let multiply = Matrices.product<'T>()

        Matrices.each batch (4L * int64 m * int64 n * int64 k) (fun i ->
            let a = ReadOnlySpan(x.Items, x.Offset + i * m * n, m * n).ToArray()
            decompose multiply m n a q.Items (i * m * k) r.Items (i * k * n))

        [| q; r |]

    /// Q with orthonormal columns and R, upper triangular with nothing negative on its diagonal.
    let evaluate (x: HostBuffer) : HostBuffer[] =
        Matrices.onNumbers "qr" [| x |] run<float32> run<float> run<Complex>
