/// Bijections, and distributions made of others.
module Cotangent.Distributions.Tests.CombinatorTests

open System
open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Distributions.Tests.Support

let private numberBijections = [
    "affine", Bijections.Affine(tensor 1.0, tensor -2.0)
    "exp", Bijections.Exp
    "softplus", Bijections.Softplus
    "sigmoid", Bijections.Sigmoid
    "tanh", Bijections.Tanh
    "chain", Bijections.Chain(Bijections.Affine(tensor 0.5, tensor 2.0), Bijections.Softplus, Bijections.Exp)
]

[<Tests>]
let bijections =
    testList "Bijections" [
        for name, b in numberBijections do
            test name {
                let x = tensor [ -3.0; -0.5; 0.0; 0.7; 2.0 ]
                let y = b.Forward x
                allNear 1e-9 (b.Inverse y) x "there and back"
                let slopes = log (abs ((jacobian b.Forward x).Diagonal()))
                allNear 1e-9 (b.LogJacobian x) slopes "logarithm of the slope"
                Expect.isFalse ((b.IsOutside y).Any().ToData<bool>()) "values are values"
            }
        test "the logarithms of slopes hold far out" {
            near 1e-12 (float (Bijections.Tanh.LogJacobian(tensor 50.0))) (2.0 * log 2.0 - 100.0) "tanh"
            near 1e-12 (float (Bijections.Tanh.LogJacobian(tensor -50.0))) (2.0 * log 2.0 - 100.0) "tanh"
            near 1e-12 (float (Bijections.Sigmoid.LogJacobian(tensor -800.0))) -800.0 "sigmoid"
            near 1e-12 (float (Bijections.Softplus.Inverse(tensor 800.0))) 800.0 "softplus"

            near
                1e-12
                (float (Bijections.Softplus.Inverse(Bijections.Softplus.Forward(tensor -30.0))))
                -30.0
                "softplus"
        }
        test "simplex" {
            let b, x = Bijections.Simplex, tensor [ 0.3; -1.0; 2.0 ]
            let y = b.Forward x
            near 1e-12 (float (sum y)) 1.0 "sum"
            allNear 1e-12 (b.Inverse y) x "there and back"
            allNear 1e-12 (b.Forward(tensor [ 0.0; 0.0; 0.0 ])) (tensor [ 0.25; 0.25; 0.25; 0.25 ]) "zeros"
            // Of the first three: the fourth follows.
            let square = jacobian (fun x -> (b.Forward x)[..2]) x
            near 1e-10 (float (b.LogJacobian x)) (float (log (abs (det square)))) "determinant"
            Expect.equal (b.ValueShape [| 3 |]) [| 4 |] "shape"
        }
        test "Cholesky factor" {
            let b, x = Bijections.CholeskyFactor, tensor [ 0.3; -1.0; 2.0; 0.5; 0.1; -0.7 ]
            let y = b.Forward x
            let expected = [ [ exp 0.3; 0.0; 0.0 ]; [ -1.0; exp 2.0; 0.0 ]; [ 0.5; 0.1; exp -0.7 ] ]
            allNear 1e-12 y (tensor expected) "rows of the triangle"
            allNear 1e-12 (b.Inverse y) x "there and back"
            near 1e-12 (float (b.LogJacobian x)) (0.3 + 2.0 - 0.7) "determinant"
            let many = stack 0 [ x; 2.0 * x ]
            allNear 1e-12 (b.Inverse(b.Forward many)) many "a batch"
            Expect.throwsT<ShapeException> (fun () -> b.Forward(tensor [ 1.0; 2.0 ]) |> ignore) "no triangle"
            Expect.isTrue ((b.IsOutside(tensor [ [ 1.0; 1.0 ]; [ 0.0; 1.0 ] ])).ToData<bool>()) "not lower"
        }
    ]

let private s = scalar
let private levels = tensor [ 0.0; 1e-3; 0.3; 0.7; 0.999; 1.0 ]

