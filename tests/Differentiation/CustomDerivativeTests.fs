/// `withDerivative`: derivatives of one's own, in both modes, alone and inside other derivatives.
module Cotangent.Tests.CustomDerivativeTests

open Expecto
open Cotangent
open Cotangent.Tests.Checks

let private number (x: float) = tensor x

/// sin with its own derivative, given either way, and marked by a factor, so that one sees that it is used.
let private pushed =
    withDerivative (Derivative.Push(fun x d -> 2.0 * cos x * d)) (fun (x: Tensor) -> sin x)

let private pulled =
    withDerivative (Derivative.Pull(fun x c -> 2.0 * cos x * c)) (fun (x: Tensor) -> sin x)

let private forms = [ "Push", pushed; "Pull", pulled ]

let private modes =
    testList "both modes" [
        for name, f in forms do
            let x = number 0.4
            test $"{name}: value" { near (sin x) (f x) "value" }
            test $"{name}: forward" { near (2.0 * cos x) (diff f x) "tangent" }
            test $"{name}: reverse" { near (2.0 * cos x) (grad f x) "cotangent" }
            test $"{name}: linearize" { near (6.0 * cos x) (snd (linearize f x) (number 3.0)) "push" }

            test $"{name}: inside a chain" {
                near (exp (sin x) * 4.0 * cos x) (grad (fun x -> exp (f x) * 2.0) x) "reverse"
                near (exp (sin x) * 4.0 * cos x) (diff (fun x -> exp (f x) * 2.0) x) "forward"
            }

            test $"{name}: derivatives of the derivative" {
                let expected = -2.0 * sin x
                near expected (diff (diff f) x) "forward over forward"
                near expected (diff (grad f) x) "forward over reverse"
                near expected (grad (diff f) x) "reverse over forward"
                near expected (grad (grad f) x) "reverse over reverse"
                near (-2.0 * cos x) (grad (diff (grad f)) x) "third"
            }

            test $"{name}: an outer derivative's tensors as arguments" {
                // ∂/∂x y·f(x) = 2 y cos x
                let slope y = diff (fun x -> y * f x) x
                near (2.0 * cos x) (grad slope (number 5.0)) "of a product"
                let slope y = grad (fun x -> f (x * y)) x
                // 2 y cos(xy), whose own derivative is true
                near
                    (2.0 * cos (5.0 * x) - 10.0 * x * sin (5.0 * x))
                    (diff slope (number 5.0))
                    "through the argument"
            }

            test $"{name}: any shape" {
                let x = tensor [ [ 0.1; 0.2 ] ]
                near (2.0 * cos x) (grad (fun x -> sum (f x)) x) "reverse"
            }

            test $"{name}: Float32" { within 1e-6 (tensor 2.0f) (grad f (tensor 0.0f)) "reverse" }
    ]

type private Pair = { A: Tensor; B: Tensor; Power: int }

let private trees =
    let f (p: Pair) = {| Product = p.A * p.B; Sum = p.A + p.B |}
    let at = { A = number 2.0; B = number 3.0; Power = 1 }

    let push =
        withDerivative
            (Derivative.Push(fun p d -> {| Product = p.A * d.B + p.B * d.A; Sum = (d.A + d.B) * 10.0 |}))
            f

    let pull =
        withDerivative
            (Derivative.Pull(fun p (c: {| Product: Tensor; Sum: Tensor |}) -> {
                A = p.B * c.Product + 10.0 * c.Sum
                B = p.A * c.Product + 10.0 * c.Sum
                Power = 0
            }))
            f

    testList "trees" [
        for name, f in [ "Push", push; "Pull", pull ] do
            test $"{name}: records in and out" {
                let _, d = jvp f at { A = number 1.0; B = number 100.0; Power = 1 }
                near (number 203.0) d.Product "product"
                near (number 1010.0) d.Sum "sum"
                let g = grad (fun p -> let y = f p in y.Product * 2.0 + y.Sum) at
                near (number 16.0) g.A "by A"
                near (number 14.0) g.B "by B"
                Expect.equal g.Power 1 "static fields of the argument"
            }

            test $"{name}: only one output used, only one input differentiated" {
                near (number 3.0) (grad (fun a -> (f { at with A = a }).Product) (number 2.0)) "product by A"
                near (number 10.0) (diff (fun b -> (f { at with B = b }).Sum) (number 2.0)) "sum by B"
            }
        test "integers among the arguments" {
            let scale (struct (x: Tensor, n: Tensor)) = x * (n.Convert DType.Float64)

            let push =
                Derivative.Push(fun (struct (_, n: Tensor)) (struct (d: Tensor, _)) ->
                    d * (n.Convert DType.Float64) * 2.0)

            let pull =
                Derivative.Pull(fun (struct (_, n: Tensor)) (c: Tensor) ->
                    struct (c * (n.Convert DType.Float64) * 2.0, n))

            for derivative in [ push; pull ] do
                let f x = withDerivative derivative scale (struct (x, tensor 3))
                near (number 6.0) (grad f (number 1.0)) "reverse"
                near (number 6.0) (diff f (number 1.0)) "forward"
        }
        test "integers among the results" {
            let f (x: Tensor) = struct (x * x, x.Convert DType.Int32)
            let push = Derivative.Push(fun (x: Tensor) (d: Tensor) -> struct (x * d * 10.0, tensor 0))
            let pull = Derivative.Pull(fun (x: Tensor) (struct (c: Tensor, _: Tensor)) -> x * c * 10.0)

            for derivative in [ push; pull ] do
                let value x =
                    let struct (y, n) = withDerivative derivative f x
                    y * (n.Convert DType.Float64)

                near (number 40.0) (grad value (number 2.0)) "reverse"
                near (number 40.0) (diff value (number 2.0)) "forward"
        }
    ]

