/// Where formulas go wrong if written down as they are: probabilities of exactly 0 and 1, infinities, far tails, and parameters out of range
/// that nobody can see.
module Cotangent.Distributions.Tests.EdgeTests

open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Distributions.Tests.Support

let private certain = tensor [ 0.0; 800.0 ] // softmax of these is exactly [0, 1]

/// Both engines.
let private gradients (f: Tensor -> Tensor) (x: Tensor) (expected: float list) message =
    allNear 1e-12 ((grad f x).Flatten()) (tensor expected) message
    allNear 1e-12 ((compile (grad f) x).Flatten()) (tensor expected) $"{message}, compiled"

[<Tests>]
let certainty =
    testList "Probabilities of 0 and 1" [
        test "Bernoulli" {
            // log (1 - p) at 0, log p at 1.
            gradients (fun p -> Bernoulli(p).LogProb(tensor 0.0)) (tensor 0.0) [ -1.0 ] "0 at 0"
            gradients (fun p -> Bernoulli(p).LogProb(tensor 1.0)) (tensor 1.0) [ 1.0 ] "1 at 1"

            let ofSigmoid w = sum (Bernoulli(sigmoid (w * tensor [ 1.0; 50.0 ])).LogProb(tensor [ 1.0; 1.0 ]))

            gradients ofSigmoid (tensor 1.0) [ 1.0 / (1.0 + exp 1.0) ] "of a sigmoid"
            gradients (fun w -> Bernoulli(sigmoid w).Entropy()) (tensor 50.0) [ 0.0 ] "entropy"
            gradients (fun w -> Bernoulli.OfLogits(w).Entropy()) (tensor 800.0) [ 0.0 ] "entropy of log-odds"

            for x in [ 0.0; 1.0 ] do
                let expected = if x = 0.0 then log 0.75 else log 0.25
                near 1e-15 (float (Bernoulli(scalar 0.25).LogProb(scalar x))) expected "inside"
                let impossible = Bernoulli(scalar (1.0 - x)).LogProb(scalar x)
                near 0.0 (float impossible) -infinity "impossible"
        }
        test "Categorical" {
            gradients (fun w -> Categorical(softmax w).LogProb(tensor 1)) certain [ 0.0; 0.0 ] "of softmax"
            gradients (fun w -> Categorical(softmax w).Entropy()) certain [ 0.0; 0.0 ] "entropy"
            gradients (fun w -> Categorical.OfLogits(w).Entropy()) certain [ 0.0; 0.0 ] "entropy of logits"

            gradients
                (fun w -> Categorical(softmax w).KlTo(Categorical(tensor [ 0.5; 0.5 ])))
                certain
                [ 0.0; 0.0 ]
                "divergence"

            // Of p/sum p: one more of the impossible class takes from the certain one.
            gradients
                (fun p -> Categorical(p).LogProb(tensor 1))
                (tensor [ 0.0; 1.0 ])
                [ -1.0; 0.0 ]
                "of probabilities"
        }
        test "Multinomial" {
            gradients
                (fun w -> Multinomial(3, softmax w).LogProb(tensor [ 0.0; 3.0 ]))
                certain
                [ 0.0; 0.0 ]
                "of softmax"
        }
        test "mixtures" {
            let mixture w = MixtureOfNumbers(Categorical(w), Normal(tensor [ 0.0; 3.0 ], tensor 1.0))
            gradients (fun w -> (mixture (softmax w)).LogProb(scalar 2.0)) certain [ 0.0; 0.0 ] "of softmax"
            // log (Σ wᵢfᵢ/Σ wᵢ) by w: f₀/f₁ - 1, and 0.
            let expected = exp (0.5 * (1.0 - 4.0)) - 1.0

            gradients
                (fun w -> (mixture w).LogProb(scalar 2.0))
                (tensor [ 0.0; 1.0 ])
                [ expected; 0.0 ]
                "weights"
            // Far from the only component that counts, and near the other.
            let far = (mixture (tensor [ 0.0; 1.0 ])).LogProb(scalar -50.0)
            allNear 1e-14 far (Normal(scalar 3.0, scalar 1.0).LogProb(scalar -50.0)) "far"
            let none = (mixture (tensor [ 0.5; 0.5 ])).LogProb(scalar infinity)
            near 0.0 (float none) -infinity "nowhere"
        }
        test "Geometric" {
            gradients (fun p -> Geometric(p).Entropy()) (tensor 0.5) [ -2.0 * log 4.0 + 0.0 ] "inside"
            gradients (fun w -> Geometric(sigmoid w).Entropy()) (tensor 50.0) [ 0.0 ] "certain"
        }
    ]

