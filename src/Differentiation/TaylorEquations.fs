/// Series found from the differential equation of a primitive: y = f(x) has y' = L(x, y) x', where L is the derivative as forward mode has
/// it, here with all that it is made of as series, so that
///
///     k y_k = Σ_j L_(k-1-j) (j + 1) x_(j+1),
///
/// which takes of y no term that is not there yet, also where L is made of y (A. Griewank and A. Walther, "Evaluating Derivatives",
/// 2008, chapter 13).
module internal Cotangent.Differentiation.TaylorEquations

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// The derivative of a series with respect to t.
let private change (trace: SeriesTrace) (r: TaylorTracer) (equation: Equation) : Tensor =
    match equation.Changes.TryGetValue r.Series with
    | true, change -> change
    | false, _ ->
        let times k (t: Tensor) = if k = 1 then t else t * float k
        let next k = r.Series.Term(k + 1) |> ValueOption.map (times (k + 1))
        let like: Signature = { DType = r.DType; Shape = r.Shape }
        let change = trace.Traced(like, r.Device, equation, (fun _ k -> next k))
        equation.Changes[r.Series] <- change
        change

/// The inputs in an equation; the same one where the same stands twice.
let private entered (trace: SeriesTrace) (inputs: Tensor[]) (equation: Equation) : Tensor[] =
    let entered =
        inputs
        |> Array.map (fun t ->
            match trace.Own t with
            | ValueSome r when isNull r.Equation -> trace.Entered(t, r, equation)
            | ValueSome _
            | ValueNone -> t)

    for i in 0 .. inputs.Length - 1 do
        for j in 0 .. i - 1 do
            match inputs[i], inputs[j] with
            | Traced r, Traced s when obj.ReferenceEquals(r, s) -> entered[i] <- entered[j]
            | Traced _, Traced _
            | Value _, _
            | _, Value _ -> ()

    entered

/// Outputs that begin so, and whose derivatives are what a push makes of those of the inputs: inputs, outputs, tangents -> tangents.
let flow
    (trace: SeriesTrace)
    (p: Primitive)
    (inputs: Tensor[])
    (starts: Tensor[])
    (around: Equation)
    (push: Tensor[] -> Tensor[] -> Tensor voption[] -> Tensor voption[])
    : Tensor[] =
    let equation = if isNull around then Equation() else around
    let entered = entered trace inputs equation
    let outputs: Tensor[] = Array.copy starts

    let changes =
        later (fun () ->
            entered
            |> Array.map (trace.Own >> ValueOption.map (fun r -> change trace r equation))
            |> push entered outputs)

    let over k (t: Tensor) = if k = 1 then t else t / float k

    for n in 0 .. starts.Length - 1 do
        if starts[n].DType.HasDerivatives then
            let next k =
                if k = 0 then
                    ValueSome starts[n]
                else
                    match changes.Value[n] with
                    | ValueSome change -> trace.Term (k - 1) change |> ValueOption.map (over k)
                    | ValueNone -> ValueNone

            outputs[n] <- trace.Begun(starts[n], equation, (fun _ k -> next k))

    if isNull around then equation.Add(p, entered, outputs)
    outputs

/// The slope of tanh or sigmoid by its value y alone, which takes fewer products than the derivative does elsewhere: that is b y - y² but
/// for a constant. The first term, which is a number of few digits in this form, is the derivative's.
let private riccati (trace: SeriesTrace) p (b: float) (x: TaylorTracer) (y: Tensor) : Tensor voption =
    let start = trace.Start y

    Derivatives.rule p [| x.Start |] start 0
    |> ValueOption.map (fun map ->
        let slope = Linear.apply map (Tensor.onesLike start)
        let square = y * y
        trace.WithStart(slope, (if b = 0.0 then -square else b * y - square), x.Equation))

/// What the derivative of a primitive makes of changes.
let private pushed
    (trace: SeriesTrace)
    (p: Primitive)
    (inputs: Tensor[])
    (outputs: Tensor[])
    (changes: Tensor voption[])
    : Tensor voption[] =
    let slope =
        match TaylorRules.ofPrimitive p, trace.Own inputs[0] with
        | TaylorRule.Function op, ValueSome x ->
            op.Facts.Riccati |> ValueOption.bind (fun b -> riccati trace p b x outputs[0])
        | TaylorRule.Function _, ValueNone
        | (TaylorRule.Product | TaylorRule.Quotient _ | TaylorRule.Defined _), _
        | (TaylorRule.OfMatrix _ | TaylorRule.Equation), _ -> ValueNone

    let joint =
        match Derivatives.joint p inputs outputs with
        | ValueNone when changes.Length = 2 && changes |> Array.forall _.IsSome ->
            Derivatives.ofPair p inputs outputs[0]
        | joint -> joint

    match joint, slope with
    | ValueSome joint, _ -> joint.Push changes
    | ValueNone, ValueSome slope -> [|
        changes[0] |> ValueOption.map (fun d -> Bind.binary Binary.Multiply d slope)
      |]
    | ValueNone, ValueNone ->
        let mutable total = ValueNone

        for i in 0 .. inputs.Length - 1 do
            match changes[i] with
            | ValueNone -> ()
            | ValueSome change ->
                match Derivatives.rule p inputs outputs[0] i with
                | ValueNone -> ()
                | ValueSome map -> total <- Terms.add total (ValueSome(Linear.apply map change))

        [| total |]

/// By the derivative that the primitive has.
let solve (trace: SeriesTrace) (p: Primitive) (inputs: Tensor[]) (equation: Equation) : Tensor[] =
    let starts = Bind.apply p (Array.map trace.Start inputs)
    flow trace p inputs starts equation (pushed trace p)
