module Cotangent.Torch.Tests.Main

open Expecto

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| Child.Flag; scenario |] -> Child.main scenario
    | _ ->
        // Whoever reads an array after it went back to the pool shall read NaN.
        Cotangent.Engines.Recycling.spoil <- true
        runTestsInAssemblyWithCLIArgs [] arguments
