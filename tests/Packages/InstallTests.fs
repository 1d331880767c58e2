/// The packages as a user meets them: installed from a feed into a fresh project or script, with an empty package cache.
/// What is built and run is the code of each package's README.
module Cotangent.Packages.Tests.InstallTests

open System
open System.Diagnostics
open System.IO
open System.Reflection.PortableExecutable
open System.Runtime.InteropServices
open System.Text.RegularExpressions
open Expecto
open Cotangent.Packages.Tests.Feed

// ---- A fresh place ----

/// A folder outside the repository, with a copy of the packages and an empty cache. fsi keeps what it once found for a
/// script, by the text of its directives: the folder's name, which is new each time, is one of them.
type internal Place(name: string) =
    let folder = Directory.CreateTempSubdirectory($"cotangent-{name}-").FullName
    let path name = Path.Combine(folder, name)

    do
        Directory.CreateDirectory(path "feed") |> ignore
        Directory.CreateDirectory(path "app") |> ignore

        for package in packages.Value do
            File.Copy(package.File, Path.Combine(path "feed", fileName package.File))

    member _.Feed = path "feed"
    member _.Cache = path "cache"
    member _.App = path "app"

    member _.Write(name: string, text: string) = File.WriteAllText(Path.Combine(path "app", name), text)

    /// Runs dotnet, with environment variables besides ours, to its output, lines ending in \n.
    member x.Dotnet(arguments: string list, ?input: string, ?environment: (string * string) list) =
        x.Run("dotnet", arguments, ?input = input, ?environment = environment)

    /// The same for any program, which has to succeed.
    member x.Run
        (program: string, arguments: string list, ?input: string, ?environment: (string * string) list)
        =
        let code, text = x.Try(program, arguments, ?input = input, ?environment = environment)

        if code <> 0 then
            failtest $"{program} %A{arguments} failed with exit code {code}.\n{text}"

        text

    /// The exit code, and all that it printed.
    member _.Try
        (program: string, arguments: string list, ?input: string, ?environment: (string * string) list)
        =
        let start =
            ProcessStartInfo(
                program,
                arguments,
                WorkingDirectory = path "app",
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true
            )

        start.Environment["NUGET_PACKAGES"] <- path "cache"
        start.Environment["DOTNET_NOLOGO"] <- "1"
        // A server that outlived the build would hold its output open, which we read to the end.
        start.Environment["MSBUILDDISABLENODEREUSE"] <- "1"
        start.Environment["UseSharedCompilation"] <- "false"
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] <- "0"
        // Where the engine keeps what it makes of native libraries.
        start.Environment["XDG_CACHE_HOME"] <- path "made"

        for name in [ "COTANGENT_LIBTORCH"; "COTANGENT_CPU_ENGINE"; "LD_LIBRARY_PATH" ] do
            start.Environment.Remove name |> ignore

        for name, value in defaultArg environment [] do
            start.Environment[name] <- value

        use child =
            match Process.Start start with
            | null -> failwith "dotnet did not start."
            | child -> child

        child.StandardInput.Write(defaultArg input "")
        child.StandardInput.Close()
        let output, errors = child.StandardOutput.ReadToEndAsync(), child.StandardError.ReadToEndAsync()

        // Minutes on a slow machine that has other tests to run.
        if not (child.WaitForExit(TimeSpan.FromMinutes 20.0)) then
            child.Kill true
            failtest $"{program} {arguments} hung."

        let text = output.Result.ReplaceLineEndings "\n"
        child.ExitCode, if child.ExitCode = 0 then text else $"{text}\n{errors.Result}"

    interface IDisposable with
        member _.Dispose() =
            try
                Directory.Delete(folder, true)
            with :? IOException ->
                () // something still reads there; it is the system's folder of temporary files

let internal timed (what: string) run =
    let clock = Stopwatch.StartNew()
    let result = run ()
    printfn "%s: %.1f s" what clock.Elapsed.TotalSeconds
    result

// ---- What is checked everywhere ----

/// The first block of code in a package's README.
let private readmeCode language (package: Package) =
    let pattern = $"(?s)```{language}\n(.*?)```"
    Regex.Match(package.ReadText "README.md", pattern).Groups[1].Value

