/// Descent and its momenta, step by step; optimisers of one's own.
module Cotangent.Tests.DescentTests

open Expecto
open Cotangent
open Cotangent.Tests.Support
open Cotangent.Tests.Sequence

let private falling = Schedule.linear 0.3 0.02 7
let private fallen t = 0.3 + float (t - 1) / 7.0 * (0.02 - 0.3)

/// PyTorch's SGD: v ← μ v + g; g + μ v with Nesterov's look-ahead.
let private heavy rate mu nesterov =
    each 0.0 (fun v t g _ ->
        let v = mu * v + g
        -(rate t) * (if nesterov then g + mu * v else v), v)

let private sequences =
    testList "by hand" [
        follows "sgd" (Optimizer.sgd 0.05) (each () (fun () _ g _ -> -0.05 * g, ()))
        follows "sgd, a schedule" (Optimizer.sgd falling) (each () (fun () t g _ -> -(fallen t) * g, ()))
        follows "scale keeps the sign" (Optimizer.scale 0.7) (each () (fun () _ g _ -> 0.7 * g, ()))
        follows "momentum" (Optimizer.momentum (0.05, 0.8)) (heavy (fun _ -> 0.05) 0.8 false)
        follows "momentum by default" (Optimizer.momentum 0.05) (heavy (fun _ -> 0.05) 0.9 false)
        follows "Nesterov" (Optimizer.momentum (0.05, 0.7, true)) (heavy (fun _ -> 0.05) 0.7 true)
        follows "momentum, a schedule" (Optimizer.momentum (falling, 0.8)) (heavy fallen 0.8 false)
        follows
            "one's own"
            (Optimizer.create "own" [ "a"; "b" ] (fun step g p kept ->
                let a, b = kept[0] + g, kept[1] + p
                0.01 * a * (step + 1).Convert g.DType - 0.1 * b, [ a; b ]))
            (each (0.0, 0.0) (fun (a, b) t g p ->
                let a, b = a + g, b + p
                0.01 * a * float t - 0.1 * b, (a, b)))
    ]

let private own =
    let x = tensor [ 1.0; 2.0 ]
    let step (o: Optimizer) = Optimizer.step o x (o.Init x) x

    tests "one's own, refused" [
        "slots of one name",
        (fun () ->
            throws<ValueException, _> [ "Optimizer.create"; "own"; "different" ] (fun () ->
                Optimizer.create "own" [ "a"; "a" ] (fun _ g _ kept -> g, kept)))
        "too little kept",
        (fun () ->
            throws<ValueException, _> [ "Optimizer.create"; "own"; "returned 0"; "1 slots" ] (fun () ->
                step (Optimizer.create "own" [ "a" ] (fun _ g _ _ -> g, []))))
        "a change of another shape",
        (fun () ->
            throws<ShapeException, _> [ "Optimizer.create"; "own"; "(2, 1)"; "(2,)" ] (fun () ->
                step (Optimizer.create "own" [] (fun _ g _ _ -> g.Unsqueeze 1, []))))
    ]

[<Tests>]
let tests = testList "Descent" [ sequences; own ]
