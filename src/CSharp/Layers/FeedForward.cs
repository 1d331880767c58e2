namespace Cotangent;

/// <summary>Making the part of a transformer that looks at each step by itself: <c>FeedForward.Create</c>.</summary>
public static class FeedForwards
{
    extension(FeedForward)
    {
        /// <summary>A layer for steps of a width, with so many hidden numbers.</summary>
        /// <param name="width">How many numbers a step has.</param>
        /// <param name="hidden">How many hidden numbers there are.</param>
        /// <param name="key">What the weights are drawn with.</param>
        /// <param name="activation">What makes the hidden numbers; GELU by default.</param>
        /// <param name="gated">Whether they are multiplied by others, which are a linear map of the input.</param>
        /// <param name="dropout">The share of the hidden numbers that training drops.</param>
        /// <param name="bias">Whether there are biases.</param>
        /// <param name="dtype">Of weights and biases; Float32 by default.</param>
        /// <param name="weightInit">How the weights start; by default <see cref="Init.GlorotUniform"/>.</param>
        /// <param name="biasInit">How the biases start; by default <see cref="Init.Zeros"/>.</param>
        /// <exception cref="ValueException">A size is below 1, or the dropout is not from 0 to below 1.</exception>
        /// <exception cref="DTypeException">The dtype is not a floating-point one.</exception>
        /// <example><code>
        /// var layer = FeedForward.Create(64, 172, Key.Create(0), Activation.Silu, gated: true, bias: false);
        /// layer.Forward(Tensor.Ones(2, 5, 64)) // shape (2, 5, 64)
        /// </code></example>
        public static FeedForward Create(
            int width,
            int hidden,
            Key key,
            Activation? activation = null,
            bool gated = false,
            double dropout = 0,
            bool bias = true,
            DType dtype = default,
            Initializer? weightInit = null,
            Initializer? biasInit = null
        ) =>
            FeedForwardModule.init(
                new(
                    activation ?? Activation.Gelu,
                    gated,
                    dropout,
                    (weightInit ?? Init.GlorotUniform).ToFSharp(),
                    bias ? (biasInit ?? Init.Zeros).ToFSharp().ToReferenceOption() : null,
                    dtype
                ),
                width,
                hidden,
                key.NotNull()
            );
    }
}
