/// A posterior, sampled by what the package and the core have, against quadrature.
module Cotangent.Distributions.Tests.PosteriorTests

open System
open Expecto
open Cotangent
open Cotangent.Distributions
open Cotangent.Distributions.Tests.Support

type private Schools = { Mean: Tensor; LogSpread: Tensor; Each: Tensor }

// Rubin, "Estimation in parallel randomized experiments" (1981).
let private effects = [| 28.0; 8.0; -3.0; 7.0; -1.0; 1.0; 18.0; 12.0 |]
let private errors = [| 15.0; 10.0; 16.0; 11.0; 9.0; 11.0; 10.0; 18.0 |]

let private logPosterior (q: Schools) =
    let spread = exp q.LogSpread

    Normal(tensor 0.0, tensor 5.0).LogProb q.Mean
    + HalfCauchy(tensor 5.0).LogProb spread
    + q.LogSpread
    + sum (Normal(tensor 0.0, tensor 1.0).LogProb q.Each)
    + sum (Normal(q.Mean + spread * q.Each, tensor errors).LogProb(tensor effects))

/// A step of Hamiltonian Monte Carlo.
let private move logDensity steps (size: float) (q: 'q) (key: Key) : 'q =
    let forMomentum, forSize, forChoice = Key.split3 key
    let size = size * (0.8 + 0.4 * Random.uniform forSize DType.Float64 [])

    let momentum =
        q
        |> Tree.mapEntries (fun leaf ->
            Random.normal (Key.named leaf.Path forMomentum) DType.Float64 leaf.Tensor.Shape)

    let kick part q p = Tree.addScaled (part * size) (grad logDensity q) p
    let energy q p = 0.5 * Tree.dot p p - logDensity q

    let leap (q, p) =
        let q = Tree.addScaled size p q
        q, kick 1.0 q p

    let q1, p1 = leap (iterate (steps - 1) leap (q, kick 0.5 q momentum))
    let p1 = kick -0.5 q1 p1
    let chance = energy q momentum - energy q1 p1
    let isAccepted = (log (Random.uniform forChoice DType.Float64 [])).Less chance
    Tree.map2 (where isAccepted) q1 q

/// Mean and standard deviation of the mean effect and of the spread. The schools' own effects are integrated by hand: given both, an
/// observed effect is normal, of variance error² + spread².
let private byQuadrature () =
    let cells = [
        for i in 0..300 do
            let mean = -20.0 + float i * 0.16

            for j in 0..600 do
                // Even steps of the logarithm.
                let spread = exp (-8.0 + float j * 0.02)

                let logWeight =
                    -0.5 * (mean / 5.0) ** 2.0 - log (1.0 + (spread / 5.0) ** 2.0)
                    + log spread
                    + Array.sum (
                        Array.map2
                            (fun y e ->
                                let variance = e * e + spread * spread
                                -0.5 * (y - mean) ** 2.0 / variance - 0.5 * log variance)
                            effects
                            errors
                    )

                struct (mean, spread, exp (logWeight + 30.0))
    ]

    let total = cells |> List.sumBy (fun struct (_, _, w) -> w)
    let expected f = (cells |> List.sumBy (fun struct (m, t, w) -> w * f m t)) / total
    let mean, spread = expected (fun m _ -> m), expected (fun _ t -> t)

    (mean, sqrt (expected (fun m _ -> (m - mean) ** 2.0))),
    (spread, sqrt (expected (fun _ t -> (t - spread) ** 2.0)))

[<Tests>]
let posterior =
    testList "Posterior" [
        test "eight schools" {
            let chains =
                compile (
                    vmap (fun (start: Schools, key: Key) ->
                        let step q key =
                            let q = move logPosterior 15 0.25 q key
                            q, q

                        snd (scan step start (Key.batch 1500 key)))
                )

            let start = {
                Mean = Tensor.zeros DType.Float64 [ 4 ]
                LogSpread = Tensor.zeros DType.Float64 [ 4 ]
                Each = Random.normal (Key.create 6L) DType.Float64 [ 4; 8 ]
            }

            let found = chains (start, Key.batch 4 (Key.create 7L))
            let means, spreads = found.Mean[*, 500..], exp found.LogSpread[*, 500..]
            let (mean', deviation), (spread, ofSpread) = byQuadrature ()
            // Published by posteriordb, which has 10,000 draws: 4.4 and 3.3, 3.6 and 3.2.
            Expect.isTrue
                (Math.Round(mean', 1) = 4.4 && Math.Round(spread, 1) = 3.6)
                $"quadrature: {mean'}, {spread}"
            // A standard error is near 0.07, were a draw in two independent of the others.
            Expect.isLessThan (abs (float (mean means) - mean')) 0.4 "mean effect"
            Expect.isLessThan (abs (float (means.Std()) - deviation)) 0.4 "its deviation"
            Expect.isLessThan (abs (float (mean spreads) - spread)) 0.4 "spread"
            Expect.isLessThan (abs (float (spreads.Std()) - ofSpread)) 0.5 "its deviation"
        }
    ]
