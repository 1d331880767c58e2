namespace Cotangent.Engines

// Complex numbers as transforms work on them: in slots, each of a vector of real parts and, beside it, a vector of the
// imaginary ones. Vectors are the longest there are.

open System.Buffers
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics

/// Slots in an array, from a place on.
[<Struct; NoComparison; NoEquality>]
type internal Slots<'T> = { Items: 'T[]; First: int }

/// A line of complex numbers in an array: the places of the first one's parts, and the distance from one number to the next.
[<Struct; NoComparison; NoEquality>]
type internal SplitLine<'T> = { Numbers: 'T[]; Re: int; Im: int; Step: int }

module internal Slots =
    /// Whether the longest vectors are those of 512 bits.
    let inline isWide () = Vector512.IsHardwareAccelerated

    /// Numbers in a vector.
    let inline lanes<'T> () = if isWide () then Vector512<'T>.Count else Vector<'T>.Count

    /// Room for so many slots, from a line of the caches on: vectors that lie across two lines take two accesses.
    let rent<'T> count : Slots<'T> =
        let struct (items, first) = Panels.rent<'T>(2 * lanes<'T>() * count)
        { Items = items; First = first }

    let giveBack (slots: Slots<'T>) = ArrayPool<'T>.Shared.Return slots.Items

    // Loads and stores without checks of bounds, of vectors of both lengths.

    let inline load (x: 'T[]) (i: int) =
        Vector.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline store (v: Vector<'T>) (x: 'T[]) (i: int) =
        Vector.StoreUnsafe(v, &MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline loadWide (x: 'T[]) (i: int) =
        Vector512.LoadUnsafe(&MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline storeWide (v: Vector512<'T>) (x: 'T[]) (i: int) =
        Vector512.StoreUnsafe(v, &MemoryMarshal.GetArrayDataReference x, unativeint i)

    let inline spread (x: 'T[]) (i: int) : Vector<'T> =
        Vector<'T>(Unsafe.Add(&MemoryMarshal.GetArrayDataReference x, i))

    let inline spreadWide (x: 'T[]) (i: int) : Vector512<'T> =
        Vector512.Create<'T>(Unsafe.Add(&MemoryMarshal.GetArrayDataReference x, i))
