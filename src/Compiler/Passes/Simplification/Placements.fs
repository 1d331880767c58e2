namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Sums of parts that are placed side by side among zeros, such as the gradient of what was taken apart by slices: the gates
/// of an LSTM, the heads of an attention. They are one concatenation.
module internal Placements =
    open Rewriting

    /// Parts of a sum that are looked at.
    [<Literal>]
    let private Most = 32

    /// Whether all that is added up is placed; then `into` has it.
    let rec private collect (r: IRewriting) (into: ResizeArray<struct (Region * int)>) (i: int) : bool =
        match r.Node i with
        | Applied(Primitive.Place region, [| x |]) ->
            into.Add(struct (region, x))
            into.Count <= Most
        | Applied(Primitive.Binary Binary.Add, [| a; b |]) -> collect r into b && collect r into a
        | _ -> false

    let private isWhole (region: Region) axis =
        region.Start[axis] = 0 && region.Count[axis] = region.Full[axis]

    /// The axis along which these lie side by side, and nowhere else.
    let private axisOf (parts: struct (Region * int)[]) : int voption =
        let struct (first, _) = parts[0]
        let axes = first.Full.Length
        let isAlong axis = parts |> Array.forall (fun (struct (region, _)) -> isWhole region axis)

        match Range.tryFind axes (fun axis -> not (isAlong axis)) with
        | ValueSome axis when
            Range.forall axes (fun other -> other = axis || isAlong other)
            && parts
               |> Array.forall (fun (struct (region, _)) ->
                   region.Step |> Array.forall (fun step -> step = 1))
            ->
            ValueSome axis
        | ValueSome _
        | ValueNone -> ValueNone

    /// x + 0 is 0 where x is -0, and here each part is added to the zeros of the others.
    let private plusZero (r: IRewriting) device (i: int) : int =
        let node = r.Node i

        if node.DType.HasDerivatives then
            let zero = r.Apply(Primitive.Full(Literal.Real 0.0, node.DType, node.Shape), [||], device)
            r.Apply(Primitive.Binary Binary.Add, [| i; zero |], device)
        else
            i

    /// What the sum of two nodes is where parts fill all of it.
    let sum (r: IRewriting) (inputs: int[]) (device: Device) : int voption =
        let found = ResizeArray<struct (Region * int)>()

        if not (collect r found inputs[1] && collect r found inputs[0]) then
            ValueNone
        else
            let parts = found.ToArray()

            match axisOf parts with
            | ValueNone -> ValueNone
            | ValueSome axis ->
                let start (struct (region: Region, _)) = region.Start[axis]
                let last (struct (region: Region, _)) = region.Start[axis] + region.Count[axis]
                let parts = parts |> Array.sortBy start
                let struct (region, _) = parts[0]

                if
                    start parts[0] = 0
                    && last parts[parts.Length - 1] = region.Full[axis]
                    && Range.forall (parts.Length - 1) (fun k -> last parts[k] = start parts[k + 1])
                then
                    let whole = parts |> Array.map (fun (struct (_, x)) -> plusZero r device x)
                    ValueSome(r.Apply(Primitive.Concatenate axis, whole, device))
                else
                    ValueNone
