namespace Cotangent.Engines

open System

// The real Schur form of a matrix, A = Z T Zᵀ: T is upper triangular but for blocks of two rows and columns that stand for pairs of
// conjugate eigenvalues. Householder's reflections make A a Hessenberg matrix, Francis's double steps T (J. Francis, 1961; B. Smith
// et al., EISPACK's orthes and hqr2, 1974, as JAMA writes them).

module internal Schur =
    let private eps = 2.220446049250313e-16

    /// Makes h a Hessenberg matrix; z becomes the product of the reflections.
    let private hessenberg n (h: float[,]) (z: float[,]) =
        let ort = Array.zeroCreate<float> n

        for m in 1 .. n - 2 do
            let mutable scale = 0.0

            for i in m .. n - 1 do
                scale <- scale + Math.Abs h[i, m - 1]

            if scale <> 0.0 then
                let mutable norm = 0.0

                for i in n - 1 .. -1 .. m do
                    ort[i] <- h[i, m - 1] / scale
                    norm <- norm + ort[i] * ort[i]

                let g = if ort[m] > 0.0 then -(Math.Sqrt norm) else Math.Sqrt norm
                norm <- norm - ort[m] * g
                ort[m] <- ort[m] - g

                for j in m .. n - 1 do
                    let mutable f = 0.0

                    for i in n - 1 .. -1 .. m do
                        f <- f + ort[i] * h[i, j]

                    f <- f / norm

                    for i in m .. n - 1 do
                        h[i, j] <- h[i, j] - f * ort[i]

                for i in 0 .. n - 1 do
                    let mutable f = 0.0

                    for j in n - 1 .. -1 .. m do
                        f <- f + ort[j] * h[i, j]

                    f <- f / norm

                    for j in m .. n - 1 do
                        h[i, j] <- h[i, j] - f * ort[j]

                ort[m] <- scale * ort[m]
                h[m, m - 1] <- scale * g

        for i in 0 .. n - 1 do
            z[i, i] <- 1.0

        for m in n - 2 .. -1 .. 1 do
            if h[m, m - 1] <> 0.0 then
                for i in m + 1 .. n - 1 do
                    ort[i] <- h[i, m - 1]

                // What stands there now is the last column's; the reflection's first element is told by its norm.
                let first = ort[m]

                for j in m .. n - 1 do
                    let mutable g = 0.0

                    for i in m .. n - 1 do
                        g <- g + (if i = m then first else ort[i]) * z[i, j]

                    g <- g / first / h[m, m - 1]

                    for i in m .. n - 1 do
                        z[i, j] <- z[i, j] + g * (if i = m then first else ort[i])

                for i in m + 1 .. n - 1 do
                    h[i, m - 1] <- 0.0

    /// A rotation of rows and columns that splits a block of two with real eigenvalues.
    let private split n (h: float[,]) (z: float[,]) last (p: float) (q: float) =
        for j in last - 1 .. n - 1 do
            let x = h[last - 1, j]
            h[last - 1, j] <- q * x + p * h[last, j]
            h[last, j] <- q * h[last, j] - p * x

        for i in 0..last do
            let x = h[i, last - 1]
            h[i, last - 1] <- q * x + p * h[i, last]
            h[i, last] <- q * h[i, last] - p * x

        for i in 0 .. n - 1 do
            let x = z[i, last - 1]
            z[i, last - 1] <- q * x + p * z[i, last]
            z[i, last] <- q * z[i, last] - p * x

    /// The two eigenvalues of a block at the end: values; split, if they are real.
    let private pair n (h: float[,]) (z: float[,]) last shift (real: float[]) (imaginary: float[]) =
        let w = h[last, last - 1] * h[last - 1, last]
        let p = (h[last - 1, last - 1] - h[last, last]) / 2.0
        let q = p * p + w
        let root = Math.Sqrt(Math.Abs q)
        h[last, last] <- h[last, last] + shift
        h[last - 1, last - 1] <- h[last - 1, last - 1] + shift
        let x = h[last, last]

        if q >= 0.0 then
            let root = if p >= 0.0 then p + root else p - root
            real[last - 1] <- x + root
            real[last] <- if root <> 0.0 then x - w / root else x + root
            let x = h[last, last - 1]
            let s = Math.Abs x + Math.Abs root
            let p, q = x / s, root / s
            let r = Math.Sqrt(p * p + q * q)
            split n h z last (p / r) (q / r)
            h[last, last - 1] <- 0.0
        else
            real[last - 1] <- x + p
            real[last] <- x + p
            imaginary[last - 1] <- root
            imaginary[last] <- -root

    /// Makes h the Schur form, and z its basis. The eigenvalues' real and imaginary parts stand in the order of the diagonal. False
    /// where rounds did not suffice, which is not known to happen.
    let real n (h: float[,]) (z: float[,]) (real: float[]) (imaginary: float[]) : bool =
        hessenberg n h z
        let mutable last = n - 1
        let mutable shift = 0.0
        let mutable rounds, total = 0, 0
        let mutable norm = 0.0

        for i in 0 .. n - 1 do
            for j in Math.Max(i - 1, 0) .. n - 1 do
                norm <- norm + Math.Abs h[i, j]

        while last >= 0 && total < 60 * (n + 10) do
            // Where a subdiagonal element is small.
            let mutable l = last
            let mutable isFound = false

            while l > 0 && not isFound do
                let s = Math.Abs h[l - 1, l - 1] + Math.Abs h[l, l]
                let s = if s = 0.0 then norm else s
                if Math.Abs h[l, l - 1] < eps * s then isFound <- true else l <- l - 1

            if l > 0 then h[l, l - 1] <- 0.0

            if l = last then
                h[last, last] <- h[last, last] + shift
                real[last] <- h[last, last]
                last <- last - 1
                rounds <- 0
            elif l = last - 1 then
                pair n h z last shift real imaginary
                last <- last - 2
                rounds <- 0
            else
                let mutable x, y = h[last, last], h[last - 1, last - 1]
                let mutable w = h[last, last - 1] * h[last - 1, last]

                // Wilkinson's and MATLAB's shifts where there is no end.
                if rounds = 10 then
                    shift <- shift + x

                    for i in 0..last do
                        h[i, i] <- h[i, i] - x

                    let s = Math.Abs h[last, last - 1] + Math.Abs h[last - 1, last - 2]
                    x <- 0.75 * s
                    y <- x
                    w <- -0.4375 * s * s

                if rounds = 30 then
                    let s = (y - x) / 2.0
                    let s = s * s + w

                    if s > 0.0 then
                        let s = if y < x then -(Math.Sqrt s) else Math.Sqrt s
                        let s = x - w / ((y - x) / 2.0 + s)

                        for i in 0..last do
                            h[i, i] <- h[i, i] - s

                        shift <- shift + s
                        x <- 0.964
                        y <- x
                        w <- x

                rounds <- rounds + 1
                total <- total + 1
                // Where two consecutive ones are small.
                let mutable m = last - 2
                let mutable p, q, r = 0.0, 0.0, 0.0
                let mutable isDone = false

                while not isDone do
                    let centre = h[m, m]
                    r <- x - centre
                    let s = y - centre
                    p <- (r * s - w) / h[m + 1, m] + h[m, m + 1]
                    q <- h[m + 1, m + 1] - centre - r - s
                    r <- h[m + 2, m + 1]
                    let s = Math.Abs p + Math.Abs q + Math.Abs r
                    p <- p / s
                    q <- q / s
                    r <- r / s

                    if
                        m = l
                        || Math.Abs h[m, m - 1] * (Math.Abs q + Math.Abs r) <
                            eps
                            * (Math.Abs p
                               * (Math.Abs h[m - 1, m - 1] + Math.Abs centre + Math.Abs h[m + 1, m + 1]))
                    then
                        isDone <- true
                    else
                        m <- m - 1

                for i in m + 2 .. last do
                    h[i, i - 2] <- 0.0
                    if i > m + 2 then h[i, i - 3] <- 0.0

                // The double step on rows l to last and columns m to last.
                let mutable k = m

                while k <= last - 1 do
                    let isInner = k <> last - 1
                    let mutable isSkipped = false

                    if k <> m then
                        p <- h[k, k - 1]
                        q <- h[k + 1, k - 1]
                        r <- if isInner then h[k + 2, k - 1] else 0.0
                        x <- Math.Abs p + Math.Abs q + Math.Abs r

                        if x = 0.0 then
                            isSkipped <- true
                        else
                            p <- p / x
                            q <- q / x
                            r <- r / x

                    let s = Math.Sqrt(p * p + q * q + r * r)
                    let s = if p < 0.0 then -s else s

                    if not isSkipped && s <> 0.0 then
                        if k <> m then h[k, k - 1] <- -s * x
                        elif l <> m then h[k, k - 1] <- -h[k, k - 1]

                        p <- p + s
                        x <- p / s
                        y <- q / s
                        let third = r / s
                        q <- q / p
                        r <- r / p

                        for j in k .. n - 1 do
                            let mutable t = h[k, j] + q * h[k + 1, j]

                            if isInner then
                                t <- t + r * h[k + 2, j]
                                h[k + 2, j] <- h[k + 2, j] - t * third

                            h[k, j] <- h[k, j] - t * x
                            h[k + 1, j] <- h[k + 1, j] - t * y

                        for i in 0 .. Math.Min(last, k + 3) do
                            let mutable t = x * h[i, k] + y * h[i, k + 1]

                            if isInner then
                                t <- t + third * h[i, k + 2]
                                h[i, k + 2] <- h[i, k + 2] - t * r

                            h[i, k] <- h[i, k] - t
                            h[i, k + 1] <- h[i, k + 1] - t * q

                        for i in 0 .. n - 1 do
                            let mutable t = x * z[i, k] + y * z[i, k + 1]

                            if isInner then
                                t <- t + third * z[i, k + 2]
                                z[i, k + 2] <- z[i, k + 2] - t * r

                            z[i, k] <- z[i, k] - t
                            z[i, k + 1] <- z[i, k + 1] - t * q

                    k <- k + 1

        last < 0
