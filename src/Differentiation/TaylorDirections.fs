/// Many directions at once, of which the sum of the last terms is wanted, through what is no product.
module internal Cotangent.Differentiation.TaylorDirections

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Σ_m g_m (x - x₀)ᵐ up to the term k, where g is a function's series at x₀.
let private composed (trace: SeriesTrace) (slopes: Tensor voption[]) (powers: Tensor[]) (k: int) =
    let mutable total = ValueNone

    for m in 1..k do
        match slopes[m - 1], trace.Term k powers[m - 1] with
        | ValueSome g, ValueSome power ->
            total <- Terms.add total (ValueSome(Bind.binary Binary.Multiply power g))
        | ValueNone, _
        | _, ValueNone -> ()

    total

/// A function of one number as its series at the start, which all directions share.
let compose (trace: SeriesTrace) (op: Unary) (x: Tensor) : Tensor =
    let start, order = trace.Start x, trace.Order
    let local = trace.Single()

    let struct (value, slopes) =
        try
            let one = (Bind.full (Literals.real "ones" x.DType 1.0) x.DType [||] x.Device).Expand x.Dims
            let first = Array.init order (fun i -> if i = 0 then ValueSome one else ValueNone)
            let y = Bind.unary op (local.Join(start, first))
            struct (local.Start y, local.Rest y)
        finally
            local.Close()

    if slopes.Length = 0 then
        value
    else
        let change = trace.Begun(start, null, (fun _ k -> if k = 0 then ValueNone else trace.Term k x))
        let powers = Array.create order change

        for m in 1 .. order - 1 do
            powers[m] <-
                TaylorProducts.product trace (Primitive.Binary Binary.Multiply) powers[m - 1] change null

        trace.Begun(
            value,
            null,
            (fun _ k -> if k = 0 then ValueSome value else composed trace slopes powers k)
        )

/// Each direction by itself, to be summed at the end: each has its part of the last terms.
let apart (trace: SeriesTrace) (directions: Directions) (p: Primitive) (inputs: Tensor[]) : Tensor[] =
    let each = trace.Single()

    let enter (t: Tensor) =
        match trace.Own t with
        | ValueNone -> t
        | ValueSome r ->
            let part k (t: Tensor) = if k = trace.Order then t / float directions.Count else t
            each.Begun(t, null, (fun _ k -> r.Series.Term k |> ValueOption.map (part k)))

    let leave (t: Tensor) =
        let whole k (t: Tensor) = if k = trace.Order - 1 then directions.Sum t else t
        trace.Join(each.Start t, each.Rest t |> Array.mapi (fun k -> ValueOption.map (whole k)))

    try
        Bind.apply p (Array.map enter inputs) |> Array.map leave
    finally
        each.Close()
