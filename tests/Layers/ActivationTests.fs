/// Activations against the formulas of PyTorch's documentation, in plain numbers.
module Cotangent.Tests.ActivationTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private sigma x = 1.0 / (1.0 + exp -x)
let private softplusOf x = log (1.0 + exp x)

/// The activation, its formula, its slope at places where it has a kink, as PyTorch's backward passes have it.
let private table: (Activation * (float -> float) * (float * float) list) list = [
    Activation.Identity, id, []
    Activation.Relu, (fun x -> max 0.0 x), [ 0.0, 0.0 ]
    Activation.Relu6, (fun x -> min (max 0.0 x) 6.0), [ 0.0, 0.0; 6.0, 0.0 ]
    Activation.LeakyRelu 0.1, (fun x -> if x > 0.0 then x else 0.1 * x), [ 0.0, 0.1 ]
    Activation.Elu 2.0, (fun x -> if x > 0.0 then x else 2.0 * (exp x - 1.0)), [ 0.0, 2.0 ]
    Activation.Celu 2.0, (fun x -> max 0.0 x + min 0.0 (2.0 * (exp (x / 2.0) - 1.0))), [ 0.0, 1.0 ]
    Activation.Selu,
    (fun x ->
        1.0507009873554804934193349852946
        * (max 0.0 x + min 0.0 (1.6732632423543772848170429916717 * (exp x - 1.0)))),
    [ 0.0, 1.0507009873554805 * 1.6732632423543773 ]
    Activation.GeluTanh,
    (fun x -> 0.5 * x * (1.0 + tanh (sqrt (2.0 / System.Math.PI) * (x + 0.044715 * x * x * x)))),
    []
    Activation.Silu, (fun x -> x * sigma x), []
    Activation.Mish, (fun x -> x * tanh (softplusOf x)), []
    Activation.Softplus, softplusOf, []
    Activation.SoftplusBy 3.0, (fun x -> softplusOf (3.0 * x) / 3.0), []
    Activation.Softsign, (fun x -> x / (1.0 + abs x)), []
    Activation.Softshrink 0.75,
    (fun x ->
        if x > 0.75 then x - 0.75
        elif x < -0.75 then x + 0.75
        else 0.0),
    [ 0.75, 0.0; -0.75, 0.0 ]
    Activation.Hardshrink 0.75, (fun x -> if abs x > 0.75 then x else 0.0), [ 0.75, 0.0; -0.75, 0.0 ]
    Activation.Tanhshrink, (fun x -> x - tanh x), []
    Activation.Tanh, tanh, []
    Activation.Hardtanh(-2.0, 1.5), (fun x -> min (max x -2.0) 1.5), [ -2.0, 0.0; 1.5, 0.0 ]
    Activation.Sigmoid, sigma, []
    Activation.Hardsigmoid,
    (fun x ->
        if x <= -3.0 then 0.0
        elif x >= 3.0 then 1.0
        else x / 6.0 + 0.5),
    [ -3.0, 0.0; 3.0, 0.0 ]
    Activation.Hardswish,
    (fun x ->
        if x <= -3.0 then 0.0
        elif x >= 3.0 then x
        else x * (x + 3.0) / 6.0),
    [ -3.0, 0.0; 3.0, 1.0 ]
    Activation.LogSigmoid, (fun x -> log (sigma x)), []
    Activation.Threshold(0.5, -4.0), (fun x -> if x > 0.5 then x else -4.0), [ 0.5, 0.0 ]
]

/// Away from the kinks.
let private places = [ -7.3; -2.6; -1.1; -0.4; 0.3; 0.9; 2.2; 4.1; 7.7 ]

let private slopeAt (activation: Activation) (x: float) =
    float (grad (fun x -> activation.Apply x) (tensor x))

let private elementwise =
    testList "elementwise" [
        for activation, formula, kinks in table do
            testCase $"{activation}" (fun () ->
                close 1e-12 (List.map formula places) (activation.Apply(tensor places))
                close 1e-12 (List.map formula places) (compile activation.Apply (tensor places))

                for x in places do
                    let h = 1e-5
                    let difference = (formula (x + h) - formula (x - h)) / (2.0 * h)
                    closeNumbers 1e-7 [ difference ] [ slopeAt activation x ]

                for x, slope in kinks do
                    closeNumbers 1e-12 [ slope ] [ slopeAt activation x ])

            testCase $"{activation}: NaN stays, and huge numbers bring none" (fun () ->
                Expect.isTrue (System.Double.IsNaN(float (activation.Apply(tensor nan)))) "NaN"

                for dtype in floats do
                    for x in [ -1e4; 1e4; -60.0; 60.0; 0.0 ] do
                        let x = (tensor x).Convert dtype
                        let y, slope = valueAndGrad activation.Apply x

                        Expect.isFalse
                            (System.Double.IsNaN(float (y.Convert DType.Float64)))
                            $"{dtype} {x}: {y}"

                        Expect.isFalse
                            (System.Double.IsNaN(float (slope.Convert DType.Float64)))
                            $"{dtype} {x}: slope {slope}"

                        Expect.equal y.DType dtype "dtype"
                        let second = grad (fun x -> grad activation.Apply x) x

                        Expect.isFalse
                            (System.Double.IsNaN(float (second.Convert DType.Float64)))
                            $"{dtype} {x}: second {second}")
    ]

