namespace Cotangent

/// What has been made of Adam.
module internal AdamVariantRules =
    let private requireBetas name beta1 beta2 =
        Rule.requireUnit name "beta1" beta1
        Rule.requireUnit name "beta2" beta2

    /// A scalar in Float64, in the dtype of a tensor.
    let private like (t: Tensor) (scalar: Tensor) : Tensor = scalar.Convert t.DType

    let private means = [ Slot.zeros "first"; Slot.zeros "second" ]

    let amsGrad (rate: Schedule) beta1 beta2 (epsilon: float) =
        requireBetas "amsGrad" beta1 beta2

        Rule.make "amsGrad" true rate (means @ [ Slot.zeros "largest" ]) (fun moment ->
            let down = Rate.negate moment.Rate
            let bias1 = AdamStep.unbiased beta1 moment.Step.Value
            let bias2 = sqrt (AdamStep.unbiased beta2 moment.Step.Value)

            fun g _ kept ->
                let first, second = AdamStep.first beta1 kept[0] g, AdamStep.second beta2 kept[1] g
                let largest = maximum kept[2] second
                let direction = first / like g bias1 / (sqrt largest / like g bias2 + epsilon)
                struct (Rate.times down direction, [| first; second; largest |]))

    let adamax (rate: Schedule) beta1 beta2 (epsilon: float) =
        requireBetas "adamax" beta1 beta2

        Rule.make "adamax" true rate [ Slot.zeros "first"; Slot.zeros "largest" ] (fun moment ->
            let down = Rate.negate moment.Rate
            let bias1 = AdamStep.unbiased beta1 moment.Step.Value

            fun g _ kept ->
                let first = AdamStep.first beta1 kept[0] g
                let largest = maximum (kept[1] * beta2) (abs g + epsilon)
                struct (Rate.times down (first / like g bias1 / largest), [| first; largest |]))

    let nAdam (rate: Schedule) beta1 beta2 (epsilon: float) (momentumDecay: float) =
        requireBetas "nAdam" beta1 beta2

        // The product of the momenta so far, of which there is no closed form.
        let product = {
            Name = "product"
            First = fun p -> (Tensor.ones DType.Float64 []).To p.Device
            IsAlike = false
        }

        Rule.make "nAdam" true rate (means @ [ product ]) (fun moment ->
            let down = Rate.negate moment.Rate
            let t = moment.Step.Value.Convert DType.Float64
            let momentum (t: Tensor) = beta1 * (1.0 - 0.5 * exp (t * (momentumDecay * log 0.96)))
            let now, next = momentum t, momentum (t + 1.0)
            let bias2 = sqrt (AdamStep.unbiased beta2 moment.Step.Value)

            fun g _ kept ->
                let first, second = AdamStep.first beta1 kept[0] g, AdamStep.second beta2 kept[1] g
                let product = kept[2] * now
                let ofFirst = like g (next / (1.0 - product * next))
                let ofGradient = like g ((1.0 - now) / (1.0 - product))

                let direction = (first * ofFirst + g * ofGradient) / (sqrt second / like g bias2 + epsilon)

                struct (Rate.times down direction, [| first; second; product |]))

    let rAdam (rate: Schedule) beta1 beta2 (epsilon: float) =
        requireBetas "rAdam" beta1 beta2
        let limit = 2.0 / (1.0 - beta2) - 1.0

        Rule.make "rAdam" true rate means (fun moment ->
            let down = Rate.negate moment.Rate

            let bias1, bias2 =
                AdamStep.unbiased beta1 moment.Step.Value, AdamStep.unbiased beta2 moment.Step.Value
            // The length of the average of squares so far: limit - 2 t β₂ᵗ / (1 - β₂ᵗ).
            let length = limit - 2.0 * moment.Step.Value.Convert DType.Float64 * (1.0 - bias2) / bias2
            let isLong = length.Greater 5.0
            let safe = maximum length (Tensor.fullLike length 5.0)

            let rectification =
                sqrt ((safe - 4.0) * (safe - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * safe))

            fun g _ kept ->
                let first, second = AdamStep.first beta1 kept[0] g, AdamStep.second beta2 kept[1] g
                let mean = first / like g bias1
                let rectified = mean * like g (rectification * sqrt bias2) / (sqrt second + epsilon)
                struct (Rate.times down (where isLong rectified mean), [| first; second |]))

    let lion (rate: Schedule) beta1 beta2 (decay: float) =
        requireBetas "lion" beta1 beta2

        Rule.make "lion" false rate [ Slot.zeros "first" ] (fun moment ->
            let down = Rate.negate moment.Rate

            fun g p kept ->
                let sign = (AdamStep.first beta1 kept[0] g).Sign()
                let direction = if decay = 0.0 then sign else sign + p * decay
                struct (Rate.times down direction, [| AdamStep.first beta2 kept[0] g |]))

