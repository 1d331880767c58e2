namespace Cotangent.Differentiation

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The terms of a power series c₀ + c₁ t + … + cₙ tⁿ, each found from those before it when it is first asked for; ValueNone is 0.
/// So a series may be given by an equation in which it stands itself: of y = 1 + ∫ y dt each term takes the one before it
/// (M. D. McIlroy, "Power series, power serious", 1999).
[<Sealed>]
type internal Series(order: int, next: Series -> int -> Tensor voption) =
    let terms: Tensor voption[] = Array.create (order + 1) ValueNone
    let mutable known = 0
    let mutable isUnderWay = false

    member s.Term(k: int) : Tensor voption =
        while known <= k do
            if isUnderWay then invalidOp $"Term {known} of a series is asked for to find it."

            isUnderWay <- true
            terms[known] <- next s known
            isUnderWay <- false
            known <- known + 1

        terms[k]

    /// All terms but the first, once they are found.
    member s.Rest: Tensor voption[] = Array.init order (fun i -> s.Term(i + 1))

    /// Whether it is more than its first term.
    member s.IsMoving = s.Rest |> Array.exists _.IsSome

/// What was made of the series of one equation, so that what is asked for again is not made again: the derivative of a sine asks for a
/// cosine, and that of this for the sine that is being found.
[<Sealed; AllowNullLiteral>]
type internal Equation() =
    let made = ResizeArray<struct (Primitive * Tensor[] * Tensor[])>()

    let isSame (a: Tensor) (b: Tensor) =
        match a, b with
        | Traced a, Traced b -> obj.ReferenceEquals(a, b)
        | Value a, Value b -> obj.ReferenceEquals(a, b)
        | Traced _, Value _
        | Value _, Traced _ -> false

    /// The derivatives of its series by t.
    member val Changes = Dictionary<Series, Tensor>(HashIdentity.Reference)

    member _.Add(p: Primitive, inputs: Tensor[], outputs: Tensor[]) = made.Add(struct (p, inputs, outputs))

    member _.TryFind(p: Primitive, inputs: Tensor[]) : Tensor[] voption =
        let isThat (struct (q, given: Tensor[], _)) =
            given.Length = inputs.Length && Array.forall2 isSame given inputs && q = p

        match made.FindIndex isThat with
        | -1 -> ValueNone
        | i -> let struct (_, _, outputs) = made[i] in ValueSome outputs

/// A tensor with the series that it is the beginning of. One in an equation is still being found.
[<Sealed>]
type internal TaylorTracer(trace: Trace, like: Signature, device: Device, series: Series, equation: Equation)
    =
    inherit Tracer(trace, like.DType, like.Shape, device)

    member _.Series = series
    member _.Equation = equation

    /// The first term, where it is 0 in no memory.
    member _.Start: Tensor =
        match series.Term 0 with
        | ValueSome value -> value
        | ValueNone ->
            (Bind.full (Literals.real "zeros" like.DType 0.0) like.DType [||] device).Expand like.Shape

    override r.Concrete = r.Start
    override r.Detached = Bind.detach r.Start
