namespace Cotangent.Engines

// Sums of updates that meet in one place. They come one by one, so that no halves can be taken; of Float32, those of many
// are taken in Float64.

open System
open System.Buffers
open System.Numerics
open System.Numerics.Tensors
open Cotangent

module internal ScatterSums =

    /// Runs `body rowOfData rowOfResult` on all pairs of rows, the batches shared among the cores; a row is an inner run
    /// of elements. Before each batch, `start` gets the first row of its data.
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

        Strided.ranges batch (int64 batch * int64 outer * int64 count * int64 inner) (fun first last ->
            for b in first .. last - 1 do
                start (b * outer * size)

                for o in 0 .. outer - 1 do
                    let data = (b * outer + o) * size
                    let result = (b * outer + o) * count

                    for i in 0 .. count - 1 do
                        body (data + indices[b * count + i]) (result + i))

    let inline pairs batch outer size inner indices ([<InlineIfLambda>] body: int -> int -> unit) =
        pairsFrom ignore batch outer size inner indices body

    let addRows<'T when 'T :> INumberBase<'T>> batches outer size inner (found: int[]) (x: HostBuffer<'T>) =
        let x = Strided.contiguous x
        let y = Strided.allocate<'T>(batches * outer * size * inner)
        // A batch is cleared just before it is filled, while it lies in the cache.
        let clear row = Array.Clear(y, row * inner, outer * size * inner)
        let from, offset = x.Items, x.Offset

        if inner = 1 then
            pairsFrom clear batches outer size 1 found (fun a b -> y[a] <- y[a] + from[offset + b])
        elif inner > 1 then
            pairsFrom clear batches outer size inner found (fun a b ->
                let target = Span(y, a * inner, inner)
                let update = ReadOnlySpan(from, offset + b * inner, inner)
                TensorPrimitives.Add(Span.op_Implicit target, update, target))

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
            pairsFrom clear batches outer size 1 found (fun a b ->
                sums[a] <- sums[a] + float from[offset + b])
        elif inner > 1 then
            pairsFrom clear batches outer size inner found (fun a b ->
                addWide inner from (offset + b * inner) sums (a * inner))

        TensorPrimitives.ConvertTruncating(ReadOnlySpan(sums, 0, length), Span(y, 0, length))
        ArrayPool<float>.Shared.Return sums
        y

    /// Updates of one place that are added up one after the other in Float32; of more, in Float64.
    [<Literal>]
    let private Few = 64

    /// For each place of each batch the number, among those with many updates, of the place; -1 for the others. And how many
    /// they are.
    let private crowded batches size (found: int[]) : struct (int[] * int) =
        let count = if batches = 0 then 0 else found.Length / batches

        if count <= Few then
            struct ([||], 0)
        else
            let numbers = Array.zeroCreate<int>(batches * size)

            for b in 0 .. batches - 1 do
                for i in b * count .. (b + 1) * count - 1 do
                    let at = b * size + found[i]
                    numbers[at] <- numbers[at] + 1

            let mutable crowds = 0

            for at in 0 .. numbers.Length - 1 do
                if numbers[at] > Few then
                    numbers[at] <- crowds
                    crowds <- crowds + 1
                else
                    numbers[at] <- -1

            struct (numbers, crowds)

    /// Float32 in which some places have many updates: the sums of those are taken in Float64.
    let private addCrowds
        batches
        outer
        size
        inner
        (found: int[])
        (numbers: int[])
        crowds
        (x: HostBuffer<float32>)
        =
        let x = Strided.contiguous x
        let y = Strided.allocate<float32>(batches * outer * size * inner)
        Array.Clear y
        let sums = Array.zeroCreate<float>(crowds * outer * inner)
        let from, offset = x.Items, x.Offset
        let count = found.Length / batches

        Strided.ranges batches (int64 outer * int64 found.Length * int64 inner) (fun first last ->
            for b in first .. last - 1 do
                for o in 0 .. outer - 1 do
                    for i in 0 .. count - 1 do
                        let place = found[b * count + i]
                        let crowd = numbers[b * size + place]
                        let update = offset + ((b * outer + o) * count + i) * inner

                        if crowd < 0 then
                            let into = ((b * outer + o) * size + place) * inner

                            for k in 0 .. inner - 1 do
                                y[into + k] <- y[into + k] + from[update + k]
                        else
                            let into = (crowd * outer + o) * inner

                            for k in 0 .. inner - 1 do
                                sums[into + k] <- sums[into + k] + float from[update + k]

                    for place in 0 .. size - 1 do
                        let crowd = numbers[b * size + place]

                        if crowd >= 0 then
                            let into, at =
                                ((b * outer + o) * size + place) * inner, (crowd * outer + o) * inner

                            for k in 0 .. inner - 1 do
                                y[into + k] <- float32 sums[at + k])

        y

    let addSingles batches outer size inner (found: int[]) (x: HostBuffer<float32>) =
        if batches > 0 && found.Length / batches > Few && found.Length / batches / 4 >= size then
            // To count the updates would take longer than to take all sums in Float64.
            addDense batches outer size inner found x
        else
            let struct (numbers, crowds) = crowded batches size found

            if crowds = 0 then
                addRows batches outer size inner found x
            else
                addCrowds batches outer size inner found numbers crowds x
