namespace Cotangent.Engines

// Sums of updates that meet in one place. They come one by one, so that no halves can be taken; of Float32, those of many
// are taken in Float64.

open System
open System.Buffers
open System.Numerics
open System.Numerics.Tensors
open Cotangent
open Cotangent.Engines.Tile

module internal ScatterSums =

    /// Runs `body data first result` for the rows of data and of results that each line of indices, from the first on, tells of;
    /// a row is an inner run of elements. The batches are shared among the cores; before each, `start` gets the first row of
    /// its data.
    let inline linesFrom
        ([<InlineIfLambda>] start: int -> unit)
        batch
        outer
        size
        inner
        (indices: int[])
        ([<InlineIfLambda>] body: int -> int -> int -> unit)
        =
        let count = if batch = 0 then 0 else indices.Length / batch

        Strided.ranges batch (int64 batch * int64 outer * int64 count * int64 inner) (fun first last ->
            optimised ()

            for b in first .. last - 1 do
                start (b * outer * size)

                for o in 0 .. outer - 1 do
                    body ((b * outer + o) * size) (b * count) ((b * outer + o) * count))

    /// Runs `body rowOfData rowOfResult` on all pairs of rows.
    let inline pairsFrom
        ([<InlineIfLambda>] start: int -> unit)
        batch
        outer
        size
        inner
        (indices: int[])
        ([<InlineIfLambda>] body: int -> int -> unit)
        =
        let count = if batch = 0 then 0 else indices.Length / batch

        linesFrom start batch outer size inner indices (fun data first result ->
            for i in 0 .. count - 1 do
                body (data + indices[first + i]) (result + i))

    let inline pairs batch outer size inner indices ([<InlineIfLambda>] body: int -> int -> unit) =
        pairsFrom ignore batch outer size inner indices body

    /// The same where rows are single elements: `body` gets the line of data, the place in it, and the element. What has been
    /// found is looked up with a check, everything else without.
    let inline private meet
        ([<InlineIfLambda>] start: int -> unit)
        batches
        outer
        size
        (found: int[])
        (y: 'Y[])
        (x: 'T[])
        offset
        ([<InlineIfLambda>] join: 'Y -> 'T -> 'Y)
        =
        let count = if batches = 0 then 0 else found.Length / batches

        linesFrom start batches outer size 1 found (fun data first result ->
            let places = ReadOnlySpan(found, first, count)
            let updates = ReadOnlySpan(x, offset + result, count)
            let y = Span(y, data, size)
            let mutable i = 0

            // Both conditions, so that neither is checked again.
            while i < places.Length && i < updates.Length do
                let target = &y[places[i]]
                target <- join target updates[i]
                i <- i + 1)

    /// One number that is seen through a whole shape, or none such.
    let private same (x: HostBuffer<'T>) : 'T voption =
        if x.Shape.Length = 1 && x.Strides[0] = 0 && x.Shape[0] > 0 then
            ValueSome x.Items[x.Offset]
        else
            ValueNone

    /// The last element for each place, of lines of single elements.
    let keepLast (clear: int -> unit) batches outer size (found: int[]) (x: HostBuffer<'T>) (y: 'T[]) =
        optimised ()

        match same x with
        | ValueSome value when batches = 1 && outer = 1 ->
            clear 0
            let y = Span(y, 0, size)

            for place in ReadOnlySpan found do
                y[place] <- value
        | _ ->
            let x = Strided.contiguous x
            meet clear batches outer size found y x.Items x.Offset (fun _ update -> update)

    let addRows<'T when 'T :> INumberBase<'T>> batches outer size inner (found: int[]) (x: HostBuffer<'T>) =
        optimised ()
        let y = Strided.allocate<'T>(batches * outer * size * inner)
        // A batch is cleared just before it is filled, while it lies in the cache.
        let clear row = Array.Clear(y, row * inner, outer * size * inner)

        match same x with
        | ValueSome value when inner = 1 && batches = 1 && outer = 1 ->
            clear 0
            let y = Span(y, 0, size)

            for place in ReadOnlySpan found do
                y[place] <- y[place] + value
        | _ when inner = 1 ->
            let x = Strided.contiguous x
            meet clear batches outer size found y x.Items x.Offset (fun sum update -> sum + update)
        | _ ->
            let x = Strided.contiguous x
            let from, offset = x.Items, x.Offset

            if inner > 1 then
                pairsFrom clear batches outer size inner found (fun a b ->
                    let target = Span(y, a * inner, inner)
                    let update = ReadOnlySpan(from, offset + b * inner, inner)
                    RowMath.Add(Span.op_Implicit target, update, target))

        y

    /// Adds n numbers from `offset` to sums in Float64.
    let inline private addWide n (x: float32[]) offset (sums: float[]) into =
        let w = Vector<float32>.Count
        let v = Vector<float>.Count
        let mutable k = 0

        while k <= n - w do
            let mutable low = Vector<float>.Zero
            let mutable high = Vector<float>.Zero
            Vector.Widen(Vector<float32>(x, offset + k), &low, &high)
            let at = into + k
            (Vector<float>(sums, at) + low).CopyTo(sums, at)
            (Vector<float>(sums, at + v) + high).CopyTo(sums, at + v)
            k <- k + w

        while k < n do
            sums[into + k] <- sums[into + k] + float x[offset + k]
            k <- k + 1

    /// The sums of Float32 that meet in one place, in Float64 on the way: they have no halves to be taken in.
    let private addDense batches outer size inner (found: int[]) (x: HostBuffer<float32>) =
        let x = Strided.contiguous x
        let length = batches * outer * size * inner
        let y = Strided.allocate<float32> length
        let sums = ArrayPool<float>.Shared.Rent length
        let clear row = Array.Clear(sums, row * inner, outer * size * inner)
        let from, offset = x.Items, x.Offset

        if inner = 1 then
            meet clear batches outer size found sums from offset (fun sum update -> sum + float update)
        elif inner > 1 then
            pairsFrom clear batches outer size inner found (fun a b ->
                addWide inner from (offset + b * inner) sums (a * inner))

        TensorPrimitives.ConvertTruncating(ReadOnlySpan(sums, 0, length), Span(y, 0, length))
        ArrayPool<float>.Shared.Return sums
        y

    /// Updates of one place that are added up one after the other in Float32; of more, in Float64.
    [<Literal>]
    let private Few = 64

    /// Counts the updates of each of a batch's places, modulo 256, and says whether any place has many.
    let private isCrowded (found: ReadOnlySpan<int>) (counts: Span<byte>) =
        optimised ()
        counts.Clear()
        let mutable most = 0

        for place in found do
            let count = int counts[place] + 1
            counts[place] <- byte count
            most <- max most count

        most > Few

    /// The same, and adds the updates of single elements up on the way, for what comes of it where no place is crowded.
    let private addCounting
        (found: ReadOnlySpan<int>)
        (counts: Span<byte>)
        (from: ReadOnlySpan<float32>)
        (y: Span<float32>)
        =
        optimised ()
        counts.Clear()
        let mutable most = 0
        let mutable i = 0

        // Both conditions, so that neither is checked again.
        while i < found.Length && i < from.Length do
            let place = found[i]
            let count = int counts[place] + 1
            counts[place] <- byte count
            most <- max most count
            y[place] <- y[place] + from[i]
            i <- i + 1

        most > Few

    /// Numbers the places with many updates; -1 for the others. And how many they are.
    let private crowds size (found: ReadOnlySpan<int>) : struct (int[] * int) =
        let numbers = Array.zeroCreate<int> size

        for place in found do
            numbers[place] <- numbers[place] + 1

        let mutable crowds = 0

        for place in 0 .. size - 1 do
            if numbers[place] > Few then
                numbers[place] <- crowds
                crowds <- crowds + 1
            else
                numbers[place] <- -1

        struct (numbers, crowds)

    /// One batch, from its first rows on, in which some places have many updates: the sums of those are taken in Float64.
    let private addCrowds
        outer
        size
        inner
        (found: ReadOnlySpan<int>)
        (from: ReadOnlySpan<float32>)
        (y: Span<float32>)
        =
        let struct (numbers, crowds) = crowds size found
        let sums = Array.zeroCreate<float>(crowds * inner)

        for o in 0 .. outer - 1 do
            Array.Clear sums

            for i in 0 .. found.Length - 1 do
                let place = found[i]
                let crowd = numbers[place]
                let update = (o * found.Length + i) * inner

                if crowd < 0 then
                    let into = (o * size + place) * inner

                    for k in 0 .. inner - 1 do
                        y[into + k] <- y[into + k] + from[update + k]
                else
                    for k in 0 .. inner - 1 do
                        sums[crowd * inner + k] <- sums[crowd * inner + k] + float from[update + k]

            for place in 0 .. size - 1 do
                if numbers[place] >= 0 then
                    for k in 0 .. inner - 1 do
                        y[(o * size + place) * inner + k] <- float32 sums[numbers[place] * inner + k]

    /// Float32, in Float64 the sums of places with many updates. Batches are counted as they come, while they lie in the cache.
    let private addCounted batches outer size inner (found: int[]) (x: HostBuffer<float32>) =
        let x = Strided.contiguous x
        let y = Strided.allocate<float32>(batches * outer * size * inner)
        let count = found.Length / batches
        let target, update = outer * size * inner, outer * count * inner

        Strided.ranges batches (int64 outer * int64 found.Length * int64 inner) (fun first last ->
            optimised ()
            let counts = ArrayPool<byte>.Shared.Rent size

            for b in first .. last - 1 do
                let found = ReadOnlySpan(found, b * count, count)
                let from = ReadOnlySpan(x.Items, x.Offset + b * update, update)
                let y = Span(y, b * target, target)
                y.Clear()

                if outer = 1 && inner = 1 then
                    if addCounting found (Span(counts, 0, size)) from y then
                        y.Clear()
                        addCrowds outer size inner found from y
                elif isCrowded found (Span(counts, 0, size)) then
                    addCrowds outer size inner found from y
                elif inner = 1 then
                    for o in 0 .. outer - 1 do
                        let y = y.Slice(o * size, size)
                        let from = from.Slice(o * count, count)
                        let mutable i = 0

                        while i < found.Length && i < from.Length do
                            let sum = &y[found[i]]
                            sum <- sum + from[i]
                            i <- i + 1
                else
                    for o in 0 .. outer - 1 do
                        for i in 0 .. count - 1 do
                            let row = y.Slice((o * size + found[i]) * inner, inner)

                            RowMath.Add(
                                Span.op_Implicit row,
                                from.Slice((o * count + i) * inner, inner),
                                row
                            )

            ArrayPool<byte>.Shared.Return counts)

        y

    let addSingles batches outer size inner (found: int[]) (x: HostBuffer<float32>) =
        let count = if batches = 0 then 0 else found.Length / batches

        if count <= Few then
            addRows batches outer size inner found x
        elif count / 4 >= size then
            // To count the updates would take longer than to take all sums in Float64.
            addDense batches outer size inner found x
        else
            addCounted batches outer size inner found x
