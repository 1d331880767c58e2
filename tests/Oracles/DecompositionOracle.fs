/// Decompositions of matrices in the plainest way: Gram and Schmidt's, and Jacobi's.
module internal Cotangent.Tests.DecompositionOracle

let private column (a: float[,]) j = Array.init (Array2D.length1 a) (fun i -> a[i, j])
let private dot (a: float[]) (b: float[]) = Array.fold2 (fun sum x y -> sum + x * y) 0.0 a b

/// q and r of a matrix whose first columns are independent.
let qr (a: float[,]) : float[,] * float[,] =
    let m, n = Array2D.length1 a, Array2D.length2 a
    let k = min m n
    let q, r = Array2D.zeroCreate m k, Array2D.zeroCreate k n

    for j in 0 .. n - 1 do
        let v = column a j

        // The second time takes away what rounding has left.
        for _ in 1..2 do
            for i in 0 .. min j k - 1 do
                let along = dot (column q i) v
                r[i, j] <- r[i, j] + along
                Array.iteri (fun row x -> v[row] <- v[row] - along * x) (column q i)

        if j < k then
            r[j, j] <- sqrt (dot v v)
            Array.iteri (fun row x -> q[row, j] <- x / r[j, j]) v

    q, r

/// a⁻¹ b, of a triangle of a.
let solve isUpper (a: float[,]) (b: float[,]) : float[,] =
    let n = Array2D.length1 b
    let x = Array2D.copy b

    for step in 0 .. n - 1 do
        let i = if isUpper then n - 1 - step else step

        for column in 0 .. Array2D.length2 b - 1 do
            for j in (if isUpper then seq { i + 1 .. n - 1 } else seq { 0 .. i - 1 }) do
                x[i, column] <- x[i, column] - a[i, j] * x[j, column]

            x[i, column] <- x[i, column] / a[i, i]

    x

let private product (a: float[,]) (b: float[,]) =
    Array2D.init (Array2D.length1 a) (Array2D.length2 b) (fun i j ->
        Seq.sum (seq { for k in 0 .. Array2D.length2 a - 1 -> a[i, k] * b[k, j] }))

let private transpose (a: float[,]) =
    Array2D.init (Array2D.length2 a) (Array2D.length1 a) (fun i j -> a[j, i])

let private eye n = Array2D.init n n (fun i j -> if i = j then 1.0 else 0.0)

/// l with l lᵀ = (a + aᵀ)/2.
let cholesky (a: float[,]) : float[,] =
    let n = Array2D.length1 a
    let l = Array2D.zeroCreate n n

    for i in 0 .. n - 1 do
        for j in 0..i do
            let rest = (a[i, j] + a[j, i]) / 2.0 - Seq.sum (seq { for k in 0 .. j - 1 -> l[i, k] * l[j, k] })

            l[i, j] <- if i = j then sqrt rest else rest / l[j, j]

    l

/// l and u in one, the order of the rows, and how often two were exchanged: the largest element of a column goes up.
let lu (a: float[,]) : float[,] * int[] * int =
    let m, n = Array2D.length1 a, Array2D.length2 a
    let x, order = Array2D.copy a, Array.init m id
    let mutable exchanges = 0

    for c in 0 .. min m n - 1 do
        let chosen = Seq.maxBy (fun i -> abs x[i, c]) (seq { c .. m - 1 })

        if chosen <> c then
            exchanges <- exchanges + 1
            let kept = order[c]
            order[c] <- order[chosen]
            order[chosen] <- kept

            for j in 0 .. n - 1 do
                let kept = x[c, j]
                x[c, j] <- x[chosen, j]
                x[chosen, j] <- kept

        for i in c + 1 .. m - 1 do
            x[i, c] <- x[i, c] / x[c, c]

            for j in c + 1 .. n - 1 do
                x[i, j] <- x[i, j] - x[i, c] * x[c, j]

    x, order, exchanges

/// a⁻¹ b.
let solveAny (a: float[,]) (b: float[,]) : float[,] =
    let packed, order, _ = lu a
    let n = Array2D.length1 a
    let moved = Array2D.init n (Array2D.length2 b) (fun i j -> b[order[i], j])
    let lower = Array2D.init n n (fun i j -> if i = j then 1.0 else packed[i, j])
    solve true packed (solve false lower moved)

let solveTransposed a b = solveAny (transpose a) b
let inverse (a: float[,]) = solveAny a (eye (Array2D.length1 a))

