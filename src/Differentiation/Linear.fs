namespace Cotangent.Differentiation

open Cotangent

/// A tensor computed when first asked for, and kept: what a linear map needs of the primals costs nothing in a forward
/// pass that is never pulled back.
[<Sealed; AllowNullLiteral>]
type internal Deferred(compute: unit -> Tensor) =
    let mutable compute = ValueSome compute
    let mutable value = Unchecked.defaultof<Tensor>

    member _.Value =
        match compute with
        | ValueSome f ->
            value <- f ()
            // The thunk, and what it holds of the primals, is let go.
            compute <- ValueNone
        | ValueNone -> ()

        value

/// A linear map between tensors, as data: forward mode applies it, reverse mode applies its transpose.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Linear =
    | Identity
    | Negate
    /// x ↦ factor * x, elementwise.
    | Scale of factor: Deferred
    /// x ↦ x / divisor, elementwise: x times an inverse would be nothing, or infinite, where the inverse leaves the range.
    | Over of divisor: Deferred
    /// x ↦ factor * x / divisor, in this order, elementwise; its transpose keeps the order.
    | ScaleOver of factor: Deferred * divisor: Deferred
    /// x where the mask (Bool) holds, 0 elsewhere: selects, so that 0 · NaN stays 0.
    | Keep of mask: Deferred
    | Convert of source: DType * target: DType
    | Reshape of source: int[] * target: int[]
    | Permute of int[]
    | Broadcast of source: int[] * target: int[]
    /// Sums over axes of a tensor of shape `source`; the axes disappear.
    | Sum of source: int[] * axes: int[]
    | Slice of Region
    | Place of Region
    /// Reads a tensor of `size` along the axis at the indices.
    | Gather of indices: Tensor * axis: int * batch: int * size: int
    /// Adds into zeros of `size` along the axis at the indices.
    | Scatter of indices: Tensor * axis: int * batch: int * size: int
    | CumulativeSum of axis: int * reverse: bool
    /// x ↦ a x
    | MultiplyLeft of a: Tensor
    /// x ↦ x b
    | MultiplyRight of b: Tensor
    /// x ↦ a⁻¹ x, of a triangle of a.
    | Solve of isUpper: bool * a: Tensor
    /// From one tensor of a convolution to another; the third is given.
    | ConvolveBy of given: Tensor * source: ConvolutionTerm * target: ConvolutionTerm * Windows * groups: int
    /// A map and its transpose, as functions. Both must be linear, and differentiable by what they close over.
    | Opaque of push: (Tensor -> Tensor) * pull: (Tensor -> Tensor)
    | Transfer of source: Device * target: Device
    /// The first map, then the second.
    | Compose of first: Linear * second: Linear

/// One linear map from all inputs to all results, so that what its parts share is computed once. What is absent is
/// ValueNone: at least one tangent, or cotangent, is there; a pull may give a cotangent to every input.
[<NoComparison; NoEquality>]
type internal JointMap = {
    /// tangents of the inputs -> tangents of the results
    Push: Tensor voption[] -> Tensor voption[]
    /// cotangents of the results -> cotangents of the inputs
    Pull: Tensor voption[] -> Tensor voption[]
}

