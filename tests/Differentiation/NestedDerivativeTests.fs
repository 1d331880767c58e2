/// Derivatives inside derivatives: each must take the others' tensors for constants, and none may lose a part.
module Cotangent.Tests.NestedDerivativeTests

open Expecto
open Cotangent
open Cotangent.Tests.Checks

let private number (x: float) = tensor x

/// The two modes, as derivatives of functions of one number.
let private modes = [ "forward", diff; "reverse", grad ]

/// A test for every pair of modes: of the outer derivative and of the inner one.
let private everyPair
    name
    (body: ((Tensor -> Tensor) -> Tensor -> Tensor) -> ((Tensor -> Tensor) -> Tensor -> Tensor) -> unit)
    =
    testList name [
        for outerName, outer in modes do
            for innerName, inner in modes do
                test $"{innerName} inside {outerName}" { body outer inner }
    ]

let private confusion =
    testList "perturbation confusion" [
        // Siskind and Pearlmutter, "Perturbation confusion and referential transparency", IFL 2005: the wrong answer is 2.
        everyPair "d/dx (x * d/dy (x + y)) at 1" (fun outer inner ->
            let f x = x * inner (fun y -> x + y) (number 1.0)
            near (number 1.0) (outer f (number 1.0)) "1, not 2")
        everyPair "d/dx (x * d/dy (x * y)) at 3" (fun outer inner ->
            // d/dy (x y) = x: the whole is x².
            let f x = x * inner (fun y -> x * y) (number 2.0)
            near (number 6.0) (outer f (number 3.0)) "2x")
        // Siskind and Pearlmutter, "Nesting forward-mode AD in a functional framework", HOSC 2008: the inner derivative
        // is taken at the outer variable itself.
        everyPair "the inner derivative at the outer variable" (fun outer inner ->
            let f x = x * inner (fun y -> x * y * y) x
            // d/dy (x y²) at x = 2x²; x * 2x² = 2x³
            near (number 24.0) (outer f (number 2.0)) "6x^2")
        everyPair "a derivative used as a function" (fun outer inner ->
            let slope = inner (fun y -> y ** 3.0)
            near (number 12.0) (outer slope (number 2.0)) "6y")
        everyPair "a constant inner function" (fun outer inner ->
            let f x = inner (fun _ -> x * x) (number 5.0)
            near (number 0.0) (outer f (number 3.0)) "d/dy of what has no y"
            let g x = x + inner (fun _ -> number 7.0) x
            near (number 1.0) (outer g (number 3.0)) "nothing of x")
        everyPair "mixed partial derivatives" (fun outer inner ->
            // ∂²/∂x∂y sin(xy) = cos(xy) - xy sin(xy)
            let x, y = number 0.5, number 0.7
            let found = outer (fun x -> inner (fun y -> sin (x * y)) y) x
            near (cos (x * y) - x * y * sin (x * y)) found "d2/dxdy")
        everyPair "three deep" (fun outer inner ->
            // d/dz (x y z) = x y; d/dy of y·(x y) = 2xy; d/dx of x·2xy = 4xy
            let f x = x * outer (fun y -> y * inner (fun z -> x * y * z) (number 1.0)) (number 3.0)

            near (number 24.0) (outer f (number 2.0)) "4xy"
            near (number 24.0) (inner f (number 2.0)) "4xy, by the other mode")
        everyPair "a minimum inside a derivative" (fun outer inner ->
            // The minimum over y of (y - x)² + y², found by gradient descent, is at x/2: so it is x²/2.
            let lowest x =
                let f y = square (y - x) + square y
                let mutable y = number 0.0

                for _ in 1..60 do
                    y <- y - 0.2 * inner f y

                f y

            near (number 3.0) (outer lowest (number 3.0)) "x")
    ]

