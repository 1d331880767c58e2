namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How to make a <c>Convolution</c>.</summary>
/// <example><code>
/// let options = { Convolution.defaults with Window = Window.same; Activation = Activation.Relu }
/// let layer = Convolution.init options [ 3; 3 ] (1, 8) (Key.create 0L)
/// layer.Forward(Tensor.ones DType.Float32 [ 2; 1; 28; 28 ]) // shape (2, 8, 28, 28)
/// </code></example>
[<NoComparison; NoEquality>]
type ConvolutionOptions = {
    /// How the weights start.
    Weight: Init
    /// How the biases start; None: no bias.
    Bias: Init option
    /// How windows slide over the spatial axes.
    Window: Window
    /// What stands beyond the edges where the window is padded.
    PaddingMode: PaddingMode
    /// In how many groups the channels are: those of an output meet only the inputs of its own group.
    Groups: int
    /// What follows the affine map.
    Activation: Activation
    /// The dtype of weights and biases.
    DType: DType
}

/// What layers of convolutions check.
module internal ConvolutionRules =
    let requireSizes (operation: string) (sizes: int list) inputs outputs groups =
        if sizes.IsEmpty || sizes.Length > 3 then
            raise (
                ValueException
                    $"{operation}: {sizes.Length} sizes of windows; give one for each of one to three spatial axes."
            )

        Layer.requirePositive operation [ for size in sizes -> "elements of a window along an axis", size ]

        Layer.requirePositive operation [
            "input channels", inputs
            "output channels", outputs
            "groups", groups
        ]

        if inputs % groups <> 0 || outputs % groups <> 0 then
            raise (
                ValueException
                    $"{operation}: {groups} groups of {inputs} input and {outputs} output channels; the number of groups must divide both."
            )

    /// Strides, dilation and given widths are what each spatial axis needs.
    let requireWindow (operation: string) (window: Window) (sizes: int list) =
        let size = Array.ofList sizes
        let step = WindowRules.perAxis operation "strides" 1 size.Length window.Strides
        let dilation = WindowRules.perAxis operation "dilation" 1 size.Length window.Dilation
        WindowRules.widths operation window size step (WindowRules.reach size dilation) |> ignore
        step

    /// Several leading axes as one.
    let overExamples axes (f: Tensor -> Tensor) (x: Tensor) : Tensor =
        let leading = x.Rank - axes - 1

        if leading <= 1 then
            f x
        else
            let examples = Shape.count x.Dims[.. leading - 1]
            let y = f (x.Reshape(Array.append [| examples |] x.Dims[leading..]))
            y.Reshape(Array.append x.Dims[.. leading - 1] y.Dims[1..])

    let finish (bias: Tensor | null) (activation: Activation) axes (y: Tensor) : Tensor =
        match bias with
        | null -> y
        | bias -> y + Channels.along axes bias
        |> Activation.apply activation

    /// What is padded with other numbers than 0 is so before the convolution.
    let padded (operation: string) mode (window: Window) (size: int[]) (x: Tensor) =
        match mode with
        | PaddingMode.Zeros -> struct (x, window)
        | PaddingMode.Reflect
        | PaddingMode.Symmetric
        | PaddingMode.Replicate
        | PaddingMode.Circular ->
            let axes = size.Length
            let step = WindowRules.perAxis operation "strides" 1 axes window.Strides
            let dilation = WindowRules.perAxis operation "dilation" 1 axes window.Dilation
            let full = x.Dims[x.Rank - axes ..]

            let widths =
                WindowRules.widths operation window full step (WindowRules.reach size dilation)
                |> Array.map (fun (struct (before, after)) -> int before, int after)

            struct (PaddingMode.padLast operation mode widths x, { window with Padding = Padding.Valid })

