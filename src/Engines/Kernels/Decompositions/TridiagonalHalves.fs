namespace Cotangent.Engines

open System
open System.Buffers
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Eigenvalues and eigenvectors of a symmetric tridiagonal matrix by halves (J. J. M. Cuppen, "A divide and conquer method for the
// symmetric tridiagonal eigenproblem", 1981). Torn apart at one element, the matrix is two smaller ones and a change of rank one; of
// both halves' eigenvalues D and vectors, what is left is the eigenproblem of D + ρ z zᵀ (see Secular): all but a few products of
// matrices.

module internal TridiagonalHalves =
    /// Blocks up to this size are taken by QL steps.
    [<Literal>]
    let private Least = 32

    let private epsilon = Math.ScaleB(1.0, -53)

    /// Sorts out what changes nothing (G. Golub, "Some modified matrix eigenvalue problems", 1973): elements with a small z; and of
    /// two with nearly equal d one, after a rotation of both that takes its z away. What takes part in the merger, in rising order of
    /// d, and what is done with.
    let private part n (d: float[]) (z: float[]) (rho: float) (q: float[]) width at : struct (int[] * int[]) =
        Tile.optimised ()
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
                    Secular.rotate c s (Span(q, at + before * width, n)) (Span(q, at + i * width, n))
                    let x, y = d[before], d[i]
                    d[before] <- x * c * c + y * s * s
                    d[i] <- x * s * s + y * c * c
                    finished.Add before
                else
                    kept.Add before

                before <- i

        if before >= 0 then kept.Add before
        struct (kept.ToArray(), finished.ToArray())

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
        Tile.optimised ()
        let at = first * width + first
        let d = Array.sub values first n
        let rho = 2.0 * Math.Abs beside

        // The last elements of the vectors of the first half and the first ones of the second's, over √2.
        let z =
            Array.init n (fun i ->
                let element = q[at + i * width + (if i < half then half - 1 else half)]
                let sign = if i >= half && beside < 0.0 then -1.0 else 1.0
                sign * element / Math.Sqrt 2.0)

        let struct (kept, finished) = part n d z rho q width at
        let k = kept.Length
        let poles = Array.init k (fun i -> d[kept[i]])
        let ofPoles = Array.init k (fun i -> z[kept[i]])
        let size = RowMath.Norm(ReadOnlySpan ofPoles)
        let ofPoles = Array.map (fun x -> x / size) ofPoles
        let differences, roots = ArrayPool<float>.Shared.Rent(k * k), Array.zeroCreate<float> k

        let fill j (into: float[]) = RowMath.Subtract(ReadOnlySpan poles, poles[j], Span into)

        Strided.ranges k (20L * int64 k * int64 k) (fun from last ->
            let deltas = Array.zeroCreate<float> k

            for j in from .. last - 1 do
                let row = Span(differences, j * k, k)
                let struct (pole, tau) = Secular.root k fill ofPoles (rho * size * size) j deltas row
                roots[j] <- poles[pole] + tau)

        let turned = Secular.exact k fill ofPoles differences

        for j in 0 .. k - 1 do
            let row = Span(differences, j * k, k)
            RowMath.Divide(ReadOnlySpan turned, reading row, row)
            Secular.normalise row

        Secular.mix multiply differences kept finished q width at n half

        for i in 0 .. n - 1 do
            values[first + i] <- if i < k then roots[i] else d[finished[i - k]]

        ArrayPool<float>.Shared.Return differences

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
