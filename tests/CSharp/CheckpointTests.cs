namespace Cotangent.CSharp.Tests;

/// <summary>Saving and loading, as a C# program does it.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cotangent-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string At(string name) => Path.Combine(folder, name);

    private static Mlp Model(long seed) => Mlp.Create(4, Key.Create(seed), (3, Activation.Relu), (2, Activation.Identity));

    private sealed record State(Tensor Weight, Tensor? Bias, Key Key);

    [Fact]
    public void A_model_comes_back()
    {
        Checkpoint.Save(At("model"), Model(1));
        var loaded = Checkpoint.Load(At("model"), Model(2));
        Assert.Equal(Tree.Leaves(Model(1)), Tree.Leaves(loaded));
    }

    [Fact]
    public void A_record_of_C_sharp_comes_back_under_PyTorchs_names()
    {
        var state = new State(Tensor.Create([1.0, 2.0]), null, Key.Create(7));
        Checkpoint.Save(At("state"), state);
        using var file = Safetensors.Open(At("state"));
        Assert.Equal(["key.data", "weight"], file.Entries.Select(each => each.Name).Order());
        var loaded = Checkpoint.Load(At("state"), new State(Tensor.Zeros([2], DType.Float64), null, Key.Create(0)));
        Assert.Equal(state.Weight, loaded.Weight);
        Assert.Null(loaded.Bias);
        Assert.Equal(state.Key.ToString(), loaded.Key.ToString());
    }

    [Fact]
    public async Task On_another_thread_and_cancelled()
    {
        var x = Tensor.Create([1.0, 2.0]);
        await Checkpoint.SaveAsync(At("x"), x, cancellation: Token);
        Assert.Equal(x, await Checkpoint.LoadAsync(At("x"), x * 0, cancellation: Token));
        using var source = new CancellationTokenSource();
        source.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Checkpoint.SaveAsync(At("x"), x * 2, cancellation: source.Token)
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Checkpoint.LoadAsync(At("x"), x, cancellation: source.Token)
        );

        Assert.Equal(x, Checkpoint.Load(At("x"), x * 0));
    }

    [Fact]
    public void Other_names_texts_parts_and_dtypes()
    {
        var options = new CheckpointOptions
        {
            Rename = name => "encoder." + name,
            Metadata = new Dictionary<string, string> { ["author"] = "me" },
        };

        Checkpoint.Save(At("model"), Model(1), options);
        Assert.Equal("me", Checkpoint.Metadata(At("model"))["author"]);
        Assert.Equal(Tree.Leaves(Model(1)), Tree.Leaves(Checkpoint.Load(At("model"), Model(2), options)));

        Checkpoint.Save(At("named"), (Tensor.Create(1.0), "first"));
        var other = (Tensor.Create(0.0), "second");
        var error = Assert.Throws<TreeException>(() => Checkpoint.Load(At("named"), other));
        Assert.Contains("is \"first\", and \"second\" in the template", error.Message);
        Assert.Equal("second", Checkpoint.Load(At("named"), other, new() { IgnoreStatics = true }).Item2);

        var kept = Checkpoint.Load(At("model"), Model(2), new() { KeepMissing = true, IgnoreExtra = true });
        Assert.Equal(Tree.Leaves(Model(2)), Tree.Leaves(kept));

        Checkpoint.Save(At("x"), Tensor.Create([0.5]));
        Assert.Equal(
            Tensor.Create([0.5f]),
            Checkpoint.Load(At("x"), Tensor.Create([0f]), new() { ConvertFloats = true })
        );
    }

    [Fact]
    public void Errors_speak_CSharp()
    {
        Checkpoint.Save(At("x"), Tensor.Create([0.5]));
        var error = Assert.Throws<ShapeException>(() => Checkpoint.Load(At("x"), Tensor.Create([0.5, 1.0])));
        Assert.StartsWith("Checkpoint.Load: '", error.Message);
        File.WriteAllText(At("page"), "<html>");
        Assert.Contains("a page of the web", Assert.Throws<FileException>(() => Safetensors.Open(At("page"))).Message);
        Assert.Throws<FileNotFoundException>(() => Checkpoint.Load(At("none"), Tensor.Create([0.5])));
    }

    [Fact]
    public void Named_tensors()
    {
        var x = Tensor.Create([1f, 2f]);
        Safetensors.Write(At("x"), new Dictionary<string, Tensor> { ["x"] = x }, new Dictionary<string, string> { ["a"] = "b" });
        Assert.Equal(x, Safetensors.Read(At("x"))["x"]);
        using var file = Safetensors.Open(At("x"));
        Assert.Equal("b", file.Metadata["a"]);
        Assert.Equal("F32", file.Entries[0].Format);
    }

    [Fact]
    public void Files_of_other_programs()
    {
        var fixtures = Path.Combine(Root(), "tests", "Checkpoints", "Fixtures");
        Assert.Equal(Tensor.Create([0.1, double.Epsilon]), NumPy.Read(Path.Combine(fixtures, "arrays.npz"))["double"]);
        Assert.Equal([2, 3, 4], NumPy.ReadArray(Path.Combine(fixtures, "array.npy")).Shape);
        var weights = PyTorch.Read(Path.Combine(fixtures, "training.pt"));
        var options = new CheckpointOptions { Rename = _ => "model.weight", IgnoreExtra = true };
        Assert.Equal(Tensor.Create([1f, 2f]), Checkpoint.Fit(Tensor.Create([0f, 0f]), weights, options));
    }

    private static string Root([System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(here, "..", "..", ".."));

    [Fact]
    public void A_training_goes_on()
    {
        static (Tensor, Tensor) Step(Tensor x, Tensor batch) => (x * 0.5 + batch.Mean(), x);
        var batches = Data.Batches(2, Key.Create(0), Tensor.Create([1.0, 2.0, 3.0, 4.0]));

        TrainingRun<Tensor> Run(int epochs)
        {
            var (start, from) = Checkpoint.Resume(folder, Tensor.Create(0.0));

            var options = new TrainOptions<Tensor>
            {
                Epochs = epochs,
                From = from,
                Callbacks = [Callback.Checkpoint<Tensor>(Every.Steps(3), folder, keep: 2)],
            };

            return Train.Run(options, Step, batches, start, Token);
        }

        Run(5);
        Assert.Equal([6, 9], Checkpoint.Steps(folder).Select(each => each.Step));
        Assert.Equal(9, Checkpoint.Latest(folder)!.Step);

        var whole = Train.Run(new TrainOptions<Tensor> { Epochs = 8 }, Step, batches, Tensor.Create(0.0), Token);
        Assert.Equal(whole.Last.State, Run(8).Last.State);
        Assert.Null(Checkpoint.Latest(At("elsewhere")));
    }

    [Fact]
    public void A_callback_is_told_of_the_end()
    {
        var ended = 0;
        var callback = new Callback<Tensor>(Every.Steps(1), () => (now => new(), () => ended++));
        var batches = Data.InOrder(1, Tensor.Create([1.0]));
        var options = new TrainOptions<Tensor> { Callbacks = [callback] };
        Train.Run(options, (Tensor x, Tensor _) => (x, x), batches, Tensor.Create(0.0), Token);
        Assert.Equal(1, ended);
    }
}
