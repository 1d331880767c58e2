/// What nobody reads has no derivative: its slope may be infinite, and it adds nothing to that of what is read.
module Cotangent.Tests.UnreadTests

open Expecto
open Cotangent
open Cotangent.Tests.Checks

let private number (x: float) = tensor x

/// A bend of infinite slope at 0 that nobody reads.
let private bent (x: Tensor) = log (abs x)

type private Case = { Name: string; F: Tensor -> Tensor; At: float; Slope: float }

let private case name f at slope = { Name = name; F = f; At = at; Slope = slope }

let private alternately (x: Tensor) k (c: Tensor, e: Tensor) = c * x + sqrt e, e * (k: float)

/// Each slope is worked out by hand.
let private cases = [
    case "a checkpoint" (fun w -> fst (checkpoint (fun w -> tanh w, bent w) w)) 0.0 1.0
    case
        "a checkpoint's closure"
        (fun w -> fst (checkpoint (fun (x: Tensor) -> x * tanh w, bent w) (number 2.0)))
        0.0
        2.0
    case "a compiled function" (compile (fun w -> tanh w, bent w) >> fst) 0.0 1.0
    case "a choice" (fun w -> fst (cond (w.Equal 0.0) (fun w -> tanh w, bent w) (fun w -> w, w) w)) 0.0 1.0
    case "a carry without a tangent" (fun x -> fst (iterate 2 (alternately x 0.5) (x, number 0.0))) 3.0 27.0
    case "a carry" (fun x -> fst (iterate 3 (fun (c: Tensor, e) -> 2.0 * c, bent (e - e)) (x, x))) 3.0 8.0
    case
        "a carry of a scan"
        (fun x ->
            fst (
                fst (
                    scan
                        (fun (c: Tensor, e) (v: Tensor) -> (c * v, bent (e - e)), ())
                        (x, x)
                        (tensor [ 2.0; 3.0 ])
                )
            ))
        1.5
        6.0
    case
        "a stack"
        (fun x -> fst (scan (fun c (v: Tensor) -> c * v, bent (c - c)) x (tensor [ 2.0; 3.0 ])))
        1.5
        6.0
    case
        "the last carry, the stack being read"
        (fun x -> sum (snd (scan (fun (c: Tensor) (v: Tensor) -> bent (c - c), c * v) x (tensor [ 2.0 ]))))
        1.5
        2.0
    case
        "the last carry of two, the stack being read"
        (fun x ->
            sum (snd (scan (fun (c: Tensor) (v: Tensor) -> sqrt (c - v), c * v) x (tensor [ 3.0; 1.0 ]))))
        4.0
        3.5
    case
        "the last of a root"
        (fun x -> fst (iterate 2 (fun (c: Tensor, e) -> c + e, sqrt (e - 1.0)) (number 0.0, x)))
        2.0
        1.5
    case "the first of a root" (fun x -> iterate 2 (fun c -> sqrt c + x) (number 0.0)) 4.0 1.25
    case
        "roots that change places"
        (fun x ->
            let round (a: Tensor, b: Tensor, e: Tensor) = sqrt b + x, a, e + a
            let a, _, e = iterate 3 round (number 0.0, number 0.0, number 0.0)
            a + e)
        4.0
        (1.25 + 1.0 + 1.0)
    case
        "the parts of a sequence"
        (fun x ->
            let xs = stack 0 [ x; x ]
            let c, _ = scan (fun c (v: Tensor, w: Tensor) -> c * v, bent (w - w)) x (xs, xs)
            c)
        2.0
        12.0
    case
        "in a loop in a checkpoint"
        (fun x -> fst (checkpoint (fun x -> iterate 2 (fun (c: Tensor, e) -> c * x, bent (e - e)) (x, x)) x))
        2.0
        12.0
    case
        "in a loop in a compiled function"
        (compile (fun x -> iterate 2 (fun (c: Tensor, e) -> c * x, bent (e - e)) (x, x)) >> fst)
        2.0
        12.0
    case
        "in a loop in a loop"
        (fun x ->
            let inner (c: Tensor, e: Tensor) = iterate 2 (fun (c: Tensor, e) -> c * x, bent (e - e)) (c, e)
            fst (iterate 2 inner (x, x)))
        2.0
        80.0
    case
        "what a choice makes of a constant"
        (fun x ->
            fst (
                iterate
                    2
                    (fun (c: Tensor, e: Tensor) -> c * x, cond (e.Equal 0.0) bent (fun e -> sqrt e) e)
                    (x, number 0.0)
            ))
        2.0
        12.0
]

/// A loop of a number of rounds that only the data tell.
let private loops = [
    case
        "a carry of a while loop"
        (fun x ->
            let c, _, _ =
                whileLoop
                    (fun (_, _, k: Tensor) -> k.Less 2)
                    (fun (c: Tensor, e, k: Tensor) -> c * x + sqrt e, e * 0.5, k + 1)
                    (x, number 0.0, tensor 0)

            c)
        3.0
        27.0
]

