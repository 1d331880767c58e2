/// The residual net of the package Microsoft.ML.DnnImageFeaturizer.ResNet18: 18 layers by its name, three blocks in the last stage, features
/// of 512 numbers (K. He et al., "Deep residual learning for image recognition", 2016).
module Cotangent.Benchmarks.ResNet18

open Cotangent

let path () = Peer.file "DnnImageModels/ResNet18Onnx/ResNet18.onnx"

/// A convolution, and the normalisation behind it as a number to multiply and one to add for each channel.
type Layer = { Kernel: Tensor; Scale: Tensor; Shift: Tensor }

type Block = {
    First: Layer
    Second: Layer
    /// In place of the input, where the block halves it.
    Shortcut: Layer option
}

type Net = { Stem: Layer; Blocks: Block list }

/// The file numbers kernels backwards, and the normalisation behind each by its first parameter: γ and β, then mean and
/// variance among the constants.
let private layer (weights: Map<string, Tensor>) (kernel: int, norm: int) : Layer =
    let perChannel name = weights[name].Reshape [ -1; 1; 1 ]
    let gain, bias = perChannel $"Parameter{norm}", perChannel $"Parameter{norm + 1}"
    let mean, variance = perChannel $"Constant{norm + 2}", perChannel $"Constant{norm + 3}"
    let scale = gain / sqrt (variance + 1e-5)
    { Kernel = weights[$"Parameter{kernel}"]; Scale = scale; Shift = bias - mean * scale }

let load () : Net =
    let layer = layer (Onnx.read (path ()))
    let block first second = { First = layer first; Second = layer second; Shortcut = None }
    let halving first second shortcut = { block first second with Shortcut = Some(layer shortcut) }

    {
        Stem = layer (91, 96)
        Blocks = [
            block (86, 113) (82, 127)
            block (77, 144) (73, 158)
            halving (68, 175) (64, 189) (199, 203)
            block (59, 220) (55, 234)
            halving (50, 251) (46, 265) (275, 279)
            block (41, 296) (37, 310)
            halving (32, 327) (28, 341) (351, 355)
            block (23, 372) (19, 386)
            block (14, 403) (10, 417)
        ]
    }

let private apply stride (layer: Layer) (x: Tensor) : Tensor =
    let around = (layer.Kernel.Shape[2] - 1) / 2
    let window = { Window.stride stride with Padding = Padding.Around around }
    convolve window layer.Kernel x * layer.Scale + layer.Shift

let private block (x: Tensor) (b: Block) : Tensor =
    let stride, beside =
        match b.Shortcut with
        | Some layer -> 2, apply 2 layer x
        | None -> 1, x

    relu (apply 1 b.Second (relu (apply stride b.First x)) + beside)

/// Images (n, 3, 224, 224) to features (n, 512).
let forward (net: Net) (images: Tensor) : Tensor =
    let pooled =
        relu (apply 2 net.Stem images)
        |> maxPool [ 3; 3 ] { Window.stride 2 with Padding = Padding.Around 1 }

    (List.fold block pooled net.Blocks).Mean [ 2; 3 ]
