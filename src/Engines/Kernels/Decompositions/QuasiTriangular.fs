namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent.Engines.Along

/// A real matrix T that is upper triangular but for blocks [a b; c d] of two rows and columns on its diagonal, which have pairs of
/// conjugate eigenvalues: what the real Schur form is (G. Golub and C. Van Loan, "Matrix Computations", 4th edition, sections 7.4
/// and 7.6). Matrices lie row by row.
module internal QuasiTriangular =
    /// Whether a block of two begins at row k.
    let isPair n (t: float[]) k = k < n - 1 && t[(k + 1) * n + k] <> 0.0

    /// The eigenvalues of a block are (a + d)/2 ± √q with q = (a - d)²/4 + bc. This is √|q| with the sign of q, of which no square
    /// leaves the range.
    let signedRoot (a: float) (b: float) (c: float) (d: float) : float =
        let half = (a - d) / 2.0
        let scale = Math.Max(Math.Abs half, Math.Max(Math.Abs b, Math.Abs c))

        if scale = 0.0 then
            0.0
        else
            let q = half / scale * half + b / scale * c
            Math.CopySign(Math.Sqrt scale * Math.Sqrt(Math.Abs q), q)

    /// The eigenvalues, from first to last; of a pair first the one with a positive imaginary part.
    let values n (t: float[]) : Complex[] =
        Tile.optimised ()
        let values = Array.init n (fun i -> Complex(t[i * n + i], 0.0))

        for k in 0 .. n - 2 do
            if isPair n t k then
                let a, b, c, d = t[k * n + k], t[k * n + k + 1], t[(k + 1) * n + k], t[(k + 1) * n + k + 1]
                let value = Complex((a + d) / 2.0, -(signedRoot a b c d))
                values[k] <- value
                values[k + 1] <- Complex.Conjugate value

        values

    // ---- Eigenvectors ----

    /// A vector as it is found, from its last element to its first: a row of X, and the next row for its imaginary part.
    [<Struct>]
    type private Unknown = {
        X: float[]
        Size: int
        Row: int
        IsComplex: bool
        /// Behind the last element that is not 0.
        End: int
    } with

        member u.Real from = Span(u.X, u.Row * u.Size + from, u.End - from)
        member u.Imaginary from = Span(u.X, (u.Row + 1) * u.Size + from, u.End - from)

        member u.Set(i, value: Complex) =
            u.X[u.Row * u.Size + i] <- value.Real
            if u.IsComplex then u.X[(u.Row + 1) * u.Size + i] <- value.Imaginary

        member u.Get i =
            Complex(u.X[u.Row * u.Size + i], (if u.IsComplex then u.X[(u.Row + 1) * u.Size + i] else 0.0))

        /// The sum of t[row, j] x[j] over j, where x is known from there on.
        member u.Sum(t: float[], row, from) =
            let coefficients = ReadOnlySpan(t, row * u.Size + from, u.End - from)
            let real: float = RowMath.Dot(coefficients, reading (u.Real from))

            let imaginary: float =
                if u.IsComplex then RowMath.Dot(coefficients, reading (u.Imaginary from)) else 0.0

            Complex(real, imaginary)

        /// Divides all by the newest element if that is very large: only the direction counts.
        member u.Shrink newest =
            let size = Complex.Abs(u.Get newest)

            if size > 1e100 then
                let real = u.Real newest
                RowMath.Divide(reading real, size, real)

                if u.IsComplex then
                    let imaginary = u.Imaginary newest
                    RowMath.Divide(reading imaginary, size, imaginary)

    /// What is divided by, at least so large: two equal eigenvalues have a vector that is as good as one.
    let private atLeast limit (z: Complex) = if Complex.Abs z < limit then Complex(limit, 0.0) else z

    /// The elements before `known` of a solution of (T - λ) x = 0, by back substitution.
    let private substitute n (t: float[]) (value: Complex) small known (x: Unknown) =
        Tile.optimised ()
        let mutable i = known - 1

        while i >= 0 do
            let below = x.Sum(t, i, i + 1)
            let ownOf i = t[i * n + i] - value

            if i > 0 && isPair n t (i - 1) then
                // Two equations for a block, by Cramer's rule.
                let above = x.Sum(t, i - 1, i + 1)
                let a, d = ownOf (i - 1), ownOf i
                let b, c = t[(i - 1) * n + i], t[i * n + i - 1]
                let determinant = atLeast (small * small) (a * d - Complex(b * c, 0.0))
                x.Set(i - 1, (b * below - d * above) / determinant)
                x.Set(i, (c * above - a * below) / determinant)
                x.Shrink i
                x.Shrink(i - 1)
                i <- i - 2
            else
                x.Set(i, -below / atLeast small (ownOf i))
                x.Shrink i
                i <- i - 1

    /// The x with T x = λ x for each of the eigenvalues, as rows; of a pair real and imaginary part of the first one's.
    let vectors n (t: float[]) (values: Complex[]) : float[] =
        Tile.optimised ()
        let all = Array.zeroCreate<float>(n * n)
        let norm: float = if n > 0 then RowMath.Norm(ReadOnlySpan t) else 0.0
        let small = Math.Max(Math.ScaleB(norm, -52), 1e-300)

        for k in 0 .. n - 1 do
            // The second of a pair is the conjugate of the first.
            if values[k].Imaginary >= 0.0 then
                let isComplex = isPair n t k

                let x = {
                    X = all
                    Size = n
                    Row = k
                    IsComplex = isComplex
                    End = if isComplex then k + 2 else k + 1
                }

                if isComplex then
                    x.Set(k, (values[k] - t[(k + 1) * n + k + 1]) / t[(k + 1) * n + k])
                    x.Set(k + 1, Complex.One)
                else
                    x.Set(k, Complex.One)

                substitute n t values[k] small k x

        all
