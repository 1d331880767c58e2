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