let private forward: (string * ((Tensor -> Tensor) -> Tensor -> Tensor)) list = [
    "diff", diff
    "compiled diff", (fun f -> compile (diff f))
    "diff of compiled", (fun f -> diff (compile f))
    "linearize", (fun f x -> snd (linearize f x) (Tensor.onesLike x))
    "linearize of compiled", (fun f x -> snd (linearize (compile f) x) (Tensor.onesLike x))
    "compiled linearize", (fun f -> compile (fun x -> snd (linearize f x) (Tensor.onesLike x)))
    "diff through checkpoint", (fun f -> diff (checkpoint f))
    "diff in a batch", (fun f x -> (vmap (diff f) (x.Unsqueeze 0))[0])
]

let private reverse: (string * ((Tensor -> Tensor) -> Tensor -> Tensor)) list = [
    "grad", grad
    "compiled grad", (fun f -> compile (grad f))
    "grad of compiled", (fun f -> grad (compile f))
    "compiled grad of compiled", (fun f -> compile (grad (compile f)))
    "grad through checkpoint", (fun f -> grad (checkpoint f))
    "grad in a batch", (fun f x -> (vmap (grad f) (x.Unsqueeze 0))[0])
    "grad of a batch", (fun f x -> (grad (fun x -> sum (vmap f x)) (x.Unsqueeze 0))[0])
    "compiled grad of a batch",
    (fun f -> compile (fun x -> (grad (fun x -> sum (vmap f x)) (x.Unsqueeze 0))[0]))
]

/// A branch that passes no change on, and infinite slopes on the far side of it.
let private choices =
    let isLarge (w: Tensor) = w.Greater 1.0
    let none _ = number 0.0

    [
        case
            "a choice of nothing, bent"
            (fun w -> sqrt (cond (isLarge w) (fun w -> w) none w) + 2.0 * w)
            0.0
            2.0
        case
            "a choice of a change, bent"
            (fun w -> sqrt (cond (isLarge w) (fun w -> w) none w) + 2.0 * w)
            4.0
            2.25
        case "a choice of nothing of a bend" (fun w -> cond (isLarge w) id none (sqrt w) + 2.0 * w) 0.0 2.0
        case "a choice of a change of a bend" (fun w -> cond (isLarge w) id none (sqrt w) + 2.0 * w) 4.0 2.25
        case
            "a choice of nothing, moved and bent"
            (fun w -> sqrt (3.0 * cond (isLarge w) id none (sqrt w)) + 2.0 * w)
            0.0
            2.0
        case
            "a choice within a choice"
            (fun w ->
                let inner (w: Tensor) = cond (w.Greater 2.0) id none w
                sqrt (cond (w.Less 1.0) inner id (sqrt w)) + 2.0 * w)
            0.0
            2.0
        case
            "two choices of nothing together"
            (fun w ->
                let a = cond (isLarge w) id none (sqrt w)
                let b = cond (w.Less -1.0) id none (sqrt w)
                sqrt (a + b) + 2.0 * w)
            0.0
            2.0
        case
            "a choice of nothing, through a joint map"
            (fun w ->
                let a = cond (isLarge w) id none (sqrt w)
                (fst (checkpoint (fun a -> sqrt a, a) a)) + 2.0 * w)
            0.0
            2.0
    ]

let private slopes name (cases: Case list) (ways: (string * ((Tensor -> Tensor) -> Tensor -> Tensor)) list) =
    testList name [
        for c in cases do
            test c.Name {
                for way, derivative in ways do
                    near (number c.Slope) (derivative c.F (number c.At)) way
            }
    ]

[<Tests>]
let tests =
    testList "unread results" [
        slopes "forward" cases forward
        // A program for the way back is made when the compiled function is called, and there is none.
        slopes
            "forward, loops"
            loops
            (forward |> List.filter (fun (way, _) -> way <> "linearize of compiled"))
        slopes "reverse" cases reverse
        // What is compiled by itself gives zeros to those around it; a choice in a batch is made of all its examples.
        slopes "forward, choices" choices [ "jvp", diff; "compiled jvp", diff >> compile ]
        slopes
            "reverse, choices"
            choices
            (reverse |> List.filter (fun (way, _) -> not (way.EndsWith "of a batch")))
        test "what is read differs from call to call" {
            let f = compile (fun (x: Tensor) -> sin x, bent x, cos x)
            let read choose = grad (fun x -> choose (f x)) (number 0.0)

            for _ in 1..2 do
                near (number 1.0) (read (fun (a, _, _) -> a)) "the first"
                near (number 0.0) (read (fun (_, _, c) -> c)) "the last"
                near (number 3.0) (read (fun (a, _, c) -> 3.0 * a + c)) "both"
        }
        test "second derivatives of compiled functions with a result that nobody reads" {
            let f = compile (fun (x: Tensor) -> x ** 3.0, bent (x - 2.0))
            near (number 12.0) (grad (grad (f >> fst)) (number 2.0)) "reverse over reverse"
            near (number 12.0) (diff (grad (f >> fst)) (number 2.0)) "forward over reverse"
            near (number 12.0) (grad (diff (f >> fst)) (number 2.0)) "reverse over forward"
            near (number 12.0) (diff (diff (f >> fst)) (number 2.0)) "forward over forward"
        }
    ]
