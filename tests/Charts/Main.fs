module Cotangent.Charts.Tests.Main

open Expecto

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| Child.Flag; folder |] -> Child.writeForEver folder
    | _ -> runTestsInAssemblyWithCLIArgs [] arguments
