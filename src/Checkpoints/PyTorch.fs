namespace Cotangent

open System.IO
open System.IO.Compression
open Cotangent.Checkpoints

/// <summary>Files of PyTorch.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module PyTorch =
    let internal tensors (operation: string) (file: Stream) : Map<string, Tensor> =
        use archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen = true)
        let found = PyTorchTensors(operation, archive).Read()

        if found.Count = 0 then
            raise (
                DamagedException
                    "no tensor is in its dictionaries and lists. Was a model saved as an object? Save 'model.state_dict()'"
            )

        found |> Seq.map (fun each -> each.Key, Tensor.ofHost each.Value) |> Map.ofSeq

    /// <summary>
    /// The tensors of a <c>.pt</c> or <c>.pth</c> file that <c>torch.save</c> wrote of a <c>state_dict</c>, or of dictionaries and lists of tensors
    /// (PyTorch 1.6 and later). Names of inner dictionaries are joined by dots. Nothing in the file is executed: calls of functions in its
    /// pickle are only read. <c>Checkpoint.fit</c> makes a model of the tensors.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, no such file, or holds no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">No dtype holds the elements of one of them.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// // torch.save(layer.state_dict(), path) has weights the other way round: (outputs, inputs).
    /// let load (path: string) =
    ///     let tensors = PyTorch.read path |> Map.change "weight" (Option.map (fun weight -> weight.T))
    ///     Checkpoint.fit Checkpoint.defaults (Linear.create 3 8 (Key.create 0L)) tensors
    /// load "none-such.pt" // throws FileNotFoundException
    /// </code></example>
    let read (path: string) : Map<string, Tensor> =
        Given.check "path" path

        ForeignFile.reading
            "PyTorch.read"
            path
            "a zip archive of PyTorch's 'torch.save'"
            (tensors "PyTorch.read")
