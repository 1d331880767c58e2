namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// What folds the elements along axes into one. On Bool, Max is "any" and Min is "all".
[<RequireQualifiedAccess; Struct>]
type internal Reduction =
    | Sum
    | Max
    | Min

    override x.ToString() =
        match x with
        | Sum -> "sum"
        | Max -> "max"
        | Min -> "min"

/// A number written in a program, before it takes a tensor's dtype. Equal ones have equal bits: 0 is not -0, and NaN is
/// itself.
[<RequireQualifiedAccess; Struct; NoComparison; CustomEquality>]
type internal Literal =
    | Real of real: float
    | Whole of whole: int64

    member private x.Bits =
        match x with
        | Real value -> System.BitConverter.DoubleToInt64Bits value
        | Whole value -> value

    member x.Equals(y: Literal) = x.IsReal = y.IsReal && x.Bits = y.Bits

    override x.Equals(other: objnull) =
        match other with
        | :? Literal as y -> x.Equals y
        | _ -> false

    override x.GetHashCode() = x.Bits.GetHashCode()

    interface System.IEquatable<Literal> with
        member x.Equals y = x.Equals y

/// The box of elements `Start + i*Step`, `0 <= i < Count`, along each axis of a tensor of shape `Full`. Steps may be
/// negative.
[<NoComparison>]
type internal Region = { Full: int[]; Start: int[]; Count: int[]; Step: int[] }

/// Windows that slide over spatial axes of sizes `Full`. Along each, window i covers the elements
/// `i*Step - Before + k*Dilation`, `0 <= k < Size`; those outside are padding, of which `Before` and `After` are the
/// widths. The first elements of two neighbours are `Step` apart.
[<NoComparison>]
type internal Windows = {
    Full: int[]
    Size: int[]
    Step: int[]
    Dilation: int[]
    Before: int[]
    After: int[]
} with

    /// How many windows there are along each axis.
    member w.Count =
        Array.init w.Full.Length (fun a ->
            let room = w.Full[a] + w.Before[a] + w.After[a] - (w.Size[a] - 1) * w.Dilation[a] - 1
            if room < 0 then 0 else room / w.Step[a] + 1)

/// The three tensors of a convolution y = x * w. The form ⟨x * w, y⟩ is linear in each of them, so two of them make a
/// third one of each kind.
[<RequireQualifiedAccess; Struct>]
type internal ConvolutionTerm =
    /// x: (N, C) ++ sizes
    | Input
    /// w: (O, C / groups) ++ sizes of a window
    | Kernel
    /// y: (N, O) ++ numbers of windows
    | Output

/// What a counter-based generator hands out.
[<RequireQualifiedAccess; Struct>]
type internal Draw =
    /// Uniform in [0, 1): multiples of 2⁻²⁴ in Float32, of 2⁻⁵³ in Float64.
    | Uniform
    /// All 32 (Int32) or 64 (Int64) bits.
    | Bits
    /// Int64 keys for `Key.split`: a stream of their own.
    | Keys

    override x.ToString() =
        match x with
        | Uniform -> "Uniform"
        | Bits -> "Bits"
        | Keys -> "Keys"

/// What happens when several updates of a scatter meet in one place.
[<RequireQualifiedAccess; Struct>]
type internal Collision =
    | Add
    /// The last one stays.
    | Last
    /// The largest or the smallest one stays. Where there is none, the result is -∞ or +∞, of integers the least or the largest.
    | Max
    | Min

