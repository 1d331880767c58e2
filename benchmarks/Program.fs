module Cotangent.Benchmarks.Program

[<EntryPoint>]
let main arguments =
    match List.ofArray arguments with
    | "compile" :: rest ->
        CompileBenchmarks.run rest
        0
    | _ ->
        printfn "dotnet fsi build.fsx bench compile [first] [gan] [elementwise]"
        1
