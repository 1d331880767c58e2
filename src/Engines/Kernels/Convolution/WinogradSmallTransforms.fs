namespace Cotangent.Engines

// The transforms of F(2 × 2, 3 × 3): 16 products for four sums in place of 36, and kernels that grow less than twofold. It is for few
// tiles, where kernels are read from memory for little else. The points are 0, ±1 and ∞. See WinogradTransforms.fs for the words.

open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Cotangent.Engines.Tile
open Cotangent.Engines.WinogradTransforms

module internal WinogradSmallTransforms =

    // ---- Along one axis ----

    /// Bᵀ d.
    let inline private data
        (d0: Vector256<float32>)
        (d1: Vector256<float32>)
        (d2: Vector256<float32>)
        (d3: Vector256<float32>)
        ([<InlineIfLambda>] next)
        =
        next (d0 - d2) (d1 + d2) (d2 - d1) (d3 - d1)

    /// Aᵀ m.
    let inline private sums
        (m0: Vector256<float32>)
        (m1: Vector256<float32>)
        (m2: Vector256<float32>)
        (m3: Vector256<float32>)
        ([<InlineIfLambda>] next)
        =
        next (m0 + (m1 + m2)) (m1 - m2 + m3)

    /// G g.
    let inline private taps
        (g0: Vector256<float32>)
        (g1: Vector256<float32>)
        (g2: Vector256<float32>)
        ([<InlineIfLambda>] next)
        =
        let even, odd = 0.5f * (g0 + g2), 0.5f * g1
        next g0 (even + odd) (even - odd) g2

    // ---- Tiles ----

    let inline private writeLine (into: float32[]) first plane t0 t1 t2 t3 =
        write t0 into first
        write t1 into (first + plane)
        write t2 into (first + 2 * plane)
        write t3 into (first + 3 * plane)

    /// Where a pair is in the columns of eight.
    let place pair = pair % 2 + pair / 2 % 2 * 4 + pair / 4 * 2

    /// As WinogradTransforms.transformData, in four lines of eight pairs of columns.
    let transformData (lines: float32[]) first (places: int[]) (into: float32[]) start plane =
        optimised ()

        for j in 0..1 do
            let from = first + j * Lanes
            let inline line a = take lines (from + a * LinePitch)
            data (line 0) (line 1) (line 2) (line 3) (writeLine lines from LinePitch)

        for a in 0..3 do
            let from, row = first + a * LinePitch, start + 4 * a * plane
            let x, y = take lines from, take lines (from + Lanes)
            let even, odd = Avx.Shuffle(x, y, 0b10001000uy), Avx.Shuffle(x, y, 0b11011101uy)

            data
                (pick even places 0)
                (pick odd places 0)
                (pick even places Lanes)
                (pick odd places Lanes)
                (writeLine into row plane)

    let inline private sumsOf m first plane ([<InlineIfLambda>] next) =
        let inline element b = take m (first + b * plane)
        sums (element 0) (element 1) (element 2) (element 3) next

    let inline private interleave a b (into: float32[]) first =
        let x, y = low a b, high a b
        write (firsts x y) into first
        write (seconds x y) into (first + Lanes)

    let inline private writePairs (x: Vector128<float32>) (into: float32[]) first apart =
        let x = x.AsDouble()
        Unsafe.WriteUnaligned(&Unsafe.As<float32, byte> &(at into first), x.ToScalar())
        Unsafe.WriteUnaligned(&Unsafe.As<float32, byte> &(at into (first + apart)), x.GetElement 1)

    /// The elements of two vectors side by side, each two of them so far from those before them.
    let inline private scatter apart a b (into: float32[]) first =
        let x, y = low a b, high a b
        writePairs (x.GetLower()) into first apart
        writePairs (y.GetLower()) into (first + 2 * apart) apart
        writePairs (x.GetUpper()) into (first + 4 * apart) apart
        writePairs (y.GetUpper()) into (first + 6 * apart) apart

    let inline private sumsThrough
        ([<InlineIfLambda>] put)
        (m: float32[])
        start
        plane
        (into: float32[])
        first
        pitch
        =
        let row = 4 * plane

        sumsOf m start plane (fun a0 b0 ->
            sumsOf m (start + row) plane (fun a1 b1 ->
                sumsOf m (start + 2 * row) plane (fun a2 b2 ->
                    sumsOf m (start + 3 * row) plane (fun a3 b3 ->
                        sums a0 a1 a2 a3 (fun a a' ->
                            sums b0 b1 b2 b3 (fun b b' ->
                                put a b into first
                                put a' b' into (first + pitch)))))))

    /// Aᵀ m A of eight tiles: two lines `pitch` apart, with the tiles side by side.
    let transformSums (m: float32[]) start plane (into: float32[]) first pitch =
        optimisedOnce (fun () -> sumsThrough interleave m start plane into first pitch)

    /// As WinogradTransforms.transformChannelSums.
    let transformChannelSums (m: float32[]) start plane (into: float32[]) first pitch apart =
        optimisedOnce (fun () -> sumsThrough (scatter apart) m start plane into first pitch)

    // ---- Kernels ----

    let inline private tapsDown (panel: float32[]) first step ([<InlineIfLambda>] next) =
        let inline tap a = take panel (first + Taps * a * step)
        taps (tap 0) (tap 1) (tap 2) next

    let inline private tapsAcross x y z (into: float32[]) first plane =
        taps x y z (writeLine into first plane)

    /// As WinogradTransforms.transformKernels.
    let transformKernels (panel: float32[]) first step (into: float32[]) start plane =
        optimisedOnce (fun () ->
            let row = 4 * plane

            tapsDown panel first step (fun x0 x1 x2 x3 ->
                tapsDown panel (first + step) step (fun y0 y1 y2 y3 ->
                    tapsDown panel (first + 2 * step) step (fun z0 z1 z2 z3 ->
                        tapsAcross x0 y0 z0 into start plane
                        tapsAcross x1 y1 z1 into (start + row) plane
                        tapsAcross x2 y2 z2 into (start + 2 * row) plane
                        tapsAcross x3 y3 z3 into (start + 3 * row) plane))))
