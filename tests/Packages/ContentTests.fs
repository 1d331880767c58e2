/// What lies in each package, and what it says of itself.
module Cotangent.Packages.Tests.ContentTests

open System
open System.IO
open System.Reflection.Metadata
open System.Reflection.PortableExecutable
open System.Text.RegularExpressions
open Expecto
open Cotangent.Packages.Tests.Feed

/// All packages, and what each of them brings along: more than this is for users to choose.
let private expected =
    Map [
        "Cotangent", [ "FSharp.Core"; "Spectre.Console"; "System.Numerics.Tensors" ]
        "Cotangent.CSharp", [ "Cotangent"; "FSharp.Core" ]
        "Cotangent.Torch", [ "Cotangent"; "FSharp.Core"; "TorchSharp" ]
        "Cotangent.Data",
        [
            "Apache.Arrow"
            "Cotangent"
            "FSharp.Core"
            "Microsoft.ML.Tokenizers"
            "NAudio.Core"
            "Parquet.Net"
            "PureHDF"
            "Sylvan.Data.Csv"
        ]
        "Cotangent.Images",
        [ "Cotangent"; "FSharp.Core"; "SkiaSharp"; "SkiaSharp.NativeAssets.Linux.NoDependencies" ]
        "Cotangent.Charts", [ "Cotangent"; "FSharp.Core" ]
        "Cotangent.Distributions", [ "Cotangent"; "FSharp.Core" ]
        "Cotangent.Solvers", [ "Cotangent"; "FSharp.Core" ]
        "Cotangent.Video",
        [
            "Cotangent.Data"
            "Cotangent.Images"
            "FSharp.Core"
            "OpenCvSharp4"
            "OpenCvSharp4.official.runtime.linux-x64"
        ]
        "Cotangent-cpu", [ "Cotangent.Torch"; "TorchSharp-cpu" ]
        "Cotangent-cuda-linux", [ "Cotangent.Torch"; "TorchSharp-cuda-linux" ]
        "Cotangent-cuda-windows", [ "Cotangent.Torch"; "TorchSharp-cuda-windows" ]
    ]

/// Those that must be of one version: TorchSharp's native library is loaded by its version.
let private pinned =
    set [ "TorchSharp"; "TorchSharp-cpu"; "TorchSharp-cuda-linux"; "TorchSharp-cuda-windows" ]

let private repository = "https://github.com/cotangent/cotangent"

let private number (version: string) = System.Version(version.Trim('[', ']').Split('-')[0])

/// Width and height: the first fields of a PNG file.
let private pngSize (png: byte[]) =
    let field at = Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(ReadOnlySpan(png, at, 4))
    field 16, field 20

let private metadata (package: Package) =
    testList package.Id [
        test "dependencies" {
            let ids = [ for id, _ in package.Dependencies -> id ]
            Expect.equal (Some(List.sort ids)) (expected.TryFind package.Id) "these, and no others"

            for id, version in package.Dependencies do
                if expected.ContainsKey id then
                    Expect.equal version package.Version $"{id}: of the same build"
                else
                    let any =
                        if pinned.Contains id then
                            "this version and no other"
                        else
                            "any later version will do"

                    Expect.equal (version.Contains '[') (pinned.Contains id) $"{id}: {any}"

                // An SDK of the first band of .NET 10 brings 10.0.1xx, and refuses packages that want more.
                if id = "FSharp.Core" then
                    Expect.isLessThan (number version) (System.Version(10, 1)) "as low as can be"
        }
        test "what it says of itself" {
            Expect.equal (package.Text "license") "MIT" "licence expression"
            Expect.equal (package.Text "projectUrl") repository "project"
            Expect.isNotEmpty (package.Text "description") "description"
            Expect.stringContains (package.Text "tags") "fsharp" "tags"
            Expect.isMatch package.Version @"^\d+\.\d+\.\d+(-[\w.]+)?$" "version"

            if not (package.Version.Contains '-') then
                Expect.stringContains (package.Text "releaseNotes") "### " "the changelog's section"
        }
        test "README and icon" {
            Expect.stringStarts (package.ReadText(package.Text "readme")) $"# {package.Id}\n" "README"
            Expect.equal (pngSize (package.Read(package.Text "icon"))) (128, 128) "icon"
        }
        test "documentation of each assembly" {
            for assembly in package.Assemblies do
                let xml = package.ReadText(assembly.Replace(".dll", ".xml"))
                Expect.stringContains xml "<summary>" assembly
        }
    ]

// ---- Symbols ----

let private sourceLinkKind = Guid "CC110556-A091-4D38-9FEC-25AB9A351A6A"

/// Source files and the Source Link map of an assembly's embedded symbols.
let private symbols (assembly: byte[]) =
    use reader = new PEReader(new MemoryStream(assembly))

    let entry =
        reader.ReadDebugDirectory()
        |> Seq.find (fun entry -> entry.Type = DebugDirectoryEntryType.EmbeddedPortablePdb)

    use provider = reader.ReadEmbeddedPortablePdbDebugDirectoryData entry
    let pdb = provider.GetMetadataReader()
    let files = [ for handle in pdb.Documents -> pdb.GetString (pdb.GetDocument handle).Name ]

    let link =
        pdb.CustomDebugInformation
        |> Seq.map pdb.GetCustomDebugInformation
        |> Seq.tryFind (fun information -> pdb.GetGuid information.Kind = sourceLinkKind)
        |> Option.map (fun information -> Text.Encoding.UTF8.GetString(pdb.GetBlobBytes information.Value))

    files, link

