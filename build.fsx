// Everything that is done to this repository, as targets: `dotnet fsi build.fsx` lists them.
// A plain script without packages: a fresh machine needs nothing but the .NET SDK.

open System
open System.Diagnostics
open System.IO
open System.Runtime.InteropServices
open System.Xml.Linq

let root = __SOURCE_DIRECTORY__
Directory.SetCurrentDirectory root

// The target `restore` restores for all projects at once: each of them need not do so again in a build.
Environment.SetEnvironmentVariable("PaketDisableGlobalRestore", "true")

// ---- Programs ----

/// Runs a program on our own console, so that its colours, progress bar and Ctrl-C work, to its exit code.
let execute (program: string) (arguments: string list) =
    use child = Process.Start(ProcessStartInfo(program, arguments))
    child.WaitForExit()
    child.ExitCode

let failIf code arguments =
    if code <> 0 then
        eprintfn "Failed with exit code %d: dotnet %s" code (String.concat " " arguments)
        exit code

/// Runs dotnet; if that fails, says what failed and ends the script with the same exit code.
let dotnet arguments = failIf (execute "dotnet" arguments) arguments

/// The same for what nobody wants to read unless it fails.
let dotnetQuietly arguments =
    let start = ProcessStartInfo("dotnet", List.toSeq arguments, RedirectStandardOutput = true)
    use child = Process.Start start
    let output = child.StandardOutput.ReadToEnd()
    child.WaitForExit()
    if child.ExitCode <> 0 then printf "%s" output
    failIf child.ExitCode arguments

/// The assembly that a Release build makes of a project. Run directly, it starts faster than by `dotnet run`.
let assembly (project: string) =
    let folder, name = Path.GetDirectoryName project, Path.GetFileNameWithoutExtension project
    Path.Combine(folder, "bin", "Release", "net10.0", name + ".dll")

/// Folders of source code; some of them came later than this script.
let sources =
    [ "src"; "tests"; "samples"; "benchmarks"; "docs"; "site" ] |> List.filter Directory.Exists

let fantomas options = [ "fantomas" ] @ options @ sources @ [ "build.fsx" ]

// ---- Tests ----

/// A test project is a program, called with these arguments: from the file where a JUnit report shall go, and
/// from the arguments given to us.
type TestProject = { Project: string; Arguments: string -> string list -> string list }

let expecto project = {
    Project = project
    Arguments =
        fun report arguments ->
            let plain = if Console.IsOutputRedirected then [ "--colours"; "0" ] else []
            [ "--no-spinner"; "--junit-summary"; report ] @ plain @ arguments
}

/// Our arguments are Expecto's, which xunit does not know.
let xunit project = {
    Project = project
    Arguments =
        fun report _ ->
            let plain = if Console.IsOutputRedirected then [ "-noColor" ] else []
            [ "-noLogo"; "-result-jUnit"; report ] @ plain
}

/// Installs the packages, and compares what they show with what is recorded.
let packageTests = "tests/Packages/Cotangent.Packages.Tests.fsproj"

/// One line for each test project.
let testProjects = [
    expecto "tests/Cotangent.Tests.fsproj"
    expecto "tests/Torch/Cotangent.Torch.Tests.fsproj"
    expecto "tests/Conformance/Cotangent.Conformance.Tests.fsproj"
    xunit "tests/CSharp/Cotangent.CSharp.Tests.csproj"
    expecto "tests/Data/Cotangent.Data.Tests.fsproj"
    expecto "tests/Images/Cotangent.Images.Tests.fsproj"
    expecto "tests/Charts/Cotangent.Charts.Tests.fsproj"
    expecto "tests/Video/Cotangent.Video.Tests.fsproj"
    expecto "tests/Distributions/Cotangent.Distributions.Tests.fsproj"
    expecto "tests/Solvers/Cotangent.Solvers.Tests.fsproj"
]

/// Most of what these do is to wait for other programs: two at once are done in little more than the time of one.
let programTests = expecto "tests/Samples/Cotangent.Samples.Tests.fsproj", expecto packageTests

/// Samples, and the arguments that make each a run of seconds. One that ends with another exit code than 0 counts as
/// a failed test.
let samples = [
    "samples/SineGan/SineGan.fsproj", [ "--iterations"; "300"; "--out"; "artifacts/tests/gan.html" ]
    "samples/SineGan.CSharp/SineGan.CSharp.csproj", [ "300" ]
    "samples/Models/Models.fsproj",
    [
        "digits"
        "--quick"
        "--epochs"
        "1"
        "--out"
        "artifacts/tests/digits.html"
        "--save"
        "artifacts/tests/digits.safetensors"
    ]
    "samples/Predict/Predict.fsproj", [ "artifacts/tests/digits.safetensors" ]
    "samples/Models/Models.fsproj",
    [ "graph"; "--out"; "artifacts/tests/graph.html"; "--save"; "artifacts/tests/graph.safetensors" ]
    "samples/Models/Models.fsproj",
    [
        "pendulum"
        "--quick"
        "--epochs"
        "1"
        "--out"
        "artifacts/tests/pendulum.html"
        "--save"
        "artifacts/tests/pendulum.safetensors"
    ]
    "samples/Graph.CSharp/Graph.CSharp.csproj", []
]

