/// Averages of weights, without anything of where they began.
module Cotangent.Tests.AverageTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private points = [ 3.0; -1.0; 4.0; 1.0; -5.0 ]

let private after update (dtype: DType) =
    let tensors = [ for x in points -> (tensor [ x; 10.0 * x ]).Convert dtype ]
    List.fold (fun average x -> update x average) (WeightAverage.start tensors.Head) tensors

[<Tests>]
let tests =
    tests "Weight averages" [
        "exponential: weights that fall, divided by their sum",
        (fun () ->
            let weights = [ for i in 4..-1..0 -> 0.3 * 0.7 ** float i ]
            let expected = List.sum (List.map2 (*) weights points) / List.sum weights
            let average = after (WeightAverage.exponential 0.7) DType.Float64
            close 1e-12 [ expected; 10.0 * expected ] average.Mean
            equals 5 average.Count)
        "uniform",
        (fun () ->
            let expected = List.average points
            close 1e-12 [ expected; 10.0 * expected ] (after WeightAverage.uniform DType.Float64).Mean)
        "what it starts from is not in it",
        (fun () ->
            let x = tensor [ 5.0; 7.0 ]

            let start =
                WeightAverage.start (
                    tensor [ 1e6; nan ] |> fun t -> where (t.IsFinite()) t (Tensor.zerosLike t)
                )

            equals x (start |> WeightAverage.exponential 0.99 x).Mean
            equals x (start |> WeightAverage.uniform x).Mean)
        "of 16 bits it is kept in Float32",
        (fun () ->
            let x = (tensor [ 256.0 ]).Convert DType.BFloat16
            let y = (tensor [ 258.0 ]).Convert DType.BFloat16
            let average = WeightAverage.start x |> WeightAverage.uniform x |> WeightAverage.uniform y
            Expect.equal average.Mean.DType DType.Float32 "dtype"
            close 1e-7 [ 257.0 ] average.Mean)
        "compiled, in a loop",
        (fun () ->
            let once (x: Tensor, a) =
                let x = 0.9 * x
                x, WeightAverage.exponential 0.8 x a

            let start = tensor [ 1.0 ], WeightAverage.start (tensor [ 1.0 ])

            close
                1e-12
                (numbers (snd (iterate 20 once start)).Mean)
                (snd (compile (iterate 20 once) start)).Mean)
        "refused",
        (fun () ->
            let x = tensor [ 1.0 ]

            throws<ValueException, _> [ "WeightAverage.exponential"; "1.5" ] (fun () ->
                WeightAverage.exponential 1.5 x (WeightAverage.start x))

            throws<ShapeException, _> [ "WeightAverage.uniform"; "(2,)" ] (fun () ->
                WeightAverage.uniform (tensor [ 1.0; 2.0 ]) (WeightAverage.start x)))
    ]
