namespace Samples

open System
open System.Diagnostics
open System.Threading
open Cotangent

/// The ways to train the sine GAN.
[<RequireQualifiedAccess>]
type SineGanPreset =
    /// As in the article: one normal number of noise an iteration, layers of 10, batch 1, cross-entropy, clipped SGD,
    /// clamped parameters; the generator is updated on the signal that the discriminator has just been shown. The bound
    /// of the first weights comes from the fans, that of the biases, too: a bias is a weight whose input is always 1.
    | Article of bound: (Fans -> float)
    /// <summary>
    /// WGAN-GP on standardised signals: critic and generator with two hidden layers of <c>width</c>, <c>batch</c> signals a step,
    /// and Adam, whose rate falls from <c>rate</c> to 0.
    /// </summary>
    | GradientPenalty of width: int * batch: int * rate: float

/// What to train.
[<NoComparison; NoEquality>]
type SineGanOptions = {
    /// How to train.
    Preset: SineGanPreset
    /// Which signals.
    Family: SineFamily
    /// Steps of the generator.
    Iterations: int
    /// Of everything random: the same seed gives the same numbers.
    Seed: int64
    /// Evaluates each operation as it comes, in place of running the training compiled. The same training, slower.
    Eager: bool
}

/// Losses at one point of the training, means since the point before.
type SineGanPoint = {
    /// Iterations done.
    Iteration: int
    /// The mean of the generator's losses.
    GeneratorLoss: float
    /// The mean of the discriminator's losses.
    DiscriminatorLoss: float
}

/// What a training reached.
[<NoComparison; NoEquality>]
type SineGanResult = {
    /// Iterations done: fewer than asked for after a cancellation.
    Iterations: int
    /// The training alone.
    Elapsed: TimeSpan
    /// In order.
    Losses: SineGanPoint list
    /// The trained generator (its running average, where the preset keeps one).
    Generator: Mlp
    /// Draws signals from it: (count, Length).
    Sample: int -> Key -> Tensor
}

/// What the players see in place of signals.
[<NoComparison; NoEquality>]
type private View = {
    /// What they see of signals.
    See: Tensor -> Tensor
    /// The signals that are seen so.
    Restore: Tensor -> Tensor
}

