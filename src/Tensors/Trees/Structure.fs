namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>A tensor of a tree, and where it stands.</summary>
/// <example><code>
/// let model = {| Weight = tensor [ 1.0; 2.0 ]; RunningMean = Frozen(tensor 0.0) |}
/// [ for leaf in Tree.entries model -> leaf.Path ] // $.RunningMean and $.Weight
/// [ for leaf in Tree.entries model -> leaf.IsTrained ] // [false, true]
/// </code></example>
[<Sealed>]
type Leaf internal (path: string, name: string, tensor: Tensor, isTrained: bool) =
    /// <summary>Where it stands, as F# and C# would say it: <c>$.Hidden[1].RunningMean</c>.</summary>
    member _.Path = path
    /// <summary>What it is called for other programs, as PyTorch would call it: <c>hidden.1.running_mean</c>.</summary>
    member _.Name = name
    /// Its numbers.
    member _.Tensor = tensor
    /// <summary>Whether derivatives are taken by it: it stands in no <c>Frozen</c>.</summary>
    member _.IsTrained = isTrained
    override _.ToString() = $"{name}: {tensor.DType} {Shape.show tensor.Dims}"

/// What operations ask of the structure of trees: that there can be tensors in one, and that two have the same.
module internal Structure =
    let requireTensors<'tree> subject =
        if not (Walkers.holdsTensors typeof<'tree>) then
            if FSharp.Reflection.FSharpType.IsFunction typeof<'tree> then
                raise (
                    TreeException
                        $"{subject} {typeof<'tree>.Name} can't hold a tensor: it is a function. Where there are several arguments, take them as one tuple."
                )

            raise (
                TreeException
                    $"{subject} {typeof<'tree>.Name} can't hold a tensor. A tree is a tensor, or a record, tuple, list, array, option, union or map with tensors in it; `tensor` makes one of a number.{Published.hint typeof<'tree>}"
            )

    /// The same for an operation, whose name is written out only where it is needed.
    let requireTensorsFor<'tree> (operation: string) =
        if not (Walkers.holdsTensors typeof<'tree>) then requireTensors<'tree> $"{operation}:"

    let private pathsOf (tree: 'tree) : string[] =
        Walks.places (Walkers.declared typeof<'tree>) (box tree) |> Array.ofList

    /// What stands in an outline for a null where one may be.
    let private absent = obj ()

    /// The leaves of a tree, and what its types leave open of its structure.
    let private survey (operation: string) (tree: 'tree) : struct (ResizeArray<Tensor> * ResizeArray<obj>) =
        requireTensorsFor<'tree> operation
        let leaves, outline = ResizeArray<Tensor>(), ResizeArray<obj>()
        let root = Walkers.declared typeof<'tree>

        let visitor = {
            new Visitor() with
                member x.Part(t, value) =
                    match value with
                    | :? Tensor as leaf -> leaves.Add leaf
                    | null ->
                        if not t.MayBeNull then Walks.locate root (box tree)
                        outline.Add absent
                    | value ->
                        t.Walker.Outline(value, outline.Add)
                        x.Into(t, value)
        }

        visitor.Part(root, box tree)
        struct (leaves, outline)

    /// Where the types leave a choice, and what was chosen there.
    let private choices (tree: 'tree) : (string * obj list) list =
        let chosen path (t: Declared) (value: objnull) = [
            match value with
            | :? Tensor -> ()
            | null -> path, [ absent ]
            | value ->
                let told = ResizeArray<obj>()
                t.Walker.Outline(value, told.Add)
                if told.Count > 0 then path, List.ofSeq told
        ]

        Walks.gatherPlaced chosen (Walkers.declared typeof<'tree>) (box tree)

    /// Where two trees differ: a leaf that one of them lacks, or else a choice.
    let private difference (a: 'a) (b: 'b) =
        let pa, pb = pathsOf a, pathsOf b
        let only = Seq.append (Seq.except pb pa) (Seq.except pa pb) |> Seq.tryHead

        match only with
        | Some path -> path
        | None ->
            Seq.zip (choices a) (choices b)
            |> Seq.tryFind (fun (x, y) -> x <> y)
            |> Option.map (fun ((path, _), _) -> path)
            |> Option.defaultValue "$"

    let private sameOutlines (a: ResizeArray<obj>) (b: ResizeArray<obj>) =
        a.Count = b.Count && Range.forall a.Count (fun i -> a[i].Equals b[i])

    /// The leaves of two trees that must have one structure.
    let zipped (operation: string) (a: 'a) (b: 'b) : Tensor[] * Tensor[] =
        match box a, box b with
        | (:? Tensor as a), (:? Tensor as b) -> [| a |], [| b |]
        | _ ->
            let struct (la, oa) = survey operation a
            let struct (lb, ob) = survey operation b

            if la.Count <> lb.Count || not (sameOutlines oa ob) then
                let numbers =
                    if la.Count <> lb.Count then
                        $"one tree has {la.Count} tensors, the other {lb.Count}"
                    else
                        "the trees differ"

                raise (
                    TreeException
                        $"{Placed.before (difference a b)}{operation}: {numbers}; they must have the same structure, so build one from the other, for example with `Tree.map`."
                )

            la.ToArray(), lb.ToArray()

    /// The same, where the leaves must also be of equal shapes and dtypes: arithmetic on trees stretches nothing.
    let matched (operation: string) (a: 'a) (b: 'b) : Tensor[] * Tensor[] =
        let la, lb = zipped operation a b

        for i in 0 .. la.Length - 1 do
            let x, y = la[i], lb[i]

            if x.DType <> y.DType then
                raise (
                    DTypeException
                        $"{Placed.before ((pathsOf a)[i])}{operation}: {x.DType} {Shape.show x.Dims} meets {y.DType} {Shape.show y.Dims}; the two must be of one dtype. Convert one tree with `Tree.map`."
                )

            if not (Shape.equal x.Dims y.Dims) then
                raise (
                    ShapeException
                        $"{Placed.before ((pathsOf a)[i])}{operation}: shape {Shape.show x.Dims} meets {Shape.show y.Dims}; the two must be equal, nothing is stretched. Reshape, squeeze or unsqueeze one of them."
                )

        la, lb
