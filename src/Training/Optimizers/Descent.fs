namespace Cotangent

/// Descent and its momenta.
module internal DescentRules =
    let scale (factor: Schedule) =
        Rule.make "scale" false factor [] (fun moment g _ _ -> struct (Rate.times moment.Rate g, [||]))

    let sgd (rate: Schedule) =
        Rule.make "sgd" false rate [] (fun moment g _ _ ->
            struct (Rate.times (Rate.negate moment.Rate) g, [||]))

    let momentum (rate: Schedule) (momentum: float) (nesterov: bool) =
        Rule.requireUnit "momentum" "momentum" momentum

        Rule.make "momentum" false rate [ Slot.zeros "velocity" ] (fun moment ->
            let down = Rate.negate moment.Rate

            fun g _ kept ->
                let velocity = kept[0] * momentum + g
                let direction = if nesterov then g + velocity * momentum else velocity
                struct (Rate.times down direction, [| velocity |]))

    let create
        (name: string)
        (slots: string list)
        (rule: Tensor -> Tensor -> Tensor -> Tensor list -> Tensor * Tensor list)
        =
        if List.distinct slots <> slots then
            let names = System.String.Join(", ", slots)
            raise (ValueException $"Optimizer.create: the slots {names} of {name} must have different names.")

        Rule.make name true (Schedule.constant 1.0) (slots |> List.map Slot.zeros) (fun moment g p kept ->
            let change, next = rule (moment.Step.Value - 1) g p (List.ofArray kept)

            if next.Length <> kept.Length then
                raise (
                    ValueException
                        $"Optimizer.create: the rule of {name} returned {next.Length} tensors to keep where there are {kept.Length} slots. Return one for each, in their order."
                )

            if not (Shape.equal change.Dims g.Dims) then
                raise (
                    ShapeException
                        $"Optimizer.create: the rule of {name} returned a change of shape {Shape.show change.Dims} for a gradient of shape {Shape.show g.Dims}; the two must be equal."
                )

            struct (change, Array.ofList next))

/// Descent and its momenta, and optimisers of one's own.
[<AutoOpen>]
module DescentMethods =
    type Optimizer with
        /// <summary>Every number times a factor, a number or a schedule. Does not turn the sign around.</summary>
        /// <example><code>
        /// let x = tensor [ 5.0 ]
        /// let double = Optimizer.scale 2.0
        /// fst (double.Update (tensor [ 1.0 ]) (double.Init x) x) // [2]
        /// </code></example>
        static member scale(factor: Schedule) : Optimizer =
            Given.check "factor" factor
            Optimizer(DescentRules.scale factor)

        /// <summary>Stochastic gradient descent: -rate · g. After other transformations in a chain it is the step down.</summary>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.sgd 0.1
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.8, 1.6]
        /// </code></example>
        static member sgd(rate: Schedule) : Optimizer =
            Given.check "rate" rate
            Optimizer(DescentRules.sgd rate)

        /// <summary>
        /// Descent with a heavy ball: v ← momentum · v + g; -rate · v, or with Nesterov's look-ahead -rate (g + momentum
        /// v) (Sutskever et al. 2013, in PyTorch's form). The momentum is 0.9 by default.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The momentum is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 1.0; 2.0 ]
        /// let optimizer = Optimizer.momentum(0.1, 0.9, nesterov = true)
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.62, 1.24]
        /// </code></example>
        static member momentum(rate: Schedule, ?momentum: float, ?nesterov: bool) : Optimizer =
            Given.check "rate" rate
            Optimizer(DescentRules.momentum rate (defaultArg momentum 0.9) (defaultArg nesterov false))

        /// <summary>
        /// An optimiser of one's own that treats each tensor of the parameters by itself: its name; the names of what it
        /// keeps of each, zeros at first; and a rule: from the step (an Int32 scalar, 0 at the first), gradient,
        /// parameter and what is kept to the change and what is kept next. Tensors of 16 bits come as Float32.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">Two slots have one name, or the rule returns more or fewer.</exception>
        /// <exception cref="T:Cotangent.ShapeException">The change has another shape than the gradient.</exception>
        /// <example><code>
        /// // Steps against the sign of a running mean.
        /// let signed (rate: float) =
        ///     Optimizer.create "signed" [ "mean" ] (fun _ g _ kept ->
        ///         let mean = 0.9 * kept.Head + 0.1 * g
        ///         -rate * mean.Sign(), [ mean ])
        ///
        /// let x = tensor [ 1.0; 2.0 ]
        /// fst (Optimizer.step (signed 0.5) (2.0 * x) ((signed 0.5).Init x) x) // [0.5, 1.5]
        /// </code></example>
        static member create
            (name: string)
            (slots: string list)
            (rule: Tensor -> Tensor -> Tensor -> Tensor list -> Tensor * Tensor list)
            : Optimizer =
            Given.check "name" name
            Given.check "slots" slots
            Given.check "rule" rule
            Optimizer(DescentRules.create name slots rule)
