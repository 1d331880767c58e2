/// Positions: sinusoidal, learned, rotary; and masks of steps.
module Cotangent.Tests.PositionTests

open System
open System.Numerics
open Expecto
open Cotangent
open Cotangent.Tests.Support

let private sinusoidal =
    tests "sinusoidal" [
        "the formula of Vaswani et al.",
        fun () ->
            let expected =
                build DType.Float64 [ 7; 6 ] (fun index ->
                    let p, j = float index[0], index[1]
                    let angle = p / Math.Pow(10000.0, float (2 * (j / 2)) / 6.0)
                    if j % 2 = 0 then sin angle else cos angle)

            let p = Tensor.arange DType.Int32 7
            Checks.near expected (Positions.sinusoidal DType.Float64 6 p) "table"

            Checks.within
                1e-6
                (expected.Convert DType.Float32)
                (Positions.sinusoidal DType.Float32 6 p)
                "Float32"

            Checks.near expected (compile (Positions.sinusoidal DType.Float64 6) p) "compiled"
            Checks.near (expected[3]) (Positions.sinusoidal DType.Float64 6 (tensor 3.0)) "one"
            hasShape [ 2; 3; 6 ] (Positions.sinusoidal DType.Float64 6 (Tensor.zeros DType.Int64 [ 2; 3 ]))
        "far positions keep their digits in Float32",
        fun () ->
            let far = Positions.sinusoidal DType.Float32 2 (tensor 1_000_003)
            close 1e-6 [ sin 1000003.0; cos 1000003.0 ] far
        "bad input",
        fun () ->
            throws<ShapeException, _> [ "Positions.sinusoidal"; "width of 5"; "even" ] (fun () ->
                Positions.sinusoidal DType.Float32 5 (tensor [ 0 ]))

            throws<DTypeException, _> [ "Positions.sinusoidal"; "Int32" ] (fun () ->
                Positions.sinusoidal DType.Int32 4 (tensor [ 0 ]))

            throws<DTypeException, _> [ "Positions.sinusoidal"; "Bool" ] (fun () ->
                Positions.sinusoidal DType.Float32 4 (tensor [ true ]))
    ]

let private learned =
    let layer: LearnedPositions = { Weight = tensor [ [ 10.0; 1.0 ]; [ 20.0; 2.0 ]; [ 30.0; 3.0 ] ] }
    let x = Tensor.zeros DType.Float64 [ 2; 2; 2 ]

    tests "learned" [
        "are added in order, or where positions say",
        fun () ->
            equals
                [ [ [ 10.0; 1.0 ]; [ 20.0; 2.0 ] ]; [ [ 10.0; 1.0 ]; [ 20.0; 2.0 ] ] ]
                (LearnedPositions.forward layer x)

            equals [ [ 30.0; 3.0 ]; [ 10.0; 1.0 ] ] (layer.At(x, tensor [ 2; 0 ])[1])
            equals [ [ 20.0; 2.0 ]; [ 20.0; 2.0 ] ] (layer.At(x, tensor [ [ 0; 0 ]; [ 1; 1 ] ])[1])
            equals [ [ 10.0; 1.0 ] ] (layer.Forward(x[0, 0..0]))
        "options are honoured",
        fun () ->
            let made = LearnedPositions.init { Weight = Init.ones; DType = DType.Float64 } 2 3 (Key.create 0L)
            equals (Tensor.ones DType.Float64 [ 2; 3 ]) made.Weight
            let drawn = (LearnedPositions.create 100 100 (Key.create 0L)).Weight
            Expect.floatClose { absolute = 0.001; relative = 0.0 } (float (drawn.Std())) 0.02 "deviation"
        "bad input",
        fun () ->
            throws<ShapeException, _> [ "LearnedPositions.forward"; "4 steps"; "3 positions" ] (fun () ->
                layer.Forward(Tensor.zeros DType.Float64 [ 4; 2 ]))

            throws<ShapeException, _> [ "LearnedPositions.forward"; "(2,)"; "(…, steps, width)" ] (fun () ->
                layer.Forward(tensor [ 1.0; 2.0 ]))

            throws<ShapeException, _> [ "LearnedPositions.forward"; "(2, 3)" ] (fun () ->
                layer.Forward(Tensor.zeros DType.Float64 [ 2; 3 ]))

            throws<IndexException, _> [ "LearnedPositions.at"; "position 3" ] (fun () ->
                layer.At(x, tensor [ 0; 3 ]))

            throws<IndexException, _> [ "LearnedPositions.at"; "position -1" ] (fun () ->
                layer.At(x, tensor [ 0; -1 ]))

            throws<ShapeException, _> [ "LearnedPositions.at"; "(3,)" ] (fun () ->
                layer.At(x, tensor [ 0; 1; 2 ]))
    ]

