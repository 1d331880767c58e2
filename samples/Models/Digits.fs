/// A small convolutional network that tells ten kinds of clothing apart.
module Models.Digits

open System.Diagnostics
open System.Threading
open Cotangent
open Cotangent.Charts
open Models

let private title = "A small CNN on Fashion-MNIST"

/// Two convolutions and a linear layer: 50,186 parameters.
type Cnn = { First: Convolution; Second: Convolution; Last: Linear }

let create (key: Key) : Cnn =
    let keys = Key.splitMany 3 key
    let first, second, last = keys[0], keys[1], keys[2]
    let same = { Convolution.defaults with Window = Window.same }

    {
        First = Convolution.init same [ 3; 3 ] (1, 32) first
        Second = Convolution.init same [ 3; 3 ] (32, 64) second
        Last = Linear.create (64 * 7 * 7) 10 last
    }

/// What the second convolution makes of images (batch, 1, 28, 28): 64 maps of 7 × 7. Of use by themselves.
let maps (net: Cnn) (images: Tensor) : Tensor =
    let halve x = maxPool [ 2; 2 ] (Window.stride 2) x
    let x = Convolution.forward net.First images |> relu |> halve
    Convolution.forward net.Second x |> relu |> halve

/// Logits (batch, 10) of images (batch, 1, 28, 28).
let forward (net: Cnn) (images: Tensor) : Tensor = Linear.forward net.Last ((maps net images).Flatten 1)

/// One update on a batch.
let private step (optimizer: Optimizer) (net, state) (images, labels) =
    let loss, gradient = valueAndGrad (fun net -> Loss.crossEntropy labels (forward net images)) net
    Optimizer.step optimizer gradient state net, loss

/// What a net is trained by: the step, the batches, and the state to start from.
let training (epochs: int) (size: int) (key: Key) (data: FashionMnist.Images) =
    let forModel, forOrder = Key.split key
    let batches = Data.batches size forOrder data
    let optimizer = Optimizer.adam (Schedule.cosine 2e-3 0.0 (epochs * batches.Count))
    let net = create forModel
    step optimizer, batches, (net, optimizer.Init net)

let private run (options: Options.Options) (cancellation: CancellationToken) =
    FashionMnist.load options.Quick
    |> Result.map (fun data ->
        let watch = Stopwatch.StartNew()
        let predict = Parts.compiled forward
        let images, labels = data.Test
        let evaluate (net, _) = float (Metric.accuracy labels (predict net images))

        let epochs = options.Epochs |> Option.defaultValue (if options.Quick then 10 else 6)
        let size = if options.Quick then 25 else 64
        let step, batches, start = training epochs size (Key.create options.Seed) data.Train

        let train progress =
            let training = {
                Train.defaults with
                    Epochs = epochs
                    Progress = progress
                    Cancellation = cancellation
                    Callbacks = [ Callback.measure (Every.Epochs 1) "accuracy" evaluate ]
            }

            Recording.run
                options
                [ Record.parameters fst; Record.throughput size ]
                training
                step
                batches
                start

        let reached = Progress.show title train
        let net, _ = reached.Last.State
        let logits = predict net images

        {
            Seconds = watch.Elapsed.TotalSeconds
            Parameters = Tree.size net
            Measures = Classifier.measures labels logits
            Figures = Classifier.figures data.Test logits reached.History
            Save = fun about path -> Checkpoint.saveWith about path net
        })

let sample = {
    Name = "digits"
    Title = title
    About =
        "Two convolutions and a linear layer tell ten kinds of clothing apart, on grey images of 28 × 28 pixels. Accuracy and loss, the cross-entropy, are those of test images."
    Run = run
}
