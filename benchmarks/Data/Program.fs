/// Examples a second of Fashion-MNIST with a light augmentation, and the share of a training's time that is spent waiting for them.
/// `dotnet run -c Release --project benchmarks/Data`, or with `throughput` alone.
module DataBenchmarks.Program

open System
open System.Diagnostics
open Cotangent

let private batchSize = 128

/// Shifted by up to two pixels each way, and mirrored half of the time.
let private augment (key: Key) (image: Tensor, label: Tensor) =
    let draws = (Random.uniform key DType.Float32 [ 3 ]).ToData<float32[]>()
    let down, right = int (draws[0] * 5.0f), int (draws[1] * 5.0f)
    let padded = image.Pad [ 0, 0; 2, 2; 2, 2 ]

    let moved = padded[*, down .. down + 27, right .. right + 27]
    (if draws[2] < 0.5f then moved.Flip 2 else moved), label

let private examples = lazy (ReadySets.fashionMnist(true).Examples)

let private batches =
    lazy
        (examples.Value
         |> Dataset.shuffle (Key.create 1L)
         |> Dataset.mapWithKey (Key.create 2L) augment
         |> Dataset.batchWhole batchSize)

let private seconds (f: unit -> 'a) =
    let watch = Stopwatch.StartNew()
    f () |> ignore
    watch.Elapsed.TotalSeconds

/// Examples a second through a loader, with nothing else to do.
let private throughput () =
    for name, dataset in
        [
            "shuffled", examples.Value |> Dataset.shuffle (Key.create 1L) |> Dataset.batchWhole batchSize
            "shuffled, shifted, mirrored", batches.Value
        ] do
        for workers in [ 0; 1; 2 ] do
            let loader = dataset |> Loader.createWith { Loader.defaults with Workers = workers; Ahead = 4 }

            let run epoch = loader.Epoch epoch |> Seq.iter ignore
            run 0
            let best = Seq.min [ for epoch in 1..3 -> seconds (fun () -> run epoch) ]
            let rate = float (loader.Count * batchSize) / best
            printfn $"{name}, {workers} workers: {rate:N0} examples a second"

/// The share of an epoch's time in which a compiled training step waits for its batch.
let private waiting (name: string) (model: 'model) (forward: 'model -> Tensor -> Tensor) =
    let optimizer = Optimizer.adam 1e-3

    let step =
        compile (fun ((model: 'model, state), (images: Tensor, labels: Tensor)) ->
            let loss, gradient =
                valueAndGrad (fun model -> Loss.crossEntropy labels (forward model images)) model

            let model, state = Optimizer.step optimizer gradient state model
            (model, state), loss)

    for workers in [ 0; 1; 2 ] do
        let loader = batches.Value |> Loader.createWith { Loader.defaults with Workers = workers; Ahead = 8 }

        let mutable state = model, optimizer.Init model
        let mutable waited, all = 0.0, 0.0

        for epoch in 0..1 do
            waited <- 0.0

            all <-
                seconds (fun () ->
                    use walk = (loader.Epoch epoch).GetEnumerator()
                    let mutable going = true

                    while going do
                        let before = Stopwatch.GetTimestamp()
                        going <- walk.MoveNext()
                        waited <- waited + Stopwatch.GetElapsedTime(before).TotalSeconds

                        if going then
                            let next, loss = step (state, walk.Current)
                            state <- next
                            float loss |> ignore)

        printfn
            $"{name}, {workers} workers: {1000.0 * all / float loader.Count:F2} ms a step, {100.0 * waited / all:F2} %% of it waiting"

let private train () =
    let keys = Key.splitMany 4 (Key.create 3L)

    waiting "perceptron 784-256-10" (Mlp.create [ 784; 256; 10 ] Activation.Relu keys[0]) (fun model x ->
        Mlp.forward model (x.Flatten 1))

    let first, second, last =
        Convolution.create 3 (1, 16) keys[1],
        Convolution.create 3 (16, 32) keys[2],
        Linear.create 800 10 keys[3]

    waiting "convolutions of 16 and 32 channels" (first, second, last) (fun (first, second, last) x ->
        let half x = relu x |> maxPool [ 2; 2 ] (Window.stride 2)
        let x = half (Convolution.forward first x)
        let x = half (Convolution.forward second x)
        Linear.forward last (x.Flatten 1))

[<EntryPoint>]
let main arguments =
    printfn $"{Environment.ProcessorCount} processors, batches of {batchSize}"
    throughput ()

    if arguments <> [| "throughput" |] then train ()
    0
