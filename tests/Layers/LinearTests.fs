/// Fully connected layers.
module Cotangent.Tests.LinearTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private key = Key.create 1L

let private layer: Linear = {
    Weight = tensor [ [ 1.0; 10.0 ]; [ 2.0; 20.0 ]; [ 3.0; 30.0 ] ]
    Bias = tensor [ 0.5; -0.5 ]
    Activation = Activation.Identity
}

[<Tests>]
let tests =
    testList "Linear" [
        testCase "x W + b, for one example, a batch and a batch of sequences" (fun () ->
            let x = tensor [ 1.0; 2.0; -1.0 ]
            equals [ 2.5; 19.5 ] (Linear.forward layer x)
            equals [ [ 2.5; 19.5 ] ] (Linear.forward layer (x.Unsqueeze 0))
            equals [ [ [ 2.5; 19.5 ] ] ] (Linear.forward layer (x.Reshape [ 1; 1; 3 ]))
            equals [ 2.0; 20.0 ] (Linear.forward { layer with Bias = null } x)

            equals
                [ 1.5; 9.5 ]
                (Linear.forward { layer with Activation = Activation.Relu } (tensor [ 1.0; 0.0; 0.0 ]))

            equals
                [ 0.0; 0.0 ]
                (Linear.forward { layer with Activation = Activation.Relu } (tensor [ -1.0; 0.0; 0.0 ])))

        testCase "options are honoured" (fun () ->
            let options = {
                Linear.defaults with
                    Weight = Init.constant 2.0
                    Bias =
                        Some(fun fans shape dtype _ ->
                            Tensor.full dtype shape (float (fans.FanIn + 100 * fans.FanOut)))
                    Activation = Activation.Tanh
                    DType = DType.Float64
            }

            let made = Linear.init options 3 2 key
            equals [ [ 2.0; 2.0 ]; [ 2.0; 2.0 ]; [ 2.0; 2.0 ] ] made.Weight
            // The fans of the kernel, not of the vector.
            equals (Tensor.full DType.Float64 [ 2 ] 203.0) (nonNull made.Bias)
            Expect.equal made.Activation Activation.Tanh "activation"
            Expect.isNull (box (Linear.init { options with Bias = None } 3 2 key).Bias) "no bias")

        testCase "create is init with the defaults" (fun () ->
            Expect.equal (Linear.create 3 2 key) (Linear.init Linear.defaults 3 2 key) "the same"
            Expect.equal (Linear.create 3 2 key).Weight.DType DType.Float32 "dtype"
            equals (Tensor.zeros DType.Float32 [ 2 ]) (nonNull (Linear.create 3 2 key).Bias))

        testCase "names are PyTorch's" (fun () ->
            Expect.sequenceEqual [ for l in Tree.entries layer -> l.Name ] [ "weight"; "bias" ] "layer"

            Expect.sequenceEqual
                [ for l in Tree.entries (Mlp.create [ 2; 3; 1 ] Activation.Relu key) -> l.Name ]
                [ "layers.0.weight"; "layers.0.bias"; "layers.1.weight"; "layers.1.bias" ]
                "perceptron")

        testCase "a perceptron has its activation between layers alone" (fun () ->
            let model = Mlp.create [ 2; 3; 4; 1 ] Activation.Relu key

            Expect.equal
                [ for l in model.Layers -> List.ofArray l.Weight.Shape, l.Activation ]
                [ [ 2; 3 ], Activation.Relu; [ 3; 4 ], Activation.Relu; [ 4; 1 ], Activation.Identity ]
                "layers"

            let x = Random.normal key DType.Float32 [ 5; 2 ]
            let chained = model.Layers |> List.fold (fun x l -> Linear.forward l x) x
            equals chained (Mlp.forward model x)

            throws<ValueException, _> [ "Mlp.create"; "1 sizes" ] (fun () ->
                Mlp.create [ 2 ] Activation.Relu key))

        testCase "bad input" (fun () ->
            throws<ShapeException, _> [ "Linear.forward"; "(4, 2)"; "the 3 inputs" ] (fun () ->
                Linear.forward layer (Tensor.zeros DType.Float64 [ 4; 2 ]))

            throws<ShapeException, _> [ "Linear.forward"; "()" ] (fun () ->
                Linear.forward layer (tensor 1.0))

            throws<ValueException, _> [ "Linear.init"; "0 outputs" ] (fun () -> Linear.create 3 0 key)

            throws<DTypeException, _> [ "Linear.init"; "Int32" ] (fun () ->
                Linear.init { Linear.defaults with DType = DType.Int32 } 3 2 key))
    ]