/// The cache has the package that was built here, whatever another source offers.
let private expectOurs (place: Place) (package: Package) =
    for assembly in package.Assemblies do
        let installed =
            Path.Combine(
                place.Cache,
                package.Id.ToLowerInvariant(),
                package.Version.ToLowerInvariant(),
                assembly
            )

        Expect.isTrue
            (File.ReadAllBytes installed = package.Read assembly)
            $"{installed} is the one built here"

let private isNative (file: string) =
    let isLibrary = Regex.IsMatch(fileName file, @"\.(so|dylib|a)(\.|$)")

    let isNativeDll () =
        use reader = new PEReader(File.OpenRead file)
        not reader.HasMetadata

    isLibrary || (file.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) && isNativeDll ())

let private expectNoNative folder =
    let native = Directory.GetFiles(folder, "*", SearchOption.AllDirectories) |> Array.filter isNative
    Expect.isEmpty native $"native libraries in {folder}"

/// The numbers that the READMEs promise: the gradient of mean (2x + 1)² over 0..3, and the line itself.
let private expectFit (output: string) =
    Expect.isMatch output @"Slope = (Float64 )?-17\.0\b" "gradient by the slope: -2 mean (x (2x + 1)) = -17"
    Expect.isMatch output @"Intercept = (Float64 )?-8\.0\b" "gradient by the intercept: -2 mean (2x + 1) = -8"
    Expect.stringContains output "y = 2.000 x + 1.000" "the line that the points are on"

/// Lines that tell which file the library was loaded from.
let private tellFile = "\nprintfn \"ran on %s\" typeof<Cotangent.Tensor>.Assembly.Location\n"

let private tellFileInCSharp = "Console.WriteLine($\"ran on {typeof(Tensor).Assembly.Location}\");\n"

/// It ran on what was compiled ahead for this platform, if the package has that.
let private expectCompiledAhead (output: string) =
    let file = Regex.Match(output, "(?m)^ran on (.*)$").Groups[1].Value
    use reader = new PEReader(File.OpenRead file)
    let folder = $"runtimes/{RuntimeInformation.RuntimeIdentifier}/"
    let isThere = (find "Cotangent").Entries |> List.exists _.StartsWith(folder)
    Expect.equal (isCompiledAhead reader) isThere $"{file} is compiled ahead"

// ---- Projects ----

let internal project (package: Package) items =
    $"""<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <OutputType>Exe</OutputType>
    <AssemblyName>App</AssemblyName>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
    <UseAppHost>false</UseAppHost>
    <RestoreAdditionalProjectSources>../feed</RestoreAdditionalProjectSources>
    <!-- A warning of the restore is a fault of the package, unless it is about what a registry has. -->
    <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
    <WarningsNotAsErrors>NU1603</WarningsNotAsErrors>
    <NuGetAudit>false</NuGetAudit>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="{package.Id}" Version="[{package.Version}]" />
    {items}
  </ItemGroup>
</Project>
"""

let private runProject name (place: Place) =
    timed $"{name}, restored and built" (fun () ->
        place.Dotnet [ "build"; "-c"; "Release"; "-v"; "quiet"; "--nologo"; "-nodeReuse:false" ] |> ignore)

    let bin = Path.Combine(place.App, "bin", "Release", "net10.0")
    let output = timed $"{name}, run" (fun () -> place.Dotnet [ Path.Combine(bin, "App.dll") ])
    expectFit output
    expectCompiledAhead output
    expectNoNative bin
    expectNoNative place.Cache

let private fsharpProject = test "an F# project" {
    use place = new Place "fsharp"
    let package = find "Cotangent"
    let floor = package.Dependencies |> List.find (fun (id, _) -> id = "FSharp.Core") |> snd

    // With the FSharp.Core that the package asks for. An SDK may bring a later one.
    let items =
        $"""<PackageReference Update="FSharp.Core" Version="{floor}" />
    <Compile Include="Program.fs" />"""

    place.Write("App.fsproj", project package items)
    place.Write("Program.fs", readmeCode "fsharp" package + tellFile)
    runProject "an F# project" place
    expectOurs place package
}

