using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>
/// A learning rate, or any other number, by the step. A plain number is a constant schedule.
/// </summary>
/// <example><code>
/// var optimizer = Optimizer.Adam&lt;Mlp>(Schedule.Cosine(1e-3, 0, steps: 1000).WarmUp(100));
/// Schedule constant = 1e-3;
/// constant.At(7) // 0.001
/// </code></example>
public sealed class Schedule
{
    private Schedule(Func<Tensor, Tensor> rule) => Rule = rule.ToFSharp();

    internal FSharpFunc<Tensor, Tensor> Rule { get; }

    /// <summary>The same value at every step.</summary>
    public static implicit operator Schedule(double value) =>
        new(step => ScheduleModule.constant(value, step));

    /// <summary>
    /// From one value to another in a straight line over the given steps, and there ever after.
    /// </summary>
    /// <example><code>
    /// Schedule.Linear(1, 0, steps: 10).At(5) // 0.5
    /// </code></example>
    public static Schedule Linear(double first, double last, int steps) =>
        new(ScheduleModule.linear(first, last, steps).Invoke);

    /// <summary>From one value to another along half a cosine (Loshchilov and Hutter 2017, eq. 5).</summary>
    public static Schedule Cosine(double first, double last, int steps) =>
        new(ScheduleModule.cosine(first, last, steps).Invoke);

    /// <summary>value · rate^(step / steps)</summary>
    /// <example><code>
    /// Schedule.Exponential(1, 0.5, steps: 10).At(20) // 0.25
    /// </code></example>
    public static Schedule Exponential(double value, double rate, int steps) =>
        new(ScheduleModule.exponential(value, rate, steps).Invoke);

    /// <summary>Any function from an Int32 scalar, 0 for the first step, to a floating-point scalar.</summary>
    public static Schedule From(Func<Tensor, Tensor> rule) => new(rule);

    /// <summary>
    /// Rises linearly from 0 over the given steps, then follows this schedule, whose steps count from there.
    /// </summary>
    /// <example><code>
    /// Schedule.Linear(1, 1, steps: 1).WarmUp(10).At(4) // 0.5
    /// </code></example>
    public Schedule WarmUp(int steps) => new(ScheduleModule.warmUp(steps, Rule).Invoke);

    /// <summary>The value at a step, a Float64 scalar.</summary>
    public Tensor At(int step) => Rule.Invoke(Tensor.Create(step));
}
