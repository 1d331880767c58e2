namespace Cotangent

/// A learning rate, or any other number, by the step: from an Int32 scalar, 0 for the first step, to a Float32 scalar.
type Schedule = Tensor -> Tensor

/// Schedules of the field.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Schedule =
    let private progress (steps: int) (step: Tensor) =
        clamp 0.0 1.0 (step.Convert DType.Float32 / float (max 1 steps))

    /// The same value at every step.
    let constant (value: float) : Schedule = fun _ -> Tensor.scalar DType.Float32 value

    /// From one value to another in a straight line over the given steps, and there ever after.
    let linear (first: float) (last: float) (steps: int) : Schedule =
        fun step -> first + progress steps step * (last - first)

    /// From one value to another along half a cosine (Loshchilov & Hutter 2017, eq. 5).
    let cosine (first: float) (last: float) (steps: int) : Schedule =
        fun step ->
            let half = 0.5 * (1.0 + cos (progress steps step * System.Math.PI))
            last + half * (first - last)

    /// value · rate^(step / steps)
    let exponential (value: float) (rate: float) (steps: int) : Schedule =
        fun step -> value * exp (step.Convert DType.Float32 * (log rate / float (max 1 steps)))

    /// Rises linearly from 0 over the given steps, then follows another schedule, whose steps count from there.
    let warmUp (steps: int) (schedule: Schedule) : Schedule =
        fun step ->
            let after = maximum (step - steps) (Tensor.zerosLike step)
            progress steps (step + 1) * schedule after
