namespace Cotangent;

/// <summary>Making layers of convolutions: <c>Convolution.Create</c>, <c>TransposedConvolution.Create</c>.</summary>
public static class ConvolutionLayers
{
    extension(Convolution)
    {
        /// <summary>A layer for images, whose windows are squares.</summary>
        /// <param name="size">How many elements a window has along each of the two spatial axes.</param>
        /// <param name="inputs">How many channels an example has.</param>
        /// <param name="outputs">How many channels the layer makes of them.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="window">How windows slide; one apart and inside by default.</param>
        /// <param name="paddingMode">What stands beyond the edges where the window is padded.</param>
        /// <param name="groups">In how many groups the channels are; as many as inputs make it depthwise.</param>
        /// <param name="activation">What comes after the affine map; nothing by default.</param>
        /// <param name="bias">Whether there are biases.</param>
        /// <param name="dtype">Of weights and biases; Float32 by default.</param>
        /// <param name="weightInit">How the weights start; by default <see cref="Init.GlorotUniform"/>.</param>
        /// <param name="biasInit">How the biases start; by default <see cref="Init.Zeros"/>.</param>
        /// <exception cref="ValueException">
        /// A number is below 1, the groups do not divide the channels, or the window makes no sense.
        /// </exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var layer = Convolution.Create(3, 3, 16, Key.Create(0), Window.Same, activation: Activation.Relu);
        /// layer.Forward(Tensor.Ones(8, 3, 28, 28)) // shape (8, 16, 28, 28)
        /// </code></example>
        public static Convolution Create(
            int size,
            int inputs,
            int outputs,
            Key key,
            Window? window = null,
            PaddingMode paddingMode = default,
            int groups = 1,
            Activation activation = default,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        ) =>
            Convolution.Create(
                [size, size],
                inputs,
                outputs,
                key,
                window,
                paddingMode,
                groups,
                activation,
                bias,
                dtype,
                weightInit,
                biasInit
            );

        /// <summary>A layer whose windows have these sizes, one for each of one to three spatial axes.</summary>
        /// <param name="sizes">How many elements a window has along each spatial axis.</param>
        /// <param name="inputs">How many channels an example has.</param>
        /// <param name="outputs">How many channels the layer makes of them.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="window">How windows slide; one apart and inside by default.</param>
        /// <param name="paddingMode">What stands beyond the edges where the window is padded.</param>
        /// <param name="groups">In how many groups the channels are; as many as inputs make it depthwise.</param>
        /// <param name="activation">What comes after the affine map; nothing by default.</param>
        /// <param name="bias">Whether there are biases.</param>
        /// <param name="dtype">Of weights and biases; Float32 by default.</param>
        /// <param name="weightInit">How the weights start; by default <see cref="Init.GlorotUniform"/>.</param>
        /// <param name="biasInit">How the biases start; by default <see cref="Init.Zeros"/>.</param>
        /// <exception cref="ValueException">
        /// A number is below 1, the groups do not divide the channels, or the window makes no sense.
        /// </exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var layer = Convolution.Create([5], 1, 8, Key.Create(0));
        /// layer.Forward(Tensor.Ones(32, 1, 100)) // shape (32, 8, 96)
        /// </code></example>
        public static Convolution Create(
            IReadOnlyList<int> sizes,
            int inputs,
            int outputs,
            Key key,
            Window? window = null,
            PaddingMode paddingMode = default,
            int groups = 1,
            Activation activation = default,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        ) =>
            ConvolutionModule.init(
                new(
                    (weightInit ?? Init.GlorotUniform).ToFSharp(),
                    bias ? (biasInit ?? Init.Zeros).ToFSharp().ToReferenceOption() : null,
                    (window ?? Window.Plain).ToFSharp(),
                    paddingMode,
                    groups,
                    activation,
                    dtype
                ),
                sizes.ToFSharpList(),
                inputs,
                outputs,
                key.NotNull()
            );

        /// <summary>A layer of these weights, (outputs, inputs / groups) and the sizes of the windows.</summary>
        /// <param name="weight">(outputs, inputs / groups) and the sizes of the windows.</param>
        /// <param name="bias">(outputs), or null for none.</param>
        /// <param name="window">How windows slide; one apart and inside by default.</param>
        /// <param name="paddingMode">What stands beyond the edges where the window is padded.</param>
        /// <param name="groups">In how many groups the channels are.</param>
        /// <param name="activation">What comes after the affine map; nothing by default.</param>
        /// <example><code>
        /// var edges = Convolution.Of(Tensor.Create([[[-1.0, 0.0, 1.0]]]), null);
        /// edges.Forward(Tensor.Create([[[1.0, 2.0, 4.0, 8.0, 16.0]]])) // [[[3, 6, 12]]]
        /// </code></example>
        public static Convolution Of(
            Tensor weight,
            Tensor? bias,
            Window? window = null,
            PaddingMode paddingMode = default,
            int groups = 1,
            Activation activation = default
        ) => new(weight.NotNull(), bias, (window ?? Window.Plain).ToFSharp(), paddingMode, groups, activation);
    }

