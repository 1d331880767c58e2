namespace Cotangent.Compiler

open Cotangent

/// Fused operations in terms of others, which become part of the loop nests around them. What is large stays one
/// operation: its kernel goes through memory once, row by row, where nests would several times.
module internal FusedExpansions =
    /// Primitives of graph nodes.
    [<Sealed>]
    type private Algebra(apply: Primitive -> int[] -> int, axis: int, x: Signature) =
        let without = Shape.removeAt axis x.Shape

        /// The same number for each row.
        member _.Number(value: float) = apply (Primitive.Full(Literal.Real value, x.DType, without)) [||]
        member _.One(op, a) = apply (Primitive.Unary op) [| a |]
        member _.Two(op, a, b) = apply (Primitive.Binary op) [| a; b |]
        member _.Select(condition, a, b) = apply Primitive.Select [| condition; a; b |]
        member _.Fold(kind, a) = apply (Primitive.Reduce(kind, [| axis |])) [| a |]

        /// A number for each row, at each of its places.
        member _.Spread(a) =
            let kept = apply (Primitive.Reshape(Shape.keeping [| axis |] x.Shape)) [| a |]
            apply (Primitive.Broadcast x.Shape) [| kept |]

        member a.Mean(b) = a.Two(Binary.Divide, a.Fold(Reduction.Sum, b), a.Number(float x.Shape[axis]))

    /// x less its largest element (0 if that is -∞), the exponentials of that, and for each row their sum, or 1 if it is 0.
    let private exponentials (a: Algebra) x =
        let largest = a.Fold(Reduction.Max, x)
        let isLow = a.Two(Binary.Equal, largest, a.Number -infinity)
        let difference = a.Two(Binary.Subtract, x, a.Spread(a.Select(isLow, a.Number 0.0, largest)))
        let e = a.One(Unary.Exp, difference)
        struct (difference, e, a.Select(isLow, a.Number 1.0, a.Fold(Reduction.Sum, e)))

    let private softmax isLog (a: Algebra) x =
        let struct (difference, e, sum) = exponentials a x

        if isLog then
            a.Two(Binary.Subtract, difference, a.Spread(a.One(Unary.Log, sum)))
        else
            a.Two(Binary.Divide, e, a.Spread sum)

    let private softmaxPull isLog (a: Algebra) y c =
        if isLog then
            let sum = a.Spread(a.Fold(Reduction.Sum, c))
            a.Two(Binary.Subtract, c, a.Two(Binary.Multiply, a.One(Unary.Exp, y), sum))
        else
            let sum = a.Spread(a.Fold(Reduction.Sum, a.Two(Binary.Multiply, y, c)))
            a.Two(Binary.Multiply, a.Two(Binary.Subtract, c, sum), y)

    let private logSumExp (a: Algebra) x =
        let largest = a.Fold(Reduction.Max, x)
        // An infinite maximum stays out of the differences, where it would make NaN.
        let isFinite = a.Two(Binary.Equal, a.Two(Binary.Subtract, largest, largest), a.Number 0.0)
        let shift = a.Select(isFinite, largest, a.Number 0.0)
        let e = a.One(Unary.Exp, a.Two(Binary.Subtract, x, a.Spread shift))
        a.Two(Binary.Add, a.One(Unary.Log, a.Fold(Reduction.Sum, e)), shift)

    /// The normalised x, and what x - mean was multiplied by, for each row.
    let private normalized isCentred (epsilon: float) (a: Algebra) x =
        let less mean = a.Two(Binary.Subtract, x, a.Spread mean)

        let centred =
            if isCentred then
                // The mean is rounded: that of what it leaves belongs to it, or equal numbers would not become 0.
                let mean = a.Mean x
                less (a.Two(Binary.Add, mean, a.Mean(less mean)))
            else
                x

        let square = a.Mean(a.Two(Binary.Multiply, centred, centred))
        let root = a.One(Unary.Sqrt, a.Two(Binary.Add, square, a.Number epsilon))
        let factor = a.Two(Binary.Divide, a.Number 1.0, root)
        struct (a.Two(Binary.Multiply, centred, a.Spread factor), factor)

    let private normalizePull isCentred epsilon (a: Algebra) x c =
        let struct (y, factor) = normalized isCentred epsilon a x
        let along = a.Spread(a.Mean(a.Two(Binary.Multiply, y, c)))
        let rest = a.Two(Binary.Subtract, c, a.Two(Binary.Multiply, y, along))
        let rest = if isCentred then a.Two(Binary.Subtract, rest, a.Spread(a.Mean c)) else rest
        a.Two(Binary.Multiply, rest, a.Spread factor)

    /// The node of a fused operation written out, unless that is not worth it.
    let fused
        (largest: int)
        (apply: Primitive -> int[] -> int)
        (f: Fused)
        (inputs: int[])
        (x: Signature)
        : int voption =
        let count = Shape.count x.Shape

        if count = 0 || count > largest || DTypes.isHalf x.DType then
            ValueNone
        else
            let along axis = Algebra(apply, axis, x)
            let last () = along (x.Shape.Length - 1)

            match f with
            | Fused.Softmax(isLog, axis) -> ValueSome(softmax isLog (along axis) inputs[0])
            | Fused.SoftmaxPull(isLog, axis) -> ValueSome(softmaxPull isLog (along axis) inputs[0] inputs[1])
            | Fused.LogSumExp axis -> ValueSome(logSumExp (along axis) inputs[0])
            | Fused.Normalize(isCentred, epsilon) ->
                let a = last ()
                let struct (y, _) = normalized isCentred epsilon a inputs[0]

                /// A number for each column, at each row.
                let down node =
                    let kept =
                        apply (Primitive.Reshape(Shape.keeping [| x.Shape.Length - 2 |] x.Shape)) [| node |]

                    apply (Primitive.Broadcast x.Shape) [| kept |]

                match inputs[1..] with
                | [||] -> ValueSome y
                | [| gain |] -> ValueSome(a.Two(Binary.Multiply, y, down gain))
                | more -> ValueSome(a.Two(Binary.Add, a.Two(Binary.Multiply, y, down more[0]), down more[1]))
            // Three results in a row are no nest.
            | Fused.NormalizeGainPull _ -> ValueNone
            | Fused.NormalizePull(isCentred, epsilon) ->
                ValueSome(normalizePull isCentred epsilon (last ()) inputs[0] inputs[1])
            // Their labels are indices, which nests don't look up.
            | Fused.CrossEntropy _
            | Fused.CrossEntropyPull _
            // Made of products, which are no nests either.
            | Fused.Attention _
            | Fused.AttentionPull _ -> ValueNone
