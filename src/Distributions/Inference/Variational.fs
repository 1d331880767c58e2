namespace Cotangent.Inference

open System
open Cotangent
open Cotangent.Distributions

/// <summary>A distribution that was fitted to a log-density: its parameters, and how the fit went.</summary>
/// <remarks>
/// The evidence lower bound (ELBO) is the mean over the fitted distribution q of log p - log q. It is at most the logarithm of what p
/// integrates to, and the Kullback-Leibler divergence from q to p less than that.
/// </remarks>
/// <example><code>
/// // A gamma density by one of log-normal variables.
/// let family (loc, logScale) = LogNormal(loc, exp logScale) :> Distribution
/// let fit =
///     Variational.fit Variational.defaults family (Gamma(tensor 9.0, tensor 3.0).LogProb)
///         (tensor 0.0, tensor 0.0) (Key.create 0L)
/// fst fit.Parameters // near the logarithm of 3
/// </code></example>
type VariationalFit<'g> = {
    /// The parameters: their mean over the second half of the steps.
    Parameters: 'g
    /// The bound, estimated with draws that no step has seen. Of a fit that was cancelled, too.
    Bound: Tensor
    /// What the draws of each step estimated the bound at, (steps).
    History: Tensor
    /// Whether all steps were taken: not where it was cancelled.
    IsComplete: bool
}

