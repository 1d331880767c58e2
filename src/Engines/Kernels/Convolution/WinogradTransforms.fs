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
// Vectors run along tiles. Element (a, b) of the transformed tiles, of n × n elements, is in plane n a + b.

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
    let Lanes = 16

    [<Literal>]
    let private P = 0.70710678118654752f

    [<Literal>]
    let private Q = 1.4142135623730951f

    /// Columns of the lines that tiles are read from.
    [<Literal>]
    let Columns = 32

    /// From one line to the next: as much more as vectors write behind the end of one.
    [<Literal>]
    let LinePitch = 64

    let isSupported () = Vector512.IsHardwareAccelerated && Avx512F.IsSupported

    let inline take (x: float32[]) i : Vector512<float32> = Vector512.LoadUnsafe(&at x i)
    let inline write (v: Vector512<float32>) (x: float32[]) i = Vector512.StoreUnsafe(v, &at x i)

    let inline private fma (s: float32) (x: Vector512<float32>) (y: Vector512<float32>) =
        Vector512.FusedMultiplyAdd(Vector512.Create s, x, y)

    /// Sixteen of the elements of two vectors.
    let inline choose (x: Vector512<float32>) order (y: Vector512<float32>) =
        Avx512F.PermuteVar16x32x2(x.AsUInt32(), order, y.AsUInt32()).AsSingle()

    /// The places of the elements of two vectors in turn: of their first halves, and of their second ones.
    let inline lowPairs () =
        Vector512.Create(0u, 16u, 1u, 17u, 2u, 18u, 3u, 19u, 4u, 20u, 5u, 21u, 6u, 22u, 7u, 23u)

    let inline highPairs () =
        Vector512.Create(8u, 24u, 9u, 25u, 10u, 26u, 11u, 27u, 12u, 28u, 13u, 29u, 14u, 30u, 15u, 31u)

    /// Column b of the tiles in a line of two vectors.
    let inline column (order: uint32[]) x y b = choose x (Vector512.LoadUnsafe(&at order (Lanes * b))) y

    // ---- Along one axis ----

    // Each gives its results to what is done with them next, so that they stay in registers.

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
    let inline private second (e: Vector512<float32>) (e': Vector512<float32>) = fma P e (Q * e')
    let inline private third (s: Vector512<float32>) (s': Vector512<float32>) = fma 0.5f s (2.0f * s')
    let inline private fourth e e' m5 = fma (2.0f * Q) e' (fma (0.5f * P) e m5)

    /// Aᵀ m.
    let inline private sums
        (m0: Vector512<float32>)
        (m1: Vector512<float32>)
        (m2: Vector512<float32>)
        (m3: Vector512<float32>)
        (m4: Vector512<float32>)
        m5
        ([<InlineIfLambda>] next)
        =
        let s, e, s', e' = m1 + m2, m1 - m2, m3 + m4, m3 - m4
        next (m0 + (s + s')) (second e e') (third s s') (fourth e e' m5)

    /// A y.
    let inline private sumsTransposed y0 (y1: Vector512<float32>) y2 y3 ([<InlineIfLambda>] next) =
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
        let inline fma (s: float32) x y = Vector256.FusedMultiplyAdd(Vector256.Create s, x, y)
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
        (m0: Vector512<float32>)
        (m1: Vector512<float32>)
        (m2: Vector512<float32>)
        (m3: Vector512<float32>)
        (m4: Vector512<float32>)
        (m5: Vector512<float32>)
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

    let inline private dataLine order x y (into: float32[]) first plane =
        let inline column b = column order x y b
        data (column 0) (column 1) (column 2) (column 3) (column 4) (column 5) (writeLine into first plane)

    let inline private dataDown lines first ([<InlineIfLambda>] next) =
        let inline line a = take lines (first + a * LinePitch)
        data (line 0) (line 1) (line 2) (line 3) (line 4) (line 5) next

    /// Bᵀ d B of the tiles in six lines of 32 columns. The elements of column b of the tiles are at the sixteen places `order` has for
    /// b. Into planes, from `start` on in the first one.
    let transformData (lines: float32[]) first (order: uint32[]) (into: float32[]) start plane =
        optimisedOnce (fun () ->
            let row = 6 * plane

            dataDown lines first (fun x0 x1 x2 x3 x4 x5 ->
                dataDown lines (first + Lanes) (fun y0 y1 y2 y3 y4 y5 ->
                    dataLine order x0 y0 into start plane
                    dataLine order x1 y1 into (start + row) plane
                    dataLine order x2 y2 into (start + 2 * row) plane
                    dataLine order x3 y3 into (start + 3 * row) plane
                    dataLine order x4 y4 into (start + 4 * row) plane
                    dataLine order x5 y5 into (start + 5 * row) plane)))

    let inline private sumsLine order x y (into: float32[]) first plane =
        let inline column b = column order x y b
        sumsTransposed (column 0) (column 1) (column 2) (column 3) (writeLine into first plane)

    let inline private sumsDown lines first ([<InlineIfLambda>] next) =
        let inline line a = take lines (first + a * LinePitch)
        sumsTransposed (line 0) (line 1) (line 2) (line 3) next

    /// A ȳ Aᵀ of the tiles in four lines.
    let transformCotangents (lines: float32[]) first (order: uint32[]) (into: float32[]) start plane =
        optimisedOnce (fun () ->
            let row = 6 * plane

            sumsDown lines first (fun x0 x1 x2 x3 x4 x5 ->
                sumsDown lines (first + Lanes) (fun y0 y1 y2 y3 y4 y5 ->
                    sumsLine order x0 y0 into start plane
                    sumsLine order x1 y1 into (start + row) plane
                    sumsLine order x2 y2 into (start + 2 * row) plane
                    sumsLine order x3 y3 into (start + 3 * row) plane
                    sumsLine order x4 y4 into (start + 4 * row) plane
                    sumsLine order x5 y5 into (start + 5 * row) plane)))

    /// The elements of four vectors in turn.
    let inline private interleave a b c d (into: float32[]) first =
        let inline pairs (order: Vector512<uint64>) (x: Vector512<float32>) (y: Vector512<float32>) =
            Avx512F.PermuteVar8x64x2(x.AsUInt64(), order, y.AsUInt64()).AsSingle()

        let low, high = lowPairs (), highPairs ()

        let low', high' =
            Vector512.Create(0UL, 8UL, 1UL, 9UL, 2UL, 10UL, 3UL, 11UL),
            Vector512.Create(4UL, 12UL, 5UL, 13UL, 6UL, 14UL, 7UL, 15UL)

        let x, y = choose a low b, choose c low d
        write (pairs low' x y) into first
        write (pairs high' x y) into (first + Lanes)
        let x, y = choose a high b, choose c high d
        write (pairs low' x y) into (first + 2 * Lanes)
        write (pairs high' x y) into (first + 3 * Lanes)

    let inline private sumsOf m first plane ([<InlineIfLambda>] next) =
        let inline element b = take m (first + b * plane)
        sums (element 0) (element 1) (element 2) (element 3) (element 4) (element 5) next

    /// Aᵀ m A of sixteen tiles: four lines `pitch` apart, with the tiles side by side.
    let transformSums (m: float32[]) start plane (into: float32[]) first pitch =
        optimisedOnce (fun () ->
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

                                interleave
                                    (a + (sa + sa'))
                                    (b + (sb + sb'))
                                    (c + (sc + sc'))
                                    (d + (sd + sd'))
                                    into
                                    (line 0)

                                interleave
                                    (second ea ea')
                                    (second eb eb')
                                    (second ec ec')
                                    (second ed ed')
                                    into
                                    (line 1)

                                interleave
                                    (third sa sa')
                                    (third sb sb')
                                    (third sc sc')
                                    (third sd sd')
                                    into
                                    (line 2)

                                sumsOf m (start + 5 * row) plane (fun a5 b5 c5 d5 ->
                                    interleave
                                        (fourth ea ea' a5)
                                        (fourth eb eb' b5)
                                        (fourth ec ec' c5)
                                        (fourth ed ed' d5)
                                        into
                                        (line 3))))))))

    // ---- Kernels ----

    let inline private writeTaps (into: float32[]) first plane t0 t1 t2 t3 t4 t5 =
        let inline put (t: Vector256<float32>) b = Vector256.StoreUnsafe(t, &at into (first + b * plane))
        put t0 0
        put t1 1
        put t2 2
        put t3 3
        put t4 4
        put t5 5

    let inline private tapsDown (panel: float32[]) first step ([<InlineIfLambda>] next) =
        let inline tap a = Vector256.LoadUnsafe(&at panel (first + Taps * a * step))
        taps (tap 0) (tap 1) (tap 2) next

    /// G g Gᵀ of eight kernels side by side: their nine elements are `step` apart, from `first` on.
    let transformKernels (panel: float32[]) first step (into: float32[]) start plane =
        optimisedOnce (fun () ->
            let row = 6 * plane

            tapsDown panel first step (fun x0 x1 x2 x3 x4 x5 ->
                tapsDown panel (first + step) step (fun y0 y1 y2 y3 y4 y5 ->
                    tapsDown panel (first + 2 * step) step (fun z0 z1 z2 z3 z4 z5 ->
                        taps x0 y0 z0 (writeTaps into start plane)
                        taps x1 y1 z1 (writeTaps into (start + row) plane)
                        taps x2 y2 z2 (writeTaps into (start + 2 * row) plane)
                        taps x3 y3 z3 (writeTaps into (start + 3 * row) plane)
                        taps x4 y4 z4 (writeTaps into (start + 4 * row) plane)
                        taps x5 y5 z5 (writeTaps into (start + 5 * row) plane)))))

    let inline private tapsOf m first plane ([<InlineIfLambda>] next) =
        let inline element b = take m (first + b * plane)
        tapsTransposed (element 0) (element 1) (element 2) (element 3) (element 4) (element 5) next

    let inline private tapsLine x0 x1 x2 x3 x4 x5 (into: float32[]) first =
        tapsTransposed x0 x1 x2 x3 x4 x5 (fun t0 t1 t2 ->
            write t0 into first
            write t1 into (first + Taps * Lanes)
            write t2 into (first + 2 * Taps * Lanes))

    /// Gᵀ m G of sixteen kernels: nine vectors, one for each of their elements, from `first` on.
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
