namespace Cotangent;

/// <summary>
/// Computing in 16 bits, with parameters and optimisers in 32 (Micikevicius et al. 2018): the parameters that are trained stay
/// as they are, and a function of them sees them converted.
/// </summary>
public static class MixedPrecision
{
    /// <summary>
    /// The function computed in another floating-point dtype: floating-point tensors of its argument are converted to it, those of
    /// its result to Float32. Gradients with respect to the argument have the dtypes of the argument. What should not be in 16 bits, such
    /// as a loss and its norms, stays outside.
    /// </summary>
    /// <remarks>
    /// What is <c>Frozen</c>, such as the running statistics of <c>BatchNorm</c>, is not converted; and what the function hands on as it
    /// got it comes out as it went in, bit for bit. So a model may be trained by its own <c>Train</c>, which returns the model with new
    /// statistics.
    /// </remarks>
    /// <exception cref="DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// var twice = MixedPrecision.ComputeIn(DType.BFloat16, (Tensor x) => x + x);
    /// twice(Tensor.Create([1f, 1.001f])) // [2, 2]
    /// </code></example>
    public static Func<P, Q> ComputeIn<P, Q>(DType dtype, Func<P, Q> f)
        where P : notnull
        where Q : notnull
    {
        var computed = MixedPrecisionModule.computeIn(dtype, f.ToFSharp());
        return x => computed.Invoke(x.NotNull());
    }
}

/// <summary>Gradients in Float16 that are not lost below its smallest number.</summary>
public static class LossScales
{
    extension(LossScaling)
    {
        /// <summary>A scale that grows after so many steps without an overflow and shrinks after one. The defaults are PyTorch's.</summary>
        /// <example><code>
        /// var scaling = LossScaling.Dynamic(initial: 1024, interval: 1);
        /// scaling.Update(Tensor.Create([1f]), scaling.Start()).Scale // 2048
        /// </code></example>
        public static LossScaling Dynamic(
            double initial = 65536,
            double growth = 2,
            double backoff = 0.5,
            int interval = 2000
        ) => new(initial, growth, backoff, interval);

        /// <summary>One scale that stays.</summary>
        /// <exception cref="ValueException">The scale is not positive.</exception>
        /// <example><code>
        /// var scaling = LossScaling.FixedAt(1024);
        /// scaling.Update(Tensor.Create([float.NaN]), scaling.Start()).Scale // 1024
        /// </code></example>
        public static LossScaling FixedAt(double scale) => LossScaleModule.fixedAt(scale);
    }

    extension(LossScaling scaling)
    {
        /// <summary>The scale before the first step.</summary>
        /// <example><code>
        /// LossScaling.Dynamic().Start().Scale // 65536
        /// </code></example>
        public LossScale Start() => LossScaleModule.start(scaling.NotNull());

        /// <summary>
        /// The scale for the next step: smaller after a gradient with an infinity or a NaN, larger after many without.
        /// </summary>
        /// <example><code>
        /// var scaling = LossScaling.Dynamic(initial: 1024);
        /// scaling.Update(Tensor.Create([float.PositiveInfinity]), scaling.Start()).Scale // 512
        /// </code></example>
        public LossScale Update<P>(P gradient, LossScale scale)
            where P : notnull => LossScaleModule.update(scaling.NotNull(), gradient.NotNull(), scale.NotNull());
    }

    /// <summary>
    /// Value and gradient of a function, the gradient taken of the function times the scale and divided by it in the dtypes of the
    /// argument. An overflow on the way shows as an infinity or a NaN in the gradient.
    /// </summary>
    /// <example><code>
    /// var scale = LossScaling.FixedAt(1024).Start();
    /// scale.ValueAndGradient(x => (x * x).Sum(), Tensor.Create([3f])).Gradient // [6]
    /// </code></example>
    public static (Tensor Value, P Gradient) ValueAndGradient<P>(this LossScale scale, Func<P, Tensor> f, P x)
        where P : notnull => LossScaleModule.valueAndGrad(scale.NotNull(), f.ToFSharp(), x.NotNull()).ToValueTuple();

    /// <summary>
    /// The same for a function that returns something else beside the loss, as a model with new running statistics.
    /// </summary>
    /// <example><code>
    /// var scale = LossScaling.FixedAt(1024).Start();
    /// (Tensor, Tensor) Loss(Tensor x) => ((x * x).Sum(), x + 1);
    /// scale.ValueAndGradientWith(Loss, Tensor.Create([3.0])) // (9, [4], [6])
    /// </code></example>
    public static (Tensor Value, A Aux, P Gradient) ValueAndGradientWith<P, A>(
        this LossScale scale,
        Func<P, (Tensor Value, A Aux)> f,
        P x
    )
        where P : notnull
    {
        var ((value, aux), gradient) = LossScaleModule.valueAndGradWith(scale.NotNull(), f.ToFSharpPair(), x.NotNull());
        return (value, aux, gradient);
    }
}
