/// What a call of a compiled function costs that does next to nothing: one step of gradient descent on a model of small
/// tensors, against the same written by hand: new arrays, filled by a loop, and the tensors and records around them.
module Cotangent.Benchmarks.CallBenchmarks

open Cotangent
open Cotangent.Benchmarks.Harness

let private model layers : Linear list =
    Key.splitMany layers (Key.create 1L) |> List.ofArray |> List.map (Linear.init Linear.defaults 4 4)

let private step (layers: Linear list, rate: Tensor) : Linear list =
    layers |> Tree.map (fun p -> p - rate * p)

let private byHand (layers: Linear list, rate: Tensor) : Linear list =
    let rate = (HostBuffer.data<float32> rate.Host)[0]

    let descend (p: Tensor) =
        let before = HostBuffer.data<float32> p.Host
        let after = Array.zeroCreate<float32> before.Length

        for i in 0 .. after.Length - 1 do
            after[i] <- before[i] - rate * before[i]

        Value(HostBuffer.own DType.Float32 p.Dims after)

    layers |> List.map (fun l -> { l with Weight = descend l.Weight; Bias = descend (nonNull l.Bias) })

/// Nanoseconds a call, each on the result of the last one.
let private descend (step: Linear list * Tensor -> Linear list) layers =
    let mutable state = model layers
    let rate = tensor 1e-6f

    let call () = state <- step (state, rate)

    fun () -> Some(1000.0 * perCall 100.0 call)

let run () =
    table "A step of gradient descent" "ns a call" 9 [
        for layers in [ 2; 8; 31 ] ->
            $"{2 * layers} leaves of 4 and 16 numbers",
            [
                { Name = "by hand"; Measure = descend byHand layers }
                { Name = "compiled"; Measure = descend (compile step) layers }
                { Name = "donating"; Measure = descend (compileDonating step) layers }
            ]
    ]
