namespace Cotangent.Engines

open System
open System.Numerics
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// Steps of reductions to matrices of few diagonals: products of rows and vectors, and steps that pass once over a row.
module internal RowSteps =
    let inline private load (x: Span<float>) i =
        Vector.LoadUnsafe(&MemoryMarshal.GetReference x, unativeint i)

    let inline private store (v: Vector<float>) (x: Span<float>) i =
        v.StoreUnsafe(&MemoryMarshal.GetReference x, unativeint i)

    let inline private loadWide (x: Span<float>) i =
        Vector512.LoadUnsafe(&MemoryMarshal.GetReference x, unativeint i)

    let inline private storeWide (v: Vector512<float>) (x: Span<float>) i =
        v.StoreUnsafe(&MemoryMarshal.GetReference x, unativeint i)

    let private check (n: int) (x: Span<float>) =
        if x.Length < n then invalidArg "x" "A row is shorter than the first."

    let private checkRows (x: float[]) at step n rows =
        if at < 0 || at + (rows - 1) * step + n > x.Length then
            invalidArg "x" "The rows reach beyond the array."

    // ---- Rows of a matrix and a vector, four rows at a time ----

    let inline private loadAt (x: float[]) (i: int) =
        Vector512.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    /// Of the last vector of n elements the lanes that no whole vector has had.
    let inline private restOf n =
        let lanes = Vector512<float>.Count
        let first = Vector512.Create(float (lanes - n % lanes))
        Vector512.GreaterThanOrEqual(Vector512<float>.Indices, first)

    /// The products of four rows of a matrix, `step` apart, and a vector.
    let private fourDots (x: float[]) at step n (y: Span<float>) : Vector256<float> =
        Tile.optimised ()
        let lanes = Vector512<float>.Count
        let second, third, fourth = at + step, at + 2 * step, at + 3 * step
        let mutable a = Vector512<float>.Zero
        let mutable b = Vector512<float>.Zero
        let mutable c = Vector512<float>.Zero
        let mutable d = Vector512<float>.Zero
        let mutable i = 0

        while i <= n - lanes do
            let v = loadWide y i
            a <- Vector512.FusedMultiplyAdd(v, loadAt x (at + i), a)
            b <- Vector512.FusedMultiplyAdd(v, loadAt x (second + i), b)
            c <- Vector512.FusedMultiplyAdd(v, loadAt x (third + i), c)
            d <- Vector512.FusedMultiplyAdd(v, loadAt x (fourth + i), d)
            i <- i + lanes

        if i < n then
            let i = n - lanes
            let v = Vector512.BitwiseAnd(loadWide y i, restOf n)
            a <- Vector512.FusedMultiplyAdd(v, loadAt x (at + i), a)
            b <- Vector512.FusedMultiplyAdd(v, loadAt x (second + i), b)
            c <- Vector512.FusedMultiplyAdd(v, loadAt x (third + i), c)
            d <- Vector512.FusedMultiplyAdd(v, loadAt x (fourth + i), d)

        Vector256.Create(Vector512.Sum a, Vector512.Sum b, Vector512.Sum c, Vector512.Sum d)

    /// y <- y + the sum of four rows of a matrix, `step` apart, times a factor each.
    let private addFour (x: float[]) at step n (factors: ReadOnlySpan<float>) (y: Span<float>) =
        Tile.optimised ()
        let lanes = Vector512<float>.Count
        let second, third, fourth = at + step, at + 2 * step, at + 3 * step
        let f, g = Vector512.Create factors[0], Vector512.Create factors[1]
        let h, k = Vector512.Create factors[2], Vector512.Create factors[3]
        let mutable i = 0

        while i <= n - lanes do
            let s = Vector512.FusedMultiplyAdd(f, loadAt x (at + i), loadWide y i)
            let s = Vector512.FusedMultiplyAdd(g, loadAt x (second + i), s)
            let s = Vector512.FusedMultiplyAdd(h, loadAt x (third + i), s)
            storeWide (Vector512.FusedMultiplyAdd(k, loadAt x (fourth + i), s)) y i
            i <- i + lanes

        if i < n then
            let i = n - lanes
            let old = loadWide y i
            let s = Vector512.FusedMultiplyAdd(f, loadAt x (at + i), old)
            let s = Vector512.FusedMultiplyAdd(g, loadAt x (second + i), s)
            let s = Vector512.FusedMultiplyAdd(h, loadAt x (third + i), s)
            let s = Vector512.FusedMultiplyAdd(k, loadAt x (fourth + i), s)
            storeWide (Vector512.ConditionalSelect(restOf n, s, old)) y i

    let private isWide n = Vector512.IsHardwareAccelerated && n >= Vector512<float>.Count

    /// The products of rows of a matrix, `step` apart, and a vector y.
    let dots (x: float[]) at step (y: Span<float>) (into: Span<float>) =
        Tile.optimised ()
        let n = y.Length
        let mutable row = 0

        if into.Length > 0 then checkRows x at step n into.Length

        if isWide n then
            while row <= into.Length - 4 do
                (fourDots x (at + row * step) step n y).StoreUnsafe(&into[row])
                row <- row + 4

        while row < into.Length do
            into[row] <- RowMath.Dot(ReadOnlySpan(x, at + row * step, n), Along.reading y)
            row <- row + 1

    /// y <- y + the sum of rows of a matrix, `step` apart, times a factor each.
    let addRows (x: float[]) at step (factors: ReadOnlySpan<float>) (y: Span<float>) =
        Tile.optimised ()
        let n = y.Length
        let mutable row = 0

        if factors.Length > 0 then checkRows x at step n factors.Length

        if isWide n then
            while row <= factors.Length - 4 do
                addFour x (at + row * step) step n (factors.Slice row) y
                row <- row + 4

        while row < factors.Length do
            let from = ReadOnlySpan(x, at + row * step, n)
            RowMath.MultiplyAdd(from, factors[row], Along.reading y, y)
            row <- row + 1

    // ---- Steps that pass once over a row ----

    /// A row is changed, and what comes next learns what it needs of the new numbers; all have the length of the first:
    /// row <- row - f w - g v; the sum of its products with z; sums <- sums + h row.
    let subtractDotAdd
        (row: Span<float>)
        (f: float)
        (w: Span<float>)
        (g: float)
        (v: Span<float>)
        (z: Span<float>)
        (h: float)
        (sums: Span<float>)
        : float =
        Tile.optimised ()
        let n = row.Length
        check n w
        check n v
        check n z
        check n sums
        let mutable total = 0.0
        let mutable i = 0

        if Vector512.IsHardwareAccelerated then
            let first, second, third = Vector512.Create -f, Vector512.Create -g, Vector512.Create h
            let lanes = Vector512<float>.Count
            let mutable sum = Vector512<float>.Zero
            let mutable other = Vector512<float>.Zero

            while i <= n - 2 * lanes do
                let changed =
                    Vector512.FusedMultiplyAdd(
                        second,
                        loadWide v i,
                        Vector512.FusedMultiplyAdd(first, loadWide w i, loadWide row i)
                    )

                let at = i + lanes

                let next =
                    Vector512.FusedMultiplyAdd(
                        second,
                        loadWide v at,
                        Vector512.FusedMultiplyAdd(first, loadWide w at, loadWide row at)
                    )

                storeWide changed row i
                storeWide next row at
                sum <- Vector512.FusedMultiplyAdd(changed, loadWide z i, sum)
                other <- Vector512.FusedMultiplyAdd(next, loadWide z at, other)
                storeWide (Vector512.FusedMultiplyAdd(third, changed, loadWide sums i)) sums i
                storeWide (Vector512.FusedMultiplyAdd(third, next, loadWide sums at)) sums at
                i <- i + 2 * lanes

            total <- Vector512.Sum(sum + other)

        let first, second, third = Vector<float> f, Vector<float> g, Vector<float> h
        let mutable sum = Vector<float>.Zero

        while i <= n - Vector<float>.Count do
            let changed = load row i - first * load w i - second * load v i
            store changed row i
            sum <- sum + changed * load z i
            store (load sums i + third * changed) sums i
            i <- i + Vector<float>.Count

        total <- total + Vector.Sum sum

        while i < n do
            row[i] <- row[i] - f * w[i] - g * v[i]
            total <- total + row[i] * z[i]
            sums[i] <- sums[i] + h * row[i]
            i <- i + 1

        total
