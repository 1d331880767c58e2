(**
---
title: Your first classifier
category: Start
categoryindex: 1
index: 5
description: A convolutional neural network that tells ten kinds of clothing apart: real data, mini-batches, epochs, accuracy, a confusion matrix, saved, loaded and put to use. In F# and in C#.
---
*)
(*** hide ***)
#load "../site/page.fsx"
#I "../tests/Data/bin/Release/net10.0"
#I "../src/Images/bin/Release/net10.0"
#r "Cotangent.Data.dll"
#r "SkiaSharp.dll"
#r "Cotangent.Images.dll"

open Plotly.NET

/// A grid of pictures as part of the page, each four times as large.
let drawn (alt: string) (columns: int) (images: Cotangent.Tensor) =
    let picture =
        Cotangent.Images.Image.unstack images |> Cotangent.Images.Image.grid columns 1

    let data = System.Convert.ToBase64String(Cotangent.Images.Image.encodePng picture)

    $"<figure><img alt=\"{alt}\" width=\"{2 * picture.Width}\" height=\"{2 * picture.Height}\" src=\"data:image/png;base64,{data}\"></figure>"

let saved =
    System.IO.Path.Combine(
        System.IO.Directory.CreateTempSubdirectory("first-classifier-").FullName,
        "clothes.safetensors"
    )

