/// ONNX Runtime, asked for the same.
module Cotangent.Benchmarks.Peer

open System
open System.IO
open Cotangent
open Microsoft.ML.OnnxRuntime

/// A file of the program's folder.
let file (name: string) : string = Path.Combine(AppContext.BaseDirectory, name)

/// A named input that holds the numbers of a tensor.
type Input = { Name: string; Value: OrtValue }

let private input<'T when 'T: unmanaged and 'T: struct and 'T :> ValueType and 'T: (new: unit -> 'T)>
    (name: string)
    (t: Tensor)
    : Input =
    let data = t.Flatten().ToData<'T[]>()

    {
        Name = name
        Value = OrtValue.CreateTensorValueFromMemory<'T>(data, t.Shape |> Seq.map int64 |> Array.ofSeq)
    }

let numbers (name: string) (t: Tensor) : Input = input<float32> name t
let integers (name: string) (t: Tensor) : Input = input<int64> name t

/// As many threads as there are processors, or as the variable says that limits ours.
let threads =
    match Environment.GetEnvironmentVariable "COTANGENT_THREADS" with
    | null
    | "" -> Environment.ProcessorCount
    | text -> int text

/// A model, from the bytes of its file.
[<Sealed>]
type Model(bytes: byte[]) =
    let options =
        new SessionOptions(
            IntraOpNumThreads = threads,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL
        )

    let session = new InferenceSession(bytes, options)
    let running = new RunOptions()
    let output = session.OutputNames[0]

    /// The first result, flat.
    member _.Run(inputs: Input list) : float32[] =
        let names = inputs |> List.map _.Name |> Array.ofList
        let values = inputs |> List.map _.Value |> Array.ofList
        use results = session.Run(running, names, values, [| output |])
        results[0].GetTensorDataAsSpan<float32>().ToArray()

    interface IDisposable with
        member _.Dispose() =
            running.Dispose()
            session.Dispose()
            options.Dispose()