/// Which function looks for something at indices that it was given: its name stands in the error about one of them.
[<RequireQualifiedAccess; Struct>]
type internal Finder =
    | Gather
    | Take
    | Slice
    | ScatterAdd
    /// One that is made of several primitives.
    | Named of operation: string
    /// Negative indices are no classes, labels, positions or places; elsewhere they count from the end.
    | OneHot
    | Embedding
    | Positions
    | Cache

    override x.ToString() =
        match x with
        | Gather -> "gather"
        | Take -> "take"
        | Slice -> "slice"
        | ScatterAdd -> "scatterAdd"
        | Named operation -> operation
        | OneHot -> "oneHot"
        | Embedding -> "Embedding.forward"
        | Positions -> "LearnedPositions.at"
        | Cache -> "MultiHeadAttention.step"

    /// The least index among so many places.
    member x.Least(size: int) =
        match x with
        | OneHot
        | Embedding
        | Positions
        | Cache -> 0
        | Gather
        | Take
        | Slice
        | ScatterAdd
        | Named _ -> -size

    /// What is wrong about an index.
    member x.Refusal (size: int) (index: int64) =
        match x with
        | OneHot ->
            $"{x}: index {index} is none of the {size} classes 0 to {size - 1}. Replace it, or ask for more classes."
        | Embedding ->
            $"{x}: label {index} is none of the {size} of this layer, 0 to {size - 1}. Replace it, or make the layer larger."
        | Positions ->
            $"{x}: position {index} is none of the {size} of this layer, 0 to {size - 1}. Make the layer larger, or the sequence shorter."
        | Cache ->
            $"{x}: a cache of {size} places, 0 to {size - 1}, has none for a step at {index}. Make it larger, or start it anew."
        | Gather
        | Take
        | Slice
        | ScatterAdd
        | Named _ ->
            $"{x}: index {index} is out of range for an axis of size {size}; positions run from {-size} to {size - 1}."

/// Functions of square matrices.
[<RequireQualifiedAccess; Struct>]
type internal MatrixFunction =
    | Exp
    /// The root without eigenvalues left of the imaginary axis. Raises where an eigenvalue is negative, or 0.
    | Sqrt
    /// The logarithm whose eigenvalues have imaginary parts between -π and π. Raises as the root does.
    | Log

    override f.ToString() =
        match f with
        | Exp -> "matrixExp"
        | Sqrt -> "matrixSqrt"
        | Log -> "matrixLog"

/// Functions of complex numbers that have real values.
[<RequireQualifiedAccess; Struct>]
type internal ComplexFunction =
    | Real
    | Imaginary
    | Modulus

    override f.ToString() =
        match f with
        | Real -> "real"
        | Imaginary -> "imag"
        | Modulus -> "abs"

/// Sums with powers of a root of unity, of a line of n numbers.
[<RequireQualifiedAccess; Struct>]
type internal FourierTransform =
    /// Σ_j x_j exp(-2πi jk/n), of complex numbers.
    | Forward
    /// Σ_j x_j exp(2πi jk/n), of complex numbers.
    | Backward
    /// n real numbers -> the first n/2 + 1 of what `Forward` makes of them: the others are conjugates of these.
    | RealForward
    /// The first length/2 + 1 of so many numbers, the others being conjugates of these -> what `Backward` makes of all, which
    /// is real. The first of them, and of an even length the last, are taken as real.
    | RealBackward of length: int

    override t.ToString() =
        match t with
        | Forward -> "fft"
        | Backward -> "ifft"
        | RealForward -> "rfft"
        | RealBackward _ -> "irfft"

/// What is written of a tensor when a program runs: under which label, and how. Equal to itself alone, so that two of one
/// label stay two.
[<Sealed>]
type internal Printing(label: string, write: Buffer -> unit) =
    member _.Label = label
    member _.Write = write

/// A function of .NET that programs call with numbers: the signatures of its results, and how it makes them. It always makes the same of the
/// same. Equal to itself alone.
[<Sealed>]
type internal HostFunction(name: string, results: Signature[], run: HostBuffer[] -> HostBuffer[]) =
    member _.Name = name
    member _.Results = results
    member _.Run(inputs: HostBuffer[]) : HostBuffer[] = run inputs

/// A function with a derivative or kernel of the user's own; the layers above derive it with what they need. Equal to itself
/// alone.
[<AbstractClass>]
type internal CustomFunction(name: string) =
    member _.Name = name

    /// Whether its derivative is the whole story, as that which a user writes is taken to be.
    abstract IsLinear: bool
    default _.IsLinear = true

