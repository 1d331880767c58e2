namespace Cotangent

/// How the results of a primitive come from its inputs.
[<RequireQualifiedAccess; Struct>]
type internal Kind =
    /// Made from nothing: the same numbers however often.
    | Source
    /// The elements of an input, seen otherwise; no number is computed.
    | View
    /// One element from one of each input.
    | Elementwise
    /// Elements along axes made into one.
    | Fold
    /// Sums of products over axes of two inputs.
    | Contraction
    /// Random numbers, by keys.
    | Draw
    /// The same numbers elsewhere.
    | Transfer
    /// Whatever an engine's kernel does.
    | Opaque

/// What several parts ask of a primitive.
[<Struct; NoComparison; NoEquality>]
type internal PrimitiveFacts = {
    Kind: Kind
    /// Whether there are several results: engines evaluate it by an entry of its own, and a graph reads them by their numbers.
    HasSeveral: bool
    /// Whether a slope may be infinite, or NaN, at inputs that are finite.
    IsSteep: bool
    /// Whether some numbers make it raise an error: a divisor, an index, a label.
    MayRaise: bool
}

/// The same for all primitives, each said once.
module internal Facts =
    let private plain kind = { Kind = kind; HasSeveral = false; IsSteep = false; MayRaise = false }
    let private several = { plain Kind.Opaque with HasSeveral = true }
    let private raising = { plain Kind.Opaque with MayRaise = true }

    let private fused (f: Fused) : PrimitiveFacts =
        match f with
        | Fused.NormalizeGainPull _
        | Fused.AttentionPull _ -> several
        | Fused.CrossEntropy _
        | Fused.CrossEntropyPull _ -> raising
        | Fused.Softmax _
        | Fused.SoftmaxPull _
        | Fused.LogSumExp _
        | Fused.Normalize _
        | Fused.NormalizePull _
        | Fused.Attention _ -> plain Kind.Opaque

    let primitive (p: Primitive) : PrimitiveFacts =
        match p with
        | Primitive.Full _
        | Primitive.Iota _ -> plain Kind.Source
        | Primitive.Reshape _
        | Primitive.Permute _
        | Primitive.Broadcast _
        | Primitive.Slice _
        | Primitive.Detach
        | Primitive.Barrier -> plain Kind.View
        | Primitive.Unary op -> { plain Kind.Elementwise with IsSteep = (op.Facts.Slope = Slope.Steep) }
        | Primitive.Binary op -> {
            plain Kind.Elementwise with
                IsSteep = (op.Facts.Slope = Slope.Steep)
                // Integers by 0.
                MayRaise = (op = Binary.Divide || op = Binary.Remainder)
          }
        | Primitive.Select
        | Primitive.Convert _ -> plain Kind.Elementwise
        | Primitive.Reduce _ -> plain Kind.Fold
        | Primitive.MatMul -> plain Kind.Contraction
        | Primitive.Random _ -> plain Kind.Draw
        | Primitive.Transfer _ -> plain Kind.Transfer
        | Primitive.Sort _
        | Primitive.MaxPool _ -> several
        // A diagonal may have zeros, and eigenvalues be equal.
        | Primitive.Qr
        | Primitive.Eigh -> { several with IsSteep = true }
        | Primitive.TriangularSolve _ -> { plain Kind.Opaque with IsSteep = true }
        | Primitive.Fused f -> fused f
        | Primitive.Place _
        | Primitive.Concatenate _
        | Primitive.ArgReduce _
        | Primitive.CumulativeSum _
        | Primitive.Convolution _ -> plain Kind.Opaque
        | Primitive.Gather _
        | Primitive.Scatter _ -> raising
        | Primitive.Custom _ -> { raising with IsSteep = true }

    let kind (p: Primitive) : Kind = (primitive p).Kind
    let hasSeveral (p: Primitive) : bool = (primitive p).HasSeveral
    let isSteep (p: Primitive) : bool = (primitive p).IsSteep

    let private ofFunction (p: Primitive) (other: 'a) (ask: FunctionFacts -> 'a) : 'a =
        match p with
        | Primitive.Unary op -> ask op.Facts
        | Primitive.Binary op -> ask op.Facts
        | _ -> other

    /// Of an element, where it is computed.
    let price (p: Primitive) : int = ofFunction p 1 _.Price

    /// Whether elementwise work is done again without a thought.
    let isFree (p: Primitive) : bool =
        match p with
        | Primitive.Convert _ -> true
        | _ -> ofFunction p false _.IsFree

    /// Whether loop nests have code for elementwise work.
    let isInNests (p: Primitive) : bool = ofFunction p true _.InNests
