namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Eigenvalues and eigenvectors of symmetric and Hermitian matrices, in Float64 for every dtype: Householder's reflections make the
// matrix tridiagonal and real; that is made diagonal by QL steps or, where it is large, by halves. Vectors are kept as rows, which a
// rotation mixes two by two; those of complex numbers as rows of twice as many real ones.

module internal Eigh =
    /// From this size on, matrices are taken by halves.
    [<Literal>]
    let private ByHalvesFrom = 96

    /// What makes the first element positive that is at least half as large as the largest.
    let private signOf (vector: ReadOnlySpan<float>) =
        Tile.optimised ()
        let half = 0.5 * RowMath.LargestSize vector
        let mutable i = 0

        while i < vector.Length - 1 && Math.Abs vector[i] < half do
            i <- i + 1

        if vector[i] < 0.0 then -1.0 else 1.0

    /// Eigenvalues in rising order, and eigenvectors as columns.
    let private sorted n (d: float[]) (z: float[]) (values: Span<float>) (columns: Span<float>) =
        Tile.optimised ()
        let order = Array.init n id
        Array.sortInPlaceBy (fun i -> d[i]) order

        for j in 0 .. n - 1 do
            let row = ReadOnlySpan(z, order[j] * n, n)
            values[j] <- d[order[j]]
            let sign = signOf row

            for i in 0 .. n - 1 do
                columns[i * n + j] <- sign * row[i]

    let private decompose n (x: ReadOnlySpan<float>) (values: Span<float>) (vectors: Span<float>) =
        Tile.optimised ()
        let a = Array.zeroCreate<float>(n * n)
        // Numbers up to 1, so that no square leaves the range.
        let largest: float = RowMath.LargestSize x
        let scale = if largest = 0.0 then 1.0 else largest

        for i in 0 .. n - 1 do
            for j in 0 .. n - 1 do
                a[i * n + j] <- 0.5 * (x[i * n + j] / scale) + 0.5 * (x[j * n + i] / scale)

        let d, e, taus = Array.zeroCreate<float> n, Array.zeroCreate<float> n, Array.zeroCreate<float> n

        let z =
            if not (Double.IsFinite largest) then
                Array.Fill(d, nan)
                Array.create (n * n) nan
            else
                Tridiagonal.reduce n a d e taus

                if n < ByHalvesFrom then
                    let z = Array.zeroCreate<float>(n * n)
                    Reflections.accumulate n n 1 a taus z
                    TridiagonalSteps.diagonalise n n d e z
                    z
                else
                    let z = TridiagonalHalves.diagonalise n d e
                    Reflections.multiply n n 1 a taus z
                    z

        sorted n d z values vectors
        RowMath.Multiply(reading values, scale, values)

    // ---- Complex numbers ----

    /// Makes the Hermitian a tridiagonal and real; q becomes the product of the reflections H = I - tau v vᴴ.
    let private tridiagonaliseHermitian n (a: Complex[]) (d: float[]) (e: float[]) (q: Complex[]) =
        Tile.optimised ()
        let vectors = Array.zeroCreate<Complex[]>(max 0 (n - 1))
        let taus = Array.zeroCreate<Complex> n

        for k in 0 .. n - 2 do
            let count = n - k - 1
            let v = Array.init count (fun i -> a[(k + 1 + i) * n + k])
            let norm = Math.Sqrt(v |> Array.sumBy (fun x -> x.Real * x.Real + x.Imaginary * x.Imaginary))
            let alpha = v[0]
            let isTurned = Array.forall (fun (x: Complex) -> x = Complex.Zero) v[1..] && alpha.Imaginary = 0.0

            if isTurned then
                e[k] <- alpha.Real
            else
                let beta = if alpha.Real < 0.0 then norm else -norm
                e[k] <- beta
                taus[k] <- (Complex(beta, 0.0) - alpha) / beta

                for i in 1 .. count - 1 do
                    v[i] <- v[i] / (alpha - beta)

                v[0] <- Complex.One
                vectors[k] <- v
                let at i j = (k + 1 + i) * n + k + 1 + j

                // With w = tau a v - ½ |tau|² (vᴴ a v) v the block becomes a - v wᴴ - w vᴴ.
                let product =
                    Array.init count (fun i ->
                        let mutable sum = Complex.Zero

                        for j in 0 .. count - 1 do
                            sum <- sum + a[at i j] * v[j]

                        sum)

                let along =
                    Array.fold2 (fun s (x: Complex) y -> s + Complex.Conjugate x * y) Complex.Zero v product

                let half = 0.5 * taus[k] * Complex.Conjugate taus[k] * along
                let w = Array.map2 (fun p x -> taus[k] * p - half * x) product v

                for i in 0 .. count - 1 do
                    for j in 0 .. count - 1 do
                        a[at i j] <- a[at i j] - v[i] * Complex.Conjugate w[j] - w[i] * Complex.Conjugate v[j]

        for i in 0 .. n - 1 do
            d[i] <- a[i * n + i].Real
            q[i * n + i] <- Complex.One

        for k in n - 2 .. -1 .. 0 do
            if taus[k] <> Complex.Zero then
                let v = vectors[k]

                for column in k + 1 .. n - 1 do
                    let mutable along = Complex.Zero

                    for i in 0 .. v.Length - 1 do
                        along <- along + Complex.Conjugate v[i] * q[(k + 1 + i) * n + column]

                    for i in 0 .. v.Length - 1 do
                        let at = (k + 1 + i) * n + column
                        q[at] <- q[at] - taus[k] * along * v[i]

    let private decomposeHermitian
        n
        (x: ReadOnlySpan<Complex>)
        (values: Span<float>)
        (vectors: Span<Complex>)
        =
        Tile.optimised ()
        let a = Array.zeroCreate<Complex>(n * n)
        let mutable largest = 0.0

        for i in 0 .. n * n - 1 do
            largest <- Math.Max(largest, Complex.Abs x[i])

        let scale = if largest = 0.0 then 1.0 else largest

        for i in 0 .. n - 1 do
            for j in 0 .. n - 1 do
                a[i * n + j] <- 0.5 * (x[i * n + j] / scale) + 0.5 * Complex.Conjugate(x[j * n + i] / scale)

        let d, e = Array.zeroCreate<float> n, Array.zeroCreate<float> n
        let q = Array.zeroCreate<Complex>(n * n)
        let z = Array.zeroCreate<float>(2 * n * n)

        if Double.IsFinite largest then
            tridiagonaliseHermitian n a d e q

            for i in 0 .. n - 1 do
                for j in 0 .. n - 1 do
                    z[j * 2 * n + 2 * i] <- q[i * n + j].Real
                    z[j * 2 * n + 2 * i + 1] <- q[i * n + j].Imaginary

            TridiagonalSteps.diagonalise n (2 * n) d e z
        else
            Array.Fill(d, nan)
            Array.Fill(z, nan)

        let order = Array.init n id
        Array.sortInPlaceBy (fun i -> d[i]) order

        for j in 0 .. n - 1 do
            let at i = Complex(z[order[j] * 2 * n + 2 * i], z[order[j] * 2 * n + 2 * i + 1])
            let turn = VectorPhase.turn n at
            values[j] <- d[order[j]] * scale

            for i in 0 .. n - 1 do
                vectors[i * n + j] <- turn * at i

    let private evaluateHermitian (x: HostBuffer) : HostBuffer[] =
        let struct (batch, n, _) = Matrices.sizes x
        let wide = Strided.contiguous (Convert.buffer DType.Complex128 x :?> HostBuffer<Complex>)
        let values = Strided.fresh<float> DType.Float64 (Array.append batch [| n |])
        let vectors = Strided.fresh<Complex> DType.Complex128 x.Shape

        if n > 0 then
            Matrices.each batch (40L * int64 n * int64 n * int64 n) (fun i ->
                decomposeHermitian
                    n
                    (ReadOnlySpan(wide.Items, wide.Offset + i * n * n, n * n))
                    (Span(values.Items, i * n, n))
                    (Span(vectors.Items, i * n * n, n * n)))

        let real = if x.DType = DType.Complex64 then DType.Float32 else DType.Float64
        [| Convert.buffer real values; Convert.buffer x.DType vectors |]

    let private evaluateSymmetric (x: HostBuffer) : HostBuffer[] =
        let struct (batch, n, _) = Matrices.sizes x
        let wide = Strided.contiguous (Convert.buffer DType.Float64 x :?> HostBuffer<float>)
        let values = Strided.fresh<float> DType.Float64 (Array.append batch [| n |])
        let vectors = Strided.fresh<float> DType.Float64 x.Shape

        if n > 0 then
            Matrices.each batch (10L * int64 n * int64 n * int64 n) (fun i ->
                decompose
                    n
                    (ReadOnlySpan(wide.Items, wide.Offset + i * n * n, n * n))
                    (Span(values.Items, i * n, n))
                    (Span(vectors.Items, i * n * n, n * n)))

        [| Convert.buffer x.DType values; Convert.buffer x.DType vectors |]

    /// The eigenvalues (…, n) of the symmetric or Hermitian part of matrices (…, n, n), and eigenvectors as columns.
    let evaluate (x: HostBuffer) : HostBuffer[] =
        if x.DType.IsComplex then evaluateHermitian x else evaluateSymmetric x
