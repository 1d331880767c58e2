/// Examples a second of Fashion-MNIST, beside TorchSharp's loader, and the share of a training's time that is spent waiting for them.
module Cotangent.Benchmarks.LoaderBenchmarks

open System
open System.Diagnostics
open System.IO
open Cotangent
open Cotangent.Benchmarks.Harness

let private batchSize = 128

/// Batches that a measurement takes: 25,600 of the 60,000 examples.
let private measured = 200

/// Shifted by up to two pixels each way, and mirrored half of the time.
let private augment (key: Key) (image: Tensor, label: Tensor) =
    let draws = (Random.uniform key DType.Float32 [ 3 ]).ToData<float32[]>()
    let down, right = int (draws[0] * 5.0f), int (draws[1] * 5.0f)
    let padded = image.Pad [ 0, 0; 2, 2; 2, 2 ]

    let moved = padded[*, down .. down + 27, right .. right + 27]
    (if draws[2] < 0.5f then moved.Flip 2 else moved), label

let private shuffled (set: LabelledImages) = set.Examples |> Dataset.shuffle (Key.create 1L)

let private augmented (set: LabelledImages) = shuffled set |> Dataset.mapWithKey (Key.create 2L) augment

let private perExample (take: int -> unit) () =
    let watch = Stopwatch.StartNew()
    take measured
    Some(watch.Elapsed.TotalMicroseconds / float (measured * batchSize))

/// Through our loader.
let private ours (examples: Dataset<Tensor * Tensor>) (workers: int) : int -> unit =
    let loader =
        examples
        |> Dataset.batchWhole batchSize
        |> Loader.createWith { Loader.defaults with Workers = workers; Ahead = 4 }

    fun count -> loader.Epoch 0 |> Seq.truncate count |> Seq.iter ignore

/// Nothing else to do than to load.
let private throughput (set: LabelledImages) =
    let pixels = set.Images.Flatten().ToData<float32[]>()
    let labels = set.Labels.ToData<int[]>()

    for title, isAugmented, examples in
        [ "Shuffled", false, shuffled set; "Shuffled, shifted, mirrored", true, augmented set ] do
        let entries = [
            for workers in [ 1; 2 ] do
                {
                    Name = $"TorchSharp, {workers} workers"
                    Measure =
                        if Peers.hasLibtorch () then
                            perExample (TorchLoader.batches pixels labels isAugmented workers batchSize)
                        else
                            fun () -> None
                }

            for workers in [ 0; 1; 2 ] do
                { Name = $"Cotangent, {workers} workers"; Measure = perExample (ours examples workers) }
        ]

        // The first rounds of both run code that .NET has not optimised yet.
        rounds 2 entries |> ignore
        compare title "µs an example" 7 entries

/// The share of an epoch's time in which a compiled training step waits for its batch.
let private waiting set (name: string) (model: 'model) (forward: 'model -> Tensor -> Tensor) =
    let optimizer = Optimizer.adam 1e-3

    let step =
        compile (fun ((model: 'model, state), (images: Tensor, labels: Tensor)) ->
            let loss, gradient =
                valueAndGrad (fun model -> Loss.crossEntropy labels (forward model images)) model

            let model, state = Optimizer.step optimizer gradient state model
            (model, state), loss)

    for workers in [ 0; 1; 2 ] do
        let loader =
            augmented set
            |> Dataset.batchWhole batchSize
            |> Loader.createWith { Loader.defaults with Workers = workers; Ahead = 8 }

        let mutable state = model, optimizer.Init model

        /// Milliseconds of an epoch, and of them those in which the loop waited.
        let epoch number =
            let mutable waited = 0.0
            let watch = Stopwatch.StartNew()
            use walk = (loader.Epoch number).GetEnumerator()
            let mutable going = true

            while going do
                let before = Stopwatch.GetTimestamp()
                going <- walk.MoveNext()
                waited <- waited + Stopwatch.GetElapsedTime(before).TotalMilliseconds

                if going then
                    let next, loss = step (state, walk.Current)
                    state <- next
                    float loss |> ignore

            watch.Elapsed.TotalMilliseconds, waited

        // The first one compiles.
        epoch 0 |> ignore
        let all, waited = epoch 1

        printfn $"| {name} | {workers} | {all / float loader.Count:F2} | {100.0 * waited / all:F2} %% |"

let private train (set: LabelledImages) =
    let keys = Key.splitMany 4 (Key.create 3L)
    printfn "\n| net | workers | ms a step | of it waiting |\n| --- | --- | --- | --- |"

    waiting set "perceptron 784-256-10" (Mlp.create [ 784; 256; 10 ] Activation.Relu keys[0]) (fun model x ->
        Mlp.forward model (x.Flatten 1))

    let first, second, last =
        Convolution.create 3 (1, 16) keys[1],
        Convolution.create 3 (16, 32) keys[2],
        Linear.create 800 10 keys[3]

    waiting set "convolutions of 16 and 32 channels" (first, second, last) (fun (first, second, last) x ->
        let half x = relu x |> maxPool [ 2; 2 ] (Window.stride 2)
        let x = half (Convolution.forward first x)
        let x = half (Convolution.forward second x)
        Linear.forward last (x.Flatten 1))

let run (arguments: string list) =
    let isAsked name = arguments.IsEmpty || List.contains name arguments

    try
        let set = ReadySets.fashionMnist true
        printfn $"{Environment.ProcessorCount} processors, batches of {batchSize}"
        if isAsked "throughput" then throughput set
        if isAsked "waiting" then train set
    with :? FileNotFoundException as e ->
        printfn "%s" e.Message
