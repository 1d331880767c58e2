/// Dropout of elements, channels and whole examples.
module Cotangent.Tests.DropoutTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private key = Key.create 3L
let private ones shape = Tensor.ones DType.Float64 shape

/// How many of the numbers are 0.
let private dropped (y: Tensor) = numbers y |> Array.filter ((=) 0.0) |> Array.length

let private kinds = [
    Dropped.Elements, [ 400; 50; 2; 1 ], 40000
    Dropped.Channels, [ 400; 50; 2; 3 ], 20000
    Dropped.Examples, [ 20000; 2; 3 ], 20000
]

[<Tests>]
let tests =
    testList "Dropout layers" [
        for kind, shape, parts in kinds do
            testCase $"{kind}: as often as the rate says, and the mean stays" (fun () ->
                let layer = Dropout.init kind 0.3
                let y = Dropout.train layer key (ones shape)
                let each = y.Size / parts
                // A binomial count within five deviations.
                let deviation = sqrt (float parts * 0.3 * 0.7)
                Expect.isTrue (abs (float (dropped y / each) - 0.3 * float parts) < 5.0 * deviation) "count"
                Expect.equal (dropped y % each) 0 "whole parts"

                for n in numbers y |> Array.distinct do
                    Expect.isTrue (n = 0.0 || abs (n - 1.0 / 0.7) < 1e-12) $"{n}")

        testCase "what is one part is dropped as one" (fun () ->
            let y = Dropout.train (Dropout.init Dropped.Channels 0.5) key (ones [ 10; 10; 3; 4 ])
            let sums = numbers (y.Sum [ 2; 3 ])
            Expect.sequenceEqual (Array.sort (Array.distinct sums)) [ 0.0; 24.0 ] "channels"
            let y = Dropout.train (Dropout.init Dropped.Examples 0.5) key (ones [ 20; 3; 4 ])

            Expect.sequenceEqual
                (Array.sort (Array.distinct (numbers (y.Sum [ 1; 2 ]))))
                [ 0.0; 24.0 ]
                "examples")

        testCase "nothing while predicting, nor at rate 0" (fun () ->
            let x = Random.normal key DType.Float64 [ 5; 4 ]
            equals x (Dropout.forward (Dropout.create 0.9) x)
            equals x ((Dropout.create 0.9 :> ILayer).Forward x)
            equals x (Dropout.train (Dropout.create 0.0) key x))

        testCase "the key says what is dropped" (fun () ->
            let layer = Dropout.create 0.5
            let a, b = Key.split key
            let x = ones [ 100 ]
            equals (Dropout.train layer a x) (Dropout.train layer a x)
            Expect.notEqual (Dropout.train layer a x) (Dropout.train layer b x) "another key"
            equals (Dropout.train layer a x) (compile (fun (key, x) -> Dropout.train layer key x) (a, x))
            let struct (y, next) = (layer :> ITrainingLayer).Train(x, a)
            equals (Dropout.train layer a x) y
            Expect.equal (next :?> Dropout) layer "the layer stays"
            // In a loop each round has its own key, and another mask.
            let _, rounds =
                scan (fun carry key -> carry, Dropout.train layer key x) (tensor 0.0) (Key.batch 3 key)

            Expect.notEqual rounds[0] rounds[1] "rounds"
            // Each example of a batch has its own mask as well.
            let y = vmap (fun (key, x) -> Dropout.train layer key x) (Key.batch 3 key, ones [ 3; 100 ])
            Expect.notEqual y[0] y[1] "examples")

        testCase "the derivative is the mask; what is dropped may be infinite" (fun () ->
            let layer = Dropout.create 0.5
            let x = Random.normal key DType.Float64 [ 50 ] + 3.0

            equals
                (Dropout.train layer key (ones [ 50 ]))
                (grad (fun x -> sum (Dropout.train layer key x)) x)

            let y = Dropout.train layer key (Tensor.full DType.Float64 [ 50 ] infinity)
            Expect.equal (dropped y) (dropped (Dropout.train layer key x)) "zeros")

        testCase "dtypes stay" (fun () ->
            for dtype in floats do
                Expect.equal
                    (Dropout.train (Dropout.create 0.5) key (Tensor.ones dtype [ 8 ])).DType
                    dtype
                    "dtype")

        testCase "bad input" (fun () ->
            for rate in [ -0.1; 1.0; 1.5; nan ] do
                throws<ValueException, _> [ "Dropout.init"; "rate" ] (fun () -> Dropout.create rate)

                throws<ValueException, _> [ "Dropout.train"; "rate" ] (fun () ->
                    Dropout.train { Rate = rate; Dropped = Dropped.Elements } key (ones [ 3 ]))

            throws<ShapeException, _> [ "Dropout.train"; "(5, 4)"; "channels" ] (fun () ->
                Dropout.train (Dropout.init Dropped.Channels 0.5) key (ones [ 5; 4 ]))

            throws<ShapeException, _> [ "Dropout.train"; "(5,)"; "examples" ] (fun () ->
                Dropout.train (Dropout.init Dropped.Examples 0.5) key (ones [ 5 ]))

            throws<DTypeException, _> [ "Dropout.train"; "Int32" ] (fun () ->
                Dropout.train (Dropout.create 0.5) key (tensor [ 1; 2 ])))
    ]
