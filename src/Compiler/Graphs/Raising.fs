namespace Cotangent.Compiler

open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// What may raise because of the numbers that it is given. Such work stays where it was written: it is not done ahead of a
/// loop that may run no round, nor for a branch that is not taken.
module internal Raising =
    /// Whether all numbers of a node are known, and hold.
    let private isKnown (g: Graph) (i: int) (holds: int64 -> bool) =
        let node = g.Nodes[i]

        match node.Operation with
        | Operation.Primitive(Primitive.Full(Literal.Whole n, _, _)) -> holds n
        | Operation.Primitive(Primitive.Iota(_, length)) -> holds 0L && holds (int64 length - 1L)
        | Operation.Constant(:? HostBuffer as b) when node.DType.IsInteger && Shape.count b.Shape <= 4096 ->
            let b = Strided.materialise (Convert.buffer DType.Int64 b) :?> HostBuffer<int64>
            Range.forall (Shape.count b.Shape) (fun k -> holds b.Items[b.Offset + k])
        | Operation.Input _
        | Operation.Constant _
        | Operation.Primitive _
        | Operation.Control _
        | Operation.Item _ -> false

    /// Whether positions come from a search, which finds those that there are.
    let rec private isFound (g: Graph) (i: int) =
        match g.Nodes[i].Operation with
        | Operation.Primitive(Primitive.ArgReduce _ | Primitive.Sort _ | Primitive.MaxPool _) -> true
        | Operation.Item _ -> isFound g g.Nodes[i].Inputs[0]
        | Operation.Primitive(Primitive.Reshape _ | Primitive.Permute _ | Primitive.Broadcast _ | Primitive.Slice _) ->
            isFound g g.Nodes[i].Inputs[0]
        | Operation.Input _
        | Operation.Constant _
        | Operation.Primitive _
        | Operation.Control _ -> false

    let private isWithin (finder: Finder) (size: int) (n: int64) =
        n >= int64 (finder.Least size) && n < int64 size

    let rec node (g: Graph) (i: int) : bool =
        let node = g.Nodes[i]

        match node.Operation with
        | Operation.Input _
        | Operation.Constant _
        | Operation.Item _ -> false
        | Operation.Control control -> Graph.bodies control |> List.exists (snd >> graph)
        | Operation.Primitive p ->
            let facts = Facts.primitive p

            let isPlace finder size =
                isFound g node.Inputs[1] || isKnown g node.Inputs[1] (isWithin finder size)

            match Facts.kind p with
            | Kind.Opaque(Kernel.Gather(finder, axis)) ->
                not (isPlace finder g.Nodes[node.Inputs[0]].Shape[axis])
            | Kind.Opaque(Kernel.Scatter size) -> not (isPlace Finder.ScatterAdd size)
            // Integers by 0.
            | Kind.Elementwise _ ->
                facts.MayRaise && node.DType.IsInteger && not (isKnown g node.Inputs[1] (fun n -> n <> 0L))
            | Kind.Source _
            | Kind.View _
            | Kind.Fold _
            | Kind.Contraction
            | Kind.Draw _
            | Kind.Transfer _
            | Kind.Opaque _
            | Kind.Custom _ -> facts.MayRaise

    and graph (g: Graph) : bool = not (Range.forall g.Nodes.Length (fun i -> not (node g i)))
