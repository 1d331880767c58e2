namespace Cotangent;

/// <summary>
/// How parameters learn from a gradient: pure functions over trees. <see cref="Optimizer"/> has those of the
/// field.
/// </summary>
/// <example><code>
/// var model = Linear.Create(2, 1, Key.Create(0));
/// var optimizer = Optimizer.Adam&lt;Linear>(1e-3);
/// var state = optimizer.Start(model);
/// var gradient = Differentiate.Gradient(m => m.Forward(Tensor.Ones(4, 2)).Sum(), model);
/// (model, state) = optimizer.Step(gradient, state, model);
/// </code></example>
public abstract class Optimizer<P>
    where P : notnull
{
    private protected Optimizer() { }

    /// <summary>The first state, from the parameters.</summary>
    public abstract OptimizerState<P> Start(P parameters);

    /// <summary>What to add to the parameters, and the next state.</summary>
    /// <exception cref="ArgumentException">The state comes from another kind of optimiser.</exception>
    public abstract (P Change, OptimizerState<P> State) Update(P gradient, OptimizerState<P> state, P parameters);

    /// <summary>The parameters after one update, and the next state.</summary>
    public (P Parameters, OptimizerState<P> State) Step(P gradient, OptimizerState<P> state, P parameters) =>
        OptimizerModule.step(ToFSharp(), gradient.NotNull(), state.NotNull(), parameters.NotNull()).ToValueTuple();

    /// <summary>This transformation of gradients, then another.</summary>
    /// <example><code>
    /// var optimizer = Optimizer.ClipByGlobalNorm&lt;Mlp>(1).Then(Optimizer.Adam&lt;Mlp>(1e-3));
    /// </code></example>
    public Optimizer<P> Then(Optimizer<P> next) => Of(OptimizerModule.chain(ToFSharp(), next.NotNull().ToFSharp()));

    internal static Optimizer<P> Of<S>(Optimizer<P, S> rule) => new Rule<S>(rule);

    internal Optimizer<P, OptimizerState<P>> ToFSharp() =>
        new(
            ((Func<P, OptimizerState<P>>)Start).ToFSharp(),
            ((Func<P, OptimizerState<P>, P, Tuple<P, OptimizerState<P>>>)(
                (gradient, state, parameters) => Update(gradient, state, parameters).ToTuple()
            )).ToFSharp()
        );

    private sealed class Rule<S>(Optimizer<P, S> rule) : Optimizer<P>
    {
        public override OptimizerState<P> Start(P parameters) =>
            new OptimizerState<P, S>(rule.Init.Invoke(parameters.NotNull()));

        public override (P, OptimizerState<P>) Update(P gradient, OptimizerState<P> state, P parameters)
        {
            if (state.NotNull() is not OptimizerState<P, S> own)
            {
                throw new ArgumentException("This state comes from another kind of optimiser.", nameof(state));
            }

            var (change, next) = rule.Update.Invoke(gradient.NotNull()).Invoke(own.Value).Invoke(parameters.NotNull());
            return (change, new OptimizerState<P, S>(next));
        }
    }
}
