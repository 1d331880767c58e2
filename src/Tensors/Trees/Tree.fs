namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Trees of tensors: any nesting of records, tuples, lists, arrays, options, unions, maps and objects whose leaves are
/// tensors. The type of a field decides: what can't hold a tensor is static and carried along unchanged.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Tree =
    /// The tensors of a tree, for callers who say in their errors what the tree is to them: "grad: the argument's type".
    let internal leavesOf (subject: string) (tree: 'tree) : Tensor[] =
        match box tree with
        | :? Tensor as t -> [| t |]
        | boxed ->
            Structure.requireTensors<'tree> subject
            Walks.gather (Walkers.declared typeof<'tree>) boxed null

    /// <summary>The tensors of a tree, in the order of its fields.</summary>
    /// <exception cref="T:Cotangent.TreeException">
    /// The type can't hold a tensor, or null stands where a tensor should be.
    /// </exception>
    /// <example><code>
    /// Tree.leaves {| Weight = tensor [ 1.0 ]; Name = "w"; Bias = Some(tensor 2.0) |} // [2, [1]]
    /// </code></example>
    let leaves (tree: 'tree) : Tensor[] = leavesOf "Tree.leaves:" tree

    /// <summary>Where each leaf stands, as in <c>$.Hidden[1].Weight</c>.</summary>
    /// <exception cref="T:Cotangent.TreeException">The type can't hold a tensor.</exception>
    /// <example><code>
    /// Tree.paths (Linear.init Linear.defaults 2 3 (Key.create 0L)) // $.Weight and $.Bias
    /// </code></example>
    let paths (tree: 'tree) : string[] =
        Structure.requireTensors<'tree> "Tree.paths:"
        Walks.places (Walkers.declared typeof<'tree>) (box tree) |> Array.ofList

    /// The tensors of a tree, in the order of its fields, and whether each is trained: stands in no `Frozen`.
    let internal marked (subject: string) (tree: 'tree) : struct (Tensor[] * bool[]) =
        match box tree with
        | :? Tensor as t -> struct ([| t |], [| true |])
        | boxed ->
            Structure.requireTensors<'tree> subject
            Walks.gatherMarked (Walkers.declared typeof<'tree>) boxed

    /// <summary>The leaves of a tree with their names, in the order of its fields.</summary>
    /// <exception cref="T:Cotangent.TreeException">
    /// The type can't hold a tensor, or null stands where a tensor should be.
    /// </exception>
    /// <example><code>
    /// let model = {| Layers = [ tensor [ 1.0 ]; tensor [ 2.0 ] ]; RunningMean = Frozen(tensor 0.0) |}
    /// [ for leaf in Tree.entries model -> leaf.Name ] // layers.0, layers.1 and running_mean
    /// [ for leaf in Tree.entries model -> leaf.IsTrained ] // [true, true, false]
    /// </code></example>
    let entries (tree: 'tree) : Leaf[] =
        let struct (leaves, trained) = marked "Tree.entries:" tree
        let t = Walkers.declared typeof<'tree>
        let places, names = Array.ofList (Walks.places t (box tree)), Array.ofList (Walks.names t (box tree))
        Array.init leaves.Length (fun i -> Leaf(places[i], names[i], leaves[i], trained[i]))

    /// The topmost parts that can hold tensors, and how many tensors each holds; a tensor is one part itself.
    let internal fields (tree: 'tree) : (string * int) list =
        match box tree with
        | :? Tensor -> [ "", 1 ]
        | null -> []
        | boxed ->
            let walker = (Walkers.declared typeof<'tree>).Walker

            List.map2
                (fun name (struct (t, part)) -> name, (Walks.gather t part null).Length)
                (walker.Names boxed)
                (Walks.partsOf walker boxed)

    /// The tensors of a tree, and all of it that is not a tensor, in a fixed order: two trees with equal statics, and
    /// tensors of equal shapes and dtypes, are the same to a compiled function.
    let internal contents (tree: 'tree) : struct (Tensor[] * objnull[]) =
        let statics = ResizeArray<objnull>()
        let leaves = Walks.gather (Walkers.declared typeof<'tree>) (box tree) statics
        struct (leaves, statics.ToArray())

    /// Where each of these stands.
    let internal staticPaths (tree: 'tree) : string[] =
        let names (path: string) (t: Declared) (value: objnull) =
            match value with
            | :? Tensor -> []
            | null -> [ path ]
            | value -> t.Walker.StaticNames value |> List.map (fun name -> path + name)

        Walks.gatherPlaced names (Walkers.declared typeof<'tree>) (box tree) |> Array.ofList

    /// What is made of one leaf: an error of the library there gets the leaf's place.
    let internal atLeaf (operation: string) (tree: 'tree) (i: int) (make: unit -> 'a) : 'a =
        try
            make ()
        with :? CotangentException as e ->
            raise (Placed.at operation ((paths tree)[i]) e)

    /// The tree with other tensors; to errors of the function it adds nothing.
    let internal replace (operation: string) (f: Tensor -> Tensor) (tree: 'tree) : 'tree =
        match box tree with
        | :? Tensor as t -> unbox<'tree>(box (f t))
        | boxed ->
            Structure.requireTensorsFor<'tree> operation
            unbox<'tree>(Walks.map f (Walkers.declared typeof<'tree>) boxed)

    /// The tree with a function applied to each tensor; errors of the function get the leaf's place.
    let internal mapped (operation: string) (f: Tensor -> Tensor) (tree: 'tree) : 'tree =
        let mutable next = -1

        let atNext leaf =
            next <- next + 1
            atLeaf operation tree next (fun () -> f leaf)

        replace operation atNext tree

    /// <summary>The tree with a function applied to each tensor.</summary>
    /// <exception cref="T:Cotangent.TreeException">
    /// The type can't hold a tensor, or null stands where a tensor should be.
    /// </exception>
    /// <example><code>
    /// Tree.map (fun t -> t * 2.0) (tensor [ 1.0 ], [ tensor 2.0; tensor 3.0 ]) // ([2], [4, 6])
    /// </code></example>
    let map (f: Tensor -> Tensor) (tree: 'tree) : 'tree =
        Given.check "f" f
        mapped "Tree.map" f tree

    /// <summary>A tree of the same structure and static fields with other tensors.</summary>
    /// <exception cref="T:Cotangent.TreeException">There are more or fewer tensors than leaves.</exception>
    /// <example><code>
    /// Tree.rebuild (tensor 0.0, tensor 0.0) [| tensor 1.0; tensor 2.0 |] // (1, 2)
    /// </code></example>
    let rebuild (template: 'tree) (leaves: Tensor[]) : 'tree =
        Given.array "leaves" leaves

        match box template with
        | :? Tensor when leaves.Length = 1 -> unbox<'tree>(box leaves[0])
        | _ ->
            let mutable taken = 0

            let take _ =
                if taken = leaves.Length then
                    raise (
                        TreeException
                            $"Tree.rebuild: the template has more than the {leaves.Length} tensors given. Give one for each leaf, in the order of `Tree.leaves`."
                    )

                taken <- taken + 1
                leaves[taken - 1]

            let result = replace "Tree.rebuild" take template

            if taken < leaves.Length then
                raise (
                    TreeException
                        $"Tree.rebuild: the template has {taken} tensors, {leaves.Length} are given. Give one for each leaf, in the order of `Tree.leaves`."
                )

            result

    /// <summary>The tree with other tensors, each made of a leaf with its name.</summary>
    /// <exception cref="T:Cotangent.TreeException">
    /// The type can't hold a tensor, or null stands where a tensor should be.
    /// </exception>
    /// <example><code>
    /// let layer = Linear.create 2 1 (Key.create 0L)
    /// let half (leaf: Leaf) = if leaf.Name = "bias" then leaf.Tensor + 0.5 else leaf.Tensor
    /// (Tree.mapEntries half layer).Bias // [0.5]
    /// </code></example>
    let mapEntries (f: Leaf -> Tensor) (tree: 'tree) : 'tree =
        Given.check "f" f

        entries tree
        |> Array.mapi (fun i leaf -> atLeaf "Tree.mapEntries" tree i (fun () -> f leaf))
        |> rebuild tree

    /// <summary>The trained tensors of a tree: all but those in a <c>Frozen</c>, in the order of its fields.</summary>
    /// <exception cref="T:Cotangent.TreeException">
    /// The type can't hold a tensor, or null stands where a tensor should be.
    /// </exception>
    /// <example><code>
    /// Tree.trained (tensor [ 1.0 ], Frozen(tensor 2.0)) // [[1]]
    /// </code></example>
    let trained (tree: 'tree) : Tensor[] =
        let struct (leaves, trained) = marked "Tree.trained:" tree
        Array.zip leaves trained |> Array.filter snd |> Array.map fst

    /// <summary>A tree of the same structure with other trained tensors, and the same frozen ones.</summary>
    /// <exception cref="T:Cotangent.TreeException">There are more or fewer tensors than trained leaves.</exception>
    /// <example><code>
    /// Tree.rebuildTrained (tensor 1.0, Frozen(tensor 2.0)) [| tensor 10.0 |] // (10, Frozen 2)
    /// </code></example>
    let rebuildTrained (template: 'tree) (tensors: Tensor[]) : 'tree =
        Given.array "tensors" tensors
        let struct (leaves, trained) = marked "Tree.rebuildTrained:" template
        let count = trained |> Array.sumBy (fun t -> if t then 1 else 0)

        if tensors.Length <> count then
            raise (
                TreeException
                    $"Tree.rebuildTrained: the template has {count} trained tensors, {tensors.Length} are given. Give one for each, in the order of `Tree.trained`."
            )

        let cursor = Cursor tensors

        rebuild
            template
            (Array.map2 (fun leaf trained -> if trained then cursor.Take() else leaf) leaves trained)

    /// <summary>
    /// The numbers of the trained tensors of a tree in one vector (n,), one tensor after another: what solvers and libraries that know
    /// nothing of trees take. <c>Tree.ofVector</c> is the way back. Differentiable, as all that is made of tensors.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">There are no trained tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">They are of several dtypes.</exception>
    /// <example><code>
    /// Tree.toVector (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ], tensor 5.0) // [1, 2, 3, 4, 5]
    /// </code></example>
    let toVector (tree: 'tree) : Tensor =
        let struct (leaves, trained) = marked "Tree.toVector:" tree
        let places = Range.filter leaves.Length (fun i -> trained[i])

        if places.Length = 0 then
            raise (
                TreeException
                    "Tree.toVector: the tree holds no trained tensors, so the vector would have no dtype. Test `Tree.trained` first."
            )

        let dtype = leaves[places[0]].DType

        for i in places do
            if leaves[i].DType <> dtype then
                raise (
                    DTypeException
                        $"{Placed.before ((paths tree)[i])}Tree.toVector: {leaves[i].DType} where the first tensor is {dtype}; the tensors must be of one dtype. Convert them with `Tree.map`, or put in a `Frozen` what is not trained."
                )

        match places with
        | [| i |] -> leaves[i].Reshape [ leaves[i].Size ]
        | _ -> concat 0 [ for i in places -> leaves[i].Reshape [ leaves[i].Size ] ]

    /// <summary>
    /// The tree whose trained tensors hold the numbers of a vector, in the order of <c>Tree.toVector</c>; shapes, structure, and what is no
    /// trained tensor are those of the template. The tensors are of the vector's dtype.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The vector has not as many numbers as the template.</exception>
    /// <exception cref="T:Cotangent.TreeException">The type can't hold a tensor.</exception>
    /// <example><code>
    /// let model = Linear.create 2 1 (Key.create 0L)
    /// let same = Tree.ofVector model (Tree.toVector model)
    /// Tree.ofVector (tensor [ 0.0; 0.0 ], tensor 0.0) (tensor [ 1.0; 2.0; 3.0 ]) // ([1, 2], 3)
    /// </code></example>
    let ofVector (template: 'tree) (vector: Tensor) : 'tree =
        Given.check "vector" vector
        let shapes = trained template |> Array.map _.Dims
        let starts = shapes |> Array.scan (fun at shape -> at + Shape.count shape) 0
        let size = starts[shapes.Length]

        if vector.Rank <> 1 || vector.Size <> size then
            raise (
                ShapeException
                    $"Tree.ofVector: the template holds {size} numbers, and so takes a vector ({size},); it got {vector.DType} {Shape.show vector.Dims}. Take one that `Tree.toVector` makes of a tree like it."
            )

        let part i = (sliceAxis 0 starts[i] (starts[i + 1] - starts[i]) vector).Reshape shapes[i]

        rebuildTrained template (Array.init shapes.Length part)

    /// <summary>The tree with a function applied to each trained tensor; those in a <c>Frozen</c> stay.</summary>
    /// <exception cref="T:Cotangent.TreeException">
    /// The type can't hold a tensor, or null stands where a tensor should be.
    /// </exception>
    /// <example><code>
    /// Tree.mapTrained (fun t -> t * 2.0) (tensor [ 1.0 ], Frozen(tensor 2.0)) // ([2], Frozen 2)
    /// </code></example>
    let mapTrained (f: Tensor -> Tensor) (tree: 'tree) : 'tree =
        Given.check "f" f
        let struct (leaves, trained) = marked "Tree.mapTrained:" tree

        leaves
        |> Array.mapi (fun i leaf ->
            if trained[i] then atLeaf "Tree.mapTrained" tree i (fun () -> f leaf) else leaf)
        |> rebuild tree

    /// The leaves of two trees that must have one structure.
    let internal zipped (operation: string) (a: 'a) (b: 'b) : Tensor[] * Tensor[] =
        Structure.zipped operation a b

    /// The same, where the leaves must also be of equal shapes and dtypes: arithmetic on trees stretches nothing.
    let internal matched (operation: string) (a: 'a) (b: 'b) : Tensor[] * Tensor[] =
        Structure.matched operation a b

    /// The tree of what a function makes of the leaves of two.
    let private made
        (operation: string)
        (f: Tensor -> Tensor -> Tensor)
        (tree: 'tree)
        (la: Tensor[], lb: Tensor[])
        : 'tree =
        Array.init la.Length (fun i -> atLeaf operation tree i (fun () -> f la[i] lb[i])) |> rebuild tree

    /// <summary>
    /// The tree of a function of the corresponding tensors of two trees of one structure. What the function makes of two
    /// shapes is its own affair; <c>Tree.add</c> and its like demand equal ones.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <example><code>
    /// Tree.map2 (fun a b -> a * b) (tensor 2.0, tensor 3.0) (tensor 10.0, tensor 100.0) // (20, 300)
    /// </code></example>
    let map2 (f: Tensor -> Tensor -> Tensor) (a: 'tree) (b: 'tree) : 'tree =
        Given.check "f" f
        zipped "Tree.map2" a b |> made "Tree.map2" f a

    /// <summary>The tree of a function of the corresponding tensors of three trees of one structure.</summary>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <example><code>
    /// Tree.map3 (fun a b c -> a * b + c) (tensor 2.0, tensor 3.0) (tensor 10.0, tensor 100.0) (tensor 1.0, tensor 2.0) // (21, 302)
    /// </code></example>
    let map3 (f: Tensor -> Tensor -> Tensor -> Tensor) (a: 'tree) (b: 'tree) (c: 'tree) : 'tree =
        Given.check "f" f
        let la, lb = zipped "Tree.map3" a b
        let _, lc = zipped "Tree.map3" a c

        Array.init la.Length (fun i -> atLeaf "Tree.map3" a i (fun () -> f la[i] lb[i] lc[i])) |> rebuild a

    /// <summary>Folds a function over the tensors of a tree.</summary>
    /// <example><code>
    /// Tree.fold (fun n (t: Tensor) -> n + t.Size) 0 (tensor [ 1.0; 2.0 ], tensor 3.0) // 3
    /// </code></example>
    let fold (f: 'state -> Tensor -> 'state) (initial: 'state) (tree: 'tree) : 'state =
        Given.check "f" f
        Array.fold f initial (leaves tree)

    /// <summary>The tree with zeros in place of its numbers.</summary>
    /// <example><code>
    /// Tree.zerosLike (tensor [ 1.0; 2.0 ], tensor 3.0) // ([0, 0], 0)
    /// </code></example>
    let zerosLike (tree: 'tree) : 'tree = mapped "Tree.zerosLike" Tensor.zerosLike tree

    /// <summary>The tree with ones in place of its numbers.</summary>
    /// <example><code>
    /// Tree.onesLike (tensor [ 5.0; 7.0 ], tensor 3.0) // ([1, 1], 1)
    /// </code></example>
    let onesLike (tree: 'tree) : 'tree = mapped "Tree.onesLike" Tensor.onesLike tree

    /// <summary>a + b, leaf by leaf, for two trees of one structure.</summary>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <exception cref="T:Cotangent.ShapeException">Two leaves differ in shape: nothing is stretched.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Two leaves differ in dtype.</exception>
    /// <example><code>
    /// Tree.add (tensor 1.0, tensor 2.0) (tensor 10.0, tensor 20.0) // (11, 22)
    /// </code></example>
    let add (a: 'tree) (b: 'tree) : 'tree = matched "Tree.add" a b |> made "Tree.add" (+) a

    /// <summary>a - b, leaf by leaf, for two trees of one structure.</summary>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <exception cref="T:Cotangent.ShapeException">Two leaves differ in shape: nothing is stretched.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Two leaves differ in dtype.</exception>
    /// <example><code>
    /// Tree.subtract (tensor 1.0, tensor 2.0) (tensor 10.0, tensor 20.0) // (-9, -18)
    /// </code></example>
    let subtract (a: 'tree) (b: 'tree) : 'tree = matched "Tree.subtract" a b |> made "Tree.subtract" (-) a

    /// <summary>a * b, leaf by leaf and element by element, for two trees of one structure.</summary>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <exception cref="T:Cotangent.ShapeException">Two leaves differ in shape: nothing is stretched.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Two leaves differ in dtype.</exception>
    /// <example><code>
    /// Tree.multiply (tensor 1.0, tensor 2.0) (tensor 10.0, tensor 20.0) // (10, 40)
    /// </code></example>
    let multiply (a: 'tree) (b: 'tree) : 'tree = matched "Tree.multiply" a b |> made "Tree.multiply" (*) a

    /// <summary>Every number times a factor.</summary>
    /// <example><code>
    /// Tree.scale 0.5 (tensor [ 2.0 ], tensor 4.0) // ([1], 2)
    /// </code></example>
    let scale (factor: float) (tree: 'tree) : 'tree = mapped "Tree.scale" (fun t -> t * factor) tree

    /// <summary>
    /// tree + factor · direction, for two trees of one structure and a scalar tensor of their dtype: a step. What is in a
    /// <c>Frozen</c> stays.
    /// </summary>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <exception cref="T:Cotangent.ShapeException">Two leaves differ in shape: nothing is stretched.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Two leaves differ in dtype.</exception>
    /// <example><code>
    /// tensor [ 1.0; 2.0 ] |> Tree.addScaled (tensor 10.0) (tensor [ 1.0; 1.0 ]) // [11, 12]
    /// </code></example>
    let addScaled (factor: Tensor) (direction: 'tree) (tree: 'tree) : 'tree =
        Given.check "factor" factor

        if factor.Rank > 0 then
            raise (
                ShapeException
                    $"Tree.addScaled: the factor has shape {Shape.show factor.Dims}; it must be a scalar, of shape (). Index or reshape it."
            )

        let directions, _ = matched "Tree.addScaled" direction tree
        let struct (leaves, trained) = marked "Tree.addScaled:" tree

        leaves
        |> Array.mapi (fun i t ->
            if trained[i] then
                atLeaf "Tree.addScaled" tree i (fun () -> t + factor * directions[i])
            else
                t)
        |> rebuild tree

    /// <summary>How many numbers a tree holds: its parameters, if it is a model.</summary>
    /// <example><code>
    /// Tree.size (Mlp.init 2 [ 16, Linear.defaults; 1, Linear.defaults ] (Key.create 0L)) // 65
    /// </code></example>
    let size (tree: 'tree) : int64 = fold (fun n t -> n + int64 t.Size) 0L tree

    /// <summary>The sum of the products of corresponding numbers of two trees of one structure, a scalar.</summary>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <exception cref="T:Cotangent.ShapeException">Two leaves differ in shape: nothing is stretched.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Two leaves differ in dtype.</exception>
    /// <example><code>
    /// Tree.dot (tensor [ 1.0; 2.0 ], tensor 3.0) (tensor [ 4.0; 5.0 ], tensor 6.0) // 32
    /// </code></example>
    let dot (a: 'tree) (b: 'tree) : Tensor =
        let la, lb = matched "Tree.dot" a b

        if la.Length = 0 then
            raise (
                TreeException
                    "Tree.dot: the trees hold no tensors, so their product has no dtype. Test `Tree.size` first."
            )

        let add (total: Tensor voption) i =
            let product = sum (la[i] * lb[i])

            match total with
            | ValueNone -> ValueSome product
            | ValueSome total -> ValueSome(total + product)

        let mutable total = ValueNone

        for i in 0 .. la.Length - 1 do
            total <- atLeaf "Tree.dot" a i (fun () -> add total i)

        total.Value

    /// The Euclidean norm over all numbers of a tree, in Float64 whatever their dtypes; ValueNone where there are none.
    let internal wideNorm (tree: 'tree) : Tensor voption =
        match leaves tree with
        | [||] -> ValueNone
        | all ->
            // The norm of the norms: not even in Float64 does a square overflow.
            let norms = all |> Array.map (fun t -> Folds.euclidean t (Shape.allAxes t.Rank))
            ValueSome(if norms.Length = 1 then norms[0] else Folds.euclidean (stack 0 norms) [| 0 |])

    /// <summary>The Euclidean norm over all numbers of a tree, a scalar. Its derivative at the origin is 0.</summary>
    /// <exception cref="T:Cotangent.TreeException">There are no tensors.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The tensors are of several dtypes, or not floating-point.</exception>
    /// <example><code>
    /// Tree.norm (tensor [ 2.0; 3.0 ], tensor 6.0) // 7
    /// </code></example>
    let norm (tree: 'tree) : Tensor =
        let all = leaves tree

        if all.Length = 0 then
            raise (
                TreeException
                    "Tree.norm: the tree holds no tensors, so its norm has no dtype. Test `Tree.size` first."
            )

        let dtype = all[0].DType

        for i in 0 .. all.Length - 1 do
            if all[i].DType <> dtype || not dtype.IsFloat then
                raise (
                    DTypeException
                        $"{Placed.before ((paths tree)[i])}Tree.norm: {all[i].DType} where the first tensor is {dtype}; the tensors must be of one floating-point dtype. Convert them with `Tree.map`."
                )

        (wideNorm tree).Value.Convert dtype
