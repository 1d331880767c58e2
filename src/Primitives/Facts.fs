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
    | Gather of Finder * axis: int
    | Scatter of size: int
    /// What somebody sees: once, where it is written, whoever reads the result.
    | Print
    | Host of HostFunction
    | Convolution of ConvolutionTerm * Windows * groups: int
    | Fused of Fused
    | Solve of isTransposed: bool
    | TriangularSolve of isUpper: bool
    | OfMatrix of MatrixFunction
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

    /// Whether it is called with numbers in main memory, and makes such.
    member kind.IsHost =
        match kind with
        | Opaque kernel -> kernel.IsHost
        | Source _
        | View _
        | Elementwise _
        | Fold _
        | Contraction
        | Draw _
        | Transfer _
        | Custom _ -> false

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

/// What several parts ask of a primitive, eager code among them: it allocates nothing.
[<Struct; NoComparison; NoEquality>]
type internal PrimitiveFacts = {
    /// The user's function that it is; null for all others.
    Custom: CustomFunction | null
    /// The device that it moves to, if it does.
    Target: Device voption
    /// Whether libtorch's kernel is the faster one on the CPU, of large tensors: `Crossing` tells of which.
    HasCrossing: bool
    /// Whether there are several results: engines evaluate it by an entry of its own, and a graph reads them by their numbers.
    HasSeveral: bool
    /// Whether a slope may be infinite, or NaN, at inputs that are finite.
    IsSteep: bool
    /// Whether some numbers make it raise an error: a divisor, an index, a label.
    MayRaise: bool
}