/// The closed set of operations. Everything else is written in terms of these; some have several results. Shape rule,
/// kernels, derivative and batching rule are each an exhaustive `match` in a file of their own. Primitives of equal cases and attributes are equal.
[<RequireQualifiedAccess; NoComparison>]
type internal Primitive =
    | Unary of Unary
    | Binary of Binary
    /// Of one to three inputs of equal shape and dtype.
    | Higher of Higher
    /// condition (Bool), value where true, value where false
    | Select
    | Convert of DType
    /// The same number everywhere.
    | Full of Literal * DType * shape: int[]
    /// 0, 1, …, length - 1
    | Iota of DType * length: int
    /// keys (Int64, any shape k) -> draws of shape k ++ shape
    | Random of Draw * DType * shape: int[]
    | Reshape of shape: int[]
    | Permute of int[]
    /// Aligned right, size-1 axes stretched, leading axes added.
    | Broadcast of shape: int[]
    | Slice of Region
    /// The transpose of Slice: zeros of shape `Full` with the input at the region.
    | Place of Region
    | Concatenate of axis: int
    /// data, indices: `batch` leading axes are shared; then the indices take the place of `axis`.
    | Gather of Finder * axis: int * batch: int
    /// updates, indices: zeros with the updates at the indices; the transpose of Gather where they add.
    | Scatter of Collision * axis: int * batch: int * size: int
    /// The axes (sorted) disappear.
    | Reduce of Reduction * axes: int[]
    /// Int32 position of the first largest (or smallest) element along an axis, which disappears.
    | ArgReduce of largest: bool * axis: int
    /// The elements in order along an axis, and the Int32 positions where they were; stable; NaN last.
    | Sort of axis: int * descending: bool
    | CumulativeSum of axis: int * reverse: bool
    /// [batch ++ (m, k)] times [batch ++ (k, n)]; the batch axes are equal.
    | MatMul
    /// a (…, n, n), b (…, n, k) -> a⁻¹ b (…, n, k), where a is triangular: of its other half nothing is read.
    | TriangularSolve of isUpper: bool
    /// (…, m, n) -> q (…, m, k) with orthonormal columns and r (…, k, n), upper triangular with nothing negative on its diagonal,
    /// whose product it is; k is the smaller of m and n.
    | Qr
    /// (…, n, n) -> the eigenvalues (…, n) of the symmetric or Hermitian part (a + aᴴ)/2 in rising order, and orthonormal
    /// eigenvectors, the columns of (…, n, n). Of each the first element that is at least half as large as the largest is real
    /// and positive.
    | Eigh
    /// (…, n, n) -> the complex eigenvalues (…, n) of any matrix, by rising real, then imaginary parts, and eigenvectors of length
    /// 1, the columns of (…, n, n). Of each the first element that is at least half as large as the largest is real and positive.
    | Eig
    /// (…, n, n) -> l, lower triangular, with l lᵀ = (a + aᵀ)/2. Raises where a is not positive definite.
    | Cholesky
    /// (…, m, n) -> l and u in one matrix (…, m, n), the ones on the diagonal of l left out; the order of the rows, Int32
    /// (…, m), so that a's rows in this order are l u; and Int32 (…), 1 where that order is an odd permutation, else 0.
    | Lu
    /// a (…, n, n), b (…, n, k) -> a⁻¹ b, or a⁻ᵀ b. Raises where a is singular.
    | Solve of isTransposed: bool
    /// (…, n, n) -> the inverse. Raises where there is none.
    | Inverse
    /// (…, m, n) -> u (…, m, k), s (…, k) falling and not negative, vᵀ (…, k, n): orthonormal columns and rows, and a = u s vᵀ; k
    /// is the smaller of m and n. Of each column of u the first element that is at least half as large as the largest is positive.
    | Svd
    /// (…, m, n) -> (…, k), the singular values alone.
    | SingularValues
    /// (…, m, n) -> (…, n, m), Moore and Penrose's inverse: singular values at most so many times the largest count as 0.
    | PseudoInverse of relative: float
    /// (…, n, n) -> (…, n, n), by the power series, not element by element.
    | OfMatrix of MatrixFunction
    /// real parts, imaginary parts, of equal shape and dtype -> complex numbers
    | Complex
    /// Of complex numbers, elementwise; what it makes has the dtype of their parts.
    | OfComplex of ComplexFunction
    /// Of complex numbers, elementwise.
    | Conjugate
    /// The transform along an axis, times a number.
    | Fourier of FourierTransform * axis: int * scale: float
    /// The convolution's tensor of one kind from the two others, which keep the order of `ConvolutionTerm`. `Output`:
    /// y[n, o, i] = Σ w[o, c, k] x[n, c, i*Step - Before + k*Dilation] over the channels c of the group of o and over k.
    | Convolution of result: ConvolutionTerm * Windows * groups: int
    /// (N, C) ++ sizes -> (N, C) ++ numbers of windows: the largest element of each, NaN the largest of all, and where the
    /// first of the largest is, an Int32 position among the elements of all spatial axes in row-major order. No window lies
    /// in the padding altogether.
    | MaxPool of Windows
    | Fused of Fused
    /// The same value, a constant for every differentiation around. Only graphs hold it: eager code detaches a tensor
    /// by taking it from its tracer.
    | Detach
    /// The same value, which the compiler may not tell equal to any other: what is computed from it is computed again.
    | Barrier
    /// The same value, which is written down as it passes.
    | Print of Printing
    /// What a function of .NET makes of numbers.
    | Host of HostFunction
    /// The same numbers on another device.
    | Transfer of Device
    | Custom of CustomFunction

    /// What error messages call it.
    override x.ToString() =
        match x with
        | Unary op -> string op
        | Binary op -> string op
        | Higher f -> string f
        | Select -> "where"
        | Convert dtype -> "convert to " + string dtype
        | Full _ -> "full"
        | Iota _ -> "arange"
        | Random _ -> "random"
        | Reshape _ -> "reshape"
        | Permute _ -> "permute"
        | Broadcast _ -> "expand"
        | Slice _ -> "slice"
        | Place _ -> "pad"
        | Concatenate _ -> "concat"
        | Gather(finder, _, _) -> string finder
        | Scatter _ -> "scatterAdd"
        | Reduce(kind, _) -> string kind
        | ArgReduce(largest, _) -> if largest then "argmax" else "argmin"
        | Sort _ -> "sort"
        | CumulativeSum _ -> "cumsum"
        | MatMul -> "matmul"
        | TriangularSolve _ -> "solveTriangular"
        | Qr -> "qr"
        | Eigh -> "eigh"
        | Eig -> "eig"
        | Cholesky -> "cholesky"
        | Lu -> "lu"
        | Solve _ -> "solve"
        | Inverse -> "inv"
        | Svd -> "svd"
        | SingularValues -> "singularValues"
        | PseudoInverse _ -> "pinv"
        | OfMatrix f -> string f
        | Complex -> "complex"
        | OfComplex f -> string f
        | Conjugate -> "conj"
        | Fourier(transform, _, _) -> string transform
        | Convolution(result, _, _) ->
            match result with
            | ConvolutionTerm.Output -> "convolve"
            | ConvolutionTerm.Input -> "convolveTransposed"
            | ConvolutionTerm.Kernel -> "convolveKernel"
        | MaxPool _ -> "maxPool"
        | Fused f -> string f
        | Detach -> "stopGradient"
        | Barrier -> "barrier"
        | Print _ -> "print"
        | Host f -> f.Name
        | Transfer device -> "to " + string device
        | Custom f -> f.Name

