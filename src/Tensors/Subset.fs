namespace Cotangent

open System
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// What to take of one axis (<c>NewAxis</c> and <c>Rest</c> aside), where brackets do not do: in steps, with new axes,
/// or computed. Negative positions count from the end.
/// </summary>
/// <example><code>
/// let x = tensor [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ]
/// x.Slice [ Index.All; Index.Range(Some 1, None, 1) ] // [[2, 3], [5, 6]]
/// x.Slice [ Index.Rest; Index.At -1 ] // [3, 6]
/// x.Slice [ Index.Take(tensor [ 1; 0; 1 ]) ] // [[4, 5, 6], [1, 2, 3], [4, 5, 6]]
/// </code></example>
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

/// Subsets of a tensor, as `Index`es, masks and coordinates describe them: found and read.
module internal Subset =
    let integer (operation: string) (indices: Tensor) =
        if not indices.DType.IsInteger then
            raise (
                DTypeException
                    $"{operation}: indices must be integers, got {indices.DType} {Shape.show indices.Dims}. Convert them first."
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
    let resolve (operation: string) (shape: int[]) (indices: Index list) =
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

    let isWhole (region: Region) =
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

    let find (finder: Finder) (indices: Tensor) axis (t: Tensor) =
        Bind.one (Primitive.Gather(finder, axis, 0)) [| t; indices |]

    /// The slices at positions of an axis.
    let take (operation: string) (indices: Tensor) axis (t: Tensor) : Tensor =
        Array.concat [ t.Dims[.. axis - 1]; indices.Dims; t.Dims[axis + 1 ..] ]
        |> Shape.requireRoom operation

        along operation axis t.Dims (fun () -> find (Finder.Named operation) indices axis t)

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

    /// At positions of the first axes. Of numbers in main memory that is a view, for which no engine is asked: examples of a dataset are
    /// read so, one by one.
    let at (positions: int[]) (t: Tensor) : Tensor =
        match t with
        | Value(:? HostBuffer as x) when positions.Length <= x.Shape.Length && not (Ambient.anyActive ()) ->
            let first = positions.Length
            let mutable offset = x.Offset

            for axis in 0 .. first - 1 do
                offset <- offset + position "slice" x.Shape axis positions[axis] * x.Strides[axis]

            Value(x.View(x.Shape[first..], x.Strides[first..], offset))
        | Value _
        | Traced _ -> slice (positions |> List.ofArray |> List.map Index.At) t

    /// Positions along an axis, counted from its start.
    let fromStart (operation: string) axis (shape: int[]) (positions: Tensor) : Tensor =
        let all = Bind.create (Primitive.Iota(DType.Int32, shape[axis])) positions.Device
        along operation axis shape (fun () -> find (Finder.Named operation) positions 0 all)

    /// The tensor with the axes that coordinates are for as one.
    let private flattened (coordinates: Tensor[]) (t: Tensor) : Tensor =
        let first = coordinates.Length
        t.Reshape(Array.append [| Shape.count t.Dims[.. first - 1] |] t.Dims[first..])

    /// Where points are, one tensor of positions for each of the first axes, in the tensor with these axes as one; and that
    /// tensor.
    let atPoints (operation: string) (coordinates: Tensor[]) (t: Tensor) : struct (Tensor * Tensor) =
        if coordinates.Length = 0 || coordinates.Length > t.Rank then
            raise (
                IndexException
                    $"{operation}: {coordinates.Length} coordinates for shape {Shape.show t.Dims}. Give one tensor of positions for each axis, or for the first ones."
            )

        let mutable shape = coordinates[0].Dims

        for c in coordinates do
            integer operation c
            shape <- Shape.broadcast operation shape c.Dims

        let mutable at = fromStart operation 0 t.Dims coordinates[0] |> Operands.expandTo shape

        for axis in 1 .. coordinates.Length - 1 do
            let next = fromStart operation axis t.Dims coordinates[axis] |> Operands.expandTo shape
            at <- at * t.Dims[axis] + next

        struct (at, flattened coordinates t)

    let requireMask (operation: string) (mask: Tensor) =
        if mask.DType <> DType.Bool then
            raise (
                DTypeException
                    $"{operation}: a mask must be Bool, got {mask.DType} {Shape.show mask.Dims}. Compare it with something first."
            )

    let requireCover (operation: string) (mask: Tensor) (t: Tensor) =
        if mask.Rank > t.Rank || not (Shape.equal mask.Dims t.Dims[.. mask.Rank - 1]) then
            raise (
                ShapeException
                    $"{operation}: a mask of shape {Shape.show mask.Dims} does not cover the leading axes of {Shape.show t.Dims}. It needs the sizes of those axes; `where` takes masks that broadcast."
            )

    /// The elements where a mask over the leading axes holds, along one axis.
    let masked (mask: Tensor) (t: Tensor) =
        requireMask "masked" mask
        requireCover "masked" mask t

        let flat = mask.Flatten().ToData<bool[]>()

        let found = [|
            for i in 0 .. flat.Length - 1 do
                if flat[i] then i
        |]

        t.Reshape(Array.append [| flat.Length |] t.Dims[mask.Rank ..])
        |> find Finder.Take ((Tensor.own [| found.Length |] found).To t.Device) 0