module internal Linear =
    /// Whether a tensor of a convolution comes before the other that makes a third one with it.
    let private comesFirst (term: ConvolutionTerm) (result: ConvolutionTerm) =
        match term, result with
        | ConvolutionTerm.Input, _ -> true
        | ConvolutionTerm.Kernel, _ -> result = ConvolutionTerm.Input
        | ConvolutionTerm.Output, _ -> false

    let private swapLast (t: Tensor) = t.Transpose()

    /// The axes that a broadcast from one shape to another adds or stretches.
    let private stretched (source: int[]) (target: int[]) =
        let added = target.Length - source.Length

        [|
            for i in 0 .. target.Length - 1 do
                if i < added || (source[i - added] = 1 && target[i] <> 1) then i
        |]

    /// A conversion, or the transpose of one: of real numbers to complex ones that is the real part.
    let private convert (source: DType) (target: DType) (x: Tensor) =
        let x =
            if source.IsComplex && not target.IsComplex then
                Bind.one (Primitive.OfComplex ComplexFunction.Real) [| x |]
            else
                x

        if x.DType = target then x else Bind.one (Primitive.Convert target) [| x |]

    /// The map's value at x.
    let rec apply (map: Linear) (x: Tensor) : Tensor =
        match map with
        | Linear.Identity -> x
        | Linear.Negate -> Bind.unary Unary.Negate x
        | Linear.Scale factor -> Bind.binary Binary.Multiply x factor.Value
        | Linear.Over divisor -> Bind.binary Binary.Divide x divisor.Value
        | Linear.ScaleOver(factor, divisor) ->
            Bind.binary Binary.Divide (Bind.binary Binary.Multiply x factor.Value) divisor.Value
        | Linear.Keep mask -> Bind.one Primitive.Select [| mask.Value; x; Tensor.zerosLike x |]
        | Linear.Convert(source, target) -> convert source target x
        | Linear.Reshape(_, target) -> Bind.one (Primitive.Reshape target) [| x |]
        | Linear.Permute order -> Bind.one (Primitive.Permute order) [| x |]
        | Linear.Broadcast(_, target) -> Bind.one (Primitive.Broadcast target) [| x |]
        | Linear.Sum(_, axes) -> Bind.one (Primitive.Reduce(Reduction.Sum, axes)) [| x |]
        | Linear.Slice region -> Bind.one (Primitive.Slice region) [| x |]
        | Linear.Place region -> Bind.one (Primitive.Place region) [| x |]
        | Linear.Gather(indices, axis, batch, _) ->
            Bind.one (Primitive.Gather(Finder.Gather, axis, batch)) [| x; indices |]
        | Linear.Scatter(indices, axis, batch, size) ->
            Bind.one (Primitive.Scatter(Collision.Add, axis, batch, size)) [| x; indices |]
        | Linear.CumulativeSum(axis, reverse) -> Bind.one (Primitive.CumulativeSum(axis, reverse)) [| x |]
        | Linear.MultiplyLeft a -> Bind.one Primitive.MatMul [| a; x |]
        | Linear.MultiplyRight b -> Bind.one Primitive.MatMul [| x; b |]
        | Linear.Solve(isUpper, a) -> Bind.one (Primitive.TriangularSolve isUpper) [| a; x |]
        | Linear.ConvolveBy(given, source, target, windows, groups) ->
            let inputs = if comesFirst source target then [| x; given |] else [| given; x |]
            Bind.one (Primitive.Convolution(target, windows, groups)) inputs
        | Linear.Opaque(push, _) -> push x
        | Linear.Transfer(_, target) -> Bind.one (Primitive.Transfer target) [| x |]
        | Linear.Compose(first, second) -> apply second (apply first x)

    /// The map Lᵀ with ⟨L x, y⟩ = ⟨x, Lᵀ y⟩ for all x and y.
    let rec transpose (map: Linear) : Linear =
        match map with
        | Linear.Identity
        | Linear.Negate
        | Linear.Scale _
        | Linear.Over _
        | Linear.ScaleOver _
        | Linear.Keep _ -> map
        | Linear.Convert(source, target) -> Linear.Convert(target, source)
        | Linear.Reshape(source, target) -> Linear.Reshape(target, source)
        | Linear.Permute order -> Linear.Permute(Shape.inverse order)
        | Linear.Broadcast(source, target) ->
            let axes = stretched source target
            let summed = Shape.without axes target
            let sum = Linear.Sum(target, axes)

            if Shape.equal summed source then
                sum
            else
                Linear.Compose(sum, Linear.Reshape(summed, source))
        | Linear.Sum(source, axes) ->
            let ones = Shape.keeping axes source
            Linear.Compose(Linear.Reshape(Shape.without axes source, ones), Linear.Broadcast(ones, source))
        | Linear.Slice region -> Linear.Place region
        | Linear.Place region -> Linear.Slice region
        | Linear.Gather(indices, axis, batch, size) -> Linear.Scatter(indices, axis, batch, size)
        | Linear.Scatter(indices, axis, batch, size) -> Linear.Gather(indices, axis, batch, size)
        | Linear.CumulativeSum(axis, reverse) -> Linear.CumulativeSum(axis, not reverse)
        | Linear.MultiplyLeft a -> Linear.MultiplyLeft(swapLast a)
        | Linear.MultiplyRight b -> Linear.MultiplyRight(swapLast b)
        | Linear.Solve(isUpper, a) -> Linear.Solve(not isUpper, swapLast a)
        | Linear.ConvolveBy(given, source, target, windows, groups) ->
            Linear.ConvolveBy(given, target, source, windows, groups)
        | Linear.Opaque(push, pull) -> Linear.Opaque(pull, push)
        | Linear.Transfer(source, target) -> Linear.Transfer(target, source)
        | Linear.Compose(first, second) -> Linear.Compose(transpose second, transpose first)
