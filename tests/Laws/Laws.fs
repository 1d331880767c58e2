/// What must hold of every differentiable function, as functions that return what is wrong with one, or None. They
/// need no knowledge of the function: finite differences and the definition of a transpose are the judges.
module internal Cotangent.Tests.Laws

open Cotangent
open Cotangent.Differentiation
open Cotangent.Engines
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow

/// A function of several tensors at a point.
type Case = {
    Name: string
    Apply: Tensor[] -> Tensor
    At: Tensor[]
} with

    override c.ToString() =
        c.Name + " at " + String.concat ", " [ for t in c.At -> $"{t.DType} {Shape.show t.Dims}" ]

type Violation = string option

// ---- Numbers ----

let private wide (t: Tensor) = t.Convert DType.Float64
let private largest (t: Tensor) = if t.Size = 0 then 0.0 else float ((abs (wide t)).Max())
let private show (t: Tensor) = $"{t.DType} {Shape.show t.Dims}\n{t}"

/// What is wrong with a tensor that should be near another: apart by more than the tolerance, relative to the largest
/// expected number (to 1 where that is smaller), or of another shape or dtype.
let difference what tolerance (expected: Tensor) (actual: Tensor) : Violation =
    if expected.DType <> actual.DType || not (Shape.equal expected.Dims actual.Dims) then
        Some
            $"{what}: expected {expected.DType} {Shape.show expected.Dims}, got {actual.DType} {Shape.show actual.Dims}"
    elif expected.Size = 0 then
        None
    else
        let error = largest (wide expected - wide actual)
        let scale = max 1.0 (largest expected)

        // A NaN is not within any distance.
        if error <= tolerance * scale then
            None
        else
            Some $"{what}: off by {error / scale}; expected {show expected}\ngot {show actual}"

let private firstOf (violations: Violation seq) : Violation = violations |> Seq.tryPick id

let private differences what tolerance (expected: Tensor[]) (actual: Tensor[]) =
    Seq.map2 (difference what tolerance) expected actual |> firstOf

/// ⟨a, b⟩, and the sum of the sizes of its terms.
let private inner (a: Tensor[]) (b: Tensor[]) =
    let products = Array.map2 (fun a b -> wide a * wide b) a b
    let total f = products |> Array.sumBy (fun p -> float (sum (f p)))
    struct (total id, total abs)

/// What a dtype can't tell from 0, and with how many digits it tells anything else, for the coarsest of some tensors.
let private resolution (tensors: Tensor[]) =
    let quantum (t: Tensor) =
        match t.DType.Storage with
        | Storage.Float16 -> 2.0 ** -24.0
        | Storage.BFloat16 -> 2.0 ** -133.0
        | Storage.Float32 -> 2.0 ** -149.0
        | Storage.Float64
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 -> 0.0

    let worst of' = tensors |> Array.map of' |> Array.fold max 0.0
    struct (worst quantum, worst (fun t -> Oracle.epsilon t.DType))

/// ⟨L x, c⟩ = ⟨x, Lᵀ c⟩, up to rounding: of the terms; of numbers near those of x and c that L subtracts from each other; and
/// of what ends among the smallest numbers of the dtype.
let private adjoint
    what
    tolerance
    (pushed: Tensor[], c: Tensor[])
    (x: Tensor[], pulled: Tensor[])
    : Violation =
    let struct (left, leftScale) = inner pushed c
    let struct (right, rightScale) = inner x pulled
    let struct (quantum, epsilon) = resolution (Array.concat [ pushed; pulled; x; c ])
    let size (tensors: Tensor[]) = tensors |> Array.sumBy (fun t -> float (sum (abs (wide t))))
    let sizes = size x, size c

    let rounding =
        tolerance * (leftScale + rightScale)
        + 4.0 * epsilon * fst sizes * snd sizes
        + 4.0 * quantum * (fst sizes + snd sizes)

    if abs (left - right) <= rounding then
        None
    else
        Some $"{what}: <L x, c> = {left}, <x, Lt c> = {right}"

