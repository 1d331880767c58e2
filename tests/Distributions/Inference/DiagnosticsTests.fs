module Cotangent.Distributions.Tests.Inference.DiagnosticsTests

open System
open Expecto
open Cotangent
open Cotangent.Inference
open Cotangent.Distributions.Tests.Support

/// Chains that R can make, too, bit for bit: y = φ y + u - 1/2, where u is of Park and Miller's generator (1988).
let private series phi chains draws : float[][] =
    let mutable seed = 20261129L

    Array.init chains (fun _ ->
        let mutable y = 0.0

        Array.init draws (fun _ ->
            seed <- 16807L * seed % 2147483647L
            y <- phi * y + float seed / 2147483647.0 - 0.5
            y))

let private first (f: float -> float) (chains: float[][]) =
    chains |> Array.mapi (fun i xs -> if i = 0 then Array.map f xs else xs)

/// R-hat, bulk, tail, size for the mean and standard error of it, by the package posterior 1.4.0 of R, whose authors are those of the paper:
/// rhat, ess_bulk, ess_tail, ess_mean, mcse_mean.
let private published = [
    "autocorrelated",
    series 0.7 4 250,
    [ 1.02820364734; 180.949437286; 370.723088516; 181.768530071; 0.0311843084767 ]
    "alternating, so that sizes are at their bound",
    series -0.5 4 250,
    [ 1.00358141741; 3000.0; 848.239268586; 3000.0; 0.00640476229618 ]
    "an odd number of draws",
    series 0.95 3 201,
    [ 1.05462590525; 35.5679052443; 47.1278637582; 34.8861685227; 0.142229935793 ]
    "one chain",
    series 0.3 1 100,
    [ 1.01722288744; 40.2129023419; 76.8221378451; 43.4231492978; 0.0498514824641 ]
    "ties",
    series 0.5 4 200 |> Array.map (Array.map (fun x -> Math.Round(4.0 * x + 0.5) / 4.0)),
    [ 1.00367245529; 275.962184499; 510.024866239; 279.386736388; 0.0212174445338 ]
    "one chain elsewhere",
    series 0.2 4 200 |> first (fun x -> x + 0.4),
    [ 1.16144067942; 18.2286570876; 35.8033805661; 17.8675126133; 0.0814984773227 ]
    "one chain wider",
    series 0.2 4 200 |> first (fun x -> 3.0 * x),
    [ 1.20214272791; 488.957253731; 35.8033805661; 509.284361644; 0.023414667389 ]
]

let private ofAll (draws: Tensor) = [
    Diagnostics.RHat draws
    Diagnostics.BulkSize draws
    Diagnostics.TailSize draws
    Diagnostics.EffectiveSize draws
    Diagnostics.StandardError draws
]

[<Tests>]
let diagnostics =
    testList "Diagnostics" [
        testList "as R's posterior has them" [
            for name, chains, expected in published ->
                test name {
                    List.iter2
                        (fun (got: Tensor) -> near 1e-9 (float got) >> fun check -> check name)
                        (ofAll (tensor chains))
                        expected
                }
        ]
        test "each number of a draw by itself, in Float64" {
            let a, b = tensor (series 0.7 4 250), tensor (series -0.5 4 250)
            let both = stack -1 [ a; b ]

            for apart, together in List.zip (List.zip (ofAll a) (ofAll b)) (ofAll both) do
                allNear 0.0 together (stack 0 [ fst apart; snd apart ]) "both"

            Expect.equal (Diagnostics.RHat(both.Convert DType.Float32)).DType DType.Float64 "dtype"
        }
        test "the size of an autoregression" {
            // Of y = φ y + ε it is n (1 - φ)/(1 + φ) in theory; estimates from 10⁵ draws are off by a few percent.
            for phi in [ 0.5; 0.9 ] do
                let expected = 100_000.0 * (1.0 - phi) / (1.0 + phi)
                let found = float (Diagnostics.EffectiveSize(tensor (series phi 4 25_000)))
                Expect.isLessThan (abs (found / expected - 1.0)) 0.1 $"{phi}: {found} for {expected}"
        }
        test "the fraction of missing information, by hand" {
            // Jumps of 1, 3, 1 around a mean of 2.5; squares 11 over 5 + 3/4 … of the other chain 3 over 5.
            let energy = tensor [ [ 1.0; 2.0; 5.0; 4.0 ]; [ 1.0; 2.0; 3.0; 4.0 ] ]
            allNear 1e-12 (Diagnostics.EnergyFraction energy) (tensor [ 11.0 / 10.0; 0.6 ]) "fraction"
        }
        test "constant draws and such as are not finite give NaN" {
            let constant = Tensor.ones DType.Float64 [ 2; 8 ]
            let spoiled = tensor (series 0.5 2 8 |> first (fun _ -> infinity))

            for draws in [ constant; spoiled ] do
                for found in ofAll draws do
                    Expect.isTrue (Double.IsNaN(float found)) "NaN"
        }
        test "errors" {
            let refuses (draws: Tensor) message =
                Expect.throwsT<ShapeException> (fun () -> Diagnostics.RHat draws |> ignore) message

            refuses (tensor [ 1.0; 2.0; 3.0; 4.0 ]) "no chains"
            refuses (Tensor.zeros DType.Float64 [ 4; 3 ]) "too few draws"

            Expect.throwsT<ShapeException>
                (fun () -> Diagnostics.EnergyFraction(Tensor.zeros DType.Float64 [ 4; 8; 2 ]) |> ignore)
                "energies"
        }
    ]

[<Tests>]
let summary =
    testList "Summary" [
        test "mean, deviation and quantiles of each number" {
            let draws = tensor [ [ 1.0; 2.0; 3.0; 4.0 ]; [ 5.0; 6.0; 7.0; 8.0 ] ]
            let found = Summary.Of {| Mean = draws; Each = stack -1 [ draws; 10.0 * draws ] |}

            Expect.equal
                (found.Rows |> Array.map _.Name)
                [| "Each[0]"; "Each[1]"; "Mean" |]
                "names, in the order of fields"

            near 1e-12 found["Mean"].Mean 4.5 "mean"
            near 1e-12 found["Each[1]"].StandardDeviation (10.0 * sqrt 6.0) "deviation"
            near 1e-12 (found["Mean"].Quantile 0.5) 4.5 "median"
            near 1e-12 (found["Mean"].Quantile 0.05) 1.35 "R's quantile, type 7"
            Expect.throwsT<ValueException> (fun () -> found["Spread"] |> ignore) "no such name"
        }
        test "as a table" {
            let text = string (Summary.Of(tensor (series 0.7 4 250)))
            let lines = text.Split '\n'
            Expect.equal lines.Length 2 "a line for one number"

            Expect.equal
                (lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries))
                [| "mean"; "sd"; "5%"; "50%"; "95%"; "bulk"; "tail"; "R-hat" |]
                "columns"

            Expect.stringEnds lines[1] "181   371  1.028" "bulk, tail, R-hat"
            Expect.equal lines[0].Length lines[1].Length "aligned"
        }
    ]