/// The text of operations, for people.
module internal OperationText =
    // Concatenation in place of interpolation: the first use of each interpolated string costs a millisecond, and a
    // compilation asks for every text.
    let private list (xs: int[]) = "[" + System.String.Join(" ", xs) + "]"

    let private words (parts: string list) = System.String.Join(" ", parts)

    let private region (r: Region) =
        words [
            "full=" + list r.Full
            "start=" + list r.Start
            "count=" + list r.Count
            "step=" + list r.Step
        ]

    let private windows (w: Windows) =
        words [
            "over=" + list w.Full
            "size=" + list w.Size
            "step=" + list w.Step
            "dilation=" + list w.Dilation
            "before=" + list w.Before
            "after=" + list w.After
        ]

    let literal (value: Literal) =
        match value with
        // Both zeros have texts of their own.
        | Literal.Real x -> x.ToString("R", System.Globalization.CultureInfo.InvariantCulture)
        | Literal.Whole n -> string n

    let private fused (f: Fused) =
        let targets (t: Targets) =
            let ignored = t.Ignored |> ValueOption.map string |> ValueOption.defaultValue "none"
            words [ "smoothing=" + literal (Literal.Real t.Smoothing); "ignored=" + ignored ]

        match f with
        | Fused.Softmax(_, axis)
        | Fused.SoftmaxPull(_, axis)
        | Fused.LogSumExp axis -> words [ string f; "axis=" + string axis ]
        | Fused.CrossEntropy t
        | Fused.CrossEntropyPull t -> words [ string f; targets t ]
        | Fused.Normalize(_, epsilon)
        | Fused.NormalizePull(_, epsilon)
        | Fused.NormalizeGainPull(_, epsilon) ->
            words [ string f; "epsilon=" + literal (Literal.Real epsilon) ]
        | Fused.Attention(isCausal, scale)
        | Fused.AttentionPull(isCausal, scale) ->
            words [ string f; "causal=" + string isCausal; "scale=" + literal (Literal.Real scale) ]

    let private draw (d: Draw) =
        match d with
        | Draw.Uniform -> "Uniform"
        | Draw.Bits -> "Bits"
        | Draw.Keys -> "Keys"

    let private collision (c: Collision) =
        match c with
        | Collision.Add -> "Add"
        | Collision.Last -> "Last"
        | Collision.Max -> "Max"
        | Collision.Min -> "Min"

    let primitive (p: Primitive) =
        match p with
        | Primitive.Fused f -> fused f
        | Primitive.Unary _
        | Primitive.Binary _
        | Primitive.Higher _
        | Primitive.Select
        | Primitive.MatMul
        | Primitive.Qr
        | Primitive.Eigh
        | Primitive.Eig
        | Primitive.Cholesky
        | Primitive.Lu
        | Primitive.Inverse
        | Primitive.Svd
        | Primitive.SingularValues
        | Primitive.OfMatrix _
        | Primitive.Complex
        | Primitive.OfComplex _
        | Primitive.Conjugate
        | Primitive.Detach
        | Primitive.Barrier -> string p
        | Primitive.Convert dtype -> words [ "convert"; string dtype ]
        | Primitive.Full(value, dtype, shape) -> words [ "full"; literal value; string dtype; list shape ]
        | Primitive.Iota(dtype, length) -> words [ "iota"; string dtype; string length ]
        | Primitive.Random(kind, dtype, shape) -> words [ "random"; draw kind; string dtype; list shape ]
        | Primitive.Reshape shape -> words [ "reshape"; list shape ]
        | Primitive.Permute order -> words [ "permute"; list order ]
        | Primitive.Broadcast shape -> words [ "expand"; list shape ]
        | Primitive.Slice r -> words [ "slice"; region r ]
        | Primitive.Place r -> words [ "pad"; region r ]
        | Primitive.Concatenate axis -> "concat axis=" + string axis
        | Primitive.Gather(_, axis, batch) ->
            words [ "gather"; "axis=" + string axis; "batch=" + string batch ]
        | Primitive.Scatter(kind, axis, batch, size) ->
            words [
                "scatter"
                collision kind
                "axis=" + string axis
                "batch=" + string batch
                "size=" + string size
            ]
        | Primitive.Reduce(kind, axes) -> words [ string kind; "axes=" + list axes ]
        | Primitive.ArgReduce(largest, axis) ->
            words [ (if largest then "argmax" else "argmin"); "axis=" + string axis ]
        | Primitive.Sort(axis, descending) ->
            words [ "sort"; "axis=" + string axis; "descending=" + string descending ]
        | Primitive.CumulativeSum(axis, reverse) ->
            words [ "cumsum"; "axis=" + string axis; "reverse=" + string reverse ]
        | Primitive.TriangularSolve isUpper -> words [ string p; "upper=" + string isUpper ]
        | Primitive.Solve isTransposed -> words [ string p; "transposed=" + string isTransposed ]
        | Primitive.Fourier(transform, axis, scale) ->
            let length =
                match transform with
                | FourierTransform.RealBackward n -> [ "length=" + string n ]
                | FourierTransform.Forward
                | FourierTransform.Backward
                | FourierTransform.RealForward -> []

            words ([ string p; "axis=" + string axis; "scale=" + literal (Literal.Real scale) ] @ length)
        | Primitive.PseudoInverse relative ->
            words [ string p; "relative=" + literal (Literal.Real relative) ]
        | Primitive.Convolution(_, w, groups) -> words [ string p; windows w; "groups=" + string groups ]
        | Primitive.MaxPool w -> words [ string p; windows w ]
        | Primitive.Print printing ->
            words [ "print"; printing.Label.Replace('"', '\'').ReplaceLineEndings " " ]
        | Primitive.Host f -> f.Name
        | Primitive.Transfer device -> words [ "to"; string device ]
        | Primitive.Custom f -> f.Name
