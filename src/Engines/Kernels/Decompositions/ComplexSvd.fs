namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

// Singular values and vectors of complex matrices, in 128 bits for every dtype. The bidiagonal matrix is real, so that its steps mix
// rows of twice as many real numbers, real parts and imaginary ones.

module internal ComplexSvd =
    /// Of a matrix of at least as many rows as columns the singular values, in no order and with any sign, and the vectors as rows, of
    /// real parts and imaginary ones; these only if they are wanted.
    let private ofTall hasVectors m n (a: float[]) : struct (float[] * float[] * float[]) =
        let form = ComplexBidiagonal.reduce m n a
        let wide, narrow = if hasVectors then (2 * m, 2 * n) else (0, 0)
        let u, v = Array.zeroCreate<float>(n * wide), Array.zeroCreate<float>(n * narrow)

        if hasVectors then
            ComplexBidiagonal.accumulate n m 0 form.Left form.LeftTaus u
            ComplexBidiagonal.accumulate n n 1 form.Right form.RightTaus v

        BidiagonalSteps.diagonalise {
            D = form.Diagonal
            E = form.Beside
            U = Rotations(wide, u)
            V = Rotations(narrow, v)
        }

        struct (form.Diagonal, u, v)

    /// A matrix, or of a wide one its adjoint, of numbers up to 1, so that no square leaves the range, and what they are multiplied by;
    /// NaN where they are not finite. Rows of real parts and imaginary ones.
    let private scaled m n (x: ReadOnlySpan<Complex>) : struct (float * float[]) =
        Tile.optimised ()
        let mutable largest = 0.0

        for i in 0 .. m * n - 1 do
            largest <- Math.Max(largest, Complex.Abs x[i])

        if not (Double.IsFinite largest) then
            struct (nan, [||])
        else
            let scale = if largest = 0.0 then 1.0 else largest
            let a = Array.zeroCreate<float>(2 * m * n)

            for i in 0 .. m - 1 do
                for j in 0 .. n - 1 do
                    let z = x[i * n + j] / scale

                    if m < n then
                        (ComplexBidiagonal.rowOf a m j).Put(i, Complex.Conjugate z)
                    else
                        (ComplexBidiagonal.rowOf a n i).Put(j, z)

            struct (scale, a)

    /// u as columns (m, k), s (k), vᴴ as rows (k, n), at places of other arrays. The adjoint of a wide matrix is v s uᴴ.
    let private decompose
        m
        n
        (x: ReadOnlySpan<Complex>)
        (u: Span<Complex>)
        (s: Span<float>)
        (v: Span<Complex>)
        =
        Tile.optimised ()
        let k = min m n
        let struct (scale, a) = scaled m n x

        if Double.IsNaN scale then
            let none = Complex(nan, nan)
            u.Fill none
            s.Fill nan
            v.Fill none
        else
            let struct (values, tall, short) = ofTall true (max m n) k a
            let left, right = if m < n then short, tall else tall, short
            let order = Array.init k id
            Array.sortInPlaceBy (fun i -> -(Math.Abs values[i])) order

            for j in 0 .. k - 1 do
                let from = order[j]

                let at (rows: float[]) size i =
                    Complex(rows[2 * from * size + i], rows[(2 * from + 1) * size + i])

                let turn = VectorPhase.turn m (at left m)
                s[j] <- scale * Math.Abs values[from]

                for i in 0 .. m - 1 do
                    u[i * k + j] <- turn * at left m i

                // A negative value turns the other vector round.
                let turn = if values[from] < 0.0 then -turn else turn

                for i in 0 .. n - 1 do
                    v[j * n + i] <- Complex.Conjugate(turn * at right n i)

    let private valuesOf m n (x: ReadOnlySpan<Complex>) (s: Span<float>) =
        Tile.optimised ()
        let struct (scale, a) = scaled m n x

        if Double.IsNaN scale then
            s.Fill nan
        else
            let struct (values, _, _) = ofTall false (max m n) (min m n) a

            for j in 0 .. values.Length - 1 do
                s[j] <- -scale * Math.Abs values[j]

            s.Sort()

            for j in 0 .. values.Length - 1 do
                s[j] <- -s[j]

    let private wide (x: HostBuffer) =
        Strided.contiguous (Convert.buffer DType.Complex128 x :?> HostBuffer<Complex>)

    let private realOf (x: HostBuffer) (s: HostBuffer<float>) = Convert.buffer (DTypes.ofParts x.DType) s

    /// u, s and vᴴ.
    let evaluate (x: HostBuffer) : HostBuffer[] =
        let struct (batch, m, n) = Matrices.sizes x
        let k = min m n
        let a = wide x
        let fresh shape = Strided.fresh<Complex> DType.Complex128 (Array.append batch shape)
        let u, v = fresh [| m; k |], fresh [| k; n |]
        let s = Strided.fresh<float> DType.Float64 (Array.append batch [| k |])

        if k > 0 then
            Matrices.each batch (80L * int64 m * int64 k * int64 n) (fun i ->
                decompose
                    m
                    n
                    (ReadOnlySpan(a.Items, a.Offset + i * m * n, m * n))
                    (Span(u.Items, i * m * k, m * k))
                    (Span(s.Items, i * k, k))
                    (Span(v.Items, i * k * n, k * n)))

        [| Convert.buffer x.DType u; realOf x s; Convert.buffer x.DType v |]

    /// s alone.
    let values (x: HostBuffer) : HostBuffer =
        let struct (batch, m, n) = Matrices.sizes x
        let k = min m n
        let a = wide x
        let s = Strided.fresh<float> DType.Float64 (Array.append batch [| k |])

        if k > 0 then
            Matrices.each batch (16L * int64 m * int64 k * int64 n) (fun i ->
                valuesOf m n (ReadOnlySpan(a.Items, a.Offset + i * m * n, m * n)) (Span(s.Items, i * k, k)))

        realOf x s
