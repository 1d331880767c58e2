namespace Cotangent;

/// <summary>
/// Learning rates by the step. Where a <see cref="Schedule"/> is asked for, a plain number is a constant one.
/// </summary>
public static class Schedules
{
    extension(Schedule)
    {
        /// <summary>The same value at every step.</summary>
        /// <example><code>
        /// Schedule.Constant(0.1).At(7) // 0.1
        /// </code></example>
        public static Schedule Constant(double value) => ScheduleModule.constant(value);

        /// <summary>
        /// From one value to another in a straight line over the given steps, and there ever after.
        /// </summary>
        /// <exception cref="ValueException">There is no step, or a number is not finite.</exception>
        /// <example><code>
        /// Schedule.Linear(1, 0, steps: 10).At(5) // 0.5
        /// </code></example>
        public static Schedule Linear(double first, double last, int steps) => ScheduleModule.linear(first, last, steps);

        /// <summary>
        /// From one value to another along half a cosine over the given steps, and there ever after (Loshchilov and Hutter
        /// 2017, eq. 5).
        /// </summary>
        /// <exception cref="ValueException">There is no step, or a number is not finite.</exception>
        /// <example><code>
        /// var optimizer = Optimizer.Adam(Schedule.Cosine(1e-3, 0, steps: 1000).WarmUp(100));
        /// </code></example>
        public static Schedule Cosine(double first, double last, int steps) => ScheduleModule.cosine(first, last, steps);

        /// <summary>value · rate^(step / steps): falls by the rate over the given steps, smoothly.</summary>
        /// <exception cref="ValueException">There is no step, or a number is not finite.</exception>
        /// <example><code>
        /// Schedule.Exponential(1, 0.5, steps: 10).At(20) // 0.25
        /// </code></example>
        public static Schedule Exponential(double value, double rate, int steps) =>
            ScheduleModule.exponential(value, rate, steps);

        /// <summary>value · factor^⌊step / steps⌋: falls at once by the factor every so many steps.</summary>
        /// <exception cref="ValueException">There is no step, or a number is not finite.</exception>
        /// <example><code>
        /// var schedule = Schedule.Step(1, 0.5, steps: 10);
        /// (schedule.At(9), schedule.At(10), schedule.At(25)) // (1, 0.5, 0.25)
        /// </code></example>
        public static Schedule Step(double value, double factor, int steps) => ScheduleModule.step(value, factor, steps);

        /// <summary>last + (first - last) (1 - step / steps)^power, and the last ever after.</summary>
        /// <exception cref="ValueException">There is no step, or a number is not finite.</exception>
        /// <example><code>
        /// Schedule.Polynomial(1, 0, power: 2, steps: 10).At(5) // 0.25
        /// </code></example>
        public static Schedule Polynomial(double first, double last, double power, int steps) =>
            ScheduleModule.polynomial(first, last, power, steps);

        /// <summary>
        /// Half a cosine from one value to another again and again, each time a whole number of times as long as before
        /// (Loshchilov and Hutter 2017, eq. 5: warm restarts).
        /// </summary>
        /// <exception cref="ValueException">There is no step, the stretch is below 1, or a number is not finite.</exception>
        /// <example><code>
        /// var schedule = Schedule.CosineRestarts(1, 0, steps: 10, stretch: 2);
        /// (schedule.At(5), schedule.At(10), schedule.At(20)) // (0.5, 1, 0.5)
        /// </code></example>
        public static Schedule CosineRestarts(double first, double last, int steps, int stretch = 1) =>
            ScheduleModule.cosineRestarts(first, last, steps, stretch);

        /// <summary>
        /// One cycle (Smith and Topin 2018, in PyTorch's form): along half a cosine from peak / 25 to the peak in the first 0.3 of
        /// the steps, and along another to peak / 250,000 in the last.
        /// </summary>
        /// <exception cref="ValueException">There are fewer than 7 steps, or the peak is not finite.</exception>
        /// <example><code>
        /// var schedule = Schedule.OneCycle(1, steps: 100);
        /// (schedule.At(0), schedule.At(29), schedule.At(99)) // (0.04, 1, 4e-06)
        /// </code></example>
        public static Schedule OneCycle(double peak, int steps) => ScheduleModule.oneCycle(peak, steps);

        /// <summary>
        /// Rises linearly to a peak over the given steps, then falls as the inverse root of their number (Vaswani et al. 2017,
        /// eq. 3).
        /// </summary>
        /// <exception cref="ValueException">There is no step, or a number is not finite.</exception>
        /// <example><code>
        /// var schedule = Schedule.InverseRoot(1, steps: 100);
        /// (schedule.At(49), schedule.At(99), schedule.At(399)) // (0.5, 1, 0.5)
        /// </code></example>
        public static Schedule InverseRoot(double peak, int steps) => ScheduleModule.inverseRoot(peak, steps);

        /// <summary>
        /// One schedule after another: the first, and from each step given the one beside it, whose own steps count from there.
        /// </summary>
        /// <exception cref="ValueException">The steps do not rise.</exception>
        /// <example><code>
        /// Schedule.Join(1.0, (10, Schedule.Linear(0.5, 0, 10))).At(15) // 0.25
        /// </code></example>
        public static Schedule Join(Schedule first, params IEnumerable<(int Step, Schedule Next)> later) =>
            ScheduleModule.join(
                first.NotNull(),
                later.NotNull().Select(pair => Tuple.Create(pair.Step, pair.Next.NotNull("later"))).ToFSharpList()
            );

        /// <summary>One value, and from each step given the value beside it.</summary>
        /// <exception cref="ValueException">The steps do not rise.</exception>
        /// <example><code>
        /// Schedule.Piecewise(1, (10, 0.5), (20, 0.1)).At(15) // 0.5
        /// </code></example>
        public static Schedule Piecewise(double first, params IEnumerable<(int Step, double Value)> later) =>
            ScheduleModule.piecewise(first, later.NotNull().Select(pair => pair.ToTuple()).ToFSharpList());

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
        /// <exception cref="ValueException">There is no step, or a number is not finite.</exception>
        /// <example><code>
        /// Schedule.Constant(1).WarmUp(10).At(4) // 0.5
        /// </code></example>
        public Schedule WarmUp(int steps) => ScheduleModule.warmUp(steps, schedule.NotNull());
    }
}
