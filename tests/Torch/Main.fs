module Cotangent.Torch.Tests.Main

open Expecto

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| Child.Flag; scenario |] -> Child.main scenario
    | _ -> runTestsInAssemblyWithCLIArgs [] arguments
