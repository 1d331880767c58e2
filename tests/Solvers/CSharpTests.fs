module Cotangent.Solvers.Tests.CSharpTests

open System
open System.Diagnostics
open System.IO
open Expecto

/// The program beside these tests, of the same configuration.
let private program =
    let own = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)
    let framework = nonNull (Path.GetFileName own)
    let configuration = nonNull (Path.GetFileName(nonNull (Path.GetDirectoryName own)))

    Path.Combine(
        __SOURCE_DIRECTORY__,
        "CSharp",
        "bin",
        configuration,
        framework,
        "Cotangent.Solvers.CSharp.dll"
    )

[<Tests>]
let csharp =
    testList "C#" [
        test "a program as a C# user writes it" {
            let info =
                ProcessStartInfo(
                    "dotnet",
                    [ program ],
                    RedirectStandardOutput = true,
                    RedirectStandardError = true
                )

            match Process.Start info with
            | null -> failtest "not started"
            | running ->
                use running = running
                let errors = running.StandardError.ReadToEndAsync()
                let output = running.StandardOutput.ReadToEnd()
                running.WaitForExit()
                Expect.equal running.ExitCode 0 errors.Result
                Expect.stringContains output "All as it should be." "to its end"
        }
    ]
