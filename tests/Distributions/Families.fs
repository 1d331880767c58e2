/// The continuous families of numbers, each with a second opinion: MathNet, or a closed form.
module Cotangent.Distributions.Tests.Families

open System
open MathNet.Numerics
open Cotangent
open Cotangent.Distributions

type Oracle = { LogDensity: float -> float; Cdf: float -> float; Mean: float; Variance: float }

type Family = {
    Name: string
    Make: Tensor[] -> Univariate
    /// Sets of parameters.
    Sets: float[] list
    Oracle: float[] -> Oracle
    /// Whether two draws from the same key with other parameters are the same draw, moved: rejection is not.
    IsSmooth: bool
}

let private ofMathNet (d: MathNet.Numerics.Distributions.IContinuousDistribution) = {
    LogDensity = d.DensityLn
    Cdf = d.CumulativeDistribution
    Mean =
        (try
            d.Mean
         with _ ->
             nan)
    Variance =
        (try
            d.Variance
         with _ ->
             nan)
}

let private closed logDensity cdf mean variance = {
    LogDensity = logDensity
    Cdf = cdf
    Mean = mean
    Variance = variance
}

let private family name make sets oracle = {
    Name = name
    Make = make
    Sets = sets
    Oracle = oracle
    IsSmooth = true
}

let private phi x = 0.5 * SpecialFunctions.Erfc(-x / sqrt 2.0)
let private logPhi x = -0.5 * x * x - 0.5 * log (2.0 * Math.PI)

let private truncated (p: float[]) =
    let m, s, a, b = p[0], p[1], (p[2] - p[0]) / p[1], (p[3] - p[0]) / p[1]
    let mass = phi b - phi a
    let density x = if Double.IsInfinity x then 0.0 else exp (logPhi x)
    let times x = if Double.IsInfinity x then 0.0 else x * density x
    let mean = (density a - density b) / mass

    closed
        (fun x -> logPhi ((x - m) / s) - log s - log mass)
        (fun x -> (phi ((x - m) / s) - phi a) / mass)
        (m + s * mean)
        (s * s * (1.0 + (times a - times b) / mass - mean * mean))

let private euler = Constants.EulerMascheroni

