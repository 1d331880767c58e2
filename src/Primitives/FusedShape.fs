namespace Cotangent

open Cotangent.Inlined

/// Shape and dtype of a value that need not exist yet.
[<NoComparison; NoEquality>]
type internal Signature = { Shape: int[]; DType: DType }

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

    /// Of query, key and value: the shape of the attention, and the length of its cotangents in a row.
    let private attention (inputs: Signature[]) : struct (int[] * int) voption =
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
            let row (s: Signature) = s.Shape[r - 2] * s.Shape[r - 1]
            ValueSome(struct (Array.append q.Shape[.. r - 2] [| v.Shape[r - 1] |], row q + row k + row v))
        else
            ValueNone

    let private isMask (mask: Signature) (q: Signature) (k: Signature) =
        let r = q.Shape.Length

        mask.DType = DType.Bool
        && Shape.equal mask.Shape (Array.append q.Shape[.. r - 2] [| k.Shape[r - 2] |])

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
        | Fused.Normalize _ ->
            if isRows x && (inputs.Length = 1 || Array.forall (isGain x) inputs[1..]) then
                Ok x
            else
                Error "floats with an axis; or floats (…, R, N), with a gain (…, N) and perhaps a bias (…, N)"
        | Fused.NormalizeGainPull _ ->
            if isRows x && same x inputs[1] && isGain x inputs[2] then
                let r = x.Shape.Length
                let row = x.Shape[r - 2] * x.Shape[r - 1] + 2 * x.Shape[r - 1]
                Ok { x with Shape = Array.append x.Shape[.. r - 3] [| row |] }
            else
                Error "two tensors of floats (…, R, N), of equal shape and dtype, and a gain (…, N)"
        | Fused.NormalizePull _ ->
            if isRows x && same x inputs[1] then
                Ok x
            else
                Error "two tensors of floats with an axis, of equal shape and dtype"
        | Fused.Attention _ ->
            match attention inputs with
            | ValueSome(struct (shape, _)) when inputs.Length = 3 || isMask inputs[3] x inputs[1] ->
                Ok { x with Shape = shape }
            | ValueSome _
            | ValueNone ->
                Error "floats (…, L, E), (…, S, E) and (…, S, V), and perhaps a mask (…, L, S) of Bool"
        | Fused.AttentionPull _ ->
            match attention inputs with
            | ValueSome(struct (shape, row)) when
                same inputs[3] { x with Shape = shape } && (inputs.Length = 4 || isMask inputs[4] x inputs[1])
                ->
                Ok { x with Shape = Array.append x.Shape[.. x.Shape.Length - 3] [| row |] }
            | ValueSome _
            | ValueNone ->
                Error
                    "floats (…, L, E), (…, S, E), (…, S, V) and (…, L, V), and perhaps a mask (…, L, S) of Bool"
