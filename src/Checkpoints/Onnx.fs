namespace Cotangent

open System.IO
open Cotangent.Checkpoints

/// <summary>Files of ONNX.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Onnx =
    let internal tensors (operation: string) (path: string) (file: Stream) : Map<string, Tensor> =
        OnnxTensors(operation, path, file).Read()
        |> Seq.map (fun each -> each.Key, Tensor.ofHost each.Value)
        |> Map.ofSeq

    /// <summary>
    /// The weights of an <c>.onnx</c> model by name: the initializers of its graph, also those that lie in files beside it. The
    /// graph itself is not read.
    /// <c>Checkpoint.fit</c> makes a model of the tensors.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, or no such file.</exception>
    /// <exception cref="T:Cotangent.DTypeException">No dtype holds the elements of one of them.</exception>
    /// <exception cref="T:System.IO.IOException">It, or a file beside it, is not there, or can't be read.</exception>
    /// <example><code>
    /// // The names and shapes of a model's weights.
    /// let shapes (path: string) = Onnx.read path |> Map.map (fun _ weight -> weight.Shape)
    /// shapes "none-such.onnx" // throws FileNotFoundException
    /// </code></example>
    let read (path: string) : Map<string, Tensor> =
        Given.check "path" path
        ForeignFile.reading "Onnx.read" path "an ONNX model" (tensors "Onnx.read" path)