let private csharpProject = test "a C# project" {
    use place = new Place "csharp"
    let package = find "Cotangent.CSharp"
    place.Write("App.csproj", project package "")

    place.Write(
        "Program.cs",
        (readmeCode "csharp" package).Replace("\n\nvar x", "\n" + tellFileInCSharp + "var x")
    )

    runProject "a C# project" place
    expectOurs place package
    expectOurs place (find "Cotangent")
}

let private olderFramework = test "a project for an older .NET is refused" {
    use place = new Place "older"
    let package = find "Cotangent"
    place.Write("App.fsproj", (project package "").Replace("net10.0", "net9.0"))
    let code, text = place.Try("dotnet", [ "restore"; "--nologo"; "-nodeReuse:false" ])
    Expect.notEqual code 0 "the exit code of the restore"

    Expect.stringContains
        text
        $"NU1202: Package {package.Id} {package.Version} is not compatible with net9.0"
        ""
}

// ---- Scripts ----

let private directives (place: Place) (package: Package) =
    $"#i \"nuget: {place.Feed}\"\n#r \"nuget: {package.Id}, {package.Version}\"\n"

let private session =
    """
let restored = System.DateTime.UtcNow;;
open Cotangent;;
grad (fun x -> sum (x ** 3.0)) (tensor [ 1.0; 2.0 ]);;
printfn "first result: %.1f s" (System.DateTime.UtcNow - restored).TotalSeconds;;
type Layer = { Weight: Tensor; Bias: Tensor };;
{ Weight = tensor [ [ 1.0; 2.5 ]; [ -3.0; 4.0 ] ]; Bias = tensor [ 0.5; 1.0 ] };;
Tensor.zeros DType.Float32 [ 5_000; 5_000 ];;
grad (fun x -> printfn "%A" x; sum x) (tensor [ 1.0; 2.0 ]);;
#quit;;
"""

/// What F# Interactive answers to that.
let private answers = [
    "val it: Tensor = Float64 (2,) [ 3. 12.]"
    "\
val it: Layer = { Weight = Float64 (2, 2) [[ 1.   2.5]
                                           [-3.   4. ]]
                  Bias = Float64 (2,) [0.5 1. ]"
    "val it: Tensor = Float32 (5000, 5000) [0. 0. 0. ... 0.]"
    "traced by grad: Float64 (2,)\nval it: Tensor = Float64 (2,) [1. 1.]"
]

let private scripts = test "a script, and F# Interactive" {
    use place = new Place "script"
    let package = find "Cotangent"
    place.Write("script.fsx", directives place package + readmeCode "fsharp" package + tellFile)
    let output = timed "a script, with the restore" (fun () -> place.Dotnet [ "fsi"; "script.fsx" ])
    expectFit output
    expectCompiledAhead output

    expectNoNative place.Cache
    expectOurs place package

    let output = place.Dotnet([ "fsi"; "--nologo" ], directives place package + ";;" + session)

    for answer in answers do
        Expect.stringContains output answer "as F# Interactive shows it"

    let figure = Regex.Match(output, @"first result: ([\d.]+) s").Groups[1].Value
    let seconds = Double.Parse(figure, Globalization.CultureInfo.InvariantCulture)
    printfn "first result in F# Interactive after the restore: %.1f s" seconds
    // The promise is 10 s on an idle machine; this one may be doing a lot else.
    Expect.isLessThan seconds 60.0 "the first result after the restore"
}

/// A chart of Plotly.NET, alone and inside of other values, beside values that the package's printer must leave alone.
let private charts =
    """
#r "nuget: Plotly.NET, 6.0.0";;
open Plotly.NET;;
let signal = Chart.Line(x = [ 1.0; 2.0 ], y = [ 3.0; 4.0 ]);;
[ signal; Chart.Histogram(X = [ 1.0; 2.0 ]) ] |> Chart.combine, 3;;
[ 1; 2 ], "text", (None: int option);;
#quit;;
"""

