namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How to make a <c>Prelu</c>.</summary>
/// <example><code>
/// let options = { Prelu.defaults with Channels = 16; Axis = -3 }
/// (Prelu.init options).Weight // shape (16)
/// </code></example>
[<NoComparison; NoEquality>]
type PreluOptions = {
    /// How many slopes: one for all, or one for each place along the axis.
    Channels: int
    /// The axis of channels.
    Axis: int
    /// What the slopes start from.
    Slope: float
    /// The dtype of the slopes.
    DType: DType
}

/// <summary>x where positive, slope · x elsewhere, slopes that are trained (He et al. 2015).</summary>
type Prelu = {
    /// (channels,)
    Weight: Tensor
    /// The axis of channels.
    Axis: int
} with

    /// <summary>The layer's value at x of any shape that has the layer's channels along its axis.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The axis is not as long as there are slopes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// (Prelu.create 1).Forward(tensor [ -4.0f; 2.0f ]) // [-1, 2]
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        Given.check "x" x
        let channels = layer.Weight.Size

        if channels = 1 then
            prelu (layer.Weight.Reshape []) x
        else
            let axis = Shape.axis "Prelu.forward" x.Rank layer.Axis

            if x.Dims[axis] <> channels then
                raise (
                    ShapeException
                        $"Prelu.forward: the input has shape {Shape.show x.Dims}; its axis {axis} must hold the {channels} channels of this layer."
                )

            let along = Array.init x.Rank (fun i -> if i = axis then channels else 1)
            prelu (layer.Weight.Reshape along) x

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// Leaky rectifiers whose slopes are trained.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Prelu =
    /// <summary>One slope for all, from 0.25, Float32; channels, where there are several, along the last axis.</summary>
    let defaults: PreluOptions = { Channels = 1; Axis = -1; Slope = 0.25; DType = DType.Float32 }

    /// <summary>A layer with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are no channels.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// // One slope for each of 16 channels of images (batch, channels, height, width).
    /// let layer = Prelu.init { Prelu.defaults with Channels = 16; Axis = -3 }
    /// layer.Weight // shape (16)
    /// </code></example>
    let init (options: PreluOptions) : Prelu =
        Given.check "options" options
        Layer.requirePositive "Prelu.init" [ "channels", options.Channels ]
        Layer.requireFloat "Prelu.init" options.DType

        { Weight = Tensor.full options.DType [ options.Channels ] options.Slope; Axis = options.Axis }

    /// <summary>A layer of a number of channels along the last axis, or of one slope for all.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are no channels.</exception>
    /// <example><code>
    /// Prelu.forward (Prelu.create 1) (tensor [ -4.0f; 2.0f ]) // [-1, 2]
    /// </code></example>
    let create (channels: int) : Prelu = init { defaults with Channels = channels }

    /// <summary>The layer's value at x of any shape that has the layer's channels along its axis.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The axis is not as long as there are slopes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// Prelu.forward (Prelu.create 1) (tensor [ -4.0f; 2.0f ]) // [-1, 2]
    /// </code></example>
    let forward (layer: Prelu) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x

/// <summary>
/// x where positive, slope · x elsewhere: slopes drawn anew at each place while training, their mean while predicting (Xu et al.
/// 2015).
/// </summary>
type Rrelu = {
    /// The least slope.
    Low: float
    /// The largest slope.
    High: float
} with

    /// <summary>As it is while predicting: the mean slope everywhere.</summary>
    /// <example><code>
    /// (Rrelu.create 0.2 0.4).Forward(tensor [ -10.0; 2.0 ]) // [-3, 2]
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        Given.check "x" x
        leakyRelu ((layer.Low + layer.High) / 2.0) x

    /// <summary>As it is while training: slopes drawn with the key.</summary>
    /// <example><code>
    /// (Rrelu.create 0.25 0.25).Train(tensor [ -4.0; 2.0 ], Key.create 0L) // [-1, 2]
    /// </code></example>
    member layer.Train(x: Tensor, key: Key) : Tensor =
        Given.check "x" x
        Given.check "key" key
        rrelu layer.Low layer.High key x

    interface ITrainingLayer with
        member layer.Forward x = layer.Forward x
        member layer.Train(x, key) = struct (layer.Train(x, key), layer)

/// Randomised leaky rectifiers.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Rrelu =
    /// <summary>Slopes between two bounds; PyTorch's are 1/8 and 1/3.</summary>
    /// <exception cref="T:Cotangent.ValueException">low is above high.</exception>
    /// <example><code>
    /// Rrelu.forward (Rrelu.create 0.125 0.375) (tensor [ -4.0; 2.0 ]) // [-1, 2]
    /// </code></example>
    let create (low: float) (high: float) : Rrelu =
        if not (low <= high) then
            raise (
                ValueException
                    $"Rrelu.create: slopes from {string low} to {string high}; the first must not be above the second."
            )

        { Low = low; High = high }

    /// <summary>As it is while predicting: the mean slope everywhere.</summary>
    /// <example><code>
    /// Rrelu.forward (Rrelu.create 0.2 0.4) (tensor [ -10.0; 2.0 ]) // [-3, 2]
    /// </code></example>
    let forward (layer: Rrelu) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x

    /// <summary>As it is while training: slopes drawn with the key.</summary>
    /// <example><code>
    /// Rrelu.train (Rrelu.create 0.25 0.25) (Key.create 0L) (tensor [ -4.0; 2.0 ]) // [-1, 2]
    /// </code></example>
    let train (layer: Rrelu) (key: Key) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Train(x, key)
