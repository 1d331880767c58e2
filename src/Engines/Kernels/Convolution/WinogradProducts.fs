namespace Cotangent.Engines

// The products of Winograd's convolutions: transformed kernels, in panels of eight rows, times transformed tiles.

open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile

module internal WinogradProducts =

    /// Elements of a line of the caches.
    [<Literal>]
    let CacheLine = 16

    /// Channels of a block of the product: three vectors of tiles for each stay in the first-level cache with a panel, but for wide ones, which
    /// the second-level cache gives soon enough.
    let depth () = if Vector512.IsHardwareAccelerated then 256 else 128

    /// Where the transformed kernels are: plane by plane, block by block of channels, in panels of eight rows, so that products read memory
    /// from end to end. The planes are a little apart: powers of two would share a few places of the cache.
    let planeOf panels channels = panels * channels * BroadRows + CacheLine

    /// Where in its plane the elements of a panel are that belong to a block of so many channels from `first` on.
    let inline blockOf panels panel first depth = (first * panels + panel * depth) * BroadRows

    /// Runs `tiles first vectors depth x y z` for the tiles of a product (see `product`): from which element of a, b and c on, so many vectors
    /// of columns and channels, the first of which is `first`.
    let inline private overTiles
        panels
        top
        all
        k
        a0
        b0
        pitch
        c0
        width
        ([<InlineIfLambda>] tiles: int -> int -> int -> int -> int -> int -> unit)
        =
        let lanes, most = lanes<float32>(), depth ()

        for first in 0..most .. k - 1 do
            let depth = min most (k - first)
            let mutable j = 0

            while j < width do
                // Three vectors at a time, and four as two and two.
                let left = (width - j) / lanes
                let vectors = if left = 4 then 2 else min 3 left

                for i in 0 .. panels - 1 do
                    tiles
                        first
                        vectors
                        depth
                        (a0 + blockOf all (top + i) first depth)
                        (b0 + first * pitch + j)
                        (c0 + i * BroadRows * width + j)

                j <- j + vectors * lanes

    /// c (`panels` of eight rows of `width`) <- a b, with a in some panels of a plane, from `top` on, of `all` that it has, and the k rows of b
    /// `pitch` apart.
    let product panels top all k (a: float32[]) a0 (b: float32[]) b0 pitch (c: float32[]) c0 width =
        optimised ()
        let w, p, s = nativeint width, nativeint pitch, nativeint BroadRows

        if Vector512.IsHardwareAccelerated then
            overTiles panels top all k a0 b0 pitch c0 width (fun first vectors depth x y z ->
                let add = first > 0
                let x = &at a x
                let y = &at b y
                let z = &at c z

                if vectors = 3 then
                    broadTile depth &x 1n s &y 0n (fun ib _ -> ib + p) &z w add &x 0n
                elif vectors = 2 then
                    lowTile
                        depth
                        &x
                        1n
                        s
                        &y
                        0n
                        (fun ib _ -> ib + p)
                        (nativeint Vector512<float32>.Count)
                        &z
                        w
                        add
                else
                    slimTile depth &x 1n s &y 0n (fun ib _ -> ib + p) &z w add)
        else
            overTiles panels top all k a0 b0 pitch c0 width (fun first vectors depth x y z ->
                let add = first > 0

                // Registers are half as many: half a panel at a time.
                for half in 0..1 do
                    let x = &at a (x + half * HalfRows)
                    let y = &at b y
                    let z = &at c (z + half * HalfRows * width)

                    if vectors = 3 then halfTile 3 depth &x s &y p &z w add
                    elif vectors = 2 then halfTile 2 depth &x s &y p &z w add
                    else halfTile 1 depth &x s &y p &z w add)
