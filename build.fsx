// Everything that is done to this repository, as targets: `dotnet fsi build.fsx` lists them.
// A plain script without packages: a fresh machine needs nothing but the .NET SDK.

#load "build/programs.fsx"
#load "build/tests.fsx"
#load "build/gpu.fsx"

open System
open System.Diagnostics
open System.IO
open System.Runtime.InteropServices
open System.Threading.Tasks
open Programs
open Tests
open Gpu

let build _ = dotnet [ "build"; "Library.sln"; "-c"; "Release"; "--nologo" ]

let isChecked () =
    let isFormatted = executeQuietly (fantomas [ "--check" ]) = 0
    if not isFormatted then eprintfn "Not formatted. To mend it: dotnet fsi build.fsx format"
    // The chart of speed says what the table of results does.
    let isDrawn = executeQuietly [ "fsi"; "site/speed.fsx"; "--check" ] = 0
    isFormatted && isDrawn

let check _ = if not (isChecked ()) then exit 1

/// Checks while it builds: the compilation of the library, which all others wait for, keeps one core busy for the most part.
let buildAndCheck () =
    let checking = Task.Run isChecked
    build []
    if not checking.Result then exit 1

/// Runs a sample until it ends, or is told to end.
let runUntilTold project (arguments: string list) =
    printfn "Building the sample"
    // A build node that outlived the build would hold its output open, which we read to the end.
    dotnetQuietly [ "build"; project; "-c"; "Release"; "-nodeReuse:false" ]
    use child = Process.Start(ProcessStartInfo("dotnet", assembly project :: arguments))

    // A signal lets the sample save its work: wait for it, and end as it ends. Ctrl-C reaches it without us, SIGTERM does not.
    let pass (signal: PosixSignalContext) =
        signal.Cancel <- true

        if signal.Signal = PosixSignal.SIGTERM && not (OperatingSystem.IsWindows()) then
            execute "kill" [ "-TERM"; string child.Id ] |> ignore

    use _ = PosixSignalRegistration.Create(PosixSignal.SIGINT, pass)
    use _ = PosixSignalRegistration.Create(PosixSignal.SIGTERM, pass)
    child.WaitForExit()
    exit child.ExitCode

let gan arguments = runUntilTold "samples/SineGan/SineGan.fsproj" arguments
let sample arguments = runUntilTold "samples/Models/Models.fsproj" arguments
let predict arguments = runUntilTold "samples/Predict/Predict.fsproj" arguments

/// The site. Every code block of its pages is run: by fsdocs, to show what it prints; before that as the script that
/// the page is, since fsdocs passes over exceptions. So are the examples of the documentation comments.
let docs _ =
    let site = "artifacts/docs"
    let repository = "https://github.com/cotangent/cotangent"
    printfn "Running the examples of the documentation comments"
    // Builds the program of the C# code on the way, which is not part of the solution.
    dotnet [ "fsi"; "site/examples.fsx" ]
    printfn "Running the pages"

    // As many at once as there are processors: each waits for a process, and `Array.Parallel` would begin ever more of them.
    Parallel.ForEach(
        Directory.GetFiles("docs", "*.fsx"),
        ParallelOptions(MaxDegreeOfParallelism = Environment.ProcessorCount),
        fun page -> dotnetQuietly [ "fsi"; "--quiet"; page ]
    )
    |> ignore

    let parameters = [
        "root", "@root@/" // site/finish.fsx makes links relative to each page, wherever the site will be
        "fsdocs-collection-name", "Cotangent"
        "fsdocs-repository-link", repository
        "fsdocs-license-link", $"{repository}/blob/main/LICENSE"
        "fsdocs-release-notes-link", $"{repository}/blob/main/CHANGELOG.md"
    ]

    dotnet [
        yield! [ "fsdocs"; "build"; "--clean"; "--eval"; "--strict"; "--nodefaultcontent"; "--output"; site ]
        yield! [ "--projects"; "src/Cotangent.fsproj"; "--properties"; "Configuration=Release" ]
        yield! [ "FsDocsGenerateLlmsTxt=false"; "--parameters" ]
        for name, value in parameters do
            yield! [ name; value ]
    ]

    dotnet [ "fsi"; "site/csharp-reference.fsx"; site ]
    dotnet [ "fsi"; "site/finish.fsx"; site ]
    printfn "The site is in %s" (Path.GetFullPath site)