let private along (x: Tensor[]) (d: Tensor[]) (h: float) =
    Array.map2 (fun (x: Tensor) (d: Tensor) -> x + d * h) x d

/// The derivative of f at x along d by central differences, the errors of order h² and h⁴ removed by Richardson's
/// extrapolation.
let finiteDifference (f: Tensor[] -> Tensor[]) (x: Tensor[]) (d: Tensor[]) : Tensor[] =
    let central h = Array.map2 (fun (a: Tensor) b -> (a - b) / (2.0 * h)) (f (along x d h)) (f (along x d -h))

    let better weight coarse fine =
        Array.map2 (fun (c: Tensor) (f: Tensor) -> (weight * f - c) / (weight - 1.0)) coarse fine

    let h = 0.01
    let a, b, c = central h, central (h / 2.0), central (h / 4.0)
    better 16.0 (better 4.0 a b) (better 4.0 b c)

/// No tolerance is below what the dtypes can hold.
let private atLeast (units: float) tolerance (tensors: Tensor seq) =
    tensors |> Seq.map (fun t -> units * Oracle.epsilon t.DType) |> Seq.fold max tolerance

// ---- Laws of functions ----

let private pushAt (case: Case) d = snd (jvp case.Apply case.At d)

/// jvp and vjp are transposes of each other: ⟨L x, c⟩ = ⟨x, Lᵀ c⟩.
let transposeLaw tolerance (dice: Dice) (case: Case) : Violation =
    let d = directionOf dice case.At
    let y, pull = vjp case.Apply case.At

    if not y.DType.IsFloat then
        None
    else
        let tolerance = atLeast 16.0 tolerance (Array.append [| y |] case.At)
        let c = (directionOf dice [| y |])[0]
        let pulled = pull c

        [
            adjoint "jvp against vjp" tolerance ([| pushAt case d |], [| c |]) (d, pulled)
            differences "the type of a cotangent" infinity case.At pulled
        ]
        |> firstOf

/// jvp agrees with finite differences. Only for Float64 arguments.
let pushLaw tolerance (dice: Dice) (case: Case) : Violation =
    let d = directionOf dice case.At
    let y = case.Apply case.At

    if not y.DType.IsFloat then
        None
    else
        // A result in Float32 shows its rounding, divided by the step.
        let tolerance = atLeast 3000.0 tolerance [ y ]
        let expected = finiteDifference (fun x -> [| wide (case.Apply x) |]) case.At d
        difference "jvp against finite differences" tolerance expected[0] (wide (pushAt case d))

/// A scalar function of the case that has second derivatives even where the function is linear.
let private scalarOf (case: Case) (weights: Tensor) x =
    let y = wide (case.Apply x)
    sum (weights * y * y)

/// The Hessian times a vector, by forward over reverse, agrees with finite differences of the gradient, and with every
/// other order of the modes. Only for Float64 arguments.
let secondOrderLaw tolerance (dice: Dice) (case: Case) : Violation =
    let y = case.Apply case.At

    if not y.DType.IsFloat then
        None
    else
        let weights = (directionOf dice [| wide y |])[0]
        let f = scalarOf case weights
        let v, u = directionOf dice case.At, directionOf dice case.At
        let gradient = grad f
        let product = hvp f case.At v
        let rounding = atLeast 3000.0 tolerance [ y ]
        let push x = snd (jvp f x v)
        let _, twice = jvp push case.At u
        let struct (expected, scale) = inner u product

        [
            differences
                "forward over reverse against finite differences"
                rounding
                (finiteDifference gradient case.At v)
                product
            differences "reverse over forward" tolerance product (grad push case.At)
            differences
                "reverse over reverse"
                tolerance
                product
                (grad (fun x -> Tree.dot (gradient x) v) case.At)
            (if abs (float twice - expected) <= tolerance * max 1.0 scale then
                 None
             else
                 Some $"forward over forward: expected {expected}, got {float twice}")
        ]
        |> firstOf

