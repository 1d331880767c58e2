namespace Cotangent.Engines

open System
open System.Numerics
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// A rotation of two rows.
[<Struct; NoComparison; NoEquality>]
type internal Rotation = { First: int; Second: int; Cosine: float; Sine: float }

/// Rotations of pairs of rows of a matrix, of no elements where there is none, which iterations make one after the other. They are
/// kept until there are many, and then applied to a strip of columns after the other: a strip stays in the cache while all rotations
/// pass over it, the whole matrix would not (F. Van Zee, R. van de Geijn and G. Quintana-Ortí, "Restructuring the tridiagonal and
/// bidiagonal QR algorithms for performance", 2014).
[<Sealed>]
type internal Rotations(width: int, z: float[]) =
    /// So many are kept, in 1.5 MB, which are read once for each strip.
    static let most = 65536

    /// Columns of a strip, in a copy whose rows are aligned: of 500 rows it takes 250 kB.
    static let strip = 64

    let kept = ResizeArray<Rotation>()

    /// Rows of `strip` numbers, from places on.
    static let rotate (x: float[]) first second (c: float) (s: float) =
        let a = Span(x, first, strip)
        let b = Span(x, second, strip)
        let mutable k = 0

        if Vector512.IsHardwareAccelerated then
            let cosine, sine = Vector512.Create c, Vector512.Create s

            while k < strip do
                let at = unativeint k
                let p = Vector512.LoadUnsafe(&MemoryMarshal.GetReference a, at)
                let q = Vector512.LoadUnsafe(&MemoryMarshal.GetReference b, at)
                (cosine * p + sine * q).StoreUnsafe(&MemoryMarshal.GetReference a, at)
                (cosine * q - sine * p).StoreUnsafe(&MemoryMarshal.GetReference b, at)
                k <- k + Vector512<float>.Count
        else
            let cosine, sine = Vector<float> c, Vector<float> s

            while k < strip do
                let at = unativeint k
                let p = Vector.LoadUnsafe(&MemoryMarshal.GetReference a, at)
                let q = Vector.LoadUnsafe(&MemoryMarshal.GetReference b, at)
                (cosine * p + sine * q).StoreUnsafe(&MemoryMarshal.GetReference a, at)
                (cosine * q - sine * p).StoreUnsafe(&MemoryMarshal.GetReference b, at)
                k <- k + Vector<float>.Count

    /// Where a pinned array has an address of a multiple of 64.
    static let aligned (x: float[]) : int =
        let address = Marshal.UnsafeAddrOfPinnedArrayElement(x, 0)
        int ((64n - address % 64n) % 64n) / sizeof<float>

    let applyTo rows (copy: float[]) start from count =
        for i in 0 .. rows - 1 do
            Array.Copy(z, i * width + from, copy, start + i * strip, count)

        for turn in CollectionsMarshal.AsSpan kept do
            rotate copy (start + turn.First * strip) (start + turn.Second * strip) turn.Cosine turn.Sine

        for i in 0 .. rows - 1 do
            Array.Copy(copy, start + i * strip, z, i * width + from, count)

    /// Applies what has been kept.
    member _.Apply() =
        if kept.Count > 0 then
            let rows = z.Length / width

            Strided.ranges (partsOf width strip) (6L * int64 kept.Count * int64 width) (fun first last ->
                let copy = GC.AllocateArray<float>(rows * strip + 8, true)
                let start = aligned copy

                for part in first .. last - 1 do
                    applyTo rows copy start (part * strip) (min strip (width - part * strip)))

            kept.Clear()

    /// Rows i and j of z <- c zᵢ + s zⱼ and c zⱼ - s zᵢ, when next applied.
    member rotations.Add(i: int, j: int, c: float, s: float) =
        if width > 0 then
            kept.Add { First = i; Second = j; Cosine = c; Sine = s }
            if kept.Count >= most then rotations.Apply()
