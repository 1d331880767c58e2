/// Programs in other languages that measure the same: built, run and read here, skipped where their tools are missing.
module Cotangent.Benchmarks.Peers

open System
open System.Diagnostics
open System.Globalization
open System.IO
open System.Runtime.InteropServices
open System.Text.RegularExpressions

let private root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__))

let private tryRun (program: string) (arguments: string list) : string option =
    try
        let start =
            ProcessStartInfo(program, arguments, RedirectStandardOutput = true, RedirectStandardError = true)

        match Process.Start start with
        | null -> None
        | started ->
            use running = started
            let output = running.StandardOutput.ReadToEnd()
            running.WaitForExit()
            if running.ExitCode = 0 then Some output else None
    with :? ComponentModel.Win32Exception ->
        None

/// The first number of an output.
let private firstNumber (output: string) =
    float (Regex.Match(output, @"\d+(\.\d+)?").Value.ToString CultureInfo.InvariantCulture)

/// A C++ program of `cpp`, compiled with these flags; to be run with arguments, to the first number it prints.
let cpp (source: string) (flags: string list) : (string list -> float option) option =
    let folder = Path.Combine(Path.GetTempPath(), "cotangent-benchmarks")
    Directory.CreateDirectory folder |> ignore
    let name = String.concat "" (source :: flags) |> fun s -> Regex.Replace(s, "[^a-zA-Z0-9]", "_")
    let binary = Path.Combine(folder, name)
    let file = Path.Combine(root, "cpp", source + ".cpp")

    tryRun "g++" ([ "-O3"; "-march=native" ] @ flags @ [ file; "-o"; binary ])
    |> Option.map (fun _ -> fun arguments -> tryRun binary arguments |> Option.map firstNumber)

/// The script of `numpy`, to the last number of the line that begins with a word.
let numpy (script: string) (arguments: string list) : string option =
    let file = Path.Combine(root, "numpy", script + ".py")
    tryRun "/usr/bin/python3" (file :: arguments)

[<DllImport("libc", EntryPoint = "setenv")>]
extern int private setenv(string name, string value, int overwrite)

/// The threads of libtorch's OpenMP wait for work as long as is their custom when TorchSharp is used alone: our loader
/// would have them sleep at once, which costs TorchSharp time.
let private asAlone () = if OperatingSystem.IsLinux() then setenv ("GOMP_SPINCOUNT", "300000", 0) |> ignore

let private loaded =
    lazy
        (asAlone ()
         (Cotangent.Torch.Loader.result ()).IsOk)

/// Whether libtorch can be loaded here; once it is, TorchSharp uses it, too.
let hasLibtorch () = loaded.Value
