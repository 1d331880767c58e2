namespace Cotangent.Inference

open System
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Distributions

/// <summary>Draws from any log-density, for C#. F# has the modules <c>Nuts</c> and <c>Hmc</c>.</summary>
[<AbstractClass; Sealed>]
type Sampler =
    static member private Options(options: SamplerOptions | null) : SamplerOptions =
        match options with
        | null -> SamplerOptions.Default
        | options -> options

    /// <summary>
    /// By the No-U-Turn Sampler. Without options: four chains of 1000 draws after 1000 of warm-up, see <c>SamplerOptions.Default</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// An option is out of range, the log-density is finite nowhere near the start, or it is flat.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">The log-density is not one number.</exception>
    /// <exception cref="T:Cotangent.TreeException">The start holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor outside of <c>Frozen</c> is not floating-point.</exception>
    /// <example><code lang="csharp">
    /// var options = SamplerOptions.Create(chains: 2, draws: 100);
    /// var found = Sampler.Nuts(x => -0.5 * x.Square().Sum(), Tensor.Create([0.0, 0.0]), Key.Create(0), options);
    /// found.Draws // shape (2, 100, 2)
    /// found.Divergences // 0
    /// </code></example>
    static member Nuts
        (logDensity: Func<'p, Tensor>, start: 'p, key: Key, [<Optional>] options: SamplerOptions | null)
        : Samples<'p> =
        if isNull (box logDensity) then nullArg "logDensity"
        Nuts.sample (Sampler.Options options) logDensity.Invoke start key

    /// <summary>
    /// By Hamiltonian Monte Carlo with trajectories of given length. Without options: four chains of 1000 draws after 1000 of warm-up, see
    /// <c>SamplerOptions.Default</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// An option is out of range, the log-density is finite nowhere near the start, or it is flat.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">The log-density is not one number.</exception>
    /// <exception cref="T:Cotangent.TreeException">The start holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor outside of <c>Frozen</c> is not floating-point.</exception>
    /// <example><code lang="csharp">
    /// var options = SamplerOptions.Create(chains: 2, draws: 100, trajectoryLength: 1.5);
    /// var found = Sampler.Hmc(x => -0.5 * x.Square().Sum(), Tensor.Create([0.0, 0.0]), Key.Create(0), options);
    /// found.Draws // shape (2, 100, 2)
    /// </code></example>
    static member Hmc
        (logDensity: Func<'p, Tensor>, start: 'p, key: Key, [<Optional>] options: SamplerOptions | null)
        : Samples<'p> =
        if isNull (box logDensity) then nullArg "logDensity"
        Hmc.sample (Sampler.Options options) logDensity.Invoke start key

/// <summary>The nearest distribution of a family to a density, for C#. F# has the module <c>Variational</c>.</summary>
[<AbstractClass; Sealed>]
type VariationalInference =
    static member private Options(options: VariationalOptions | null) : VariationalOptions =
        match options with
        | null -> VariationalOptions.Default
        | options -> options

    /// <summary>
    /// A normal distribution in which all numbers are independent. Without options: 5000 steps of Adam at 0.02, see
    /// <c>VariationalOptions.Default</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">An option is out of range, or the bound is not finite.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The log-density is not one number.</exception>
    /// <exception cref="T:Cotangent.TreeException">The start holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor outside of <c>Frozen</c> is not floating-point.</exception>
    /// <example><code lang="csharp">
    /// var target = new Normal(Tensor.Create([1.0, 2.0]), Tensor.Create(0.5));
    /// var near = VariationalInference.MeanField(x => target.LogProb(x).Sum(), Tensor.Create([0.0, 0.0]), Key.Create(0));
    /// near.Mean // [1, 2]
    /// near.StandardDeviation // [0.5, 0.5]
    /// </code></example>
    static member MeanField
        (logDensity: Func<'p, Tensor>, start: 'p, key: Key, [<Optional>] options: VariationalOptions | null)
        : Approximation<'p> =
        if isNull (box logDensity) then nullArg "logDensity"
        Variational.meanField (VariationalInference.Options options) logDensity.Invoke start key

    /// <summary>
    /// A normal distribution with the covariance of all numbers. Without options: 5000 steps of Adam at 0.02, see
    /// <c>VariationalOptions.Default</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">An option is out of range, or the bound is not finite.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The log-density is not one number.</exception>
    /// <exception cref="T:Cotangent.TreeException">The start holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor outside of <c>Frozen</c> is not floating-point.</exception>
    /// <example><code lang="csharp">
    /// var covariance = Tensor.Create([[1.0, 0.8], [0.8, 1.0]]);
    /// var target = MultivariateNormal.OfCovariance(Tensor.Create([0.0, 1.0]), covariance);
    /// var near = VariationalInference.FullRank(x => target.LogProb(x), Tensor.Create([0.0, 0.0]), Key.Create(0));
    /// near.StandardDeviation // [1, 1]
    /// </code></example>
    static member FullRank
        (logDensity: Func<'p, Tensor>, start: 'p, key: Key, [<Optional>] options: VariationalOptions | null)
        : Approximation<'p> =
        if isNull (box logDensity) then nullArg "logDensity"
        Variational.fullRank (VariationalInference.Options options) logDensity.Invoke start key

    /// <summary>
    /// A distribution of any family, from its parameters. Without options: 5000 steps of Adam at 0.02, see <c>VariationalOptions.Default</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// An option is out of range, draws of the family have no derivatives, or the bound is not finite.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">The family is a batch of distributions.</exception>
    /// <example><code lang="csharp">
    /// // A normal density by a normal one, found again.
    /// var target = new Normal(Tensor.Create(1.0), Tensor.Create(0.5));
    /// var start = (Loc: Tensor.Create(0.0), LogScale: Tensor.Create(0.0));
    /// var fit = VariationalInference.Fit(q => new Normal(q.Loc, q.LogScale.Exp()), x => target.LogProb(x), start, Key.Create(0));
    /// fit.Parameters // (1, -0.6931)
    /// </code></example>
    static member Fit
        (
            family: Func<'g, Distribution>,
            logDensity: Func<Tensor, Tensor>,
            start: 'g,
            key: Key,
            [<Optional>] options: VariationalOptions | null
        ) : VariationalFit<'g> =
        if isNull (box family) then nullArg "family"
        if isNull (box logDensity) then nullArg "logDensity"
        Variational.fit (VariationalInference.Options options) family.Invoke logDensity.Invoke start key
