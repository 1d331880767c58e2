namespace Cotangent.Engines

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List
open Cotangent.Engines.Along

/// A row of complex numbers with real and imaginary parts apart, which vectors add and multiply.
[<Struct; IsByRefLike; IsReadOnly; NoComparison; NoEquality>]
type internal SplitRow(re: Span<float>, im: Span<float>) =
    member _.Re = re
    member _.Im = im
    member _.Length = re.Length
    member _.Item(i: int) = Complex(re[i], im[i])

    member _.Put(i: int, z: Complex) =
        re[i] <- z.Real
        im[i] <- z.Imaginary

    /// What is left of it from an element on.
    member _.From(first: int) = SplitRow(re.Slice first, im.Slice first)

/// Householder's reflections H = I - tau v vᴴ from the left and the right make a complex matrix bidiagonal and real, as `Bidiagonal`
/// does a real one.
module internal ComplexBidiagonal =
    let inline private load (x: Span<float>) i =
        Vector.LoadUnsafe(&MemoryMarshal.GetReference x, unativeint i)

    let inline private store (v: Vector<float>) (x: Span<float>) i =
        v.StoreUnsafe(&MemoryMarshal.GetReference x, unativeint i)

    /// Row k of a matrix of n columns, whose rows are n real parts and n imaginary ones.
    let rowOf (a: float[]) n k = SplitRow(Span(a, 2 * k * n, n), Span(a, (2 * k + 1) * n, n))

    /// y <- y + f x
    let private add (x: SplitRow) (f: Complex) (y: SplitRow) =
        Tile.optimised ()
        let width = Vector<float>.Count
        let re, im = Vector<float> f.Real, Vector<float> f.Imaginary
        let mutable i = 0

        while i <= x.Length - width do
            let xr, xi = load x.Re i, load x.Im i
            store (load y.Re i + re * xr - im * xi) y.Re i
            store (load y.Im i + re * xi + im * xr) y.Im i
            i <- i + width

        while i < x.Length do
            let xr, xi = x.Re[i], x.Im[i]
            y.Re[i] <- y.Re[i] + f.Real * xr - f.Imaginary * xi
            y.Im[i] <- y.Im[i] + f.Real * xi + f.Imaginary * xr
            i <- i + 1

    /// Σ x y
    let private dot (x: SplitRow) (y: SplitRow) : Complex =
        Tile.optimised ()
        let width = Vector<float>.Count
        let mutable re = Vector<float>.Zero
        let mutable im = Vector<float>.Zero
        let mutable i = 0

        while i <= x.Length - width do
            let xr, xi, yr, yi = load x.Re i, load x.Im i, load y.Re i, load y.Im i
            re <- re + xr * yr - xi * yi
            im <- im + xr * yi + xi * yr
            i <- i + width

        let mutable total = Complex(Vector.Sum re, Vector.Sum im)

        while i < x.Length do
            total <- total + x[i] * y[i]
            i <- i + 1

        total

    let private conjugate (row: SplitRow) = RowMath.Negate(reading row.Im, row.Im)

    let private copy (x: SplitRow) (y: SplitRow) =
        x.Re.CopyTo y.Re
        x.Im.CopyTo y.Im

    /// Of a vector x the reflection whose adjoint takes it to (beta, 0, …) with a real beta: beta and tau. v, whose first element is
    /// 1, takes the place of x.
    let private reflection (x: SplitRow) : struct (float * Complex) =
        Tile.optimised ()

        if x.Length = 0 then
            struct (0.0, Complex.Zero)
        else
            let alpha = x[0]
            let tail = x.From 1

            let rest: float =
                if tail.Length = 0 then
                    0.0
                else
                    Double.Hypot(RowMath.Norm(reading tail.Re), RowMath.Norm(reading tail.Im))

            if rest = 0.0 && alpha.Imaginary = 0.0 then
                x.Put(0, Complex.One)
                struct (alpha.Real, Complex.Zero)
            else
                let norm = Double.Hypot(Complex.Abs alpha, rest)
                let beta = if alpha.Real < 0.0 then norm else -norm
                let first = alpha - Complex(beta, 0.0)

                for i in 1 .. x.Length - 1 do
                    x.Put(i, x[i] / first)

                x.Put(0, Complex.One)
                struct (beta, (Complex(beta, 0.0) - alpha) / Complex(beta, 0.0))

    /// A matrix of m rows and n columns, m at least n, as it becomes bidiagonal. Rows are real parts and imaginary ones.
    type Form = {
        /// On the diagonal, and right of it.
        Diagonal: float[]
        Beside: float[]
        /// The vectors of the reflections from the left, row k from element k on, and their taus.
        Left: float[]
        LeftTaus: Complex[]
        /// Those from the right, row k from element k + 1 on.
        Right: float[]
        RightTaus: Complex[]
    }

    /// Spoils a.
    let reduce m n (a: float[]) : Form =
        Tile.optimised ()

        let form = {
            Diagonal = Array.zeroCreate n
            Beside = Array.zeroCreate n
            Left = Array.zeroCreate (2 * n * m)
            LeftTaus = Array.zeroCreate n
            Right = Array.zeroCreate (2 * n * n)
            RightTaus = Array.zeroCreate n
        }

        let sums, adjoint, dots =
            Array.zeroCreate<float>(2 * n), Array.zeroCreate<float>(2 * n), Array.zeroCreate<Complex> m

        /// The reflection of column k, whose numbers stand in the row of its vector, and what it makes of the columns behind: vᴴ a.
        let reflectColumn k =
            let v = (rowOf form.Left m k).From k
            let struct (beta, tau) = reflection v
            form.Diagonal[k] <- beta
            form.LeftTaus[k] <- tau
            let target = (rowOf sums n 0).From(k + 1)
            target.Re.Clear()
            target.Im.Clear()

            for i in k .. m - 1 do
                add ((rowOf a n i).From(k + 1)) (Complex.Conjugate v[i - k]) target

        if n > 0 then
            let first = rowOf form.Left m 0

            for i in 0 .. m - 1 do
                first.Put(i, (rowOf a n i).[0])

            reflectColumn 0

        for k in 0 .. n - 2 do
            let next = k + 1
            let v = (rowOf form.Left m k).From k
            let w = (rowOf sums n 0).From next
            let z = (rowOf form.Right n k).From next
            let turned = (rowOf adjoint n 0).From next
            let share = -(Complex.Conjugate form.LeftTaus[k])
            let own = (rowOf a n k).From next
            // From the left, the first of the rows before the others: its adjoint tells the reflection from the right.
            add w share own
            copy own z
            conjugate z
            let struct (beta, tau) = reflection z
            form.Beside[k] <- beta
            form.RightTaus[k] <- tau
            copy z turned
            conjugate turned
            let column = rowOf form.Left m next

            for i in next .. m - 1 do
                let row = (rowOf a n i).From next
                add w (share * v[i - k]) row
                // From the right: a <- a - tau (a v) vᴴ.
                dots[i] <- -tau * dot row z
                add turned dots[i] row
                column.Put(i, row[0])

            reflectColumn next

        form

    /// The rows of z (so many complex numbers, `size` of them to a row) become the columns of the product of reflections, whose vectors
    /// begin `shift` elements behind the diagonal.
    let accumulate count size shift (vectors: float[]) (taus: Complex[]) (z: float[]) =
        Tile.optimised ()
        Array.Clear(z, 0, 2 * count * size)
        let adjoint = Array.zeroCreate<float>(2 * size)

        for i in 0 .. count - 1 do
            z[2 * i * size + i] <- 1.0

        for k in count - 1 - shift .. -1 .. 0 do
            if taus[k] <> Complex.Zero then
                let from = k + shift
                let v = (rowOf vectors size k).From from
                let turned = (rowOf adjoint size 0).From from
                copy v turned
                conjugate turned

                for i in from .. count - 1 do
                    let row = (rowOf z size i).From from
                    add v (-taus[k] * dot turned row) row
