/// Tables of vectors.
module Cotangent.Tests.EmbeddingTests

open System
open Expecto
open Cotangent
open Cotangent.Tests.Support

let private key = Key.create 3L

let private layer: Embedding = {
    Weight = tensor [ [ 1.0; 10.0 ]; [ 2.0; 20.0 ]; [ 3.0; 30.0 ] ]
    Padding = Nullable()
}

let private padded = { layer with Padding = Nullable 1 }

[<Tests>]
let all =
    tests "Embedding" [
        "the vectors of labels of any shape and either integer dtype",
        fun () ->
            equals [ 3.0; 30.0 ] (Embedding.forward layer (tensor 2))
            equals [ [ 1.0; 10.0 ]; [ 3.0; 30.0 ] ] (Embedding.forward layer (tensor [ 0L; 2L ]))
            hasShape [ 2; 1; 3; 2 ] (Embedding.forward layer (Tensor.zeros DType.Int32 [ 2; 1; 3 ]))
            equals [ [ 2.0; 20.0 ] ] (compile (Embedding.forward layer) (tensor [ 1 ]))
            equals [ [ 2.0; 20.0 ]; [ 1.0; 10.0 ] ] (vmap (Embedding.forward layer) (tensor [ 1; 0 ]))
        "gradients add up where labels repeat, and pass by the padding",
        fun () ->
            let labels = tensor [ 2; 1; 2 ]

            let loss (layer: Embedding) =
                sum (layer.Forward labels * tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ]; [ 5.0; 6.0 ] ])

            equals [ [ 0.0; 0.0 ]; [ 3.0; 4.0 ]; [ 6.0; 8.0 ] ] (grad loss layer).Weight
            equals [ [ 0.0; 0.0 ]; [ 0.0; 0.0 ]; [ 6.0; 8.0 ] ] (grad loss padded).Weight
            equals [ [ 0.0; 0.0 ]; [ 0.0; 0.0 ]; [ 6.0; 8.0 ] ] (compile (grad loss) padded).Weight
            equals (layer.Forward labels) (padded.Forward labels)
        "logits by the same table, of which a loss moves both uses",
        fun () ->
            equals [ [ 21.0; 42.0; 63.0 ] ] (Embedding.logits layer (tensor [ [ 1.0; 2.0 ] ]))
            let loss (layer: Embedding) = sum (square (layer.Logits(layer.Forward(tensor [ 0; 1 ]))))
            GradientCheck.gradient loss (GradientCheck.randomized 5 layer)
        "options are honoured",
        fun () ->
            let options = {
                Embedding.defaults with
                    Weight = Init.constant 2.0
                    Padding = Some 2
                    DType = DType.Float64
            }

            let made = Embedding.init options 3 2 key
            equals [ [ 2.0; 2.0 ]; [ 2.0; 2.0 ]; [ 0.0; 0.0 ] ] made.Weight
            Expect.equal made.Padding (Nullable 2) "padding"
            Expect.equal (Embedding.create 4 5 key) (Embedding.init Embedding.defaults 4 5 key) "defaults"
            let wide = (Embedding.create 100 100 key).Weight
            Expect.equal wide.DType DType.Float32 "dtype"
            Expect.floatClose { absolute = 0.03; relative = 0.0 } (float (wide.Std())) 1.0 "deviation"
            Expect.sequenceEqual [ for l in Tree.entries layer -> l.Name ] [ "weight" ] "names"
        "labels outside the table are refused, eager and compiled",
        fun () ->
            for wrong in [ 3; -1 ] do
                for forward in [ Embedding.forward layer; compile (Embedding.forward layer) ] do
                    throws<IndexException, _> [ "Embedding.forward"; $"label {wrong} "; "0 to 2" ] (fun () ->
                        forward (tensor [ 0; wrong ]))
        "bad input",
        fun () ->
            throws<DTypeException, _> [ "Embedding.forward"; "Float64 (2,)" ] (fun () ->
                Embedding.forward layer (tensor [ 0.0; 1.0 ]))

            throws<ShapeException, _> [ "Embedding.logits"; "(3,)"; "the 2 numbers" ] (fun () ->
                Embedding.logits layer (tensor [ 0.0; 1.0; 2.0 ]))

            throws<ValueException, _> [ "Embedding.init"; "0 labels" ] (fun () -> Embedding.create 0 2 key)

            throws<ValueException, _> [ "Embedding.init"; "padding 3"; "0 to 2" ] (fun () ->
                Embedding.init { Embedding.defaults with Padding = Some 3 } 3 2 key)

            throws<DTypeException, _> [ "Embedding.init"; "Int32" ] (fun () ->
                Embedding.init { Embedding.defaults with DType = DType.Int32 } 3 2 key)
    ]
