namespace Cotangent

open System
open Cotangent.Datasets
open Cotangent.Engines

/// Several examples become one batch.
[<RequireQualifiedAccess>]
module Collate =
    let private isHost (t: Tensor) =
        match t with
        | Value _ -> t.Device = Device.Cpu
        | Traced _ -> false

    /// What differs between examples that are to be stacked, at a leaf of the tree.
    let private differ (operation: string) (tree: 't) (leaf: int) (example: int) (first: Tensor) (t: Tensor) =
        let place = (Tree.paths tree)[leaf]

        if t.DType <> first.DType then
            raise (
                DTypeException
                    $"{Placed.before place}{operation}: example {example} of the batch is {t.DType}, the first {first.DType}. Convert them to one dtype."
            )
        else
            raise (
                ShapeException
                    $"{Placed.before place}{operation}: example {example} of the batch has shape {Shape.show t.Dims}, the first {Shape.show first.Dims}. Bring them to one shape, or pad them: `Collate.pad`, `Dataset.batchPadded`."
            )

    let private stackLeaf (operation: string) (tree: 't) (leaf: int) (tensors: Tensor[]) : Tensor =
        let first = tensors[0]

        for i in 1 .. tensors.Length - 1 do
            let t = tensors[i]

            if t.DType <> first.DType || not (Shape.equal t.Dims first.Dims) then
                differ operation tree leaf i first t

        if Array.forall isHost tensors then
            let shape = Array.append [| tensors.Length |] first.Dims
            Shape.requireRoom operation shape
            let batch = Recycling.claimed (fun () -> Buffers.fresh first.DType shape)

            tensors
            |> Array.iteri (fun i t ->
                let place = batch.View(first.Dims, Shape.strides first.Dims, i * first.Size)
                t.Reading(fun host -> Buffers.copy host place))

            Tensor.ofHost batch
        else
            stack 0 tensors

    /// The leaves of each example, where all else is equal: a batch can keep only one of what is no tensor.
    let private leaves (operation: string) (examples: 't[]) : Tensor[][] =
        if examples.Length = 0 then
            raise (ValueException $"{operation}: a batch of no examples has no shape. Give at least one.")

        Structure.requireTensors<'t> $"{operation}:"
        let all = examples |> Array.map (fun example -> Tree.contents example)
        let struct (_, statics) = all[0]

        for i in 1 .. all.Length - 1 do
            let struct (_, others) = all[i]

            if others.Length <> statics.Length then
                raise (
                    TreeException
                        $"{operation}: example {i} of the batch has another structure than the first: lists of other lengths, or other cases."
                )

            for j in 0 .. statics.Length - 1 do
                if not (Object.Equals(others[j], statics[j])) then
                    let place = (Tree.staticPaths examples[0])[j]

                    raise (
                        TreeException
                            $"{Placed.before place}{operation}: {others[j]} in example {i} of the batch and {statics[j]} in the first; only tensors can be stacked. Make a tensor of it before: `Dataset.map (fun (x, label) -> x, tensor label)`."
                    )

        all |> Array.map (fun struct (tensors, _) -> tensors)

    let private joined operation (examples: 't[]) (join: int -> Tensor[] -> Tensor) : 't =
        let leaves = leaves operation examples

        Array.init leaves[0].Length (fun leaf -> join leaf (leaves |> Array.map (fun each -> each[leaf])))
        |> Tree.rebuild examples[0]

    /// <summary>
    /// Examples of one structure and shape as one: each leaf gets an axis of examples in front. What is no tensor must be equal in all.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">Shapes differ; says of which example, and where in it.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Dtypes differ.</exception>
    /// <exception cref="T:Cotangent.TreeException">Something that is no tensor differs, or there is no tensor.</exception>
    /// <example><code>
    /// Collate.stack [| tensor [ 1.0; 2.0 ], tensor 0; tensor [ 3.0; 4.0 ], tensor 1 |] // ([[1, 2], [3, 4]], [0, 1])
    /// </code></example>
    [<CompiledName "Stack">]
    let stack (examples: 't[]) : 't =
        let examples = Argument.items "examples" examples
        joined "Collate.stack" examples (stackLeaf "Collate.stack" examples[0])

    /// One leaf of each example, filled up to the longest along each axis.
    let private padLeaf (operation: string) (value: float) (tree: 't) (leaf: int) (tensors: Tensor[]) =
        let rank = tensors[0].Rank

        match tensors |> Array.tryFindIndex (fun t -> t.Rank <> rank) with
        | Some i -> differ operation tree leaf i tensors[0] tensors[i]
        | None -> ()

        let longest = Array.init rank (fun axis -> tensors |> Array.map (fun t -> t.Dims[axis]) |> Array.max)

        let pad (t: Tensor) =
            if Shape.equal t.Dims longest then
                t
            else
                t.Pad([ for axis in 0 .. rank - 1 -> 0, longest[axis] - t.Dims[axis] ], value)

        stackLeaf operation tree leaf (Array.map pad tensors)

    /// <summary>
    /// As <c>stack</c>, where the examples may differ in length: each is filled up behind its end with a number, along every axis, to the
    /// longest of the batch. <c>Collate.lengths</c> and <c>Collate.mask</c> say what was there.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The examples differ in the number of axes.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Dtypes differ.</exception>
    /// <exception cref="T:Cotangent.TreeException">Something that is no tensor differs, or there is no tensor.</exception>
    /// <example><code>
    /// Collate.pad 0.0 [| tensor [ 1; 2; 3 ]; tensor [ 4 ] |] // [[1, 2, 3], [4, 0, 0]]
    /// </code></example>
    [<CompiledName "Pad">]
    let pad (value: float) (examples: 't[]) : 't =
        let examples = Argument.items "examples" examples
        joined "Collate.pad" examples (padLeaf "Collate.pad" value examples[0])

    /// <summary>Which places of sequences of these lengths hold something: Bool, of shape (sequences, longest).</summary>
    /// <exception cref="T:Cotangent.ValueException">A length is negative, or above the longest.</exception>
    /// <example><code>
    /// Collate.mask 3 [| 3; 1 |] // [[true, true, true], [true, false, false]]
    /// </code></example>
    [<CompiledName "Mask">]
    let mask (longest: int) (lengths: int[]) : Tensor =
        Argument.check "lengths" lengths

        for i in 0 .. lengths.Length - 1 do
            if lengths[i] < 0 || lengths[i] > longest then
                raise (
                    ValueException
                        $"Collate.mask: sequence {i} is {lengths[i]} long; lengths are between 0 and the longest, {longest}."
                )

        Tensor.ofArray [ lengths.Length; longest ] [|
            for length in lengths do
                for place in 0 .. longest - 1 do
                    place < length
        |]
