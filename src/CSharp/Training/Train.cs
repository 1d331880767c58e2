using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>What training has reached after some steps.</summary>
/// <param name="State">What the steps hand on: parameters, the optimiser's state, whatever else.</param>
/// <param name="Steps">Steps taken, from the very first one on.</param>
/// <param name="Epochs">Whole epochs that these are.</param>
/// <param name="Figures">What the last steps returned, averaged, and what callbacks measured.</param>
/// <example><code>
/// static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Mean());
/// var batches = Data.InOrder(1, Tensor.Create([1.0, 2.0, 3.0, 4.0]));
/// var first = Train.Steps(Add, batches, Tensor.Create(10.0)).First();
/// first.State // 11
/// first.Figures[0].Value // 1
/// </code></example>
public sealed record Trained<S>(S State, int Steps, int Epochs, IReadOnlyList<(string Name, double Value)> Figures)
    where S : class
{
    /// <summary>What the steps hand on: parameters, the optimiser's state, whatever else.</summary>
    public S State { get; init => field = value.NotNull(nameof(State)); } = State.NotNull();

    /// <summary>What the last steps returned, averaged, and what callbacks measured.</summary>
    public IReadOnlyList<(string Name, double Value)> Figures { get; init => field = value.NotNull(nameof(Figures)); } =
        Figures.NotNull();

    internal static Trained<S> FromFSharp(FSharpTrained<S> now) =>
        new(now.State, now.Steps, now.Epochs, Cotangent.Figures.FromFSharp(now.Figures));
}

/// <summary>Figures in both languages.</summary>
internal static class Figures
{
    internal static (string Name, double Value)[] FromFSharp(FSharpList<Tuple<string, double>> figures) =>
        figures.Select(figure => figure.ToValueTuple()).ToArray();

    internal static FSharpList<Tuple<string, double>> ToFSharp(IEnumerable<(string, double)> figures) =>
        figures.Select(figure => figure.ToTuple()).ToFSharpList();
}

/// <summary>A training that has ended, and how it went.</summary>
/// <param name="Last">The last whole state.</param>
/// <param name="IsCancelled">Whether the token was cancelled before all epochs were done.</param>
/// <param name="StopReason">Why a callback stopped it, if one did.</param>
/// <param name="History">After how many steps what figures were reported, in order.</param>
/// <example><code>
/// static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Mean());
/// var batches = Data.InOrder(1, Tensor.Create([1.0, 2.0, 3.0, 4.0]));
/// var run = Train.Run(new TrainOptions&lt;Tensor>(), Add, batches, Tensor.Create(0.0));
/// run.Last.State // 10
/// run.StopReason is null // true
/// </code></example>
public sealed record TrainingRun<S>(
    Trained<S> Last,
    bool IsCancelled,
    string? StopReason,
    IReadOnlyList<(int Steps, IReadOnlyList<(string Name, double Value)> Figures)> History
)
    where S : class
{
    /// <summary>The last whole state.</summary>
    public Trained<S> Last { get; init => field = value.NotNull(nameof(Last)); } = Last.NotNull();

    /// <summary>After how many steps what figures were reported, in order.</summary>
    public IReadOnlyList<(int Steps, IReadOnlyList<(string Name, double Value)> Figures)> History
    {
        get;
        init => field = value.NotNull(nameof(History));
    } = History.NotNull();

    internal static TrainingRun<S> FromFSharp(FSharpTrainingRun<S> run) =>
        new(
            Trained<S>.FromFSharp(run.Last),
            run.End.IsCancelled,
            run.End is TrainingEnd.Stopped stopped ? stopped.reason : null,
            run.History.Select(at => (at.Item1, (IReadOnlyList<(string, double)>)Figures.FromFSharp(at.Item2))).ToArray()
        );
}

