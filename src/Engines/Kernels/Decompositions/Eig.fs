namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

// Eigenvalues and eigenvectors of any square matrices, in Float64 for every dtype, by their Schur forms: A = Z T Zᴴ, of which T shows
// the eigenvalues, and x with T x = λ x, by substitution, makes the eigenvector Z x.

module internal Eig =
    let private eps = 2.220446049250313e-16

    /// Powers of two d that make rows and columns of d⁻¹ a d about as large as each other (B. Parlett and C. Reinsch, "Balancing a
    /// matrix", 1969), which the eigenvalues of badly scaled matrices need.
    let private balance n (size: int -> int -> float) : float[] =
        let d = Array.create n 1.0
        let mutable isMoving = true
        let mutable rounds = 0

        while isMoving && rounds < 100 do
            isMoving <- false
            rounds <- rounds + 1

            for i in 0 .. n - 1 do
                let mutable column, row = 0.0, 0.0

                for j in 0 .. n - 1 do
                    if j <> i then
                        column <- column + size j i * d[i] / d[j]
                        row <- row + size i j * d[j] / d[i]

                if column > 0.0 && row > 0.0 && Double.IsFinite(column + row) then
                    // The power of two next to the square root of the quotient.
                    let factor = Math.ScaleB(1.0, int (Math.Round(0.5 * Math.Log2(row / column))))

                    if factor <> 1.0 && column * factor + row / factor < 0.95 * (column + row) then
                        d[i] <- d[i] * factor
                        isMoving <- true

        d

    /// The columns x with t x = λ x, of an upper triangular t but for blocks, which begin at rows that `isPair` tells.
    let private vectorsOfSchur
        n
        (t: int -> int -> Complex)
        (isPair: int -> bool)
        (values: Complex[])
        : Complex[][] =
        let mutable norm = 0.0

        for i in 0 .. n - 1 do
            for j in Math.Max(i - 1, 0) .. n - 1 do
                norm <- norm + Complex.Abs(t i j)

        let small = Math.Max(eps * norm, Double.Epsilon * 1e16)
        let columns = Array.zeroCreate<Complex[]> n

        for k in 0 .. n - 1 do
            if k > 0 && isPair (k - 1) then
                columns[k] <- Array.map Complex.Conjugate columns[k - 1]
            else
                let value = values[k]
                let x = Array.zeroCreate<Complex> n
                let mutable last = k

                if isPair k then
                    x[k + 1] <- Complex.One
                    x[k] <- (value - t (k + 1) (k + 1)) / t (k + 1) k
                    last <- k + 1
                else
                    x[k] <- Complex.One

                let rest i =
                    let mutable sum = Complex.Zero

                    for j in i + 1 .. last do
                        sum <- sum - t i j * x[j]

                    sum

                let clear (z: Complex) limit = if Complex.Abs z < limit then Complex(limit, 0.0) else z
                let mutable i = k - 1

                while i >= 0 do
                    if i > 0 && isPair (i - 1) then
                        let below = rest i
                        // Without the element beside the diagonal, whose number is not known yet.
                        let above = rest (i - 1)
                        let a, b = t (i - 1) (i - 1) - value, t (i - 1) i
                        let c, d = t i (i - 1), t i i - value
                        let determinant = clear (a * d - b * c) (small * small)
                        x[i - 1] <- (d * above - b * below) / determinant
                        x[i] <- (a * below - c * above) / determinant
                        i <- i - 2
                    else
                        x[i] <- rest i / clear (t i i - value) small
                        i <- i - 1

                    let size = Complex.Abs x[i + 1]

                    if size > 1e100 then
                        for j in 0..last do
                            x[j] <- x[j] / size

                columns[k] <- x

        columns

    /// Vectors of length 1 that are made unique, in the order of eigenvalues: rising real parts, then imaginary ones.
    let private sorted
        n
        (w: Complex[])
        (vectors: Complex[][])
        (values: Span<Complex>)
        (columns: Span<Complex>)
        =
        let order = Array.init n id
        Array.sortInPlaceBy (fun i -> struct (w[i].Real, w[i].Imaginary)) order

        for j in 0 .. n - 1 do
            let v = vectors[order[j]]
            let largest = v |> Array.fold (fun most x -> Math.Max(most, Complex.Abs x)) 0.0
            let v = v |> Array.map (fun x -> x / largest)
            let norm = Math.Sqrt(v |> Array.sumBy (fun x -> x.Real * x.Real + x.Imaginary * x.Imaginary))
            let turn = VectorPhase.turn n (fun i -> v[i]) / norm
            values[j] <- w[order[j]]

            for i in 0 .. n - 1 do
                columns[i * n + j] <- turn * v[i]

    let private refused n : Complex[] * Complex[][] =
        let none = Complex(nan, nan)
        Array.create n none, Array.init n (fun _ -> Array.create n none)

    /// A power of two about as large as the largest element, so that no product leaves the range; 1 for none.
    let private scaleOf n (size: int -> int -> float) : float =
        let mutable largest = 0.0

        for i in 0 .. n - 1 do
            for j in 0 .. n - 1 do
                largest <- Math.Max(largest, size i j)

        if largest = 0.0 then 1.0 else Math.ScaleB(1.0, Math.ILogB largest)

    let private ofReal n (a: int -> int -> float) : Complex[] * Complex[][] =
        let d = balance n (fun i j -> Math.Abs(a i j))
        let balanced i j = a i j / d[i] * d[j]
        let scale = scaleOf n (fun i j -> Math.Abs(balanced i j))
        let h = Array2D.init n n (fun i j -> balanced i j / scale)
        let z = Array2D.zeroCreate<float> n n
        let real, imaginary = Array.zeroCreate<float> n, Array.zeroCreate<float> n

        if Schur.real n h z real imaginary then
            let values = Array.map2 (fun x y -> Complex(x, y)) real imaginary
            let isPair i = i < n - 1 && imaginary[i] > 0.0
            let inner = vectorsOfSchur n (fun i j -> Complex(h[i, j], 0.0)) isPair values

            let outer (x: Complex[]) =
                Array.init n (fun i ->
                    let mutable sum = Complex.Zero

                    for j in 0 .. n - 1 do
                        sum <- sum + z[i, j] * x[j]

                    d[i] * sum)

            Array.map (fun w -> w * Complex(scale, 0.0)) values, Array.map outer inner
        else
            refused n

    let private ofComplex n (a: int -> int -> Complex) : Complex[] * Complex[][] =
        let d = balance n (fun i j -> Complex.Abs(a i j))
        let balanced i j = a i j / d[i] * d[j]
        let scale = scaleOf n (fun i j -> Complex.Abs(balanced i j))
        let h = Array2D.init n n (fun i j -> balanced i j / scale)
        let z = Array2D.zeroCreate<Complex> n n

        if ComplexSchur.complex n h z then
            let values = Array.init n (fun i -> h[i, i])
            let inner = vectorsOfSchur n (fun i j -> h[i, j]) (fun _ -> false) values

            let outer (x: Complex[]) =
                Array.init n (fun i ->
                    let mutable sum = Complex.Zero

                    for j in 0 .. n - 1 do
                        sum <- sum + z[i, j] * x[j]

                    d[i] * sum)

            Array.map (fun w -> w * Complex(scale, 0.0)) values, Array.map outer inner
        else
            refused n

    /// The eigenvalues (…, n) of matrices (…, n, n), and eigenvectors as columns. Where a number is not finite, all are NaN.
    let evaluate (x: HostBuffer) : HostBuffer[] =
        let struct (batch, n, _) = Matrices.sizes x
        let values = Strided.fresh<Complex> DType.Complex128 (Array.append batch [| n |])
        let vectors = Strided.fresh<Complex> DType.Complex128 x.Shape

        let run (one: int -> Complex[] * Complex[][]) =
            if n > 0 then
                Matrices.each batch (60L * int64 n * int64 n * int64 n) (fun i ->
                    let w, v = one (i * n * n)

                    sorted n w v (Span(values.Items, i * n, n)) (Span(vectors.Items, i * n * n, n * n)))

        if x.DType.IsComplex then
            let wide = Strided.contiguous (Convert.buffer DType.Complex128 x :?> HostBuffer<Complex>)

            run (fun at ->
                let a i j = wide.Items[wide.Offset + at + i * n + j]
                let isFinite = Range.forall (n * n) (fun k -> Complex.IsFinite(a 0 k))
                if isFinite then ofComplex n a else refused n)
        else
            let wide = Matrices.wide x

            run (fun at ->
                let a i j = wide.Items[wide.Offset + at + i * n + j]
                let isFinite = Range.forall (n * n) (fun k -> Double.IsFinite(a 0 k))
                if isFinite then ofReal n a else refused n)

        let dtype =
            match x.DType with
            | DType.Float64
            | DType.Complex128 -> DType.Complex128
            | _ -> DType.Complex64

        [| Convert.buffer dtype values; Convert.buffer dtype vectors |]
