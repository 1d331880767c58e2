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
    /// <summary>
    /// All but what was called so by <c>checkpointName</c>. Decompositions and sorting, which have several results, are computed again,
    /// unless they have another name.
    /// </summary>
    | AllExcept of string list
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
        | CheckpointPolicy.AllExcept names -> names.IsEmpty
        | CheckpointPolicy.Nothing
        | CheckpointPolicy.Products
        | CheckpointPolicy.Names _ -> false
        | CheckpointPolicy.Either(a, b) -> keepsAll a || keepsAll b

    let rec keepsNone (policy: CheckpointPolicy) : bool =
        match policy with
        | CheckpointPolicy.Nothing -> true
        | CheckpointPolicy.Names names -> names.IsEmpty
        | CheckpointPolicy.Everything
        | CheckpointPolicy.AllExcept _
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

    /// Whether a policy keeps a value, by the names that it has, and the primitive that makes it if one does.
    let rec private keeps (policy: CheckpointPolicy) (names: string list) (made: Primitive voption) : bool =
        let isCalledOneOf (chosen: string list) = names |> List.exists (fun name -> List.contains name chosen)

        match policy with
        | CheckpointPolicy.Nothing -> false
        | CheckpointPolicy.Everything -> true
        | CheckpointPolicy.Products ->
            match made with
            | ValueSome p -> isProduct p
            | ValueNone -> false
        | CheckpointPolicy.Names chosen -> isCalledOneOf chosen
        | CheckpointPolicy.AllExcept chosen -> not (isCalledOneOf chosen)
        | CheckpointPolicy.Either(a, b) -> keeps a names made || keeps b names made

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

    /// The primitive that makes a node's value of others, and nothing else.
    let private maker (node: Node) : Primitive voption =
        match node.Operation with
        | Operation.Primitive p when not (Facts.hasSeveral p) && node.Inputs.Length > 0 -> ValueSome p
        | Operation.Primitive _
        | Operation.Input _
        | Operation.Constant _
        | Operation.Control _
        | Operation.Item _ -> ValueNone

    /// The nodes that are kept. A value that one primitive makes is kept where it is made, whatever its names, so that what made it
    /// is not done again either; any other where it has its last name.
    let places (policy: CheckpointPolicy) (g: Graph) : int[] =
        // Of each node that stands for a value the names that lead to it: the value is made here, or has no one maker.
        let names: string list[] = Array.create g.Nodes.Length []
        let isName = Array.create g.Nodes.Length false

        for i in g.Nodes.Length - 1 .. -1 .. 0 do
            match named g g.Nodes[i] with
            | ValueNone -> ()
            | ValueSome(struct (label, source)) ->
                let own = label :: names[i]
                let isMade = (maker g.Nodes[source]).IsSome || (named g g.Nodes[source]).IsSome
                isName[i] <- not isMade
                let place = if isMade then source else i
                names[place] <- List.distinct (own @ names[place])

        [|
            for i in 0 .. g.Nodes.Length - 1 do
                let made = maker g.Nodes[i]
                if (made.IsSome || isName[i]) && keeps policy names[i] made then i
        |]
