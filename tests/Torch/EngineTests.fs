/// libtorch against what every primitive means: on tensors of its own, as on CUDA, and on arrays of .NET.
module Cotangent.Torch.Tests.EngineTests

open System
open System.Runtime.Intrinsics
open Expecto
open Cotangent
open Cotangent.Engines
open Cotangent.Torch
open Cotangent.Tests
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow
open Cotangent.Tests.PrimitiveTable
open Cotangent.Torch.Tests.SpecialNumbers

let private managed: Engine = ManagedEngine()

/// The engine of CUDA devices, on libtorch's CPU: but for the place all is the same.
let private device: Engine =
    TorchEngine({ Kind = Code.Cpu; Index = -1 }, Device.Cuda 0, MemoryMeter(1L <<< 24))

let private arrays: Engine = TorchHostEngine managed

let private buffers (e: Example) : Buffer[] = e.Inputs |> Array.map (fun t -> t.Host :> Buffer)

let private onHost (engine: Engine) (p: Primitive) (inputs: Buffer[]) : HostBuffer[] =
    engine.EvaluateAll(p, inputs, Device.Cpu) |> Array.map engine.ToHost

let private byManaged (p: Primitive) (inputs: Buffer[]) : HostBuffer[] =
    managed.EvaluateAll(p, inputs, Device.Cpu) |> Array.map (fun b -> b :?> HostBuffer)

let private onDevice (p: Primitive) (inputs: Buffer[]) : HostBuffer[] =
    let moved = inputs |> Array.map (fun x -> device.OfHost(x :?> HostBuffer, Device.Cuda 0))
    onHost device p moved

let private engines: (string * (Primitive -> Buffer[] -> HostBuffer[])) list = [
    "tensors", onDevice
    "arrays", onHost arrays
]

let private agree what ulps scale (expected: HostBuffer[]) (actual: HostBuffer[]) =
    match Oracle.differences ulps scale expected actual with
    | None -> ()
    | Some wrong -> failtest $"{what}: {wrong}"

/// Both engines against the plain evaluator, on small tensors in all layouts.
let private table =
    testList "every primitive" [
        for row in rows do
            test row.Name {
                let _ = Loader.require ()

                for dtype in row.DTypes do
                    for seed in 1..12 do
                        let example = row.Draw (Dice seed) Numbers.Ordinary dtype
                        let inputs = buffers example

                        let expected =
                            Oracle.evaluateAll
                                example.Primitive
                                (Array.map (fun t -> (t: Tensor).Host) example.Inputs)

                        for name, evaluate in engines do
                            let what = $"{example} on {name}, seed {seed}"

                            let actual =
                                try
                                    evaluate example.Primitive inputs
                                with e ->
                                    failtest $"{what}: {e}"

                            agree what 32.0 (Oracle.scale example.Primitive) expected actual
            }
    ]

// ---- Special values ----

/// Both engines against the managed one, where functions are hardest to get right.
let private agreesOn what ulps (p: Primitive) (inputs: Buffer[]) =
    let expected = byManaged p inputs

    for name, evaluate in engines do
        agree $"{what} on {name}" ulps 0.0 expected (evaluate p inputs)

