namespace Cotangent

/// Steps measured by the size of each tensor: large batches, matrices, memory.
module internal LayerWiseRules =
    let private norm (t: Tensor) : Tensor = Folds.euclidean t (Shape.allAxes t.Rank)

    /// A quotient of norms, and 1 where one of them is 0.
    let private ratio (above: Tensor) (below: Tensor) : Tensor =
        let isThere = (above.Greater 0.0).And(below.Greater 0.0)
        where isThere (above / where isThere below (Tensor.onesLike below)) (Tensor.onesLike above)

    let lamb (rate: Schedule) beta1 beta2 epsilon (decay: float) =
        Rule.requireUnit "lamb" "beta1" beta1
        Rule.requireUnit "lamb" "beta2" beta2

        Rule.make "lamb" true rate [ Slot.zeros "first"; Slot.zeros "second" ] (fun moment ->
            let down = Rate.negate moment.Rate
            let step = AdamStep.make beta1 beta2 epsilon (Rate.Fixed 1.0) moment.Step.Value

            fun g p kept ->
                let struct (direction, first, second) = step g kept[0] kept[1]
                let direction = direction + p * decay
                let trust = (ratio (norm p) (norm direction)).Convert g.DType
                struct (Rate.times down (direction * trust), [| first; second |]))

    let lars (rate: Schedule) (momentum: float) (decay: float) (trust: float) =
        Rule.requireUnit "lars" "momentum" momentum
        Rule.requirePositive "lars" "trust" trust

        Rule.make "lars" false rate [ Slot.zeros "velocity" ] (fun moment ->
            fun g p kept ->
                let size, slope = norm p, norm g
                let isThere = (size.Greater 0.0).And(slope.Greater 0.0)
                let safe = where isThere (slope + size * decay) (Tensor.onesLike slope)
                let local = where isThere (size * trust / safe) (Tensor.onesLike size)

                let velocity =
                    kept[0] * momentum + Rate.times moment.Rate ((g + p * decay) * local.Convert g.DType)

                struct (-velocity, [| velocity |]))

    /// The largest of a number and the root of the mean square of a tensor, in Float64.
    let private rootMeanSquare (t: Tensor) : Tensor = norm t / sqrt (float (max 1 t.Size))

    /// Slots of Adafactor: of a matrix the mean squares of its rows and columns, of all else the squares.
    let private factors =
        let squares (p: Tensor) keep =
            let dims = Array.mapi (fun axis n -> if axis = keep then 1 else n) p.Dims
            (Tensor.zeros (Wide.widen p).DType (List.ofArray dims)).To p.Device

        let none (p: Tensor) = (Tensor.zeros (Wide.widen p).DType []).To p.Device

        [
            {
                Name = "rows"
                First = (fun p -> squares p (if p.Rank > 1 then p.Rank - 1 else -1))
                IsAlike = false
            }
            {
                Name = "columns"
                First = (fun p -> if p.Rank > 1 then squares p (p.Rank - 2) else none p)
                IsAlike = false
            }
        ]

    let adafactor
        (rate: Schedule)
        (decayExponent: float)
        (epsilon1: float)
        (epsilon2: float)
        (clip: float)
        (decay: float)
        =
        Rule.requirePositive "adafactor" "clip" clip

        Rule.make "adafactor" true rate factors (fun moment ->
            let t = moment.Step.Value.Convert DType.Float64
            // 1 - β₂, which is 1 at the first step.
            let share = exp (log t * -decayExponent)
            let relative = Rate.times moment.Rate (Tensor.onesLike t)

            fun g p kept ->
                let square = g * g + epsilon1
                let blend (old: Tensor) (now: Tensor) = old + (now - old) * share.Convert old.DType

                let struct (variance, next) =
                    if g.Rank > 1 then
                        let rows = blend kept[0] (square.Mean([ g.Rank - 1 ], true))
                        let columns = blend kept[1] (square.Mean([ g.Rank - 2 ], true))
                        struct (rows / rows.Mean([ g.Rank - 2 ], true) * columns, [| rows; columns |])
                    else
                        let squares = blend kept[0] square
                        struct (squares, [| squares; kept[1] |])

                let direction = g / sqrt variance
                let excess = rootMeanSquare direction / clip
                let shortened = direction / (maximum excess (Tensor.onesLike excess)).Convert g.DType
                let size = rootMeanSquare p
                let scale = relative * maximum size (Tensor.fullLike size epsilon2)
                let change = shortened * -(scale.Convert g.DType)
                let change = if decay = 0.0 then change else change - Rate.times moment.Rate (p * decay)
                struct (change, next))

