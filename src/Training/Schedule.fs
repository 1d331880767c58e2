namespace Cotangent

/// <summary>
/// A learning rate, or any other number, by the step: from an Int32 scalar, 0 for the first step, to a scalar. Those of
/// <c>Schedule</c> compute in Float64; an optimiser converts to the dtype of each parameter, and takes any floating-point
/// scalar.
/// </summary>
/// <example><code>
/// let steps: Schedule = fun step -> where (step.Less 100.0) (tensor 0.1f) (tensor 0.01f)
/// steps (tensor 100) // 0.01
/// </code></example>
type Schedule = Tensor -> Tensor

/// Schedules of the field.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Schedule =
    let private requireSteps (schedule: string) (steps: int) =
        if steps < 1 then
            raise (ValueException $"Schedule.{schedule}: {steps} steps; at least 1 is needed.")

    /// What a schedule says of a step, in Float64.
    let internal at (schedule: Schedule) (step: Tensor) : Tensor =
        let value = schedule step

        if value.Rank > 0 then
            raise (
                ShapeException
                    $"Schedule: the value at a step has shape {Shape.show value.Dims}; it must be a scalar, of shape (). Index or reshape it."
            )

        value.Convert DType.Float64

    let private progress (steps: int) (step: Tensor) =
        clamp 0.0 1.0 (step.Convert DType.Float64 / float steps)

    /// <summary>The same value at every step, where the step is.</summary>
    /// <example><code>
    /// Schedule.constant 0.1 (tensor 7) // 0.1
    /// </code></example>
    let constant (value: float) : Schedule =
        fun step -> Bind.full (Literal.Real value) DType.Float64 [||] step.Device

    /// <summary>From one value to another in a straight line over the given steps, and there ever after.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step.</exception>
    /// <example><code>
    /// Schedule.linear 1.0 0.0 10 (tensor 5) // 0.5
    /// </code></example>
    let linear (first: float) (last: float) (steps: int) : Schedule =
        requireSteps "linear" steps

        fun step -> first + progress steps step * (last - first)

    /// <summary>From one value to another along half a cosine (Loshchilov &amp; Hutter 2017, eq. 5).</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step.</exception>
    /// <example><code>
    /// Schedule.cosine 1.0 0.0 10 (tensor 5) // 0.5
    /// </code></example>
    let cosine (first: float) (last: float) (steps: int) : Schedule =
        requireSteps "cosine" steps

        fun step ->
            let half = 0.5 * (1.0 + cos (progress steps step * System.Math.PI))
            last + half * (first - last)

    /// <summary>value · rate^(step / steps): falls by the rate over the given steps, smoothly.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step.</exception>
    /// <example><code>
    /// Schedule.exponential 1.0 0.5 10 (tensor 20) // 0.25
    /// </code></example>
    let exponential (value: float) (rate: float) (steps: int) : Schedule =
        requireSteps "exponential" steps

        fun step -> value * exp (step.Convert DType.Float64 * (log rate / float steps))

    /// <summary>
    /// Rises linearly from 0 over the given steps, then follows another schedule, whose steps count from there.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">There is no step.</exception>
    /// <example><code>
    /// let schedule = Schedule.warmUp 10 (Schedule.constant 1.0)
    /// schedule (tensor 4), schedule (tensor 50) // (0.5, 1)
    /// </code></example>
    let warmUp (steps: int) (schedule: Schedule) : Schedule =
        requireSteps "warmUp" steps

        fun step ->
            let after = maximum (step - steps) (Tensor.zerosLike step)
            progress steps (step + 1) * (at schedule after)
