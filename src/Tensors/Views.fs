namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Other shapes of the same numbers. On the CPU these share memory with the tensor they come from, but for
/// reshapes that strides can't express.
[<AutoOpen>]
module Views =
    type Tensor with

        /// <summary>
        /// The same elements in row-major order under another shape; one axis may be -1, "whatever is left".
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The sizes do not multiply to that of the tensor.</exception>
        /// <example><code>
        /// (tensor [ 0..5 ]).Reshape [ 2; -1 ] // [[0, 1, 2], [3, 4, 5]]
        /// </code></example>
        [<CompiledName "Reshape">]
        member t.Reshape(shape: int seq) : Tensor =
            Given.check "shape" shape
            let wanted = Array.ofSeq shape
            let known = wanted |> Array.fold (fun n d -> if d < 0 then n else n * int64 d) 1L

            let fail reason =
                raise (
                    ShapeException
                        $"reshape: {Shape.show t.Dims} to {Shape.show wanted}: {reason}. The sizes must multiply to {t.Size}; one of them may be -1."
                )

            let shape =
                match wanted |> Array.filter (fun d -> d < 0) with
                | [||] -> wanted
                | [| -1 |] ->
                    if known = 0L || int64 t.Size % known <> 0L then
                        fail $"{t.Size} elements can't be divided to fill the axis given as -1"

                    wanted |> Array.map (fun d -> if d < 0 then int (int64 t.Size / known) else d)
                | [| d |] -> fail $"an axis of size {d}"
                | _ -> fail "only one axis can be -1"

            if Shape.equal shape t.Dims then
                t
            elif Shape.count shape <> t.Size then
                fail $"{t.Size} elements do not fill {Shape.count shape} places"
            else
                Bind.one (Primitive.Reshape shape) [| t |]

        /// <summary>
        /// All elements along one axis; or, from an axis on, those that share the places before it: after `Flatten 1` of a
        /// batch each example is a vector. With a last axis, only those from the first to it become one.
        /// </summary>
        /// <exception cref="T:Cotangent.AxisException">
        /// An axis lies outside the rank, or the last stands before the first.
        /// </exception>
        /// <example><code>
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).Flatten() // [1, 2, 3, 4]
        /// (Tensor.zeros DType.Float32 [ 8; 3; 4; 5 ]).Flatten 1 // shape (8, 60)
        /// (Tensor.zeros DType.Float32 [ 8; 3; 4; 5 ]).Flatten(1, 2) // shape (8, 12, 5)
        /// </code></example>
        [<CompiledName "Flatten">]
        member t.Flatten(?first: int, ?last: int) : Tensor =
            match first, last with
            | None, None -> t.Reshape [ -1 ]
            | _ ->
                let first = Shape.axis "flatten" t.Rank (defaultArg first 0)
                let last = Shape.axis "flatten" t.Rank (defaultArg last -1)

                if last < first then
                    raise (
                        AxisException
                            $"flatten: axes {first} to {last} of shape {Shape.show t.Dims}; the last stands before the first. Exchange them."
                    )

                t.Reshape(
                    Array.concat [
                        t.Dims[.. first - 1]
                        [| Shape.count t.Dims[first..last] |]
                        t.Dims[last + 1 ..]
                    ]
                )

        /// <summary>The axes in another order: axis i of the result is axis <c>axes[i]</c> of this tensor.</summary>
        /// <exception cref="T:Cotangent.AxisException">Not every axis is named once.</exception>
        /// <example><code>
        /// (Tensor.zeros DType.Float32 [ 2; 3; 4 ]).Permute [ 2; 0; 1 ] // shape (4, 2, 3)
        /// </code></example>
        [<CompiledName "Permute">]
        member t.Permute(axes: int seq) : Tensor =
            Given.check "axes" axes
            let order = Array.ofSeq axes |> Array.map (Shape.axis "permute" t.Rank)

            if not (Shape.isOrder t.Rank order) then
                raise (
                    AxisException
                        $"permute: {Shape.show order} is not an order of the {t.Rank} axes of shape {Shape.show t.Dims}; name each axis once."
                )

            if Shape.equal order (Shape.allAxes t.Rank) then
                t
            else
                Bind.one (Primitive.Permute order) [| t |]

        /// <summary>Two axes exchanged; by default the last two: the transpose of a matrix.</summary>
        /// <exception cref="T:Cotangent.AxisException">
        /// There are fewer than two axes, or the axes lie outside the rank.
        /// </exception>
        /// <example><code>
        /// (Tensor.zeros DType.Float32 [ 2; 3; 4 ]).Transpose(0, 1) // shape (3, 2, 4)
        /// </code></example>
        [<CompiledName "Transpose">]
        member t.Transpose(?axis0: int, ?axis1: int) : Tensor =
            if t.Rank < 2 && axis0.IsNone then
                raise (
                    AxisException
                        $"transpose: shape {Shape.show t.Dims} has fewer than two axes. Use `Unsqueeze` to make a row or a column of a vector."
                )

            let a = Shape.axis "transpose" t.Rank (defaultArg axis0 -2)
            let b = Shape.axis "transpose" t.Rank (defaultArg axis1 -1)

            t.Permute(
                Array.init t.Rank (fun i ->
                    if i = a then b
                    elif i = b then a
                    else i)
            )

        /// <summary>The transpose of a matrix, or of each matrix in a batch.</summary>
        /// <exception cref="T:Cotangent.AxisException">There are fewer than two axes.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2; 3 ] ]).T // [[1], [2], [3]]
        /// </code></example>
        member t.T = t.Transpose()

        /// <summary>One axis moved to another place, the others keeping their order.</summary>
        /// <exception cref="T:Cotangent.AxisException">An axis lies outside the rank.</exception>
        /// <example><code>
        /// (Tensor.zeros DType.Float32 [ 2; 3; 4 ]).MoveAxis(0, -1) // shape (3, 4, 2)
        /// </code></example>
        [<CompiledName "MoveAxis">]
        member t.MoveAxis(source: int, target: int) : Tensor =
            t.Permute(
                Shape.moving
                    t.Rank
                    (Shape.axis "moveAxis" t.Rank source)
                    (Shape.axis "moveAxis" t.Rank target)
            )

        /// <summary>
        /// Stretched to a shape: axes of size 1 repeat, new leading axes are added, and those given as -1 stay as they are. No
        /// copy is made.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">
        /// An axis that is not of size 1 would have to stretch.
        /// </exception>
        /// <example><code>
        /// (tensor [ 1; 2 ]).Expand [ 3; 2 ] // [[1, 2], [1, 2], [1, 2]]
        /// (tensor [ [ 1 ]; [ 2 ] ]).Expand [ -1; 3 ] // [[1, 1, 1], [2, 2, 2]]
        /// </code></example>
        [<CompiledName "Expand">]
        member t.Expand(shape: int seq) : Tensor =
            Given.check "shape" shape
            let shape = Array.ofSeq shape
            let added = shape.Length - t.Rank

            let shape =
                Array.mapi
                    (fun i size -> if size = -1 && i >= added && added >= 0 then t.Dims[i - added] else size)
                    shape

            Shape.requireSizes "expand" shape

            if not (Shape.stretches t.Dims shape) then
                raise (
                    ShapeException
                        $"expand: {Shape.show t.Dims} does not stretch to {Shape.show shape}: axes are lined up from the last, and only those of size 1 stretch. Use `Reshape` to add some."
                )

            Operands.expandTo shape t

        /// <summary>A new axis of size 1, before the given one; -1 appends.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 1; 2 ]).Unsqueeze -1 // [[1], [2]]
        /// </code></example>
        [<CompiledName "Unsqueeze">]
        member t.Unsqueeze(axis: int) : Tensor =
            let at = Shape.axis "unsqueeze (the new axis counted)" (t.Rank + 1) axis
            t.Reshape(Shape.insertAt at 1 t.Dims)

        /// <summary>
        /// Without the given axis, which must have size 1; without argument, without any axis of size 1.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">The axis has another size than 1.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2 ] ]).Squeeze 0 // [1, 2]
        /// </code></example>
        [<CompiledName "Squeeze">]
        member t.Squeeze(?axis: int) : Tensor =
            match axis with
            | None -> t.Reshape(t.Dims |> Array.filter (fun d -> d <> 1))
            | Some axis ->
                let axis = Shape.axis "squeeze" t.Rank axis

                if t.Dims[axis] <> 1 then
                    raise (
                        ShapeException
                            $"squeeze: axis {axis} of shape {Shape.show t.Dims} has size {t.Dims[axis]}, not 1. Index that axis or reduce it."
                    )

                t.Reshape(Shape.removeAt axis t.Dims)

        /// <summary>
        /// The same values as another dtype. Floats become integers by truncation; what an integer dtype can't hold becomes its
        /// nearest number, and NaN 0; nonzero becomes true.
        /// </summary>
        /// <example><code>
        /// (tensor [ -1.7; 0.0; 2.5 ]).Convert DType.Int32 // [-1, 0, 2]
        /// </code></example>
        [<CompiledName "Convert">]
        member t.Convert(dtype: DType) : Tensor = Operands.convert dtype t

        /// <summary>The order of the elements along the axes reversed; along all axes if none is named.</summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).Flip 1 // [[2, 1], [4, 3]]
        /// </code></example>
        [<CompiledName "Flip">]
        member t.Flip([<System.ParamArray>] axes: int[]) : Tensor =
            Given.check "axes" axes
            let axes = if axes.Length = 0 then Shape.allAxes t.Rank else Shape.axes "flip" t.Rank axes
            let reversed i = Array.contains i axes

            Bind.one
                (Primitive.Slice {
                    Full = t.Dims
                    Start = t.Dims |> Array.mapi (fun i d -> if reversed i then max 0 (d - 1) else 0)
                    Count = t.Dims
                    Step = t.Dims |> Array.mapi (fun i _ -> if reversed i then -1 else 1)
                })
                [| t |]

        /// <summary>
        /// Turned by so many quarters of a circle in the plane of two axes, the first two unless given, from the first axis
        /// towards the second: one quarter by default, backwards if negative.
        /// </summary>
        /// <exception cref="T:Cotangent.AxisException">An axis lies outside the rank, or both are one.</exception>
        /// <example><code>
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).Rot90() // [[2, 4], [1, 3]]
        /// (tensor [ [ 1; 2 ]; [ 3; 4 ] ]).Rot90 -1 // [[3, 1], [4, 2]]
        /// </code></example>
        [<CompiledName "Rot90">]
        member t.Rot90(?quarters: int, ?axis0: int, ?axis1: int) : Tensor =
            let axis0 = Shape.axis "rot90" t.Rank (defaultArg axis0 0)
            let axis1 = Shape.axis "rot90" t.Rank (defaultArg axis1 1)

            if axis0 = axis1 then
                raise (
                    AxisException
                        $"rot90: axis {axis0} twice of shape {Shape.show t.Dims}; a plane has two axes."
                )

            match ((defaultArg quarters 1) % 4 + 4) % 4 with
            | 1 -> (t.Flip axis1).Transpose(axis0, axis1)
            | 2 -> t.Flip(axis0, axis1)
            | 3 -> (t.Transpose(axis0, axis1)).Flip axis1
            | _ -> t
