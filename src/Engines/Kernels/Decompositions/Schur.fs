namespace Cotangent.Engines

open System
open System.Numerics
open Cotangent.Engines.Along

/// The real Schur form A = Z T Zᵀ, where T is quasi-triangular: implicit double steps of the QR algorithm make a Hessenberg matrix
/// so (J. Francis, "The QR transformation", 1961; G. Golub and C. Van Loan, "Matrix Computations", 4th edition, section 7.5). Matrices
/// lie row by row; of Z the transposed is kept, so that its vectors are rows.
module internal Schur =
    let private epsilon = Math.ScaleB(1.0, -52)

    // ---- Reflections of three rows or columns ----

    /// H = I - tau v vᵀ with v = (1, Second, Third), which takes a vector to (Beta, 0, 0).
    [<Struct>]
    type private Reflection = { Second: float; Third: float; Tau: float; Beta: float }

    let private reflection (x: float) (y: float) (z: float) : Reflection =
        let rest = Double.Hypot(y, z)

        if rest = 0.0 then
            { Second = 0.0; Third = 0.0; Tau = 0.0; Beta = x }
        else
            let norm = Double.Hypot(x, rest)
            let beta = if x < 0.0 then norm else -norm

            { Second = y / (x - beta); Third = z / (x - beta); Tau = (beta - x) / beta; Beta = beta }

    let inline private row n (a: float[]) i from : Span<float> = Span(a, i * n + from, n - from)

    let private reflectRows (r: Reflection) (x: Span<float>) (y: Span<float>) (z: Span<float>) =
        Tile.optimised ()
        let width = Vector<float>.Count
        let second, third, tau = Vector<float>(r.Second), Vector<float>(r.Third), Vector<float>(r.Tau)
        let mutable j = 0

        while j <= x.Length - width do
            let a = x.Slice(j, width)
            let b = y.Slice(j, width)
            let c = z.Slice(j, width)
            let f, g, h = Vector<float>(reading a), Vector<float>(reading b), Vector<float>(reading c)
            let along = tau * (f + second * g + third * h)
            (f - along).CopyTo a
            (g - along * second).CopyTo b
            (h - along * third).CopyTo c
            j <- j + width

        while j < x.Length do
            let along = r.Tau * (x[j] + r.Second * y[j] + r.Third * z[j])
            x[j] <- x[j] - along
            y[j] <- y[j] - along * r.Second
            z[j] <- z[j] - along * r.Third
            j <- j + 1

    /// Columns k to k + 2 of the rows before `rows`.
    let private reflectColumns n (h: float[]) (r: Reflection) k rows =
        Tile.optimised ()

        for i in 0 .. rows - 1 do
            let row = Span(h, i * n + k, 3)
            let along = r.Tau * (row[0] + r.Second * row[1] + r.Third * row[2])
            row[0] <- row[0] - along
            row[1] <- row[1] - along * r.Second
            row[2] <- row[2] - along * r.Third

    // ---- Rotations of two ----

    let private rotateRows (c: float) (s: float) (x: Span<float>) (y: Span<float>) =
        Tile.optimised ()
        let width = Vector<float>.Count
        let cosine, sine = Vector<float>(c), Vector<float>(s)
        let mutable j = 0

        while j <= x.Length - width do
            let a = x.Slice(j, width)
            let b = y.Slice(j, width)
            let f, g = Vector<float>(reading a), Vector<float>(reading b)
            (cosine * f + sine * g).CopyTo a
            (cosine * g - sine * f).CopyTo b
            j <- j + width

        while j < x.Length do
            let f, g = x[j], y[j]
            x[j] <- c * f + s * g
            y[j] <- c * g - s * f
            j <- j + 1

    /// Rows and columns k and k + 1, and the vectors that belong to them, by the rotation that takes (x, y) to (r, 0).
    let private rotate n (h: float[]) (z: float[]) k (x: float) (y: float) =
        Tile.optimised ()
        let r = Double.Hypot(x, y)
        let c, s = if r = 0.0 then 1.0, 0.0 else x / r, y / r
        let from = max 0 (k - 1)
        rotateRows c s (row n h k from) (row n h (k + 1) from)

        for i in 0 .. k + 1 do
            let a, b = h[i * n + k], h[i * n + k + 1]
            h[i * n + k] <- c * a + s * b
            h[i * n + k + 1] <- c * b - s * a

        rotateRows c s (row n z k 0) (row n z (k + 1) 0)

    // ---- One double step ----

    /// Both shifts of a step are the eigenvalues of this matrix, so that no complex number occurs.
    [<Struct>]
    type private Shifts = { A: float; B: float; C: float; D: float }

    /// The last block of two; every tenth time another of its size, in case the others go in a circle (R. Martin, G. Peters and
    /// J. H. Wilkinson, "The QR algorithm for real Hessenberg matrices", 1970).
    let private shiftsOf n (h: float[]) last steps : Shifts =
        let at i j = h[i * n + j]

        if steps % 10 = 9 then
            let size = Math.Abs(at last (last - 1)) + Math.Abs(at (last - 1) (last - 2))
            let centre = at last last + 0.75 * size
            { A = centre; B = -0.4375 * size; C = size; D = centre }
        else
            { A = at (last - 1) (last - 1); B = at (last - 1) last; C = at last (last - 1); D = at last last }

    /// The first column of (H - σ₁)(H - σ₂) for the rows from k on, divided by h[k + 1, k]: it has three elements.
    let private firstColumn n (h: float[]) k (shifts: Shifts) : struct (float * float * float) =
        let below = h[(k + 1) * n + k]
        let x, y = h[k * n + k], h[(k + 1) * n + k + 1]
        let a, d = x - shifts.A, x - shifts.D
        let first = a / below * d - shifts.B / below * shifts.C + h[k * n + k + 1]
        struct (first, a + (y - shifts.D), h[(k + 2) * n + k + 1])

    /// The row that a step begins with: if two consecutive elements of the subdiagonal are so small that what the step would
    /// change above them is nothing, there, and otherwise with the block's first.
    let rec private start n (h: float[]) first k shifts : struct (int * struct (float * float * float)) =
        Tile.optimised ()
        let (struct (x, y, z) as column) = firstColumn n h k shifts

        let isNothing () =
            let at i = Math.Abs h[i * n + i]
            let change = Math.Abs h[k * n + k - 1] * (Math.Abs y + Math.Abs z)
            change <= epsilon * Math.Abs x * (at (k - 1) + at k + at (k + 1))

        if k = first || isNothing () then struct (k, column) else start n h first (k - 1) shifts

    /// A double step on the block of rows `first` to `last`, three at least. The reflection that its first column asks for makes a
    /// bulge below the subdiagonal, which further ones chase down and out.
    let private step n (h: float[]) (z: float[]) first last (shifts: Shifts) =
        Tile.optimised ()
        let struct (top, column) = start n h first (last - 2) shifts

        for k in top .. last - 2 do
            let struct (x, y, w) =
                if k = top then
                    column
                else
                    struct (h[k * n + k - 1], h[(k + 1) * n + k - 1], h[(k + 2) * n + k - 1])

            let r = reflection x y w

            if k > top then
                h[k * n + k - 1] <- r.Beta
                h[(k + 1) * n + k - 1] <- 0.0
                h[(k + 2) * n + k - 1] <- 0.0
            elif k > first then
                h[k * n + k - 1] <- h[k * n + k - 1] * (1.0 - r.Tau)

            reflectRows r (row n h k k) (row n h (k + 1) k) (row n h (k + 2) k)
            reflectColumns n h r k (min last (k + 3) + 1)
            reflectRows r (row n z k 0) (row n z (k + 1) 0) (row n z (k + 2) 0)

        rotate n h z (last - 1) h[(last - 1) * n + last - 2] h[last * n + last - 2]
        h[last * n + last - 2] <- 0.0

    // ---- All steps ----

    /// The block of rows k and k + 1 becomes triangular if its eigenvalues are real: (λ - d, c) is a vector of the first of them.
    let private split n (h: float[]) (z: float[]) k =
        let at = k * n + k
        let a, b, c, d = h[at], h[at + 1], h[at + n], h[at + n + 1]
        let root = QuasiTriangular.signedRoot a b c d

        if root >= 0.0 then
            let half = (a - d) / 2.0
            // The one farther from d, whose difference no cancellation spoils; d is as far from the other.
            let difference = if half < 0.0 then half - root else half + root
            rotate n h z k difference c
            h[at] <- d + difference
            h[at + n] <- 0.0
            h[at + n + 1] <- if difference = 0.0 then d else d - b / difference * c

    /// The matrix in h becomes T, z the transposed Z. False where steps did not suffice, which is not known to happen.
    let decompose n (h: float[]) (z: float[]) : bool =
        Tile.optimised ()
        Hessenberg.reduce n h z
        let norm = Scalars.norm (Span h)
        let mutable last = n - 1
        // For the present block, and for all.
        let mutable steps, total = 0, 0

        while last > 0 && total < Hessenberg.mostSteps n do
            let first = Hessenberg.blockOf n h last norm

            if first >= last - 1 then
                if first = last - 1 then split n h z first
                last <- first - 1
                steps <- 0
            else
                step n h z first last (shiftsOf n h last steps)
                steps <- steps + 1
                total <- total + 1

        last <= 0
