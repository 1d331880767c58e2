module Cotangent.Data.Tests.CSharpTests

open Expecto
open Cotangent.Tests

[<Tests>]
let csharp =
    testList "C#" [
        test "a program as a C# user writes it" {
            CSharpProgram.run "Data.CSharp" "Cotangent.Data.CSharp.Tests.dll"
        }
    ]
