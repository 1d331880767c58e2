namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Products of factors that repeat along axes which the other factors vary along, such as the outer products x⊗δ that are
/// the gradients of weights at batch 1. They are kept as their factors for as long as possible:
///
///   Σᵢⱼ (xᵢ δⱼ)² = (Σᵢ xᵢ²)·(Σⱼ δⱼ²)
///
/// That is exact but for rounding. One sum on the right could leave the range of Float32 where the sum on the left does not
/// (of a gradient that explodes, just when its norm is to clip it), so those are taken in Float64, of so few factors that no
/// product of them ends where Float64 does. Float64 has no wider type, so there the sum is taken as it is written. Without the
/// rule the article's GAN would take 9% longer.
module internal Products =
    open Rewriting

    /// Of so many numbers from 10⁻⁴⁵ to 10³⁸, the product is one of Float64 with all its digits: 10⁻²⁷⁰ to 10²³¹.
    [<Literal>]
    let private Most = 6

    /// The axes along which a node varies, as bits.
    let private axesOf (r: IRewriting) (i: int) : int =
        let shape = (r.Node i).Shape
        let mutable bits = 0

        for axis in 0 .. shape.Length - 1 do
            if shape[axis] > 1 && Repeats.varies r i axis then bits <- bits ||| (1 <<< axis)

        bits

    /// The node with one element along each axis that is not among the given ones, on which it does not vary.
    let private narrow (r: IRewriting) (axes: int) (i: int) : int =
        let shape = (r.Node i).Shape

        Repeats.narrow r i [|
            for axis in 0 .. shape.Length - 1 do
                if shape[axis] > 1 && (axes >>> axis) &&& 1 = 0 then axis
        |]

    let private multiply (r: IRewriting) device a b =
        r.Apply(Primitive.Binary Binary.Multiply, [| a; b |], device)

    /// A matrix product over one element is a product of a column and a row, each repeated.
    let outer (r: IRewriting) (inputs: int[]) (result: Signature) (device: Device) : int voption =
        let a = (r.Node inputs[0]).Shape

        if a[a.Length - 1] <> 1 then
            ValueNone
        else if DTypes.hasLanes result.DType then
            let spread i = r.Apply(Primitive.Broadcast result.Shape, [| i |], device)
            ValueSome(multiply r device (spread inputs[0]) (spread inputs[1]))
        else
            ValueNone

    /// The sum over a stack of products is one product, with the stack as part of what is summed over: Σₖ Aₖ Bₖ = [A₁ A₂ …] [B₁; B₂; …].
    let contracted (r: IRewriting) (axes: int[]) (input: int) (device: Device) : int voption =
        match r.Node input, axes with
        | Applied(Primitive.MatMul, [| a; b |]), [| 0 |] when (r.Node a).Shape.Length = 3 ->
            let left, right = (r.Node a).Shape, (r.Node b).Shape
            let count = left[0] * left[2]
            let reshape (shape: int[]) x = r.Apply(Primitive.Reshape shape, [| x |], device)

            let beside =
                r.Apply(Primitive.Permute [| 1; 0; 2 |], [| a |], device) |> reshape [| left[1]; count |]

            let below = reshape [| count; right[2] |] b
            ValueSome(r.Apply(Primitive.MatMul, [| beside; below |], device))
        | _ -> ValueNone

    let private several (axes: int) = System.Numerics.BitOperations.PopCount(uint32 axes) > 1

    /// The factors of a product, each as often as it occurs. A product that varies along one of the reduced axes, or none,
    /// need not be taken apart: it stays as it is written. A Float64 that was a Float32 stands for that. Where there are too
    /// many, they are one more than Most, and some are products themselves.
    let private factors (r: IRewriting) reduced (into: ResizeArray<int>) (i: int) =
        let waiting = Stack<int>()
        waiting.Push i

        while waiting.Count > 0 do
            let i = waiting.Pop()

            match r.Node i with
            | Applied(Primitive.Convert DType.Float64, [| x |]) when (r.Node x).DType = DType.Float32 ->
                waiting.Push x
            | Applied(Primitive.Binary Binary.Multiply, [| a; b |]) when
                into.Count + waiting.Count + 2 <= Most + 1 && several (axesOf r i &&& reduced)
                ->
                waiting.Push b
                waiting.Push a
            | _ -> into.Add i

    /// Whether the sums of these factors stay in the range that the sum of their products has.
    let private keepRange (r: IRewriting) (dtype: DType) (factors: ResizeArray<int>) =
        match dtype.Storage with
        // They wrap around, in whatever order.
        | Storage.Integer _ -> true
        | Storage.Float32
        | Storage.Float64 ->
            factors.Count <= Most && factors.TrueForAll(fun i -> (r.Node i).DType = DType.Float32)
        | Storage.BFloat16
        | Storage.Float16
        | Storage.Bool -> false

    /// Groups of axes, as bits: factors that vary along two of them tie these together.
    let private groupsOf (own: int[]) =
        let groups = ResizeArray<int>()

        for bits in own do
            if bits <> 0 then
                let mutable joined = bits

                for k in groups.Count - 1 .. -1 .. 0 do
                    if groups[k] &&& joined <> 0 then
                        joined <- joined ||| groups[k]
                        groups.RemoveAt k

                groups.Add joined

        groups

    /// The sum of a product is the product of the sums over the axes that no two factors share. Sums of Float32 are taken in
    /// Float64.
    let sum (r: IRewriting) (axes: int[]) (input: int) (device: Device) : int voption =
        let node = r.Node input
        let reduced = axes |> Array.fold (fun bits axis -> bits ||| (1 <<< axis)) 0
        let all = ResizeArray<int>()

        match node with
        | Applied(Primitive.Binary Binary.Multiply, _) -> factors r reduced all input
        | _ -> ()

        let own = all.ToArray() |> Array.map (fun i -> axesOf r i &&& reduced)
        let groups = groupsOf own

        if groups.Count < 2 || not (keepRange r node.DType all) then
            ValueNone
        else
            // Nothing to do where it is of the dtype already.
            let convert dtype i =
                if node.DType.IsFloat then r.Apply(Primitive.Convert dtype, [| i |], device) else i

            let total group =
                let mutable product = -1

                for k in 0 .. own.Length - 1 do
                    if (if group = 0 then own[k] = 0 else own[k] &&& group <> 0) then
                        let factor = convert DType.Float64 (narrow r (group ||| ~~~reduced) all[k])
                        product <- if product < 0 then factor else multiply r device product factor

                if product < 0 then
                    product
                else
                    r.Apply(Primitive.Reduce(Reduction.Sum, axes), [| product |], device)

            let mutable result = total 0

            for group in groups do
                let sum = total group
                result <- if result < 0 then sum else multiply r device result sum

            ValueSome(convert node.DType result)
