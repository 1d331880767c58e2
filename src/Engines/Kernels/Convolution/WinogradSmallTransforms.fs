namespace Cotangent.Engines

// The transforms of F(2 × 2, 3 × 3): 16 products for four sums in place of 36, and kernels that grow less than twofold. It is for few
// tiles, where kernels are read from memory for little else. The points are 0, ±1 and ∞. See WinogradTransforms.fs for the words.

open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop
open Cotangent.Engines.Tile
open Cotangent.Engines.WinogradVectors

#nowarn "9"

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

    let inline private each ([<InlineIfLambda>] write) into apart t0 t1 t2 t3 =
        write t0 into
        write t1 (into + apart)
        write t2 (into + 2n * apart)
        write t3 (into + 3n * apart)

    let inline private writeLine into pitch t0 t1 t2 t3 = each write into pitch t0 t1 t2 t3
    let inline private writePlanes into plane t0 t1 t2 t3 = each writeOn into plane t0 t1 t2 t3

    /// Where a pair is in the columns of eight.
    let place pair = pair % 2 + pair / 2 % 2 * 4 + pair / 4 * 2

    /// As WinogradTransforms.transformData, in four lines of eight pairs of columns.
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
            2
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
                data (line 0) (line 1) (line 2) (line 3) (writeLine put pitch))
            (fun lines into ->
                for a in 0..3 do
                    let from, row = lines + bytes (a * LinePitch), into + nativeint (4 * a) * plane
                    let x, y = take from, take (from + bytes Lanes)
                    let even, odd = Avx.Shuffle(x, y, 0b10001000uy), Avx.Shuffle(x, y, 0b11011101uy)

                    if v.IsShifted then
                        data
                            (pick odd before &&& hasBefore)
                            (pick even here)
                            (pick odd here)
                            (pick even behind &&& hasBehind)
                            (writePlanes row plane)
                    else
                        data
                            (pick even here)
                            (pick odd here)
                            (pick even behind &&& hasBehind)
                            (pick odd behind &&& hasBehind)
                            (writePlanes row plane))

    let inline private sumsOf m plane ([<InlineIfLambda>] next) =
        let inline element b = take (m + b * plane)
        sums (element 0n) (element 1n) (element 2n) (element 3n) next

    let inline private interleave a b into =
        let x, y = low a b, high a b
        write (firsts x y) into
        write (seconds x y) (into + bytes Lanes)

    let inline private writePairs (x: Vector128<float32>) (into: nativeint) apart =
        let x = x.AsDouble()
        NativePtr.write (NativePtr.ofNativeInt<float> into) (x.ToScalar())
        NativePtr.write (NativePtr.ofNativeInt<float>(into + apart)) (x.GetElement 1)

    /// The elements of two vectors side by side, each two of them so far from those before them.
    let inline private scatter apart a b into =
        let x, y = low a b, high a b
        writePairs (x.GetLower()) into apart
        writePairs (y.GetLower()) (into + 2n * apart) apart
        writePairs (x.GetUpper()) (into + 4n * apart) apart
        writePairs (y.GetUpper()) (into + 6n * apart) apart

    let inline private sumsThrough ([<InlineIfLambda>] put) m plane into pitch =
        let row = 4n * plane

        sumsOf m plane (fun a0 b0 ->
            sumsOf (m + row) plane (fun a1 b1 ->
                sumsOf (m + 2n * row) plane (fun a2 b2 ->
                    sumsOf (m + 3n * row) plane (fun a3 b3 ->
                        sums a0 a1 a2 a3 (fun a a' ->
                            sums b0 b1 b2 b3 (fun b b' ->
                                put a b into
                                put a' b' (into + pitch)))))))

    /// Aᵀ m A of eight tiles: two lines `pitch` apart, with the tiles side by side.
    let transformSums (m: float32[]) start plane (into: float32[]) first pitch =
        optimisedOnce (fun () ->
            use m = fixed &at m start
            use into = fixed &at into first
            sumsThrough interleave (addressOf m) (bytes plane) (addressOf into) (bytes pitch))

    /// As WinogradTransforms.transformChannelSums.
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

    /// As WinogradTransforms.transformKernels.
    let transformKernels (panel: float32[]) first step (into: float32[]) start plane =
        optimisedOnce (fun () ->
            use panel = fixed &at panel first
            use into = fixed &at into start
            let panel, step, into, plane = addressOf panel, bytes step, addressOf into, bytes plane
            let row = 4n * plane

            tapsDown panel step (fun x0 x1 x2 x3 ->
                tapsDown (panel + step) step (fun y0 y1 y2 y3 ->
                    tapsDown (panel + 2n * step) step (fun z0 z1 z2 z3 ->
                        tapsAcross x0 y0 z0 into plane
                        tapsAcross x1 y1 z1 (into + row) plane
                        tapsAcross x2 y2 z2 (into + 2n * row) plane
                        tapsAcross x3 y3 z3 (into + 3n * row) plane))))
