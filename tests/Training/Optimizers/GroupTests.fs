/// Parts of a model with optimisers of their own: every trained tensor in one group.
module Cotangent.Tests.GroupTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

type private Block = { Weight: Tensor; Bias: Tensor }
type private Net = { Layers: Block list; Scale: Tensor; Mean: Frozen<Tensor> }

let private block x = { Weight = tensor [ [ x; 2.0 * x ] ]; Bias = tensor [ 3.0 * x ] }

let private net () = {
    Layers = [ block 1.0; block 10.0 ]
    Scale = tensor [ -0.0; 5.0 ]
    Mean = Frozen(tensor [ 7.0 ])
}

let private ones () = Tree.map Tensor.onesLike (net ())

let private step (o: Optimizer) =
    let net = net ()
    fst (Optimizer.step o (ones ()) (o.Init net) net)

let private bias = Selection.named [ "**.bias" ]

let private groups =
    tests "groups" [
        "each with its own rule and rate",
        (fun () ->
            let o =
                Optimizer.groups [
                    bias, Optimizer.sgd 0.5
                    Selection.named [ "layers.0.weight"; "scale" ], Optimizer.momentum (0.25)
                    Selection.named [ "layers.1.weight" ], Optimizer.adam (Schedule.linear 1.0 0.0 2)
                ]

            let twice o =
                let once (x, s) = Optimizer.step o (ones ()) s x
                fst (once (once (net (), o.Init(net ()))))

            let next = twice o
            close 1e-12 [ 1.0 - 0.25 * 2.9; 2.0 - 0.25 * 2.9 ] next.Layers[0].Weight
            equals [ 2.0 ] next.Layers[0].Bias
            equals [ 29.0 ] next.Layers[1].Bias
            close 1e-7 [ 8.5; 18.5 ] next.Layers[1].Weight
            close 1e-12 [ -0.725; 4.275 ] next.Scale
            let compiled = compile (fun (x, s) -> Optimizer.step o (ones ()) s x)
            let again = fst (compiled (compiled (net (), o.Init(net ()))))

            for a, b in Seq.zip (Tree.leaves next) (Tree.leaves again) do
                close 1e-12 (numbers a) b)
        "the states are trees like the model",
        (fun () ->
            let o =
                Optimizer.groups [
                    bias, Optimizer.sgd 0.5
                    Selection.except [ bias ], Optimizer.momentum 0.1
                ]

            let state = o.Init(net ())
            Expect.equal state.Optimizer "groups(sgd, momentum)" "name"
            let velocity = state.Parts[1].Slots["velocity"]
            hasShape [ 1; 2 ] velocity.Layers[1].Weight
            hasShape [] velocity.Layers[1].Bias
            let f = compileDonating (fun ((x, s), g) -> Optimizer.step o g s x)
            let a, s = f ((net (), state), ones ())
            let b, _ = f ((a, s), ones ())
            equals [ 3.0 - 1.0 ] b.Layers[0].Bias)
        "a tensor in no group, and one in two, are named",
        (fun () ->
            let first = Selection.named [ "layers.0.*" ]

            throws<ValueException, _> [ "Optimizer.groups"; "layers.1.weight"; "in no group" ] (fun () ->
                step (
                    Optimizer.groups [
                        first, Optimizer.sgd 0.1
                        Selection.named [ "scale" ], Optimizer.sgd 0.1
                    ]
                ))

            throws<ValueException, _>
                [ "Optimizer.groups"; "layers.0.bias"; "more than one"; "**.bias" ]
                (fun () ->
                    step (
                        Optimizer.groups [
                            first, Optimizer.sgd 0.1
                            bias, Optimizer.sgd 0.1
                            Selection.except [ first; bias ], Optimizer.sgd 0.1
                        ]
                    ))

            throws<ValueException, _> [ "Optimizer.groups"; "no groups" ] (fun () -> Optimizer.groups []))
        "a pattern that fits nothing is named, with what there is",
        (fun () ->
            throws<ValueException, _> [ "Optimizer.freeze"; "layer.0.bias"; "layers.0.weight" ] (fun () ->
                step (Optimizer.sgd 0.1 |> Optimizer.freeze (Selection.named [ "layer.0.bias" ])))

            throws<ValueException, _> [ "Optimizer.addDecayedWeights"; "mean" ] (fun () ->
                step (Optimizer.addDecayedWeights (0.1, Selection.named [ "mean" ]))))
    ]

