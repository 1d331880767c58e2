/// Tests that need a process of their own, since a process loads libtorch once: this program, started again with the name
/// of a scenario.
module internal Cotangent.Torch.Tests.Child

open System
open System.Diagnostics
open System.IO
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Engines
open Cotangent.Torch

[<Literal>]
let Flag = "--child"

type Outcome = {
    ExitCode: int
    Output: string
    Errors: string
} with

    override o.ToString() = $"exit code {o.ExitCode}\n{o.Output}\n{o.Errors}"

/// Where this program and its libraries lie.
let folder = AppContext.BaseDirectory

/// Where the build put the native libraries.
let natives =
    Directory.GetFiles(folder, Platform.fileName "torch_cpu", SearchOption.AllDirectories)
    |> Array.tryHead
    |> Option.map (Path.GetDirectoryName >> nonNull)
    |> Option.defaultValue folder

let start (command: string) (arguments: string list) (environment: (string * string) list) : Outcome =
    let start =
        ProcessStartInfo(command, arguments, RedirectStandardOutput = true, RedirectStandardError = true)

    for name in [ Locate.Variable; "COTANGENT_CPU_ENGINE"; "LD_LIBRARY_PATH" ] do
        start.Environment.Remove name |> ignore

    for name, value in environment do
        start.Environment[name] <- value

    use child = nonNull (Process.Start start)
    let errors = child.StandardError.ReadToEndAsync()
    let output = child.StandardOutput.ReadToEnd()
    child.WaitForExit()
    { ExitCode = child.ExitCode; Output = output; Errors = errors.Result }

let private program (folder: string) = Path.Combine(folder, "Cotangent.Torch.Tests.dll")

/// Runs a scenario in a new process, from the program in a folder and with environment variables of its own.
let runFrom folder scenario environment = start "dotnet" [ program folder; Flag; scenario ] environment

let run scenario environment = runFrom folder scenario environment

/// Runs a scenario with so many KiB of memory, of which the runtime does not claim hundreds of gigabytes.
let runLimited scenario (kibibytes: int) =
    let command = $"ulimit -v {kibibytes}; exec dotnet '{program folder}' {Flag} {scenario}"
    start "sh" [ "-c"; command ] [ "DOTNET_GCHeapHardLimit", "40000000" ]

// ---- Scenarios ----

/// 200 x 200 times 200 x 200, large enough for the native library: the sum of the product's elements, twice 200³.
let private product () =
    let a = (tensor (Array.create 40_000 1.0f)).Reshape [ 200; 200 ]
    float (sum (matmul a (a + 1)))

let private say (text: string) = printfn "%s" text

let private sayWhatIsLoaded () =
    match Loader.result () with
    | Ok library ->
        say $"folder {Path.TrimEndingDirectorySeparator library.Folder}"
        say $"shim {library.ShimFile}"
    | Error e -> say $"{e.GetType().Name}: {e.Message}"

    for name in [ "torch_cpu"; "LibTorchSharp" ] do
        for path in Platform.mapped (Platform.fileName name) do
            say $"mapped {path}"

/// In a method of its own: TorchSharp starts before the first line of whatever uses it.
[<MethodImpl(MethodImplOptions.NoInlining)>]
let private sumOfOnes () =
    use ones = TorchSharp.torch.ones [| 3L |]
    use total = ones.sum ()
    total.item<float32>()

let private scenarios: (string * (unit -> unit)) list = [
    // The core finds the engine by itself.
    "multiply",
    fun () ->
        say $"product {product ()}"
        say $"blas {(Extension.blas ()).IsSome}"
        sayWhatIsLoaded ()

    // Small work loads nothing.
    "small",
    fun () ->
        let a = tensor [ [ 1.0f; 2.0f ]; [ 3.0f; 4.0f ] ]
        say $"sum {float (sum (matmul a (exp (a * 0.0f))))}"
        let mapped = List.length (Platform.mapped (Platform.fileName "torch_cpu"))
        say $"mapped {mapped} copies"

    // Something else has loaded a libtorch before.
    "preloaded",
    fun () ->
        for name in [ "c10"; "torch_cpu" ] do
            NativeLibrary.Load(Path.Combine(natives, Platform.fileName name)) |> ignore

        say $"product {product ()}"
        say $"blas {(Extension.blas ()).IsSome}"
        sayWhatIsLoaded ()

    // Which engine there is on the CPU.
    "engine",
    fun () ->
        let x = tensor [ 1.0f; 2.0f ]
        say $"sum {float (sum (x + x))}"
        say $"engine {(string (Extension.cpuEngine ())).ToLowerInvariant()}"

    // No CUDA.
    "cuda",
    fun () ->
        try
            (tensor 1.0).To(Device.cuda 0) |> ignore
        with e ->
            say e.Message

    // How exactly a device computes.
    "precision",
    fun () ->
        let three () =
            $"{Native.THSBackend_cublas_get_allow_tf32()} {Native.THSBackend_cudnn_get_allow_tf32()} {Native.THSBackend_cuda_get_allow_fp16_reduced_precision_reduction()}"

        Cuda.onCpu <- true
        Loader.require () |> ignore
        say $"before {three ()}"
        (tensor 1.0).To(Device.cuda 0) |> ignore
        say $"after {three ()}"

    // A device runs out of memory.
    "room",
    fun () ->
        Cuda.onCpu <- true
        let device = Device.cuda 0
        let large () = (Tensor.zeros DType.Float32 [ 100_000_000 ]).To device

        // 400 MB each: without the collector there is no room for so many.
        for _ in 1..40 do
            large () |> ignore

        say "dead tensors made room"
        let kept = ResizeArray<Tensor>()

        try
            kept.Add(large ())

            while kept.Count < 40 do
                kept.Add(kept[kept.Count - 1] + kept[0])
        with :? MemoryException as e ->
            say e.Message

        kept.Clear()
        let x = onDevice device (fun () -> tensor [ 1.0f; 2.0f ])
        say $"and goes on: {float (sum x)}"

    // How much memory attention takes at its most, forward and back, on 4,096 queries and keys.
    "attention",
    fun () ->
        Loader.require () |> ignore

        let peak () =
            use self = Process.GetCurrentProcess()
            self.PeakWorkingSet64

        let compute (length: int) =
            let x =
                (tensor (Array.init (4 * length * 16) (fun i -> sin (float32 i)))).Reshape [ 4; length; 16 ]

            let loss how = grad (fun (q, k, v) -> sum (attend how q k v * v)) (x, x + 1, x * 2)
            loss Attention.full |> ignore
            loss Attention.causal |> ignore

        for engine in [ CpuEngine.Libtorch; CpuEngine.Managed ] do
            withCpuEngine engine (fun () ->
                compute 64
                let before = peak ()
                compute 4096
                say $"attention took {(peak () - before) / 1048576L}")

    // TorchSharp, used by itself after us, falls in with what we have loaded.
    "torchsharp",
    fun () ->
        say $"product {product ()}"
        // A product alone need not load it: our own kernels may be the faster ones here.
        say $"blas {(Extension.blas ()).IsSome}"
        say $"torchsharp {sumOfOnes ()}"
        sayWhatIsLoaded ()
]

/// Runs a scenario in this process; the exit code.
let main scenario =
    (scenarios |> List.find (fun (name, _) -> name = scenario) |> snd) ()
    0
