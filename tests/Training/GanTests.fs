module Cotangent.Tests.GanTests

open Expecto
open Cotangent

/// One number each: the generator multiplies the noise by g, the discriminator takes x for real with probability σ(d x).
/// Both learn by plain descent.
let private scalars kind (noises: ResizeArray<float>) : Gan<Tensor, Tensor> = {
    Generate = fun g latent -> g * latent
    Judge = fun d x -> sigmoid (d * x)
    Latent =
        fun key dtype shape ->
            let noise = Random.normal key dtype shape
            noises.Add(float noise)
            noise
    LatentSize = 1
    GeneratorNoise = kind
    Adversary = Adversary.CrossEntropy 1e-7
    GeneratorOptimizer = Optimizer.sgd 0.3
    DiscriminatorOptimizer = Optimizer.sgd 0.2
    ConstrainGenerator = id
    ConstrainDiscriminator = id
    AverageDecay = 0.0
}

let private sigma x = 1.0 / (1.0 + exp -x)

/// The same step by hand: from g, d, the real number, and the noise of either player, to g, d and the losses.
let private byHand g d real shown own =
    let d1 = d + 0.2 * (1.0 - sigma (d * real)) * real
    let fake = g * shown
    let d2 = d1 - 0.2 * sigma (d1 * fake) * fake
    let judged = sigma (d2 * (g * own))
    let lossOfD = -log(sigma (d * real)) - log (1.0 - sigma (d1 * fake))
    g + 0.3 * (1.0 - judged) * d2 * own, d2, -log judged, lossOfD

[<Tests>]
let tests =
    testList "Gan" [
        for kind, draws in [ GeneratorNoise.Shared, 1; GeneratorNoise.Fresh, 2 ] do
            test $"A step of cross-entropy, noise {kind}, is the one by hand" {
                let noises = ResizeArray()
                let gan = scalars kind noises
                let state = Gan.start gan (tensor 0.7f) (tensor -0.4f)
                let real = tensor [ [ 1.3f ] ]
                let next, losses = Gan.step gan state [ real ] (Key.create 21L)
                Expect.equal noises.Count draws "the number of draws"
                let g, d, lossOfG, lossOfD = byHand 0.7 -0.4 1.3 noises[0] noises[draws - 1]

                for what, expected, actual in
                    [
                        "generator", g, next.Generator
                        "discriminator", d, next.Discriminator
                        "generator's loss", lossOfG, losses.GeneratorLoss
                        "discriminator's loss", lossOfD, losses.DiscriminatorLoss
                    ] do
                    Expect.floatClose { absolute = 1e-6; relative = 1e-6 } (float actual) expected what
            }

        test "With a penalty the shared noise is that of the critic's last step" {
            let noises = ResizeArray()

            let gan = {
                scalars GeneratorNoise.Shared noises with
                    Judge = fun d x -> d * x
                    Adversary = Adversary.GradientPenalty(0.0, 3)
            }

            let state = Gan.start gan (tensor 0.7f) (tensor 1.0f)
            let batches = List.replicate 3 (tensor [ [ 1.3f ] ])
            let next, _ = Gan.step gan state batches (Key.create 22L)
            Expect.equal noises.Count 3 "one draw for each step of the critic"
            let expected = 0.7 + 0.3 * float next.Discriminator * noises[2]
            Expect.floatClose { absolute = 1e-6; relative = 1e-6 } (float next.Generator) expected "generator"
        }

        test "A compiled step is the eager one, with either noise" {
            for kind in [ GeneratorNoise.Shared; GeneratorNoise.Fresh ] do
                let gan = { scalars kind (ResizeArray()) with Latent = Random.normal }
                let state = Gan.start gan (tensor 0.7f) (tensor -0.4f)
                let real = Random.normal (Key.create 23L) DType.Float32 [ 8; 1 ]
                let step (state, key) = Gan.step gan state [ real ] key
                let eager, _ = step (state, Key.create 24L)
                let compiled, _ = (compile step) (state, Key.create 24L)

                Expect.floatClose
                    Accuracy.medium
                    (float compiled.Generator)
                    (float eager.Generator)
                    "generator"

                Expect.floatClose
                    Accuracy.medium
                    (float compiled.Discriminator)
                    (float eager.Discriminator)
                    "discriminator"
        }

        test "The number of batches must be that of the discriminator's updates, and not 0" {
            let gan = scalars GeneratorNoise.Fresh (ResizeArray())
            let state = Gan.start gan (tensor 0.7f) (tensor 1.0f)
            let critics n = { gan with Adversary = Adversary.GradientPenalty(1.0, n) }

            for gan, count, message in
                [ gan, 2, "2 real batches"; critics 3, 2, "takes 3"; critics 0, 0, "at least 1" ] do
                let batches = List.replicate count (tensor [ [ 1.0f ] ])

                Expect.throwsC (fun () -> Gan.step gan state batches (Key.create 0L) |> ignore) (fun e ->
                    Expect.isTrue (e :? ValueException) "a ValueException"
                    Expect.stringContains e.Message message "what it says")
        }
    ]
