/// Layers put together: chains of unlike layers, loops over like ones, connections past layers.
module Cotangent.Tests.CompositionTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private key = Key.create 5L
let private x = Random.normal (Key.create 6L) DType.Float32 [ 4; 3 ]

/// Adds a count of what it has seen, which it keeps while training.
type private Counting = {
    Scale: Tensor
    Seen: Frozen<Tensor>
} with

    interface ITrainingLayer with
        member layer.Forward x = x * layer.Scale + layer.Seen.Value

        member layer.Train(x, _) =
            let next = { layer with Seen = Frozen(layer.Seen.Value + 1.0) }
            struct (x * layer.Scale, next)

let private sequential =
    testList "Sequential" [
        testCase "unlike layers, one after the other" (fun () ->
            let a, b = Linear.create 3 5 key, Linear.create 5 2 (Key.fold 1L key)
            let model = Sequential.create [ a; Activation.Tanh; Layer.ofFunction (fun x -> x * 2.0); b ]
            let expected = Linear.forward b (tanh (Linear.forward a x) * 2.0)
            equals expected (Sequential.forward model x)
            equals expected (model.Forward x)
            close 1e-6 (numbers expected) (compile (Sequential.forward model) x))

        testCase "leaves are called by their layers' places" (fun () ->
            let inner = Sequential.create [ Activation.Relu; Linear.create 5 2 key ]
            let model = Sequential.create [ Linear.create 3 5 key; inner; Prelu.create 1 ]

            Expect.sequenceEqual
                [ for l in Tree.entries model -> l.Name, l.Path ]
                [
                    "0.weight", "$.Layers[0].Weight"
                    "0.bias", "$.Layers[0].Bias"
                    "1.1.weight", "$.Layers[1].Layers[1].Weight"
                    "1.1.bias", "$.Layers[1].Layers[1].Bias"
                    "2.weight", "$.Layers[2].Weight"
                ]
                "names"

            Expect.equal
                [ for l in Tree.entries {| Net = model |} -> l.Name ].Head
                "net.0.weight"
                "in a record")

        testCase "gradients reach every layer, and an update keeps the kinds" (fun () ->
            let model = Sequential.create [ Linear.create 3 5 key; Activation.Tanh; Linear.create 5 1 key ]
            let loss (m: Sequential) = mean (square (m.Forward x))
            let gradient = grad loss model
            Expect.isTrue (Tree.leaves gradient |> Array.forall (fun t -> float (norm t) > 0.0)) "all"
            let next = Tree.addScaled (tensor -0.1f) gradient model
            Expect.isLessThan (float (loss next)) (float (loss model)) "descends"

            match next.Layers with
            | [ :? Linear as first; :? Activation; :? Linear ] ->
                let leafOf (m: Sequential) = (Tree.leaves m)[0]
                equals (leafOf model - leafOf gradient * 0.1f) first.Weight
            | _ -> failtest "the kinds of layers")

        testCase "one program serves all steps" (fun () ->
            let mutable traced = 0

            let counted =
                Layer.ofFunction (fun x ->
                    traced <- traced + 1
                    x)

            let model = Sequential.create [ Linear.create 3 5 key; counted; Activation.Relu ]

            let step =
                compile (fun (m: Sequential) ->
                    m.Forward x |> ignore
                    Tree.scale 0.5 m)

            let next = step (step (step model))
            Expect.equal traced 1 "traced once"
            let before, after = (Tree.leaves model)[0], (Tree.leaves next)[0]
            close 1e-6 (numbers (before / 8.0)) after)

        testCase "training: each layer its key, statistics in the next model, gradients past them" (fun () ->
            let counting = { Scale = tensor 2.0f; Seen = Frozen(tensor 0.0f) }

            let model =
                Sequential.create [
                    Linear.create 3 3 key
                    counting
                    Rrelu.create 0.1 0.9
                    Rrelu.create 0.1 0.9
                ]

            let y, next = Sequential.train model (Key.create 7L) x
            equals (tensor 1.0f) (next.Layers[1] :?> Counting).Seen.Value
            equals (tensor 0.0f) (model.Layers[1] :?> Counting).Seen.Value
            let again, _ = Sequential.train model (Key.create 7L) x
            equals y again
            let other, _ = Sequential.train model (Key.create 8L) x
            Expect.notEqual y other "another key"

            // Two layers that draw do not draw the same.
            let twice = Sequential.create [ Rrelu.create 0.1 0.9; Rrelu.create 0.1 0.9 ]
            let slopes, _ = Sequential.train twice (Key.create 7L) (Tensor.full DType.Float64 [ 100 ] -1.0)

            let first, _ =
                Sequential.train
                    (Sequential.create [ twice.Layers[0] ])
                    (Key.create 7L)
                    (Tensor.full DType.Float64 [ 100 ] -1.0)

            Expect.notEqual slopes (-(square first)) "the same draws squared"

            let gradient, trained =
                gradWith
                    (fun (m: Sequential) ->
                        let y, next = Sequential.train m (Key.create 7L) x
                        mean (square y), next)
                    model

            equals (tensor 1.0f) (trained.Layers[1] :?> Counting).Seen.Value
            equals (tensor 0.0f) (gradient.Layers[1] :?> Counting).Seen.Value
            Expect.isGreaterThan (float (norm ((Tree.leaves gradient)[0]))) 0.0 "gradient"
            // While predicting, what it has seen counts.
            equals (x * 2.0f + 1.0f) (trained.Layers[1].Forward x))

        testCase "functions with parameters" (fun () ->
            let scale = Layer.over (fun (s: Tensor) x -> x * s) (tensor 3.0f)
            let model = Sequential.create [ scale; Activation.Identity ]
            equals (x * 3.0f) (model.Forward x)
            Expect.sequenceEqual [ for l in Tree.entries model -> l.Name ] [ "0" ] "name"
            let blocks = Repeat.create 3 (Linear.create 3 3) key
            let deep = Sequential.create [ Layer.over (Repeat.fold Linear.forward) blocks; Activation.Relu ]
            Expect.sequenceEqual [ for l in Tree.entries deep -> l.Name ] [ "0.weight"; "0.bias" ] "names"
            equals (relu (Repeat.fold Linear.forward blocks x)) (deep.Forward x))
    ]

