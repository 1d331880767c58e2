namespace Cotangent;

/// <summary>Where long work stands.</summary>
/// <param name="Done">Steps done.</param>
/// <param name="Total">Steps to do.</param>
/// <param name="Figures">What to show beside the bar: losses, scores.</param>
/// <example><code>
/// var report = new ProgressReport(50, 100, [("loss", 0.25)]);
/// $"{report.Done} of {report.Total}, {report.Figures[0].Name} {report.Figures[0].Value}" // 50 of 100, loss 0.25
/// </code></example>
public sealed record ProgressReport(int Done, int Total, IReadOnlyList<(string Name, double Value)> Figures)
{
    /// <summary>What to show beside the bar: losses, scores.</summary>
    public IReadOnlyList<(string Name, double Value)> Figures { get; init => field = value.NotNull(nameof(Figures)); } =
        Figures.NotNull();

    internal FSharpProgressReport ToFSharp() =>
        new(Done, Total, Figures.Select(figure => figure.ToTuple()).ToFSharpList());
}

/// <summary>Showing the progress of long work: a bar on a terminal, lines in a log.</summary>
/// <example><code>
/// var squares = Progress.Show("Squares", progress =>
///     Enumerable.Range(1, 3).Select(i =>
///     {
///         progress.Report(new ProgressReport(i, 3, [("square", i * i)]));
///         return i * i;
///     }).ToArray());
/// squares.Sum() // 14
/// </code></example>
public static class Progress
{
    /// <summary>A plain line for each report.</summary>
    /// <example><code>
    /// var output = new StringWriter();
    /// Progress.Lines(output).Report(new ProgressReport(50, 100, [("loss", 0.25)]));
    /// output // 50/100  loss   0.2500
    /// </code></example>
    public static IProgress<ProgressReport> Lines(TextWriter output) => new FromFSharp(ProgressModule.lines(output.NotNull()));

    /// <summary>
    /// Runs work that reports to a bar on a terminal, or to lines when the output goes elsewhere.
    /// </summary>
    /// <example><code>
    /// var sum = Progress.Show("Sum", progress =>
    /// {
    ///     var sum = 0;
    ///
    ///     for (var i = 1; i &lt;= 3; i++)
    ///     {
    ///         sum += i;
    ///         progress.Report(new ProgressReport(i, 3, [("sum", sum)]));
    ///     }
    ///
    ///     return sum;
    /// });
    /// sum // 6
    /// </code></example>
    public static T Show<T>(string title, Func<IProgress<ProgressReport>, T> work)
    {
        title.NotNull();
        work.NotNull();
        Func<IProgress<FSharpProgressReport>, T> inner = progress => work(new FromFSharp(progress));
        return ProgressModule.show(title, inner.ToFSharp());
    }

    /// <summary>The same for work that is a task.</summary>
    /// <example><code>
    /// var length = await Progress.ShowAsync("Reading", async progress =>
    /// {
    ///     var text = await new StringReader("some text").ReadToEndAsync();
    ///     progress.Report(new ProgressReport(1, 1, []));
    ///     return text.Length;
    /// });
    /// length // 9
    /// </code></example>
    public static Task<T> ShowAsync<T>(string title, Func<IProgress<ProgressReport>, Task<T>> work)
    {
        title.NotNull();
        work.NotNull();
        return Task.Run(() => Show(title, progress => work(progress).GetAwaiter().GetResult()));
    }

    private sealed class FromFSharp(IProgress<FSharpProgressReport> inner) : IProgress<ProgressReport>
    {
        public void Report(ProgressReport value) => inner.Report(value.NotNull().ToFSharp());
    }
}
