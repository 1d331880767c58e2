namespace Cotangent

open System

/// Ways through a tree.
module internal Walks =
    let private missing path (t: Type) =
        raise (
            TreeException
                $"Error at: `{path}`: null where a {t.Name} with tensors should be. Give it a value, or make the field an option (nullable in C#)."
        )

    /// The parts of a value that may hold tensors.
    let partsOf (walker: Walker) (value: obj) : struct (Declared * objnull) list =
        let parts = ResizeArray<struct (Declared * objnull)>()

        walker.Visit(
            value,
            {
                new Visitor() with
                    member _.Part(declared, part) = parts.Add(struct (declared, part))
            }
        )

        List.ofSeq parts

    /// What a function tells of each part that may hold tensors and of the whole, in their order; it gets the part's
    /// place, declared type and value.
    let gatherPlaced
        (tell: string -> Declared -> objnull -> 'a list)
        (t: Declared)
        (tree: objnull)
        : 'a list =
        let found = ResizeArray<'a>()

        let rec go depth (path: string) (t: Declared) (value: objnull) =
            found.AddRange(tell path t value)

            match value with
            | null
            | :? Tensor -> ()
            | value ->
                Depth.require depth t.Type

                for name, struct (t, part) in Seq.zip (t.Walker.Names value) (partsOf t.Walker value) do
                    go (depth + 1) (path + name) t part

        go 1 "$" t tree
        List.ofSeq found

    /// Where each leaf stands.
    let places (t: Declared) (tree: objnull) : string list =
        let place path (t: Declared) (value: objnull) =
            match value with
            | :? Tensor -> [ path ]
            | null -> if t.MayBeNull then [] else missing path t.Type
            | _ -> []

        gatherPlaced place t tree

    /// The quick ways through a tree make no paths. When they meet a null, this slow one goes again and names its place.
    let locate (t: Declared) (tree: obj | null) = places t tree |> ignore

    /// Gathers the tensors of a tree, and all else where that is asked for.
    type private Gatherer(root: Declared, tree: obj | null, statics: ResizeArray<objnull> | null) =
        inherit Visitor()
        let leaves = ResizeArray<Tensor>()
        member _.Leaves = leaves

        override x.Part(t, value) =
            match value with
            | :? Tensor as leaf -> leaves.Add leaf
            | null -> if t.MayBeNull then x.Static value else locate root tree
            | value -> x.Into(t, value)

        override _.Static value =
            match statics with
            | null -> ()
            | statics -> statics.Add value

    /// The tensors of a tree; all else goes into the list.
    let gather (t: Declared) (tree: obj | null) (statics: ResizeArray<objnull> | null) =
        let gatherer = Gatherer(t, tree, statics)
        gatherer.Part(t, tree)
        gatherer.Leaves.ToArray()

    type private Mapper(f: Tensor -> Tensor, root: Declared, tree: obj | null) =
        inherit Replacer()

        override x.Part(t, value) =
            match value with
            | :? Tensor as leaf -> box (f leaf)
            | null ->
                if not t.MayBeNull then locate root tree
                null
            | value -> x.Into(t, value)

    /// The tree with a function applied to each tensor.
    let map (f: Tensor -> Tensor) (t: Declared) (tree: objnull) : obj =
        Unchecked.nonNull (Mapper(f, t, tree).Part(t, tree))
