namespace Cotangent.Batching

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// A tensor as one use of `vmap` sees it.
[<RequireQualifiedAccess; Struct; NoComparison; NoEquality>]
type internal Operand =
    /// One value for each example, along axis 0.
    | Batched of batch: Tensor
    /// One value for all examples.
    | Shared of value: Tensor

    /// The tensor one level down.
    member operand.Tensor =
        match operand with
        | Operand.Batched t
        | Operand.Shared t -> t

/// What a primitive on each example is on the whole batch: one primitive or a few, never a loop. The batch axis is axis
/// 0, so every axis that a primitive names moves up by one; all else is about operands of which only some are batched.
module internal BatchRules =
    /// With a value for each example. A shared one becomes a view of stride 0.
    let each (examples: int) (operand: Operand) =
        match operand with
        | Operand.Batched t -> t
        | Operand.Shared t -> Bind.one (Primitive.Broadcast(Array.append [| examples |] t.Dims)) [| t |]

    let private with0 first (shape: int[]) = Array.append [| first |] shape

    let private regionOf examples (region: Region) = {
        Full = with0 examples region.Full
        Start = with0 0 region.Start
        Count = with0 examples region.Count
        Step = with0 1 region.Step
    }

    /// Per-example shapes are aligned right, so the axes that a broadcast adds come between the batch axis and the rest.
    let private broadcast examples (shape: int[]) (x: Tensor) =
        let own = x.Dims[1..]
        let ones = Array.replicate (shape.Length - own.Length) 1
        let aligned = x.Reshape(Array.concat [ [| examples |]; ones; own ])
        Bind.one (Primitive.Broadcast(with0 examples shape)) [| aligned |]

    /// aᵢ b for all i: the rows of all aᵢ one below the other make a single tall matrix. With leading axes l,
    /// (N, l, m, k) becomes (l, N, m, k), then (l, N m, k), and meets (l, k, n).
    let private tall (a: Tensor) (b: Tensor) =
        let at = a.Rank - 3
        let rows = a.MoveAxis(0, at)
        let leading, inner = rows.Dims[.. at - 1], rows.Dims[at..]
        let lined = rows.Reshape(Array.append leading [| inner[0] * inner[1]; inner[2] |])
        let product = Bind.one Primitive.MatMul [| lined; b |]
        let columns = b.Dims[b.Rank - 1]

        product.Reshape(Array.append leading [| inner[0]; inner[1]; columns |]).MoveAxis(at, 0)

    let private matMul examples a b =
        match a, b with
        | Operand.Batched a, Operand.Shared b -> tall a b
        // a bᵢ = (bᵢᵀ aᵀ)ᵀ
        | Operand.Shared a, Operand.Batched b -> (tall b.T a.T).T
        | Operand.Batched _, Operand.Batched _
        | Operand.Shared _, Operand.Shared _ ->
            Bind.one Primitive.MatMul [| each examples a; each examples b |]

    let private gather examples finder axis batch data indices =
        match data, indices with
        | Operand.Batched data, Operand.Shared indices when batch = 0 ->
            Bind.one (Primitive.Gather(finder, axis + 1, 0)) [| data; indices |]
        | Operand.Shared data, Operand.Batched indices ->
            // A batch of indices is a tensor of more indices; their batch axis comes out where they go in.
            let found =
                Bind.one (Primitive.Gather(finder, axis, batch)) [| data; indices.MoveAxis(0, batch) |]

            found.MoveAxis(axis, 0)
        | Operand.Batched _, (Operand.Batched _ | Operand.Shared _)
        | Operand.Shared _, Operand.Shared _ ->
            Bind.one (Primitive.Gather(finder, axis + 1, batch + 1)) [|
                each examples data
                each examples indices
            |]

    let private scatter examples collision axis batch size updates indices =
        match updates, indices with
        | Operand.Batched updates, Operand.Shared indices when batch = 0 ->
            Bind.one (Primitive.Scatter(collision, axis + 1, 0, size)) [| updates; indices |]
        | (Operand.Batched _ | Operand.Shared _), (Operand.Batched _ | Operand.Shared _) ->
            Bind.one (Primitive.Scatter(collision, axis + 1, batch + 1, size)) [|
                each examples updates
                each examples indices
            |]

    /// Where a batch of examples finds room in a tensor of a convolution: in front of an axis, or, where that holds
    /// groups and is split, between the groups and what each has.
    [<RequireQualifiedAccess; Struct>]
    type private Room =
        | Before of axis: int
        | Within of grouped: int

    let private merge first count (shape: int[]) =
        Array.concat [
            shape[.. first - 1]
            [| Shape.count shape[first .. first + count - 1] |]
            shape[first + count ..]
        ]

    let private split axis (parts: int[]) (shape: int[]) =
        Array.concat [ shape[.. axis - 1]; parts; shape[axis + 1 ..] ]

    let private foldIn groups room (t: Tensor) =
        match room with
        | Room.Within axis when groups > 1 ->
            let own = t.Dims[axis + 1] / groups
            let moved = (t.Reshape(split (axis + 1) [| groups; own |] t.Dims)).MoveAxis(0, axis + 1)
            moved.Reshape(merge axis 3 moved.Dims)
        | Room.Within axis
        | Room.Before axis ->
            let moved = t.MoveAxis(0, axis)
            moved.Reshape(merge axis 2 moved.Dims)

    let private foldOut examples groups room (t: Tensor) =
        match room with
        | Room.Within axis when groups > 1 ->
            let own = t.Dims[axis] / groups / examples
            let apart = (t.Reshape(split axis [| groups; examples; own |] t.Dims)).MoveAxis(axis + 1, 0)
            apart.Reshape(merge (axis + 1) 2 apart.Dims)
        | Room.Within axis
        | Room.Before axis ->
            (t.Reshape(split axis [| examples; t.Dims[axis] / examples |] t.Dims)).MoveAxis(axis, 0)

    /// The terms of a convolution have the axes x: (images, channels), w: (outputs, channels), y: (images, outputs),
    /// channels and outputs in groups. Each kind of axis is lacking in one of the three. If only that one is shared by
    /// all examples, these become more of the kind; if none is, they become more groups.
    let private convolution examples (result: ConvolutionTerm) (w: Windows) groups (a: Operand) b =
        let first, second =
            match result with
            | ConvolutionTerm.Output -> ConvolutionTerm.Input, ConvolutionTerm.Kernel
            | ConvolutionTerm.Input -> ConvolutionTerm.Kernel, ConvolutionTerm.Output
            | ConvolutionTerm.Kernel -> ConvolutionTerm.Input, ConvolutionTerm.Output

        let shared =
            match a, b with
            | Operand.Shared _, _ -> ValueSome first
            | _, Operand.Shared _ -> ValueSome second
            | Operand.Batched _, Operand.Batched _ -> ValueNone

        let room (term: ConvolutionTerm) =
            match shared, term with
            | ValueSome ConvolutionTerm.Kernel, _ -> Room.Before 0
            | ValueSome ConvolutionTerm.Input, ConvolutionTerm.Kernel -> Room.Within 0
            | ValueSome ConvolutionTerm.Input, _ -> Room.Within 1
            | ValueSome ConvolutionTerm.Output, ConvolutionTerm.Kernel -> Room.Before 1
            | ValueSome ConvolutionTerm.Output, _ -> Room.Within 1
            | ValueNone, ConvolutionTerm.Kernel -> Room.Before 0
            | ValueNone, _ -> Room.Before 1

        let enter term operand =
            match operand with
            | Operand.Batched t -> foldIn groups (room term) t
            | Operand.Shared t -> t

        if examples = 0 then
            let signature operand : Signature =
                match operand with
                | Operand.Batched t -> { Shape = t.Dims[1..]; DType = t.DType }
                | Operand.Shared t -> { Shape = t.Dims; DType = t.DType }

            let one = ShapeRule.one (Primitive.Convolution(result, w, groups)) [| signature a; signature b |]

            Bind.full (Literal.Real 0.0) one.DType (with0 0 one.Shape) a.Tensor.Device
        else
            let groups' = if shared.IsNone then groups * examples else groups

            Bind.one (Primitive.Convolution(result, w, groups')) [| enter first a; enter second b |]
            |> foldOut examples groups (room result)

    /// Examples of planes are more of them.
    let private maxPool examples (w: Windows) (x: Tensor) =
        Bind.apply (Primitive.MaxPool w) [| x.Reshape(merge 0 2 x.Dims) |]
        |> Array.map (fun planes -> planes.Reshape(split 0 [| examples; x.Dims[1] |] planes.Dims))

    let private fused examples (f: Fused) (inputs: Operand[]) =
        let moved =
            match f with
            | Fused.Softmax(isLog, axis) -> Fused.Softmax(isLog, axis + 1)
            | Fused.SoftmaxPull(isLog, axis) -> Fused.SoftmaxPull(isLog, axis + 1)
            | Fused.LogSumExp axis -> Fused.LogSumExp(axis + 1)
            // These work on rows, however many.
            | Fused.CrossEntropy _
            | Fused.CrossEntropyPull _
            | Fused.NormalizePull _
            // This on rows, or with a gain on matrices.
            | Fused.Normalize _
            // These on matrices.
            | Fused.NormalizeGainPull _
            | Fused.Attention _
            | Fused.AttentionPull _ -> f

        Bind.apply (Primitive.Fused moved) (Array.map (each examples) inputs)

    /// The batches of results of a primitive of which at least one input is batched.
    let apply (examples: int) (p: Primitive) (inputs: Operand[]) : Tensor[] =
        let x = inputs[0]
        let batch () = each examples x
        /// A primitive on operands that all have a value for each example.
        let onBatches p = Bind.apply p (Array.map (each examples) inputs)
        let ofBatch p = Bind.apply p [| batch () |]

        match p with
        | Primitive.Unary op -> [| Bind.unary op (batch ()) |]
        | Primitive.Binary op -> [| Bind.binary op (batch ()) (each examples inputs[1]) |]
        | Primitive.Select
        | Primitive.Convert _
        | Primitive.Transfer _
        // Draws of shape keys ++ shape.
        | Primitive.Random _
        // Of as many matrices.
        | Primitive.TriangularSolve _
        | Primitive.Qr
        | Primitive.Eigh
        | Primitive.Eig
        | Primitive.Higher _
        | Primitive.Cholesky
        | Primitive.Lu
        | Primitive.Solve _
        | Primitive.Inverse
        | Primitive.Svd
        | Primitive.SingularValues
        | Primitive.PseudoInverse _
        | Primitive.OfMatrix _
        | Primitive.Complex
        | Primitive.OfComplex _
        | Primitive.Conjugate
        | Primitive.Detach
        | Primitive.Barrier
        | Primitive.Print _ -> onBatches p
        | Primitive.Host f -> onBatches (Primitive.Host(HostCalls.batched examples f))
        | Primitive.Reshape shape -> ofBatch (Primitive.Reshape(with0 examples shape))
        | Primitive.Permute order -> ofBatch (Primitive.Permute(with0 0 (Array.map ((+) 1) order)))
        | Primitive.Broadcast shape -> [| broadcast examples shape (batch ()) |]
        | Primitive.Slice region -> ofBatch (Primitive.Slice(regionOf examples region))
        | Primitive.Place region -> ofBatch (Primitive.Place(regionOf examples region))
        | Primitive.Concatenate axis -> onBatches (Primitive.Concatenate(axis + 1))
        | Primitive.Gather(finder, axis, batch) -> [| gather examples finder axis batch x inputs[1] |]
        | Primitive.Scatter(collision, axis, batch, size) -> [|
            scatter examples collision axis batch size x inputs[1]
          |]
        | Primitive.Reduce(kind, axes) -> ofBatch (Primitive.Reduce(kind, Array.map ((+) 1) axes))
        | Primitive.ArgReduce(largest, axis) -> ofBatch (Primitive.ArgReduce(largest, axis + 1))
        | Primitive.Sort(axis, descending) -> ofBatch (Primitive.Sort(axis + 1, descending))
        | Primitive.CumulativeSum(axis, reverse) -> ofBatch (Primitive.CumulativeSum(axis + 1, reverse))
        | Primitive.Fourier(transform, axis, scale) -> ofBatch (Primitive.Fourier(transform, axis + 1, scale))
        | Primitive.MatMul -> [| matMul examples x inputs[1] |]
        | Primitive.Convolution(result, w, groups) -> [| convolution examples result w groups x inputs[1] |]
        | Primitive.MaxPool w -> maxPool examples w (batch ())
        | Primitive.Fused f -> fused examples f inputs
        | Primitive.Full _
        | Primitive.Iota _ -> invalidOp $"`{p}` has no input that could be batched."
        | Primitive.Custom f -> invalidOp $"'{f.Name}' is batched as a whole."
