using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Cotangent;

/// <summary>How often a callback is asked: <c>Every.Steps(100)</c>, <c>Every.Epochs(1)</c>.</summary>
public static class Turns
{
    extension(Every)
    {
        /// <summary>After so many steps.</summary>
        /// <example><code>
        /// var seen = new List&lt;int>();
        /// var note = Callback.Call&lt;Tensor>(Every.Steps(2), now => seen.Add(now.Steps));
        /// var batches = Data.InOrder(1, Tensor.Create([1.0, 2.0, 3.0, 4.0, 5.0]));
        /// Train.Run(new TrainOptions&lt;Tensor> { Callbacks = [note] }, (x, b) => (x, x), batches, Tensor.Create(0.0));
        /// seen.ToArray() // [2, 4]
        /// </code></example>
        public static Every Steps(int steps) => Every.NewSteps(steps);

        /// <summary>After so many epochs.</summary>
        /// <example><code>
        /// var seen = new List&lt;int>();
        /// var note = Callback.Call&lt;Tensor>(Every.Epochs(2), now => seen.Add(now.Epochs));
        /// var batches = Data.InOrder(1, Tensor.Create([1.0, 2.0]));
        /// var options = new TrainOptions&lt;Tensor> { Epochs = 5, Callbacks = [note] };
        /// Train.Run(options, (x, b) => (x, x), batches, Tensor.Create(0.0));
        /// seen.ToArray() // [2, 4]
        /// </code></example>
        public static Every Epochs(int epochs) => Every.NewEpochs(epochs);
    }
}

/// <summary>What a callback wants; nothing by default.</summary>
/// <example><code>
/// var reaction = new Reaction&lt;Tensor> { Measured = [("accuracy", 0.9)], Stop = "good enough" };
/// </code></example>
public sealed record Reaction<S>
    where S : class
{
    /// <summary>Figures to be shown and kept beside those of the steps.</summary>
    public IReadOnlyList<(string Name, double Value)> Measured { get; init => field = value.NotNull(nameof(Measured)); } = [];

    /// <summary>Another state to go on from.</summary>
    public S? Replace { get; init; }

    /// <summary>Why there should be no further step.</summary>
    public string? Stop { get; init; }

    internal FSharpList<FSharpReaction<S>> ToFSharp()
    {
        var reactions = new List<FSharpReaction<S>> { FSharpReaction<S>.NewMeasured(Figures.ToFSharp(Measured)) };

        if (Replace is { } state)
        {
            reactions.Add(FSharpReaction<S>.NewReplace(state));
        }

        if (Stop is { } reason)
        {
            reactions.Add(FSharpReaction<S>.NewStop(reason));
        }

        return reactions.ToFSharpList();
    }
}

/// <summary>Something to do while training goes on: evaluate, save, stop.</summary>
public sealed class Callback<S>
    where S : class
{
    private readonly FSharpCallback<S> inner;

    internal Callback(FSharpCallback<S> inner) => this.inner = inner;

    /// <summary>A callback from its turn and a function that makes, for each run, what is called then.</summary>
    /// <example><code>
    /// var atMost = new Callback&lt;Tensor>(Every.Steps(1), () =>
    ///     now => new() { Stop = now.Steps >= 10 ? "ten steps" : null });
    /// </code></example>
    public Callback(Every every, Func<Func<Trained<S>, Reaction<S>>> start)
        : this(every, Watching(start.NotNull())) { }

    /// <summary>
    /// The same with what is called once when training ends, by an error, too: to wait for what still runs, to close what is open.
    /// </summary>
    /// <example><code>
    /// var log = new Callback&lt;Tensor>(Every.Steps(1), () =>
    /// {
    ///     var writer = new StringWriter();
    ///     return (now => { writer.WriteLine(now.Steps); return new(); }, writer.Dispose);
    /// });
    /// </code></example>
    public Callback(Every every, Func<(Func<Trained<S>, Reaction<S>> Reached, Action Ended)> start)
    {
        start.NotNull();

        inner = new(
            every,
            new Func<FSharpWatch<S>>(() =>
            {
                var (reached, ended) = start();
                return new(
                    new Func<FSharpTrained<S>, FSharpList<FSharpReaction<S>>>(now =>
                        reached(Trained<S>.FromFSharp(now)).ToFSharp()
                    ).ToFSharp(),
                    FuncConvert.FromAction(ended),
                    new Func<FSharpTrained<S>, FSharpTrained<S>>(last => last).ToFSharp()
                );
            }).ToFSharp()
        );
    }

    private static Func<(Func<Trained<S>, Reaction<S>>, Action)> Watching(Func<Func<Trained<S>, Reaction<S>>> start) =>
        () => (start(), () => { });

    internal FSharpCallback<S> ToFSharp() => inner;
}

