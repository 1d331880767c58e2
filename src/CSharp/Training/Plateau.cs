namespace Cotangent;

/// <summary>Rates that fall once a metric has stopped to improve (PyTorch's ReduceLROnPlateau).</summary>
public static class Plateaus
{
    extension(Plateau)
    {
        /// <summary>When a factor falls.</summary>
        /// <param name="decay">What it is multiplied by each time.</param>
        /// <param name="patience">So many values in a row without improvement are let pass.</param>
        /// <param name="threshold">An improvement is more than this share of the best value.</param>
        /// <param name="cooldown">Values after a fall that are not counted.</param>
        /// <param name="least">The factor falls no further than this.</param>
        /// <param name="isMore">Whether larger values are better, as of an accuracy.</param>
        /// <example><code>
        /// var plateau = Plateau.Create(decay: 0.5, patience: 1);
        /// var state = plateau.Start();
        /// foreach (var loss in new[] { 1.0, 0.9, 0.9, 0.9 })
        ///     state = plateau.Update(Tensor.Create(loss), state);
        /// state.Factor // 0.5
        /// </code></example>
        public static Plateau Create(
            double decay = 0.1,
            int patience = 10,
            double threshold = 1e-4,
            int cooldown = 0,
            double least = 0,
            bool isMore = false
        ) => new(decay, patience, threshold, cooldown, least, isMore);
    }

    extension(Plateau plateau)
    {
        /// <summary>Before the first value.</summary>
        /// <example><code>
        /// Plateau.Create().Start().Factor // 1
        /// </code></example>
        public PlateauState Start() => PlateauModule.start(plateau.NotNull());

        /// <summary>
        /// The state after another value of the metric, a scalar. Its factor goes to an adjustable optimiser's state.
        /// </summary>
        /// <exception cref="ShapeException">The value is no scalar.</exception>
        /// <example><code>
        /// // The second loss is no better than the first.
        /// var plateau = Plateau.Create(decay: 0.5, patience: 0);
        /// var state = plateau.Update(Tensor.Create(0.9), plateau.Start());
        /// plateau.Update(Tensor.Create(0.9), state).Factor // 0.5
        /// </code></example>
        public PlateauState Update(Tensor metric, PlateauState state) =>
            PlateauModule.update(plateau.NotNull(), metric.NotNull(), state.NotNull());
    }
}
