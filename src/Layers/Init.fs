namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// How many numbers meet in one output of a layer, and how many outputs one input feeds.
[<Struct>]
type Fans = {
    /// Numbers that meet in one output.
    FanIn: int
    /// Outputs that one input feeds.
    FanOut: int
}

/// Fans of kernels.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Fans =
    /// <summary>
    /// Of a kernel of this shape, in layers whose channels are in groups: (inputs, outputs) of a linear map, or (outputs, inputs /
    /// groups) and the sizes of a convolution's windows. A vector is the weights of a constant input 1.
    /// </summary>
    /// <example><code>
    /// Fans.ofGroups 4 [ 16; 2; 3; 3 ] // FanIn = 18 and FanOut = 36
    /// </code></example>
    let ofGroups (groups: int) (shape: int list) : Fans =
        Given.check "shape" shape

        match shape with
        | [] -> { FanIn = 1; FanOut = 1 }
        | [ outputs ] -> { FanIn = 1; FanOut = outputs }
        | [ inputs; outputs ] -> { FanIn = inputs; FanOut = outputs }
        | outputs :: inputs :: window ->
            let places = List.fold (*) 1 window
            { FanIn = inputs * places; FanOut = outputs / max 1 groups * places }

    /// <summary>Of a kernel of this shape, without groups: see <c>Fans.ofGroups</c>.</summary>
    /// <example><code>
    /// Fans.ofShape [ 784; 256 ] // FanIn = 784 and FanOut = 256
    /// </code></example>
    let ofShape (shape: int list) : Fans =
        Given.check "shape" shape
        ofGroups 1 shape

/// <summary>
/// How a layer's parameters start: from the fans, the shape and the dtype wanted, with a key of their own. A layer's
/// biases get the fans of its kernel.
/// </summary>
/// <example><code>
/// // Zeros but for the first input.
/// let first: Init = fun fans shape dtype key -> (Init.zeros fans shape dtype key).At[0].Set 1.0
/// (Linear.init { Linear.defaults with Weight = first } 3 2 (Key.create 0L)).Weight // [[1, 1], [0, 0], [0, 0]]
/// </code></example>
type Init = Fans -> int list -> DType -> Key -> Tensor

/// <summary>What the variance of weights is divided by.</summary>
/// <example><code>
/// let outgoing = Init.varianceScaling 2.0 FanMode.Out Spread.Normal
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type FanMode =
    /// The numbers that meet in one output: keeps the scale of what goes forward.
    | In
    /// The outputs that one input feeds: keeps the scale of what comes back.
    | Out
    /// The mean of both.
    | Average

/// <summary>The shape of a distribution around 0.</summary>
/// <example><code>
/// let narrow = Init.varianceScaling 1.0 FanMode.In Spread.Uniform
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type Spread =
    /// Normal.
    | Normal
    /// Normal, cut off at two deviations.
    | Truncated
    /// Uniform.
    | Uniform

