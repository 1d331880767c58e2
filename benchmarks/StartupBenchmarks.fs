/// The first result of a fresh process, of the project `Startup`: compiled as it runs; with the library compiled ahead, as
/// its package brings it; and all compiled ahead (ReadyToRun), where the compiler for that can be had.
module Cotangent.Benchmarks.StartupBenchmarks

open System.Diagnostics
open System.Globalization
open System.IO
open System.Runtime.InteropServices
open System.Text.RegularExpressions
open Cotangent.Benchmarks.Harness

let private project = Path.Combine(__SOURCE_DIRECTORY__, "Startup", "Cotangent.Startup.fsproj")

let private artifacts = Path.Combine(__SOURCE_DIRECTORY__, "..", "artifacts", "startup")

let private dotnet (arguments: string list) : string option =
    match Process.Start(ProcessStartInfo("dotnet", arguments, RedirectStandardOutput = true)) with
    | null -> None
    | started ->
        use running = started
        let output = running.StandardOutput.ReadToEnd()
        running.WaitForExit()
        if running.ExitCode = 0 then Some output else None

let private publish name (options: string list) : string option =
    let folder = Path.Combine(artifacts, name)

    dotnet ([ "publish"; project; "-c"; "Release"; "--nologo"; "-nodeReuse:false"; "-o"; folder ] @ options)
    |> Option.map (fun _ -> Path.Combine(folder, "Cotangent.Startup.dll"))

/// The library's image for this platform takes the place of the assembly, as it does in a project that refers to the package.
let private withImage (program: string) : string option =
    let library = Path.Combine(__SOURCE_DIRECTORY__, "..", "src")
    let folder = Path.Combine(artifacts, "package")

    dotnet [
        yield! [ "build"; Path.Combine(library, "Cotangent.fsproj"); "-c"; "Release"; "--nologo" ]
        yield! [ "-nodeReuse:false"; "-t:ReadyToRunImages" ]
    ]
    |> Option.map (fun _ ->
        Directory.CreateDirectory folder |> ignore

        for file in Directory.GetFiles(nonNull (Path.GetDirectoryName program)) do
            File.Copy(file, Path.Combine(folder, nonNull (Path.GetFileName file)), true)

        let ready = Path.Combine(library, "obj", "Release", "net10.0", "ready")
        let image = Path.Combine(ready, RuntimeInformation.RuntimeIdentifier, "Cotangent.dll")
        File.Copy(image, Path.Combine(folder, "Cotangent.dll"), true)
        Path.Combine(folder, "Cotangent.Startup.dll"))

/// Milliseconds of `main`, and a line on them.
let private run (program: string) (arguments: string list) : (float * string) option =
    dotnet (program :: arguments)
    |> Option.map (fun output ->
        let line = Regex.Match(output, @"([\d.]+) ms, \d+ methods.*")
        float (line.Groups[1].Value.ToString CultureInfo.InvariantCulture), output.Trim().Replace("\n", "; "))

let private measure title (arguments: string list) =
    let ahead = [
        "-r"
        RuntimeInformation.RuntimeIdentifier
        "--self-contained"
        "false"
        "-p:PublishReadyToRun=true"
    ]

    let plain = publish "jit" []

    let programs = [
        "compiled as it runs", plain
        "the library compiled ahead, as in its package", Option.bind withImage plain
        "published, all compiled ahead (ReadyToRun)", publish "ahead" ahead
    ]

    let last = System.Collections.Generic.Dictionary<string, string>()

    compare title "ms from main to the result" 7 [
        for name, program in programs ->
            {
                Name = name
                Measure =
                    fun () ->
                        program
                        |> Option.bind (fun program -> run program arguments)
                        |> Option.map (fun (ms, line) ->
                            last[name] <- line
                            ms)
            }
    ]

    for entry in last do
        printfn "  %s: %s" entry.Key entry.Value

let gan () = measure "The first 500 iterations of the article's GAN in a fresh process" [ "gan" ]

let transformer () =
    measure "The first gradient of 12 transformer blocks in a fresh process" [ "transformer"; "12" ]