/// Every one of them in sets of ordinary and of awkward parameters.
let all: Family list = [
    family
        "Normal"
        (fun p -> Normal(p[0], p[1]))
        [ [| 0.0; 1.0 |]; [| -3.0; 0.2 |]; [| 50.0; 7.0 |] ]
        (fun p -> ofMathNet (MathNet.Numerics.Distributions.Normal(p[0], p[1])))
    family "Laplace" (fun p -> Laplace(p[0], p[1])) [ [| 0.0; 1.0 |]; [| 2.0; 0.3 |] ] (fun p ->
        ofMathNet (MathNet.Numerics.Distributions.Laplace(p[0], p[1])))
    family "Logistic" (fun p -> Logistic(p[0], p[1])) [ [| 0.0; 1.0 |]; [| -1.0; 3.0 |] ] (fun p ->
        ofMathNet (MathNet.Numerics.Distributions.Logistic(p[0], p[1])))
    family "Gumbel" (fun p -> Gumbel(p[0], p[1])) [ [| 0.0; 1.0 |]; [| 2.0; 0.5 |] ] (fun p ->
        closed
            (fun x -> -(x - p[0]) / p[1] - exp (-(x - p[0]) / p[1]) - log p[1])
            (fun x -> exp -(exp (-(x - p[0]) / p[1])))
            (p[0] + euler * p[1])
            (Math.PI ** 2.0 / 6.0 * p[1] ** 2.0))
    family "Cauchy" (fun p -> Cauchy(p[0], p[1])) [ [| 0.0; 1.0 |]; [| 1.0; 4.0 |] ] (fun p -> {
        ofMathNet (MathNet.Numerics.Distributions.Cauchy(p[0], p[1])) with
            Mean = nan
            Variance = nan
    })
    family
        "StudentT"
        (fun p -> StudentT(p[0], p[1], p[2]))
        [ [| 5.0; 0.0; 1.0 |]; [| 1.5; 1.0; 2.0 |]; [| 0.7; 0.0; 1.0 |]; [| 200.0; 0.0; 0.5 |] ]
        (fun p -> {
            ofMathNet (MathNet.Numerics.Distributions.StudentT(p[1], p[2], p[0])) with
                Mean = (if p[0] > 1.0 then p[1] else nan)
        })
    family "Exponential" (fun p -> Exponential p[0]) [ [| 1.0 |]; [| 25.0 |] ] (fun p ->
        ofMathNet (MathNet.Numerics.Distributions.Exponential p[0]))
    family "HalfNormal" (fun p -> HalfNormal p[0]) [ [| 1.0 |]; [| 3.0 |] ] (fun p ->
        closed
            (fun x -> log 2.0 + logPhi (x / p[0]) - log p[0])
            (fun x -> SpecialFunctions.Erf(x / p[0] / sqrt 2.0))
            (p[0] * sqrt (2.0 / Math.PI))
            (p[0] ** 2.0 * (1.0 - 2.0 / Math.PI)))
    family "HalfCauchy" (fun p -> HalfCauchy p[0]) [ [| 1.0 |]; [| 0.2 |] ] (fun p ->
        closed
            (fun x -> log (2.0 / (Math.PI * p[0] * (1.0 + (x / p[0]) ** 2.0))))
            (fun x -> 2.0 / Math.PI * atan (x / p[0]))
            infinity
            infinity)
    family "LogNormal" (fun p -> LogNormal(p[0], p[1])) [ [| 0.0; 1.0 |]; [| 1.0; 0.25 |] ] (fun p ->
        ofMathNet (MathNet.Numerics.Distributions.LogNormal(p[0], p[1])))
    family
        "Weibull"
        (fun p -> Weibull(p[0], p[1]))
        [ [| 1.0; 1.0 |]; [| 2.5; 0.5 |]; [| 0.6; 2.0 |] ]
        (fun p -> {
            ofMathNet (MathNet.Numerics.Distributions.Weibull(p[0], p[1])) with
                // Its own has 9 digits.
                Cdf = fun x -> 1.0 - exp -((x / p[1]) ** p[0])
        })
    family "Pareto" (fun p -> Pareto(p[0], p[1])) [ [| 3.0; 1.0 |]; [| 2.5; 4.0 |] ] (fun p ->
        ofMathNet (MathNet.Numerics.Distributions.Pareto(p[1], p[0])))
    {
        family
            "Gamma"
            (fun p -> Gamma(p[0], p[1]))
            [ [| 2.0; 1.0 |]; [| 0.3; 2.0 |]; [| 1.0; 0.5 |]; [| 60.0; 4.0 |] ]
            (fun p -> ofMathNet (MathNet.Numerics.Distributions.Gamma(p[0], p[1]))) with
            IsSmooth = false
    }
    {
        family "ChiSquare" (fun p -> ChiSquare p[0]) [ [| 3.0 |]; [| 0.9 |] ] (fun p ->
            ofMathNet (MathNet.Numerics.Distributions.ChiSquared p[0])) with
            IsSmooth = false
    }
    {
        family "InverseGamma" (fun p -> InverseGamma(p[0], p[1])) [ [| 3.0; 4.0 |]; [| 2.5; 0.5 |] ] (fun p -> {
            ofMathNet (MathNet.Numerics.Distributions.InverseGamma(p[0], p[1])) with
                LogDensity =
                    fun x ->
                        p[0] * log p[1] - SpecialFunctions.GammaLn p[0] - (p[0] + 1.0) * log x - p[1] / x
        }) with
            IsSmooth = false
    }
    family "Uniform" (fun p -> Uniform(p[0], p[1])) [ [| 0.0; 1.0 |]; [| -2.0; 5.0 |] ] (fun p ->
        ofMathNet (MathNet.Numerics.Distributions.ContinuousUniform(p[0], p[1])))
    {
        family
            "Beta"
            (fun p -> Beta(p[0], p[1]))
            [ [| 2.0; 3.0 |]; [| 0.4; 0.7 |]; [| 1.0; 1.0 |]; [| 30.0; 12.0 |] ]
            (fun p -> ofMathNet (MathNet.Numerics.Distributions.Beta(p[0], p[1]))) with
            IsSmooth = false
    }
    family
        "TruncatedNormal"
        (fun p -> TruncatedNormal(p[0], p[1], p[2], p[3]))
        [ [| 0.0; 1.0; -1.0; 2.0 |]; [| 1.0; 2.0; 3.0; infinity |]; [| 0.0; 1.0; -infinity; -1.5 |] ]
        truncated
]

let tensors (set: float[]) = set |> Array.map Support.scalar

/// A test for each family and each set of its parameters.
let each (run: Family -> float[] -> Univariate -> Oracle -> unit) = [
    for family in all do
        for set in family.Sets do
            let show = set |> Array.map string |> String.concat ", "

            Expecto.Tests.testCase $"{family.Name}({show})" (fun () ->
                run family set (family.Make(tensors set)) (family.Oracle set))
]
