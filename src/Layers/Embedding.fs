namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How to make an <c>Embedding</c>.</summary>
/// <example><code>
/// let options = { Embedding.defaults with Padding = Some 0; Weight = Init.ones }
/// (Embedding.init options 3 2 (Key.create 0L)).Weight // [[0, 0], [1, 1], [1, 1]]
/// </code></example>
[<NoComparison; NoEquality>]
type EmbeddingOptions = {
    /// How the vectors start.
    Weight: Init
    /// The label that fills up short sequences: its vector starts as 0 and gets no gradient. None: there is no such label.
    Padding: int option
    /// The dtype of the vectors.
    DType: DType
}

/// <summary>A table of vectors, one for each label: of words, of characters, of anything that is numbered.</summary>
type Embedding = {
    /// (labels, width)
    Weight: Tensor
    /// <summary>The label whose vector gets no gradient here, or null (<c>Nullable()</c>).</summary>
    Padding: Nullable<int>
} with

    /// <summary>The vectors of labels of any shape (…), integers: (…, width).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The labels are not integers.</exception>
    /// <exception cref="T:Cotangent.IndexException">A label is not in the table; negative ones do not count from its end.</exception>
    /// <example><code>
    /// let layer: Embedding = { Weight = tensor [ [ 1.0; 0.0 ]; [ 0.0; 1.0 ]; [ 1.0; 1.0 ] ]; Padding = System.Nullable() }
    /// layer.Forward(tensor [ 2; 0 ]) // [[1, 1], [1, 0]]
    /// layer.Forward(tensor [ 3 ]) // throws IndexException
    /// </code></example>
    member layer.Forward(labels: Tensor) : Tensor =
        Given.check "labels" labels

        if not labels.DType.IsInteger then
            raise (
                DTypeException
                    $"Embedding.forward: labels must be integers, got {labels.DType} {Shape.show labels.Dims}. Convert them first."
            )

        let vectors = Bind.one (Primitive.Gather(Finder.Embedding, 0, 0)) [| layer.Weight; labels |]

        if layer.Padding.HasValue then
            let isPadding = (labels.Equal(float layer.Padding.Value)).Unsqueeze -1
            where isPadding (Bind.detach vectors) vectors
        else
            vectors

    /// <summary>
    /// Scores of all labels for x of shape (…, width), by the same table (Press and Wolf 2017): its products with each label's
    /// vector, (…, labels). What a language model ends with, if its input and output are tied.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axis of x is not as long as the vectors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ.</exception>
    /// <example><code>
    /// let layer: Embedding = { Weight = tensor [ [ 1.0; 0.0 ]; [ 0.0; 1.0 ]; [ 1.0; 1.0 ] ]; Padding = System.Nullable() }
    /// layer.Logits(tensor [ 2.0; 3.0 ]) // [2, 3, 5]
    /// </code></example>
    member layer.Logits(x: Tensor) : Tensor =
        Given.check "x" x
        Layer.requireLast "Embedding.logits" "numbers of a vector" layer.Weight.Dims[1] x
        matmul x layer.Weight.T

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// Vectors of labels.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Embedding =
    /// <summary>Standard normal vectors, as PyTorch's, no padding, Float32. Where the output is tied, a deviation of 0.02 is usual.</summary>
    let defaults: EmbeddingOptions = {
        Weight = Init.normalOf (fun _ -> 1.0)
        Padding = None
        DType = DType.Float32
    }

    /// <summary>A table for so many labels, with options.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// The number of labels or the width is below 1, or the padding is none of the labels.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not a floating-point one.</exception>
    /// <example><code>
    /// let options = { Embedding.defaults with Padding = Some 0; Weight = Init.ones }
    /// let layer = Embedding.init options 3 2 (Key.create 0L)
    /// layer.Weight // [[0, 0], [1, 1], [1, 1]]
    /// </code></example>
    let init (options: EmbeddingOptions) (labels: int) (width: int) (key: Key) : Embedding =
        Given.check "options" options
        Given.check "key" key
        Layer.requirePositive "Embedding.init" [ "labels", labels; "numbers of a vector", width ]
        Layer.requireFloat "Embedding.init" options.DType
        let shape = [ labels; width ]
        let drawn = options.Weight (Fans.ofShape shape) shape options.DType key

        match options.Padding with
        | None -> { Weight = drawn; Padding = Nullable() }
        | Some padding when padding < 0 || padding >= labels ->
            raise (
                ValueException
                    $"Embedding.init: the padding {padding} is none of the {labels} labels, 0 to {labels - 1}."
            )
        | Some padding -> { Weight = drawn.At[padding].Set 0.0; Padding = Nullable padding }

    /// <summary>A table for so many labels, as <c>Embedding.defaults</c> has it.</summary>
    /// <exception cref="T:Cotangent.ValueException">The number of labels or the width is below 1.</exception>
    /// <example><code>
    /// (Embedding.create 1000 64 (Key.create 0L)).Weight // shape (1000, 64)
    /// </code></example>
    let create (labels: int) (width: int) (key: Key) : Embedding = init defaults labels width key

    /// <summary>The vectors of labels of any shape (…), integers: (…, width).</summary>
    /// <exception cref="T:Cotangent.DTypeException">The labels are not integers.</exception>
    /// <exception cref="T:Cotangent.IndexException">A label is not in the table; negative ones do not count from its end.</exception>
    /// <example><code>
    /// let layer = Embedding.create 1000 64 (Key.create 0L)
    /// Embedding.forward layer (tensor [ [ 5; 0; 999 ] ]) // shape (1, 3, 64)
    /// </code></example>
    let forward (layer: Embedding) (labels: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward labels

    /// <summary>
    /// Scores of all labels for x of shape (…, width), by the same table (Press and Wolf 2017): what a language model ends with,
    /// if its input and output are tied.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The last axis of x is not as long as the vectors.</exception>
    /// <example><code>
    /// let layer = Embedding.create 1000 64 (Key.create 0L)
    /// Embedding.logits layer (Tensor.ones DType.Float32 [ 1; 3; 64 ]) // shape (1, 3, 1000)
    /// </code></example>
    let logits (layer: Embedding) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Logits x
