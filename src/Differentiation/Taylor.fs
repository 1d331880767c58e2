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

/// Taylor mode: each tracer carries the series of its tensor along a curve, up to the term of an order.
///
/// A linear primitive acts on each term, a product of two series is the convolution of their terms, a quotient is found from the product
/// that it undoes. Every other primitive y = f(x) has the equation y' = L(x, y) x', where L is its derivative as forward mode has it: here
/// with all that it is made of as series, so that
///
///     k y_k = Σ_j L_(k-1-j) (j + 1) x_(j+1),
///
/// which takes of y no term that is not there yet, also where L is made of y (A. Griewank and A. Walther, "Evaluating Derivatives",
/// 2008, chapter 13). So there are no rules but those of `Derivatives`, and a derivative of order n takes of the order of n² evaluations.
[<Sealed>]
type internal TaylorTrace(name, order: int, directions: Directions) =
    inherit Trace(name)

    let add (a: Tensor voption) (b: Tensor voption) =
        match a, b with
        | ValueSome a, ValueSome b -> ValueSome(Bind.binary Binary.Add a b)
        | ValueSome t, ValueNone
        | ValueNone, ValueSome t -> ValueSome t
        | ValueNone, ValueNone -> ValueNone

    let apply (p: Primitive) (a: Tensor) (b: Tensor) =
        match p with
        | Primitive.Binary op -> Bind.binary op a b
        | p -> Bind.one p [| a; b |]

    /// A function of terms of two series, if both are there.
    let ofBoth
        (first: int -> Tensor voption)
        (second: int -> Tensor voption)
        (f: Tensor -> Tensor -> Tensor)
        i
        j
        =
        match first i, second j with
        | ValueSome a, ValueSome b -> ValueSome(f a b)
        | ValueNone, _
        | _, ValueNone -> ValueNone

    /// Σ p(a_j, b_(k-j)) over places j. In the last term of directions only products of their own terms are to be summed over them.
    let sumOfProducts (multiply: int -> int -> Tensor voption) (k: int) (first: int) (last: int) =
        let mutable outer = ValueNone
        let mutable inner = ValueNone

        for j in first..last do
            let product = multiply j (k - j)
            if j = 0 || j = k then outer <- add outer product else inner <- add inner product

        if k = order && not (isNull directions) then
            add outer (ValueOption.map directions.Sum inner)
        else
            add outer inner

    let mutable largest = 0

    let signatureOf (t: Tensor) : Signature = { DType = t.DType; Shape = t.Dims }

    member private trace.Own(t: Tensor) : TaylorTracer voption =
        match t with
        | Traced(:? TaylorTracer as r) when obj.ReferenceEquals(r.Trace, trace) -> ValueSome r
        | Traced _
        | Value _ -> ValueNone

    member private trace.IsOwn(t: Tensor) = (trace.Own t).IsSome

    /// The first term, one level down.
    member trace.Start(t: Tensor) : Tensor =
        match trace.Own t with
        | ValueSome r -> r.Start
        | ValueNone -> t

    member private trace.Term (k: int) (t: Tensor) : Tensor voption =
        match trace.Own t with
        | ValueSome r -> r.Series.Term k
        | ValueNone when k = 0 -> ValueSome t
        | ValueNone -> ValueNone

    /// The terms after the first: none of a constant.
    member trace.Rest(t: Tensor) : Tensor voption[] =
        match trace.Own t with
        | ValueSome r -> r.Series.Rest
        | ValueNone -> [||]

    /// The size of the largest tensor that has a series.
    member _.Largest = largest

    member private trace.Begun(like: Tensor, equation, next: Series -> int -> Tensor voption) : Tensor =
        largest <- max largest like.Size
        Traced(TaylorTracer(trace, signatureOf like, like.Device, Series(order, next), equation))

    /// A tensor with the terms that follow it.
    member trace.Join(start: Tensor, rest: Tensor voption[]) : Tensor =
        if rest |> Array.exists _.IsSome then
            trace.Begun(start, null, (fun _ k -> if k = 0 then ValueSome start else rest[k - 1]))
        else
            start

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
        | ValueSome r -> Traced(TaylorTracer(trace, signatureOf t, t.Device, r.Series, null))

    member private trace.Made(p: Primitive, inputs: Tensor[], equation: Equation) : Tensor[] =
        match Facts.custom p with
        | null ->
            match Derivatives.definition p inputs with
            | ValueSome defined -> trace.Defined(p, inputs, defined, equation)
            | ValueNone ->
                if Derivatives.isLinear p (inputs |> Array.map trace.IsOwn) then
                    [| trace.Linear(p, inputs, equation) |]
                else
                    trace.Ruled(p, inputs, equation)
        | _ when not (isNull directions) -> trace.Apart(p, inputs)
        | f -> trace.Custom(p, CustomDerivative.ofCustom f, inputs, equation)

    member private trace.Ruled(p: Primitive, inputs: Tensor[], equation: Equation) : Tensor[] =
        match TaylorRules.ofPrimitive p with
        | TaylorRule.Defined define -> trace.Defined(p, inputs, define inputs, equation)
        | TaylorRule.Product -> [| trace.Product(p, inputs[0], inputs[1], equation) |]
        | TaylorRule.Quotient(divisor, times) -> [| trace.Quotient(p, inputs, divisor, times, equation) |]
        | TaylorRule.Function op when not (isNull directions) -> [| trace.Composed(op, inputs[0]) |]
        | TaylorRule.Function _
        | TaylorRule.OfMatrix _
        | TaylorRule.Equation when not (isNull directions) -> trace.Apart(p, inputs)
        | TaylorRule.OfMatrix f -> [| trace.OfMatrix(f, inputs[0], equation) |]
        | TaylorRule.Function _
        | TaylorRule.Equation ->
            let starts = Bind.apply p (Array.map trace.Start inputs)
            trace.Flow(p, inputs, starts, equation, trace.Pushed p)

    /// In terms of others, but with its kernel's values, so that no number depends on what is differentiated.
    member private trace.Defined(p, inputs: Tensor[], defined: Tensor[], equation) : Tensor[] =
        let starts = Bind.apply p (Array.map trace.Start inputs)
        Array.map2 (fun start t -> trace.WithStart(start, t, equation)) starts defined

    /// The series of another tensor after a beginning of its own.
    member private trace.WithStart(start: Tensor, other: Tensor, equation) : Tensor =
        if start.DType.HasDerivatives then
            trace.Begun(start, equation, (fun _ k -> if k = 0 then ValueSome start else trace.Term k other))
        else
            start

    // ---- Linear maps, products and quotients ----

    /// Each term by itself.
    member private trace.Linear(p: Primitive, inputs: Tensor[], equation) : Tensor =
        let isOwn (t: Tensor) = trace.IsOwn t

        /// Whether it makes 0 of inputs whose series begin with 0, whatever the others are.
        let isHomogeneous =
            match TaylorRules.ofPrimitive p with
            | TaylorRule.Product
            | TaylorRule.Quotient _ -> true
            | TaylorRule.Defined _
            | TaylorRule.Function _
            | TaylorRule.OfMatrix _
            | TaylorRule.Equation -> inputs |> Array.forall (fun t -> isOwn t || not t.DType.HasDerivatives)

        let isZero =
            isHomogeneous && inputs |> Array.forall (fun t -> not (isOwn t) || (trace.Term 0 t).IsNone)

        let starts = Array.map trace.Start inputs

        let start = if isZero then trace.Nothing(p, inputs) else Bind.one p starts

        let push =
            later (fun () ->
                match Derivatives.joint p starts [| start |] with
                | ValueSome joint -> fun terms -> (joint.Push terms)[0]
                | ValueNone ->
                    let maps =
                        inputs
                        |> Array.mapi (fun i t ->
                            if isOwn t then Derivatives.rule p starts start i else ValueNone)

                    fun (terms: Tensor voption[]) ->
                        Array.map2
                            (fun (term: Tensor voption) map ->
                                match term, map with
                                | ValueSome term, ValueSome map -> ValueSome(Linear.apply map term)
                                | ValueNone, _
                                | _, ValueNone -> ValueNone)
                            terms
                            maps
                        |> Array.fold add ValueNone)

        let next k =
            if k = 0 then
                if isZero then ValueNone else ValueSome start
            else
                let terms = inputs |> Array.map (fun t -> if isOwn t then trace.Term k t else ValueNone)
                if terms |> Array.exists _.IsSome then push.Value terms else ValueNone

        trace.Begun(start, equation, (fun _ k -> next k))

    /// Σ_j p(a_j, b_(k-j))
    member private trace.Product(p: Primitive, a: Tensor, b: Tensor, equation) : Tensor =
        let multiply = ofBoth (fun i -> trace.Term i a) (fun j -> trace.Term j b) (apply p)

        let isSquare =
            match trace.Own a, trace.Own b with
            | ValueSome r, ValueSome s -> Facts.isProduct p && obj.ReferenceEquals(r, s)
            | _ -> false

        /// Each product of two different terms stands there twice.
        let square k =
            let half = sumOfProducts multiply k 0 ((k - 1) / 2)
            let twice = half |> ValueOption.map (fun t -> Bind.binary Binary.Add t t)
            if k % 2 = 0 then add twice (sumOfProducts multiply k (k / 2) (k / 2)) else twice

        let next k =
            if k = 0 then multiply 0 0
            elif isSquare then square k
            else sumOfProducts multiply k 0 k

        trace.Starting(p, [| a; b |], equation, next 0, (fun _ k -> next k))

    /// y with a y = b, so that a₀ y_k = b_k - Σ a_j y_(k-j) over j > 0.
    member private trace.Quotient(p, inputs: Tensor[], divisor: int, times, equation) : Tensor =
        let a, b = inputs[divisor], inputs[1 - divisor]
        let first = trace.Start a
        let over t = apply p (if divisor = 0 then first else t) (if divisor = 0 then t else first)

        let next (y: Series) k =
            let multiply = ofBoth (fun j -> trace.Term j a) y.Term times

            let known = sumOfProducts multiply k 1 k |> ValueOption.map (Bind.unary Unary.Negate)
            add (trace.Term k b) known |> ValueOption.map over

        trace.Starting(p, inputs, equation, ValueOption.map over (trace.Term 0 b), next)

    /// A tensor of zeros, in no memory, like what a primitive makes.
    member private _.Nothing(p, inputs: Tensor[]) : Tensor =
        let like = ShapeRule.one p (Array.map signatureOf inputs)
        let device = inputs[0].Device
        (Bind.full (Literals.real "zeros" like.DType 0.0) like.DType [||] device).Expand like.Shape

    /// A series with its first term, if that is not 0.
    member private trace.Starting(p, inputs, equation, start: Tensor voption, next) : Tensor =
        let like =
            match start with
            | ValueSome start -> start
            | ValueNone -> trace.Nothing(p, inputs)

        trace.Begun(like, equation, (fun y k -> if k = 0 then start else next y k))

    // ---- All other primitives ----

    /// The derivative of a series by t.
    member private trace.Change(r: TaylorTracer, equation: Equation) : Tensor =
        match equation.Changes.TryGetValue r.Series with
        | true, change -> change
        | false, _ ->
            let times k (t: Tensor) = if k = 1 then t else t * float k
            let next k = r.Series.Term(k + 1) |> ValueOption.map (times (k + 1))
            let like: Signature = { DType = r.DType; Shape = r.Shape }
            let series = Series(order, (fun _ k -> next k))
            let change = Traced(TaylorTracer(trace, like, r.Device, series, equation))
            equation.Changes[r.Series] <- change
            change

    /// Outputs that begin so, and whose derivatives are what a push makes of those of the inputs: inputs, outputs, tangents -> tangents.
    member private trace.Flow
        (
            p: Primitive,
            inputs: Tensor[],
            starts: Tensor[],
            around: Equation,
            push: Tensor[] -> Tensor[] -> Tensor voption[] -> Tensor voption[]
        ) : Tensor[] =
        let equation = if isNull around then Equation() else around

        // The same one where the same stands twice.
        let entered =
            inputs
            |> Array.map (fun t ->
                match trace.Own t with
                | ValueSome r when isNull r.Equation ->
                    Traced(TaylorTracer(trace, signatureOf t, t.Device, r.Series, equation))
                | ValueSome _
                | ValueNone -> t)

        for i in 0 .. inputs.Length - 1 do
            for j in 0 .. i - 1 do
                match inputs[i], inputs[j] with
                | Traced r, Traced s when obj.ReferenceEquals(r, s) -> entered[i] <- entered[j]
                | _ -> ()

        let outputs: Tensor[] = Array.copy starts

        let changes =
            later (fun () ->
                entered
                |> Array.map (fun t ->
                    match trace.Own t with
                    | ValueSome r -> ValueSome(trace.Change(r, equation))
                    | ValueNone -> ValueNone)
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

    /// What the derivative of a primitive makes of changes.
    member private trace.Pushed
        (p: Primitive)
        (inputs: Tensor[])
        (outputs: Tensor[])
        (changes: Tensor voption[])
        : Tensor voption[] =
        let joint =
            match Derivatives.joint p inputs outputs with
            | ValueNone when changes.Length = 2 && changes |> Array.forall _.IsSome ->
                Derivatives.ofPair p inputs outputs[0]
            | joint -> joint

        match joint, trace.Slope(p, inputs, outputs) with
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
                    | ValueSome map -> total <- add total (ValueSome(Linear.apply map change))

            [| total |]

    member private trace.Slope(p, inputs: Tensor[], outputs: Tensor[]) : Tensor voption =
        match TaylorRules.ofPrimitive p, trace.Own inputs[0] with
        | TaylorRule.Function op, ValueSome x ->
            TaylorRules.slope op outputs[0]
            |> ValueOption.map (fun (struct (start, slope)) ->
                trace.WithStart(start x.Start (trace.Start outputs[0]), slope, x.Equation))
        | _ -> ValueNone

    // ---- Functions of matrices ----

    /// Of the block matrix that has a₀ on its diagonal, a₁ beside it, and so on, the function is the block matrix of its terms, as the
    /// powers of the one are those of the other.
    member private trace.OfMatrix(f: MatrixFunction, a: Tensor, equation) : Tensor =
        let start = Bind.one (Primitive.OfMatrix f) [| trace.Start a |]
        let n = a.Dims[a.Rank - 1]

        let upTo last =
            let zero = Tensor.zerosLike (trace.Start a)
            let terms = Array.init (last + 1) (fun k -> trace.Term k a |> ValueOption.defaultValue zero)

            let row i =
                concat -1 [
                    for j in 0..last do
                        if j < i then zero else terms[j - i]
                ]

            let all = Bind.one (Primitive.OfMatrix f) [| concat -2 [ for i in 0..last -> row i ] |]
            let first = sliceAxis (a.Rank - 2) 0 n all
            fun k -> sliceAxis (a.Rank - 1) (k * n) n first

        let whole = later (fun () -> upTo order)
        let term k = if isNull equation then whole.Value k else upTo k k
        trace.Begun(start, equation, (fun _ k -> ValueSome(if k = 0 then start else term k)))

    // ---- Functions with derivatives of their own, and control flow ----

    member private trace.Custom(p, f: CustomDerivative, inputs: Tensor[], equation) : Tensor[] =
        let starts = Array.map trace.Start inputs

        if not f.HasSeries then
            let outputs = Bind.apply p starts
            CustomDerivative.refuseClosures trace f.Name outputs

            trace.Flow(
                p,
                inputs,
                outputs,
                equation,
                (fun inputs outputs changes -> f.Push(inputs, outputs, changes))
            )
        elif isNull equation then
            let struct (outputs, rest) = f.Series(order, starts, inputs |> Array.map trace.Rest)
            CustomDerivative.refuseClosures trace f.Name outputs
            Array.map2 (fun output rest -> trace.Join(output, rest)) outputs rest
        else
            // Of what is still being found there are as many terms as have been asked for.
            let upTo k =
                let given =
                    inputs
                    |> Array.map (fun t ->
                        if (trace.Own t).IsSome then Array.init k (fun i -> trace.Term (i + 1) t) else [||])

                let struct (_, rest) = f.Series(k, starts, given)
                rest

            let outputs = Bind.apply p starts
            CustomDerivative.refuseClosures trace f.Name outputs
            let found = Array.init order (fun i -> later (fun () -> upTo (i + 1)))

            outputs
            |> Array.mapi (fun n start ->
                if not start.DType.HasDerivatives then
                    start
                else
                    let next k =
                        if k = 0 then
                            ValueSome start
                        else
                            let rest: Tensor voption[] = found[k - 1].Value[n]
                            if rest.Length = 0 then ValueNone else rest[k - 1]

                    trace.Begun(start, equation, (fun _ k -> next k)))

    // ---- Directions ----

    /// A function of one number as its series at the start, which all directions share: Σ_m g_m (x - x₀)ᵐ.
    member private trace.Composed(op: Unary, x: Tensor) : Tensor =
        let start = trace.Start x
        let local = TaylorTrace(name, order, null)

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
                powers[m] <- trace.Product(Primitive.Binary Binary.Multiply, powers[m - 1], change, null)

            let next k =
                if k = 0 then
                    ValueSome value
                else
                    let mutable total = ValueNone

                    for m in 1..k do
                        match slopes[m - 1], trace.Term k powers[m - 1] with
                        | ValueSome g, ValueSome power ->
                            total <- add total (ValueSome(Bind.binary Binary.Multiply power g))
                        | _ -> ()

                    total

            trace.Begun(value, null, (fun _ k -> next k))

    /// Each direction by itself, to be summed at the end: each has its part of the last terms.
    member private trace.Apart(p: Primitive, inputs: Tensor[]) : Tensor[] =
        let each = TaylorTrace(name, order, null)

        let enter (t: Tensor) =
            match trace.Own t with
            | ValueNone -> t
            | ValueSome r ->
                let part k (t: Tensor) = if k = order then t / float directions.Count else t
                each.Begun(t, null, (fun _ k -> r.Series.Term k |> ValueOption.map (part k)))

        let leave (t: Tensor) =
            let whole k (t: Tensor) = if k = order - 1 then directions.Sum t else t
            trace.Join(each.Start t, each.Rest t |> Array.mapi (fun k -> ValueOption.map (whole k)))

        try
            Bind.apply p (Array.map enter inputs) |> Array.map leave
        finally
            each.Close()
