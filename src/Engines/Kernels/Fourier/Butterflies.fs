namespace Cotangent.Engines

// Passes of one radix r over all rows of a matrix, each written once for vectors of both lengths. Inputs of a butterfly are
// `Count` rows apart; its results, turned by roots of unity but in the last pass, are neighbours.

open System
open System.Numerics
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

/// One pass over all rows.
[<NoComparison; NoEquality>]
type internal Pass<'T> = {
    Radix: int
    /// Rows before it, over the radix.
    Count: int
    /// exp(-2πi p k/n) at place p (r - 1) + k - 1, for k from 1 to r - 1.
    Twiddles: 'T[]
    /// exp(-2πi j k/r) at place (j - 1) h + k - 1, for j and k from 1 to h = (r - 1)/2. Of odd radices.
    Roots: 'T[]
}

module internal Butterflies =
    let inline private (+.) (a: ^V) (b: ^V) : ^V = a + b
    let inline private (-.) (a: ^V) (b: ^V) : ^V = a - b
    let inline private ( *. ) (a: ^V) (b: ^V) : ^V = a * b

    /// x y - z
    let inline private mulSub (x: Vector<'T>) (y: Vector<'T>) (z: Vector<'T>) : Vector<'T> = x * y - z

    let inline private wideMulSub (x: Vector512<'T>) (y: Vector512<'T>) (z: Vector512<'T>) : Vector512<'T> =
        if obj.ReferenceEquals(typeof<'T>, typeof<float32>) && Avx512F.IsSupported then
            (Avx512F.FusedMultiplySubtract(x.AsSingle(), y.AsSingle(), z.AsSingle())).As<float32, 'T>()
        elif obj.ReferenceEquals(typeof<'T>, typeof<float>) && Avx512F.IsSupported then
            (Avx512F.FusedMultiplySubtract(x.AsDouble(), y.AsDouble(), z.AsDouble())).As<float, 'T>()
        else
            x * y - z

    /// Walks all butterflies: `body` gets where the first input is and where the first result goes, and the place of the
    /// twiddles.
    let inline private each
        (pass: Pass<'T>)
        width
        (x: Slots<'T>)
        (y: Slots<'T>)
        ([<InlineIfLambda>] body: int -> int -> int -> unit)
        =
        Tile.optimised ()
        let unit = 2 * Slots.lanes<'T>()
        let row = width * unit

        for p in 0 .. pass.Count - 1 do
            let mutable i = x.First + p * row
            let mutable o = y.First + p * pass.Radix * row
            let last = i + row
            let t = 2 * p * (pass.Radix - 1)

            while i < last do
                body i o t
                i <- i + unit
                o <- o + unit

    /// Puts a result k in its place, turned. The first, whose root is 1, is only stored.
    let inline private turned
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        ([<InlineIfLambda>] spread: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] mulAdd: ^V -> ^V -> ^V -> ^V)
        ([<InlineIfLambda>] mulSub: ^V -> ^V -> ^V -> ^V)
        (w: 'T[])
        t
        k
        (y: 'T[])
        at
        (re: ^V)
        (im: ^V)
        =
        let wr, wi = spread w (t + 2 * k - 2), spread w (t + 2 * k - 1)
        store (mulSub re wr (im *. wi)) y at
        store (mulAdd re wi (im *. wr)) y (at + Slots.lanes<'T>())

    let inline private putTurned (w: 'T[]) t k (y: 'T[]) at (re: Vector<'T>) (im: Vector<'T>) =
        turned Slots.store Slots.spread Tile.mulAdd mulSub w t k y at re im

    let inline private putTurnedWide (w: 'T[]) t k (y: 'T[]) at (re: Vector512<'T>) (im: Vector512<'T>) =
        turned Slots.storeWide Slots.spreadWide WideTile.wideMulAdd wideMulSub w t k y at re im

    // The last pass turns by 1 alone.

    let inline private put (_: 'T[]) (_: int) (_: int) (y: 'T[]) at (re: Vector<'T>) (im: Vector<'T>) =
        Slots.store re y at
        Slots.store im y (at + Slots.lanes<'T>())

    let inline private putWide
        (_: 'T[])
        (_: int)
        (_: int)
        (y: 'T[])
        at
        (re: Vector512<'T>)
        (im: Vector512<'T>)
        =
        Slots.storeWide re y at
        Slots.storeWide im y (at + Slots.lanes<'T>())

    let inline private twoBy
        ([<InlineIfLambda>] load: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        ([<InlineIfLambda>] put: 'T[] -> int -> int -> 'T[] -> int -> ^V -> ^V -> unit)
        (pass: Pass<'T>)
        width
        (x: Slots<'T>)
        (y: Slots<'T>)
        =
        let xs, ys, w, lanes = x.Items, y.Items, pass.Twiddles, Slots.lanes<'T>()
        let next = 2 * lanes * width
        let step = pass.Count * next

        each pass width x y (fun i o t ->
            let ar, ai = load xs i, load xs (i + lanes)
            let br, bi = load xs (i + step), load xs (i + step + lanes)
            store (ar +. br) ys o
            store (ai +. bi) ys (o + lanes)
            put w t 1 ys (o + next) (ar -. br) (ai -. bi))

    let inline private threeBy
        ([<InlineIfLambda>] load: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        ([<InlineIfLambda>] number: float -> ^V)
        ([<InlineIfLambda>] put: 'T[] -> int -> int -> 'T[] -> int -> ^V -> ^V -> unit)
        (pass: Pass<'T>)
        width
        (x: Slots<'T>)
        (y: Slots<'T>)
        =
        let xs, ys, w, lanes = x.Items, y.Items, pass.Twiddles, Slots.lanes<'T>()
        let next = 2 * lanes * width
        let step = pass.Count * next
        let half, sine = number 0.5, number 0.86602540378443864676

        each pass width x y (fun i o t ->
            let ar, ai = load xs i, load xs (i + lanes)
            let br, bi = load xs (i + step), load xs (i + step + lanes)
            let cr, ci = load xs (i + 2 * step), load xs (i + 2 * step + lanes)
            let sumR, sumI = br +. cr, bi +. ci
            let evenR, evenI = ar -. half *. sumR, ai -. half *. sumI
            // -i sin(2π/3) (b - c)
            let oddR, oddI = sine *. (bi -. ci), sine *. (cr -. br)
            store (ar +. sumR) ys o
            store (ai +. sumI) ys (o + lanes)
            put w t 1 ys (o + next) (evenR +. oddR) (evenI +. oddI)
            put w t 2 ys (o + 2 * next) (evenR -. oddR) (evenI -. oddI))

    let inline private fourBy
        ([<InlineIfLambda>] load: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        ([<InlineIfLambda>] put: 'T[] -> int -> int -> 'T[] -> int -> ^V -> ^V -> unit)
        (pass: Pass<'T>)
        width
        (x: Slots<'T>)
        (y: Slots<'T>)
        =
        let xs, ys, w, lanes = x.Items, y.Items, pass.Twiddles, Slots.lanes<'T>()
        let next = 2 * lanes * width
        let step = pass.Count * next

        each pass width x y (fun i o t ->
            let ar, ai = load xs i, load xs (i + lanes)
            let br, bi = load xs (i + step), load xs (i + step + lanes)
            let cr, ci = load xs (i + 2 * step), load xs (i + 2 * step + lanes)
            let dr, di = load xs (i + 3 * step), load xs (i + 3 * step + lanes)
            let sumR, sumI = ar +. cr, ai +. ci
            let differenceR, differenceI = ar -. cr, ai -. ci
            let otherR, otherI = br +. dr, bi +. di
            // -i (b - d)
            let turnedR, turnedI = bi -. di, dr -. br
            store (sumR +. otherR) ys o
            store (sumI +. otherI) ys (o + lanes)
            put w t 1 ys (o + next) (differenceR +. turnedR) (differenceI +. turnedI)
            put w t 2 ys (o + 2 * next) (sumR -. otherR) (sumI -. otherI)
            put w t 3 ys (o + 3 * next) (differenceR -. turnedR) (differenceI -. turnedI))

    let inline private fiveBy
        ([<InlineIfLambda>] load: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        ([<InlineIfLambda>] number: float -> ^V)
        ([<InlineIfLambda>] mulAdd: ^V -> ^V -> ^V -> ^V)
        ([<InlineIfLambda>] mulSub: ^V -> ^V -> ^V -> ^V)
        ([<InlineIfLambda>] put: 'T[] -> int -> int -> 'T[] -> int -> ^V -> ^V -> unit)
        (pass: Pass<'T>)
        width
        (x: Slots<'T>)
        (y: Slots<'T>)
        =
        let xs, ys, w, lanes = x.Items, y.Items, pass.Twiddles, Slots.lanes<'T>()
        let next = 2 * lanes * width
        let step = pass.Count * next
        // Of 2π/5 and 4π/5.
        let cosine, cosine2 = number 0.30901699437494742410, number -0.80901699437494742410
        let sine, sine2 = number 0.95105651629515357212, number 0.58778525229247312917

        each pass width x y (fun i o t ->
            let ar, ai = load xs i, load xs (i + lanes)
            let br, bi = load xs (i + step), load xs (i + step + lanes)
            let cr, ci = load xs (i + 2 * step), load xs (i + 2 * step + lanes)
            let dr, di = load xs (i + 3 * step), load xs (i + 3 * step + lanes)
            let er, ei = load xs (i + 4 * step), load xs (i + 4 * step + lanes)
            let outerR, outerI, innerR, innerI = br +. er, bi +. ei, cr +. dr, ci +. di
            // -i times the differences.
            let outR, outI, inR, inI = bi -. ei, er -. br, ci -. di, dr -. cr

            let evenR, evenI =
                mulAdd cosine outerR (mulAdd cosine2 innerR ar),
                mulAdd cosine outerI (mulAdd cosine2 innerI ai)

            let even2R, even2I =
                mulAdd cosine2 outerR (mulAdd cosine innerR ar),
                mulAdd cosine2 outerI (mulAdd cosine innerI ai)

            let oddR, oddI = mulAdd sine outR (sine2 *. inR), mulAdd sine outI (sine2 *. inI)
            let odd2R, odd2I = mulSub sine2 outR (sine *. inR), mulSub sine2 outI (sine *. inI)
            store (ar +. outerR +. innerR) ys o
            store (ai +. outerI +. innerI) ys (o + lanes)
            put w t 1 ys (o + next) (evenR +. oddR) (evenI +. oddI)
            put w t 2 ys (o + 2 * next) (even2R +. odd2R) (even2I +. odd2I)
            put w t 3 ys (o + 3 * next) (even2R -. odd2R) (even2I -. odd2I)
            put w t 4 ys (o + 4 * next) (evenR -. oddR) (evenI -. oddI))

    /// Two butterflies of four, of the sums and the differences of inputs j and j + 4.
    let inline private eightBy
        ([<InlineIfLambda>] load: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        ([<InlineIfLambda>] number: float -> ^V)
        ([<InlineIfLambda>] put: 'T[] -> int -> int -> 'T[] -> int -> ^V -> ^V -> unit)
        (pass: Pass<'T>)
        width
        (x: Slots<'T>)
        (y: Slots<'T>)
        =
        let xs, ys, w, lanes = x.Items, y.Items, pass.Twiddles, Slots.lanes<'T>()
        let next = 2 * lanes * width
        let step = pass.Count * next
        let root = number 0.70710678118654752440

        each pass width x y (fun i o t ->
            let ar, ai = load xs i, load xs (i + lanes)
            let er, ei = load xs (i + 4 * step), load xs (i + 4 * step + lanes)
            let sumAR, sumAI, differenceAR, differenceAI = ar +. er, ai +. ei, ar -. er, ai -. ei
            let cr, ci = load xs (i + 2 * step), load xs (i + 2 * step + lanes)
            let gr, gi = load xs (i + 6 * step), load xs (i + 6 * step + lanes)
            // The difference times -i.
            let sumCR, sumCI, differenceCR, differenceCI = cr +. gr, ci +. gi, ci -. gi, gr -. cr
            let br, bi = load xs (i + step), load xs (i + step + lanes)
            let fr, fi = load xs (i + 5 * step), load xs (i + 5 * step + lanes)
            let sumBR, sumBI, b1, b2 = br +. fr, bi +. fi, br -. fr, bi -. fi
            let dr, di = load xs (i + 3 * step), load xs (i + 3 * step + lanes)
            let hr, hi = load xs (i + 7 * step), load xs (i + 7 * step + lanes)
            let sumDR, sumDI, d1, d2 = dr +. hr, di +. hi, dr -. hr, di -. hi
            // Of the sums.
            let s0R, s0I, s1R, s1I = sumAR +. sumCR, sumAI +. sumCI, sumAR -. sumCR, sumAI -. sumCI
            let s2R, s2I, s3R, s3I = sumBR +. sumDR, sumBI +. sumDI, sumBI -. sumDI, sumDR -. sumBR
            store (s0R +. s2R) ys o
            store (s0I +. s2I) ys (o + lanes)
            put w t 2 ys (o + 2 * next) (s1R +. s3R) (s1I +. s3I)
            put w t 4 ys (o + 4 * next) (s0R -. s2R) (s0I -. s2I)
            put w t 6 ys (o + 6 * next) (s1R -. s3R) (s1I -. s3I)
            // Of the differences: of b times (1 - i)/√2, of d times (-1 - i)/√2.
            let t0R, t0I = differenceAR +. differenceCR, differenceAI +. differenceCI
            let t1R, t1I = differenceAR -. differenceCR, differenceAI -. differenceCI
            let bR, bI = root *. (b1 +. b2), root *. (b2 -. b1)
            let dR, dI = root *. (d2 -. d1), root *. (d1 +. d2)
            let t2R, t2I = bR +. dR, bI -. dI
            let t3R, t3I = bI +. dI, dR -. bR
            put w t 1 ys (o + next) (t0R +. t2R) (t0I +. t2I)
            put w t 3 ys (o + 3 * next) (t1R +. t3R) (t1I +. t3I)
            put w t 5 ys (o + 5 * next) (t0R -. t2R) (t0I -. t2I)
            put w t 7 ys (o + 7 * next) (t1R -. t3R) (t1I -. t3I))

    /// By the sums and differences of inputs j and r - j, which the results k and r - k are made of.
    let inline private oddBy
        ([<InlineIfLambda>] load: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] store: ^V -> 'T[] -> int -> unit)
        ([<InlineIfLambda>] spread: 'T[] -> int -> ^V)
        ([<InlineIfLambda>] number: float -> ^V)
        ([<InlineIfLambda>] mulAdd: ^V -> ^V -> ^V -> ^V)
        ([<InlineIfLambda>] put: 'T[] -> int -> int -> 'T[] -> int -> ^V -> ^V -> unit)
        (pass: Pass<'T>)
        width
        (x: Slots<'T>)
        (y: Slots<'T>)
        =
        let r, xs, ys, w, lanes = pass.Radix, x.Items, y.Items, pass.Twiddles, Slots.lanes<'T>()
        let half, unit = (r - 1) / 2, 2 * lanes
        let next = unit * width
        let step = pass.Count * next
        let room = Slots.rent<'T>(2 * half)
        let sums, roots = room.Items, pass.Roots

        each pass width x y (fun i o t ->
            let ar, ai = load xs i, load xs (i + lanes)
            let mutable totalR = ar
            let mutable totalI = ai

            for j in 1..half do
                let b, c, at = i + j * step, i + (r - j) * step, room.First + 2 * (j - 1) * unit
                let br, bi = load xs b, load xs (b + lanes)
                let cr, ci = load xs c, load xs (c + lanes)
                let sumR, sumI = br +. cr, bi +. ci
                store sumR sums at
                store sumI sums (at + lanes)
                // i times the difference.
                store (ci -. bi) sums (at + unit)
                store (br -. cr) sums (at + unit + lanes)
                totalR <- totalR +. sumR
                totalI <- totalI +. sumI

            store totalR ys o
            store totalI ys (o + lanes)

            // Two pairs of results at a time: sums that do not wait for each other, of inputs that are read once for both.
            for k in 1..2..half do
                let isTwo = k < half
                let mutable evenR = ar
                let mutable evenI = ai
                let mutable oddR = number 0.0
                let mutable oddI = number 0.0
                let mutable nextEvenR = ar
                let mutable nextEvenI = ai
                let mutable nextOddR = number 0.0
                let mutable nextOddI = number 0.0

                for j in 0 .. half - 1 do
                    let at, root = room.First + 2 * j * unit, 2 * (j * half + k - 1)
                    let sumR, sumI = load sums at, load sums (at + lanes)
                    let turnR, turnI = load sums (at + unit), load sums (at + unit + lanes)
                    let cosine, sine = spread roots root, spread roots (root + 1)
                    evenR <- mulAdd cosine sumR evenR
                    evenI <- mulAdd cosine sumI evenI
                    oddR <- mulAdd sine turnR oddR
                    oddI <- mulAdd sine turnI oddI

                    if isTwo then
                        let cosine, sine = spread roots (root + 2), spread roots (root + 3)
                        nextEvenR <- mulAdd cosine sumR nextEvenR
                        nextEvenI <- mulAdd cosine sumI nextEvenI
                        nextOddR <- mulAdd sine turnR nextOddR
                        nextOddI <- mulAdd sine turnI nextOddI

                put w t k ys (o + k * next) (evenR +. oddR) (evenI +. oddI)
                put w t (r - k) ys (o + (r - k) * next) (evenR -. oddR) (evenI -. oddI)

                if isTwo then
                    let k = k + 1
                    put w t k ys (o + k * next) (nextEvenR +. nextOddR) (nextEvenI +. nextOddI)
                    put w t (r - k) ys (o + (r - k) * next) (nextEvenR -. nextOddR) (nextEvenI -. nextOddI))

        Slots.giveBack room

    let inline private number (x: float) : Vector<'T> = Vector<'T>(Twiddles.ofFloat x: 'T)
    let inline private numberWide (x: float) : Vector512<'T> = Vector512.Create<'T>(Twiddles.ofFloat x: 'T)

    let two (pass: Pass<'T>) width (x: Slots<'T>) (y: Slots<'T>) =
        if Slots.isWide () then
            if pass.Count = 1 then
                twoBy Slots.loadWide Slots.storeWide putWide pass width x y
            else
                twoBy Slots.loadWide Slots.storeWide putTurnedWide pass width x y
        elif pass.Count = 1 then
            twoBy Slots.load Slots.store put pass width x y
        else
            twoBy Slots.load Slots.store putTurned pass width x y

    let three (pass: Pass<'T>) width (x: Slots<'T>) (y: Slots<'T>) =
        if Slots.isWide () then
            if pass.Count = 1 then
                threeBy Slots.loadWide Slots.storeWide numberWide putWide pass width x y
            else
                threeBy Slots.loadWide Slots.storeWide numberWide putTurnedWide pass width x y
        elif pass.Count = 1 then
            threeBy Slots.load Slots.store number put pass width x y
        else
            threeBy Slots.load Slots.store number putTurned pass width x y

    let four (pass: Pass<'T>) width (x: Slots<'T>) (y: Slots<'T>) =
        if Slots.isWide () then
            if pass.Count = 1 then
                fourBy Slots.loadWide Slots.storeWide putWide pass width x y
            else
                fourBy Slots.loadWide Slots.storeWide putTurnedWide pass width x y
        elif pass.Count = 1 then
            fourBy Slots.load Slots.store put pass width x y
        else
            fourBy Slots.load Slots.store putTurned pass width x y

    let five (pass: Pass<'T>) width (x: Slots<'T>) (y: Slots<'T>) =
        if Slots.isWide () then
            if pass.Count = 1 then
                fiveBy
                    Slots.loadWide
                    Slots.storeWide
                    numberWide
                    WideTile.wideMulAdd
                    wideMulSub
                    putWide
                    pass
                    width
                    x
                    y
            else
                fiveBy
                    Slots.loadWide
                    Slots.storeWide
                    numberWide
                    WideTile.wideMulAdd
                    wideMulSub
                    putTurnedWide
                    pass
                    width
                    x
                    y
        elif pass.Count = 1 then
            fiveBy Slots.load Slots.store number Tile.mulAdd mulSub put pass width x y
        else
            fiveBy Slots.load Slots.store number Tile.mulAdd mulSub putTurned pass width x y

    let eight (pass: Pass<'T>) width (x: Slots<'T>) (y: Slots<'T>) =
        if Slots.isWide () then
            if pass.Count = 1 then
                eightBy Slots.loadWide Slots.storeWide numberWide putWide pass width x y
            else
                eightBy Slots.loadWide Slots.storeWide numberWide putTurnedWide pass width x y
        elif pass.Count = 1 then
            eightBy Slots.load Slots.store number put pass width x y
        else
            eightBy Slots.load Slots.store number putTurned pass width x y

    let odd (pass: Pass<'T>) width (x: Slots<'T>) (y: Slots<'T>) =
        if Slots.isWide () then
            if pass.Count = 1 then
                oddBy
                    Slots.loadWide
                    Slots.storeWide
                    Slots.spreadWide
                    numberWide
                    WideTile.wideMulAdd
                    putWide
                    pass
                    width
                    x
                    y
            else
                oddBy
                    Slots.loadWide
                    Slots.storeWide
                    Slots.spreadWide
                    numberWide
                    WideTile.wideMulAdd
                    putTurnedWide
                    pass
                    width
                    x
                    y
        elif pass.Count = 1 then
            oddBy Slots.load Slots.store Slots.spread number Tile.mulAdd put pass width x y
        else
            oddBy Slots.load Slots.store Slots.spread number Tile.mulAdd putTurned pass width x y
