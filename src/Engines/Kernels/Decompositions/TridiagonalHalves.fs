namespace Cotangent.Engines

open System
open System.Buffers
open System.Numerics.Tensors
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Eigenvalues and eigenvectors of a symmetric tridiagonal matrix by halves (J. J. M. Cuppen, "A divide and conquer method for the
// symmetric tridiagonal eigenproblem", 1981). Torn apart at one element, the matrix is two smaller ones and a change of rank one; of
// both halves' eigenvalues D and vectors, what is left is the eigenproblem of D + ρ z zᵀ. Its eigenvalues are the roots of
//
//   f(λ) = 1/ρ + Σ z_i² / (d_i - λ),
//
// one between each d and the next, and its vectors have the elements z_i / (d_i - λ): all but a few products of matrices. Vectors
// are orthogonal to the last digits where z is not the given one but that of which the computed roots are exact ones (M. Gu and S.
// Eisenstat, "A stable and efficient algorithm for the rank-one modification of the symmetric eigenproblem", 1994).

module internal TridiagonalHalves =
    /// Blocks up to this size are taken by QL steps.
    [<Literal>]
    let private Least = 32

    /// Rounds for one root. It takes three to five; each after the first ones halves at least what encloses it.
    [<Literal>]
    let private MostRounds = 100

    let private epsilon = Math.ScaleB(1.0, -53)

    /// What f is made of at λ = pole + τ, from differences to the pole: the sum and its derivative over terms from `first` to before
    /// `last`, and the sum of the sums along the way, which bounds the error.
    let private terms (z: float[]) (deltas: float[]) tau first last : struct (float * float) =
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

    /// Root j of k: differences d_i - λ to all poles go to a row. d rises strictly; z has the norm 1.
    let private root k (d: float[]) (z: float[]) (rho: float) j (deltas: float[]) (row: Span<float>) : float =
        let isLast = j = k - 1
        let width = if isLast then rho else d[j + 1] - d[j]

        // Whether the root lies nearer to its own pole or to the next, as f says in the middle between them. The last one has no next.
        let isOwn =
            isLast
            || (for i in 0 .. k - 1 do
                    deltas[i] <- d[i] - d[j]

                let struct (sum, _) = terms z deltas (0.5 * width) 0 k
                1.0 / rho + sum >= 0.0)

        let pole = if isOwn then d[j] else d[j + 1]

        for i in 0 .. k - 1 do
            deltas[i] <- d[i] - pole

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

        pole + tau

    /// Elements of a block that take part in a merger, in rising order of d; the others are done with.
    [<NoComparison; NoEquality>]
    type private Parting = { Kept: ResizeArray<int>; Done: ResizeArray<int> }

    /// Sorts out what changes nothing (G. Golub, "Some modified matrix eigenvalue problems", 1973): elements with a small z; and of
    /// two with nearly equal d one, after a rotation of both that takes its z away.
    let private part n (d: float[]) (z: float[]) (rho: float) (q: float[]) width at : Parting =
        let order = Array.init n id
        Array.sortInPlaceBy (fun i -> d[i]) order
        let largest = Array.fold (fun m (x: float) -> max m (Math.Abs x)) 0.0
        let tolerance = 16.0 * epsilon * max (largest d) (largest z)
        let kept, finished = ResizeArray<int>(), ResizeArray<int>()
        let mutable before = -1

        for i in order do
            if rho * Math.Abs z[i] <= tolerance then
                finished.Add i
            elif before < 0 then
                before <- i
            else
                let length = Plane.length z[i] z[before]
                let c, s = z[i] / length, -z[before] / length

                if Math.Abs((d[i] - d[before]) * c * s) <= tolerance then
                    z[i] <- length
                    z[before] <- 0.0
                    let a = Span(q, at + before * width, n)
                    let b = Span(q, at + i * width, n)

                    for l in 0 .. n - 1 do
                        let x, y = a[l], b[l]
                        a[l] <- c * x + s * y
                        b[l] <- c * y - s * x

                    let x, y = d[before], d[i]
                    d[before] <- x * c * c + y * s * s
                    d[i] <- x * s * s + y * c * c
                    finished.Add before
                else
                    kept.Add before

                before <- i

        if before >= 0 then kept.Add before
        { Kept = kept; Done = finished }

    /// Of z the elements of which the roots are exact ones, from the differences d_i - λ_j in row j.
    let private exact k (d: float[]) (z: float[]) (differences: float[]) : float[] =
        let squares, ratios = Array.create k 1.0, Array.zeroCreate<float> k

        for j in 0 .. k - 1 do
            TensorPrimitives.Subtract(ReadOnlySpan d, d[j], Span ratios)
            // The root's own pole has no ratio.
            ratios[j] <- -1.0
            TensorPrimitives.Divide(ReadOnlySpan(differences, j * k, k), ReadOnlySpan ratios, Span ratios)
            TensorPrimitives.Multiply(ReadOnlySpan squares, ReadOnlySpan ratios, Span squares)

        Array.init k (fun i -> Math.CopySign(Math.Sqrt(Math.Abs squares[i]), z[i]))

    /// The eigenproblem of a block of n from `first` on, of halves whose eigenvalues stand in d and vectors in the rows of q; they were
    /// torn apart at an element beside the diagonal.
    let private merge
        (multiply: Matrices.Product<float>)
        width
        first
        n
        half
        (beside: float)
        (values: float[])
        (q: float[])
        =
        let at = first * width + first
        let d = Array.sub values first n
        let rho = 2.0 * Math.Abs beside

        // The last elements of the vectors of the first half and the first ones of the second's, over √2.
        let z =
            Array.init n (fun i ->
                let element = q[at + i * width + (if i < half then half - 1 else half)]
                let sign = if i >= half && beside < 0.0 then -1.0 else 1.0
                sign * element / Math.Sqrt 2.0)

        let parting = part n d z rho q width at
        let kept = parting.Kept
        let k = kept.Count
        let poles = Array.init k (fun i -> d[kept[i]])
        let ofPoles = Array.init k (fun i -> z[kept[i]])
        let size = TensorPrimitives.Norm(ReadOnlySpan ofPoles)
        let ofPoles = Array.map (fun x -> x / size) ofPoles
        let rent (size: int) = ArrayPool<float>.Shared.Rent size
        let differences, roots = rent (k * k), Array.zeroCreate<float> k

        Strided.ranges k (20L * int64 k * int64 k) (fun from last ->
            let deltas = Array.zeroCreate<float> k

            for j in from .. last - 1 do
                roots[j] <- root k poles ofPoles (rho * size * size) j deltas (Span(differences, j * k, k)))

        let turned = exact k poles ofPoles differences

        for j in 0 .. k - 1 do
            let row = Span(differences, j * k, k)
            TensorPrimitives.Divide(ReadOnlySpan turned, reading row, row)
            let norm: float = TensorPrimitives.Norm(reading row)
            TensorPrimitives.Divide(reading row, norm, row)

        // Vectors of a half are 0 in the other, but for those that a rotation has mixed: two products, of half the columns each.
        let merged = rent (n * n)

        for start, count in [ 0, half; half, n - half ] do
            let isThere i =
                let row = ReadOnlySpan(q, at + kept[i] * width + start, count)
                TensorPrimitives.MaxMagnitude row <> 0.0

            let there = [| 0 .. k - 1 |] |> Array.filter isThere
            let own = there.Length
            let rows, factors, product = rent (own * count), rent (k * own), rent (k * count)

            for l in 0 .. own - 1 do
                Array.Copy(q, at + kept[there[l]] * width + start, rows, l * count, count)

                for j in 0 .. k - 1 do
                    factors[j * own + l] <- differences[j * k + there[l]]

            multiply.Invoke(
                k,
                count,
                own,
                Matrices.adjacent factors 0 own,
                Matrices.adjacent rows 0 count,
                product,
                0
            )

            for j in 0 .. k - 1 do
                Array.Copy(product, j * count, merged, j * n + start, count)

            for array in [| rows; factors; product |] do
                ArrayPool<float>.Shared.Return array

        for l in 0 .. parting.Done.Count - 1 do
            Array.Copy(q, at + parting.Done[l] * width, merged, (k + l) * n, n)

        for i in 0 .. n - 1 do
            Array.Copy(merged, i * n, q, at + i * width, n)
            values[first + i] <- if i < k then roots[i] else d[parting.Done[i - k]]

        ArrayPool<float>.Shared.Return differences
        ArrayPool<float>.Shared.Return merged

    /// The eigenvalues of the tridiagonal matrix take the place of d, in no order; their vectors are the rows of the result. Spoils e.
    let diagonalise n (d: float[]) (e: float[]) : float[] =
        let multiply = Matrices.product<float>()
        let q = Array.zeroCreate<float>(n * n)

        let rec solve first count =
            if count <= Least then
                let own, beside = Array.sub d first count, Array.sub e first count
                let z = Array.init (count * count) (fun i -> if i / count = i % count then 1.0 else 0.0)
                beside[count - 1] <- 0.0
                TridiagonalSteps.diagonalise count count own beside z
                Array.Copy(own, 0, d, first, count)

                for i in 0 .. count - 1 do
                    Array.Copy(z, i * count, q, (first + i) * n + first, count)
            else
                let half = count / 2
                let tear = first + half
                let beside = e[tear - 1]
                d[tear - 1] <- d[tear - 1] - Math.Abs beside
                d[tear] <- d[tear] - Math.Abs beside
                solve first half
                solve tear (count - half)
                merge multiply n first count half beside d q

        solve 0 n
        q
