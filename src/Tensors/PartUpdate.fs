namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// What a part of a tensor is: of single axes, under a mask, or at points.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal PartSelection =
    | Indices of Index list
    | Mask of Tensor
    | Points of Tensor[]

/// What becomes of a part.
[<RequireQualifiedAccess; Struct>]
type internal PartChange =
    /// It holds the value; the last one, where several go to one place.
    | Set
    /// It and all values that go to a place become one number.
    | Meet of Reduce

/// Copies of a tensor in which a part is another.
module internal PartUpdate =
    let private stretch (operation: string) (part: int[]) (value: Tensor) =
        if not (Shape.stretches value.Dims part) then
            raise (
                ShapeException
                    $"{operation}: a value of shape {Shape.show value.Dims} does not stretch to the part of shape {Shape.show part} that it goes to. Reduce or reshape it first."
            )

        Operands.expandTo part value

    /// Rows of a tensor, replaced by those that go to their places; positions are a vector.
    let private replaceRows (positions: Tensor) (rows: Tensor) (t: Tensor) : Tensor =
        let placed = Bind.one (Primitive.Scatter(Collision.Last, 0, 0, t.Dims[0])) [| rows; positions |]
        let all = Bind.full (Literal.Whole 1L) DType.Bool positions.Dims positions.Device
        let isHit = Bind.one (Primitive.Scatter(Collision.Last, 0, 0, t.Dims[0])) [| all; positions |]
        where (isHit.Reshape(Array.append t.Dims[..0] (Array.create (t.Rank - 1) 1))) placed t

    /// Rows of a tensor, changed by those that go to their places.
    let rows (change: PartChange) (positions: Tensor) (rows: Tensor) (t: Tensor) : Tensor =
        match change with
        | PartChange.Set -> replaceRows positions rows t
        | PartChange.Meet how -> Meeting.into how positions rows t

    /// Numbers changed by others of their shape.
    let private elements (change: PartChange) (value: Tensor) (t: Tensor) : Tensor =
        match change with
        | PartChange.Set -> value
        | PartChange.Meet how -> Meeting.combine how t value

    let private byIndices (operation: string) change (indices: Index list) (value: Tensor) (t: Tensor) =
        let region, shown, takes = Subset.resolve operation t.Dims indices

        if takes.IsEmpty then
            let value = (stretch operation shown value).Reshape region.Count

            let value =
                match change with
                | PartChange.Set -> value
                | PartChange.Meet _ -> elements change value (Bind.one (Primitive.Slice region) [| t |])

            let whole = Bind.full (Literal.Whole 1L) DType.Bool region.Count t.Device
            let inside = Bind.one (Primitive.Place region) [| whole |]
            Bind.one Primitive.Select [| inside; Bind.one (Primitive.Place region) [| value |]; t |]
        else
            // The place of each element that the indices select.
            let all = Bind.create (Primitive.Iota(DType.Int32, t.Size)) t.Device
            let at = Subset.sliceFor operation indices (all.Reshape t.Dims)
            let value = (stretch operation at.Dims value).Flatten()
            (rows change (at.Flatten()) value (t.Flatten())).Reshape t.Dims

    let private byMask (operation: string) change (mask: Tensor) (value: Tensor) (t: Tensor) =
        Subset.requireMask operation mask

        if not (Shape.stretches mask.Dims t.Dims) then
            raise (
                ShapeException
                    $"{operation}: a mask of shape {Shape.show mask.Dims} does not stretch to {Shape.show t.Dims}. Reshape it first."
            )

        where mask (elements change (stretch operation t.Dims value) t) t

    let private byPoints (operation: string) change (coordinates: Tensor[]) (value: Tensor) (t: Tensor) =
        let struct (at, flat) = Subset.atPoints operation coordinates t
        let rest = flat.Dims[1..]
        let value = stretch operation (Array.append at.Dims rest) value

        (rows change (at.Flatten()) (value.Reshape(Array.append [| at.Size |] rest)) flat).Reshape t.Dims

    /// A copy in which the part of a selection is changed by a value that stretches to it.
    let apply
        (operation: string)
        (change: PartChange)
        (selection: PartSelection)
        (value: Tensor)
        (t: Tensor)
        : Tensor =
        Operands.sameDType operation t value

        match change with
        | PartChange.Set -> ()
        | PartChange.Meet how -> Meeting.require operation how t

        match selection with
        | PartSelection.Indices indices -> byIndices operation change indices value t
        | PartSelection.Mask mask -> byMask operation change mask value t
        | PartSelection.Points coordinates -> byPoints operation change coordinates value t

    /// What a selection is of the tensor.
    let read (selection: PartSelection) (t: Tensor) : Tensor =
        match selection with
        | PartSelection.Indices indices -> Subset.slice indices t
        | PartSelection.Mask mask -> Subset.masked mask t
        | PartSelection.Points coordinates ->
            let struct (at, flat) = Subset.atPoints "slice" coordinates t
            Subset.take "slice" at 0 flat
