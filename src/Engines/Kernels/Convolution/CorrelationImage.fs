namespace Cotangent.Engines

// The sums behind convolutions, without a matrix of patches.
//
// In one axis, y[i] = Σ w[k] x[i s + k d - b]. Split x into s phases, xφ[q] = x[q s + φ - b], with zeros where x has
// no elements. Then element k of the kernel reads a single phase, φ = k d mod s, always ⌊k d / s⌋ places further on
// than the output's own place: y[i] = Σ w[k] xφ[i + shift]. The transpose of that sum is of the same kind with the
// roles exchanged: x̄φ[q] = Σ w[k] ȳ[q - shift], over those k that read phase φ.
//
// In several axes and many channels, lay the phases of all channels out as flat images of equal rows. Then all outputs
// that an image gives are a product of matrices, kernel times image, where the rows of the right factor are runs of
// the *same* memory that begin at different places. Where rows are long, they go to the registers from there: the flat places
// between the end of a row of outputs and the end of a row of the image are computed as well, and dropped. Where rows are short, and
// those places many, what is in between is copied first (see Patches.fs), or kernels take the lanes (see UprightProducts.fs).
//
// A batch is one more axis, with a single tap: images of several examples lie one after the other.

open System
open System.Numerics
open System.Runtime.Intrinsics
open Cotangent
open Cotangent.Engines.Tile
open Cotangent.Inlined // in place of functions of Array and List

/// Element `Index` of the kernel meets what lies `Shift` places further on in phase `Phase`.
[<Struct; NoComparison; NoEquality>]
type internal Tap = { Index: int; Phase: int; Shift: int }

/// One axis of such a sum.
[<NoComparison; NoEquality>]
type internal CorrelationAxis = {
    /// Places at which sums are taken.
    Places: int
    /// The farthest shift.
    Reach: int
    /// Place q of phase φ of the image is element `First + q*Step + φ` of the source, which has `Size`.
    First: int
    Step: int
    Size: int
    Phases: int[]
    /// For each phase of the target, the element that place 0 is, and the taps that reach it. Place q is
    /// `TargetStep` q elements further on, if the target, which has `TargetSize`, has that element.
    Targets: struct (int * Tap[])[]
    TargetStep: int
    TargetSize: int
}

/// A block of places: along each axis, where it starts and how many they are.
[<Struct; NoComparison; NoEquality>]
type internal Block = { Start: int[]; Extent: int[] }

/// Where a tensor's elements lie: the steps from one channel to the next, and along the four axes of examples and of
/// space.
[<NoComparison; NoEquality>]
type internal Placement<'T> = { Items: 'T[]; Offset: int; Channel: int; Steps: int[] }

/// The sums of all groups: of each, `Outputs` channels of the target from `Channels` of the source.
[<NoComparison; NoEquality>]
type internal CorrelationSums<'T> = {
    Axes: CorrelationAxis[]
    Groups: int
    Outputs: int
    Channels: int
    /// Of a group.
    Source: int -> Placement<'T>
    Kernel: int -> Placement<'T>
    Target: int -> Placement<'T>
    /// From the kernels of one channel of the target to those of the next.
    RowStep: int
    /// Where the kernels' panels are kept, if they never change, and of which convolution they are.
    Packing: Packing | null
    Term: struct (ConvolutionTerm * Windows)
}

/// A phase of the target along all axes: its first elements there, and its taps.
[<NoComparison; NoEquality>]
type internal OutputPhase = {
    At: int[]
    Taps: Tap[][]
} with

    /// The taps of each channel.
    member t.Count = t.Taps |> Array.fold (fun n taps -> n * taps.Length) 1

