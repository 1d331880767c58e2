/// The packages as a user meets them: installed from a feed into a fresh project or script, with an empty package cache.
/// What is built and run is the code of each package's README.
module Cotangent.Packages.Tests.InstallTests

open System
open System.Diagnostics
open System.IO
open System.Reflection.PortableExecutable
open System.Text.RegularExpressions
open Expecto
open Cotangent.Packages.Tests.Feed

// ---- A fresh place ----

/// A folder outside the repository, with a copy of the packages and an empty cache. fsi keeps what it once found for a
/// script, by the text of its directives: the folder's name, which is new each time, is one of them.
type private Place(name: string) =
    let folder = Directory.CreateTempSubdirectory($"cotangent-{name}-").FullName
    let path name = Path.Combine(folder, name)

    do
        Directory.CreateDirectory(path "feed") |> ignore

        for package in packages.Value do
            File.Copy(package.File, Path.Combine(path "feed", fileName package.File))

    member _.Feed = path "feed"
    member _.Cache = path "cache"
    member _.App = path "app"

    member _.Write(name: string, text: string) =
        Directory.CreateDirectory(path "app") |> ignore
        File.WriteAllText(Path.Combine(path "app", name), text)

    /// Runs dotnet to its output, lines ending in \n.
    member _.Dotnet(arguments: string list, ?input: string) =
        let start =
            ProcessStartInfo(
                "dotnet",
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

        use child =
            match Process.Start start with
            | null -> failwith "dotnet did not start."
            | child -> child

        child.StandardInput.Write(defaultArg input "")
        child.StandardInput.Close()
        let output, errors = child.StandardOutput.ReadToEndAsync(), child.StandardError.ReadToEndAsync()

        if not (child.WaitForExit(TimeSpan.FromMinutes 5.0)) then
            child.Kill true
            failtest $"dotnet {arguments} hung."

        let text = output.Result.ReplaceLineEndings "\n"

        if child.ExitCode <> 0 then
            failtest $"dotnet %A{arguments} failed with exit code {child.ExitCode}.\n{text}\n{errors.Result}"

        text

    interface IDisposable with
        member _.Dispose() =
            try
                Directory.Delete(folder, true)
            with :? IOException ->
                () // something still reads there; it is the system's folder of temporary files

let private timed (what: string) run =
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

// ---- Projects ----

let private project (package: Package) items =
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
    place.Write("Program.fs", readmeCode "fsharp" package)
    runProject "an F# project" place
    expectOurs place package
}

let private csharpProject = test "a C# project" {
    use place = new Place "csharp"
    let package = find "Cotangent.CSharp"
    place.Write("App.csproj", project package "")
    place.Write("Program.cs", readmeCode "csharp" package)
    runProject "a C# project" place
    expectOurs place package
    expectOurs place (find "Cotangent")
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
    "\
val it: Tensor = Float32 (5000, 5000) [[0. 0. 0. ... 0. 0. 0.]
                                       [0. 0. 0. ... 0. 0. 0.]
                                       [0. 0. 0. ... 0. 0. 0.]
                                       [...]"
    "traced by grad: Float64 (2,)\nval it: Tensor = Float64 (2,) [1. 1.]"
]

let private scripts = test "a script, and F# Interactive" {
    use place = new Place "script"
    let package = find "Cotangent"
    place.Write("script.fsx", directives place package + readmeCode "fsharp" package)

    timed "a script, with the restore" (fun () -> place.Dotnet [ "fsi"; "script.fsx" ]) |> expectFit

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

[<Tests>]
let tests = testSequenced (testList "Install" [ fsharpProject; csharpProject; scripts ])
