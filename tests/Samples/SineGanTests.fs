module Samples.Tests.SineGanTests

open System.Threading
open Expecto
open Cotangent
open Samples

let private energyDistance options =
    let result = SineGan.train options Progress.silent CancellationToken.None
    let forSamples, forMembers = Key.split (Key.fold 1L (Key.create options.Seed))
    let members = Sines.sample options.Family 1000 forMembers
    Quality.energyDistance (result.Sample 1000 forSamples) members

let private median (figures: float[]) =
    let sorted = Array.sort figures
    (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2.0

/// The generator before the first iteration.
let private start options = (SineGan.train options Progress.silent (CancellationToken true)).Generator

/// The largest first number of each parameter of the generator's layers, over seeds.
let private largest (choose: Linear -> Tensor) options =
    [
        for seed in 0L .. 99L ->
            [ for layer in (start { options with Seed = seed }).Layers -> float ((abs (choose layer)).Max()) ]
    ]
    |> List.reduce (List.map2 max)

[<Tests>]
let tests =
    testList "Sine GAN" [
        test "The article's GAN reaches what the same in NumPy reaches" {
            // python3 benchmarks/numpy/sine_gan_seeds.py 40000 64
            // 40000 iterations, 64 seeds: energy distance 0.164, quartiles 0.099 and 0.226
            let byNumPy = 0.164

            let figures = [|
                for seed in 0L .. 31L ->
                    energyDistance { SineGan.article Sines.article with Iterations = 40_000; Seed = seed }
            |]

            // Either median has a standard error of 0.02 or less. With uniform noise it is 0.37.
            Expect.floatClose { absolute = 0.08; relative = 0.0 } (median figures) byNumPy "the median"
        }

        test "WGAN-GP's signals are as near to real ones as these are to each other" {
            let seeds = [| 0L .. 4L |]

            let realDistance seed =
                let key, other = Key.split (Key.create seed)

                Quality.energyDistance
                    (Sines.sample Sines.article 1000 key)
                    (Sines.sample Sines.article 1000 other)

            let trained =
                seeds
                |> Array.map (fun seed ->
                    energyDistance { SineGan.recommended Sines.article with Seed = seed })

            // Medians of five have a standard error of 0.0002; the article's GAN has 0.14.
            let excess = median trained - median (Array.map realDistance seeds)
            Expect.isLessThan excess 0.001 "what the median is above that of real signals"
        }

        test "The article's first weights are bounded by their fans, and biases as weights of one input" {
            let bias (layer: Linear) = nonNull layer.Bias

            for name, bound, options in
                [
                    "xavier", (fun i o -> sqrt (2.0 / (i + o))), SineGan.article Sines.article
                    "he",
                    (fun i _ -> sqrt (1.0 / i)),
                    { SineGan.article Sines.wide with Preset = SineGanPreset.Article SineGan.he }
                ] do
                let close expected found =
                    List.iter2
                        (fun e f -> Expect.isTrue (f <= e && f > 0.97 * e) $"{name}: {f} of a bound of {e}")
                        expected
                        found

                largest _.Weight options |> close [ bound 1.0 10.0; bound 10.0 10.0; bound 10.0 10.0 ]
                largest bias options |> close [ bound 1.0 10.0; bound 1.0 10.0; bound 1.0 10.0 ]
        }

        test "An eager training is the compiled one" {
            let train isEager =
                let options = { SineGan.article Sines.article with Iterations = 300; Eager = isEager }
                (SineGan.train options Progress.silent CancellationToken.None).Losses |> List.exactlyOne

            let eager, compiled = train true, train false
            Expect.floatClose Accuracy.low compiled.GeneratorLoss eager.GeneratorLoss "the generator's loss"

            Expect.floatClose
                Accuracy.low
                compiled.DiscriminatorLoss
                eager.DiscriminatorLoss
                "the discriminator's"
        }
    ]
