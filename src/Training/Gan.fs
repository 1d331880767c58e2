namespace Cotangent

/// What the two players of a generative adversarial network play for.
[<RequireQualifiedAccess; Struct>]
type Adversary =
    /// Judgements are probabilities of being real. The discriminator tells real (1) from generated (0) by binary
    /// cross-entropy, probabilities kept in [guard, 1 - guard]; it is updated on the real batch, then on a generated one;
    /// then the generator is updated to be taken for real (the non-saturating loss of Goodfellow et al. 2014, §3).
    | CrossEntropy of guard: float
    /// Judgements are scores, any numbers, of which either player makes a loss. The discriminator is updated on a real and a
    /// generated batch together, its gradient held near norm 1 by a penalty of the given weight on the way between them (0
    /// for none). The Wasserstein loss with a penalty is WGAN-GP (Gulrajani et al. 2017, algorithm 1).
    | Scores of loss: AdversarialLoss * gradientPenalty: float

/// The noise that the generator is updated on, once the discriminator has been updated.
[<RequireQualifiedAccess; Struct>]
type GeneratorNoise =
    /// Drawn anew.
    | Fresh
    /// The noise, and with it the examples, that the discriminator has just been shown; with several updates of the
    /// discriminator a step, those of the last.
    | Shared

/// A generative adversarial network: two pure functions and how each learns. 'g and 'd are trees of parameters.
[<NoComparison; NoEquality; CompiledName "FSharpGan">]
type Gan<'g, 'd> = {
    /// parameters, latent (batch, Latent) -> examples (batch, …)
    Generate: 'g -> Tensor -> Tensor
    /// parameters, examples (batch, …) -> judgements (batch, 1): probabilities for CrossEntropy, any numbers for Scores
    Judge: 'd -> Tensor -> Tensor
    /// Draws the latent: key, dtype, shape.
    Latent: Key -> DType -> int list -> Tensor
    /// Numbers in the latent of one example.
    LatentSize: int
    /// What the generator is updated on: fresh noise, or that of the discriminator's last update.
    GeneratorNoise: GeneratorNoise
    /// What they play for.
    Adversary: Adversary
    /// Updates of the discriminator, each on batches of its own, for each of the generator's.
    DiscriminatorSteps: int
    /// How the generator learns.
    GeneratorOptimizer: Optimizer
    /// How the discriminator learns.
    DiscriminatorOptimizer: Optimizer
    /// <summary>Brings parameters back into the set allowed, after each update; <c>id</c> for none.</summary>
    ConstrainGenerator: 'g -> 'g
    /// The same for the discriminator.
    ConstrainDiscriminator: 'd -> 'd
    /// The decay of the running average of the generator that samples are drawn from, in [0, 1); 0 for the generator itself.
    AverageDecay: float
}

/// Everything that a step of the training changes; a tree.
type GanState<'g, 'd> = {
    /// The generator's parameters.
    Generator: 'g
    /// The discriminator's parameters.
    Discriminator: 'd
    /// The state of the generator's optimiser.
    GeneratorState: OptimizerState<'g>
    /// The state of the discriminator's optimiser.
    DiscriminatorState: OptimizerState<'d>
    /// The averaged generator, which holds nothing of the parameters before the first step.
    Average: WeightAverage<'g>
}

/// The losses of one step, scalars.
type GanLosses = {
    /// The generator's, after the discriminator's updates.
    GeneratorLoss: Tensor
    /// The discriminator's; with several updates a step, that of the last.
    DiscriminatorLoss: Tensor
}

