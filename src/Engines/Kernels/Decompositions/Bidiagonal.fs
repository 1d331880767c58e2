namespace Cotangent.Engines

open System
open System.Numerics.Tensors
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Householder's reflections from the left and the right make a matrix bidiagonal (G. Golub and W. Kahan, "Calculating the
// singular values and pseudo-inverse of a matrix", 1965). A step passes once over what is left of the matrix, not four times: where
// a reflection is applied, what the next one needs of the new numbers is summed up.

module internal Bidiagonal =
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

        // Sums of the rows, each times its element of the reflection from the left that comes next; and of the one after it.
        let mutable sums = Array.zeroCreate<float> n
        let mutable following = Array.zeroCreate<float> n

        /// The reflection of column k, whose numbers stand in the row of its vector. What the numbers are divided by.
        let reflectColumn k =
            let x = left form m k
            let alpha = x[0]
            let struct (beta, tau) = Reflections.make x
            form.Diagonal[k] <- beta
            form.LeftTaus[k] <- tau
            alpha - beta

        if n > 0 then
            for i in 0 .. m - 1 do
                form.Left[i] <- a[i * n]

            reflectColumn 0 |> ignore

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
            let struct (beta, turn) = Reflections.make z
            form.Beside[k] <- beta
            form.RightTaus[k] <- turn
            let column = left form m next
            let after = Span(following, next + 1, n - next - 1)
            after.Clear()

            // A row stays in the first-level cache for both reflections. It is summed up times its number x of the next column.
            for i in next .. m - 1 do
                let dot = RowSteps.addDot (row a n i next) (-tau * v[i - k]) w z
                let x = a[i * n + next] - turn * dot
                column[i - next] <- x
                RowSteps.addAdd (row a n i (next + 1)) (-turn * dot) (z.Slice 1) x after

            // The vector of the reflection is (x - (beta, 0, …)) / divisor, its first element 1.
            let divisor = reflectColumn next
            let first = row a n next (next + 1)

            if divisor = 0.0 then
                first.CopyTo after
            else
                let beta: float = form.Diagonal[next]
                TensorPrimitives.MultiplyAdd(reading first, -beta, reading after, after)
                TensorPrimitives.Divide(reading after, divisor, after)

            let last = sums
            sums <- following
            following <- last

        form