/// Columns are turned two by two until all are orthogonal (Hestenes): u, s and vᵀ of a matrix of distinct singular values.
let svd (a: float[,]) : float[,] * float[] * float[,] =
    let isWide = Array2D.length1 a < Array2D.length2 a
    let x = if isWide then transpose a else Array2D.copy a
    let m, k = Array2D.length1 x, Array2D.length2 x
    let v = eye k

    let turn (y: float[,]) p q c s =
        for i in 0 .. Array2D.length1 y - 1 do
            let f, g = y[i, p], y[i, q]
            y[i, p] <- c * f - s * g
            y[i, q] <- s * f + c * g

    for _ in 1..30 do
        for p in 0 .. k - 2 do
            for q in p + 1 .. k - 1 do
                let along = dot (column x p) (column x q)

                if along <> 0.0 then
                    let norm j = dot (column x j) (column x j)
                    let angle = 0.5 * atan2 (2.0 * along) (norm q - norm p)
                    turn x p q (cos angle) (sin angle)
                    turn v p q (cos angle) (sin angle)

    let size j = sqrt (dot (column x j) (column x j))
    let order = Array.init k id |> Array.sortBy (fun j -> -(size j))
    let long = Array2D.init m k (fun i j -> x[i, order[j]] / size order[j])
    let short = Array2D.init k k (fun i j -> v[i, order[j]])
    let left, right = if isWide then short, long else long, short

    let sign j =
        let all = column left j
        let largest = all |> Array.map abs |> Array.max
        if all[Array.findIndex (fun x -> abs x >= largest / 2.0) all] < 0.0 then -1.0 else 1.0

    Array2D.mapi (fun _ j x -> sign j * x) left,
    Array.map size order,
    transpose (Array2D.mapi (fun _ j x -> sign j * x) right)

/// Of a matrix of full rank.
let pseudoInverse (a: float[,]) : float[,] =
    let t = transpose a

    if Array2D.length1 a >= Array2D.length2 a then
        solveAny (product t a) t
    else
        transpose (solveAny (product a t) a)

let private plus f (a: float[,]) g (b: float[,]) = Array2D.mapi (fun i j x -> f * x + g * b[i, j]) a

/// The power series.
let exponential (a: float[,]) : float[,] =
    let mutable term, total = eye (Array2D.length1 a), eye (Array2D.length1 a)

    for k in 1..80 do
        term <- plus (1.0 / float k) (product term a) 0.0 a
        total <- plus 1.0 total 1.0 term

    total

/// Newton's iteration.
let root (a: float[,]) : float[,] =
    let mutable x = eye (Array2D.length1 a)

    for _ in 1..12 do
        x <- plus 0.5 x 0.5 (solveAny x a)

    x

/// The integral of (a - 1)(1 + t (a - 1))⁻¹ from 0 to 1, by Gauss's rule of three points on many pieces.
let logarithm (a: float[,]) : float[,] =
    let one = eye (Array2D.length1 a)
    let rest = plus 1.0 a -1.0 one
    let pieces = 200
    let mutable total = plus 0.0 a 0.0 a

    for piece in 0 .. pieces - 1 do
        for at, weight in [ -sqrt 0.6, 5.0 / 18.0; 0.0, 8.0 / 18.0; sqrt 0.6, 5.0 / 18.0 ] do
            let t = (float piece + 0.5 + 0.5 * at) / float pieces
            total <- plus 1.0 total (weight / float pieces) (solveAny (plus 1.0 one t rest) rest)

    total

/// The eigenvalues of (a + aᵀ)/2 in rising order, and the eigenvectors: rotations, until nothing is left beside the diagonal.
let eigh (a: float[,]) : float[] * float[,] =
    let n = Array2D.length1 a
    let s = Array2D.init n n (fun i j -> (a[i, j] + a[j, i]) / 2.0)
    let v = Array2D.init n n (fun i j -> if i = j then 1.0 else 0.0)

    let rotate (x: float[,]) p q c d byRows =
        for k in 0 .. n - 1 do
            let at i = if byRows then i, k else k, i
            let (pi, pj), (qi, qj) = at p, at q
            let f, g = x[pi, pj], x[qi, qj]
            x[pi, pj] <- c * f - d * g
            x[qi, qj] <- d * f + c * g

    for _ in 1..30 do
        for p in 0 .. n - 2 do
            for q in p + 1 .. n - 1 do
                if s[p, q] <> 0.0 then
                    let angle = 0.5 * atan2 (2.0 * s[p, q]) (s[q, q] - s[p, p])
                    let c, d = cos angle, sin angle
                    rotate s p q c d true
                    rotate s p q c d false
                    rotate v p q c d false

    let order = Array.init n id |> Array.sortBy (fun i -> s[i, i])

    let sign j =
        let largest = Seq.max (seq { for i in 0 .. n - 1 -> abs v[i, j] })

        if v[Seq.findIndex (fun i -> abs v[i, j] >= largest / 2.0) (seq { 0 .. n - 1 }), j] < 0.0 then
            -1.0
        else
            1.0

    order |> Array.map (fun i -> s[i, i]), Array2D.init n n (fun i j -> sign order[j] * v[i, order[j]])
