namespace Cotangent.Engines

// Convolutions: each of the three tensors of ⟨x * w, y⟩ from the two others.

open System
open System.Buffers
open System.Numerics
open System.Numerics.Tensors
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Engines.Tile
open Cotangent.Inlined // in place of functions of Array and List

module internal Convolve =

    let private isEmpty (x: HostBuffer) = Array.contains 0 x.Shape

    /// A tensor's kernels for the group's outputs, from a given one; those of their channels are the "channels".
    let private ofOutputs (kernel: HostBuffer<'T>) first = {
        channelsOf kernel 0 with
            Offset = kernel.Offset + first * kernel.Strides[0]
    }

    /// y from x and w.
    let private output (w: Windows) groups (x: HostBuffer<'T>) (kernel: HostBuffer<'T>) : HostBuffer =
        let y = Strided.fresh<'T> x.DType (Array.append [| x.Shape[0]; kernel.Shape[0] |] w.Count)

        if isEmpty x || isEmpty kernel then
            Array.Clear y.Items
        elif not (isEmpty y) then
            let m, channels = kernel.Shape[0] / groups, kernel.Shape[1]

            Correlation.run
                (axes forward x.Shape[0] w)
                groups
                m
                channels
                (fun g -> channelsOf x (g * channels))
                (fun g -> ofOutputs kernel (g * m))
                kernel.Strides[0]
                (fun g -> channelsOf y (g * m))

        y

    /// x from w and y: the transposed convolution.
    let private input (w: Windows) groups (kernel: HostBuffer<'T>) (y: HostBuffer<'T>) : HostBuffer =
        let shape = Array.append [| y.Shape[0]; kernel.Shape[1] * groups |] w.Full
        // Elements that no window covers stay zero.
        let x = Strided.fresh<'T> y.DType shape
        Array.Clear x.Items

        if not (isEmpty x || isEmpty y || isEmpty kernel) then
            let channels, m = kernel.Shape[0] / groups, kernel.Shape[1]

            Correlation.run
                (axes backward y.Shape[0] w)
                groups
                m
                channels
                (fun g -> channelsOf y (g * channels))
                // The outputs are what is summed over.
                (fun g -> { ofOutputs kernel (g * channels) with Channel = kernel.Strides[0] })
                kernel.Strides[1]
                (fun g -> channelsOf x (g * m))

        x

    // ---- The kernel from x and y ----
    //
    // w[o, c, k] = Σ y[n, o, i] x[n, c, i s + k d - b] is a product of matrices again, with the image of x as in the
    // convolution itself, and y laid out with rows as long as those of the image, filled up with zeros. Both factors
    // lie in the order of the summation; so vectors run along it, and each element of the result has a vector of
    // partial sums, which are added up at the very end.

    /// sums <- sums + products of n vectors of four rows of y and three runs of the image.
    let inline private dots
        n
        (a: byref<'T>)
        a1
        a2
        a3
        (b: byref<'T>)
        b1
        b2
        (sums: byref<'T>)
        (o1: nativeint)
        o2
        o3
        r1
        r2
        =
        let v = nativeint Vector<'T>.Count
        let mutable x00 = Vector<'T>.Zero
        let mutable x01 = Vector<'T>.Zero
        let mutable x02 = Vector<'T>.Zero
        let mutable x10 = Vector<'T>.Zero
        let mutable x11 = Vector<'T>.Zero
        let mutable x12 = Vector<'T>.Zero
        let mutable x20 = Vector<'T>.Zero
        let mutable x21 = Vector<'T>.Zero
        let mutable x22 = Vector<'T>.Zero
        let mutable x30 = Vector<'T>.Zero
        let mutable x31 = Vector<'T>.Zero
        let mutable x32 = Vector<'T>.Zero
        let mutable i = 0n
        let mutable left = n

        while left > 0 do
            let s = &item &a i
            let t = &item &b i
            let y0 = load &t 0n
            let y1 = load &t b1
            let y2 = load &t b2
            let s0 = load &s 0n
            x00 <- mulAdd s0 y0 x00
            x01 <- mulAdd s0 y1 x01
            x02 <- mulAdd s0 y2 x02
            let s1 = load &s a1
            x10 <- mulAdd s1 y0 x10
            x11 <- mulAdd s1 y1 x11
            x12 <- mulAdd s1 y2 x12
            let s2 = load &s a2
            x20 <- mulAdd s2 y0 x20
            x21 <- mulAdd s2 y1 x21
            x22 <- mulAdd s2 y2 x22
            let s3 = load &s a3
            x30 <- mulAdd s3 y0 x30
            x31 <- mulAdd s3 y1 x31
            x32 <- mulAdd s3 y2 x32
            i <- i + v
            left <- left - 1

        // Begun at 0, or small products would be lost in large sums; and all are read before the first is written, since several
        // may be the same.
        x00 <- x00 + load &sums 0n
        x01 <- x01 + load &sums r1
        x02 <- x02 + load &sums r2
        x10 <- x10 + load &sums o1
        x11 <- x11 + load &sums (o1 + r1)
        x12 <- x12 + load &sums (o1 + r2)
        x20 <- x20 + load &sums o2
        x21 <- x21 + load &sums (o2 + r1)
        x22 <- x22 + load &sums (o2 + r2)
        x30 <- x30 + load &sums o3
        x31 <- x31 + load &sums (o3 + r1)
        x32 <- x32 + load &sums (o3 + r2)
        put x00 &sums 0n
        put x01 &sums r1
        put x02 &sums r2
        put x10 &sums o1
        put x11 &sums (o1 + r1)
        put x12 &sums (o1 + r2)
        put x20 &sums o2
        put x21 &sums (o2 + r1)
        put x22 &sums (o2 + r2)
        put x30 &sums o3
        put x31 &sums (o3 + r1)
        put x32 &sums (o3 + r2)

    /// Adds to the partial sums of m rows of y with each of the table's runs of the image. Where the last tile would
    /// reach over the edge, it takes the last row or run more than once, with one and the same sum for each.
    let private accumulate m (rows: 'T[]) pitch vectors (table: nativeint[]) (image: 'T[]) (sums: 'T[]) =
        optimised ()
        let w = Vector<'T>.Count
        let runs = table.Length - 1
        let across = nativeint w
        let down = nativeint (runs * w)

        for o in 0..4 .. m - 1 do
            let o1, o2, o3 = min 1 (m - 1 - o), min 2 (m - 1 - o), min 3 (m - 1 - o)
            let a = &at rows (o * pitch)
            let a1, a2, a3 = nativeint (o1 * pitch), nativeint (o2 * pitch), nativeint (o3 * pitch)

            for r in 0..3 .. runs - 1 do
                let r1, r2 = min 1 (runs - 1 - r), min 2 (runs - 1 - r)
                let first = at table r
                let b = &at image (int first)
                let b1, b2 = at table (r + r1) - first, at table (r + r2) - first

                dots
                    vectors
                    &a
                    a1
                    a2
                    a3
                    &b
                    b1
                    b2
                    &(at sums ((o * runs + r) * w))
                    (nativeint o1 * down)
                    (nativeint o2 * down)
                    (nativeint o3 * down)
                    (nativeint r1 * across)
                    (nativeint r2 * across)

    /// Blocks that are added up one after the other; from there on, sums are taken in halves (see Reduce).
    [<Literal>]
    let private BlocksInOrder = 32

    /// The sums of `add` over blocks.
    let rec private overBlocks<'T when 'T :> INumber<'T>>
        (length: int)
        (add: int -> 'T[] -> unit)
        first
        last
        (sums: 'T[])
        =
        if last - first <= BlocksInOrder then
            for block in first .. last - 1 do
                add block sums
        else
            let half = (first + last) / 2
            let second = ArrayPool<'T>.Shared.Rent length
            Array.Clear(second, 0, length)
            overBlocks length add first half sums
            overBlocks length add half last second

            TensorPrimitives.Add(
                ReadOnlySpan(sums, 0, length),
                ReadOnlySpan(second, 0, length),
                Span(sums, 0, length)
            )

            ArrayPool<'T>.Shared.Return second

    /// Some outputs and channels of a group, summed over some of the blocks.
    [<Struct; NoComparison; NoEquality>]
    type private Part = {
        Group: int
        Output: int
        Outputs: int
        Channel: int
        Channels: int
        First: int
        Last: int
        /// Whose results are not added up yet.
        Share: int
    }

    /// y with the axes of the image: what lies outside of the block is zero.
    let private laid (axes: CorrelationAxis[]) (block: Block) =
        axes
        |> Array.mapi (fun i a -> {
            a with
                First = 0
                Step = 1
                Size = block.Start[i] + block.Extent[i]
                Phases = [| 0 |]
        })

    let private kernel<'T when 'T :> INumber<'T>>
        (w: Windows)
        groups
        (x: HostBuffer<'T>)
        (y: HostBuffer<'T>)
        : HostBuffer =
        let outputs, channels = y.Shape[1] / groups, x.Shape[1] / groups
        let shape = Array.append [| y.Shape[1]; channels |] w.Size
        let result = Strided.fresh<'T> x.DType shape
        Array.Clear result.Items

        if not (isEmpty result || isEmpty x || isEmpty y) then
            let axes = axes forward x.Shape[0] w
            let target = (targets axes)[0]
            let taps = target.Count
            let blocks = blocks axes 512
            let laid = blocks |> Array.map (laid axes)
            let lanes = Vector<'T>.Count
            let whole n = partsOf n lanes * lanes
            let widths = blocks |> Array.map (fun b -> whole (flatPlaces axes b))
            let pitches = Array.map2 channelSize laid blocks |> Array.map2 max widths

            // As many outputs and channels at a time as have their partial sums in the second-level cache.
            let outputsAtOnce = min outputs 64
            let channelsAtOnce = min channels (max 1 (8192 / outputsAtOnce / taps))
            let tiles = groups * partsOf outputs outputsAtOnce * partsOf channels channelsAtOnce
            // Depends on the shapes alone, so that the order of the sums does, too.
            let shares = max 1 (min blocks.Length (16 / tiles))
            let bound share = int (int64 blocks.Length * int64 share / int64 shares)

            let parts = [|
                for share in 0 .. shares - 1 do
                    for g in 0 .. groups - 1 do
                        for o in 0..outputsAtOnce .. outputs - 1 do
                            for c in 0..channelsAtOnce .. channels - 1 do
                                {
                                    Group = g
                                    Output = o
                                    Outputs = min outputsAtOnce (outputs - o)
                                    Channel = c
                                    Channels = min channelsAtOnce (channels - c)
                                    First = bound share
                                    Last = bound (share + 1)
                                    Share = share
                                }
            |]

            let results =
                Array.init shares (fun s ->
                    if s = 0 then result.Items else Array.zeroCreate result.Items.Length)

            let largest = blocks |> Seq.map (channelSize axes) |> Seq.max

            let sum (part: Part) =
                let runs = part.Channels * taps
                let rent (n: int) = ArrayPool<'T>.Shared.Rent n
                let images = rent (imageLength<'T> part.Channels largest)
                let rows = rent (imageLength<'T> part.Outputs (Array.max pitches))
                let partials = workLength (int64 part.Outputs * int64 runs * int64 lanes)
                let partial = rent partials
                Array.Clear(partial, 0, partials)
                let xs = channelsOf x (part.Group * channels + part.Channel)
                let ys = channelsOf y (part.Group * outputs + part.Output)

                let add b sums =
                    let block = blocks[b]
                    let pitch = channelSize axes block
                    image axes block part.Channels pitch xs images
                    image laid[b] block part.Outputs pitches[b] ys rows
                    let table = table axes block part.Channels target
                    accumulate part.Outputs rows pitches[b] (widths[b] / lanes) table images sums

                overBlocks (part.Outputs * runs * lanes) add part.First part.Last partial

                for o in 0 .. part.Outputs - 1 do
                    let output = part.Group * outputs + part.Output + o
                    let at = (output * channels + part.Channel) * taps

                    for r in 0 .. runs - 1 do
                        results[part.Share][at + r] <- Vector.Sum(Vector<'T>(partial, (o * runs + r) * lanes))

                ArrayPool<'T>.Shared.Return images
                ArrayPool<'T>.Shared.Return rows
                ArrayPool<'T>.Shared.Return partial

            let flat = axes |> Array.fold (fun n a -> n * (int64 a.Places + int64 a.Reach)) 1L
            let products = flat * int64 y.Shape[1] * int64 channels * int64 taps

            Strided.ranges parts.Length (products / 16L) (fun first last ->
                for i in first .. last - 1 do
                    sum parts[i])

            for s in 1 .. shares - 1 do
                TensorPrimitives.Add(ReadOnlySpan result.Items, ReadOnlySpan results[s], Span result.Items)

        result

    let private run<'T when 'T :> INumber<'T>>
        result
        w
        groups
        (a: HostBuffer<'T>)
        (b: HostBuffer<'T>)
        : HostBuffer =
        match result with
        | ConvolutionTerm.Output -> output w groups a b
        | ConvolutionTerm.Input -> input w groups a b
        | ConvolutionTerm.Kernel -> kernel w groups a b

    /// The term asked for, from the two others.
    let rec convolution result (w: Windows) groups (a: HostBuffer) (b: HostBuffer) : HostBuffer =
        match a.DType.Storage with
        | Storage.Float32 -> run result w groups (a :?> HostBuffer<float32>) (b :?> HostBuffer<float32>)
        | Storage.Float64 -> run result w groups (a :?> HostBuffer<float>) (b :?> HostBuffer<float>)
        | Storage.BFloat16
        | Storage.Float16 ->
            Convert.buffer a.DType (convolution result w groups (Convert.widen a) (Convert.widen b))
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 ->
            raise (DTypeException $"convolve is not defined on {a.DType}; convert to a float first.")
