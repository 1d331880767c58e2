namespace Cotangent

/// A part of a tensor, as `t.At[1.., 0]` names it: to read it, or to replace it in a copy. Tensors never change.
[<Sealed>]
type TensorPart internal (whole: Tensor, selection: Choice<Index list, Tensor>) =
    let number (operation: string) (value: float) =
        Bind.full (Literals.real operation whole.DType value) whole.DType [||] whole.Device

    /// <summary>The part itself: what <c>t[1.., 0]</c> is.</summary>
    /// <exception cref="T:Cotangent.IndexException">An index lies outside its axis.</exception>
    member _.Value: Tensor =
        match selection with
        | Choice1Of2 indices -> Subset.slice indices whole
        | Choice2Of2 mask -> Subset.masked mask whole

    /// <summary>
    /// A copy of the whole tensor in which the part holds a value of its dtype, which stretches to the part, or under a
    /// mask to the whole. Where positions repeat the last one wins.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The value does not stretch to the part.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The value has another dtype.</exception>
    /// <example><code>
    /// (tensor [ 1.0; 2.0; 3.0 ]).At[1..].Set(tensor [ 7.0; 8.0 ]) // [1, 7, 8]
    /// </code></example>
    member _.Set(value: Tensor) : Tensor =
        Given.check "value" value

        match selection with
        | Choice1Of2 indices -> Subset.replace indices value whole
        | Choice2Of2 mask -> Subset.replaceWhere mask value whole

    /// <summary>A copy of the whole tensor in which the part holds one number.</summary>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The number is not a whole one, and the dtype an integer.
    /// </exception>
    /// <example><code>
    /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).At[*, 0].Set 0.0 // [[0, 2], [0, 4]]
    /// </code></example>
    member part.Set(value: float) : Tensor = part.Set(number "set" value)

    /// <summary>
    /// A copy of the whole tensor with a value added to the part; where positions repeat all are added.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The value does not stretch to the part.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The value has another dtype.</exception>
    /// <example><code>
    /// (tensor [ 1.0; 2.0 ]).At[tensor [ 0; 0 ]].Add(tensor [ 10.0; 20.0 ]) // [31, 2]
    /// </code></example>
    member _.Add(value: Tensor) : Tensor =
        Given.check "value" value

        match selection with
        | Choice1Of2 indices -> Subset.add indices value whole
        | Choice2Of2 mask -> Subset.addWhere mask value whole

    /// <summary>A copy of the whole tensor with a number added to the part.</summary>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The number is not a whole one, and the dtype an integer.
    /// </exception>
    /// <example><code>
    /// (tensor [ 1.0; 2.0 ]).At[0].Add 0.5 // [1.5, 2]
    /// </code></example>
    member part.Add(value: float) : Tensor = part.Add(number "add" value)

/// <summary>
/// Parts by computed indices: <c>t.Slice</c>, <c>t.Take</c>, <c>t.Gather</c>. With brackets, <c>t[1..3, *, -1]</c>, see
/// <c>Brackets</c>.
/// </summary>
[<AutoOpen>]
module Indexing =
    let private requireAlong (operation: string) (t: Tensor) (indices: Tensor) axis =
        if
            t.Rank = 0
            || indices.Rank <> t.Rank
            || not (Shape.equal (Shape.removeAt axis t.Dims) (Shape.removeAt axis indices.Dims))
        then
            raise (
                ShapeException
                    $"{operation}: indices {Shape.show indices.Dims} must agree with {Shape.show t.Dims} in every axis but {axis}. `Take` selects whole slices with indices of any shape."
            )

    type Tensor with

        /// <summary>
        /// The part that an index selects, axis by axis; see <c>Index</c>. Several <c>Take</c>s select rows and columns
        /// independently.
        /// </summary>
        /// <exception cref="T:Cotangent.IndexException">
        /// An index lies outside its axis, or there are more indices than axes.
        /// </exception>
        /// <example><code>
        /// (tensor [ 0..9 ]).Slice [ Index.Range(Some 1, None, 3) ] // [1, 4, 7]
        /// </code></example>
        [<CompiledName "Slice">]
        member t.Slice(indices: Index seq) : Tensor =
            Given.check "indices" indices
            Subset.slice (List.ofSeq indices) t

        /// <summary>
        /// The elements where a mask over the leading axes holds. Its shape depends on the data, so it can't be staged;
        /// <c>where</c> can.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The mask is not Bool.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The mask does not cover the leading axes.</exception>
        /// <example><code>
        /// (tensor [ 1; 2; 3 ]).Masked(tensor [ true; false; true ]) // [1, 3]
        /// </code></example>
        [<CompiledName "Masked">]
        member t.Masked(mask: Tensor) : Tensor =
            Given.check "mask" mask
            Subset.masked mask t

        /// <summary>
        /// The slices at integer positions (any shape) of an axis; the axes of the positions take its place.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The positions are not integers.</exception>
        /// <exception cref="T:Cotangent.IndexException">A position lies outside the axis.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2; 3 ] ]).Take(tensor [ 2; 0 ], 1) // [[3, 1]]
        /// </code></example>
        [<CompiledName "Take">]
        member t.Take(positions: Tensor, ?axis: int) : Tensor =
            Given.check "positions" positions
            Subset.integer "take" positions
            Subset.take "take" positions (Shape.axis "take" t.Rank (defaultArg axis 0)) t

        /// <summary>
        /// Element by element along an axis: <c>result[i, j] = t[i, indices[i, j]]</c> for axis 1. The other axes
        /// agree.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The indices are not integers.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The other axes differ.</exception>
        /// <exception cref="T:Cotangent.IndexException">An index lies outside the axis.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).Gather(tensor [ [ 1 ]; [ 0 ] ], 1) // [[2], [3]]
        /// </code></example>
        [<CompiledName "Gather">]
        member t.Gather(indices: Tensor, axis: int) : Tensor =
            Given.check "indices" indices
            Subset.integer "gather" indices
            let axis = Shape.axis "gather" t.Rank axis
            requireAlong "gather" t indices axis
            let last = t.Rank - 1

            let found =
                Subset.along "gather" axis t.Dims (fun () ->
                    Bind.one (Primitive.Gather(Finder.Gather, last, last)) [|
                        t.MoveAxis(axis, last)
                        indices.MoveAxis(axis, last)
                    |])

            found.MoveAxis(last, axis)

        /// <summary>
        /// A copy with updates added along an axis: <c>result[i, indices[i, j]] += updates[i, j]</c> for axis 1.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">
        /// The indices are not integers, or the updates of another dtype.
        /// </exception>
        /// <exception cref="T:Cotangent.ShapeException">The shapes do not match.</exception>
        /// <exception cref="T:Cotangent.IndexException">An index lies outside the axis.</exception>
        /// <example><code>
        /// (tensor [ 0; 0; 0 ]).ScatterAdd(tensor [ 2; 2 ], tensor [ 5; 7 ], 0) // [0, 0, 12]
        /// </code></example>
        [<CompiledName "ScatterAdd">]
        member t.ScatterAdd(indices: Tensor, updates: Tensor, axis: int) : Tensor =
            Given.check "indices" indices
            Given.check "updates" updates
            Subset.integer "scatterAdd" indices
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
                Subset.along "scatterAdd" axis t.Dims (fun () ->
                    Bind.one (Primitive.Scatter(Collision.Add, last, last, t.Dims[axis])) [|
                        updates.MoveAxis(axis, last)
                        indices.MoveAxis(axis, last)
                    |])

            t + added.MoveAxis(last, axis)
