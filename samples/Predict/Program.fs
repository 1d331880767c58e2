/// Loads a model that one of the samples has saved, and puts it to use: predict FILE [what the model asks for]
module Predict.Program

open System
open System.Globalization
open System.IO
open Cotangent
open Cotangent.Images
open Models

let private usage =
    """predict FILE.safetensors [ARGUMENTS]: what a model of the samples makes of them.

  digits, resnet   PICTURE ...     kinds of clothing of pictures; without one, how many of a few test images are right
  vae, dcgan       [OUT.png]       a hundred images, made.png by default
  text             [WORD]          a definition of a word of its own
  graph            X1 X2 X3 X4     what the linear model tells of four numbers
  pendulum         ANGLE VELOCITY  two seconds of the pendulum's swing"""

/// The arguments as numbers, if there are so many.
let private numbers (count: int) (arguments: string list) : Result<float[], string> =
    let found =
        arguments
        |> List.map (fun text -> Double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture))

    if found.Length = count && List.forall fst found then
        Ok [| for _, number in found -> number |]
    else
        let got = String.Join(" ", arguments)
        Error $"{count} numbers are wanted, got \"{got}\"."

/// A picture as the images of Fashion-MNIST are: 28 × 28 pixels of one channel, light on black, (1, 28, 28).
let private asClothing (path: string) : Tensor =
    Image.load path
    |> Image.flatten Color.Black
    |> Image.convert Channels.Gray
    |> Geometry.resize Resampling.Bilinear 28 28
    |> Image.toTensor

/// What is in each picture, and how sure the net is; or how often it is right on the test images that come along.
let private classify (logits: Tensor -> Tensor) (paths: string list) : Result<unit, string> =
    if paths.IsEmpty then
        FashionMnist.load true
        |> Result.map (fun data ->
            let images, labels = data.Test
            let accuracy = float (Metric.accuracy labels (logits images))
            printfn "%d test images, accuracy %.4f" images.Shape[0] accuracy)
    else
        let chances = paths |> List.map asClothing |> stack 0 |> logits |> softmax
        let kinds = chances.ArgMax 1

        for i, path in List.indexed paths do
            let kind = int kinds[i]
            printfn "%s: %s, %.1f %%" path FashionMnist.names[kind] (100.0 * float chances[i, kind])

        Ok()

/// A hundred images from latents that are drawn anew each time, as one picture.
let private make (size: int) (decode: Tensor -> Tensor) (arguments: string list) : Result<unit, string> =
    let path = List.tryHead arguments |> Option.defaultValue "made.png"
    let key = Key.create DateTime.Now.Ticks

    Random.normal key DType.Float32 [ 100; size ]
    |> decode
    |> clamp 0.0 1.0
    |> Image.unstack
    |> Image.grid 10 1
    |> Image.save path

    printfn "Drawn in %s" (Path.GetFullPath path)
    Ok()

let private define (quick: bool) (path: string) (arguments: string list) : Result<unit, string> =
    let word = (List.tryHead arguments |> Option.defaultValue "computer").ToUpperInvariant()

    if String.exists (Char.IsAsciiLetter >> not) word then
        Error $"The net knows words of the letters A to Z, got \"{word}\"."
    else
        let model = Text.attending quick
        let net = Checkpoint.load path (model.Create(Key.create 0L))
        let key = Key.create DateTime.Now.Ticks

        for definition in Text.write model net key [ $"{word}, n.  " ] do
            printfn "%s" definition

        Ok()

let private tell (path: string) (x: float[]) =
    let template: Graph.LinearModel = {
        Weights = Tensor.zeros DType.Float64 [ Graph.features ]
        Bias = tensor 0.0
    }

    printfn "%f" (float (Graph.predict (Checkpoint.load path template) (tensor x)))

let private swing (path: string) (start: float[]) =
    let law = Checkpoint.load path (Pendulum.createLaw (Key.create 0L))
    let states = (Pendulum.swing law (tensor start) 20).ToData<float[,]>()

    for i in 0..19 do
        printfn "%.1f s: angle %7.3f, velocity %7.3f" (0.1 * float (i + 1)) states[i, 0] states[i, 1]

let private predict (path: string) (arguments: string list) : Result<unit, string> =
    let anyKey = Key.create 0L

    Saved.origin path
    |> Result.bind (fun origin ->
        match origin.Sample with
        | "digits" -> classify (Digits.forward (Checkpoint.load path (Digits.create anyKey))) arguments
        | "resnet" -> classify (Sequential.forward (Checkpoint.load path (ResNet.create anyKey))) arguments
        | "vae" -> make Vae.latentSize (Vae.decode (Checkpoint.load path (Vae.create anyKey))) arguments
        | "dcgan" ->
            let generator = Checkpoint.load path (Dcgan.createGenerator anyKey)
            make Dcgan.latentSize (Sequential.forward generator) arguments
        | "text" -> define origin.Quick path arguments
        | "graph" -> numbers Graph.features arguments |> Result.map (tell path)
        | "pendulum" -> numbers 2 arguments |> Result.map (swing path)
        | other -> Error $"{path} was saved by a sample \"{other}\", which this program does not know.")

[<EntryPoint>]
let main arguments =
    match List.ofArray arguments with
    | []
    | "--help" :: _ ->
        eprintfn "%s" usage
        2
    | path :: arguments ->
        try
            match predict path arguments with
            | Ok() -> 0
            | Error message ->
                eprintfn "%s\n\n%s" message usage
                2
        with
        | :? CotangentException
        | :? IOException as e ->
            eprintfn "%s" e.Message
            2
