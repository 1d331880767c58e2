namespace Cotangent.Inference

open System
open Cotangent
open Cotangent.Distributions

/// How the numbers of a tree lie one after another in a vector: what samplers move. Those in a `Frozen` are not among them.
type internal Layout<'p> = {
    Like: 'p
    Leaves: Leaf[]
    /// Where the numbers of each leaf begin, and where the last ones end.
    Starts: int[]
}

module internal Layout =
    let ofTree (operation: string) (tree: 'p) : Layout<'p> =
        let leaves = Tree.entries tree |> Array.filter _.IsTrained

        for leaf in leaves do
            if not leaf.Tensor.DType.IsFloat then
                raise (
                    DTypeException
                        $"{Parameters.before leaf.Path}{operation}: {leaf.Tensor.DType}; what is to be found are floating-point numbers. Convert it, or put in a `Frozen` what stays as it is."
                )

        let starts = leaves |> Array.scan (fun at leaf -> at + leaf.Tensor.Size) 0

        if starts[leaves.Length] = 0 then
            raise (
                TreeException
                    $"{operation}: the tree holds no numbers outside of `Frozen`, so there is nothing to find."
            )

        { Like = tree; Leaves = leaves; Starts = starts }

    let size (layout: Layout<'p>) = layout.Starts[layout.Leaves.Length]

    let device (layout: Layout<'p>) = layout.Leaves[0].Tensor.Device

    /// The numbers of a tree of that layout.
    let numbers (tree: 'p) : float[] =
        Tree.trained tree |> Array.collect (fun t -> (t.Convert DType.Float64).Flatten().ToData<float[]>())

    /// The tree that a vector stands for; of vectors (…, n) the tree of tensors with the axes … in front.
    let unpack (layout: Layout<'p>) (vector: Tensor) : 'p =
        let lead = vector.Shape[.. vector.Rank - 2]

        layout.Leaves
        |> Array.mapi (fun i leaf ->
            let part = Index.Range(Some layout.Starts[i], Some(layout.Starts[i + 1] - 1), 1)
            let numbers = if layout.Leaves.Length = 1 then vector else vector.Slice [ Index.Rest; part ]
            (numbers.Reshape(Array.append lead leaf.Tensor.Shape)).Convert leaf.Tensor.DType)
        |> Tree.rebuildTrained layout.Like

module internal Program =
    /// A function as a program, where that is wanted. `compile` warns of a function that it gets again and again; this one holds another each
    /// time, which it can't tell from the outside: those of FSharp.Core's classes it leaves alone.
    let compiled (isWanted: bool) (f: 'a -> 'b) : 'a -> 'b =
        if isWanted then compile (FSharpFunc<'a, 'b>.FromConverter(Converter<'a, 'b>(f))) else f

/// Log-densities of trees as functions of vectors, in Float64 whatever the dtypes of the tree.
module internal Density =
    let private scalar (operation: string) (value: Tensor) : Tensor =
        if value.Rank > 0 || not value.DType.IsFloat then
            raise (
                ShapeException
                    $"{operation}: the log-density gives {value.DType} of shape {Parameters.show value.Shape}; one floating-point number, of shape (), is wanted. Sum it."
            )

        value.Convert DType.Float64

    let ofVector operation (layout: Layout<'p>) (logDensity: 'p -> Tensor) (vector: Tensor) : Tensor =
        scalar operation (logDensity (Layout.unpack layout vector))

    /// The log-density and its gradient on plain numbers.
    let withGradient operation isCompiled (layout: Layout<'p>) (logDensity: 'p -> Tensor) =
        let evaluate = Program.compiled isCompiled (valueAndGrad (ofVector operation layout logDensity))
        let shape, device = [| Layout.size layout |], Layout.device layout

        fun (position: float[]) ->
            let value, gradient = evaluate ((Tensor.ofArray shape position).To device)
            struct (float value, gradient.ToData<float[]>())
