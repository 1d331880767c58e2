namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// A strided view of the memory of a slot.
[<NoComparison>]
type internal View = { Slot: int; Offset: int; Shape: int[]; Strides: int[] }

/// How the position along each axis of a value follows from the position in a loop nest: Start + Σ Steps[k]·iₖ.
[<NoComparison>]
type internal Place = { Start: int; Steps: int[] }

/// The arithmetic of views: what an operation that only moves elements does to strides and positions.
module internal Layout =
    let contiguous slot (shape: int[]) : View = {
        Slot = slot
        Offset = 0
        Shape = shape
        Strides = Shape.strides shape
    }

    let isContiguous (v: View) =
        Shape.count v.Shape <= 1
        || (let expected = Shape.strides v.Shape

            Range.forall v.Shape.Length (fun i -> v.Shape[i] = 1 || v.Strides[i] = expected[i]))

    /// Whether the elements are all that lies between the first and the last, in any order of axes.
    let isDense (v: View) =
        let mutable step = 1
        let mutable isDense = true

        for axis in
            Seq.init v.Shape.Length id
            |> Seq.filter (fun a -> v.Shape[a] <> 1)
            |> Seq.sortBy (fun a -> v.Strides[a]) do
            isDense <- isDense && v.Strides[axis] = step
            step <- step * v.Shape[axis]

        isDense

    /// Which axes of two shapes of equal size belong together: consecutive groups (first axis, axes; first axis, axes)
    /// of equal products, as small as possible.
    let private groups (source: int[]) (target: int[]) : struct (int * int * int * int)[] =
        let found = ResizeArray()
        let mutable i = 0
        let mutable j = 0

        while i < source.Length || j < target.Length do
            let i0, j0 = i, j
            let mutable a = 1L
            let mutable b = 1L

            if i < source.Length then
                a <- int64 source[i]
                i <- i + 1

            if j < target.Length then
                b <- int64 target[j]
                j <- j + 1

            while a <> b do
                if a < b then
                    if i < source.Length then
                        a <- a * int64 source[i]
                        i <- i + 1
                    else
                        // Only ones are left over there.
                        b <- a
                elif j < target.Length then
                    b <- b * int64 target[j]
                    j <- j + 1
                else
                    a <- b

            found.Add(struct (i0, i - i0, j0, j - j0))

        found.ToArray()

    /// The view under another shape; ValueNone where its elements are not evenly spaced for that.
    let tryReshape (target: int[]) (v: View) : View voption =
        if Shape.count v.Shape = 0 then
            ValueSome { v with Shape = target; Strides = Shape.strides target }
        else
            let strides = Array.zeroCreate target.Length
            let mutable works = true

            for struct (i0, axes, j0, targets) in groups v.Shape target do
                let real = [|
                    for i in i0 .. i0 + axes - 1 do
                        if v.Shape[i] <> 1 then i
                |]

                // The group must be one run: each axis spans the one after it.
                for k in 0 .. real.Length - 2 do
                    if v.Strides[real[k]] <> v.Strides[real[k + 1]] * v.Shape[real[k + 1]] then works <- false

                let mutable step = if real.Length = 0 then 0 else v.Strides[real[real.Length - 1]]

                for j in j0 + targets - 1 .. -1 .. j0 do
                    strides[j] <- step
                    step <- step * target[j]

            if works then ValueSome { v with Shape = target; Strides = strides } else ValueNone

    let permute (order: int[]) (v: View) = {
        v with
            Shape = order |> Array.map (fun a -> v.Shape[a])
            Strides = order |> Array.map (fun a -> v.Strides[a])
    }

    let broadcast (target: int[]) (v: View) =
        let added = target.Length - v.Shape.Length

        {
            v with
                Shape = target
                Strides =
                    Array.init target.Length (fun i ->
                        if i < added || v.Shape[i - added] <> target[i] then 0 else v.Strides[i - added])
        }

    let slice (region: Region) (v: View) = {
        v with
            Offset =
                v.Offset + Array.fold2 (fun sum start stride -> sum + start * stride) 0 region.Start v.Strides
            Shape = region.Count
            Strides = Array.map2 (*) region.Step v.Strides
    }

    // ---- Places ----

    let origin axes = { Start = 0; Steps = Array.zeroCreate axes }

    /// The position in the nest's axes themselves.
    let identity (axes: int) (count: int) : Place[] =
        Array.init count (fun a -> { Start = 0; Steps = Array.init axes (fun k -> if k = a then 1 else 0) })

    let private scaled factor (p: Place) = {
        Start = p.Start * factor
        Steps = p.Steps |> Array.map ((*) factor)
    }

    let private sum (a: Place) (b: Place) = {
        Start = a.Start + b.Start
        Steps = Array.map2 (+) a.Steps b.Steps
    }

    let placesOfPermute (order: int[]) (places: Place[]) : Place[] =
        let result = Array.zeroCreate places.Length
        order |> Array.iteri (fun j a -> result[a] <- places[j])
        result

    let placesOfBroadcast axes (source: int[]) (target: int[]) (places: Place[]) : Place[] =
        let added = target.Length - source.Length

        source
        |> Array.mapi (fun i n -> if n = 1 && target[i + added] <> 1 then origin axes else places[i + added])

    let placesOfSlice (region: Region) (places: Place[]) : Place[] =
        places
        |> Array.mapi (fun a p ->
            let p = scaled region.Step[a] p
            { p with Start = p.Start + region.Start[a] })

    /// Whether positions before a reshape follow linearly from those after it: axes are only joined, not split.
    let joins (source: int[]) (target: int[]) =
        Shape.count source > 0
        && groups source target
           |> Array.forall (fun (struct (i0, axes, _, _)) ->
               (Range.filter axes (fun i -> source[i0 + i] <> 1)).Length <= 1)

    let placesOfReshape axes (source: int[]) (target: int[]) (places: Place[]) : Place[] =
        let result = Array.create source.Length (origin axes)

        for struct (i0, count, j0, targets) in groups source target do
            for i in i0 .. i0 + count - 1 do
                if source[i] <> 1 then
                    let mutable step = 1
                    let mutable total = origin axes

                    for j in j0 + targets - 1 .. -1 .. j0 do
                        total <- sum total (scaled step places[j])
                        step <- step * target[j]

                    result[i] <- total

        result

    /// Where a nest reads a view at these positions.
    let access axes (v: View) (places: Place[]) : Access =
        let mutable offset = v.Offset
        let strides = Array.zeroCreate axes

        for a in 0 .. places.Length - 1 do
            if v.Shape[a] <> 1 then
                offset <- offset + v.Strides[a] * places[a].Start

                for k in 0 .. axes - 1 do
                    strides[k] <- strides[k] + v.Strides[a] * places[a].Steps[k]

        { Slot = v.Slot; Offset = offset; Strides = strides }
