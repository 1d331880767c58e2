/// Optimisers and arithmetic on trees: equal shapes and dtypes, small numbers in every dtype, rates with all their digits.
module Cotangent.Tests.OptimizerTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

type private Model = { Weight: Tensor; Bias: Tensor }

let private ones shape = Tensor.ones DType.Float32 shape
let private model weight bias = { Weight = weight; Bias = bias }

/// What takes two trees, and what the name of the operation is.
let private pairs: (string * (Model -> Model -> unit)) list =
    let step (name: string) (o: Optimizer) = name, (fun p g -> Optimizer.step o g (o.Init p) p |> ignore)

    let update (name: string) (o: Optimizer) = name, (fun p g -> o.Update g (o.Init p) p |> ignore)

    [
        "Tree.add", (fun a b -> Tree.add a b |> ignore)
        "Tree.subtract", (fun a b -> Tree.subtract a b |> ignore)
        "Tree.multiply", (fun a b -> Tree.multiply a b |> ignore)
        "Tree.dot", (fun a b -> Tree.dot a b |> ignore)
        "Tree.addScaled", (fun a b -> a |> Tree.addScaled (tensor 1.0f) b |> ignore)
        "Optimizer.average", (fun a b -> Optimizer.average 0.5 a b |> ignore)
        step "Optimizer.step" (Optimizer.sgd 0.1)
        step "Optimizer.step" (Optimizer.adam 0.1)
        step "Optimizer.step" (Optimizer.clipByGlobalNorm 0.1)
        update "Optimizer.Update" (Optimizer.addDecayedWeights 0.1)
        update "Optimizer.Update" (Optimizer.momentum 0.1)
        update "Optimizer.Update" (Optimizer.adam 0.1)
    ]

let private shapes =
    testList "nothing is stretched" [
        for i, (name, apply) in List.indexed pairs do
            testCase $"{i}. {name}: shapes" (fun () ->
                let p = model (ones [ 2; 3 ]) (ones [ 3 ])

                throws<ShapeException, _> [ name; "`$.Bias`" ] (fun () ->
                    apply p { p with Bias = ones [ 3; 1 ] })

                throws<ShapeException, _> [ name; "`$.Bias`" ] (fun () -> apply p { p with Bias = ones [] })

                throws<ShapeException, _> [ name; "`$.Weight`" ] (fun () ->
                    apply p { p with Weight = ones [ 3 ] }))

            testCase $"{i}. {name}: dtypes" (fun () ->
                let p = model (ones [ 2; 3 ]) (ones [ 3 ])

                throws<DTypeException, _> [ name; "`$.Bias`" ] (fun () ->
                    apply p { p with Bias = p.Bias.Convert DType.Float64 }))
        testCase "a factor that is no scalar" (fun () ->
            let x = ones [ 3 ]

            throws<ShapeException, _> [ "Tree.addScaled"; "(1,)" ] (fun () ->
                Tree.addScaled (ones [ 1 ]) x x))
        testCase "compiled" (fun () ->
            let f = compile (fun (a, b) -> Tree.add a b)
            throws<ShapeException, _> [ "Tree.add" ] (fun () -> f ([ ones [ 3 ] ], [ ones [ 3; 1 ] ])))
    ]

let private digits =
    testList "rates in Float64" [
        test "the first step of Adam is the rate" {
            let p, g = tensor [ 1.0; 2.0 ], tensor [ 2.0; -3.0 ]
            let o = Optimizer.adam 0.05
            let change, _ = o.Update g (o.Init p) p
            let expected (g: float) = -0.05 * float (sign g) / (1.0 + 1e-8 / abs g)

            for e, c in Seq.zip (Seq.map expected [ 2.0; -3.0 ]) (numbers change) do
                Expect.isLessThan (abs (c - e)) 1e-16 "change"
        }
    ]

/// The first step of each optimiser on gradients as small as halves have them, by its formula.
let private halves =
    testList "16-bit floats" [
        for dtype in [ DType.Float16; DType.BFloat16 ] do
            let make (numbers: float list) = (tensor numbers).Convert dtype
            let few = [ 0.0; 6e-8; -1e-4; 3.0; 300.0 ]

            let first (o: Optimizer) =
                let g = make few
                let change, _ = o.Update g (o.Init g) g
                Expect.equal change.DType dtype "dtype"
                numbers change

            let direction g = if g = 0.0 then 0.0 else -0.125 * g / (abs g + 1e-8)
            let rounded = numbers (make few) |> List.ofArray

            testCase $"{dtype}: Adam" (fun () ->
                closeNumbers 0.01 (rounded |> List.map direction) (first (Optimizer.adam 0.125))

                closeNumbers
                    0.01
                    (rounded |> List.map direction)
                    (first (Optimizer.adamW (0.125, decay = 0.0))))

            testCase $"{dtype}: rmsProp" (fun () ->
                let step g = if g = 0.0 then 0.0 else -0.125 * g / (sqrt (g * g * 0.25) + 1e-8)

                closeNumbers
                    0.01
                    (rounded |> List.map step)
                    (first (Optimizer.rmsProp (0.125, decay = 0.75))))

            testCase $"{dtype}: states keep what is small" (fun () ->
                let g = make [ 1e-3 ]
                let o = Optimizer.scaleByAdam ()
                let _, state = o.Update g (o.Init g) g
                let square = (numbers g)[0] ** 2.0

                Expect.isLessThan
                    (abs ((numbers state.Slots["second"])[0] / (1e-3 * square) - 1.0))
                    1e-5
                    "mean square"

                let m = Optimizer.momentum (1.0, 0.5)
                let _, velocity = m.Update (make [ 6e-8 ]) (m.Init g) g
                let _, velocity = m.Update (make [ 0.0 ]) velocity g
                Expect.isGreaterThan ((numbers velocity.Slots["velocity"])[0]) 2e-8 "velocity")

            testCase $"{dtype}: norms, and clipping by them" (fun () ->
                let x = Tensor.full dtype [ 100 ] 300.0
                let length = 10.0 * (numbers x)[0]
                closeNumbers 0.004 [ length ] (numbers (Tree.norm [ x ]))
                closeNumbers 0.004 [ length ] (numbers (norm x))
                let c = Optimizer.clipByGlobalNorm 1.0
                close 0.01 (Array.replicate 100 0.1) (fst (c.Update x (c.Init x) x))
                let each = Optimizer.clipEachByNorm 1.0
                close 0.01 (Array.replicate 100 0.1) (fst (each.Update x (each.Init x) x))
                // The norm itself is beyond Float16.
                let large = Tensor.full dtype [ 10_000 ] 60000.0
                close 0.01 (Array.replicate 10_000 0.01) (fst (each.Update large (each.Init large) large)))

            testCase $"{dtype}: a running average and a small rate" (fun () ->
                let x, y = make [ 1.0; 256.0 ], make [ 3.0; 256.0 ]
                close 0.004 [ 1.02; 256.0 ] (Optimizer.average 0.99 x y)
                let s = Optimizer.sgd 1e-8
                close 1e-7 [ -300e-8 ] (fst (s.Update (make [ 300.0 ]) (s.Init y[..0]) y[..0])))
    ]

[<Tests>]
let tests = testList "Optimizer" [ shapes; digits; halves ]
