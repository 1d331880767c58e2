/// What programs make of their constants once: panels of products' right factors, and of convolutions' kernels.
module Cotangent.Tests.ConstantPackingTests

open System.Threading.Tasks
open Expecto
open Cotangent
open Cotangent.Tests.Dice
open Cotangent.Tests.Checks

let private random seed (shape: int list) : Tensor =
    Random.uniform (Key.create seed) DType.Float64 shape - 0.5

/// The sums of products of matrices in plain loops.
let private product (a: Tensor) (b: Tensor) : Tensor =
    let m, k, n = a.Shape[0], a.Shape[1], b.Shape[1]
    let xs, ys = a.ToData<float[,]>(), b.ToData<float[,]>()

    Tensor.ofArray [ m; n ] [|
        for i in 0 .. m - 1 do
            for j in 0 .. n - 1 do
                let mutable sum = 0.0

                for l in 0 .. k - 1 do
                    sum <- sum + xs[i, l] * ys[l, j]

                sum
    |]

/// Rows, what is summed over, columns: whole tiles and panels, and what reaches over the edge of each.
let private sizes = [
    8, 32, 48
    32, 384, 96
    4, 17, 16
    7, 100, 50
    9, 385, 33
    13, 800, 49
    130, 40, 47
    300, 64, 100
    // Too few rows, and too few columns.
    3, 64, 64
    64, 64, 7
]

let private tolerance (dtype: DType) = if dtype = DType.Float64 then 1e-13 else 2e-6

let private products =
    testList "products" [
        for m, k, n in sizes do
            for dtype in [ DType.Float32; DType.Float64 ] do
                test $"{dtype}: {m} by {k} by {n}" {
                    let weights = (random 1L [ k; n ]).Convert dtype
                    let times = compile (fun (x: Tensor) -> matmul x weights)

                    // A second call reads what the first one has packed.
                    for seed in 2L .. 3L do
                        let x = (random seed [ m; k ]).Convert dtype
                        let expected = product (x.Convert DType.Float64) (weights.Convert DType.Float64)
                        within (tolerance dtype) expected ((times x).Convert DType.Float64) $"call {seed}"
                }

        test "views as constants" {
            let whole = random 4L [ 90; 80 ]
            let x = random 5L [ 20; 60 ]
            let part = whole[10..69, 5..60]
            within 1e-13 (product x part) (compile (fun x -> matmul x part) x) "a part"
            let turned = whole[0..59, 0..59].Transpose()
            within 1e-13 (product x turned) (compile (fun x -> matmul x turned) x) "a transpose"
            let backwards = (whole[0..59, 0..49]).Flip(0, 1)
            within 1e-13 (product x backwards) (compile (fun x -> matmul x backwards) x) "backwards"
        }

        test "batches and derivatives" {
            let weights = random 6L [ 30; 40 ]
            let x = random 7L [ 5; 12; 30 ]
            let times (x: Tensor) = matmul x weights
            let expected = product (x.Reshape [ 60; 30 ]) weights
            within 1e-13 (expected.Reshape [ 5; 12; 40 ]) (compile times x) "a batch"
            let loss (x: Tensor) = sum (times x * times x)
            let gradient = 2.0 * product expected (weights.Transpose())
            within 1e-12 (gradient.Reshape [ 5; 12; 30 ]) (compile (grad loss) x) "the gradient"
        }

        test "programs share what they pack, and a broadcast is not packed" {
            let weights = random 9L [ 40; 64 ]

            let first, second =
                compile (fun (x: Tensor) -> matmul x weights), compile (fun (x: Tensor) -> matmul x weights)

            for rows in [ 8; 20 ] do
                let x = random 3L [ rows; 40 ]
                within 1e-13 (product x weights) (first x) $"{rows} rows"
                same (first x) (second x) $"{rows} rows, by another program"

            let ones = Tensor.ones DType.Float64 [ 40; 64 ]
            let x = random 4L [ 10; 40 ]
            within 1e-13 (product x ones) (compile (fun (x: Tensor) -> matmul x ones) x) "ones"
        }

        test "threads that call at the same time" {
            let weights = random 8L [ 64; 64 ]
            let times = compile (fun (x: Tensor) -> matmul x weights)
            let xs = [| for seed in 10L .. 25L -> random seed [ 16; 64 ] |]
            let found = Array.zeroCreate<Tensor> xs.Length
            Parallel.For(0, xs.Length, (fun i -> found[i] <- times xs[i])) |> ignore

            for x, y in Array.zip xs found do
                within 1e-13 (product x weights) y "a thread's"
        }
    ]

/// Channels, outputs, size, kernel, stride: by tiles of both sizes and by sums of products; groups.
let private kernels = [
    24, 32, 14, 3, 1, 1
    300, 24, 7, 3, 1, 1
    32, 32, 7, 3, 1, 1
    3, 16, 20, 5, 2, 1
    16, 16, 9, 1, 1, 1
    32, 48, 13, 3, 1, 2
]

let private convolutions =
    testList "convolutions" [
        for channels, outputs, size, kernel, stride, groups in kernels do
            test $"{channels} to {outputs} channels, {kernel} by {kernel} of {size}, in {groups} groups" {
                let weights = random 1L [ outputs; channels / groups; kernel; kernel ]
                let single = weights.Convert DType.Float32
                let window = { Window.stride stride with Padding = Padding.Around(kernel / 2) }
                let convolve (w: Tensor) (x: Tensor) = convolveGroups groups window w x
                let compiled = compile (convolve single)
                let transposed (w: Tensor) (y: Tensor) = convolveTransposed window w y
                let turned = compile (transposed single)

                for seed in 2L .. 3L do
                    let x = (random seed [ 2; channels; size; size ]).Convert DType.Float32
                    // Of the engine in Float64, which goes by sums of products, and is tested against loops.
                    let expected = convolve (single.Convert DType.Float64) (x.Convert DType.Float64)
                    within 4e-6 expected ((compiled x).Convert DType.Float64) $"call {seed}"

                    if groups = 1 then
                        let y = (random seed [ 2; outputs; size; size ]).Convert DType.Float32
                        let expected = transposed (single.Convert DType.Float64) (y.Convert DType.Float64)
                        within 4e-6 expected ((turned y).Convert DType.Float64) $"transposed, call {seed}"
            }
    ]

[<Tests>]
let all = testList "Constants that programs pack" [ products; convolutions ]
