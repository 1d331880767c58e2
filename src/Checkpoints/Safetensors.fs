namespace Cotangent

open System.Threading
open Cotangent.Checkpoints

/// <summary>
/// Files of named tensors in the format safetensors (https://github.com/huggingface/safetensors), which programs in many languages read
/// and write. <c>Checkpoint</c> saves and loads whole trees in it.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Safetensors =
    /// <summary>
    /// Opens a file, to see what is in it and to read tensors one by one. The path may be that of an index,
    /// <c>model.safetensors.index.json</c>, which makes one of the several files of a large model.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, or no such file; or a file of an index is missing.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Safetensors.write path (Map [ "weight", tensor [ 1.0f; 2.0f ]; "bias", tensor 3.0f ])
    /// use file = Safetensors.openFile path
    /// [ for each in file.Entries -> each.Name ] // bias and weight
    /// file.Read "weight" // [1, 2]
    /// </code></example>
    let openFile (path: string) : SafetensorsFile =
        Given.check "path" path
        SafetensorsFile.Open("Safetensors.openFile", path)

    /// <summary>All tensors of a file, or of those of an index, each as <c>SafetensorsFile.Read</c> gives it.</summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, or no such file; or a file of an index is missing.</exception>
    /// <exception cref="T:Cotangent.DTypeException">No dtype holds the elements of one of them.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Safetensors.write path (Map [ "weight", tensor [ 1.0f; 2.0f ] ])
    /// (Safetensors.read path)["weight"] // [1, 2]
    /// </code></example>
    let read (path: string) : Map<string, Tensor> =
        Given.check "path" path
        use file = SafetensorsFile.Open("Safetensors.read", path)

        file.Entries
        |> Array.map (fun each -> each.Name, Tensor.ofHost (file.Numbers("Safetensors.read", each)))
        |> Map.ofArray

    let private saved (operation: string) (tensors: Map<string, Tensor>) : Saved[] =
        Given.check "tensors" tensors

        [|
            for each in tensors do
                Given.check $"tensors[{each.Key}]" each.Value

                {
                    Name = each.Key
                    Numbers =
                        Tree.atLeaf operation each.Value 0 (fun () -> SafetensorsWriter.snapshot each.Value)
                }
        |]

    /// <summary>
    /// Writes tensors by name, and texts of your own beside them. The file is written under another name, flushed to the disk and
    /// renamed: whatever happens meanwhile, the one that was there before is whole.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">A name is <c>__metadata__</c>, or not a text.</exception>
    /// <exception cref="T:System.IO.IOException">The disk is full, or refuses.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Safetensors.writeWith (Map [ "format", "pt" ]) path (Map [ "weight", tensor [ 1.0f; 2.0f ] ])
    /// Checkpoint.metadata path // map [("format", "pt")]
    /// </code></example>
    let writeWith (metadata: Map<string, string>) (path: string) (tensors: Map<string, Tensor>) : unit =
        Given.check "metadata" metadata
        Given.check "path" path

        saved "Safetensors.writeWith" tensors
        |> SafetensorsWriter.toFile "Safetensors.writeWith" path metadata CancellationToken.None

    /// <summary>Writes tensors by name.</summary>
    /// <exception cref="T:Cotangent.ValueException">A name is <c>__metadata__</c>, or not a text.</exception>
    /// <exception cref="T:System.IO.IOException">The disk is full, or refuses.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// Safetensors.write path (Map [ "weight", tensor [ 1.0f; 2.0f ] ])
    /// </code></example>
    let write (path: string) (tensors: Map<string, Tensor>) : unit =
        Given.check "path" path

        saved "Safetensors.write" tensors
        |> SafetensorsWriter.toFile "Safetensors.write" path Map.empty CancellationToken.None
