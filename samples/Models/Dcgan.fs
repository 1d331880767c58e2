/// A generative adversarial network of convolutions (Radford, Metz & Chintala 2016) that draws clothing.
module Models.Dcgan

open System.Diagnostics
open System.Threading
open Cotangent
open Cotangent.Charts
open Models

let private title = "A DCGAN on Fashion-MNIST"

/// Numbers that an image is drawn from.
let latentSize = 64

/// Both networks, and how they learn.
type Players = {
    Generator: Sequential
    Discriminator: Sequential
    GeneratorState: OptimizerState<Sequential>
    DiscriminatorState: OptimizerState<Sequential>
    /// The running average of the generator, which images are drawn by: it is calmer than the generator itself.
    Average: Sequential
}

let private small = Init.normalOf (fun _ -> 0.02)
let private halving = { Window.stride 2 with Padding = Padding.Around 1 }

/// Latent (batch, latentSize) -> images (batch, 1, 28, 28) with pixels from 0 to 1.
let createGenerator (key: Key) : Sequential =
    let first, second, third = Key.split3 key
    let up = { TransposedConvolution.defaults with Window = halving; Weight = small; Bias = None }

    Sequential.create [
        Linear.init { Linear.defaults with Weight = small; Bias = None } latentSize (64 * 7 * 7) first
        Layer.ofFunction (fun x -> x.Reshape [ -1; 64; 7; 7 ])
        BatchNorm.create 64
        Activation.Relu
        TransposedConvolution.init up [ 4; 4 ] (64, 32) second
        BatchNorm.create 32
        Activation.Relu
        TransposedConvolution.init { up with Bias = Some Init.zeros } [ 4; 4 ] (32, 1) third
        Activation.Sigmoid
    ]

/// Images (batch, 1, 28, 28) -> logits of being real, (batch, 1).
let createDiscriminator (key: Key) : Sequential =
    let first, second, third = Key.split3 key
    let down = { Convolution.defaults with Window = halving; Weight = small; Bias = None }

    Sequential.create [
        Convolution.init { down with Bias = Some Init.zeros } [ 4; 4 ] (1, 32) first
        Activation.LeakyRelu 0.2
        Convolution.init down [ 4; 4 ] (32, 64) second
        BatchNorm.create 64
        Activation.LeakyRelu 0.2
        Layer.ofFunction (fun x -> x.Flatten 1)
        Linear.init { Linear.defaults with Weight = small } (64 * 7 * 7) 1 third
    ]

type Losses = { Generator: Tensor; Discriminator: Tensor }

/// The discriminator is shown real images and made ones; then the generator learns to have others taken for real.
let private step (optimizer: Optimizer) (players: Players) ((images: Tensor, _: Tensor), key) =
    let keys = Key.splitMany 7 key
    let latent key = Random.normal key DType.Float32 [ images.Shape[0]; latentSize ]
    let made, generator = Sequential.train players.Generator keys[0] (latent keys[1])

    let judging discriminator =
        let real, discriminator = Sequential.train discriminator keys[2] images
        let unreal, discriminator = Sequential.train discriminator keys[3] made
        Loss.discriminator AdversarialLoss.CrossEntropy real unreal, discriminator

    let (discriminatorLoss, discriminator), gradient = valueAndGradWith judging players.Discriminator

    let discriminator, discriminatorState =
        Optimizer.step optimizer gradient players.DiscriminatorState discriminator

    let fooling generator =
        let made, generator = Sequential.train generator keys[4] (latent keys[5])
        let judged, _ = Sequential.train discriminator keys[6] made
        Loss.generator AdversarialLoss.CrossEntropy judged, generator

    let (generatorLoss, generator), gradient = valueAndGradWith fooling generator
    let generator, generatorState = Optimizer.step optimizer gradient players.GeneratorState generator

    {
        Generator = generator
        Discriminator = discriminator
        GeneratorState = generatorState
        DiscriminatorState = discriminatorState
        Average = Optimizer.average 0.995 players.Average generator
    },
    { Generator = generatorLoss; Discriminator = discriminatorLoss }

let private start (optimizer: Optimizer) (key: Key) : Players =
    let forGenerator, forDiscriminator = Key.split key
    let generator, discriminator = createGenerator forGenerator, createDiscriminator forDiscriminator

    {
        Generator = generator
        Discriminator = discriminator
        GeneratorState = optimizer.Init generator
        DiscriminatorState = optimizer.Init discriminator
        Average = generator
    }

/// Rows of images, from each of the first latents to each of the second on an arc: all on it are as likely to be drawn.
let private between count (generator: Sequential) (first: Tensor) (second: Tensor) =
    [
        for i in 0 .. count - 1 ->
            let angle = System.Math.PI / 2.0 * float i / float (count - 1)
            cos angle * first + sin angle * second
    ]
    |> stack 1
    |> fun latent -> Sequential.forward generator (latent.Reshape [ -1; latentSize ])

let private figures (generator: Sequential) (key: Key) (test: Tensor) (made: Tensor) history =
    let first, second = Key.split key
    let ten key = Random.normal key DType.Float32 [ 10; latentSize ]

    [
        Page.curves "losses while training" history [ "generator"; "discriminator" ]
        Page.images "made" 10 (made |> Data.split 100 |> fst)
        Page.images "real, for comparison" 10 (test |> Data.split 100 |> fst)
        Page.images "from one latent to another" 10 (between 10 generator (ten first) (ten second))
    ]

let private run (options: Options.Options) (cancellation: CancellationToken) =
    FashionMnist.load options.Quick
    |> Result.map (fun data ->
        let watch = Stopwatch.StartNew()
        let key = Key.create options.Seed
        let size = if options.Quick then 25 else 64

        let batches =
            Data.batches size (Key.named "order" key) data.Train |> Batches.withKeys (Key.named "draws" key)

        let epochs = options.Epochs |> Option.defaultValue (if options.Quick then 40 else 6)
        let optimizer = Optimizer.adam (2e-4, beta1 = 0.5)

        let training progress =
            let latent = Random.normal (Key.named "watched" key) DType.Float32 [ 16; latentSize ]

            let training = {
                Train.defaults with
                    Epochs = epochs
                    Progress = progress
                    Cancellation = cancellation
            }

            Recording.run
                options
                [
                    Record.pictures "made of the same latents" (fun players ->
                        Sequential.forward players.Average latent)
                    Record.throughput size
                ]
                training
                (step optimizer)
                batches
                (start optimizer (Key.named "model" key))

        let reached = Progress.show title training
        let players = reached.Last.State
        let real, test = fst data.Train, fst data.Test
        let latent = Random.normal (Key.named "made" key) DType.Float32 [ Data.count test; latentSize ]
        let made = Parts.compiled Sequential.forward players.Average latent

        {
            Measures =
                Frechet.measures
                    (Frechet.train options.Quick (Key.named "features" key) data.Train)
                    real
                    test
                    made
            Figures = figures players.Average (Key.named "figures" key) test made reached.History
            Parameters = Model.count players.Generator + Model.count players.Discriminator
            Seconds = watch.Elapsed.TotalSeconds
            // The generator is what makes images later on.
            Save = fun about path -> Checkpoint.saveWith about path players.Average
        })

let sample = {
    Name = "dcgan"
    Title = title
    About =
        "A generator of transposed convolutions makes images from 64 numbers, and learns to have them taken for real by a discriminator, which learns to tell. "
        + Frechet.about
    Run = run
}
