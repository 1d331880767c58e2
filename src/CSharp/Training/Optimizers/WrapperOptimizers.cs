namespace Cotangent;

/// <summary>What surrounds an optimiser.</summary>
public static class WrapperOptimizers
{
    extension(Optimizer optimizer)
    {
        /// <summary>
        /// Leaves parameters and state as they are in a step whose gradient has an infinity or a NaN, and counts such steps
        /// under the name <c>skipped</c>.
        /// </summary>
        /// <example><code>
        /// var x = Tensor.Create([1.0]);
        /// var optimizer = Optimizer.Adam(0.1).SkipNonFinite();
        /// var (next, state) = optimizer.Step(x * double.NaN, optimizer.Init(x), x);
        /// state.Numbers["skipped"] // 1
        /// </code></example>
        public Optimizer SkipNonFinite() => new(Wrappers.skipNonFinite(optimizer.NotNull().Transformation));

        /// <summary>
        /// Gathers the gradients of so many steps, micro-batches of one size, and gives their mean to the optimiser in the last of
        /// them; the parameters stay until then. For micro-batches of unequal size see <see cref="GradientSum"/>.
        /// </summary>
        /// <exception cref="ValueException">There is no step.</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0]);
        /// var optimizer = Optimizer.Sgd(0.1).Accumulate(2);
        /// var (first, state) = optimizer.Step(Tensor.Create([2.0]), optimizer.Init(x), x);
        /// first // [1]
        /// optimizer.Step(Tensor.Create([4.0]), state, first).Parameters // [0.7]
        /// </code></example>
        public Optimizer Accumulate(int steps) => new(Wrappers.accumulate(steps, optimizer.NotNull().Transformation));

        /// <summary>
        /// Look-ahead (Zhang et al. 2019, algorithm 1): every so many steps slow parameters move by a share of the way to the fast
        /// ones, which go on from there.
        /// </summary>
        /// <exception cref="ValueException">The period is below 1, or the share outside (0, 1].</exception>
        /// <example><code>
        /// // Half of every step of descent.
        /// var x = Tensor.Create([1.0]);
        /// var optimizer = Optimizer.Sgd(0.1).LookAhead(period: 1);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.9]
        /// </code></example>
        public Optimizer LookAhead(int period = 5, double pull = 0.5) =>
            new(Wrappers.lookAhead(period, pull, optimizer.NotNull().Transformation));

        /// <summary>
        /// The optimiser with a factor on its changes that is part of its state, 1 at first: <c>Adjust</c> sets it, as
        /// <see cref="Plateau"/> says, without compiling a step anew.
        /// </summary>
        /// <example><code>
        /// var x = Tensor.Create([1.0]);
        /// var optimizer = Optimizer.Sgd(0.1).Adjustable();
        /// var state = optimizer.Init(x);
        /// optimizer.Step(2 * x, state, x).Parameters // [0.8]
        /// optimizer.Step(2 * x, state.Adjust(Tensor.Create(0.5)), x).Parameters // [0.9]
        /// </code></example>
        public Optimizer Adjustable() => new(Wrappers.adjustable(optimizer.NotNull().Transformation));
    }

    /// <summary>The state with another factor on the changes of each adjustable optimiser in it.</summary>
    /// <exception cref="ShapeException">The factor is no scalar.</exception>
    /// <example><code>
    /// var x = Tensor.Create([1.0]);
    /// var optimizer = Optimizer.Sgd(0.1).Adjustable();
    /// var state = optimizer.Init(x).Adjust(Tensor.Create(0.5));
    /// optimizer.Step(2 * x, state, x).Parameters // [0.9]
    /// </code></example>
    public static OptimizerState<P> Adjust<P>(this OptimizerState<P> state, Tensor factor)
        where P : notnull => Wrappers.adjust(factor.NotNull(), state.NotNull());
}
