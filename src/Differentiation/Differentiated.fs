namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The leaves of a tree that is differentiated: all are the function's, but derivatives are taken by the trained ones alone. What is
/// frozen has no tangents and no cotangents; where a tree of them must have its place filled, with zeros.
[<Struct; NoComparison; NoEquality>]
type internal Differentiated(leaves: Tensor[], isTrained: bool[]) =
    static member Of(subject: string, tree: 'p) =
        let struct (leaves, isTrained) = Tree.marked subject tree
        Differentiated(leaves, isTrained)

    /// All of them.
    member _.Leaves = leaves
    member _.IsTrained i = isTrained[i]

    /// Those of as many items, one for each leaf, that belong to trained ones.
    member _.Trained(items: 'a[]) : 'a[] =
        if Array.forall id isTrained then
            items
        else
            Array.zip items isTrained |> Array.filter snd |> Array.map fst

    /// All leaves, with what a function makes of the trained ones in their places.
    member _.Replaced(f: Tensor -> Tensor) : Tensor[] =
        Array.map2 (fun leaf trained -> if trained then f leaf else leaf) leaves isTrained

    /// Zeros that take no memory.
    static member private Zeros(t: Tensor) =
        (Bind.full (Literals.real "zeros" t.DType 0.0) t.DType [||] t.Device).Expand t.Dims

    /// One tensor for each leaf: those found for the trained ones, in their order, and zeros.
    member _.Filled(found: Tensor voption[]) : Tensor[] =
        let mutable next = 0

        Array.map2
            (fun (leaf: Tensor) trained ->
                if not trained then
                    Differentiated.Zeros leaf
                else
                    next <- next + 1

                    match found[next - 1] with
                    | ValueSome t -> t
                    | ValueNone -> Tensor.zerosLike leaf)
            leaves
            isTrained
