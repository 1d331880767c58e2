module Cotangent.Benchmarks.Program

[<EntryPoint>]
let main arguments =
    match List.ofArray arguments with
    | "compile" :: rest ->
        CompileBenchmarks.run rest
        if rest.IsEmpty || List.contains "nets" rest then EngineBenchmarks.compiled rest
        0
    | "engines" :: "crossings" :: rest ->
        Crossings.run rest
        0
    | "engines" :: "decompositions" :: rest ->
        DecompositionBenchmarks.run rest
        0
    | "operations" :: rest ->
        OperationBenchmarks.run rest
        0
    | "engines" :: rest ->
        EngineBenchmarks.run rest
        0
    | "peak" :: rest ->
        PeakBenchmarks.run rest
        0
    | "convolutions" :: rest ->
        ConvolutionBenchmarks.run rest
        0
    | "models" :: rest ->
        ModelBenchmarks.run rest
        0
    | "checkpoint" :: rest ->
        CheckpointBenchmarks.run rest
        0
    | "loader" :: rest ->
        LoaderBenchmarks.run rest
        0
    | "ode" :: rest ->
        OdeBenchmarks.run rest
        0
    | "taylor" :: rest ->
        TaylorBenchmarks.run rest
        0
    | "gan" :: rest ->
        GanQuality.run rest
        0
    | _ ->
        printfn
            "dotnet fsi build.fsx bench compile [first] [transformer] [gan] [elementwise] [recompute] [calls] [nets [mlp] [net]]"

        printfn "dotnet fsi build.fsx bench peak [--json FILE]"
        printfn "dotnet fsi build.fsx bench convolutions [--json FILE]"
        printfn "dotnet fsi build.fsx bench models [cnn | resnet | transformer | lstm] [--json FILE]"
        printfn "dotnet fsi build.fsx bench inference [resnet] [minilm] [convolutions]"
        printfn "dotnet fsi build.fsx bench checkpoint"
        printfn "dotnet fsi build.fsx bench loader [throughput] [waiting]"
        printfn "dotnet fsi build.fsx bench ode"
        printfn "dotnet fsi build.fsx bench taylor [along] [laplacian]"
        printfn "dotnet fsi build.fsx bench gan [SEEDS] [PRESET ...]"
        printfn "dotnet fsi build.fsx bench engines [calls] [fused] [mlp] [net]"
        printfn "dotnet fsi build.fsx bench engines crossings [lines] [rows] [windows]"
        printfn "dotnet fsi build.fsx bench engines decompositions [NAME ...]"
        printfn "dotnet fsi build.fsx bench operations [fourier] [indices] [process [eager | compiled]]"
        1