(**
# Your first classifier

A *classifier* says which of several kinds something is. This page trains one, a small convolutional neural network, to tell ten
kinds of clothing apart by their pictures. It goes all the way: reading the data, training, measuring, saving, loading, and
asking about one picture. The same program in C# stands at the end.

It uses two packages, `Cotangent` and `Cotangent.Data`: see [Install](install.html).

## The data

[Fashion-MNIST](https://github.com/zalandoresearch/fashion-mnist) has 70,000 grey pictures of 28 × 28 pixels. The repository of
Cotangent carries a few of them, 400 for training and 200 for tests, in the folder `samples/Models/data`. They are in MNIST's
file format, IDX, which `Idx.read` of `Cotangent.Data` reads. Both are bytes there; pictures become numbers to be computed with:
*)
open System.IO
open Cotangent

let folder = Path.Combine(__SOURCE_DIRECTORY__, "../samples/Models/data")

let read part =
    let images = Idx.read (Path.Combine(folder, $"{part}-images-idx3-ubyte.gz"))
    let labels = Idx.read (Path.Combine(folder, $"{part}-labels-idx1-ubyte.gz"))
    (images.Convert DType.Float32 / 255.0f).Unsqueeze 1, labels

let images, labels = read "train"
images.Shape, labels.Shape
(*** include-it ***)

(**
A picture is a block of numbers from 0 (black) to 1 (white), and all of them together are one *tensor*: an array of numbers with
any number of axes. The axes here are the picture, the colour channel (there is one, grey), the row and the column. A *label* is the
number of the right kind. These are the first ten pictures and their labels:
*)
(*** hide ***)
drawn "Ten pictures of clothing" 10 images[..9]
(*** include-it-raw ***)
(** *)
let names = [|
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
|]

[ for label in labels[..9].ToData<byte[]>() -> names[int label] ]
(*** include-it ***)

(**
To use all 60,000 pictures, install them (`apt install dataset-fashion-mnist` on Debian or Ubuntu), or put the four files from
the address above into a folder that the environment variable `COTANGENT_DATA` names. Then this takes the place of `read`, and needs no checkout
of the repository:

```fsharp
let read part =
    let all = ReadySets.fashionMnist (part = "train")
    all.Images, all.Labels.Convert DType.UInt8
```

## Three parts

A network can learn its examples by heart, so it has to be measured on others. We set 80 of the 400 pictures aside as the
*validation set*, which is measured during the training. The 200 test pictures are for one measurement at the very end.

Everything random takes a *key*, and equal keys give equal numbers. So this page comes out the same whenever it is run on the same machine.
*)
let forSplit, forBatches = Key.split (Key.create 1L)

let validation, training = Data.shuffle forSplit (images, labels) |> Data.split 80

(**
The network learns from 32 pictures at a time, a *mini-batch*. Going once through all mini-batches is an *epoch*; each epoch has
another order.
*)
let batches = Data.batches 32 forBatches training
batches.Count
(*** include-it ***)

(**
## The network

The network is a chain of layers. A convolution looks for small patterns, 3 × 3 pixels in size, everywhere in the picture. `Relu`
replaces negative numbers by 0. Pooling keeps the largest of every 2 × 2 numbers, so that the picture has half as many rows and
columns. At the end a linear layer makes ten numbers, one for each kind of clothing: the larger, the more probable. They are called
*logits*.
*)
let create key =
    let first, second, last = Key.split3 key

    Sequential.create [
        Convolution.create 3 (1, 16) first
        Activation.Relu
        Layer.ofFunction (maxPool [ 2 ] (Window.stride 2))
        Convolution.create 3 (16, 32) second
        Activation.Relu
        Layer.ofFunction (maxPool [ 2 ] (Window.stride 2))
        Layer.ofFunction (fun x -> x.Flatten 1)
        Linear.create (32 * 5 * 5) 10 last
    ]

let net = create (Key.create 2L)
Model.summary Sequential.forward images[..0] net
(*** include-it ***)

(**
The numbers in the layers, 12,810 of them, are the *parameters*. Training changes them, and nothing else.

## One step of training

The *loss* is a number that says how wrong the network is: 0 would be perfect. Its *gradient* says for each parameter in which
direction the loss grows, so a small step in the opposite direction makes it smaller. `valueAndGrad` computes both, and an
*optimiser*, here Adam, makes the step.
*)
let optimizer = Optimizer.adam 2e-3

let step (net, state) (images, labels) =
    let loss, gradient =
        valueAndGrad
            (fun net -> Loss.crossEntropy labels (Sequential.forward net images))
            net

    Optimizer.step optimizer gradient state net, loss

(**
What is handed from step to step is a pair: the network, and what Adam remembers of earlier gradients. A step changes neither. It
returns the next pair, and the loss, which is recorded.

## Training

`Train.run` repeats the step. It compiles the step first, so that it runs faster. After each epoch we want to know the
*accuracy* on the validation set: the share of pictures that the network gets right.
*)
let predict = compile (fun (net, images) -> Sequential.forward net images)

let accuracy (images, labels) net = float (Metric.accuracy labels (predict (net, images)))

let run =
    Train.run
        {
            Train.defaults with
                Epochs = 30
                ReportEvery = batches.Count
                Callbacks = [
                    Callback.measure (Every.Epochs 1) "accuracy" (fun (net, _) ->
                        accuracy validation net)
                ]
        }
        step
        batches
        (net, optimizer.Init net)

let trained, _ = run.Last.State
run.Last.Epochs, run.Last.Figures
(*** include-it ***)

(**
(In a console, `Train.run` can show its progress: see [Training on data](training.html).) This is how the loss and the accuracy on
the validation set went:
*)
(*** hide ***)
let figure name =
    run.History
    |> List.choose (fun (steps, figures) ->
        figures |> List.tryFind (fst >> (=) name) |> Option.map (fun (_, v) -> steps, v))

[ "loss"; "accuracy" ]
|> List.map (fun name ->
    let points = figure name
    Chart.Line(x = List.map fst points, y = List.map snd points, Name = name))
|> Chart.combine
|> Chart.withXAxisStyle (TitleText = "steps")
(*** include-it ***)

(**
The loss falls to the end, while the accuracy hardly rises after the first third: the network begins to learn its 320 pictures by
heart. This is called *overfitting*. More pictures are the best cure. [Training on data](training.html) shows two others: stopping
early, and changing the pictures a little each time.

## How good is it?

The accuracy on the 200 test pictures, which the network has never seen:
*)
let testImages, testLabels = read "t10k"
accuracy (testImages, testLabels) trained
(*** include-it ***)

(**
Guessing would be right once in ten times. From all 60,000 pictures, a network like this one learns to be right in
92 of 100 (`dotnet fsi build.fsx sample digits`).

Which kinds does it mix up? A *confusion matrix* counts: rows are what a picture shows, columns what the network takes it for. The
diagonal is right, everything else is wrong.
*)
let predicted = (predict (trained, testImages)).ArgMax 1
let confusion = Metric.confusionMatrix 10 testLabels predicted
(*** hide ***)
Chart.Heatmap(
    zData = confusion.ToData<int64[][]>(),
    X = names,
    Y = names,
    ReverseYAxis = true,
    ColorScale = StyleParam.Colorscale.Greys
)
|> Chart.withXAxisStyle (TitleText = "taken for")
(*** include-it ***)

(**
## Saving it

A file in the format [safetensors](https://github.com/huggingface/safetensors) holds all parameters under their names:

```fsharp
let saved = "clothes.safetensors"
```
*)
Checkpoint.save saved trained

(**
## Using it in another program

The file holds numbers and their names; what the network looks like is code. So the other program has the function `create`, too. It
makes a network with any key, as a template, and `Checkpoint.load` gives it back with the parameters of the file:
*)
let loaded = Checkpoint.load saved (create (Key.create 0L))

(**
Now a picture. The network takes a batch, so one picture is a batch of one: `[0..0]` keeps the first axis, where `[0]` would drop it.
`softmax` turns the ten logits into probabilities.
*)
let picture = testImages[0..0]
(*** hide ***)
drawn "The first picture of the test" 1 picture
(*** include-it-raw ***)
(** *)
let probabilities = softmax (predict (loaded, picture))
let kind = int (probabilities[0].ArgMax())

names[kind], float probabilities[0, kind], names[int testLabels[0]]
(*** include-it ***)

(**
That is what the network says, how sure it is, and what the picture really shows.

For a picture from a file of your own, `Image.load` of the package `Cotangent.Images` reads it, and `Geometry.resize` makes it 28 × 28:
[Pictures](images.html).
*)
(*** hide ***)
System.IO.Directory.Delete(Path.GetDirectoryName saved, true)
(**
## In C#

The same with `Cotangent.CSharp` and `Cotangent.Data`. Here the model is a record of layers with a method, which is the usual way in
both languages when a model is more than a chain. The examples are a record, and so is the state of the training:
*)
(*** hide ***)
open Page
csharpCode "FirstClassifier.cs" "Model"
(*** include-it-raw ***)

(**
Reading the pictures:
*)
(*** hide ***)
csharpCode "FirstClassifier.cs" "Data"
(*** include-it-raw ***)

(**
Training, measuring, saving, loading and asking. What stands under the code is what it printed when this page was made:
*)
(*** hide ***)
csharp "FirstClassifier.cs" "FirstClassifier"
(*** include-it-raw ***)

(**
`samples/Digits.CSharp` is a program of this kind that shows its progress, can be interrupted, and learns from all pictures.

Next: [layers and models](layers.html), [training on data](training.html), [saving and resuming](checkpoints.html).
*)
