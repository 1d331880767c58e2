/// Families of vectors, matrices and angles.
module Cotangent.Distributions.Tests.VectorTests

open System
open Expecto
open MathNet.Numerics
open MathNet.Numerics.LinearAlgebra
open Cotangent
open Cotangent.Distributions
open Cotangent.Distributions.Tests.Support

let private toMatrix (t: Tensor) = Matrix<float>.Build.DenseOfArray(t.ToData<float[,]>())
let private toVector (t: Tensor) = Vector<float>.Build.DenseOfArray(t.ToData<float[]>())

let private loc = tensor [ 1.0; -2.0; 0.5 ]
let private factor = tensor [ [ 1.5; 0.0; 0.0 ]; [ 0.7; 0.4; 0.0 ]; [ -0.3; 0.2; 2.0 ] ]

let private logNormalDensity (mean: Vector<float>) (covariance: Matrix<float>) (x: Vector<float>) =
    let away = x - mean

    -0.5 * (away * covariance.Inverse() * away)
    - 0.5 * log (covariance.Determinant())
    - 0.5 * float x.Count * log (2.0 * Math.PI)

/// The gradient of f by every number of x, against finite differences.
let private checkGradient tolerance (f: Tensor -> Tensor) (x: Tensor) message =
    let gradient = numbers (grad f x)
    let flat = numbers x

    flat
    |> Array.iteri (fun i value ->
        let at v = float (f (Tensor.ofArray x.Shape (Array.updateAt i v flat)))
        near tolerance gradient[i] (slope at value) $"{message}, number {i}")

/// Draws projected on a direction are normal.
let private checkProjection (d: Distribution) (covariance: Matrix<float>) =
    let draws = d.Sample(Key.create 3L, 3000)
    Expect.equal draws.Shape [| 3000; 3 |] "shape"
    let direction = tensor [ 1.0; 0.5; -2.0 ]
    let v = toVector direction
    let mean, deviation = v * toVector (d.Mean()), sqrt (v * covariance * v)

    kolmogorovSmirnov
        (numbers (matmul draws direction))
        (MathNet.Numerics.Distributions.Normal(mean, deviation).CumulativeDistribution)
        "a projection"

[<Tests>]
let normals =
    testList "Multivariate normal" [
        test "dense" {
            let d = MultivariateNormal(loc, factor)
            let covariance = toMatrix d.Covariance
            let x = tensor [ [ 0.0; 0.0; 0.0 ]; [ 2.0; -3.0; 4.0 ] ]
            let expected = [ for i in 0..1 -> logNormalDensity (toVector loc) covariance (toVector x[i]) ]
            allNear 1e-12 (d.LogProb x) (tensor expected) "log-density"
            allNear 1e-12 (d.Variance()) (d.Covariance.Diagonal()) "variance"
            let entropy = 0.5 * log ((2.0 * Math.PI * Math.E) ** 3.0 * covariance.Determinant())
            near 1e-12 (float (d.Entropy())) entropy "entropy"
            checkProjection d covariance
            let same = MultivariateNormal.OfCovariance(loc, d.Covariance)
            allNear 1e-12 same.Factor factor "by its covariance"
        }
        test "gradients" {
            let x = tensor [ 0.3; 0.2; -1.0 ]
            checkGradient 1e-7 (fun x -> MultivariateNormal(loc, factor).LogProb x) x "x"
            checkGradient 1e-7 (fun m -> MultivariateNormal(m, factor).LogProb x) loc "loc"
            let triangle (t: Tensor) = t.Tril()
            checkGradient 1e-7 (fun l -> MultivariateNormal(loc, triangle l).LogProb x) factor "factor"
            let draw l = sum (square (MultivariateNormal(loc, triangle l).Sample(Key.create 2L)))
            checkGradient 1e-7 draw factor "a draw"
        }
        test "batches" {
            let locs = stack 0 [ loc; 2.0 * loc ]
            let factors = (stack 0 [ factor; 3.0 * factor ]).Unsqueeze 1
            let d = MultivariateNormal(locs, factors)
            Expect.equal (d.BatchShape, d.EventShape) ([| 2; 2 |], [| 3 |]) "shapes"
            let x = d.Sample(Key.create 1L, 5)
            Expect.equal x.Shape [| 5; 2; 2; 3 |] "draws"
            let one = MultivariateNormal(2.0 * loc, factor)

            allNear
                1e-12
                ((d.LogProb x).Slice [ Index.All; Index.At 0; Index.At 1 ])
                (one.LogProb(x.Slice [ Index.All; Index.At 0; Index.At 1 ]))
                "one of them"
        }
        test "diagonal" {
            let scale = tensor [ 0.5; 1.0; 2.0 ]
            let d = MultivariateNormalDiagonal(loc, scale)
            let dense = MultivariateNormal(loc, Tensor.diag scale)
            let x = tensor [ 0.3; 0.2; -1.0 ]
            allNear 1e-12 (d.LogProb x) (dense.LogProb x) "log-density"
            allNear 1e-12 (d.Entropy()) (dense.Entropy()) "entropy"
            checkProjection d (toMatrix dense.Covariance)
        }
        test "low rank" {
            let w = tensor [ [ 1.0; 0.2 ]; [ -0.5; 0.3 ]; [ 0.1; 2.0 ] ]
            let diagonal = tensor [ 0.5; 1.0; 0.2 ]
            let d = MultivariateNormalLowRank(loc, w, diagonal)
            let dense = MultivariateNormal.OfCovariance(loc, matmul w w.T + Tensor.diag diagonal)
            let x = tensor [ [ 0.3; 0.2; -1.0 ]; [ 4.0; 0.0; 1.0 ] ]
            allNear 1e-12 (d.LogProb x) (dense.LogProb x) "log-density"
            allNear 1e-12 (d.Entropy()) (dense.Entropy()) "entropy"
            allNear 1e-12 (d.Variance()) (dense.Variance()) "variance"
            checkProjection d (toMatrix dense.Covariance)
            checkGradient 1e-7 (fun w -> MultivariateNormalLowRank(loc, w, diagonal).LogProb x[0]) w "factor"
        }
    ]

