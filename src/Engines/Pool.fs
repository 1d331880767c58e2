namespace Cotangent.Engines

// Max pooling: the largest element of each window, or where it is. Windows see their elements one tap after the other,
// many windows at a time: for each tap, the elements that they have there are copied side by side, and compared by
// vectors with the largest so far.

open System
open System.Buffers
open System.Numerics
open System.Numerics.Tensors
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent

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
            let low = if first >= 0 then 0 else min count[a] ((step - 1 - first) / step)
            let high = if first >= size then 0 else min count[a] ((size - first + step - 1) / step)
            struct (low, max low high, first)

        { Size = size; Windows = count[a]; Step = step; Taps = Array.init w.Size[a] tap }

    let private axes (w: Windows) =
        let count = w.Count
        let whole = { Size = 1; Windows = 1; Step = 1; Taps = [| struct (0, 1, 0) |] }
        Array.append (Array.replicate (3 - count.Length) whole) (Array.init count.Length (axis w count))

    /// Some rows of windows in a plane: the plane's elements begin at `Plane`, the rows' results at `Result`.
    [<Struct; NoComparison; NoEquality>]
    type private Rows = { Plane: int; Result: int; Outer: int; First: int; Count: int }

    /// Runs `body` on a function that hands out the blocks of rows of some of the planes.
    let inline private blocks
        (x: HostBuffer)
        (axes: Axis[])
        ([<InlineIfLambda>] body: ((Rows -> unit) -> unit) -> unit)
        =
        let a0, a1, a2 = axes[0], axes[1], axes[2]
        let plane = a0.Size * a1.Size * a2.Size
        let planes = x.Shape[0] * x.Shape[1]
        let rows = max 1 (Scratch<float>.Length / max 1 a2.Windows)

        Strided.ranges planes (int64 planes * int64 plane) (fun first last ->
            body (fun block ->
                for p in first .. last - 1 do
                    for i0 in 0 .. a0.Windows - 1 do
                        for i1 in 0..rows .. a1.Windows - 1 do
                            block {
                                Plane = x.Offset + p * plane
                                Result = ((p * a0.Windows + i0) * a1.Windows + i1) * a2.Windows
                                Outer = i0
                                First = i1
                                Count = min rows (a1.Windows - i1)
                            }))

    /// The longest block of rows.
    let private longest (axes: Axis[]) = max Scratch<float>.Length axes[2].Windows

    /// Copies `count` elements that lie `step` apart to `into`, from `at` on. May write some more behind them, which whoever
    /// comes later overwrites.
    let inline private copyStepped (x: 'T[]) (from: int) step (into: 'T[]) (at: int) (count: int) =
        if step = 1 then
            Array.Copy(x, from, into, at, count)
        else
            let mutable i = 0

            if step = 2 && sizeof<'T> = 4 then
                // Every other element of 32 bits is the lower half of 64.
                let w = Vector<uint32>.Count
                let last = min (into.Length - at - w) (min (count - 1) ((x.Length - from) / 2 - w))

                while i <= last do
                    let pairs = &Unsafe.As<'T, uint64>(&x[from + 2 * i])
                    let low = Vector.LoadUnsafe(&pairs)
                    let high = Vector.LoadUnsafe(&pairs, unativeint (w / 2))
                    Vector.StoreUnsafe(Vector.Narrow(low, high), &Unsafe.As<'T, uint32>(&into[at + i]))
                    i <- i + w

            while i < count do
                into[at + i] <- x[from + i * step]
                i <- i + 1

    /// Runs `body number` for each tap of a block's windows, in the order of their elements, when the elements are in
    /// place: `least` for windows that have none there.
    let inline private eachTap
        (axes: Axis[])
        (block: Rows)
        (x: 'T[])
        least
        (elements: 'T[])
        ([<InlineIfLambda>] body)
        =
        let a0, a1, a2 = axes[0], axes[1], axes[2]
        let mutable number = 0

        for struct (low0, high0, first0) in a0.Taps do
            for struct (low1, high1, first1) in a1.Taps do
                for struct (low2, high2, first2) in a2.Taps do
                    if block.Outer >= low0 && block.Outer < high0 then
                        for r in 0 .. block.Count - 1 do
                            let i1 = block.First + r
                            let at = r * a2.Windows

                            if i1 >= low1 && i1 < high1 then
                                let outer = first0 + block.Outer * a0.Step
                                let line = (outer * a1.Size + first1 + i1 * a1.Step) * a2.Size
                                let from = block.Plane + line + first2 + low2 * a2.Step
                                if low2 > 0 then Array.Fill(elements, least, at, low2)

                                if high2 > low2 then
                                    copyStepped x from a2.Step elements (at + low2) (high2 - low2)

                                if high2 < a2.Windows then
                                    Array.Fill(elements, least, at + high2, a2.Windows - high2)
                            else
                                Array.Fill(elements, least, at, a2.Windows)

                        body number

                    number <- number + 1

    let private values<'T when 'T :> INumber<'T>> (w: Windows) (least: 'T) (x: HostBuffer<'T>) : HostBuffer =
        let x = Strided.contiguous x
        let y = Strided.fresh<'T> x.DType (Array.append x.Shape[..1] w.Count)
        let axes = axes w
        Array.Fill(y.Items, least)

        blocks x axes (fun each ->
            let elements = ArrayPool<'T>.Shared.Rent(longest axes)

            each (fun block ->
                let n = block.Count * axes[2].Windows

                eachTap axes block x.Items least elements (fun _ ->
                    let best = Span(y.Items, block.Result, n)
                    TensorPrimitives.Max(ReadOnlySpan(elements, 0, n), Span.op_Implicit best, best)))

            ArrayPool<'T>.Shared.Return elements)

        y

    /// A position as the bits of an element, so that vectors of elements choose among positions.
    let inline private bits<'T> (position: int) : Vector<'T> =
        if sizeof<'T> = 4 then
            Vector.As<int, 'T>(Vector<int> position)
        else
            Vector.As<int64, 'T>(Vector<int64>(int64 position))

    /// Where elements are larger than the best so far: takes them, and their position. NaN is the largest: it is at most
    /// nothing, not even itself.
    let private choose<'T when 'T :> INumber<'T>>
        (elements: 'T[])
        (best: 'T[])
        (positions: 'T[])
        count
        (position: int)
        =
        let w = Vector<'T>.Count
        let here = bits<'T> position
        let mutable i = 0

        while i < count do
            let e, b, p = Vector<'T>(elements, i), Vector<'T>(best, i), Vector<'T>(positions, i)
            let larger = Vector.AndNot(Vector.Equals(b, b), Vector.LessThanOrEqual(e, b))
            Vector.ConditionalSelect(larger, e, b).CopyTo(best, i)
            Vector.ConditionalSelect(larger, here, p).CopyTo(positions, i)
            i <- i + w

    /// y <- positions, moved by as much as each window is from the first one of the block, and that from the plane.
    let private place<'T when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType>
        (positions: 'T[])
        (offsets: int[])
        (first: int)
        (y: Span<int>)
        =
        if sizeof<'T> = 4 then
            let found = MemoryMarshal.Cast<'T, int>(ReadOnlySpan positions).Slice(0, y.Length)
            TensorPrimitives.Add(found, ReadOnlySpan(offsets, 0, y.Length), y)
            TensorPrimitives.Add(Span.op_Implicit y, first, y)
        else
            let found = MemoryMarshal.Cast<'T, int64>(ReadOnlySpan positions)

            for i in 0 .. y.Length - 1 do
                y[i] <- int found[i] + offsets[i] + first

    let private positions<'T
        when 'T: struct and 'T: (new: unit -> 'T) and 'T :> ValueType and 'T :> INumber<'T>>
        (w: Windows)
        (least: 'T)
        (x: HostBuffer<'T>)
        : HostBuffer =
        let x = Strided.contiguous x
        let y = Strided.fresh<int> DType.Int32 (Array.append x.Shape[..1] w.Count)
        let axes = axes w
        let a0, a1, a2 = axes[0], axes[1], axes[2]

        /// The first tap at which a window has an element, along an axis.
        let first (a: Axis) i =
            let k = a.Taps |> Array.tryFindIndex (fun struct (low, high, _) -> i >= low && i < high)
            defaultArg k 0

        let firsts = axes |> Array.map (fun a -> Array.init a.Windows (first a))

        /// Where window 0 has the element of a tap.
        let places = [|
            for struct (_, _, first0) in a0.Taps do
                for struct (_, _, first1) in a1.Taps do
                    for struct (_, _, first2) in a2.Taps -> (first0 * a1.Size + first1) * a2.Size + first2
        |]

        /// How far a window of a block is from its first one.
        let offsets =
            Array.init (longest axes) (fun i ->
                (i / a2.Windows * a1.Step * a2.Size) + i % a2.Windows * a2.Step)

        blocks x axes (fun each ->
            let rent () = ArrayPool<'T>.Shared.Rent(longest axes + Vector<'T>.Count)
            let elements, best, found = rent (), rent (), rent ()

            each (fun block ->
                let n = block.Count * a2.Windows
                Array.Fill(best, least, 0, n)

                for r in 0 .. block.Count - 1 do
                    let outer =
                        (firsts[0][block.Outer] * a1.Taps.Length + firsts[1][block.First + r])
                        * a2.Taps.Length

                    for i in 0 .. a2.Windows - 1 do
                        found[r * a2.Windows + i] <- (bits<'T> places[outer + firsts[2][i]]).[0]

                eachTap axes block x.Items least elements (fun number ->
                    choose elements best found n places[number])

                let line = (block.Outer * a0.Step * a1.Size + block.First * a1.Step) * a2.Size
                place found offsets line (Span(y.Items, block.Result, n)))

            for rented in [| elements; best; found |] do
                ArrayPool<'T>.Shared.Return rented)

        y

    let rec maxPool (maximum: Maximum) (w: Windows) (x: HostBuffer) : HostBuffer =
        match x.DType with
        | DType.Float32 ->
            let x = x :?> HostBuffer<float32>

            match maximum with
            | Maximum.Value -> values w Single.NegativeInfinity x
            | Maximum.Position -> positions w Single.NegativeInfinity x
        | DType.Float64 ->
            let x = x :?> HostBuffer<float>

            match maximum with
            | Maximum.Value -> values w Double.NegativeInfinity x
            | Maximum.Position -> positions w Double.NegativeInfinity x
        | DType.BFloat16
        | DType.Float16 ->
            let y = maxPool maximum w (Convert.widen x)

            match maximum with
            | Maximum.Value -> Convert.buffer x.DType y
            | Maximum.Position -> y
        | DType.Int32
        | DType.Int64
        | DType.Bool ->
            raise (DTypeException $"maxPool is not defined on {x.DType}; convert to a float first.")
