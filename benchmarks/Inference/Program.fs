/// Models of others run by the library and by ONNX Runtime, in turn: the same files, the same numbers.
module Cotangent.Benchmarks.Inference

open System
open System.IO
open System.Threading
open Cotangent
open Cotangent.Benchmarks.Harness

/// Both give the same before either is measured.
let private agree (name: string) (ours: Tensor) (theirs: float32[]) =
    let ours = ours.Flatten().ToData<float32[]>()
    let largest = theirs |> Array.map abs |> Array.max
    let apart = Array.map2 (fun (a: float32) (b: float32) -> abs (a - b)) ours theirs |> Array.max
    printfn "%s: apart by %.1e of the largest number" name (apart / largest)
    if not (apart <= 1e-4f * largest) then failwith $"{name}: the results differ."

/// ONNX Runtime's threads spin for a while after a call, and would take the other's processor: each begins on a quiet machine, with calls
/// that bring the caches and the clock to what is usual for it.
let private milliseconds (call: unit -> unit) () =
    Thread.Sleep 100
    perCall 100.0 call |> ignore
    Some(perCall 300.0 call / 1000.0)

let private case (name: string) (ours: unit -> Tensor) (theirs: unit -> float32[]) =
    agree name (ours ()) (theirs ())

    compare name "ms" 9 [
        { Name = "ONNX Runtime"; Measure = milliseconds (theirs >> ignore) }
        { Name = "Cotangent, compiled"; Measure = milliseconds (ours >> ignore) }
    ]

let private resNet (batch: int) =
    let net = ResNet18.load ()
    use peer = new Peer.Model(File.ReadAllBytes(ResNet18.path ()))
    let images = 50.0f * Random.normal (Key.create 1L) DType.Float32 [ batch; 3; 224; 224 ]
    let forward = compile (ResNet18.forward net)
    let given = [ Peer.numbers "Input247" images ]
    case $"ResNet18, batch {batch}" (fun () -> forward images) (fun () -> peer.Run given)

let private miniLm (batch: int) (length: int) =
    let encoder = MiniLm.load ()
    use peer = new Peer.Model(File.ReadAllBytes(MiniLm.path ()))
    let tokens = Random.integers (Key.create 2L) 1000 30000 DType.Int64 [ batch; length ]
    let forward = compile (MiniLm.forward encoder)

    let given = [
        Peer.integers "input_ids" tokens
        Peer.integers "attention_mask" (Tensor.onesLike tokens)
        Peer.integers "token_type_ids" (Tensor.zerosLike tokens)
    ]

    case $"MiniLM, {batch} × {length} tokens" (fun () -> forward tokens) (fun () -> peer.Run given)

/// The five kinds of ResNet18's convolutions, and those that halve images: kernels are constants.
let private convolutions () =
    let layers = [
        3, 64, 224, 7, 2
        64, 64, 56, 3, 1
        64, 128, 56, 3, 2
        128, 128, 28, 3, 1
        128, 256, 28, 3, 2
        256, 256, 14, 3, 1
        256, 512, 14, 3, 2
        512, 512, 7, 3, 1
    ]

    for batch in [ 1; 32 ] do
        for inputs, outputs, size, width, stride in layers do
            let shape = [ outputs; inputs; width; width ]
            let images = Random.normal (Key.create 3L) DType.Float32 [ batch; inputs; size; size ]
            let kernel = Random.normal (Key.create 4L) DType.Float32 shape
            let padding = width / 2
            let window = { Window.stride stride with Padding = Padding.Around padding }
            let forward = compile (convolve window kernel)
            let weights = kernel.Flatten().ToData<float32[]>()
            let results = [ batch; outputs; size / stride; size / stride ]

            use peer =
                new Peer.Model(
                    OnnxConvolution.model [ batch; inputs; size; size ] results weights shape stride padding
                )

            let given = [ Peer.numbers "x" images ]

            case
                $"{batch} × {inputs}>{outputs} × {size}/{stride}, {width}"
                (fun () -> forward images)
                (fun () -> peer.Run given)

[<EntryPoint>]
let main arguments =
    let isAsked name = arguments.Length = 0 || Array.contains name arguments
    printfn "%d threads" Peer.threads
    if isAsked "resnet" then resNet 1

    if isAsked "minilm" then
        List.iter (fun (batch, length) -> miniLm batch length) [ 1, 32; 1, 128; 8, 128 ]

    if isAsked "convolutions" then convolutions ()
    0
