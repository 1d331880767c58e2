/// What surrounds an optimiser: steps that are skipped, gathered, pulled back, adjusted.
module Cotangent.Tests.WrapperTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

/// Parameters after each step of gradients, eager; compiled steps must give the same.
let private run (o: Optimizer) (start: Tensor) (gradients: Tensor list) =
    let compiled = compile (fun (g, s, x) -> Optimizer.step o g s x)

    let step (x, s) g =
        let next, state = Optimizer.step o g s x
        let again, _ = compiled (g, s, x)
        close 1e-12 (numbers next) again
        next, (next, state)

    gradients |> List.mapFold step (start, o.Init start)

let private gathering =
    tests "accumulate" [
        "the mean of several gradients, in the last of them",
        (fun () ->
            let o = Optimizer.accumulate 3 (Optimizer.momentum (0.1, 0.5))
            let gradients = [ for g in [ 1.0; 2.0; 6.0; 0.5; 0.25; 0.0 ] -> tensor [ g; -g ] ]
            let seen, (_, state) = run o (tensor [ 1.0; 1.0 ]) gradients
            // Means 3 and 0.25; velocities 3 and 1.75.
            let expected = [ 1.0; 1.0; 0.7; 0.7; 0.7; 0.525 ]

            for x, e in List.zip seen expected do
                close 1e-12 [ e; 2.0 - e ] x

            equals 6 state.Numbers["step"]
            close 1e-12 [ 1.75; -1.75 ] state.Parts[0].Slots["velocity"]
            equals [ 0.0; 0.0 ] state.Slots["mean"])
        "a schedule inside counts the moves",
        (fun () ->
            let o = Optimizer.accumulate 2 (Optimizer.sgd (Schedule.linear 1.0 0.0 4))
            let seen, _ = run o (tensor [ 0.0 ]) (List.replicate 4 (tensor [ 1.0 ]))
            equals [ -1.75 ] (List.last seen))
        "a compiled loop",
        (fun () ->
            let o = Optimizer.accumulate 4 (Optimizer.adam 0.1)
            let once (x: Tensor, s) = Optimizer.step o (2.0 * x) s x
            let start = tensor [ 1.0; -3.0 ], o.Init(tensor [ 1.0; -3.0 ])
            close 1e-10 (numbers (fst (iterate 22 once start))) (fst (compile (iterate 22 once) start)))
        "micro-batches of unequal size, weighted",
        (fun () ->
            let x = Random.normal (Key.create 1L) DType.Float64 [ 10; 3 ]
            let loss (x: Tensor) (w: Tensor) = mean (square (matmul x w - 1.0))
            let w = tensor [ 0.3; -0.2; 0.5 ]

            let add sum (first: int, last: int) =
                sum |> GradientSum.add (tensor (float (last - first + 1))) (grad (loss x[first..last]) w)

            let sum = List.fold add (GradientSum.zero w) [ 0, 3; 4, 8; 9, 9 ]
            close 1e-12 (numbers (grad (loss x) w)) (GradientSum.mean w sum)
            let half = (tensor [ 6e-8 ]).Convert DType.Float16
            let small = GradientSum.zero half |> GradientSum.add (tensor 0.01) half

            Expect.equal
                (small.Sum.DType, (GradientSum.mean half small).DType)
                (DType.Float32, DType.Float16)
                "dtypes"

            equals half (GradientSum.mean half small))
    ]

let private skipping =
    tests "skipNonFinite" [
        "a step with a NaN or an infinity changes nothing",
        (fun () ->
            let o = Optimizer.skipNonFinite (Optimizer.adam 0.1)
            let good = tensor [ 1.0; -2.0 ]
            let gradients = [ good; tensor [ nan; 1.0 ]; good; tensor [ 1.0; -infinity ]; good ]
            let seen, (_, state) = run o (tensor [ 1.0; 1.0 ]) gradients
            let plain, (_, inner) = run (Optimizer.adam 0.1) (tensor [ 1.0; 1.0 ]) [ good; good; good ]
            equals seen[0] seen[1]
            equals seen[2] seen[3]
            equals plain[2] seen[4]
            equals 2 state.Numbers["skipped"]
            equals inner.Slots["second"] state.Parts[0].Slots["second"]
            equals 3 state.Parts[0].Numbers["step"])
        "any tensor counts for all",
        (fun () ->
            let o = Optimizer.skipNonFinite (Optimizer.sgd 0.1)
            let x = [ tensor [ 1.0 ]; tensor [ 2.0 ] ]
            let next, _ = Optimizer.step o [ tensor [ 1.0 ]; tensor [ nan ] ] (o.Init x) x
            equals [ 1.0 ] next[0]
            equals [ 2.0 ] next[1])
    ]

