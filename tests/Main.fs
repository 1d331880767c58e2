module Cotangent.Tests.Main

open Expecto

[<EntryPoint>]
let main arguments = runTestsInAssemblyWithCLIArgs [] arguments
