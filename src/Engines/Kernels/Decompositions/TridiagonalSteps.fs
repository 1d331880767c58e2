namespace Cotangent.Engines

open System

// A symmetric tridiagonal matrix becomes diagonal by QL steps with Wilkinson's shifts (J. H. Wilkinson and C. Reinsch, "Handbook for
// Automatic Computation II", 1971). Vectors are kept as rows, which a rotation mixes two by two.

module internal TridiagonalSteps =
    /// Rounds for one eigenvalue. It takes two or three.
    [<Literal>]
    let private MostRounds = 60

    /// One QL step on the block from l to m; false where the rotation got lost, and the block falls apart.
    let private step (d: float[]) (e: float[]) (vectors: Rotations) l m =
        Tile.optimised ()
        let shift = (d[l + 1] - d[l]) / (2.0 * e[l])
        let r = Math.Sqrt(shift * shift + 1.0)
        let mutable g = d[m] - d[l] + e[l] / (shift + Math.CopySign(r, shift))
        let mutable s, c, p = 1.0, 1.0, 0.0
        let mutable i = m - 1

        while i >= l do
            let f, b = s * e[i], c * e[i]
            let r = Plane.length f g
            e[i + 1] <- r

            if r = 0.0 then
                d[i + 1] <- d[i + 1] - p
                e[m] <- 0.0
                // Out of the loop.
                i <- -2
            else
                s <- f / r
                c <- g / r
                g <- d[i + 1] - p
                let t = (d[i] - g) * s + 2.0 * c * b
                p <- s * t
                d[i + 1] <- g + p
                g <- c * t - b
                vectors.Add(i, i + 1, c, -s)
                i <- i - 1

        if i > -2 then
            d[l] <- d[l] - p
            e[l] <- g
            e[m] <- 0.0

    /// Makes the tridiagonal d and e diagonal; the rows of z, so many numbers wide, go along. NaN takes no rounds.
    let diagonalise n width (d: float[]) (e: float[]) (z: float[]) =
        Tile.optimised ()
        let vectors = Rotations(width, z)

        for l in 0 .. n - 1 do
            let mutable rounds = 0

            while rounds < MostRounds do
                let mutable m = l

                while m < n - 1 && Math.Abs e[m] > 2.3e-16 * (Math.Abs d[m] + Math.Abs d[m + 1]) do
                    m <- m + 1

                if m = l then
                    rounds <- MostRounds
                else
                    step d e vectors l m
                    rounds <- rounds + 1

        vectors.Apply()