    extension(TransposedConvolution)
    {
        /// <summary>A layer for images, whose windows are squares.</summary>
        /// <param name="size">How many elements a window has along each of the two spatial axes.</param>
        /// <param name="inputs">How many channels an example has.</param>
        /// <param name="outputs">How many channels the layer makes of them.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="window">How the windows of the convolution slide that this is the transpose of.</param>
        /// <param name="outputPadding">How much longer than the shortest possible the result is.</param>
        /// <param name="groups">In how many groups the channels are.</param>
        /// <param name="activation">What comes after the affine map; nothing by default.</param>
        /// <param name="bias">Whether there are biases.</param>
        /// <param name="dtype">Of weights and biases; Float32 by default.</param>
        /// <param name="weightInit">How the weights start; by default <see cref="Init.GlorotUniform"/>.</param>
        /// <param name="biasInit">How the biases start; by default <see cref="Init.Zeros"/>.</param>
        /// <exception cref="ValueException">
        /// A number is below 1, the groups do not divide the channels, or window or output padding make no sense.
        /// </exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var window = new Window { Strides = [2], Padding = Padding.Around(1) };
        /// var layer = TransposedConvolution.Create(3, 16, 3, Key.Create(0), window, outputPadding: 1);
        /// layer.Forward(Tensor.Ones(8, 16, 14, 14)) // shape (8, 3, 28, 28)
        /// </code></example>
        public static TransposedConvolution Create(
            int size,
            int inputs,
            int outputs,
            Key key,
            Window? window = null,
            int outputPadding = 0,
            int groups = 1,
            Activation activation = default,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        ) =>
            TransposedConvolution.Create(
                [size, size],
                inputs,
                outputs,
                key,
                window,
                [outputPadding],
                groups,
                activation,
                bias,
                dtype,
                weightInit,
                biasInit
            );

        /// <summary>A layer whose windows have these sizes, one for each of one to three spatial axes.</summary>
        /// <param name="sizes">How many elements a window has along each spatial axis.</param>
        /// <param name="inputs">How many channels an example has.</param>
        /// <param name="outputs">How many channels the layer makes of them.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="window">How the windows of the convolution slide that this is the transpose of.</param>
        /// <param name="outputPadding">
        /// How much longer than the shortest possible the result is along each spatial axis; one number holds for all.
        /// </param>
        /// <param name="groups">In how many groups the channels are.</param>
        /// <param name="activation">What comes after the affine map; nothing by default.</param>
        /// <param name="bias">Whether there are biases.</param>
        /// <param name="dtype">Of weights and biases; Float32 by default.</param>
        /// <param name="weightInit">How the weights start; by default <see cref="Init.GlorotUniform"/>.</param>
        /// <param name="biasInit">How the biases start; by default <see cref="Init.Zeros"/>.</param>
        /// <exception cref="ValueException">
        /// A number is below 1, the groups do not divide the channels, or window or output padding make no sense.
        /// </exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var layer = TransposedConvolution.Create([5], 8, 1, Key.Create(0));
        /// layer.Forward(Tensor.Ones(32, 8, 96)) // shape (32, 1, 100)
        /// </code></example>
        public static TransposedConvolution Create(
            IReadOnlyList<int> sizes,
            int inputs,
            int outputs,
            Key key,
            Window? window = null,
            IReadOnlyList<int>? outputPadding = null,
            int groups = 1,
            Activation activation = default,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        ) =>
            TransposedConvolutionModule.init(
                new(
                    (weightInit ?? Init.GlorotUniform).ToFSharp(),
                    bias ? (biasInit ?? Init.Zeros).ToFSharp().ToReferenceOption() : null,
                    (window ?? Window.Plain).ToFSharp(),
                    (outputPadding ?? [0]).ToFSharpList(),
                    groups,
                    activation,
                    dtype
                ),
                sizes.ToFSharpList(),
                inputs,
                outputs,
                key.NotNull()
            );

        /// <summary>A layer of these weights, (inputs, outputs / groups) and the sizes of the windows.</summary>
        /// <param name="weight">(inputs, outputs / groups) and the sizes of the windows.</param>
        /// <param name="bias">(outputs), or null for none.</param>
        /// <param name="window">How the windows of the convolution slide that this is the transpose of.</param>
        /// <param name="outputPadding">How much longer than the shortest possible the result is.</param>
        /// <param name="groups">In how many groups the channels are.</param>
        /// <param name="activation">What comes after the affine map; nothing by default.</param>
        /// <example><code>
        /// var twice = TransposedConvolution.Of(Tensor.Create([[[1.0, 10.0]]]), null, Window.Stride(2));
        /// twice.Forward(Tensor.Create([[[1.0, 2.0]]])) // [[[1, 10, 2, 20]]]
        /// </code></example>
        public static TransposedConvolution Of(
            Tensor weight,
            Tensor? bias,
            Window? window = null,
            IReadOnlyList<int>? outputPadding = null,
            int groups = 1,
            Activation activation = default
        ) =>
            new(
                weight.NotNull(),
                bias,
                (window ?? Window.Plain).ToFSharp(),
                (outputPadding ?? [0]).ToFSharpList(),
                groups,
                activation
            );
    }
}
