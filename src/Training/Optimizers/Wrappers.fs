namespace Cotangent

/// What surrounds an optimiser: when it moves, from where, and whether at all.
module internal Wrappers =
    /// Tensors of one of two states of one structure, by a Bool.
    let rec private choose (test: Tensor) (onTrue: State) (onFalse: State) : State =
        let pick (a: Tensor) (b: Tensor) = where test a b

        {
            onTrue with
                Counts = onTrue.Counts |> Map.map (fun name a -> pick a onFalse.Counts[name])
                Kept = onTrue.Kept |> Map.map (fun name a -> Array.map2 pick a onFalse.Kept[name])
                Inner = List.map2 (choose test) onTrue.Inner onFalse.Inner
        }

    let private zero (parameters: TrainedParameters) (number: Tensor) =
        if parameters.Values.Length = 0 then number else number.To parameters.Values[0].Device

    let private requireAtLeastOne (optimizer: string) (what: string) (n: int) =
        if n < 1 then
            raise (ValueException $"Optimizer.{optimizer}: {what} is {n}; it must be at least 1.")

    /// Whether all numbers of all tensors are finite, a Bool.
    let allFinite (tensors: Tensor[]) : Tensor =
        let one (t: Tensor) = t.IsFinite().All()

        if tensors.Length = 0 then
            tensor true
        else
            tensors |> Array.map one |> Array.reduce (fun a b -> a.And b)

    let skipNonFinite (inner: Transformation) =
        let name = $"skipNonFinite({inner.Name})"

        {
            Name = name
            Start =
                fun parameters -> {
                    State.containing name [ inner.Start parameters ] with
                        Counts = Map.ofList [ "skipped", zero parameters (Tensor.own [||] [| 0 |]) ]
                }
            Move =
                fun gradients state parameters ->
                    let isFinite = allFinite gradients
                    // NaN × 0 is NaN: what is skipped is not computed with.
                    let safe = gradients |> Array.map (fun g -> where isFinite g (Tensor.zerosLike g))
                    let changes, next = inner.Move safe state.Inner.Head parameters

                    changes |> Array.map (fun c -> where isFinite c (Tensor.zerosLike c)),
                    {
                        state with
                            Counts =
                                state.Counts |> Map.map (fun _ n -> n + isFinite.Not().Convert DType.Int32)
                            Inner = [ choose isFinite next state.Inner.Head ]
                    }
        }

    let accumulate (steps: int) (inner: Transformation) =
        requireAtLeastOne "accumulate" "the number of steps" steps
        let name = $"accumulate({inner.Name})"

        {
            Name = name
            Start =
                fun parameters -> {
                    State.counting name parameters with
                        Kept = Map.ofList [ "mean", Array.map Wide.zeros parameters.Values ]
                        Inner = [ inner.Start parameters ]
                }
            Move =
                fun gradients state parameters ->
                    let count = State.count state + 1
                    let isDue = (count % steps).Equal 0

                    let means =
                        Array.map2
                            (fun (mean: Tensor) g -> mean + Wide.widen g / float steps)
                            (State.kept "mean" state)
                            gradients

                    let whole =
                        Array.map2 (fun (g: Tensor) (mean: Tensor) -> mean.Convert g.DType) gradients means

                    // Inside of a program one of the two runs.
                    let changes, next =
                        cond
                            isDue
                            (fun (whole, inner') -> inner.Move whole inner' parameters)
                            (fun (whole, inner') -> Array.map Tensor.zerosLike whole, inner')
                            (whole, state.Inner.Head)

                    changes,
                    {
                        state with
                            Counts = Map.ofList [ "step", count ]
                            Kept =
                                Map.ofList [
                                    "mean", means |> Array.map (fun m -> where isDue (Tensor.zerosLike m) m)
                                ]
                            Inner = [ next ]
                    }
        }

    let lookAhead (period: int) (pull: float) (inner: Transformation) =
        requireAtLeastOne "lookAhead" "the period" period

        if not (pull > 0.0 && pull <= 1.0) then
            raise (ValueException $"Optimizer.lookAhead: pull is {string pull}; it must be in (0, 1].")

        let name = $"lookAhead({inner.Name})"

        {
            Name = name
            Start =
                fun parameters -> {
                    State.counting name parameters with
                        // Copies: a state is given away apart from its parameters.
                        Kept =
                            Map.ofList [ "slow", parameters.Values |> Array.map (fun p -> Wide.widen p + 0) ]
                        Inner = [ inner.Start parameters ]
                }
            Move =
                fun gradients state parameters ->
                    let count = State.count state + 1
                    let isDue = (count % period).Equal 0
                    let changes, next = inner.Move gradients state.Inner.Head parameters

                    let one (slow: Tensor) (p: Tensor) (change: Tensor) =
                        let p, change = Wide.widen p, Wide.widen change
                        let pulled = slow + (p + change - slow) * pull
                        struct (where isDue (pulled - p) change, where isDue pulled slow)

                    let moved = Array.map3 one (State.kept "slow" state) parameters.Values changes

                    Array.map2
                        (fun (struct (change: Tensor, _)) (p: Tensor) -> change.Convert p.DType)
                        moved
                        parameters.Values,
                    {
                        state with
                            Counts = Map.ofList [ "step", count ]
                            Kept = Map.ofList [ "slow", moved |> Array.map (fun (struct (_, slow)) -> slow) ]
                            Inner = [ next ]
                    }
        }

    let adjustable (inner: Transformation) =
        let name = $"adjustable({inner.Name})"

        {
            Name = name
            Start =
                fun parameters -> {
                    State.containing name [ inner.Start parameters ] with
                        Counts = Map.ofList [ "factor", zero parameters (Tensor.own [||] [| 1.0 |]) ]
                }
            Move =
                fun gradients state parameters ->
                    let factor = state.Counts["factor"]
                    let changes, next = inner.Move gradients state.Inner.Head parameters
                    let scaled = changes |> Array.map (Wide.within (fun c -> c * factor.Convert c.DType))
                    scaled, { state with Inner = [ next ] }
        }

    let rec adjust (factor: Tensor) (state: OptimizerState<'p>) : OptimizerState<'p> = {
        state with
            Numbers =
                state.Numbers |> Map.map (fun name n -> if name = "factor" then factor.Convert n.DType else n)
            Parts = state.Parts |> List.map (adjust factor)
    }

/// What surrounds an optimiser.
[<AutoOpen>]
module WrapperMethods =
    type Optimizer with
        /// <summary>
        /// Leaves parameters and state as they are in a step whose gradient has an infinity or a NaN, and counts such steps
        /// under the name <c>skipped</c>.
        /// </summary>
        /// <example><code>
        /// let x = tensor [ 1.0 ]
        /// let optimizer = Optimizer.skipNonFinite (Optimizer.adam 0.1)
        /// let next, state = Optimizer.step optimizer (tensor [ nan ]) (optimizer.Init x) x
        /// next, state.Numbers["skipped"] // ([1], 1)
        /// </code></example>
        static member skipNonFinite(optimizer: Optimizer) : Optimizer =
            Given.check "optimizer" optimizer
            Optimizer(Wrappers.skipNonFinite optimizer.Transformation)

        /// <summary>
        /// Gathers the gradients of so many steps, micro-batches of one size, and gives their mean to the optimiser in the last
        /// of them; the parameters stay until then. For micro-batches of unequal size see <c>GradientSum</c>.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">There is no step.</exception>
        /// <example><code>
        /// let x = tensor [ 1.0 ]
        /// let optimizer = Optimizer.accumulate 2 (Optimizer.sgd 0.1)
        /// let first, state = Optimizer.step optimizer (tensor [ 2.0 ]) (optimizer.Init x) x
        /// let second, _ = Optimizer.step optimizer (tensor [ 4.0 ]) state first
        /// first, second // ([1], [0.7])
        /// </code></example>
        static member accumulate (steps: int) (optimizer: Optimizer) : Optimizer =
            Given.check "optimizer" optimizer
            Optimizer(Wrappers.accumulate steps optimizer.Transformation)

        /// <summary>
        /// Look-ahead (Zhang et al. 2019, algorithm 1): every so many steps of the optimiser, slow parameters move by a share of
        /// the way to the fast ones, which go on from there. By default every 5 steps by 0.5.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The period is below 1, or the share outside (0, 1].</exception>
        /// <example><code>
        /// let x = tensor [ 1.0 ]
        /// let optimizer = Optimizer.lookAhead(Optimizer.sgd 0.1, period = 1)
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.9]
        /// </code></example>
        static member lookAhead(optimizer: Optimizer, ?period: int, ?pull: float) : Optimizer =
            Given.check "optimizer" optimizer
            Optimizer(Wrappers.lookAhead (defaultArg period 5) (defaultArg pull 0.5) optimizer.Transformation)

        /// <summary>
        /// The optimiser with a factor on its changes that is part of its state, 1 at first: <c>Optimizer.adjust</c> sets it, as
        /// <c>Plateau</c> says, without compiling a step anew.
        /// </summary>
        /// <example><code>
        /// let x = tensor [ 1.0 ]
        /// let optimizer = Optimizer.adjustable (Optimizer.sgd 0.1)
        /// let state = optimizer.Init x |> Optimizer.adjust (tensor 0.5)
        /// fst (Optimizer.step optimizer (2.0 * x) state x) // [0.9]
        /// </code></example>
        static member adjustable(optimizer: Optimizer) : Optimizer =
            Given.check "optimizer" optimizer
            Optimizer(Wrappers.adjustable optimizer.Transformation)

        /// <summary>The state with another factor on the changes of each <c>adjustable</c> optimiser in it.</summary>
        /// <exception cref="T:Cotangent.ShapeException">The factor is no scalar.</exception>
        /// <example><code>
        /// let x = tensor [ 1.0 ]
        /// let optimizer = Optimizer.adjustable (Optimizer.sgd 0.1)
        /// let state = optimizer.Init x |> Optimizer.adjust (tensor 0.1)
        /// fst (Optimizer.step optimizer (2.0 * x) state x) // [0.98]
        /// </code></example>
        static member adjust (factor: Tensor) (state: OptimizerState<'p>) : OptimizerState<'p> =
            Given.check "factor" factor
            Given.check "state" state

            if factor.Rank > 0 then
                raise (
                    ShapeException
                        $"Optimizer.adjust: the factor has shape {Shape.show factor.Dims}; it must be a scalar, of shape (). Index or reshape it."
                )

            Wrappers.adjust factor state