/// <summary>How to train.</summary>
/// <example><code>
/// var options = new TrainOptions&lt;Tensor>
/// {
///     Epochs = 10,
///     StepsPerCall = 16,
///     Progress = Progress.Lines(Console.Out),
///     Callbacks = [Callback.StopUnlessFinite&lt;Tensor>(Every.Epochs(1))],
/// };
/// </code></example>
public sealed record TrainOptions<S>
    where S : class
{
    /// <summary>Epochs in all; 1 by default.</summary>
    /// <example><code>
    /// static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Mean());
    /// var batches = Data.InOrder(1, Tensor.Create([1.0, 2.0, 3.0, 4.0]));
    /// Train.Run(new TrainOptions&lt;Tensor> { Epochs = 3 }, Add, batches, Tensor.Create(0.0)).Last.State // 30
    /// </code></example>
    public int Epochs { get; init; } = 1;

    /// <summary>The step to begin with: that of a state from a run that was interrupted.</summary>
    /// <example><code>
    /// // Two of four steps had been taken.
    /// static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Mean());
    /// var batches = Data.InOrder(1, Tensor.Create([1.0, 2.0, 3.0, 4.0]));
    /// Train.Run(new TrainOptions&lt;Tensor> { From = 2 }, Add, batches, Tensor.Create(3.0)).Last.State // 10
    /// </code></example>
    public int From { get; init; }

    /// <summary>
    /// Steps that one call of a compiled function takes, 1 by default; more pays where a step takes microseconds.
    /// </summary>
    /// <example><code>
    /// static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Mean());
    /// var batches = Data.InOrder(1, Tensor.Create([1.0, 2.0, 3.0, 4.0]));
    /// Train.Run(new TrainOptions&lt;Tensor> { StepsPerCall = 4 }, Add, batches, Tensor.Create(0.0)).Last.State // 10
    /// </code></example>
    public int StepsPerCall { get; init; } = 1;

    /// <summary>
    /// Whether steps are compiled, as they are by default; where not, each operation is evaluated as it comes, and a debugger
    /// can look on.
    /// </summary>
    /// <example><code>
    /// static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Mean());
    /// var batches = Data.InOrder(1, Tensor.Create([1.0, 2.0, 3.0, 4.0]));
    /// Train.Run(new TrainOptions&lt;Tensor> { Compiled = false }, Add, batches, Tensor.Create(0.0)).Last.State // 10
    /// </code></example>
    public bool Compiled { get; init; } = true;

    /// <summary>Steps from one report to the next; 100 by default.</summary>
    /// <example><code>
    /// static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Mean());
    /// var batches = Data.InOrder(1, Tensor.Create([1.0, 2.0, 3.0, 4.0]));
    /// var run = Train.Run(new TrainOptions&lt;Tensor> { ReportEvery = 2 }, Add, batches, Tensor.Create(0.0));
    /// run.History.Select(at => at.Steps).ToArray() // [2, 4]
    /// </code></example>
    public int ReportEvery { get; init; } = 100;

    /// <summary>Who is told; nobody by default.</summary>
    public IProgress<ProgressReport>? Progress { get; init; }

    /// <summary>Asked in their order, each sees what those before it measured.</summary>
    public IReadOnlyList<Callback<S>> Callbacks { get; init => field = value.NotNull(nameof(Callbacks)); } = [];

    internal FSharpTrainOptions<S> ToFSharp(CancellationToken cancellation) =>
        new(
            Epochs,
            From,
            StepsPerCall,
            Compiled,
            ReportEvery,
            new Listener(Progress),
            Callbacks.Select(callback => callback.ToFSharp()).ToFSharpList(),
            cancellation
        );

    private sealed class Listener(IProgress<ProgressReport>? outer) : IProgress<FSharpProgressReport>
    {
        public void Report(FSharpProgressReport value) =>
            outer?.Report(new(value.Done, value.Total, Figures.FromFSharp(value.Figures)));
    }
}

