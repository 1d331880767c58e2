/// Losses against their formulas in Float64.
module Cotangent.Tests.LossTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

/// The guard keeps p and 1 - p away from 0, also where 1 - guard rounds to 1, or guard to 0.
let private guards =
    testList "binaryCrossEntropy with a guard" [
        for dtype in floats do
            for guard in [ 1e-3; 1e-7; 1e-8; 1e-12; 1e-20; 1e-30 ] do
                testCase $"{dtype}, {guard}" (fun () ->
                    for p, t in [ 0.0, 0.0; 1.0, 1.0; 0.0, 1.0; 1.0, 0.0; 0.5, 1.0; 0.75, 0.25 ] do
                        let within x = x |> max guard |> min (1.0 - guard)
                        let expected = -(t * log (within p) + (1.0 - t) * log (within (1.0 - p)))
                        let target = (tensor [ t ]).Convert dtype

                        for run in [ id; compile ] do
                            let loss = run (fun (p: Tensor) -> Loss.binaryCrossEntropy guard target p)
                            closeNumbers 0.008 [ expected ] (numbers (loss ((tensor [ p ]).Convert dtype))))

        testCase "the gradient at the border and beyond" (fun () ->
            let slope dtype t p =
                let loss p = Loss.binaryCrossEntropy 1e-8 ((tensor [ t ]).Convert dtype) p
                (numbers (grad loss ((tensor [ p ]).Convert dtype)))[0]

            for dtype in [ DType.Float32; DType.Float64 ] do
                closeNumbers 1e-6 [ -1e8; 1e8 ] [ slope dtype 1.0 0.0; slope dtype 0.0 1.0 ]
                closeNumbers 1e-6 [ -1.0; 1.0 ] [ slope dtype 1.0 1.0; slope dtype 0.0 0.0 ])
    ]

[<Tests>]
let tests = testList "Loss" [ guards ]
