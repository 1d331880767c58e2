namespace Cotangent.Engines

open System
open System.Numerics
open System.Numerics.Tensors
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// A = Q R by Householder's reflections, in panels of columns: the reflections of a panel together are I - V T Vᴴ (R. Schreiber
// and C. Van Loan, "A storage-efficient WY representation for products of Householder transformations", 1989), so that all
// columns behind it are reflected by three products of matrices.

module internal Qr =
    [<Literal>]
    let private Panel = 32

    /// The reflection H = I - tau v vᴴ whose adjoint takes column j of a, from row j on, to a multiple of its first axis; v, but for its
    /// first element, which is 1, takes the column's place. It is applied to the columns up to `last`.
    let private reflect<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumberBase<'T>>
        (a: 'T[])
        m
        n
        j
        last
        (w: 'T[])
        : 'T =
        let mutable largest = 0.0

        for i in j .. m - 1 do
            largest <- Math.Max(largest, Scalars.size a[i * n + j])

        // Of numbers up to 1, so that no square leaves the range.
        let mutable below = 0.0

        if largest <> 0.0 then
            for i in j + 1 .. m - 1 do
                let x = Scalars.size a[i * n + j] / largest
                below <- below + x * x

        let alpha: 'T = a[j * n + j]

        // A complex number is turned, at least.
        if largest = 0.0 || below = 0.0 && Scalars.isReal alpha then
            'T.Zero
        else
            let ratio = Scalars.size alpha / largest
            let norm = largest * Math.Sqrt(below + ratio * ratio)
            let beta: 'T = 'T.CreateChecked(if Scalars.realPart alpha < 0.0 then norm else -norm)
            let first: 'T = alpha - beta
            let change: 'T = beta - alpha
            let tau: 'T = change / beta
            a[j * n + j] <- beta

            for i in j + 1 .. m - 1 do
                let x: 'T = a[i * n + j] / first
                a[i * n + j] <- x

            // a <- a - conj tau · v (vᴴ a)
            let count = last - j
            let along = Span(w, 0, count)
            let own = Matrices.part a (j * n + j + 1) count
            own.CopyTo along

            for i in j + 1 .. m - 1 do
                let row = Matrices.part a (i * n + j + 1) count
                let factor: 'T = Scalars.conjugate a[i * n + j]
                TensorPrimitives.MultiplyAdd(reading row, factor, reading along, along)

            TensorPrimitives.Multiply(reading along, Scalars.conjugate tau, along)
            TensorPrimitives.Subtract(reading own, reading along, own)

            for i in j + 1 .. m - 1 do
                let row = Matrices.part a (i * n + j + 1) count
                let factor: 'T = -a[i * n + j]
                TensorPrimitives.MultiplyAdd(reading along, factor, reading row, row)

            tau

    /// The vectors of a panel's reflections as columns, from row p on.
    let private vectors<'T when 'T: struct and 'T :> INumberBase<'T>> (a: 'T[]) m n p width : 'T[] =
        let v = Array.zeroCreate<'T>((m - p) * width)

        for i in p .. m - 1 do
            for k in 0 .. min (width - 1) (i - p) do
                v[(i - p) * width + k] <- if i = p + k then 'T.One else a[i * n + p + k]

        v

    /// T of the block: upper triangular.
    let private factor<'T when 'T: struct and 'T :> INumberBase<'T>>
        (multiply: Matrices.Product<'T>)
        (v: 'T[])
        rows
        width
        (taus: 'T[])
        p
        : 'T[] =
        let inner = Array.zeroCreate<'T>(width * width)
        let columns = Matrices.adjacent v 0 width
        let adjoint = Matrices.transpose (Matrices.adjacent (Scalars.conjugates v) 0 width)
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

    /// C <- C - V T (Vᴴ C), or with Tᴴ; C has so many columns, `stride` from row to row.
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
        if columns > 0 then
            let reflections = Matrices.adjacent v 0 width
            let inner, turned = Array.zeroCreate<'T>(width * columns), Array.zeroCreate<'T>(width * columns)
            let change = Array.zeroCreate<'T>(rows * columns)
            let target = Matrices.adjacent c at stride
            let adjoint = Matrices.transpose (Matrices.adjacent (Scalars.conjugates v) 0 width)
            multiply.Invoke(width, columns, rows, adjoint, target, inner, 0)
            multiply.Invoke(width, columns, width, t, Matrices.adjacent inner 0 columns, turned, 0)
            multiply.Invoke(rows, columns, width, reflections, Matrices.adjacent turned 0 columns, change, 0)

            for i in 0 .. rows - 1 do
                let row = Span(c, at + i * stride, columns)
                TensorPrimitives.Subtract(reading row, ReadOnlySpan(change, i * columns, columns), row)

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
        let k = min m n
        let taus, w = Array.zeroCreate<'T> k, Array.zeroCreate<'T> Panel
        let blocks = ResizeArray<struct (int * int * 'T[] * 'T[])>()

        for p in 0..Panel .. k - 1 do
            let width = min Panel (k - p)

            for j in p .. p + width - 1 do
                taus[j] <- reflect a m n j (p + width - 1) w

            let v = vectors a m n p width
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

        for j in 0 .. k - 1 do
            if Scalars.realPart r[atR + j * n + j] < 0.0 then
                let row = Span(r, atR + j * n + j, n - j)
                TensorPrimitives.Negate(reading row, row)

                for i in 0 .. m - 1 do
                    let turned: 'T = -q[atQ + i * k + j]
                    q[atQ + i * k + j] <- turned

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
