namespace Cotangent

/// <summary>What the two players of a generative adversarial network play for.</summary>
/// <example><code>
/// let generate (scale: Tensor) (latent: Tensor) = scale * latent
/// let judge (slope: Tensor) (examples: Tensor) = slope * examples
/// let gan = Gan.create generate judge 1 (Optimizer.adam 0.5)
/// let penalised = { gan with Adversary = Adversary.Scores(AdversarialLoss.Wasserstein, 10.0) }
/// </code></example>
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

/// <summary>The noise that the generator is updated on, once the discriminator has been updated.</summary>
/// <example><code>
/// let generate (scale: Tensor) (latent: Tensor) = scale * latent
/// let judge (slope: Tensor) (examples: Tensor) = slope * examples
/// let gan = Gan.create generate judge 1 (Optimizer.adam 0.5)
/// let start = Gan.start gan (tensor 2.0f) (tensor 1.0f)
/// let shared = { gan with GeneratorNoise = GeneratorNoise.Shared }
/// </code></example>
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
    /// The generator while it trains, where that differs: parameters, a key, latent -> examples, and parameters with what the layers
    /// have learned of their inputs besides, as running statistics. Of layers, <c>Some Sequential.train</c>.
    TrainGenerator: ('g -> Key -> Tensor -> Tensor * 'g) option
    /// The same for the discriminator: parameters, a key, examples -> judgements, and parameters.
    TrainDiscriminator: ('d -> Key -> Tensor -> Tensor * 'd) option
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

/// <summary>Everything that a step of the training changes; a tree.</summary>
/// <example><code>
/// let generate (scale: Tensor) (latent: Tensor) = scale * latent
/// let judge (slope: Tensor) (examples: Tensor) = slope * examples
/// let gan = Gan.create generate judge 1 (Optimizer.adam 0.5)
/// let start = Gan.start gan (tensor 2.0f) (tensor 1.0f)
/// start.Generator // 2
/// </code></example>
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

