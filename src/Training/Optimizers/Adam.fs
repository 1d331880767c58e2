namespace Cotangent

/// Adam and its relatives.
module internal AdamRules =
    let private slots = [ Slot.zeros "first"; Slot.zeros "second" ]

    let private requireBetas name beta1 beta2 =
        Rule.requireUnit name "beta1" beta1
        Rule.requireUnit name "beta2" beta2

    let scaleByAdam beta1 beta2 epsilon =
        requireBetas "scaleByAdam" beta1 beta2

        Rule.make "scaleByAdam" true (Schedule.constant 1.0) slots (fun moment ->
            let step = AdamStep.make beta1 beta2 epsilon moment.Rate moment.Step.Value

            fun g _ kept ->
                let struct (change, first, second) = step g kept[0] kept[1]
                struct (change, [| first; second |]))

    let adam (rate: Schedule) beta1 beta2 epsilon =
        requireBetas "adam" beta1 beta2

        Rule.make "adam" true rate slots (fun moment ->
            let step = AdamStep.make beta1 beta2 epsilon (Rate.negate moment.Rate) moment.Step.Value

            fun g _ kept ->
                let struct (change, first, second) = step g kept[0] kept[1]
                struct (change, [| first; second |]))

    let adamW (rate: Schedule) (decay: float) beta1 beta2 epsilon (decayed: Selection) =
        requireBetas "adamW" beta1 beta2

        Rule.makeIndexed "adamW" true rate slots (fun moment parameters ->
            let isDecayed = Selection.mask "Optimizer.adamW" decayed parameters
            let down = Rate.negate moment.Rate
            let step = AdamStep.make beta1 beta2 epsilon (Rate.Fixed 1.0) moment.Step.Value

            fun i g p kept ->
                let struct (direction, first, second) = step g kept[0] kept[1]
                let direction = if isDecayed i then direction + p * decay else direction
                struct (Rate.times down direction, [| first; second |]))

/// Adam and its relatives.
[<AutoOpen>]
module AdamMethods =
    type Optimizer with
        /// <summary>
        /// Adam (Kingma &amp; Ba 2015, algorithm 1), by default with β = (0.9, 0.999) and ε = 1e-8, which stands outside the
        /// root.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.adam 0.1
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.9, 1.9]
        /// let cooled = Optimizer.adam(Schedule.cosine 1e-3 0.0 1000, beta2 = 0.99)
        /// </code></example>
        static member adam(rate: Schedule, ?beta1: float, ?beta2: float, ?epsilon: float) : Optimizer =
            Given.check "rate" rate

            Optimizer(
                AdamRules.adam rate (defaultArg beta1 0.9) (defaultArg beta2 0.999) (defaultArg epsilon 1e-8)
            )

        /// <summary>
        /// Adam with decoupled weight decay: -rate · (direction + decay · parameter) (Loshchilov &amp; Hutter 2019, algorithm
        /// 2), by default with a decay of 0.01, β = (0.9, 0.999) and ε = 1e-8. Of all parameters, or of those selected.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.adamW(0.1, decay = 0.5)
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.85, 1.8]
        /// </code></example>
        static member adamW
            (rate: Schedule, ?decay: float, ?beta1: float, ?beta2: float, ?epsilon: float, ?decayed: Selection) : Optimizer =
            Given.check "rate" rate

            Optimizer(
                AdamRules.adamW
                    rate
                    (defaultArg decay 0.01)
                    (defaultArg beta1 0.9)
                    (defaultArg beta2 0.999)
                    (defaultArg epsilon 1e-8)
                    (defaultArg decayed Selection.all)
            )

        /// <summary>
        /// The direction of Adam, neither scaled by a rate nor turned around; the first part of a chain that ends in
        /// <c>sgd</c>.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let direction = Optimizer.scaleByAdam()
        /// fst (direction.Update (tensor [ 3.0; -4.0 ]) (direction.Init x) x) // [1, -1]
        /// </code></example>
        static member scaleByAdam(?beta1: float, ?beta2: float, ?epsilon: float) : Optimizer =
            Optimizer(
                AdamRules.scaleByAdam
                    (defaultArg beta1 0.9)
                    (defaultArg beta2 0.999)
                    (defaultArg epsilon 1e-8)
            )
