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

    /// Where each leaf stands.
    let rec places (path: string) (t: Declared) (value: obj | null) : string list =
        match value with
        | :? Tensor -> [ path ]
        | null -> if t.MayBeNull then [] else missing path t.Type
        | value ->
            List.map2
                (fun name (struct (t, part)) -> places (path + name) t part)
                (t.Walker.Names value)
                (partsOf t.Walker value)
            |> List.concat

    /// The quick ways through a tree make no paths. When they meet a null, this slow one goes again and names its place.
    let locate (t: Declared) (tree: obj | null) = places "$" t tree |> ignore

    /// Gathers the tensors of a tree, and all else where that is asked for.
    type private Gatherer(root: Declared, tree: obj | null, statics: ResizeArray<objnull> | null) =
        inherit Visitor()
        let leaves = ResizeArray<Tensor>()
        member _.Leaves = leaves

        override x.Part(t, value) =
            match value with
            | :? Tensor as leaf -> leaves.Add leaf
            | null -> if t.MayBeNull then x.Static value else locate root tree
            | value -> t.Walker.Visit(value, x)

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
            | value -> t.Walker.Replace(value, x)

    /// The tree with a function applied to each tensor.
    let map (f: Tensor -> Tensor) (t: Declared) (tree: objnull) : obj =
        Unchecked.nonNull (Mapper(f, t, tree).Part(t, tree))
