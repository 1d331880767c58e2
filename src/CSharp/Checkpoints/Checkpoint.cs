using Microsoft.FSharp.Collections;

namespace Cotangent;

/// <summary>How trees are saved and loaded: names as they are, no texts, and all must fit, unless said otherwise.</summary>
/// <example><code>
/// var options = new CheckpointOptions { Rename = name => "encoder." + name };
/// </code></example>
public sealed record CheckpointOptions
{
    /// <summary>What a leaf is called in the file, from its name in the tree: <c>layers.0.bias</c>.</summary>
    /// <example><code>
    /// var path = Path.GetTempFileName();
    /// var options = new CheckpointOptions { Rename = name => "encoder." + name };
    /// Checkpoint.Save(path, Linear.Create(2, 1, Key.Create(0)), options);
    /// string.Join(", ", Safetensors.Read(path).Keys.Order()) // encoder.bias, encoder.weight
    /// </code></example>
    public Func<string, string> Rename { get; init => field = value.NotNull(nameof(Rename)); } = name => name;

    /// <summary>Texts of your own, to be saved beside the tensors.</summary>
    /// <example><code>
    /// var path = Path.GetTempFileName();
    /// var options = new CheckpointOptions { Metadata = new Dictionary&lt;string, string> { ["epoch"] = "3" } };
    /// Checkpoint.Save(path, Tensor.Create(1.0), options);
    /// Checkpoint.Metadata(path)["epoch"] // 3
    /// </code></example>
    public IReadOnlyDictionary<string, string> Metadata { get; init => field = value.NotNull(nameof(Metadata)); } =
        new Dictionary<string, string>();

    /// <summary>Whether leaves that the file lacks keep the template's numbers.</summary>
    /// <example><code>
    /// var layer = Linear.Create(1, 1, Key.Create(0));
    /// var tensors = new Dictionary&lt;string, Tensor> { ["weight"] = Tensor.Create([[5f]]) };
    /// Checkpoint.Fit(layer, tensors, new CheckpointOptions { KeepMissing = true }).Bias // [0]
    /// </code></example>
    public bool KeepMissing { get; init; }

    /// <summary>Whether tensors of the file that have no leaf are left alone.</summary>
    /// <example><code>
    /// var tensors = new Dictionary&lt;string, Tensor> { ["weight"] = Tensor.Create([[5f]]), ["momentum"] = Tensor.Create([[9f]]) };
    /// var layer = Linear.Create(1, 1, Key.Create(0), bias: false);
    /// Checkpoint.Fit(layer, tensors, new CheckpointOptions { IgnoreExtra = true }).Weight // [[5]]
    /// </code></example>
    public bool IgnoreExtra { get; init; }

    /// <summary>
    /// Whether floating-point numbers may be rounded to the dtype of their leaf. Whole numbers and truth values are never
    /// converted.
    /// </summary>
    /// <example><code>
    /// // Numbers in Float64 for a layer in Float32.
    /// var tensors = new Dictionary&lt;string, Tensor> { ["weight"] = Tensor.Create([[5.0]]) };
    /// var layer = Linear.Create(1, 1, Key.Create(0), bias: false);
    /// Checkpoint.Fit(layer, tensors, new CheckpointOptions { ConvertFloats = true }).Weight // [[5]]
    /// </code></example>
    public bool ConvertFloats { get; init; }

    /// <summary>
    /// Whether what is no tensor (activations, rates, texts) may differ between file and template, and stays the template's.
    /// </summary>
    /// <example><code>
    /// var path = Path.GetTempFileName();
    /// Checkpoint.Save(path, (Tensor.Create(1.0), "first"));
    /// Checkpoint.Load(path, (Tensor.Create(0.0), "second")) // throws TreeException
    /// Checkpoint.Load(path, (Tensor.Create(0.0), "second"), new CheckpointOptions { IgnoreStatics = true }) // (1, second)
    /// </code></example>
    public bool IgnoreStatics { get; init; }

    internal FSharpCheckpointOptions ToFSharp(CancellationToken cancellation = default) =>
        new(Rename.ToFSharp(), Metadata.ToFSharpMap(), KeepMissing, IgnoreExtra, ConvertFloats, IgnoreStatics, cancellation);
}

