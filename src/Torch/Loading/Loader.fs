namespace Cotangent.Torch

open System
open System.IO
open System.Runtime.InteropServices
open System.Runtime.Loader
open System.Security.Cryptography
open Cotangent

/// Loading libtorch and TorchSharp's native library, once for the process. Everything is loaded by absolute path, each
/// library before those that need it: left to itself the system's loader takes whichever libtorch it finds by name,
/// and TorchSharp's own copies half a gigabyte in scripts.
module internal Loader =

    /// Handles of what is loaded, and where it came from.
    type Library = { Folder: string; Torch: nativeint; Shim: nativeint; ShimFile: string }

    /// What was tried, line by line.
    type private Trace() =
        let lines = Collections.Generic.List<string>()
        member _.Note(line: string) = lines.Add line
        member _.Text = lines |> Seq.map (fun line -> $"\n  - {line}") |> String.concat ""

    // ---- One file ----

    [<DllImport("libc", EntryPoint = "dlopen")>]
    extern nativeint private dlopen(string file, int mode)

    [<DllImport("libc", EntryPoint = "dlerror")>]
    extern nativeint private dlerror()

    /// Loads a file and resolves all its symbols at once (RTLD_NOW), so that one that is missing is an error here, not
    /// the end of the process at the first call.
    let private loadStrictly (file: string) =
        if OperatingSystem.IsLinux() then
            match dlopen (file, 2) with
            | 0n ->
                match Marshal.PtrToStringUTF8(dlerror ()) with
                | null -> raise (DllNotFoundException file)
                | reason -> raise (DllNotFoundException reason)
            | handle -> handle
        else
            NativeLibrary.Load file

    let private tryLoad (trace: Trace) load (file: string) : nativeint voption =
        if not (File.Exists file) then
            trace.Note $"{file}: not there"
            ValueNone
        else
            try
                ValueSome(load file)
            with e ->
                trace.Note $"{file}: {e.Message}"
                ValueNone

    // ---- libtorch ----

    let private torchFile = Platform.fileName "torch_cpu"

    let private twoCopies loaded other =
        DeviceException
            $"Two copies of libtorch in one process would abort it: {loaded} is loaded already, and {other} would be the second. Reference only one of the libtorch packages, and set {Locate.Variable}, if at all, before anything loads libtorch."

    /// The folder to load libtorch from. A process that has one already can't take a second.
    let private folder (trace: Trace) : string voption =
        let holds folder =
            let found = File.Exists(Path.Combine(folder, torchFile))
            if not found then trace.Note $"{folder}: no {torchFile} there"
            found

        let loaded = Platform.mapped torchFile |> List.map Platform.real

        match loaded, Locate.chosen () with
        | a :: b :: _, _ -> raise (twoCopies a b)
        | [ path ], Some chosen when path <> Platform.real (Path.Combine(chosen, torchFile)) ->
            raise (twoCopies path (Path.Combine(chosen, torchFile)))
        | [ path ], _ -> Path.GetDirectoryName path |> nonNull |> ValueSome
        | [], Some chosen ->
            trace.Note $"{Locate.Variable} names {chosen}"
            if holds chosen then ValueSome chosen else ValueNone
        | [], None ->
            match Locate.libtorch () |> List.tryFind holds with
            | Some folder -> ValueSome folder
            | None -> ValueNone

    [<DllImport("libc", EntryPoint = "setenv")>]
    extern int private setenv(string name, string value, int overwrite)

    /// What libtorch is told when it is loaded; whoever has set a variable knows better. The threads of its OpenMP wait for
    /// their next work by counting, for milliseconds, on cores that threads of .NET would use: they shall sleep. Its
    /// compiler of scripts fuses kernels for CUDA, which takes a second at some third call, and NVRTC: it shall not.
    let private settle () =
        if OperatingSystem.IsLinux() then
            setenv ("OMP_WAIT_POLICY", "passive", 0) |> ignore
            setenv ("PYTORCH_TENSOREXPR", "0", 0) |> ignore

    /// Loads a libtorch; its `torch_cpu`, which has all the kernels.
    let private torch (trace: Trace) folder =
        let load name = tryLoad trace NativeLibrary.Load (Path.Combine(folder, Platform.fileName name))

        settle ()

        match load "c10", load "torch_cpu", load "torch" with
        | ValueSome _, ValueSome torch, ValueSome _ ->
            match Operators.missing (fun name -> fst (NativeLibrary.TryGetExport(torch, name))) with
            | [] -> ValueSome torch
            | missing ->
                let names = String.concat ", " missing
                let file = Path.Combine(folder, torchFile)

                trace.Note
                    $"{file}: is too far from {Locate.Version}, it lacks the operators {names} as they are there"

                ValueNone
        | _ -> ValueNone

    // ---- TorchSharp's native library ----

    let private shimFile = Platform.fileName "LibTorchSharp"

    /// A folder of our own in the user's cache; a temporary one where there is no such place.
    let private cache (name: string) =
        let home =
            match Environment.GetEnvironmentVariable "XDG_CACHE_HOME" with
            | null
            | "" -> Path.Combine(Environment.GetFolderPath Environment.SpecialFolder.UserProfile, ".cache")
            | folder -> folder

        try
            Directory.CreateDirectory(Path.Combine(home, "cotangent", name)).FullName
        with
        | :? UnauthorizedAccessException
        | :? IOException -> Directory.CreateTempSubdirectory("cotangent-").FullName

    /// The file of a library without the needs that nothing in it uses (see `Elf`). Made once; several processes may
    /// make it at the same time.
    let private weakened (trace: Trace) (file: string) =
        match Elf.weaken (File.ReadAllBytes file) with
        | _, [] -> ValueNone
        | image, needs ->
            let folder = cache (Convert.ToHexStringLower(SHA256.HashData image)[..15])
            let target = Path.Combine(folder, shimFile)

            if not (File.Exists target && FileInfo(target).Length = int64 image.Length) then
                let temporary = Path.Combine(folder, Path.GetRandomFileName())
                File.WriteAllBytes(temporary, image)
                File.Move(temporary, target, overwrite = true)

            let versions = String.concat ", " needs
            trace.Note $"{target}: a copy that does not insist on {versions}"
            ValueSome target

    let private shim (trace: Trace) =
        let folders = Locate.shim ()

        let files = Platform.mapped shimFile @ [ for folder in folders -> Path.Combine(folder, shimFile) ]

        match files |> List.tryFind File.Exists with
        | None ->
            let places = String.concat ", " folders
            trace.Note $"{shimFile} is in none of {places}"
            ValueNone
        | Some file ->
            match tryLoad trace loadStrictly file with
            | ValueSome handle -> ValueSome(struct (file, handle))
            | ValueNone when OperatingSystem.IsLinux() ->
                match weakened trace file with
                | ValueNone -> ValueNone
                | ValueSome copy ->
                    match tryLoad trace loadStrictly copy with
                    | ValueSome handle -> ValueSome(struct (copy, handle))
                    | ValueNone -> ValueNone
            | ValueNone -> ValueNone

    // ---- All of it ----

    let private failure (trace: Trace) =
        DeviceException
            $"libtorch could not be loaded; the managed engine serves the CPU without it. Reference the package Cotangent-cpu (or Cotangent-cuda-linux, Cotangent-cuda-windows), or set {Locate.Variable} to the `lib` folder of a libtorch {Locate.Version} or PyTorch. Tried:{trace.Text}"

    let private load () : Result<Library, exn> =
        let trace = Trace()

        try
            match folder trace with
            | ValueNone -> Error(failure trace)
            | ValueSome folder ->
                match torch trace folder with
                | ValueNone -> Error(failure trace)
                | ValueSome torch ->
                    match shim trace with
                    | ValueNone -> Error(failure trace)
                    | ValueSome(struct (file, handle)) ->
                        Ok { Folder = folder; Torch = torch; Shim = handle; ShimFile = file }
        with e ->
            Error e

    /// Lets native calls find what is loaded: ours by name, and TorchSharp's, should anyone use it beside us, where its
    /// own search has failed.
    let private announce (library: Library) =
        let handle name =
            match name with
            | "LibTorchSharp" -> library.Shim
            | "torch_cpu" -> library.Torch
            | _ -> 0n

        NativeLibrary.SetDllImportResolver(Locate.here, (fun name _ _ -> handle name))

        match AssemblyLoadContext.GetLoadContext Locate.torchSharp with
        | null -> ()
        | context -> context.add_ResolvingUnmanagedDll (fun _ name -> handle name)

    let private loaded =
        lazy
            (let result = load ()
             Result.iter announce result
             result)

    // ---- CUDA ----

    let private cudaFiles = [ "c10_cuda"; "torch_cuda" ] |> List.map Platform.fileName
    let private cudaTrace = Trace()

    let private cuda =
        lazy
            (match loaded.Value with
             | Error _ -> false
             | Ok library ->
                 // libtorch reaches CUDA through hooks that these libraries put in place when they are loaded.
                 cudaFiles
                 |> List.forall (fun file ->
                     (tryLoad cudaTrace NativeLibrary.Load (Path.Combine(library.Folder, file))).IsSome))

    /// Loads what there is for CUDA, when a CUDA device is first asked for, since it takes seconds; whether there is any.
    let loadCuda (_: Library) = cuda.Value

    /// Why there are no CUDA devices.
    let aboutCuda (library: Library) =
        if cuda.Value then
            "finds none: is there a device, and a driver that is new enough?"
        elif File.Exists(Path.Combine(library.Folder, List.last cudaFiles)) then
            $"can't load its CUDA part:{cudaTrace.Text}\n"
        else
            $"is one for the CPU. Reference Cotangent-cuda-linux or Cotangent-cuda-windows instead of Cotangent-cpu, or set {Locate.Variable} to the `lib` folder of a CUDA build of PyTorch"

    /// What is loaded, or why nothing is.
    let result () = loaded.Value

    /// What is loaded; a DeviceException that says what was tried if nothing is.
    let require () =
        match loaded.Value with
        | Ok library -> library
        | Error e -> raise e
