namespace Cotangent.Differentiation

open Cotangent

/// How Taylor mode finds the series of what a primitive makes, where it is not linear in what moves.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal TaylorRule =
    /// The convolution of two series.
    | Product
    /// Of y with a y = b, found from a's product with y: where a and b stand among the inputs, and a times y.
    | Quotient of divisor: int * times: (Tensor -> Tensor -> Tensor)
    /// In terms of other primitives.
    | Defined of (Tensor[] -> Tensor[])
    /// By the equation of a function of one number.
    | Function of Unary
    | OfMatrix of MatrixFunction
    /// By the equation that its derivative makes.
    | Equation

module internal TaylorRules =
    let private total axis (t: Tensor) =
        let sum = Bind.one (Primitive.Reduce(Reduction.Sum, [| axis |])) [| t |]
        Bind.one (Primitive.Broadcast t.Dims) [| sum.Reshape(Shape.keeping [| axis |] t.Dims) |]

    let private softmaxPull isLog axis (y: Tensor) (c: Tensor) =
        if isLog then c - exp y * total axis c else y * (c - total axis (y * c))

    /// With y = (x - mean) r and r = 1/√(variance + ε): r (c - mean c - y mean(y c)).
    let private normalizePull isCentred (epsilon: float) (x: Tensor) (c: Tensor) =
        let last = x.Rank - 1
        let mean (t: Tensor) = total last t / float (max 1 x.Dims[last])
        let y = Bind.one (Primitive.Fused(Fused.Normalize(isCentred, epsilon))) [| x |]
        let centred = if isCentred then x - mean x else x
        let rest = c - y * mean (y * c)
        (if isCentred then rest - mean c else rest) / sqrt (mean (centred * centred) + epsilon)

    /// The derivatives of these pulls are made of such pulls again: written out there are fewer products.
    let private fused (f: Fused) =
        let one make = TaylorRule.Defined(fun (inputs: Tensor[]) -> [| make inputs[0] inputs[1] |])

        match f with
        | Fused.SoftmaxPull(isLog, axis) -> one (softmaxPull isLog axis)
        | Fused.NormalizePull(isCentred, epsilon) -> one (normalizePull isCentred epsilon)
        | Fused.Softmax _
        | Fused.LogSumExp _
        | Fused.CrossEntropy _
        | Fused.CrossEntropyPull _
        | Fused.Normalize _
        | Fused.NormalizeGainPull _
        | Fused.Attention _
        | Fused.AttentionPull _ -> TaylorRule.Equation

    let private binary (op: Binary) =
        match op with
        | Binary.Multiply -> TaylorRule.Product
        | Binary.Divide -> TaylorRule.Quotient(1, Bind.binary Binary.Multiply)
        | Binary.Add
        | Binary.Subtract
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
        | Binary.LessEqual -> TaylorRule.Equation

    let private product a b = Bind.one Primitive.MatMul [| a; b |]

    /// By kinds, not primitives: whatever has a derivative has an equation.
    let ofPrimitive (p: Primitive) : TaylorRule =
        match Facts.kind p with
        | Kind.Elementwise work ->
            match work with
            | Pointwise.Unary op -> TaylorRule.Function op
            | Pointwise.Binary op -> binary op
            | Pointwise.Select
            | Pointwise.Convert _ -> TaylorRule.Equation
        | Kind.Contraction -> TaylorRule.Product
        | Kind.Opaque kernel ->
            match kernel with
            | Kernel.Convolution _ -> TaylorRule.Product
            | Kernel.Solve isTransposed ->
                TaylorRule.Quotient(0, (fun a y -> product (if isTransposed then a.Transpose() else a) y))
            | Kernel.TriangularSolve isUpper ->
                TaylorRule.Quotient(0, (fun a y -> product (if isUpper then a.Triu() else a.Tril()) y))
            | Kernel.OfMatrix f -> TaylorRule.OfMatrix f
            | Kernel.Fused f -> fused f
            | Kernel.Concatenate _
            | Kernel.CumulativeSum _
            | Kernel.Gather _
            | Kernel.Scatter _
            | Kernel.Print
            | Kernel.Host _
            | Kernel.Other -> TaylorRule.Equation
        | Kind.Source _
        | Kind.View _
        | Kind.Fold _
        | Kind.Draw _
        | Kind.Transfer _
        | Kind.Custom _ -> TaylorRule.Equation
