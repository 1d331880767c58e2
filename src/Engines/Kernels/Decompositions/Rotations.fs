namespace Cotangent.Engines

open System
open System.Numerics
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

module internal Plane =
    /// √(f² + g²): where the squares are far from the ends of their range, without the care that takes long.
    let length (f: float) (g: float) : float =
        let square = f * f + g * g
        if square > 1e-280 && square < 1e280 then Math.Sqrt square else Double.Hypot(f, g)

/// A rotation of two rows.
[<Struct; NoComparison; NoEquality>]
type internal Rotation = { First: int; Second: int; Cosine: float; Sine: float }

/// Rotations of rows of `Strip` numbers. Iterations make chains of them, in which a rotation takes one of the rows of the one before it:
/// that row stays in registers, so that each rotation reads one row and writes one.
module internal RotationChains =
    /// Columns of a strip: of 500 rows it takes 128 kB.
    [<Literal>]
    let Strip = 32

    /// Where the chain of rotations of neighbours that begins with one ends. It rises where the first row of each is the second of the
    /// one before; it falls where the second is the first of the one before.
    let endOf (turns: ReadOnlySpan<Rotation>) from : struct (int * bool) =
        Tile.optimised ()
        let mutable last = from + 1

        if turns[from].Second <> turns[from].First + 1 then
            struct (last, false)
        else
            let by = if last < turns.Length && turns[last].Second = turns[from].First then -1 else 1

            while last < turns.Length
                  && turns[last].Second = turns[last].First + 1
                  && turns[last].First = turns[last - 1].First + by do
                last <- last + 1

            struct (last, by < 0)

    /// Four vectors of the rows at a time. `mulAdd` is x y + z.
    let inline private rotateBy
        ([<InlineIfLambda>] load: float[] -> int -> ^V)
        ([<InlineIfLambda>] store: ^V -> float[] -> int -> unit)
        ([<InlineIfLambda>] spread: float -> ^V)
        ([<InlineIfLambda>] mulAdd: ^V -> ^V -> ^V -> ^V)
        lanes
        (x: float[])
        start
        (turns: ReadOnlySpan<Rotation>)
        isFalling
        =
        for column in start .. 4 * lanes .. start + Strip - 1 do
            // The row that the first rotation has in common with the next.
            let mutable row = column + Strip * (if isFalling then turns[0].Second else turns[0].First)
            let mutable a = load x row
            let mutable b = load x (row + lanes)
            let mutable c = load x (row + 2 * lanes)
            let mutable d = load x (row + 3 * lanes)

            for i in 0 .. turns.Length - 1 do
                let turn = turns[i]
                // A rotation of the rows in the other order turns the other way round.
                let sine = if isFalling then -turn.Sine else turn.Sine
                let next = column + Strip * (if isFalling then turn.First else turn.Second)
                let cosine, sine, back = spread turn.Cosine, spread sine, spread -sine
                let p, q = load x next, load x (next + lanes)
                let r, s = load x (next + 2 * lanes), load x (next + 3 * lanes)
                let alongP, alongQ: ^V * ^V = sine * p, sine * q
                let alongR, alongS: ^V * ^V = sine * r, sine * s
                store (mulAdd cosine a alongP) x row
                store (mulAdd cosine b alongQ) x (row + lanes)
                store (mulAdd cosine c alongR) x (row + 2 * lanes)
                store (mulAdd cosine d alongS) x (row + 3 * lanes)
                let alongP, alongQ: ^V * ^V = cosine * p, cosine * q
                let alongR, alongS: ^V * ^V = cosine * r, cosine * s
                a <- mulAdd back a alongP
                b <- mulAdd back b alongQ
                c <- mulAdd back c alongR
                d <- mulAdd back d alongS
                row <- next

            store a x row
            store b x (row + lanes)
            store c x (row + 2 * lanes)
            store d x (row + 3 * lanes)

    let inline private load (x: float[]) (i: int) =
        Vector.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private store (v: Vector<float>) (x: float[]) (i: int) =
        v.StoreUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private loadWide (x: float[]) (i: int) =
        Vector512.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline private storeWide (v: Vector512<float>) (x: float[]) (i: int) =
        v.StoreUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    /// Two chains from the same row in the same direction, the second as long as the first or shorter, as one: what the first is done
    /// with, the second takes from registers. The rotations of the first that this leaves to be done.
    let private rotateTwo
        (x: float[])
        start
        (one: ReadOnlySpan<Rotation>)
        (two: ReadOnlySpan<Rotation>)
        isFalling
        =
        Tile.optimised ()
        let lanes = Vector512<float>.Count
        let isSame = one.Length = two.Length
        let by = if isFalling then -Strip else Strip
        let first = start + Strip * (if isFalling then one[0].Second else one[0].First)
        let sign = if isFalling then -1.0 else 1.0
        let mutable row = first
        // The row that the next rotation of each has in common with the last.
        let mutable a = loadWide x row
        let mutable b = loadWide x (row + lanes)
        let mutable c = loadWide x (row + 2 * lanes)
        let mutable d = loadWide x (row + 3 * lanes)
        let mutable e = a
        let mutable f = a
        let mutable g = a
        let mutable h = a

        for i in 0 .. (if isSame then two.Length - 1 else two.Length) do
            let turn = one[i]

            let cosine, sine, back =
                Vector512.Create turn.Cosine,
                Vector512.Create(sign * turn.Sine),
                Vector512.Create(-sign * turn.Sine)

            let next = row + by
            let p, q = loadWide x next, loadWide x (next + lanes)
            let r, s = loadWide x (next + 2 * lanes), loadWide x (next + 3 * lanes)
            let doneA = Vector512.FusedMultiplyAdd(cosine, a, sine * p)
            let doneB = Vector512.FusedMultiplyAdd(cosine, b, sine * q)
            let doneC = Vector512.FusedMultiplyAdd(cosine, c, sine * r)
            let doneD = Vector512.FusedMultiplyAdd(cosine, d, sine * s)
            a <- Vector512.FusedMultiplyAdd(back, a, cosine * p)
            b <- Vector512.FusedMultiplyAdd(back, b, cosine * q)
            c <- Vector512.FusedMultiplyAdd(back, c, cosine * r)
            d <- Vector512.FusedMultiplyAdd(back, d, cosine * s)

            if i = 0 then
                e <- doneA
                f <- doneB
                g <- doneC
                h <- doneD
            else
                let turn = two[i - 1]

                let cosine, sine, back =
                    Vector512.Create turn.Cosine,
                    Vector512.Create(sign * turn.Sine),
                    Vector512.Create(-sign * turn.Sine)

                let before = row - by
                storeWide (Vector512.FusedMultiplyAdd(cosine, e, sine * doneA)) x before
                storeWide (Vector512.FusedMultiplyAdd(cosine, f, sine * doneB)) x (before + lanes)
                storeWide (Vector512.FusedMultiplyAdd(cosine, g, sine * doneC)) x (before + 2 * lanes)
                storeWide (Vector512.FusedMultiplyAdd(cosine, h, sine * doneD)) x (before + 3 * lanes)
                e <- Vector512.FusedMultiplyAdd(back, e, cosine * doneA)
                f <- Vector512.FusedMultiplyAdd(back, f, cosine * doneB)
                g <- Vector512.FusedMultiplyAdd(back, g, cosine * doneC)
                h <- Vector512.FusedMultiplyAdd(back, h, cosine * doneD)

            row <- next

        // The first chain stands at `row`, the second at the row before it.
        let before = row - by
        storeWide a x row
        storeWide b x (row + lanes)
        storeWide c x (row + 2 * lanes)
        storeWide d x (row + 3 * lanes)
        storeWide e x before
        storeWide f x (before + lanes)
        storeWide g x (before + 2 * lanes)
        storeWide h x (before + 3 * lanes)

    /// One chain, of a strip of a matrix from a place on.
    let rotate (x: float[]) start (turns: ReadOnlySpan<Rotation>) isFalling =
        Tile.optimised ()

        if Vector512.IsHardwareAccelerated then
            rotateBy
                loadWide
                storeWide
                (fun x -> Vector512.Create(x: float))
                WideTile.wideMulAdd
                Vector512<float>.Count
                x
                start
                turns
                isFalling
        else
            rotateBy
                load
                store
                (fun x -> Vector<float>(x: float))
                Tile.mulAdd
                Vector<float>.Count
                x
                start
                turns
                isFalling

    /// All of them, one after the other.
    let rotateAll (x: float[]) start (turns: ReadOnlySpan<Rotation>) =
        Tile.optimised ()
        let mutable first = 0

        while first < turns.Length do
            let struct (last, isFalling) = endOf turns first
            let one = turns.Slice(first, last - first)
            let mutable isFused = false

            if Vector512.IsHardwareAccelerated && one.Length > 1 && last < turns.Length then
                let struct (after, isOtherFalling) = endOf turns last
                let two = turns.Slice(last, after - last)

                if
                    two.Length > 1
                    && two.Length <= one.Length
                    && isOtherFalling = isFalling
                    && two[0].First = one[0].First
                then
                    rotateTwo x start one two isFalling

                    // What is left: of chains of one length the last rotation of the second, else more of the first.
                    if two.Length = one.Length then rotate x start (two.Slice(two.Length - 1)) isFalling
                    elif one.Length > two.Length + 1 then rotate x start (one.Slice(two.Length + 1)) isFalling

                    first <- after
                    isFused <- true

            if not isFused then
                rotate x start one isFalling
                first <- last

