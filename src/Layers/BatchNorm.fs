namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How to make a <c>BatchNorm</c>.</summary>
/// <example><code>
/// let options = { BatchNorm.defaults with Momentum = 0.01; Bias = None }
/// (BatchNorm.init options 16).Weight // shape (16)
/// </code></example>
type BatchNormOptions = {
    /// What the gains start from; None: no gains.
    Weight: float option
    /// What the biases start from; None: no biases.
    Bias: float option
    /// How much of a new batch goes into the running statistics, from 0 to 1; as in PyTorch, where Keras has 1 - momentum.
    Momentum: float
    /// Is added to the variance, so that nothing is divided by 0.
    Epsilon: float
    /// The dtype of gains and biases. Running statistics of those in 16 bits are in Float32.
    DType: DType
}

/// <summary>
/// Batch normalisation (Ioffe and Szegedy 2015): (x - mean)/√(variance + ε) · weight + bias, channel by channel. While
/// training, mean and variance are those of the batch; while predicting, running means of what the batches had.
/// </summary>
type BatchNorm = {
    /// The gains, (channels,), or null for none.
    Weight: Tensor | null
    /// The biases, (channels,), or null for none.
    Bias: Tensor | null
    /// The running mean of means, (channels,); 0 at first.
    RunningMean: Frozen<Tensor>
    /// The running mean of unbiased variances, (channels,); 1 at first.
    RunningVar: Frozen<Tensor>
    /// How much of a new batch goes into the running statistics.
    Momentum: float
    /// Is added to the variance.
    Epsilon: float
} with

    member private layer.Normalize (mean: Tensor) (variance: Tensor) (x: Tensor) : Tensor =
        let axes = x.Rank - 2
        let slope = 1.0 / sqrt (variance + layer.Epsilon)

        let slope =
            match layer.Weight with
            | null -> slope
            | weight -> slope * weight.Convert x.DType

        let y = (x - Channels.along axes mean) * Channels.along axes slope

        match layer.Bias with
        | null -> y
        | bias -> y + Channels.along axes (bias.Convert x.DType)

    member private layer.Require (operation: string) (x: Tensor) =
        Given.check "x" x
        Channels.requireSecond operation layer.RunningMean.Value.Size 2 x
        Norms.requireDTypes operation [ layer.Weight; layer.Bias ] x

    /// <summary>
    /// The layer's value while predicting, by its running statistics, at x of shape (examples, channels, …). It is a fixed
    /// affine map of each channel, right for a single example too.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">Axis 1 does not hold the layer's channels.</exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only parameters in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// // Before it has seen anything, mean 0 and variance 1.
    /// (BatchNorm.create 1).Forward(tensor [ [ 1.0f ]; [ 3.0f ] ]) // [[1], [3]]
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        layer.Require "BatchNorm.forward" x
        let wide = if DTypes.isHalf x.DType then x.Convert DType.Float32 else x
        let mean, variance = layer.RunningMean.Value, layer.RunningVar.Value
        (layer.Normalize (mean.Convert wide.DType) (variance.Convert wide.DType) wide).Convert x.DType

    /// <summary>
    /// The layer's value while training, by mean and variance of this batch, at x of shape (examples, channels, …); and the
    /// layer whose running statistics know of it: of the mean, and of the unbiased variance.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// Axis 1 does not hold the layer's channels, or there is one number for each, which has no variance.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only parameters in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// let struct (y, next) = (BatchNorm.create 1).Train(tensor [ [ 1.0f ]; [ 3.0f ] ])
    /// y // [[-1], [1]]
    /// next.RunningMean.Value, next.RunningVar.Value // ([0.2], [1.1])
    /// </code></example>
    member layer.Train(x: Tensor) : struct (Tensor * BatchNorm) =
        let operation = "BatchNorm.train"
        layer.Require operation x
        let channels = layer.RunningMean.Value.Size
        let count = x.Size / channels

        if count < 2 then
            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}; a variance takes two or more numbers for each of the {channels} channels. Leave out a last batch of one, or predict with `BatchNorm.forward`."
            )

        let wide = if DTypes.isHalf x.DType then x.Convert DType.Float32 else x

        let others = [
            for axis in 0 .. x.Rank - 1 do
                if axis <> 1 then axis
        ]

        let mean = wide.Mean others
        let variance = (square (wide - Channels.along (x.Rank - 2) mean)).Mean others
        let y = (layer.Normalize mean variance wide).Convert x.DType

        let moved (running: Frozen<Tensor>) (ofBatch: Tensor) =
            let running = running.Value
            Frozen(running + layer.Momentum * ((stopGradient ofBatch).Convert running.DType - running))

        struct (y,
                {
                    layer with
                        RunningMean = moved layer.RunningMean mean
                        RunningVar = moved layer.RunningVar (variance * (float count / float (count - 1)))
                })

    interface ITrainingLayer with
        member layer.Forward x = layer.Forward x

        member layer.Train(x, _) =
            let struct (y, layer) = layer.Train x
            struct (y, layer)

