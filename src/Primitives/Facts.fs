namespace Cotangent

/// What several parts ask of a primitive, each a function over all of them.
module internal Facts =
    let private fusedHasSeveral (f: Fused) =
        match f with
        | Fused.NormalizeGainPull _
        | Fused.AttentionPull _ -> true
        | Fused.Softmax _
        | Fused.SoftmaxPull _
        | Fused.LogSumExp _
        | Fused.CrossEntropy _
        | Fused.CrossEntropyPull _
        | Fused.Normalize _
        | Fused.NormalizePull _
        | Fused.Attention _ -> false

    /// Whether there are several results: engines evaluate it by an entry of its own, and a graph reads them by their numbers.
    let hasSeveral (p: Primitive) : bool =
        match p with
        | Primitive.Sort _
        | Primitive.Qr
        | Primitive.Eigh
        | Primitive.MaxPool _ -> true
        | Primitive.Fused f -> fusedHasSeveral f
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
        | Primitive.Convolution _
        | Primitive.Detach
        | Primitive.Barrier
        | Primitive.Transfer _
        | Primitive.Custom _ -> false
