namespace Cotangent.Engines

// The transforms of Winograd's minimal filtering F(4 × 4, 3 × 3), in registers (S. Winograd, "Arithmetic complexity of computations",
// 1980; A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks", 2016). With d a tile of 6 × 6 elements and g a kernel,
//
//     y = Aᵀ [(G g Gᵀ) ∘ (Bᵀ d B)] A
//
// are the 4 × 4 sums y[i] = Σ g[k] d[i + k]: 36 products in place of 144. It is linear in g, so the kernel's cotangent is its transpose,
//
//     ḡ = Gᵀ [(A ȳ Aᵀ) ∘ (Bᵀ d B)] G.
//
// The rows of the matrices belong to the points at which polynomials are multiplied: 0, ±p, ±q and ∞. With p = 1/√2 and q = √2, and not
// the usual 1 and 2, numbers stay about as large as they were, and so do their roundings (B. Barabasz, A. Anderson, K. M. Soodhalter and
// D. Gregg, "Error analysis and improving the accuracy of Winograd convolution for deep neural networks", 2020).
//
// Vectors run along tiles, or, of sums, along channels. Element (a, b) of the transformed tiles, of n × n elements, is in plane n a + b. Vectors have 256 bits on every
// machine: a line of an image seldom has tiles for longer ones.

open System.Numerics
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Cotangent.Engines.Tile

/// The sums of a tile along an axis.
[<RequireQualifiedAccess; Struct>]
type internal TileSize =
    | Two
    | Four

    member size.Outputs =
        match size with
        | Two -> 2
        | Four -> 4

    /// The elements that they read.
    member size.Inputs = size.Outputs + 2

    /// The elements of a transformed tile.
    member size.Planes = size.Inputs * size.Inputs