/// <summary>The losses of one step, scalars.</summary>
/// <example><code>
/// let generate (scale: Tensor) (latent: Tensor) = scale * latent
/// let judge (slope: Tensor) (examples: Tensor) = slope * examples
/// let gan = Gan.create generate judge 1 (Optimizer.adam 0.5)
/// let start = Gan.start gan (tensor 2.0f) (tensor 1.0f)
/// let _, losses = Gan.step gan start [ Tensor.ones DType.Float32 [ 4; 1 ] ] (Key.create 0L)
/// losses.GeneratorLoss // shape ()
/// </code></example>
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
            TrainGenerator = None
            TrainDiscriminator = None
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
    /// <example><code>
    /// let generate (scale: Tensor) (latent: Tensor) = scale * latent
    /// let judge (slope: Tensor) (examples: Tensor) = slope * examples
    /// let gan = Gan.create generate judge 1 (Optimizer.adam 1e-3)
    /// (Gan.start gan (tensor 2.0f) (tensor 1.0f)).Average.Count // 0
    /// </code></example>
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

    /// <summary>Examples by a generator: shape (count, …).</summary>
    /// <example><code>
    /// let generate (scale: Tensor) (latent: Tensor) = scale * latent
    /// let judge (slope: Tensor) (examples: Tensor) = slope * examples
    /// let gan = Gan.create generate judge 1 (Optimizer.adam 1e-3)
    /// Gan.sample gan (tensor 2.0f) 5 (Key.create 0L) // shape (5, 1)
    /// </code></example>
    let sample (gan: Gan<'g, 'd>) (generator: 'g) (count: int) (key: Key) : Tensor =
        Given.check "gan" gan
        Given.check "key" key
        gan.Generate generator (latent gan count key)

    /// The latent of the generator's update, after the last one that the discriminator was shown.
    let private latentOfGenerator (gan: Gan<'g, 'd>) (shown: Tensor) key =
        match gan.GeneratorNoise with
        | GeneratorNoise.Fresh -> latent gan shown.Dims[0] key
        | GeneratorNoise.Shared -> shown

    /// <summary>How many real batches one step takes.</summary>
    /// <example><code>
    /// let generate (scale: Tensor) (latent: Tensor) = scale * latent
    /// let judge (slope: Tensor) (examples: Tensor) = slope * examples
    /// let gan = { Gan.create generate judge 1 (Optimizer.adam 1e-3) with DiscriminatorSteps = 5 }
    /// Gan.batchesPerStep gan // 5
    /// </code></example>
    let batchesPerStep (gan: Gan<'g, 'd>) =
        Given.check "gan" gan
        gan.DiscriminatorSteps

    // Keys are derived only where a player asks for them: draws of others stay as they are.

    let private generate (gan: Gan<'g, 'd>) purpose key generator latent =
        match gan.TrainGenerator with
        | Some train -> train generator (Key.named purpose key) latent
        | None -> gan.Generate generator latent, generator

    let private judge (gan: Gan<'g, 'd>) purpose key discriminator examples =
        match gan.TrainDiscriminator with
        | Some train -> train discriminator (Key.named purpose key) examples
        | None -> gan.Judge discriminator examples, discriminator

    let private updateDiscriminator gan (loss: 'd -> Tensor * 'd) (state: GanState<'g, 'd>) =
        let (value, discriminator), gradient = valueAndGradWith loss state.Discriminator

        let discriminator, next =
            Optimizer.step gan.DiscriminatorOptimizer gradient state.DiscriminatorState discriminator

        value,
        { state with Discriminator = gan.ConstrainDiscriminator discriminator; DiscriminatorState = next }

    let private updateGenerator gan (loss: 'g -> Tensor * 'g) (state: GanState<'g, 'd>) =
        let (value, generator), gradient = valueAndGradWith loss state.Generator

        let generator, next = Optimizer.step gan.GeneratorOptimizer gradient state.GeneratorState generator

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

    let private judgedAs guard truth (judgement: Tensor) =
        Loss.binaryCrossEntropy guard (Tensor.fullLike judgement truth) judgement

    /// What the discriminator learns from one real batch: its loss, the next state, and the noise that it was shown.
    let private discriminate (gan: Gan<'g, 'd>) (state: GanState<'g, 'd>) (real: Tensor) key =
        let forLatent, forPenalty = Key.split key
        let shown = latent gan real.Dims[0] forLatent
        let generated, generator = generate gan "generated" key state.Generator shown
        let state = { state with Generator = generator }

        let value, state =
            match gan.Adversary with
            | Adversary.CrossEntropy guard ->
                let told purpose truth examples discriminator =
                    let judgement, discriminator = judge gan purpose key discriminator examples
                    judgedAs guard truth judgement, discriminator

                let onReal, state = updateDiscriminator gan (told "real" 1.0 real) state
                let onGenerated, state = updateDiscriminator gan (told "unreal" 0.0 generated) state
                onReal + onGenerated, state
            | Adversary.Scores(kind, weight) ->
                let loss discriminator =
                    let onReal, discriminator = judge gan "real" key discriminator real
                    let onGenerated, discriminator = judge gan "unreal" key discriminator generated
                    let played = Loss.discriminator kind onReal onGenerated

                    if weight = 0.0 then
                        played, discriminator
                    else
                        let critic x = fst (judge gan "between" key discriminator x)
                        played + gradientPenalty critic weight real generated forPenalty, discriminator

                updateDiscriminator gan loss state

        value, state, shown

    /// The generator's loss on latent, as a function of its parameters, and these after it.
    let private deceit (gan: Gan<'g, 'd>) discriminator latent key generator =
        let examples, generator = generate gan "deceit" key generator latent
        let judgement, _ = judge gan "deceived" key discriminator examples

        let loss =
            match gan.Adversary with
            | Adversary.CrossEntropy guard -> judgedAs guard 1.0 judgement
            | Adversary.Scores(kind, _) -> Loss.generator kind judgement

        loss, generator

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
    /// <example><code>
    /// let generate (scale: Tensor) (latent: Tensor) = scale * latent
    /// let judge (slope: Tensor) (examples: Tensor) = slope * examples
    /// let gan = Gan.create generate judge 1 (Optimizer.adam 0.5)
    /// let state = Gan.start gan (tensor 2.0f) (tensor 1.0f)
    /// let next, losses = Gan.step gan state [ Tensor.ones DType.Float32 [ 4; 1 ] ] (Key.create 0L)
    /// abs (next.Discriminator - 1.0) // 0.5: Adam's first step is as long as its rate
    /// </code></example>
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
        let generatorLoss, state = updateGenerator gan (deceit gan state.Discriminator own keys[0]) state
        state, { GeneratorLoss = generatorLoss; DiscriminatorLoss = discriminatorLoss }
