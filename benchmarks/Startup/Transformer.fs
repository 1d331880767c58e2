/// A stack of transformer blocks.
module Cotangent.Startup.Transformer

open Cotangent

type Norm = { Scale: Tensor; Shift: Tensor }

type Affine = { Weight: Tensor; Bias: Tensor }

/// One block: attention, then two dense layers, each after a normalisation and around it a shortcut.
type Block = {
    BeforeAttention: Norm
    Query: Affine
    Key: Affine
    Value: Affine
    Output: Affine
    BeforeDense: Norm
    Wide: Affine
    Narrow: Affine
}

let width, heads, length, batch = 256, 4, 64, 4
let float32 = DType.Float32

let private norm = { Scale = Tensor.ones float32 [ width ]; Shift = Tensor.zeros float32 [ width ] }

let private affine inputs outputs key = {
    Weight = Random.normal key float32 [ inputs; outputs ] * (1.0 / sqrt (float inputs))
    Bias = Tensor.zeros float32 [ outputs ]
}

let private block key =
    let keys = Key.splitMany 6 key

    {
        BeforeAttention = norm
        Query = affine width width keys[0]
        Key = affine width width keys[1]
        Value = affine width width keys[2]
        Output = affine width width keys[3]
        BeforeDense = norm
        Wide = affine width (4 * width) keys[4]
        Narrow = affine (4 * width) width keys[5]
    }

let init blocks key = [ for key in Key.splitMany blocks key -> block key ]

let example key = Random.normal key float32 [ batch * length; width ]

let private apply (a: Affine) (x: Tensor) = (matmul x a.Weight) + a.Bias

let private normalize (n: Norm) (x: Tensor) = layerNorm x * n.Scale + n.Shift

let private selfAttention (b: Block) (x: Tensor) =
    let split (a: Affine) =
        ((apply a x).Reshape [ batch; length; heads; width / heads ]).Permute [ 0; 2; 1; 3 ]

    (attend Attention.causal (split b.Query) (split b.Key) (split b.Value)).Permute([ 0; 2; 1; 3 ]).Reshape [
        batch * length
        width
    ]
    |> apply b.Output

let forward (blocks: Block list) (x: Tensor) =
    let step x b =
        let x = x + selfAttention b (normalize b.BeforeAttention x)
        x + apply b.Narrow (gelu (apply b.Wide (normalize b.BeforeDense x)))

    List.fold step x blocks

/// The mean square of the output, and its gradient by all parameters.
let loss x blocks = mean (square (forward blocks x))
