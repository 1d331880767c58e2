namespace Cotangent

open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// Products along the last axis, in halves: log₂ n steps of elementwise products.
///
/// The derivative with respect to an element is the product of all others, taken in the same halves and never as a quotient, so that it and
/// its own derivatives are right at zeros, too.
[<Sealed>]
type internal ProductOfRows() =
    inherit CustomDerivative("prod")

    static let operation = Primitive.Custom(ProductOfRows())

    /// Both halves, and what is left over in the middle of an odd number.
    static let halves (x: Tensor) =
        let last = x.Rank - 1
        let n = x.Dims[last]
        let half = n / 2
        let rest = if n % 2 = 0 then [] else [ sliceAxis last (n - 1) 1 x ]
        struct (sliceAxis last 0 half x, sliceAxis last half half x, rest)

    static let joined (parts: Tensor list) =
        match parts with
        | [ one ] -> one
        | parts -> concat -1 parts

    static let rec total (x: Tensor) : Tensor =
        match x.Dims[x.Rank - 1] with
        | 0 -> Bind.full (Literal.Whole 1L) x.DType (Shape.without [| x.Rank - 1 |] x.Dims) x.Device
        | 1 -> x.Squeeze(x.Rank - 1)
        | _ ->
            let struct (a, b, rest) = halves x
            total (joined (a * b :: rest))

    /// For each element the product of all others in its row.
    static let rec others (x: Tensor) : Tensor =
        if x.Dims[x.Rank - 1] <= 1 then
            Tensor.onesLike x
        else
            let struct (a, b, rest) = halves x
            let above = others (joined (a * b :: rest))
            let last = x.Rank - 1
            let half = a.Dims[last]
            let ofBoth = sliceAxis last 0 half above
            let ofRest = rest |> List.map (fun r -> sliceAxis last half r.Dims[last] above)
            joined (b * ofBoth :: a * ofBoth :: ofRest)

    static let spread (like: Tensor) (t: Tensor) =
        let kept = Array.append t.Dims [| 1 |]
        Bind.one (Primitive.Broadcast like.Dims) [| t.Reshape kept |]

    /// The products over axes of a tensor.
    static member over (t: Tensor) (axes: int[]) : Tensor =
        let kept = Shape.allAxes t.Rank |> Array.except axes
        let folded = axes |> Array.fold (fun n a -> n * t.Dims[a]) 1

        let rows =
            (t.Permute(Array.append kept axes)).Reshape(Array.append (Shape.without axes t.Dims) [| folded |])

        if t.DType.IsFloat && folded > 1 then Bind.one operation [| rows |] else total rows

    override _.IsLinear = false
    override _.Run inputs = [| total inputs[0] |]

    /// What does not change passes nothing on, also where the product of the others is no number: reverse mode never meets
    /// that element either.
    override _.Push(inputs, _, tangents) =
        let x = inputs[0]
        let d = tangents[0].Value
        let slope = others x
        let isStill = (Bind.detach d).Equal 0.0
        let isUsed = slope.IsFinite().Or(isStill.Not())
        let changes = d * where isUsed slope (Tensor.zerosLike slope)
        [| ValueSome(Bind.one (Primitive.Reduce(Reduction.Sum, [| x.Rank - 1 |])) [| changes |]) |]

    override _.Pull(inputs, _, cotangents) =
        let x = inputs[0]
        [| ValueSome(spread x cotangents[0].Value * others x) |]