let private refusals =
    let clipped = withDerivative (Derivative.Pull(fun _ c -> clamp -1.0 1.0 c)) (fun (x: Tensor) -> x)

    let wrong = [
        "a pull of another shape",
        Derivative.Pull(fun _ (c: Tensor) -> sum c),
        "the pull of 'withDerivative' returned shape ()"
        "a push of another shape",
        Derivative.Push(fun _ (d: Tensor) -> sum d),
        "the push of 'withDerivative' returned shape ()"
        "a pull of more axes", Derivative.Pull(fun _ (c: Tensor) -> stack 0 [ c; c ]), "returned shape (2, 2)"
    ]

    let wrongDType = [
        "a pull of another dtype", Derivative.Pull(fun _ (c: Tensor) -> c.Convert DType.Float32)
        "a push of another dtype", Derivative.Push(fun _ (d: Tensor) -> d.Convert DType.Float32)
        "a pull of integers", Derivative.Pull(fun _ (c: Tensor) -> c.Convert DType.Int32)
    ]

    let x = tensor [ 1.0; 2.0 ]
    let forward derivative () = snd (jvp (withDerivative derivative sin) x x)
    let reverse derivative () = grad (fun x -> sum (withDerivative derivative sin x)) x

    let batched derivative () =
        vmap (fun x -> grad (fun x -> sum (withDerivative derivative sin x)) x) (stack 0 [ x; x ])

    let compiled derivative () = compile (grad (fun x -> sum (withDerivative derivative sin x))) x

    testList "refused" [
        for name, derivative, says in wrong do
            for mode, run in
                [ "forward", forward; "reverse", reverse; "batched", batched; "compiled", compiled ] do
                test $"{name}: {mode}" { raises<ShapeException, _> says (run derivative) mode }

        for name, derivative in wrongDType do
            for mode, run in [ "reverse", reverse; "compiled", compiled ] do
                test $"{name}: {mode}" {
                    raises<DTypeException, _> "are Float64; convert" (run derivative) mode
                }

            // Forward, one that turns to integers is found out before: it is not linear.
            test $"{name}: forward" {
                raises<CotangentException, _> "withDerivative" (forward derivative) name
            }

        test "a leaf of the wrong shape is named" {
            let f (a: Tensor, b: Tensor) = a * b
            let wrong = withDerivative (Derivative.Pull(fun (a: Tensor, b: Tensor) c -> c * b, sum (c * a))) f

            raises<ShapeException, _>
                "`$.Item2`"
                (fun () -> grad (fun x -> sum (wrong (x, x))) x)
                "the second argument's"
        }
        test "a push of too few results" {
            let f = withDerivative (Derivative.Push(fun _ (d: Tensor) -> [ d ])) (fun (x: Tensor) -> [ x; x ])
            raises<TreeException, _> "the push of" (fun () -> jvp f x x) "one of two"
        }
        test "a clipped pull clips, and has no forward mode" {
            near
                (tensor [ 1.0; -1.0; 0.5 ])
                (grad (fun x -> sum (clipped x * tensor [ 5.0; -7.0; 0.5 ])) (tensor [ 1.0; 2.0; 3.0 ]))
                "reverse"

            raises<DerivativeException, _>
                "forward mode (`jvp`, `hvp`, `hessian`) takes the transpose of the pull, which is not linear"
                (fun () -> diff clipped (number 2.0))
                "forward"

            raises<DerivativeException, _>
                "not linear"
                (fun () -> diff (grad (fun x -> clipped x * x)) (number 2.0))
                "forward over reverse"
        }
        test "a push that is not linear has no reverse mode" {
            let bent = withDerivative (Derivative.Push(fun _ d -> sin d)) (fun (x: Tensor) -> x)
            near (sin (number 1.0)) (diff bent (number 2.0)) "forward"

            raises<DerivativeException, _>
                "reverse mode (`grad`, `vjp`) takes the transpose of the push, which is not linear"
                (fun () -> grad bent (number 2.0))
                "reverse"

            let shifted = withDerivative (Derivative.Push(fun _ d -> d + 1.0)) (fun (x: Tensor) -> x)
            raises<DerivativeException, _> "not 0 at 0" (fun () -> grad shifted (number 2.0)) "affine"
        }
        test "both are taken as they are given" {
            // Neither is linear, nor the transpose of the other.
            let f =
                withDerivative
                    (Derivative.Both((fun (x: Tensor) d -> 3.0 * d + x), (fun x c -> clamp -1.0 1.0 c * x)))
                    (fun x -> x)

            near (number 5.0) (diff f (number 2.0)) "forward"
            near (number 2.0) (grad (fun x -> 7.0 * f x) (number 2.0)) "reverse"
            near (tensor [ 1.0; 2.0 ]) (grad (fun x -> sum (f x)) (tensor [ 1.0; 2.0 ])) "of vectors"
            near (tensor [ 5.0; 8.0 ]) (vmap (diff f) (tensor [ 2.0; 5.0 ])) "batched"
            near (number 2.0) (compile (grad (fun x -> 7.0 * f x)) (number 2.0)) "compiled"
            // Of x · clip (7) the change along 1 is clip (7), and f(x) · 7 comes back by it.
            near (number 1.0) (hvp (fun x -> 7.0 * f x) (number 2.0) (number 1.0)) "forward over reverse"
        }
        test "a pull that closes over what is differentiated says so" {
            let f (k: Tensor) = withDerivative (Derivative.Pull(fun (_: Tensor) c -> c * k)) (fun x -> x)
            let loss (k: Tensor) = sum (f k (k * tensor [ 1.0; 2.0 ]))
            let says = "withDerivative: the pull closes over a tensor that was being differentiated"
            raises<DerivativeException, _> says (fun () -> grad loss (number 2.0)) "reverse"
            raises<DerivativeException, _> says (fun () -> hessian loss (number 2.0)) "of second order"
            raises<DerivativeException, _> says (fun () -> compile (grad loss) (number 2.0)) "compiled"
            // Where that one is still there, nothing is lost: the gradient by x is k, of which the sum's derivative is 2.
            let inner k = sum (grad (fun x -> sum (f k x)) (tensor [ 1.0; 2.0 ]))
            near (number 2.0) (grad inner (number 3.0)) "a derivative of a derivative"
        }
        for name, derivative in
            [ "Push", Derivative.Push(fun _ d -> d); "Pull", Derivative.Pull(fun _ c -> c) ] do
            test $"{name}: a tensor that comes in some other way" {
                let f (x: Tensor) = withDerivative derivative (fun y -> y * x) x

                raises<DerivativeException, _>
                    "not among its arguments"
                    (fun () -> grad f (number 2.0))
                    "reverse"

                raises<DerivativeException, _>
                    "not among its arguments"
                    (fun () -> diff f (number 2.0))
                    "forward"
            }

            test $"{name}: a tensor of a derivative inside, that comes in some other way" {
                // The argument belongs to the outer derivative, what is closed over to the inner one.
                let f x = diff (fun z -> withDerivative derivative (fun y -> y * z) x) (number 3.0)

                raises<DerivativeException, _>
                    "not among its arguments"
                    (fun () -> grad f (number 2.0))
                    "reverse"

                raises<DerivativeException, _>
                    "not among its arguments"
                    (fun () -> diff f (number 2.0))
                    "forward"
            }

            test $"{name}: constants may come in any way" {
                let constant = number 3.0

                near
                    (number 1.0)
                    (grad (fun x -> withDerivative derivative (fun y -> y * constant) x) (number 2.0))
                    "a constant"

                near
                    (number 1.0)
                    (grad (fun x -> withDerivative derivative (fun y -> y * stopGradient x) x) (number 2.0))
                    "a stopped tensor"
            }
        test "a pull of the wrong structure or shape" {
            let f (l: Tensor list) = l.Head
            let short = withDerivative (Derivative.Pull(fun _ c -> [ c ])) f

            raises<TreeException, _>
                "the pull of"
                (fun () -> grad short [ number 1.0; number 2.0 ])
                "structure"
        }
    ]

let private uses =
    testList "uses" [
        test "an implicit function: the square root by Newton's method, differentiated as x^(-1/2) / 2" {
            let newton (x: Tensor) =
                let mutable r = x

                for _ in 1..40 do
                    r <- 0.5 * (r + x / r)

                r

            let root = withDerivative (Derivative.Push(fun x d -> d / (2.0 * newton x))) newton
            let x = number 2.0
            near (0.5 / sqrt x) (grad root x) "reverse"
            near (-0.25 * x ** -1.5) (grad (grad root) x) "again"
        }
        test "log (1 + exp x) without overflow" {
            let stable =
                withDerivative (Derivative.Push(fun x d -> d * sigmoid x)) (fun (x: Tensor) -> log1p (exp x))

            near (number 1.0) (grad stable (number 800.0)) "where the chain rule says NaN"
        }
    ]

[<Tests>]
let tests = testList "Custom derivatives" [ modes; trees; refusals; uses ]