/// What has been made of Adam.
[<AutoOpen>]
module AdamVariantMethods =
    type Optimizer with
        /// <summary>
        /// AMSGrad: Adam by the largest mean square so far (Reddi, Kale &amp; Kumar 2018, algorithm 2, with Adam's corrections of
        /// bias, as PyTorch has it).
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.amsGrad 0.1
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.9, 1.9]
        /// </code></example>
        static member amsGrad(rate: Schedule, ?beta1: float, ?beta2: float, ?epsilon: float) : Optimizer =
            Given.check "rate" rate

            Optimizer(
                AdamVariantRules.amsGrad
                    rate
                    (defaultArg beta1 0.9)
                    (defaultArg beta2 0.999)
                    (defaultArg epsilon 1e-8)
            )

        /// <summary>
        /// Adamax: Adam by the largest gradient, which fades, in place of the root of the mean square (Kingma &amp; Ba 2015,
        /// algorithm 2); ε is added to each gradient's size, as in PyTorch.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.adamax 0.1
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.9, 1.9]
        /// </code></example>
        static member adamax(rate: Schedule, ?beta1: float, ?beta2: float, ?epsilon: float) : Optimizer =
            Given.check "rate" rate

            Optimizer(
                AdamVariantRules.adamax
                    rate
                    (defaultArg beta1 0.9)
                    (defaultArg beta2 0.999)
                    (defaultArg epsilon 1e-8)
            )

        /// <summary>
        /// NAdam: Adam with Nesterov's look-ahead, its momentum β₁ (1 - ½ · 0.96^(t · momentumDecay)) (Dozat 2016), with a
        /// momentum decay of 0.004 as PyTorch has it.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.nAdam 0.1
        /// let next, state = Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x
        /// next // [0.8944, 1.8944]
        /// </code></example>
        static member nAdam
            (rate: Schedule, ?beta1: float, ?beta2: float, ?epsilon: float, ?momentumDecay: float)
            : Optimizer =
            Given.check "rate" rate

            Optimizer(
                AdamVariantRules.nAdam
                    rate
                    (defaultArg beta1 0.9)
                    (defaultArg beta2 0.999)
                    (defaultArg epsilon 1e-8)
                    (defaultArg momentumDecay 0.004)
            )

        /// <summary>
        /// RAdam: Adam whose adaptive rate is rectified while its average is short, and left out while that is shorter than 5
        /// (Liu et al. 2020, algorithm 2; the bound is PyTorch's, the paper has 4).
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.rAdam 0.1
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.8, 1.6]
        /// </code></example>
        static member rAdam(rate: Schedule, ?beta1: float, ?beta2: float, ?epsilon: float) : Optimizer =
            Given.check "rate" rate

            Optimizer(
                AdamVariantRules.rAdam
                    rate
                    (defaultArg beta1 0.9)
                    (defaultArg beta2 0.999)
                    (defaultArg epsilon 1e-8)
            )

        /// <summary>
        /// Lion: steps of one size against the sign of a mean: -rate · (sign (β₁ m + (1 - β₁) g) + decay · parameter); then
        /// m ← β₂ m + (1 - β₂) g (Chen et al. 2023, algorithm 2), with β = (0.9, 0.99) and no decay. The paper takes a rate
        /// three to ten times smaller than Adam's.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; -2.0 ]
        /// let optimizer = Optimizer.lion 0.1
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.9, -1.9]
        /// </code></example>
        static member lion(rate: Schedule, ?beta1: float, ?beta2: float, ?decay: float) : Optimizer =
            Given.check "rate" rate

            Optimizer(
                AdamVariantRules.lion
                    rate
                    (defaultArg beta1 0.9)
                    (defaultArg beta2 0.99)
                    (defaultArg decay 0.0)
            )
