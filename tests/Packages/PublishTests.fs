/// A small program with trees of every kind, training and compiled functions, published in the ways that remove or fix
/// code: its output must be that of the plain build.
module Cotangent.Packages.Tests.PublishTests

open System
open System.IO
open System.Runtime.InteropServices
open Expecto
open Cotangent.Packages.Tests.Feed
open Cotangent.Packages.Tests.InstallTests

let private source name = File.ReadAllText(Path.Combine(root, "tests", "Packages", "Published", name))

/// The program, and beside it a project in C# with models, as a user would write them.
let private write (place: Place) =
    let models = Directory.CreateDirectory(Path.Combine(place.App, "..", "models")).FullName
    let package = find "Cotangent"

    File.WriteAllText(
        Path.Combine(models, "Models.csproj"),
        (project (find "Cotangent.CSharp") "")
            .Replace("<OutputType>Exe</OutputType>", "")
            .Replace(">App<", ">Models<")
    )

    File.WriteAllText(Path.Combine(models, "Models.cs"), source "Models.cs")

    let published =
        $"<RuntimeIdentifier>{RuntimeInformation.RuntimeIdentifier}</RuntimeIdentifier>
    <SelfContained>true</SelfContained>
    <InvariantGlobalization>true</InvariantGlobalization>
    <UseAppHost>true</UseAppHost>"

    let items = """<Compile Include="Program.fs" /><ProjectReference Include="../models/Models.csproj" />"""

    place.Write(
        "App.fsproj",
        (project package items)
            .Replace("<UseAppHost>false</UseAppHost>", published)
            // The trimmer warns of FSharp.Core and of whatever reflects: what counts is that the program runs.
            .Replace("<TreatWarningsAsErrors>true</TreatWarningsAsErrors>", "")
    )

    place.Write("Program.fs", source "Program.fs")

/// Runs `dotnet publish`; a machine without a linker, or without a way to the compiler's package, has to skip that.
let private publish (place: Place) (property: string) =
    let missing = [ "Platform linker"; "NU1101"; "NU1102"; "vswhere"; "link.exe" ]

    try
        timed $"published with {property}" (fun () ->
            place.Dotnet [
                "publish"
                "-c"
                "Release"
                "-v"
                "quiet"
                "--nologo"
                "-nodeReuse:false"
                "-o"
                property
                $"-p:{property}=true"
            ])
        |> ignore
    with :? AssertException as e ->
        match missing |> List.tryFind e.Message.Contains with
        | Some what -> skiptest $"{property} needs what is not on this machine: {what}"
        | None -> reraise ()

    let program = if OperatingSystem.IsWindows() then "App.exe" else "App"
    timed $"{property}, run" (fun () -> place.Run(Path.Combine(place.App, property, program), []))

/// What cannot be rebuilt ahead of time says so, with the cure.
let private refused =
    "TreeException FSharpMap: the program was compiled ahead of time, without the code to rebuild this collection of Pair, a value type. Make it a reference type (a class, a record that is no struct, a string as key), keep the items in a list or an array, or publish without `PublishAot`."

/// What the program says, by hand: the derivative of a sum of squares is twice each number.
let private expected (isAhead: bool) =
    let one = "[2. 4.]"
    let two = one + " " + one

    [
        "record", two
        "unread field", two
        "anonymous record", one
        "generic record", one
        "struct record", one
        "union", two
        "tuple", two
        "struct tuple", one
        "long tuple", two
        "option", one
        "voption", one
        "choice", one
        "list", two
        "array", two
        "map", one
        "map of integers", one
        "List<T>", one
        "IReadOnlyList<T>", one
        "Dictionary", one
        "Dictionary of integers", one
        "ImmutableArray", one
        "ImmutableList", one
        "ImmutableDictionary", one
        "list of structs", two
        "array of structs", one
        "option of a struct", one
        "List<T> of structs", one
        "ImmutableArray of structs", one
        "nested", one + " " + two
        "C# record", one
        "layers of C#", two
        "C# class", one
        "map of structs", (if isAhead then refused else one)
        // W - 0.5 x (x W + B), twice, from W = B = x = [1, 2]
        "trained", "[0. 5.]"
        "trained, compiled", "[0. 5.]"
        "mapped, compiled", "[3. 3.]"
        "gradient of compiled", "[ 4. 24.]"
        "adam, compiled", "True"
        "random, compiled", "True"
        "saved", "[1. 2.] [3. 6.] 0"
        "data", "[[1; 2]; [1; 2]]"
        "array data", "2"
        "printed", "Float64 (2, 2) [[1. 2.]"
        "integers", "([ 1 -2], [3])"
        // Named as in C#, since the facade is there.
        "error with a list",
        "ValueException MaxPool: windows of sizes [0]; give a size of 1 or more for each of one to three spatial axes."
        "error",
        "ShapeException MatMul: (2, 2) times (3, 3): the inner sizes 2 and 3 differ. A product needs (…, m, k) and (…, k, n); `.T` transposes the last two axes."
        "emits", (if isAhead then "no" else "yes")
    ]

let private runs property isAhead = test property {
    use place = new Place(property.ToLowerInvariant())
    write place
    let lines = (publish place property).Split '\n'

    let answers = [
        for name, _ in expected isAhead do
            match lines |> Array.tryFind _.StartsWith(name + ": ") with
            | Some line -> name, line.Substring(name.Length + 2)
            | None -> name, "no such line"
    ]

    for (name, wanted), (_, got) in List.zip (expected isAhead) answers do
        if got <> wanted then printfn "%s: %s: %s" property name got

    Expect.equal answers (expected isAhead) property
}

[<Tests>]
let tests = testSequenced (testList "Publish" [ runs "PublishAot" true; runs "PublishTrimmed" false ])