/// Rotations of pairs of rows of a matrix, of no elements where there is none, which iterations make one after the other. They are
/// kept until there are many, and then applied to a strip of columns after the other: a strip stays in the cache while all rotations
/// pass over it, the whole matrix would not (F. Van Zee, R. van de Geijn and G. Quintana-Ortí, "Restructuring the tridiagonal and
/// bidiagonal QR algorithms for performance", 2014).
[<Sealed>]
type internal Rotations(width: int, z: float[]) =
    /// So many are kept, in 1.5 MB, which are read once for each strip.
    static let most = 65536

    let kept = ResizeArray<Rotation>()

    /// Where a pinned array has an address of a multiple of 64.
    static let aligned (x: float[]) : int =
        let address = Marshal.UnsafeAddrOfPinnedArrayElement(x, 0)
        int ((64n - address % 64n) % 64n) / sizeof<float>

    let applyTo rows (copy: float[]) start from count =
        for i in 0 .. rows - 1 do
            Array.Copy(z, i * width + from, copy, start + i * RotationChains.Strip, count)

        let turns: ReadOnlySpan<Rotation> = Span.op_Implicit (CollectionsMarshal.AsSpan kept)
        RotationChains.rotateAll copy start turns

        for i in 0 .. rows - 1 do
            Array.Copy(copy, start + i * RotationChains.Strip, z, i * width + from, count)

    /// Applies what has been kept.
    member _.Apply() =
        if kept.Count > 0 then
            let rows = z.Length / width

            Strided.ranges
                (partsOf width RotationChains.Strip)
                (6L * int64 kept.Count * int64 width)
                (fun first last ->
                    let copy = GC.AllocateArray<float>(rows * RotationChains.Strip + 8, true)
                    let start = aligned copy

                    for part in first .. last - 1 do
                        applyTo
                            rows
                            copy
                            start
                            (part * RotationChains.Strip)
                            (min RotationChains.Strip (width - part * RotationChains.Strip)))

            kept.Clear()

    /// Rows i and j of z <- c zᵢ + s zⱼ and c zⱼ - s zᵢ, when next applied.
    member rotations.Add(i: int, j: int, c: float, s: float) =
        if width > 0 then
            kept.Add { First = i; Second = j; Cosine = c; Sine = s }
            if kept.Count >= most then rotations.Apply()