[<Tests>]
let simplex =
    testList "Probabilities and counts" [
        test "Dirichlet" {
            let a = [| 0.5; 2.0; 3.5 |]
            let d = Dirichlet(tensor a)
            let oracle = MathNet.Numerics.Distributions.Dirichlet a
            let x = [| 0.1; 0.3; 0.6 |]
            near 1e-10 (float (d.LogProb(tensor x))) (oracle.DensityLn x) "log-density"
            near 0.0 (float (d.LogProb(tensor [ 0.1; 0.3; 0.7 ]))) -infinity "no probabilities"
            near 0.0 (float (d.LogProb(tensor [ -0.1; 0.5; 0.6 ]))) -infinity "negative"
            let draws = d.Sample(Key.create 5L, 3000)

            for i in 0..2 do
                let marginal = MathNet.Numerics.Distributions.Beta(a[i], 6.0 - a[i])
                kolmogorovSmirnov (numbers draws[*, i]) marginal.CumulativeDistribution $"marginal {i}"
                near 1e-12 (numbers (d.Mean()) |> Array.item i) marginal.Mean "mean"
                near 1e-12 (numbers (d.Variance()) |> Array.item i) marginal.Variance "variance"

            let two = Dirichlet(tensor [ 2.0; 3.0 ])

            near
                1e-12
                (float (two.Entropy()))
                (float (Beta(tensor 2.0, tensor 3.0).Entropy()))
                "entropy of two"

            near 1e-12 (numbers (two.Mode()) |> Array.head) (1.0 / 3.0) "mode"
            checkGradient 1e-7 (fun a -> Dirichlet(a).LogProb(tensor x)) (tensor a) "log-density"
        }
        test "means of derivatives of Dirichlet draws are derivatives of means" {
            let a, n = tensor [ 0.5; 2.0; 3.5 ], 3000
            let direction = tensor [ 1.0; 0.0; 0.0 ]
            let weights = tensor [ 1.0; -1.0; 2.0 ]
            let _, expected = jvp (fun a -> dot weights (Dirichlet(a).Mean())) a direction
            let _, pushed = jvp (fun a -> matmul (Dirichlet(a).Sample(Key.create 9L, n)) weights) a direction
            let error = float (pushed.Std()) / sqrt (float n)

            Expect.isLessThan
                (abs (float (mean pushed) - float expected))
                (6.0 * error)
                "by the first concentration"
        }
        test "multinomial" {
            let p = [| 0.2; 0.3; 0.5 |]
            let d = Multinomial(6, tensor p)
            let oracle = MathNet.Numerics.Distributions.Multinomial(p, 6)

            near
                1e-10
                (float (d.LogProb(tensor [ 1.0; 2.0; 3.0 ])))
                (oracle.ProbabilityLn [| 1; 2; 3 |])
                "log-probability"

            near 0.0 (float (d.LogProb(tensor [ 1.0; 2.0; 2.0 ]))) -infinity "another sum"
            let draws = d.Sample(Key.create 5L, 3000)
            Expect.isTrue (((draws.Sum -1).Equal 6.0).All().ToData<bool>()) "sums"

            for i in 0..2 do
                let marginal = MathNet.Numerics.Distributions.Binomial(p[i], 6)

                chiSquare
                    (numbers draws[*, i])
                    (fun v -> marginal.Probability(int v))
                    [ for k in 0..6 -> float k ]
                    $"marginal {i}"

            allNear 1e-12 (d.Mean()) (tensor [ 1.2; 1.8; 3.0 ]) "mean"
            allNear 1e-12 (d.Variance()) (tensor [ 0.96; 1.26; 1.5 ]) "variance"
            let certain = Multinomial(2, tensor [ 1.0; 0.0 ])

            allNear
                1e-12
                (certain.LogProb(tensor [ [ 2.0; 0.0 ]; [ 1.0; 1.0 ] ]))
                (tensor [ 0.0; -infinity ])
                "what has no probability"
        }
    ]

