namespace Cotangent;

/// <summary>Files of NumPy.</summary>
public static class NumPy
{
    /// <summary>
    /// The array of an <c>.npy</c> file. Its dtype is the file's.
    /// </summary>
    /// <exception cref="FileException">It is damaged, or no such file.</exception>
    /// <exception cref="DTypeException">No dtype holds its elements: complex numbers, texts, objects.</exception>
    /// <exception cref="IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// // What numpy.save writes of [1, 2] in bytes.
    /// var path = Path.GetTempFileName();
    /// var header = "{'descr':'|u1','fortran_order':False,'shape':(2,)}\n"u8;
    /// File.WriteAllBytes(path, [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header, 1, 2]);
    /// NumPy.ReadArray(path) // [1, 2]
    /// </code></example>
    public static Tensor ReadArray(string path) => NumPyModule.readArray(path.NotNull());

    /// <summary>
    /// The arrays of an <c>.npz</c> archive by name, compressed or not, each as <c>ReadArray</c> reads it.
    /// <c>Checkpoint.Fit</c> makes a model of them.
    /// </summary>
    /// <exception cref="FileException">It is damaged, or no such file.</exception>
    /// <exception cref="DTypeException">No dtype holds the elements of one of them.</exception>
    /// <exception cref="IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// // numpy.savez("line.npz", weight=weight, bias=bias) has written the file.
    /// Linear Line(string path) => Checkpoint.Fit(Linear.Create(2, 1, Key.Create(0)), NumPy.Read(path));
    /// </code></example>
    public static IReadOnlyDictionary<string, Tensor> Read(string path) => NumPyModule.read(path.NotNull());
}

/// <summary>Files of PyTorch.</summary>
public static class PyTorch
{
    /// <summary>
    /// The tensors of a <c>.pt</c> or <c>.pth</c> file that <c>torch.save</c> wrote of a <c>state_dict</c>, or of dictionaries and
    /// lists of tensors (PyTorch 1.6 and later). Names of inner dictionaries are joined by dots. Nothing in the file is executed:
    /// calls of functions in its pickle are only read. <c>Checkpoint.Fit</c> makes a model of the tensors.
    /// </summary>
    /// <exception cref="FileException">It is damaged, no such file, or holds no tensors.</exception>
    /// <exception cref="DTypeException">No dtype holds the elements of one of them.</exception>
    /// <exception cref="IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// // torch.save(line.state_dict(), "line.pt") has written the file; PyTorch's matrices are (outputs, inputs).
    /// Linear Line(string path)
    /// {
    ///     var saved = PyTorch.Read(path);
    ///     var tensors = new Dictionary&lt;string, Tensor> { ["weight"] = saved["weight"].T, ["bias"] = saved["bias"] };
    ///     return Checkpoint.Fit(Linear.Create(2, 1, Key.Create(0)), tensors);
    /// }
    /// </code></example>
    public static IReadOnlyDictionary<string, Tensor> Read(string path) => PyTorchModule.read(path.NotNull());
}

/// <summary>Files of ONNX.</summary>
public static class Onnx
{
    /// <summary>
    /// The weights of an <c>.onnx</c> model by name: the initializers of its graph, also those that lie in files beside it.
    /// The graph itself is not read.
    /// <c>Checkpoint.Fit</c> makes a model of the tensors.
    /// </summary>
    /// <exception cref="FileException">It is damaged, or no such file.</exception>
    /// <exception cref="DTypeException">No dtype holds the elements of one of them.</exception>
    /// <exception cref="IOException">It, or a file beside it, is not there, or can't be read.</exception>
    /// <example><code>
    /// // What a file holds, by name.
    /// string[] Names(string path) => [.. Onnx.Read(path).Keys];
    /// </code></example>
    public static IReadOnlyDictionary<string, Tensor> Read(string path) => OnnxModule.read(path.NotNull());
}
