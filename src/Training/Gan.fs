namespace Cotangent

/// What the two players of a generative adversarial network play for.
[<RequireQualifiedAccess; Struct>]
type Adversary =
    /// The discriminator tells real (1) from generated (0) by binary cross-entropy, probabilities kept in [guard,
    /// 1 - guard]; it is updated on the real batch, then on a generated one; then the generator is updated to be taken
    /// for real (the non-saturating loss of Goodfellow et al. 2014, §3).
    | CrossEntropy of guard: float
    /// WGAN-GP: the critic estimates the Wasserstein distance, its gradient held near norm 1 by a penalty of the given
    /// weight on the way between real and generated (Gulrajani et al. 2017, algorithm 1); it takes several steps for
    /// each of the generator's.
    | GradientPenalty of weight: float * criticSteps: int

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
    /// parameters, examples (batch, …) -> judgements (batch, 1): probabilities for CrossEntropy, any number else
    Judge: 'd -> Tensor -> Tensor
    /// Draws the latent: key, dtype, shape.
    Latent: Key -> DType -> int list -> Tensor
    /// Numbers in the latent of one example.
    LatentSize: int
    /// What the generator is updated on: fresh noise, or that of the discriminator's last update.
    GeneratorNoise: GeneratorNoise
    /// What they play for.
    Adversary: Adversary
    /// How the generator learns.
    GeneratorOptimizer: Optimizer
    /// How the discriminator learns.
    DiscriminatorOptimizer: Optimizer
    /// <summary>Brings parameters back into the set allowed, after each update; <c>id</c> for none.</summary>
    ConstrainGenerator: 'g -> 'g
    /// The same for the discriminator.
    ConstrainDiscriminator: 'd -> 'd
    /// The decay of the running average of the generator that samples are drawn from; 0 for the generator itself.
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
    /// The averaged generator.
    Average: 'g
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
            Average = generator
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

        match gan.Adversary with
        | Adversary.CrossEntropy _ -> 1
        | Adversary.GradientPenalty(_, criticSteps) -> criticSteps

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
                        generator
                    else
                        Optimizer.average gan.AverageDecay state.Average generator
        }

    let private crossEntropyStep gan guard (state: GanState<'g, 'd>) (real: Tensor) key =
        let judgedAs truth examples discriminator =
            let judgement = gan.Judge discriminator examples
            Loss.binaryCrossEntropy guard (Tensor.fullLike judgement truth) judgement

        let forDiscriminator, forGenerator = Key.split key
        let onReal, state = updateDiscriminator gan (fun d -> judgedAs 1.0 real d) state
        let shown = latent gan real.Dims[0] forDiscriminator
        let generated = gan.Generate state.Generator shown
        let onGenerated, state = updateDiscriminator gan (fun d -> judgedAs 0.0 generated d) state
        let discriminator = state.Discriminator
        let own = latentOfGenerator gan shown forGenerator

        let fooled generator = judgedAs 1.0 (gan.Generate generator own) discriminator

        let generatorLoss, state = updateGenerator gan fooled state

        state, { GeneratorLoss = generatorLoss; DiscriminatorLoss = onReal + onGenerated }

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

    let private wassersteinStep gan weight (state: GanState<'g, 'd>) (batches: Tensor list) key =
        let criticStep (state, _, _) (real: Tensor, key) =
            let forLatent, forPenalty = Key.split key
            let shown = latent gan real.Dims[0] forLatent
            let generated = gan.Generate state.Generator shown

            let loss critic =
                let judge = gan.Judge critic

                mean (judge generated) - mean (judge real)
                + gradientPenalty judge weight real generated forPenalty

            let value, state = updateDiscriminator gan loss state
            state, value, shown

        let keys = Key.splitMany (batches.Length + 1) key
        let unknown = Tensor.scalar DType.Float32 nan

        let state, criticLoss, shown =
            List.fold criticStep (state, unknown, unknown) (List.zip batches (List.ofArray keys[1..]))

        let critic = state.Discriminator
        let own = latentOfGenerator gan shown keys[0]

        let loss generator = -(mean (gan.Judge critic (gan.Generate generator own)))

        let generatorLoss, state = updateGenerator gan loss state

        state, { GeneratorLoss = generatorLoss; DiscriminatorLoss = criticLoss }

    /// <summary>
    /// One step from a state, as many real batches as <c>batchesPerStep</c> says, and a key, to the next state and the
    /// losses.
    /// </summary>
    let step (gan: Gan<'g, 'd>) (state: GanState<'g, 'd>) (batches: Tensor list) (key: Key) =
        Given.check "gan" gan
        Given.check "state" state
        Given.check "batches" batches

        if batchesPerStep gan < 1 then
            raise (
                ValueException
                    $"Gan.step: {batchesPerStep gan} steps of the critic for each of the generator's; at least 1 is needed."
            )

        if batches.Length <> batchesPerStep gan then
            raise (
                ValueException
                    $"Gan.step: {batches.Length} real batches; this GAN takes {batchesPerStep gan} a step."
            )

        match gan.Adversary with
        | Adversary.CrossEntropy guard -> crossEntropyStep gan guard state batches.Head key
        | Adversary.GradientPenalty(weight, _) -> wassersteinStep gan weight state batches key
