module Cotangent.Distributions.Tests.CSharpTests

open Expecto
open Cotangent.Tests

[<Tests>]
let csharp =
    testList "C#" [
        test "a program as a C# user writes it" {
            CSharpProgram.run "Distributions.CSharp" "Cotangent.Distributions.CSharp.Tests.dll"
        }
    ]
