namespace Cotangent

/// Rates of their own for each number, from the squares of its gradients.
module internal AdaptiveRules =
    let adagrad (rate: Schedule) (initial: float) (epsilon: float) =
        if not (initial >= 0.0) then
            raise (ValueException $"Optimizer.adagrad: initial is {string initial}; it must not be negative.")

        let first p = Wide.zeros p + initial

        Rule.make "adagrad" false rate [ { Slot.zeros "square" with First = first } ] (fun moment ->
            let down = Rate.negate moment.Rate

            fun g _ kept ->
                let square = kept[0] + g * g
                struct (Rate.times down (g / (sqrt square + epsilon)), [| square |]))

    /// With a mean of the gradients if centred, and a velocity if there is a momentum, in this order after the squares.
    let rmsProp (rate: Schedule) (decay: float) (epsilon: float) (momentum: float) (isCentred: bool) =
        Rule.requireUnit "rmsProp" "decay" decay
        Rule.requireUnit "rmsProp" "momentum" momentum

        let slots = [
            Slot.zeros "square"
            if isCentred then Slot.zeros "mean"
            if momentum > 0.0 then Slot.zeros "velocity"
        ]

        Rule.make "rmsProp" false rate slots (fun moment ->
            let down = Rate.negate moment.Rate

            fun g _ kept ->
                let square = kept[0] * decay + g * g * (1.0 - decay)
                let mean = if isCentred then ValueSome(kept[1] * decay + g * (1.0 - decay)) else ValueNone

                let variance =
                    match mean with
                    // By rounding alone it could be negative.
                    | ValueSome mean -> relu (square - mean * mean)
                    | ValueNone -> square

                let direction = g / (sqrt variance + epsilon)

                let velocity =
                    if momentum > 0.0 then kept[kept.Length - 1] * momentum + direction else direction

                let next = [|
                    square
                    if isCentred then mean.Value
                    if momentum > 0.0 then velocity
                |]

                struct (Rate.times down velocity, next))

    let adadelta (rate: Schedule) (decay: float) (epsilon: float) =
        Rule.requireUnit "adadelta" "decay" decay

        Rule.make "adadelta" false rate [ Slot.zeros "square"; Slot.zeros "change" ] (fun moment ->
            let down = Rate.negate moment.Rate

            fun g _ kept ->
                let square = kept[0] * decay + g * g * (1.0 - decay)
                let direction = sqrt (kept[1] + epsilon) / sqrt (square + epsilon) * g
                let change = kept[1] * decay + direction * direction * (1.0 - decay)
                struct (Rate.times down direction, [| square; change |]))

/// Rates of their own for each number, from the squares of its gradients.
[<AutoOpen>]
module AdaptiveMethods =
    type Optimizer with
        /// <summary>
        /// Adagrad: G ← G + g²; -rate · g / (√G + ε) (Duchi, Hazan &amp; Singer 2011), with ε = 1e-10 and G at first 0 as
        /// PyTorch has them.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The first sum is negative.</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.adagrad 0.1
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.9, 1.9]
        /// </code></example>
        static member adagrad(rate: Schedule, ?initial: float, ?epsilon: float) : Optimizer =
            Given.check "rate" rate
            Optimizer(AdaptiveRules.adagrad rate (defaultArg initial 0.0) (defaultArg epsilon 1e-10))

        /// <summary>
        /// RMSProp: -rate · g / (√(mean of g²) + ε) (Tieleman &amp; Hinton 2012, lecture 6e), with a decay of 0.99 and ε = 1e-8
        /// as PyTorch has them. With a momentum the quotient goes into a velocity; centred, the variance of the
        /// gradients stands in place of their mean square (Graves 2013, eq. 38 to 45).
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The decay or the momentum is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.rmsProp(0.1, decay = 0.75)
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.8, 1.8]
        /// </code></example>
        static member rmsProp
            (rate: Schedule, ?decay: float, ?epsilon: float, ?momentum: float, ?isCentred: bool)
            : Optimizer =
            Given.check "rate" rate

            Optimizer(
                AdaptiveRules.rmsProp
                    rate
                    (defaultArg decay 0.99)
                    (defaultArg epsilon 1e-8)
                    (defaultArg momentum 0.0)
                    (defaultArg isCentred false)
            )

        /// <summary>
        /// Adadelta: -rate · √(mean of changes² + ε) / √(mean of g² + ε) · g (Zeiler 2012, algorithm 1), with a decay of 0.9
        /// and ε = 1e-6 as PyTorch has them. In the paper the rate is 1.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The decay is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.adadelta 1.0
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.9968, 1.9968]
        /// </code></example>
        static member adadelta(rate: Schedule, ?decay: float, ?epsilon: float) : Optimizer =
            Given.check "rate" rate
            Optimizer(AdaptiveRules.adadelta rate (defaultArg decay 0.9) (defaultArg epsilon 1e-6))
