namespace Cotangent.Engines

open System
open System.Numerics.Tensors
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

// Householder's reflections from the left and the right make a matrix bidiagonal (G. Golub and W. Kahan, "Calculating the
// singular values and pseudo-inverse of a matrix", 1965). A step passes twice over what is left of the matrix, not four times:
// where a reflection is applied, what the next one needs of the new numbers is summed up.

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

        // Sums of the rows, each times its element of the reflection from the left that comes next.
        let sums, dots = Array.zeroCreate<float> n, Array.zeroCreate<float> m

        /// The reflection of column k, whose numbers stand in the row of its vector.
        let reflectColumn k =
            let struct (beta, tau) = Reflections.make (left form m k)
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
            let struct (beta, turn) = Reflections.make z
            form.Beside[k] <- beta
            form.RightTaus[k] <- turn

            for i in next .. m - 1 do
                dots[i] <- RowSteps.addDot (row a n i next) (-tau * v[i - k]) w z

            let column = left form m next

            for i in next .. m - 1 do
                column[i - next] <- a[i * n + next] - turn * dots[i]

            reflectColumn next
            let after = Span(sums, next + 1, n - next - 1)
            after.Clear()

            for i in next .. m - 1 do
                RowSteps.addAdd (row a n i (next + 1)) (-turn * dots[i]) (z.Slice 1) column[i - next] after

        form