/// By multiplication of complex numbers, as Su et al. derive it.
let private rotated (rotary: Rotary) (positions: int[]) (x: Tensor) : Tensor =
    let at = reader x
    let shape = List.ofArray x.Shape
    let width = List.last shape
    let half = width / 2

    build DType.Float64 shape (fun index ->
        let before = List.take (index.Length - 1) index
        let step, j = List.last before, List.last index

        let pair, isImaginary, first, second =
            match rotary.Pairing with
            | RotaryPairing.Neighbours -> j / 2, j % 2 = 1, 2 * (j / 2), 2 * (j / 2) + 1
            | RotaryPairing.Halves -> j % half, j >= half, j % half, j % half + half

        let angle = float positions[step] * Math.Pow(rotary.Base, -2.0 * float pair / float width)

        let point =
            Complex(at (before @ [ first ]), at (before @ [ second ]))
            * Complex.FromPolarCoordinates(1.0, angle)

        if isImaginary then point.Imaginary else point.Real)

let private rotary =
    let x = GradientCheck.normal 1 [ 2; 5; 6 ]

    tests "rotary" [
        for name, rotary in
            [
                "neighbours", Rotary.neighbours
                "halves", Rotary.halves
                "another base", { Rotary.halves with Base = 500.0 }
            ] do
            name,
            fun () ->
                Checks.near (rotated rotary [| 0..4 |] x) (Rotary.forward rotary x) "in order"

                Checks.near
                    (rotated rotary [| 7; 2; 9; 0; 100 |] x)
                    (rotary.Rotate(x, tensor [ 7; 2; 9; 0; 100 ]))
                    "positions"

                Checks.near (Rotary.forward rotary x) (compile (Rotary.forward rotary) x) "compiled"
                Checks.near (Rotary.forward rotary x) (vmap (Rotary.forward rotary) x) "batched"
        "products depend on the distance alone",
        fun () ->
            let q, k = GradientCheck.normal 2 [ 1; 8 ], GradientCheck.normal 3 [ 1; 8 ]

            for rotary in [ Rotary.neighbours; Rotary.halves ] do
                let product p r =
                    float (sum (rotary.Rotate(q, tensor [ p ]) * rotary.Rotate(k, tensor [ r ])))

                Expect.floatClose Accuracy.high (product 3 1) (product 103 101) "shifted"
                Expect.isGreaterThan (abs (product 3 1 - product 3 2)) 1e-3 "another distance"
        "narrow dtypes are rotated in Float32",
        fun () ->
            let narrow = Rotary.halves.Forward(x.Convert DType.BFloat16)
            Expect.equal narrow.DType DType.BFloat16 "dtype"
            let wide = Rotary.halves.Forward((x.Convert DType.BFloat16).Convert DType.Float64)
            Checks.within 0.01 (wide.Convert DType.BFloat16) narrow "numbers"
        "bad input",
        fun () ->
            throws<ShapeException, _> [ "Rotary.rotate"; "width of 3" ] (fun () ->
                Rotary.halves.Forward(Tensor.zeros DType.Float32 [ 2; 3 ]))

            throws<ShapeException, _> [ "Rotary.rotate"; "(3,)"; "(2, 5)" ] (fun () ->
                Rotary.halves.Rotate(x, tensor [ 1; 2; 3 ]))

            throws<DTypeException, _> [ "Rotary.forward"; "Int32" ] (fun () ->
                Rotary.halves.Forward(Tensor.zeros DType.Int32 [ 2; 4 ]))
    ]

let private masks =
    tests "masks" [
        "of lengths",
        fun () ->
            equals
                [ [ false; false; false ]; [ true; true; false ]; [ true; true; true ] ]
                (Mask.ofLengths 3 (tensor [ 0L; 2L; 3L ]))

            equals [ true; false ] (Mask.ofLengths 2 (tensor 1))
            hasShape [ 2; 1; 3 ] (Mask.forQueries (Mask.ofLengths 3 (tensor [ 1; 2 ])))
        "bad input",
        fun () ->
            throws<DTypeException, _> [ "Mask.ofLengths"; "Float64" ] (fun () ->
                Mask.ofLengths 3 (tensor [ 1.0 ]))

            throws<DTypeException, _> [ "Mask.forQueries"; "Int32" ] (fun () ->
                Mask.forQueries (tensor [ 1 ]))
    ]

[<Tests>]
let all = testList "Positions" [ sinusoidal; learned; rotary; masks ]
