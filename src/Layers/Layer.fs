namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// What turns one tensor into another: a layer that can stand in a <c>Sequential</c>. Nothing else asks for it: a model is any
/// record, and its forward pass any function.
/// </summary>
type ILayer =
    /// <summary>The output, as it is while predicting.</summary>
    /// <example><code>
    /// // A custom layer.
    /// type Twice() =
    ///     interface ILayer with
    ///         member _.Forward x = 2.0 * x
    ///
    /// Layer.forward (Twice()) (tensor [ 1.0; 2.0 ]) // [2, 4]
    /// </code></example>
    abstract Forward: x: Tensor -> Tensor

/// A layer that is another while it is trained: it draws random numbers, or keeps statistics of what it sees.
type ITrainingLayer =
    inherit ILayer

    /// <summary>The output while training, and the layer with what it has learned of its input besides its parameters.</summary>
    /// <example><code>
    /// // A custom layer, which adds noise while it is trained.
    /// type Noisy() =
    ///     interface ITrainingLayer with
    ///         member _.Forward x = x
    ///         member layer.Train(x, key) = struct (x + Random.normal key x.DType x.Shape, layer)
    ///
    /// let y, _ = Layer.train (Noisy()) (Key.create 0L) (tensor [ 1.0; 2.0 ])
    /// y = tensor [ 1.0; 2.0 ] // false
    /// Layer.forward (Noisy()) (tensor [ 1.0; 2.0 ]) // [1, 2]
    /// </code></example>
    abstract Train: x: Tensor * key: Key -> struct (Tensor * ILayer)

/// <summary>
/// Any function of parameters and a tensor as a layer, or one of a tensor alone: what <c>Layer.over</c> and
/// <c>Layer.ofFunction</c> make.
/// </summary>
/// <example><code>
/// let scaled = Layer.over (fun factor x -> factor * x) (tensor 2.0)
/// Layer.forward scaled (tensor [ 1.0; 2.0 ]) // [2, 4]
/// </code></example>
[<ReferenceEquality>]
type Applied<'parameters> = {
    /// A tree, or nothing.
    [<LeafName "">]
    Parameters: 'parameters
    /// What is done with them.
    Function: 'parameters -> Tensor -> Tensor
} with

    interface ILayer with
        member layer.Forward x = layer.Function layer.Parameters x

/// Layers of functions, and layers while they are trained.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Layer =
    /// <summary>A function of a tensor as a layer.</summary>
    /// <example><code>
    /// let model = Sequential.create [ Layer.ofFunction (fun x -> x.Reshape [ -1; 6 ]); Activation.Relu ]
    /// Sequential.forward model (Tensor.zeros DType.Float32 [ 5; 2; 3 ]) // shape (5, 6)
    /// </code></example>
    let ofFunction (f: Tensor -> Tensor) : ILayer =
        Given.check "f" f
        { Parameters = (); Function = fun () x -> f x }

    /// <summary>A function of parameters, which are any tree, and a tensor as a layer.</summary>
    /// <example><code>
    /// let blocks = Repeat.create 48 (Linear.create 16 16) (Key.create 0L)
    /// let model = Sequential.create [ Layer.over (Repeat.fold Linear.forward) blocks; Activation.Relu ]
    /// Sequential.forward model (Tensor.ones DType.Float32 [ 5; 16 ]) // shape (5, 16)
    /// </code></example>
    let over (f: 'parameters -> Tensor -> Tensor) (parameters: 'parameters) : ILayer =
        Given.check "f" f

        { Parameters = parameters; Function = f }

    /// <summary>A layer's output, as it is while predicting.</summary>
    /// <example><code>
    /// Layer.forward Activation.Relu (tensor [ -1.0; 2.0 ]) // [0, 2]
    /// </code></example>
    let forward (layer: ILayer) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x

    /// What a layer does while it is trained, which is what it does anyway unless it says otherwise.
    let internal trained (layer: ILayer) (x: Tensor) (key: Key) : struct (Tensor * ILayer) =
        match layer with
        | :? ITrainingLayer as layer -> layer.Train(x, key)
        | _ -> struct (layer.Forward x, layer)

    /// <summary>
    /// A layer's output while training, and the layer with what it has learned of its input besides its parameters. Layers that
    /// are the same while training and predicting leave the key alone.
    /// </summary>
    /// <example><code>
    /// fst (Layer.train (Rrelu.create 0.25 0.25) (Key.create 0L) (tensor [ -4.0; 2.0 ])) // [-1, 2]
    /// </code></example>
    let train (layer: ILayer) (key: Key) (x: Tensor) : Tensor * ILayer =
        Given.check "layer" layer
        Given.check "key" key
        let struct (y, next) = trained layer x key
        y, next

    // What the errors of layers have in common: they say which layer, what it got and what it wants.

    /// Sizes that a constructor was given.
    let internal requirePositive (operation: string) (sizes: (string * int) list) =
        match sizes |> List.tryFind (fun (_, size) -> size < 1) with
        | Some(what, size) -> raise (ValueException $"{operation}: {size} {what}; there must be at least 1.")
        | None -> ()

    /// Parameters that are trained are floats.
    let internal requireFloat (operation: string) (dtype: DType) =
        if not dtype.IsFloat then
            raise (
                DTypeException
                    $"{operation}: parameters of {dtype} can't be trained; ask for a floating-point dtype."
            )

    /// The last axis of an input holds what the layer takes.
    let internal requireLast (operation: string) (what: string) (size: int) (x: Tensor) =
        Given.check "x" x

        if x.Rank = 0 || x.Dims[x.Rank - 1] <> size then
            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}; its last axis must hold the {size} {what} of this layer."
            )