let private others =
    tests "and" [
        "look-ahead, by hand",
        (fun () ->
            let o = Optimizer.lookAhead (Optimizer.sgd 0.1, period = 3, pull = 0.25)
            let gradients = [ for g in [ 1.0; 2.0; -4.0; 0.5; 3.0; 1.0; 1.0 ] -> tensor [ g ] ]
            let seen, _ = run o (tensor [ 1.0 ]) gradients
            let mutable fast, slow = 1.0, 1.0

            for i, (g, x) in List.indexed (List.zip [ 1.0; 2.0; -4.0; 0.5; 3.0; 1.0; 1.0 ] seen) do
                fast <- fast - 0.1 * g

                if i % 3 = 2 then
                    slow <- slow + 0.25 * (fast - slow)
                    fast <- slow

                close 1e-12 [ fast ] x)
        "look-ahead by default: every five steps by a half",
        (fun () ->
            let seen, _ =
                run
                    (Optimizer.lookAhead (Optimizer.sgd 0.1))
                    (tensor [ 1.0 ])
                    (List.replicate 6 (tensor [ 1.0 ]))

            close 1e-12 [ 0.9; 0.8; 0.7; 0.6; 0.75; 0.65 ] (concat 0 seen))
        "an adjustable optimiser, also inside of a chain",
        (fun () ->
            let o = Optimizer.chain [ Optimizer.scale 2.0; Optimizer.adjustable (Optimizer.sgd 0.1) ]
            let x = tensor [ 1.0 ]
            let step = compile (fun (g, s, x) -> Optimizer.step o g s x)
            let state = o.Init x
            close 1e-12 [ 0.8 ] (fst (step (x, state, x)))
            let slower = state |> Optimizer.adjust (tensor 0.25)
            close 1e-12 [ 0.95 ] (fst (step (x, slower, x)))
            throws<ShapeException, _> [ "Optimizer.adjust"; "(1,)" ] (fun () -> Optimizer.adjust x state))
        "a plateau, by hand",
        (fun () ->
            let plateau = {
                Plateau.defaults with
                    Decay = 0.5
                    Patience = 2
                    Cooldown = 1
                    Threshold = 0.1
                    Least = 0.2
            }

            let losses = [ 1.0; 0.95; 0.92; 0.91; 0.5; 0.5; 0.5; 0.5; 0.5; 0.5; 0.5; 0.5; 0.5 ]
            // Three values without improvement lower it; the value after that is not counted.
            let expected = [ 1.0; 1.0; 1.0; 0.5; 0.5; 0.5; 0.5; 0.25; 0.25; 0.25; 0.25; 0.2; 0.2 ]
            let update = compile (fun (loss, state) -> Plateau.update plateau loss state)

            let one state loss =
                let next = Plateau.update plateau (tensor loss) state
                Expect.equal (update (tensor loss, state)) next "compiled"
                float next.Factor, next

            Expect.equal (fst (List.mapFold one (Plateau.start plateau) losses)) expected "factors")
        "a plateau of an accuracy",
        (fun () ->
            let plateau = { Plateau.defaults with Patience = 0; IsMore = true }

            let one state (x: float32) =
                let next = Plateau.update plateau (tensor x) state
                float next.Factor, next

            let factors = List.mapFold one (Plateau.start plateau) [ 0.5f; 0.6f; 0.6f; 0.7f ] |> fst
            closeNumbers 1e-12 [ 1.0; 1.0; 0.1; 0.1 ] factors)
        "refused",
        (fun () ->
            throws<ValueException, _> [ "Optimizer.accumulate"; "0" ] (fun () ->
                Optimizer.accumulate 0 (Optimizer.sgd 1.0))

            throws<ValueException, _> [ "Optimizer.lookAhead"; "pull" ] (fun () ->
                Optimizer.lookAhead (Optimizer.sgd 1.0, pull = 0.0))

            throws<ValueException, _> [ "Optimizer.lookAhead"; "period" ] (fun () ->
                Optimizer.lookAhead (Optimizer.sgd 1.0, period = 0))

            throws<ShapeException, _> [ "Plateau.update"; "(1,)" ] (fun () ->
                Plateau.update Plateau.defaults (tensor [ 1.0 ]) (Plateau.start Plateau.defaults)))
    ]

[<Tests>]
let tests = testList "Optimizer wrappers" [ gathering; skipping; others ]
