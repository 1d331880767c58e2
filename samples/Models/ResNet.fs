/// A residual network, its images turned over and moved at random while it trains.
module Models.ResNet

open System.Diagnostics
open System.Threading
open Cotangent
open Cotangent.Charts
open Cotangent.Images
open Models

let private title = "A ResNet on Fashion-MNIST"

/// Layers side by side: what one branch makes of an input is added to what the other makes of it. A branch without layers hands
/// the input on.
type Branches = {
    Main: Sequential
    Shortcut: Sequential
} with

    interface ITrainingLayer with
        member both.Forward x = both.Main.Forward x + both.Shortcut.Forward x

        member both.Train(x, key) =
            let forMain, forShortcut = Key.split key
            let struct (y, main) = both.Main.Train(x, forMain)
            let struct (around, shortcut) = both.Shortcut.Train(x, forShortcut)
            struct (y + around, { Main = main; Shortcut = shortcut })

/// A convolution, which needs no biases since the normalisation after it has its own.
let private normalized size stride (inputs, outputs) key : ILayer list =
    let options = {
        Convolution.defaults with
            Weight = Init.heNormal
            Bias = None
            Window = { Window.stride stride with Padding = Padding.Around(size / 2) }
    }

    [ Convolution.init options [ size; size ] (inputs, outputs) key; BatchNorm.create outputs ]

/// Two convolutions beside a shortcut, which goes through a third where the shape changes (He et al. 2016).
let private block stride (inputs, outputs) key : ILayer list =
    let first, second, third = Key.split3 key

    let main = [
        yield! normalized 3 stride (inputs, outputs) first
        Activation.Relu
        yield! normalized 3 1 (outputs, outputs) second
    ]

    let shortcut =
        if stride = 1 && inputs = outputs then [] else normalized 1 stride (inputs, outputs) third

    [ { Main = Sequential.create main; Shortcut = Sequential.create shortcut }; Activation.Relu ]

/// Logits (batch, 10) of images (batch, 1, 28, 28).
let create (key: Key) : Sequential =
    let keys = Key.splitMany 6 key

    Sequential.create [
        yield! normalized 3 1 (1, 16) keys[0]
        Activation.Relu
        yield! block 2 (16, 32) keys[1]
        yield! block 1 (32, 32) keys[2]
        yield! block 2 (32, 64) keys[3]
        yield! block 1 (64, 64) keys[4]
        Layer.ofFunction (fun x -> x.Mean [ 2; 3 ])
        Linear.create 64 10 keys[5]
    ]

/// Momentum, one cycle of the rate, and a decay of what multiplies, not of biases and gains.
let private descent steps : Optimizer =
    let matrices = Selection.where (fun leaf -> leaf.Tensor.Rank > 1)

    Optimizer.chain [
        Optimizer.addDecayedWeights (5e-4, matrices)
        Optimizer.momentum (Schedule.oneCycle 0.1 steps, 0.9, nesterov = true)
    ]

/// Images turned over and moved at random: to a net they are new ones each time.
let private changed (forFlips: Key, forShifts: Key) (images: Tensor) =
    images |> ImageBatch.flip 0.5 forFlips |> ImageBatch.shift 2 forShifts

/// One update on a batch, whose images are changed as the key beside it has it.
let private step (optimizer: Optimizer) (net, state) ((images, labels), key) =
    let forFlips, forShifts, forLayers = Key.split3 key
    let images = changed (forFlips, forShifts) images

    let loss net =
        let logits, net = Sequential.train net forLayers images
        Loss.crossEntropyWith { Loss.crossEntropyDefaults with Smoothing = 0.1 } labels logits, net

    let (value, net), gradient = valueAndGradWith loss net
    Optimizer.step optimizer gradient state net, value

let private run (options: Options.Options) (cancellation: CancellationToken) =
    FashionMnist.load options.Quick
    |> Result.map (fun data ->
        let watch = Stopwatch.StartNew()
        let forModel, forOrder, forChanges = Key.split3 (Key.create options.Seed)
        let size = if options.Quick then 25 else 64
        let batches = Data.batches size forOrder data.Train |> Batches.withKeys forChanges
        let epochs = options.Epochs |> Option.defaultValue 16
        let optimizer = descent (epochs * batches.Count)
        let predict = Parts.compiled Sequential.forward
        let images, labels = data.Test
        let evaluate (net, _) = float (Metric.accuracy labels (predict net images))

        let training progress =
            let net = create forModel

            Recording.run
                options
                [ Record.parameters fst; Record.throughput size ]
                {
                    Train.defaults with
                        Epochs = epochs
                        Progress = progress
                        Cancellation = cancellation
                        Callbacks = [ Callback.measure (Every.Epochs 1) "accuracy" evaluate ]
                }
                (step optimizer)
                batches
                (net, optimizer.Init net)

        let reached = Progress.show title training
        let net, _ = reached.Last.State
        let logits = predict net images

        {
            Seconds = watch.Elapsed.TotalSeconds
            Parameters = Model.count net
            Measures = Classifier.measures labels logits
            Save = fun about path -> Checkpoint.saveWith about path net
            Figures =
                Classifier.figures data.Test logits reached.History
                @ [
                    fst data.Train
                    |> Data.split 100
                    |> fst
                    |> changed (Key.split (Key.named "figure" forChanges))
                    |> Page.images "training images, turned over and moved as they are shown to the net" 10
                ]
        })

let sample = {
    Name = "resnet"
    Title = title
    About =
        "Convolutions with batch normalisation, in branches that are added up, tell ten kinds of clothing apart. While it trains, images are turned over and moved by up to two pixels at random. Accuracy and loss, the cross-entropy, are those of test images."
    Run = run
}