[<Tests>]
let angles =
    testList "Von Mises" [
        for k in [ 0.01; 1.0; 8.0; 1000.0 ] do
            test $"of concentration {k}" {
                let d = VonMises(tensor 0.5, scalar k)
                let density x = exp (float (d.LogProb(scalar x)))
                // On the circle the rectangle rule is as good as any.
                let n = 2000
                let points = [| for i in 0 .. n - 1 -> -Math.PI + (float i + 0.5) * 2.0 * Math.PI / float n |]
                let width = 2.0 * Math.PI / float n
                near 1e-10 (width * Array.sumBy density points) 1.0 "total"
                let entropy = -width * Array.sumBy (fun x -> density x * float (d.LogProb(scalar x))) points
                near 1e-8 (float (d.Entropy())) entropy "entropy"
                let resultant = width * Array.sumBy (fun x -> density x * cos (x - 0.5)) points
                near 1e-10 (float (d.Variance())) (1.0 - resultant) "circular variance"
                let sums = Array.scan (+) 0.0 (points |> Array.map (fun x -> width * density x))

                let cdf x =
                    let at = (x + Math.PI) / width
                    let i = min (n - 1) (int at)
                    sums[i] + (at - float i) * (sums[i + 1] - sums[i])

                let draws = numbers (d.Sample(Key.create 7L, 3000))
                Expect.isTrue (draws |> Array.forall (fun x -> abs x <= Math.PI)) "between -π and π"
                kolmogorovSmirnov draws cdf "Kolmogorov-Smirnov"
                let byHand = slope (fun k -> float (VonMises(tensor 0.5, scalar k).LogProb(tensor 1.0))) k

                near
                    1e-7
                    (float (grad (fun k -> VonMises(tensor 0.5, k).LogProb(tensor 1.0)) (scalar k)))
                    byHand
                    "derivative"
            }
    ]

