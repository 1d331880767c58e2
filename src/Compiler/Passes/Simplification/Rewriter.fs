namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// What makes two nodes equal.
[<RequireQualifiedAccess; NoComparison>]
type private Value =
    | Applied of Primitive * inputs: int[] * Device
    | Item of index: int * source: int

/// A graph as it is put together anew: each primitive by the first rule that knows it, and equal ones once. `last`: nothing
/// will differentiate the result, so what only derivatives see can go.
[<Sealed>]
type internal Rewriter(target: Target, last: bool) =
    let builder = GraphBuilder()
    let known = Dictionary<Value, int>()

    member _.Target = target
    member _.IsLast = last
    member _.Builder = builder

    member r.Add(node: Node) : int =
        match node.Operation with
        | Operation.Constant b ->
            match Constants.repeated b with
            | ValueSome value ->
                let full = Primitive.Full(value, node.DType, node.Shape)

                r.Once(
                    Value.Applied(full, [||], node.Device),
                    { node with Operation = Operation.Primitive full }
                )
            | ValueNone -> builder.Add node
        | Operation.Primitive(Primitive.Barrier | Primitive.Print _)
        | Operation.Input _
        | Operation.Control _ -> builder.Add node
        | Operation.Item n -> r.Once(Value.Item(n, node.Inputs[0]), node)
        | Operation.Primitive p -> r.Once(Value.Applied(p, node.Inputs, node.Device), node)

    member private _.Once(key: Value, node: Node) =
        match known.TryGetValue key with
        | true, i -> i
        | false, _ ->
            let i = builder.Add node
            known[key] <- i
            i

    /// A primitive of one result, of nodes of this graph.
    member r.Apply(p: Primitive, inputs: int[], device: Device) : int =
        let nodes = inputs |> Array.map (fun i -> builder[i])

        let result =
            ShapeRule.one p (nodes |> Array.map (fun n -> ({ DType = n.DType; Shape = n.Shape }: Signature)))

        match Constants.fold p nodes result device with
        | ValueSome node -> r.Add node
        | ValueNone ->
            match r.Simplified(p, inputs, nodes, result, device) with
            | ValueSome i -> i
            | ValueNone ->
                r.Add {
                    Operation = Operation.Primitive p
                    Inputs = inputs
                    DType = result.DType
                    Shape = result.Shape
                    Device = device
                    Place = ""
                }

    member private r.Simplified(p, inputs: int[], nodes: Node[], result: Signature, device) : int voption =
        let apply p x = r.Apply(p, x, device)
        // Elsewhere each operation is a kernel of the device's own, and broadcasts are no better than products.
        let isNest = last && target.Serves device

        match Facts.kind p with
        | Kind.View ViewKind.Detach -> if last then ValueSome inputs[0] else ValueNone
        | Kind.View view -> Movement.simplify r p view inputs[0] result device
        | Kind.Elementwise(Pointwise.Convert dtype) ->
            if dtype = nodes[0].DType then ValueSome inputs[0] else ValueNone
        | Kind.Elementwise Pointwise.Select -> Identities.select r inputs
        | Kind.Elementwise(Pointwise.Unary op) ->
            if op.IsNegate then Identities.negate r inputs[0] else ValueNone
        | Kind.Elementwise(Pointwise.Binary op) ->
            match Identities.binary r op inputs device with
            | ValueNone when op = Binary.Add -> Placements.sum r inputs device
            | found -> found
        | Kind.Fold(_, [||]) -> ValueSome inputs[0]
        | Kind.Fold(_, axes) when axes |> Array.forall (fun a -> nodes[0].Shape[a] = 1) ->
            ValueSome(apply (Primitive.Reshape result.Shape) inputs)
        | Kind.Fold(kind, axes) when last ->
            match Repeats.reduce r kind axes inputs[0] device with
            | ValueNone when kind = Reduction.Sum ->
                match Products.contracted r axes inputs[0] device with
                | ValueNone when isNest -> Products.sum r axes inputs[0] device
                | found -> found
            | found -> found
        | Kind.Contraction when isNest -> Products.outer r inputs result device
        | Kind.Opaque(Kernel.Concatenate _) when inputs.Length = 1 -> ValueSome inputs[0]
        | Kind.Opaque(Kernel.Fused f) when target.Serves device ->
            FusedExpansions.fused target.LargestExpansion apply f inputs {
                Shape = nodes[0].Shape
                DType = nodes[0].DType
            }
        | Kind.Fold _
        | Kind.Contraction
        | Kind.Opaque _
        | Kind.Source _
        | Kind.Draw _
        | Kind.Transfer _
        | Kind.Custom _ -> ValueNone

    interface IRewriting with
        member _.Node i = builder[i]
        member r.Apply(p, inputs, device) = r.Apply(p, inputs, device)
