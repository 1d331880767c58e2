namespace Cotangent.Engines

// Max pooling: the largest element of each window, and where it is. Windows see their elements one tap after the other,
// as many neighbours at a time as a vector has lanes: it takes the elements that they have at a tap, next to each other or
// every other one, and compares them with the largest so far.

open System
open System.Numerics
open System.Runtime.CompilerServices
open Cotangent
open Cotangent.Engines.Tile
open Cotangent.Inlined // in place of functions of Array and List

module internal Pool =

    /// One spatial axis.
    [<NoComparison; NoEquality>]
    type private Axis = {
        Size: int
        Windows: int
        Step: int
        /// For each k, from which on and up to which windows have an element there, and where window 0 would have it.
        Taps: struct (int * int * int)[]
    }

    let private axis (w: Windows) (count: int[]) a =
        let step, size = w.Step[a], w.Full[a]

        let tap k =
            let first = k * w.Dilation[a] - w.Before[a]
            let low = if first >= 0 then 0 else min count[a] (partsOf -first step)
            let high = if first >= size then 0 else min count[a] (partsOf (size - first) step)
            struct (low, max low high, first)

        { Size = size; Windows = count[a]; Step = step; Taps = Array.init w.Size[a] tap }

    let private axes (w: Windows) =
        let count = w.Count
        let whole = { Size = 1; Windows = 1; Step = 1; Taps = [| struct (0, 1, 0) |] }
        Array.append (Array.replicate (3 - count.Length) whole) (Array.init count.Length (axis w count))

    /// The windows along the innermost axis for one place along the others.
    [<NoComparison; NoEquality>]
    type private Row = {
        Axis: Axis
        /// Where the lines of elements that they cover begin in a plane, in order.
        Lines: int[]
        /// Where window 0 would have the element of each tap, in order.
        Taps: int[]
        /// From which window on and up to which all taps have elements.
        First: int
        Last: int
    }

    /// The rows of a plane.
    let private rows (axes: Axis[]) : Row[] =
        let outer, middle, inner = axes[0], axes[1], axes[2]

        let along (a: Axis) i = [
            for struct (low, high, first) in a.Taps do
                if i >= low && i < high then first + i * a.Step
        ]

        let first = inner.Taps |> Seq.map (fun (struct (low, _, _)) -> low) |> Seq.fold max 0
        let last = inner.Taps |> Seq.map (fun (struct (_, high, _)) -> high) |> Seq.fold min inner.Windows

        [|
            for i in 0 .. outer.Windows - 1 do
                for j in 0 .. middle.Windows - 1 do
                    let lines = [|
                        for a in along outer i do
                            for b in along middle j -> (a * middle.Size + b) * inner.Size
                    |]

                    {
                        Axis = inner
                        Lines = lines
                        Taps = [|
                            for line in lines do
                                for struct (_, _, first) in inner.Taps -> line + first
                        |]
                        First = first
                        Last = last
                    }
        |]

    /// The elements of as many neighbouring windows as a vector has lanes, from the first's on. `few` has room for them.
    let inline private lanes (x: 'T[]) (from: int) (step: int) (few: 'T[]) : Vector<'T> =
        if step = 1 then
            load &(at x from) 0n
        elif step = 2 && sizeof<'T> = 4 then
            // Every other element of 32 bits is the lower half of 64.
            let pairs = &Unsafe.As<'T, uint64>(&at x from)
            Vector.Narrow(load &pairs 0n, load &pairs (nativeint Vector<uint64>.Count)).As<uint32, 'T>()
        else
            for i in 0 .. few.Length - 1 do
                few[i] <- x[from + i * step]

            load &(at few 0) 0n

    /// Some rows of all planes: the planes, the results of which range they are, and room for the lanes of a vector.
    [<Struct; NoComparison; NoEquality>]
    type private Part<'T> = { Plane: int; Result: int; End: int; Few: 'T[] }

    /// Runs `several` on the first window of each group that a vector can take, and `one` on each of the others. The
    /// results of a group may reach into the next row, whose own come later, but not beyond the part.
    let inline private eachWindow<'T>
        (row: Row)
        (part: Part<'T>)
        (length: int)
        ([<InlineIfLambda>] several: int -> unit)
        ([<InlineIfLambda>] one: int -> unit)
        =
        let w = Vector<'T>.Count
        let step = row.Axis.Step
        let mutable j = 0

        if row.Taps.Length > 0 then
            let reach = part.Plane + row.Taps[row.Taps.Length - 1]

            while j < row.First do
                one j
                j <- j + 1

            // In 64 bits, since steps may be as long as an axis.
            let room = (int64 length - int64 reach) / int64 step
            let last = min (row.Last - 1) (int (room - int64 w)) |> min (part.End - part.Result - w)

            while j <= last do
                several j
                j <- j + w

            j <- min j (max row.First row.Last)

        while j < row.Axis.Windows do
            one j
            j <- j + 1

    /// Runs `body` on the rows of all planes of x.
    let inline private eachRow
        (x: HostBuffer<'T>)
        (axes: Axis[])
        ([<InlineIfLambda>] body: Row -> Part<'T> -> unit)
        =
        let plane = axes |> Array.fold (fun n a -> n * a.Size) 1
        let planes = x.Shape[0] * x.Shape[1]
        let rows = rows axes
        let windows = axes[2].Windows

        Strided.ranges planes (int64 planes * int64 plane) (fun first last ->
            optimised ()
            let few = Array.zeroCreate<'T> Vector<'T>.Count

            for p in first .. last - 1 do
                for r in 0 .. rows.Length - 1 do
                    body rows[r] {
                        Plane = x.Offset + p * plane
                        Result = (p * rows.Length + r) * windows
                        End = last * rows.Length * windows
                        Few = few
                    })

    /// A position as the bits of an element, so that vectors of elements choose among positions.
    let inline private bits<'T> (position: int) : Vector<'T> =
        if sizeof<'T> = 4 then
            Vector.As<int, 'T>(Vector<int> position)
        else
            Vector.As<int64, 'T>(Vector<int64>(int64 position))

    let private pooled<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (w: Windows)
        (x: HostBuffer<'T>)
        : HostBuffer[] =
        let x = Strided.contiguous x
        let shape = Array.append x.Shape[..1] w.Count
        let largest = Strided.fresh<'T> x.DType shape
        let y = Strided.fresh<int> DType.Int32 shape
        let from, values, into = x.Items, largest.Items, y.Items

        // An element takes the place of the best so far where it is larger. NaN is the largest: it is at most nothing,
        // not even itself.
        eachRow x (axes w) (fun row part ->
            let step = row.Axis.Step

            eachWindow
                row
                part
                from.Length
                (fun j ->
                    let taps = row.Taps
                    let mutable best = lanes from (part.Plane + taps[0] + j * step) step part.Few
                    let mutable found = bits<'T> taps[0]

                    for i in 1 .. taps.Length - 1 do
                        let e = lanes from (part.Plane + taps[i] + j * step) step part.Few
                        let isReal = Vector.Equals(best, best)
                        let larger = Vector.AndNot(isReal, Vector.LessThanOrEqual(e, best))
                        best <- Vector.ConditionalSelect(larger, e, best)
                        found <- Vector.ConditionalSelect(larger, bits<'T> taps[i], found)

                    put best &(at values (part.Result + j)) 0n

                    // The other windows of the vector have theirs steps away.
                    if sizeof<'T> = 4 then
                        let places = Vector.As<'T, int> found
                        let away = Vector<int>.Indices * step + Vector<int>(j * step)
                        put (places + away) &(at into (part.Result + j)) 0n
                    else
                        let places = Vector.As<'T, int64> found

                        for i in 0 .. Vector<int64>.Count - 1 do
                            into[part.Result + j + i] <- int places[i] + (j + i) * step)
                (fun j ->
                    let mutable best = Unchecked.defaultof<'T>
                    let mutable found = -1

                    for line in row.Lines do
                        for struct (low, high, first) in row.Axis.Taps do
                            if j >= low && j < high then
                                let place = line + first + j * step
                                let e = from[part.Plane + place]

                                if
                                    found < 0
                                    || not ('T.IsNaN best) && not ('T.op_LessThanOrEqual (e, best))
                                then
                                    best <- e
                                    found <- place

                    values[part.Result + j] <- best
                    into[part.Result + j] <- found))

        [| largest; y |]

    /// The largest elements, and their positions.
    let rec maxPool (w: Windows) (x: HostBuffer) : HostBuffer[] =
        match x.DType.Storage with
        | Storage.Float32 -> pooled w (x :?> HostBuffer<float32>)
        | Storage.Float64 -> pooled w (x :?> HostBuffer<float>)
        | Storage.BFloat16
        | Storage.Float16 ->
            let found = maxPool w (Convert.widen x)
            [| Convert.buffer x.DType found[0]; found[1] |]
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 ->
            raise (DTypeException $"maxPool is not defined on {x.DType}; convert to a float first.")