[<Tests>]
let matrices =
    testList "Wishart" [
        test "densities, moments, draws" {
            let l = tensor [ [ 1.0; 0.0 ]; [ 0.5; 2.0 ] ]
            let d = Wishart(tensor 4.5, l)
            let scale = toMatrix (matmul l l.T)
            let oracle = MathNet.Numerics.Distributions.Wishart(4.5, scale)
            let x = tensor [ [ 3.0; 1.0 ]; [ 1.0; 8.0 ] ]
            near 1e-9 (float (d.LogProb x)) (log (oracle.Density(toMatrix x))) "log-density"
            allNear 1e-12 (d.Mean()) (tensor (oracle.Mean.ToArray())) "mean"
            allNear 1e-12 (d.Variance()) (tensor (oracle.Variance.ToArray())) "variance"
            allNear 1e-12 (d.Mode()) (tensor (oracle.Mode.ToArray())) "mode"

            near
                0.0
                (float (d.LogProb(tensor [ [ 1.0; 2.0 ]; [ 2.0; 1.0 ] ])))
                -infinity
                "not positive definite"

            near 0.0 (float (d.LogProb(tensor [ [ 1.0; 0.0 ]; [ 0.5; 1.0 ] ]))) -infinity "not symmetric"
            let draws = d.Sample(Key.create 3L, 2000)
            Expect.equal draws.Shape [| 2000; 2; 2 |] "shape"
            // vᵀ x v over vᵀ s v is a χ² variable.
            let v = tensor [ 1.0; -0.5 ]
            let projected = matmul (matmul draws v) v
            let total = toVector v * scale * toVector v

            kolmogorovSmirnov
                (numbers (projected / total))
                (MathNet.Numerics.Distributions.ChiSquared(4.5).CumulativeDistribution)
                "a projection"

            checkGradient 1e-7 (fun l -> Wishart(tensor 4.5, l.Tril()).LogProb x) l "factor"
            checkGradient 1e-7 (fun v -> Wishart(v, l).LogProb x) (tensor 4.5) "degrees of freedom"
        }
        test "of one number it is a gamma distribution" {
            let d = Wishart(tensor 3.0, tensor [ [ 2.0 ] ])
            let gamma = Gamma(tensor 1.5, tensor 0.125)

            near
                1e-12
                (float (d.LogProb(tensor [ [ 5.0 ] ])))
                (float (gamma.LogProb(tensor 5.0)))
                "log-density"

            near 1e-12 (float (d.Entropy())) (float (gamma.Entropy())) "entropy"
        }
    ]

/// Each with parameters as a tensor, whose first axis can be a batch.
let private makers: (string * (Tensor -> Distribution) * Tensor) list = [
    "dense", (fun t -> MultivariateNormal(t, factor)), loc
    "diagonal", (fun t -> MultivariateNormalDiagonal(t, exp t)), loc
    "low rank", (fun t -> MultivariateNormalLowRank(t, tensor [ [ 1.0 ]; [ 0.5 ]; [ 2.0 ] ], exp t)), loc
    "Dirichlet", (fun t -> Dirichlet(exp t)), loc
    "multinomial", (fun t -> Multinomial.OfLogits(5, t)), loc
    "von Mises", (fun t -> VonMises(t, exp t)), loc
    "Wishart", (fun t -> Wishart(3.0 + exp (t.Sum -1), factor)), loc
    "independent", (fun t -> Independent(Normal(t, tensor 2.0), 1)), loc
    "transformed", (fun t -> Transformed(MultivariateNormalDiagonal(t, exp t), Bijections.Simplex)), loc
    "mixture", (fun t -> Mixture(Categorical.OfLogits t, Normal(t, exp t))), loc
]

[<Tests>]
let transformations =
    testList "Transformations of vectors" [
        for name, make, parameter in makers do
            test name {
                let x = (make parameter).Sample(Key.create 1L)
                let run (t, x: Tensor, key: Key) = (make t).Sample(key, 2), (make t).LogProb x

                let (drawn, log), (drawn', log') =
                    run (parameter, x, Key.create 4L), compile run (parameter, x, Key.create 4L)

                allNear 1e-9 drawn' drawn "compiled draws"
                allNear 1e-9 log' log "compiled log-density"

                let keys, xs =
                    Key.splitMany 2 (Key.create 6L), [ x; (make (0.5 * parameter)).Sample(Key.create 2L) ]

                let ts = [ parameter; 0.5 * parameter ]
                let drawn, log = vmap run (stack 0 ts, stack 0 xs, Key.batch 2 (Key.create 6L))
                let looped = [ for i in 0..1 -> run (ts[i], xs[i], keys[i]) ]
                allNear 1e-9 drawn (stack 0 (List.map fst looped)) "batched draws"
                allNear 1e-9 log (stack 0 (List.map snd looped)) "batched log-densities"
                let gradient = grad (fun t -> sum ((make t).LogProb x)) parameter

                allNear
                    1e-9
                    (compile (grad (fun t -> sum ((make t).LogProb x))) parameter)
                    gradient
                    "compiled gradient"

                checkGradient 1e-6 (fun t -> sum ((make t).LogProb x)) parameter "gradient"
            }
    ]
