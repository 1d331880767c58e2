namespace Cotangent;

/// <summary>
/// Files of named tensors in the format safetensors (https://github.com/huggingface/safetensors), which programs in many
/// languages read and write. <c>Checkpoint</c> saves and loads whole trees in it.
/// </summary>
public static class Safetensors
{
    /// <summary>Opens a file, to see what is in it and to read tensors one by one.</summary>
    /// <exception cref="FileException">It is damaged, or no such file.</exception>
    /// <exception cref="IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// var path = Path.GetTempFileName();
    /// Safetensors.Write(path, new Dictionary&lt;string, Tensor> { ["weight"] = Tensor.Create([1f, 2f]) });
    /// using var file = Safetensors.Open(path);
    /// file.Read("weight") // [1, 2]
    /// </code></example>
    public static SafetensorsFile Open(string path) => SafetensorsModule.openFile(path.NotNull());

    /// <summary>All tensors of a file, each as <c>SafetensorsFile.Read</c> gives it.</summary>
    /// <exception cref="FileException">It is damaged, or no such file.</exception>
    /// <exception cref="DTypeException">No dtype holds the elements of one of them.</exception>
    /// <exception cref="IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// var path = Path.GetTempFileName();
    /// Safetensors.Write(path, new Dictionary&lt;string, Tensor> { ["weight"] = Tensor.Create([1f, 2f]) });
    /// Safetensors.Read(path)["weight"] // [1, 2]
    /// </code></example>
    public static IReadOnlyDictionary<string, Tensor> Read(string path) => SafetensorsModule.read(path.NotNull());

    /// <summary>
    /// Writes tensors by name, and texts of your own beside them. The file is written under another name, flushed to the
    /// disk and renamed: whatever happens meanwhile, the one that was there before is whole. There are no texts by default.
    /// </summary>
    /// <exception cref="ValueException">A name is <c>__metadata__</c>, or not a text.</exception>
    /// <exception cref="IOException">The disk is full, or refuses.</exception>
    /// <example><code>
    /// var path = Path.GetTempFileName();
    /// var tensors = new Dictionary&lt;string, Tensor> { ["weight"] = Tensor.Create([1f, 2f]), ["bias"] = Tensor.Create(3f) };
    /// Safetensors.Write(path, tensors, new Dictionary&lt;string, string> { ["format"] = "pt" });
    /// Safetensors.Read(path)["bias"] // 3
    /// Checkpoint.Metadata(path)["format"] // pt
    /// </code></example>
    public static void Write(
        string path,
        IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null
    )
    {
        path.NotNull();
        SafetensorsModule.writeWith((metadata ?? new Dictionary<string, string>()).ToFSharpMap(), path, tensors.ToFSharpMap());
    }
}
