namespace Cotangent.Torch

open System
open System.IO
open System.Runtime.InteropServices

/// How this platform names its native libraries, and which it has in memory.
module internal Platform =

    /// The runtime identifier in package names; None where there is no libtorch in packages.
    let identifier =
        match RuntimeInformation.ProcessArchitecture with
        | Architecture.X64 when OperatingSystem.IsLinux() -> Some "linux-x64"
        | Architecture.X64 when OperatingSystem.IsWindows() -> Some "win-x64"
        | Architecture.Arm64 when OperatingSystem.IsWindows() -> Some "win-arm64"
        | Architecture.Arm64 when OperatingSystem.IsMacOS() -> Some "osx-arm64"
        | _ -> None

    /// The file name of a library: libtorch_cpu.so, torch_cpu.dll, libtorch_cpu.dylib.
    let fileName library =
        if OperatingSystem.IsWindows() then $"{library}.dll"
        elif OperatingSystem.IsMacOS() then $"lib{library}.dylib"
        else $"lib{library}.so"

    /// The files of this name that the process has mapped, links resolved.
    let mapped (fileName: string) : string list =
        let paths =
            if OperatingSystem.IsLinux() then
                // address permissions offset device inode path
                File.ReadLines "/proc/self/maps"
                |> Seq.map (fun line -> line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries))
                |> Seq.filter (fun fields -> fields.Length = 6)
                |> Seq.map (fun fields -> fields[5])
            else
                use self = Diagnostics.Process.GetCurrentProcess()
                [ for m in self.Modules -> m.FileName ]

        paths
        |> Seq.filter (fun path ->
            String.Equals(Path.GetFileName path, fileName, StringComparison.OrdinalIgnoreCase))
        |> Seq.distinct
        |> List.ofSeq

    /// The path with all links followed.
    let rec real (path: string) =
        match Directory.GetParent path with
        | null -> path
        | parent ->
            let path = Path.Combine(real parent.FullName, Path.GetRelativePath(parent.FullName, path))

            match FileInfo(path).ResolveLinkTarget true with
            | null -> path
            | target -> real target.FullName
