/// Sums of two million numbers in Float32, however they come about, against Float64.
module Cotangent.Tests.LongSumTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private n = 2_000_000

/// Numbers whose roundings don't cancel: all the same, and uniform ones.
let private inputs = [
    "0.1", lazy (Tensor.full DType.Float32 [ n ] 0.1 + Tensor.zeros DType.Float32 [ n ])
    "uniform", lazy (Random.uniform (Key.create 5L) DType.Float32 [ n ])
]

/// The largest relative error.
let private error (expected: Tensor) (found: Tensor) =
    let e, f = expected.Convert DType.Float64, found.Convert DType.Float64
    float ((abs ((f - e) / e)).Max())

let private plain: (string * (Tensor -> Tensor)) list =
    let ones (x: Tensor) = Tensor.onesLike x
    let first k (x: Tensor) = x[0 .. k - 1]
    let counting (x: Tensor) = Bind.create (Primitive.Iota(DType.Int32, x.Dims[0])) x.Device

    [
        "sum", sum
        "dot", (fun x -> dot x (ones x + 0.0))
        "dot of a broadcast tensor", (fun x -> dot x (Tensor.full x.DType [ x.Size ] 1.0))
        "dot with gaps", (fun x -> dot ((x.Reshape [ n / 2; 2 ])[*, 0]) (ones (first (n / 2) x)))
        "matrix times vector", (fun x -> matmul (x.Reshape [ 2; n / 2 ]) (ones (first (n / 2) x)))
        "vector times matrix", (fun x -> matmul (ones (first (n / 4) x)) (x.Reshape [ n / 4; 4 ]))
        "vector times a wide matrix", (fun x -> matmul (ones (first (n / 40) x)) (x.Reshape [ n / 40; 40 ]))
        "matrices, long",
        (fun x ->
            let a = x.Reshape [ 8; n / 8 ]
            matmul a (ones a).T)
        "matrices, long and large",
        (fun x ->
            let a = x.Reshape [ 100; n / 100 ]
            matmul a (ones a).T)
        "running sum", (fun x -> x.CumulativeSum 0)
        "running sum from the end", (fun x -> x.CumulativeSum(0, reverse = true))
        "running sum of rows", (fun x -> (x.Reshape [ n / 4; 4 ]).CumulativeSum 0)
        "scatter-add",
        (fun x ->
            let places = counting x % 3
            first 3 ((Tensor.zeros x.DType [ 4 ]).At[places].Add x))
        "scatter-add of rows",
        (fun x ->
            let rows = x.Reshape [ n / 5; 5 ]
            let places = counting rows % 3
            first 3 ((Tensor.zeros x.DType [ 4; 5 ]).At[places].Add rows))
        "a convolution with a long kernel",
        (fun x ->
            let kernel = (first (n / 10) x).Reshape [ 1; 1; n / 10 ]
            convolve Window.plain kernel (ones ((first (n / 10 + 1) x).Unsqueeze 0)))
        "a convolution of many channels",
        (fun x ->
            let channels = n / 100
            let kernel = (first (4 * channels) x).Reshape [ 4; channels; 1 ]
            convolve Window.plain kernel (ones ((first (2 * channels) x).Reshape [ channels; 2 ])))
        "the gradient of a kernel",
        (fun x ->
            let loss kernel = sum (convolve Window.plain kernel (x.Unsqueeze 0))
            grad loss (ones ((first 3 x).Reshape [ 1; 1; 3 ])))
        "average pooling", (fun x -> averagePool [ n / 10 ] (Window.stride (n / 10)) (x.Unsqueeze 0))
    ]

/// The largest relative error of a function on the inputs, eager and compiled.
let private worst (f: Tensor -> Tensor) = [
    for name, x in inputs do
        let x = x.Force()
        let exact = f (x.Convert DType.Float64)
        $"{name}", error exact (f x)
        $"{name}, compiled", error exact (compile f x)
]

[<Tests>]
let tests =
    testSequenced (
        testList "Long sums" [
            for name, f in plain do
                testCase name (fun () ->
                    for input, e in worst f do
                        if not (e < 5e-6) then failtest $"{input}: relative error {e}")
        ]
    )