let pack _ =
    makePackages ()

    for tests in [ "Public API"; "Contents" ] do
        dotnet [ assembly packageTests; "--no-spinner"; "--filter-test-list"; tests ]

let api _ =
    printfn "The public API is recorded in"
    dotnet [ assembly packageTests; "record" ]

/// What needs the packages of ONNX Runtime is a project of its own.
let bench arguments =
    let project, rest =
        match arguments with
        | "inference" :: rest -> "benchmarks/Inference", rest
        | _ -> "benchmarks/Cotangent.Benchmarks.fsproj", arguments

    dotnet ([ "run"; "-c"; "Release"; "--project"; project; "--" ] @ rest)

let clean _ =
    let built =
        sources
        |> Seq.collect (fun folder -> Directory.GetDirectories(folder, "*", SearchOption.AllDirectories))
        |> Seq.filter (fun folder -> List.contains (Path.GetFileName folder) [ "bin"; "obj" ])
        |> Seq.toList

    for folder in "artifacts" :: ".fsdocs" :: built do
        if Directory.Exists folder then Directory.Delete(folder, true)

// ---- The table ----

type Target = { Name: string; Needs: string list; About: string; Run: string list -> unit }

let target name needs about run = { Name = name; Needs = needs; About = about; Run = run }

let restore _ =
    printfn "Restoring tools and packages"
    dotnetQuietly [ "tool"; "restore" ]
    dotnetQuietly [ "paket"; "restore" ]

let targets = [
    target "restore" [] "fetch the tools and packages" restore
    target "build" [ "restore" ] "build everything, in Release" build
    target "format" [ "restore" ] "format all source code" (fun _ -> dotnet (fantomas []))
    target "check" [ "restore" ] "check that all source code is formatted" check
    target
        "test"
        [ "restore" ]
        "build, check, run all tests; arguments go to the test programs"
        (fun arguments ->
            buildAndCheck ()
            test arguments)
    target "gan" [ "restore" ] "train the sine GAN; arguments go to the sample (help: gan -- --help)" gan
    target
        "sample"
        [ "restore" ]
        "train a model: digits, resnet, vae, dcgan, text, graph, pendulum (help: sample -- --help)"
        sample
    target "predict" [ "restore" ] "use a model that a sample has saved (help: predict -- --help)" predict
    target "docs" [ "build" ] "build the documentation site in artifacts/docs" docs
    target "pack" [ "build" ] "make the packages in artifacts/packages, and check what they hold" pack
    target "api" [ "build" ] "record the public API, after a change of it that is meant" api
    target "bench" [ "restore" ] "run the benchmarks; arguments go to the benchmark program" bench
    target
        "gpu"
        [ "restore" ]
        "pack the check for a machine with a GPU and no .NET, and say how to run it there"
        gpu
    target "clean" [] "delete all that was built" clean
]

let usage () =
    printfn "dotnet fsi build.fsx TARGET [arguments]\n"

    for target in targets do
        printfn "  %-8s %s" target.Name target.About

    printfn "\nF# Interactive takes --help for itself, unless -- comes before it."

let find name = targets |> List.tryFind (fun target -> target.Name = name)

/// A target's name after the names of all that it needs, each once.
let rec plan planned name =
    if List.contains name planned then
        planned
    else
        List.fold plan planned (find name).Value.Needs @ [ name ]

match fsi.CommandLineArgs |> Array.toList |> List.tail |> List.skipWhile ((=) "--") with
| [] -> usage ()
| name :: arguments when (find name).IsSome ->
    for step in plan [] name do
        (find step).Value.Run(if step = name then arguments else [])
| name :: _ ->
    eprintfn "There is no target '%s'.\n" name
    usage ()
    exit 2
