namespace Cotangent.Engines

open System
open System.Numerics.Tensors
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Singular values and vectors, in Float64 for every dtype: a bidiagonal matrix becomes diagonal by QR steps with implicit shifts
// (G. Golub and C. Reinsch, "Singular value decomposition and least squares solutions", 1970; J. Demmel and W. Kahan's split).
// Vectors are kept as rows, which a rotation mixes two by two.

module internal Svd =
    /// Steps for one singular value. It takes two or three.
    [<Literal>]
    let private MostSteps = 75

    let private epsilon = Math.ScaleB(1.0, -52)

    /// Which c and s make (f, g) to (r, 0).
    let private rotation (f: float) (g: float) : struct (float * float * float) =
        let r = Double.Hypot(f, g)
        if r = 0.0 then struct (1.0, 0.0, 0.0) else struct (f / r, g / r, r)

    /// A bidiagonal matrix, and the vectors that go along: rows of m and of n elements.
    type private Work = { D: float[]; E: float[]; M: int; N: int; U: float[]; V: float[] }

    let private isSmall (w: Work) k =
        let e = Math.Abs w.E[k]
        // So is NaN.
        not (e > epsilon * (Math.Abs w.D[k] + Math.Abs w.D[k + 1]))

    /// Whether an element of the diagonal of a block is nothing beside its neighbours.
    let private isNothing (w: Work) first last k =
        let before = if k > first then Math.Abs w.E[k - 1] else 0.0
        let after = if k < last then Math.Abs w.E[k] else 0.0
        Math.Abs w.D[k] <= epsilon * (before + after)

    /// Where the last element of the block is 0, so may be what stands above it.
    let private deflateLast (w: Work) first last =
        let mutable f = w.E[last - 1]
        w.E[last - 1] <- 0.0

        for j in last - 1 .. -1 .. first do
            let struct (c, s, r) = rotation w.D[j] f
            w.D[j] <- r

            if j <> first then
                f <- -s * w.E[j - 1]
                w.E[j - 1] <- c * w.E[j - 1]

            Bidiagonal.rotate w.N w.V j last c s

    /// Where an element k of the diagonal is 0, so may be what stands beside it.
    let private split (w: Work) k last =
        let mutable f = w.E[k]
        w.E[k] <- 0.0

        for j in k + 1 .. last do
            let struct (c, s, r) = rotation w.D[j] f
            w.D[j] <- r
            f <- -s * w.E[j]
            w.E[j] <- c * w.E[j]
            Bidiagonal.rotate w.M w.U j k c s

    /// The eigenvalue of the last two rows and columns of BᵀB that is nearer to its last element, less that element, for a block
    /// of numbers up to 1.
    let private shift (before: float) (last: float) (beside: float) =
        let b = ((before + last) * (before - last) + beside * beside) / 2.0
        let c = last * beside * (last * beside)

        if b = 0.0 && c = 0.0 then
            0.0
        else
            let root = Math.Sqrt(b * b + c)
            c / (b + (if b < 0.0 then -root else root))

    let private step (w: Work) first last =
        let d, e = w.D, w.E

        let scale = [| d[last]; d[last - 1]; e[last - 1]; d[first]; e[first] |] |> Array.map abs |> Array.max

        let p, k = d[last] / scale, d[first] / scale
        let mutable f = (k + p) * (k - p) + shift (d[last - 1] / scale) p (e[last - 1] / scale)
        let mutable g = k * (e[first] / scale)

        for j in first .. last - 1 do
            let struct (c, s, r) = rotation f g
            if j <> first then e[j - 1] <- r
            f <- c * d[j] + s * e[j]
            e[j] <- c * e[j] - s * d[j]
            g <- s * d[j + 1]
            d[j + 1] <- c * d[j + 1]
            Bidiagonal.rotate w.N w.V j (j + 1) c s
            let struct (c, s, r) = rotation f g
            d[j] <- r
            f <- c * e[j] + s * d[j + 1]
            d[j + 1] <- c * d[j + 1] - s * e[j]
            g <- s * e[j + 1]
            e[j + 1] <- c * e[j + 1]
            Bidiagonal.rotate w.M w.U j (j + 1) c s

        e[last - 1] <- f

    /// Makes e zero. NaN takes no steps.
    let private diagonalise (w: Work) =
        let mutable last = w.N - 1
        let mutable steps = 0

        while last > 0 do
            // The block that ends at `last`: nothing beside its diagonal is small.
            let mutable first = last

            while first > 0 && not (isSmall w (first - 1)) do
                first <- first - 1

            if first > 0 then w.E[first - 1] <- 0.0

            if first = last || steps >= MostSteps then
                last <- last - 1
                steps <- 0
            else
                match Range.tryFind (last - first + 1) (fun i -> isNothing w first last (first + i)) with
                | ValueSome i when first + i = last ->
                    w.D[last] <- 0.0
                    deflateLast w first last
                | ValueSome i ->
                    w.D[first + i] <- 0.0
                    split w (first + i) last
                | ValueNone -> step w first last

                steps <- steps + 1

    /// What makes the first element positive that is at least half as large as the largest.
    let private signOf (vector: ReadOnlySpan<float>) =
        let half = 0.5 * Math.Abs(TensorPrimitives.MaxMagnitude vector)
        let mutable i = 0

        while i < vector.Length - 1 && Math.Abs vector[i] < half do
            i <- i + 1

        if vector[i] < 0.0 then -1.0 else 1.0

    /// Singular values of a matrix of at least as many rows as columns, in no order and with any sign, and the vectors as rows.
    let private ofTall m n (a: float[]) : struct (float[] * float[] * float[]) =
        let form = Bidiagonal.reduce m n a
        let u, v = Array.zeroCreate<float>(n * m), Array.zeroCreate<float>(n * n)
        Bidiagonal.accumulate n m 0 form.Left form.LeftTaus u
        Bidiagonal.accumulate n n 1 form.Right form.RightTaus v

        diagonalise { D = form.Diagonal; E = form.Beside; M = m; N = n; U = u; V = v }

        struct (form.Diagonal, u, v)

    /// Of a very tall matrix first the triangle of its QR decomposition.
    let private ofAny m n (a: float[]) : struct (float[] * float[] * float[]) =
        if 5L * int64 m < 8L * int64 n || n = 0 then
            ofTall m n a
        else
            let multiply = Matrices.product<float>()
            let q, r = Array.zeroCreate<float>(m * n), Array.zeroCreate<float>(n * n)
            Qr.decompose multiply m n a q 0 r 0
            let struct (s, u, v) = ofTall n n r
            let whole = Array.zeroCreate<float>(n * m)
            let turned = Matrices.transpose (Matrices.adjacent q 0 n)
            multiply.Invoke(n, m, n, Matrices.adjacent u 0 n, turned, whole, 0)
            struct (s, whole, v)

    /// u as columns (m, k), s (k), v as rows (k, n), at places of other arrays.
    let private decompose m n (x: ReadOnlySpan<float>) (u: Span<float>) (s: Span<float>) (v: Span<float>) =
        let k = min m n
        // Numbers up to 1, so that no square leaves the range.
        let largest: float = Math.Abs(TensorPrimitives.MaxMagnitude x)

        if not (Double.IsFinite largest) then
            u.Fill nan
            s.Fill nan
            v.Fill nan
        else
            let scale = if largest = 0.0 then 1.0 else largest
            let isWide = m < n
            let a = Array.zeroCreate<float>(m * n)

            if isWide then
                for i in 0 .. m - 1 do
                    for j in 0 .. n - 1 do
                        a[j * m + i] <- x[i * n + j] / scale
            else
                TensorPrimitives.Divide(x, scale, Span a)

            let struct (values, long, short) = ofAny (max m n) k a
            let left, right = if isWide then short, long else long, short
            let order = Array.init k id
            Array.sortInPlaceBy (fun i -> -(Math.Abs values[i])) order

            for j in 0 .. k - 1 do
                let from = order[j]
                let row = ReadOnlySpan(left, from * m, m)
                let sign = signOf row
                s[j] <- scale * Math.Abs values[from]

                for i in 0 .. m - 1 do
                    u[i * k + j] <- sign * row[i]

                // A negative value turns the other vector round.
                let turn = if values[from] < 0.0 then -sign else sign
                TensorPrimitives.Multiply(ReadOnlySpan(right, from * n, n), turn, v.Slice(j * n, n))

    let private run (x: HostBuffer) : HostBuffer<float>[] =
        let struct (batch, m, n) = Matrices.sizes x
        let k = min m n
        let wide = Matrices.wide x
        let fresh shape = Strided.fresh<float> DType.Float64 (Array.append batch shape)
        let u, s, v = fresh [| m; k |], fresh [| k |], fresh [| k; n |]

        if k > 0 then
            Matrices.each batch (20L * int64 m * int64 k * int64 n) (fun i ->
                decompose
                    m
                    n
                    (ReadOnlySpan(wide.Items, wide.Offset + i * m * n, m * n))
                    (Span(u.Items, i * m * k, m * k))
                    (Span(s.Items, i * k, k))
                    (Span(v.Items, i * k * n, k * n)))

        [| u; s; v |]

    /// u, s and vᵀ.
    let evaluate (x: HostBuffer) : HostBuffer[] =
        run x |> Array.map (fun result -> Convert.buffer x.DType result)

    /// v s⁻¹ uᵀ, where what is small beside the largest of s has the inverse 0.
    let pseudoInverse (relative: float) (x: HostBuffer) : HostBuffer =
        let struct (batch, m, n) = Matrices.sizes x
        let k = min m n
        let parts = run x
        let u, s, v = parts[0], parts[1], parts[2]
        let y = Strided.fresh<float> DType.Float64 (Array.append batch [| n; m |])
        let multiply = Matrices.product<float>()

        for i in 0 .. Shape.count batch - 1 do
            for j in 0 .. k - 1 do
                // Falling, so that the first is the largest.
                let value = s.Items[i * k + j]
                let inverse = if value <= relative * s.Items[i * k] then 0.0 else 1.0 / value
                let row = Span(v.Items, (i * k + j) * n, n)
                TensorPrimitives.Multiply(reading row, inverse, row)

            let right = Matrices.transpose (Matrices.adjacent u.Items (i * m * k) k)
            let left = Matrices.transpose (Matrices.adjacent v.Items (i * k * n) n)
            multiply.Invoke(n, m, k, left, right, y.Items, i * n * m)

        Convert.buffer x.DType y