/// <summary>The training loop.</summary>
/// <example><code>
/// // The mean of some numbers, by gradient descent.
/// static (Tensor, Tensor) Step(Tensor x, Tensor batch)
/// {
///     var (loss, slope) = Differentiate.ValueAndGradient(x => (x - batch).Square().Mean(), x);
///     return (x - 0.1 * slope, loss);
/// }
///
/// var batches = Data.Batches(2, Key.Create(0), Tensor.Create([1.0, 1.0, 1.0, 1.0]));
/// var run = Train.Run(new TrainOptions&lt;Tensor> { Epochs = 100 }, Step, batches, Tensor.Create(0.0));
/// run.Last.State // 1
/// </code></example>
public static class Train
{
    /// <summary>
    /// The loop itself, as a sequence without end of what is reached after each step: take as many as you want, in a
    /// <c>foreach</c> of your own if you like. Nothing runs that is not asked for.
    /// </summary>
    /// <param name="step">From state and batch to the next state and the loss. Compiled on the first call.</param>
    /// <param name="batches">What to train on.</param>
    /// <param name="start">The first state.</param>
    /// <exception cref="ValueException">An epoch has no batches, or fewer than it says.</exception>
    /// <example><code>
    /// // The sum of all numbers, and the mean of a batch as a figure.
    /// static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Mean());
    /// var batches = Data.InOrder(2, Tensor.Create([1.0, 2.0, 3.0, 4.0]));
    /// var third = Train.Steps(Add, batches, Tensor.Create(0.0)).ElementAt(2);
    /// third.State // 13
    /// third.Epochs // 1
    /// </code></example>
    public static IEnumerable<Trained<S>> Steps<S, B, F>(Func<S, B, (S State, F Figures)> step, Batches<B> batches, S start)
        where S : class
        where B : notnull
        where F : notnull
    {
        var inner = batches.NotNull().ToFSharp();
        return TrainModule.steps(step.ToFSharpPair(), inner, start.NotNull()).Select(Trained<S>.FromFSharp);
    }

    /// <summary>
    /// Trains for some epochs. The steps are those of <c>Steps</c>; reports, callbacks and the end are what this adds. What
    /// is cancelled returns the state that it had reached, and two runs from equal keys give equal numbers, bit for bit.
    /// </summary>
    /// <param name="options">How long, who is told, what else to do.</param>
    /// <param name="step">
    /// From state and batch to the next state and figures: a scalar, the loss, or a tree of scalars with a name each.
    /// </param>
    /// <param name="batches">What to train on.</param>
    /// <param name="start">The first state.</param>
    /// <param name="cancellation">Ends training after the step that runs.</param>
    /// <exception cref="ValueException">
    /// A number among the options is too small, an epoch has no batches, or fewer than it says.
    /// </exception>
    /// <example><code>
    /// // The sum of all numbers, and the mean of a batch as a figure.
    /// static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Mean());
    /// var batches = Data.InOrder(2, Tensor.Create([1.0, 2.0, 3.0, 4.0]));
    /// var run = Train.Run(new TrainOptions&lt;Tensor> { Epochs = 3 }, Add, batches, Tensor.Create(0.0));
    /// run.Last.State // 30
    /// run.Last.Steps // 6
    /// </code></example>
    public static TrainingRun<S> Run<S, B, F>(
        TrainOptions<S> options,
        Func<S, B, (S State, F Figures)> step,
        Batches<B> batches,
        S start,
        CancellationToken cancellation = default
    )
        where S : class
        where B : notnull
        where F : notnull =>
        TrainingRun<S>.FromFSharp(
            TrainModule.run(
                options.NotNull().ToFSharp(cancellation),
                step.ToFSharpPair(),
                batches.NotNull().ToFSharp(),
                start.NotNull()
            )
        );

    /// <summary>The same on another thread. What is cancelled returns the state that it had reached; it does not throw.</summary>
    /// <example><code>
    /// // The sum of all numbers, and the mean of a batch as a figure.
    /// static (Tensor, Tensor) Add(Tensor sum, Tensor batch) => (sum + batch.Sum(), batch.Mean());
    /// var batches = Data.InOrder(2, Tensor.Create([1.0, 2.0, 3.0, 4.0]));
    /// using var source = new CancellationTokenSource();
    /// var run = await Train.RunAsync(new TrainOptions&lt;Tensor>(), Add, batches, Tensor.Create(0.0), source.Token);
    /// run.IsCancelled // false
    /// run.Last.State // 10
    /// </code></example>
    public static Task<TrainingRun<S>> RunAsync<S, B, F>(
        TrainOptions<S> options,
        Func<S, B, (S State, F Figures)> step,
        Batches<B> batches,
        S start,
        CancellationToken cancellation = default
    )
        where S : class
        where B : notnull
        where F : notnull
    {
        options.NotNull();
        step.NotNull();
        batches.NotNull();
        start.NotNull();
        return Task.Run(() => Run(options, step, batches, start, cancellation), CancellationToken.None);
    }
}