/// Steps measured by the size of each tensor.
[<AutoOpen>]
module LayerWiseMethods =
    type Optimizer with
        /// <summary>
        /// LAMB: Adam's direction and a share of the parameters, scaled so that its norm is that of the parameters (You et al.
        /// 2020, algorithm 2), by default with β = (0.9, 0.999), ε = 1e-6 and a decay of 0.01. Where either norm is 0 it stays
        /// unscaled.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">A beta is outside [0, 1).</exception>
        /// <example><code>
        /// let x = tensor [ 3.0; 4.0 ]
        /// let optimizer = Optimizer.lamb(0.1, decay = 0.0)
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [2.6464, 3.6464]
        /// </code></example>
        static member lamb
            (rate: Schedule, ?beta1: float, ?beta2: float, ?epsilon: float, ?decay: float)
            : Optimizer =
            Given.check "rate" rate

            Optimizer(
                LayerWiseRules.lamb
                    rate
                    (defaultArg beta1 0.9)
                    (defaultArg beta2 0.999)
                    (defaultArg epsilon 1e-6)
                    (defaultArg decay 0.01)
            )

        /// <summary>
        /// LARS: descent with momentum whose rate is, for each tensor, trust · ‖p‖ / (‖g‖ + decay · ‖p‖) times the given one (You,
        /// Gitman &amp; Ginsburg 2017, algorithm 1), by default with a momentum of 0.9, a decay of 0.0005 and a trust of 0.001.
        /// Where either norm is 0 the rate is the given one.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The momentum is outside [0, 1), or the trust not positive.</exception>
        /// <example><code>
        /// let x = tensor [ 3.0; 4.0 ]
        /// let optimizer = Optimizer.lars(1.0, decay = 0.0, trust = 0.1)
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [2.7, 3.6]
        /// </code></example>
        static member lars(rate: Schedule, ?momentum: float, ?decay: float, ?trust: float) : Optimizer =
            Given.check "rate" rate

            Optimizer(
                LayerWiseRules.lars
                    rate
                    (defaultArg momentum 0.9)
                    (defaultArg decay 0.0005)
                    (defaultArg trust 0.001)
            )

        /// <summary>
        /// Adafactor (Shazeer &amp; Stern 2018, algorithms 4 and 5): of each matrix (the last two axes) it keeps the mean squares
        /// of the rows' and columns' gradients alone; steps are relative to the parameters' root mean square. By default
        /// β₂ = 1 - t^-0.8, ε = (1e-30, 1e-3), directions are shortened to a root mean square of 1, no decay. The paper's rate
        /// is min (1e-2, 1/√t).
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The bound of the directions is not positive.</exception>
        /// <example><code>
        /// let x = tensor [ [ 3.0; 3.0 ]; [ 3.0; 3.0 ] ]
        /// let optimizer = Optimizer.adafactor 0.1
        /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [[2.7, 2.7], [2.7, 2.7]]
        /// </code></example>
        static member adafactor
            (
                rate: Schedule,
                ?decayExponent: float,
                ?epsilon1: float,
                ?epsilon2: float,
                ?clip: float,
                ?decay: float
            ) : Optimizer =
            Given.check "rate" rate

            Optimizer(
                LayerWiseRules.adafactor
                    rate
                    (defaultArg decayExponent 0.8)
                    (defaultArg epsilon1 1e-30)
                    (defaultArg epsilon2 1e-3)
                    (defaultArg clip 1.0)
                    (defaultArg decay 0.0)
            )
