/// Custom derivatives under `vmap`: what a function of one example runs, pushes and pulls, its batch runs, pushes and
/// pulls for each example.
module Cotangent.Tests.BatchCustomTests

open Expecto
open Cotangent
open Cotangent.Tests.BatchTests
open Cotangent.Tests.BatchErrorTests

/// A function of two vectors compared with itself in a loop: values, pushes, pulls and second derivatives, the second
/// vector batched or shared.
let private survives (f: Tensor * Tensor -> Tensor list) =
    let total (ys: Tensor list) = ys |> List.map sum |> List.reduce (+)

    let sameAs expected actual (p: Tensor * Tensor) =
        let y, pull = vjp expected p
        let y', pull' = vjp actual p
        let c: Tensor list = y |> List.mapi (fun i (t: Tensor) -> draw (40L + int64 i) (List.ofArray t.Shape))
        let d = p |> Tree.map (fun t -> draw 50L (List.ofArray t.Shape))
        let energy f p = f p |> List.map square |> total
        nearTree "value" y y'
        nearTree "pull" (pull c) (pull' c)
        nearTree "push" (snd (jvp expected p d)) (snd (jvp actual p d))
        nearTree "linearize" (snd (linearize expected p) d) (snd (linearize actual p) d)
        nearTree "second order" (hvp (energy expected) p d) (hvp (energy actual) p d)

    let each ys = ys |> List.transpose |> List.map (stack 0)
    let x, w, ws = draw 1L [ 4; 3 ], draw 2L [ 3 ], draw 3L [ 4; 3 ]
    let examples = [ 0..3 ]

    (x, w)
    |> sameAs (fun (x, w) -> each [ for i in examples -> f (x[i], w) ]) (fun (x, w) ->
        vmap (fun x -> f (x, w)) x)

    (w, x)
    |> sameAs (fun (w, x) -> each [ for i in examples -> f (w, x[i]) ]) (fun (w, x) ->
        vmap (fun x -> f (w, x)) x)

    (x, ws) |> sameAs (fun (x, w) -> each [ for i in examples -> f (x[i], w[i]) ]) (vmap f)

    // A batch of batches, and derivatives of each example.
    let twice (x: Tensor, w: Tensor) = vmap (fun w -> vmap (fun x -> f (x, w)) x) w

    (x, ws)
    |> sameAs (fun (x, w) -> each [ for i in examples -> each [ for j in examples -> f (x[j], w[i]) ] ]) twice

    let total = f >> total
    nearStack "vmap of grad" [ for i in examples -> grad total (x[i], ws[i]) ] (vmap (grad total) (x, ws))

    nearStack
        "vmap of jvp"
        [ for i in examples -> jvp f (x[i], w) (w, x[i]) ]
        (vmap (fun x -> jvp f (x, w) (w, x)) x)

    nearStack
        "vmap of hvp"
        [ for i in examples -> hvp total (x[i], w) (w, w) ]
        (vmap (fun x -> hvp total (x, w) (w, w)) x)

let private byPush push f = withDerivative (Derivative.Push push) f
let private byPull pull f = withDerivative (Derivative.Pull pull) f

[<Tests>]
let tests =
    // Derivatives that are wrong on purpose, so that one sees them used.
    testList "Batch custom derivatives" [
        test "a push" {
            survives (byPush (fun (x, w) (dx, dw) -> [ 3 * dx * w + dw * x ]) (fun (x, w) -> [ x * w ]))
        }
        test "a pull" { survives (byPull (fun (x, w) c -> 3 * c[0] * w, c[0] * x) (fun (x, w) -> [ x * w ])) }
        test "two outputs, one the same for all examples" {
            let f (x: Tensor, w: Tensor) = [ x * w; w * w ]
            survives (byPush (fun (x, w) (dx, dw) -> [ dx * w + dw * x; 5 * w * dw ]) f)
            survives (byPull (fun (x, w) c -> c[0] * w, c[0] * x + 5 * w * c[1]) f)
        }
        test "changes of an output that is the same for all examples" {
            survives (
                byPush (fun _ (dx: Tensor, dw: Tensor) -> [ 2 * dx + dw ]) (fun (_, w: Tensor) -> [ w ])
            )

            survives (byPull (fun _ (c: Tensor list) -> 2 * c[0], c[0]) (fun (_, w: Tensor) -> [ w ]))
        }
        test "cotangents that are the same for all examples" {
            let pull (x: Tensor, w: Tensor) _ = Tensor.fullLike x 2.0, Tensor.onesLike w
            let f = byPull pull (fun (x, w) -> x * w)

            let gx, gw =
                grad
                    (fun (x: Tensor, w) -> sum (vmap (fun x -> f (x, w)) x))
                    (draw 1L [ 4; 3 ], draw 2L [ 3 ])

            near "batched" (Tensor.full DType.Float64 [ 4; 3 ] 2.0) gx
            near "shared: one from each example" (Tensor.full DType.Float64 [ 3 ] 4.0) gw
        }
        test "integers among arguments and results" {
            let pull (_: Tensor, i: Tensor) (c: Tensor, _: Tensor) = 3 * c, Tensor.zerosLike i
            let f = byPull pull (fun (x: Tensor, i: Tensor) -> x * i.Convert DType.Float64, i + 1)
            let x, i = draw 1L [ 4 ], tensor [ 1; 2; 3; 4 ]
            near "values" (x * i.Convert DType.Float64) (fst (vmap f (x, i)))

            near
                "gradient"
                (Tensor.full DType.Float64 [ 4 ] 3.0)
                (grad (fun x -> sum (fst (vmap f (x, i)))) x)
        }
        test "what it closes over may be batched where nothing is differentiated around" {
            let f (x: Tensor, limit: Tensor) =
                let bounded = byPull (fun _ c -> minimum c limit) (fun (x: Tensor) -> x * limit)
                sum (bounded x * 2)

            let x, limit = draw 1L [ 4; 3 ], tensor [ 0.5; 1.0; 2.0; 3.0 ]
            let expected = [ for i in 0..3 -> grad (fun x -> f (x, limit[i])) x[i] ]

            near
                "grad"
                (stack 0 expected)
                (vmap (fun (x, limit) -> grad (fun x -> f (x, limit)) x) (x, limit))

            fails<DerivativeException, _> [ "traced by `vmap`"; "Pass it as an argument" ] (fun () ->
                grad (fun x -> sum (vmap f (x, limit))) x)
        }
        test "what it closes over may be batched in a compiled function, as without" {
            let xs = draw 1L [ 2; 3 ]
            let own (f: Tensor -> Tensor) = withDerivative (Derivative.Pull(fun _ (c: Tensor) -> 2.0 * c)) f
            let repeated (x: Tensor) (z: Tensor) = iterate 2 (fun c -> c * x + z) z

            let functions = [
                "an example", (fun (x: Tensor) -> own (fun z -> z * x) (x + 1.0))
                "what is made of it", (fun x -> own (fun z -> z * sin x) (x + 1.0))
                "in a loop", (fun x -> own (fun z -> z * sin x + repeated x z) (x + 1.0))
                "returned", (fun x -> own (fun _ -> x) (x + 1.0))
                "of the outer of two batches",
                (fun x -> vmap (fun y -> own (fun z -> z * sin x) (y * 2.0)) xs)
                "of both",
                (fun x -> vmap (fun y -> own (fun z -> z * cos (y * x) - repeated y z) (y * 2.0)) xs)
                "of both, made before",
                (fun x -> vmap (fun y -> let p = x * y in own (fun z -> z * cos p) y) xs)
                "of three",
                (fun x ->
                    vmap (fun y -> vmap (fun (w: Tensor) -> own (fun z -> z * cos (y * x) + w * x) w) xs) xs)
            ]

            for name, f in functions do
                near name (vmap f xs) (compile (vmap f) xs)

            let slope (y: Tensor) = grad (fun x -> sum (own (fun z -> z * sin y) x)) (y * 3.0)
            near "a derivative inside" (vmap slope xs) (compile (vmap slope) xs)
            near "two" (Tensor.full DType.Float64 [ 2; 3 ] 2.0) (compile (vmap slope) xs)
        }
    ]
