namespace Cotangent.Engines

// The products of Winograd's convolutions: transformed kernels, in panels, times transformed tiles.

open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.Tile
open Cotangent.Engines.WideTile
open Cotangent.Engines.BroadTile

module internal WinogradProducts =

    /// Elements of a line of the caches.
    [<Literal>]
    let CacheLine = 16

    /// How transformed kernels lie in a plane: block by block of channels, in panels, so that products read memory from end to end.
    [<Struct; NoComparison; NoEquality>]
    type KernelPlanes = {
        Panels: int
        Channels: int
        /// Whether vectors run along kernels, and not along tiles: where tiles are few, there are more sums then for what is loaded.
        IsUpright: bool
    } with

        /// The kernels of a panel.
        static member RowsOf isUpright = if isUpright then wideColumns<float32>() else BroadRows

        member p.Rows = KernelPlanes.RowsOf p.IsUpright

        /// From one plane to the next: a little more than a plane, as powers of two would share a few places of the caches.
        member p.Length = p.Panels * p.Rows * p.Channels + CacheLine

        /// Where a panel's elements are that belong to a block of so many channels from `first` on.
        member p.At(panel, first, depth) = (first * p.Panels + panel * depth) * p.Rows

    /// What is fetched while a product runs. For each row r and channel c, it is the line of the caches of element First + r Apart + c Step.
    [<Struct; NoComparison; NoEquality>]
    type Fetching = { Items: float32[]; First: int; Step: int; Rows: int; Apart: int }

    /// Nothing.
    let nothing = { Items = [||]; First = 0; Step = 0; Rows = 0; Apart = 0 }

    /// Channels of a block of the product: three vectors of tiles for each stay in the first-level cache with a panel, but for wide ones, which
    /// the second-level cache gives soon enough.
    let depth () = if Vector512.IsHardwareAccelerated then 256 else 128

    /// Runs `tiles` for each block of channels of a product, vectors of columns and panel (see `product`): from which element of a, b and c
    /// on, so many vectors and channels, the first of which is `first`.
    let inline private overTiles
        (p: KernelPlanes)
        top
        panels
        channels
        a0
        b0
        pitch
        c0
        width
        ([<InlineIfLambda>] tiles: int -> int -> int -> int -> int -> int -> unit)
        =
        let lanes, most = lanes<float32>(), depth ()

        for first in 0..most .. channels - 1 do
            let depth = min most (channels - first)
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
                        (a0 + p.At(top + i, first, depth))
                        (b0 + first * pitch + j)
                        (c0 + i * BroadRows * width + j)

                j <- j + vectors * lanes

    /// c (rows of kernels, of `width` tiles) <- a b, or c + a b where `add`, with a in `panels` panels of a plane, from `top` on, of so many
    /// channels, and their rows of b `pitch` apart.
    let private across
        (p: KernelPlanes)
        top
        panels
        channels
        (a: float32[])
        a0
        (b: float32[])
        b0
        pitch
        (c: float32[])
        c0
        width
        add
        =
        optimised ()
        let w, s, sb = nativeint width, nativeint BroadRows, nativeint pitch

        if Vector512.IsHardwareAccelerated then
            overTiles p top panels channels a0 b0 pitch c0 width (fun first vectors depth x y z ->
                let add = add || first > 0
                let x = &at a x
                let y = &at b y
                let z = &at c z

                if vectors = 3 then
                    broadTile depth &x 1n s &y 0n (fun ib _ -> ib + sb) &z w add &x 0n
                elif vectors = 2 then
                    lowTile
                        depth
                        &x
                        1n
                        s
                        &y
                        0n
                        (fun ib _ -> ib + sb)
                        (nativeint Vector512<float32>.Count)
                        &z
                        w
                        add
                else
                    slimTile depth &x 1n s &y 0n (fun ib _ -> ib + sb) &z w add)
        else
            overTiles p top panels channels a0 b0 pitch c0 width (fun first vectors depth x y z ->
                let add = add || first > 0

                // Registers are half as many: half a panel at a time.
                for half in 0..1 do
                    let x = &at a (x + half * HalfRows)
                    let y = &at b y
                    let z = &at c (z + half * HalfRows * width)

                    if vectors = 3 then halfTile 3 depth &x s &y sb &z w add
                    elif vectors = 2 then halfTile 2 depth &x s &y sb &z w add
                    else halfTile 1 depth &x s &y sb &z w add)

    /// cᵀ (a row of kernels for each of `width` tiles) in the same way. Each eight tiles have a row fetched, from row `fetched` on; if none is
    /// asked for, they share what follows their kernels.
    let private upright
        (p: KernelPlanes)
        top
        panels
        channels
        (a: float32[])
        a0
        (b: float32[])
        b0
        pitch
        (c: float32[])
        c0
        width
        add
        (fetching: Fetching)
        fetched
        =
        optimised ()
        let most, rows = depth (), p.Rows

        for first in 0..most .. channels - 1 do
            let depth, add = min most (channels - first), add || first > 0

            for i in 0 .. panels - 1 do
                for tile in 0..LowRows .. width - 1 do
                    let row, place = fetched + tile / LowRows, a0 + p.At(top + i, first, depth)
                    let asked = int64 fetching.First + int64 row * int64 fetching.Apart
                    let farthest = asked + int64 (depth - 1) * int64 fetching.Step
                    let share = rows * LowRows / width
                    let following = place + depth * (rows + tile / LowRows * share)

                    let struct (items, from, step) =
                        if
                            row < fetching.Rows
                            && min asked farthest >= 0L
                            && max asked farthest < int64 fetching.Items.Length
                        then
                            struct (fetching.Items, int asked, fetching.Step)
                        elif fetching.Rows = 0 && following + (depth - 1) * share < a.Length then
                            struct (a, following, share)
                        else
                            struct (a, place, 0)

                    lowTile
                        depth
                        &(at b (b0 + first * pitch + tile))
                        1n
                        (nativeint pitch)
                        &(at a place)
                        0n
                        (fun ib left ->
                            fetch &(at items (from + left * step))
                            ib + nativeint rows)
                        (nativeint Vector512<float32>.Count)
                        &(at c (c0 + tile * panels * rows + i * rows))
                        (nativeint (panels * rows))
                        add

    /// The products of some panels of a plane with transformed tiles: `across` or `upright`.
    let product (p: KernelPlanes) top panels channels a a0 b b0 pitch c c0 width add fetching fetched =
        if p.IsUpright then
            upright p top panels channels a a0 b b0 pitch c c0 width add fetching fetched
        else
            across p top panels channels a a0 b b0 pitch c c0 width add
