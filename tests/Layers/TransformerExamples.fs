/// What the tests of transformers share.
module internal Cotangent.Tests.TransformerExamples

open Cotangent
open Cotangent.Tests.GradientCheck

module Plain = Cotangent.Tests.PlainTransformer

let key = Key.create 5L
let plain = { EncoderBlock.defaults with DType = DType.Float64; Activation = Activation.Tanh }

/// As in LLaMA: RMS, SwiGLU, rotary positions, shared keys, no biases.
let llama = {
    plain with
        Norm = BlockNorm.Rms
        Epsilon = 1e-3
        Hidden = Some 7
        Activation = Activation.Silu
        IsGated = true
        KeyHeads = Some 1
        Rotary = Some Rotary.halves
        Bias = None
}

/// What can be chosen, in all combinations that may have to do with one another.
let choices = [
    for first in [ true; false ] do
        "plain", { plain with IsNormFirst = first; Epsilon = 0.1 }
        "ReLU, RMS", { plain with IsNormFirst = first; Norm = BlockNorm.Rms; Activation = Activation.Relu }
        "gated", { plain with IsNormFirst = first; IsGated = true; Hidden = Some 5 }
        "wide heads", { plain with IsNormFirst = first; HeadWidth = Some 5; KeyHeads = Some 2 }
        "as LLaMA", { llama with IsNormFirst = first }
]

let named (name: string, options: TransformerOptions) =
    if options.IsNormFirst then name else $"{name}, norms last"

let near (expected: Tensor) (actual: Tensor) what = Checks.within 1e-10 expected actual what
let ofRows (expected: Plain.Rows) (actual: Tensor) what = near (tensor expected) actual what
let x = normal 1 [ 5; 8 ]
let memory = normal 2 [ 3; 6 ]
let all _ _ = true

let encoderOf seed options = randomized seed (EncoderBlock.init options 8 4 key)
let decoderOf seed options = randomized seed (DecoderBlock.init options 8 4 key)
let crossOf seed options = randomized seed (DecoderBlock.initWithMemory options 6 8 4 key)