/// The generative adversarial network that this library grew out of, written on its public parts alone.
[<RequireQualifiedAccess>]
module SineGan =
    let private layer size activation (weight: Init) (bias: Init) =
        size, { Linear.defaults with Activation = activation; Weight = weight; Bias = Some bias }

    /// ±√(2/(in+out))
    let xavier (fans: Fans) = sqrt (2.0 / float (fans.FanIn + fans.FanOut))

    /// ±√(1/in)
    let he (fans: Fans) = sqrt (1.0 / float fans.FanIn)

    /// ±0.05
    let constant (_: Fans) = 0.05

    /// The options the defaults of the command line stand for: WGAN-GP, wide enough for the family.
    let recommended (family: SineFamily) : SineGanOptions =
        let narrow = family = Sines.article

        {
            Preset =
                (if narrow then
                     SineGanPreset.GradientPenalty(64, 64, 1e-3)
                 else
                     SineGanPreset.GradientPenalty(128, 64, 2e-3))
            Family = family
            Iterations = if narrow then 4500 else 9000
            Seed = 0L
            Eager = false
        }

    /// The article's GAN on a family.
    let article (family: SineFamily) : SineGanOptions = {
        Preset = SineGanPreset.Article xavier
        Family = family
        Iterations = 50_000
        Seed = 0L
        Eager = false
    }

    let private articleGan: Gan<Mlp, Mlp> =
        let optimizer = Optimizer.chain [ Optimizer.clipEachByNorm 0.2; Optimizer.sgd 0.01 ]
        let constrain = Tree.map (clamp -0.25 0.25)

        {
            Generate = Mlp.forward
            Judge = Mlp.forward
            TrainGenerator = None
            TrainDiscriminator = None
            Latent = Random.normal
            LatentSize = 1
            GeneratorNoise = GeneratorNoise.Shared
            Adversary = Adversary.CrossEntropy 1e-7
            DiscriminatorSteps = 1
            GeneratorOptimizer = optimizer
            DiscriminatorOptimizer = optimizer
            ConstrainGenerator = constrain
            ConstrainDiscriminator = constrain
            AverageDecay = 0.0
        }

    let private articleModels (family: SineFamily) bound key =
        let forGenerator, forDiscriminator = Key.split key
        let leaky = Activation.LeakyRelu 0.2
        // A bias is a weight whose input is always 1, and the only one of its output.
        let bias: Init = fun fans -> Init.uniformWithin bound { fans with FanIn = 1 }
        let layer size activation = layer size activation (Init.uniformWithin bound) bias

        Mlp.init
            1
            [ layer 10 Activation.Relu; layer 10 Activation.Relu; layer family.Length Activation.Tanh ]
            forGenerator,
        Mlp.init family.Length [ layer 10 leaky; layer 10 leaky; layer 1 Activation.Sigmoid ] forDiscriminator

    let private penaltyGan rate iterations =
        // Each step updates the critic three times, so its rate falls a third as fast by its own count of steps.
        let optimizer updates =
            Optimizer.adam (Schedule.linear rate 0.0 (iterations * updates), beta1 = 0.0, beta2 = 0.9)

        {
            Generate = Mlp.forward
            Judge = Mlp.forward
            TrainGenerator = None
            TrainDiscriminator = None
            Latent = Random.normal
            LatentSize = 8
            GeneratorNoise = GeneratorNoise.Fresh
            Adversary = Adversary.Scores(AdversarialLoss.Wasserstein, 1.0)
            DiscriminatorSteps = 3
            GeneratorOptimizer = optimizer 1
            DiscriminatorOptimizer = optimizer 3
            ConstrainGenerator = id
            ConstrainDiscriminator = id
            AverageDecay = 0.998
        }

    let private penaltyModels (family: SineFamily) width key =
        let forGenerator, forCritic = Key.split key
        let leaky = Activation.LeakyRelu 0.2
        let layer size activation = layer size activation Init.inverseRoot Init.inverseRoot

        Mlp.init
            8
            [
                layer width Activation.Relu
                layer width Activation.Relu
                layer family.Length Activation.Identity
            ]
            forGenerator,
        Mlp.init family.Length [ layer width leaky; layer width leaky; layer 1 Activation.Identity ] forCritic

    /// The signals themselves.
    let private asTheyAre = { See = id; Restore = id }

    /// Each number of a signal less its mean over real signals, in its standard deviations. The article's are as small as 0.06:
    /// in these units the same training ends nearer to the real signals.
    let private standardised (options: SineGanOptions) =
        let signals = Sines.sample options.Family 2000 (Key.named "standardised" (Key.create options.Seed))
        let mean, deviation = signals.Mean 0, signals.Std 0

        {
            See = fun signals -> (signals - mean) / deviation
            Restore = fun seen -> seen * deviation + mean
        }

    /// A number of steps, 1 if eager, on fresh real batches: from the key of the training, the state, how many steps it has
    /// had, and the sums of the losses, to these.
    let private steps (gan: Gan<Mlp, Mlp>) (view: View) batch reportEvery (options: SineGanOptions) =
        let step (key: Key) (state, iteration: Tensor, sums) =
            let forData, forStep = Key.split (Key.foldTensor iteration key)

            let batches = [
                for key in Key.splitMany (Gan.batchesPerStep gan) forData ->
                    view.See(Sines.sample options.Family batch key)
            ]

            let state, losses = Gan.step gan state batches forStep
            state, iteration + 1, Tree.map2 (+) sums losses

        // As many as there are between two reports, or after the last one, are one program.
        let many = compile (fun (key, start) -> iterate reportEvery (step key) start)
        let last = compile (fun (key, start) -> iterate (options.Iterations % reportEvery) (step key) start)

        fun count (key, start) ->
            if options.Eager then step key start
            elif count = reportEvery then many (key, start)
            else last (key, start)

    /// On the device of whoever calls: a value would be made once, wherever that was.
    let private none () = {
        GeneratorLoss = Tensor.scalar DType.Float32 0.0
        DiscriminatorLoss = Tensor.scalar DType.Float32 0.0
    }

    /// Means of losses that were added up since another iteration, reported.
    let private report (progress: IProgress<ProgressReport>) total iteration since (sums: GanLosses) =
        let count = float (iteration - since)

        let point = {
            Iteration = iteration
            GeneratorLoss = float sums.GeneratorLoss / count
            DiscriminatorLoss = float sums.DiscriminatorLoss / count
        }

        progress.Report {
            Done = iteration
            Total = total
            Figures = [ "D", point.DiscriminatorLoss; "G", point.GeneratorLoss ]
        }

        point

    /// The loop that all presets share.
    let private loop
        (gan: Gan<Mlp, Mlp>)
        (models: Key -> Mlp * Mlp)
        (view: View)
        batch
        reportEvery
        (options: SineGanOptions)
        (progress: IProgress<ProgressReport>)
        (cancellation: CancellationToken)
        =
        if options.Iterations < 1 then
            raise (ValueException $"SineGan.train: {options.Iterations} iterations; at least 1 is needed.")

        let advance = steps gan view batch reportEvery options
        let forModels, forTraining = Key.split (Key.create options.Seed)
        let mutable state = models forModels ||> Gan.start gan
        let mutable iteration = 0
        let mutable reported = 0
        let mutable sums = none ()
        let points = ResizeArray<SineGanPoint>()
        let clock = Stopwatch.StartNew()

        while iteration < options.Iterations && not cancellation.IsCancellationRequested do
            let count = if options.Eager then 1 else min reportEvery (options.Iterations - iteration)
            let next, _, losses = advance count (forTraining, (state, tensor (int64 iteration), sums))
            state <- next
            sums <- losses
            iteration <- iteration + count

            if iteration % reportEvery = 0 || iteration = options.Iterations then
                points.Add(report progress options.Iterations iteration reported sums)
                reported <- iteration
                sums <- none ()

        let trained = state.Average.Mean

        {
            Iterations = iteration
            Elapsed = clock.Elapsed
            Losses = List.ofSeq points
            Generator = trained
            Sample = fun count key -> view.Restore(Gan.sample gan trained count key)
        }

    /// Trains; reports losses (D of the discriminator, G of the generator) as it goes; a cancellation ends it early
    /// with what was reached.
    let train
        (options: SineGanOptions)
        (progress: IProgress<ProgressReport>)
        (cancellation: CancellationToken)
        =
        match options.Preset with
        | SineGanPreset.Article bound ->
            loop
                articleGan
                (articleModels options.Family bound)
                asTheyAre
                1
                1000
                options
                progress
                cancellation
        | SineGanPreset.GradientPenalty(width, batch, rate) ->
            loop
                (penaltyGan rate options.Iterations)
                (penaltyModels options.Family width)
                (standardised options)
                batch
                50
                options
                progress
                cancellation
