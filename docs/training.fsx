(**
---
title: Training on data
category: Use
categoryindex: 3
index: 5
description: From images on disk to a model that predicts: mini-batches, a training step, evaluation, early stopping, going on after an interruption, averages of weights, and what a trained model gets wrong.
---
*)
(*** hide ***)
#load "../site/page.fsx"
open Plotly.NET

let curves (title: string) (lines: (string * (int * float) list) list) =
    lines
    |> List.map (fun (name, points) ->
        Chart.Line(x = List.map fst points, y = List.map snd points, Name = name))
    |> Chart.combine
    |> Chart.withXAxisStyle (TitleText = "steps")
    |> Chart.withYAxisStyle (TitleText = title)

(**
# Training on data

A training is a step, repeated: a pure function from a state and a batch to the next state and what you want to know of it.
The library adds what surrounds it, batches in an order that is fixed by a key and a loop that reports, evaluates and
stops, and you can leave that loop at any point for one of your own.

## Examples in memory

Data is any tree of tensors whose first axes are equally long. Here they are 400 images of clothing for training and 200 for
tests, from [Fashion-MNIST](https://github.com/zalandoresearch/fashion-mnist), which come with the repository; its files are
a short header, then bytes.
*)
open System.IO
open System.IO.Compression
open Cotangent

/// The bytes after a header of a given length.
let bytes name header =
    use file =
        File.OpenRead(Path.Combine(__SOURCE_DIRECTORY__, "../samples/Models/data", name))

    use unzipped = new GZipStream(file, CompressionMode.Decompress)
    use all = new MemoryStream()
    unzipped.CopyTo all
    all.ToArray()[header..]

let read kind =
    let pixels =
        bytes $"{kind}-images-idx3-ubyte.gz" 16 |> Array.map (fun p -> float32 p / 255.0f)

    let labels = bytes $"{kind}-labels-idx1-ubyte.gz" 8 |> Array.map int
    Tensor.ofArray [ labels.Length; 1; 28; 28 ] pixels, tensor labels

let examples = read "train"
let images, labels = examples
images.Shape, labels.Shape, labels[..9]
(*** include-it ***)

(**
`Data.split` cuts off some for validation, `Data.shuffle` puts them into another order first, `Data.batches` makes
mini-batches: each epoch in an order of its own, which follows from the key alone. All batches are of one size, so that a step is
compiled once. Examples that do not fill one are left out of that epoch, others in each; `Data.inOrder`, for measuring, leaves out none.
*)
let forSplit, forBatches = Key.split (Key.create 1L)
let validation, training = Data.shuffle forSplit examples |> Data.split 80
let batches = Data.batches 32 forBatches training

batches.Count, [ for images, _ in batches.Epoch 0 0 -> images.Shape[0] ]
(*** include-it ***)

(**
## The model

A record of layers, a function that makes one and a function that applies it: nothing to inherit from, nothing to register.
Images come in as (batch, channels, rows, columns), logits go out, one for each of ten kinds.
*)
type Net = { First: Convolution; Second: Convolution; Last: Linear }

let create key =
    let first, second, last = Key.split3 key

    {
        First = Convolution.create 3 (1, 8) first
        Second = Convolution.create 3 (8, 16) second
        Last = Linear.create (16 * 5 * 5) 10 last
    }

let forward net (images: Tensor) =
    let halve x = maxPool [ 2 ] (Window.stride 2) x
    let x = Convolution.forward net.First images |> relu |> halve
    let x = Convolution.forward net.Second x |> relu |> halve
    Linear.forward net.Last (x.Flatten 1)

let net = create (Key.create 2L)
(**
What is in it, with the work that one image takes:
*)
Model.summary forward images[..0] net
(*** include-it ***)

(**
## A step

The state is all that changes: parameters, and what the optimiser remembers. `Loss.crossEntropy` takes the labels first, then
the logits, and is the mean over examples. A rate that falls along a cosine is a schedule, and a schedule is a rate like any
other.
*)
let epochs = 30
let optimizer = Optimizer.adam (Schedule.cosine 3e-3 0.0 (epochs * batches.Count))

let step (net, state) (images, labels) =
    let loss, gradient =
        valueAndGrad (fun net -> Loss.crossEntropy labels (forward net images)) net

    Optimizer.step optimizer gradient state net, loss

(**
## The loop

`Train.steps` is the loop as a sequence without end: each element is what has been reached, and a step is computed when the
sequence is asked for it. It is compiled at the first call.
*)
let start = net, optimizer.Init net

for now in Train.steps step batches start |> Seq.take 3 do
    printfn "step %d: %A" now.Steps now.Figures
(*** include-output ***)

(**
`Train.run` takes as many as some epochs have, and does what else belongs to it: it reports progress (`Progress.show` draws a
bar in a console), asks callbacks, can be cancelled, and returns the last state that was whole. Here the accuracy on the
validation images is measured after each epoch, and training stops when it has not become better for ten of them, and goes back
to the best state.
*)
let predict = compile (fun (net, images) -> forward net images)

let accuracyOn (images, labels) (net, _) =
    float (Metric.accuracy labels (predict (net, images)))

let options = {
    Train.defaults with
        Epochs = epochs
        ReportEvery = batches.Count
        Callbacks = [
            Callback.measure (Every.Epochs 1) "accuracy" (accuracyOn validation)
            Callback.earlyStopping (Every.Epochs 1) "accuracy" Better.Higher 10
        ]
}

let run = Train.run options step batches start
run.End, run.Last.Epochs, run.Last.Figures
(*** include-it ***)

(*** hide ***)
let figure name =
    run.History
    |> List.choose (fun (steps, figures) ->
        figures |> List.tryFind (fst >> (=) name) |> Option.map (fun (_, v) -> steps, v))

curves "" [ "loss", figure "loss"; "accuracy on validation images", figure "accuracy" ]
(*** include-it ***)

(**
Two runs with the same keys give the same numbers, bit for bit, on however many cores.

## How good it is

Metrics are functions of labels and predictions. Where there are more examples than fit at once, the same metrics are totals
that add up over batches; a mean of the batches' accuracies would be wrong, as the last batch is smaller.
*)
let trained, _ = run.Last.State
let tests = read "t10k"

let total =
    (Data.inOrder 64 tests).Epoch 0 0
    |> Seq.fold
        (fun (total: ConfusionTotal) (images, labels) ->
            total.Add(labels, (predict (trained, images)).ArgMax 1))
        (ConfusionTotal.Create 10)

total.Accuracy, total.F1 Averaging.Macro
(*** include-it ***)

(**
That is what 320 images teach; the sample `digits` learns from all 60,000 and tells 92 of 100 right. Where the
trained net errs (rows are what was there, columns what was predicted):
*)
(*** hide ***)
let kinds = [
    "T-shirt"
    "trousers"
    "pullover"
    "dress"
    "coat"
    "sandal"
    "shirt"
    "sneaker"
    "bag"
    "boot"
]

Chart.Heatmap(
    zData = total.Matrix.ToData<int64[][]>(),
    X = kinds,
    Y = kinds,
    ReverseYAxis = true,
    ColorScale = StyleParam.Colorscale.Greys
)
|> Chart.withXAxisStyle (TitleText = "predicted")
(*** include-it ***)

(**
## A prediction

A model is data, and predicting is a function: there is no mode to switch, so none can be forgotten. Layers that behave
otherwise while they are trained (dropout, batch normalisation) have a second function for that, `Train`, beside `Forward`.
*)
let image, label = (fst tests)[..0], (snd tests)[0]
let probabilities = softmax (forward trained image)
label, probabilities.ArgMax 1, probabilities.Max 1
(*** include-it ***)

(**
## Going on after an interruption

A batch is a function of epoch and place, so a training can begin at any step: `From` is the step of the state that was kept.
The second half of a run, begun anew from the state after the first, gives what the whole run gives.
*)
let short from until start =
    (Train.run { Train.defaults with From = from; Epochs = until } step batches start)
        .Last.State

let whole, _ = short 0 4 start
let halves, _ = short 0 2 start |> short (2 * batches.Count) 4
Tree.norm (Tree.subtract whole halves)
(*** include-it ***)

(**
## Randomness of a step

Dropout, noise and augmentations want a key of their own at every step, and the same one when a step is taken again.
`Batches.withKeys` puts one beside each batch; here every other image, by chance, is seen in a mirror.
*)
let flipped (key: Key) (images: Tensor) =
    let coin = Random.uniform key DType.Float32 [ images.Shape[0]; 1; 1; 1 ]
    where (coin.Less 0.5) (images.Flip 3) images

let augmented =
    batches
    |> Batches.withKeys (Key.create 3L)
    |> Batches.map (fun ((images, labels), key) -> flipped key images, labels)

(**
## More than one optimiser can do

`Optimizer.chain` puts parts after one another. Weight decay that leaves biases alone, gradients that are shortened, and
weights whose average is what predicts:
*)
let decaying =
    Optimizer.chain [
        Optimizer.clipByGlobalNorm 1.0
        Optimizer.adamW (1e-3, decay = 0.01, decayed = Selection.named [ "*.weight" ])
    ]

let averaging ((net, state), average) (images, labels) =
    let loss, gradient =
        valueAndGrad (fun net -> Loss.crossEntropy labels (forward net images)) net

    let net, state = Optimizer.step decaying gradient state net
    ((net, state), WeightAverage.exponential 0.95 net average), loss

let averaged =
    Train.run
        { Train.defaults with Epochs = epochs }
        averaging
        batches
        ((net, decaying.Init net), WeightAverage.start net)

let (last, _), average = averaged.Last.State

[ "last", last; "average", average.Mean ]
|> List.map (fun (name, net) -> name, accuracyOn tests (net, ()))
(*** include-it ***)

(**
Larger models that learn from all 60,000 images, with pages of results, are among the
[samples](https://github.com/cotangent/cotangent/tree/main/samples): `dotnet fsi build.fsx sample digits`.
*)
