/// One optimiser for every model; states that know whose they are.
module Cotangent.Tests.OptimizerStateTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

type private Model = { Weight: Tensor; Bias: Tensor; Name: string }

let private model () = { Weight = tensor [ [ 1.0; 2.0 ] ]; Bias = tensor [ 3.0 ]; Name = "m" }

/// Made before any model is there.
let private optimizer = Optimizer.adam 0.1

let private states =
    tests "states" [
        "one optimiser serves models of every type",
        (fun () ->
            let x = tensor [ 1.0; 2.0 ]
            let fst1, _ = Optimizer.step optimizer x (optimizer.Init x) x
            let m, _ = Optimizer.step optimizer (model ()) (optimizer.Init(model ())) (model ())
            let list, _ = Optimizer.step optimizer [ x ] (optimizer.Init [ x ]) [ x ]
            close 1e-7 [ 0.9; 1.9 ] fst1
            close 1e-7 [ 0.9; 1.9 ] m.Weight
            close 1e-7 [ 0.9; 1.9 ] list.Head)
        "slots are trees like the model",
        (fun () ->
            let state = optimizer.Init(model ())
            Expect.equal state.Optimizer "adam" "name"
            equals [ [ 0.0; 0.0 ] ] state.Slots["first"].Weight
            equals [ 0.0 ] state.Slots["second"].Bias
            Expect.equal (Tree.leaves state).Length 5 "leaves")
        "parts of a chain",
        (fun () ->
            let o = Optimizer.chain [ Optimizer.clipByGlobalNorm 1.0; Optimizer.momentum 0.1 ]

            let state = o.Init(model ())
            Expect.equal state.Optimizer "chain(clipByGlobalNorm, momentum)" "name"

            Expect.equal
                [ for part in state.Parts -> part.Optimizer ]
                [ "clipByGlobalNorm"; "momentum" ]
                "parts"

            equals [ 0.0 ] state.Parts[1].Slots["velocity"].Bias)
        "a rate that is a number needs no count",
        (fun () ->
            Expect.isEmpty (Tree.leaves ((Optimizer.sgd 0.1).Init(model ()))) "a number"
            let scheduled = Optimizer.sgd (Schedule.linear 1.0 0.0 3)
            Expect.equal (Tree.leaves (scheduled.Init(model ()))).Length 1 "a schedule")
        "a schedule goes on where a saved state stood",
        (fun () ->
            let o = Optimizer.sgd (Schedule.linear 1.0 0.0 4)
            let x = tensor [ 0.0 ]
            let g = tensor [ 1.0 ]
            let _, state = Optimizer.step o g (o.Init x) x
            let again = Optimizer.sgd (Schedule.linear 1.0 0.0 4)
            equals [ -0.75 ] (fst (Optimizer.step again g state x)))
        "a count of its own for each state, which may be given away",
        (fun () ->
            let x () = tensor [ 1.0; 2.0; 3.0; 4.0 ]
            let f = compileDonating (fun ((p, s), g) -> Optimizer.step optimizer g s p)
            let a = f ((x (), optimizer.Init(x ())), x ())
            let b = f ((x (), optimizer.Init(x ())), x ())
            equals (fst a) (fst b))
        "vmap over models and their states",
        (fun () ->
            let x = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
            let g = tensor [ [ 1.0; -2.0 ]; [ 0.5; 4.0 ] ]

            let steps (x, g) =
                let once (x, s) _ = Optimizer.step optimizer g s x
                fst (Seq.fold once (x, optimizer.Init x) [ 1..3 ])

            let both = vmap steps (x, g)
            close 1e-12 (numbers (steps (x[0], g[0]))) both[0]
            close 1e-12 (numbers (steps (x[1], g[1]))) both[1])
    ]

let private refused =
    tests "refused" [
        "the state of another optimiser, by name",
        (fun () ->
            let x = tensor [ 1.0 ]
            let sgd = Optimizer.sgd 0.1

            throws<ValueException, _> [ "Optimizer.step"; "`sgd`"; "`adam`"; "`Init`" ] (fun () ->
                Optimizer.step optimizer x (sgd.Init x) x)

            throws<ValueException, _> [ "Optimizer.Update"; "`adam`"; "`chain(sgd)`" ] (fun () ->
                (Optimizer.chain [ sgd ]).Update x (optimizer.Init x) x))
        "a state that counts nothing, where a schedule asks",
        (fun () ->
            let x = tensor [ 1.0 ]
            let state = (Optimizer.sgd 0.1).Init x

            throws<ValueException, _> [ "Optimizer.step"; "sgd"; "count of steps" ] (fun () ->
                Optimizer.step (Optimizer.sgd (Schedule.linear 1.0 0.0 3)) x state x))
        "the state of another model",
        (fun () ->
            let x, y = [ tensor [ 1.0 ] ], [ tensor [ 1.0 ]; tensor [ 2.0 ] ]

            throws<TreeException, _> [ "Optimizer.step"; "first" ] (fun () ->
                Optimizer.step optimizer y (optimizer.Init x) y)

            let z = [ tensor [ 1.0; 2.0 ] ]

            throws<ShapeException, _> [ "`$[0]`"; "first"; "(1,)"; "(2,)" ] (fun () ->
                Optimizer.step optimizer z (optimizer.Init x) z))
        "a chain of nothing",
        (fun () -> throws<ValueException, _> [ "Optimizer.chain" ] (fun () -> Optimizer.chain []))
    ]

[<Tests>]
let tests = testList "Optimizer state" [ states; refused ]
