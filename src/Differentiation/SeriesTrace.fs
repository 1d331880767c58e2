namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Directions that all have the first term in common, and of which only the sum of the last terms is asked for: a Laplacian's. The other
/// terms are batches, the last is that sum, which goes through linear maps once in place of once for each direction ("forward
/// Laplacian": R. Li and others, "A computational framework for neural network-based variational Monte Carlo with Forward
/// Laplacian", 2024; F. Dangel and others, "Collapsing Taylor mode automatic differentiation", 2025).
[<Sealed; AllowNullLiteral>]
type internal Directions(count: int, sum: Tensor -> Tensor) =
    member _.Count = count
    /// Over all directions.
    member _.Sum(t: Tensor) : Tensor = sum t

module internal Terms =
    /// Of two terms, each of which may be 0.
    let add (a: Tensor voption) (b: Tensor voption) : Tensor voption =
        match a, b with
        | ValueSome a, ValueSome b -> ValueSome(Bind.binary Binary.Add a b)
        | ValueSome t, ValueNone
        | ValueNone, ValueSome t -> ValueSome t
        | ValueNone, ValueNone -> ValueNone

/// A trace whose tracers carry the series of their tensors along a curve, up to the term of an order: how series begin, and how they are
/// read. What primitives make of them is the affair of the files that follow.
[<AbstractClass>]
type internal SeriesTrace(name, order: int, directions: Directions) =
    inherit Trace(name)

    let mutable largest = 0

    let signatureOf (t: Tensor) : Signature = { DType = t.DType; Shape = t.Dims }

    /// What a primitive makes of its inputs, in the equation that they stand in; null where they stand in none.
    abstract Made: Primitive * Tensor[] * Equation -> Tensor[]

    /// A trace like this along one direction alone.
    abstract Single: unit -> SeriesTrace

    member _.Order = order
    /// Null where there is one alone.
    member _.Directions = directions

    /// The size of the largest tensor that has a series.
    member _.Largest = largest

    // ---- Series that are there ----

    member trace.Own(t: Tensor) : TaylorTracer voption =
        match t with
        | Traced(:? TaylorTracer as r) when obj.ReferenceEquals(r.Trace, trace) -> ValueSome r
        | Traced _
        | Value _ -> ValueNone

    member trace.IsOwn(t: Tensor) = (trace.Own t).IsSome

    /// The first term, one level down.
    member trace.Start(t: Tensor) : Tensor =
        match trace.Own t with
        | ValueSome r -> r.Start
        | ValueNone -> t

    member trace.Term (k: int) (t: Tensor) : Tensor voption =
        match trace.Own t with
        | ValueSome r -> r.Series.Term k
        | ValueNone when k = 0 -> ValueSome t
        | ValueNone -> ValueNone

    /// The terms after the first: none of a constant.
    member trace.Rest(t: Tensor) : Tensor voption[] =
        match trace.Own t with
        | ValueSome r -> r.Series.Rest
        | ValueNone -> [||]

    // ---- New series ----

    /// A series in an equation: it has the signature of another tensor, and each of its terms is found from those before it.
    member trace.Traced(like: Signature, device, equation, next: Series -> int -> Tensor voption) : Tensor =
        Traced(TaylorTracer(trace, like, device, Series(order, next), equation))

    /// The same like a tensor.
    member trace.Begun(like: Tensor, equation, next: Series -> int -> Tensor voption) : Tensor =
        largest <- max largest like.Size
        trace.Traced(signatureOf like, like.Device, equation, next)

    /// A tensor with the terms that follow it.
    member trace.Join(start: Tensor, rest: Tensor voption[]) : Tensor =
        if rest |> Array.exists _.IsSome then
            trace.Begun(start, null, (fun _ k -> if k = 0 then ValueSome start else rest[k - 1]))
        else
            start

    /// The series of another tensor after a beginning of its own.
    member trace.WithStart(start: Tensor, other: Tensor, equation) : Tensor =
        if start.DType.HasDerivatives then
            trace.Begun(start, equation, (fun _ k -> if k = 0 then ValueSome start else trace.Term k other))
        else
            start

    /// A tensor of zeros, in no memory, like what a primitive makes.
    member _.Nothing(p, inputs: Tensor[]) : Tensor =
        let like = ShapeRule.one p (Array.map signatureOf inputs)
        let device = inputs[0].Device
        (Bind.full (Literals.real "zeros" like.DType 0.0) like.DType [||] device).Expand like.Shape

    /// The same series in an equation; null for outside of all.
    member trace.Entered(t: Tensor, r: TaylorTracer, equation: Equation) : Tensor =
        Traced(TaylorTracer(trace, signatureOf t, t.Device, r.Series, equation))

    // ---- Primitives ----

    override trace.Apply(p, inputs) =
        let mutable equation: Equation = null

        for t in inputs do
            match trace.Own t with
            | ValueSome r when not (isNull r.Equation) -> equation <- r.Equation
            | ValueSome _
            | ValueNone -> ()

        match equation with
        | null -> trace.Made(p, inputs, null) |> Array.map trace.Found
        | equation ->
            match equation.TryFind(p, inputs) with
            | ValueSome outputs -> outputs
            | ValueNone ->
                let outputs = trace.Made(p, inputs, equation)
                equation.Add(p, inputs, outputs)
                outputs

    /// With all terms, and outside of the equation that they were found from; a constant where there is but the first.
    member private trace.Found(t: Tensor) : Tensor =
        match trace.Own t with
        | ValueNone -> t
        | ValueSome r when not r.Series.IsMoving -> r.Start
        | ValueSome r when isNull r.Equation -> t
        | ValueSome r -> trace.Entered(t, r, null)
