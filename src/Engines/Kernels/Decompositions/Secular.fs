namespace Cotangent.Engines

open System
open System.Buffers
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// What decompositions by halves have in common. The eigenvalues of D + ρ z zᵀ, D diagonal, are the roots of
//
//   f(λ) = 1/ρ + Σ z_i² / (p_i - λ),
//
// one between each pole p and the next and one behind the last, and its eigenvectors have the elements z_i / (p_i - λ). They are
// orthogonal to the last digits where z is not the given one but that of which the computed roots are exact ones (M. Gu and S.
// Eisenstat, "A stable and efficient algorithm for the rank-one modification of the symmetric eigenproblem", 1994).

module internal Secular =
    /// Rounds for one root. It takes three to five; each after the first ones halves at least what encloses it.
    [<Literal>]
    let private MostRounds = 100

    let private epsilon = Math.ScaleB(1.0, -53)

    /// What f is made of at λ = pole + τ, from differences to the pole: the sum and its derivative over terms from `first` to before
    /// `last`, and the sum of the sums along the way, which bounds the error.
    let private terms (z: float[]) (deltas: float[]) tau first last : struct (float * float) =
        Tile.optimised ()
        let mutable sum = 0.0
        let mutable slope = 0.0
        let mutable i = first

        if Vector512.IsHardwareAccelerated then
            let lanes = Vector512<float>.Count
            let mutable sums = Vector512<float>.Zero
            let mutable slopes = Vector512<float>.Zero
            let distance = Vector512.Create(tau: float)

            while i <= last - lanes do
                let element = Vector512.LoadUnsafe(&MemoryMarshal.GetArrayDataReference z, unativeint i)
                let delta = Vector512.LoadUnsafe(&MemoryMarshal.GetArrayDataReference deltas, unativeint i)
                let t = element / (delta - distance)
                sums <- sums + element * t
                slopes <- slopes + t * t
                i <- i + lanes

            sum <- Vector512.Sum sums
            slope <- Vector512.Sum slopes

        while i < last do
            let t = z[i] / (deltas[i] - tau)
            sum <- sum + z[i] * t
            slope <- slope + t * t
            i <- i + 1

        struct (sum, slope)

    /// Root j of k, as the number of the pole it lies nearer to and its distance from there. The differences p_i - λ go to a row.
    /// `fill j deltas` writes the differences p_i - p_j, as exact as they are known. p rises strictly; z has the norm 1.
    let root
        k
        (fill: int -> float[] -> unit)
        (z: float[])
        (rho: float)
        j
        (deltas: float[])
        (row: Span<float>)
        : struct (int * float) =
        Tile.optimised ()
        let isLast = j = k - 1
        fill j deltas
        let width = if isLast then rho else deltas[j + 1]

        // Whether the root lies nearer to its own pole or to the next, as f says in the middle between them. The last one has no next.
        let isOwn =
            isLast
            || (let struct (sum, _) = terms z deltas (0.5 * width) 0 k
                1.0 / rho + sum >= 0.0)

        let pole = if isOwn then j else j + 1
        if not isOwn then fill pole deltas

        // What encloses the root, as a distance from the pole.
        let mutable low = if isOwn then 0.0 else -0.5 * width

        let mutable high =
            if isLast then width
            elif isOwn then 0.5 * width
            else 0.0

        let mutable tau = 0.5 * (low + high)
        // The two poles that stand in for all in the next guess: those around the root, or the last two.
        let left = if isLast then max 0 (k - 2) else j
        let right = min (k - 1) (left + 1)
        let mutable rounds = 0

        while rounds < MostRounds do
            let struct (psi, psiSlope) = terms z deltas tau 0 (left + 1)
            let struct (phi, phiSlope) = terms z deltas tau (left + 1) k
            let f = 1.0 / rho + psi + phi
            let slope = psiSlope + phiSlope
            let bound = 8.0 * (Math.Abs psi + Math.Abs phi) + 1.0 / rho + Math.Abs tau * slope

            if Math.Abs f <= epsilon * bound || high - low <= 2.0 * epsilon * Math.Abs tau then
                rounds <- MostRounds
            else
                if f < 0.0 then low <- tau else high <- tau
                // The function c + s/(left pole - x) + t/(right pole - x) that has f's value and both slopes here.
                let p, q = deltas[left] - tau, deltas[right] - tau
                let c = f - p * psiSlope - q * phiSlope
                let a = (p + q) * f - p * q * slope
                let b = p * q * f
                let inner = Math.Sqrt(Math.Abs(a * a - 4.0 * b * c))

                let change =
                    if isLast then
                        if a >= 0.0 then (a + inner) / (2.0 * Math.Abs c) else 2.0 * b / (a - inner)
                    elif a <= 0.0 then
                        (a - inner) / (2.0 * c)
                    else
                        2.0 * b / (a + inner)

                // One that leads the wrong way, or nowhere, is Newton's instead; one that leads out is the middle.
                let change = if Double.IsFinite change && change * f < 0.0 then change else -f / slope

                let next = tau + change
                tau <- if next > low && next < high then next else 0.5 * (low + high)
                rounds <- rounds + 1

        for i in 0 .. k - 1 do
            row[i] <- deltas[i] - tau

        struct (pole, tau)

    /// Of √ρ z the elements of which the roots are exact ones, from the differences p_i - λ_j in row j.
    let exact k (fill: int -> float[] -> unit) (z: float[]) (differences: float[]) : float[] =
        Tile.optimised ()
        let squares, ratios = Array.create k 1.0, Array.zeroCreate<float> k

        for j in 0 .. k - 1 do
            fill j ratios
            // The root's own pole has no ratio.
            ratios[j] <- -1.0
            RowMath.Divide(ReadOnlySpan(differences, j * k, k), ReadOnlySpan ratios, Span ratios)
            RowMath.Multiply(ReadOnlySpan squares, ReadOnlySpan ratios, Span squares)

        Array.init k (fun i -> Math.CopySign(Math.Sqrt(Math.Abs squares[i]), z[i]))

    /// The vectors of a block, rows of so many columns from a place of an array on: those kept are mixed, k of them with k by k
    /// factors; those done with follow. Vectors of a half are 0 in the other, but for those that a rotation has mixed: two products, of
    /// half the columns each.
    let mix
        (multiply: Matrices.Product<float>)
        (factors: float[])
        (kept: int[])
        (finished: int[])
        (rows: float[])
        width
        at
        columns
        half
        =
        Tile.optimised ()
        let k = kept.Length
        let rent (size: int) = ArrayPool<float>.Shared.Rent size
        let mixed = rent ((k + finished.Length) * columns)

        for start, count in [ 0, half; half, columns - half ] do
            let isThere i =
                let row = ReadOnlySpan(rows, at + kept[i] * width + start, count)
                row.IndexOfAnyExcept 0.0 >= 0

            let there = [| 0 .. k - 1 |] |> Array.filter isThere
            let own = there.Length
            let known, shares, product = rent (own * count), rent (k * own), rent (k * count)

            for l in 0 .. own - 1 do
                Array.Copy(rows, at + kept[there[l]] * width + start, known, l * count, count)

            Strided.ranges k (int64 k * int64 own) (fun first last ->
                for j in first .. last - 1 do
                    for l in 0 .. own - 1 do
                        shares[j * own + l] <- factors[j * k + there[l]])

            let known' = Matrices.adjacent known 0 count
            multiply.Invoke(k, count, own, Matrices.adjacent shares 0 own, known', product, 0)

            for j in 0 .. k - 1 do
                Array.Copy(product, j * count, mixed, j * columns + start, count)

            for array in [| known; shares; product |] do
                ArrayPool<float>.Shared.Return array

        for l in 0 .. finished.Length - 1 do
            Array.Copy(rows, at + finished[l] * width, mixed, (k + l) * columns, columns)

        for i in 0 .. k + finished.Length - 1 do
            Array.Copy(mixed, i * columns, rows, at + i * width, columns)

        ArrayPool<float>.Shared.Return mixed

    /// x <- c x + s y and c y - s x.
    let rotate c s (x: Span<float>) (y: Span<float>) =
        Tile.optimised ()

        for l in 0 .. x.Length - 1 do
            let a, b = x[l], y[l]
            x[l] <- c * a + s * b
            y[l] <- c * b - s * a

    /// x over its norm.
    let normalise (x: Span<float>) =
        let norm: float = RowMath.Norm(reading x)
        RowMath.Divide(reading x, norm, x)
