namespace Cotangent

open System

/// Ways through a tree.
module internal Walks =
    let private missing path (t: Type) =
        raise (
            TreeException
                $"{Placed.before path}null where a {t.Name} with tensors should be. Give it a value, or say that it may be missing: `{t.Name} | null`, or an option (`{t.Name}?` in C#)."
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

    /// What a function tells of each part that may hold tensors and of the whole, in their order; it gets where the part
    /// stands, by the walkers' names for parts of wholes, its declared type and value.
    let private gatherWith
        (namesOf: Walker -> obj -> string list)
        (join: string -> string -> string)
        (root: string)
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

                for name, struct (t, part) in Seq.zip (namesOf t.Walker value) (partsOf t.Walker value) do
                    go (depth + 1) (join path name) t part

        go 1 root t tree
        List.ofSeq found

    /// The same by the places of parts, as in `$.Hidden[1].Weight`.
    let gatherPlaced tell (t: Declared) (tree: objnull) : 'a list =
        gatherWith (fun walker value -> walker.Names value) (+) "$" tell t tree

    /// What each leaf is called, as in `hidden.1.weight`.
    let names (t: Declared) (tree: objnull) : string list =
        let name path _ (value: objnull) =
            match value with
            | :? Tensor -> [ path ]
            | _ -> []

        gatherWith (fun walker value -> walker.Labels value) LeafName.join "" name t tree

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
        let trained = ResizeArray<bool>()
        member _.Leaves = leaves
        /// Whether each leaf is outside of any `Frozen`.
        member _.Trained = trained

        override x.Part(t, value) =
            match value with
            | :? Tensor as leaf ->
                leaves.Add leaf
                trained.Add(not x.IsFrozen)
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

    /// The tensors of a tree, and whether each is trained.
    let gatherMarked (t: Declared) (tree: obj | null) : struct (Tensor[] * bool[]) =
        let gatherer = Gatherer(t, tree, null)
        gatherer.Part(t, tree)
        struct (gatherer.Leaves.ToArray(), gatherer.Trained.ToArray())

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
