namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The derivative of each primitive: the linear map from a change of one input to the change of the output, at given
/// inputs and output. ValueNone: the output does not depend on that input in a differentiable way.
///
/// There are no other rules. Forward mode applies the map, reverse mode its transpose.
module internal Derivatives =
    /// The terms that a convolution's inputs are.
    let private termsFor (result: ConvolutionTerm) =
        match result with
        | ConvolutionTerm.Output -> struct (ConvolutionTerm.Input, ConvolutionTerm.Kernel)
        | ConvolutionTerm.Input -> struct (ConvolutionTerm.Kernel, ConvolutionTerm.Output)
        | ConvolutionTerm.Kernel -> struct (ConvolutionTerm.Input, ConvolutionTerm.Output)

    /// The map from all inputs to all results at once: where there are several results, or parts that have much in common.
    let joint (p: Primitive) (inputs: Tensor[]) (outputs: Tensor[]) : JointMap voption =
        match p with
        | Primitive.Fused f -> FusedDerivatives.joint f inputs
        | Primitive.Sort(axis, _) -> ValueSome(SelectionDerivatives.sort axis inputs[0] outputs[1])
        | Primitive.MaxPool windows -> ValueSome(SelectionDerivatives.maxPool windows inputs[0] outputs[1])
        | Primitive.Qr -> ValueSome(Decompositions.qr inputs[0] outputs[0] outputs[1])
        | Primitive.Eigh -> ValueSome(Eigenvectors.eigh outputs[0] outputs[1])
        | Primitive.Eig -> ValueSome(Eigenvectors.eig inputs[0].DType outputs[0] outputs[1])
        | Primitive.Lu -> ValueSome(Decompositions.lu outputs[0] outputs[1])
        | Primitive.Svd -> ValueSome(SingularVectors.svd outputs[0] outputs[1] outputs[2])
        | Primitive.Complex -> ValueSome(ComplexDerivatives.complex inputs)
        | Primitive.Host f ->
            raise (
                DerivativeException
                    $"{f.Name}: a function of .NET on numbers has no derivative. Give it one with `withDerivative`, or make its argument constant with `stopGradient`."
            )
        // These have a rule for each input, or none.
        | Primitive.Unary _
        | Primitive.Binary _
        | Primitive.Select
        | Primitive.Convert _
        | Primitive.Full _
        | Primitive.Iota _
        | Primitive.Random _
        | Primitive.Reshape _
        | Primitive.Permute _
        | Primitive.Broadcast _
        | Primitive.Slice _
        | Primitive.Place _
        | Primitive.Concatenate _
        | Primitive.Gather _
        | Primitive.Scatter _
        | Primitive.Reduce _
        | Primitive.ArgReduce _
        | Primitive.CumulativeSum _
        | Primitive.MatMul
        | Primitive.TriangularSolve _
        | Primitive.Higher _
        | Primitive.Cholesky
        | Primitive.Solve _
        | Primitive.Inverse
        | Primitive.SingularValues
        | Primitive.PseudoInverse _
        | Primitive.OfMatrix _
        | Primitive.OfComplex _
        | Primitive.Conjugate
        | Primitive.Fourier _
        | Primitive.Convolution _
        | Primitive.Detach
        | Primitive.Barrier
        | Primitive.Print _
        | Primitive.Transfer _
        | Primitive.Custom _ -> ValueNone

    /// The map from both inputs, where both change, of a primitive that also has one from each.
    let ofPair (p: Primitive) (inputs: Tensor[]) (output: Tensor) : JointMap voption =
        match (Facts.kind p).AsPointwise with
        | ValueSome(Pointwise.Binary op) when output.DType.HasDerivatives ->
            ElementwiseDerivatives.ofPair op inputs output
        | ValueSome _
        | ValueNone -> ValueNone

    /// A primitive without a rule of its own in terms of others, which have one.
    let definition (p: Primitive) (inputs: Tensor[]) : Tensor[] voption =
        match p with
        | Primitive.Fused f -> FusedDerivatives.definition f inputs
        | Primitive.Binary op ->
            if op.IsMultiply then
                Tracer.Squared inputs |> ValueOption.map Array.singleton
            else
                ValueNone
        | Primitive.Unary _
        | Primitive.Select
        | Primitive.Convert _
        | Primitive.Full _
        | Primitive.Iota _
        | Primitive.Random _
        | Primitive.Reshape _
        | Primitive.Permute _
        | Primitive.Broadcast _
        | Primitive.Slice _
        | Primitive.Place _
        | Primitive.Concatenate _
        | Primitive.Gather _
        | Primitive.Scatter _
        | Primitive.Reduce _
        | Primitive.ArgReduce _
        | Primitive.Sort _
        | Primitive.CumulativeSum _
        | Primitive.MatMul
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
        | Primitive.Fourier _
        | Primitive.Convolution _
        | Primitive.MaxPool _
        | Primitive.Detach
        | Primitive.Barrier
        | Primitive.Print _
        | Primitive.Host _
        | Primitive.Transfer _
        | Primitive.Custom _ -> ValueNone

    /// Whether a change of an input can change the result, where both are floats: those inputs that a rule has a map for.
    let depends (p: Primitive) (input: int) : bool =
        match p with
        | Primitive.Unary op -> op.Facts.Slope <> Slope.Flat
        | Primitive.Select -> input > 0
        | Primitive.Gather _
        | Primitive.Scatter _ -> input = 0
        | Primitive.Sort _
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
        | Primitive.Fourier _
        | Primitive.MaxPool _
        // Comparisons make no floats.
        | Primitive.Binary _
        | Primitive.Convert _
        | Primitive.Reshape _
        | Primitive.Permute _
        | Primitive.Broadcast _
        | Primitive.Slice _
        | Primitive.Place _
        | Primitive.Concatenate _
        | Primitive.Reduce _
        | Primitive.CumulativeSum _
        | Primitive.MatMul
        | Primitive.Barrier
        | Primitive.Print _
        | Primitive.Host _
        | Primitive.Transfer _
        | Primitive.Convolution _
        | Primitive.Fused _
        | Primitive.Custom _ -> true
        | Primitive.Full _
        | Primitive.Iota _
        | Primitive.Random _
        | Primitive.ArgReduce _
        | Primitive.Detach -> false

    /// The map from one input of a primitive to its only result.
    let rule (p: Primitive) (inputs: Tensor[]) (output: Tensor) (input: int) : Linear voption =
        let x = inputs[input]

        if not (x.DType.HasDerivatives && output.DType.HasDerivatives) then
            ValueNone
        else
            match p with
            | Primitive.Unary op -> ElementwiseDerivatives.unary op x output
            | Primitive.Binary op -> ElementwiseDerivatives.binary op inputs[0] inputs[1] output input
            | Primitive.Select ->
                let condition = inputs[0]
                ValueSome(Linear.Keep(Deferred(fun () -> if input = 1 then condition else condition.Not())))
            | Primitive.Convert target -> ValueSome(Linear.Convert(x.DType, target))
            | Primitive.Reshape shape -> ValueSome(Linear.Reshape(x.Dims, shape))
            | Primitive.Permute order -> ValueSome(Linear.Permute order)
            | Primitive.Broadcast shape -> ValueSome(Linear.Broadcast(x.Dims, shape))
            | Primitive.Slice region -> ValueSome(Linear.Slice region)
            | Primitive.Place region -> ValueSome(Linear.Place region)
            | Primitive.Concatenate axis ->
                let before = inputs |> Seq.take input |> Seq.sumBy (fun t -> t.Dims[axis])

                ValueSome(
                    Linear.Place {
                        Full = output.Dims
                        Start = output.Dims |> Array.mapi (fun i _ -> if i = axis then before else 0)
                        Count = x.Dims
                        Step = output.Dims |> Array.map (fun _ -> 1)
                    }
                )
            | Primitive.Gather(_, axis, batch) ->
                ValueSome(Linear.Gather(inputs[1], axis, batch, x.Dims[axis]))
            | Primitive.Scatter(Collision.Add, axis, batch, size) ->
                ValueSome(Linear.Scatter(inputs[1], axis, batch, size))
            | Primitive.Scatter(Collision.Last, axis, batch, size) ->
                ValueSome(SelectionDerivatives.lastWins x inputs[1] axis batch size)
            | Primitive.Scatter((Collision.Max | Collision.Min), axis, batch, size) ->
                ValueSome(SelectionDerivatives.extremeStays x inputs[1] output axis batch size)
            | Primitive.Reduce(Reduction.Sum, axes) -> ValueSome(Linear.Sum(x.Dims, axes))
            | Primitive.Reduce(Reduction.Max, axes)
            | Primitive.Reduce(Reduction.Min, axes) -> SelectionDerivatives.extreme x output axes
            | Primitive.CumulativeSum(axis, reverse) -> ValueSome(Linear.CumulativeSum(axis, reverse))
            | Primitive.MatMul ->
                ValueSome(if input = 0 then Linear.MultiplyRight inputs[1] else Linear.MultiplyLeft inputs[0])
            | Primitive.TriangularSolve isUpper ->
                ValueSome(
                    if input = 1 then
                        Linear.Solve(isUpper, inputs[0])
                    else
                        Decompositions.triangularSolve isUpper inputs[0] output
                )
            | Primitive.Higher f -> ValueSome(HigherSlopes.rule f inputs output input)
            | Primitive.Cholesky -> ValueSome(Decompositions.cholesky output)
            | Primitive.Solve isTransposed ->
                ValueSome(
                    if input = 1 then
                        Decompositions.solveBy isTransposed inputs[0]
                    else
                        Decompositions.solve isTransposed inputs[0] output
                )
            | Primitive.Inverse -> ValueSome(Decompositions.inverse output)
            | Primitive.SingularValues -> ValueSome(SingularVectors.values inputs[0])
            | Primitive.PseudoInverse _ -> ValueSome(Decompositions.pseudoInverse inputs[0] output)
            | Primitive.OfMatrix f -> ValueSome(Decompositions.ofMatrix f inputs[0])
            | Primitive.OfComplex f -> ValueSome(ComplexDerivatives.ofComplex f x output)
            | Primitive.Conjugate -> ValueSome ComplexDerivatives.conjugate
            | Primitive.Fourier(transform, axis, factor) ->
                ValueSome(ComplexDerivatives.fourier transform axis factor x.Dims[axis])
            | Primitive.Barrier
            | Primitive.Print _ -> ValueSome Linear.Identity
            | Primitive.Transfer device -> ValueSome(Linear.Transfer(x.Device, device))
            | Primitive.Convolution(result, windows, groups) ->
                let struct (first, second) = termsFor result
                let source = if input = 0 then first else second
                ValueSome(Linear.ConvolveBy(inputs[1 - input], source, result, windows, groups))
            | Primitive.Fused f -> FusedDerivatives.rule f inputs output input
            // These have a joint map.
            | Primitive.Complex
            | Primitive.Sort _
            | Primitive.Qr
            | Primitive.Eigh
            | Primitive.Eig
            | Primitive.Lu
            | Primitive.Svd
            | Primitive.MaxPool _
            | Primitive.Host _
            | Primitive.Full _
            | Primitive.Iota _
            | Primitive.Random _
            | Primitive.ArgReduce _
            | Primitive.Detach -> ValueNone
            | Primitive.Custom f -> invalidOp $"'{f.Name}' brings its own derivative."

    /// Whether a primitive is linear, or affine, in the inputs marked, all at once.
    let isLinear (p: Primitive) (marked: bool[]) : bool =
        let onlyFirst () = marked[0] && not marked[1]
        let one () = onlyFirst () || (marked[1] && not marked[0])

        match p with
        | Primitive.Unary op -> op = Unary.Negate
        | Primitive.Binary op ->
            match op with
            | Binary.Add
            | Binary.Subtract -> true
            | Binary.Multiply -> one ()
            | Binary.Divide -> onlyFirst ()
            | Binary.Remainder
            | Binary.Power
            | Binary.Atan2
            | Binary.Max
            | Binary.Min
            | Binary.And
            | Binary.Or
            | Binary.Xor
            | Binary.ShiftLeft
            | Binary.ShiftRight
            | Binary.Equal
            | Binary.Less
            | Binary.LessEqual -> false
        | Primitive.MatMul
        | Primitive.Convolution _ -> one ()
        | Primitive.Select -> not marked[0]
        | Primitive.Gather _
        | Primitive.Scatter((Collision.Add | Collision.Last), _, _, _) -> onlyFirst ()
        | Primitive.Scatter((Collision.Max | Collision.Min), _, _, _) -> false
        | Primitive.Reduce(kind, _) -> (kind = Reduction.Sum)
        | Primitive.Convert target -> target.HasDerivatives
        | Primitive.OfComplex f -> not f.IsModulus
        // Over the real numbers.
        | Primitive.Complex
        | Primitive.Conjugate
        | Primitive.Fourier _ -> true
        | Primitive.Reshape _
        | Primitive.Permute _
        | Primitive.Broadcast _
        | Primitive.Slice _
        | Primitive.Place _
        | Primitive.Concatenate _
        | Primitive.CumulativeSum _
        | Primitive.Barrier
        | Primitive.Print _
        | Primitive.Transfer _ -> true
        | Primitive.Full _
        | Primitive.Iota _
        | Primitive.Random _
        | Primitive.ArgReduce _
        | Primitive.Sort _
        | Primitive.Qr
        | Primitive.Eigh
        | Primitive.Eig
        | Primitive.Higher _
        | Primitive.Cholesky
        | Primitive.Lu
        | Primitive.Inverse
        | Primitive.Svd
        | Primitive.SingularValues
        | Primitive.PseudoInverse _
        | Primitive.OfMatrix _
        | Primitive.MaxPool _
        | Primitive.Host _
        | Primitive.Detach -> false
        | Primitive.TriangularSolve _
        | Primitive.Solve _ -> not marked[0]
        | Primitive.Fused f -> FusedDerivatives.isLinear f marked
        // Whoever wrote its derivative promised that it is the whole story.
        | Primitive.Custom f -> f.IsLinear