let private special =
    testList "special values" [
        for op in casesOf<Unary>() do
            test $"{op}" {
                for dtype in DTypes.real do
                    if ShapeRule.acceptsUnary op dtype then
                        agreesOn $"{op} {dtype}" 64.0 (Primitive.Unary op) [| specials dtype |]
            }

        for op in casesOf<Binary>() do
            test $"{op} of two" {
                for dtype in DTypes.real do
                    if ShapeRule.acceptsBinary op dtype then
                        let inputs = pairs (specials dtype)
                        let divides = (op = Binary.Divide || op = Binary.Remainder) && dtype.IsInteger
                        let inputs = if divides then divisors dtype inputs else inputs
                        agreesOn $"{op} {dtype}" 64.0 (Primitive.Binary op) inputs
            }

        test "every dtype as every other" {
            for source in DTypes.real do
                for target in DTypes.real do
                    agreesOn $"{source} to {target}" 0.0 (Primitive.Convert target) [| specials source |]
        }
        test "ties between 16-bit floats, from either side" {
            let near = [
                for x in [ 1.0; 1.0078125; 2049.0; 65519.0; 3e-5 ] do
                    for nudge in [ 0.0; 1e-12; -1e-12; 2e-9; -2e-9; 4e-4; -4e-4 ] do
                        for tie in [ 0.0; 2.0 ** -9.0; 2.0 ** -12.0; 2.0 ** -11.0 ] -> x * (1.0 + tie + nudge)
            ]

            for target in [ DType.Float16; DType.BFloat16 ] do
                agreesOn $"to {target}" 0.0 (Primitive.Convert target) [| ofNumbers DType.Float64 near |]
        }
        test "NaN, infinities and ties in folds and orders" {
            let rows =
                tensor [
                    [ 1.0; nan; 3.0; nan; 2.0 ]
                    [ 2.0; 2.0; -1.0; 2.0; -1.0 ]
                    [ -0.0; 0.0; -0.0; 0.0; -0.0 ]
                    [ infinity; -infinity; 5.0; infinity; -infinity ]
                ]

            for dtype in DTypes.real do
                let x: Buffer[] = [| (rows.Convert dtype).Host |]

                for axis in [ 0; 1 ] do
                    for yes in [ true; false ] do
                        agreesOn $"argmax {dtype}" 0.0 (Primitive.ArgReduce(yes, axis)) x
                        agreesOn $"sort {dtype}" 0.0 (Primitive.Sort(axis, yes)) x

                    agreesOn $"max {dtype}" 0.0 (Primitive.Reduce(Reduction.Max, [| axis |])) x
                    agreesOn $"min {dtype}" 0.0 (Primitive.Reduce(Reduction.Min, [| axis |])) x

                    if dtype <> DType.Bool then
                        agreesOn $"sum {dtype}" 4.0 (Primitive.Reduce(Reduction.Sum, [| axis |])) x
                        agreesOn $"cumsum {dtype}" 4.0 (Primitive.CumulativeSum(axis, true)) x
        }
        test "long rows with NaN and zeros of both signs" {
            for dtype in DTypes.real do
                if dtype.IsFloat then
                    let x: Buffer[] = [| (signedRows.Value.Convert dtype).Host |]

                    for yes in [ true; false ] do
                        agreesOn $"sort {dtype}" 0.0 (Primitive.Sort(1, yes)) x
                        agreesOn $"argmax {dtype}" 0.0 (Primitive.ArgReduce(yes, 1)) x
        }
        test "what cuDNN refuses is computed all the same" {
            let refused (words: string) _ _ _ _ : nativeint[] = raise (LibtorchException words)

            for term in casesOf<ConvolutionTerm>() do
                let row = WindowRows.convolution term
                let example = row.Draw (Dice 3) Numbers.Ordinary DType.Float32
                use frame = new Frame({ Kind = Code.Cpu; Index = -1 })

                let operands: Operand[] =
                    example.Inputs
                    |> Array.map (fun t -> {
                        Tensor = Transfer.share frame t.Host
                        DType = t.DType
                        Shape = t.Shape
                    })

                let signatures: Signature[] =
                    example.Inputs |> Array.map (fun t -> { Shape = t.Shape; DType = t.DType })

                let results = ShapeRule.infer example.Primitive signatures
                let kernel words = Kernels.orManaged (refused words) frame example.Primitive operands results

                for words in
                    [
                        "GET was unable to find an engine to execute this computation"
                        "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED. This error may appear if you passed in a non-contiguous input."
                    ] do
                    let made =
                        Array.map2
                            (fun (r: Signature) made -> Transfer.read frame made r.DType r.Shape)
                            results
                            (kernel words)

                    let expected = Oracle.evaluateAll example.Primitive (example.Inputs |> Array.map _.Host)
                    agree words 32.0 0.0 expected made

                Expect.throws
                    (fun () -> kernel "CUDNN_STATUS_ALLOC_FAILED" |> ignore)
                    "too little memory is another matter"
        }
        test "what CUDA sorts by bits has no NaN and no zero with a minus" {
            for dtype in DTypes.real do
                if dtype.IsFloat then
                    use frame = new Frame({ Kind = Code.Cpu; Index = -1 })
                    let x = (signedRows.Value.Convert dtype).Host
                    let keys = OrderKernels.sortedByBits frame (Transfer.share frame x) dtype
                    let numbers = Oracle.reals (Transfer.read frame keys dtype x.Shape)

                    for number, before in Array.zip numbers (Oracle.reals x) do
                        Expect.isTrue
                            (number = before || Double.IsNaN number && Double.IsNaN before)
                            "the number"

                        if Double.IsNaN number || number = 0.0 then
                            Expect.isFalse (Double.IsNegative number) $"{dtype} {number}"
        }
        test "rows of infinities in softmax and its like" {
            let rows =
                tensor [
                    [ -infinity; -infinity; -infinity ]
                    [ 0.5; -infinity; 1.0 ]
                    [ infinity; 0.0; 1.0 ]
                    [ nan; 0.0; -infinity ]
                    [ 1000.0; -1000.0; 1000.0 ]
                ]

            let labels: Buffer = (tensor [ 1; 2; 0; 1; 0 ]).Host

            for dtype in DTypes.real do
                if dtype.IsFloat then
                    let x: Buffer = (rows.Convert dtype).Host
                    let agreesOn name f inputs = agreesOn $"{name} {dtype}" 64.0 (Primitive.Fused f) inputs

                    for axis in [ 0; 1 ] do
                        for isLog in [ true; false ] do
                            agreesOn "softmax" (Fused.Softmax(isLog, axis)) [| x |]

                        agreesOn "logSumExp" (Fused.LogSumExp axis) [| x |]

                    let targets: Targets = { Smoothing = 0.0; Ignored = ValueSome 2L }
                    agreesOn "crossEntropy" (Fused.CrossEntropy targets) [| x; labels |]
        }
        test "integers are sorted exactly" {
            for dtype in [ DType.Int32; DType.Int64 ] do
                for descending in [ true; false ] do
                    agreesOn "sort" 0.0 (Primitive.Sort(0, descending)) [| integers dtype |]
        }
        test "folds of nothing" {
            let nothing dtype : Buffer[] = [| ofNumbers dtype [] |]

            for dtype in DTypes.real do
                if dtype <> DType.Bool then
                    agreesOn "sum" 0.0 (Primitive.Reduce(Reduction.Sum, [| 0 |])) (nothing dtype)

            agreesOn "any" 0.0 (Primitive.Reduce(Reduction.Max, [| 0 |])) (nothing DType.Bool)
            agreesOn "all" 0.0 (Primitive.Reduce(Reduction.Min, [| 0 |])) (nothing DType.Bool)
        }
        test "negative positions count from the end" {
            let x = ofNumbers DType.Float32 [ 10.0; 20.0; 30.0 ]
            let indices = ofNumbers DType.Int64 [ -1.0; 0.0; -3.0; 2.0 ]
            let updates = ofNumbers DType.Float32 [ 1.0; 2.0; 3.0; 4.0 ]
            agreesOn "gather" 0.0 (Primitive.Gather(Finder.Gather, 0, 0)) [| x; indices |]

            for collision in casesOf<Collision>() do
                agreesOn "scatter" 0.0 (Primitive.Scatter(collision, 0, 0, 3)) [| updates; indices |]
        }
    ]

