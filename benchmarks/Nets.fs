/// The two networks that are trained in the benchmarks, one step of Adam at a time.
module Cotangent.Benchmarks.Nets

open Cotangent

/// What a step turns into what the next one starts from.
type Training<'p> = { Parameters: 'p; State: OptimizerState<'p>; Loss: Tensor }

/// A network: how it starts, and one step on a batch and its labels.
type Net<'p> = { Start: Training<'p>; Step: Training<'p> -> Training<'p> }

let private training (forward: 'p -> Tensor -> Tensor) (parameters: 'p) (x: Tensor) (labels: Tensor) =
    let optimizer = Optimizer.adam 1e-3

    {
        Start = { Parameters = parameters; State = optimizer.Init parameters; Loss = tensor 0.0f }
        Step =
            fun now ->
                let loss, gradient =
                    valueAndGrad (fun p -> Loss.crossEntropy labels (forward p x)) now.Parameters

                let parameters, state = Optimizer.step optimizer gradient now.State now.Parameters
                { Parameters = parameters; State = state; Loss = loss }
    }

let private labels count =
    (Random.uniformIn (Key.create 9L) 0.0 10.0 DType.Float32 [ count ]).Convert DType.Int32

/// 784-256-256-10, batch 128.
let mlp () =
    let hidden = { Linear.defaults with Activation = Activation.Relu }
    let model = Mlp.init 784 [ 256, hidden; 256, hidden; 10, Linear.defaults ] (Key.create 1L)
    training Mlp.forward model (Random.normal (Key.create 2L) DType.Float32 [ 128; 784 ]) (labels 128)

/// Kernels and biases of two convolutions, and a linear layer.
type ConvNet = { Kernel1: Tensor; Bias1: Tensor; Kernel2: Tensor; Bias2: Tensor; Last: Linear }

let private forward (net: ConvNet) (x: Tensor) =
    let block (kernel: Tensor) (bias: Tensor) x =
        convolve Window.plain kernel x + bias.Reshape [ bias.Size; 1; 1 ]
        |> relu
        |> maxPool [ 2; 2 ] (Window.stride 2)

    let y = x |> block net.Kernel1 net.Bias1 |> block net.Kernel2 net.Bias2
    Linear.forward net.Last (y.Reshape [ y.Shape[0]; -1 ])

/// conv3×3(16)-relu-pool-conv3×3(32)-relu-pool-linear on 28×28 images, batch 64.
let convNet () =
    let keys = Key.splitMany 4 (Key.create 3L)
    let kernel key outputs inputs = 0.1 * Random.normal key DType.Float32 [ outputs; inputs; 3; 3 ]

    let net = {
        Kernel1 = kernel keys[0] 16 1
        Bias1 = Tensor.zeros DType.Float32 [ 16 ]
        Kernel2 = kernel keys[1] 32 16
        Bias2 = Tensor.zeros DType.Float32 [ 32 ]
        Last = Linear.init Linear.defaults 800 10 keys[2]
    }

    training forward net (Random.normal keys[3] DType.Float32 [ 64; 1; 28; 28 ]) (labels 64)