/// <summary>Callbacks of the training loop.</summary>
public static class Callback
{
    /// <summary>Calls a function with what is reached, and remembers nothing.</summary>
    /// <example><code>
    /// var announce = Callback.Call&lt;Tensor>(Every.Epochs(1), now => Console.WriteLine($"{now.Epochs} epochs"));
    /// </code></example>
    public static Callback<S> Call<S>(Every every, Action<Trained<S>> action)
        where S : class
    {
        action.NotNull();
        return new(every, () => now =>
        {
            action(now);
            return new();
        });
    }

    /// <summary>Measures the state, under a name: what an evaluation on other examples gives.</summary>
    /// <example><code>
    /// var distance = Callback.Measure&lt;Tensor>(Every.Epochs(1), "distance", x => (x - 1).Abs().ToScalar&lt;double>());
    /// </code></example>
    public static Callback<S> Measure<S>(Every every, string name, Func<S, double> figure)
        where S : class => new(CallbackModule.measure(every, name.NotNull(), figure.ToFSharp()));

    /// <summary>
    /// Stops when a figure has not become better for so many askings in a row (Prechelt, "Early stopping – but when?", 1998),
    /// and goes back to the best state. NaN is never better.
    /// </summary>
    /// <exception cref="ValueException">The patience is below 1, or there is no such figure.</exception>
    /// <example><code>
    /// var stop = Callback.EarlyStopping&lt;Tensor>(Every.Epochs(1), "distance", Better.Lower, patience: 3);
    /// </code></example>
    public static Callback<S> EarlyStopping<S>(Every every, string name, Better better, int patience)
        where S : class => new(CallbackModule.earlyStopping<S>(every, name.NotNull(), better, patience));

    /// <summary>Stops when a figure of the steps is NaN or infinite: no later step mends that.</summary>
    /// <example><code>
    /// // The second loss is NaN.
    /// var options = new TrainOptions&lt;Tensor> { Callbacks = [Callback.StopUnlessFinite&lt;Tensor>(Every.Steps(1))] };
    /// var batches = Data.InOrder(1, Tensor.Create([1.0, double.NaN, 3.0]));
    /// Train.Run(options, (x, b) => (x, b.Sum()), batches, Tensor.Create(0.0)).Last.Steps // 2
    /// </code></example>
    public static Callback<S> StopUnlessFinite<S>(Every every)
        where S : class => new(CallbackModule.stopUnlessFinite<S>(every));

    /// <summary>
    /// Saves the state in a folder, as <c>Checkpoint.SaveStep</c> does, on a thread of its own while training goes on: one file
    /// at a time, so that training waits if the disk is slower. What goes wrong is raised at the next turn, or when training
    /// ends, which waits for the last file. <c>Checkpoint.Resume</c> finds where to go on.
    /// </summary>
    /// <exception cref="ValueException">Less than 1 checkpoint is to be kept.</exception>
    /// <example><code>
    /// var folder = Directory.CreateTempSubdirectory().FullName;
    /// var save = Callback.Checkpoint&lt;Tensor>(Every.Steps(100), folder, keep: 3);
    /// </code></example>
    public static Callback<S> Checkpoint<S>(Every every, string folder, int keep)
        where S : class => new(CallbackModule.checkpoint<S>(every, keep, folder.NotNull()));
}