/// <summary>
/// A layer of convolutions over one to three spatial axes: activation (w * x + b). As many groups as inputs make it depthwise.
/// </summary>
type Convolution = {
    /// (outputs, inputs / groups) and the sizes of the windows.
    Weight: Tensor
    /// (outputs,), or null for none.
    Bias: Tensor | null
    /// How windows slide over the spatial axes.
    Window: Window
    /// What stands beyond the edges where the window is padded.
    PaddingMode: PaddingMode
    /// In how many groups the channels are.
    Groups: int
    /// What follows the affine map.
    Activation: Activation
} with

    /// <summary>
    /// The layer's value at x of shape (examples, inputs) and as many spatial sizes as windows have, channels before them: for
    /// images (examples, inputs, height, width). Without the axis of examples, x is one; there may be more axes, too.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// x has no axis of so many channels before the spatial ones, or no window fits.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = Convolution.create 3 (1, 4) (Key.create 0L)
    /// layer.Forward(Tensor.ones DType.Float32 [ 8; 1; 28; 28 ]) // shape (8, 4, 26, 26)
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        let operation = "Convolution.forward"
        Given.check "x" x
        let axes = layer.Weight.Rank - 2
        Channels.requireBefore operation axes (layer.Weight.Dims[1] * layer.Groups) x
        Operands.sameDType operation x layer.Weight

        let struct (x, window) =
            ConvolutionRules.padded operation layer.PaddingMode layer.Window layer.Weight.Dims[2..] x

        x
        |> ConvolutionRules.overExamples axes (correlate operation layer.Groups window layer.Weight)
        |> ConvolutionRules.finish layer.Bias layer.Activation axes

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// <summary>Layers of convolutions.</summary>
/// <example><code>
/// // Separable: each channel by itself, then a linear map of the channels.
/// let a, b = Key.split (Key.create 0L)
/// let own = Convolution.init { Convolution.defaults with Groups = 8; Bias = None } [ 3; 3 ] (8, 8) a
/// let mix = Convolution.create 1 (8, 16) b
/// let separable x = x |> Convolution.forward own |> Convolution.forward mix
/// separable (Tensor.ones DType.Float32 [ 2; 8; 28; 28 ]) // shape (2, 16, 26, 26)
/// </code></example>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Convolution =
    /// <summary>
    /// Windows one apart that stay inside, one group, no activation, weights by <c>Init.glorotUniform</c>, biases 0, Float32. Change
    /// what you need: <c>{ Convolution.defaults with Window = Window.same }</c>.
    /// </summary>
    let defaults: ConvolutionOptions = {
        Weight = Init.glorotUniform
        Bias = Some Init.zeros
        Window = Window.plain
        PaddingMode = PaddingMode.Zeros
        Groups = 1
        Activation = Activation.Identity
        DType = DType.Float32
    }

    /// <summary>
    /// A layer whose windows have these sizes, one for each spatial axis, from a number of channels to another, with options.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size or a number is below 1, there are not one to three sizes, the groups do not divide the channels, or the window makes no
    /// sense.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let options = { Convolution.defaults with Window = Window.same; Activation = Activation.Relu }
    /// let layer = Convolution.init options [ 3; 3 ] (3, 16) (Key.create 0L)
    /// Convolution.forward layer (Tensor.ones DType.Float32 [ 8; 3; 28; 28 ]) // shape (8, 16, 28, 28)
    /// </code></example>
    let init
        (options: ConvolutionOptions)
        (sizes: int list)
        (inputs: int, outputs: int)
        (key: Key)
        : Convolution =
        let operation = "Convolution.init"
        Given.check "options" options
        Given.check "sizes" sizes
        Given.check "key" key
        ConvolutionRules.requireSizes operation sizes inputs outputs options.Groups
        ConvolutionRules.requireWindow operation options.Window sizes |> ignore
        Layer.requireFloat operation options.DType
        let forWeight, forBias = Key.split key
        let shape = outputs :: inputs / options.Groups :: sizes
        let fans = Fans.ofGroups options.Groups shape

        {
            Weight = options.Weight fans shape options.DType forWeight
            Bias =
                match options.Bias with
                | Some bias -> bias fans [ outputs ] options.DType forBias
                | None -> null
            Window = options.Window
            PaddingMode = options.PaddingMode
            Groups = options.Groups
            Activation = options.Activation
        }

    /// <summary>
    /// A layer whose windows have these sizes, one for each spatial axis, from a number of channels to another, as
    /// <c>Convolution.defaults</c> has it.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// A size or a number is below 1, or there are not one to three sizes.
    /// </exception>
    /// <example><code>
    /// let layer = Convolution.createAlong [ 5 ] (1, 8) (Key.create 0L)
    /// Convolution.forward layer (Tensor.ones DType.Float32 [ 32; 1; 100 ]) // shape (32, 8, 96)
    /// </code></example>
    let createAlong (sizes: int list) (channels: int * int) (key: Key) : Convolution =
        Given.check "sizes" sizes
        init defaults sizes channels key

    /// <summary>
    /// A layer for images, whose windows are squares of this size, from a number of channels to another, as
    /// <c>Convolution.defaults</c> has it.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A size or a number is below 1.</exception>
    /// <example><code>
    /// let layer = Convolution.create 3 (3, 16) (Key.create 0L)
    /// Convolution.forward layer (Tensor.ones DType.Float32 [ 8; 3; 28; 28 ]) // shape (8, 16, 26, 26)
    /// </code></example>
    let create (size: int) (channels: int * int) (key: Key) : Convolution =
        createAlong [ size; size ] channels key

    /// <summary>
    /// The layer's value at x of shape (examples, inputs) and as many spatial sizes as windows have, channels before them: for
    /// images (examples, inputs, height, width). Without the axis of examples, x is one; there may be more axes, too.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// x has no axis of so many channels before the spatial ones, or no window fits.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer = Convolution.create 3 (3, 16) (Key.create 0L)
    /// Convolution.forward layer (Tensor.ones DType.Float32 [ 3; 28; 28 ]) // shape (16, 26, 26)
    /// </code></example>
    let forward (layer: Convolution) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
