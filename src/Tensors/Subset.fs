namespace Cotangent

open System
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// What to take of one axis (<c>NewAxis</c> and <c>Rest</c> aside), where brackets do not do: in steps, with new axes,
/// or computed. Negative positions count from the end.
/// </summary>
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

/// Subsets of a tensor, as `Index`es describe them: read, found, replaced.
module internal Subset =
    let integer (operation: string) (indices: Tensor) =
        if not indices.DType.IsInteger then
            raise (
                DTypeException
                    $"{operation}: indices must be Int32 or Int64, got {indices.DType} {Shape.show indices.Dims}. Convert them first."
            )

    let private position (operation: string) (shape: int[]) axis i =
        let n = shape[axis]
        let p = if i < 0 then i + n else i

        if p < 0 || p >= n then
            raise (
                IndexException
                    $"{operation}: index {i} is out of range for axis {axis} of size {n} in shape {Shape.show shape}; positions run from {-n} to {n - 1}."
            )

        p

    /// Start, count and step along an axis. In 64 bits, since differences of two bounds, or a bound and a step, overflow 32.
    let private range
        (operation: string)
        (shape: int[])
        axis
        (first: int option)
        (last: int option)
        (step: int)
        =
        let n = int64 shape[axis]

        if step = 0 then
            raise (
                IndexException
                    $"{operation}: step 0 along axis {axis} of shape {Shape.show shape} leads nowhere; 1 takes every element, -1 goes backwards."
            )

        let step = int64 step
        let fromEnd i = if i < 0 then int64 i + n else int64 i
        let first = first |> Option.map fromEnd |> Option.defaultValue (if step > 0L then 0L else n - 1L)
        let last = last |> Option.map fromEnd |> Option.defaultValue (if step > 0L then n - 1L else 0L)
        let count = if step > 0L then (last - first + step) / step else (first - last - step) / -step
        let outside p = p < 0L || p >= n

        // An empty slice may start just past the end, as t[n..].
        if count > 0L && (outside first || outside last) then
            raise (
                IndexException
                    $"{operation}: {first}..{last} is out of range for axis {axis} of size {n} in shape {Shape.show shape}; both ends are included, so they run from 0 to {n - 1L}."
            )

        // The step of a single element leads nowhere, however long it is.
        match int (max 0L count) with
        | 0 -> struct (0, 0, 1)
        | 1 -> struct (int first, 1, 1)
        | count -> struct (int first, count, int step)

    /// `Rest` spelled out, so that every axis has its index.
    let private complete (operation: string) (shape: int[]) (indices: Index list) =
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
                    $"{operation}: {List.sumBy consumes indices} indices for shape {Shape.show shape}, which has {shape.Length} axes. Give one for each axis at most; `Index.NewAxis` adds an axis."
            )

        match List.filter isRest indices with
        | [] -> indices @ List.replicate missing Index.All
        | [ _ ] ->
            indices |> List.collect (fun i -> if isRest i then List.replicate missing Index.All else [ i ])
        | _ ->
            raise (
                IndexException
                    $"{operation}: several `Index.Rest` for shape {Shape.show shape}: how many axes each stands for can't be told. Keep one, and `Index.All` for single axes."
            )

    /// The strided box that an index selects, the shape in which it is shown (axes picked by `At` gone, new ones
    /// added), and the index tensors by their axes in that shape and in the tensor's own.
    let private resolve (operation: string) (shape: int[]) (indices: Index list) =
        let start, count, step = ResizeArray<int>(), ResizeArray<int>(), ResizeArray<int>()
        let shown, takes = ResizeArray<int>(), ResizeArray<struct (int * int * Tensor)>()

        let push (struct (first, n, by)) =
            start.Add first
            count.Add n
            step.Add by

        for index in complete operation shape indices do
            match index with
            | Index.At i -> push (position operation shape start.Count i, 1, 1)
            | Index.Range(first, last, by) ->
                push (range operation shape start.Count first last by)
                shown.Add count[count.Count - 1]
            | Index.All ->
                push (0, shape[start.Count], 1)
                shown.Add count[count.Count - 1]
            | Index.NewAxis -> shown.Add 1
            | Index.Rest -> ()
            | Index.Take positions ->
                integer operation positions
                takes.Add(struct (shown.Count, start.Count, positions))
                push (0, shape[start.Count], 1)
                shown.Add count[count.Count - 1]

        let region = { Full = shape; Start = start.ToArray(); Count = count.ToArray(); Step = step.ToArray() }

        region, shown.ToArray(), List.ofSeq takes

    let private isWhole (region: Region) =
        Shape.equal region.Full region.Count && Array.forall (fun s -> s = 1) region.Step

    /// What is found at positions of an axis. Kernels do not know whose positions they are, so an error gets its names here.
    let along (operation: string) axis (shape: int[]) (find: unit -> Tensor) : Tensor =
        try
            find ()
        with :? IndexException as e when e.Data.Contains Move.Outside ->
            raise (
                IndexException
                    $"{operation}: index {e.Data[Move.Outside]} is out of range for axis {axis} of size {shape[axis]} in shape {Shape.show shape}; positions run from {-shape[axis]} to {shape[axis] - 1}."
            )

    let private find (finder: Finder) (indices: Tensor) axis (t: Tensor) =
        Bind.one (Primitive.Gather(finder, axis, 0)) [| t; indices |]

    /// The slices at positions of an axis.
    let take (operation: string) (indices: Tensor) axis (t: Tensor) : Tensor =
        Array.concat [ t.Dims[.. axis - 1]; indices.Dims; t.Dims[axis + 1 ..] ]
        |> Shape.requireRoom operation

        along operation axis t.Dims (fun () -> find Finder.Take indices axis t)

    /// What the function of this name finds there.
    let sliceFor (operation: string) (indices: Index list) (t: Tensor) =
        let region, shown, takes = resolve operation t.Dims indices

        let box = if isWhole region then t else Bind.one (Primitive.Slice region) [| t |]

        // From the last axis to the first, so that the axes an index tensor brings do not move those still to come.
        List.foldBack
            (fun (struct (axis, own, positions)) (found: Tensor) ->
                along operation own t.Dims (fun () -> find Finder.Slice positions axis found))
            takes
            (box.Reshape shown)

    let slice (indices: Index list) (t: Tensor) = sliceFor "slice" indices t

    let flatScatter collision (size: int) (positions: Tensor) (updates: Tensor) =
        Bind.one (Primitive.Scatter(collision, 0, 0, size)) [| updates.Flatten(); positions.Flatten() |]

    /// The row-major position of each element that an index selects.
    let private positions (operation: string) (indices: Index list) (t: Tensor) =
        let all = Bind.create (Primitive.Iota(DType.Int32, t.Size)) t.Device
        sliceFor operation indices (all.Reshape t.Dims)

    let stretch (operation: string) (part: int[]) (value: Tensor) =
        if not (Shape.stretches value.Dims part) then
            raise (
                ShapeException
                    $"{operation}: a value of shape {Shape.show value.Dims} does not stretch to the part of shape {Shape.show part} that it goes to. Reduce or reshape it first."
            )

        Operands.expandTo part value

    let replace (indices: Index list) (value: Tensor) (t: Tensor) =
        Operands.sameDType "set" t value
        let region, shown, takes = resolve "set" t.Dims indices

        if takes.IsEmpty then
            let value = (stretch "set" shown value).Reshape region.Count
            let whole = Bind.full (Literal.Whole 1L) DType.Bool region.Count t.Device
            let inside = Bind.one (Primitive.Place region) [| whole |]
            Bind.one Primitive.Select [| inside; Bind.one (Primitive.Place region) [| value |]; t |]
        else
            // Positions may repeat: the last value wins, and only it has a derivative.
            let at = (positions "set" indices t).Flatten()
            let value = (stretch "set" (sliceFor "set" indices t).Dims value).Flatten()
            let order = Bind.create (Primitive.Iota(DType.Int32, at.Size)) t.Device + 1
            let winner = flatScatter Collision.Last t.Size at order
            let wins = (find Finder.Slice at 0 winner).Equal order
            let placed = flatScatter Collision.Add t.Size at (where wins value (Tensor.zerosLike value))
            where (winner.Greater 0.0) placed (t.Flatten()) |> _.Reshape(t.Dims)

    let requireMask (operation: string) (mask: Tensor) =
        if mask.DType <> DType.Bool then
            raise (
                DTypeException
                    $"{operation}: a mask must be Bool, got {mask.DType} {Shape.show mask.Dims}. Compare it with something first."
            )

    /// A copy that holds the value where the mask is true.
    let replaceWhere (mask: Tensor) (value: Tensor) (t: Tensor) =
        requireMask "set" mask
        Operands.sameDType "set" t value

        if not (Shape.stretches mask.Dims t.Dims) then
            raise (
                ShapeException
                    $"set: a mask of shape {Shape.show mask.Dims} does not stretch to {Shape.show t.Dims}. Reshape it first."
            )

        where mask (stretch "set" t.Dims value) t

    /// The elements where a mask over the leading axes holds, along one axis.
    let masked (mask: Tensor) (t: Tensor) =
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

        t.Reshape(Array.append [| flat.Length |] t.Dims[mask.Rank ..])
        |> find Finder.Take ((Tensor.own [| found.Length |] found).To t.Device) 0

    /// A copy with the value added; where positions repeat all are added.
    let add (indices: Index list) (value: Tensor) (t: Tensor) =
        Operands.sameDType "add" t value
        let at = positions "add" indices t
        t + (flatScatter Collision.Add t.Size at (stretch "add" at.Dims value)).Reshape t.Dims

    let addWhere (mask: Tensor) (value: Tensor) (t: Tensor) =
        requireMask "add" mask
        Operands.sameDType "add" t value
        replaceWhere mask (t + stretch "add" t.Dims value) t