let private repeats =
    testList "Repeat" [
        testCase "is the chain of its items, eager, compiled and differentiated" (fun () ->
            let options = { Linear.defaults with Activation = Activation.Tanh; DType = DType.Float64 }
            let blocks = Repeat.create 5 (Linear.init options 3 3) key
            let x = x.Convert DType.Float64
            Expect.equal (List.ofArray blocks.Stacked.Weight.Shape) [ 5; 3; 3 ] "stacked"
            Expect.equal blocks.Stacked.Activation Activation.Tanh "static parts"
            let items = [ for i in 0..4 -> Repeat.item i blocks ]
            let chained items = items |> List.fold (fun x (l: Linear) -> l.Forward x) x
            close 1e-14 (numbers (chained items)) (Repeat.fold Linear.forward blocks x)
            close 1e-14 (numbers (chained items)) (compile (Repeat.fold Linear.forward blocks) x)
            equals items[4].Weight (Repeat.item -1 blocks).Weight
            Expect.notEqual items[0].Weight items[1].Weight "each its own draws"

            let loss blocks = sum (square (Repeat.fold Linear.forward blocks x))
            let byItems = grad (fun items -> sum (square (chained items))) items

            for gradient in [ grad loss blocks; compile (grad loss) blocks ] do
                for i in 0..4 do
                    close 1e-12 (numbers byItems[i].Weight) (Repeat.item i gradient).Weight
                    close 1e-12 (numbers (nonNull byItems[i].Bias)) (nonNull (Repeat.item i gradient).Bias))

        testCase "48 blocks compile as one: the program does not grow" (fun () ->
            let lines count =
                let blocks = Repeat.create count (Linear.create 3 3) key
                (Compile.graph (fun (b, x) -> Repeat.fold Linear.forward b x) (blocks, x)).Split('\n').Length

            Expect.equal (lines 48) (lines 2) "lines of the graph")

        testCase "keys and results, one of each" (fun () ->
            let blocks = Repeat.create 3 (fun _ -> tensor 2.0) key

            let drawn =
                Repeat.foldWithKeys
                    (fun s k (x: Tensor) -> x * s + Random.uniform k DType.Float64 [])
                    blocks
                    key
                    (tensor 0.0)

            let u = numbers (vmap (fun k -> Random.uniform k DType.Float64 []) (Key.batch 3 key))
            closeNumbers 1e-14 [ 4.0 * u[0] + 2.0 * u[1] + u[2] ] (numbers drawn)
            let last, all = Repeat.mapFold (fun s (x: Tensor) -> x * s, x + 1.0) blocks (tensor 1.0)
            equals (tensor 8.0) last
            equals (tensor [ 2.0; 3.0; 5.0 ]) all)

        testCase "bad input" (fun () ->
            throws<ValueException, _> [ "Repeat.create"; "0 layers" ] (fun () ->
                Repeat.create 0 (Linear.create 3 3) key)

            throws<TreeException, _> [ "Repeat.create"; "no tensors"; "iterate" ] (fun () ->
                Repeat.create 2 (fun _ -> ([]: Linear list)) key)

            throws<ValueException, _> [ "Repeat.item"; "3 of 3" ] (fun () ->
                Repeat.item 3 (Repeat.create 3 (Linear.create 3 3) key))

            throws<ShapeException, _> [ "scan" ] (fun () ->
                Repeat.fold Linear.forward (Repeat.create 3 (Linear.create 3 4) key) x))
    ]

