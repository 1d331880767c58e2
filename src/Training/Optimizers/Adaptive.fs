namespace Cotangent

/// Rates of their own for each number, from the squares of its gradients.
module internal AdaptiveRules =
    let rmsProp (rate: Schedule) (decay: float) (epsilon: float) =
        Rule.requireUnit "rmsProp" "decay" decay

        Rule.make "rmsProp" false rate [ Slot.zeros "square" ] (fun moment ->
            let down = Rate.negate moment.Rate

            fun g _ kept ->
                let square = kept[0] * decay + g * g * (1.0 - decay)
                struct (Rate.times down (g / (sqrt square + epsilon)), [| square |]))

/// Rates of their own for each number, from the squares of its gradients.
[<AutoOpen>]
module AdaptiveMethods =
    type Optimizer with
        /// <summary>
        /// g / (√(mean of g²) + ε) (Tieleman &amp; Hinton 2012, lecture 6e), with a decay of 0.99 and ε = 1e-8 as PyTorch has
        /// them.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The decay is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.rmsProp(0.1, decay = 0.75)
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.8, 1.8]
        /// </code></example>
        static member rmsProp(rate: Schedule, ?decay: float, ?epsilon: float) : Optimizer =
            Given.check "rate" rate
            Optimizer(AdaptiveRules.rmsProp rate (defaultArg decay 0.99) (defaultArg epsilon 1e-8))
