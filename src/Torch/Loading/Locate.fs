namespace Cotangent.Torch

open System
open System.IO
open System.Reflection

/// Where the native libraries may lie.
module internal Locate =

    /// Names the `lib` folder of a libtorch or PyTorch to use instead of a package's.
    [<Literal>]
    let Variable = "COTANGENT_LIBTORCH"

    /// The libtorch that TorchSharp's native library is built against.
    [<Literal>]
    let Version = "2.10.0"

    /// The user's choice.
    let chosen () =
        match Environment.GetEnvironmentVariable Variable with
        | null
        | "" -> None
        | folder -> Some(Path.GetFullPath folder)

    /// Folders of the application: its own, and those that its list of dependencies names.
    let private application () = [
        AppContext.BaseDirectory

        match AppContext.GetData "NATIVE_DLL_SEARCH_DIRECTORIES" with
        | :? string as folders ->
            yield! folders.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        | _ -> ()

        match Platform.identifier with
        | Some identifier -> Path.Combine(AppContext.BaseDirectory, "runtimes", identifier, "native")
        | None -> ()
    ]

    /// The package cache, where assemblies lie in it (`packages/NAME/VERSION/lib/FRAMEWORK/X.dll`), as in a script.
    let private packages (assembly: Assembly) =
        match assembly.Location with
        | "" -> None
        | location ->
            let root = Path.GetFullPath(Path.Combine(location, "..", "..", "..", "..", ".."))
            let lib = Path.GetFileName(Path.GetFullPath(Path.Combine(location, "..", "..")))
            if lib = "lib" && Directory.Exists root then Some root else None

    let private natives identifier package = Path.Combine(package, "runtimes", identifier, "native")

    /// Folders of package versions that begin with a version number: 2.10.0, 2.10.0.1, 2.10.0-preview.
    let private versions root name (version: string) =
        let folder = Path.Combine(root, name)

        if Directory.Exists folder then
            Directory.GetDirectories(folder, version + "*") |> Array.sortDescending |> List.ofArray
        else
            []

    let here = Assembly.GetExecutingAssembly()
    let torchSharp = typeof<TorchSharp.torch>.Assembly

    let private inPackages find =
        match Platform.identifier with
        | None -> []
        | Some identifier ->
            [ here; torchSharp ]
            |> List.choose packages
            |> List.distinct
            |> List.collect (fun root -> find root identifier |> List.map (natives identifier))

    /// Folders to look for libtorch in, the likeliest first.
    let libtorch () =
        application ()
        @ inPackages (fun root identifier -> [
            yield! versions root $"libtorch-cpu-{identifier}" Version
            // In a script, a CUDA package's large files are still in pieces: only a build puts them together.
        ])
        |> List.map Path.GetFullPath
        |> List.distinct

    /// Folders to look for TorchSharp's native library in.
    let shim () =
        let beside (assembly: Assembly) =
            match Path.GetDirectoryName assembly.Location with
            | null
            | "" -> []
            | folder -> [ folder ]

        let version =
            match torchSharp.GetName().Version with
            | null -> ""
            | version -> version.ToString 3

        application ()
        @ beside here
        @ beside torchSharp
        @ inPackages (fun root _ -> versions root "torchsharp" version)
        |> List.map Path.GetFullPath
        |> List.distinct
