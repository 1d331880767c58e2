/// Series through linear maps, products of two, and quotients.
module internal Cotangent.Differentiation.TaylorProducts

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

let private apply (p: Primitive) (a: Tensor) (b: Tensor) =
    match p with
    | Primitive.Binary op -> Bind.binary op a b
    | p -> Bind.one p [| a; b |]

/// A function of terms of two series, if both are there.
let private ofBoth
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
let private sumOfProducts
    (trace: SeriesTrace)
    (multiply: int -> int -> Tensor voption)
    (k: int)
    (first: int)
    (last: int)
    =
    let mutable outer = ValueNone
    let mutable inner = ValueNone

    for j in first..last do
        let product = multiply j (k - j)

        if j = 0 || j = k then
            outer <- Terms.add outer product
        else
            inner <- Terms.add inner product

    match trace.Directions with
    | null -> Terms.add outer inner
    | directions when k = trace.Order -> Terms.add outer (ValueOption.map directions.Sum inner)
    | _ -> Terms.add outer inner

/// A series with its first term, if that is not 0.
let private starting (trace: SeriesTrace) (p: Primitive) inputs equation (start: Tensor voption) next =
    let like =
        match start with
        | ValueSome start -> start
        | ValueNone -> trace.Nothing(p, inputs)

    trace.Begun(like, equation, (fun y k -> if k = 0 then start else next y k))

/// What a linear primitive makes of terms of the same place.
let private pushing (trace: SeriesTrace) (p: Primitive) (inputs: Tensor[]) starts (start: Tensor) =
    match Derivatives.joint p starts [| start |] with
    | ValueSome joint -> fun terms -> (joint.Push terms)[0]
    | ValueNone ->
        let maps =
            inputs
            |> Array.mapi (fun i t -> if trace.IsOwn t then Derivatives.rule p starts start i else ValueNone)

        fun (terms: Tensor voption[]) ->
            Array.map2
                (fun (term: Tensor voption) map ->
                    match term, map with
                    | ValueSome term, ValueSome map -> ValueSome(Linear.apply map term)
                    | ValueNone, _
                    | _, ValueNone -> ValueNone)
                terms
                maps
            |> Array.fold Terms.add ValueNone

/// A linear primitive acts on each term by itself.
let linear (trace: SeriesTrace) (p: Primitive) (inputs: Tensor[]) (equation: Equation) : Tensor =
    /// Whether it makes 0 of inputs whose series begin with 0, whatever the others are.
    let isHomogeneous =
        match TaylorRules.ofPrimitive p with
        | TaylorRule.Product
        | TaylorRule.Quotient _ -> true
        | TaylorRule.Defined _
        | TaylorRule.Function _
        | TaylorRule.OfMatrix _
        | TaylorRule.Equation -> inputs |> Array.forall (fun t -> trace.IsOwn t || not t.DType.HasDerivatives)

    let isZero =
        isHomogeneous && inputs |> Array.forall (fun t -> not (trace.IsOwn t) || (trace.Term 0 t).IsNone)

    let starts = Array.map trace.Start inputs
    let start = if isZero then trace.Nothing(p, inputs) else Bind.one p starts
    let push = later (fun () -> pushing trace p inputs starts start)

    let next k =
        if k = 0 then
            if isZero then ValueNone else ValueSome start
        else
            let terms = inputs |> Array.map (fun t -> if trace.IsOwn t then trace.Term k t else ValueNone)
            if terms |> Array.exists _.IsSome then push.Value terms else ValueNone

    trace.Begun(start, equation, (fun _ k -> next k))

/// Σ_j p(a_j, b_(k-j))
let product (trace: SeriesTrace) (p: Primitive) (a: Tensor) (b: Tensor) (equation: Equation) : Tensor =
    let multiply = ofBoth (fun i -> trace.Term i a) (fun j -> trace.Term j b) (apply p)
    let sumOfProducts = sumOfProducts trace multiply

    let isSquare =
        match trace.Own a, trace.Own b with
        | ValueSome r, ValueSome s -> Facts.isProduct p && obj.ReferenceEquals(r, s)
        | ValueNone, _
        | _, ValueNone -> false

    /// Each product of two different terms stands there twice.
    let square k =
        let half = sumOfProducts k 0 ((k - 1) / 2)
        let twice = half |> ValueOption.map (fun t -> Bind.binary Binary.Add t t)
        if k % 2 = 0 then Terms.add twice (sumOfProducts k (k / 2) (k / 2)) else twice

    let next k =
        if k = 0 then multiply 0 0
        elif isSquare then square k
        else sumOfProducts k 0 k

    starting trace p [| a; b |] equation (next 0) (fun _ k -> next k)

/// y with a y = b, so that a₀ y_k = b_k - Σ a_j y_(k-j) over j > 0.
let quotient (trace: SeriesTrace) (p: Primitive) (inputs: Tensor[]) (divisor: int) times equation : Tensor =
    let a, b = inputs[divisor], inputs[1 - divisor]
    let first = trace.Start a
    let over t = apply p (if divisor = 0 then first else t) (if divisor = 0 then t else first)

    let next (y: Series) k =
        let multiply = ofBoth (fun j -> trace.Term j a) y.Term times
        let known = sumOfProducts trace multiply k 1 k |> ValueOption.map (Bind.unary Unary.Negate)
        Terms.add (trace.Term k b) known |> ValueOption.map over

    starting trace p inputs equation (ValueOption.map over (trace.Term 0 b)) next
