namespace Cotangent

/// Losses: means over all examples, of a prediction against a target. Shapes must be equal, never stretched: (B, 1)
/// against (B,) has silently spoiled many a training run.
///
/// The prediction comes last, so that it can be piped in: `Mlp.forward model x |> Loss.meanSquaredError y`. PyTorch and
/// the C# facade take it first.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Loss =
    let private requireEqual operation (prediction: Tensor) (target: Tensor) =
        Operands.sameDType operation prediction target

        if not (Shape.equal prediction.Dims target.Dims) then
            raise (
                ShapeException
                    $"{operation}: the prediction has shape {Shape.show prediction.Dims}, the target {Shape.show target.Dims}; a loss wants equal shapes and stretches nothing. Reshape, squeeze or unsqueeze one of them."
            )

    /// mean (prediction - target)²
    let meanSquaredError (target: Tensor) (prediction: Tensor) : Tensor =
        requireEqual "meanSquaredError" prediction target
        mean (square (prediction - target))

    /// mean |prediction - target|
    let meanAbsoluteError (target: Tensor) (prediction: Tensor) : Tensor =
        requireEqual "meanAbsoluteError" prediction target
        mean (abs (prediction - target))

    /// Quadratic within ±delta, linear beyond (Huber 1964).
    let huber (delta: float) (target: Tensor) (prediction: Tensor) : Tensor =
        if not (delta > 0.0) then
            raise (ValueException $"huber: delta is {delta}; it must be positive.")

        requireEqual "huber" prediction target
        let error = abs (prediction - target)

        mean (where (error.LessEqual delta) (0.5 * square error) (delta * (error - 0.5 * delta)))

    /// -mean (t ln p + (1-t) ln (1-p)) for probabilities p. `guard` keeps p in [guard, 1-guard]; beyond it the gradient
    /// is that at the border, so that a saturated prediction can recover.
    let binaryCrossEntropy (guard: float) (target: Tensor) (prediction: Tensor) : Tensor =
        if not (guard >= 0.0 && guard < 0.5) then
            raise (ValueException $"binaryCrossEntropy: guard {guard} is outside [0, 0.5).")

        requireEqual "binaryCrossEntropy" prediction target
        // The value is clamped, the slope is not: what the clamp changed counts as a constant.
        let p = prediction + stopGradient (clamp guard (1.0 - guard) prediction - prediction)
        -(mean (target * log p + (1.0 - target) * log (1.0 - p)))

    /// The same for logits, p = sigmoid logit, without overflow: mean (softplus l - t l).
    let binaryCrossEntropyWithLogits (target: Tensor) (logits: Tensor) : Tensor =
        requireEqual "binaryCrossEntropyWithLogits" logits target
        mean (softplus logits - target * logits)

    /// Cross-entropy of class logits (…, classes) against class indices (…): mean (logSumExp l - l[label]).
    let crossEntropy (labels: Tensor) (logits: Tensor) : Tensor =
        if
            not labels.DType.IsInteger
            || logits.Rank < 1
            || not (Shape.equal logits.Dims[.. logits.Rank - 2] labels.Dims)
        then
            raise (
                ShapeException
                    $"crossEntropy: logits {logits.DType} {Shape.show logits.Dims} need integer labels of shape {Shape.show logits.Dims[.. logits.Rank - 2]}, got {labels.DType} {Shape.show labels.Dims}."
            )

        let chosen = logits.Gather(labels.Unsqueeze -1, -1).Squeeze -1
        mean (logits.LogSumExp [ -1 ] - chosen)
