/// Programs as a C# user writes them, run by the tests of a package.
module Cotangent.Tests.CSharpProgram

open System
open System.Diagnostics
open System.IO
open Expecto

/// A program in a folder of `tests`, built in the configuration of the tests that ask: it has to come to its end.
let run (folder: string) (assembly: string) =
    let own = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)
    let framework = nonNull (Path.GetFileName own)
    let configuration = nonNull (Path.GetFileName(nonNull (Path.GetDirectoryName own)))

    let program = Path.Combine(__SOURCE_DIRECTORY__, folder, "bin", configuration, framework, assembly)

    let info =
        ProcessStartInfo("dotnet", [ program ], RedirectStandardOutput = true, RedirectStandardError = true)

    use running = nonNull (Process.Start info)
    let errors = running.StandardError.ReadToEndAsync()
    let output = running.StandardOutput.ReadToEnd()
    running.WaitForExit()
    Expect.equal running.ExitCode 0 errors.Result
    Expect.stringContains output "All as it should be." "to its end"
