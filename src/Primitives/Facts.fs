namespace Cotangent

/// What is made from nothing.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Source =
    | Full of Literal * DType * shape: int[]
    | Iota of DType * length: int

/// How the elements of an input are seen otherwise.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal ViewKind =
    | Reshape of shape: int[]
    | Permute of int[]
    | Broadcast of shape: int[]
    | Slice of Region
    | Detach
    | Barrier

/// What makes one element from one of each input.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Pointwise =
    | Unary of Unary
    | Binary of Binary
    | Select
    | Convert of DType

/// Kernels that somebody asks more about.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Kernel =
    | Concatenate of axis: int
    | CumulativeSum of reverse: bool
    | Gather of axis: int
    | Scatter of size: int
    | Convolution of ConvolutionTerm * Windows * groups: int
    | Fused of Fused
    | Other

/// How the results of a primitive come from its inputs.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Kind =
    /// Made from nothing: the same numbers however often.
    | Source of Source
    /// The elements of an input, seen otherwise; no number is computed.
    | View of ViewKind
    /// One element from one of each input.
    | Elementwise of Pointwise
    /// Elements along axes made into one.
    | Fold of Reduction * axes: int[]
    /// Sums of products over axes of two inputs.
    | Contraction
    /// Random numbers, by keys.
    | Draw of Draw * DType * shape: int[]
    /// The same numbers elsewhere.
    | Transfer of Device
    /// Whatever an engine's kernel does.
    | Opaque of Kernel
    /// A function of the user's own, which engines never see.
    | Custom of CustomFunction

    /// How its input is seen, if that is all it does.
    member kind.AsView: ViewKind voption =
        match kind with
        | View view -> ValueSome view
        | Source _
        | Elementwise _
        | Fold _
        | Contraction
        | Draw _
        | Transfer _
        | Opaque _
        | Custom _ -> ValueNone

    /// What it computes of each element, if it does.
    member kind.AsPointwise: Pointwise voption =
        match kind with
        | Elementwise work -> ValueSome work
        | Source _
        | View _
        | Fold _
        | Contraction
        | Draw _
        | Transfer _
        | Opaque _
        | Custom _ -> ValueNone

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
    let private kernel = plain (Kind.Opaque Kernel.Other)
    let private several = { kernel with HasSeveral = true }
    let private raising k = { plain (Kind.Opaque k) with MayRaise = true }

    let private fused (f: Fused) : PrimitiveFacts =
        let facts = plain (Kind.Opaque(Kernel.Fused f))

        match f with
        | Fused.NormalizeGainPull _
        | Fused.AttentionPull _ -> { facts with HasSeveral = true }
        | Fused.CrossEntropy _
        | Fused.CrossEntropyPull _ -> { facts with MayRaise = true }
        | Fused.Softmax _
        | Fused.SoftmaxPull _
        | Fused.LogSumExp _
        | Fused.Normalize _
        | Fused.NormalizePull _
        | Fused.Attention _ -> facts

    let primitive (p: Primitive) : PrimitiveFacts =
        match p with
        | Primitive.Full(value, dtype, shape) -> plain (Kind.Source(Source.Full(value, dtype, shape)))
        | Primitive.Iota(dtype, length) -> plain (Kind.Source(Source.Iota(dtype, length)))
        | Primitive.Reshape shape -> plain (Kind.View(ViewKind.Reshape shape))
        | Primitive.Permute order -> plain (Kind.View(ViewKind.Permute order))
        | Primitive.Broadcast shape -> plain (Kind.View(ViewKind.Broadcast shape))
        | Primitive.Slice region -> plain (Kind.View(ViewKind.Slice region))
        | Primitive.Detach -> plain (Kind.View ViewKind.Detach)
        | Primitive.Barrier -> plain (Kind.View ViewKind.Barrier)
        | Primitive.Unary op -> {
            plain (Kind.Elementwise(Pointwise.Unary op)) with
                IsSteep = (op.Facts.Slope = Slope.Steep)
          }
        | Primitive.Binary op -> {
            plain (Kind.Elementwise(Pointwise.Binary op)) with
                IsSteep = (op.Facts.Slope = Slope.Steep)
                // Integers by 0.
                MayRaise = (op = Binary.Divide || op = Binary.Remainder)
          }
        | Primitive.Select -> plain (Kind.Elementwise Pointwise.Select)
        | Primitive.Convert dtype -> plain (Kind.Elementwise(Pointwise.Convert dtype))
        | Primitive.Reduce(kind, axes) -> plain (Kind.Fold(kind, axes))
        | Primitive.MatMul -> plain Kind.Contraction
        | Primitive.Random(draw, dtype, shape) -> plain (Kind.Draw(draw, dtype, shape))
        | Primitive.Transfer device -> plain (Kind.Transfer device)
        | Primitive.Sort _
        | Primitive.MaxPool _ -> several
        // A diagonal may have zeros, and eigenvalues be equal.
        | Primitive.Qr
        | Primitive.Eigh -> { several with IsSteep = true }
        | Primitive.TriangularSolve _ -> { kernel with IsSteep = true }
        | Primitive.Fused f -> fused f
        | Primitive.Concatenate axis -> plain (Kind.Opaque(Kernel.Concatenate axis))
        | Primitive.CumulativeSum(_, reverse) -> plain (Kind.Opaque(Kernel.CumulativeSum reverse))
        | Primitive.Convolution(term, windows, groups) ->
            plain (Kind.Opaque(Kernel.Convolution(term, windows, groups)))
        | Primitive.Place _
        | Primitive.ArgReduce _ -> kernel
        | Primitive.Gather(axis, _) -> raising (Kernel.Gather axis)
        | Primitive.Scatter(_, _, _, size) -> raising (Kernel.Scatter size)
        | Primitive.Custom f -> { plain (Kind.Custom f) with IsSteep = true; MayRaise = true }

    let kind (p: Primitive) : Kind = (primitive p).Kind
    let hasSeveral (p: Primitive) : bool = (primitive p).HasSeveral
    let isSteep (p: Primitive) : bool = (primitive p).IsSteep

    /// The user's function that a primitive is; null for all others.
    let custom (p: Primitive) : CustomFunction | null =
        match kind p with
        | Kind.Custom f -> f
        | Kind.Source _
        | Kind.View _
        | Kind.Elementwise _
        | Kind.Fold _
        | Kind.Contraction
        | Kind.Draw _
        | Kind.Transfer _
        | Kind.Opaque _ -> null

    let isProduct (p: Primitive) : bool =
        match (kind p).AsPointwise with
        | ValueSome(Pointwise.Binary op) -> op.IsMultiply
        | ValueSome(Pointwise.Unary _ | Pointwise.Select | Pointwise.Convert _)
        | ValueNone -> false

    /// Of an element, where it is computed.
    let price (work: Pointwise) : int =
        match work with
        | Pointwise.Unary op -> op.Facts.Price
        | Pointwise.Binary op -> op.Facts.Price
        | Pointwise.Select
        | Pointwise.Convert _ -> 1

    /// Whether elementwise work is done again without a thought.
    let isFree (work: Pointwise) : bool =
        match work with
        | Pointwise.Unary op -> op.Facts.IsFree
        | Pointwise.Binary op -> op.Facts.IsFree
        | Pointwise.Select -> false
        | Pointwise.Convert _ -> true

    /// Whether loop nests have code for elementwise work.
    let isInNests (work: Pointwise) : bool =
        match work with
        | Pointwise.Unary op -> op.IsInNests
        | Pointwise.Binary _
        | Pointwise.Select
        | Pointwise.Convert _ -> true