/// <summary>
/// Saving and loading of any tree: a model, the state of an optimiser, keys, a training as a whole. Files are safetensors,
/// which other programs read as well; leaves are called there as PyTorch calls them, <c>layers.0.bias</c>. What is no tensor,
/// such as the activation of a layer, is the template's; it is saved as a text, and a template that differs there is refused.
/// </summary>
public static class Checkpoint
{
    /// <summary>
    /// Saves a tree. The file is written under another name, flushed to the disk and renamed, so that whatever happens
    /// meanwhile, the one that was there before is whole. A tensor that stands in several places is saved once. By default with
    /// the options of a new <see cref="CheckpointOptions"/>.
    /// </summary>
    /// <exception cref="TreeException">The type can't hold a tensor.</exception>
    /// <exception cref="ValueException">Two leaves have one name.</exception>
    /// <exception cref="TraceException">Inside a transformation that only knows shapes.</exception>
    /// <exception cref="IOException">The disk is full, or refuses.</exception>
    /// <example><code>
    /// var path = Path.GetTempFileName();
    /// Checkpoint.Save(path, Linear.Create(2, 3, Key.Create(1)));
    /// var layer = Checkpoint.Load(path, Linear.Create(2, 3, Key.Create(2)));
    /// layer.Bias.Equals(Linear.Create(2, 3, Key.Create(1)).Bias) // True
    /// </code></example>
    public static void Save<T>(string path, T tree, CheckpointOptions? options = null)
        where T : notnull =>
        CheckpointModule.saveWith((options ?? new()).ToFSharp(), path.NotNull(), tree.NotNull());

    /// <summary>
    /// Saves a tree on another thread, as it is now. What is cancelled throws, and the file that was there stays. By default
    /// with the options of a new <see cref="CheckpointOptions"/>.
    /// </summary>
    /// <exception cref="TreeException">The type can't hold a tensor.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the file was whole.</exception>
    /// <exception cref="TraceException">Inside a transformation that only knows shapes.</exception>
    /// <example><code>
    /// var path = Path.GetTempFileName();
    /// var saving = Checkpoint.SaveAsync(path, Tensor.Create([1.0, 2.0]));
    /// saving.Wait();
    /// Checkpoint.Load(path, Tensor.Create([0.0, 0.0])) // [1, 2]
    /// </code></example>
    public static Task SaveAsync<T>(
        string path,
        T tree,
        CheckpointOptions? options = null,
        CancellationToken cancellation = default
    )
        where T : notnull =>
        CheckpointModule.saveInBackground((options ?? new()).ToFSharp(cancellation), path.NotNull(), tree.NotNull());

    /// <summary>
    /// Loads a tree: the template's structure and static fields, the file's numbers. Shapes, dtypes and names must be the
    /// same unless the options say otherwise; where they are not, the error lists all differences. The path may be that of an
    /// index of several files, <c>model.safetensors.index.json</c>. By default with the options of a new
    /// <see cref="CheckpointOptions"/>.
    /// </summary>
    /// <exception cref="TreeException">Leaves are missing in the file, or have none in the template.</exception>
    /// <exception cref="ShapeException">Shapes differ.</exception>
    /// <exception cref="DTypeException">Dtypes differ.</exception>
    /// <exception cref="FileException">The file is damaged, or something else.</exception>
    /// <exception cref="IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// var path = Path.GetTempFileName();
    /// Checkpoint.Save(path, (Tensor.Create([1.0, 2.0]), Tensor.Create(3.0)));
    /// Checkpoint.Load(path, (Tensor.Create([0.0, 0.0]), Tensor.Create(0.0))) // ([1, 2], 3)
    /// </code></example>
    public static T Load<T>(string path, T template, CheckpointOptions? options = null)
        where T : notnull =>
        CheckpointModule.loadWith((options ?? new()).ToFSharp(), path.NotNull(), template.NotNull());

    /// <summary>Loads a tree on another thread. It is as <see cref="Load"/>, whose errors the task has.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled before all was loaded.</exception>
    /// <example><code>
    /// var path = Path.GetTempFileName();
    /// Checkpoint.Save(path, Tensor.Create([1.0, 2.0]));
    /// var loaded = await Checkpoint.LoadAsync(path, Tensor.Create([0.0, 0.0]));
    /// loaded // [1, 2]
    /// </code></example>
    public static Task<T> LoadAsync<T>(
        string path,
        T template,
        CheckpointOptions? options = null,
        CancellationToken cancellation = default
    )
        where T : notnull
    {
        path.NotNull();
        template.NotNull();
        var with = (options ?? new()).ToFSharp(cancellation);
        return Task.Run(() => CheckpointModule.loadWith(with, path, template), cancellation);
    }