// ---- Errors ----

let private sameError (p: Primitive) (inputs: Buffer[]) =
    let caught evaluate =
        try
            evaluate () |> ignore
            failtest $"{p}: no error"
        with
        | :? AssertException -> reraise ()
        | e -> e

    let expected = caught (fun () -> byManaged p inputs)

    for name, evaluate in engines do
        let actual = caught (fun () -> evaluate p inputs)
        Expect.equal (actual.GetType()) (expected.GetType()) $"{p} on {name}: {actual}"
        Expect.equal actual.Message expected.Message $"{p} on {name}"

let private errors =
    testList "errors are those of the managed engine" [
        test "an index outside" {
            let x = ofNumbers DType.Float32 [ 1.0; 2.0; 3.0 ]
            let indices = ofNumbers DType.Int32 [ 0.0; 3.0 ]
            sameError (Primitive.Gather(Finder.Gather, 0, 0)) [| x; indices |]

            sameError (Primitive.Scatter(Collision.Add, 0, 0, 3)) [|
                ofNumbers DType.Float32 [ 1.0; 2.0 ]
                indices
            |]
        }
        test "a label that is no class" {
            let targets: Targets = { Smoothing = 0.0; Ignored = ValueSome -1L }
            let x = HostBuffer.own DType.Float32 [| 3; 2 |] [| 1f .. 6f |]
            let labels = ofNumbers DType.Int32 [ 0.0; -1.0; 2.0 ]
            sameError (Primitive.Fused(Fused.CrossEntropy targets)) [| x; labels |]
        }
        test "an integer by 0" {
            let x, y = ofNumbers DType.Int32 [ 1.0; 2.0 ], ofNumbers DType.Int32 [ 1.0; 0.0 ]
            sameError (Primitive.Binary Binary.Divide) [| x; y |]
            sameError (Primitive.Binary Binary.Remainder) [| x; y |]
        }
        test "an extreme of nothing" {
            let nothing: Buffer[] = [| ofNumbers DType.Float32 [] |]
            sameError (Primitive.Reduce(Reduction.Max, [| 0 |])) nothing
            sameError (Primitive.ArgReduce(true, 0)) nothing
        }
    ]

