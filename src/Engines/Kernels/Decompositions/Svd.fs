namespace Cotangent.Engines

open System
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Singular values and vectors of real matrices, in Float64 for every dtype, by bidiagonal ones. Vectors are kept as rows, which a
// rotation mixes two by two.

module internal Svd =
    /// What makes the first element positive that is at least half as large as the largest.
    let private signOf (vector: ReadOnlySpan<float>) =
        Tile.optimised ()
        let half = 0.5 * RowMath.LargestSize vector
        let mutable i = 0

        while i < vector.Length - 1 && Math.Abs vector[i] < half do
            i <- i + 1

        if vector[i] < 0.0 then -1.0 else 1.0

    /// From so many columns on, bidiagonal matrices are taken by halves.
    [<Literal>]
    let private ByHalvesFrom = 64

    /// Singular values of a matrix of at least as many rows as columns, in no order and with any sign, and the vectors as rows.
    let private ofTall m n (a: float[]) : struct (float[] * float[] * float[]) =
        Tile.optimised ()
        let form = Bidiagonal.reduce m n a

        if n < ByHalvesFrom then
            let u, v = Array.zeroCreate<float>(n * m), Array.zeroCreate<float>(n * n)
            Reflections.accumulate n m 0 form.Left form.LeftTaus u
            Reflections.accumulate n n 1 form.Right form.RightTaus v

            BidiagonalSteps.diagonalise {
                D = form.Diagonal
                E = form.Beside
                U = Rotations(m, u)
                V = Rotations(n, v)
            }

            struct (form.Diagonal, u, v)
        else
            let struct (short, v) = BidiagonalHalves.diagonalise n form.Diagonal form.Beside
            let u = if m = n then short else Array.zeroCreate<float>(n * m)

            if m > n then
                for i in 0 .. n - 1 do
                    Array.Copy(short, i * n, u, i * m, n)

            Reflections.multiply n m 0 form.Left form.LeftTaus u
            Reflections.multiply n n 1 form.Right form.RightTaus v
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

    /// The values alone: a very tall matrix has those of its triangle.
    let private valuesOfAny m n (a: float[]) : float[] =
        let isTall = 5L * int64 m >= 8L * int64 n
        let r = if isTall then Array.zeroCreate<float>(n * n) else a

        if isTall then
            Qr.decompose (Matrices.product<float>()) m n a (Array.zeroCreate<float>(m * n)) 0 r 0

        let form = Bidiagonal.reduce (if isTall then n else m) n r

        // Steps without vectors take less.
        if n < 2 * ByHalvesFrom then
            let none = Rotations(0, [||])
            BidiagonalSteps.diagonalise { D = form.Diagonal; E = form.Beside; U = none; V = none }
        else
            BidiagonalHalves.values n form.Diagonal form.Beside

        form.Diagonal

    /// A matrix, or of a wide one its transpose, of numbers up to 1, so that no square leaves the range, and what they are multiplied
    /// by; NaN where they are not finite.
    let private scaled m n (x: ReadOnlySpan<float>) : struct (float * float[]) =
        Tile.optimised ()
        let largest: float = RowMath.LargestSize x

        if not (Double.IsFinite largest) then
            struct (nan, [||])
        else
            let scale = if largest = 0.0 then 1.0 else largest
            let a = Array.zeroCreate<float>(m * n)

            if m < n then
                for i in 0 .. m - 1 do
                    for j in 0 .. n - 1 do
                        a[j * m + i] <- x[i * n + j] / scale
            else
                RowMath.Divide(x, scale, Span a)

            struct (scale, a)

    /// Places of values by falling size.
    let private falling (values: float[]) : int[] =
        let order = Array.init values.Length id
        Array.sortInPlaceBy (fun i -> -(Math.Abs values[i])) order
        order

    /// u as columns (m, k), s (k), v as rows (k, n), at places of other arrays.
    let private decompose m n (x: ReadOnlySpan<float>) (u: Span<float>) (s: Span<float>) (v: Span<float>) =
        Tile.optimised ()
        let k = min m n
        let struct (scale, a) = scaled m n x

        if Double.IsNaN scale then
            u.Fill nan
            s.Fill nan
            v.Fill nan
        else
            let struct (values, long, short) = ofAny (max m n) k a
            let left, right = if m < n then short, long else long, short
            let order = falling values

            for j in 0 .. k - 1 do
                let from = order[j]
                let row = ReadOnlySpan(left, from * m, m)
                let sign = signOf row
                s[j] <- scale * Math.Abs values[from]

                for i in 0 .. m - 1 do
                    u[i * k + j] <- sign * row[i]

                // A negative value turns the other vector round.
                let turn = if values[from] < 0.0 then -sign else sign
                RowMath.Multiply(ReadOnlySpan(right, from * n, n), turn, v.Slice(j * n, n))

    let private valuesOf m n (x: ReadOnlySpan<float>) (s: Span<float>) =
        Tile.optimised ()
        let struct (scale, a) = scaled m n x

        if Double.IsNaN scale then
            s.Fill nan
        else
            let values = valuesOfAny (max m n) (min m n) a
            let order = falling values

            for j in 0 .. order.Length - 1 do
                s[j] <- scale * Math.Abs values[order[j]]

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

    /// u, s and vᴴ.
    let evaluate (x: HostBuffer) : HostBuffer[] =
        if x.DType.IsComplex then
            ComplexSvd.evaluate x
        else
            run x |> Array.map (fun result -> Convert.buffer x.DType result)

    /// s alone.
    let values (x: HostBuffer) : HostBuffer =
        if x.DType.IsComplex then
            ComplexSvd.values x
        else
            let struct (batch, m, n) = Matrices.sizes x
            let k = min m n
            let wide = Matrices.wide x
            let s = Strided.fresh<float> DType.Float64 (Array.append batch [| k |])

            if k > 0 then
                Matrices.each batch (4L * int64 m * int64 k * int64 n) (fun i ->
                    valuesOf
                        m
                        n
                        (ReadOnlySpan(wide.Items, wide.Offset + i * m * n, m * n))
                        (Span(s.Items, i * k, k)))

            Convert.buffer x.DType s

    /// v s⁻¹ uᵀ, where what is small beside the largest of s has the inverse 0.
    let pseudoInverse (relative: float) (x: HostBuffer) : HostBuffer =
        Tile.optimised ()
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
                RowMath.Multiply(reading row, inverse, row)

            let right = Matrices.transpose (Matrices.adjacent u.Items (i * m * k) k)
            let left = Matrices.transpose (Matrices.adjacent v.Items (i * k * n) n)
            multiply.Invoke(n, m, k, left, right, y.Items, i * n * m)

        Convert.buffer x.DType y
