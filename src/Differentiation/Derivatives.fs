namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The derivative of each primitive: the linear map from a change of one input to the change of the output, at given
/// inputs and output. ValueNone: the output does not depend on that input in a differentiable way.
///
/// There are no other rules. Forward mode applies the map, reverse mode its transpose.
module internal Derivatives =
    let private scale factor = ValueSome(Linear.Scale(Deferred factor))

    let private over divisor = ValueSome(Linear.Over(Deferred divisor))

    let private overTwo (divisors: unit -> struct (Tensor * Tensor)) =
        let both = lazy divisors ()
        let first = Deferred(fun () -> let struct (first, _) = both.Value in first)
        let second = Deferred(fun () -> let struct (_, second) = both.Value in second)
        ValueSome(Linear.Compose(Linear.Over first, Linear.Over second))

    let private keep mask = ValueSome(Linear.Keep(Deferred mask))

    let private unary (op: Unary) (x: Tensor) (y: Tensor) : Linear voption =
        match op with
        | Unary.Negate -> ValueSome Linear.Negate
        | Unary.Abs -> scale (fun () -> x.Sign())
        | Unary.Exp -> scale (fun () -> y)
        | Unary.Expm1 -> scale (fun () -> exp x)
        | Unary.Log -> over (fun () -> x)
        | Unary.Log1p -> over (fun () -> 1 + x)
        | Unary.Sqrt -> over (fun () -> y + y)
        | Unary.Sin -> scale (fun () -> cos x)
        | Unary.Cos -> scale (fun () -> -(sin x))
        | Unary.Tan -> scale (fun () -> 1 + y * y)
        | Unary.Asin -> over (fun () -> sqrt ((1 - x) * (1 + x)))
        | Unary.Acos -> over (fun () -> -(sqrt ((1 - x) * (1 + x))))
        | Unary.Atan -> overTwo (fun () -> Slopes.atan x)
        | Unary.Sinh -> scale (fun () -> cosh x)
        | Unary.Cosh -> scale (fun () -> sinh x)
        | Unary.Tanh when x.DType.IsComplex -> scale (fun () -> 1 - y * y)
        | Unary.Tanh -> scale (fun () -> Slopes.tanh x)
        | Unary.Asinh -> over (fun () -> Slopes.asinh x)
        | Unary.Acosh -> overTwo (fun () -> struct (sqrt (x - 1), sqrt (x + 1)))
        | Unary.Atanh -> over (fun () -> (1 - x) * (1 + x))
        | Unary.Sigmoid -> scale (fun () -> Slopes.sigmoid x y)
        | Unary.Softplus -> scale (fun () -> sigmoid x)
        | Unary.Erf -> scale (fun () -> exp -(x * x) * (2.0 / sqrt System.Math.PI))
        | Unary.Erfc -> scale (fun () -> exp -(x * x) * (-2.0 / sqrt System.Math.PI))
        | Unary.Gelu -> scale (fun () -> Bind.unary Unary.GeluSlope x)
        // (2 - x²) φ(x); far out, φ is 0 and x² no number.
        | Unary.GeluSlope ->
            scale (fun () ->
                let z = x * x
                let bell = exp (z * -0.5) * (1.0 / sqrt (2.0 * System.Math.PI))
                bell * (2.0 - minimum z (Tensor.fullLike z 1e4)))
        | Unary.Lgamma -> scale (fun () -> Bind.unary (Unary.Polygamma 0) x)
        | Unary.Polygamma order -> scale (fun () -> Bind.unary (Unary.Polygamma(order + 1)) x)
        | Unary.Relu -> keep (fun () -> x.Greater 0.0)
        // Flat wherever they are differentiable.
        | Unary.Sign
        | Unary.Floor
        | Unary.Ceiling
        | Unary.Round
        | Unary.IsNaN
        | Unary.Not -> ValueNone

    /// The chosen side passes its change on; where both sides are equal each passes half. A NaN is always chosen.
    let private chosen (mine: Tensor) (other: Tensor) (isLarger: bool) =
        let isNaN t = Bind.unary Unary.IsNaN t

        let mask () =
            let isNaNHere = isNaN mine

            if isLarger then
                isNaNHere.Or((mine.GreaterEqual other))
            else
                isNaNHere.Or((mine.LessEqual other))

        let share () =
            let isTie = (mine.Equal other).Or((isNaN mine).And(isNaN other))
            where isTie (Tensor.fullLike mine 0.5) (Tensor.onesLike mine)

        ValueSome(Linear.Compose(Linear.Keep(Deferred mask), Linear.Scale(Deferred share)))

    let private binary (op: Binary) (a: Tensor) (b: Tensor) (y: Tensor) (input: int) : Linear voption =
        let first = (input = 0)

        match op with
        | Binary.Add -> ValueSome Linear.Identity
        | Binary.Subtract -> ValueSome(if first then Linear.Identity else Linear.Negate)
        | Binary.Multiply -> if first then scale (fun () -> b) else scale (fun () -> a)
        | Binary.Divide ->
            // -y dx before it is divided: of a small y the change is a number where that of b alone is infinite.
            if first then
                over (fun () -> b)
            else
                ValueSome(Linear.ScaleOver(Deferred(fun () -> -y), Deferred(fun () -> b)))
        | Binary.Remainder ->
            // a % b = a - trunc(a/b) b
            if first then ValueSome Linear.Identity else scale (fun () -> round ((y - a) / b))
        // Where a factor would be NaN, what it is computed from is replaced, not it alone: behind a mask the NaN would
        // come back in the second derivative.
        | Binary.Power ->
            if first then
                // b aᵇ⁻¹; x⁰ is constant, also at 0, where 0 · 0⁻¹ would be NaN.
                scale (fun () ->
                    let constant = (a.Equal 0.0).And(b.Equal 0.0)
                    b * where constant (Tensor.onesLike a) a ** (b - 1))
            else
                // aᵇ ln a; 0ᵇ is constant for b > 0.
                scale (fun () ->
                    let zero = a.Equal 0.0
                    where zero (Tensor.zerosLike a) (y * log (where zero (Tensor.onesLike a) a)))
        | Binary.Atan2 ->
            let parts = lazy Slopes.atan2 a b
            let share = Deferred(fun () -> let struct (s, t, _) = parts.Value in if first then t else -s)
            let size = Deferred(fun () -> let struct (_, _, size) = parts.Value in size)
            ValueSome(Linear.ScaleOver(share, size))
        | Binary.Max -> if first then chosen a b true else chosen b a true
        | Binary.Min -> if first then chosen a b false else chosen b a false
        | Binary.And
        | Binary.Or
        | Binary.Xor
        | Binary.ShiftLeft
        | Binary.ShiftRight
        | Binary.Equal
        | Binary.Less
        | Binary.LessEqual -> ValueNone

    /// All elements that reach the extreme share its change equally; a NaN is one, and all NaNs reach it.
    let private extreme (x: Tensor) (y: Tensor) axes =
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
    let private lastWins (updates: Tensor) (indices: Tensor) axis batch size =
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

    /// The terms that a convolution's inputs are.
    let private termsFor (result: ConvolutionTerm) =
        match result with
        | ConvolutionTerm.Output -> struct (ConvolutionTerm.Input, ConvolutionTerm.Kernel)
        | ConvolutionTerm.Input -> struct (ConvolutionTerm.Kernel, ConvolutionTerm.Output)
        | ConvolutionTerm.Kernel -> struct (ConvolutionTerm.Input, ConvolutionTerm.Output)

    /// A first result that takes its elements from the only input, at positions along an axis that a second one tells. The
    /// axes before it and the others are shared.
    let private picked (read: Tensor -> Tensor) (write: Tensor -> Tensor) : JointMap = {
        Push = fun tangents -> [| ValueOption.map read tangents[0]; ValueNone |]
        Pull = fun cotangents -> [| ValueOption.map write cotangents[0] |]
    }

    let private sort axis (x: Tensor) (positions: Tensor) =
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
    let private maxPool (windows: Windows) (x: Tensor) (positions: Tensor) =
        let size, count = Shape.count windows.Full, Shape.count windows.Count
        let lined n (t: Tensor) = t.Reshape(Array.append x.Dims[..1] [| n |])

        picked
            (fun d ->
                (Bind.one (Primitive.Gather(Finder.Gather, 2, 2)) [| lined size d; lined count positions |])
                    .Reshape(positions.Dims))
            (fun c ->
                let scatter = Primitive.Scatter(Collision.Add, 2, 2, size)
                (Bind.one scatter [| lined count c; lined count positions |]).Reshape x.Dims)

    /// The map from all inputs to all results at once: where there are several results, or parts that have much in common.
    let joint (p: Primitive) (inputs: Tensor[]) (outputs: Tensor[]) : JointMap voption =
        match p with
        | Primitive.Fused f -> FusedDerivatives.joint f inputs
        | Primitive.Sort(axis, _) -> ValueSome(sort axis inputs[0] outputs[1])
        | Primitive.MaxPool windows -> ValueSome(maxPool windows inputs[0] outputs[1])
        | Primitive.Qr -> ValueSome(Decompositions.qr inputs[0] outputs[0] outputs[1])
        | Primitive.Eigh -> ValueSome(Eigenvectors.eigh outputs[0] outputs[1])
        | Primitive.Eig -> ValueSome(Eigenvectors.eig inputs[0].DType outputs[0] outputs[1])
        | Primitive.Lu -> ValueSome(Decompositions.lu outputs[0] outputs[1])
        | Primitive.Svd -> ValueSome(Decompositions.svd outputs[0] outputs[1] outputs[2])
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

    /// The quotient of what both changes make together: a sum of two quotients would be ∞ - ∞ where they leave the range and
    /// their sum does not. `factors`: what the changes are multiplied by, ValueNone being 1.
    let private ofBoth (factors: unit -> struct (Tensor voption * Tensor * Tensor)) : JointMap =
        let parts = lazy factors ()

        let times (factor: Tensor voption) (t: Tensor) =
            match factor with
            | ValueNone -> t
            | ValueSome factor -> t * factor

        {
            Push =
                fun tangents ->
                    let struct (first, second, divisor) = parts.Value

                    let changes = [|
                        tangents[0] |> ValueOption.map (times first)
                        tangents[1] |> ValueOption.map (times (ValueSome second))
                    |]

                    let sum = changes |> Array.choose ValueOption.toOption |> Array.reduce (+)
                    [| ValueSome(sum / divisor) |]
            Pull =
                fun cotangents ->
                    let struct (first, second, divisor) = parts.Value
                    let c = cotangents[0].Value

                    [| ValueSome(times first c / divisor); ValueSome(c * second / divisor) |]
        }

    /// The map from both inputs, where both change, of a primitive that also has one from each.
    let ofPair (p: Primitive) (inputs: Tensor[]) (output: Tensor) : JointMap voption =
        let ofBinary (op: Binary) =
            match op with
            // (da - y db)/b
            | Binary.Divide -> ValueSome(ofBoth (fun () -> struct (ValueNone, -output, inputs[1])))
            | Binary.Atan2 ->
                ValueSome(
                    ofBoth (fun () ->
                        let struct (s, t, size) = Slopes.atan2 inputs[0] inputs[1]
                        struct (ValueSome t, -s, size))
                )
            | Binary.Add
            | Binary.Subtract
            | Binary.Multiply
            | Binary.Remainder
            | Binary.Power
            | Binary.Max
            | Binary.Min
            | Binary.And
            | Binary.Or
            | Binary.Xor
            | Binary.ShiftLeft
            | Binary.ShiftRight
            | Binary.Equal
            | Binary.Less
            | Binary.LessEqual -> ValueNone

        match (Facts.kind p).AsPointwise with
        | ValueSome(Pointwise.Binary op) when output.DType.HasDerivatives -> ofBinary op
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
            | Primitive.Unary op -> unary op x output
            | Primitive.Binary op -> binary op inputs[0] inputs[1] output input
            | Primitive.Select ->
                let condition = inputs[0]
                keep (fun () -> if input = 1 then condition else condition.Not())
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
                ValueSome(lastWins x inputs[1] axis batch size)
            | Primitive.Reduce(Reduction.Sum, axes) -> ValueSome(Linear.Sum(x.Dims, axes))
            | Primitive.Reduce(Reduction.Max, axes)
            | Primitive.Reduce(Reduction.Min, axes) -> extreme x output axes
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
        | Primitive.Scatter _ -> onlyFirst ()
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
