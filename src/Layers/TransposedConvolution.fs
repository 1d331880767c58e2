namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How to make a <c>TransposedConvolution</c>.</summary>
/// <example><code>
/// let options = { TransposedConvolution.defaults with Window = Window.stride 2 }
/// let layer = TransposedConvolution.init options [ 2; 2 ] (8, 1) (Key.create 0L)
/// layer.Forward(Tensor.ones DType.Float32 [ 3; 8; 7; 7 ]) // shape (3, 1, 14, 14)
/// </code></example>
[<NoComparison; NoEquality>]
type TransposedConvolutionOptions = {
    /// How the weights start.
    Weight: Init
    /// How the biases start; None: no bias.
    Bias: Init option
    /// How the windows of the convolution slide that this is the transpose of.
    Window: Window
    /// How much longer than the shortest possible the result is along each spatial axis; one number holds for all. With a
    /// stride there are that many sizes, less one, to choose from.
    OutputPadding: int list
    /// In how many groups the channels are: those of an output meet only the inputs of its own group.
    Groups: int
    /// What follows the affine map.
    Activation: Activation
    /// The dtype of weights and biases.
    DType: DType
}

/// <summary>
/// A layer of transposed convolutions over one to three spatial axes: activation (wᵀ * x + b). It goes from outputs of a
/// convolution of that window back to inputs, so that a stride makes an image larger.
/// </summary>
type TransposedConvolution = {
    /// (inputs, outputs / groups) and the sizes of the windows.
    Weight: Tensor
    /// (outputs,), or null for none.
    Bias: Tensor | null
    /// How the windows of the convolution slide that this is the transpose of.
    Window: Window
    /// How much longer than the shortest possible the result is along each spatial axis.
    OutputPadding: int list
    /// In how many groups the channels are.
    Groups: int
    /// What follows the affine map.
    Activation: Activation
} with

    /// <summary>
    /// The layer's value at x of shape (examples, inputs) and as many spatial sizes as windows have, channels before them. Those of
    /// the result are (size - 1)·stride + dilation·(window - 1) + 1 - padding + output padding, or size·stride with
    /// <c>Padding.Same</c>. Without the axis of examples, x is one; there may be more axes, too.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// x has no axis of so many channels before the spatial ones, or nothing is left of the padding.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = TransposedConvolution.create 3 (4, 1) (Key.create 0L)
    /// layer.Forward(Tensor.ones DType.Float32 [ 8; 4; 26; 26 ]) // shape (8, 1, 28, 28)
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        let operation = "TransposedConvolution.forward"
        Given.check "x" x
        let axes = layer.Weight.Rank - 2
        Channels.requireBefore operation axes layer.Weight.Dims[0] x
        Operands.sameDType operation x layer.Weight
        let longer = WindowRules.perAxis operation "output padding" 0 axes layer.OutputPadding

        x
        |> ConvolutionRules.overExamples
            axes
            (transposedGroups operation layer.Groups longer layer.Window layer.Weight)
        |> ConvolutionRules.finish layer.Bias layer.Activation axes

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// Layers of transposed convolutions.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module TransposedConvolution =
    /// <summary>
    /// Windows one apart, no padding, one group, no activation, weights by <c>Init.glorotUniform</c>, biases 0, Float32. Change what
    /// you need: <c>{ TransposedConvolution.defaults with Window = Window.stride 2 }</c>.
    /// </summary>
    let defaults: TransposedConvolutionOptions = {
        Weight = Init.glorotUniform
        Bias = Some Init.zeros
        Window = Window.plain
        OutputPadding = [ 0 ]
        Groups = 1
        Activation = Activation.Identity
        DType = DType.Float32
    }

    let private requireOutputPadding
        (operation: string)
        (options: TransposedConvolutionOptions)
        (step: int[])
        =
        let longer = WindowRules.perAxis operation "output padding" 0 step.Length options.OutputPadding

        if Array.exists2 (>=) longer step then
            raise (
                ValueException
                    $"{operation}: an output padding of {Shape.show longer} with strides {Shape.show step}; it must be less than the stride, or the convolution back would have more windows than the input."
            )

        match options.Window.Padding with
        | Padding.Same when Array.exists ((<>) 0) longer ->
            raise (
                ValueException
                    $"{operation}: an output padding of {Shape.show longer} with `Padding.Same`, which settles the size: that of the input times the stride. Leave one of them out."
            )
        | Padding.Same
        | Padding.Valid
        | Padding.Around _
        | Padding.Sides _ -> ()

    /// <summary>
    /// A layer whose windows have these sizes, one for each spatial axis, from a number of channels to another, with options.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size or a number is below 1, there are not one to three sizes, the groups do not divide the channels, the window makes no
    /// sense, or an output padding is not less than the stride.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let window = { Window.stride 2 with Padding = Padding.Around 1 }
    /// let options = { TransposedConvolution.defaults with Window = window; OutputPadding = [ 1 ] }
    /// let layer = TransposedConvolution.init options [ 3; 3 ] (16, 3) (Key.create 0L)
    /// TransposedConvolution.forward layer (Tensor.ones DType.Float32 [ 8; 16; 14; 14 ]) // shape (8, 3, 28, 28)
    /// </code></example>
    let init
        (options: TransposedConvolutionOptions)
        (sizes: int list)
        (inputs: int, outputs: int)
        (key: Key)
        : TransposedConvolution =
        let operation = "TransposedConvolution.init"
        Given.check "options" options
        Given.check "sizes" sizes
        Given.check "key" key
        ConvolutionRules.requireSizes operation sizes inputs outputs options.Groups

        ConvolutionRules.requireWindow operation options.Window sizes
        |> requireOutputPadding operation options

        Layer.requireFloat operation options.DType
        let forWeight, forBias = Key.split key
        // Seen from the layer: the kernel's own axes are those of the convolution back.
        let fans = Fans.ofGroups options.Groups (outputs :: inputs / options.Groups :: sizes)

        {
            Weight = options.Weight fans (inputs :: outputs / options.Groups :: sizes) options.DType forWeight
            Bias =
                match options.Bias with
                | Some bias -> bias fans [ outputs ] options.DType forBias
                | None -> null
            Window = options.Window
            OutputPadding = options.OutputPadding
            Groups = options.Groups
            Activation = options.Activation
        }

    /// <summary>
    /// A layer whose windows have these sizes, one for each spatial axis, from a number of channels to another, as
    /// <c>TransposedConvolution.defaults</c> has it.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size or a number is below 1, or there are not one to three sizes.
    /// </exception>
    /// <example><code>
    /// let layer = TransposedConvolution.createAlong [ 5 ] (8, 1) (Key.create 0L)
    /// TransposedConvolution.forward layer (Tensor.ones DType.Float32 [ 32; 8; 96 ]) // shape (32, 1, 100)
    /// </code></example>
    let createAlong (sizes: int list) (channels: int * int) (key: Key) : TransposedConvolution =
        Given.check "sizes" sizes
        init defaults sizes channels key

    /// <summary>
    /// A layer for images, whose windows are squares of this size, from a number of channels to another, as
    /// <c>TransposedConvolution.defaults</c> has it.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A size or a number is below 1.</exception>
    /// <example><code>
    /// let layer = TransposedConvolution.create 3 (16, 3) (Key.create 0L)
    /// TransposedConvolution.forward layer (Tensor.ones DType.Float32 [ 8; 16; 26; 26 ]) // shape (8, 3, 28, 28)
    /// </code></example>
    let create (size: int) (channels: int * int) (key: Key) : TransposedConvolution =
        createAlong [ size; size ] channels key

    /// <summary>
    /// The layer's value at x of shape (examples, inputs) and as many spatial sizes as windows have, channels before them. Those of
    /// the result are (size - 1)·stride + dilation·(window - 1) + 1 - padding + output padding, or size·stride with
    /// <c>Padding.Same</c>. Without the axis of examples, x is one; there may be more axes, too.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// x has no axis of so many channels before the spatial ones, or nothing is left of the padding.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = TransposedConvolution.create 3 (16, 3) (Key.create 0L)
    /// TransposedConvolution.forward layer (Tensor.ones DType.Float32 [ 16; 26; 26 ]) // shape (3, 28, 28)
    /// </code></example>
    let forward (layer: TransposedConvolution) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