module internal CorrelationImage =

    // ---- Axes ----

    /// What a convolution does along an axis.
    let forward (w: Windows) count a : CorrelationAxis =
        let step, dilation = w.Step[a], w.Dilation[a]
        let phases = Array.init w.Size[a] (fun k -> k * dilation % step) |> Array.distinct

        let tap k = {
            Index = k
            Phase = Array.IndexOf(phases, k * dilation % step)
            Shift = k * dilation / step
        }

        {
            Places = count
            Reach = (w.Size[a] - 1) * dilation / step
            First = -w.Before[a]
            Step = step
            Size = w.Full[a]
            Phases = phases
            Targets = [| struct (0, Array.init w.Size[a] tap) |]
            TargetStep = 1
            TargetSize = count
        }

    /// What its transpose does. Place q of a phase is the q-th of its elements that exist: with padding, phases may begin at different places
    /// of y.
    let backward (w: Windows) count a : CorrelationAxis =
        let step, dilation, before, size = w.Step[a], w.Dilation[a], w.Before[a], w.Full[a]
        let all = Array.init w.Size[a] id
        // Phases that no tap reaches are zero from the start.
        let phases = all |> Array.map (fun k -> k * dilation % step) |> Array.distinct
        // Element e of phase φ is e*step + φ - before of x.
        let firstOf phase = partsOf (max 0 (before - phase)) step
        let countOf phase = partsOf (max 0 (size + before - phase)) step - firstOf phase
        // The place of y that a tap of its phase's first element meets.
        let placeOf k = firstOf (k * dilation % step) - k * dilation / step
        let first = all |> Array.map placeOf |> Array.min

        let target phase =
            let taps =
                all
                |> Array.filter (fun k -> k * dilation % step = phase)
                |> Array.map (fun k -> { Index = k; Phase = 0; Shift = placeOf k - first })

            struct (firstOf phase * step + phase - before, taps)

        {
            Places = phases |> Array.map countOf |> Array.max |> max 1
            Reach = (all |> Array.map placeOf |> Array.max) - first
            First = first
            Step = 1
            Size = count
            Phases = [| 0 |]
            Targets = phases |> Array.map target
            TargetStep = step
            TargetSize = size
        }

    /// One window of one element for each of so many.
    let private apart n : Windows = {
        Full = [| n |]
        Size = [| 1 |]
        Step = [| 1 |]
        Dilation = [| 1 |]
        Before = [| 0 |]
        After = [| 0 |]
    }

    /// The axis of examples and three of space, of which the first are of size 1 where the windows have fewer.
    let axes (make: Windows -> int -> int -> CorrelationAxis) examples (w: Windows) : CorrelationAxis[] =
        let count = w.Count

        Array.concat [
            [| make (apart examples) examples 0 |]
            Array.replicate (3 - count.Length) (make (apart 1) 1 0)
            Array.init count.Length (fun a -> make w count[a] a)
        ]

    /// Channels of a tensor of shape (examples, channels) ++ space, from a given one.
    let channelsOf (x: HostBuffer<'T>) first = {
        Items = x.Items
        Offset = x.Offset + first * x.Strides[1]
        Channel = x.Strides[1]
        Steps = Array.concat [ x.Strides[..0]; Array.zeroCreate (5 - x.Strides.Length); x.Strides[2..] ]
    }

    /// Blocks of about `limit` flat places that together are all places.
    let blocks (axes: CorrelationAxis[]) limit : Block[] =
        let inner cut = axes[cut + 1 ..] |> Array.fold (fun n a -> n * (int64 a.Places + int64 a.Reach)) 1L

        // Whole from here on, one by one before it, in parts along it.
        let cut = Seq.find (fun cut -> inner cut <= int64 limit || cut = 3) (seq { 0..3 })
        let places = axes[cut].Places
        let parts = partsOf places (max 1 (int (int64 limit / inner cut)))
        let bound part = int (int64 places * int64 part / int64 parts)
        let before = axes[.. cut - 1] |> Array.map _.Places

        [|
            for n in 0 .. Shape.count before - 1 do
                let outer = Array.map2 (fun stride size -> n / stride % size) (Shape.strides before) before

                for part in 0 .. parts - 1 do
                    {
                        Start = Array.concat [ outer; [| bound part |]; Array.zeroCreate (3 - cut) ]
                        Extent =
                            Array.concat [
                                Array.replicate cut 1
                                [| bound (part + 1) - bound part |]
                                axes[cut + 1 ..] |> Array.map _.Places
                            ]
                    }
        |]

    // ---- Images ----

    /// The places of a block's image along an axis.
    let extent (axes: CorrelationAxis[]) (block: Block) a = block.Extent[a] + axes[a].Reach

    let private phaseSize axes block =
        seq { 0..3 } |> Seq.fold (fun n a -> n * int64 (extent axes block a)) 1L

    /// So many elements of working memory, as the length of an array. Throws where none is so long.
    let workLength (elements: int64) : int =
        if elements > Shape.MostElements then
            raise (
                ShapeException
                    $"convolve: {elements} elements of working memory are needed, more than the {Shape.MostElements} of one array. Use less dilation and padding, or fewer channels at a time."
            )

        int elements

    /// Elements in the image of a channel.
    let channelSize (axes: CorrelationAxis[]) block =
        axes |> Array.fold (fun n a -> n * int64 a.Phases.Length) (phaseSize axes block) |> workLength

    /// The places up to the last output, in flat order.
    let flatPlaces axes (block: Block) =
        let place n a = n * extent axes block a + block.Extent[a] - 1
        Seq.fold place 0 (seq { 0..3 }) + 1

    /// Which of n elements first + i*step exist, of `size`: from which on, and up to which.
    let inline existing first step n size =
        let low = if first >= 0 then 0 else min n (partsOf -first step)
        let high = if first >= size then 0L else (int64 size - int64 first + int64 step - 1L) / int64 step
        struct (low, max low (int (min (int64 n) high)))

    /// Elements that vectors may read beyond the end of an image.
    let spare<'T> () = max (4 * Vector<'T>.Count) (8 * Vector512<'T>.Count)

    /// So many lines of n elements, the first of which would be at `from` of the source, and the others `step` further on each; elements are
    /// `apart`. Lines are written as whole vectors: what is beyond the end of one is overwritten by the next.
    let inline private copyLines
        wide
        count
        (items: 'T[])
        from
        step
        apart
        n
        whole
        (exist: struct (int * int))
        mask
        (into: 'T[])
        start
        =
        // Elements that vectors of a line read, from where element 0 would be.
        let reach =
            if apart = 1 then whole
            elif apart = 2 && wide && Lines.hasEvens<'T>() then 2 * whole
            else Int32.MaxValue

        let last = items.Length - reach
        let mutable from, at = from, start

        for _ in 1..count do
            let target = &Tile.at into at

            if from < 0 || from > last then
                let struct (low, high) = exist
                Lines.between low high n items from apart &target
            elif apart = 1 then
                Lines.masked wide whole &(Tile.at items from) mask &target
            else
                Lines.maskedEvens whole &(Tile.at items from) mask &target

            from <- from + step
            at <- at + n

    let private copyWide count (items: 'T[]) from step apart n whole exist mask (into: 'T[]) start =
        optimised ()
        copyLines true count items from step apart n whole exist mask into start

    let private copyNarrow count (items: 'T[]) from step apart n whole exist mask (into: 'T[]) start =
        optimised ()
        copyLines false count items from step apart n whole exist mask into start

    let private copy count (items: 'T[]) from step apart n whole exist mask (into: 'T[]) start =
        if Vector512.IsHardwareAccelerated then
            copyWide count items from step apart n whole exist mask into start
        else
            copyNarrow count items from step apart n whole exist mask into start

    /// The image that a block's places read, of so many channels.
    let image (axes: CorrelationAxis[]) (block: Block) channels (source: Placement<'T>) (into: 'T[]) =
        let n0, n1 = extent axes block 0, extent axes block 1
        let n2, n3 = extent axes block 2, extent axes block 3
        let a1, a2, a3 = axes[1], axes[2], axes[3]
        let origin a = axes[a].First + block.Start[a] * axes[a].Step
        let o0, o1, o2, o3 = origin 0, origin 1, origin 2, origin 3
        let step0, step1, step2, step3 = source.Steps[0], source.Steps[1], source.Steps[2], source.Steps[3]
        let v = if Vector512.IsHardwareAccelerated then Vector512<'T>.Count else Vector<'T>.Count
        let whole = partsOf n3 v * v
        let exist = a3.Phases |> Array.map (fun phase -> existing (o3 + phase) a3.Step n3 a3.Size)
        let masks = exist |> Array.map (Lines.mask<'T> whole)
        let mutable at = 0

        for c in 0 .. channels - 1 do
            for p1 in a1.Phases do
                for p2 in a2.Phases do
                    let struct (low, high) = existing (o2 + p2) a2.Step n2 a2.Size

                    for p3 in 0 .. a3.Phases.Length - 1 do
                        let first = source.Offset + c * source.Channel + (o3 + a3.Phases[p3]) * step3

                        for i0 in 0 .. n0 - 1 do
                            for i1 in 0 .. n1 - 1 do
                                let s1 = o1 + i1 * a1.Step + p1
                                // Lines that exist.
                                let struct (low, high) =
                                    if s1 >= 0 && s1 < a1.Size then struct (low, high) else struct (0, 0)

                                into.AsSpan(at, low * n3).Clear()

                                if high > low then
                                    let from =
                                        first
                                        + (o0 + i0) * step0
                                        + s1 * step1
                                        + (o2 + low * a2.Step + p2) * step2

                                    let step, apart, start = a2.Step * step2, step3 * a3.Step, at + low * n3
                                    let count, exist, mask = high - low, exist[p3], masks[p3]

                                    copy count source.Items from step apart n3 whole exist mask into start

                                into.AsSpan(at + high * n3, (n2 - high) * n3).Clear()
                                at <- at + n2 * n3

        // Vectors may read a little beyond the end.
        Array.Clear(into, at, spare<'T>())

    /// The array for images of so many channels.
    let imageLength<'T> channels pitch = workLength (int64 channels * int64 pitch + int64 (spare<'T>()))

    let targets (axes: CorrelationAxis[]) : OutputPhase[] =
        axes
        |> Array.map _.Targets
        |> Array.fold
            (fun found next -> [|
                for target in found do
                    for struct (at, taps) in next do
                        { At = Array.append target.At [| at |]; Taps = Array.append target.Taps [| taps |] }
            |])
            [| { At = [||]; Taps = [||] } |]

    /// Where the taps of each channel begin in a block's image; and once more the last one.
    let table axes block channels (target: OutputPhase) : nativeint[] =
        let channel = channelSize axes block
        let size = int (phaseSize axes block)

        let starts =
            seq { 0..3 }
            |> Seq.fold
                (fun found a -> [|
                    for struct (phase, place) in found do
                        for tap in target.Taps[a] do
                            struct (phase * axes[a].Phases.Length + tap.Phase,
                                    place * extent axes block a + tap.Shift)
                |])
                [| struct (0, 0) |]
            |> Array.map (fun (struct (phase, place)) -> phase * size + place)

        let count = channels * starts.Length
        let all = Array.zeroCreate (if count = 0 then 0 else count + 1)

        for c in 0 .. channels - 1 do
            for t in 0 .. starts.Length - 1 do
                all[c * starts.Length + t] <- nativeint (c * channel + starts[t])

        if count > 0 then all[count] <- all[count - 1]
        all