/// The same distribution twice.
let private same (a: Univariate) (b: Univariate) points =
    let x = tensor points
    allNear 1e-10 (a.LogProb x) (b.LogProb x) "log-density"
    allNear 1e-10 (a.Cdf x) (b.Cdf x) "distribution function"
    allNear 1e-9 (a.Quantile levels) (b.Quantile levels) "quantiles"
    let byX (d: Univariate) = grad (fun x -> sum (d.LogProb x)) x
    allNear 1e-9 (byX a) (byX b) "derivatives"

[<Tests>]
let transformed =
    testList "Transformed" [
        test "exp of normal is log-normal" {
            let d = TransformedNumber(Normal(s 0.5, s 2.0), Bijections.Exp)
            same d (LogNormal(s 0.5, s 2.0)) [ -1.0; 0.01; 1.0; 30.0 ]

            allNear
                1e-12
                (d.Sample(Key.create 1L, 5))
                (LogNormal(s 0.5, s 2.0).Sample(Key.create 1L, 5))
                "draws"
        }
        test "sigmoid of logistic is uniform" {
            same (TransformedNumber(Logistic(s 0.0, s 1.0), Bijections.Sigmoid)) (Uniform(s 0.0, s 1.0)) [
                -1.0
                0.2
                0.9
                1.5
            ]
        }
        test "a decreasing function" {
            let d = TransformedNumber(Exponential(s 2.0), Bijections.Affine(s 1.0, s -3.0))
            let x = tensor [ 1.5; 0.5; -4.0 ]
            let z = (1.0 - x) / 3.0
            allNear 1e-12 (d.LogProb x) (Exponential(s 2.0).LogProb z - log 3.0) "log-density"
            allNear 1e-12 (d.Cdf x) (1.0 - Exponential(s 2.0).Cdf z) "distribution function"
            allNear 1e-12 (d.Cdf(d.Quantile levels)) levels "quantiles"
        }
        test "events keep their axes" {
            let d = Transformed(MultivariateNormalDiagonal(tensor [ 0.0; 1.0 ], s 1.0), Bijections.Exp)
            let x = tensor [ 2.0; 3.0 ]
            let byHand = LogNormal(s 0.0, s 1.0).LogProb(s 2.0) + LogNormal(s 1.0, s 1.0).LogProb(s 3.0)
            allNear 1e-12 (d.LogProb x) byHand "log-density"
            near 0.0 (float (d.LogProb(tensor [ 2.0; -3.0 ]))) -infinity "one outside"
        }
        test "covariances by their factor" {
            let vectors = MultivariateNormalDiagonal(Tensor.zeros DType.Float64 [ 3 ], s 1.0)
            let d = Transformed(vectors, Bijections.CholeskyFactor)
            Expect.equal d.EventShape [| 2; 2 |] "shape"
            let x = d.Sample(Key.create 1L, 4)
            Expect.equal x.Shape [| 4; 2; 2 |] "draws"
            let back = Bijections.CholeskyFactor.Inverse x

            allNear
                1e-10
                (d.LogProb x)
                (vectors.LogProb back - Bijections.CholeskyFactor.LogJacobian back)
                "log-density"

            near 0.0 (float (d.LogProb(tensor [ [ 1.0; 0.0 ]; [ 0.0; -1.0 ] ]))) -infinity "outside"
        }
        test "by gradients of parameters of the function" {
            let log' shift =
                TransformedNumber(Normal(s 0.0, s 1.0), Bijections.Affine(shift, s 2.0)).LogProb(s 1.0)

            near 1e-12 (float (grad log' (s 0.5))) (0.5 / 4.0) "shift"
            let d = TransformedNumber(Normal(s 0.0, s 1.0), Bijections.Affine(s 0.5, s 2.0))
            Expect.equal (Tree.leaves d).Length 4 "a tree"
        }
        test "a function for each place of a batch" {
            let shift, scale = tensor [ 0.0; 1.0; 2.0 ], tensor [ 1.0; 2.0; 3.0 ]
            let d = TransformedNumber(Normal(s 0.0, s 1.0), Bijections.Affine(shift, scale))
            Expect.equal d.BatchShape [| 3 |] "batch"
            Expect.equal (d.Sample(Key.create 1L, 5)).Shape [| 5; 3 |] "draws"
            let x = tensor [ [ 0.5 ]; [ nan ] ]
            allNear 1e-12 (d.LogProb x) (Normal(shift, scale).LogProb x) "log-density"
            allNear 1e-12 (d.Quantile(s 0.7)) (Normal(shift, scale).Quantile(s 0.7)) "quantile"
            // Or for each number of an event.
            let vectors = MultivariateNormalDiagonal(tensor [ 0.0; 0.0; 0.0 ], s 1.0)
            let moved = Transformed(vectors, Bijections.Affine(shift, scale))
            Expect.equal (moved.BatchShape, moved.EventShape) ([||], [| 3 |]) "shapes"
            let point = tensor [ 0.5; 1.0; -2.0 ]

            allNear
                1e-12
                (moved.LogProb point)
                (MultivariateNormalDiagonal(shift, scale).LogProb point)
                "log-density"

            let wrong () = Transformed(vectors, Bijections.Affine(s 0.0, tensor [ 1.0; 2.0 ])) |> ignore
            Expect.throwsT<ShapeException> wrong "two for three"
        }
        test "what can't be transformed" {
            Expect.throwsT<ValueException>
                (fun () -> TransformedNumber(Poisson(s 1.0), Bijections.Exp) |> ignore)
                "discrete"

            Expect.throwsT<ShapeException>
                (fun () -> Transformed(Normal(tensor [ 0.0; 1.0 ], s 1.0), Bijections.Simplex) |> ignore)
                "numbers for vectors"

            Expect.throwsT<ShapeException>
                (fun () -> Bijections.Chain(Bijections.Exp, Bijections.Simplex) |> ignore)
                "a chain"

            Expect.throwsT<DistributionException>
                (fun () -> TransformedNumber(Normal(s 0.0, s 1.0), Bijections.Exp).Mean() |> ignore)
                "no mean"
        }
    ]

[<Tests>]
let independent =
    testList "Independent" [
        test "axes of the batch become axes of events" {
            let normal = Normal(tensor [ [ 0.0; 1.0; 2.0 ]; [ 3.0; 4.0; 5.0 ] ], s 2.0)
            let d = Independent(normal, 1)
            Expect.equal (d.BatchShape, d.EventShape) ([| 2 |], [| 3 |]) "shapes"
            let x = d.Sample(Key.create 1L, 4)
            Expect.equal x.Shape [| 4; 2; 3 |] "draws"
            allNear 1e-12 (d.LogProb x) ((normal.LogProb x).Sum -1) "log-density"
            allNear 1e-12 (d.Entropy()) ((normal.Entropy()).Sum -1) "entropy"
            allNear 1e-12 (Independent(normal, 2).LogProb x) ((normal.LogProb x).Sum [ -2; -1 ]) "two axes"
            Expect.throwsT<ValueException> (fun () -> Independent(normal, 3) |> ignore) "too many"
            Expect.throwsT<ShapeException> (fun () -> d.LogProb(tensor [ 1.0; 2.0 ]) |> ignore) "no event"
        }
    ]

[<Tests>]
let mixtures =
    testList "Mixtures" [
        test "of numbers" {
            let weights, locs, scales = [ 0.3; 0.7 ], [ 0.0; 4.0 ], [ 1.0; 0.5 ]
            let d = MixtureOfNumbers(Categorical(tensor weights), Normal(tensor locs, tensor scales))
            let parts = List.map2 (fun m v -> MathNet.Numerics.Distributions.Normal(m, v)) locs scales

            let blend f =
                List.map2 (fun w (p: MathNet.Numerics.Distributions.Normal) -> w * f p) weights parts
                |> List.sum

            for x in [ -2.0; 1.0; 3.9; 50.0 ] do
                if x < 40.0 then
                    near 1e-10 (float (d.LogProb(s x))) (log (blend _.Density(x))) $"log-density at {x}"

                near 1e-10 (float (d.Cdf(s x))) (blend _.CumulativeDistribution(x)) $"cdf at {x}"

            let mean = blend _.Mean
            near 1e-12 (float (d.Mean())) mean "mean"

            near
                1e-12
                (float (d.Variance()))
                (blend (fun p -> p.Variance + p.Mean ** 2.0) - mean ** 2.0)
                "variance"

            allNear 1e-10 (d.Cdf(d.Quantile levels)) levels "quantiles"
            let cdf x = blend (fun p -> p.CumulativeDistribution x)
            kolmogorovSmirnov (numbers (d.Sample(Key.create 3L, 4000))) cdf "draws"
            Expect.throwsT<DistributionException> (fun () -> d.Entropy() |> ignore) "entropy"
        }
        test "derivatives" {
            let make (logits, locs) = MixtureOfNumbers(Categorical.OfLogits logits, Normal(locs, s 1.0))
            let logits, locs = tensor [ 0.3; -0.2 ], tensor [ 0.0; 2.0 ]

            for f in
                [
                    (fun (d: Univariate) -> d.LogProb(s 0.7))
                    (fun d -> d.Cdf(s 0.7))
                    (fun d -> d.Quantile(s 0.7))
                ] do
                let byLogits, byLocs = grad (fun p -> f (make p)) (logits, locs)

                for i in 0..1 do
                    let moved (t: Tensor) v = tensor (Array.updateAt i v (numbers t))
                    let byHand = slope (fun v -> float (f (make (moved logits v, locs)))) (float logits[i])
                    near 1e-7 (float byLogits[i]) byHand "by a weight"
                    let byHand = slope (fun v -> float (f (make (logits, moved locs v)))) (float locs[i])
                    near 1e-7 (float byLocs[i]) byHand "by a mean"

            let compiled = compile (grad (fun p -> (make p).Quantile(s 0.7))) (logits, locs)
            let eager = grad (fun p -> (make p).Quantile(s 0.7)) (logits, locs)
            allNear 1e-10 (fst compiled) (fst eager) "compiled"
        }
        test "of counts" {
            let d = MixtureOfNumbers(Categorical(tensor [ 0.5; 0.5 ]), Poisson(tensor [ 1.0; 20.0 ]))
            Expect.isTrue d.IsDiscrete "discrete"
            let k = numbers (d.Quantile(tensor [ 0.01; 0.4; 0.6; 0.99 ]))

            for k, p in Array.zip k [| 0.01; 0.4; 0.6; 0.99 |] do
                near 0.0 k (Math.Round k) "whole"
                Expect.isGreaterThanOrEqual (float (d.Cdf(s k))) p "at least"
                if k > 0.0 then Expect.isLessThan (float (d.Cdf(s (k - 1.0)))) p "the least"
        }
        test "of vectors, in a batch" {
            let centres = tensor [ [ [ 0.0; 0.0 ]; [ 5.0; 5.0 ] ]; [ [ 1.0; 0.0 ]; [ 0.0; 1.0 ] ] ]
            let weights = tensor [ 0.25; 0.75 ]

            let d = Mixture(Categorical weights, MultivariateNormalDiagonal(centres, s 1.0))

            Expect.equal (d.BatchShape, d.EventShape) ([| 2 |], [| 2 |]) "shapes"
            let x = d.Sample(Key.create 2L, 2000)
            Expect.equal x.Shape [| 2000; 2; 2 |] "draws"
            let error = 6.0 * sqrt (d.Variance() / 2000.0)
            Expect.isTrue (((abs (x.Mean 0 - d.Mean())).LessEqual error).All().ToData<bool>()) "means"
            let one i = MultivariateNormalDiagonal(centres[0, i], s 1.0)
            let point = tensor [ 1.0; 2.0 ]
            let byHand = log (0.25 * exp ((one 0).LogProb point) + 0.75 * exp ((one 1).LogProb point))
            let found = d.LogProb point
            allNear 1e-12 found[0] byHand "log-density"
        }
        test "weights that do not fit" {
            let weights = Categorical(tensor [ 0.5; 0.5 ])

            Expect.throwsT<ShapeException>
                (fun () -> Mixture(weights, Normal(tensor [ 0.0; 1.0; 2.0 ], s 1.0)) |> ignore)
                "three"

            Expect.throwsT<ShapeException>
                (fun () -> Mixture(weights, Normal(s 0.0, s 1.0)) |> ignore)
                "no axis"

            Expect.throwsT<DTypeException>
                (fun () -> Mixture(weights, Normal(tensor [ 0.0f; 1.0f ], tensor 1.0f)) |> ignore)
                "dtypes"
        }
    ]