    /// <summary>
    /// The template with tensors by name in place of its own: those of another program's file, read by <c>PyTorch.Read</c>,
    /// say. By default with the options of a new <see cref="CheckpointOptions"/>.
    /// </summary>
    /// <exception cref="TreeException">Leaves are missing among the tensors, or have none in the template.</exception>
    /// <exception cref="ShapeException">Shapes differ.</exception>
    /// <exception cref="DTypeException">Dtypes differ that the options do not convert.</exception>
    /// <example><code>
    /// var tensors = new Dictionary&lt;string, Tensor>
    /// {
    ///     ["weight"] = Tensor.Create([[1f], [2f]]),
    ///     ["bias"] = Tensor.Create([3f]),
    /// };
    /// Checkpoint.Fit(Linear.Create(2, 1, Key.Create(0)), tensors).Bias // [3]
    /// </code></example>
    public static T Fit<T>(T template, IReadOnlyDictionary<string, Tensor> tensors, CheckpointOptions? options = null)
        where T : notnull =>
        CheckpointModule.fit((options ?? new()).ToFSharp(), template.NotNull(), tensors.ToFSharpMap());

    /// <summary>The texts that were saved beside the tensors.</summary>
    /// <exception cref="FileException">The file is damaged, or something else.</exception>
    /// <exception cref="IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// var path = Path.GetTempFileName();
    /// var options = new CheckpointOptions { Metadata = new Dictionary&lt;string, string> { ["epoch"] = "3" } };
    /// Checkpoint.Save(path, Tensor.Create(1.0), options);
    /// Checkpoint.Metadata(path)["epoch"] // 3
    /// </code></example>
    public static IReadOnlyDictionary<string, string> Metadata(string path) => CheckpointModule.metadata(path.NotNull());

    /// <summary>The checkpoints of a folder, in the order of their steps; none where there is no such folder.</summary>
    /// <example><code>
    /// var folder = Directory.CreateTempSubdirectory().FullName;
    /// foreach (var step in new[] { 100, 200, 300 }) Checkpoint.SaveStep(folder, step, Tensor.Create(1.0), keep: 2);
    /// Checkpoint.Steps(folder).Select(file => file.Step).ToArray() // [200, 300]
    /// </code></example>
    public static IReadOnlyList<CheckpointFile> Steps(string folder) => CheckpointModule.steps(folder.NotNull());

    /// <summary>The newest checkpoint of a folder that is whole; null where there is none.</summary>
    /// <exception cref="IOException">A file can't be read.</exception>
    /// <example><code>
    /// var folder = Directory.CreateTempSubdirectory().FullName;
    /// Checkpoint.Latest(folder) is null // true
    /// Checkpoint.SaveStep(folder, 100, Tensor.Create(1.0), keep: 3);
    /// Checkpoint.Latest(folder)!.Step // 100
    /// </code></example>
    public static CheckpointFile? Latest(string folder) => CheckpointModule.latest(folder.NotNull())?.Value;

    /// <summary>
    /// Saves a tree in a folder, which is made if it is missing, under a name with the step's number, and removes all but the
    /// last checkpoints there, as many as are to be kept.
    /// </summary>
    /// <exception cref="ValueException">
    /// Less than 1 is to be kept, the step is negative, or the folder has checkpoints of later steps: of another training,
    /// perhaps.
    /// </exception>
    /// <exception cref="IOException">The disk is full, or refuses.</exception>
    /// <exception cref="TreeException">The type can't hold a tensor.</exception>
    /// <example><code>
    /// var folder = Directory.CreateTempSubdirectory().FullName;
    /// Checkpoint.SaveStep(folder, 100, Tensor.Create(1.0), keep: 3);
    /// Checkpoint.Latest(folder)!.Step // 100
    /// </code></example>
    public static void SaveStep<T>(string folder, int step, T tree, int keep)
        where T : notnull => CheckpointModule.saveStep(keep, folder.NotNull(), step, tree.NotNull());

    /// <summary>
    /// The state of the newest whole checkpoint of a folder, and its step; where there is none, the one given, and 0. A
    /// training that begins so goes on where it was ended, however often.
    /// </summary>
    /// <exception cref="TreeException">Leaves are missing in the file, or have none in the state.</exception>
    /// <exception cref="ShapeException">Shapes differ.</exception>
    /// <exception cref="DTypeException">Dtypes differ.</exception>
    /// <exception cref="IOException">A file can't be read.</exception>
    /// <example><code>
    /// var folder = Directory.CreateTempSubdirectory().FullName;
    /// var (state, step) = Checkpoint.Resume(folder, Tensor.Create(0.0));
    /// step // 0
    /// </code></example>
    public static (T State, int Step) Resume<T>(string folder, T start)
        where T : notnull => CheckpointModule.resume(folder.NotNull(), start.NotNull()).ToValueTuple();
}
