module Cotangent.Charts.Tests.Main

open Expecto

[<EntryPoint>]
let main arguments = runTestsInAssemblyWithCLIArgs [] arguments
