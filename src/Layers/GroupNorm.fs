namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// What group and instance normalisation share.
module internal ChannelGroups =
    /// (examples, channels, …) normalised over the numbers of each group of channels of an example.
    let normalize
        (operation: string)
        groups
        epsilon
        (weight: Tensor | null)
        (bias: Tensor | null)
        (x: Tensor)
        =
        Norms.requireDTypes operation [ weight; bias ] x
        let each = x.Dims[1] / groups * Shape.count x.Dims[2..]

        if each = 1 then
            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}, one number for each of {groups} groups of channels, which normalises to 0. It takes several."
            )

        x
        |> Norms.inWide [ weight; bias ] (fun wide ->
            (wide.Reshape [ x.Dims[0]; groups; each ]).LayerNorm(epsilon = epsilon).Reshape(x.Dims)
            |> Channels.affine weight bias (x.Rank - 2))

/// <summary>
/// Group normalisation (Wu and He 2018): each group of channels of each example is normalised over its channels and all
/// spatial axes; then each channel has a gain and a bias. What it does never depends on the rest of the batch.
/// </summary>
type GroupNorm = {
    /// The gains, (channels,), or null for none.
    Weight: Tensor | null
    /// The biases, (channels,), or null for none.
    Bias: Tensor | null
    /// How many groups the channels make.
    Groups: int
    /// How many channels there are.
    Channels: int
    /// Is added to the variance.
    Epsilon: float
} with

    /// <summary>The layer's value at x of shape (examples, channels, …).</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// Axis 1 does not hold the layer's channels, or a group has one number.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only parameters in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// let x = tensor [ [ [ 1.0f; 3.0f ]; [ 5.0f; 5.0f ]; [ 0.0f; 9.0f ] ] ]
    /// (GroupNorm.create 3 3).Forward x // [[[-1, 1], [0, 0], [-1, 1]]]
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        let operation = "GroupNorm.forward"
        Channels.requireSecond operation layer.Channels 2 x
        ChannelGroups.normalize operation layer.Groups layer.Epsilon layer.Weight layer.Bias x

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// Group normalisation.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module GroupNorm =
    /// <summary>Gains 1, biases 0, ε = 1e-5, Float32.</summary>
    let defaults: NormOptions = LayerNorm.defaults

    /// <summary>A layer for so many groups of so many channels in all, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A number is below 1, the groups do not divide the channels, or ε is negative.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// (GroupNorm.init { GroupNorm.defaults with Weight = Some 0.0 } 8 32).Weight // shape (32)
    /// </code></example>
    let init (options: NormOptions) (groups: int) (channels: int) : GroupNorm =
        let operation = "GroupNorm.init"
        Given.check "options" options
        Layer.requirePositive operation [ "groups", groups; "channels", channels ]

        if channels % groups <> 0 then
            raise (
                ValueException
                    $"{operation}: {groups} groups of {channels} channels; the number of groups must divide that of channels."
            )

        Norms.requireEpsilon operation options.Epsilon
        Layer.requireFloat operation options.DType

        {
            Weight = Norms.start options.DType [ channels ] options.Weight
            Bias = Norms.start options.DType [ channels ] options.Bias
            Groups = groups
            Channels = channels
            Epsilon = options.Epsilon
        }

    /// <summary>A layer for so many groups of so many channels in all, as <c>GroupNorm.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A number is below 1, or the groups do not divide the channels.
    /// </exception>
    /// <example><code>
    /// let layer = GroupNorm.create 2 4
    /// GroupNorm.forward layer (Tensor.ones DType.Float32 [ 8; 4; 28; 28 ]) // shape (8, 4, 28, 28)
    /// </code></example>
    let create (groups: int) (channels: int) : GroupNorm = init defaults groups channels

    /// <summary>The layer's value at x of shape (examples, channels, …).</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// Axis 1 does not hold the layer's channels, or a group has one number.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only parameters in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// let x = tensor [ [ [ 1.0f; 3.0f ]; [ 5.0f; 5.0f ]; [ 0.0f; 9.0f ] ] ]
    /// GroupNorm.forward (GroupNorm.create 3 3) x // [[[-1, 1], [0, 0], [-1, 1]]]
    /// </code></example>
    let forward (layer: GroupNorm) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x

/// <summary>
/// Instance normalisation (Ulyanov, Vedaldi and Lempitsky 2016): each channel of each example is normalised over its spatial
/// axes, which takes the contrast out of an image.
/// </summary>
type InstanceNorm = {
    /// The gains, (channels,), or null for none.
    Weight: Tensor | null
    /// The biases, (channels,), or null for none.
    Bias: Tensor | null
    /// How many channels there are.
    Channels: int
    /// Is added to the variance.
    Epsilon: float
} with

    /// <summary>The layer's value at x of shape (examples, channels) and spatial sizes.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// Axis 1 does not hold the layer's channels, there are no spatial axes, or one number a channel.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only parameters in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// (InstanceNorm.create 1).Forward(tensor [ [ [ 1.0; 3.0 ] ]; [ [ 5.0; 2.0 ] ] ]) // [[[-1, 1]], [[1, -1]]]
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        let operation = "InstanceNorm.forward"
        Channels.requireSecond operation layer.Channels 3 x
        ChannelGroups.normalize operation layer.Channels layer.Epsilon layer.Weight layer.Bias x

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// Instance normalisation.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module InstanceNorm =
    /// <summary>Neither gains nor biases, as in PyTorch; ε = 1e-5, Float32.</summary>
    let defaults: NormOptions = { Weight = None; Bias = None; Epsilon = 1e-5; DType = DType.Float32 }

    /// <summary>A layer for so many channels, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are no channels, or ε is negative.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// (InstanceNorm.init { InstanceNorm.defaults with Weight = Some 1.0; Bias = Some 0.0 } 3).Weight // [1, 1, 1]
    /// </code></example>
    let init (options: NormOptions) (channels: int) : InstanceNorm =
        let operation = "InstanceNorm.init"
        Given.check "options" options
        Layer.requirePositive operation [ "channels", channels ]
        Norms.requireEpsilon operation options.Epsilon
        Layer.requireFloat operation options.DType

        {
            Weight = Norms.start options.DType [ channels ] options.Weight
            Bias = Norms.start options.DType [ channels ] options.Bias
            Channels = channels
            Epsilon = options.Epsilon
        }

    /// <summary>A layer for so many channels, as <c>InstanceNorm.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are no channels.</exception>
    /// <example><code>
    /// InstanceNorm.forward (InstanceNorm.create 1) (tensor [ [ [ 1.0; 3.0; 5.0; 7.0 ] ] ]) // [[[-1.3416, -0.4472, 0.4472, 1.3416]]]
    /// </code></example>
    let create (channels: int) : InstanceNorm = init defaults channels

    /// <summary>The layer's value at x of shape (examples, channels) and spatial sizes.</summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// Axis 1 does not hold the layer's channels, there are no spatial axes, or one number a channel.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">
    /// The dtypes differ; only parameters in Float32 go with inputs in 16 bits.
    /// </exception>
    /// <example><code>
    /// InstanceNorm.forward (InstanceNorm.create 3) (Tensor.ones DType.Float32 [ 8; 3; 28; 28 ]) // shape (8, 3, 28, 28)
    /// </code></example>
    let forward (layer: InstanceNorm) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
