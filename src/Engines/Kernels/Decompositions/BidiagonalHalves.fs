namespace Cotangent.Engines

open System
open System.Buffers
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Singular values and vectors of a bidiagonal matrix by halves (M. Gu and S. Eisenstat, "A divide-and-conquer algorithm for the
// bidiagonal SVD", 1995). A row is taken out of its middle. The blocks above and below have singular values and vectors of their own;
// of their values D and the row in terms of their right vectors, z, what is left is the matrix with z as its first row and D on the
// diagonal below. The squares of its singular values are the eigenvalues of D² + z zᵀ, whose eigenvectors are the right vectors v, and
// the left ones have the elements -1 and d_i v_i.
//
// The block above is one column wider than high, and has a right vector more, which it takes to 0; so may have the one below.

module internal BidiagonalHalves =
    /// Blocks up to so many rows are taken by QR steps.
    [<Literal>]
    let private Least = 32

    let private epsilon = Math.ScaleB(1.0, -53)

    /// Vectors of the columns of a matrix as rows. Of all blocks' right vectors the next merger needs the first and the last elements
    /// alone, so where no vectors are asked for, that is all that is kept of them.
    type private Vectors = {
        Rows: float[]
        Width: int
        OnlyEnds: bool
    } with

        /// Where row i of the block begins whose first row and column is `first`.
        member inline v.At(first: int, i: int) = (first + i) * v.Width + (if v.OnlyEnds then 0 else first)

        /// How much is kept of a row of so many columns.
        member inline v.Kept(columns: int) = if v.OnlyEnds then 2 else columns

    let private rotate (x: Vectors) first i j columns c s =
        let count = x.Kept columns
        Secular.rotate c s (Span(x.Rows, x.At(first, i), count)) (Span(x.Rows, x.At(first, j), count))

    /// A block of `count` rows and so many or one more (`extra`) columns, by QR steps.
    let private leaf first count extra (d: float[]) (e: float[]) (u: Vectors) (v: Vectors) =
        Tile.optimised ()
        let size = count + extra
        let identity n = Array.init (n * n) (fun i -> if i / n = i % n then 1.0 else 0.0)
        let left, right = (if u.Width = 0 then [||] else identity count), identity size

        let work: BidiagonalSteps.Work = {
            D = Array.init size (fun i -> if i < count then d[first + i] else 0.0)
            E = Array.init size (fun i -> if i < size - 1 then e[first + i] else 0.0)
            U = Rotations((if u.Width = 0 then 0 else count), left)
            V = Rotations(size, right)
        }

        // A row of zeros makes the block square; then its last column turns into zeros.
        if extra = 1 then BidiagonalSteps.deflateLast work 0 count
        let values = Array.sub work.D 0 count
        BidiagonalSteps.diagonalise { work with D = values }

        for i in 0 .. size - 1 do
            let row = Span(right, i * size, size)

            if i < count then
                if values[i] < 0.0 then RowMath.Negate(reading row, row)
                d[first + i] <- Math.Abs values[i]
                if u.Width > 0 then Array.Copy(left, i * count, u.Rows, u.At(first, i), count)

            if v.OnlyEnds then
                v.Rows[v.At(first, i)] <- row[0]
                v.Rows[v.At(first, i) + 1] <- row[size - 1]
            else
                row.CopyTo(Span(v.Rows, v.At(first, i), size))

    /// Sorts out what changes nothing: elements with a small z; and of two with nearly equal d one, after a rotation of both that takes
    /// its z away. What takes part in the merger, by rising d, element `half` first; and what is done with.
    let private part n columns half first (d: float[]) (z: float[]) tolerance (u: Vectors) (v: Vectors) =
        Tile.optimised ()
        let order = Array.init n id |> Array.filter (fun i -> i <> half)
        Array.sortInPlaceBy (fun i -> d[i]) order
        let kept, finished = ResizeArray<int>(), ResizeArray<int>()
        kept.Add half
        let mutable before = -1

        for i in order do
            if Math.Abs z[i] <= tolerance then
                finished.Add i
            elif before < 0 then
                before <- i
            else
                let length = Plane.length z[i] z[before]
                let c, s = z[i] / length, -z[before] / length

                if Math.Abs((d[i] - d[before]) * c * s) <= tolerance then
                    z[i] <- length
                    z[before] <- 0.0
                    if u.Width > 0 then rotate u first before i n c s
                    rotate v first before i columns c s
                    let x, y = d[before], d[i]
                    d[before] <- x * c * c + y * s * s
                    d[i] <- x * s * s + y * c * c
                    finished.Add before
                else
                    kept.Add before

                before <- i

        if before >= 0 then kept.Add before
        struct (kept.ToArray(), finished.ToArray())

    /// What becomes of the middle row in terms of the right vectors of both blocks.
    let private middle first n extra half (alpha: float) (beta: float) (v: Vectors) : float[] =
        Tile.optimised ()
        let columns = n + extra

        let z =
            Array.init columns (fun i ->
                let row = v.At(first, i)

                if v.OnlyEnds then
                    // The last element of a block above is none of the whole, nor is the first of one below.
                    let at = if i <= half then row + 1 else row
                    let element = v.Rows[at]
                    v.Rows[at] <- 0.0
                    (if i <= half then alpha else beta) * element
                elif i <= half then
                    alpha * v.Rows[row + half]
                else
                    beta * v.Rows[row + half + 1])

        // Of two vectors that both blocks take to 0, one that the row takes to 0, too, becomes the last.
        if extra = 1 then
            let length = Plane.length z[half] z[n]

            if length > 0.0 then
                rotate v first half n columns (z[half] / length) (z[n] / length)
                z[half] <- length

        z

    /// The singular values and vectors of a block of n rows from `first` on, of those of the blocks above and below row `half`.
    let private merge
        (multiply: Matrices.Product<float>)
        first
        n
        extra
        half
        (values: float[])
        (beside: float)
        (u: Vectors)
        (v: Vectors)
        =
        Tile.optimised ()
        let alpha = values[first + half]
        let z = middle first n extra half alpha beside v
        let d = Array.sub values first n
        d[half] <- 0.0
        let columns = n + extra
        let largest = Array.fold (fun m (x: float) -> max m (Math.Abs x)) 0.0
        let most = max (largest d) (largest z)
        // Of numbers up to 2, so that no square leaves the range: a power of two loses no digits.
        let scale = if most = 0.0 then 1.0 else Math.ScaleB(1.0, Math.ILogB most)
        RowMath.Divide(ReadOnlySpan d, scale, Span d)
        RowMath.Divide(ReadOnlySpan z, scale, Span z)
        let tolerance = 16.0 * epsilon * (most / scale)
        let struct (kept, finished) = part n columns half first d z tolerance u v
        let k = kept.Length
        // Poles are more than the tolerance apart, but perhaps the first, which is 0, and the second.
        let poles = Array.init k (fun i -> d[kept[i]])
        if k > 1 then poles[1] <- Math.Max(poles[1], 0.5 * tolerance)

        let ofPoles =
            Array.init k (fun i ->
                let x = z[kept[i]]
                if i = 0 && k > 1 && Math.Abs x < tolerance then Math.CopySign(tolerance, x) else x)

        let rent (size: int) = ArrayPool<float>.Shared.Rent size
        let right, left, roots = rent (k * k), rent (k * k), Array.zeroCreate<float> k

        if k = 1 then
            right[0] <- if ofPoles[0] < 0.0 then -1.0 else 1.0
            left[0] <- 1.0
            roots[0] <- Math.Abs ofPoles[0]
        else
            let size = RowMath.Norm(ReadOnlySpan ofPoles)
            let unit = Array.map (fun x -> x / size) ofPoles

            // Differences of squares.
            let fill j (into: float[]) =
                let differences = Span(into, 0, k)
                RowMath.Subtract(ReadOnlySpan poles, poles[j], differences)

                RowMath.AddMultiply(ReadOnlySpan poles, poles[j], reading differences, differences)

            Strided.ranges k (20L * int64 k * int64 k) (fun from last ->
                let deltas = Array.zeroCreate<float> k

                for j in from .. last - 1 do
                    let struct (pole, tau) =
                        Secular.root k fill unit (size * size) j deltas (Span(right, j * k, k))

                    let near = poles[pole]
                    roots[j] <- near + tau / (near + Math.Sqrt(near * near + tau)))

            let turned = Secular.exact k fill ofPoles right

            Strided.ranges k (4L * int64 k * int64 k) (fun from last ->
                for j in from .. last - 1 do
                    let row = Span(right, j * k, k)
                    RowMath.Divide(ReadOnlySpan turned, reading row, row)

                    if u.Width > 0 then
                        let opposite = Span(left, j * k, k)
                        RowMath.Multiply(ReadOnlySpan poles, reading row, opposite)
                        opposite[0] <- -1.0
                        Secular.normalise opposite

                    Secular.normalise row)

        if u.Width > 0 then
            Secular.mix multiply left kept finished u.Rows u.Width (u.At(first, 0)) n half

        let wide, tear = v.Kept columns, (if v.OnlyEnds then 1 else half + 1)
        Secular.mix multiply right kept finished v.Rows v.Width (v.At(first, 0)) wide tear

        for i in 0 .. n - 1 do
            values[first + i] <- scale * (if i < k then roots[i] else d[finished[i - k]])

        ArrayPool<float>.Shared.Return right
        ArrayPool<float>.Shared.Return left

    let private solveAll n (d: float[]) (e: float[]) (u: Vectors) (v: Vectors) =
        let multiply = Matrices.product<float>()

        let rec solve first count extra =
            if count <= Least then
                leaf first count extra d e u v
            else
                let half = count / 2

                Strided.ranges 2 (int64 count * int64 count * 20L) (fun side last ->
                    for side in side .. last - 1 do
                        if side = 0 then
                            solve first half 1
                        else
                            solve (first + half + 1) (count - half - 1) extra)

                // The middle row stands by itself.
                if u.Width > 0 then u.Rows[u.At(first, half) + half] <- 1.0
                merge multiply first count extra half d e[first + half] u v

        solve 0 n 0

    /// The singular values of the bidiagonal matrix of n rows take the place of d, in no order; their vectors, left and right, are the
    /// rows of the results.
    let diagonalise n (d: float[]) (e: float[]) : struct (float[] * float[]) =
        let vectors () = { Rows = Array.zeroCreate<float>(n * n); Width = n; OnlyEnds = false }
        let u, v = vectors (), vectors ()
        solveAll n d e u v
        struct (u.Rows, v.Rows)

    /// The singular values alone.
    let values n (d: float[]) (e: float[]) =
        let none = { Rows = [||]; Width = 0; OnlyEnds = true }
        solveAll n d e none { Rows = Array.zeroCreate<float>(2 * n); Width = 2; OnlyEnds = true }
