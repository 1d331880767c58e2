module Cotangent.Tests.Main

open Expecto

[<EntryPoint>]
let main arguments =
    // Whoever reads an array after it went back to the pool shall read NaN.
    Cotangent.Engines.Recycling.spoil <- true
    runTestsInAssemblyWithCLIArgs [] arguments
