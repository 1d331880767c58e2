/// Derivatives against finite differences, in Float64.
module Cotangent.Distributions.Tests.DerivativeTests

open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Distributions.Tests.Support
open Cotangent.Distributions.Tests.Families

/// The derivative by each finite parameter: that of the function of tensors, and of the function of numbers.
let private byParameters tolerance (set: float[]) (f: Tensor[] -> Tensor) (g: float[] -> float) message =
    let gradient = grad f (tensors set)

    set
    |> Array.iteri (fun i value ->
        if not (System.Double.IsInfinity value) then
            let expected = slope (fun v -> g (Array.updateAt i v set)) value
            near tolerance (float gradient[i]) expected $"{message}, parameter {i}")

[<Tests>]
let derivatives =
    testList "Derivatives" [
        testList
            "of log-densities"
            (each (fun family set d _ ->
                for p in [ 0.1; 0.45; 0.95 ] do
                    let x = float (d.Quantile(scalar p))
                    let bySide = (family.Oracle set).LogDensity
                    let byX = grad d.LogProb (scalar x)
                    near 1e-6 (float byX) (slope bySide x) $"by x at {x}"

                    byParameters
                        1e-6
                        set
                        (fun t -> (family.Make t).LogProb(scalar x))
                        (fun s -> (family.Oracle s).LogDensity x)
                        $"at {x}"))
        testList
            "of distribution functions"
            (each (fun family set d _ ->
                for p in [ 0.1; 0.95 ] do
                    let x = float (d.Quantile(scalar p))
                    near 1e-9 (float (grad d.Cdf (scalar x))) (exp (float (d.LogProb(scalar x)))) "by x"

                    byParameters
                        1e-6
                        set
                        (fun t -> (family.Make t).Cdf(scalar x))
                        (fun s -> (family.Oracle s).Cdf x)
                        $"at {x}"))
        testList
            "of quantiles"
            (each (fun family set d _ ->
                for p in [ 0.1; 0.95 ] do
                    let x = d.Quantile(scalar p)
                    near 1e-8 (float (grad d.Quantile (scalar p))) (exp -(float (d.LogProb x))) "by p"

                    byParameters
                        1e-5
                        set
                        (fun t -> (family.Make t).Quantile(scalar p))
                        (fun s -> float ((family.Make(tensors s)).Quantile(scalar p)))
                        $"at {p}"))
        testList
            "of draws"
            (each (fun family set d _ ->
                Expect.isTrue d.IsReparameterised "reparameterised"

                if family.IsSmooth then
                    for seed in 1L .. 3L do
                        let draw t = (family.Make t).Sample(Key.create seed)

                        if family.Name <> "StudentT" then
                            byParameters 1e-6 set draw (fun s -> float (draw (tensors s))) "draw"))
        test "implicit ones are those of the distribution function at the draw" {
            // dz/da = -(dF/da)/f, where F is MathNet's.
            for a in [ 0.3; 1.0; 2.5; 60.0; 900.0 ] do
                for seed in 1L .. 5L do
                    let z = float (Gamma(scalar a, tensor 1.0).Sample(Key.create seed))
                    let oracle a = MathNet.Numerics.Distributions.Gamma(a, 1.0)

                    let expected =
                        -(slope (fun a -> (oracle a).CumulativeDistribution z) a) / (oracle a).Density z

                    let actual = grad (fun a -> Gamma(a, tensor 1.0).Sample(Key.create seed)) (scalar a)
                    near 2e-6 (float actual) expected $"a = {a}, z = {z}"
        }
        test "of tiny draws: z is (p Γ(a + 1))^(1/a) there" {
            // ln z = (ln p + ln Γ(a + 1))/a.
            let a = 0.01
            let mutable found = 0

            for seed in 1L .. 20L do
                let log' a = log (Gamma(a, tensor 1.0).Sample(Key.create seed))
                let logZ = float (log' (scalar a))

                if logZ < -23.0 && logZ > -700.0 then
                    found <- found + 1
                    let logP = a * logZ - MathNet.Numerics.SpecialFunctions.GammaLn(a + 1.0)
                    let root a = (logP + MathNet.Numerics.SpecialFunctions.GammaLn(a + 1.0)) / a
                    near 1e-6 (float (grad log' (scalar a))) (slope root a) $"ln z = {logZ}"

            Expect.isGreaterThan found 5 "tiny draws"
        }
        test "means of derivatives of draws are derivatives of means" {
            let n = 4000

            let check name (mean: Tensor -> Tensor) (draw: Tensor -> Tensor) parameter =
                // One derivative for each draw: pushed forward, all at once.
                let x = scalar parameter
                let _, pushed = jvp draw x (tensor 1.0)
                let each = numbers pushed
                let average = Array.average each
                let error = sqrt (Array.averageBy (fun d -> (d - average) ** 2.0) each / float n)
                let expected = float (grad mean x)
                // Six standard errors: one in 5·10⁸ would be farther off.
                Expect.isLessThan
                    (abs (average - expected))
                    (6.0 * error + 1e-12)
                    $"{name}: {average} for {expected}"

            let key = Key.create 17L

            check
                "Gamma"
                (fun a -> Gamma(a, tensor 2.0).Mean())
                (fun a -> Gamma(a, tensor 2.0).Sample(key, n))
                0.7

            check
                "Beta, a"
                (fun a -> Beta(a, tensor 2.0).Mean())
                (fun a -> Beta(a, tensor 2.0).Sample(key, n))
                0.7

            check
                "Beta, b"
                (fun b -> Beta(tensor 3.0, b).Mean())
                (fun b -> Beta(tensor 3.0, b).Sample(key, n))
                1.5

            check "χ²" (fun k -> ChiSquare(k).Mean()) (fun k -> ChiSquare(k).Sample(key, n)) 3.0
            // The mean of |t| with 3 degrees of freedom moves with these.
            let meanAbs (v: Tensor) =
                exp (0.5 * log v + lgamma (0.5 * (v + 1.0)) - lgamma (0.5 * v)) / sqrt System.Math.PI * 2.0
                / (v - 1.0)

            let t v = StudentT(v, tensor 0.0, tensor 1.0)
            check "StudentT" meanAbs (fun v -> abs ((t v).Sample(key, n))) 6.0
        }
        test "second derivatives are slopes of first ones" {
            let d = Gamma(tensor 2.0, tensor 1.0)
            let f a = Gamma(a, tensor 1.0).Cdf(tensor 1.5)
            near 1e-6 (float (diffn 2 f (tensor 2.0))) (slope (fun a -> float (grad f (scalar a))) 2.0) "by a"
            let median a = Gamma(a, tensor 1.0).Quantile(tensor 0.5)

            near
                1e-6
                (float (diffn 2 median (tensor 2.0)))
                (slope (fun a -> float (grad median (scalar a))) 2.0)
                "of a quantile"

            // A draw moves as the quantile does that it is.
            let draw a = Gamma(a, tensor 1.0).Sample(Key.create 3L)
            let p = d.Cdf(draw (tensor 2.0))
            let quantile a = Gamma(a, tensor 1.0).Quantile p
            near 1e-9 (float (diffn 2 draw (tensor 2.0))) (float (diffn 2 quantile (tensor 2.0))) "of a draw"
            let byX = diffn 2 d.Cdf (tensor 1.5)
            near 1e-8 (float byX) (slope (fun x -> exp (float (d.LogProb(scalar x)))) 1.5) "by x"
            let byP = diffn 2 d.Quantile (tensor 0.3)
            near 1e-6 (float byP) (slope (fun p -> float (grad d.Quantile (scalar p))) 0.3) "by p"
        }
    ]
