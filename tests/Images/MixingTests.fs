/// Pictures and labels mixed with those of others, by shares drawn from Beta.
module Cotangent.Images.Tests.MixingTests

open System
open Expecto
open Cotangent
open Cotangent.Images
open Cotangent.Images.Tests.Support

/// The largest distance between how many of the numbers are below each, and a distribution.
let private kolmogorov (distribution: float -> float) (numbers: float[]) =
    let sorted = Array.sort numbers
    let n = float sorted.Length

    sorted
    |> Array.mapi (fun i x ->
        max (abs (float i / n - distribution x)) (abs (float (i + 1) / n - distribution x)))
    |> Array.max

[<Tests>]
let tests =
    testList "Mixing" [
        test "mixed pictures and mixed labels tell the same" {
            // Every pixel of picture i is i: the mean of a mixed one is what its label says.
            let n = 64

            let x =
                (Tensor.arange DType.Float32 n).Reshape [ n; 1; 1; 1 ]
                + Tensor.zeros DType.Float32 [ n; 1; 20; 20 ]

            let y = Tensor.oneHot DType.Float32 n (Tensor.arange DType.Int32 n)

            for mix in [ ImageBatch.mixup 0.4; ImageBatch.cutmix 1.0 ] do
                let mixed, labels = mix (Key.create 6L) (x, y)
                expectNear 1e-5 (labels.Sum 1) (Tensor.ones DType.Float32 [ n ])
                expectNear 2e-4 (mixed.Mean [ 1; 2; 3 ]) (matmul labels (Tensor.arange DType.Float32 n))
                let strongest = labels.Max 1
                Expect.isGreaterThan (float (strongest.Max() - strongest.Min())) 0.2 "each in its own way"

                throws<ShapeException, _>
                    (fun () -> mix (Key.create 6L) (x, Tensor.arange DType.Int32 n))
                    "Tensor.oneHot"

            let cut, _ = ImageBatch.cutmix 1.0 (Key.create 6L) (x, y)
            let data = cut.ToData<float32[,,,]>()

            for i in 0 .. n - 1 do
                let levels =
                    List.distinct [
                        for r in 0..19 do
                            for c in 0..19 -> data[i, 0, r, c]
                    ]

                Expect.isLessThanOrEqual levels.Length 2 "pixels are not mixed"
        }

        test "shares are drawn from Beta" {
            let numbers alpha =
                (BetaDraws.symmetric alpha 100000 (Key.create 8L)).ToData<float32[]>() |> Array.map float
            // The 0.1 % bound of Kolmogorov and Smirnov.
            let bound = 1.95 / sqrt 100000.0
            Expect.isLessThan (kolmogorov id (numbers 1.0)) bound "1: uniform"
            Expect.isLessThan (kolmogorov (fun x -> x * x * (3.0 - 2.0 * x)) (numbers 2.0)) bound "2"

            Expect.isLessThan
                (kolmogorov (fun x -> 2.0 / Math.PI * asin (sqrt x)) (numbers 0.5))
                bound
                "1/2: arcsine"

            for alpha in [ 0.01; 0.2; 10.0 ] do
                let numbers = numbers alpha
                Expect.isTrue (numbers |> Array.forall (fun x -> x >= 0.0 && x <= 1.0)) "in range"
                let variance = numbers |> Array.averageBy (fun x -> (x - 0.5) ** 2.0)
                let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0))
                Expect.isLessThan (abs (variance / expected - 1.0)) 0.05 $"variance for {alpha}"
        }
    ]
