/// Makes the packages, runs all test programs and the samples, and counts what came of it.
module Tests

#load "programs.fsx"

open System
open System.Diagnostics
open System.IO
open System.Threading.Tasks
open System.Xml.Linq
open Programs

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

/// One line for each test project, in the order in which they run: last those that take gigabytes where there is room, when the
/// packages' tests, which run beside the first, are done.
let testProjects = [
    expecto "tests/Torch/Cotangent.Torch.Tests.fsproj"
    expecto "tests/Conformance/Cotangent.Conformance.Tests.fsproj"
    xunit "tests/CSharp/Cotangent.CSharp.Tests.csproj"
    expecto "tests/Data/Cotangent.Data.Tests.fsproj"
    expecto "tests/Images/Cotangent.Images.Tests.fsproj"
    expecto "tests/Charts/Cotangent.Charts.Tests.fsproj"
    expecto "tests/Video/Cotangent.Video.Tests.fsproj"
    expecto "tests/Distributions/Cotangent.Distributions.Tests.fsproj"
    expecto "tests/Solvers/Cotangent.Solvers.Tests.fsproj"
    expecto "tests/Samples/Cotangent.Samples.Tests.fsproj"
    expecto "tests/Cotangent.Tests.fsproj"
]

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
let runTestsQuietly arguments test =
    let run project (arguments: string list) =
        let start = ProcessStartInfo("dotnet", arguments, RedirectStandardOutput = true)
        use child = Process.Start start
        let output = child.StandardOutput.ReadToEnd()
        child.WaitForExit()
        printfn "\n%s\n%s" project output
        child.ExitCode

    runTestsBy run arguments test

let runSample (project, arguments) =
    printfn "\n%s" project
    let code = execute "dotnet" (assembly project :: arguments)

    if code <> 0 then
        eprintfn "%s: exit code %d." project code
        { Counts.Zero with Failed = 1 }
    else
        { Counts.Zero with Passed = 1 }

let test arguments =
    // Most of what these do is to wait, for the network and for compilers that keep one core busy.
    let ofPackages =
        Task.Run(fun () ->
            makePackages ()
            runTestsQuietly arguments (expecto packageTests))

    let others = List.sumBy (runTests arguments) testProjects + List.sumBy runSample samples
    let total = others + ofPackages.Result
    // Continuous integration reads this line: it stands alone, and last.
    printfn "\n%d passed, %d failed, %d skipped" total.Passed total.Failed total.Skipped
    exit (if total.Passed > 0 && total.Failed = 0 then 0 else 1)