module internal WinogradTransforms =

    /// The elements of a kernel along an axis.
    [<Literal>]
    let Taps = 3

    /// Elements of a vector.
    [<Literal>]
    let Lanes = 8

    [<Literal>]
    let private P = 0.70710678118654752f

    [<Literal>]
    let private Q = 1.4142135623730951f

    /// From one of the lines that tiles are read from to the next: twice the elements of eight tiles side by side, as vectors write behind
    /// the end of a line.
    [<Literal>]
    let LinePitch = 64

    /// Products want as many lanes (see WinogradProducts), and copies of lines go by vectors of .NET's own choice.
    let isSupported () = Avx2.IsSupported && Fma.IsSupported && Vector<float32>.Count = Lanes

    let inline take (x: float32[]) i : Vector256<float32> = Vector256.LoadUnsafe(&at x i)
    let inline write (v: Vector256<float32>) (x: float32[]) i = Vector256.StoreUnsafe(v, &at x i)

    let inline private fma (s: float32) (x: Vector256<float32>) (y: Vector256<float32>) =
        Vector256.FusedMultiplyAdd(Vector256.Create s, x, y)

    // The halves of two vectors have 128 bits, and most instructions stay in them: elements in turn, of the first or second half of each.

    let inline low (x: Vector256<float32>) y = Avx.UnpackLow(x, y)
    let inline high (x: Vector256<float32>) y = Avx.UnpackHigh(x, y)

    /// The same of pairs.
    let inline private lowPairs (x: Vector256<float32>) (y: Vector256<float32>) =
        Avx.UnpackLow(x.AsDouble(), y.AsDouble()).AsSingle()

    let inline private highPairs (x: Vector256<float32>) (y: Vector256<float32>) =
        Avx.UnpackHigh(x.AsDouble(), y.AsDouble()).AsSingle()

    /// The first halves of two vectors, and the second ones.
    let inline firsts (x: Vector256<float32>) y = Avx.Permute2x128(x, y, 0x20uy)
    let inline seconds (x: Vector256<float32>) y = Avx.Permute2x128(x, y, 0x31uy)

    /// Eight elements of a vector, as `places` has them from `first` on.
    let inline pick (x: Vector256<float32>) (places: int[]) first =
        Avx2.PermuteVar8x32(x, Vector256.LoadUnsafe(&at places first))

    // ---- Along one axis ----

    // Each gives its results to what is done with them next, so that they stay in registers. What that is told is a name, not a formula, of
    // which the F# compiler may make a closure.

    /// Bᵀ d.
    let inline private data d0 d1 d2 d3 d4 d5 ([<InlineIfLambda>] next) =
        let even, odd = fma -2.0f d2 d4, fma -2.0f d1 d3
        let even', odd' = fma -0.5f d2 d4, fma -0.5f d1 d3

        next
            (fma -2.5f d2 (d0 + d4))
            (fma P odd even)
            (fma -P odd even)
            (fma Q odd' even')
            (fma -Q odd' even')
            (fma -2.5f d3 (d1 + d5))

    /// The second, third and fourth element of Aᵀ m, from the sums and differences of m's elements at ±p and ±q, and the one at ∞.
    let inline private second (e: Vector256<float32>) (e': Vector256<float32>) = fma P e (Q * e')
    let inline private third (s: Vector256<float32>) (s': Vector256<float32>) = fma 0.5f s (2.0f * s')
    let inline private fourth e e' m5 = fma (2.0f * Q) e' (fma (0.5f * P) e m5)

    /// Aᵀ m.
    let inline private sums
        (m0: Vector256<float32>)
        (m1: Vector256<float32>)
        (m2: Vector256<float32>)
        (m3: Vector256<float32>)
        (m4: Vector256<float32>)
        m5
        ([<InlineIfLambda>] next)
        =
        let s, e, s', e' = m1 + m2, m1 - m2, m3 + m4, m3 - m4
        next (m0 + (s + s')) (second e e') (third s s') (fourth e e' m5)

    /// A y.
    let inline private sumsTransposed y0 (y1: Vector256<float32>) y2 y3 ([<InlineIfLambda>] next) =
        let even, odd = fma 0.5f y2 y0, fma (0.5f * P) y3 (P * y1)
        let even', odd' = fma 2.0f y2 y0, fma (2.0f * Q) y3 (Q * y1)
        next y0 (even + odd) (even - odd) (even' + odd') (even' - odd') y3

    /// G g.
    let inline private taps
        (g0: Vector256<float32>)
        (g1: Vector256<float32>)
        (g2: Vector256<float32>)
        ([<InlineIfLambda>] next)
        =
        let near, far = fma 2.0f g0 g2 * (-1.0f / 3.0f), fma 2.0f g2 g0 * (1.0f / 6.0f)

        next
            g0
            (fma (-2.0f / 3.0f * P) g1 near)
            (fma (2.0f / 3.0f * P) g1 near)
            (fma (Q / 6.0f) g1 far)
            (fma (-Q / 6.0f) g1 far)
            g2

    /// Gᵀ m.
    let inline private tapsTransposed
        (m0: Vector256<float32>)
        (m1: Vector256<float32>)
        (m2: Vector256<float32>)
        (m3: Vector256<float32>)
        (m4: Vector256<float32>)
        (m5: Vector256<float32>)
        ([<InlineIfLambda>] next)
        =
        let s, e, s', e' = m1 + m2, m1 - m2, m3 + m4, m3 - m4
        let near, far = s * (-1.0f / 3.0f), s' * (1.0f / 6.0f)
        next (m0 + fma 2.0f near far) (fma (-2.0f / 3.0f * P) e (Q / 6.0f * e')) (near + fma 2.0f far m5)

    // ---- Tiles ----

    let inline private writeLine (into: float32[]) first plane t0 t1 t2 t3 t4 t5 =
        write t0 into first
        write t1 into (first + plane)
        write t2 into (first + 2 * plane)
        write t3 into (first + 3 * plane)
        write t4 into (first + 4 * plane)
        write t5 into (first + 5 * plane)

    /// Columns 0 to 3 of eight fours in a line, in the order of `place`.
    let inline private columns (lines: float32[]) first ([<InlineIfLambda>] next) =
        let x, y = take lines first, take lines (first + Lanes)
        let z, w = take lines (first + 2 * Lanes), take lines (first + 3 * Lanes)
        let xy, zw, xy', zw' = low x y, low z w, high x y, high z w
        next (lowPairs xy zw) (highPairs xy zw) (lowPairs xy' zw') (highPairs xy' zw')

    /// Where it has a four.
    let place four = four / 2 + four % 2 * 4

    /// Bᵀ d B of the tiles in six lines of eight fours of columns, which change. A tile begins with the four at the first of `places`, and
    /// ends with that at the second, eight tiles further on. Into planes, from `start` on in the first one.
    let transformData (lines: float32[]) first (places: int[]) (into: float32[]) start plane =
        optimised ()

        for j in 0..3 do
            let from = first + j * Lanes
            let inline line a = take lines (from + a * LinePitch)
            data (line 0) (line 1) (line 2) (line 3) (line 4) (line 5) (writeLine lines from LinePitch)

        for a in 0..5 do
            let row = start + 6 * a * plane

            columns lines (first + a * LinePitch) (fun c0 c1 c2 c3 ->
                data
                    (pick c0 places 0)
                    (pick c1 places 0)
                    (pick c2 places 0)
                    (pick c3 places 0)
                    (pick c0 places Lanes)
                    (pick c1 places Lanes)
                    (writeLine into row plane))

    /// A ȳ Aᵀ of the tiles in four lines, which become six.
    let transformCotangents (lines: float32[]) first (places: int[]) (into: float32[]) start plane =
        optimised ()

        for j in 0..3 do
            let from = first + j * Lanes
            let inline line a = take lines (from + a * LinePitch)
            sumsTransposed (line 0) (line 1) (line 2) (line 3) (writeLine lines from LinePitch)

        for a in 0..5 do
            let row = start + 6 * a * plane

            columns lines (first + a * LinePitch) (fun c0 c1 c2 c3 ->
                sumsTransposed
                    (pick c0 places 0)
                    (pick c1 places 0)
                    (pick c2 places 0)
                    (pick c3 places 0)
                    (writeLine into row plane))

    /// The elements of four vectors side by side: 0 and 4 of all of them, 1 and 5, 2 and 6, 3 and 7.
    let inline private fours a b c d ([<InlineIfLambda>] next) =
        let ab, cd, ab', cd' = low a b, low c d, high a b, high c d
        next (lowPairs ab cd) (highPairs ab cd) (lowPairs ab' cd') (highPairs ab' cd')

    /// The same in turn.
    let inline private interleave a b c d (into: float32[]) first =
        fours a b c d (fun x y z w ->
            write (firsts x y) into first
            write (firsts z w) into (first + Lanes)
            write (seconds x y) into (first + 2 * Lanes)
            write (seconds z w) into (first + 3 * Lanes))

    let inline private writeHalves (x: Vector256<float32>) (into: float32[]) first apart =
        Vector128.StoreUnsafe(x.GetLower(), &at into first)
        Vector128.StoreUnsafe(x.GetUpper(), &at into (first + 4 * apart))

    /// The same, each four of them so far from the one before it.
    let inline private scatter apart a b c d (into: float32[]) first =
        fours a b c d (fun x y z w ->
            writeHalves x into first apart
            writeHalves y into (first + apart) apart
            writeHalves z into (first + 2 * apart) apart
            writeHalves w into (first + 3 * apart) apart)

    let inline private sumsOf m first plane ([<InlineIfLambda>] next) =
        let inline element b = take m (first + b * plane)
        sums (element 0) (element 1) (element 2) (element 3) (element 4) (element 5) next

    /// Aᵀ m A: four lines `pitch` apart, which `put` writes.
    let inline private sumsThrough
        ([<InlineIfLambda>] put)
        (m: float32[])
        start
        plane
        (into: float32[])
        first
        pitch
        =
        let row = 6 * plane

        sumsOf m start plane (fun a b c d ->
            sumsOf m (start + row) plane (fun a1 b1 c1 d1 ->
                sumsOf m (start + 2 * row) plane (fun a2 b2 c2 d2 ->
                    let sa, sb, sc, sd = a1 + a2, b1 + b2, c1 + c2, d1 + d2
                    let ea, eb, ec, ed = a1 - a2, b1 - b2, c1 - c2, d1 - d2

                    sumsOf m (start + 3 * row) plane (fun a3 b3 c3 d3 ->
                        sumsOf m (start + 4 * row) plane (fun a4 b4 c4 d4 ->
                            let sa', sb', sc', sd' = a3 + a4, b3 + b4, c3 + c4, d3 + d4
                            let ea', eb', ec', ed' = a3 - a4, b3 - b4, c3 - c4, d3 - d4
                            let line i = first + i * pitch

                            put
                                (a + (sa + sa'))
                                (b + (sb + sb'))
                                (c + (sc + sc'))
                                (d + (sd + sd'))
                                into
                                (line 0)

                            put
                                (second ea ea')
                                (second eb eb')
                                (second ec ec')
                                (second ed ed')
                                into
                                (line 1)

                            put (third sa sa') (third sb sb') (third sc sc') (third sd sd') into (line 2)

                            sumsOf m (start + 5 * row) plane (fun a5 b5 c5 d5 ->
                                put
                                    (fourth ea ea' a5)
                                    (fourth eb eb' b5)
                                    (fourth ec ec' c5)
                                    (fourth ed ed' d5)
                                    into
                                    (line 3)))))))

    /// Aᵀ m A of eight tiles: four lines `pitch` apart, with the tiles side by side.
    let transformSums (m: float32[]) start plane (into: float32[]) first pitch =
        optimisedOnce (fun () -> sumsThrough interleave m start plane into first pitch)

    /// The same of one tile in eight channels, whose elements are side by side: lines of channels that are so far apart.
    let transformChannelSums (m: float32[]) start plane (into: float32[]) first pitch apart =
        optimisedOnce (fun () -> sumsThrough (scatter apart) m start plane into first pitch)

    // ---- Kernels ----

    let inline private tapsDown (panel: float32[]) first step ([<InlineIfLambda>] next) =
        let inline tap a = take panel (first + Taps * a * step)
        taps (tap 0) (tap 1) (tap 2) next

    let inline private tapsAcross x y z (into: float32[]) first plane =
        taps x y z (writeLine into first plane)

    /// G g Gᵀ of eight kernels side by side: their nine elements are `step` apart, from `first` on.
    let transformKernels (panel: float32[]) first step (into: float32[]) start plane =
        optimisedOnce (fun () ->
            let row = 6 * plane

            tapsDown panel first step (fun x0 x1 x2 x3 x4 x5 ->
                tapsDown panel (first + step) step (fun y0 y1 y2 y3 y4 y5 ->
                    tapsDown panel (first + 2 * step) step (fun z0 z1 z2 z3 z4 z5 ->
                        tapsAcross x0 y0 z0 into start plane
                        tapsAcross x1 y1 z1 into (start + row) plane
                        tapsAcross x2 y2 z2 into (start + 2 * row) plane
                        tapsAcross x3 y3 z3 into (start + 3 * row) plane
                        tapsAcross x4 y4 z4 into (start + 4 * row) plane
                        tapsAcross x5 y5 z5 into (start + 5 * row) plane))))

    let inline private tapsOf m first plane ([<InlineIfLambda>] next) =
        let inline element b = take m (first + b * plane)
        tapsTransposed (element 0) (element 1) (element 2) (element 3) (element 4) (element 5) next

    let inline private tapsLine x0 x1 x2 x3 x4 x5 (into: float32[]) first =
        tapsTransposed x0 x1 x2 x3 x4 x5 (fun t0 t1 t2 ->
            write t0 into first
            write t1 into (first + Taps * Lanes)
            write t2 into (first + 2 * Taps * Lanes))

    /// Gᵀ m G of eight kernels: nine vectors, one for each of their elements, from `first` on.
    let transformKernelSums (m: float32[]) start plane (into: float32[]) first =
        optimisedOnce (fun () ->
            let row = 6 * plane

            tapsOf m start plane (fun x0 y0 z0 ->
                tapsOf m (start + row) plane (fun x1 y1 z1 ->
                    tapsOf m (start + 2 * row) plane (fun x2 y2 z2 ->
                        tapsOf m (start + 3 * row) plane (fun x3 y3 z3 ->
                            tapsOf m (start + 4 * row) plane (fun x4 y4 z4 ->
                                tapsOf m (start + 5 * row) plane (fun x5 y5 z5 ->
                                    tapsLine x0 x1 x2 x3 x4 x5 into first
                                    tapsLine y0 y1 y2 y3 y4 y5 into (first + Lanes)
                                    tapsLine z0 z1 z2 z3 z4 z5 into (first + 2 * Lanes))))))))
