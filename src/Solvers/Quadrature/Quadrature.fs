namespace Cotangent.Solvers

open System
open System.Runtime.InteropServices
open Cotangent

/// <summary>A rule of Gauss and Kronrod.</summary>
[<RequireQualifiedAccess>]
type KronrodRule =
    /// 7 and 15 nodes.
    | Nodes15
    /// 10 and 21 nodes: for smoother functions.
    | Nodes21

/// <summary>How an integral is computed.</summary>
type QuadratureOptions = {
    /// The rule of each interval.
    Rule: KronrodRule
    /// The estimate of the error must not exceed this much of the integral's largest number …
    RelativeTolerance: float
    /// … or this, whichever is more.
    AbsoluteTolerance: float
    /// Intervals, at most.
    MaximumIntervals: int
} with

    /// <summary>Options, for C#.</summary>
    static member Create
        (
            [<Optional; DefaultParameterValue(1e-8)>] relativeTolerance: float,
            [<Optional; DefaultParameterValue(1e-10)>] absoluteTolerance: float,
            [<Optional; DefaultParameterValue(50)>] maximumIntervals: int,
            [<Optional>] rule: KronrodRule | null
        ) : QuadratureOptions = {
        Rule =
            match rule with
            | null -> KronrodRule.Nodes21
            | rule -> rule
        RelativeTolerance = relativeTolerance
        AbsoluteTolerance = absoluteTolerance
        MaximumIntervals = maximumIntervals
    }

/// The intervals of an integral so far, in rows; those that are not used yet are in the middle, without width.
type internal Intervals = { Low: Tensor; High: Tensor; Integrals: Tensor; Errors: Tensor; Used: Tensor }

module internal Panels =
    let column (like: Tensor) (values: float[]) : Tensor = (tensor values).Convert like.DType

    /// The nodes of intervals (k,), (k n,).
    let nodes (rule: Rule) (low: Tensor) (high: Tensor) : Tensor =
        let half, middle = 0.5 * (high - low), 0.5 * (high + low)
        (middle.Unsqueeze 1 + half.Unsqueeze 1 * column low rule.Nodes).Reshape [ -1 ]

    /// f at points (n,), of shape (n, …).
    let values operation (f: Tensor -> Tensor) (points: Tensor) : Tensor =
        let y = f points

        if y.Rank < 1 || y.Shape[0] <> points.Size || y.DType <> points.DType then
            raise (
                ShapeException
                    $"{operation}: of {points.Size} points the function makes {y.DType} {Vector.show y.Shape}; it must give a value, or a tensor of them, for each point along axis 0: (n, …), of {points.DType}."
            )

        y

    /// Sums of the values with weights, for each interval: (k, numbers).
    let private weighted (rule: Rule) (weights: float[]) (half: Tensor) (y: Tensor) : Tensor =
        let rows = y.Reshape [ half.Size; rule.Nodes.Length; -1 ]
        half.Unsqueeze 1 * (rows * (column half weights).Unsqueeze 1).Sum 1

    /// Integrals over intervals and QUADPACK's estimates of their errors: (k, numbers).
    let integrate operation (rule: Rule) f (low: Tensor) (high: Tensor) : Tensor * Tensor =
        let y = values operation f (nodes rule low high)
        let half = 0.5 * (high - low)
        let integral = weighted rule rule.Weights half y
        let difference = abs (integral - weighted rule rule.Inner half y)
        let width = Krylov.safe (high - low)
        let average = (integral / width.Unsqueeze 1).Unsqueeze 1
        let rows = y.Reshape [ half.Size; rule.Nodes.Length; -1 ]
        let spread = weighted rule rule.Weights (abs half) (abs (rows - average))
        let ratio = 200.0 * difference / Krylov.safe spread
        let scaled = spread * minimum (Tensor.onesLike ratio) (ratio ** 1.5)
        integral, where ((spread.Equal 0.0).Or(difference.Equal 0.0)) difference scaled

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
        let allowed = clampMin options.AbsoluteTolerance (options.RelativeTolerance * (abs integral).Max())
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
        whileLoop goesOn (split operation options f) start

    /// As a function of what the integral depends on: its derivatives are those of the sum over the intervals that were found, which
    /// are given as parts of the whole.
    let private attach
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

        withDerivative (Derivative.Pull pull) (fun (_, (value, _, _)) -> value) (q, found)

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
        let value, lows, highs, error, used, enough = Implicit.constant solve q

        {
            Value = attach options f q (value, lows, highs)
            Converged = enough
            Residual = error
            Steps = used
            Evaluations = (2 * used - 1) * (rule options).Nodes.Length
        }

