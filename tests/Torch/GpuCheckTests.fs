/// The check for machines with a GPU, on libtorch's CPU, which takes the device's place where there is none.
module Cotangent.Torch.Tests.GpuCheckTests

open System.IO
open System.Text.Json
open Expecto
open Cotangent.Torch
open Cotangent.Torch.Tests.Child

/// The program beside ours in the tree of the repository.
let private program =
    Path.GetFullPath(Path.Combine(folder, "../../../../Gpu/bin/Release/net10.0/Cotangent.Gpu.dll"))

let private run (arguments: string list) environment = start "dotnet" (program :: arguments) environment

[<Tests>]
let tests =
    testList "The GPU check" [
        test "passes on libtorch's CPU, and reports" {
            let report = Path.GetTempFileName()
            let outcome = run [ "--quick"; "--report"; report ] [ Locate.Variable, natives ]
            Expect.equal outcome.ExitCode 0 $"{outcome}"
            use json = JsonDocument.Parse(File.ReadAllText report)
            let root = json.RootElement
            Expect.equal (root.GetProperty("failed").GetInt32()) 0 "failed"
            let facts = root.GetProperty "facts"
            Expect.stringContains (facts.GetProperty("libtorch").GetString() |> nonNull) natives "libtorch"
            Expect.stringContains (facts.GetProperty("device").GetString() |> nonNull) "no CUDA" "device"

            // Every row of the table, and the sections that follow.
            let count = Cotangent.Tests.PrimitiveTable.rows.Length
            Expect.isGreaterThan (root.GetProperty("checks").GetArrayLength()) (count + 5) "checks"
            Expect.isGreaterThan (root.GetProperty("timings").GetArrayLength()) 5 "timings"
            File.Delete report
        }
        test "without a libtorch says what was tried" {
            let outcome = run [ "--quick" ] [ Locate.Variable, "/nowhere" ]
            Expect.equal outcome.ExitCode 3 $"{outcome}"
            Expect.stringContains outcome.Errors "libtorch could not be loaded" $"{outcome}"
            Expect.stringContains outcome.Errors "/nowhere" $"{outcome}"
        }
        test "finds the torch of Python" {
            // A Python that answers where its torch is.
            let place = Directory.CreateTempSubdirectory("cotangent-python-").FullName

            try
                let torch = Path.Combine(place, "torch")
                Directory.CreateDirectory torch |> ignore

                File.WriteAllText(
                    Path.Combine(torch, "version.py"),
                    "__version__ = '2.10.0+cu130'\ncuda: Optional[str] = '13.0'\n"
                )

                Directory.CreateSymbolicLink(Path.Combine(torch, "lib"), natives) |> ignore
                let python = Path.Combine(place, "python3")
                File.WriteAllText(python, $"#!/bin/sh\necho {torch}\n")
                File.SetUnixFileMode(python, UnixFileMode.UserRead ||| UnixFileMode.UserExecute)
                let path = nonNull (System.Environment.GetEnvironmentVariable "PATH")

                let outcome =
                    run [ "--quick"; "--report"; Path.Combine(place, "report.json") ] [
                        "PATH", $"{place}:{path}"
                    ]

                Expect.equal outcome.ExitCode 0 $"{outcome}"
                Expect.stringContains outcome.Output "PyTorch 2.10.0+cu130, CUDA 13.0" $"{outcome}"
            finally
                Directory.Delete(place, true)
        }
    ]
