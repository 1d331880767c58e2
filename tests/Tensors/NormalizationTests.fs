/// Layer normalisation and cross-entropy: values by hand, options, errors.
module Cotangent.Tests.NormalizationTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto

let private rows = tensor [ [ 1.0; 2.0; 3.0 ]; [ 5.0; 5.0; 8.0 ] ]

let private normalization =
    tests "layer normalisation" [
        "rows of mean 0 and variance 1",
        fun () ->
            close
                1e-12
                [ -(1.5 ** 0.5); 0.0; 1.5 ** 0.5; -(0.5 ** 0.5); -(0.5 ** 0.5); 2.0 ** 0.5 ]
                (rows.LayerNorm(epsilon = 0.0))

            close 1e-12 [ 0.0; 0.0 ] ((layerNorm rows).Mean [ 1 ])
            close 1e-4 [ 1.0; 1.0 ] ((layerNorm rows).Variance [ 1 ])
        "rows of mean square 1",
        fun () ->
            close 1e-12 [ 0.2; -0.2; 1.4; 1.4 ] ((tensor [ 1.0; -1.0; 7.0; 7.0 ]).RmsNorm(epsilon = 0.0))
            close 1e-12 [ 3.0 / 10.0 ] ((tensor [ 3.0 ]).RmsNorm(epsilon = 91.0))
        "several axes as one",
        fun () ->
            let x = counting DType.Float64 [ 2; 3; 4 ]
            Expect.equal (x.LayerNorm 2) ((x.Reshape [ 2; 12 ]).LayerNorm().Reshape [ 2; 3; 4 ]) "two axes"
            hasShape [ 0; 3 ] (layerNorm (Tensor.zeros DType.Float32 [ 0; 3 ]))
        "a gain and a bias, one or both, of the shape of the last axes",
        fun () ->
            let gain, bias = tensor [ 1.0; -2.0; 0.5 ], tensor [ 0.25; 1.0; -1.0 ]
            let y = rows.LayerNorm()

            close
                1e-12
                ((y * gain + bias).ToData<float[,]>() |> Seq.cast)
                (rows.LayerNorm(gain = gain, bias = bias))

            close 1e-12 ((y * gain).ToData<float[,]>() |> Seq.cast) (rows.LayerNorm(gain = gain))
            close 1e-12 ((y + bias).ToData<float[,]>() |> Seq.cast) (rows.LayerNorm(bias = bias))
            close 1e-12 ((rows.RmsNorm() * gain).ToData<float[,]>() |> Seq.cast) (rows.RmsNorm(gain = gain))
            close 1e-12 ((y[0] * gain + bias).ToData<float[]>()) (rows[0].LayerNorm(gain = gain, bias = bias))
            let x = counting DType.Float64 [ 2; 3; 4 ]
            let gain = counting DType.Float64 [ 3; 4 ] - 5.0
            close 1e-12 ((x.LayerNorm 2 * gain).Flatten().ToData<float[]>()) (x.LayerNorm(2, gain = gain))

            hasShape
                [ 0; 3 ]
                ((Tensor.zeros DType.Float64 [ 0; 3 ]).LayerNorm(gain = tensor [ 1.0; 2.0; 3.0 ]))
        "derivatives by x, gain and bias are those of product and sum, also of many rows",
        fun () ->
            let x = Random.normal (Key.create 1L) DType.Float64 [ 150; 7 ]
            let gain, bias = tensor [ 1.0; -2.0; 0.5; 3.0; 0.0; 1.0; 2.0 ], Tensor.zeros DType.Float64 [ 7 ]
            let weights = Random.normal (Key.create 2L) DType.Float64 [ 150; 7 ]
            let pull f = grad (fun p -> sum (sin (f p) * weights)) (x, gain, bias)
            let fused = pull (fun (x: Tensor, g, b) -> x.LayerNorm(gain = g, bias = b))
            let apart = pull (fun (x: Tensor, g: Tensor, b: Tensor) -> x.LayerNorm() * g + b)

            for e, a in Seq.zip (Tree.leaves apart) (Tree.leaves fused) do
                close 1e-10 (e.Flatten().ToData<float[]>()) a
        "16-bit floats are summed in Float32",
        fun () ->
            for dtype in [ DType.Float16; DType.BFloat16 ] do
                let x = (Tensor.linspace DType.Float32 0.0 2.0 4000).Convert dtype

                close
                    0.02
                    [ -(3.0 ** 0.5); 3.0 ** 0.5 ]
                    (let y = layerNorm x in concat 0 [ y[..0]; y[3999..] ])
        "errors",
        fun () ->
            throws<AxisException, _> [ "layerNorm"; "3 last axes"; "(2, 3)" ] (fun () -> rows.LayerNorm 3)
            throws<AxisException, _> [ "rmsNorm"; "()" ] (fun () -> rmsNorm (tensor 1.0))
            throws<DTypeException, _> [ "layerNorm"; "Int32" ] (fun () -> layerNorm (tensor [ 1; 2 ]))
            throws<ValueException, _> [ "layerNorm"; "-1" ] (fun () -> rows.LayerNorm(epsilon = -1.0))

            throws<ShapeException, _> [ "layerNorm"; "gain"; "(2,)"; "(3,)" ] (fun () ->
                rows.LayerNorm(gain = tensor [ 1.0; 2.0 ]))

            throws<DTypeException, _> [ "layerNorm"; "Float32" ] (fun () ->
                rows.LayerNorm(bias = tensor [ 1.0f; 2.0f; 3.0f ]))
    ]

