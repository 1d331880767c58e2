/// Models in plain functions, and training them on a device, eager and compiled, against the managed engine on the CPU.
module Cotangent.Gpu.Models

open System
open Cotangent
open Cotangent.Gpu.Report
open Samples

/// Parameters and how they learn from one batch. A step is a pure function of parameters, optimiser's state, inputs and
/// targets.
type Problem<'p> = {
    Name: string
    Init: DType -> 'p
    /// Inputs and targets.
    Data: DType -> Tensor * Tensor
    Loss: Tensor -> Tensor -> 'p -> Tensor
}

let private normal seed dtype (shape: int list) scale =
    Random.normal (Key.create seed) dtype shape * (scale: float)

// ---- A multilayer perceptron ----

type Mlp = { W1: Tensor; B1: Tensor; W2: Tensor; B2: Tensor; W3: Tensor; B3: Tensor }

let private labels count = Random.integers (Key.create 99L) 0L 10L DType.Int32 [ count ]

let mlp batch width : Problem<Mlp> = {
    Name = $"MLP 784-{width}-{width}-10, batch {batch}"
    Init =
        fun dtype -> {
            W1 = normal 1L dtype [ 784; width ] 0.05
            B1 = Tensor.zeros dtype [ width ]
            W2 = normal 2L dtype [ width; width ] 0.08
            B2 = Tensor.zeros dtype [ width ]
            W3 = normal 3L dtype [ width; 10 ] 0.08
            B3 = Tensor.zeros dtype [ 10 ]
        }
    Data = fun dtype -> normal 4L dtype [ batch; 784 ] 1.0, labels batch
    Loss =
        fun x y p ->
            let hidden = tanh (matmul (tanh (matmul x p.W1 + p.B1)) p.W2 + p.B2)
            Loss.crossEntropy y (matmul hidden p.W3 + p.B3)
}

// ---- A convolutional net ----

type ConvNet = { K1: Tensor; C1: Tensor; K2: Tensor; C2: Tensor; Out: Tensor; OutBias: Tensor }

let convNet batch size : Problem<ConvNet> =
    let last = (size / 2) / 2

    {
        Name = $"convolutional net, batch {batch} of {size}x{size}"
        Init =
            fun dtype -> {
                K1 = normal 5L dtype [ 16; 1; 3; 3 ] 0.3
                C1 = Tensor.zeros dtype [ 16; 1; 1 ]
                K2 = normal 6L dtype [ 32; 16; 3; 3 ] 0.1
                C2 = Tensor.zeros dtype [ 32; 1; 1 ]
                Out = normal 7L dtype [ 32 * last * last; 10 ] 0.02
                OutBias = Tensor.zeros dtype [ 10 ]
            }
        Data = fun dtype -> normal 8L dtype [ batch; 1; size; size ] 1.0, labels batch
        Loss =
            fun x y p ->
                let block kernel bias x =
                    maxPool [ 2; 2 ] (Window.stride 2) (relu (convolve Window.same kernel x + bias))

                let features = x |> block p.K1 p.C1 |> block p.K2 p.C2
                let flat = features.Reshape [ batch; -1 ]
                Loss.crossEntropy y (matmul flat p.Out + p.OutBias)
    }

// ---- A block of attention ----

type Block = {
    Query: Tensor
    Key: Tensor
    Value: Tensor
    Project: Tensor
    Up: Tensor
    Down: Tensor
    Gain: Tensor
}

/// Causal attention over (batch, heads, length, width).
let private attend (q: Tensor) (k: Tensor) (v: Tensor) =
    let scores = matmul q (k.Transpose()) / Math.Sqrt(float q.Shape[3])
    let future = (Tensor.onesLike scores[0, 0]).Triu 1
    matmul (softmax (scores - future * 1e4)) v

let attention batch length width heads : Problem<Block> = {
    Name = $"attention block, batch {batch}, length {length}, width {width}"
    Init =
        fun dtype ->
            let square seed = normal seed dtype [ width; width ] (1.0 / Math.Sqrt(float width))

            {
                Query = square 9L
                Key = square 10L
                Value = square 11L
                Project = square 12L
                Up = normal 13L dtype [ width; 4 * width ] 0.05
                Down = normal 14L dtype [ 4 * width; width ] 0.05
                Gain = Tensor.ones dtype [ width ]
            }
    Data =
        fun dtype ->
            let x = normal 15L dtype [ batch; length; width ] 1.0
            x, tanh (x.Flip 1)
    Loss =
        fun x y p ->
            let split (t: Tensor) = (t.Reshape [ batch; length; heads; width / heads ]).Permute [ 0; 2; 1; 3 ]
            let normed = layerNorm x * p.Gain

            let heads =
                attend
                    (split (matmul normed p.Query))
                    (split (matmul normed p.Key))
                    (split (matmul normed p.Value))

            let joined = (heads.Permute [ 0; 2; 1; 3 ]).Reshape [ batch; length; width ]
            let x = x + matmul joined p.Project
            let hidden = matmul (layerNorm x * p.Gain) p.Up
            Loss.meanSquaredError y (x + matmul (gelu hidden) p.Down)
}