/// Manzyuk, Pearlmutter, Radul, Rush and Siskind, "Perturbation confusion in forward automatic differentiation of
/// higher-order functions", JFP 2019. The derivative of a curried function, taken at its first argument, is a function:
/// here of f and x.
let private higherOrder =
    let shift (u: Tensor) (f: Tensor -> Tensor) (x: Tensor) = f (x + u)

    testList "higher-order functions" [
        everyPair "the derivative of a shift, applied twice" (fun outer inner ->
            let slope derive f x = derive (fun u -> shift u f x) (number 0.0)
            let found = slope outer (slope inner exp) (number 1.0)
            near (exp (number 1.0)) found "e, not 0")
        test "the derivative of a shift is diff" {
            let slope f x = diff (fun u -> shift u f x) (number 0.0)
            near (cos (number 0.4)) (slope sin (number 0.4)) "first"
            near (-(sin (number 0.4))) (slope (slope sin) (number 0.4)) "second"
            near (-(cos (number 0.4))) (slope (slope (slope sin)) (number 0.4)) "third"
        }
        test "a function can't come out of a derivative" {
            // Where the paper's systems go wrong: a closure over a perturbed number, applied later.
            let mutable later = Unchecked.defaultof<(Tensor -> Tensor) -> Tensor -> Tensor>

            let seen =
                diff
                    (fun u ->
                        later <- shift u
                        u * 2.0)
                    (number 0.0)

            near (number 2.0) seen "the derivative itself"
            raises<TraceException, _> "`diff`" (fun () -> later exp (number 1.0)) "forward"

            grad
                (fun u ->
                    later <- shift u
                    u * 2.0)
                (number 0.0)
            |> ignore

            raises<TraceException, _> "`grad`" (fun () -> later exp (number 1.0)) "reverse"
            raises<TraceException, _> "`grad`" (fun () -> diff (later exp) (number 1.0)) "inside another"

            raises<TreeException, _>
                "can't hold a tensor"
                (fun () -> jvp (fun u -> shift u) (number 0.0) (number 1.0))
                "as a result"
        }
    ]

let private closures =
    testList "tensors of an outer derivative" [
        everyPair "are constants inside" (fun outer inner ->
            let f x =
                let constant = x * x
                inner (fun y -> constant * y * y) (number 3.0)

            // d/dy (x² y²) = 2x² y; d/dx = 4xy
            near (number 24.0) (outer f (number 2.0)) "4xy")
        test "an inner pull, called outside of its own function" {
            let f x =
                let y, pull = vjp (fun z -> x * z * z) (number 3.0)
                y + pull (x * x)

            // y = 9x; pull c = 6x c = 6x³: 9 + 18x² = 81 at 2
            near (number 81.0) (grad f (number 2.0)) "reverse"
            near (number 81.0) (diff f (number 2.0)) "forward"
        }
        test "an inner push, called outside of its own function" {
            let f x =
                let y, push = linearize (fun z -> x * z * z) (number 3.0)
                y + push (x * x)

            near (number 81.0) (grad f (number 2.0)) "reverse"
            near (number 81.0) (diff f (number 2.0)) "forward"
        }
        test "a function's derivative by its point and its parameter" {
            let model (struct (w: Tensor, x: Tensor)) = tanh (w * x)
            let slope w = diff (fun x -> model (struct (w, x)))
            let w, x = number 0.5, number 1.5
            let t = tanh (w * x)
            // ∂/∂x = w(1 - t²); ∂²/∂w∂x = (1 - t²) - 2wxt(1 - t²)
            near (w * (1.0 - t * t)) (slope w x) "by the point"

            near
                ((1.0 - t * t) * (1.0 - 2.0 * w * x * t))
                (grad (fun w -> slope w x) w)
                "then by the parameter"
        }
        test "records inside vectors inside numbers" {
            let f (x: Tensor) =
                let g =
                    grad (fun (p: {| A: Tensor; B: Tensor |}) -> sum (p.A * p.B * x)) {|
                        A = x * x
                        B = sin x
                    |}

                sum (g.A + g.B)

            // Σ x sin x + x³
            let x = tensor [ 0.3; 0.9 ]
            near (sin x + x * cos x + 3.0 * x * x) (grad f x) "reverse"
            near (sin x + x * cos x + 3.0 * x * x) (jacobianForward f x) "forward"
        }
        everyPair "stopGradient inside both" (fun outer inner ->
            // d/dy (stop (xy) · y) = stop (xy), which does not change with x.
            let f x = inner (fun y -> stopGradient (x * y) * y) x

            near (number 9.0) (f (number 3.0)) "value"
            near (number 0.0) (outer f (number 3.0)) "constant")
        test "stopGradient stops every level" {
            let f x = x * stopGradient (x * x)
            near (number 4.0) (grad f (number 2.0)) "reverse"
            near (number 4.0) (diff f (number 2.0)) "forward"
            near (number 0.0) (grad (grad f) (number 2.0)) "twice"
            let inner x = grad (fun y -> y * y * x) (stopGradient x)
            near (number 4.0) (grad inner (number 2.0)) "only what is inside it"
        }
        test "numbers can be read inside a derivative" {
            let f (x: Tensor) = if float x > 1.0 then x * x else -x
            near (number 6.0) (grad f (number 3.0)) "reverse"
            near (number -1.0) (diff f (number 0.5)) "forward"
            near (number 2.0) (grad (grad f) (number 3.0)) "nested"
        }
    ]

[<Tests>]
let tests = testList "Nested derivatives" [ confusion; higherOrder; closures ]