// ---- Large tensors: other code paths, and more than one thread ----

let private large =
    let normal seed (shape: int list) =
        let random = Random seed
        (tensor (Array.init (List.fold (*) 1 shape) (fun _ -> random.NextSingle() - 0.5f))).Reshape shape

    let below seed limit count =
        let random = Random(seed: int)
        tensor (Array.init count (fun _ -> random.Next limit))

    let x = lazy (normal 1 [ 300; 500 ])
    let y = lazy (normal 2 [ 300; 500 ])

    let agreesOn name scale (p: Primitive) (inputs: Tensor[]) =
        let inputs = inputs |> Array.map (fun t -> t.Host :> Buffer)
        let expected = byManaged p inputs

        for engine, evaluate in engines do
            agree $"{name} on {engine}" 64.0 scale expected (evaluate p inputs)

    testList "large tensors" [
        test "elementwise" {
            for op in [ Unary.Tanh; Unary.Exp; Unary.Sin; Unary.Sigmoid ] do
                agreesOn $"{op}" 1.0 (Primitive.Unary op) [| x.Value |]
                agreesOn $"{op} transposed" 1.0 (Primitive.Unary op) [| x.Value.T |]

            for op in [ Binary.Add; Binary.Multiply; Binary.Divide; Binary.Less ] do
                agreesOn $"{op}" 1.0 (Primitive.Binary op) [| x.Value; y.Value |]
                agreesOn $"{op} of views" 1.0 (Primitive.Binary op) [| x.Value.T; y.Value.T |]
        }
        test "folds" {
            for axes in [ [| 0 |]; [| 1 |]; [| 0; 1 |] ] do
                for kind in casesOf<Reduction>() do
                    agreesOn $"{kind}" 300.0 (Primitive.Reduce(kind, axes)) [| x.Value |]

            for axis in [ 0; 1 ] do
                agreesOn "argmax" 1.0 (Primitive.ArgReduce(true, axis)) [| x.Value |]
                agreesOn "sort" 1.0 (Primitive.Sort(axis, false)) [| x.Value |]
                agreesOn "cumsum" 100.0 (Primitive.CumulativeSum(axis, false)) [| x.Value |]
        }
        test "fused operations" {
            let labels = below 8 500 300

            for axis in [ 0; 1 ] do
                for isLog in [ true; false ] do
                    agreesOn "softmax" 1.0 (Primitive.Fused(Fused.Softmax(isLog, axis))) [| x.Value |]
                    let inputs = [| x.Value; y.Value |]

                    agreesOn
                        "softmax pulled back"
                        10.0
                        (Primitive.Fused(Fused.SoftmaxPull(isLog, axis)))
                        inputs

                agreesOn "logSumExp" 1.0 (Primitive.Fused(Fused.LogSumExp axis)) [| x.Value |]

            for isCentred in [ true; false ] do
                agreesOn "layerNorm" 1.0 (Primitive.Fused(Fused.Normalize(isCentred, 1e-5))) [| x.Value |]
                let inputs = [| x.Value; y.Value |]

                agreesOn
                    "layerNorm pulled back"
                    4.0
                    (Primitive.Fused(Fused.NormalizePull(isCentred, 1e-5)))
                    inputs

            let targets: Targets = { Smoothing = 0.1; Ignored = ValueSome 7L }
            let inputs = [| x.Value; labels |]
            agreesOn "crossEntropy" 8.0 (Primitive.Fused(Fused.CrossEntropy targets)) inputs
            let inputs = [| x.Value; labels; normal 9 [ 300 ] |]
            agreesOn "crossEntropy pulled back" 1.0 (Primitive.Fused(Fused.CrossEntropyPull targets)) inputs
        }
        test "products" {
            agreesOn "matmul" 20.0 Primitive.MatMul [| x.Value; y.Value.T |]
            let batch = normal 3 [ 6; 40; 50 ]
            agreesOn "matmul" 20.0 Primitive.MatMul [| batch; batch.Transpose() |]
            let whole = (below 4 1000 90_000).Reshape [ 300; 300 ]
            agreesOn "integers" 1.0 Primitive.MatMul [| whole; whole |]
        }
        test "indices" {
            let indices = below 5 300 10_000
            agreesOn "gather" 1.0 (Primitive.Gather(Finder.Gather, 0, 0)) [| x.Value; indices |]
            let updates = normal 6 [ 10_000; 20 ]

            for collision in casesOf<Collision>() do
                agreesOn $"scatter {collision}" 40.0 (Primitive.Scatter(collision, 0, 0, 300)) [|
                    updates
                    indices
                |]
        }
        test "draws" {
            let keys = tensor [ 1L; -1L; 123456789012345L ]

            for dtype in [ DType.Float32; DType.Float64 ] do
                agreesOn "uniform" 0.0 (Primitive.Random(Draw.Uniform, dtype, [| 1001; 7 |])) [| keys |]
        }
        test "what a query may not look at reaches it neither way, finite or not" {
            let _ = Loader.require ()

            for dtype in [ DType.Float64; DType.Float32; DType.Float16 ] do
                let normal seed shape = (Random.normal (Key.create seed) DType.Float64 shape).Convert dtype

                for bad in [ nan; infinity; -infinity ] do
                    for isCausal, hasMask in [ false, true; true, false; true, true ] do
                        let at key = [ Index.All; Index.At key ]
                        // The last key is seen by the last query alone, or, by the mask, by nobody.
                        let q, c = normal 1L [ 2; 5; 4 ], normal 2L [ 2; 5; 3 ]
                        let k = (normal 3L [ 2; 5; 4 ]).At[at 4].Set bad
                        let v = (normal 4L [ 2; 5; 3 ]).At[at 4].Set bad

                        let mask =
                            (tensor [| for _ in 0..4 -> [| for key in 0..4 -> key <> 4 |] |]).Expand [
                                2
                                5
                                5
                            ]

                        let masks: Buffer list = if hasMask then [ mask.Host ] else []
                        let host (t: Tensor) : Buffer = t.Host
                        let forward = Array.ofList ([ host q; host k; host v ] @ masks)
                        let back = Array.ofList ([ host q; host k; host v; host c ] @ masks)

                        for p, inputs in
                            [
                                Primitive.Fused(Fused.Attention(isCausal, 0.5)), forward
                                Primitive.Fused(Fused.AttentionPull(isCausal, 0.5)), back
                            ] do
                            let expected = byManaged p inputs

                            for name, run in engines do
                                let what =
                                    $"{p} of {bad}, causal {isCausal}, masked {hasMask}, {dtype} on {name}"

                                agree what 64.0 4.0 expected (run p inputs)
        }
        test "attention pulled back in blocks of queries, as CUDA does it" {
            let draw seed shape = normal seed shape

            let q, k, v, c =
                draw 1 [ 2; 3; 7; 4 ], draw 2 [ 2; 3; 9; 4 ], draw 3 [ 2; 3; 9; 5 ], draw 4 [ 2; 3; 7; 5 ]

            let mask = (draw 5 [ 2; 3; 7; 9 ]).Greater -0.2

            for isCausal in [ false; true ] do
                for hasMask in [ false; true ] do
                    let inputs = if hasMask then [| q; k; v; c; mask |] else [| q; k; v; c |]
                    let hosts = inputs |> Array.map _.Host
                    let p = Primitive.Fused(Fused.AttentionPull(isCausal, 0.5))
                    let expected = Oracle.evaluateAll p hosts
                    let sizes = Attention.sizes false 1.0 hosts[0] hosts[1] hosts[2]

                    for block in [ 1; 3; 7 ] do
                        use frame = new Frame({ Kind = Code.Cpu; Index = -1 })
                        let shared = hosts |> Array.map (Transfer.share frame)

                        let pulled =
                            AttentionKernels.attentionPullInBlocks frame isCausal 0.5 shared sizes block

                        let actual =
                            Array.map2
                                (fun (e: HostBuffer) made -> Transfer.read frame made e.DType e.Shape)
                                expected
                                pulled

                        agree $"blocks of {block}, causal {isCausal}, mask {hasMask}" 64.0 1.0 expected actual
        }
        test "results are written where they shall be, in large and in views" {
            // What is beside an operand or behind it in its array must not be touched, nor the operand itself.
            let x = normal 1 [ 60; 500 ]
            let part = x[10..49, 100..399]
            let before = normal 1 [ 60; 500 ]

            for p in
                [
                    Primitive.Unary Unary.Exp
                    Primitive.Reduce(Reduction.Sum, [| 0 |])
                    Primitive.Reduce(Reduction.Max, [| 1 |])
                    Primitive.CumulativeSum(0, false)
                    Primitive.Fused(Fused.Softmax(true, 0))
                ] do
                agreesOn $"{p}" 100.0 p [| part |]
                agreesOn $"{p}" 100.0 p [| part.T |]

            Expect.equal x before "the operand"
        }
        test "products of integers as CUDA gets them" {
            // Column by row, since libtorch multiplies no integers there.
            let whole = below 7 1000 12_000
            let a, b = whole.Reshape [ 2; 60; 100 ], whole.Reshape [ 2; 100; 60 ]
            use frame = new Frame({ Kind = Code.Cpu; Index = -1 })
            let share (t: Tensor) = Transfer.share frame t.Host
            let result = [| 2; 60; 60 |]

            let product =
                OrderKernels.integerProduct frame (share a) a.Shape (share b) b.Shape DType.Int32 result

            Expect.equal (Value(Transfer.read frame product DType.Int32 result)) (matmul a b) "product"
        }
    ]