/// Initialisers of the field.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Init =
    /// <summary>Numbers of an initialiser for a kernel that stands alone: the fans are those of its shape.</summary>
    /// <example><code>
    /// Init.draw Init.heNormal [ 784; 256 ] DType.Float32 (Key.create 0L) // shape (784, 256)
    /// </code></example>
    let draw (init: Init) (shape: int list) (dtype: DType) (key: Key) : Tensor =
        Given.check "init" init
        Given.check "shape" shape
        Given.check "key" key
        init (Fans.ofShape shape) shape dtype key

    /// <summary>Uniform in [-bound, bound), the bound computed from the fans.</summary>
    /// <example><code>
    /// let small = Init.uniformWithin (fun _ -> 0.05)
    /// </code></example>
    let uniformWithin (bound: Fans -> float) : Init =
        fun fans shape dtype key ->
            Given.check "bound" bound
            let b = bound fans
            Random.uniformIn key -b b dtype shape

    /// <summary>Normal with mean 0 and a deviation computed from the fans.</summary>
    /// <example><code>
    /// let gpt2 = Init.normalOf (fun _ -> 0.02)
    /// </code></example>
    let normalOf (deviation: Fans -> float) : Init =
        fun fans shape dtype key ->
            Given.check "deviation" deviation
            Random.normal key dtype shape * deviation fans

    /// The deviation of a standard normal that is cut off at ±2: √(1 - 4 φ(2) / (2 Φ(2) - 1)).
    [<Literal>]
    let private CutDeviation = 0.87962566103423978

    /// <summary>
    /// Normal, cut off at two deviations, with mean 0 and a deviation (of what is left) computed from the fans.
    /// </summary>
    /// <example><code>
    /// let bert = Init.truncatedNormalOf (fun _ -> 0.02)
    /// </code></example>
    let truncatedNormalOf (deviation: Fans -> float) : Init =
        fun fans shape dtype key ->
            Given.check "deviation" deviation
            Random.truncatedNormal key -2.0 2.0 dtype shape * (deviation fans / CutDeviation)

    /// <summary>The same number everywhere.</summary>
    /// <example><code>
    /// Init.constant 0.5 (Fans.ofShape [ 1; 2 ]) [ 1; 2 ] DType.Float32 (Key.create 0L) // [[0.5, 0.5]]
    /// </code></example>
    let constant (value: float) : Init = fun _ shape dtype _ -> Tensor.full dtype shape value

    /// <summary>The number 0 everywhere.</summary>
    let zeros: Init = constant 0.0

    /// <summary>The number 1 everywhere: what scales of normalisations start from.</summary>
    let ones: Init = constant 1.0

    /// <summary>
    /// Mean 0 and variance scale / n, n by the mode: what most of the others are cases of. The truncated normal is the choice
    /// of Keras and of transformers.
    /// </summary>
    /// <example><code>
    /// let he = Init.varianceScaling 2.0 FanMode.In Spread.Truncated
    /// Init.draw he [ 3; 8 ] DType.Float32 (Key.create 0L) // shape (3, 8)
    /// </code></example>
    let varianceScaling (scale: float) (mode: FanMode) (spread: Spread) : Init =
        let deviation (fans: Fans) =
            let n =
                match mode with
                | FanMode.In -> float fans.FanIn
                | FanMode.Out -> float fans.FanOut
                | FanMode.Average -> float (fans.FanIn + fans.FanOut) / 2.0

            sqrt (scale / n)

        match spread with
        | Spread.Normal -> normalOf deviation
        | Spread.Truncated -> truncatedNormalOf deviation
        | Spread.Uniform -> uniformWithin (fun fans -> sqrt 3.0 * deviation fans)

    /// Uniform within ±√(6/(in+out)), for layers followed by tanh or sigmoid (Glorot & Bengio 2010, eq. 16).
    let glorotUniform: Init = uniformWithin (fun fans -> sqrt (6.0 / float (fans.FanIn + fans.FanOut)))

    /// Normal with variance 2/(in+out) (Glorot & Bengio 2010, eq. 12).
    let glorotNormal: Init = normalOf (fun fans -> sqrt (2.0 / float (fans.FanIn + fans.FanOut)))

    /// Uniform within ±√(6/in), for layers followed by ReLU (He et al. 2015, eq. 10, as a uniform).
    let heUniform: Init = uniformWithin (fun fans -> sqrt (6.0 / float fans.FanIn))

    /// Normal with variance 2/in, for layers followed by ReLU (He et al. 2015, eq. 10).
    let heNormal: Init = normalOf (fun fans -> sqrt (2.0 / float fans.FanIn))

    /// Normal with variance 1/in (LeCun et al. 1998, §4.6).
    let lecunNormal: Init = normalOf (fun fans -> sqrt (1.0 / float fans.FanIn))

    /// <summary>Uniform within ±1/√in: what PyTorch's <c>nn.Linear</c> starts from, weights and biases alike.</summary>
    let inverseRoot: Init = uniformWithin (fun fans -> 1.0 / sqrt (float fans.FanIn))

    let private requireMatrix (operation: string) (shape: int list) =
        if shape.Length < 2 then
            raise (
                ShapeException
                    $"{operation}: a tensor of shape {Shape.show (Array.ofList shape)} is no matrix; this initialiser is for kernels, of two axes or more. Biases start from `Init.zeros`."
            )

    /// Rows or columns of length 1 at right angles: the Q of a normal matrix, signs by R's diagonal, so that none is preferred.
    let private orthonormal rows columns dtype key =
        let wide = if dtype = DType.Float64 then dtype else DType.Float32
        let q, r = qr (Random.normal key wide [ max rows columns; min rows columns ])
        let q = q * where ((r.Diagonal()).Less 0.0) (Tensor.scalar wide -1.0) (Tensor.scalar wide 1.0)
        (if rows >= columns then q else q.T).Convert dtype

    /// <summary>
    /// Rows, or columns where those are fewer, of length gain at right angles to each other (Saxe, McClelland and Ganguli 2014).
    /// Of a convolution's kernel, each output's weights are one row.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shape has fewer than two axes.</exception>
    /// <example><code>
    /// let w = Init.draw (Init.orthogonal 1.0) [ 3; 5 ] DType.Float64 (Key.create 0L)
    /// matmul w w.T // [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    /// </code></example>
    let orthogonal (gain: float) : Init =
        fun _ shape dtype key ->
            Given.check "shape" shape
            Given.check "key" key
            requireMatrix "Init.orthogonal" shape
            let rows, columns = shape.Head, List.fold (*) 1 shape.Tail
            (orthonormal rows columns dtype key * gain).Reshape shape

    /// A kernel of a convolution that is a matrix (outputs, inputs) at the centre of its windows, and 0 elsewhere.
    let private atCentre (shape: int list) (matrix: Tensor) : Tensor =
        let window = shape.Tail.Tail
        let centre = List.fold (fun place size -> place * size + size / 2) 0 window
        let places = List.fold (*) 1 window
        let delta = Tensor.oneHot matrix.DType places (tensor centre)
        (matrix.Unsqueeze(-1) * delta).Reshape shape

    /// <summary>
    /// Outputs that are the inputs, as far as there are both: a matrix with ones on its diagonal, or a convolution with them
    /// at the centre of its windows.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shape has fewer than two axes.</exception>
    /// <example><code>
    /// Init.draw Init.identity [ 2; 3 ] DType.Float32 (Key.create 0L) // [[1, 0, 0], [0, 1, 0]]
    /// </code></example>
    let identity: Init =
        fun _ shape dtype _ ->
            Given.check "shape" shape
            requireMatrix "Init.identity" shape
            let rows, columns = shape[0], shape[1]
            let eye = Tensor.eye dtype (max rows columns) |> sliceAxis 0 0 rows |> sliceAxis 1 0 columns
            if shape.Length = 2 then eye else atCentre shape eye

    /// <summary>
    /// A convolution that is an orthogonal map of channels at the centre of its windows (Xiao et al. 2018, algorithm 1): signals keep
    /// their length through thousands of layers.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The shape is not that of a convolution's kernel, or there are fewer outputs than inputs.
    /// </exception>
    /// <example><code>
    /// Init.draw (Init.deltaOrthogonal 1.0) [ 4; 4; 3; 3 ] DType.Float32 (Key.create 0L) // shape (4, 4, 3, 3)
    /// </code></example>
    let deltaOrthogonal (gain: float) : Init =
        fun _ shape dtype key ->
            Given.check "shape" shape
            Given.check "key" key

            if shape.Length < 3 || shape[0] < shape[1] then
                raise (
                    ShapeException
                        $"Init.deltaOrthogonal: a kernel of shape {Shape.show (Array.ofList shape)}; it wants (outputs, inputs) and the sizes of a convolution's windows, outputs at least as many as inputs. For other kernels there is `Init.orthogonal`."
                )

            atCentre shape (orthonormal shape[0] shape[1] dtype key * gain)
