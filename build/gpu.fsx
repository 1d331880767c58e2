/// The check for machines with a GPU and no .NET: one archive with all but libtorch, tried here on libtorch's CPU.
module Gpu

#load "programs.fsx"

open System
open System.Diagnostics
open System.IO
open Programs

/// The `lib` folder of the libtorch for the CPU that our own tests use.
let testLibtorch () =
    let home = Environment.GetFolderPath Environment.SpecialFolder.UserProfile

    let cache =
        match Environment.GetEnvironmentVariable "NUGET_PACKAGES" with
        | null
        | "" -> Path.Combine(home, ".nuget", "packages")
        | folder -> folder

    let package = Path.Combine(cache, "libtorch-cpu-linux-x64")

    (if Directory.Exists package then Directory.GetDirectories package else [||])
    |> Array.map (fun version -> Path.Combine(version, "runtimes", "linux-x64", "native"))
    |> Array.tryFind (fun folder -> File.Exists(Path.Combine(folder, "libtorch_cpu.so")))

let tar arguments =
    let code = execute "tar" arguments

    if code <> 0 then
        eprintfn "Failed with exit code %d: tar %s" code (String.concat " " arguments)
        exit code

/// Unpacks the archive in a new folder and runs it as on a machine without .NET: with no other environment than the
/// libtorch to use.
let tryArchive (archive: string) (libtorch: string) =
    let folder = Directory.CreateTempSubdirectory("cotangent-gpu-").FullName

    try
        tar [ "-xzf"; archive; "-C"; folder ]
        let place = Path.Combine(folder, "cotangent-gpu")
        let start = ProcessStartInfo(Path.Combine(place, "run"), [ "--quick" ], WorkingDirectory = place)
        start.Environment.Clear()
        start.Environment["HOME"] <- folder
        start.Environment["PATH"] <- "/nowhere"
        start.Environment["COTANGENT_LIBTORCH"] <- libtorch
        use child = Process.Start start
        child.WaitForExit()
        child.ExitCode
    finally
        Directory.Delete(folder, true)

/// The check for machines with a GPU and no .NET: one archive with all but libtorch.
let gpu _ =
    let folder = "artifacts/gpu/cotangent-gpu"
    let archive = "artifacts/gpu/cotangent-gpu-linux-x64.tar.gz"
    let limit = 64L * 1024L * 1024L

    if Directory.Exists "artifacts/gpu" then Directory.Delete("artifacts/gpu", true)

    dotnetQuietly [
        yield! [ "publish"; "tests/Gpu/Cotangent.Gpu.fsproj"; "-c"; "Release"; "-nodeReuse:false" ]
        yield! [ "-r"; "linux-x64"; "--self-contained"; "-o"; folder ]
    ]

    File.Move(Path.Combine(folder, "Cotangent.Gpu"), Path.Combine(folder, "run"))

    tar [ "-czf"; archive; "-C"; "artifacts/gpu"; "cotangent-gpu" ]
    let size = FileInfo(archive).Length

    if size > limit then
        eprintfn "%s has %d bytes, more than %d." archive size limit
        exit 1

    match testLibtorch () with
    | Some libtorch when OperatingSystem.IsLinux() ->
        printfn "Trying the archive on libtorch's CPU, without .NET on the path"
        let code = tryArchive archive libtorch

        if code <> 0 then
            eprintfn "The archive's check ended with exit code %d." code
            exit 1
    | _ -> printfn "Not tried here: there is no libtorch for the CPU on this machine."

    printfn "\n%s (%.1f MiB)" (Path.GetFullPath archive) (float size / 1048576.0)

    printfn
        """
To run it on Linux with an NVIDIA driver and a CUDA build of PyTorch or libtorch; .NET is not needed:

  tar xzf cotangent-gpu-linux-x64.tar.gz && cd cotangent-gpu
  ./run                                           # with the torch of `python3`
  COTANGENT_LIBTORCH=/path/to/torch/lib ./run     # with another
  ./run --quick                                   # small sizes, seconds"""
