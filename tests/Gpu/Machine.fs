/// What this computer has: a libtorch, CUDA devices and their names.
module Cotangent.Gpu.Machine

open System
open System.Diagnostics
open System.IO
open System.Runtime.InteropServices
open System.Text
open System.Text.RegularExpressions
open Cotangent.Torch

// ---- libtorch ----

/// The folder of the `torch` that Python would import, without importing it, which takes seconds.
[<Literal>]
let private Ask =
    "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"

/// The `lib` folder of Python's torch, if there is a Python with one.
let private ofPython () =
    let ask (python: string) =
        try
            let start =
                ProcessStartInfo(
                    python,
                    [ "-c"; Ask ],
                    RedirectStandardOutput = true,
                    RedirectStandardError = true
                )

            use child = nonNull (Process.Start start)
            let answer = child.StandardOutput.ReadToEnd().Trim()
            child.WaitForExit()
            if answer = "" then None else Some(Path.Combine(answer, "lib"))
        with :? ComponentModel.Win32Exception ->
            None // no such program

    [ "python3"; "python" ] |> List.tryPick ask |> Option.filter Directory.Exists

/// Where libtorch is to be loaded from; sets the variable for the loader if Python has one and the user names none.
let chooseLibtorch () =
    match Locate.chosen (), ofPython with
    | Some folder, _ -> $"{folder}, as {Locate.Variable} says"
    | None, ask ->
        match ask () with
        | Some folder ->
            Environment.SetEnvironmentVariable(Locate.Variable, folder)
            $"{folder}, Python's"
        | None ->
            $"the one beside this program, if any: {Locate.Variable} names no other, and Python has no torch"

/// The version of the libtorch in a folder, by the text files that PyTorch and libtorch come with.
let versionOf (folder: string) =
    let above = Path.GetFullPath(Path.Combine(folder, ".."))
    let read (file: string) = if File.Exists file then Some(File.ReadAllText file) else None
    let found (text: string) (pattern: string) = Regex.Match(text, pattern).Groups[1].Value

    match read (Path.Combine(above, "version.py")), read (Path.Combine(above, "build-version")) with
    | Some text, _ ->
        let version = found text @"__version__ = '([^']+)'"
        let cuda = found text @"(?m)^cuda[^=]*= '([^']+)'"
        $"PyTorch {version}, CUDA {cuda}"
    | None, Some text -> $"libtorch {text.Trim()}"
    | None, None ->
        // A package: …/libtorch-cpu-linux-x64/2.10.0/runtimes/linux-x64/native
        match found folder @"libtorch-[\w.-]+[/\\]([\d.]+)[/\\]runtimes" with
        | "" -> "of unknown version"
        | version -> $"libtorch {version}"

// ---- The driver ----

[<DllImport("libcuda.so.1")>]
extern int private cuInit(int flags)

[<DllImport("libcuda.so.1")>]
extern int private cuDriverGetVersion(int& version)

[<DllImport("libcuda.so.1")>]
extern int private cuDeviceGet(int& device, int ordinal)

[<DllImport("libcuda.so.1")>]
extern int private cuDeviceGetName(byte[] name, int length, int device)

[<DllImport("libcuda.so.1")>]
extern int private cuDeviceTotalMem_v2(unativeint& bytes, int device)

type Card = { Name: string; Bytes: int64; Driver: string }

/// A CUDA device as its driver knows it; None where there is no driver.
let card (index: int) : Card option =
    let mutable device, version, bytes = 0, 0, 0un
    let name = Array.zeroCreate<byte> 256

    try
        if
            cuInit 0 = 0
            && cuDriverGetVersion &version = 0
            && cuDeviceGet (&device, index) = 0
            && cuDeviceGetName (name, name.Length, device) = 0
            && cuDeviceTotalMem_v2 (&bytes, device) = 0
        then
            Some {
                Name = Encoding.ASCII.GetString(name).TrimEnd '\000'
                Bytes = int64 bytes
                Driver = $"CUDA {version / 1000}.{version % 1000 / 10}"
            }
        else
            None
    with :? DllNotFoundException ->
        None

let processor () =
    let file = "/proc/cpuinfo"

    let name =
        if File.Exists file then
            Regex.Match(File.ReadAllText file, @"model name\s*: (.*)").Groups[1].Value
        else
            string RuntimeInformation.ProcessArchitecture

    $"{name}, {Environment.ProcessorCount} threads"