// ---- Training ----

let private adam = Optimizer.adam 1e-3

/// One step of a problem.
let step (problem: Problem<'p>) ((p, s, x, y): 'p * OptimizerState<'p> * Tensor * Tensor) =
    let loss, gradient = valueAndGrad (problem.Loss x y) p
    let p, s = Optimizer.step adam gradient s p
    p, s, loss

/// The losses of so many steps, and the parameters after them. All is made, and done, where tensors are made.
let train (problem: Problem<'p>) dtype steps isCompiled =
    let x, y = problem.Data dtype
    let start = problem.Init dtype
    let step = if isCompiled then compile (step problem) else step problem
    let mutable p, s = start, adam.Init start

    let losses = [|
        for _ in 1..steps do
            let next, state, loss = step (p, s, x, y)
            p <- next
            s <- state
            loss.To Device.Cpu
    |]

    Array.append losses (Tree.leaves p |> Array.map _.To(Device.Cpu))

/// The largest difference, relative to the largest number.
let private apart (a: Tensor) (b: Tensor) =
    let wide (t: Tensor) = t.Convert DType.Float64
    let a, b = wide a, wide b
    float ((abs (a - b)).Max()) / Math.Max(1e-30, float ((abs a).Max()))

let compareAll what tolerance (expected: Tensor[]) (actual: Tensor[]) = [
    for i in 0 .. expected.Length - 1 do
        let error = apart expected[i] actual[i]

        // NaN is apart from everything.
        if not (error <= tolerance) then
            $"{what}: number {i} of {expected.Length} is off by {error:G3}"
]

let private trains (report: Report) (device: Device) steps (problem: Problem<'p>) =
    report.Check(
        problem.Name,
        fun () -> [
            for dtype, tolerance in [ DType.Float64, 1e-9; DType.Float32, 2e-3 ] do
                let expected = withCpuEngine CpuEngine.Managed (fun () -> train problem dtype steps false)

                for isCompiled in [ false; true ] do
                    let how = if isCompiled then "compiled" else "eager"
                    let actual = onDevice device (fun () -> train problem dtype steps isCompiled)
                    yield! compareAll $"{dtype} {how}" tolerance expected actual
        ]
    )

// ---- The GAN ----

/// The losses of the sine GAN's training, of both kinds. Rounding grows from step to step: a GAN is chaotic.
let private gans (report: Report) (device: Device) steps =
    for name, options in
        [
            "sine GAN, the article's", SineGan.article Sines.article
            "sine GAN, gradient penalty", SineGan.recommended Sines.article
        ] do
        report.Check(
            name,
            fun () -> [
                let losses isEager =
                    let options = { options with Iterations = steps; Eager = isEager }

                    let result =
                        SineGan.train options (Progress<ProgressReport>()) Threading.CancellationToken.None

                    [|
                        for p in result.Losses ->
                            (tensor [ p.GeneratorLoss; p.DiscriminatorLoss ]).To Device.Cpu
                    |]

                let expected = losses true

                for isEager in [ true; false ] do
                    let how = if isEager then "eager" else "compiled"
                    let actual = onDevice device (fun () -> losses isEager)

                    if expected.Length = 0 || actual.Length <> expected.Length then
                        $"{how}: {actual.Length} losses, {expected.Length} on the CPU"
                    else
                        yield! compareAll how 2e-2 expected actual
            ]
        )

let run (report: Report) (device: Device) isQuick =
    report.Section "Training, eager and compiled, against the managed engine"

    if isQuick then
        trains report device 2 (mlp 8 16)
        trains report device 2 (convNet 2 8)
        trains report device 2 (attention 2 6 8 2)
        gans report device 3
    else
        trains report device 5 (mlp 128 256)
        trains report device 3 (convNet 16 28)
        trains report device 5 (attention 4 64 64 4)
        gans report device 50
