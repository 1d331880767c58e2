namespace Cotangent.Compiler

open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// Computes now what depends on nothing.
module internal Constants =
    open Rewriting

    /// Larger results of constants are left to be computed: they would only fill memory.
    let mostFolded = 4096

    /// The one element of a buffer as a literal that gives it back.
    let literal (b: HostBuffer) : Literal =
        let first (dtype: DType) : 'T =
            let converted = Convert.buffer dtype b
            (HostBuffer.data<'T> converted)[converted.Offset]

        if b.DType.IsFloat then Literal.Real(first DType.Float64)
        // Its bits.
        elif b.DType = DType.UInt64 then Literal.Whole((HostBuffer.data<int64> b)[b.Offset])
        else Literal.Whole(first DType.Int64)

    /// The one number that a constant repeats, or is: in the code, it is not read from memory, and the rules see it.
    let repeated (b: Buffer) : Literal voption =
        match b with
        // A literal has no imaginary part.
        | :? HostBuffer as b when Shape.count b.Shape > 0 && HostBuffer.isUniform b && not b.DType.IsComplex ->
            ValueSome(literal b)
        | _ -> ValueNone

    let private evaluate (p: Primitive) (inputs: Buffer[]) (device: Device) =
        (Engines.forDevice device).Evaluate(p, inputs, device)

    /// Whether a primitive gives the same element everywhere if its only input does.
    let private keepsUniform (p: Primitive) =
        match (Facts.kind p).AsView with
        | ValueSome(ViewKind.Reshape _ | ViewKind.Permute _ | ViewKind.Broadcast _ | ViewKind.Slice _) -> true
        | ValueSome(ViewKind.Detach | ViewKind.Barrier)
        | ValueNone -> false

    /// One number, many times, folded. Floats are left to be added up, which rounds.
    let private reduced (p: Primitive) (input: Node) : Literal voption =
        match Facts.kind p, input with
        | Kind.Fold(kind, axes), Full value ->
            let count = axes |> Array.fold (fun n axis -> n * int64 input.Shape[axis]) 1L

            match kind, value with
            | (Reduction.Max | Reduction.Min), _ when count > 0L -> ValueSome value
            | Reduction.Sum, Literal.Whole n when input.DType = DType.Int64 ->
                ValueSome(Literal.Whole(n * count))
            | (Reduction.Sum | Reduction.Max | Reduction.Min), _ -> ValueNone
        | (Kind.Fold _ | Kind.Source _ | Kind.View _ | Kind.Elementwise _ | Kind.Contraction), _
        | (Kind.Draw _ | Kind.Transfer _ | Kind.Opaque _ | Kind.Custom _), _ -> ValueNone

    let private isPlain (p: Primitive) =
        match (Facts.kind p).AsView with
        | ValueSome(ViewKind.Detach | ViewKind.Barrier) -> false
        | ValueSome(ViewKind.Reshape _ | ViewKind.Permute _ | ViewKind.Broadcast _ | ViewKind.Slice _) -> true
        // It is to be seen when the program runs.
        | ValueNone -> isNull (Facts.custom p) && not p.IsPrint

    let private isFull (node: Node) =
        match node with
        | Full _ -> true
        | _ -> false

    let private isKnown (node: Node) =
        match node.Operation with
        | Operation.Constant _ -> true
        | Operation.Primitive(Primitive.Full(_, _, shape)) -> Shape.count shape <= mostFolded
        | Operation.Primitive(Primitive.Iota(_, length)) -> length <= mostFolded
        | Operation.Input _
        | Operation.Primitive _
        | Operation.Control _
        | Operation.Item _ -> false

    /// The numbers of a node that is known; of one that repeats a number, that one alone is enough where asked for.
    let private numbers (isOneEnough: bool) (device: Device) (node: Node) : Buffer =
        match node.Operation with
        | Operation.Constant b -> b
        | Operation.Primitive(Primitive.Full(value, dtype, _)) when isOneEnough ->
            evaluate (Primitive.Full(value, dtype, [||])) [||] device
        | Operation.Primitive p -> evaluate p [||] device
        | Operation.Input _
        | Operation.Control _
        | Operation.Item _ -> invalidOp "No number is known of this node."

    /// What raises does so where it is written, if that is ever run, not while a program is made.
    let private unlessRaising (value: unit -> Node voption) : Node voption =
        try
            value ()
        with
        | :? ValueException
        | :? IndexException -> ValueNone

    /// The value of a primitive of known numbers: one number that is repeated, or a constant.
    let fold (p: Primitive) (inputs: Node[]) (result: Signature) (device: Device) : Node voption =
        let node operation =
            ValueSome {
                Operation = operation
                Inputs = [||]
                DType = result.DType
                Shape = result.Shape
                Device = device
                Place = ""
            }

        let full value = node (Operation.Primitive(Primitive.Full(value, result.DType, result.Shape)))

        if inputs.Length = 0 then
            ValueNone
        elif isElementwise p && inputs |> Array.forall isFull && not result.DType.IsComplex then
            unlessRaising (fun () ->
                let value = evaluate p (inputs |> Array.map (numbers true device)) device
                full (literal ((Engines.forDevice device).ToHost value)))
        elif (reduced p inputs[0]).IsSome then
            full (reduced p inputs[0]).Value
        elif keepsUniform p then
            match inputs[0] with
            | Full value -> full value
            | _ -> ValueNone
        elif Shape.count result.Shape <= mostFolded && isPlain p && inputs |> Array.forall isKnown then
            unlessRaising (fun () ->
                let value = evaluate p (inputs |> Array.map (numbers false device)) device
                node (Operation.Constant value))
        else
            ValueNone