// ---- Whichever is faster ----

/// libtorch on arrays, and how often it was asked.
let private counted () =
    let _ = Loader.require ()
    let mutable asked = 0

    let engine = {
        new Engine("counted") with
            member _.Unary(op, x) = arrays.Unary(op, x)
            member _.Binary(op, x, y) = arrays.Binary(op, x, y)

            member _.Evaluate(p, inputs, device) =
                asked <- asked + 1
                arrays.Evaluate(p, inputs, device)

            member _.EvaluateAll(p, inputs, device) =
                asked <- asked + 1
                arrays.EvaluateAll(p, inputs, device)

            member _.ToHost x = arrays.ToHost x
            member _.OfHost(x, device) = arrays.OfHost(x, device)
    }

    engine, (fun () -> asked)

let private routing =
    let normal key shape : Buffer = (Random.normal (Key.create key) DType.Float32 shape).Host

    // Ours go by Winograd's algorithm for kernels of 3 × 3, at every size.
    let windows: Windows = {
        Full = [| 30; 30 |]
        Size = [| 5; 5 |]
        Step = [| 1; 1 |]
        Dilation = [| 1; 1 |]
        Before = [| 2; 0 |]
        After = [| 2; 0 |]
    }

    let x, kernel, y = normal 1L [ 8; 64; 30; 30 ], normal 2L [ 64; 64; 5; 5 ], normal 3L [ 8; 64; 30; 26 ]
    let convolution term = Primitive.Convolution(term, windows, 1)
    let many, back = normal 1L [ 40; 64; 30; 30 ], normal 3L [ 40; 64; 30; 26 ]
    let tall = normal 4L [ 20_000; 500 ]
    let long () = normal 5L [ 2; 300; 16 ]

    // What is asked of the library, and how large the numbers are that it adds up.
    let large = [
        // With vectors of 512 bits and several threads ours are as fast, at every size.
        if Workers.count () = 1 || not Vector512.IsHardwareAccelerated then
            convolution ConvolutionTerm.Output, [| x; kernel |], 500.0
        convolution ConvolutionTerm.Input, [| kernel; back |], 500.0
        convolution ConvolutionTerm.Kernel, [| many; back |], 20000.0
        Primitive.Convolution(ConvolutionTerm.Kernel, windows, 64), [| x; y |], 5000.0
        Primitive.Reduce(Reduction.Max, [| 0; 1 |]), [| tall |], 0.0
        Primitive.Reduce(Reduction.Min, [| 1 |]), [| tall |], 0.0
        if not Vector512.IsHardwareAccelerated then
            Primitive.CumulativeSum(1, true), [| normal 4L [ 30; 400 ] |], 500.0

            Primitive.CumulativeSum(0, false),
            [| (Random.normal (Key.create 6L) DType.Float64 [ 12_000 ]).Host |],
            500.0
        Primitive.Unary Unary.Gelu, [| tall |], 1.0
        Primitive.Fused(Fused.SoftmaxPull(true, 1)),
        [| normal 7L [ 2000; 600 ]; normal 8L [ 2000; 600 ] |],
        1000.0
        Primitive.Fused(Fused.Attention(false, 0.25)), [| long (); long (); long () |], 4.0
    ]

    testList "whichever is faster" [
        test "small tensors never ask for the library" {
            let mutable asked = false

            let loading =
                lazy
                    (asked <- true
                     None)

            let engine = FastestEngine(managed, loading)

            for row in rows do
                for dtype in row.DTypes do
                    for seed in 1..3 do
                        let example = row.Draw (Dice seed) Numbers.Ordinary dtype
                        engine.EvaluateAll(example.Primitive, buffers example, Device.Cpu) |> ignore

            Expect.isFalse asked "asked"
        }
        test "beyond the crossings it is asked, and tells the same" {
            let library, asked = counted ()
            let engine = FastestEngine(managed, lazy (Some library))

            for n, (p, inputs, scale) in List.indexed large do
                let expected = byManaged p inputs
                agree $"{p}" 64.0 scale expected (onHost engine p inputs)
                Expect.equal (asked ()) (n + 1) $"{p}: asked"
        }
        test "without a library all is left to the managed engine" {
            let engine = FastestEngine(managed, lazy None)

            for p, inputs, _ in large do
                let expected = byManaged p inputs
                agree $"{p}" 0.0 0.0 expected (onHost engine p inputs)
        }
    ]

// ---- Scripts ----

/// The other tests have every kernel compile its text before: here by way of all rows of the table once more.
let private scripts =
    test "operators that are not of libtorch's public interface are looked for when it is loaded" {
        for row in rows do
            for dtype in row.DTypes do
                for seed in 1..3 do
                    let example = row.Draw (Dice seed) Numbers.Ordinary dtype

                    for _, evaluate in engines do
                        evaluate example.Primitive (buffers example) |> ignore

        let called =
            set [
                for text in Script.texts () do
                    for found in System.Text.RegularExpressions.Regex.Matches(text, @"torch\.(\w+)\(") do
                        found.Groups[1].Value
            ]

        let unlisted = called |> Set.filter Operators.isPrivate
        Expect.equal (Set.toList unlisted) (List.sort Operators.names) "operators"
    }

[<Tests>]
let tests = testList "libtorch's engines" [ table; special; errors; large; routing; scripts ]
