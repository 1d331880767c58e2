namespace Cotangent

open Cotangent.Checkpoints

/// <summary>A tensor of a safetensors file, known without reading its numbers.</summary>
/// <example><code>
/// let path = System.IO.Path.GetTempFileName()
/// Safetensors.write path (Map [ "weight", tensor [ 1.0f; 2.0f ] ])
/// use file = Safetensors.openFile path
/// file.Entries[0].Shape // [2]
/// file.Entries[0].Bytes // 8
/// </code></example>
[<Sealed>]
type SafetensorsEntry internal (name: string, format: string, shape: int64[], first: int64, last: int64) =
    /// <summary>What it is called: <c>layers.0.bias</c>.</summary>
    member _.Name = name
    /// <summary>How the file names the type of its elements: <c>F32</c>, <c>BF16</c>, <c>I64</c>.</summary>
    member _.Format = format
    /// The size of each axis; empty for a scalar. A copy, the caller's to keep.
    member _.Shape: int64[] = Array.copy shape
    member internal _.Sizes = shape
    /// Where its bytes begin behind the header.
    member internal _.First = first
    /// Where they end: the place behind the last one.
    member internal _.Last = last
    /// How many bytes its numbers take up in the file.
    member _.Bytes = last - first
    override _.ToString() = $"{name}: {format} {Shape.showLong shape}"

    /// The dtype of the tensor that is read; none where no dtype of ours holds such numbers.
    member internal _.DType: DType voption = ElementFormat.dtype format