/// The same for all primitives, each said once.
module internal Facts =
    let private plain = {
        Custom = null
        Target = ValueNone
        HasCrossing = false
        HasSeveral = false
        IsSteep = false
        MayRaise = false
    }

    let private crossing = { plain with HasCrossing = true }
    let private several = { plain with HasSeveral = true }
    let private raising = { plain with MayRaise = true }
    let private steep = { plain with IsSteep = true }

    let private fused (f: Fused) : PrimitiveFacts =
        match f with
        | Fused.NormalizeGainPull _
        | Fused.AttentionPull _ -> { crossing with HasSeveral = true }
        | Fused.CrossEntropy _
        | Fused.CrossEntropyPull _ -> { crossing with MayRaise = true }
        | Fused.Softmax _
        | Fused.SoftmaxPull _
        | Fused.LogSumExp _
        | Fused.Normalize _
        | Fused.NormalizePull _
        | Fused.Attention _ -> crossing

    let primitive (p: Primitive) : PrimitiveFacts =
        match p with
        | Primitive.Full _
        | Primitive.Iota _
        | Primitive.Reshape _
        | Primitive.Permute _
        | Primitive.Broadcast _
        | Primitive.Slice _
        | Primitive.Detach
        | Primitive.Barrier
        | Primitive.Select
        | Primitive.Convert _
        | Primitive.MatMul
        | Primitive.Random _
        | Primitive.Concatenate _
        | Primitive.Place _
        | Primitive.ArgReduce _
        | Primitive.Complex
        | Primitive.OfComplex _
        | Primitive.Conjugate
        | Primitive.Fourier _ -> plain
        | Primitive.Transfer device -> { plain with Target = ValueSome device }
        | Primitive.Reduce _
        | Primitive.CumulativeSum _
        | Primitive.Convolution _ -> crossing
        | Primitive.Unary op -> { crossing with IsSteep = (op.Facts.Slope = Slope.Steep) }
        | Primitive.Binary op -> {
            plain with
                IsSteep = (op.Facts.Slope = Slope.Steep)
                // Integers by 0.
                MayRaise = (op.IsDivide || op.IsRemainder)
          }
        | Primitive.Sort _
        | Primitive.MaxPool _ -> several
        // A diagonal may have zeros, and eigenvalues be equal.
        | Primitive.Qr
        | Primitive.Eigh
        | Primitive.Eig
        | Primitive.Lu
        | Primitive.Svd -> { several with IsSteep = true }
        | Primitive.TriangularSolve _ -> steep
        // What would have no result, or too small a number in a divisor, is an error.
        | Primitive.Cholesky
        | Primitive.Solve _
        | Primitive.Inverse
        | Primitive.OfMatrix _ -> { raising with IsSteep = true }
        // Nobody knows what it does.
        | Primitive.Host _ -> { raising with HasSeveral = true; IsSteep = true }
        | Primitive.SingularValues
        | Primitive.PseudoInverse _
        | Primitive.Higher _ -> steep
        | Primitive.Fused f -> fused f
        | Primitive.Gather _
        | Primitive.Scatter _
        // Like an error it is seen.
        | Primitive.Print _ -> raising
        | Primitive.Custom f -> { raising with Custom = f; IsSteep = true }

    let hasSeveral (p: Primitive) : bool = (primitive p).HasSeveral
    let isSteep (p: Primitive) : bool = (primitive p).IsSteep
    let custom (p: Primitive) : CustomFunction | null = (primitive p).Custom

    /// With all that those need who ask for one kind.
    let kind (p: Primitive) : Kind =
        match p with
        | Primitive.Full(value, dtype, shape) -> Kind.Source(Source.Full(value, dtype, shape))
        | Primitive.Iota(dtype, length) -> Kind.Source(Source.Iota(dtype, length))
        | Primitive.Reshape shape -> Kind.View(ViewKind.Reshape shape)
        | Primitive.Permute order -> Kind.View(ViewKind.Permute order)
        | Primitive.Broadcast shape -> Kind.View(ViewKind.Broadcast shape)
        | Primitive.Slice region -> Kind.View(ViewKind.Slice region)
        | Primitive.Detach -> Kind.View ViewKind.Detach
        | Primitive.Barrier -> Kind.View ViewKind.Barrier
        | Primitive.Unary op -> Kind.Elementwise(Pointwise.Unary op)
        | Primitive.Binary op -> Kind.Elementwise(Pointwise.Binary op)
        | Primitive.Select -> Kind.Elementwise Pointwise.Select
        | Primitive.Convert dtype -> Kind.Elementwise(Pointwise.Convert dtype)
        | Primitive.Reduce(kind, axes) -> Kind.Fold(kind, axes)
        | Primitive.MatMul -> Kind.Contraction
        | Primitive.Random(draw, dtype, shape) -> Kind.Draw(draw, dtype, shape)
        | Primitive.Transfer device -> Kind.Transfer device
        | Primitive.Fused f -> Kind.Opaque(Kernel.Fused f)
        | Primitive.Concatenate axis -> Kind.Opaque(Kernel.Concatenate axis)
        | Primitive.CumulativeSum(_, reverse) -> Kind.Opaque(Kernel.CumulativeSum reverse)
        | Primitive.Convolution(term, windows, groups) ->
            Kind.Opaque(Kernel.Convolution(term, windows, groups))
        | Primitive.Gather(finder, axis, _) -> Kind.Opaque(Kernel.Gather(finder, axis))
        | Primitive.Scatter(_, _, _, size) -> Kind.Opaque(Kernel.Scatter size)
        | Primitive.Print _ -> Kind.Opaque Kernel.Print
        | Primitive.Host f -> Kind.Opaque(Kernel.Host f)
        | Primitive.Solve isTransposed -> Kind.Opaque(Kernel.Solve isTransposed)
        | Primitive.TriangularSolve isUpper -> Kind.Opaque(Kernel.TriangularSolve isUpper)
        | Primitive.OfMatrix f -> Kind.Opaque(Kernel.OfMatrix f)
        | Primitive.Sort _
        | Primitive.MaxPool _
        | Primitive.Qr
        | Primitive.Eigh
        | Primitive.Eig
        | Primitive.Cholesky
        | Primitive.Lu
        | Primitive.Inverse
        | Primitive.Svd
        | Primitive.SingularValues
        | Primitive.PseudoInverse _
        | Primitive.Complex
        | Primitive.OfComplex _
        | Primitive.Conjugate
        | Primitive.Fourier _
        | Primitive.Higher _
        | Primitive.Place _
        | Primitive.ArgReduce _ -> Kind.Opaque Kernel.Other
        | Primitive.Custom f -> Kind.Custom f

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
