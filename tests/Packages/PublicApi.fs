/// All that an assembly shows to its users, as text: what is recorded in the PublicApi.txt beside each project.
module Cotangent.Packages.Tests.PublicApi

open System
open System.IO
open System.Reflection
open System.Text.RegularExpressions
open FSharp.Compiler.CodeAnalysis
open FSharp.Compiler.Symbols
open PublicApiGenerator

/// This program's folder holds the assemblies and all that they refer to.
let private assemblyFile name = Path.Combine(AppContext.BaseDirectory, name + ".dll")

// ---- F#: the signature that the compiler reads from the assembly ----

let private framework =
    match Path.GetDirectoryName typeof<obj>.Assembly.Location with
    | null -> failwith "The runtime has no folder."
    | folder -> folder

let private readAssembly name =
    let inFramework = set [ for file in Directory.GetFiles(framework, "*.dll") -> Feed.fileName file ]

    let folder = Directory.CreateTempSubdirectory("cotangent-api-").FullName
    // A copy away from the documentation, which the compiler would work into the text.
    let copy = Path.Combine(folder, name + ".dll")
    File.Copy(assemblyFile name, copy)

    let references = [|
        $"-r:{copy}"
        for file in Directory.GetFiles(framework, "*.dll") do
            if Regex.IsMatch(Feed.fileName file, @"^(System\..*|mscorlib|netstandard)\.dll$") then
                $"-r:{file}"
        for file in Directory.GetFiles(AppContext.BaseDirectory, "*.dll") do
            if not (file = assemblyFile name || inFramework.Contains(Feed.fileName file)) then
                $"-r:{file}"
    |]

    // The compiler reads references of a program; an empty one will do.
    let program = Path.Combine(folder, "Empty.fs")
    File.WriteAllText(program, "module Empty\n")

    try
        let checker = FSharpChecker.Create()
        let flags = [| "--noframework"; "--checknulls+"; yield! references; program |]
        let options = checker.GetProjectOptionsFromCommandLineArgs(program + ".fsproj", flags)
        let results = checker.ParseAndCheckProject options |> Async.RunSynchronously

        if results.HasCriticalErrors then
            failwith $"The compiler can't read {name}: %A{results.Diagnostics}"

        results.ProjectContext.GetReferencedAssemblies()
        |> List.find (fun assembly -> assembly.SimpleName = name)
    finally
        Directory.Delete(folder, true)

let private indentation (line: string) = line.Length - line.TrimStart().Length

/// Without what is not public, which the compiler shows as private: members, and representations of types.
let private publicLines (lines: string list) =
    let isHidden (line: string) =
        Regex.IsMatch(
            line,
            @"^\s*((static |abstract |override |default )*(val|member|new|module|type)\s*)?(private|internal)\b"
        )

    let rec go (kept: string list) (lines: string list) =
        match lines with
        | [] -> List.rev kept
        | line :: rest when isHidden line ->
            let inside (next: string) = indentation next > indentation line
            // Attributes stand on lines of their own.
            let kept = kept |> List.skipWhile (fun line -> line.TrimStart().StartsWith "[<")
            go kept (List.skipWhile inside rest)
        | line :: rest -> go (line :: kept) rest

    go [] lines

let private entityText (entity: FSharpEntity) =
    let text =
        match entity.TryGetMetadataText() with
        | Some text -> text.ToString() |> Option.ofObj |> Option.defaultValue ""
        | None -> failwith $"The compiler has no signature of {entity.FullName}."

    text.ReplaceLineEndings("\n").Split '\n'
    |> Array.filter (fun (line: string) ->
        // Comments, and what is the same for all entities.
        not (String.IsNullOrWhiteSpace line || Regex.IsMatch(line, @"^\s*//|^(namespace|open) ")))
    |> Array.map (fun line -> line.TrimEnd())
    |> Array.toList
    |> publicLines

let private fsharp name =
    let entities =
        (readAssembly name).Contents.Entities |> Seq.filter _.Accessibility.IsPublic |> Seq.toList

    entities
    |> List.groupBy (fun entity -> Option.defaultValue "global" entity.Namespace)
    |> List.sortBy fst
    |> List.map (fun (name, entities) ->
        let texts = entities |> List.sortBy _.CompiledName |> List.map (entityText >> String.concat "\n")
        String.concat "\n\n" ($"namespace {name}" :: texts))
    |> String.concat "\n\n"

// ---- C# ----

let private csharp name =
    let options = ApiGeneratorOptions(IncludeAssemblyAttributes = false)
    ApiGenerator.GeneratePublicApi(Assembly.LoadFrom(assemblyFile name), options).ReplaceLineEndings "\n"

// ---- The table ----

type PublicAssembly = {
    Name: string
    /// Where its surface is recorded.
    Record: string
    /// Its surface as built.
    Surface: string -> string
}

let assemblies = [
    { Name = "Cotangent"; Record = "src/PublicApi.txt"; Surface = fsharp }
    { Name = "Cotangent.Torch"; Record = "src/Torch/PublicApi.txt"; Surface = fsharp }
    { Name = "Cotangent.Data"; Record = "src/Data/PublicApi.txt"; Surface = fsharp }
    { Name = "Cotangent.Images"; Record = "src/Images/PublicApi.txt"; Surface = fsharp }
    { Name = "Cotangent.Charts"; Record = "src/Charts/PublicApi.txt"; Surface = fsharp }
    { Name = "Cotangent.Solvers"; Record = "src/Solvers/PublicApi.txt"; Surface = fsharp }
    { Name = "Cotangent.Video"; Record = "src/Video/PublicApi.txt"; Surface = fsharp }
    { Name = "Cotangent.Distributions"; Record = "src/Distributions/PublicApi.txt"; Surface = fsharp }
    { Name = "Cotangent.CSharp"; Record = "src/CSharp/PublicApi.txt"; Surface = csharp }
]

let surface assembly = (assembly.Surface assembly.Name).Trim() + "\n"

let recordFile assembly = Path.Combine(Feed.root, assembly.Record)

/// Records the surfaces as they are now.
let record () =
    for assembly in assemblies do
        File.WriteAllText(recordFile assembly, surface assembly)
        printfn "%s" assembly.Record
