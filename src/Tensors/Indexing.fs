namespace Cotangent

open System

/// What to take of one axis (`NewAxis` and `Rest` aside). Negative positions count from the end.
[<RequireQualifiedAccess; NoComparison; CompiledName "FSharpIndex">]
type Index =
    /// One position; the axis disappears.
    | At of int
    /// From first to last, both included, as in F#'s own slices; None means to the end. A negative step goes backwards.
    | Range of first: int option * last: int option * step: int
    /// The whole axis.
    | All
    /// A new axis of size 1.
    | NewAxis
    /// As many whole axes as are left; the three dots of NumPy.
    | Rest
    /// The positions in an integer tensor, whose axes take the place of this one.
    | Take of Tensor

/// Reading and setting subsets: `t[1..3, *, -1]`, `t[indices]`, `t[mask]`, `t.Slice`, `t.Set`.
[<AutoOpen>]
module Indexing =
    let private integer operation (indices: Tensor) =
        if not indices.DType.IsInteger then
            raise (
                DTypeException
                    $"{operation}: indices must be Int32 or Int64, got {indices.DType} {Shape.show indices.Dims}. Convert them first."
            )

    let private position (shape: int[]) axis i =
        let n = shape[axis]
        let p = if i < 0 then i + n else i

        if p < 0 || p >= n then
            raise (
                IndexException
                    $"index {i} is out of range for axis {axis} of size {n} in shape {Shape.show shape}; positions run from {-n} to {n - 1}."
            )

        p

    /// Start, count and step along an axis.
    let private range (shape: int[]) axis first last step =
        let n = shape[axis]

        if step = 0 then
            raise (
                IndexException
                    $"slice: step 0 along axis {axis} of shape {Shape.show shape} leads nowhere; 1 takes every element, -1 goes backwards."
            )

        let fromEnd i = if i < 0 then i + n else i
        let first = first |> Option.map fromEnd |> Option.defaultValue (if step > 0 then 0 else n - 1)
        let last = last |> Option.map fromEnd |> Option.defaultValue (if step > 0 then n - 1 else 0)
        let count = if step > 0 then (last - first + step) / step else (first - last - step) / -step
        let outside p = p < 0 || p >= n

        // An empty slice may start just past the end, as t[n..].
        if count > 0 && (outside first || outside last) then
            raise (
                IndexException
                    $"slice {first}..{last} is out of range for axis {axis} of size {n} in shape {Shape.show shape}; both ends are included, so they run from 0 to {n - 1}."
            )

        let count = max 0 count
        struct ((if count = 0 then 0 else first), count, step)

    /// `Rest` spelled out, so that every axis has its index.
    let private complete (shape: int[]) (indices: Index list) =
        let consumes =
            function
            | Index.NewAxis
            | Index.Rest -> 0
            | Index.At _
            | Index.Range _
            | Index.All
            | Index.Take _ -> 1

        let isRest =
            function
            | Index.Rest -> true
            | Index.NewAxis
            | Index.At _
            | Index.Range _
            | Index.All
            | Index.Take _ -> false

        let missing = shape.Length - List.sumBy consumes indices

        if missing < 0 then
            raise (
                IndexException
                    $"slice: {List.sumBy consumes indices} indices for shape {Shape.show shape}, which has {shape.Length} axes. Give one for each axis at most; `Index.NewAxis` adds an axis."
            )

        match List.filter isRest indices with
        | [] -> indices @ List.replicate missing Index.All
        | [ _ ] ->
            indices |> List.collect (fun i -> if isRest i then List.replicate missing Index.All else [ i ])
        | _ ->
            raise (
                IndexException
                    $"slice: several `Index.Rest` for shape {Shape.show shape}: how many axes each stands for can't be told. Keep one, and `Index.All` for single axes."
            )

    /// The strided box that an index selects, the shape in which it is shown (axes picked by `At` gone, new ones
    /// added), and the index tensors by their axis in that shape.
    let private resolve (shape: int[]) (indices: Index list) =
        let start, count, step = ResizeArray<int>(), ResizeArray<int>(), ResizeArray<int>()
        let shown, takes = ResizeArray<int>(), ResizeArray<struct (int * Tensor)>()

        let push (struct (first, n, by)) =
            start.Add first
            count.Add n
            step.Add by

        for index in complete shape indices do
            match index with
            | Index.At i -> push (position shape start.Count i, 1, 1)
            | Index.Range(first, last, by) ->
                push (range shape start.Count first last by)
                shown.Add count[count.Count - 1]
            | Index.All ->
                push (0, shape[start.Count], 1)
                shown.Add count[count.Count - 1]
            | Index.NewAxis -> shown.Add 1
            | Index.Rest -> ()
            | Index.Take positions ->
                integer "slice" positions
                takes.Add(struct (shown.Count, positions))
                push (0, shape[start.Count], 1)
                shown.Add count[count.Count - 1]

        let region = { Full = shape; Start = start.ToArray(); Count = count.ToArray(); Step = step.ToArray() }

        region, shown.ToArray(), List.ofSeq takes

    let private isWhole (region: Region) =
        Shape.equal region.Full region.Count && Array.forall (fun s -> s = 1) region.Step

    let private take (indices: Tensor) axis (t: Tensor) =
        Bind.one (Primitive.Gather(axis, 0)) [| t; indices |]

    let private slice (indices: Index list) (t: Tensor) =
        let region, shown, takes = resolve t.Dims indices

        let box = if isWhole region then t else Bind.one (Primitive.Slice region) [| t |]

        // From the last axis to the first, so that the axes an index tensor brings do not move those still to come.
        List.foldBack
            (fun (struct (axis, positions)) (t: Tensor) -> take positions axis t)
            takes
            (box.Reshape shown)

    let private flatScatter collision (size: int) (positions: Tensor) (updates: Tensor) =
        Bind.one (Primitive.Scatter(collision, 0, 0, size)) [| updates.Flatten(); positions.Flatten() |]

    /// The row-major position of each element that an index selects.
    let private positions (indices: Index list) (t: Tensor) =
        let all = Bind.create (Primitive.Iota(DType.Int32, t.Size)) t.Device
        slice indices (all.Reshape t.Dims)

    let private stretch operation (part: int[]) (value: Tensor) =
        if not (Shape.stretches value.Dims part) then
            raise (
                ShapeException
                    $"{operation}: a value of shape {Shape.show value.Dims} does not stretch to the part of shape {Shape.show part} that it goes to. Reduce or reshape it first."
            )

        Operands.expandTo part value

    let private replace (indices: Index list) (value: Tensor) (t: Tensor) =
        Operands.sameDType "set" t value
        let region, shown, takes = resolve t.Dims indices

        if takes.IsEmpty then
            let value = (stretch "set" shown value).Reshape region.Count
            let whole = Bind.full (Literal.Whole 1L) DType.Bool region.Count t.Device
            let inside = Bind.one (Primitive.Place region) [| whole |]
            Bind.one Primitive.Select [| inside; Bind.one (Primitive.Place region) [| value |]; t |]
        else
            // Positions may repeat: the last value wins, and only it has a derivative.
            let at = (positions indices t).Flatten()
            let value = (stretch "set" (slice indices t).Dims value).Flatten()
            let order = Bind.create (Primitive.Iota(DType.Int32, at.Size)) t.Device + 1
            let winner = flatScatter Collision.Last t.Size at order
            let wins = (take at 0 winner).Equal order
            let placed = flatScatter Collision.Add t.Size at (where wins value (Tensor.zerosLike value))
            where (winner.Greater 0.0) placed (t.Flatten()) |> _.Reshape(t.Dims)

    let private requireMask operation (mask: Tensor) =
        if mask.DType <> DType.Bool then
            raise (
                DTypeException
                    $"{operation}: a mask must be Bool, got {mask.DType} {Shape.show mask.Dims}. Compare it with something first."
            )

    let private requireAlong operation (t: Tensor) (indices: Tensor) axis =
        if
            t.Rank = 0
            || indices.Rank <> t.Rank
            || not (Shape.equal (Shape.removeAt axis t.Dims) (Shape.removeAt axis indices.Dims))
        then
            raise (
                ShapeException
                    $"{operation}: indices {Shape.show indices.Dims} must agree with {Shape.show t.Dims} in every axis but {axis}. `Take` selects whole slices with indices of any shape."
            )

    let private parse (arguments: objnull[]) =
        // F# hands a slice over as two options, and what stands between slices as it is; None is null.
        let rec go i =
            if i = arguments.Length then
                []
            else
                match arguments[i] with
                | :? int as p -> Index.At p :: go (i + 1)
                | :? Tensor as p -> Index.Take p :: go (i + 1)
                | first ->
                    let bound (o: objnull) =
                        match o with
                        | null -> None
                        | :? (int option) as b -> b
                        | other ->
                            raise (
                                IndexException
                                    $"slice: {other} is no position. Use an int, a slice such as 1..3, or an integer tensor."
                            )

                    match bound first, bound arguments[i + 1] with
                    | None, None -> Index.All :: go (i + 2)
                    | first, last -> Index.Range(first, last, 1) :: go (i + 2)

        go 0

    type Tensor with

        /// The part that an index selects, axis by axis; see `Index`. Several `Take`s select rows and columns
        /// independently.
        [<CompiledName "Slice">]
        member t.Slice(indices: Index seq) : Tensor = slice (List.ofSeq indices) t

        /// `t[1..3, *, -1]`: slices include both ends.
        [<CompiledName "GetSlice">]
        member t.GetSlice([<ParamArray>] arguments: objnull[]) : Tensor = slice (parse arguments) t

        /// `t[0, -1]`: the axes named disappear.
        member t.Item
            with get ([<ParamArray>] positions: int[]): Tensor =
                slice (positions |> List.ofArray |> List.map Index.At) t

        /// With integers, the slices at those positions of axis 0; with a Bool mask over leading axes, the elements
        /// where it holds, along one axis.
        member t.Item
            with get (selection: Tensor): Tensor =
                if selection.DType = DType.Bool then
                    t.Masked selection
                else
                    integer "index" selection
                    slice [ Index.Take selection ] t

        /// The elements where a mask over the leading axes holds. Its shape depends on the data, so it can't be
        /// staged; `where` can.
        [<CompiledName "Masked">]
        member t.Masked(mask: Tensor) : Tensor =
            requireMask "masked" mask

            if mask.Rank > t.Rank || not (Shape.equal mask.Dims t.Dims[.. mask.Rank - 1]) then
                raise (
                    ShapeException
                        $"masked: a mask of shape {Shape.show mask.Dims} does not cover the leading axes of {Shape.show t.Dims}. It needs the sizes of those axes; `where` takes masks that broadcast."
                )

            let flat = mask.Flatten().ToData<bool[]>()

            let found = [|
                for i in 0 .. flat.Length - 1 do
                    if flat[i] then i
            |]

            (t.Reshape(Array.append [| flat.Length |] t.Dims[mask.Rank ..]))[Tensor.own
                                                                                 [| found.Length |]
                                                                                 found]

        /// A copy in which the part that an index selects holds the value, which stretches to it. Where positions
        /// repeat the last one wins.
        [<CompiledName "Set">]
        member t.Set(indices: Index seq, value: Tensor) : Tensor = replace (List.ofSeq indices) value t

        [<CompiledName "Set">]
        member t.Set(indices: Index seq, value: float) : Tensor =
            replace
                (List.ofSeq indices)
                (Bind.full (Operands.real "set" t.DType value) t.DType [||] t.Device)
                t

        /// A copy that holds the value where the mask is true.
        [<CompiledName "Set">]
        member t.Set(mask: Tensor, value: Tensor) : Tensor =
            requireMask "set" mask
            Operands.sameDType "set" t value

            if not (Shape.stretches mask.Dims t.Dims) then
                raise (
                    ShapeException
                        $"set: a mask of shape {Shape.show mask.Dims} does not stretch to {Shape.show t.Dims}. Reshape it first."
                )

            where mask (stretch "set" t.Dims value) t

        /// A copy with the value added to the part that an index selects; where positions repeat all are added.
        [<CompiledName "AddAt">]
        member t.AddAt(indices: Index seq, value: Tensor) : Tensor =
            Operands.sameDType "addAt" t value
            let at = positions (List.ofSeq indices) t
            t + (flatScatter Collision.Add t.Size at (stretch "addAt" at.Dims value)).Reshape t.Dims

        /// The slices at integer positions (any shape) of an axis; the axes of the positions take its place.
        [<CompiledName "Take">]
        member t.Take(positions: Tensor, ?axis: int) : Tensor =
            integer "take" positions
            take positions (Shape.axis "take" t.Rank (defaultArg axis 0)) t

        /// Element by element along an axis: `result[i, j] = t[i, indices[i, j]]` for axis 1. The other axes agree.
        [<CompiledName "Gather">]
        member t.Gather(indices: Tensor, axis: int) : Tensor =
            integer "gather" indices
            let axis = Shape.axis "gather" t.Rank axis
            requireAlong "gather" t indices axis
            let last = t.Rank - 1

            (Bind.one (Primitive.Gather(last, last)) [|
                t.MoveAxis(axis, last)
                indices.MoveAxis(axis, last)
            |])
                .MoveAxis(last, axis)

        /// A copy with updates added along an axis: `result[i, indices[i, j]] += updates[i, j]` for axis 1.
        [<CompiledName "ScatterAdd">]
        member t.ScatterAdd(indices: Tensor, updates: Tensor, axis: int) : Tensor =
            integer "scatterAdd" indices
            Operands.sameDType "scatterAdd" t updates
            let axis = Shape.axis "scatterAdd" t.Rank axis
            requireAlong "scatterAdd" t indices axis

            if not (Shape.equal indices.Dims updates.Dims) then
                raise (
                    ShapeException
                        $"scatterAdd: indices {Shape.show indices.Dims} and updates {Shape.show updates.Dims} must have one shape. Expand the updates first."
                )

            let last = t.Rank - 1

            let added =
                Bind.one (Primitive.Scatter(Collision.Add, last, last, t.Dims[axis])) [|
                    updates.MoveAxis(axis, last)
                    indices.MoveAxis(axis, last)
                |]

            t + added.MoveAxis(last, axis)