let private patterns =
    testCase "patterns and predicates" (fun () ->
        let chosen selection =
            let still = step (Optimizer.sgd 1.0 |> Optimizer.freeze selection)

            [
                for a, b, leaf in Seq.zip3 (Tree.leaves (net ())) (Tree.leaves still) (Tree.entries (net ())) do
                    if leaf.IsTrained && numbers a = numbers b then leaf.Name
            ]

        for selection, expected in
            [
                bias, [ "layers.0.bias"; "layers.1.bias" ]
                Selection.named [ "layers.*.bias" ], [ "layers.0.bias"; "layers.1.bias" ]
                Selection.named [ "layers.1.*" ], [ "layers.1.weight"; "layers.1.bias" ]
                Selection.named [ "layers.**" ],
                [ "layers.0.weight"; "layers.0.bias"; "layers.1.weight"; "layers.1.bias" ]
                Selection.named [ "**.scale" ], [ "scale" ]
                Selection.named [ "$.Layers[1].Bias" ], [ "layers.1.bias" ]
                Selection.where (fun leaf -> leaf.Tensor.Rank > 1), [ "layers.0.weight"; "layers.1.weight" ]
                Selection.except [ bias; Selection.named [ "**.weight" ] ], [ "scale" ]
                Selection.all,
                [ "layers.0.weight"; "layers.0.bias"; "layers.1.weight"; "layers.1.bias"; "scale" ]
            ] do
            Expect.equal (chosen selection) expected (string selection))

let private isMinusZero (x: float) = x = 0.0 && System.Double.IsNegative x

let private untrained =
    tests "what is not trained" [
        "a frozen part stays, bit for bit, also under decay",
        (fun () ->
            for o in
                [
                    Optimizer.adamW (0.1, decay = 0.5)
                    Optimizer.lion (0.1, decay = 0.5)
                    Optimizer.lamb 0.1
                    Optimizer.chain [ Optimizer.addDecayedWeights 0.5; Optimizer.sgd 0.1 ]
                ] do
                equals [ 7.0 ] (step o).Mean.Value
                let change, _ = o.Update (ones ()) (o.Init(net ())) (net ())
                equals [ 0.0 ] change.Mean.Value
                Expect.notEqual (step o).Scale (net ()).Scale "others move")
        "what is frozen by a selection stays, minus zero too",
        (fun () ->
            let o = Optimizer.adamW (0.1, decay = 0.5) |> Optimizer.freeze (Selection.named [ "scale" ])
            let next = step o
            let data = numbers next.Scale
            Expect.isTrue (isMinusZero data[0]) "minus zero"
            Expect.equal data[1] 5.0 "scale"
            Expect.notEqual (next.Layers[0].Bias) (block 1.0).Bias "others move")
        "frozen numbers of other dtypes",
        (fun () ->
            let m = tensor [ 1.0 ], Frozen(tensor [ 3; 4 ])
            let o = Optimizer.adam 0.1

            let x, state =
                Optimizer.step o (grad (fun (x: Tensor, _: Frozen<Tensor>) -> sum x) m) (o.Init m) m

            equals [ 3; 4 ] (snd x).Value
            hasShape [] (snd state.Slots["first"]).Value)
        "averages take what is not trained as it is now",
        (fun () ->
            let now = { net () with Mean = Frozen(tensor [ 9.0 ]) }

            let average =
                WeightAverage.start (net ()) |> WeightAverage.uniform (net ()) |> WeightAverage.uniform now

            equals [ 9.0 ] average.Mean.Mean.Value)
    ]

let private decay =
    tests "decay of a selection" [
        "addDecayedWeights and adamW",
        (fun () ->
            let matrices = Selection.where (fun leaf -> leaf.Tensor.Rank > 1)
            let o = Optimizer.addDecayedWeights (0.1, decayed = matrices)
            let change, _ = o.Update (ones ()) (o.Init(net ())) (net ())
            close 1e-12 [ 2.0; 3.0 ] change.Layers[1].Weight
            equals [ 1.0 ] change.Layers[1].Bias
            equals [ 1.0; 1.0 ] change.Scale
            let some = step (Optimizer.adamW (0.1, decay = 0.5, decayed = matrices))

            let all, none =
                step (Optimizer.adamW (0.1, decay = 0.5)), step (Optimizer.adamW (0.1, decay = 0.0))

            equals all.Layers[1].Weight some.Layers[1].Weight
            equals none.Layers[1].Bias some.Layers[1].Bias
            equals none.Scale some.Scale
            Expect.notEqual all.Scale none.Scale "the decay does something")
    ]

[<Tests>]
let tests = testList "Groups" [ groups; patterns; untrained; decay ]