[<Tests>]
let infinities = test "Densities at infinities are 0" {
    let one = scalar 1.0

    let families: (Univariate * float list) list = [
        Normal(scalar 0.0, one), [ -infinity; infinity ]
        Laplace(scalar 0.0, one), [ -infinity; infinity ]
        Logistic(scalar 0.0, one), [ -infinity; infinity ]
        Gumbel(scalar 0.0, one), [ -infinity; infinity ]
        Cauchy(scalar 0.0, one), [ -infinity; infinity ]
        StudentT(scalar 3.0, scalar 0.0, one), [ -infinity; infinity ]
        Exponential one, [ infinity ]
        Gamma(scalar 2.5, one), [ infinity ]
        Gamma(scalar 0.5, one), [ infinity ]
        ChiSquare(scalar 5.0), [ infinity ]
        InverseGamma(scalar 2.0, one), [ infinity ]
        HalfNormal one, [ infinity ]
        HalfCauchy one, [ infinity ]
        LogNormal(scalar 0.0, one), [ infinity ]
        Weibull(scalar 2.5, one), [ infinity ]
        Weibull(scalar 0.5, one), [ infinity ]
        Pareto(scalar 2.0, one), [ infinity ]
    ]

    for d, ends in families do
        for x in ends do
            near 0.0 (float (d.LogProb(scalar x))) -infinity $"{d.Name} at {x}"

    // The logistic density is even; its second derivative at 0 is -1/2.
    let logistic = Logistic(scalar 0.0, one).LogProb
    near 1e-14 (float (grad (grad logistic) (scalar 0.0))) -0.5 "curvature"
}

[<Tests>]
let tails =
    testList "TruncatedNormal in far tails" [
        for low in [ 31.0; 39.0; 100.0 ] do
            for isFinite in [ false; true ] do
                test $"from {low}, finite: {isFinite}" {
                    // The density over that at the bound; what is beyond 1 counts less than rounding. `integral` leaves out 1e-12 at the
                    // ends, which is 1e-10 of it all here.
                    let relative u = exp (-low * u - 0.5 * u * u)
                    let mass = integral [] relative
                    let high = if isFinite then low + 10.0 else infinity
                    let right = TruncatedNormal(scalar 0.0, scalar 1.0, scalar low, scalar high)
                    let left = TruncatedNormal(scalar 0.0, scalar 1.0, scalar -high, scalar -low)
                    let mean = integral [] (fun u -> u * relative u) / mass
                    let variance = integral [] (fun u -> (u - mean) ** 2.0 * relative u) / mass
                    near 1e-12 (float (right.Mean())) (low + mean) "mean"
                    near 1e-12 (float (left.Mean())) -(low + mean) "mean, mirrored"
                    near 1e-6 (float (right.Variance()) / variance) 1.0 "variance"

                    let entropy = -(integral [] (fun u -> relative u / mass * log (relative u / mass)))
                    near 1e-10 (float (right.Entropy())) entropy "entropy"

                    for p in [ 0.01; 0.5; 0.99 ] do
                        let x = right.Quantile(scalar p)
                        let u = float x - low
                        let below = u * integral [] (fun v -> relative (u * v)) / mass
                        near 1e-9 below p "quantile"
                        near 1e-10 (float (right.Cdf x)) p "cdf"
                        near 1e-10 (float (left.Quantile(scalar (1.0 - p)))) -(float x) "mirrored quantile"
                        near 1e-9 (float (right.LogProb x)) (log (relative u / mass)) "log-density"

                        near
                            1e-8
                            (float (grad right.Quantile (scalar p)))
                            (exp -(float (right.LogProb x)))
                            "by p"

                    let byLoc f (loc: Tensor) : Tensor =
                        f (TruncatedNormal(loc, scalar 1.0, scalar low, scalar high))

                    for f in
                        [
                            (fun (d: Univariate) -> d.LogProb(scalar (low + 0.02)))
                            (fun d -> d.Quantile(scalar 0.3))
                            (fun d -> d.Cdf(scalar (low + 0.02)))
                            (fun d -> d.Mean())
                        ] do
                        let f (d: TruncatedNormal) = f d
                        let slope = slope (fun m -> float (byLoc f (scalar m))) 0.0
                        near 1e-6 (float (grad (byLoc f) (scalar 0.0))) slope "by loc"

                    let draws = numbers (right.Sample(Key.create 1L, 2000))
                    kolmogorovSmirnov draws (fun x -> float (right.Cdf(scalar x))) "draws"
                    near 0.0 (float (right.Quantile(scalar 0.0))) low "the lower bound"
                    near 0.0 (float (right.Quantile(scalar 1.0))) high "the upper bound"
                }
    ]

