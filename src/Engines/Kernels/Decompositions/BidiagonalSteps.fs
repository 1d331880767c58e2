namespace Cotangent.Engines

open System
open Cotangent.Inlined // in place of functions of Array and List

// A bidiagonal matrix becomes diagonal by QR steps with implicit shifts (G. Golub and C. Reinsch, "Singular value decomposition and
// least squares solutions", 1970; J. Demmel and W. Kahan's split).

module internal BidiagonalSteps =
    /// Steps for one singular value. It takes two or three.
    [<Literal>]
    let private MostSteps = 75

    let private epsilon = Math.ScaleB(1.0, -52)

    let private power = Math.ScaleB(1.0, 600)

    /// Which c and s make (f, g) to (r, 0). Numbers at the end of the range have few digits: such are taken times a power of two.
    let rec private rotation (f: float) (g: float) : struct (float * float * float) =
        let r = Plane.length f g

        if r > 1e-280 then
            struct (f / r, g / r, r)
        elif r > 0.0 then
            let struct (c, s, r) = rotation (f * power) (g * power)
            struct (c, s, r / power)
        else
            // So is NaN.
            struct (1.0, 0.0, r)

    /// A bidiagonal matrix, and the vectors that go along.
    type Work = { D: float[]; E: float[]; U: Rotations; V: Rotations }

    let private isSmall (w: Work) k =
        let e = Math.Abs w.E[k]
        // So is NaN.
        not (e > epsilon * (Math.Abs w.D[k] + Math.Abs w.D[k + 1]))

    /// Whether an element of the diagonal of a block is nothing beside its neighbours.
    let private isNothing (w: Work) first last k =
        let before = if k > first then Math.Abs w.E[k - 1] else 0.0
        let after = if k < last then Math.Abs w.E[k] else 0.0
        Math.Abs w.D[k] <= epsilon * (before + after)

    /// Where the last element of the block is 0, so may be what stands above it.
    let deflateLast (w: Work) first last =
        Tile.optimised ()
        let mutable f = w.E[last - 1]
        w.E[last - 1] <- 0.0

        for j in last - 1 .. -1 .. first do
            let struct (c, s, r) = rotation w.D[j] f
            w.D[j] <- r

            if j <> first then
                f <- -s * w.E[j - 1]
                w.E[j - 1] <- c * w.E[j - 1]

            w.V.Add(j, last, c, s)

    /// Where an element k of the diagonal is 0, so may be what stands beside it.
    let private split (w: Work) k last =
        Tile.optimised ()
        let mutable f = w.E[k]
        w.E[k] <- 0.0

        for j in k + 1 .. last do
            let struct (c, s, r) = rotation w.D[j] f
            w.D[j] <- r
            f <- -s * w.E[j]
            w.E[j] <- c * w.E[j]
            w.U.Add(j, k, c, s)

    /// The eigenvalue of the last two rows and columns of BᵀB that is nearer to its last element, less that element, for a block
    /// of numbers up to 1.
    let private shift (before: float) (last: float) (beside: float) =
        let b = ((before + last) * (before - last) + beside * beside) / 2.0
        let c = last * beside * (last * beside)

        if b = 0.0 && c = 0.0 then
            0.0
        else
            let root = Math.Sqrt(b * b + c)
            c / (b + (if b < 0.0 then -root else root))

    let private step (w: Work) first last =
        Tile.optimised ()
        let d, e = w.D, w.E

        let scale = [| d[last]; d[last - 1]; e[last - 1]; d[first]; e[first] |] |> Array.map abs |> Array.max

        let p, k = d[last] / scale, d[first] / scale
        let mutable f = (k + p) * (k - p) + shift (d[last - 1] / scale) p (e[last - 1] / scale)
        let mutable g = k * (e[first] / scale)

        for j in first .. last - 1 do
            let struct (c, s, r) = rotation f g
            if j <> first then e[j - 1] <- r
            f <- c * d[j] + s * e[j]
            e[j] <- c * e[j] - s * d[j]
            g <- s * d[j + 1]
            d[j + 1] <- c * d[j + 1]
            w.V.Add(j, j + 1, c, s)
            let struct (c, s, r) = rotation f g
            d[j] <- r
            f <- c * e[j] + s * d[j + 1]
            d[j + 1] <- c * d[j + 1] - s * e[j]
            g <- s * e[j + 1]
            e[j + 1] <- c * e[j + 1]
            w.U.Add(j, j + 1, c, s)

        e[last - 1] <- f

    /// Makes e zero. NaN takes no steps.
    let diagonalise (w: Work) =
        Tile.optimised ()
        let mutable last = w.D.Length - 1
        let mutable steps = 0

        while last > 0 do
            // The block that ends at `last`: nothing beside its diagonal is small.
            let mutable first = last

            while first > 0 && not (isSmall w (first - 1)) do
                first <- first - 1

            if first > 0 then w.E[first - 1] <- 0.0

            if first = last || steps >= MostSteps then
                last <- last - 1
                steps <- 0
            else
                match Range.tryFind (last - first + 1) (fun i -> isNothing w first last (first + i)) with
                | ValueSome i when first + i = last ->
                    w.D[last] <- 0.0
                    deflateLast w first last
                | ValueSome i ->
                    w.D[first + i] <- 0.0
                    split w (first + i) last
                | ValueNone -> step w first last

                steps <- steps + 1

        w.U.Apply()
        w.V.Apply()