/// Training generative adversarial networks: a step is a pure function from state, batches and key to state and losses.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Gan =
    /// <summary>
    /// A GAN that plays for cross-entropy of scores, one step each, from normal noise, both players with one optimiser: a
    /// point to start from, as <c>{ Gan.create generate judge 8 optimizer with AverageDecay = 0.99 }</c>.
    /// </summary>
    /// <example><code>
    /// let generate (scale: Tensor) (latent: Tensor) = scale * latent
    /// let judge (slope: Tensor) (examples: Tensor) = slope * examples
    /// let gan = Gan.create generate judge 1 (Optimizer.adam 1e-3)
    /// Gan.sample gan (tensor 2.0f) 5 (Key.create 0L) // shape (5, 1)
    /// </code></example>
    let create
        (generate: 'g -> Tensor -> Tensor)
        (judge: 'd -> Tensor -> Tensor)
        (latentSize: int)
        (optimizer: Optimizer)
        : Gan<'g, 'd> =
        Given.check "generate" generate
        Given.check "judge" judge
        Given.check "optimizer" optimizer

        {
            Generate = generate
            Judge = judge
            Latent = Random.normal
            LatentSize = latentSize
            GeneratorNoise = GeneratorNoise.Fresh
            Adversary = Adversary.Scores(AdversarialLoss.CrossEntropy, 0.0)
            DiscriminatorSteps = 1
            GeneratorOptimizer = optimizer
            DiscriminatorOptimizer = optimizer
            ConstrainGenerator = id
            ConstrainDiscriminator = id
            AverageDecay = 0.0
        }

    /// <summary>The state before the first step.</summary>
    let start (gan: Gan<'g, 'd>) (generator: 'g) (discriminator: 'd) : GanState<'g, 'd> =
        Given.check "gan" gan
        Given.check "generator" generator
        Given.check "discriminator" discriminator

        {
            Generator = generator
            Discriminator = discriminator
            GeneratorState = gan.GeneratorOptimizer.Init generator
            DiscriminatorState = gan.DiscriminatorOptimizer.Init discriminator
            Average = WeightAverage.start generator
        }

    let private latent (gan: Gan<'g, 'd>) count key = gan.Latent key DType.Float32 [ count; gan.LatentSize ]

    /// Examples by a generator: shape (count, …).
    let sample (gan: Gan<'g, 'd>) (generator: 'g) (count: int) (key: Key) : Tensor =
        Given.check "gan" gan
        Given.check "key" key
        gan.Generate generator (latent gan count key)

    /// The latent of the generator's update, after the last one that the discriminator was shown.
    let private latentOfGenerator (gan: Gan<'g, 'd>) (shown: Tensor) key =
        match gan.GeneratorNoise with
        | GeneratorNoise.Fresh -> latent gan shown.Dims[0] key
        | GeneratorNoise.Shared -> shown

    /// How many real batches one step takes.
    let batchesPerStep (gan: Gan<'g, 'd>) =
        Given.check "gan" gan
        gan.DiscriminatorSteps

    let private updateDiscriminator gan (loss: 'd -> Tensor) (state: GanState<'g, 'd>) =
        let value, gradient = valueAndGrad loss state.Discriminator

        let discriminator, next =
            Optimizer.step gan.DiscriminatorOptimizer gradient state.DiscriminatorState state.Discriminator

        value,
        { state with Discriminator = gan.ConstrainDiscriminator discriminator; DiscriminatorState = next }

    let private updateGenerator gan (loss: 'g -> Tensor) (state: GanState<'g, 'd>) =
        let value, gradient = valueAndGrad loss state.Generator

        let generator, next =
            Optimizer.step gan.GeneratorOptimizer gradient state.GeneratorState state.Generator

        let generator = gan.ConstrainGenerator generator

        value,
        {
            state with
                Generator = generator
                GeneratorState = next
                Average =
                    if gan.AverageDecay = 0.0 then
                        { Mean = Tree.map Wide.widen generator; Count = state.Average.Count + 1 }
                    else
                        WeightAverage.exponential gan.AverageDecay generator state.Average
        }

    /// <summary>
    /// weight · mean (‖∇ₓ critic(x)‖ - 1)² at points x between real and generated, one for each pair: a gradient inside
    /// the loss whose gradient is taken.
    /// </summary>
    /// <example><code>
    /// // A critic whose slope is 2 everywhere.
    /// let critic (x: Tensor) = 2.0 * x.Sum([ 1 ], true)
    /// let real, generated = Tensor.ones DType.Float64 [ 4; 1 ], Tensor.zeros DType.Float64 [ 4; 1 ]
    /// Gan.gradientPenalty critic 10.0 real generated (Key.create 0L) // 10
    /// </code></example>
    let gradientPenalty
        (critic: Tensor -> Tensor)
        (weight: float)
        (real: Tensor)
        (generated: Tensor)
        (key: Key)
        =
        Given.check "critic" critic
        Given.check "real" real
        Given.check "generated" generated
        Given.check "key" key
        let perExample = real.Dims[0] :: List.replicate (real.Rank - 1) 1
        let position = Random.uniform key real.DType perExample
        let between = real + position * (generated - real)
        // Examples do not meet in the critic, so the gradient of the sum holds each one's own.
        let slope = grad (fun x -> sum (critic x)) between
        let norms = slope.Norm [ 1 .. real.Rank - 1 ]
        mean (square (norms - 1)) * weight

    let private judgedAs (gan: Gan<'g, 'd>) guard truth examples discriminator =
        let judgement = gan.Judge discriminator examples
        Loss.binaryCrossEntropy guard (Tensor.fullLike judgement truth) judgement

    /// What the discriminator learns from one real batch: its loss, the next state, and the noise that it was shown.
    let private discriminate (gan: Gan<'g, 'd>) (state: GanState<'g, 'd>) (real: Tensor) key =
        let forLatent, forPenalty = Key.split key
        let shown = latent gan real.Dims[0] forLatent
        let generated = gan.Generate state.Generator shown

        let value, state =
            match gan.Adversary with
            | Adversary.CrossEntropy guard ->
                let onReal, state = updateDiscriminator gan (judgedAs gan guard 1.0 real) state
                let onGenerated, state = updateDiscriminator gan (judgedAs gan guard 0.0 generated) state
                onReal + onGenerated, state
            | Adversary.Scores(kind, weight) ->
                let loss discriminator =
                    let judge = gan.Judge discriminator
                    let played = Loss.discriminator kind (judge real) (judge generated)

                    if weight = 0.0 then
                        played
                    else
                        played + gradientPenalty judge weight real generated forPenalty

                updateDiscriminator gan loss state

        value, state, shown

    /// The generator's loss on latent, as a function of its parameters.
    let private deceit (gan: Gan<'g, 'd>) discriminator latent generator =
        let examples = gan.Generate generator latent

        match gan.Adversary with
        | Adversary.CrossEntropy guard -> judgedAs gan guard 1.0 examples discriminator
        | Adversary.Scores(kind, _) -> Loss.generator kind (gan.Judge discriminator examples)

    /// What no training could make sense of.
    let private checkSettings (gan: Gan<'g, 'd>) (batches: Tensor list) =
        let refuse message = raise (ValueException $"Gan.step: {message}")

        match gan.Adversary with
        | Adversary.Scores(_, weight) when not (weight >= 0.0) ->
            refuse $"the weight of the gradient penalty is {string weight}; it must be 0 or more."
        | Adversary.Scores _
        | Adversary.CrossEntropy _ -> ()

        if gan.DiscriminatorSteps < 1 then
            refuse
                $"{gan.DiscriminatorSteps} steps of the discriminator for each of the generator's; at least 1 is needed."

        if batches.Length <> gan.DiscriminatorSteps then
            refuse $"{batches.Length} real batches; this GAN takes {gan.DiscriminatorSteps} a step."

    /// <summary>
    /// One step from a state, as many real batches as <c>batchesPerStep</c> says, and a key, to the next state and the
    /// losses.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// The number of batches is another, or less than 1; or a penalty has a negative weight.
    /// </exception>
    let step (gan: Gan<'g, 'd>) (state: GanState<'g, 'd>) (batches: Tensor list) (key: Key) =
        Given.check "gan" gan
        Given.check "state" state
        Given.check "batches" batches
        Given.check "key" key
        checkSettings gan batches
        let keys = Key.splitMany (batches.Length + 1) key
        let unknown = Tensor.scalar DType.Float32 nan

        let discriminatorLoss, state, shown =
            List.fold2
                (fun (_, state, _) real key -> discriminate gan state real key)
                (unknown, state, unknown)
                batches
                (List.ofArray keys[1..])

        let own = latentOfGenerator gan shown keys[0]
        let generatorLoss, state = updateGenerator gan (deceit gan state.Discriminator own) state
        state, { GeneratorLoss = generatorLoss; DiscriminatorLoss = discriminatorLoss }
