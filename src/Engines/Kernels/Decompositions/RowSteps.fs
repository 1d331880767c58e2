namespace Cotangent.Engines

open System
open System.Numerics
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// Steps of reductions that pass once over a row: it is changed, and what comes next learns what it needs of the new numbers. All
/// rows have the length of the first.
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

    /// row <- row + f w; the sum of its products with z.
    let addDot (row: Span<float>) (f: float) (w: Span<float>) (z: Span<float>) : float =
        let n = row.Length
        check n w
        check n z
        let mutable total = 0.0
        let mutable i = 0

        if Vector512.IsHardwareAccelerated then
            let factor = Vector512.Create f
            let lanes = Vector512<float>.Count
            // Two sums, since one would wait for itself.
            let mutable sum = Vector512<float>.Zero
            let mutable other = Vector512<float>.Zero

            while i <= n - 2 * lanes do
                let changed = Vector512.FusedMultiplyAdd(factor, loadWide w i, loadWide row i)

                let next =
                    Vector512.FusedMultiplyAdd(factor, loadWide w (i + lanes), loadWide row (i + lanes))

                storeWide changed row i
                storeWide next row (i + lanes)
                sum <- Vector512.FusedMultiplyAdd(changed, loadWide z i, sum)
                other <- Vector512.FusedMultiplyAdd(next, loadWide z (i + lanes), other)
                i <- i + 2 * lanes

            total <- Vector512.Sum(sum + other)

        let factor = Vector<float> f
        let mutable sum = Vector<float>.Zero

        while i <= n - Vector<float>.Count do
            let changed = load row i + factor * load w i
            store changed row i
            sum <- sum + changed * load z i
            i <- i + Vector<float>.Count

        total <- total + Vector.Sum sum

        while i < n do
            row[i] <- row[i] + f * w[i]
            total <- total + row[i] * z[i]
            i <- i + 1

        total

    /// row <- row + f z; sums <- sums + g row.
    let addAdd (row: Span<float>) (f: float) (z: Span<float>) (g: float) (sums: Span<float>) =
        let n = row.Length
        check n z
        check n sums
        let mutable i = 0

        if Vector512.IsHardwareAccelerated then
            let first, second = Vector512.Create f, Vector512.Create g

            while i <= n - Vector512<float>.Count do
                let changed = Vector512.FusedMultiplyAdd(first, loadWide z i, loadWide row i)
                storeWide changed row i
                storeWide (Vector512.FusedMultiplyAdd(second, changed, loadWide sums i)) sums i
                i <- i + Vector512<float>.Count

        let first, second = Vector<float> f, Vector<float> g

        while i <= n - Vector<float>.Count do
            let changed = load row i + first * load z i
            store changed row i
            store (load sums i + second * changed) sums i
            i <- i + Vector<float>.Count

        while i < n do
            row[i] <- row[i] + f * z[i]
            sums[i] <- sums[i] + g * row[i]
            i <- i + 1

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