/// linearize evaluates the function once; its push, called again and again, is jvp.
let linearizeLaw tolerance (dice: Dice) (case: Case) : Violation =
    let mutable calls = 0

    let counted x =
        calls <- calls + 1
        case.Apply x

    let y, push = linearize counted case.At

    let pushes = [
        for _ in 1..3 do
            let d = directionOf dice case.At
            difference "linearize against jvp" tolerance (pushAt case d) (push d)
    ]

    [
        difference "the value of linearize" 0.0 (case.Apply case.At) y
        yield! pushes
        (if calls = 1 then None else Some $"linearize evaluated the function {calls} times")
    ]
    |> firstOf

// ---- Laws of primitives ----

let private buffers (inputs: Tensor[]) = inputs |> Array.map _.Host

let private evaluate (e: Example) : HostBuffer[] =
    let inputs = buffers e.Inputs |> Array.map (fun b -> b :> Buffer)

    ManagedEngine().EvaluateAll(e.Primitive, inputs, Device.Cpu)
    |> Array.map (fun b -> b :?> HostBuffer)

let outputs (e: Example) = evaluate e |> Array.map (fun b -> Value b)
let output (e: Example) = (outputs e)[0]

let signature (t: Tensor) : Signature = { Shape = t.Dims; DType = t.DType }

let private resultsOf (e: Example) (inputs: Tensor[]) =
    if inputs.Length = 0 then
        [| Bind.create e.Primitive Device.Cpu |]
    else
        Bind.apply e.Primitive inputs

/// All results that are floats, in a row; the only result as it is.
let whole (e: Example) (inputs: Tensor[]) : Tensor =
    match resultsOf e inputs |> Array.filter _.DType.IsFloat with
    | [||] -> (resultsOf e inputs)[0]
    | [| only |] -> only
    | several -> concat 0 [ for t in several -> t.Flatten() ]

/// A primitive as functions of its inputs: each result, and where there are several, those that are floats in a row.
let functionsOf (e: Example) : (Tensor[] -> Tensor) list =
    match (ShapeRule.infer e.Primitive (Array.map signature e.Inputs)).Length with
    | 1 -> [ whole e ]
    | several -> whole e :: [ for k in 0 .. several - 1 -> fun inputs -> (resultsOf e inputs)[k] ]

/// A primitive as functions of its floating-point inputs; none where it has none.
let casesOf (e: Example) : Case list =
    let free = e.Inputs |> Array.filter _.DType.IsFloat

    let ofFree (f: Tensor[] -> Tensor) (x: Tensor[]) =
        let mutable next = -1

        e.Inputs
        |> Array.map (fun t ->
            if t.DType.IsFloat then
                next <- next + 1
                x[next]
            else
                t)
        |> f

    if free.Length = 0 then
        []
    else
        functionsOf e
        |> List.mapi (fun k f -> {
            Name = (if k = 0 then string e else $"result {k - 1} of {e}")
            Apply = ofFree f
            At = free
        })

/// What a joint map makes of one input's tangent, and of cotangents of all results that are floats.
let private jointLaw tolerance (joint: JointMap) i (dice: Dice) (e: Example) : Violation =
    let x, results = e.Inputs[i], outputs e
    let d = (directionOf dice [| x |])[0]
    let pushed = joint.Push(Array.init e.Inputs.Length (fun k -> if k = i then ValueSome d else ValueNone))

    let floats = [|
        for k in 0 .. results.Length - 1 do
            if results[k].DType.IsFloat then k
    |]

    let c = directionOf dice (floats |> Array.map (fun k -> results[k]))
    let given = Array.create results.Length ValueNone
    Array.iter2 (fun k c -> given[k] <- ValueSome c) floats c
    let pulled = joint.Pull given

    // An absent tangent is one of zeros.
    let tangent k = pushed[k] |> ValueOption.defaultWith (fun () -> Tensor.zerosLike results[k])
    let tangents = floats |> Array.map tangent

    [
        differences
            $"the type of a tangent, input {i}"
            infinity
            (floats |> Array.map (fun k -> results[k]))
            tangents
        difference $"the type of a cotangent, input {i}" infinity x pulled[i].Value
        adjoint $"map of input {i}" tolerance (tangents, c) ([| d |], [| pulled[i].Value |])
    ]
    |> firstOf

