/// Densities whose moments are known from elsewhere, and how chains are held against these.
module Cotangent.Distributions.Tests.Inference.Models

open System
open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Inference

/// The mean of draws against what it should be. Of a right sampler one test in a million is farther off than five standard errors
/// (R's posterior says the same of these errors: `DiagnosticsTests`).
let meanIs (expected: float) (draws: Tensor) message =
    let found, error = float (mean draws), float (Diagnostics.StandardError draws)
    Expect.isLessThan (abs (found - expected)) (5.0 * error) $"{message}: {found} ± {error} for {expected}"
    // Errors that are too large would hide anything.
    Expect.isLessThan error (0.05 * (abs expected + float (draws.Std()))) $"{message}: the error itself"

/// The same of mean and variance.
let momentsAre (expected: float) (variance: float) (draws: Tensor) message =
    meanIs expected draws message
    meanIs variance (square (draws - expected)) $"variance of {message}"

/// The message of an error of that type has these words.
let throws<'e when 'e :> exn> (f: unit -> unit) (words: string) =
    let message =
        try
            f ()
            "nothing was thrown"
        with :? 'e as e ->
            e.Message

    Expect.stringContains message words "message"

type Schools = { Mean: Tensor; Spread: Tensor; Each: Tensor }

// Rubin, "Estimation in parallel randomized experiments" (1981).
let private effects = [| 28.0; 8.0; -3.0; 7.0; -1.0; 1.0; 18.0; 12.0 |]
let private errors = [| 15.0; 10.0; 16.0; 11.0; 9.0; 11.0; 10.0; 18.0 |]

let private logPosterior (q: Schools) =
    Normal(tensor 0.0, tensor 5.0).LogProb q.Mean
    + HalfCauchy(tensor 5.0).LogProb q.Spread
    + sum (Normal(tensor 0.0, tensor 1.0).LogProb q.Each)
    + sum (Normal(q.Mean + q.Spread * q.Each, tensor errors).LogProb(tensor effects))

/// Eight schools, not centred; the spread through its logarithm.
let schools = Unconstrained<Schools>(logPosterior).With((fun q -> q.Spread), Bijections.Exp)

// Functions where they make tensors: a module may be initialised while something is traced.
let schoolsStart () =
    schools.Free { Mean = tensor 0.0; Spread = tensor 1.0; Each = Tensor.zeros DType.Float64 [ 8 ] }

let covariance = [| [| 0.01; 0.08; 0.0 |]; [| 0.08; 1.0; -5.0 |]; [| 0.0; -5.0; 100.0 |] |]
let means = [| 1.0; -2.0; 30.0 |]

/// A normal density of scales 0.1, 1 and 10, correlated by 0.8 and -0.5.
let correlated (x: Tensor) = MultivariateNormal.OfCovariance(tensor means, tensor covariance).LogProb x

let correlatedIs (draws: Tensor) =
    for i in 0..2 do
        momentsAre means[i] (covariance[i][i]) draws[*, *, i] $"number {i}"

    let product (i: int) (j: int) = (draws[*, *, i] - means[i]) * (draws[*, *, j] - means[j])
    meanIs 0.08 (product 0 1) "covariance of 0 and 1"
    meanIs -5.0 (product 1 2) "covariance of 1 and 2"
