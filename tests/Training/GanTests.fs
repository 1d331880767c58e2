module Cotangent.Tests.GanTests

open Expecto
open Cotangent

/// One number each: the generator multiplies the noise by g, the discriminator takes x for real with probability σ(d x).
/// Both learn by plain descent.
let private scalars kind (noises: ResizeArray<float>) : Gan<Tensor, Tensor> = {
    Generate = fun g latent -> g * latent
    Judge = fun d x -> sigmoid (d * x)
    TrainGenerator = None
    TrainDiscriminator = None
    Latent =
        fun key dtype shape ->
            let noise = Random.normal key dtype shape
            noises.Add(float noise)
            noise
    LatentSize = 1
    GeneratorNoise = kind
    Adversary = Adversary.CrossEntropy 1e-7
    DiscriminatorSteps = 1
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

/// What either player plays for, of its score of one real and one generated number, written out, and its slope by that score.
let private played kind =
    match kind with
    | AdversarialLoss.CrossEntropy ->
        (fun r g -> log (1.0 + exp -r) + log (1.0 + exp g)),
        (fun r g -> sigma r - 1.0, sigma g),
        (fun g -> log (1.0 + exp -g), sigma g - 1.0)
    | AdversarialLoss.LeastSquares ->
        (fun r g -> 0.5 * (r - 1.0) ** 2.0 + 0.5 * g * g),
        (fun r g -> r - 1.0, g),
        (fun g -> 0.5 * (g - 1.0) ** 2.0, g - 1.0)
    | AdversarialLoss.Hinge ->
        (fun r g -> max 0.0 (1.0 - r) + max 0.0 (1.0 + g)),
        (fun r g -> (if r < 1.0 then -1.0 else 0.0), (if g > -1.0 then 1.0 else 0.0)),
        (fun g -> -g, -1.0)
    | AdversarialLoss.Wasserstein -> (fun r g -> g - r), (fun _ _ -> -1.0, 1.0), (fun g -> -g, -1.0)

/// Steps of the judge d x, with a penalty of weight w on its slope d, and one of the generator g z.
let private scoresByHand kind w (g: float) (d: float) (reals: float list) (shown: float list) own =
    let lossOfD, slopesOfD, ofG = played kind

    let once (d, _) (real, noise) =
        let fake = g * noise
        let onReal, onFake = slopesOfD (d * real) (d * fake)
        let slope = onReal * real + onFake * fake + 2.0 * w * (abs d - 1.0) * float (System.Math.Sign d)
        d - 0.2 * slope, lossOfD (d * real) (d * fake) + w * (abs d - 1.0) ** 2.0

    let d, loss = List.fold once (d, nan) (List.zip reals shown)
    let lossOfG, slope = ofG (d * g * own)
    g - 0.3 * slope * d * own, d, lossOfG, loss

let private compare
    (expected: float * float * float * float)
    (next: GanState<Tensor, Tensor>)
    (losses: GanLosses)
    =
    let g, d, lossOfG, lossOfD = expected

    for what, expected, actual in
        [
            "generator", g, next.Generator
            "discriminator", d, next.Discriminator
            "generator's loss", lossOfG, losses.GeneratorLoss
            "discriminator's loss", lossOfD, losses.DiscriminatorLoss
        ] do
        Expect.floatClose { absolute = 2e-6; relative = 2e-6 } (float actual) expected what

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
                compare (byHand 0.7 -0.4 1.3 noises[0] noises[draws - 1]) next losses
            }

        test "With a penalty the shared noise is that of the critic's last step" {
            let noises = ResizeArray()

            let gan = {
                scalars GeneratorNoise.Shared noises with
                    Judge = fun d x -> d * x
                    Adversary = Adversary.Scores(AdversarialLoss.Wasserstein, 0.0)
                    DiscriminatorSteps = 3
            }

            let state = Gan.start gan (tensor 0.7f) (tensor 1.0f)
            let batches = List.replicate 3 (tensor [ [ 1.3f ] ])
            let next, _ = Gan.step gan state batches (Key.create 22L)
            Expect.equal noises.Count 3 "one draw for each step of the critic"
            let expected = 0.7 + 0.3 * float next.Discriminator * noises[2]
            Expect.floatClose { absolute = 1e-6; relative = 1e-6 } (float next.Generator) expected "generator"
        }

        for kind in
            [
                AdversarialLoss.CrossEntropy
                AdversarialLoss.LeastSquares
                AdversarialLoss.Hinge
                AdversarialLoss.Wasserstein
            ] do
            for weight, count in [ 0.0, 1; 0.7, 1; 0.7, 3 ] do
                test
                    $"A step of scores, {kind}, penalty {weight}, {count} of the discriminator, is the one by hand" {
                    let noises = ResizeArray()

                    let gan = {
                        scalars GeneratorNoise.Fresh noises with
                            Judge = fun d x -> d * x
                            Adversary = Adversary.Scores(kind, weight)
                            DiscriminatorSteps = count
                    }

                    let state = Gan.start gan (tensor 0.7f) (tensor -0.4f)
                    let reals = List.truncate count [ 1.3; 0.2; -0.6 ]
                    let batches = [ for real in reals -> tensor [ [ float32 real ] ] ]
                    let next, losses = Gan.step gan state batches (Key.create 25L)
                    let shown = List.ofSeq noises |> List.truncate count
                    Expect.equal noises.Count (count + 1) "draws"
                    compare (scoresByHand kind weight 0.7 -0.4 reals shown noises[count]) next losses
                }

        test "Several steps of cross-entropy see a batch and noise each" {
            let noises = ResizeArray()
            let gan = { scalars GeneratorNoise.Fresh noises with DiscriminatorSteps = 2 }
            let state = Gan.start gan (tensor 0.7f) (tensor -0.4f)

            let next, losses =
                Gan.step gan state [ tensor [ [ 1.3f ] ]; tensor [ [ -0.5f ] ] ] (Key.create 26L)
            // The generator stays while the discriminator learns.
            let _, d, _, _ = byHand 0.7 -0.4 1.3 noises[0] 0.0
            compare (byHand 0.7 d -0.5 noises[1] noises[2]) next losses
        }

        test "The average weighs the generators after each step, and holds nothing of the first" {
            let gan = { scalars GeneratorNoise.Fresh (ResizeArray()) with AverageDecay = 0.75 }

            let states =
                Gan.start gan (tensor 0.7f) (tensor -0.4f)
                |> List.unfold (fun state ->
                    let key = Key.fold (int64 (int state.Average.Count)) (Key.create 27L)
                    let next, _ = Gan.step gan state [ tensor [ [ 1.3f ] ] ] key
                    if int next.Average.Count > 3 then None else Some(next, next))

            let generators = states |> List.map (fun state -> float state.Generator)
            let weights = [ 0.5625; 0.75; 1.0 ]
            let expected = List.sum (List.map2 (*) weights generators) / List.sum weights
            let close = { absolute = 1e-6; relative = 1e-6 }
            Expect.floatClose close (float states[0].Average.Mean) generators[0] "the first"
            Expect.floatClose close (float states[2].Average.Mean) expected "the third"
        }

        for adversary in
            [
                Adversary.CrossEntropy 1e-7
                Adversary.Scores(AdversarialLoss.Hinge, 0.0)
                Adversary.Scores(AdversarialLoss.Wasserstein, 0.5)
            ] do
            test
                $"Players learn what their inputs are like, once from each batch that they are updated on, {adversary}" {
                let noises = ResizeArray<Tensor>()
                let keys = ResizeArray<float>()

                let train (weight: Tensor, norm) (key: Key) (x: Tensor) =
                    keys.Add(float (Random.uniform key DType.Float64 []))
                    let y, norm = BatchNorm.train norm x
                    weight * y, (weight, norm)

                let forward (weight: Tensor, norm) (x: Tensor) = weight * BatchNorm.forward norm x

                let gan = {
                    Gan.create forward (fun d x -> sigmoid (forward d x)) 1 (Optimizer.sgd 0.0) with
                        Adversary = adversary
                        DiscriminatorSteps = 2
                        TrainGenerator = Some train
                        TrainDiscriminator =
                            Some(fun d key x ->
                                let y, d = train d key x
                                sigmoid y, d)
                        Latent =
                            fun key dtype shape ->
                                let noise = Random.normal key dtype shape
                                noises.Add noise
                                noise
                }

                let player (weight: float32) = tensor weight, BatchNorm.create 1
                let state = Gan.start gan (player 0.7f) (player -0.4f)

                let reals = [
                    tensor [ [ 1.0f ]; [ 2.0f ]; [ 6.0f ] ]
                    tensor [ [ -1.0f ]; [ 0.0f ]; [ 7.0f ] ]
                ]

                let next, _ = Gan.step gan state reals (Key.create 29L)
                // PyTorch's rule with momentum 0.1. What is generated is normalised, so its mean is 0.
                let after = List.fold (fun running mean -> 0.9 * running + 0.1 * mean) 0.0
                let mean (_, norm: BatchNorm) = float norm.RunningMean.Value
                let ofNoise = [ for noise in noises -> float (noise.Mean()) ]
                Expect.floatClose Accuracy.medium (mean next.Generator) (after ofNoise) "the generator's mean"

                Expect.floatClose
                    Accuracy.medium
                    (mean next.Discriminator)
                    (after [ 3.0; 0.0; 2.0; 0.0 ])
                    "the discriminator's mean"

                Expect.equal (mean next.Average.Mean) (mean next.Generator) "is part of the average"
                Expect.equal (Seq.length (Seq.distinct keys)) keys.Count "each use has a key of its own"
            }

        test "One optimiser serves players of different types" {
            let judge (layer: Linear) x = Linear.forward layer x
            let gan = Gan.create (fun (g: Tensor) z -> g * z) judge 1 (Optimizer.sgd 0.1)

            Expect.isTrue
                (obj.ReferenceEquals(gan.GeneratorOptimizer, gan.DiscriminatorOptimizer))
                "one value"

            let critic = Linear.create 1 1 (Key.create 1L)
            let state = Gan.start gan (tensor 0.7f) critic
            let next, _ = Gan.step gan state [ tensor [ [ 1.3f ] ] ] (Key.create 28L)
            Expect.notEqual (float next.Generator) 0.7 "the generator"
            Expect.notEqual (float next.Discriminator.Weight) (float critic.Weight) "the critic"
            Expect.equal (float next.Average.Mean) (float next.Generator) "no average"
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
            let critics n = { gan with DiscriminatorSteps = n }

            for gan, count, message in
                [
                    gan, 2, "2 real batches"
                    critics 3, 2, "takes 3"
                    critics 0, 0, "at least 1"
                    { gan with Adversary = Adversary.Scores(AdversarialLoss.Hinge, -0.5) },
                    1,
                    "penalty is -0.5"
                ] do
                let batches = List.replicate count (tensor [ [ 1.0f ] ])

                Expect.throwsC (fun () -> Gan.step gan state batches (Key.create 0L) |> ignore) (fun e ->
                    Expect.isTrue (e :? ValueException) "a ValueException"
                    Expect.stringContains e.Message message "what it says")
        }
    ]