let private chartsInteractive = test "charts in F# Interactive" {
    use place = new Place "charts"
    let package = find "Cotangent"
    let output = place.Dotnet([ "fsi"; "--nologo" ], directives place package + ";;" + charts)
    let shown = Regex.Replace(output, @"\s+", " ")

    Expect.stringContains shown "val signal: GenericChart = {| Chart = \"1 scatter\" |}" "one trace"

    Expect.stringContains shown "({| Chart = \"1 scatter, 1 histogram\" |}, 3)" "two traces, in a tuple"
    Expect.stringContains shown "= ([1; 2], \"text\", None)" "other values as ever"
}

// ---- libtorch ----

/// A large product, which is for MKL where that is faster than ours; something by libtorch in any case; which libtorch that has
/// loaded; and the README's code.
let private libtorchProgram (package: Package) =
    """
open Cotangent
let a = (tensor (Array.create 40_000 1.0f)).Reshape [ 200; 200 ]
printfn "product %g" (float (sum (matmul a (a + 1.0f))))

printfn "sum %g" (withCpuEngine CpuEngine.Libtorch (fun () -> float (sum (exp (a - 1.0f)))))

if System.OperatingSystem.IsLinux() then
    for line in System.IO.File.ReadLines "/proc/self/maps" |> Seq.filter _.EndsWith("libtorch_cpu.so") do
        printfn "mapped %s" (line.Substring(line.IndexOf '/'))
"""
    + (readmeCode "fsharp" package)
        .Replace("open Cotangent", "")
        .Replace("let a =", "let b =")
        .Replace("a a.T", "b b.T")

/// It ran on one libtorch, which lies below a folder.
let private expectLibtorch (folder: string) (output: string) =
    Expect.stringContains output "product 1.6e+07" "200 x 200 times 200 x 200, ones times twos"
    Expect.stringContains output "sum 40000" "by libtorch"
    Expect.stringContains output "apart by" "the README's code"

    if OperatingSystem.IsLinux() then
        let mapped =
            [ for m in Regex.Matches(output, "(?m)^mapped (.*)$") -> m.Groups[1].Value ] |> List.distinct

        Expect.hasLength mapped 1 "one libtorch"
        Expect.stringStarts mapped[0] folder "of the package"

let private cpuBundle = test "a project and a script with libtorch for the CPU" {
    use place = new Place "cpu"
    let package = find "Cotangent-cpu"
    // For this system only, or the build would copy the libraries of all.
    let items = """<Compile Include="Program.fs" />"""
    let identifier = RuntimeInformation.RuntimeIdentifier

    let single =
        $"<RuntimeIdentifier>{identifier}</RuntimeIdentifier><SelfContained>false</SelfContained></PropertyGroup>"

    place.Write("App.fsproj", (project package items).Replace("</PropertyGroup>", single))
    place.Write("Program.fs", libtorchProgram package)

    timed "a project with libtorch, restored and built" (fun () ->
        place.Dotnet [ "build"; "-c"; "Release"; "-v"; "quiet"; "--nologo"; "-nodeReuse:false" ])
    |> ignore

    let bin = Path.Combine(place.App, "bin", "Release", "net10.0", identifier)

    timed "a project with libtorch, run" (fun () -> place.Dotnet [ Path.Combine(bin, "App.dll") ])
    |> expectLibtorch bin

    expectOurs place (find "Cotangent.Torch")

    // In the script, whose packages are there now, with another library in libtorch's name on the system's path.
    let decoy = Directory.CreateDirectory(Path.Combine(place.App, "decoy")).FullName

    if OperatingSystem.IsLinux() then
        File.Copy(Path.Combine(bin, "libtorch_global_deps.so"), Path.Combine(decoy, "libtorch_cpu.so"))

    place.Write("script.fsx", directives place package + libtorchProgram package)

    timed "a script with libtorch" (fun () ->
        place.Dotnet([ "fsi"; "script.fsx" ], environment = [ "LD_LIBRARY_PATH", decoy ]))
    |> expectLibtorch place.Cache
}

[<Tests>]
let tests =
    testSequenced (
        testList "Install" [
            fsharpProject
            csharpProject
            olderFramework
            scripts
            chartsInteractive
            cpuBundle
        ]
    )
