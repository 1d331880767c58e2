namespace Cotangent;

/// <summary>
/// The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno with a line search for the strong Wolfe conditions (Nocedal
/// and Wright 2006, algorithm 7.5): for losses without noise. It asks for the loss itself, so it is no <see cref="Optimizer"/>.
/// </summary>
public static class LBfgsMethods
{
    extension(LBfgs)
    {
        /// <summary>The state before the first step; evaluates the loss once.</summary>
        /// <param name="loss">What is minimised.</param>
        /// <param name="parameters">Where it starts.</param>
        /// <param name="history">Pairs of changes of parameters and gradients that are kept.</param>
        /// <exception cref="DTypeException">The trained tensors are of several dtypes, or of 16 bits.</exception>
        /// <exception cref="ValueException">The history is below 1.</exception>
        /// <example><code>
        /// LBfgs.Start(x => x.Square().Sum(), Tensor.Create([3.0, 4.0])).Value // 25
        /// </code></example>
        public static LBfgsState<P> Start<P>(Func<P, Tensor> loss, P parameters, int history = 10)
            where P : notnull => LBfgsModule.start(new(history, 1), loss.ToFSharp(), parameters.NotNull());

        /// <summary>
        /// One step: a direction, a search along it, and the pair of changes kept. Where no descent is found the parameters stay.
        /// </summary>
        /// <param name="loss">What is minimised.</param>
        /// <param name="state">Where it stands.</param>
        /// <param name="evaluations">Evaluations of the loss, at most.</param>
        /// <exception cref="ValueException">The evaluations are below 1.</exception>
        /// <exception cref="DTypeException">The trained tensors are of several dtypes, or of 16 bits.</exception>
        /// <example><code>
        /// // The mean of data is where the squares are least.
        /// var data = Tensor.Create([1.0, 2.0, 6.0]);
        /// Tensor Squares(Tensor x) => (data - x).Square().Sum();
        /// var state = LBfgs.Step(Squares, LBfgs.Start(Squares, Tensor.Create(0.0)));
        /// LBfgs.Step(Squares, state).Parameters // 3
        /// </code></example>
        public static LBfgsState<P> Step<P>(Func<P, Tensor> loss, LBfgsState<P> state, int evaluations = 20)
            where P : notnull =>
            LBfgsModule.step(new(state.NotNull().Steps.Shape[0], evaluations), loss.ToFSharp(), state);
    }
}
