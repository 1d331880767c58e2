/// Convolutions and their derivatives at the sizes of real nets: time, speed, and share of the machine's peak.
module Cotangent.Benchmarks.ConvolutionBenchmarks

open System
open System.IO
open System.Text.Json
open Cotangent
open Cotangent.Benchmarks.Harness
open Cotangent.Engines

/// Square images and kernels; padding keeps the size but for the stride.
type private Layer = { Inputs: int; Outputs: int; Size: int; Kernel: int; Stride: int }

let private layer inputs outputs size kernel stride = {
    Inputs = inputs
    Outputs = outputs
    Size = size
    Kernel = kernel
    Stride = stride
}

/// The five kinds of ResNet18 (K. He et al., "Deep residual learning for image recognition", 2016, table 1).
let private resNet18 = [
    layer 3 64 224 7 2
    layer 64 64 56 3 1
    layer 128 128 28 3 1
    layer 256 256 14 3 1
    layer 512 512 7 3 1
]

/// Those of the small ResNet of `bench models`.
let private small = [ layer 16 16 28 3 1; layer 16 32 28 3 2; layer 32 32 14 3 1; layer 64 64 7 3 1 ]

let private draw (shape: int list) =
    match Random.normal (Key.create 1L) DType.Float32 shape with
    | Value b -> b
    | Traced _ -> invalidOp "Nothing is traced here."

/// Billions of operations a second of an engine.
let private speed threads engine primitive (inputs: Buffer[]) operations () =
    Workers.limit threads
    if Peers.hasLibtorch () then TorchNets.setThreads threads

    withCpuEngine engine (fun () ->
        let engine = Engines.forDevice Device.Cpu
        let call () = engine.EvaluateAll(primitive, inputs, Device.Cpu) |> ignore
        call ()
        operations / perCall 10.0 call / 1e3)

let run (arguments: string list) =
    let hasLibtorch = Peers.hasLibtorch ()

    printfn
        "%s, %d cores; GFLOP/s, best and median of 9 rounds, best as a share of the peak"
        (PeakBenchmarks.processor ())
        Environment.ProcessorCount

    let figures = [
        for threads in List.distinct [ 1; Environment.ProcessorCount ] do
            printfn "\n%d thread(s)" threads
            printfn "| batch × channels × size, kernel | | ms | managed | share | libtorch | share |"
            printfn "| --- | --- | --- | --- | --- | --- | --- |"

            for batch, l in
                [
                    for l in resNet18 -> 1, l
                    for l in resNet18 -> 32, l
                    for l in small -> 64, l
                ] do
                let both n = [| n; n |]

                let w: Windows = {
                    Full = both l.Size
                    Size = both l.Kernel
                    Step = both l.Stride
                    Dilation = both 1
                    Before = both (l.Kernel / 2)
                    After = both (l.Kernel / 2)
                }

                let count = w.Count[0]
                let x = draw [ batch; l.Inputs; l.Size; l.Size ]
                let kernel = draw [ l.Outputs; l.Inputs; l.Kernel; l.Kernel ]
                let y = draw [ batch; l.Outputs; count; count ]

                let operations =
                    2.0 * float (batch * l.Inputs * l.Outputs) * float (l.Kernel * l.Kernel * count * count)

                let name = $"{batch} × {l.Inputs}>{l.Outputs} × {l.Size}/{l.Stride}, {l.Kernel}"

                for term, label, inputs in
                    [
                        ConvolutionTerm.Output, "forward", [| x; kernel |]
                        ConvolutionTerm.Input, "to x", [| kernel; y |]
                        ConvolutionTerm.Kernel, "to the kernel", [| x; y |]
                    ] do
                    let primitive = Primitive.Convolution(term, w, 1)
                    let of' engine = speed threads engine primitive inputs operations

                    let results =
                        rounds 9 [
                            { Name = "peak"; Measure = fun () -> Some(PeakBenchmarks.peak threads) }
                            { Name = "managed"; Measure = of' CpuEngine.Managed >> Some }
                            {
                                Name = "libtorch"
                                Measure =
                                    fun () -> if hasLibtorch then Some(of' CpuEngine.Libtorch ()) else None
                            }
                        ]

                    let top = List.max results[0]

                    let cells (own: float list) =
                        if own.IsEmpty then
                            "- | -"
                        else
                            $"%.0f{List.max own} (%.0f{median own}) | %.2f{List.max own / top}"

                    let milliseconds = operations / List.max results[1] / 1e6

                    printfn
                        "| %s | %s | %.3g | %s | %s |"
                        name
                        label
                        milliseconds
                        (cells results[1])
                        (cells results[2])

                    for who, own in List.zip [ "peak"; "managed"; "libtorch" ] results do
                        if not own.IsEmpty then $"{name}.{label}.{threads}.{who}", List.max own
    ]

    match arguments with
    | [ "--json"; path ] ->
        File.WriteAllText(
            path,
            JsonSerializer.Serialize(dict figures, JsonSerializerOptions(WriteIndented = true))
        )
    | _ -> ()
