namespace Cotangent

/// How class targets are read.
[<NoComparison>]
type internal Targets = {
    /// This share of each target is spread evenly over all classes.
    Smoothing: float
    /// Examples with this label count for nothing.
    Ignored: int64 voption
}

/// Operations that dominate real models, each of which could be written in terms of others, slower and less exactly. Those
/// named `Pull` are the derivatives of others: they take the cotangent of the output to that of the input, computing anew,
/// row by row, what they need.
[<RequireQualifiedAccess; NoComparison>]
type internal Fused =
    /// exp x / Σ exp x along an axis, or its logarithm. Where all is -∞ the softmax is 0.
    | Softmax of isLog: bool * axis: int
    /// softmax (or its logarithm), cotangent -> cotangent
    | SoftmaxPull of isLog: bool * axis: int
    /// log Σ exp x along an axis, which disappears.
    | LogSumExp of axis: int
    /// logits (…, classes), labels (…, integers) -> losses (…)
    | CrossEntropy of Targets
    /// logits, labels, cotangent (…) -> cotangent of the logits
    | CrossEntropyPull of Targets
    /// (x - mean)/√(variance + ε) along the last axis; without a centre, x/√(mean x² + ε). With a gain as well, and perhaps a
    /// bias, x (…, R, N) and the two (…, N): that times the gain, plus the bias.
    | Normalize of isCentred: bool * epsilon: float
    /// x, cotangent -> cotangent
    | NormalizePull of isCentred: bool * epsilon: float
    /// x, cotangent, gain -> the cotangents of x, of the gain and of a bias
    | NormalizeGainPull of isCentred: bool * epsilon: float

    /// query (…, L, E), key (…, S, E), value (…, S, V) and perhaps a mask (…, L, S; Bool) -> softmax(scale q kᵀ) v. A causal
    /// query sees the keys up to its own place, counted from the end; one that sees none has 0.
    | Attention of isCausal: bool * scale: float
    /// query, key, value, cotangent and perhaps a mask -> the cotangents of the first three
    | AttentionPull of isCausal: bool * scale: float

    /// For each result the operand in whose order of axes its memory is laid out, or -1: in row-major order. Heads of attention are
    /// mostly views of rows of a model, and what is joined of them needs no copy then.
    member x.LaidOutLike: int[] =
        match x with
        | Attention _ -> [| 0 |]
        | AttentionPull _ -> [| 0; 1; 2 |]
        | NormalizeGainPull _ -> [| -1; -1; -1 |]
        | Softmax _
        | SoftmaxPull _
        | LogSumExp _
        | CrossEntropy _
        | CrossEntropyPull _
        | Normalize _
        | NormalizePull _ -> [| -1 |]

    /// What error messages call it.
    override x.ToString() =
        match x with
        | Softmax(isLog, _) -> if isLog then "logSoftmax" else "softmax"
        | SoftmaxPull(isLog, _) -> if isLog then "logSoftmax pulled back" else "softmax pulled back"
        | LogSumExp _ -> "logSumExp"
        | CrossEntropy _ -> "crossEntropy"
        | CrossEntropyPull _ -> "crossEntropy pulled back"
        | Normalize(isCentred, _) -> if isCentred then "layerNorm" else "rmsNorm"
        | NormalizePull(isCentred, _)
        | NormalizeGainPull(isCentred, _) ->
            if isCentred then "layerNorm pulled back" else "rmsNorm pulled back"
        | Attention _ -> "attend"
        | AttentionPull _ -> "attend pulled back"
