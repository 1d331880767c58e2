namespace Cotangent

open Cotangent.Compiler
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// Surgery on models, which are any trees: leaves counted, selected, changed, replaced and frozen by name. In a pattern <c>*</c>
/// stands for any letters between two dots, and <c>**</c> for any parts of a name: <c>layers.*.bias</c>, <c>encoder.**</c>.
/// <c>Tree.entries</c> lists leaves with names, shapes and numbers.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Model =
    /// <summary>How many numbers are trained: all but those in a <c>Frozen</c>. <c>Tree.size</c> counts those as well.</summary>
    /// <example><code>
    /// Model.count (Linear.create 784 256 (Key.create 0L)) // 200960
    /// </code></example>
    let count (model: 'model) : int64 = Tree.trained model |> Array.fold (fun n t -> n + int64 t.Size) 0L

    /// <summary>What the leaves are called, as PyTorch writes it.</summary>
    /// <example><code>
    /// Model.names (Mlp.create [ 2; 3; 1 ] Activation.Relu (Key.create 0L))
    /// // layers.0.weight, layers.0.bias, layers.1.weight and layers.1.bias
    /// </code></example>
    let names (model: 'model) : string[] = Tree.entries model |> Array.map _.Name

    let private chosen (operation: string) (pattern: string) (model: 'model) : Leaf[] * (Leaf -> bool) =
        let fits = LeafName.matches pattern
        let leaves = Tree.entries model

        if not (leaves |> Array.exists (fun leaf -> fits leaf.Name)) then
            let some = leaves |> Array.truncate 8 |> Array.map (fun leaf -> leaf.Name) |> String.concat ", "
            let more = if leaves.Length > 8 then ", …" else ""

            raise (
                TreeException
                    $"{operation}: no leaf is called '{pattern}'. There are {leaves.Length}: {some}{more}. A pattern may have `*` for any letters between two dots, and `**` for any parts of a name."
            )

        leaves, (fun leaf -> fits leaf.Name)

    /// <summary>The leaves whose names fit a pattern.</summary>
    /// <exception cref="T:Cotangent.TreeException">There are none.</exception>
    /// <example><code>
    /// let model = Mlp.create [ 2; 3; 1 ] Activation.Relu (Key.create 0L)
    /// (Model.select "layers.*.bias" model).Length // 2
    /// </code></example>
    let select (pattern: string) (model: 'model) : Leaf[] =
        Given.check "pattern" pattern
        let leaves, fits = chosen "Model.select" pattern model
        Array.filter fits leaves

    /// <summary>The model with a function applied to the leaves whose names fit a pattern.</summary>
    /// <exception cref="T:Cotangent.TreeException">There are none.</exception>
    /// <example><code>
    /// let model = Mlp.create [ 2; 3; 1 ] Activation.Relu (Key.create 0L)
    /// (Model.mapAt "layers.1.*" Tensor.onesLike model).Layers[1].Weight // [[1], [1], [1]]
    /// </code></example>
    let mapAt (pattern: string) (f: Tensor -> Tensor) (model: 'model) : 'model =
        Given.check "pattern" pattern
        Given.check "f" f
        let leaves, fits = chosen "Model.mapAt" pattern model

        leaves
        |> Array.mapi (fun i leaf ->
            if fits leaf then
                Tree.atLeaf "Model.mapAt" model i (fun () -> f leaf.Tensor)
            else
                leaf.Tensor)
        |> Tree.rebuild model

    /// <summary>The model with another tensor in place of the leaves whose names fit a pattern.</summary>
    /// <exception cref="T:Cotangent.TreeException">There are none.</exception>
    /// <exception cref="T:Cotangent.ShapeException">
    /// A leaf has another shape or dtype: <c>Model.mapAt</c> makes one of any shape.
    /// </exception>
    /// <example><code>
    /// let layer = Linear.create 2 3 (Key.create 0L)
    /// (Model.replace "bias" (tensor [ 1.0f; 2.0f; 3.0f ]) layer).Bias // [1, 2, 3]
    /// </code></example>
    let replace (pattern: string) (tensor: Tensor) (model: 'model) : 'model =
        Given.check "pattern" pattern
        Given.check "tensor" tensor
        let leaves, fits = chosen "Model.replace" pattern model

        let replaced (leaf: Leaf) =
            let t = leaf.Tensor

            if not (fits leaf) then
                t
            elif t.DType = tensor.DType && Shape.equal t.Dims tensor.Dims then
                tensor
            else
                raise (
                    ShapeException
                        $"Model.replace: '{leaf.Name}' is {t.DType} {Shape.show t.Dims}, the tensor given {tensor.DType} {Shape.show tensor.Dims}; the two must be alike. Convert or reshape it; `Model.mapAt` takes one of any shape."
                )

        leaves |> Array.map replaced |> Tree.rebuild model

    /// <summary>
    /// The model with the leaves whose names fit a pattern constant for every differentiation around: inside a loss, so that
    /// their gradient is 0. A part that is never trained stands in a <c>Frozen</c> instead, which optimisers leave alone as well.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">There are none.</exception>
    /// <example><code>
    /// let loss model = sum (Mlp.forward (Model.freeze "layers.0.*" model) (Tensor.ones DType.Float32 [ 2 ]))
    /// let model = Mlp.create [ 2; 3; 1 ] Activation.Tanh (Key.create 0L)
    /// (grad loss model).Layers[0].Bias // [0, 0, 0]
    /// </code></example>
    let freeze (pattern: string) (model: 'model) : 'model =
        Given.check "pattern" pattern
        mapAt pattern stopGradient model

    /// <summary>
    /// The leaves of a model with their shapes, how many numbers and bytes they are, and the multiply-adds in which a forward pass on
    /// an example or a batch uses them. The pass is traced, not run. Prints as a table.
    /// </summary>
    /// <exception cref="T:Cotangent.TraceException">The pass reads a number.</exception>
    /// <example><code>
    /// let model = Mlp.create [ 784; 256; 10 ] Activation.Relu (Key.create 0L)
    /// let summary = Model.summary Mlp.forward (Tensor.zeros DType.Float32 [ 32; 784 ]) model
    /// summary.Parameters, summary.MultiplyAdds // (203530, 6504448)
    /// </code></example>
    let summary (forward: 'model -> 'x -> 'y) (x: 'x) (model: 'model) : ModelSummary =
        Given.check "forward" forward
        let leaves = Tree.entries model
        let inputs = Tree.leavesOf "Model.summary: the input's type" x
        let tensors = Array.append (leaves |> Array.map _.Tensor) inputs

        let run (traced: Tensor[]) =
            let model = Tree.rebuild model traced[.. leaves.Length - 1]
            let y = forward model (Tree.rebuild x traced[leaves.Length ..])
            Tree.leavesOf "Model.summary: the result's type" y

        let like = tensors |> Array.map (fun t -> Stage.signatureOf t, t.Device)
        let struct (graph, _) = Stage.graph "Model.summary" run like
        let struct (each, other) = MultiplyAdds.ofGraph leaves.Length graph
        ModelSummary(Array.map2 (fun leaf n -> SummaryRow(leaf, n)) leaves each, other)
