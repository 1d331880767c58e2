namespace Cotangent.Engines

open System
open System.Numerics

/// The Schur form of a complex matrix, A = Z T Zᴴ with T upper triangular: of a Hessenberg matrix by QR steps with Wilkinson's shifts
/// (G. Golub and C. Van Loan, "Matrix Computations", 4th edition, chapter 7). Matrices lie row by row; of Z the vectors are rows.
module internal ComplexSchur =
    /// The eigenvalue of the last block of two that is nearer to its last element.
    let private wilkinson n (h: Complex[]) last =
        let at i j = h[i * n + j]
        let a, b, c, d = at (last - 1) (last - 1), at (last - 1) last, at last (last - 1), at last last
        let half = (a - d) / 2.0
        let root = Complex.Sqrt(half * half + b * c)
        let larger = if Complex.Abs(half + root) > Complex.Abs(half - root) then half + root else half - root
        if larger = Complex.Zero then d else d - b * c / larger

    /// The real c and the complex s of the rotation [c s; -s̄ c] that makes (x, y) to (r, 0).
    let private rotation (x: Complex) (y: Complex) : struct (float * Complex) =
        let sizeX, sizeY = Complex.Abs x, Complex.Abs y
        let r = Double.Hypot(sizeX, sizeY)

        if r = 0.0 then struct (1.0, Complex.Zero)
        elif sizeX = 0.0 then struct (0.0, Complex.Conjugate y / sizeY)
        else struct (sizeX / r, x / sizeX * Complex.Conjugate y / r)

    let private rotateRows (first: Span<Complex>) (second: Span<Complex>) (c: float) (s: Complex) =
        Tile.optimised ()

        for j in 0 .. first.Length - 1 do
            let x, y = first[j], second[j]
            first[j] <- c * x + s * y
            second[j] <- c * y - Complex.Conjugate s * x

    /// Columns k and k + 1 of the first rows, by the adjoint of the rotation.
    let private rotateColumns n (h: Complex[]) k rows (c: float) (s: Complex) =
        Tile.optimised ()

        for i in 0 .. rows - 1 do
            let x, y = h[i * n + k], h[i * n + k + 1]
            h[i * n + k] <- c * x + Complex.Conjugate s * y
            h[i * n + k + 1] <- c * y - s * x

    let inline private row n (a: Complex[]) i from : Span<Complex> = Span(a, i * n + from, n - from)

    /// One QR step with a shift on the block of rows `first` to `last`: H - σ = Q R becomes R Q.
    let private step
        n
        (h: Complex[])
        (z: Complex[])
        first
        last
        (shift: Complex)
        (rotations: struct (float * Complex)[])
        =
        Tile.optimised ()

        for i in first..last do
            h[i * n + i] <- h[i * n + i] - shift

        for k in first .. last - 1 do
            let (struct (c, s) as turn) = rotation h[k * n + k] h[(k + 1) * n + k]
            rotations[k] <- turn
            rotateRows (row n h k k) (row n h (k + 1) k) c s
            h[(k + 1) * n + k] <- Complex.Zero

        for k in first .. last - 1 do
            let struct (c, s) = rotations[k]
            rotateColumns n h k (k + 2) c s
            rotateRows (row n z k 0) (row n z (k + 1) 0) c (Complex.Conjugate s)

        for i in first..last do
            h[i * n + i] <- h[i * n + i] + shift

    /// The matrix in h becomes T, whose diagonal has the eigenvalues; z gets the columns of Z as rows. False where steps did not
    /// suffice, which is not known to happen.
    let decompose n (h: Complex[]) (z: Complex[]) : bool =
        Tile.optimised ()
        Hessenberg.reduce n h z
        let norm = Scalars.norm (Span h)
        let rotations = Array.zeroCreate<struct (float * Complex)> n
        let mutable last = n - 1
        let mutable steps, total = 0, 0

        while last > 0 && total < Hessenberg.mostSteps n do
            let first = Hessenberg.blockOf n h last norm

            if first = last then
                last <- last - 1
                steps <- 0
            else
                // Every tenth shift is another, in case the others go in a circle.
                let shift =
                    if steps % 10 = 9 then
                        h[last * n + last] + Complex(Complex.Abs h[last * n + last - 1], 0.0)
                    else
                        wilkinson n h last

                step n h z first last shift rotations
                steps <- steps + 1
                total <- total + 1

        last <= 0

    /// The x with T x = λ x for each λ on the diagonal of T, as rows, by back substitution.
    let vectors n (t: Complex[]) : Complex[] =
        Tile.optimised ()
        let all = Array.zeroCreate<Complex>(n * n)
        let small = Math.Max(Math.ScaleB(Scalars.norm (Span t), -52), 1e-300)

        for k in 0 .. n - 1 do
            let x = Span(all, k * n, k + 1)
            x[k] <- Complex.One

            for i in k - 1 .. -1 .. 0 do
                let mutable sum = Complex.Zero

                for j in i + 1 .. k do
                    sum <- sum - t[i * n + j] * x[j]

                let difference = t[i * n + i] - t[k * n + k]
                // Two equal eigenvalues have a vector that is as good as one.
                x[i] <- sum / (if Complex.Abs difference < small then Complex(small, 0.0) else difference)
                let size = Complex.Abs x[i]

                // Only the direction counts.
                if size > 1e100 then Scalars.scale x (1.0 / size)

        all
