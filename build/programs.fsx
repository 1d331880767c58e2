/// Runs dotnet and other programs, in the folder of the repository.
module Programs

open System
open System.Diagnostics
open System.IO

let root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))
Directory.SetCurrentDirectory root

// The target `restore` restores for all projects at once: each of them need not do so again in a build.
Environment.SetEnvironmentVariable("PaketDisableGlobalRestore", "true")

/// Runs a program on our own console, so that its colours, progress bar and Ctrl-C work, to its exit code.
let execute (program: string) (arguments: string list) =
    use child = Process.Start(ProcessStartInfo(program, arguments))
    child.WaitForExit()
    child.ExitCode

let failIf code arguments =
    if code <> 0 then
        eprintfn "Failed with exit code %d: dotnet %s" code (String.concat " " arguments)
        exit code

/// Runs dotnet; if that fails, says what failed and ends the script with the same exit code.
let dotnet arguments = failIf (execute "dotnet" arguments) arguments

/// Runs dotnet for what nobody wants to read unless it fails, to its exit code.
let executeQuietly (arguments: string list) =
    let start = ProcessStartInfo("dotnet", arguments, RedirectStandardOutput = true)
    use child = Process.Start start
    let output = child.StandardOutput.ReadToEnd()
    child.WaitForExit()
    if child.ExitCode <> 0 then printf "%s" output
    child.ExitCode

let dotnetQuietly arguments = failIf (executeQuietly arguments) arguments

/// The assembly that a Release build makes of a project. Run directly, it starts faster than by `dotnet run`.
let assembly (project: string) =
    let folder, name = Path.GetDirectoryName project, Path.GetFileNameWithoutExtension project
    Path.Combine(folder, "bin", "Release", "net10.0", name + ".dll")

/// Folders of source code; some of them came later than this script.
let sources =
    [ "src"; "tests"; "samples"; "benchmarks"; "docs"; "site" ] |> List.filter Directory.Exists

let fantomas options = [ "fantomas" ] @ options @ sources @ [ "build"; "build.fsx" ]