let private alongAxes =
    testList "along an axis" [
        testCase "softmax, logSoftmax and softmin" (fun () ->
            let x = [ 0.3; -1.0; 2.0 ]
            let total = x |> List.sumBy exp
            close 1e-14 [ for x in x -> exp x / total ] (Activation.Softmax(-1).Apply(tensor x))
            close 1e-14 [ for x in x -> x - log total ] (Activation.LogSoftmax(0).Apply(tensor x))
            let totalMinus = x |> List.sumBy (fun x -> exp -x)
            close 1e-14 [ for x in x -> exp -x / totalMinus ] (Activation.Softmin(-1).Apply(tensor x)))

        testCase "glu halves its axis" (fun () ->
            let x = tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ]; [ 0.5; -1.0 ]; [ 2.0; 0.0 ] ]
            close 1e-14 [ sigma 0.5; 2.0 * sigma -1.0; 3.0 * sigma 2.0; 4.0 * sigma 0.0 ] (glu 0 x)

            close
                1e-14
                [ sigma 2.0; 3.0 * sigma 4.0; 0.5 * sigma -1.0; 2.0 * sigma 0.0 ]
                (Activation.Glu(-1).Apply x)

            throws<ShapeException, _> [ "glu"; "axis 0"; "(3,)" ] (fun () ->
                glu 0 (tensor [ 1.0; 2.0; 3.0 ]))

            throws<AxisException, _> [ "glu" ] (fun () -> glu 2 x))
    ]

let private slopes =
    testList "slopes" [
        testCase "prelu: one slope, or one for each channel; both get gradients" (fun () ->
            let x = tensor [ [ -2.0; 3.0 ]; [ -4.0; -1.0 ]; [ 5.0; 0.0 ] ]
            let layer = Prelu.init { Prelu.defaults with Channels = 2; DType = DType.Float64; Slope = 0.5 }
            let layer = { layer with Weight = tensor [ 0.5; 0.1 ] }
            close 1e-14 [ -1.0; 3.0; -2.0; -0.1; 5.0; 0.0 ] (Prelu.forward layer x)
            // Σ of the negative inputs of each channel.
            close 1e-14 [ -6.0; -1.0 ] (grad (fun l -> sum (Prelu.forward l x)) layer).Weight
            let one = Prelu.init { Prelu.defaults with DType = DType.Float64 }
            close 1e-14 [ -0.5; 3.0; -1.0; -0.25; 5.0; 0.0 ] (Prelu.forward one x)

            let images = tensor [ [ [ -1.0; -2.0; -3.0 ]; [ -4.0; 5.0; -6.0 ] ] ]
            close 1e-14 [ -0.5; -1.0; -1.5; -0.4; 5.0; -0.6 ] (Prelu.forward { layer with Axis = -2 } images)

            throws<ShapeException, _> [ "Prelu.forward"; "(1, 2, 3)"; "axis 2"; "2 channels" ] (fun () ->
                Prelu.forward layer images)

            throws<ValueException, _> [ "Prelu.init"; "0 channels" ] (fun () -> Prelu.create 0))

        testCase "rrelu: the mean slope while predicting, draws within the bounds while training" (fun () ->
            let layer = Rrelu.create 0.1 0.3
            let x = tensor [ for i in 1..2000 -> if i % 2 = 0 then -1.0 else 2.0 ]
            close 1e-14 [ for i in 1..2000 -> if i % 2 = 0 then -0.2 else 2.0 ] (Rrelu.forward layer x)
            let ys = numbers (Rrelu.train layer (Key.create 3L) x)
            let drawn = ys |> Array.filter (fun y -> y < 0.0)
            Expect.equal drawn.Length 1000 "negative"
            Expect.isTrue (drawn |> Array.forall (fun y -> y >= -0.3 && y <= -0.1)) "bounds"
            closeNumbers 0.01 [ -0.2 ] [ Array.average drawn ]
            Expect.isGreaterThan (Array.max drawn - Array.min drawn) 0.19 "spread"
            Expect.notEqual ys (numbers (Rrelu.train layer (Key.create 4L) x)) "another key"
            throws<ValueException, _> [ "Rrelu.create" ] (fun () -> Rrelu.create 0.3 0.1))
    ]

let private refusals =
    testList "bad input" [
        testCase "integers" (fun () ->
            for activation, _, _ in table do
                // The identity and max(x, 0) are fine with integers.
                if activation <> Activation.Identity && activation <> Activation.Relu then
                    throws<DTypeException, _> [ string DType.Int32 ] (fun () ->
                        activation.Apply(tensor [ 1; 2 ])))

        testCase "limits" (fun () ->
            throws<ValueException, _> [ "softshrink"; "-1" ] (fun () -> softshrink -1.0 (tensor 1.0))
            throws<ValueException, _> [ "hardshrink" ] (fun () -> hardshrink -1.0 (tensor 1.0))
            throws<ValueException, _> [ "hardtanh"; "2"; "1" ] (fun () -> hardtanh 2.0 1.0 (tensor 1.0))
            throws<ValueException, _> [ "celu" ] (fun () -> celu 0.0 (tensor 1.0))
            throws<ValueException, _> [ "softplusBy" ] (fun () -> softplusBy 0.0 (tensor 1.0)))
    ]

[<Tests>]
let tests = testList "Activation" [ elementwise; alongAxes; slopes; refusals ]
