using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>Optimisers of the field, and parts to chain others from; how one is used.</summary>
/// <example><code>
/// var model = Linear.Create(2, 1, Key.Create(0));
/// var optimizer = Optimizer.Adam(1e-3);
/// var state = optimizer.Init(model);
/// var gradient = Differentiate.Gradient(m => m.Forward(Tensor.Ones(4, 2)).Sum(), model);
/// (model, state) = optimizer.Step(gradient, state, model);
/// </code></example>
public static class Optimizers
{
    extension(Optimizer optimizer)
    {
        /// <summary>The parameters after one update, and the next state. What is not trained stays as it is.</summary>
        /// <exception cref="ValueException">The state belongs to another optimiser.</exception>
        /// <exception cref="TreeException">Gradient, state and parameters differ in structure.</exception>
        /// <exception cref="ShapeException">A gradient has another shape than its parameters.</exception>
        /// <exception cref="DTypeException">A gradient has another dtype than its parameters.</exception>
        /// <example><code>
        /// var x = Tensor.Create([1.0, 2.0]);
        /// var optimizer = Optimizer.Sgd(0.1);
        /// var (next, state) = optimizer.Step(2 * x, optimizer.Init(x), x);
        /// next // [0.8, 1.6]
        /// optimizer.Step(2 * next, state, next).Parameters // [0.64, 1.28]
        /// </code></example>
        public (P Parameters, OptimizerState<P> State) Step<P>(P gradient, OptimizerState<P> state, P parameters)
            where P : notnull =>
            OptimizerModule
                .step(optimizer.NotNull(), gradient.NotNull(), state.NotNull(), parameters.NotNull())
                .ToValueTuple();

        /// <summary>This transformation of gradients, then another.</summary>
        /// <example><code>
        /// var optimizer = Optimizer.ClipByGlobalNorm(1).Then(Optimizer.Adam(1e-3));
        /// </code></example>
        public Optimizer Then(Optimizer next) =>
            OptimizerModule.chain(ListModule.OfArray([optimizer.NotNull(), next.NotNull()]));
    }

    extension(Optimizer)
    {
        /// <summary>One transformation after another: each gets the changes of the one before as its gradient.</summary>
        /// <exception cref="ValueException">There are none.</exception>
        /// <example><code>
        /// var optimizer = Optimizer.Chain(Optimizer.ClipByGlobalNorm(1), Optimizer.Adam(1e-3));
        /// </code></example>
        public static Optimizer Chain(params IEnumerable<Optimizer> optimizers) =>
            OptimizerModule.chain(optimizers.ToFSharpList());

        /// <summary>
        /// An optimiser of one's own that treats each tensor of the parameters by itself: its name; the names of what it
        /// keeps of each, zeros at first; and a rule: from the step (an Int32 scalar, 0 at the first), gradient,
        /// parameter and what is kept to the change and what is kept next. Tensors of 16 bits come as Float32.
        /// </summary>
        /// <exception cref="ValueException">Two slots have one name, or the rule returns more or fewer.</exception>
        /// <exception cref="ShapeException">The change has another shape than the gradient.</exception>
        /// <example><code>
        /// // Descent with a heavy ball.
        /// var optimizer = Optimizer.Create("heavy", ["v"], (step, g, x, kept) =>
        /// {
        ///     var v = 0.9 * kept[0] + g;
        ///     return (-0.1 * v, [v]);
        /// });
        /// var x = Tensor.Create([1.0, 2.0]);
        /// optimizer.Step(2 * x, optimizer.Init(x), x).Parameters // [0.8, 1.6]
        /// </code></example>
        public static Optimizer Create(
            string name,
            IEnumerable<string> slots,
            Func<Tensor, Tensor, Tensor, IReadOnlyList<Tensor>, (Tensor Change, Tensor[] Kept)> rule
        )
        {
            rule.NotNull();

            return new(
                DescentRules.create(
                    name.NotNull(),
                    slots.ToFSharpList(),
                    FuncConvert.FromFunc(
                        (Tensor step, Tensor gradient, Tensor parameter, FSharpList<Tensor> kept) =>
                        {
                            var (change, next) = rule(step, gradient, parameter, kept);
                            return Tuple.Create(change, next.ToFSharpList());
                        }
                    )
                )
            );
        }

        /// <summary>A running average of parameters: decay · average + (1 - decay) · parameters.</summary>
        /// <exception cref="ValueException">The decay is outside [0, 1].</exception>
        /// <exception cref="TreeException">The structures differ.</exception>
        /// <exception cref="ShapeException">The mean of parameters has another shape than they.</exception>
        /// <exception cref="DTypeException">The mean of parameters has another dtype than they.</exception>
        /// <example><code>
        /// Optimizer.Average(0.75, Tensor.Create([0.0]), Tensor.Create([4.0])) // [1]
        /// </code></example>
        public static P Average<P>(double decay, P average, P parameters)
            where P : notnull => OptimizerModule.average(decay, average.NotNull(), parameters.NotNull());
    }
}
