namespace Cotangent

/// <summary>
/// What <c>checkpointWith</c> keeps for the way back of reverse mode, of the values inside of its function. What is not kept is computed
/// again from what is, and from the arguments.
/// </summary>
/// <remarks>Inside of loops and branches nothing is kept: a <c>checkpointWith</c> belongs in their bodies.</remarks>
/// <example><code>
/// let keepProducts = CheckpointPolicy.Either(CheckpointPolicy.Products, CheckpointPolicy.Names [ "hidden" ])
/// let f (x: Tensor) = sum (sin (checkpointName "hidden" (x * x)))
/// grad (checkpointWith keepProducts f) (tensor [ 0.0; 1.0 ]) // [0, 1.0806]
/// </code></example>
[<RequireQualifiedAccess>]
type CheckpointPolicy =
    /// <summary>The arguments alone, as <c>checkpoint</c> does.</summary>
    | Nothing
    /// All of them, as without a checkpoint.
    | Everything
    /// The results of matrix products and convolutions, which take the most time; what is cheap is computed again.
    | Products
    /// <summary>What was called so by <c>checkpointName</c>.</summary>
    | Names of string list
    /// What either of two policies keeps.
    | Either of CheckpointPolicy * CheckpointPolicy

namespace Cotangent.Compiler

open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// The same values under a name, which policies go by.
[<Sealed>]
type internal NamedValue(label: string) =
    inherit BatchingOperation("checkpointName")
    member _.Label = label
    override _.IsFollowed = true
    override _.Run inputs = inputs
    override _.Push(_, _, tangents) = tangents
    override _.Pull(_, _, cotangents) = cotangents

    override f.OfBatch(_, operands) = Bind.apply (Primitive.Custom f) (operands |> Array.map _.Tensor)

/// Which values of a graph a policy keeps.
module internal KeptValues =
    let rec keepsAll (policy: CheckpointPolicy) : bool =
        match policy with
        | CheckpointPolicy.Everything -> true
        | CheckpointPolicy.Nothing
        | CheckpointPolicy.Products
        | CheckpointPolicy.Names _ -> false
        | CheckpointPolicy.Either(a, b) -> keepsAll a || keepsAll b

    let rec keepsNone (policy: CheckpointPolicy) : bool =
        match policy with
        | CheckpointPolicy.Nothing -> true
        | CheckpointPolicy.Names names -> names.IsEmpty
        | CheckpointPolicy.Everything
        | CheckpointPolicy.Products -> false
        | CheckpointPolicy.Either(a, b) -> keepsNone a && keepsNone b

    let private isProduct (p: Primitive) : bool =
        match Facts.kind p with
        | Kind.Contraction
        | Kind.Opaque(Kernel.Convolution _) -> true
        | Kind.Source _
        | Kind.View _
        | Kind.Elementwise _
        | Kind.Fold _
        | Kind.Draw _
        | Kind.Transfer _
        | Kind.Opaque _
        | Kind.Custom _ -> false

    let rec private keepsPrimitive (policy: CheckpointPolicy) (p: Primitive) : bool =
        match policy with
        | CheckpointPolicy.Products -> isProduct p
        | CheckpointPolicy.Nothing
        | CheckpointPolicy.Names _ -> false
        | CheckpointPolicy.Everything -> true
        | CheckpointPolicy.Either(a, b) -> keepsPrimitive a p || keepsPrimitive b p

    let rec private keepsName (policy: CheckpointPolicy) (name: string) : bool =
        match policy with
        | CheckpointPolicy.Names names -> List.contains name names
        | CheckpointPolicy.Nothing
        | CheckpointPolicy.Products -> false
        | CheckpointPolicy.Everything -> true
        | CheckpointPolicy.Either(a, b) -> keepsName a name || keepsName b name

    /// The label of a node that names another, and the other.
    let private named (g: Graph) (node: Node) : struct (string * int) voption =
        match node.Operation with
        | Operation.Item _ ->
            let source = g.Nodes[node.Inputs[0]]

            match source.Operation with
            | Operation.Control(Control.Call c) ->
                match c.Function with
                | :? NamedValue as f -> ValueSome(struct (f.Label, source.Inputs[0]))
                | _ -> ValueNone
            | Operation.Control _
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Item _ -> ValueNone
        | Operation.Input _
        | Operation.Constant _
        | Operation.Primitive _
        | Operation.Control _ -> ValueNone

    /// The nodes that are kept. Where a value that one primitive makes has a name, it is kept where it is made, so that what made
    /// it is not done again either.
    let places (policy: CheckpointPolicy) (g: Graph) : int[] =
        let isMade i =
            match g.Nodes[i].Operation with
            | Operation.Primitive p -> not (Facts.hasSeveral p) && g.Nodes[i].Inputs.Length > 0
            | Operation.Input _
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> false

        let isKept i =
            match g.Nodes[i].Operation with
            | Operation.Primitive p -> isMade i && keepsPrimitive policy p
            | Operation.Input _
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> false

        let byName i =
            match named g g.Nodes[i] with
            | ValueSome(struct (label, made)) when keepsName policy label ->
                ValueSome(if isMade made then made else i)
            | ValueSome _
            | ValueNone -> ValueNone

        [|
            for i in 0 .. g.Nodes.Length - 1 do
                match byName i with
                | ValueSome kept -> kept
                | ValueNone -> if isKept i then i
        |]
        |> Array.distinct
