namespace Cotangent.Engines

// Folding axes into one element: sums and extremes.
//
// A sum of n floats added one after the other has an error that grows with n; added pairwise, in a binary
// tree, with log n (N. Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14(4), 1993).
// Here the leaves of the tree are short runs, summed by SIMD, and the tree is climbed like a binary counter:
// the sum of 2ⁱ leaves waits at level i until a second one carries it to level i + 1. The leaves are rows of
// numbers where an outer axis is reduced, single numbers where an inner one is. Which elements meet in which
// leaf depends on shape and strides alone.

open System
open System.Numerics
open System.Runtime.CompilerServices
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

module internal Reduce =

    /// Elements in a leaf along the reduced axis when rows are added up, and in a leaf of one row.
    [<Literal>]
    let private LeafRows = 16

    [<Literal>]
    let private LeafElements = 256

    /// More levels than 2³¹ elements can fill.
    [<Literal>]
    let private Levels = 32

    /// There is no extreme of nothing.
    let refuseEmpty (kind: Reduction) (shape: int[]) =
        raise (
            ShapeException
                $"{(string kind).ToLowerInvariant()}: shape {Shape.show shape} has no elements along the axes to \
                  reduce, so there is none to return. Test the size first."
        )

    let private fold<'T when 'T :> INumber<'T>> (kind: Reduction) (into: Span<'T>) (x: ReadOnlySpan<'T>) =
        match kind with
        | Reduction.Sum -> RowMath.Add(x, Span.op_Implicit into, into)
        | Reduction.Max -> RowMath.Max(x, Span.op_Implicit into, into)
        | Reduction.Min -> RowMath.Min(x, Span.op_Implicit into, into)

    let private combine<'T when 'T :> INumber<'T>> (kind: Reduction) (x: 'T) (y: 'T) : 'T =
        match kind with
        | Reduction.Sum -> x + y
        | Reduction.Max -> 'T.Max(x, y)
        | Reduction.Min -> 'T.Min(x, y)

    let private leaf<'T when 'T :> INumber<'T>> (kind: Reduction) (x: ReadOnlySpan<'T>) : 'T =
        match kind with
        | Reduction.Sum -> RowMath.Sum x
        | Reduction.Max -> RowMath.Max x
        | Reduction.Min -> RowMath.Min x

    /// Rows of at most a leaf, so many elements apart.
    let private leaves<'T when 'T :> INumber<'T>>
        kind
        (items: 'T[])
        offset
        step
        length
        (y: 'T[])
        position
        count
        =
        Tile.optimised ()

        for i in 0 .. count - 1 do
            y[position + i] <- leaf kind (ReadOnlySpan(items, offset + i * step, length))

    /// One adjacent run, folded pairwise.
    let rec run<'T when 'T :> INumber<'T>> kind (x: ReadOnlySpan<'T>) : 'T =
        if x.Length <= LeafElements then
            leaf kind x
        else
            // The left part is whole leaves.
            let half = (x.Length / 2 + LeafElements - 1) / LeafElements * LeafElements
            combine kind (run kind (x.Slice(0, half))) (run kind (x.Slice half))

    /// Elements `step` apart, folded pairwise: blocks of a scratch slot, or of a piece where there are enough
    /// of them to share out, and then the blocks' results.
    let rec private strided<'T when 'T :> INumber<'T>> kind (items: 'T[]) offset step count : 'T =
        let blocks size (each: int -> int -> 'T) =
            let results = Array.zeroCreate (partsOf count size)

            Strided.ranges
                results.Length
                (if size = Strided.Piece then int64 count else 0L)
                (fun first last ->
                    for i in first .. last - 1 do
                        results[i] <- each (offset + i * size * step) (min size (count - i * size)))

            run kind (ReadOnlySpan results)

        let scratch = Scratch<'T>.Slot 3

        if step = 0 then
            match kind with
            | Reduction.Sum -> items[offset] * 'T.CreateTruncating count
            | Reduction.Max
            | Reduction.Min -> items[offset]
        elif count >= Strided.ParallelFrom then
            blocks Strided.Piece (fun at n -> strided kind items at step n)
        elif step = 1 then
            run kind (ReadOnlySpan(items, offset, count))
        elif count <= scratch.Length then
            Strided.gather items offset step count scratch
            run kind (ReadOnlySpan(scratch, 0, count))
        else
            blocks scratch.Length (fun at n -> strided kind items at step n)

    /// Where the elements of a group lie that becomes one element of the result: an odometer over the reduced
    /// axes, the fastest first.
    [<Struct; NoComparison; NoEquality>]
    type private Odometer = {
        Sizes: int[]
        Strides: int[]
        Digits: int[]
    } with

        /// The step to the next element; after the last one, back to the first.
        member o.Next() =
            let mutable step = 0
            let mutable axis = 0

            while axis < o.Sizes.Length do
                o.Digits[axis] <- o.Digits[axis] + 1

                if o.Digits[axis] = o.Sizes[axis] then
                    step <- step - (o.Sizes[axis] - 1) * o.Strides[axis]
                    o.Digits[axis] <- 0
                    axis <- axis + 1
                else
                    step <- step + o.Strides[axis]
                    axis <- o.Sizes.Length

            step

    let private odometer (sizes: int[]) (strides: int[]) = {
        Sizes = sizes
        Strides = strides
        Digits = Array.zeroCreate sizes.Length
    }

    /// Result elements that are far apart: folds for each the rows of its group.
    let private byGroups<'T when 'T :> INumber<'T>>
        kind
        (x: HostBuffer<'T>)
        (kept: Walk)
        (length, step)
        (sizes: int[])
        strides
        (y: 'T[])
        =
        let rows = Strided.product sizes 0 (sizes.Length - 1)

        let group offset =
            if rows = 1 then
                strided kind x.Items offset step length
            else
                let levels = Array.zeroCreate<'T> Levels
                let o = odometer sizes strides
                let mutable at = offset

                for r in 0 .. rows - 1 do
                    let mutable sum = strided kind x.Items at step length
                    let mutable level = 0

                    while (r >>> level) &&& 1 = 1 do
                        sum <- combine kind levels[level] sum
                        level <- level + 1

                    levels[level] <- sum
                    at <- at + o.Next()

                let mutable sum = 'T.Zero
                let mutable started = false

                for level in 0 .. Levels - 1 do
                    if (rows >>> level) &&& 1 = 1 then
                        sum <- if started then combine kind levels[level] sum else levels[level]
                        started <- true

                sum

        Strided.forEachOf (int64 rows * int64 length) kept [| x.Offset |] (fun offsets position count ->
            if rows = 1 && step = 1 && length <= LeafElements then
                leaves kind x.Items offsets[0] kept.Steps[0] length y position count
            else
                for i in 0 .. count - 1 do
                    y[position + i] <- group (offsets[0] + i * kept.Steps[0]))

    /// Folds rows of `n` elements, `step` apart, into a target of at most a scratch slot's length.
    let private foldRows<'T when 'T :> INumber<'T>>
        kind
        (items: 'T[])
        offset
        step
        rows
        (o: Odometer)
        (y: 'T[])
        start
        n
        =
        let scratch = Scratch<'T>.Slot 3
        let target = Span(y, start, n)
        // A finished leaf in each level below the last.
        let depth = BitOperations.Log2(uint32 (partsOf rows LeafRows)) + 1
        let levels = if depth = 1 then [||] else Array.zeroCreate<'T>(depth * n)
        let mutable at = offset
        let mutable leaves = 0
        let mutable r = 0

        while r < rows do
            // A leaf is folded in the result's own place.
            for i in 0 .. min LeafRows (rows - r) - 1 do
                let row =
                    if step = 1 then
                        ReadOnlySpan(items, at, n)
                    else
                        Strided.gather items at step n scratch
                        ReadOnlySpan(scratch, 0, n)

                if i = 0 then row.CopyTo target else fold kind target row
                at <- at + o.Next()

            r <- r + LeafRows
            let mutable level = 0

            while (leaves >>> level) &&& 1 = 1 do
                fold kind target (ReadOnlySpan(levels, level * n, n))
                level <- level + 1

            leaves <- leaves + 1

            if r < rows then
                target.CopyTo(Span(levels, level * n, n))
            else
                // The last leaf has climbed to its level; the levels above hold what is left.
                for above in level + 1 .. depth - 1 do
                    if (leaves >>> above) &&& 1 = 1 then fold kind target (ReadOnlySpan(levels, above * n, n))

    /// Result elements that are adjacent: folds whole rows into the result, block by block.
    let private byRows<'T when 'T :> INumber<'T>>
        kind
        (x: HostBuffer<'T>)
        (kept: Walk)
        sizes
        strides
        (y: 'T[])
        =
        let rows = Strided.product sizes 0 (sizes.Length - 1)
        let step = kept.Steps[0]

        Strided.forEachOf (int64 rows) kept [| x.Offset |] (fun offsets position count ->
            foldRows kind x.Items offsets[0] step rows (odometer sizes strides) y position count)

    /// Sizes and strides of the given axes, the smallest step first, neighbours merged where one stride walks
    /// both.
    let private merged (shape: int[]) (strides: int[]) (axes: int[]) =
        let sizes = ResizeArray<int>()
        let steps = ResizeArray<int>()

        let order = axes |> Array.filter (fun a -> shape[a] <> 1)

        let smallestFirst a b =
            let bySteps = (abs strides[a]).CompareTo(abs strides[b])
            if bySteps <> 0 then bySteps else b.CompareTo a

        System.Array.Sort(order, smallestFirst)

        for axis in order do
            let last = sizes.Count - 1

            if last >= 0 && strides[axis] = steps[last] * sizes[last] then
                sizes[last] <- sizes[last] * shape[axis]
            else
                sizes.Add shape[axis]
                steps.Add strides[axis]

        sizes.ToArray(), steps.ToArray()

    let private into<'T when 'T :> INumber<'T>> kind (axes: int[]) (x: HostBuffer<'T>) shape (y: 'T[]) =
        let sizes, strides = merged x.Shape x.Strides axes
        let around = Shape.without axes x.Strides
        let weight = Strided.product sizes 0 (sizes.Length - 1)

        if y.Length = 0 then
            ()
        elif weight = 0 then
            match kind with
            | Reduction.Sum -> Array.Clear y
            | Reduction.Max
            | Reduction.Min -> refuseEmpty kind x.Shape
        elif sizes.Length = 0 then
            Strided.copy shape x.Items x.Offset around y 0 (Shape.strides shape)
        else
            let kept = Strided.walk shape [| around |]

            if y.Length > 1 && abs kept.Steps[0] < abs strides[0] then
                // Columns are independent: cut them into blocks, finely enough for all cores.
                let piece = min Scratch<'T>.Length (max 256 (kept.Length / 16 / 256 * 256))
                byRows kind x (Strided.walkIn piece shape [| around |]) sizes strides y
            else
                let piece = max 1 (Strided.Piece / weight)
                let kept = Strided.walkIn piece shape [| around |]
                byGroups kind x kept (sizes[0], strides[0]) sizes[1..] strides[1..] y

    /// Folds adjacent axes of a small contiguous tensor: `outer` times n times `inner` elements.
    let private simple<'T when 'T :> INumber<'T>> kind (x: HostBuffer<'T>) outer n inner (y: 'T[]) =
        for i in 0 .. outer - 1 do
            let at = x.Offset + i * n * inner

            if inner = 1 then
                y[i] <- run kind (ReadOnlySpan(x.Items, at, n))
            else
                foldRows kind x.Items at 1 n (odometer [| n |] [| inner |]) y (i * inner) inner

    let private reduceOf<'T when 'T :> INumber<'T>> kind axes (x: HostBuffer<'T>) : HostBuffer =
        let y = Strided.fresh<'T> x.DType (Shape.without axes x.Shape)
        let last = axes.Length - 1
        let count = Shape.count x.Shape

        if
            x.IsContiguous
            && last >= 0
            && axes[last] - axes[0] = last
            && count > 0
            && count <= Scratch<'T>.Length
        then
            let inner = Strided.product x.Shape (axes[last] + 1) (x.Shape.Length - 1)
            let n = Strided.product x.Shape axes[0] axes[last]
            simple kind x (count / n / inner) n inner y.Items
        else
            into kind axes x y.Shape y.Items

        y

    /// Any (Max) and all (Min): the extremes of 0 and 1. Over nothing, any is false and all is true.
    let private reduceBool kind axes (x: HostBuffer<bool>) : HostBuffer =
        let y = Strided.fresh<bool> DType.Bool (Shape.without axes x.Shape)
        let empty = axes |> Array.exists (fun a -> x.Shape[a] = 0)

        match kind with
        | Reduction.Sum ->
            raise (
                DTypeException "sum: Bool elements have no sum; convert to Int32 or a float to count them."
            )
        | Reduction.Max when empty -> Array.Clear y.Items
        | Reduction.Min when empty -> Array.Fill(y.Items, true)
        | Reduction.Max
        | Reduction.Min ->
            // A bool is a byte, 0 or 1.
            let bytes (b: bool[]) : byte[] = nonNull (Unsafe.As<byte[]> b)
            let x = HostBuffer<byte>(DType.Bool, bytes x.Items, x.Shape, x.Strides, x.Offset)
            into kind axes x y.Shape (bytes y.Items)

        y

    let rec reduce kind axes (x: HostBuffer) : HostBuffer =
        match x.DType.Storage with
        | Storage.Float32 -> reduceOf kind axes (x :?> HostBuffer<float32>)
        | Storage.Float64 -> reduceOf kind axes (x :?> HostBuffer<float>)
        | Storage.BFloat16
        | Storage.Float16 -> Convert.buffer x.DType (reduce kind axes (Convert.widen x))
        | Storage.Integer size ->
            match size, kind with
            | (IntegerSize.Bits8 | IntegerSize.Bits16), Reduction.Sum ->
                Convert.wrap x.DType (reduceOf kind axes (Convert.widen x :?> HostBuffer<int>))
            | (IntegerSize.Bits8 | IntegerSize.Bits16), (Reduction.Max | Reduction.Min) ->
                Convert.buffer x.DType (reduceOf kind axes (Convert.widen x :?> HostBuffer<int>))
            | (IntegerSize.Bits32 | IntegerSize.Bits64), (Reduction.Max | Reduction.Min) when
                x.DType.IsUnsigned
                ->
                let extremes = reduceOf kind axes (Convert.ordered x :?> HostBuffer<int64>)
                Convert.ofOrdered x.DType extremes
            | IntegerSize.Bits32, _ -> reduceOf kind axes (x :?> HostBuffer<int>)
            | IntegerSize.Bits64, _ -> reduceOf kind axes (x :?> HostBuffer<int64>)
        | Storage.Bool -> reduceBool kind axes (x :?> HostBuffer<bool>)
        | Storage.Complex64
        | Storage.Complex128 ->
            if kind <> Reduction.Sum then ShapeRule.requireOrder kind x.DType
            ComplexParts.each (reduce kind axes) x
