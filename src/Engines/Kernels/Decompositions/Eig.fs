namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

// Eigenvalues and eigenvectors of any square matrices, in Float64 for every dtype, by their Schur forms: A = Z T Zᴴ, of which T shows
// the eigenvalues, and x with T x = λ x, by substitution, makes the eigenvector Z x.

module internal Eig =
    /// Powers of two d that make rows and columns of d⁻¹ a d about as large as each other (B. Parlett and C. Reinsch, "Balancing a
    /// matrix", 1969), which the eigenvalues of badly scaled matrices need.
    let private balance n (size: int -> int -> float) : float[] =
        Tile.optimised ()
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

    /// Vectors of length 1 that are made unique, in the order of eigenvalues: rising real parts, then imaginary ones.
    let private sorted
        n
        (w: Complex[])
        (vectors: Complex[][])
        (values: Span<Complex>)
        (columns: Span<Complex>)
        =
        Tile.optimised ()
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
        Tile.optimised ()
        let mutable largest = 0.0

        for i in 0 .. n - 1 do
            for j in 0 .. n - 1 do
                largest <- Math.Max(largest, size i j)

        if largest = 0.0 then 1.0 else Math.ScaleB(1.0, Math.ILogB largest)

    /// The powers of two that balance a, and the one by which it is then divided.
    let private measure n (size: int -> int -> float) : struct (float[] * float) =
        let d = balance n size
        struct (d, scaleOf n (fun i j -> size i j / d[i] * d[j]))

    let private ofReal n (a: int -> int -> float) : Complex[] * Complex[][] =
        Tile.optimised ()
        let struct (d, scale) = measure n (fun i j -> Math.Abs(a i j))
        let t = Array.init (n * n) (fun k -> a (k / n) (k % n) / d[k / n] * d[k % n] / scale)
        let z = Array.zeroCreate<float>(n * n)

        if Schur.decompose n t z then
            let values = QuasiTriangular.values n t
            let inner, outer = QuasiTriangular.vectors n t values, Array.zeroCreate<float>(n * n)
            let multiply = Matrices.product<float>()
            multiply.Invoke(n, n, n, Matrices.adjacent inner 0 n, Matrices.adjacent z 0 n, outer, 0)

            // Of a pair the first has its real and imaginary part in two rows, the second the conjugate.
            let vector k =
                let imaginary = values[k].Imaginary
                let row = if imaginary < 0.0 then k - 1 else k

                Array.init n (fun i ->
                    let part row = d[i] * outer[row * n + i]

                    let turned =
                        if imaginary = 0.0 then 0.0 else Math.CopySign(1.0, imaginary) * part (row + 1)

                    Complex(part row, turned))

            Array.map (fun w -> w * Complex(scale, 0.0)) values, Array.init n vector
        else
            refused n

    let private ofComplex n (a: int -> int -> Complex) : Complex[] * Complex[][] =
        Tile.optimised ()
        let struct (d, scale) = measure n (fun i j -> Complex.Abs(a i j))
        let t = Array.init (n * n) (fun k -> a (k / n) (k % n) / d[k / n] * d[k % n] / scale)
        let z = Array.zeroCreate<Complex>(n * n)

        if ComplexSchur.decompose n t z then
            let values = Array.init n (fun i -> t[i * n + i] * Complex(scale, 0.0))
            let inner, outer = ComplexSchur.vectors n t, Array.zeroCreate<Complex>(n * n)
            ComplexProduct.run n n n (Matrices.adjacent inner 0 n) (Matrices.adjacent z 0 n) outer 0
            values, Array.init n (fun k -> Array.init n (fun i -> d[i] * outer[k * n + i]))
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
