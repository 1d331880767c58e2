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

let private wide (shape: int list) = buffer (Random.normal (Key.create 1L) DType.Float64 shape)

let private below n (shape: int list) =
    buffer ((Random.uniformIn (Key.create 2L) 0.0 (float n) DType.Float32 shape).Convert DType.Int32)

let private windows size step (full: int[]) : Windows =
    let all n = Array.replicate full.Length n

    { Full = full; Size = all size; Step = all step; Dilation = all 1; Before = all 0; After = all 0 }

/// What is evaluated, and on what.
type private Case = { Name: string; Primitive: Primitive; Inputs: Buffer list }

let private one name primitive inputs = { Name = name; Primitive = primitive; Inputs = inputs }

let private lines = [ 100; 1_000; 10_000; 100_000; 1_000_000; 10_000_000 ]

let private onLines () = [
    for n in lines do
        let columns = if n < 1000 then 10 else 100
        let x, y = normal [ n ], wide [ n ]
        let square, wideSquare = normal [ columns; n / columns ], wide [ columns; n / columns ]
        let rows = below columns [ columns ]
        let cumulative reverse = Primitive.CumulativeSum(1, reverse)

        one $"add {n}" (Primitive.Binary Binary.Add) [ x; x ]
        one $"exp {n}" (Primitive.Unary Unary.Exp) [ x ]
        one $"tanh {n}" (Primitive.Unary Unary.Tanh) [ x ]
        one $"erf {n}" (Primitive.Unary Unary.Erf) [ x ]
        one $"gelu {n}" (Primitive.Unary Unary.Gelu) [ x ]
        one $"slope of gelu {n}" (Primitive.Unary Unary.GeluSlope) [ x ]
        one $"less {n}" (Primitive.Binary Binary.Less) [ x; x ]
        one $"sum {n}" (Primitive.Reduce(Reduction.Sum, [| 0 |])) [ x ]
        one $"sum, Float64 {n}" (Primitive.Reduce(Reduction.Sum, [| 0 |])) [ y ]
        one $"sum, outer axis {n}" (Primitive.Reduce(Reduction.Sum, [| 0 |])) [ square ]
        one $"sum, outer axis, Float64 {n}" (Primitive.Reduce(Reduction.Sum, [| 0 |])) [ wideSquare ]
        one $"max, inner axis {n}" (Primitive.Reduce(Reduction.Max, [| 1 |])) [ square ]
        one $"max, inner axis, Float64 {n}" (Primitive.Reduce(Reduction.Max, [| 1 |])) [ wideSquare ]
        one $"argmax {n}" (Primitive.ArgReduce(true, 1)) [ square ]
        one $"cumsum {n}" (cumulative false) [ square ]
        one $"cumsum, reverse {n}" (cumulative true) [ square ]
        one $"cumsum, Float64 {n}" (cumulative false) [ wideSquare ]
        one $"concat {n}" (Primitive.Concatenate 0) [ x; x ]
        one $"gather of rows {n}" (Primitive.Gather(Finder.Gather, 0, 0)) [ square; rows ]
        one $"scatter of rows {n}" (Primitive.Scatter(Collision.Add, 0, 0, columns)) [ square; rows ]
        if n <= 1_000_000 then one $"sort {n}" (Primitive.Sort(1, false)) [ square ]
]

let private onRows () = [
    for columns in [ 64; 1024 ] do
        for n in lines do
            let rows = n / columns

            if rows > 0 then
                let x, c = normal [ rows; columns ], normal [ rows; columns ]
                let y = buffer ((Value x).Softmax())
                let labels = below columns [ rows ]
                let targets: Targets = { Smoothing = 0.0; Ignored = ValueNone }
                let each name f inputs = one $"{name} {rows}x{columns}" (Primitive.Fused f) inputs

                each "softmax" (Fused.Softmax(false, 1)) [ x ]
                each "  pull" (Fused.SoftmaxPull(false, 1)) [ y; c ]
                each "logSoftmax" (Fused.Softmax(true, 1)) [ x ]
                each "  pull" (Fused.SoftmaxPull(true, 1)) [ x; c ]
                each "logSumExp" (Fused.LogSumExp 1) [ x ]
                each "crossEntropy" (Fused.CrossEntropy targets) [ x; labels ]
                each "  pull" (Fused.CrossEntropyPull targets) [ x; labels; normal [ rows ] ]
                each "layerNorm" (Fused.Normalize(true, 1e-5)) [ x ]
                each "  pull" (Fused.NormalizePull(true, 1e-5)) [ x; c ]
                each "rmsNorm" (Fused.Normalize(false, 1e-5)) [ x ]
                each "  pull" (Fused.NormalizePull(false, 1e-5)) [ x; c ]
    for batch, length, width in [ 4, 16, 16; 4, 64, 32; 16, 64, 64; 4, 256, 64; 4, 1024, 64 ] do
        for causal in [ false; true ] do
            let q, k, v, c =
                normal [ batch; length; width ],
                normal [ batch; length; width ],
                normal [ batch; length; width ],
                normal [ batch; length; width ]

            let label = $"""{batch}x{length}x{width}{if causal then ", causal" else ""}"""
            one $"attention {label}" (Primitive.Fused(Fused.Attention(causal, 0.125))) [ q; k; v ]
            one $"  pull {label}" (Primitive.Fused(Fused.AttentionPull(causal, 0.125))) [ q; k; v; c ]
]

