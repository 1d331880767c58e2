/// Training in 16 bits against training in Float32, and scales of losses.
module Cotangent.Tests.MixedPrecisionTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

type private Net = { First: Tensor; Second: Tensor }

let private x = (tensor [ for i in 0..63 -> -2.0f + float32 i / 16.0f ]).Reshape [ 64; 1 ]
let private y = sin (2.0f * x)
let private forward (net: Net, x: Tensor) = matmul (tanh (matmul x net.First)) net.Second

let private start =
    let a, b = Key.split (Key.create 5L)

    {
        First = 2.0f * Random.normal a DType.Float32 [ 1; 32 ]
        Second = 0.2f * Random.normal b DType.Float32 [ 32; 1 ]
    }

let private train dtype isCompiled =
    let forward = if dtype = DType.Float32 then forward else MixedPrecision.computeIn dtype forward
    let loss net = mean (square (forward (net, x) - y))
    let optimizer = Optimizer.skipNonFinite (Optimizer.adam 0.01)

    let step (net, state, scale) =
        let _, gradient = LossScale.valueAndGrad scale loss net
        let next, state = Optimizer.step optimizer gradient state net
        next, state, LossScale.update LossScale.dynamic gradient scale

    let first = start, optimizer.Init start, LossScale.start LossScale.dynamic
    let run = iterate 300 step
    let net, _, scale = if isCompiled then compile run first else run first
    net, float (mean (square ((matmul (tanh (matmul x net.First)) net.Second) - y))), scale

let private training =
    testList "training" [
        for dtype in [ DType.BFloat16; DType.Float16 ] do
            for isCompiled in [ false; true ] do
                testCase $"{dtype}, compiled: {isCompiled}" (fun () ->
                    let _, full, _ = train DType.Float32 true
                    let net, half, _ = train dtype isCompiled
                    Expect.equal net.First.DType DType.Float32 "masters"
                    Expect.isLessThan full 0.05 "Float32 learns"
                    Expect.isLessThan (abs (half - full)) 0.02 "so does the other")
    ]

