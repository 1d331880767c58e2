namespace Cotangent

open System

/// <summary>
/// A learning rate, or any other number, by the step. A plain number, where a schedule is asked for, is a constant one.
/// Those of <c>Schedule</c> compute in Float64; an optimiser converts to the dtype of each parameter.
/// </summary>
/// <example><code>
/// let optimizer = Optimizer.adam (Schedule.warmUp 100 (Schedule.cosine 1e-3 0.0 1000))
/// let constant = Optimizer.adam 1e-3
/// </code></example>
[<Sealed>]
type Schedule internal (rule: Tensor -> Tensor, constant: float voption) =
    /// A rate that is no number spoils all parameters at the first step.
    static member internal RequireFinite(schedule: string, name: string, value: float) =
        if not (Double.IsFinite value) then
            raise (
                ValueException
                    $"Schedule.{schedule}: the {name} is {string value}; a finite number is wanted."
            )

    /// The number, where it is the same at every step.
    member internal _.Constant = constant

    /// <summary>The value at a step, an Int32 scalar that is 0 for the first: a Float64 scalar.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The value is no scalar.</exception>
    /// <example><code>
    /// (Schedule.linear 1.0 0.0 10).At(tensor 5) // 0.5
    /// </code></example>
    member _.At(step: Tensor) : Tensor =
        Given.check "step" step
        let value = rule step

        if value.Rank > 0 then
            raise (
                ShapeException
                    $"Schedule: the value at a step has shape {Shape.show value.Dims}; it must be a scalar, of shape (). Index or reshape it."
            )

        value.Convert DType.Float64

    /// <summary>The value at a step, 0 for the first: a Float64 scalar.</summary>
    /// <exception cref="T:Cotangent.ShapeException">The value is no scalar.</exception>
    /// <example><code>
    /// (Schedule.linear 1.0 0.0 10).At 5 // 0.5
    /// </code></example>
    member schedule.At(step: int) : Tensor = schedule.At(Tensor.own [||] [| step |])

    /// <summary>The same value at every step.</summary>
    /// <exception cref="T:Cotangent.ValueException">It is NaN or infinite.</exception>
    /// <example><code>
    /// (Schedule.op_Implicit 0.1).At 7 // 0.1
    /// </code></example>
    static member op_Implicit(value: float) : Schedule =
        Schedule.RequireFinite("constant", "value", value)
        let at (step: Tensor) = Bind.full (Literal.Real value) DType.Float64 [||] step.Device
        Schedule(at, ValueSome value)