let private symbolTests (package: Package) = test $"symbols of {package.Id}" {
    for assembly in package.Assemblies do
        let files, link = symbols (package.Read assembly)
        Expect.isNonEmpty files assembly

        // By their path in the repository: the same wherever the build is made.
        for file in files do
            Expect.stringStarts file "/_/src/" assembly

        let commit =
            package.TryElement "repository"
            |> Option.bind (fun element ->
                element.Attributes() |> Seq.tryFind (fun a -> a.Name.LocalName = "commit"))

        match commit with
        | Some commit ->
            let address = $"https://raw.githubusercontent.com/cotangent/cotangent/{commit.Value}/*"
            let map = sprintf """{"documents":{"/_/*":"%s"}}""" address
            Expect.equal link (Some map) $"Source Link of {assembly}"
        | None -> skiptest "built outside a git repository: there is no commit to link to"
}

// ---- Images compiled ahead ----

/// The platforms that the main package has images for, and what their files say of the machine: the processor, and by the
/// bits turned over in it the system (0x7B79 for Linux, 0x4644 for macOS, none for Windows).
let private machines = [
    "linux-arm64", 0xAA64 ^^^ 0x7B79
    "linux-x64", 0x8664 ^^^ 0x7B79
    "osx-arm64", 0xAA64 ^^^ 0x4644
    "win-x64", 0x8664
]

let private moduleId (reader: PEReader) =
    let metadata = reader.GetMetadataReader()
    metadata.GetGuid (metadata.GetModuleDefinition()).Mvid

let private images =
    testList "images compiled ahead" [
        test "are there, and in the main package only" {
            for package in packages.Value do
                let folders = [
                    for entry in package.Entries do
                        if entry.StartsWith "runtimes/" && entry.EndsWith ".dll" then entry.Split('/')[1]
                ]

                let wanted = if package.Id = "Cotangent" then List.map fst machines else []
                Expect.equal (List.sort folders) wanted package.Id
        }
        for platform, machine in machines do
            test platform {
                let package = find "Cotangent"
                let file = package.Read $"runtimes/{platform}/lib/net10.0/Cotangent.dll"
                use image = new PEReader(new MemoryStream(file))
                use assembly = new PEReader(new MemoryStream(package.Read "lib/net10.0/Cotangent.dll"))
                Expect.isTrue (isCompiledAhead image) "compiled ahead"
                Expect.isFalse (isCompiledAhead assembly) "the assembly for all platforms is not"
                Expect.equal (int image.PEHeaders.CoffHeader.Machine) machine "for this system and processor"
                Expect.equal (moduleId image) (moduleId assembly) "of the same compilation"
                Expect.equal (symbols file) (symbols (package.Read "lib/net10.0/Cotangent.dll")) "symbols"
            }
    ]

// ---- Sizes ----

/// The sizes of packages, in millions of bytes, that the page on installing states in the second column of its table.
let private statedSizes =
    lazy
        (File.ReadAllLines(Path.Combine(root, "docs", "install.fsx"))
         |> Array.map (fun line -> Regex.Match(line, @"^\| `([\w.*-]+)` \| ([\d.]+) MB \|"))
         |> Array.filter _.Success
         |> Array.map (fun m -> m.Groups[1].Value, float m.Groups[2].Value)
         |> List.ofArray)

/// To the tenth of a megabyte, and within a tenth of the whole.
let private isNear (stated: float) (bytes: int64) =
    let size = float bytes / 1e6
    abs (size - stated) <= max 0.05 (0.1 * size)

let private sizes =
    testList "sizes" [
        test "what the page on installing says" {
            Expect.isGreaterThan statedSizes.Value.Length 5 "the table of sizes is there"

            for name, stated in statedSizes.Value do
                for package in packages.Value do
                    if Regex.IsMatch(package.Id, "^" + name.Replace(".", @"\.").Replace("*", ".*") + "$") then
                        let bytes = FileInfo(package.File).Length

                        Expect.isTrue
                            (isNear stated bytes)
                            $"{package.Id}: {stated} MB, but has {bytes} bytes"
        }
        test "what README and the landing page say of the main package" {
            let bytes = FileInfo((find "Cotangent").File).Length

            for file in [ "README.md"; "docs/index.fsx" ] do
                let text = File.ReadAllText(Path.Combine(root, file))
                let stated = Regex.Match(text, @"download of (\d+) MB")

                Expect.isTrue
                    (stated.Success && isNear (float stated.Groups[1].Value) bytes)
                    $"{file}: {bytes} bytes"
        }
    ]

[<Tests>]
let tests =
    testList "Contents" [
        test "all packages are there, of one version" {
            Expect.equal
                (set [ for package in packages.Value -> package.Id ])
                (set expected.Keys)
                "the table `expected` and the projects of src"

            Expect.hasLength (packages.Value |> List.distinctBy _.Version) 1 "one version"
        }
        test "TorchSharp and its native packages are of one version" {
            let versions = [
                for package in packages.Value do
                    for id, version in package.Dependencies do
                        if pinned.Contains id then version
            ]

            Expect.hasLength (List.distinct versions) 1 $"%A{versions}"
        }
        images
        sizes
        for package in packages.Value do
            metadata package
            symbolTests package
    ]
