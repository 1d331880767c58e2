namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// Layers of one kind and size, one after the other: their parameters are stacked along axis 0, and the chain is a loop, so that 48
/// blocks compile as one.
/// </summary>
type Repeat<'layer> = {
    /// A layer whose every tensor holds those of all, along axis 0.
    [<LeafName "">]
    Stacked: 'layer
    /// How many there are.
    Count: int
}

/// Layers of one kind and size, one after the other.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Repeat =
    /// <summary>As many layers as asked for, each made with a key of its own.</summary>
    /// <exception cref="T:Cotangent.ValueException">The count is below 1.</exception>
    /// <exception cref="T:Cotangent.TreeException">What is made holds no tensors.</exception>
    /// <example><code>
    /// let blocks = Repeat.create 48 (Linear.create 16 16) (Key.create 0L)
    /// blocks.Stacked.Weight // shape (48, 16, 16)
    /// </code></example>
    let create (count: int) (make: Key -> 'layer) (key: Key) : Repeat<'layer> =
        Given.check "make" make
        Given.check "key" key
        Layer.requirePositive "Repeat.create" [ "layers", count ]
        let stacked = vmap make (Key.batch count key)

        if (Tree.leaves stacked).Length = 0 then
            raise (
                TreeException
                    "Repeat.create: a layer that was made holds no tensors, so there is nothing to stack. A function without parameters is repeated by `iterate`."
            )

        { Stacked = stacked; Count = count }

    /// <summary>One of the layers, counted from 0, or from the end by negative numbers.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are fewer.</exception>
    /// <example><code>
    /// let blocks = Repeat.create 3 (Linear.create 2 2) (Key.create 0L)
    /// (Repeat.item -1 blocks).Weight // shape (2, 2)
    /// </code></example>
    let item (index: int) (layers: Repeat<'layer>) : 'layer =
        Given.check "layers" layers
        let place = if index < 0 then index + layers.Count else index

        if place < 0 || place >= layers.Count then
            raise (ValueException $"Repeat.item: layer {index} of {layers.Count}.")

        Tree.map (fun t -> (sliceAxis 0 place 1 t).Squeeze 0) layers.Stacked

    /// <summary>
    /// The last layer's output: each layer is applied to what the one before it made, which is any tree of one structure, shapes and
    /// dtypes.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">A layer changes a shape or dtype.</exception>
    /// <example><code>
    /// let blocks = Repeat.create 48 (Linear.create 16 16) (Key.create 0L)
    /// Repeat.fold Linear.forward blocks (Tensor.ones DType.Float32 [ 5; 16 ]) // shape (5, 16)
    /// </code></example>
    let fold (forward: 'layer -> 'x -> 'x) (layers: Repeat<'layer>) (x: 'x) : 'x =
        Given.check "forward" forward
        Given.check "layers" layers
        fst (scan (fun x layer -> forward layer x, ()) x layers.Stacked)

    /// <summary>The same, where each layer draws with a key of its own.</summary>
    /// <exception cref="T:Cotangent.ShapeException">A layer changes a shape or dtype.</exception>
    /// <example><code>
    /// let noisy (layer: Linear) (key: Key) (x: Tensor) = layer.Forward x + Random.normal key x.DType x.Shape
    /// let blocks = Repeat.create 48 (Linear.create 16 16) (Key.create 0L)
    /// Repeat.foldWithKeys noisy blocks (Key.create 1L) (Tensor.ones DType.Float32 [ 5; 16 ]) // shape (5, 16)
    /// </code></example>
    let foldWithKeys (forward: 'layer -> Key -> 'x -> 'x) (layers: Repeat<'layer>) (key: Key) (x: 'x) : 'x =
        Given.check "forward" forward
        Given.check "layers" layers
        Given.check "key" key

        fst (
            scan
                (fun x (layer, key) -> forward layer key x, ())
                x
                (layers.Stacked, Key.batch layers.Count key)
        )

    /// <summary>
    /// The last layer's output, and what each layer gives besides, stacked along axis 0: its attention, a cache, the layer itself with
    /// new statistics.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">A layer changes a shape or dtype.</exception>
    /// <example><code>
    /// let blocks = Repeat.create 3 (Linear.create 2 2) (Key.create 0L)
    /// let step (layer: Linear) x = let y = layer.Forward x in y, mean y
    /// snd (Repeat.mapFold step blocks (Tensor.ones DType.Float32 [ 2 ])) // shape (3)
    /// </code></example>
    let mapFold (forward: 'layer -> 'x -> 'x * 'out) (layers: Repeat<'layer>) (x: 'x) : 'x * 'out =
        Given.check "forward" forward
        Given.check "layers" layers
        scan (fun x layer -> forward layer x) x layers.Stacked
