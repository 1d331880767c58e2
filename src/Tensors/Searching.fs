namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// The different elements of a tensor, or its slices along an axis, in rising order (<c>Values</c>), where each first stands in
/// row-major order or on the axis (<c>Positions</c>, Int32), how often (<c>Counts</c>, Int64), and for each element of the
/// tensor, in its shape, or each slice, which of them it is (<c>Inverse</c>, Int32).
/// </summary>
/// <example><code>
/// let found = (tensor [ 3; 1; 3; 2 ]).UniqueAll()
/// found.Values // [1, 2, 3]
/// found.Counts // [1, 1, 2]
/// </code></example>
type Unique = { Values: Tensor; Positions: Tensor; Inverse: Tensor; Counts: Tensor }

/// <summary>
/// Elements looked for. Where the size of a result depends on the numbers, <c>size</c> fixes it, as <c>compile</c> and
/// <c>vmap</c> need: the first so many, and if there are fewer, then what fills the rest.
/// </summary>
[<AutoOpen>]
module Searching =
    let private isNonzero (t: Tensor) = if t.DType = DType.Bool then t else t.NotEqual 0.0

    let private filled (isFilled: Tensor) (fill: float option) (operation: string) (found: Tensor) =
        let literal = Literals.real operation found.DType (defaultArg fill 0.0)
        let rest = Bind.full literal found.DType found.Dims found.Device
        let isFilled = isFilled.Reshape(Array.append isFilled.Dims (Array.create (found.Rank - 1) 1))
        Bind.one Primitive.Select [| Operands.expandTo found.Dims isFilled; found; rest |]

    /// The order of rows (n, c), the first column first; equal rows keep their order. Of stable sorts the last decides first.
    let private orderOfRows (rows: Tensor) : Tensor =
        let positions (column: Tensor) = column.ArgSort 0
        let last = rows.Dims[1] - 1
        let column c = (sliceAxis 1 c 1 rows).Reshape [| rows.Dims[0] |]

        if last < 0 then
            Bind.create (Primitive.Iota(DType.Int32, rows.Dims[0])) rows.Device
        else
            let mutable order = positions (column last)

            for c in last - 1 .. -1 .. 0 do
                order <- order.Take(positions ((column c).Take(order, 0)), 0)

            order

    /// Whether each of sorted rows (n, c) differs from the one before it.
    let private isNew (sorted: Tensor) : Tensor =
        let n = sorted.Dims[0]
        let before, after = sliceAxis 0 0 (n - 1) sorted, sliceAxis 0 1 (n - 1) sorted
        let isSame = before.Equal after
        let isSame = if sorted.DType.IsFloat then isSame.Or(before.IsNaN().And(after.IsNaN())) else isSame

        concat 0 [ Bind.full (Literal.Whole 1L) DType.Bool [| 1 |] sorted.Device; (isSame.All 1).Not() ]

    /// In the order in which they are met: what stands further on is moved behind.
    let private asMet (size: int) (found: Unique) (isFilled: Tensor) : Unique * Tensor =
        let behind = Tensor.fullLike found.Positions (float System.Int32.MaxValue)
        let order = (where isFilled found.Positions behind).ArgSort 0
        let rank = order.ArgSort 0
        let cut (t: Tensor) = sliceAxis 0 0 size (t.Take(order, 0))

        {
            Values = cut found.Values
            Positions = cut found.Positions
            Inverse = (rank.Take(found.Inverse.Flatten(), 0)).Reshape found.Inverse.Dims
            Counts = cut found.Counts
        },
        cut isFilled

    /// Of rows (n, c) the order, which of them in it are new, how many are looked at, where those stand, and which there are.
    let private differentRows (operation: string) (size: int option) isSorted (given: Tensor) (rows: Tensor) =
        let n = rows.Dims[0]
        let known = Bind.detach rows

        let sorted () =
            let order = orderOfRows known
            struct (order, isNew (known.Take(order, 0)))

        // What has been counted needs not be sorted again.
        let mutable counted = ValueNone

        let count () =
            let struct (order, isNew) = sorted ()
            counted <- ValueSome(struct (order, isNew))
            isNew.Sum()

        let size = CountedSize.get operation size given count
        let struct (order, isNew) = ValueOption.defaultWith sorted counted
        // In another order the first so many are known when all are.
        let among = if isSorted then size else max n size
        let struct (positions, isFilled) = CountedSize.marked among isNew order

        {|
            Order = order
            IsNew = isNew
            Size = size
            Among = among
            Positions = positions
            IsFilled = isFilled
        |}

    /// The different ones of rows (n, c): in Inverse (n,) those beyond `size` are `size`.
    let private uniqueRows (operation: string) (size: int option) isSorted (given: Tensor) (rows: Tensor) =
        let different = differentRows operation size isSorted given rows
        let size, among, isFilled = different.Size, different.Among, different.IsFilled
        let which = (different.IsNew.Convert DType.Int32).CumulativeSum 0 - 1
        let slot = Operands.withReal Binary.Min which (float among)

        let found = {
            Values = rows.Take(different.Positions, 0)
            Positions = different.Positions
            Inverse =
                Bind.one (Primitive.Scatter(Collision.Last, 0, 0, rows.Dims[0])) [| slot; different.Order |]
            Counts = (sliceAxis 0 0 among (Meeting.counts (among + 1) slot)).Convert DType.Int64
        }

        if isSorted then
            found, isFilled
        else
            let found, isFilled = asMet size found isFilled
            { found with Inverse = Operands.withReal Binary.Min found.Inverse (float size) }, isFilled

    /// The slices along an axis, or all elements, as rows (n, c); and what rows of those shapes are in the tensor's.
    let private asRows (axis: int option) (t: Tensor) : Tensor * (Tensor -> Tensor) =
        let front =
            match axis with
            | None -> t.Flatten()
            | Some axis -> t.MoveAxis(axis, 0)

        let n = front.Dims[0]

        let back (rows: Tensor) =
            let rows = rows.Reshape(Array.append rows.Dims[..0] front.Dims[1..])

            match axis with
            | None -> rows
            | Some axis -> rows.MoveAxis(0, axis)

        front.Reshape [| n; Shape.count front.Dims[1..] |], back

    let private unique
        (operation: string)
        (size: int option)
        (fill: float option)
        (axis: int option)
        (sorted: bool option)
        (t: Tensor)
        : Unique =
        let axis = axis |> Option.map (Shape.axis operation t.Rank)
        let rows, back = asRows axis t
        let n = rows.Dims[0]
        let whole number shape dtype = Bind.full (Literal.Whole number) dtype shape t.Device

        let ofInverse =
            match axis with
            | None -> t.Dims
            | Some _ -> [| n |]

        if n = 0 then
            let size = CountedSize.get operation size t (fun () -> Tensor.scalar DType.Int32 0.0)
            let none = whole 0L [| size |] DType.Bool
            let empty = whole 0L [| size; rows.Dims[1] |] t.DType

            {
                Values = back (filled none fill operation empty)
                Positions = whole 0L [| size |] DType.Int32
                Inverse = whole 0L ofInverse DType.Int32
                Counts = whole 0L [| size |] DType.Int64
            }
        else
            let found, isFilled = uniqueRows operation size (defaultArg sorted true) t rows

            {
                found with
                    Values = back (filled isFilled fill operation found.Values)
                    Inverse = found.Inverse.Reshape ofInverse
            }

    type Tensor with

        /// <summary>
        /// Where elements are not 0, in row-major order: Int32, a row for each, a column for each axis. With <c>size</c> so
        /// many rows, the first; if there are fewer, then rows of <c>fill</c>, 0 unless given.
        /// </summary>
        /// <exception cref="T:Cotangent.TraceException">
        /// Inside a transformation that does not know the numbers, and without a size.
        /// </exception>
        /// <exception cref="T:Cotangent.ValueException">The size is negative.</exception>
        /// <example><code>
        /// let t = tensor [ [ 0; 7 ]; [ 5; 0 ] ]
        /// t.NonZero() // [[0, 1], [1, 0]]
        /// compile (fun (t: Tensor) -> t.NonZero(size = 3, fill = -1)) t // [[0, 1], [1, 0], [-1, -1]]
        /// </code></example>
        [<CompiledName "NonZero">]
        member t.NonZero(?size: int, ?fill: int) : Tensor =
            let operation = "nonZero"
            let size = CountedSize.get operation size t (fun () -> (isNonzero (Bind.detach t)).Sum())

            if t.Rank = 0 || t.Size = 0 then
                let fill = Literal.Whole(int64 (defaultArg fill 0))
                Bind.full fill DType.Int32 [| size; t.Rank |] t.Device
            else
                let mask = (isNonzero (Bind.detach t)).Flatten()
                let all = Bind.create (Primitive.Iota(DType.Int32, t.Size)) t.Device
                let struct (places, isFilled) = CountedSize.marked size mask all
                let strides = Shape.strides t.Dims

                // Integers are divided one by one, which takes longer than all the rest: only where it changes anything.
                stack 1 [
                    for axis in 0 .. t.Rank - 1 do
                        let before = if axis = t.Rank - 1 then places else places / strides[axis]
                        if axis = 0 then before else before % t.Dims[axis]
                ]
                |> filled isFilled (Option.map float fill) operation

        /// <summary>
        /// The slices where a mask over the leading axes holds, as <c>Masked</c> without a size: the first so many, and if
        /// there are fewer, then slices of <c>fill</c>, 0 unless given.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The mask is not Bool.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The mask does not cover the leading axes.</exception>
        /// <exception cref="T:Cotangent.ValueException">The size is negative.</exception>
        /// <example><code>
        /// (tensor [ 1; 2; 3 ]).Masked(tensor [ true; false; true ], size = 3, fill = -1.0) // [1, 3, -1]
        /// </code></example>
        [<CompiledName "Masked">]
        member t.Masked(mask: Tensor, size: int, ?fill: float) : Tensor =
            let operation = "masked"
            Given.check "mask" mask
            Subset.requireMask operation mask
            Subset.requireCover operation mask t
            let size = CountedSize.get operation (Some size) mask (fun () -> mask)
            let rest = t.Dims[mask.Rank ..]

            if mask.Size = 0 then
                Bind.full
                    (Literals.real operation t.DType (defaultArg fill 0.0))
                    t.DType
                    (Array.append [| size |] rest)
                    t.Device
            else
                let all = Bind.create (Primitive.Iota(DType.Int32, mask.Size)) t.Device
                let struct (places, isFilled) = CountedSize.marked size (mask.Flatten()) all

                Subset.take operation places 0 (t.Reshape(Array.append [| mask.Size |] rest))
                |> filled isFilled fill operation

        /// <summary>
        /// The different elements in rising order; NaN, once, comes last. With <c>size</c> so many, the first; if there are
        /// fewer, then <c>fill</c>, 0 unless given. With an axis, the different slices along it, compared number by number. With
        /// <c>sorted = false</c>, in the order in which they are met. Where they stood and how often, <c>UniqueAll</c> tells.
        /// </summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <exception cref="T:Cotangent.TraceException">
        /// Inside a transformation that does not know the numbers, and without a size.
        /// </exception>
        /// <exception cref="T:Cotangent.ValueException">The size is negative.</exception>
        /// <example><code>
        /// (tensor [ 3; 1; 3; 2 ]).Unique() // [1, 2, 3]
        /// compile (fun (t: Tensor) -> t.Unique(size = 4)) (tensor [ 3; 1; 3; 2 ]) // [1, 2, 3, 0]
        /// (tensor [ 3; 1; 3; 2 ]).Unique(sorted = false) // [3, 1, 2]
        /// (tensor [ [ 2; 1 ]; [ 0; 5 ]; [ 2; 1 ] ]).Unique(axis = 0) // [[0, 5], [2, 1]]
        /// </code></example>
        [<CompiledName "Unique">]
        member t.Unique(?size: int, ?fill: float, ?axis: int, ?sorted: bool) : Tensor =
            let operation = "unique"

            if t.Size > 0 && defaultArg sorted true then
                // Nobody asks where the others went.
                let rows, back = asRows (Option.map (Shape.axis operation t.Rank) axis) t
                let different = differentRows operation size true t rows
                back (filled different.IsFilled fill operation (rows.Take(different.Positions, 0)))
            else
                (unique operation size fill axis sorted t).Values

        /// <summary>
        /// The different elements in rising order, where each first stands, how often, and which each element is. What
        /// <c>size</c> adds has a count of 0. With an axis, all this of the slices along it; with <c>sorted = false</c>, in the
        /// order in which they are met.
        /// </summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <exception cref="T:Cotangent.TraceException">
        /// Inside a transformation that does not know the numbers, and without a size.
        /// </exception>
        /// <exception cref="T:Cotangent.ValueException">The size is negative.</exception>
        /// <example><code>
        /// let found = (tensor [ 3; 1; 3; 2 ]).UniqueAll()
        /// found.Counts // [1, 1, 2]
        /// found.Inverse // [2, 0, 2, 1]
        /// found.Positions // [1, 3, 0]
        /// </code></example>
        [<CompiledName "UniqueAll">]
        member t.UniqueAll(?size: int, ?fill: float, ?axis: int, ?sorted: bool) : Unique =
            unique "uniqueAll" size fill axis sorted t

        /// <summary>
        /// Where each value would be put into this tensor, whose last axis is sorted, to keep it so: how many elements are
        /// less, or with <c>right</c> less or equal, an Int32. NaN is the largest of all. The tensor is a vector, or has the
        /// leading axes of the values.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The leading axes differ.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
        /// <example><code>
        /// let t = tensor [ 1.0; 2.0; 2.0; 5.0 ]
        /// t.SearchSorted(tensor [ 0.0; 2.0; 9.0 ]) // [0, 1, 4]
        /// t.SearchSorted(tensor [ 0.0; 2.0; 9.0 ], right = true) // [0, 3, 4]
        /// </code></example>
        [<CompiledName "SearchSorted">]
        member t.SearchSorted(values: Tensor, ?right: bool) : Tensor =
            Given.check "values" values
            SortedSearch.count "searchSorted" (defaultArg right false) t values

        /// <summary>
        /// Which bin each element lies in: i, an Int32, for <c>edges[i-1]</c> ≤ x &lt; <c>edges[i]</c>, with <c>right</c>
        /// for <c>edges[i-1]</c> &lt; x ≤ <c>edges[i]</c>; 0 below all, and as many as there are edges above all. The edges
        /// rise.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The edges are not a vector.</exception>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
        /// <example><code>
        /// (tensor [ 0.5; 1.0; 7.0 ]).Digitize(tensor [ 0.0; 1.0; 2.0 ]) // [1, 2, 3]
        /// </code></example>
        [<CompiledName "Digitize">]
        member t.Digitize(edges: Tensor, ?right: bool) : Tensor =
            Given.check "edges" edges

            if edges.Rank <> 1 then
                raise (
                    ShapeException
                        $"digitize: edges of shape {Shape.show edges.Dims}; a vector is needed. `SearchSorted` searches in each row of many."
                )

            SortedSearch.count "digitize" (not (defaultArg right false)) edges t

        /// <summary>Whether each element is one of some values, whatever their shape.</summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
        /// <example><code>
        /// (tensor [ 1; 2; 3 ]).IsIn(tensor [ 3; 1 ]) // [true, false, true]
        /// </code></example>
        [<CompiledName "IsIn">]
        member t.IsIn(values: Tensor) : Tensor =
            Given.check "values" values
            Operands.sameDType "isIn" t values

            if values.Size = 0 then
                Bind.full (Literal.Whole 0L) DType.Bool t.Dims t.Device
            else
                let sorted = (values.Flatten()).Sort 0
                let at = SortedSearch.count "isIn" false sorted t
                let nearest = sorted.Take(Operands.withReal Binary.Min at (float (values.Size - 1)))
                nearest.Equal t

    /// <summary>
    /// The piecewise linear function through points (xs, ys), of which xs rise, at x of any shape; beyond the first and the last
    /// point it is constant. Differentiable by all three. NumPy's <c>interp</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The points are not two vectors of one length, or there are none.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// interp (tensor [ 0.0; 1.5; 9.0 ]) (tensor [ 1.0; 2.0 ]) (tensor [ 10.0; 20.0 ]) // [10, 15, 20]
    /// </code></example>
    let interp (x: Tensor) (xs: Tensor) (ys: Tensor) : Tensor =
        Given.check "x" x
        Given.check "xs" xs
        Given.check "ys" ys
        Folds.requireFloat "interp" x
        Operands.sameDType "interp" x xs
        Operands.sameDType "interp" x ys

        if xs.Rank <> 1 || not (Shape.equal xs.Dims ys.Dims) || xs.Size = 0 then
            raise (
                ShapeException
                    $"interp: points with xs {Shape.show xs.Dims} and ys {Shape.show ys.Dims}; two vectors of one length are needed, of 1 or more."
            )

        let n = xs.Size
        let at (points: Tensor) (i: Tensor) = Bind.one (Primitive.Gather(Finder.Slice, 0, 0)) [| points; i |]
        let element (points: Tensor) i = (sliceAxis 0 i 1 points).Reshape [||] |> Operands.expandTo x.Dims
        let above = SortedSearch.count "interp" true xs x
        let above = Operands.withReal Binary.Max (Operands.withReal Binary.Min above (float (n - 1))) 1.0
        let above = if n = 1 then above - 1 else above
        let below = if n = 1 then above else above - 1
        let x0, y0 = at xs below, at ys below
        let width = at xs above - x0
        let slope = (at ys above - y0) / where (width.Equal 0.0) (Tensor.onesLike width) width
        let inside = y0 + (x - x0) * slope
        let ended = where (x.GreaterEqual(element xs (n - 1))) (element ys (n - 1)) inside
        where (x.Less(element xs 0)) (element ys 0) ended
