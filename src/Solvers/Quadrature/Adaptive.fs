namespace Cotangent.Solvers

open Cotangent

/// The intervals of an integral so far, in rows; those that are not used yet are in the middle, without width.
type internal Intervals = { Low: Tensor; High: Tensor; Integrals: Tensor; Errors: Tensor; Used: Tensor }

module internal Adaptive =
    let private rule (options: QuadratureOptions) =
        match options.Rule with
        | KronrodRule.Nodes15 -> Rule.kronrod15
        | KronrodRule.Nodes21 -> Rule.kronrod21

    let private unit (n: int) (at: Tensor) (like: Tensor) : Tensor =
        ((Tensor.arange DType.Int32 n).Equal at).Convert like.DType

    let private total (s: Intervals) = s.Integrals.Sum 0, s.Errors.Sum 0

    let private isEnough (options: QuadratureOptions) (s: Intervals) =
        let integral, error = total s
        let parts = ((abs s.Integrals).Sum 0).Max()

        let allowed =
            clampMin
                options.AbsoluteTolerance
                (options.RelativeTolerance * (abs integral).Max() + 10.0 * Rounding.of' parts.DType * parts)

        error.Max().LessEqual allowed

    /// The worst interval in two.
    let private split operation options f (s: Intervals) =
        let n = s.Low.Size
        let worst = ((s.Errors.Max 1).ArgMax()).Convert DType.Int32
        let first, second = unit n worst s.Low, unit n s.Used s.Low
        let low, high = sum (first * s.Low), sum (first * s.High)
        let middle = 0.5 * (low + high)

        let integrals, errors =
            Panels.integrate operation (rule options) f (stack 0 [ low; middle ]) (stack 0 [ middle; high ])

        let replace (rows: Tensor) (one: Tensor) (two: Tensor) =
            let shape = if rows.Rank = 1 then [| n |] else [| n; 1 |]
            let isFirst, isSecond = (first.Reshape shape).Greater 0.5, (second.Reshape shape).Greater 0.5
            where isFirst (one.Expand rows.Shape) (where isSecond (two.Expand rows.Shape) rows)

        {
            Low = replace s.Low low middle
            High = replace s.High middle high
            Integrals = replace s.Integrals integrals[0] integrals[1]
            Errors = replace s.Errors errors[0] errors[1]
            Used = s.Used + 1
        }

    let private find operation options (f: Tensor -> Tensor) (low: Tensor, high: Tensor) =
        let n = options.MaximumIntervals

        let integrals, errors =
            Panels.integrate operation (rule options) f (low.Unsqueeze 0) (high.Unsqueeze 0)

        let first = unit n (Counter.of' 0) low
        let middle = 0.5 * (low + high)
        let rows (row: Tensor) = first.Unsqueeze 1 * row

        let start = {
            Low = first * low + (1.0 - first) * middle
            High = first * high + (1.0 - first) * middle
            Integrals = rows integrals
            Errors = rows errors
            Used = Counter.of' 1
        }

        let goesOn s = ((isEnough options s).Not()).And(Counter.isBelow n s.Used)
        Loop.whileHolds operation goesOn (split operation options f) start

    /// As a function of what the integral depends on: its derivatives are those of the sum over the intervals that were found, which
    /// are given as parts of the whole.
    let private attach
        operation
        options
        (f: 'p -> Tensor -> Tensor)
        (q: 'p * (Tensor * Tensor))
        (found: Tensor * Tensor * Tensor)
        : Tensor =
        let pull (q, (_: Tensor, lows: Tensor, highs: Tensor)) (told: Tensor) =
            let weighted (p, (low: Tensor, high: Tensor)) =
                let part (share: Tensor) = low + (high - low) * share
                let lows, highs = part lows, part highs
                let values = f p (Panels.nodes (rule options) lows highs)
                let half = 0.5 * (highs - lows)
                let weights = half.Unsqueeze 1 * Panels.column half (rule options).Weights

                sum (
                    weights.Reshape [| weights.Size; yield! Array.create (values.Rank - 1) 1 |]
                    * values
                    * told
                )

            grad weighted q, (told, Tensor.zerosLike lows, Tensor.zerosLike highs)

        withDerivative (Implicit.pullOf operation pull) (fun (_, (value, _, _)) -> value) (q, found)

    let integrate
        operation
        (options: QuadratureOptions)
        (f: 'p -> Tensor -> Tensor)
        (parameters: 'p)
        (low: Tensor, high: Tensor)
        : Solved<Tensor> =
        if
            not (options.RelativeTolerance >= 0.0 && options.AbsoluteTolerance >= 0.0)
            || options.MaximumIntervals < 1
        then
            raise (
                ValueException
                    $"{operation}: tolerances of {options.RelativeTolerance} and {options.AbsoluteTolerance}, and {options.MaximumIntervals} intervals; the first two must be 0 or above, the last at least 1."
            )

        for end' in [ low; high ] do
            if end'.Rank <> 0 || not (end'.DType = DType.Float64 || end'.DType = DType.Float32) then
                raise (
                    ShapeException
                        $"{operation}: an end of {end'.DType} {Vector.show end'.Shape}; both must be one floating-point number. For many at once, `vmap`."
                )

        let solve (p, (low: Tensor, high: Tensor)) =
            // The shape of the result, by one interval.
            let like =
                Panels.values
                    operation
                    (f p)
                    (Panels.nodes (rule options) (low.Unsqueeze 0) (high.Unsqueeze 0))

            let s = find operation options (f p) (low, high)
            let integral, error = total s
            let part (place: Tensor) = (place - low) / Krylov.safe (high - low)
            integral.Reshape like.Shape[1..], part s.Low, part s.High, error.Max(), s.Used, isEnough options s

        let q = parameters, (low, high)
        let value, lows, highs, error, used, enough = Implicit.constant operation solve q

        {
            Solver = operation
            MaximumSteps = options.MaximumIntervals
            Value = attach operation options f q (value, lows, highs)
            Converged = enough
            Residual = error
            Steps = used
            Evaluations = (2 * used - 1) * (rule options).Nodes.Length
            Bracket = null
        }
