module Cotangent.Packages.Tests.Main

open Expecto

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| "record" |] ->
        PublicApi.record ()
        0
    | _ -> runTestsInAssemblyWithCLIArgs [] arguments