/// Schedules of the field.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Schedule =
    let private requireSteps (schedule: string) (steps: int) =
        if steps < 1 then
            raise (ValueException $"Schedule.{schedule}: {steps} steps; at least 1 is needed.")

    let private requireFinite (schedule: string) (numbers: (string * float) list) =
        for name, value in numbers do
            Schedule.RequireFinite(schedule, name, value)

    let private ofRule rule = Schedule(rule, ValueNone)

    /// How far a step is on the way, from 0 to 1.
    let private progress (steps: int) (step: Tensor) =
        clamp 0.0 1.0 (step.Convert DType.Float64 / float steps)

    /// <summary>
    /// Any function from an Int32 scalar, 0 for the first step, to a floating-point scalar. Under <c>compile</c> the step
    /// can't be read: <c>where</c> chooses.
    /// </summary>
    /// <example><code>
    /// let steps = Schedule.ofFunction (fun step -> where (step.Less 100.0) (tensor 0.1f) (tensor 0.01f))
    /// steps.At 100 // 0.01
    /// </code></example>
    let ofFunction (f: Tensor -> Tensor) : Schedule =
        Given.check "f" f
        ofRule f

    /// <summary>The same value at every step.</summary>
    /// <example><code>
    /// (Schedule.constant 0.1).At 7 // 0.1
    /// </code></example>
    let constant (value: float) : Schedule = Schedule.op_Implicit value

    /// <summary>From one value to another in a straight line over the given steps, and there ever after.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step, or a number is not finite.</exception>
    /// <example><code>
    /// (Schedule.linear 1.0 0.0 10).At 5 // 0.5
    /// </code></example>
    let linear (first: float) (last: float) (steps: int) : Schedule =
        requireSteps "linear" steps
        requireFinite "linear" [ "first", first; "last", last ]
        ofRule (fun step -> first + progress steps step * (last - first))

    /// <summary>
    /// From one value to another along half a cosine over the given steps, and there ever after (Loshchilov &amp; Hutter
    /// 2017, eq. 5).
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step, or a number is not finite.</exception>
    /// <example><code>
    /// (Schedule.cosine 1.0 0.0 10).At 5 // 0.5
    /// </code></example>
    let cosine (first: float) (last: float) (steps: int) : Schedule =
        requireSteps "cosine" steps
        requireFinite "cosine" [ "first", first; "last", last ]

        ofRule (fun step ->
            let half = 0.5 * (1.0 + cos (progress steps step * Math.PI))
            last + half * (first - last))

    /// <summary>value · rate^(step / steps): falls by the rate over the given steps, smoothly.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step, or a number is not finite.</exception>
    /// <example><code>
    /// (Schedule.exponential 1.0 0.5 10).At 20 // 0.25
    /// </code></example>
    let exponential (value: float) (rate: float) (steps: int) : Schedule =
        requireSteps "exponential" steps
        requireFinite "exponential" [ "value", value; "rate", rate ]
        ofRule (fun step -> value * exp (step.Convert DType.Float64 * (log rate / float steps)))

    /// <summary>
    /// Rises linearly from 0 over the given steps (at the first step it is already one part of them), then follows another
    /// schedule, whose steps count from there.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step, or a number is not finite.</exception>
    /// <example><code>
    /// let schedule = Schedule.warmUp 10 (Schedule.constant 1.0)
    /// schedule.At 4, schedule.At 50 // (0.5, 1)
    /// </code></example>
    let warmUp (steps: int) (schedule: Schedule) : Schedule =
        Given.check "schedule" schedule
        requireSteps "warmUp" steps

        ofRule (fun step ->
            let after = maximum (step - steps) (Tensor.zerosLike step)
            progress steps (step + 1) * schedule.At after)

    /// <summary>value · factor^⌊step / steps⌋: falls at once by the factor every so many steps.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step, or a number is not finite.</exception>
    /// <example><code>
    /// let schedule = Schedule.step 1.0 0.5 10
    /// schedule.At 9, schedule.At 10, schedule.At 25 // (1, 0.5, 0.25)
    /// </code></example>
    let step (value: float) (factor: float) (steps: int) : Schedule =
        requireSteps "step" steps
        requireFinite "step" [ "value", value; "factor", factor ]
        ofRule (fun step -> value * exp (floor (step.Convert DType.Float64 / float steps) * log factor))

    /// <summary>
    /// From one value to another as a power of what is left of the way, and there ever after: last + (first - last) (1 -
    /// step / steps)^power.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step, or a number is not finite.</exception>
    /// <example><code>
    /// (Schedule.polynomial 1.0 0.0 2.0 10).At 5 // 0.25
    /// </code></example>
    let polynomial (first: float) (last: float) (power: float) (steps: int) : Schedule =
        requireSteps "polynomial" steps
        requireFinite "polynomial" [ "first", first; "last", last; "power", power ]
        ofRule (fun step -> last + (1.0 - progress steps step) ** power * (first - last))

    /// <summary>
    /// Half a cosine from one value to another again and again, each time a whole number of times as long as before
    /// (Loshchilov &amp; Hutter 2017, eq. 5: warm restarts).
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step, the stretch is below 1, or a number is not finite.</exception>
    /// <example><code>
    /// let schedule = Schedule.cosineRestarts 1.0 0.0 10 2
    /// schedule.At 5, schedule.At 10, schedule.At 20 // (0.5, 1, 0.5)
    /// </code></example>
    let cosineRestarts (first: float) (last: float) (steps: int) (stretch: int) : Schedule =
        requireSteps "cosineRestarts" steps
        requireFinite "cosineRestarts" [ "first", first; "last", last ]

        if stretch < 1 then
            raise (
                ValueException $"Schedule.cosineRestarts: the stretch is {stretch}; it must be at least 1."
            )

        let share: Tensor -> Tensor =
            if stretch = 1 then
                (fun (step: Tensor) -> step.Convert DType.Float64 % float steps / float steps)
            else
                // Where each round begins, as far as an Int32 counts: some thirty numbers, since rounds grow.
                let beginnings =
                    (0L, int64 steps)
                    |> Array.unfold (fun (at, length) ->
                        if at > int64 Int32.MaxValue then
                            None
                        else
                            Some(float at, (at + length, length * int64 stretch)))

                fun step ->
                    let at = step.Convert DType.Float64
                    let starts = (tensor beginnings).To at.Device
                    let isPast = starts.LessEqual at
                    let start = (where isPast starts (Tensor.zerosLike starts)).Max()
                    let round = (isPast.Convert DType.Float64).Sum() - 1.0
                    let length = floor (exp (round * log (float stretch)) + 0.5) * float steps
                    (at - start) / length

        ofRule (fun step -> last + 0.5 * (1.0 + cos (share step * Math.PI)) * (first - last))

    /// <summary>
    /// One cycle over the given steps (Smith &amp; Topin 2018, in PyTorch's form): along half a cosine from peak / 25 to the
    /// peak in the first 0.3 of them, and along another to peak / 250,000 in the last.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There are fewer than 7 steps, or the peak is not finite.</exception>
    /// <example><code>
    /// let schedule = Schedule.oneCycle 1.0 100
    /// schedule.At 0, schedule.At 29, schedule.At 99 // (0.04, 1, 4e-06)
    /// </code></example>
    let oneCycle (peak: float) (steps: int) : Schedule =
        requireFinite "oneCycle" [ "peak", peak ]

        if steps < 7 then
            raise (
                ValueException $"Schedule.oneCycle: {steps} steps; at least 7 are needed, of which two rise."
            )

        let top = 0.3 * float steps - 1.0

        ofRule (fun step ->
            let at =
                minimum
                    (step.Convert DType.Float64)
                    (Tensor.fullLike (step.Convert DType.Float64) (float (steps - 1)))

            let between (first: float) (last: float) (share: Tensor) =
                last + 0.5 * (1.0 + cos (share * Math.PI)) * (first - last)

            where
                (at.LessEqual top)
                (between (peak / 25.0) peak (at / top))
                (between peak (peak / 25.0 / 1e4) ((at - top) / (float (steps - 1) - top))))

    /// <summary>
    /// Rises linearly to a peak over the given steps, then falls as the inverse root of their number: peak · min(n / steps,
    /// √(steps / n)) in the n-th step (Vaswani et al. 2017, eq. 3).
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step, or a number is not finite.</exception>
    /// <example><code>
    /// let schedule = Schedule.inverseRoot 1.0 100
    /// schedule.At 49, schedule.At 99, schedule.At 399 // (0.5, 1, 0.5)
    /// </code></example>
    let inverseRoot (peak: float) (steps: int) : Schedule =
        requireSteps "inverseRoot" steps
        requireFinite "inverseRoot" [ "peak", peak ]

        ofRule (fun step ->
            let n = (step + 1).Convert DType.Float64
            peak * minimum (n / float steps) (sqrt (float steps / n)))

    let private requireRising (schedule: string) (starts: int list) =
        if starts |> List.exists (fun start -> start < 1) || List.sort (List.distinct starts) <> starts then
            let text = String.Join(", ", starts)

            raise (
                ValueException
                    $"Schedule.{schedule}: changes at the steps {text}; they must be at least 1 and rise."
            )

    /// <summary>
    /// One schedule after another: the first, and from each step given the one beside it, whose own steps count from there.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The steps do not rise.</exception>
    /// <example><code>
    /// let schedule = Schedule.join (Schedule.constant 1.0) [ 10, Schedule.linear 0.5 0.0 10 ]
    /// schedule.At 9, schedule.At 10, schedule.At 15 // (1, 0.5, 0.25)
    /// </code></example>
    let join (first: Schedule) (later: (int * Schedule) list) : Schedule =
        Given.check "first" first
        Given.check "later" later
        requireRising "join" (List.map fst later)

        ofRule (fun step ->
            later
            |> List.fold
                (fun value (start, next: Schedule) ->
                    let own = maximum (step - start) (Tensor.zerosLike step)
                    where (step.GreaterEqual(float start)) (next.At own) value)
                (first.At step))

    /// <summary>One value, and from each step given the value beside it.</summary>
    /// <exception cref="T:Cotangent.ValueException">The steps do not rise.</exception>
    /// <example><code>
    /// let schedule = Schedule.piecewise 1.0 [ 10, 0.5; 20, 0.1 ]
    /// schedule.At 9, schedule.At 10, schedule.At 25 // (1, 0.5, 0.1)
    /// </code></example>
    let piecewise (first: float) (later: (int * float) list) : Schedule =
        Given.check "later" later
        requireRising "piecewise" (List.map fst later)
        join (constant first) [ for start, value in later -> start, constant value ]
