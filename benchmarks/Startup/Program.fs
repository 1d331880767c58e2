/// One computation in a fresh process, for `bench compile first` and `bench compile transformer`. Prints milliseconds from
/// the start of `main` to the result, and what part of it .NET's own compiler had.
module Cotangent.Startup.Program

open System
open System.Diagnostics
open System.Runtime
open System.Threading
open Cotangent
open Cotangent.Startup
open Samples

let private gan () =
    let silent = {
        new IProgress<ProgressReport> with
            member _.Report _ = ()
    }

    let trained =
        SineGan.train { SineGan.article Sines.article with Iterations = 500 } silent CancellationToken.None

    // From drawn parameters to losses: tracing, passes, emission, .NET's compiler, and half a millisecond of work.
    Console.WriteLine(
        FormattableString.Invariant $"the training took {trained.Elapsed.TotalMilliseconds:F1} ms"
    )

let private transformer blocks =
    let key = Key.create 0L
    let parameters = Transformer.init blocks key
    let x = Transformer.example key
    let step = compile (valueAndGrad (Transformer.loss x))
    let clock = Stopwatch.StartNew()
    let value, _ = step parameters
    let first = clock.Elapsed.TotalMilliseconds
    clock.Restart()
    step parameters |> ignore

    Console.WriteLine(
        $"loss {float value:G6}; the first step took {first:F0} ms, the second {clock.Elapsed.TotalMilliseconds:F1} ms"
    )

[<EntryPoint>]
let main arguments =
    let clock = Stopwatch.StartNew()

    match arguments with
    | [| "gan" |] -> gan ()
    | [| "transformer"; blocks |] -> transformer (int blocks)
    | _ -> failwith "gan, or transformer BLOCKS"

    let elapsed = clock.Elapsed.TotalMilliseconds
    let inJit, methods = JitInfo.GetCompilationTime false, JitInfo.GetCompiledMethodCount false

    Console.WriteLine(
        FormattableString.Invariant
            $"{elapsed:F1} ms, {methods} methods compiled in {inJit.TotalMilliseconds:F1} ms"
    )

    0