let private connections =
    testList "Connect" [
        testCase "residual" (fun () ->
            equals [ 2.0; 6.0 ] (Connect.residual square (tensor [ 1.0; 2.0 ]))

            throws<ShapeException, _> [ "Connect.residual"; "(1,)"; "(2,)" ] (fun () ->
                Connect.residual (fun x -> x.Sum([ 0 ], true)) (tensor [ 1.0; 2.0 ]))

            let layer = Residual.create (Linear.create 3 3 key)
            equals (x + Linear.forward (Linear.create 3 3 key) x) (layer.Forward x)
            Expect.sequenceEqual [ for l in Tree.entries layer -> l.Name ] [ "weight"; "bias" ] "names"
            let drawing = Residual.create (Rrelu.create 0.5 0.5)
            let y, _ = Sequential.train (Sequential.create [ drawing ]) key (tensor [ -2.0 ])
            equals [ -3.0 ] y)

        testCase "dense: each sees all before it" (fun () ->
            let seen = ResizeArray<int>()

            let total (x: Tensor) =
                seen.Add x.Shape[1]
                x.Sum([ 1 ], true)

            equals
                [ [ 1.0; 2.0; 3.0; 6.0; 12.0 ] ]
                (Connect.dense 1 [ total; total; total ] (tensor [ [ 1.0; 2.0 ] ]))

            Expect.sequenceEqual seen [ 2; 3; 4 ] "sizes")

        testCase "around: a U" (fun () ->
            let halve (x: Tensor) = x.Reshape([ -1; 2 ]).Mean [ 1 ]
            let twice (x: Tensor) = (stack 1 [ x; x ]).Flatten()
            let level inner = Connect.around 0 halve (inner >> twice) id
            equals [ 1.0; 3.0; 2.0; 2.0 ] (level id (tensor [ 1.0; 3.0 ])))
    ]

[<Tests>]
let tests = testList "Composition" [ sequential; repeats; connections ]