[<Tests>]
let unseen =
    testList "Parameters that nobody can see" [
        test "out of range give NaN" {
            let one = scalar 1.0

            let families: (string * (Tensor -> Univariate) * float) list = [
                "Normal", (fun p -> Normal(one, p)), -1.5
                "Gamma", (fun p -> Gamma(p, one)), -1.5
                "Uniform", (fun p -> Uniform(one, p)), 0.5
                "Exponential", (fun p -> Exponential p), -1.5
                "Weibull", (fun p -> Weibull(p, one)), -1.5
                "Beta", (fun p -> Beta(p, one)), -1.5
                "TruncatedNormal", (fun p -> TruncatedNormal(one, one, one, p)), 0.5
                "Poisson", (fun p -> Poisson p), -1.5
                "Bernoulli", (fun p -> Bernoulli p), 1.5
                "Geometric", (fun p -> Geometric p), -0.5
                "Binomial", (fun p -> Binomial(p, 0.5 * one)), 2.5
            ]

            for name, make, bad in families do
                for ask, what in
                    [
                        (fun (d: Univariate) -> d.LogProb(scalar 1.0)), "density"
                        (fun d -> d.Cdf(scalar 0.7)), "cdf"
                        (fun d -> d.Mean() + d.Variance()), "moments"
                    ] do
                    near 0.0 (float (compile (make >> ask) (scalar bad))) nan $"{name}, {what}, compiled"

                    let batched = vmap (make >> ask) (tensor [ bad; bad ])
                    near 0.0 (float batched[0]) nan $"{name}, {what}, batched"

                if name <> "Bernoulli" then
                    let draw (d: Univariate) = d.Sample(Key.create 1L)
                    near 0.0 (float (compile (make >> draw) (scalar bad))) nan $"{name}, draws"
        }
        test "of vectors and classes" {
            let classes (p: Tensor) = Categorical(p).LogProb(tensor 0)
            near 0.0 (float (compile classes (tensor [ 0.5; 0.6 ]))) nan "probabilities"

            let vectors (l: Tensor) = MultivariateNormal(tensor [ 0.0; 0.0 ], l).LogProb(tensor [ 1.0; 1.0 ])

            near 0.0 (float (compile vectors (tensor [ [ 1.0; 1.0 ]; [ 0.0; 1.0 ] ]))) nan "a factor"
        }
        test "in range have their derivatives" {
            let f (p: Tensor) = Gamma(p, scalar 1.0).LogProb(scalar 2.0)
            let x = tensor [ 0.5; 3.0 ]
            let expected = tensor [ for a in [ 0.5; 3.0 ] -> slope (fun a -> float (f (scalar a))) a ]
            allNear 1e-8 (compile (vmap (grad f)) x) expected "gradients"
        }
        test "shown by their numbers under grad" {
            try
                grad (fun s -> Normal(scalar 0.0, s).LogProb(scalar 1.0)) (scalar -1.25) |> ignore
                failtest "nothing was thrown"
            with :? ValueException as e ->
                Expect.stringContains e.Message "got -1.25" "the number"
        }
    ]
