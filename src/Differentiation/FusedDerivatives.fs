namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The derivatives of fused operations. Those of their pulls, which second derivatives take, are written out in terms of
/// both.
module internal FusedDerivatives =
    let private bind f inputs = Bind.one (Primitive.Fused f) inputs
    let private bindAll f inputs = Bind.apply (Primitive.Fused f) inputs

    /// A map that is its own transpose.
    let private symmetric f = ValueSome(Linear.Opaque(f, f))

    let private opaque push pull = ValueSome(Linear.Opaque(push, pull))

    let private sumOver axis (t: Tensor) = Bind.one (Primitive.Reduce(Reduction.Sum, [| axis |])) [| t |]

    let private spread axis (like: Tensor) (t: Tensor) =
        Bind.one (Primitive.Broadcast like.Dims) [| t.Reshape(Shape.keeping [| axis |] like.Dims) |]

    /// The sum along an axis, at each of its places.
    let private total axis (t: Tensor) = spread axis t (sumOver axis t)

    let private softmaxPull isLog axis (y: Tensor) (c: Tensor) input =
        match isLog, input with
        | false, 1 -> symmetric (fun d -> bind (Fused.SoftmaxPull(false, axis)) [| y; d |])
        // y (c - Σ y c), in y.
        | false, _ ->
            let factor = Deferred(fun () -> c - total axis (y * c))

            opaque (fun d -> d * factor.Value - y * total axis (d * c)) (fun d ->
                d * factor.Value - c * total axis (y * d))
        | true, 1 ->
            opaque (fun d -> bind (Fused.SoftmaxPull(true, axis)) [| y; d |]) (fun d ->
                d - total axis (exp y * d))
        // c - exp y Σ c, in y.
        | true, _ -> ValueSome(Linear.Scale(Deferred(fun () -> -(exp y * total axis c))))

    let private crossEntropyPull targets (logits: Tensor) (labels: Tensor) (c: Tensor) input =
        let last = logits.Rank - 1
        let pull c = bind (Fused.CrossEntropyPull targets) [| logits; labels; c |]

        if input = 2 then
            let slope = Deferred(fun () -> pull (Tensor.onesLike c))
            opaque pull (fun d -> sumOver last (slope.Value * d))
        else
            let p = Deferred(fun () -> bind (Fused.Softmax(false, last)) [| logits |])

            let counted =
                Deferred(fun () ->
                    match targets.Ignored with
                    | ValueNone -> spread last logits c
                    | ValueSome ignored ->
                        let none = Bind.full (Literal.Whole ignored) labels.DType labels.Dims labels.Device
                        spread last logits (where (labels.Equal none) (Tensor.zerosLike c) c))

            symmetric (fun d -> bind (Fused.SoftmaxPull(false, last)) [| p.Value; d |] * counted.Value)

    /// With y = N(x) and g = N'(x) c, the derivative of g in x is the second one of ⟨c, N(x)⟩, so symmetric:
    /// d ↦ -r (mean(y d) g + mean(y c) N'(x) d + mean(g d) y), where r is what x - mean is multiplied by.
    let private normalizePull isCentred epsilon (x: Tensor) (c: Tensor) (g: Tensor) input =
        let pull d = bind (Fused.NormalizePull(isCentred, epsilon)) [| x; d |]

        if input = 1 then
            symmetric pull
        else
            let last = x.Rank - 1
            let mean (t: Tensor) = total last t / float (max 1 x.Dims[last])
            let y = Deferred(fun () -> bind (Fused.Normalize(isCentred, epsilon)) [| x |])

            let minusR =
                Deferred(fun () ->
                    let off = if isCentred then x - mean x else x
                    // The mean is rounded: what that leaves is taken off as well.
                    let centred = if isCentred then off - mean (Bind.detach off) else x
                    -1.0 / sqrt (mean (centred * centred) + epsilon))

            let along = Deferred(fun () -> mean (y.Value * c))

            symmetric (fun d ->
                minusR.Value * (mean (y.Value * d) * g + along.Value * pull d + mean (g * d) * y.Value))

    /// The map to one result. A pull gives cotangents to the first inputs; those after them have none.
    let private ofOne (push: Tensor voption[] -> Tensor) (pull: Tensor -> Tensor[]) : JointMap = {
        Push = fun tangents -> [| ValueSome(push tangents) |]
        Pull = fun cotangents -> pull cotangents[0].Value |> Array.map ValueSome
    }

    // ---- Normalisation with a gain ----

    /// One number for each column of matrices, at each of their rows.
    let private down (like: Tensor) (t: Tensor) = spread (like.Rank - 2) like t

    /// The normalised x times the gain, plus the bias.
    let private normalizeWith isCentred epsilon (inputs: Tensor[]) : JointMap =
        let x, gain = inputs[0], inputs[1]
        let y = Deferred(fun () -> bind (Fused.Normalize(isCentred, epsilon)) [| x |])

        let change i (tangent: Tensor voption) =
            match tangent, i with
            | ValueNone, _ -> None
            | ValueSome d, 0 -> Some(bind (Fused.NormalizePull(isCentred, epsilon)) [| x; d |] * down x gain)
            | ValueSome d, 1 -> Some(y.Value * down x d)
            | ValueSome d, _ -> Some(down x d)

        let push (tangents: Tensor voption[]) =
            Array.mapi change tangents |> Array.choose id |> Array.reduce (+)

        let pull c =
            bindAll (Fused.NormalizeGainPull(isCentred, epsilon)) [| x; c; gain |]
            |> Array.truncate inputs.Length

        ofOne push pull

    /// The pull of it in terms of that without a gain.
    let private normalizePullOf isCentred epsilon (x: Tensor) (c: Tensor) (gain: Tensor) =
        let rows = x.Rank - 2

        [|
            bind (Fused.NormalizePull(isCentred, epsilon)) [| x; c * down x gain |]
            sumOver rows (c * bind (Fused.Normalize(isCentred, epsilon)) [| x |])
            sumOver rows c
        |]

    // ---- Attention ----

    let private product a b = Bind.one Primitive.MatMul [| a; b |]

    /// Where a query may look: the mask, and what a causal attention leaves.
    let private visible isCausal (q: Tensor) (k: Tensor) (mask: Tensor[]) : Tensor voption =
        let queries, keys = q.Dims[q.Rank - 2], k.Dims[k.Rank - 2]

        let before () =
            let places n = Bind.create (Primitive.Iota(DType.Int32, n)) q.Device
            let row = places keys
            let column = (places queries + (keys - queries)).Reshape [| queries; 1 |]
            let seen = row.LessEqual column
            Bind.one (Primitive.Broadcast(Array.append q.Dims[.. q.Rank - 2] [| keys |])) [| seen |]

        match mask, isCausal with
        | [||], false -> ValueNone
        | [||], true -> ValueSome(before ())
        | _, false -> ValueSome mask[0]
        | _, true -> ValueSome(mask[0].And(before ()))

    /// What is 0 where a query may not look, or a key may not be seen, times rows: one that is not finite makes NaN of
    /// those that see it, and of no others.
    let private productSeen (seen: Tensor voption) (a: Tensor) (b: Tensor) =
        match seen with
        | ValueNone -> product a b
        | ValueSome seen ->
            let isBad = b.IsFinite().Not()
            let touched = (product (seen.Convert b.DType) (isBad.Convert b.DType)).Greater 0.0
            let clean = product a (where isBad (Tensor.zerosLike b) b)
            where touched (Tensor.fullLike clean nan) clean

    let private keepSeen (seen: Tensor voption) (t: Tensor) =
        match seen with
        | ValueNone -> t
        | ValueSome seen -> where seen t (Tensor.zerosLike t)

    /// softmax(scale q kᵀ), 0 where a query may not look.
    let private weights isCausal (scale: float) (q: Tensor) (k: Tensor) mask =
        let scores = product q (k.Transpose()) * scale

        let scores =
            match visible isCausal q k mask with
            | ValueSome seen -> where seen scores (Tensor.fullLike scores -infinity)
            | ValueNone -> scores

        bind (Fused.Softmax(false, scores.Rank - 1)) [| scores |]

    /// Attention whose weights are changed before they meet the values, as dropout does.
    let attentionThrough (change: Tensor -> Tensor) isCausal (scale: float) (inputs: Tensor[]) : Tensor =
        let q, k, v, mask = inputs[0], inputs[1], inputs[2], inputs[3..]
        productSeen (visible isCausal q k mask) (change (weights isCausal scale q k mask)) v

    /// The pull of attention in terms of products, which a derivative of it goes through.
    let private attentionPullOf isCausal (scale: float) (q: Tensor) (k: Tensor) (v: Tensor) (c: Tensor) mask =
        let p = weights isCausal scale q k mask
        let seen = visible isCausal q k mask
        let backwards = seen |> ValueOption.map _.Transpose()
        let d = keepSeen seen (product c (v.Transpose()))
        let e = bind (Fused.SoftmaxPull(false, p.Rank - 1)) [| p; d |] * scale

        [|
            productSeen seen e k
            productSeen backwards (e.Transpose()) q
            productSeen backwards (p.Transpose()) c
        |]

    let private attention isCausal (scale: float) (inputs: Tensor[]) : JointMap =
        let q, k, v, mask = inputs[0], inputs[1], inputs[2], inputs[3..]
        let p = Deferred(fun () -> weights isCausal scale q k mask)

        let push (tangents: Tensor voption[]) =
            let sum = Array.choose (fun t -> t |> ValueOption.toOption) >> Array.reduce (+)
            let seen = visible isCausal q k mask

            let ofScores =
                match tangents[0], tangents[1] with
                | ValueNone, ValueNone -> ValueNone
                | dq, dk ->
                    let scores =
                        sum [|
                            dq |> ValueOption.map (fun d -> product d (k.Transpose()))
                            dk |> ValueOption.map (fun d -> product q (d.Transpose()))
                        |]

                    let scores = keepSeen seen (scores * scale)
                    let d = bind (Fused.SoftmaxPull(false, scores.Rank - 1)) [| p.Value; scores |]
                    ValueSome(productSeen seen d v)

            sum [| ofScores; tangents[2] |> ValueOption.map (fun d -> productSeen seen p.Value d) |]

        let pull c = bindAll (Fused.AttentionPull(isCausal, scale)) (Array.append [| q; k; v; c |] mask)
        ofOne push pull

    /// The map from all inputs at once, where its parts have much in common.
    let joint (f: Fused) (inputs: Tensor[]) : JointMap voption =
        match f with
        | Fused.Attention(isCausal, scale) -> ValueSome(attention isCausal scale inputs)
        | Fused.Normalize(isCentred, epsilon) when inputs.Length > 1 ->
            ValueSome(normalizeWith isCentred epsilon inputs)
        | Fused.Softmax _
        | Fused.SoftmaxPull _
        | Fused.LogSumExp _
        | Fused.CrossEntropy _
        | Fused.CrossEntropyPull _
        | Fused.Normalize _
        | Fused.NormalizePull _
        | Fused.NormalizeGainPull _
        | Fused.AttentionPull _ -> ValueNone

    /// An operation without a rule of its own in terms of others, which have one.
    let definition (f: Fused) (inputs: Tensor[]) : Tensor[] voption =
        match f with
        | Fused.AttentionPull(isCausal, scale) ->
            ValueSome(attentionPullOf isCausal scale inputs[0] inputs[1] inputs[2] inputs[3] inputs[4..])
        | Fused.NormalizeGainPull(isCentred, epsilon) ->
            ValueSome(normalizePullOf isCentred epsilon inputs[0] inputs[1] inputs[2])
        | Fused.Softmax _
        | Fused.SoftmaxPull _
        | Fused.LogSumExp _
        | Fused.CrossEntropy _
        | Fused.CrossEntropyPull _
        | Fused.Normalize _
        | Fused.NormalizePull _
        | Fused.Attention _ -> ValueNone

    /// The map from one input to the only result.
    let rule (f: Fused) (inputs: Tensor[]) (output: Tensor) (input: int) : Linear voption =
        let x = inputs[0]

        match f with
        | Fused.Softmax(isLog, axis) ->
            let pull c = bind (Fused.SoftmaxPull(isLog, axis)) [| output; c |]

            if isLog then opaque (fun d -> d - total axis (exp output * d)) pull else symmetric pull
        | Fused.SoftmaxPull(isLog, axis) -> softmaxPull isLog axis x inputs[1] input
        | Fused.LogSumExp axis ->
            let p = Deferred(fun () -> bind (Fused.Softmax(false, axis)) [| x |])
            ValueSome(Linear.Compose(Linear.Scale p, Linear.Sum(x.Dims, [| axis |])))
        | Fused.CrossEntropy targets ->
            let pull c = bind (Fused.CrossEntropyPull targets) [| x; inputs[1]; c |]
            let slope = Deferred(fun () -> pull (Tensor.onesLike output))
            opaque (fun d -> sumOver (x.Rank - 1) (slope.Value * d)) pull
        | Fused.CrossEntropyPull targets -> crossEntropyPull targets x inputs[1] inputs[2] input
        | Fused.Normalize(isCentred, epsilon) ->
            symmetric (fun d -> bind (Fused.NormalizePull(isCentred, epsilon)) [| x; d |])
        | Fused.NormalizePull(isCentred, epsilon) -> normalizePull isCentred epsilon x inputs[1] output input
        // These have a joint map, or a definition.
        | Fused.Attention _
        | Fused.NormalizeGainPull _
        | Fused.AttentionPull _ -> ValueNone

    /// Whether an operation is linear in the inputs marked, all at once.
    let isLinear (f: Fused) (marked: bool[]) : bool =
        match f with
        | Fused.Softmax _
        | Fused.LogSumExp _
        | Fused.CrossEntropy _
        | Fused.Attention _ -> false
        | Fused.AttentionPull _ -> not (marked[0] || marked[1] || marked[2])
        | Fused.NormalizeGainPull _ -> not (marked[0] || marked[2])
        | Fused.SoftmaxPull _
        | Fused.CrossEntropyPull _
        // With a gain and a bias, in those.
        | Fused.Normalize _
        | Fused.NormalizePull _ -> not marked[0]