let private plain = Loss.crossEntropyDefaults

let private crossEntropy =
    let logits = tensor [ [ 0.0; 0.0; 0.0 ]; [ 100.0; 0.0; 0.0 ]; [ 0.0; log 3.0; 0.0 ] ]

    tests "cross-entropy" [
        "one loss for each example",
        fun () ->
            close
                1e-14
                [ log 3.0; 0.0; log (5.0 / 3.0) ]
                (Loss.Each.crossEntropyWith plain (tensor [ 2; 0; 1 ]) logits)

            close
                1e-14
                [ (log 3.0 + log (5.0 / 3.0)) / 3.0 ]
                (Loss.crossEntropy (tensor [ 2L; 0L; 1L ]) logits)
        "smoothed labels are a mixture of targets",
        fun () ->
            // (1 - s) · loss of the label + s · mean of the losses of all labels
            let each = [
                for label in 0..2 -> Loss.Each.crossEntropyWith plain (tensor [ label; label; label ]) logits
            ]

            let mixed = 0.7 * each[2] + 0.3 * (each[0] + each[1] + each[2]) / 3.0
            let smooth = { plain with Smoothing = 0.3 }
            close 1e-13 (numbers mixed) (Loss.Each.crossEntropyWith smooth (tensor [ 2; 2; 2 ]) logits)
        "ignored labels",
        fun () ->
            let skip = { plain with Ignored = Some -100 }
            let labels = tensor [ 2; -100; 1 ]
            close 1e-14 [ log 3.0; 0.0; log (5.0 / 3.0) ] (Loss.Each.crossEntropyWith skip labels logits)
            close 1e-14 [ (log 3.0 + log (5.0 / 3.0)) / 2.0 ] (Loss.crossEntropyWith skip labels logits)
            close 0.0 [ 0.0 ] (Loss.crossEntropyWith skip (tensor [ -100; -100; -100 ]) logits)
            let gradient = grad (Loss.crossEntropyWith skip labels) logits
            close 0.0 [ 0.0; 0.0; 0.0 ] gradient[1]
        "its gradient is the softmax less the target",
        fun () ->
            let gradient = grad (Loss.crossEntropy (tensor [ 2; 0; 1 ])) logits
            let target = tensor [ [ 0.0; 0.0; 1.0 ]; [ 1.0; 0.0; 0.0 ]; [ 0.0; 1.0; 0.0 ] ]
            close 1e-14 (numbers ((softmax logits - target) / 3.0)) gradient
            close 1e-14 (numbers gradient) (compile (grad (Loss.crossEntropy (tensor [ 2; 0; 1 ]))) logits)
        "a class that is masked out costs nothing",
        fun () ->
            close
                1e-14
                [ log 2.0 ]
                (Loss.Each.crossEntropyWith plain (tensor [ 0 ]) (tensor [ [ 1.0; -infinity; 1.0 ] ]))
        "per example under vmap",
        fun () ->
            let labels = tensor [ 2; 0; 1 ]
            let each = vmap (fun (t, x) -> Loss.Each.crossEntropyWith plain t x) (labels, logits)
            Expect.equal each (Loss.Each.crossEntropyWith plain labels logits) "vmap"
        "errors",
        fun () ->
            throws<IndexException, _> [ "crossEntropy"; "(1,)"; "3"; "0 to 2" ] (fun () ->
                Loss.crossEntropy (tensor [ 0; 3; 1 ]) logits)

            throws<IndexException, _> [ "-1" ] (fun () -> Loss.crossEntropy (tensor [ 0; 0; -1 ]) logits)

            throws<ShapeException, _> [ "(3, 3)"; "(2,)" ] (fun () ->
                Loss.crossEntropy (tensor [ 0; 1 ]) logits)

            throws<ValueException, _> [ "smoothing 2" ] (fun () ->
                Loss.crossEntropyWith { plain with Smoothing = 2.0 } (tensor [ 0; 0; 0 ]) logits)

            throws<DTypeException, _> [ "crossEntropy"; "Int32" ] (fun () ->
                Loss.crossEntropy (tensor [ 0 ]) (tensor [ [ 1; 2 ] ]))
    ]

[<Tests>]
let all = testList "Normalization" [ normalization; crossEntropy ]