let private others =
    tests "and" [
        "products are of the dtype, results and gradients of Float32",
        (fun () ->
            let mutable seen = []

            let f (w: Tensor, x: Tensor, labels: Tensor) =
                seen <- [ w.DType; x.DType; labels.DType ]
                matmul x w

            let half = MixedPrecision.computeIn DType.BFloat16 f
            let w, x = tensor [ [ 1.001f ] ], tensor [ [ 1.0f ] ]
            let result = half (w, x, tensor [ 1 ])
            Expect.equal seen [ DType.BFloat16; DType.BFloat16; DType.Int32 ] "inside"
            Expect.equal result.DType DType.Float32 "outside"
            equals [ [ 1.0f ] ] result
            Expect.equal (grad (fun w -> sum (half (w, x, tensor [ 1 ]))) w).DType DType.Float32 "gradient")
        "what comes out as it went in stays bit for bit, compiled too",
        (fun () ->
            // 1.001 is no number of 16 bits.
            let w, x = tensor [ [ 1.001f ] ], tensor [ [ 1.0f ] ]

            let half =
                MixedPrecision.computeIn DType.BFloat16 (fun (w: Tensor, x) -> matmul x w, [ w; w + 0 ])

            for f in [ half; compile half ] do
                let y, kept = f (w, x)
                Expect.equal kept[0] w "as it was"
                equals [ [ 1.0f ] ] kept[1]
                equals [ [ 1.0f ] ] y

            equals [ [ 1.0f ] ] (grad (fun w -> sum (List.head (snd (half (w, x))))) w))
        "a model with running statistics keeps its masters and its statistics in Float32",
        (fun () ->
            let norm = { BatchNorm.create 2 with Weight = tensor [ 1.001f; 0.999f ] }
            let x = tensor [ [ 0.5f; 3.0f ]; [ 1.25f; 5.0f ]; [ -0.25f; 6.0f ] ]

            let train (norm: BatchNorm, x) =
                let struct (y, next) = norm.Train x
                y, next

            let f dtype (norm: BatchNorm) =
                let y, next = MixedPrecision.computeIn dtype train (norm, x)
                sum (square y), next

            // The numbers of x are numbers of BFloat16, so that means and variances are those of Float32.
            let mutable inHalf, inFull = norm, norm

            for _ in 1..20 do
                let (_, next), _ = valueAndGradWith (f DType.BFloat16) inHalf
                let _, full = train (inFull, x)
                inHalf <- next
                inFull <- full

            Expect.equal inHalf inFull "weights and statistics"
            Expect.equal (nonNull inHalf.Weight) (nonNull norm.Weight) "the masters"

            let scale = LossScale.start (LossScale.fixedAt 64.0)
            let (value, next), gradient = LossScale.valueAndGradWith scale (f DType.Float16) norm
            Expect.equal next.RunningMean (snd (train (norm, x))).RunningMean "beside the loss"
            let (expected, _), slope = valueAndGradWith (f DType.Float16) norm
            Expect.equal value expected "loss"
            Checks.within 1e-3 (nonNull slope.Weight) (nonNull gradient.Weight) "gradient")
        "a gradient below Float16's smallest number comes through a scale",
        (fun () ->
            let small = MixedPrecision.computeIn DType.Float16 (fun (x: Tensor) -> x * 1e-3)
            let loss x = 1e-6f * sum (small x)
            let at scaling = LossScale.valueAndGrad (LossScale.start scaling) loss (tensor [ 1.0f ]) |> snd
            equals [ 0.0f ] (at (LossScale.fixedAt 1.0))
            let g = (numbers (at LossScale.dynamic))[0]
            Expect.isLessThan (abs (g / 1e-9 - 1.0)) 0.01 "scaled")
        "the value is that of the loss, the gradient that of plain Float32",
        (fun () ->
            let loss (x: Tensor) = sum (x * x)

            let value, g =
                LossScale.valueAndGrad (LossScale.start LossScale.dynamic) loss (tensor [ 3.0f; -1.0f ])

            equals 10.0f value
            equals [ 6.0f; -2.0f ] g)
        "a dynamic scale, by hand",
        (fun () ->
            let scaling = { Initial = 1024.0; Growth = 4.0; Backoff = 0.25; Interval = 3 }
            let good, bad = [ tensor [ 1.0f ]; tensor [ 1.0f ] ], [ tensor [ 1.0f ]; tensor [ infinityf ] ]
            let update = compile (fun (g: Tensor list, s) -> LossScale.update scaling g s)

            let one scale g =
                let next = LossScale.update scaling g scale
                Expect.equal (update (g, scale)) next "compiled"
                float next.Scale, next

            let gradients = [ good; good; bad; good; good; good; good; bad; bad ]
            let expected = [ 1024.0; 1024.0; 256.0; 256.0; 256.0; 1024.0; 1024.0; 256.0; 64.0 ]
            Expect.equal (fst (List.mapFold one (LossScale.start scaling) gradients)) expected "scales")
        "PyTorch's by default",
        (fun () ->
            let g = tensor [ 1.0f ]
            let once s = LossScale.update LossScale.dynamic g s
            let before = iterate 1999 once (LossScale.start LossScale.dynamic)
            equals 65536.0f before.Scale
            equals 131072.0f (once before).Scale
            equals 32768.0f (LossScale.update LossScale.dynamic (g * nan) before).Scale)
        "a fixed scale stays",
        (fun () ->
            let scaling = LossScale.fixedAt 128.0

            let s =
                LossScale.start scaling
                |> LossScale.update scaling (tensor [ nan ])
                |> LossScale.update scaling (tensor [ 1.0 ])

            equals 128.0f s.Scale)
        "an overflow skips a step and halves the scale",
        (fun () ->
            let loss = MixedPrecision.computeIn DType.Float16 (fun (x: Tensor) -> sum (x * 60.0))
            let optimizer = Optimizer.skipNonFinite (Optimizer.sgd 0.1)
            let x = tensor [ 1.0f ]
            let scale = LossScale.start LossScale.dynamic
            let _, g = LossScale.valueAndGrad scale loss x
            let next, _ = Optimizer.step optimizer g (optimizer.Init x) x
            equals x next
            equals 32768.0f (LossScale.update LossScale.dynamic g scale).Scale)
        "refused",
        (fun () ->
            throws<DTypeException, _> [ "MixedPrecision.computeIn"; "Int32" ] (fun () ->
                MixedPrecision.computeIn DType.Int32 (fun (x: Tensor) -> x))

            throws<ValueException, _> [ "LossScale.fixedAt"; "0" ] (fun () -> LossScale.fixedAt 0.0))
    ]

[<Tests>]
let tests = testList "Mixed precision" [ training; others ]
