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

/// Both networks learn while their batch normalisation does: shown real images and made ones, then that the others are taken for real.
let private gan: Gan<Sequential, Sequential> = {
    Gan.create Sequential.forward Sequential.forward latentSize (Optimizer.adam (2e-4, beta1 = 0.5)) with
        TrainGenerator = Some Sequential.train
        TrainDiscriminator = Some Sequential.train
        // Images are drawn by the running average of the generator: it is calmer than the generator itself.
        AverageDecay = 0.995
}

let private step state ((images: Tensor, _: Tensor), key) = Gan.step gan state [ images ] key

let private start (key: Key) =
    let forGenerator, forDiscriminator = Key.split key
    Gan.start gan (createGenerator forGenerator) (createDiscriminator forDiscriminator)

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
        Page.curves "losses while training" history [ "generator_loss"; "discriminator_loss" ]
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
                    Record.pictures "made of the same latents" (fun (state: GanState<_, _>) ->
                        Sequential.forward state.Average.Mean latent)
                    Record.throughput size
                ]
                training
                step
                batches
                (start (Key.named "model" key))

        let reached = Progress.show title training
        let state = reached.Last.State
        let generator = state.Average.Mean
        let real, test = fst data.Train, fst data.Test
        let latent = Random.normal (Key.named "made" key) DType.Float32 [ Data.count test; latentSize ]
        let made = Parts.compiled Sequential.forward generator latent

        {
            Measures =
                Frechet.measures
                    (Frechet.train options.Quick (Key.named "features" key) data.Train)
                    real
                    test
                    made
            Figures = figures generator (Key.named "figures" key) test made reached.History
            Parameters = Model.count state.Generator + Model.count state.Discriminator
            Seconds = watch.Elapsed.TotalSeconds
            // The generator is what makes images later on.
            Save = fun about path -> Checkpoint.saveWith about path generator
        })

let sample = {
    Name = "dcgan"
    Title = title
    About =
        "A generator of transposed convolutions makes images from 64 numbers, and learns to have them taken for real by a discriminator, which learns to tell. "
        + Frechet.about
    Run = run
}