/// <summary>
/// A normal approximation of a density over trees: <c>Variational.meanField</c> and <c>fullRank</c> make it.
/// </summary>
[<Sealed>]
type Approximation<'p>
    internal (layout: Layout<'p>, distribution: Distribution, fit: VariationalFit<Tensor * Tensor>) =
    /// The distribution of all numbers of the tree in a vector, in the order of its fields.
    member _.Distribution = distribution
    /// <summary>The evidence lower bound: see <c>VariationalFit</c>.</summary>
    member _.Bound = fit.Bound
    /// What the draws of each step estimated the bound at, (steps).
    member _.History = fit.History
    /// Whether all steps were taken: not where it was cancelled.
    member _.IsComplete = fit.IsComplete
    /// The mean of each number.
    member _.Mean: 'p = Layout.unpack layout (distribution.Mean())
    /// The standard deviation of each number.
    member _.StandardDeviation: 'p = Layout.unpack layout (distribution.StandardDeviation())

    /// <summary>Independent draws: each tensor of the tree with an axis of them in front. Spends the key.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The count is negative.</exception>
    /// <example><code>
    /// let logDensity (x: Tensor) = -0.5 * sum (square x)
    /// let q = Variational.meanField Variational.defaults logDensity (tensor [ 0.0; 0.0 ]) (Key.create 0L)
    /// q.Sample(Key.create 1L, 5) // shape (5, 2)
    /// </code></example>
    member _.Sample(key: Key, count: int) : 'p = Layout.unpack layout (distribution.Sample(key, count))

/// <summary>
/// Variational inference: of a family of distributions the one that is nearest to a density, by gradients of the evidence lower bound
/// through its draws (Kucukelbir, Tran, Ranganath, Gelman and Blei, "Automatic differentiation variational inference", 2017). Faster than
/// sampling, and only as true as the family: spreads come out too small where it is too narrow.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Variational =
    /// <summary>5000 steps of Adam at 0.02, each from ten draws.</summary>
    /// <example><code>
    /// let longer = { Variational.defaults with Steps = 10000 }
    /// longer.Draws // 10
    /// </code></example>
    let defaults: VariationalOptions = VariationalOptions.Default

    /// The bound by some draws. Of the parameters only the draws tell: the gradient of the second term by them is 0 in the mean, and noise
    /// (Roeder, Wu and Duvenaud, "Sticking the landing", 2017); without it, it vanishes where the fit is exact.
    let private bound
        (draws: int)
        (family: 'g -> Distribution)
        (logDensity: Tensor -> Tensor)
        (g: 'g)
        (key: Key)
        =
        let x = (family g).Sample(key, draws)
        mean (vmap logDensity x - (family (stopGradient g)).LogProb x)

    let private maximize operation options (family: 'g -> Distribution) logDensity (start: 'g) (key: Key) =
        VariationalOptions.check operation options
        let forSteps, forBound = Key.split key
        let bound = bound options.Draws family logDensity
        let half = options.Steps / 2

        // Parameters, the optimiser's state, the mean so far, steps taken.
        let step (g, state, mean, taken: Tensor) key =
            let value, gradient = valueAndGrad (fun g -> -(bound g key)) g
            let g, state = Optimizer.step options.Optimizer gradient state g
            let weight = 1.0 / clampMin 1.0 (taken - float half + 1.0)

            let mean =
                Tree.map2
                    (fun (mean: Tensor) (now: Tensor) -> mean + weight.Convert mean.DType * (now - mean))
                    mean
                    g

            (g, state, mean, taken + 1.0), -value

        let run (state, keys: Key) = scan step state keys
        let run = Program.compiled options.Compiled run

        let rec go state (values: Tensor list) taken =
            if taken = options.Steps || options.Cancellation.IsCancellationRequested then
                struct (state, values)
            else
                let now = min options.StepsPerCall (options.Steps - taken)
                let state, found = run (state, Key.batch now (Key.fold (int64 taken) forSteps))
                let value = float ((found.Convert DType.Float64).Mean())

                if not (Double.IsFinite value) then
                    raise (
                        ValueException
                            $"{operation}: the bound is {value} after {taken + now} steps. Lower the optimiser's rate or StartScale, start where the log-density is finite, and see that it is so at every draw: parameters with bounds are to be found through a bijection (`Unconstrained`)."
                    )

                let report = { Done = taken + now; Total = options.Steps; Figures = [ "bound", value ] }
                options.Progress.Report report
                go state (found :: values) (taken + now)

        let first = start, options.Optimizer.Init start, start, tensor 0.0
        let struct ((_, _, mean, _), values) = go first [] 0
        let estimate (g, keys: Key) = (snd (scan (fun g key -> g, bound g key) g keys)).Mean()
        let estimate = Program.compiled options.Compiled estimate
        let history = if values.IsEmpty then Tensor.zeros DType.Float64 [ 0 ] else concat 0 (List.rev values)

        {
            Parameters = mean
            Bound = estimate (mean, Key.batch 100 forBound)
            History = history
            IsComplete = (history.Size = options.Steps)
        }

    /// <summary>
    /// Fits any family of distributions: of its parameters, which may be any tree, the best. Draws must have derivatives; a
    /// <c>Transformed</c> distribution reaches densities that no plain one does.
    /// </summary>
    /// <param name="options">How many steps, by which optimiser.</param>
    /// <param name="family">From parameters, which must be free to be any numbers, to a distribution.</param>
    /// <param name="logDensity">The logarithm of the density at an event of that distribution, up to a constant: one number.</param>
    /// <param name="start">The first parameters.</param>
    /// <param name="key">Is spent.</param>
    /// <exception cref="T:Cotangent.ValueException">
    /// An option is out of range, draws of the family have no derivatives, or the bound is not finite.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">The family is a batch of distributions.</exception>
    /// <example><code>
    /// // A gamma density by one of log-normal variables.
    /// let family (loc, logScale) = LogNormal(loc, exp logScale) :> Distribution
    /// let fit =
    ///     Variational.fit Variational.defaults family (Gamma(tensor 9.0, tensor 3.0).LogProb)
    ///         (tensor 0.0, tensor 0.0) (Key.create 0L)
    /// fit.Parameters
    /// </code></example>
    let fit
        (options: VariationalOptions)
        (family: 'g -> Distribution)
        (logDensity: Tensor -> Tensor)
        (start: 'g)
        (key: Key)
        : VariationalFit<'g> =
        let first = family start

        if not first.IsReparameterised then
            raise (
                ValueException
                    $"Variational.fit: draws of {first.Name} have no derivatives by its parameters. Take a family whose IsReparameterised is true."
            )

        if first.BatchShape.Length > 0 then
            raise (
                ShapeException
                    $"Variational.fit: {first}; one distribution is wanted, with batch shape (). `Independent` takes axes of a batch for axes of events."
            )

        maximize "Variational.fit" options family logDensity start key

    let private approximate operation options (logDensity: 'p -> Tensor) (start: 'p) key spread family =
        let layout = Layout.ofTree operation start
        let device = Layout.device layout
        let loc = Tensor.ofArray [ Layout.size layout ] (Layout.numbers start)
        let first = loc.To device, (spread loc.Size: Tensor).To device
        let fit = maximize operation options family (Density.ofVector operation layout logDensity) first key
        Approximation(layout, family fit.Parameters, fit)

    /// <summary>
    /// The nearest normal distribution in which all numbers are independent: a mean and a deviation for each. Fast for any number of
    /// them; where they are correlated in truth, deviations come out too small.
    /// </summary>
    /// <param name="options">How many steps, by which optimiser.</param>
    /// <param name="logDensity">The logarithm of the density at a tree, up to a constant: one number.</param>
    /// <param name="start">The first means.</param>
    /// <param name="key">Is spent.</param>
    /// <exception cref="T:Cotangent.ValueException">An option is out of range, or the bound is not finite.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The log-density is not one number.</exception>
    /// <exception cref="T:Cotangent.TreeException">The start holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor outside of <c>Frozen</c> is not floating-point.</exception>
    /// <example><code>
    /// let logDensity (x: Tensor) = sum (Normal(tensor [ 1.0; 2.0 ], tensor 0.5).LogProb x)
    /// let q = Variational.meanField Variational.defaults logDensity (tensor [ 0.0; 0.0 ]) (Key.create 0L)
    /// q.Mean // [1, 2]
    /// q.StandardDeviation // [0.5, 0.5]
    /// </code></example>
    let meanField
        (options: VariationalOptions)
        (logDensity: 'p -> Tensor)
        (start: 'p)
        (key: Key)
        : Approximation<'p> =
        let spread size = Tensor.full DType.Float64 [ size ] (log options.StartScale)
        let family (loc, logScale) = MultivariateNormalDiagonal(loc, exp logScale) :> Distribution
        approximate "Variational.meanField" options logDensity start key spread family

    /// <summary>
    /// The nearest normal distribution, with the covariance of all numbers: for some hundreds of them at the most.
    /// </summary>
    /// <param name="options">How many steps, by which optimiser.</param>
    /// <param name="logDensity">The logarithm of the density at a tree, up to a constant: one number.</param>
    /// <param name="start">The first means.</param>
    /// <param name="key">Is spent.</param>
    /// <exception cref="T:Cotangent.ValueException">An option is out of range, or the bound is not finite.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The log-density is not one number.</exception>
    /// <exception cref="T:Cotangent.TreeException">The start holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A tensor outside of <c>Frozen</c> is not floating-point.</exception>
    /// <example><code>
    /// let target = MultivariateNormal.OfCovariance(tensor [ 0.0; 1.0 ], tensor [ [ 1.0; 0.8 ]; [ 0.8; 1.0 ] ])
    /// let q = Variational.fullRank Variational.defaults target.LogProb (tensor [ 0.0; 0.0 ]) (Key.create 0L)
    /// q.StandardDeviation // [1, 1]
    /// </code></example>
    let fullRank
        (options: VariationalOptions)
        (logDensity: 'p -> Tensor)
        (start: 'p)
        (key: Key)
        : Approximation<'p> =
        // A triangle row by row, whose diagonal is the logarithm of that of the factor.
        let spread size =
            [|
                for i in 0 .. size - 1 do
                    for j in 0..i -> if i = j then log options.StartScale else 0.0
            |]
            |> tensor

        let family (loc, triangle) =
            MultivariateNormal(loc, Bijections.CholeskyFactor.Forward triangle) :> Distribution

        approximate "Variational.fullRank" options logDensity start key spread family
