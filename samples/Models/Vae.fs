/// A variational autoencoder: images through twenty numbers each, and new images from twenty drawn ones.
module Models.Vae

open System.Diagnostics
open System.Threading
open Cotangent
open Cotangent.Charts
open Models

let private title = "A variational autoencoder on Fashion-MNIST"

/// Numbers that an image is told by.
let latentSize = 20

type Vae = {
    /// Images (batch, 1, 28, 28) -> means and logarithms of variances of their latent, beside each other.
    Encoder: Sequential
    /// Latent (batch, latentSize) -> logits of the pixels, (batch, 1, 28, 28).
    Decoder: Sequential
}

let create (key: Key) : Vae =
    let keys = Key.splitMany 6 key
    let halving = { Window.stride 2 with Padding = Padding.Around 1 }
    let down = { Convolution.defaults with Window = halving; Activation = Activation.Relu }
    let up = { TransposedConvolution.defaults with Window = halving }

    {
        Encoder =
            Sequential.create [
                Convolution.init down [ 4; 4 ] (1, 32) keys[0]
                Convolution.init down [ 4; 4 ] (32, 64) keys[1]
                Layer.ofFunction (fun x -> x.Flatten 1)
                Linear.create (64 * 7 * 7) (2 * latentSize) keys[2]
            ]
        Decoder =
            Sequential.create [
                Linear.init
                    { Linear.defaults with Activation = Activation.Relu }
                    latentSize
                    (64 * 7 * 7)
                    keys[3]
                Layer.ofFunction (fun x -> x.Reshape [ -1; 64; 7; 7 ])
                TransposedConvolution.init { up with Activation = Activation.Relu } [ 4; 4 ] (64, 32) keys[4]
                TransposedConvolution.init up [ 4; 4 ] (32, 1) keys[5]
            ]
    }

/// Means and logarithms of variances, each (batch, latentSize).
let private encode (vae: Vae) (images: Tensor) =
    let halves = (Sequential.forward vae.Encoder images).Chunk(2, 1)
    halves[0], halves[1]

/// Images with pixels from 0 to 1.
let decode (vae: Vae) (latent: Tensor) = sigmoid (Sequential.forward vae.Decoder latent)

/// What an image costs, in nats, from a draw of its latent: each pixel as if it were a chance of black and white; and the
/// latent, by how far its distribution is from a standard normal one (Kingma & Welling 2014, equation 10).
type Cost = { Loss: Tensor; Pixels: Tensor; Latent: Tensor }

let private cost (vae: Vae) (key: Key) (images: Tensor) : Cost =
    let mean, logVariance = encode vae images
    let drawn = mean + exp (0.5 * logVariance) * Random.normal key DType.Float32 mean.Shape
    let size = float (images.Size / images.Shape[0])
    let pixels = size * Loss.binaryCrossEntropyWithLogits images (Sequential.forward vae.Decoder drawn)
    let latent = Loss.gaussianKl logVariance mean
    { Loss = pixels + latent; Pixels = pixels; Latent = latent }

/// One update on a batch, with a draw of its latent by the key beside it.
let private step (optimizer: Optimizer) (vae, state) ((images, _: Tensor), key) =
    let loss vae =
        let cost = cost vae key images
        cost.Loss, cost

    let (_, cost), gradient = valueAndGradWith loss vae
    Optimizer.step optimizer gradient state vae, cost

let private reconstruct (vae: Vae) (images: Tensor) = decode vae (fst (encode vae images))

/// Rows of images, from each of the first ones to each of the second by even steps of their latent.
let private between count (vae: Vae) (first: Tensor) (second: Tensor) =
    let a, b = fst (encode vae first), fst (encode vae second)

    [ for i in 0 .. count - 1 -> a + (b - a) * (float i / float (count - 1)) ]
    |> stack 1
    |> fun latent -> decode vae (latent.Reshape [ -1; latentSize ])

let private figures (vae: Vae) (test: Tensor) (made: Tensor) history : Page.Figure list =
    let some, others = test |> Data.split 50
    let rows (images: Tensor) = images.Reshape [ 5; 10; 28; 28 ]
    let pairs = stack 1 [ rows some; rows (reconstruct vae some) ]
    let first, others = others |> Data.split 10
    let second, _ = others |> Data.split 10

    [
        Page.curves "nats an image while training" history [ "loss"; "pixels"; "latent" ]
        Page.images
            "test images, and below each what is made of its latent"
            10
            (pairs.Reshape [ 100; 1; 28; 28 ])
        Page.images "made from latents that were drawn" 10 (made |> Data.split 100 |> fst)
        Page.images "from one test image to another" 10 (between 10 vae first second)
    ]

/// Figures of what was learned, on images that it was not learned from.
let private measures (vae: Vae) (key: Key) (test: Tensor) =
    let parts = [ for part in (Data.inOrder 500 test).Epoch 0 0 -> part ]
    let priced = compile (fun (vae, key, images) -> cost vae key images)

    let costs =
        parts |> List.mapi (fun i part -> Data.count part, priced (vae, Key.fold (int64 i) key, part))

    let average (figure: Cost -> Tensor) =
        (costs |> List.sumBy (fun (count, cost) -> float count * float (figure cost)))
        / float (Data.count test)

    [
        "loss", average _.Loss
        "pixels", average _.Pixels
        "latent", average _.Latent
        "squaredError", float (Loss.meanSquaredError test (Parts.compiled reconstruct vae test))
    ]

let private run (options: Options.Options) (cancellation: CancellationToken) =
    FashionMnist.load options.Quick
    |> Result.map (fun data ->
        let watch = Stopwatch.StartNew()
        let key = Key.create options.Seed
        let size = if options.Quick then 25 else 64

        let batches =
            Data.batches size (Key.named "order" key) data.Train |> Batches.withKeys (Key.named "draws" key)

        let epochs = options.Epochs |> Option.defaultValue (if options.Quick then 30 else 8)
        let optimizer = Optimizer.adam (Schedule.cosine 1e-3 0.0 (epochs * batches.Count))

        let training progress =
            let vae = create (Key.named "model" key)

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
                    Record.pictures "made of the same latents" (fun (vae, _) -> decode vae latent)
                    Record.throughput size
                ]
                training
                (step optimizer)
                batches
                (vae, optimizer.Init vae)

        let reached = Progress.show title training
        let vae, _ = reached.Last.State
        let real, test = fst data.Train, fst data.Test
        let latent = Random.normal (Key.named "made" key) DType.Float32 [ Data.count test; latentSize ]
        let made = Parts.compiled decode vae latent

        {
            Measures =
                measures vae (Key.named "measures" key) test
                @ Frechet.measures
                    (Frechet.train options.Quick (Key.named "features" key) data.Train)
                    real
                    test
                    made
            Figures = figures vae test made reached.History
            Parameters = Model.count vae
            Seconds = watch.Elapsed.TotalSeconds
            Save = fun about path -> Checkpoint.saveWith about path vae
        })

let sample = {
    Name = "vae"
    Title = title
    About =
        "An encoder tells an image by twenty numbers with a normal distribution each, a decoder draws it from these. The loss is a bound on what a test image costs in nats: its pixels, given the numbers, and the numbers themselves. "
        + Frechet.about
    Run = run
}
