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

    /// The same value at every step.
    static member op_Implicit(value: float) : Schedule =
        let at (step: Tensor) = Bind.full (Literal.Real value) DType.Float64 [||] step.Device
        Schedule(at, ValueSome value)

/// Schedules of the field.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Schedule =
    let private requireSteps (schedule: string) (steps: int) =
        if steps < 1 then
            raise (ValueException $"Schedule.{schedule}: {steps} steps; at least 1 is needed.")

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
    let ofFunction (f: Tensor -> Tensor) : Schedule = ofRule f

    /// <summary>The same value at every step.</summary>
    /// <example><code>
    /// (Schedule.constant 0.1).At 7 // 0.1
    /// </code></example>
    let constant (value: float) : Schedule = Schedule.op_Implicit value

    /// <summary>From one value to another in a straight line over the given steps, and there ever after.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step.</exception>
    /// <example><code>
    /// (Schedule.linear 1.0 0.0 10).At 5 // 0.5
    /// </code></example>
    let linear (first: float) (last: float) (steps: int) : Schedule =
        requireSteps "linear" steps
        ofRule (fun step -> first + progress steps step * (last - first))

    /// <summary>
    /// From one value to another along half a cosine over the given steps, and there ever after (Loshchilov &amp; Hutter
    /// 2017, eq. 5).
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step.</exception>
    /// <example><code>
    /// (Schedule.cosine 1.0 0.0 10).At 5 // 0.5
    /// </code></example>
    let cosine (first: float) (last: float) (steps: int) : Schedule =
        requireSteps "cosine" steps

        ofRule (fun step ->
            let half = 0.5 * (1.0 + cos (progress steps step * Math.PI))
            last + half * (first - last))

    /// <summary>value · rate^(step / steps): falls by the rate over the given steps, smoothly.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step.</exception>
    /// <example><code>
    /// (Schedule.exponential 1.0 0.5 10).At 20 // 0.25
    /// </code></example>
    let exponential (value: float) (rate: float) (steps: int) : Schedule =
        requireSteps "exponential" steps
        ofRule (fun step -> value * exp (step.Convert DType.Float64 * (log rate / float steps)))

    /// <summary>
    /// Rises linearly from 0 over the given steps (at the first step it is already one part of them), then follows another
    /// schedule, whose steps count from there.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step.</exception>
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
