namespace Cotangent;

/// <summary>
/// Learning rates by the step. Where a <see cref="Schedule"/> is asked for, a plain number is a constant one.
/// </summary>
public static class Schedules
{
    extension(Schedule)
    {
        /// <summary>The same value at every step.</summary>
        public static Schedule Constant(double value) => ScheduleModule.constant(value);

        /// <summary>
        /// From one value to another in a straight line over the given steps, and there ever after.
        /// </summary>
        /// <exception cref="ValueException">There is no step.</exception>
        /// <example><code>
        /// Schedule.Linear(1, 0, steps: 10).At(5) // 0.5
        /// </code></example>
        public static Schedule Linear(double first, double last, int steps) => ScheduleModule.linear(first, last, steps);

        /// <summary>
        /// From one value to another along half a cosine over the given steps, and there ever after (Loshchilov and Hutter
        /// 2017, eq. 5).
        /// </summary>
        /// <exception cref="ValueException">There is no step.</exception>
        /// <example><code>
        /// var optimizer = Optimizer.Adam(Schedule.Cosine(1e-3, 0, steps: 1000).WarmUp(100));
        /// </code></example>
        public static Schedule Cosine(double first, double last, int steps) => ScheduleModule.cosine(first, last, steps);

        /// <summary>value · rate^(step / steps): falls by the rate over the given steps, smoothly.</summary>
        /// <exception cref="ValueException">There is no step.</exception>
        /// <example><code>
        /// Schedule.Exponential(1, 0.5, steps: 10).At(20) // 0.25
        /// </code></example>
        public static Schedule Exponential(double value, double rate, int steps) =>
            ScheduleModule.exponential(value, rate, steps);

        /// <summary>
        /// Any function from an Int32 scalar, 0 for the first step, to a floating-point scalar.
        /// </summary>
        /// <example><code>
        /// Schedule.From(step => step.Convert(DType.Float64) * 0.1).At(3) // 0.3
        /// </code></example>
        public static Schedule From(Func<Tensor, Tensor> rule) => ScheduleModule.ofFunction(rule.ToFSharp());
    }

    extension(Schedule schedule)
    {
        /// <summary>
        /// Rises linearly from 0 over the given steps, then follows this schedule, whose steps count from there.
        /// </summary>
        /// <exception cref="ValueException">There is no step.</exception>
        /// <example><code>
        /// Schedule.Constant(1).WarmUp(10).At(4) // 0.5
        /// </code></example>
        public Schedule WarmUp(int steps) => ScheduleModule.warmUp(steps, schedule.NotNull());
    }
}