/// Where the tanh-sinh rule stands.
type internal Trapezoid = { Sum: Tensor; Value: Tensor; Error: Tensor; Levels: Tensor; Count: Tensor }

module internal TanhSinh =
    /// Beyond this nothing is left of the weights.
    let private furthest = 3.4

    /// At t > 0: the distance from the nearer end, for an interval of length 1, and the weight.
    let private node t =
        let u = Math.PI / 2.0 * sinh t
        let distance = 1.0 / (1.0 + exp (2.0 * u))
        distance, Math.PI / 2.0 * cosh t / (2.0 * cosh u * cosh u)

    /// New nodes of a level, t = k h for odd k; all of them at the first.
    let private level k =
        let h = Math.Pow(2.0, -float k)

        let ts = [|
            for i in 1 .. int (furthest / h) do
                if k = 0 || i % 2 = 1 then float i * h
        |]

        ts |> Array.map node

    let integrate operation (options: SolverOptions) (f: Tensor -> Tensor) (low: Tensor) (high: Tensor) =
        let width = high - low
        let values points = Panels.values operation f points
        let middle = (values ((0.5 * (low + high)).Unsqueeze 0))[0]
        let levels = min 9 options.MaximumSteps

        let added k =
            let nodes = level k

            let distances, weights =
                Panels.column low (Array.map fst nodes), Panels.column low (Array.map snd nodes)

            let y = values (concat 0 [ low + width * distances; high - width * distances ])
            let w = concat 0 [ weights; weights ]
            // What is not finite at an end to which nothing is left to go counts as 0.
            (y * w.Reshape [| w.Size; yield! Array.create (y.Rank - 1) 1 |]).Sum 0, 2 * nodes.Length

        let step k (s: Trapezoid) =
            let more, count = added k
            let sum = s.Sum + more
            let value = Math.Pow(2.0, -float k) * width * sum

            {
                Sum = sum
                Value = value
                Error = stopGradient ((abs (value - s.Value)).Max())
                Levels = s.Levels + 1
                Count = s.Count + count
            }

        let goesOn (s: Trapezoid) =
            s.Error.Greater(options.Tolerance * clampMin 1.0 (stopGradient ((abs s.Value).Max())))

        let start =
            let first = Math.PI / 4.0 * middle

            {
                Sum = first
                Value = width * first
                Error = Tensor.fullLike (stopGradient width) infinity
                Levels = Counter.of' 0
                Count = Counter.of' 1
            }

        let s = Seq.fold (fun s k -> cond (goesOn s) (step k) id s) start [ 0 .. levels - 1 ]

        {
            Value = s.Value
            Converged = (goesOn s).Not()
            Residual = s.Error
            Steps = s.Levels
            Evaluations = s.Count
        }