/// Batch normalisation.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module BatchNorm =
    /// <summary>Gains 1, biases 0, momentum 0.1, ε = 1e-5, Float32.</summary>
    let defaults: BatchNormOptions = {
        Weight = Some 1.0
        Bias = Some 0.0
        Momentum = 0.1
        Epsilon = 1e-5
        DType = DType.Float32
    }

    /// <summary>A layer for so many channels, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// There are no channels, ε is negative, or the momentum is not from 0 to 1.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// // The last of a residual block may start as if it were not there.
    /// (BatchNorm.init { BatchNorm.defaults with Weight = Some 0.0 } 3).Weight // [0, 0, 0]
    /// </code></example>
    let init (options: BatchNormOptions) (channels: int) : BatchNorm =
        let operation = "BatchNorm.init"
        Given.check "options" options
        Layer.requirePositive operation [ "channels", channels ]
        Norms.requireEpsilon operation options.Epsilon
        Layer.requireFloat operation options.DType

        if not (options.Momentum >= 0.0 && options.Momentum <= 1.0) then
            raise (
                ValueException
                    $"{operation}: a momentum of {string options.Momentum}; it is the share of a new batch in the running statistics, from 0 to 1."
            )

        let wide = if DTypes.isHalf options.DType then DType.Float32 else options.DType

        {
            Weight = Norms.start options.DType [ channels ] options.Weight
            Bias = Norms.start options.DType [ channels ] options.Bias
            RunningMean = Frozen(Tensor.zeros wide [ channels ])
            RunningVar = Frozen(Tensor.ones wide [ channels ])
            Momentum = options.Momentum
            Epsilon = options.Epsilon
        }

    /// <summary>A layer for so many channels, as <c>BatchNorm.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are no channels.</exception>
    /// <example><code>
    /// (BatchNorm.create 16).RunningVar.Value // shape (16)
    /// </code></example>
    let create (channels: int) : BatchNorm = init defaults channels

    /// <summary>
    /// The layer's value while predicting, by its running statistics, at x of shape (examples, channels, …). It is a fixed
    /// affine map of each channel, right for a single example too.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">Axis 1 does not hold the layer's channels.</exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only parameters in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// BatchNorm.forward (BatchNorm.create 3) (Tensor.ones DType.Float32 [ 1; 3; 28; 28 ]) // shape (1, 3, 28, 28)
    /// </code></example>
    let forward (layer: BatchNorm) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x

    /// <summary>
    /// The layer's value while training, by mean and variance of this batch, at x of shape (examples, channels, …); and the
    /// layer whose running statistics know of it: of the mean, and of the unbiased variance. Go on with that layer.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// Axis 1 does not hold the layer's channels, or there is one number for each, which has no variance.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only parameters in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// let y, layer = BatchNorm.train (BatchNorm.create 1) (tensor [ [ 1.0f ]; [ 3.0f ] ])
    /// y // [[-1], [1]]
    /// layer.RunningMean.Value, layer.RunningVar.Value // ([0.2], [1.1])
    /// </code></example>
    let train (layer: BatchNorm) (x: Tensor) : Tensor * BatchNorm =
        Given.check "layer" layer
        let struct (y, layer) = layer.Train x
        y, layer
