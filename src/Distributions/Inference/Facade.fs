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

    /// <summary>By the No-U-Turn Sampler.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// An option is out of range, the log-density is finite nowhere near the start, or it is flat.
    /// </exception>
    static member Nuts
        (logDensity: Func<'p, Tensor>, start: 'p, key: Key, [<Optional>] options: SamplerOptions | null)
        : Samples<'p> =
        if isNull (box logDensity) then nullArg "logDensity"
        Nuts.sample (Sampler.Options options) logDensity.Invoke start key

    /// <summary>By Hamiltonian Monte Carlo with trajectories of given length.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// An option is out of range, the log-density is finite nowhere near the start, or it is flat.
    /// </exception>
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

    /// <summary>A normal distribution in which all numbers are independent.</summary>
    /// <exception cref="T:Cotangent.ValueException">An option is out of range, or the bound is not finite.</exception>
    static member MeanField
        (logDensity: Func<'p, Tensor>, start: 'p, key: Key, [<Optional>] options: VariationalOptions | null)
        : Approximation<'p> =
        if isNull (box logDensity) then nullArg "logDensity"
        Variational.meanField (VariationalInference.Options options) logDensity.Invoke start key

    /// <summary>A normal distribution with the covariance of all numbers.</summary>
    /// <exception cref="T:Cotangent.ValueException">An option is out of range, or the bound is not finite.</exception>
    static member FullRank
        (logDensity: Func<'p, Tensor>, start: 'p, key: Key, [<Optional>] options: VariationalOptions | null)
        : Approximation<'p> =
        if isNull (box logDensity) then nullArg "logDensity"
        Variational.fullRank (VariationalInference.Options options) logDensity.Invoke start key

    /// <summary>A distribution of any family, from its parameters.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// An option is out of range, draws of the family have no derivatives, or the bound is not finite.
    /// </exception>
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
