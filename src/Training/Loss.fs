namespace Cotangent

/// How class labels are read.
[<CompiledName "FSharpCrossEntropyOptions">]
type CrossEntropyOptions = {
    /// This share of each target, from 0 to 1, is spread evenly over all classes (label smoothing).
    Smoothing: float
    /// Examples with this label, as of padding, count for nothing.
    Ignored: int option
}

/// <summary>
/// Losses: means over all examples, of a prediction against a target. Shapes must be equal, never stretched: (B, 1)
/// against (B,) has silently spoiled many a training run.
/// </summary>
/// <remarks>
/// The prediction comes last, so that it can be piped in: <c>Mlp.forward model x |&gt; Loss.meanSquaredError y</c>.
/// PyTorch and the C# facade take it first.
/// </remarks>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Loss =
    let private requireEqual (operation: string) (prediction: Tensor) (target: Tensor) =
        Operands.sameDType operation prediction target

        if not (Shape.equal prediction.Dims target.Dims) then
            raise (
                ShapeException
                    $"{operation}: the prediction has shape {Shape.show prediction.Dims}, the target {Shape.show target.Dims}; a loss wants equal shapes and stretches nothing. Reshape, squeeze or unsqueeze one of them."
            )

    /// <summary>mean (prediction - target)²</summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Loss.meanSquaredError (tensor [ 1.0; 2.0 ]) (tensor [ 1.0; 4.0 ]) // 2
    /// </code></example>
    let meanSquaredError (target: Tensor) (prediction: Tensor) : Tensor =
        requireEqual "meanSquaredError" prediction target
        mean (square (prediction - target))

    /// <summary>mean |prediction - target|</summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Loss.meanAbsoluteError (tensor [ 1.0; 2.0 ]) (tensor [ 1.0; 4.0 ]) // 1
    /// </code></example>
    let meanAbsoluteError (target: Tensor) (prediction: Tensor) : Tensor =
        requireEqual "meanAbsoluteError" prediction target
        mean (abs (prediction - target))

    /// <summary>Quadratic within ±delta, linear beyond (Huber 1964).</summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">delta is not positive.</exception>
    /// <example><code>
    /// Loss.huber 1.0 (tensor [ 0.0; 0.0 ]) (tensor [ 0.5; 3.0 ]) // 1.3125
    /// </code></example>
    let huber (delta: float) (target: Tensor) (prediction: Tensor) : Tensor =
        if not (delta > 0.0) then
            raise (ValueException $"huber: delta is {string delta}; it must be positive.")

        requireEqual "huber" prediction target
        let error = abs (prediction - target)

        mean (where (error.LessEqual delta) (0.5 * square error) (delta * (error - 0.5 * delta)))

    /// <summary>
    /// -mean (t ln p + (1-t) ln (1-p)) for probabilities p. <c>guard</c> keeps p, and 1-p, in [guard, 1-guard]; beyond it the
    /// gradient is that at the border, so that a saturated prediction can recover. A guard may be smaller than the steps of
    /// the dtype below 1.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">The guard is outside [0, 0.5).</exception>
    /// <example><code>
    /// Loss.binaryCrossEntropy 1e-7 (tensor [ 1.0; 0.0 ]) (tensor [ 0.5; 0.5 ]) // 0.6931
    /// </code></example>
    let binaryCrossEntropy (guard: float) (target: Tensor) (prediction: Tensor) : Tensor =
        if not (guard >= 0.0 && guard < 0.5) then
            raise (ValueException $"binaryCrossEntropy: guard {string guard} is outside [0, 0.5).")

        requireEqual "binaryCrossEntropy" prediction target
        // Too small a guard would be 0 in the dtype, and a loss of 16 bits has few numbers anyway.
        let wide = if DTypes.isHalf prediction.DType then DType.Float32 else prediction.DType
        let least = if wide = DType.Float32 then 1e-37 else 1e-307
        let guard = if guard > 0.0 then max guard least else 0.0
        let p, t = prediction.Convert wide, target.Convert wide
        // The value is clamped, the slope is not: what is added is 0. In the dtype 1 - guard may be 1, so that log (1 - p)
        // needs a clamp of its own.
        let guarded p = stopGradient (clamp guard (1.0 - guard) p) + (p - stopGradient p)
        (-(mean (t * log (guarded p) + (1.0 - t) * log (guarded (1.0 - p))))).Convert prediction.DType

    /// <summary>The same for logits, p = sigmoid logit, without overflow: mean (softplus l - t l).</summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes differ: nothing is stretched.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Loss.binaryCrossEntropyWithLogits (tensor [ 1.0; 0.0 ]) (tensor [ 0.0; 0.0 ]) // 0.6931
    /// </code></example>
    let binaryCrossEntropyWithLogits (target: Tensor) (logits: Tensor) : Tensor =
        requireEqual "binaryCrossEntropyWithLogits" logits target
        // With softplus l = l + softplus -l, the exponential is that of -|l|, and an infinite logit that matches its target
        // is times 0: that is no loss.
        let isPositive = logits.Greater 0.0
        let missed = where isPositive (1.0 - target) -target
        let isMatched = (missed.Equal 0.0).And((abs logits).Equal infinity)
        let linear = missed * where isMatched (Tensor.zerosLike logits) logits
        mean (linear + softplus (where isPositive -logits logits))

    /// <summary>How to read class labels: none smoothed, none ignored. Change what you need.</summary>
    let crossEntropyDefaults: CrossEntropyOptions = { Smoothing = 0.0; Ignored = None }

    /// <summary>
    /// The cross-entropy of class logits (…, classes) against class indices (…), one loss for each example:
    /// logSumExp l - (1 - s) l[label] - s mean l, with the smoothing s (Szegedy et al. 2016); 0 for ignored labels.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The labels are not integers of the shape of the logits without its last axis.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The logits are not floating-point.</exception>
    /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
    /// <exception cref="T:Cotangent.ValueException">The smoothing is outside [0, 1].</exception>
    /// <example><code>
    /// let logits = tensor [ [ 0.0; 0.0; 0.0 ]; [ 100.0; 0.0; 0.0 ]; [ 0.0; 0.0; 5.0 ] ]
    /// let options = { Loss.crossEntropyDefaults with Ignored = Some -1 }
    /// Loss.crossEntropies options (tensor [ 2; 0; -1 ]) logits // [1.0986, 0, 0]
    /// </code></example>
    let crossEntropies (options: CrossEntropyOptions) (labels: Tensor) (logits: Tensor) : Tensor =
        if not logits.DType.IsFloat then
            raise (
                DTypeException
                    $"crossEntropy needs floating-point logits, got {logits.DType} {Shape.show logits.Dims}; convert them first."
            )

        if
            not labels.DType.IsInteger
            || logits.Rank < 1
            || not (Shape.equal logits.Dims[.. logits.Rank - 2] labels.Dims)
        then
            raise (
                ShapeException
                    $"crossEntropy: logits {logits.DType} {Shape.show logits.Dims} need integer labels of shape {Shape.show logits.Dims[.. logits.Rank - 2]}, got {labels.DType} {Shape.show labels.Dims}."
            )

        if not (options.Smoothing >= 0.0 && options.Smoothing <= 1.0) then
            raise (ValueException $"crossEntropy: smoothing {string options.Smoothing} is outside [0, 1].")

        let targets: Targets = {
            Smoothing = options.Smoothing
            Ignored =
                match options.Ignored with
                | Some label -> ValueSome(int64 label)
                | None -> ValueNone
        }

        Bind.one (Primitive.Fused(Fused.CrossEntropy targets)) [| logits; labels |]

    /// <summary>
    /// The mean of <c>crossEntropies</c> over the examples whose labels are not ignored; 0 if all are.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The labels are not integers of the shape of the logits without its last axis.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The logits are not floating-point.</exception>
    /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
    /// <exception cref="T:Cotangent.ValueException">The smoothing is outside [0, 1].</exception>
    /// <example><code>
    /// let logits = tensor [ [ 0.0; 0.0; 0.0 ]; [ 100.0; 0.0; 0.0 ] ]
    /// let options = { Loss.crossEntropyDefaults with Smoothing = 0.1 }
    /// Loss.crossEntropyWith options (tensor [ 2; 0 ]) logits // 3.8826
    /// </code></example>
    let crossEntropyWith (options: CrossEntropyOptions) (labels: Tensor) (logits: Tensor) : Tensor =
        let losses = crossEntropies options labels logits

        match options.Ignored with
        | None -> mean losses
        | Some label ->
            let counted = (labels.NotEqual(float label)).Convert DType.Float32
            sum losses / (maximum (sum counted) (Tensor.onesLike (sum counted))).Convert losses.DType

    /// <summary>
    /// Cross-entropy of class logits (…, classes) against class indices (…): mean (logSumExp l - l[label]).
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The labels are not integers of the shape of the logits without its last axis.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The logits are not floating-point.</exception>
    /// <exception cref="T:Cotangent.IndexException">A label is not a class.</exception>
    /// <example><code>
    /// let logits = tensor [ [ 0.0; 0.0; 0.0 ]; [ 100.0; 0.0; 0.0 ] ]
    /// Loss.crossEntropy (tensor [ 2; 0 ]) logits // 0.5493
    /// </code></example>
    let crossEntropy (labels: Tensor) (logits: Tensor) : Tensor =
        crossEntropyWith crossEntropyDefaults labels logits
