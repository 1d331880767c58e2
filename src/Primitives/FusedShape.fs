namespace Cotangent

/// Shape and dtype of a value that need not exist yet.
[<NoComparison; NoEquality>]
type internal Signature = { Shape: int[]; DType: DType }

/// The shape rule of fused operations.
module internal FusedShape =
    let private same (x: Signature) (y: Signature) = x.DType = y.DType && Shape.equal x.Shape y.Shape

    let private isRows (x: Signature) = x.DType.IsFloat && x.Shape.Length > 0

    let private fits axis (x: Signature) = isRows x && axis >= 0 && axis < x.Shape.Length

    let private labels (logits: Signature) (labels: Signature) =
        isRows logits
        && labels.DType.IsInteger
        && Shape.equal labels.Shape logits.Shape[.. logits.Shape.Length - 2]

    /// The signature of the output, or what was expected instead.
    let infer (f: Fused) (inputs: Signature[]) : Result<Signature, string> =
        let x = inputs[0]

        match f with
        | Fused.Softmax(_, axis) -> if fits axis x then Ok x else Error $"floats with an axis {axis}"
        | Fused.SoftmaxPull(_, axis) ->
            if fits axis x && same x inputs[1] then
                Ok x
            else
                Error $"two tensors of floats with an axis {axis}, of equal shape and dtype"
        | Fused.LogSumExp axis ->
            if fits axis x then
                Ok { x with Shape = Shape.removeAt axis x.Shape }
            else
                Error $"floats with an axis {axis}"
        | Fused.CrossEntropy _ ->
            if labels x inputs[1] then
                Ok { x with Shape = inputs[1].Shape }
            else
                Error "logits of floats (…, classes) and integer labels (…)"
        | Fused.CrossEntropyPull _ ->
            if labels x inputs[1] && same inputs[2] { x with Shape = inputs[1].Shape } then
                Ok x
            else
                Error "logits of floats (…, classes), integer labels (…) and cotangents (…)"
        | Fused.Normalize _ -> if isRows x then Ok x else Error "floats with an axis"
        | Fused.NormalizePull _ ->
            if isRows x && same x inputs[1] then
                Ok x
            else
                Error "two tensors of floats with an axis, of equal shape and dtype"
