/// Each kind of primitive on the managed engine and on libtorch, at several sizes: where one becomes faster than the
/// other. `FastestEngine` goes by these numbers.
module Cotangent.Benchmarks.Crossings

open Cotangent
open Cotangent.Benchmarks.Harness
open Cotangent.Engines

let private buffer (t: Tensor) =
    match t with
    | Value b -> b
    | Traced _ -> invalidOp "Nothing is traced here."

let private normal (shape: int list) = buffer (Random.normal (Key.create 1L) DType.Float32 shape)

let private below n (shape: int list) =
    buffer ((Random.uniformIn (Key.create 2L) 0.0 (float n) DType.Float32 shape).Convert DType.Int32)

let private windows size step full : Windows = {
    Full = full
    Size = [| size; size |]
    Step = [| step; step |]
    Dilation = [| 1; 1 |]
    Before = [| 0; 0 |]
    After = [| 0; 0 |]
}

/// What is evaluated, and on what.
type private Case = { Name: string; Primitive: Primitive; Inputs: Buffer list }

let private lines = [ 1_000; 100_000; 1_000_000; 10_000_000 ]

let private onLines = [
    for n in lines do
        let x = normal [ n ]
        let square = normal [ 100; n / 100 ]
        let rows = below 100 [ 100 ]

        for name, primitive, inputs in
            [
                "add", Primitive.Binary Binary.Add, [ x; x ]
                "exp", Primitive.Unary Unary.Exp, [ x ]
                "tanh", Primitive.Unary Unary.Tanh, [ x ]
                "less", Primitive.Binary Binary.Less, [ x; x ]
                "sum", Primitive.Reduce(Reduction.Sum, [| 0 |]), [ x ]
                "sum, outer axis", Primitive.Reduce(Reduction.Sum, [| 0 |]), [ square ]
                "max, inner axis", Primitive.Reduce(Reduction.Max, [| 1 |]), [ square ]
                "argmax", Primitive.ArgReduce(true, 1), [ square ]
                "cumsum", Primitive.CumulativeSum(1, false), [ square ]
                "argsort", Primitive.ArgSort(1, false), [ square ]
                "concat", Primitive.Concatenate 0, [ x; x ]
                "gather of rows", Primitive.Gather(0, 0), [ square; rows ]
                "scatter of rows", Primitive.Scatter(Collision.Add, 0, 0, 100), [ square; rows ]
            ] do
            if name <> "argsort" || n <= 1_000_000 then
                { Name = $"{name} {n}"; Primitive = primitive; Inputs = inputs }
]

let private onImages = [
    for images, inputs, outputs, size in
        [
            1, 1, 4, 8
            1, 3, 16, 32
            8, 16, 16, 16
            64, 1, 16, 28
            64, 16, 32, 13
            8, 64, 64, 28
            16, 64, 128, 56
        ] do
        let w = windows 3 1 [| size; size |]
        let out = size - 2
        let x = normal [ images; inputs; size; size ]
        let kernel = normal [ outputs; inputs; 3; 3 ]
        let y = normal [ images; outputs; out; out ]
        let products = float images * float inputs * float outputs * float (9 * out * out) / 1e6
        let label = $"{images}x{inputs}x{size}x{size} to {outputs} ({products:G3}M)"

        for name, term, given in
            [
                "convolve", ConvolutionTerm.Output, [ x; kernel ]
                "  its input", ConvolutionTerm.Input, [ kernel; y ]
                "  its kernel", ConvolutionTerm.Kernel, [ x; y ]
            ] do
            { Name = $"{name} {label}"; Primitive = Primitive.Convolution(term, w, 1); Inputs = given }
    for images, channels, size in [ 1, 1, 8; 1, 16, 32; 64, 16, 26; 64, 64, 56 ] do
        let x = normal [ images; channels; size; size ]
        let w = windows 2 2 [| size; size |]

        for name, maximum in [ "maxPool", Maximum.Value; "  its positions", Maximum.Position ] do
            {
                Name = $"{name} {images}x{channels}x{size}x{size}"
                Primitive = Primitive.MaxPool(maximum, w)
                Inputs = [ x ]
            }
]

let private on (choice: CpuEngine) (case: Case) () =
    withCpuEngine choice (fun () ->
        let engine = Engines.forDevice Device.Cpu
        let inputs = Array.ofList case.Inputs
        let call () = engine.Evaluate(case.Primitive, inputs, Device.Cpu) |> ignore
        call ()
        Some(perCall 10.0 call))

let run () =
    // Until the runtime has compiled all of it at its best.
    for case in onLines @ onImages do
        if Seq.forall (fun (x: Buffer) -> Shape.count x.Shape <= 1_000_000) case.Inputs then
            for _ in 1..3 do
                on CpuEngine.Managed case () |> ignore

    for title, cases in [ "One kind of primitive at a time", onLines; "Windows", onImages ] do
        table title "µs" 5 [
            for case in cases do
                case.Name,
                [
                    { Name = "managed"; Measure = on CpuEngine.Managed case }
                    {
                        Name = "libtorch"
                        Measure =
                            fun () -> if Peers.hasLibtorch () then on CpuEngine.Libtorch case () else None
                    }
                ]
        ]