/// The linear map of one input, if it shall have one.
let private inputLaw tolerance expected i (dice: Dice) (e: Example) : Violation =
    let x, y = e.Inputs[i], output e

    match Derivatives.rule e.Primitive e.Inputs y i with
    | ValueNone -> if expected then Some $"input {i} has no derivative" else None
    | ValueSome _ when not expected -> Some $"input {i} has a derivative"
    | ValueSome map ->
        let d, c = (directionOf dice [| x |])[0], (directionOf dice [| y |])[0]
        let pushed, pulled = Linear.apply map d, Linear.apply (Linear.transpose map) c

        [
            difference $"the type of a tangent, input {i}" infinity y pushed
            difference $"the type of a cotangent, input {i}" infinity x pulled
            adjoint $"map of input {i}" tolerance ([| pushed |], [| c |]) ([| d |], [| pulled |])
            difference
                $"map of input {i}, transposed twice"
                tolerance
                pushed
                (Linear.apply (Linear.transpose (Linear.transpose map)) d)
        ]
        |> firstOf

/// The linear map of each input that the row says moves, and of no other, is the transpose of its transpose.
let mapLaw tolerance (moves: int -> bool) (dice: Dice) (e: Example) : Violation =
    let y = output e

    let ofInput i (x: Tensor) =
        let expected = moves i && x.DType.IsFloat && y.DType.IsFloat
        let tolerance = atLeast 16.0 tolerance [ x; y ]

        match Derivatives.joint e.Primitive e.Inputs (outputs e) with
        | ValueSome joint -> if expected then jointLaw tolerance joint i dice e else None
        | ValueNone ->
            [
                inputLaw tolerance expected i dice e
                match e.Inputs.Length, y.DType.IsFloat with
                | 2, true ->
                    match Derivatives.ofPair e.Primitive e.Inputs y with
                    | ValueSome joint -> jointLaw tolerance joint i dice e
                    | ValueNone -> None
                | _ -> None
            ]
            |> firstOf

    e.Inputs |> Seq.mapi ofInput |> firstOf

/// The shape rule tells the shapes and dtypes that come out.
let shapeLaw (e: Example) : Violation =
    let inferred = ShapeRule.infer e.Primitive (Array.map signature e.Inputs)
    let actual = outputs e |> Array.map signature

    let show (all: Signature[]) =
        all |> Seq.map (fun s -> $"{s.DType} {Shape.show s.Shape}") |> String.concat ", "

    if show inferred <> show actual then
        Some $"the rule says {show inferred}, the engine makes {show actual}"
    elif Facts.hasSeveral e.Primitive <> (actual.Length > 1) then
        Some $"the facts do not say that there are {actual.Length} results"
    else
        None

/// The engine agrees with the naive evaluator.
let engineLaw ulps (e: Example) : Violation =
    Oracle.differences
        ulps
        (Oracle.scale e.Primitive)
        (Oracle.evaluateAll e.Primitive (buffers e.Inputs))
        (evaluate e)

/// Whether a primitive is affine in the inputs marked, the others fixed, as far as the sum of two points tells.
let isAffine (dice: Dice) (e: Example) (marked: bool[]) : bool =
    let y = directionOf dice e.Inputs
    let at choose = e.Inputs |> Array.mapi (fun i x -> if marked[i] then choose i x else x)
    let f choose = wide (whole e (at choose))
    // What raises somewhere is not.
    let tried g =
        try
            g ()
        with :? ValueException ->
            false

    tried
    <| fun () ->
        let ofSum = f (fun i x -> x + y[i] * 3.0)
        let ofX, ofY, ofZero = f (fun _ x -> x), f (fun i _ -> y[i] * 3.0), f (fun _ x -> Tensor.zerosLike x)
        (difference "affine" (atLeast 16.0 1e-12 [ output e ]) ofX (ofSum - ofY + ofZero)).IsNone
