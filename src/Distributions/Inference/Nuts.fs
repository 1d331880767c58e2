namespace Cotangent.Inference

open Cotangent

/// <summary>
/// The No-U-Turn Sampler: Hamiltonian Monte Carlo whose trajectories end by themselves (Hoffman and Gelman 2014), with draws by weight and
/// the general criterion of a turn (Betancourt 2017), as Stan has it. Step size and mass matrix are learned in warm-up.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Nuts =
    /// <summary>Four chains of 1000 draws after 1000 of warm-up, a diagonal mass matrix, an acceptance of 0.8.</summary>
    /// <example><code>
    /// let careful = { Nuts.defaults with TargetAcceptance = 0.95 }
    /// careful.Draws // 1000
    /// </code></example>
    let defaults: SamplerOptions = SamplerOptions.Default

    /// <summary>
    /// Draws from any log-density, which need not be normalised, of any tree of floating-point tensors. All numbers are free to be
    /// any: <c>Unconstrained</c> makes such a density of one whose parameters have bounds.
    /// </summary>
    /// <remarks>
    /// The log-density is compiled, so that what it closes over is a constant. Equal keys give equal draws, however many chains run
    /// at a time. Positions are Float64, whatever the dtypes of the tree, but a log-density in Float32 has errors that cost acceptance where
    /// it is large: from some 10⁵ on.
    /// </remarks>
    /// <param name="options">How many chains and draws, and what may be adapted.</param>
    /// <param name="logDensity">The logarithm of the density at a tree, up to a constant: one number.</param>
    /// <param name="start">Near which chains begin; <c>StartRadius</c> says how near.</param>
    /// <param name="key">Is spent.</param>
    /// <exception cref="T:Cotangent.ValueException">
    /// An option is out of range, the log-density is finite nowhere near the start, or it is flat.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">The log-density is not one number.</exception>
    /// <exception cref="T:Cotangent.TreeException">The start holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor outside of <c>Frozen</c> is not floating-point.</exception>
    /// <example><code>
    /// let logDensity (x: Tensor) = -0.5 * sum (square x)
    /// let found = Nuts.sample { Nuts.defaults with Draws = 500 } logDensity (tensor [ 0.0; 0.0 ]) (Key.create 0L)
    /// found.Draws // shape (4, 500, 2)
    /// found.Divergences // 0
    /// </code></example>
    let sample (options: SamplerOptions) (logDensity: 'p -> Tensor) (start: 'p) (key: Key) : Samples<'p> =
        let move: Move = NoUTurn.transition options.DivergenceLimit options.MaximumDepth
        Sampling.run "Nuts.sample" options move logDensity start key

/// <summary>
/// Hamiltonian Monte Carlo with trajectories of given length (Duane, Kennedy, Pendleton and Roweth 1987; Neal 2011): less work a draw than
/// <c>Nuts</c> where the right length is known. Step size and mass matrix are learned in warm-up.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Hmc =
    /// <summary>
    /// Four chains of 1000 draws after 1000 of warm-up, a diagonal mass matrix, an acceptance of 0.8, trajectories of about a quarter of a
    /// swing.
    /// </summary>
    /// <example><code>
    /// let longer = { Hmc.defaults with TrajectoryLength = 3.0 }
    /// longer.Draws // 1000
    /// </code></example>
    let defaults: SamplerOptions = SamplerOptions.Default

    /// <summary>Draws from any log-density, as <c>Nuts.sample</c> does.</summary>
    /// <param name="options">How many chains and draws, and how long trajectories are.</param>
    /// <param name="logDensity">The logarithm of the density at a tree, up to a constant: one number.</param>
    /// <param name="start">Near which chains begin; <c>StartRadius</c> says how near.</param>
    /// <param name="key">Is spent.</param>
    /// <exception cref="T:Cotangent.ValueException">
    /// An option is out of range, the log-density is finite nowhere near the start, or it is flat.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">The log-density is not one number.</exception>
    /// <exception cref="T:Cotangent.TreeException">The start holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor outside of <c>Frozen</c> is not floating-point.</exception>
    /// <example><code>
    /// let logDensity (x: Tensor) = -0.5 * sum (square x)
    /// let found = Hmc.sample { Hmc.defaults with Draws = 500 } logDensity (tensor [ 0.0; 0.0 ]) (Key.create 0L)
    /// found.Draws // shape (4, 500, 2)
    /// </code></example>
    let sample (options: SamplerOptions) (logDensity: 'p -> Tensor) (start: 'p) (key: Key) : Samples<'p> =
        let move: Move = FixedLength.transition options.DivergenceLimit options.TrajectoryLength
        Sampling.run "Hmc.sample" options move logDensity start key
