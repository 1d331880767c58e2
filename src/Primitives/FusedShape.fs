namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// The shape rule of fused operations.
module internal FusedShape =
    let private same (x: Signature) (y: Signature) = x.DType = y.DType && Shape.equal x.Shape y.Shape

    let private isRows (x: Signature) = x.DType.IsFloat && x.Shape.Length > 0

    let private fits axis (x: Signature) = isRows x && axis >= 0 && axis < x.Shape.Length

    /// Whether there is a number for each column of the matrices.
    let private isGain (x: Signature) (gain: Signature) =
        let r = x.Shape.Length
        r > 1 && gain.DType = x.DType && Shape.equal gain.Shape (Shape.removeAt (r - 2) x.Shape)

    let private labels (logits: Signature) (labels: Signature) =
        isRows logits
        && labels.DType.IsInteger
        && Shape.equal labels.Shape logits.Shape[.. logits.Shape.Length - 2]

    /// Of query, key and value: the shape of the attention.
    let private attention (inputs: Signature[]) : int[] voption =
        let q, k, v = inputs[0], inputs[1], inputs[2]
        let r = q.Shape.Length

        if
            r >= 2
            && k.Shape.Length = r
            && v.Shape.Length = r
            && q.DType.IsFloat
            && k.DType = q.DType
            && v.DType = q.DType
            && k.Shape[r - 1] = q.Shape[r - 1]
            && v.Shape[r - 2] = k.Shape[r - 2]
            && Shape.equal k.Shape[.. r - 3] q.Shape[.. r - 3]
            && Shape.equal v.Shape[.. r - 3] q.Shape[.. r - 3]
        then
            ValueSome(Array.append q.Shape[.. r - 2] [| v.Shape[r - 1] |])
        else
            ValueNone

    let private isMask (mask: Signature) (q: Signature) (k: Signature) =
        let r = q.Shape.Length

        mask.DType = DType.Bool
        && Shape.equal mask.Shape (Array.append q.Shape[.. r - 2] [| k.Shape[r - 2] |])

    /// The signatures of the results, or what was expected instead.
    let infer (f: Fused) (inputs: Signature[]) : Result<Signature[], string> =
        let x = inputs[0]
        let like shape = Ok [| { x with Shape = shape } |]

        match f with
        | Fused.Softmax(_, axis) -> if fits axis x then like x.Shape else Error $"floats with an axis {axis}"
        | Fused.SoftmaxPull(_, axis) ->
            if fits axis x && same x inputs[1] then
                like x.Shape
            else
                Error $"two tensors of floats with an axis {axis}, of equal shape and dtype"
        | Fused.LogSumExp axis ->
            if fits axis x then
                like (Shape.removeAt axis x.Shape)
            else
                Error $"floats with an axis {axis}"
        | Fused.CrossEntropy _ ->
            if labels x inputs[1] then
                like inputs[1].Shape
            else
                Error "logits of floats (…, classes) and integer labels (…)"
        | Fused.CrossEntropyPull _ ->
            if labels x inputs[1] && same inputs[2] { x with Shape = inputs[1].Shape } then
                like x.Shape
            else
                Error "logits of floats (…, classes), integer labels (…) and cotangents (…)"
        | Fused.Normalize _ ->
            if isRows x && (inputs.Length = 1 || Array.forall (isGain x) inputs[1..]) then
                like x.Shape
            else
                Error "floats with an axis; or floats (…, R, N), with a gain (…, N) and perhaps a bias (…, N)"
        | Fused.NormalizeGainPull _ ->
            if isRows x && same x inputs[1] && isGain x inputs[2] then
                Ok [| x; inputs[2]; inputs[2] |]
            else
                Error "two tensors of floats (…, R, N), of equal shape and dtype, and a gain (…, N)"
        | Fused.NormalizePull _ ->
            if isRows x && same x inputs[1] then
                like x.Shape
            else
                Error "two tensors of floats with an axis, of equal shape and dtype"
        | Fused.Attention _ ->
            match attention inputs with
            | ValueSome shape when inputs.Length = 3 || isMask inputs[3] x inputs[1] -> like shape
            | ValueSome _
            | ValueNone ->
                Error "floats (…, L, E), (…, S, E) and (…, S, V), and perhaps a mask (…, L, S) of Bool"
        | Fused.AttentionPull _ ->
            match attention inputs with
            | ValueSome shape when
                same inputs[3] { x with Shape = shape } && (inputs.Length = 4 || isMask inputs[4] x inputs[1])
                ->
                Ok inputs[..2]
            | ValueSome _
            | ValueNone ->
                Error
                    "floats (…, L, E), (…, S, E), (…, S, V) and (…, L, V), and perhaps a mask (…, L, S) of Bool"
