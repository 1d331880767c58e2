/// The packages under test, as `dotnet fsi build.fsx pack` leaves them in artifacts/packages.
module Cotangent.Packages.Tests.Feed

open System
open System.IO
open System.IO.Compression
open System.Reflection.PortableExecutable
open System.Xml.Linq

let root =
    let rec up (folder: string) =
        match Path.GetDirectoryName folder with
        | _ when File.Exists(Path.Combine(folder, "Library.sln")) -> folder
        | null -> failwith "These tests run inside the repository: there is no Library.sln above them."
        | parent -> up parent

    up AppContext.BaseDirectory

let fileName (file: string) = FileInfo(file).Name

let folder = Path.Combine(root, "artifacts", "packages")

type Package = {
    File: string
    Nuspec: XElement
} with

    /// An element of the nuspec's metadata; they are in a namespace whose version varies.
    member p.TryElement name =
        p.Nuspec.Descendants() |> Seq.tryFind (fun element -> element.Name.LocalName = name)

    /// The text of an element that every package must have.
    member p.Text name =
        match p.TryElement name with
        | Some element when element.Value.Trim() <> "" -> element.Value.Trim()
        | Some _ -> failwith $"{p.File}: the element <{name}> of the nuspec is empty."
        | None -> failwith $"{p.File}: the nuspec has no element <{name}>."

    member p.Id = p.Text "id"
    member p.Version = p.Text "version"

    /// The lowest version of each package that this one depends on.
    member p.Dependencies = [
        for element in p.Nuspec.Descendants() do
            if element.Name.LocalName = "dependency" then
                match element.Attribute(XName.Get "id"), element.Attribute(XName.Get "version") with
                | null, _
                | _, null -> failwith $"{p.File}: a dependency without id or version: {element}"
                | id, version -> id.Value, version.Value
    ]

    member p.Entries =
        use zip = ZipFile.OpenRead p.File
        [ for entry in zip.Entries -> entry.FullName ]

    member p.Read(entry: string) =
        use zip = ZipFile.OpenRead p.File

        match zip.GetEntry entry with
        | null -> failwith $"{p.File} has no '{entry}'."
        | entry ->
            use stream = entry.Open()
            use memory = new MemoryStream()
            stream.CopyTo memory
            memory.ToArray()

    member p.ReadText entry = Text.Encoding.UTF8.GetString(p.Read entry).TrimStart '\uFEFF'

    /// The assemblies that a project gets from this package.
    member p.Assemblies =
        p.Entries |> List.filter (fun entry -> entry.StartsWith "lib/" && entry.EndsWith ".dll")

let private read (file: string) =
    use zip = ZipFile.OpenRead file
    let entry = zip.Entries |> Seq.find (fun entry -> entry.FullName.EndsWith ".nuspec")
    use stream = entry.Open()
    { File = file; Nuspec = XElement.Load stream }

let packages =
    lazy
        (match Directory.Exists folder, lazy Directory.GetFiles(folder, "*.nupkg") with
         | true, Lazy files when files.Length > 0 -> [ for file in Array.sort files -> read file ]
         | _ -> failwith $"There are no packages in {folder}. To make them: dotnet fsi build.fsx pack")

let find id =
    packages.Value
    |> List.tryFind (fun package -> package.Id = id)
    |> Option.defaultWith (fun () -> failwith $"There is no package {id} in {folder}.")

/// Whether an assembly holds machine code beside the intermediate language (ReadyToRun).
let isCompiledAhead (reader: PEReader) =
    match reader.PEHeaders.CorHeader with
    | null -> false
    | header -> header.ManagedNativeHeaderDirectory.Size > 0
