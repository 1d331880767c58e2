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
// Vectors run along tiles, or, of sums, along channels. Element (a, b) of the transformed tiles, of n × n elements, is in plane n a + b.

open System.Runtime.Intrinsics
open Microsoft.FSharp.NativeInterop
open Cotangent.Engines.Tile
open Cotangent.Engines.WinogradVectors

#nowarn "9"

module internal WinogradTransforms =

    [<Literal>]
    let private P = 0.70710678118654752f

    [<Literal>]
    let private Q = 1.4142135623730951f

    let inline private fma (s: float32) (x: Vector256<float32>) (y: Vector256<float32>) =
        Vector256.FusedMultiplyAdd(Vector256.Create s, x, y)

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

    let inline private each ([<InlineIfLambda>] write) into apart t0 t1 t2 t3 t4 t5 =
        write t0 into
        write t1 (into + apart)
        write t2 (into + 2n * apart)
        write t3 (into + 3n * apart)
        write t4 (into + 4n * apart)
        write t5 (into + 5n * apart)

    let inline private writeLine into pitch t0 t1 t2 t3 t4 t5 = each write into pitch t0 t1 t2 t3 t4 t5

    let inline private writePlanes into plane t0 t1 t2 t3 t4 t5 = each writeOn into plane t0 t1 t2 t3 t4 t5

    /// Columns 0 to 3 of eight fours in a line, in the order of `place`.
    let inline private columns line ([<InlineIfLambda>] next) =
        let x, y = take line, take (line + bytes Lanes)
        let z, w = take (line + 2n * bytes Lanes), take (line + 3n * bytes Lanes)
        let xy, zw, xy', zw' = low x y, low z w, high x y, high z w
        next (lowPairs xy zw) (highPairs xy zw) (lowPairs xy' zw') (highPairs xy' zw')

    /// Where it has a four.
    let place four = four / 2 + four % 2 * 4

    /// Bᵀ d B of tiles in six lines of eight fours of columns, from `from` on of x, by way of lines from `first` on. Into planes, from `start`
    /// on in the first one.
    let transformData
        (x: float32[])
        from
        (v: TileVectors)
        (lines: float32[])
        first
        (into: float32[])
        start
        plane
        =
        optimised ()
        let plane, pitch = bytes plane, bytes LinePitch
        let before, here, behind = v.Before, v.Here, v.Behind
        let hasBefore, hasBehind = v.HasBefore, v.HasBehind

        throughLines
            4
            6
            x
            from
            v
            lines
            first
            into
            start
            (fun x starts masks bits put ->
                let inline line row = line x starts masks bits row
                data (line 0) (line 1) (line 2) (line 3) (line 4) (line 5) (writeLine put pitch))
            (fun lines into ->
                if v.IsShifted then
                    for a in 0..5 do
                        let row = into + nativeint (6 * a) * plane

                        columns (lines + bytes (a * LinePitch)) (fun c0 c1 c2 c3 ->
                            data
                                (pick c3 before &&& hasBefore)
                                (pick c0 here)
                                (pick c1 here)
                                (pick c2 here)
                                (pick c3 here)
                                (pick c0 behind &&& hasBehind)
                                (writePlanes row plane))
                else
                    for a in 0..5 do
                        let row = into + nativeint (6 * a) * plane

                        columns (lines + bytes (a * LinePitch)) (fun c0 c1 c2 c3 ->
                            data
                                (pick c0 here)
                                (pick c1 here)
                                (pick c2 here)
                                (pick c3 here)
                                (pick c0 behind &&& hasBehind)
                                (pick c1 behind &&& hasBehind)
                                (writePlanes row plane)))

    /// A ȳ Aᵀ of tiles in four lines, by way of six.
    let transformCotangents
        (x: float32[])
        from
        (v: TileVectors)
        (lines: float32[])
        first
        (into: float32[])
        start
        plane
        =
        optimised ()
        let plane, pitch = bytes plane, bytes LinePitch
        let here = v.Here

        throughLines
            4
            4
            x
            from
            v
            lines
            first
            into
            start
            (fun x starts masks bits put ->
                let inline line row = line x starts masks bits row
                sumsTransposed (line 0) (line 1) (line 2) (line 3) (writeLine put pitch))
            (fun lines into ->
                for a in 0..5 do
                    let row = into + nativeint (6 * a) * plane

                    columns (lines + bytes (a * LinePitch)) (fun c0 c1 c2 c3 ->
                        sumsTransposed
                            (pick c0 here)
                            (pick c1 here)
                            (pick c2 here)
                            (pick c3 here)
                            (writePlanes row plane)))

    /// The elements of four vectors side by side: 0 and 4 of all of them, 1 and 5, 2 and 6, 3 and 7.
    let inline private fours a b c d ([<InlineIfLambda>] next) =
        let ab, cd, ab', cd' = low a b, low c d, high a b, high c d
        next (lowPairs ab cd) (highPairs ab cd) (lowPairs ab' cd') (highPairs ab' cd')

    /// The same in turn.
    let inline private interleave a b c d into =
        fours a b c d (fun x y z w ->
            write (firsts x y) into
            write (firsts z w) (into + bytes Lanes)
            write (seconds x y) (into + 2n * bytes Lanes)
            write (seconds z w) (into + 3n * bytes Lanes))

    let inline private writeHalves (x: Vector256<float32>) (into: nativeint) apart =
        Vector128.Store(x.GetLower(), NativePtr.ofNativeInt<float32> into)
        Vector128.Store(x.GetUpper(), NativePtr.ofNativeInt<float32>(into + 4n * apart))

    /// The same, each four of them so far from the one before it.
    let inline private scatter apart a b c d into =
        fours a b c d (fun x y z w ->
            writeHalves x into apart
            writeHalves y (into + apart) apart
            writeHalves z (into + 2n * apart) apart
            writeHalves w (into + 3n * apart) apart)

    let inline private sumsOf m plane ([<InlineIfLambda>] next) =
        let inline element b = take (m + b * plane)
        sums (element 0n) (element 1n) (element 2n) (element 3n) (element 4n) (element 5n) next

    /// Aᵀ m A: four lines `pitch` apart, which `put` writes.
    let inline private sumsThrough ([<InlineIfLambda>] put) m plane into pitch =
        let row = 6n * plane

        sumsOf m plane (fun a b c d ->
            sumsOf (m + row) plane (fun a1 b1 c1 d1 ->
                sumsOf (m + 2n * row) plane (fun a2 b2 c2 d2 ->
                    let sa, sb, sc, sd = a1 + a2, b1 + b2, c1 + c2, d1 + d2
                    let ea, eb, ec, ed = a1 - a2, b1 - b2, c1 - c2, d1 - d2

                    sumsOf (m + 3n * row) plane (fun a3 b3 c3 d3 ->
                        sumsOf (m + 4n * row) plane (fun a4 b4 c4 d4 ->
                            let sa', sb', sc', sd' = a3 + a4, b3 + b4, c3 + c4, d3 + d4
                            let ea', eb', ec', ed' = a3 - a4, b3 - b4, c3 - c4, d3 - d4
                            let line i = into + i * pitch

                            put
                                (a + (sa + sa'))
                                (b + (sb + sb'))
                                (c + (sc + sc'))
                                (d + (sd + sd'))
                                (line 0n)

                            put (second ea ea') (second eb eb') (second ec ec') (second ed ed') (line 1n)

                            put (third sa sa') (third sb sb') (third sc sc') (third sd sd') (line 2n)

                            sumsOf (m + 5n * row) plane (fun a5 b5 c5 d5 ->
                                put
                                    (fourth ea ea' a5)
                                    (fourth eb eb' b5)
                                    (fourth ec ec' c5)
                                    (fourth ed ed' d5)
                                    (line 3n)))))))

    /// Aᵀ m A of eight tiles: four lines `pitch` apart, with the tiles side by side.
    let transformSums (m: float32[]) start plane (into: float32[]) first pitch =
        optimisedOnce (fun () ->
            use m = fixed &at m start
            use into = fixed &at into first
            sumsThrough interleave (addressOf m) (bytes plane) (addressOf into) (bytes pitch))

    /// The same of one tile in eight channels, whose elements are side by side: lines of channels that are so far apart.
    let transformChannelSums (m: float32[]) start plane (into: float32[]) first pitch apart =
        optimisedOnce (fun () ->
            use m = fixed &at m start
            use into = fixed &at into first
            let apart = bytes apart
            sumsThrough (scatter apart) (addressOf m) (bytes plane) (addressOf into) (bytes pitch))

    // ---- Kernels ----

    let inline private tapsDown panel step ([<InlineIfLambda>] next) =
        let inline tap a = take (panel + nativeint Taps * a * step)
        taps (tap 0n) (tap 1n) (tap 2n) next

    let inline private tapsAcross x y z into plane = taps x y z (writePlanes into plane)

    /// G g Gᵀ of eight kernels side by side: their nine elements are `step` apart, from `first` on.
    let transformKernels (panel: float32[]) first step (into: float32[]) start plane =
        optimisedOnce (fun () ->
            use panel = fixed &at panel first
            use into = fixed &at into start
            let panel, step, into, plane = addressOf panel, bytes step, addressOf into, bytes plane
            let row = 6n * plane

            tapsDown panel step (fun x0 x1 x2 x3 x4 x5 ->
                tapsDown (panel + step) step (fun y0 y1 y2 y3 y4 y5 ->
                    tapsDown (panel + 2n * step) step (fun z0 z1 z2 z3 z4 z5 ->
                        tapsAcross x0 y0 z0 into plane
                        tapsAcross x1 y1 z1 (into + row) plane
                        tapsAcross x2 y2 z2 (into + 2n * row) plane
                        tapsAcross x3 y3 z3 (into + 3n * row) plane
                        tapsAcross x4 y4 z4 (into + 4n * row) plane
                        tapsAcross x5 y5 z5 (into + 5n * row) plane))))

    let inline private tapsOf m plane ([<InlineIfLambda>] next) =
        let inline element b = take (m + b * plane)
        tapsTransposed (element 0n) (element 1n) (element 2n) (element 3n) (element 4n) (element 5n) next

    let inline private tapsLine x0 x1 x2 x3 x4 x5 into =
        tapsTransposed x0 x1 x2 x3 x4 x5 (fun t0 t1 t2 ->
            write t0 into
            write t1 (into + nativeint Taps * bytes Lanes)
            write t2 (into + 2n * nativeint Taps * bytes Lanes))

    /// Gᵀ m G of eight kernels: nine vectors, one for each of their elements, from `first` on.
    let transformKernelSums (m: float32[]) start plane (into: float32[]) first =
        optimisedOnce (fun () ->
            use m = fixed &at m start
            use into = fixed &at into first
            let m, plane, into = addressOf m, bytes plane, addressOf into
            let row = 6n * plane

            tapsOf m plane (fun x0 y0 z0 ->
                tapsOf (m + row) plane (fun x1 y1 z1 ->
                    tapsOf (m + 2n * row) plane (fun x2 y2 z2 ->
                        tapsOf (m + 3n * row) plane (fun x3 y3 z3 ->
                            tapsOf (m + 4n * row) plane (fun x4 y4 z4 ->
                                tapsOf (m + 5n * row) plane (fun x5 y5 z5 ->
                                    tapsLine x0 x1 x2 x3 x4 x5 into
                                    tapsLine y0 y1 y2 y3 y4 y5 (into + bytes Lanes)
                                    tapsLine z0 z1 z2 z3 z4 z5 (into + 2n * bytes Lanes))))))))
