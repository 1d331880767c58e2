namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>What a <c>Dropout</c> drops as one.</summary>
/// <example><code>
/// let layer = Dropout.init Dropped.Channels 0.5
/// Dropout.train layer (Key.create 0L) (Tensor.ones DType.Float32 [ 2; 8; 4; 4 ]) // shape (2, 8, 4, 4)
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type Dropped =
    /// Each element by itself.
    | Elements
    /// Whole channels of an example, (examples, channels, …): neighbours in an image say the same (Tompson et al. 2015).
    | Channels
    /// Whole examples, (examples, …): drop path, for the branch of a residual block (Huang et al. 2016, stochastic depth).
    | Examples

/// <summary>
/// Dropout (Srivastava et al. 2014): while training, parts are set to 0 by chance, and the others grow by 1/(1 - rate), so that
/// the mean stays. It is nothing while predicting.
/// </summary>
[<Struct>]
type Dropout = {
    /// The probability that a part is dropped, at least 0 and below 1.
    Rate: float
    /// What is dropped as one.
    Dropped: Dropped
} with

    /// <summary>The layer's value while predicting: x.</summary>
    /// <example><code>
    /// (Dropout.create 0.5).Forward(tensor [ 1.0; 2.0 ]) // [1, 2]
    /// </code></example>
    member _.Forward(x: Tensor) : Tensor =
        Given.check "x" x
        x

    /// <summary>
    /// The layer's value while training. The key says what is dropped: the same key drops the same, so each step and each
    /// layer wants one of its own, and under <c>vmap</c> each example.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The rate is below 0, or 1 or more.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There are no axes of examples or channels to drop.</exception>
    /// <exception cref="T:Cotangent.DTypeException">x is not floating-point.</exception>
    /// <example><code>
    /// // What is left is twice as large.
    /// (Dropout.create 0.5).Train(Tensor.ones DType.Float32 [ 1000 ], Key.create 1L).Max() // 2
    /// </code></example>
    member layer.Train(x: Tensor, key: Key) : Tensor =
        let operation = "Dropout.train"
        Given.check "x" x
        Given.check "key" key
        Dropout.RequireRate operation layer.Rate
        Folds.requireFloat operation x

        let need axes (what: string) =
            if x.Rank < axes then
                raise (
                    ShapeException
                        $"{operation}: the input has shape {Shape.show x.Dims}; to drop whole {what} it must have {axes} axes or more."
                )

            x.Dims |> Array.mapi (fun axis size -> if axis < axes - 1 then size else 1)

        if layer.Rate = 0.0 then
            x
        else
            let shape =
                match layer.Dropped with
                | Dropped.Elements -> x.Dims
                | Dropped.Channels -> need 3 "channels, (examples, channels, …),"
                | Dropped.Examples -> need 2 "examples, (examples, …),"

            let kept = Random.bernoulli key (1.0 - layer.Rate) shape
            // Selected, not multiplied: what is dropped may be infinite.
            where kept (x * (1.0 / (1.0 - layer.Rate))) (Tensor.zerosLike x)

    static member internal RequireRate (operation: string) (rate: float) =
        if not (rate >= 0.0 && rate < 1.0) then
            raise (
                ValueException
                    $"{operation}: a rate of {string rate}; it is the probability that a part is dropped, at least 0 and below 1."
            )

    interface ITrainingLayer with
        member layer.Forward x = layer.Forward x
        member layer.Train(x, key) = struct (layer.Train(x, key), layer)

/// Dropout of elements, channels and paths.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Dropout =
    /// <summary>A layer that drops parts of some kind with a probability.</summary>
    /// <exception cref="T:Cotangent.ValueException">The rate is below 0, or 1 or more.</exception>
    /// <example><code>
    /// // Stochastic depth: a residual block whose branch is left out now and then.
    /// let path = Dropout.init Dropped.Examples 0.2
    /// let block key (x: Tensor) = x + (relu x |> Dropout.train path key)
    /// block (Key.create 0L) (Tensor.ones DType.Float32 [ 8; 16; 4; 4 ]) // shape (8, 16, 4, 4)
    /// </code></example>
    let init (dropped: Dropped) (rate: float) : Dropout =
        Dropout.RequireRate "Dropout.init" rate
        { Rate = rate; Dropped = dropped }

    /// <summary>A layer that drops elements with a probability.</summary>
    /// <exception cref="T:Cotangent.ValueException">The rate is below 0, or 1 or more.</exception>
    /// <example><code>
    /// let layer = Dropout.create 0.5
    /// Dropout.forward layer (tensor [ 1.0; 2.0 ]) // [1, 2]
    /// </code></example>
    let create (rate: float) : Dropout = init Dropped.Elements rate

    /// <summary>The layer's value while predicting: x.</summary>
    /// <example><code>
    /// Dropout.forward (Dropout.create 0.5) (tensor [ 1.0; 2.0 ]) // [1, 2]
    /// </code></example>
    let forward (layer: Dropout) (x: Tensor) : Tensor = layer.Forward x

    /// <summary>
    /// The layer's value while training. The key says what is dropped: the same key drops the same, so each step and each
    /// layer wants one of its own, and under <c>vmap</c> each example.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The rate is below 0, or 1 or more.</exception>
    /// <exception cref="T:Cotangent.ShapeException">There are no axes of examples or channels to drop.</exception>
    /// <exception cref="T:Cotangent.DTypeException">x is not floating-point.</exception>
    /// <example><code>
    /// let ones = Tensor.ones DType.Float32 [ 100; 100 ]
    /// (Dropout.train (Dropout.create 0.5) (Key.create 1L) ones).Max() // 2
    /// </code></example>
    let train (layer: Dropout) (key: Key) (x: Tensor) : Tensor = layer.Train(x, key)
