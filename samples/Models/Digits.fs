/// A small convolutional network that tells ten kinds of clothing apart.
module Models.Digits

open System.Diagnostics
open System.Threading
open Cotangent
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

/// Logits (batch, 10) of images (batch, 1, 28, 28); the features before the last layer are of use by themselves.
let features (net: Cnn) (images: Tensor) : Tensor =
    let halve x = maxPool [ 2; 2 ] (Window.stride 2) x
    let x = Convolution.forward net.First images |> relu |> halve
    let x = Convolution.forward net.Second x |> relu |> halve
    x.Reshape [ x.Shape[0]; -1 ]

let forward (net: Cnn) (images: Tensor) : Tensor = Linear.forward net.Last (features net images)

/// The logits of many images, some at a time.
let private predicting () =
    let some = compile (fun (net, images) -> forward net images)

    fun net (images: Tensor) ->
        concat 0 [ for batch in (Data.inOrder 500 images).Epoch 0 0 -> some (net, batch) ]

let private charts (images: Tensor, labels: Tensor) (logits: Tensor) history =
    let predicted = logits.ArgMax 1
    let counts = Metric.confusionMatrix 10 labels predicted
    let wrong = images[predicted.NotEqual(labels.Convert predicted.DType)]

    [
        Page.curves "loss" history [ "loss" ]
        Page.curves "accuracy on test images" history [ "accuracy" ]
        Page.confusion FashionMnist.names (counts.ToData<int64[,]>())
        Page.grid "taken for another kind" 10 (wrong |> Data.split (min 50 (Data.count wrong)) |> fst)
    ]

let private run (options: Options.Options) (cancellation: CancellationToken) =
    FashionMnist.load options.Quick
    |> Result.map (fun data ->
        let watch = Stopwatch.StartNew()
        let forModel, forOrder = Key.split (Key.create options.Seed)
        let batches = Data.batches (if options.Quick then 25 else 64) forOrder data.Train
        let epochs = options.Epochs |> Option.defaultValue (if options.Quick then 10 else 6)
        let optimizer = Optimizer.adam (Schedule.cosine 2e-3 0.0 (epochs * batches.Count))
        let predict = predicting ()
        let images, labels = data.Test

        let step (net, state) (images, labels) =
            let loss, gradient = valueAndGrad (fun net -> Loss.crossEntropy labels (forward net images)) net

            Optimizer.step optimizer gradient state net, loss

        let evaluate (net, _) = float (Metric.accuracy labels (predict net images))

        let training progress =
            let net = create forModel

            Train.run
                {
                    Train.defaults with
                        Epochs = epochs
                        Progress = progress
                        Cancellation = cancellation
                        Callbacks = [ Callback.measure (Every.Epochs 1) "accuracy" evaluate ]
                }
                step
                batches
                (net, optimizer.Init net)

        let reached = Progress.show title training
        let net, _ = reached.Last.State
        let logits = predict net images

        {
            Seconds = watch.Elapsed.TotalSeconds
            Parameters = Tree.size net
            Measures = [
                "accuracy", float (Metric.accuracy labels logits)
                "loss", float (Loss.crossEntropy labels logits)
            ]
            Charts = charts data.Test logits reached.History
        })

let sample = { Name = "digits"; Title = title; Run = run }