/// A convolution and its derivatives.
let private convolutions label draw groups images inputs outputs (full: int[]) size = [
    let w = windows size 1 full
    let out = full |> Array.map (fun n -> n - size + 1) |> List.ofArray
    let x = draw (images :: inputs :: List.ofArray full)
    let kernel = draw (outputs :: inputs / groups :: [ for _ in full -> size ])
    let y = draw (images :: outputs :: out)

    let products =
        float (images * outputs * inputs / groups)
        * float size ** float full.Length
        * float (List.fold (*) 1 out)
        / 1e6

    let full = full |> Seq.map string |> String.concat "x"
    let label = $"{label}{images}x{inputs}x{full} to {outputs} ({products:G3}M)"

    for name, term, given in
        [
            "convolve", ConvolutionTerm.Output, [ x; kernel ]
            "  its input", ConvolutionTerm.Input, [ kernel; y ]
            "  its kernel", ConvolutionTerm.Kernel, [ x; y ]
        ] do
        one $"{name} {label}" (Primitive.Convolution(term, w, groups)) given
]

let private onImages () = [
    for images, inputs, outputs, size in
        [
            1, 1, 4, 8
            1, 3, 16, 32
            8, 16, 16, 16
            16, 4, 16, 28
            32, 8, 16, 28
            64, 1, 16, 28
            64, 3, 16, 28
            64, 16, 32, 13
            8, 64, 64, 28
            16, 64, 128, 56
        ] do
        yield! convolutions "" normal 1 images inputs outputs [| size; size |] 3
    for images, inputs, outputs, size in [ 8, 16, 16, 16; 64, 16, 32, 13; 8, 64, 64, 28 ] do
        yield! convolutions "Float64 " wide 1 images inputs outputs [| size; size |] 3
    for groups, images, channels, size in [ 4, 16, 32, 28; 32, 16, 32, 28; 64, 32, 64, 56 ] do
        yield! convolutions $"{groups} groups " normal groups images channels channels [| size; size |] 3
    for images, inputs, outputs, length in [ 16, 1, 16, 256; 16, 32, 32, 256; 16, 64, 128, 1024 ] do
        yield! convolutions "" normal 1 images inputs outputs [| length |] 3
    for images, inputs, outputs, size in [ 2, 1, 8, 16; 2, 16, 16, 16; 4, 32, 32, 24 ] do
        yield! convolutions "" normal 1 images inputs outputs [| size; size; size |] 3
    for images, channels, size in [ 1, 1, 8; 1, 16, 32; 64, 16, 26; 64, 64, 56 ] do
        let x = normal [ images; channels; size; size ]
        let w = windows 2 2 [| size; size |]
        let label = $"{images}x{channels}x{size}x{size}"
        one $"maxPool {label}" (Primitive.MaxPool w) [ x ]
]

let private on threads (choice: CpuEngine) (case: Case) () =
    Workers.limit threads
    Cotangent.Torch.Native.THSTorch_set_num_threads threads

    withCpuEngine choice (fun () ->
        let engine = Engines.forDevice Device.Cpu
        let inputs = Array.ofList case.Inputs
        let call () = engine.EvaluateAll(case.Primitive, inputs, Device.Cpu) |> ignore
        call ()
        Some(perCall 4.0 call))

let private measure title (cases: Case list) =
    // Until the runtime has compiled all of it at its best.
    for case in cases do
        if Seq.forall (fun (x: Buffer) -> Shape.count x.Shape <= 100_000) case.Inputs then
            for _ in 1..3 do
                on 2 CpuEngine.Managed case () |> ignore

    table title "µs" 5 [
        for case in cases do
            case.Name,
            [
                for threads in [ 1; 2 ] do
                    { Name = $"managed, {threads}"; Measure = on threads CpuEngine.Managed case }
                    { Name = $"libtorch, {threads}"; Measure = on threads CpuEngine.Libtorch case }
            ]
    ]

/// libtorch is loaded as it is for users, whose OpenMP waits without counting.
let run (arguments: string list) =
    if (Cotangent.Torch.Loader.result ()).IsOk then
        let wanted name = arguments.IsEmpty || List.contains name arguments
        if wanted "lines" then measure "One kind of primitive at a time" (onLines ())
        if wanted "rows" then measure "Fused" (onRows ())
        if wanted "windows" then measure "Windows" (onImages ())
    else
        printfn "The crossings need libtorch."
