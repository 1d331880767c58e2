namespace Cotangent.Engines

open System
open System.Numerics

// The Schur form of a complex matrix, A = Z T Zᴴ with T upper triangular: Householder's reflections make A a Hessenberg matrix, QR
// steps with Wilkinson's shifts make that T (G. Golub and C. Van Loan, "Matrix Computations", chapter 7).

module internal ComplexSchur =
    let private eps = 2.220446049250313e-16

    /// Makes h a Hessenberg matrix; z becomes the product of the reflections H = I - tau v vᴴ.
    let private hessenberg n (h: Complex[,]) (z: Complex[,]) =
        for i in 0 .. n - 1 do
            z[i, i] <- Complex.One

        for m in 1 .. n - 2 do
            let v = Array.init (n - m) (fun i -> h[m + i, m - 1])
            let largest = v |> Array.fold (fun most x -> Math.Max(most, Complex.Abs x)) 0.0
            let rest = v[1..] |> Array.exists (fun x -> x <> Complex.Zero)

            if largest > 0.0 && rest then
                let norm =
                    largest * Math.Sqrt(v |> Array.sumBy (fun x -> let r = Complex.Abs x / largest in r * r))

                let alpha = v[0]
                let beta = if alpha.Real < 0.0 then norm else -norm
                let tau = (Complex(beta, 0.0) - alpha) / beta

                for i in 1 .. v.Length - 1 do
                    v[i] <- v[i] / (alpha - beta)
                    h[m + i, m - 1] <- Complex.Zero

                v[0] <- Complex.One
                h[m, m - 1] <- Complex(beta, 0.0)

                for j in m .. n - 1 do
                    let mutable along = Complex.Zero

                    for i in 0 .. v.Length - 1 do
                        along <- along + Complex.Conjugate v[i] * h[m + i, j]

                    let along = Complex.Conjugate tau * along

                    for i in 0 .. v.Length - 1 do
                        h[m + i, j] <- h[m + i, j] - along * v[i]

                let fromRight (a: Complex[,]) =
                    for i in 0 .. n - 1 do
                        let mutable along = Complex.Zero

                        for j in 0 .. v.Length - 1 do
                            along <- along + a[i, m + j] * v[j]

                        let along = tau * along

                        for j in 0 .. v.Length - 1 do
                            a[i, m + j] <- a[i, m + j] - along * Complex.Conjugate v[j]

                fromRight h
                fromRight z

    /// The eigenvalue of the last block of two that is nearer to its last element.
    let private wilkinson (h: Complex[,]) last =
        let a, b = h[last - 1, last - 1], h[last - 1, last]
        let c, d = h[last, last - 1], h[last, last]
        let half = (a - d) / 2.0
        let root = Complex.Sqrt(half * half + b * c)
        let larger = if Complex.Abs(half + root) > Complex.Abs(half - root) then half + root else half - root
        if larger = Complex.Zero then d else d - b * c / larger

    /// One QR step with a shift on the block from l to `last`.
    let private step
        n
        (h: Complex[,])
        (z: Complex[,])
        l
        last
        (shift: Complex)
        (cosines: float[])
        (sines: Complex[])
        =
        for i in l..last do
            h[i, i] <- h[i, i] - shift

        // Rows k and k + 1 are turned so that the element below the diagonal is 0.
        for k in l .. last - 1 do
            let a, b = h[k, k], h[k + 1, k]
            let sizeA, sizeB = Complex.Abs a, Complex.Abs b
            let r = Double.Hypot(sizeA, sizeB)

            let struct (c, s) =
                if r = 0.0 then struct (1.0, Complex.Zero)
                elif sizeA = 0.0 then struct (0.0, Complex.Conjugate b / sizeB)
                else struct (sizeA / r, a / sizeA * Complex.Conjugate b / r)

            cosines[k] <- c
            sines[k] <- s

            for j in k .. n - 1 do
                let x, y = h[k, j], h[k + 1, j]
                h[k, j] <- c * x + s * y
                h[k + 1, j] <- c * y - Complex.Conjugate s * x

            h[k + 1, k] <- Complex.Zero

        let fromRight (a: Complex[,]) k rows =
            let c, s = cosines[k], sines[k]

            for i in 0 .. rows - 1 do
                let x, y = a[i, k], a[i, k + 1]
                a[i, k] <- c * x + Complex.Conjugate s * y
                a[i, k + 1] <- c * y - s * x

        for k in l .. last - 1 do
            fromRight h k (k + 2)
            fromRight z k n

        for i in l..last do
            h[i, i] <- h[i, i] + shift

    /// Makes h the Schur form, whose diagonal has the eigenvalues, and z its basis. False where rounds did not suffice.
    let complex n (h: Complex[,]) (z: Complex[,]) : bool =
        hessenberg n h z
        let cosines, sines = Array.zeroCreate<float> n, Array.zeroCreate<Complex> n
        let mutable last = n - 1
        let mutable rounds, total = 0, 0
        let mutable norm = 0.0

        for i in 0 .. n - 1 do
            for j in Math.Max(i - 1, 0) .. n - 1 do
                norm <- norm + Complex.Abs h[i, j]

        while last > 0 && total < 60 * (n + 10) do
            let mutable l = last
            let mutable isFound = false

            while l > 0 && not isFound do
                let s = Complex.Abs h[l - 1, l - 1] + Complex.Abs h[l, l]
                let s = if s = 0.0 then norm else s
                if Complex.Abs h[l, l - 1] <= eps * s then isFound <- true else l <- l - 1

            if l > 0 then h[l, l - 1] <- Complex.Zero

            if l = last then
                last <- last - 1
                rounds <- 0
            else
                // Every tenth shift is another, in case the others go in a circle.
                let shift =
                    if rounds % 10 = 9 then
                        h[last, last] + Complex(Complex.Abs h[last, last - 1], 0.0)
                    else
                        wilkinson h last

                step n h z l last shift cosines sines
                rounds <- rounds + 1
                total <- total + 1

        last <= 0