/// <summary>
/// Integrals of functions of one variable. The function is called with many points at once, (n,), and gives a value for each, or a
/// tensor for each: (n, …); the integral is one number, or such a tensor.
/// </summary>
[<RequireQualifiedAccess>]
module Quadrature =
    /// <summary>21 nodes, a relative tolerance of 1e-8 or an absolute one of 1e-10, and at most 50 intervals.</summary>
    /// <example><code>
    /// let rough = { Quadrature.defaults with RelativeTolerance = 1e-4 }
    /// </code></example>
    let defaults: QuadratureOptions = {
        Rule = KronrodRule.Nodes21
        RelativeTolerance = 1e-8
        AbsoluteTolerance = 1e-10
        MaximumIntervals = 50
    }

    /// <summary>
    /// Rules of Gauss and Kronrod on intervals of which the worst is halved until the estimates of the errors are within the tolerance;
    /// the residual is their sum. Derivatives by parameters and ends are those of the integral itself.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point, or an end is not one number.</exception>
    /// <exception cref="T:Cotangent.ValueException">A tolerance is below 0, or there are no intervals.</exception>
    /// <example><code>
    /// // Of exp (-k x) from 0 to 1, and how it changes with k.
    /// let integral k = (Quadrature.adaptive Quadrature.defaults (fun k x -> exp (-k * x)) k (tensor 0.0, tensor 1.0)).Value
    /// integral (tensor 1.0), grad integral (tensor 1.0) // (0.6321, -0.2642)
    /// </code></example>
    let adaptive
        (options: QuadratureOptions)
        (f: 'p -> Tensor -> Tensor)
        (parameters: 'p)
        (low: Tensor, high: Tensor)
        : Solved<Tensor> =
        Adaptive.integrate "Quadrature.adaptive" options f parameters (low, high)

    /// <summary>The same from a number to infinity: by t/(1 - t).</summary>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point.</exception>
    /// <example><code>
    /// let found = Quadrature.toInfinity Quadrature.defaults (fun () x -> exp -x) () (tensor 0.0)
    /// found.Value // 1
    /// </code></example>
    let toInfinity
        (options: QuadratureOptions)
        (f: 'p -> Tensor -> Tensor)
        (parameters: 'p)
        (low: Tensor)
        : Solved<Tensor> =
        let onUnit (p, low: Tensor) (t: Tensor) =
            let y: Tensor = f p (low + t / (1.0 - t))
            y / (square (1.0 - t)).Reshape [| t.Size; yield! Array.create (y.Rank - 1) 1 |]

        let zero = Tensor.zerosLike (stopGradient low)
        Adaptive.integrate "Quadrature.toInfinity" options onUnit (parameters, low) (zero, zero + 1.0)

    /// <summary>
    /// Gauss's rule of n nodes, exact for polynomials up to degree 2n - 1. A sum, so its derivatives are those of the sum: by all that f
    /// uses.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">n is not 1 to 1000.</exception>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point.</exception>
    /// <example><code>
    /// Quadrature.gaussLegendre 2 (fun x -> x ** 3 + 1.0) (tensor 0.0, tensor 1.0) // 1.25
    /// </code></example>
    let gaussLegendre (n: int) (f: Tensor -> Tensor) (low: Tensor, high: Tensor) : Tensor =
        let operation = "Quadrature.gaussLegendre"

        if n < 1 || n > 1000 then
            raise (ValueException $"{operation}: {n} nodes; ask for 1 to 1000.")

        let rule = Rule.legendre n
        let y = Panels.values operation f (Panels.nodes rule (low.Unsqueeze 0) (high.Unsqueeze 0))
        let weights = (Panels.column low rule.Weights).Reshape [| n; yield! Array.create (y.Rank - 1) 1 |]
        0.5 * (high - low) * (y * weights).Sum 0

    /// <summary>
    /// The tanh-sinh rule of Takahashi and Mori, with nodes that get denser towards the ends until nothing changes: for functions that
    /// are infinite there, as 1/√x is at 0. The tolerance is on the last change, beside the integral where that is above 1; steps are
    /// levels, of which there are at most nine. Derivatives by all that f uses and the ends.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The function does not give a value for each point.</exception>
    /// <example><code>
    /// let found = Quadrature.tanhSinh Root.defaults (fun x -> 1.0 / sqrt x) (tensor 0.0, tensor 1.0)
    /// found.Value // 2
    /// </code></example>
    let tanhSinh (options: SolverOptions) (f: Tensor -> Tensor) (low: Tensor, high: Tensor) : Solved<Tensor> =
        let operation = "Quadrature.tanhSinh"
        SolverOptions.check operation options
        TanhSinh.integrate operation options f low high
