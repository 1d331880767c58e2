namespace Cotangent.Solvers

open Cotangent

/// How the tensors of a tree lie one after another in a vector: what solvers compute on.
type internal Layout<'y> = {
    /// What it is to the user: "the state".
    What: string
    Like: 'y
    Shapes: int[][]
    /// Where each tensor begins, and where the last one ends.
    Starts: int[]
    DType: DType
}

module internal Vector =
    let show (shape: int[]) =
        match shape with
        | [| n |] -> $"({n},)"
        | _ -> let sizes = shape |> Array.map string |> String.concat ", " in $"({sizes})"

    let private describe (leaves: Tensor[]) =
        leaves |> Array.map (fun t -> $"{t.DType} {show t.Shape}") |> String.concat ", "

    /// The layout of a tree, all of one floating-point dtype.
    let layout (operation: string) (what: string) (tree: 'y) : Layout<'y> =
        let leaves = Tree.leaves tree

        if leaves.Length = 0 then raise (TreeException $"{operation}: {what} holds no tensors.")

        let dtype = leaves[0].DType

        for t in leaves do
            if t.DType <> dtype || not (dtype = DType.Float32 || dtype = DType.Float64) then
                raise (
                    DTypeException
                        $"{operation}: {what} is of {describe leaves}; all its tensors must be Float64, or all Float32. Convert them with `Tree.map`."
                )

        {
            What = what
            Like = tree
            Shapes = leaves |> Array.map _.Shape
            Starts = leaves |> Array.scan (fun at t -> at + t.Size) 0
            DType = dtype
        }

    let size (layout: Layout<'y>) = layout.Starts[layout.Shapes.Length]

    let private joined (leaves: Tensor[]) : Tensor =
        match leaves with
        | [| one |] when one.Rank = 1 -> one
        | [| one |] -> one.Reshape [ one.Size ]
        | _ -> concat 0 [ for t in leaves -> t.Reshape [ t.Size ] ]

    /// The ends of an interval.
    let requireOneDType (operation: string) (ends: Tensor list) =
        match ends with
        | [ low; high ] when low.DType <> high.DType ->
            raise (
                DTypeException
                    $"{operation}: ends of {low.DType} and {high.DType}; they must be of one dtype. Convert one of them."
            )
        | _ -> ()

    /// What a function gives must be like what it is given; of one tensor, the two are told, of many how they differ.
    let requireAlike (operation: string) (what: string) (like: string) (wanted: 'y) (given: 'y) =
        let wanted, given = Tree.leaves wanted, Tree.leaves given

        let differ (a: Tensor) (b: Tensor) = not (Shape.equal a.Dims b.Dims)

        if wanted.Length <> given.Length || Array.exists2 differ wanted given then
            raise (
                ShapeException
                    $"{operation}: {what} is {describe given}, where {like} is {describe wanted}; the two must have the same shapes."
            )

        if Array.exists2 (fun (a: Tensor) (b: Tensor) -> a.DType <> b.DType) wanted given then
            raise (
                DTypeException
                    $"{operation}: {what} is {describe given}, where {like} is {describe wanted}; the two must be of one dtype. Convert what is returned."
            )

    /// A tree of that layout as one vector.
    let pack (operation: string) (what: string) (layout: Layout<'y>) (tree: 'y) : Tensor =
        requireAlike operation what layout.What layout.Like tree
        joined (Tree.leaves tree)

    /// The tree that a vector stands for; or, of rows (…, n), the tree of tensors with the axes … in front.
    let unpack (layout: Layout<'y>) (vector: Tensor) : 'y =
        let lead = vector.Shape[.. vector.Rank - 2]

        let parts =
            if layout.Shapes.Length = 1 then
                [|
                    if layout.Shapes[0].Length = 1 then
                        vector
                    else
                        vector.Reshape(Array.append lead layout.Shapes[0])
                |]
            else
                let rows = vector.Reshape [ -1; size layout ]

                layout.Shapes
                |> Array.mapi (fun i shape ->
                    (rows[*, layout.Starts[i] .. layout.Starts[i + 1] - 1]).Reshape(Array.append lead shape))

        Tree.rebuild layout.Like parts

    /// A number of the vector's dtype.
    let scalar (like: Tensor) (value: float) : Tensor = Tensor.full like.DType [] value

    /// c₀ x₀ + c₁ x₁ + …, without the terms that are 0.
    let combine (coefficients: float[]) (vectors: Tensor[]) : Tensor =
        let mutable total: Tensor | null = null

        for i in 0 .. coefficients.Length - 1 do
            if coefficients[i] <> 0.0 then
                let term = if coefficients[i] = 1.0 then vectors[i] else coefficients[i] * vectors[i]

                total <-
                    match total with
                    | null -> term
                    | sum -> sum + term

        match total with
        | null -> 0.0 * vectors[0]
        | sum -> sum

    /// The numbers of a tensor where they can be read: not inside of `compile` or `vmap`.
    let tryRead (t: Tensor) : float[] voption =
        try
            ValueSome((t.Convert DType.Float64).Reshape([ t.Size ]).ToData<float[]>())
        with :? TraceException ->
            ValueNone
