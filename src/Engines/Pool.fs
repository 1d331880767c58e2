namespace Cotangent.Engines

// Max pooling: the largest element of each window, or where it is. Windows see their elements one tap after the other,
// many windows at a time: for each tap, the elements that they have there are copied side by side, and compared by
// vectors with the largest so far.

open System
open System.Buffers
open System.Numerics
open System.Numerics.Tensors
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
                                let mutable from = block.Plane + line + first2 + low2 * a2.Step
                                if low2 > 0 then Array.Fill(elements, least, at, low2)

                                for i in at + low2 .. at + high2 - 1 do
                                    elements[i] <- x[from]
                                    from <- from + a2.Step

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

    /// Where elements are larger than the best so far: takes them, and the tap's number. NaN is the largest: it is at
    /// most nothing, not even itself.
    let private choose<'T when 'T :> INumber<'T>>
        (elements: 'T[])
        (best: 'T[])
        (taps: 'T[])
        count
        (number: 'T)
        =
        let w = Vector<'T>.Count
        let numbers = Vector<'T> number
        let mutable i = 0

        while i < count do
            let e, b, t = Vector<'T>(elements, i), Vector<'T>(best, i), Vector<'T>(taps, i)
            let larger = Vector.AndNot(Vector.Equals(b, b), Vector.LessThanOrEqual(e, b))
            Vector.ConditionalSelect(larger, e, b).CopyTo(best, i)
            Vector.ConditionalSelect(larger, numbers, t).CopyTo(taps, i)
            i <- i + w

    let private positions<'T when 'T :> INumber<'T>>
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

        blocks x axes (fun each ->
            let rent () = ArrayPool<'T>.Shared.Rent(longest axes + Vector<'T>.Count)
            let elements, best, taps = rent (), rent (), rent ()

            each (fun block ->
                let n = block.Count * a2.Windows
                Array.Fill(best, least, 0, n)

                for r in 0 .. block.Count - 1 do
                    let outer =
                        (firsts[0][block.Outer] * a1.Taps.Length + firsts[1][block.First + r])
                        * a2.Taps.Length

                    for i in 0 .. a2.Windows - 1 do
                        taps[r * a2.Windows + i] <- 'T.CreateTruncating(outer + firsts[2][i])

                eachTap axes block x.Items least elements (fun number ->
                    choose elements best taps n ('T.CreateTruncating number))

                for r in 0 .. block.Count - 1 do
                    let line = (block.Outer * a0.Step * a1.Size + (block.First + r) * a1.Step) * a2.Size

                    for i in 0 .. a2.Windows - 1 do
                        let tap = Int32.CreateTruncating taps[r * a2.Windows + i]
                        y.Items[block.Result + r * a2.Windows + i] <- places[tap] + line + i * a2.Step)

            for rented in [| elements; best; taps |] do
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
