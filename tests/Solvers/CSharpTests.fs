module Cotangent.Solvers.Tests.CSharpTests

open Expecto
open Cotangent.Tests

[<Tests>]
let csharp =
    testList "C#" [
        test "a program as a C# user writes it" {
            CSharpProgram.run "Solvers/CSharp" "Cotangent.Solvers.CSharp.dll"
        }
    ]
