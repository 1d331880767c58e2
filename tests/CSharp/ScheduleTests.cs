namespace Cotangent.CSharp.Tests;

/// <summary>Schedules away from their middles, where first and last can be told apart.</summary>
public class ScheduleTests
{
    private static double Cosine(double first, double last, double share) =>
        last + 0.5 * (1 + Math.Cos(Math.PI * share)) * (first - last);

    public static TheoryData<Schedule, int, double> Values =>
        new()
        {
            { 0.5, 7, 0.5 },
            { Schedule.Constant(0.3), 7, 0.3 },
            { Schedule.Linear(0.7, 0.1, 10), 2, 0.7 - 0.12 },
            { Schedule.Linear(0.7, 0.1, 10), 12, 0.1 },
            { Schedule.Cosine(0.7, 0.1, 10), 2, Cosine(0.7, 0.1, 0.2) },
            { Schedule.Exponential(0.7, 0.4, 10), 3, 0.7 * Math.Pow(0.4, 0.3) },
            { Schedule.Linear(0.7, 0.1, 10).WarmUp(4), 1, 0.35 },
            { Schedule.Linear(0.7, 0.1, 10).WarmUp(4), 6, 0.7 - 0.12 },
            { Schedule.Step(0.7, 0.4, 10), 23, 0.7 * 0.16 },
            { Schedule.Polynomial(0.7, 0.1, 2, 10), 3, 0.1 + 0.49 * 0.6 },
            { Schedule.CosineRestarts(0.7, 0.1, 10, 2), 14, Cosine(0.7, 0.1, 0.2) },
            { Schedule.CosineRestarts(0.7, 0.1, 10), 14, Cosine(0.7, 0.1, 0.4) },
            { Schedule.OneCycle(0.7, 100), 29, 0.7 },
            { Schedule.OneCycle(0.7, 100), 99, 0.7 / 250_000 },
            { Schedule.InverseRoot(0.7, 10), 39, 0.35 },
            { Schedule.Join(0.7, (10, Schedule.Linear(0.5, 0.1, 10)), (20, 0.05)), 12, 0.42 },
            { Schedule.Join(0.7, (10, Schedule.Linear(0.5, 0.1, 10)), (20, 0.05)), 20, 0.05 },
            { Schedule.Piecewise(0.7, (10, 0.5), (20, 0.1)), 9, 0.7 },
            { Schedule.Piecewise(0.7, (10, 0.5), (20, 0.1)), 19, 0.5 },
            { Schedule.From(step => step.Convert(DType.Float32) * 3), 2, 6 },
        };

    [Theory]
    [MemberData(nameof(Values), DisableDiscoveryEnumeration = true)]
    public void At_a_step(Schedule schedule, int step, double expected)
    {
        Near.Equal(expected, schedule.At(step), 1e-14);
        Near.Equal(expected, schedule.At(Tensor.Create(step)), 1e-14);
    }
}
