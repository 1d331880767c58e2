namespace Cotangent.Engines

open System
open System.Numerics
open System.Numerics.Tensors
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Householder's reflections from the left and the right make a matrix bidiagonal (G. Golub and W. Kahan, "Calculating the
// singular values and pseudo-inverse of a matrix", 1965). A step passes twice over what is left of the matrix, not four times:
// where a reflection is applied, what the next one needs of the new numbers is summed up.

module internal Bidiagonal =
    /// row <- row + f w; the sum of its products with z.
    let private addDot (row: Span<float>) (f: float) (w: ReadOnlySpan<float>) (z: ReadOnlySpan<float>) =
        let width = Vector<float>.Count
        let factor = Vector<float>(f)
        let mutable sum = Vector<float>.Zero
        let mutable i = 0

        while i <= row.Length - width do
            let part = row.Slice(i, width)
            let changed = Vector<float>(reading part) + factor * Vector<float>(w.Slice(i, width))
            changed.CopyTo part
            sum <- sum + changed * Vector<float>(z.Slice(i, width))
            i <- i + width

        let mutable total = Vector.Sum sum

        while i < row.Length do
            row[i] <- row[i] + f * w[i]
            total <- total + row[i] * z[i]
            i <- i + 1

        total

    /// row <- row + f z; sums <- sums + g row.
    let private addAdd (row: Span<float>) (f: float) (z: ReadOnlySpan<float>) (g: float) (sums: Span<float>) =
        let width = Vector<float>.Count
        let first, second = Vector<float>(f), Vector<float>(g)
        let mutable i = 0

        while i <= row.Length - width do
            let part = row.Slice(i, width)
            let total = sums.Slice(i, width)
            let changed = Vector<float>(reading part) + first * Vector<float>(z.Slice(i, width))
            changed.CopyTo part
            (Vector<float>(reading total) + second * changed).CopyTo total
            i <- i + width

        while i < row.Length do
            row[i] <- row[i] + f * z[i]
            sums[i] <- sums[i] + g * row[i]
            i <- i + 1

    /// Of a vector x the reflection I - tau v vᵀ that takes it to (beta, 0, …); v, whose first element is 1, takes the place of x.
    let private reflection (x: Span<float>) : struct (float * float) =
        let rest: float = if x.Length > 1 then TensorPrimitives.Norm(reading (x.Slice 1)) else 0.0
        let alpha = if x.Length > 0 then x[0] else 0.0

        if rest = 0.0 then
            if x.Length > 0 then x[0] <- 1.0
            struct (alpha, 0.0)
        else
            let norm = Double.Hypot(alpha, rest)
            let beta = if alpha < 0.0 then norm else -norm
            TensorPrimitives.Divide(reading x, alpha - beta, x)
            x[0] <- 1.0
            struct (beta, (beta - alpha) / beta)

    /// A matrix of m rows and n columns, m at least n, as it becomes bidiagonal.
    type Form = {
        /// On the diagonal, and right of it.
        Diagonal: float[]
        Beside: float[]
        /// The vectors of the reflections from the left, row k from element k on, and their taus.
        Left: float[]
        LeftTaus: float[]
        /// Those from the right, row k from element k + 1 on.
        Right: float[]
        RightTaus: float[]
    }

    /// Row k from an element on.
    let inline private row (a: float[]) n k from : Span<float> = Span(a, k * n + from, n - from)

    let inline private left (form: Form) m k : Span<float> = Span(form.Left, k * m + k, m - k)
    let inline private right (form: Form) n k : Span<float> = Span(form.Right, k * n + k + 1, n - k - 1)

    /// Spoils a.
    let reduce m n (a: float[]) : Form =
        let form = {
            Diagonal = Array.zeroCreate n
            Beside = Array.zeroCreate n
            Left = Array.zeroCreate (n * m)
            LeftTaus = Array.zeroCreate n
            Right = Array.zeroCreate (n * n)
            RightTaus = Array.zeroCreate n
        }

        // Sums of the rows, each times its element of the reflection from the left that comes next.
        let sums, dots = Array.zeroCreate<float> n, Array.zeroCreate<float> m

        /// The reflection of column k, whose numbers stand in the row of its vector.
        let reflectColumn k =
            let struct (beta, tau) = reflection (left form m k)
            form.Diagonal[k] <- beta
            form.LeftTaus[k] <- tau

        if n > 0 then
            for i in 0 .. m - 1 do
                form.Left[i] <- a[i * n]

            reflectColumn 0

            for i in 0 .. m - 1 do
                let target = Span(sums, 1, n - 1)
                TensorPrimitives.MultiplyAdd(reading (row a n i 1), form.Left[i], reading target, target)

        for k in 0 .. n - 2 do
            let next = k + 1
            let v = left form m k
            let z = right form n k
            let w = Span(sums, next, n - next)
            let tau = form.LeftTaus[k]
            // The first of the rows is done before the others: it tells the reflection from the right.
            TensorPrimitives.MultiplyAdd(reading w, -tau, reading (row a n k next), row a n k next)
            (row a n k next).CopyTo z
            let struct (beta, turn) = reflection z
            form.Beside[k] <- beta
            form.RightTaus[k] <- turn

            for i in next .. m - 1 do
                dots[i] <- addDot (row a n i next) (-tau * v[i - k]) (reading w) (reading z)

            let column = left form m next

            for i in next .. m - 1 do
                column[i - next] <- a[i * n + next] - turn * dots[i]

            reflectColumn next
            let after = Span(sums, next + 1, n - next - 1)
            after.Clear()

            for i in next .. m - 1 do
                addAdd (row a n i (next + 1)) (-turn * dots[i]) (reading (z.Slice 1)) column[i - next] after

        form

    /// The rows of z (so many, each of `size` elements) become the first rows of the transposed product of reflections, whose
    /// vectors begin `shift` elements behind the diagonal.
    let accumulate count size shift (vectors: float[]) (taus: float[]) (z: float[]) =
        Array.Clear(z, 0, count * size)

        for i in 0 .. count - 1 do
            z[i * size + i] <- 1.0

        for k in count - 1 - shift .. -1 .. 0 do
            if taus[k] <> 0.0 then
                let from = k + shift
                let v = ReadOnlySpan(vectors, k * size + from, size - from)

                for i in from .. count - 1 do
                    let row = Span(z, i * size + from, size - from)
                    let along: float = -taus[k] * TensorPrimitives.Dot(reading row, v)
                    TensorPrimitives.MultiplyAdd(v, along, reading row, row)

    /// Rows i and j of z <- c zᵢ + s zⱼ and c zⱼ - s zᵢ.
    let rotate size (z: float[]) i j (c: float) (s: float) =
        let first = Span(z, i * size, size)
        let second = Span(z, j * size, size)
        let width = Vector<float>.Count
        let cosine, sine = Vector<float>(c), Vector<float>(s)
        let mutable k = 0

        while k <= size - width do
            let a = first.Slice(k, width)
            let b = second.Slice(k, width)
            let x, y = Vector<float>(reading a), Vector<float>(reading b)
            (cosine * x + sine * y).CopyTo a
            (cosine * y - sine * x).CopyTo b
            k <- k + width

        while k < size do
            let x, y = first[k], second[k]
            first[k] <- c * x + s * y
            second[k] <- c * y - s * x
            k <- k + 1
