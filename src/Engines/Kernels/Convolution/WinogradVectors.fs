namespace Cotangent.Engines

// Vectors that the transforms of Winograd's convolutions are made of (see WinogradTransforms.fs): they have 256 bits on every machine, since a
// line of an image seldom has tiles for longer ones.

open System.Numerics
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86
open Microsoft.FSharp.NativeInterop
open Cotangent.Engines.Tile

#nowarn "9"

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

/// The vectors of lines that tiles are read from. For vector j of row a of tiles with n rows, at n j + a: how many bytes behind the first
/// element it begins, and how many behind the first of `Bits` it has its mask, which is ones for the elements of the image.
[<NoComparison; NoEquality>]
type internal TileVectors = {
    Starts: nativeint[]
    Masks: nativeint[]
    Bits: float32[]
    /// Whether tiles begin with the last column of the step before theirs, and not with the first of their own.
    IsShifted: bool
    /// Where a line has the step of each of eight tiles, in the order of `place`, and the ones before and behind it.
    Before: Vector256<int>
    Here: Vector256<int>
    Behind: Vector256<int>
    /// Ones for the tiles for which these are not all zero.
    HasBefore: Vector256<float32>
    HasBehind: Vector256<float32>
}

module internal WinogradVectors =

    /// The elements of a kernel along an axis.
    [<Literal>]
    let Taps = 3

    /// Elements of a vector.
    [<Literal>]
    let Lanes = 8

    /// From one of the lines that tiles are transformed in to the next: the elements of eight tiles side by side.
    [<Literal>]
    let LinePitch = 32

    /// Products want as many lanes (see WinogradProducts).
    let isSupported () = Avx2.IsSupported && Fma.IsSupported && Vector<float32>.Count = Lanes

    // Arrays are pinned, and addresses and distances are in bytes: otherwise half of the instructions would check arrays and widen numbers.

    let inline bytes (elements: int) : nativeint = 4n * nativeint elements

    let inline take (p: nativeint) : Vector256<float32> = Vector256.Load(NativePtr.ofNativeInt<float32> p)

    let inline write (v: Vector256<float32>) (p: nativeint) =
        Vector256.Store(v, NativePtr.ofNativeInt<float32> p)

    /// The same into planes that are filled from end to end. What lies behind is fetched: stores wait for their lines of the caches one after
    /// the other, and processors follow fewer streams by themselves than there are planes.
    let inline writeOn (v: Vector256<float32>) (p: nativeint) =
        Sse.Prefetch0(NativePtr.toVoidPtr (NativePtr.ofNativeInt<byte>(p + nativeint Panels.Line)))
        write v p

    let inline addressOf (pinned: nativeptr<'T>) = NativePtr.toNativeInt pinned

    let inline private addressAt table n =
        NativePtr.read (NativePtr.ofNativeInt<nativeint>(table + nativeint (n * sizeof<nativeint>)))

    /// A transform of tiles of so many rows, by way of lines: `down` takes it along the columns of each vector, and is given the addresses of x, of
    /// the vector's starts and masks, of the bits and of its place in the lines; `across` then takes it along the lines, into the result.
    let inline throughLines
        vectors
        rows
        (x: float32[])
        from
        (v: TileVectors)
        (lines: float32[])
        first
        (into: float32[])
        start
        ([<InlineIfLambda>] down: (nativeint -> nativeint -> nativeint -> nativeint -> nativeint -> unit))
        ([<InlineIfLambda>] across: (nativeint -> nativeint -> unit))
        =
        use x = fixed &at x from
        use starts = fixed &at v.Starts 0
        use masks = fixed &at v.Masks 0
        use bits = fixed &at v.Bits 0
        use lines = fixed &at lines first
        use into = fixed &at into start
        let apart = nativeint (rows * sizeof<nativeint>)
        let mutable starts, masks, put = addressOf starts, addressOf masks, addressOf lines

        for _ in 1..vectors do
            down (addressOf x) starts masks (addressOf bits) put
            starts <- starts + apart
            masks <- masks + apart
            put <- put + bytes Lanes

        across (addressOf lines) (addressOf into)

    /// The vector of a row of tiles (see `throughLines`).
    let inline line x starts masks bits row =
        take (x + addressAt starts row) &&& take (bits + addressAt masks row)

    // The halves of two vectors have 128 bits, and most instructions stay in them: elements in turn, of the first or second half of each.

    let inline low (x: Vector256<float32>) y = Avx.UnpackLow(x, y)
    let inline high (x: Vector256<float32>) y = Avx.UnpackHigh(x, y)

    /// The same of pairs.
    let inline lowPairs (x: Vector256<float32>) (y: Vector256<float32>) =
        Avx.UnpackLow(x.AsDouble(), y.AsDouble()).AsSingle()

    let inline highPairs (x: Vector256<float32>) (y: Vector256<float32>) =
        Avx.UnpackHigh(x.AsDouble(), y.AsDouble()).AsSingle()

    /// The first halves of two vectors, and the second ones.
    let inline firsts (x: Vector256<float32>) y = Avx.Permute2x128(x, y, 0x20uy)
    let inline seconds (x: Vector256<float32>) y = Avx.Permute2x128(x, y, 0x31uy)

    /// Eight elements of a vector.
    let inline pick (x: Vector256<float32>) (places: Vector256<int>) = Avx2.PermuteVar8x32(x, places)
