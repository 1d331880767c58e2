namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The derivatives of what picks elements by their values or the order in which they come: a change passes where the element came
/// from.
module internal SelectionDerivatives =
    /// All elements that reach the extreme share its change equally; a NaN is one, and all NaNs reach it.
    let extreme (x: Tensor) (y: Tensor) axes =
        let kept = Shape.keeping axes x.Dims
        let reached = Deferred(fun () -> (x.Equal(y.Reshape kept)).Or(Bind.unary Unary.IsNaN x))

        // So many may reach it that a 16-bit float cannot count them.
        let share =
            Deferred(fun () ->
                let counting = if DTypes.isHalf x.DType then DType.Float32 else x.DType
                (1 / (reached.Value.Convert counting).Sum axes).Convert x.DType)

        ValueSome(
            Linear.Compose(Linear.Keep reached, Linear.Compose(Linear.Sum(x.Dims, axes), Linear.Scale share))
        )

    /// Of updates that meet in one place only the last arrives: the others are masked before they are added.
    let lastWins (updates: Tensor) (indices: Tensor) axis batch size =
        let wins =
            Deferred(fun () ->
                let order =
                    (Bind.create (Primitive.Iota(DType.Int32, updates.Size)) updates.Device).Reshape
                        updates.Dims
                    + 1

                let winner =
                    Bind.one (Primitive.Scatter(Collision.Last, axis, batch, size)) [| order; indices |]

                (Bind.one (Primitive.Gather(Finder.Gather, axis, batch)) [| winner; indices |]).Equal order)

        Linear.Compose(Linear.Keep wins, Linear.Scatter(indices, axis, batch, size))

    /// All updates that reach the extreme of their place share its change equally; a NaN is one.
    let extremeStays (updates: Tensor) (indices: Tensor) (y: Tensor) axis batch size =
        let found =
            Deferred(fun () -> Bind.one (Primitive.Gather(Finder.Gather, axis, batch)) [| y; indices |])

        let reached = Deferred(fun () -> (updates.Equal found.Value).Or(Bind.unary Unary.IsNaN updates))

        let share =
            Deferred(fun () ->
                let counting = if DTypes.isHalf updates.DType then DType.Float32 else updates.DType

                let counts =
                    Bind.one (Primitive.Scatter(Collision.Add, axis, batch, size)) [|
                        reached.Value.Convert counting
                        indices
                    |]

                // To some places none goes.
                (1 / Bind.binary Binary.Max counts (Tensor.onesLike counts)).Convert updates.DType)

        Linear.Compose(
            Linear.Keep reached,
            Linear.Compose(Linear.Scatter(indices, axis, batch, size), Linear.Scale share)
        )

    /// A first result that takes its elements from the only input, at positions along an axis that a second one tells. The
    /// axes before it and the others are shared.
    let private picked (read: Tensor -> Tensor) (write: Tensor -> Tensor) : JointMap = {
        Push = fun tangents -> [| ValueOption.map read tangents[0]; ValueNone |]
        Pull = fun cotangents -> [| ValueOption.map write cotangents[0] |]
    }

    let sort axis (x: Tensor) (positions: Tensor) =
        let last = x.Rank - 1
        let toLast (t: Tensor) = t.MoveAxis(axis, last)
        let back (t: Tensor) = t.MoveAxis(last, axis)

        picked
            (fun d ->
                back (
                    Bind.one (Primitive.Gather(Finder.Gather, last, last)) [| toLast d; toLast positions |]
                ))
            (fun c ->
                let scatter = Primitive.Scatter(Collision.Add, last, last, x.Dims[axis])
                back (Bind.one scatter [| toLast c; toLast positions |]))

    /// Each window has the change of its largest element.
    let maxPool (windows: Windows) (x: Tensor) (positions: Tensor) =
        let size, count = Shape.count windows.Full, Shape.count windows.Count
        let lined n (t: Tensor) = t.Reshape(Array.append x.Dims[..1] [| n |])

        picked
            (fun d ->
                (Bind.one (Primitive.Gather(Finder.Gather, 2, 2)) [| lined size d; lined count positions |])
                    .Reshape(positions.Dims))
            (fun c ->
                let scatter = Primitive.Scatter(Collision.Add, 2, 2, size)
                (Bind.one scatter [| lined count c; lined count positions |]).Reshape x.Dims)
