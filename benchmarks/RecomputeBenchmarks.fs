/// What it costs and saves to compute elementwise work again on the way back, where the minimum cut says so: time of a
/// gradient of a compiled function, forward and backward, and the memory that the two programs take by their plans.
module Cotangent.Benchmarks.RecomputeBenchmarks

open Cotangent
open Cotangent.Benchmarks.Harness
open Cotangent.Compiler
open Cotangent.Startup

/// Forward and backward, each a program, and what crosses over.
type private Split = { Forward: CallOperation; Backward: CallOperation; Residuals: int }

/// The gradient of a loss by all leaves of a tree, cut in two.
let private split (longest: int) (loss: 'p -> Tensor) (x: 'p) : Split =
    let leaves = Tree.leaves x
    let like = leaves |> Array.map (fun t -> Stage.signatureOf t, t.Device)
    let seed = ({ DType = DType.Float32; Shape = [||] }: Signature), Device.Cpu

    let both (xs: Tensor[]) =
        let primals, seed = xs[.. xs.Length - 2], xs[xs.Length - 1]
        let value, pull = vjp (fun (xs: Tensor[]) -> loss (Tree.rebuild x xs)) primals
        Array.append [| value |] (pull seed)

    let joint =
        Passes.differentiable
            Watch.ofEnvironment.Value
            Cpu.target
            (Stage.closed "recompute" both (Array.append like [| seed |]))

    let halves = Partition.splitWithin longest joint leaves.Length 1

    {
        Forward = CallOperation("forward", halves.Forward, Donation.None)
        Backward = CallOperation("backward", halves.Backward, Donation.None)
        Residuals = halves.Residuals
    }

let private measure title (loss: 'p -> Tensor) (x: 'p) =
    let leaves = Tree.leaves x
    let one = tensor 1.0f
    let cases = [ "all kept", split 0 loss x; "elementwise work done again", split Partition.Longest loss x ]

    let run (s: Split) =
        let values = Bind.apply (Primitive.Custom s.Forward) leaves
        let kept = values[1..]
        Bind.apply (Primitive.Custom s.Backward) (Array.append kept [| one |]) |> ignore
        kept

    compare title "µs" 9 [
        for name, s in cases ->
            {
                Name = name
                Measure =
                    fun () ->
                        for _ in 1..3 do
                            run s |> ignore

                        Some(perCall 300.0 (fun () -> run s |> ignore))
            }
    ]

    for name, s in cases do
        let arguments = leaves |> Array.map box
        // Arguments cross over as they are.
        let own =
            run s
            |> Array.filter (fun t -> not (Array.exists (fun a -> obj.ReferenceEquals(a, box t)) arguments))

        let forward, backward = s.Forward.Memory, s.Backward.Memory
        let kept = forward.Results
        let peak = max (forward.Results + forward.Between) (kept + backward.Results + backward.Between)

        printfn
            "  %s: %d values cross over, %d bytes made for it; at most %d bytes at one time"
            name
            own.Length
            kept
            peak

let run () =
    let x = Random.normal (Key.create 2L) DType.Float32 [ 512; 256 ]
    let keys = Key.splitMany 3 (Key.create 1L)
    let layer inputs outputs key = Linear.init Linear.defaults inputs outputs key
    let model = layer 256 1024 keys[0], layer 1024 1024 keys[1], layer 1024 256 keys[2]

    let loss (first: Linear, second: Linear, last: Linear) =
        let hidden layer x = geluTanh (Linear.forward layer x)
        mean (square (x |> hidden first |> hidden second |> Linear.forward last))

    measure "MLP 256-1024-1024-256 with gelu by tanh, batch 512" loss model

    measure
        "4 transformer blocks, width 256, 64 positions, batch 4"
        (Transformer.loss (Transformer.example (Key.create 3L)))
        (Transformer.init 4 (Key.create 4L))