/// Makes a package of each project of the solution that is one: those in src.
let makePackages () =
    let folder = "artifacts/packages"
    printfn "\nPackages"
    if Directory.Exists folder then Directory.Delete(folder, true)
    dotnetQuietly [ "pack"; "Library.sln"; "-c"; "Release"; "--no-build"; "--nologo"; "-nodeReuse:false" ]

    for file in Directory.GetFiles(folder, "*.nupkg") |> Array.sort do
        printfn "%s" file

type Counts = {
    Passed: int
    Failed: int
    Skipped: int
} with

    static member Zero = { Passed = 0; Failed = 0; Skipped = 0 }

    static member (+)(a, b) = {
        Passed = a.Passed + b.Passed
        Failed = a.Failed + b.Failed
        Skipped = a.Skipped + b.Skipped
    }

/// Counts the test cases of a JUnit report by the outcome each of them contains.
let readReport (file: string) =
    let outcome (case: XElement) =
        let contains names =
            case.Elements() |> Seq.exists (fun child -> List.contains child.Name.LocalName names)

        if contains [ "failure"; "error" ] then { Counts.Zero with Failed = 1 }
        elif contains [ "skipped" ] then { Counts.Zero with Skipped = 1 }
        else { Counts.Zero with Passed = 1 }

    // What a failed test says may hold escapes of a console, which XML does not allow.
    let text =
        Text.RegularExpressions.Regex.Replace(File.ReadAllText file, "&#x[0-9A-F];|&#x1[0-9A-F];", "")

    XDocument.Parse(text).Descendants "testcase" |> Seq.sumBy outcome

/// Runs a test program, by a function from its arguments to its exit code, and counts what came of it.
let runTestsBy run arguments test =
    let report =
        Path.Combine(root, "artifacts", "tests", Path.GetFileNameWithoutExtension test.Project + ".xml")

    Directory.CreateDirectory(Path.GetDirectoryName report) |> ignore
    File.Delete report // or a crash would show the counts of an earlier run
    let code = run test.Project (assembly test.Project :: test.Arguments report arguments)
    let counts = if File.Exists report then readReport report else Counts.Zero

    if code <> 0 && counts.Failed = 0 then
        eprintfn "%s: exit code %d without a failed test: counted as one." test.Project code
        { counts with Failed = 1 }
    else
        counts

let runTests arguments test =
    let run project arguments =
        printfn "\n%s" project
        execute "dotnet" arguments

    runTestsBy run arguments test

/// The same while other tests run: what it prints comes at the end, in one piece.
let startTests arguments test =
    let run project (arguments: string list) =
        let start = ProcessStartInfo("dotnet", arguments, RedirectStandardOutput = true)
        use child = Process.Start start
        let output = child.StandardOutput.ReadToEnd()
        child.WaitForExit()
        printfn "\n%s\n%s" project output
        child.ExitCode

    System.Threading.Tasks.Task.Run(fun () -> runTestsBy run arguments test)

let runSample (project, arguments) =
    printfn "\n%s" project
    let code = execute "dotnet" (assembly project :: arguments)

    if code <> 0 then
        eprintfn "%s: exit code %d." project code
        { Counts.Zero with Failed = 1 }
    else
        { Counts.Zero with Passed = 1 }

let test arguments =
    makePackages ()
    let inTurn = List.sumBy (runTests arguments) testProjects
    let packages = startTests arguments (snd programTests)
    let ofSamples = runTests arguments (fst programTests)
    let total = inTurn + ofSamples + packages.Result + List.sumBy runSample samples
    // Continuous integration reads this line: it stands alone, and last.
    printfn "\n%d passed, %d failed, %d skipped" total.Passed total.Failed total.Skipped
    exit (if total.Passed > 0 && total.Failed = 0 then 0 else 1)

// ---- Other targets ----

let check _ =
    if execute "dotnet" (fantomas [ "--check" ]) <> 0 then
        eprintfn "Not formatted. To mend it: dotnet fsi build.fsx format"
        exit 1

    // The chart of speed says what the table of results does.
    dotnetQuietly [ "fsi"; "site/speed.fsx"; "--check" ]

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

    Directory.GetFiles("docs", "*.fsx")
    |> Array.Parallel.iter (fun page -> dotnetQuietly [ "fsi"; "--quiet"; page ])

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

let bench arguments =
    let project = "benchmarks/Cotangent.Benchmarks.fsproj"

    if File.Exists project then
        dotnet ([ "run"; "-c"; "Release"; "--project"; project; "--" ] @ arguments)
    else
        printfn "There are no benchmarks yet."

// ---- The GPU check ----

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

let build _ = dotnet [ "build"; "Library.sln"; "-c"; "Release"; "--nologo" ]

let targets = [
    target "restore" [] "fetch the tools and packages" restore
    target "build" [ "restore" ] "build everything, in Release" build
    target "format" [ "restore" ] "format all source code" (fun _ -> dotnet (fantomas []))
    target "check" [ "restore" ] "check that all source code is formatted" check
    target "test" [ "build"; "check" ] "build, check, run all tests; arguments go to the test programs" test
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
