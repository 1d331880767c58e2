/// Dropout in transformers and in attention.
module Cotangent.Tests.TransformerDropoutTests

open Expecto
open Cotangent
open Cotangent.Tests.Support
open Cotangent.Tests.GradientCheck
open Cotangent.Tests.TransformerExamples

/// What a key drops.
let private dropout =
    let rate = 0.25
    let kept = 1.0 / (1.0 - rate)

    /// Every ratio is 0 or 1/(1 - rate), the first of them as often as the rate says, within five deviations of a binomial count.
    let isDropped (whole: Tensor) (y: Tensor) what =
        let ratios = numbers (y / whole)
        let n = float ratios.Length
        let zeros = ratios |> Array.filter (fun r -> r = 0.0) |> Array.length

        for r in ratios do
            if not (r = 0.0 || abs (r - kept) < 1e-9) then failtest $"{what}: {r}"

        Expect.isLessThan (abs (float zeros - rate * n)) (5.0 * sqrt (n * rate * (1.0 - rate))) what

    let eye n = Tensor.eye DType.Float64 n
    let zeros shape = Tensor.zeros DType.Float64 shape

    tests "dropout" [
        "of weights of attention: what comes out of one-hot values are the weights",
        fun () ->
            for keyHeads, causal in [ 2, false; 1, false; 2, true ] do
                let layer =
                    MultiHeadAttention.init
                        {
                            MultiHeadAttention.defaults with
                                DType = DType.Float64
                                HeadWidth = Some 40
                                KeyHeads = Some keyHeads
                                IsCausal = causal
                                Dropout = rate
                                Bias = None
                        }
                        40
                        2
                        key

                let values = if keyHeads = 1 then eye 40 else concat 1 [ eye 40; eye 40 ]

                let layer = {
                    layer with
                        Value = { layer.Value with Weight = values }
                        Output = { layer.Output with Weight = eye 80 }
                }

                let x = eye 40
                let whole, y = layer.Forward x, layer.Train(x, key)

                if causal then
                    let seen = (Tensor.ones DType.Bool [ 40; 40 ]).Tril()
                    let seen = concat 1 [ seen; seen ]
                    isDropped whole[seen] y[seen] "causal"
                    equals (zeros [ 1560 ]) (y[seen.Not()])
                else
                    isDropped whole y $"{keyHeads} heads of keys"
                    equals y (layer.Attend(x, x, key = key))

                near y (compile (fun (x, key) -> layer.Train(x, key)) (x, key)) "compiled"
        "what is not seen stays unseen",
        fun () ->
            let options = { plain with Dropout = rate; AttentionDropout = rate }
            let decoder = TransformerDecoder.init options 2 8 4 key |> randomized 50
            let y = decoder.Train(x, key)
            Checks.same y[0..2] (decoder.Train((x.At[3..].Set nan), key)[0..2]) "later steps"
            let encoder = TransformerEncoder.init options 2 8 4 key |> randomized 51
            let seen = tensor [ [ true; true; true; false; false ] ]
            let y = encoder.Run(x, seen, key)
            Checks.same y[0..2] (encoder.Run((x.At[3..].Set nan), seen, key)[0..2]) "masked steps"
            let nothing = Tensor.zeros DType.Bool [ 1; 5 ]
            Expect.isTrue ((encoder.Run(x, nothing, key)).IsFinite().All().ToData<bool>()) "nothing seen"
        "of what each part adds, and of hidden numbers",
        fun () ->
            let x = normal 52 [ 40; 8 ]
            let block = randomized 53 (EncoderBlock.init { plain with Dropout = rate } 8 4 key)
            let silent (layer: Linear) = Tree.map Tensor.zerosLike layer
            let forward = block.FeedForward

            let attends = { block with FeedForward = { forward with Narrow = silent forward.Narrow } }

            isDropped (attends.Forward x - x) (attends.Train(x, key) - x) "attention"

            let feeds = {
                block with
                    SelfAttention = { block.SelfAttention with Output = silent block.SelfAttention.Output }
                    FeedForward = { forward with Dropout = 0.0 }
            }

            isDropped (feeds.Forward x - x) (feeds.Train(x, key) - x) "feed-forward"

            let hidden = {
                forward with
                    Narrow = { forward.Narrow with Weight = eye 32; Bias = zeros [ 32 ] }
            }

            isDropped (hidden.Forward x) (hidden.Train(x, key)) "hidden numbers"
            let cross = randomized 54 (DecoderBlock.initWithMemory { plain with Dropout = rate } 6 8 4 key)

            let crosses = {
                cross with
                    SelfAttention = { cross.SelfAttention with Output = silent cross.SelfAttention.Output }
                    FeedForward = { cross.FeedForward with Narrow = silent cross.FeedForward.Narrow }
            }

            isDropped (crosses.Run(x, memory) - x) (crosses.Run(x, memory, key = key) - x) "cross attention"
        "every block draws for itself, and each example under vmap",
        fun () ->
            let x = normal 55 [ 40; 8 ]
            let options = { plain with Dropout = 0.5 }

            // Each block adds 1, or 0 or 2 while it is trained.
            let adding (forward: FeedForward) = {
                forward with
                    Narrow = {
                        forward.Narrow with
                            Weight = zeros [ 32; 8 ]
                            Bias = Tensor.ones DType.Float64 [ 8 ]
                    }
            }

            let silenced (layer: MultiHeadAttention) = {
                layer with
                    Output = Tree.map Tensor.zerosLike layer.Output
            }

            let sums (y: Tensor) = numbers (y - x) |> Array.map round |> Array.distinct |> Array.sort
            let encoder = TransformerEncoder.init options 2 8 4 key

            let encoder = {
                encoder with
                    Norm = null
                    Layers = [
                        for b in encoder.Layers ->
                            {
                                b with
                                    FeedForward = adding b.FeedForward
                                    SelfAttention = silenced b.SelfAttention
                            }
                    ]
            }

            Expect.sequenceEqual (sums (encoder.Train(x, key))) [ 0.0; 2.0; 4.0 ] "encoder"
            let decoder = TransformerDecoder.init options 2 8 4 key

            let decoder = {
                decoder with
                    Norm = null
                    Layers = [
                        for b in decoder.Layers ->
                            {
                                b with
                                    FeedForward = adding b.FeedForward
                                    SelfAttention = silenced b.SelfAttention
                            }
                    ]
            }

            Expect.sequenceEqual (sums (decoder.Train(x, key))) [ 0.0; 2.0; 4.0 ] "decoder"
            let train (key, x) = decoder.Train(x, key)
            let y = vmap train (Key.batch 2 key, stack 0 [ x; x ])
            Expect.notEqual y[0] y[1] "examples"
            equals (decoder.Train(x, Tree.map (fun t -> t[1]) (Key.batch 2 key))) y[1]
        "every part of a block draws for itself",
        (fun () ->
            let x = normal 56 [ 40; 8 ]
            let block = DecoderBlock.initWithMemory { plain with Dropout = 0.5 } 6 8 4 key

            /// A layer that gives the same number everywhere.
            let giving (value: float) (layer: Linear) = {
                layer with
                    Weight = Tensor.zerosLike layer.Weight
                    Bias = Tensor.full DType.Float64 [ 8 ] value
            }

            let cross = nonNull block.Cross

            let sums first second third =
                let block = {
                    block with
                        SelfAttention = {
                            block.SelfAttention with
                                Output = giving first block.SelfAttention.Output
                        }
                        Cross = {
                            cross with
                                Attention = {
                                    cross.Attention with
                                        Output = giving second cross.Attention.Output
                                }
                        }
                        FeedForward = {
                            block.FeedForward with
                                Narrow = giving third block.FeedForward.Narrow
                        }
                }

                numbers (block.Run(x, memory, key = key) - x)
                |> Array.map round
                |> Array.distinct
                |> Array.sort

            // Two parts of 1 that dropped the same would give 0 and 4 alone.
            for first, second, third in [ 1.0, 1.0, 0.0; 1.0, 0.0, 1.0; 0.0, 1.0, 1.0 ] do
                Expect.sequenceEqual (sums first second third) [ 0.0; 2.0; 4.0 ] $"{first} {second} {third}")
        "none while predicting; the same key drops the same; in a Sequential",
        fun () ->
            let options = { plain with Dropout = 0.5; AttentionDropout = 0.5 }

            let layers: ITrainingLayer list = [
                TransformerEncoder.init options 2 8 4 key
                TransformerDecoder.init options 2 8 4 key
                EncoderBlock.init options 8 4 key
                DecoderBlock.init options 8 4 key
                FeedForward.init { FeedForward.defaults with Dropout = 0.5; DType = DType.Float64 } 8 16 key
                MultiHeadAttention.init
                    { MultiHeadAttention.defaults with Dropout = 0.5; DType = DType.Float64 }
                    8
                    4
                    key
            ]

            for layer in layers do
                let kind = layer.GetType().Name
                let train key = let struct (y, _) = layer.Train(x, key) in y
                equals (train key) (train key)
                Expect.notEqual (train key) (train (Key.create 9L)) $"{kind}: another key"
                Expect.notEqual (train key) (layer.Forward x) $"{kind}: predicting"
                let chain = Sequential.create [ layer; Activation.Tanh ]
                equals (tanh (layer.Forward x)) (chain.Forward x)
                Expect.notEqual (fst (Sequential.train chain key x)) (chain.Forward x) $"{kind}: in a chain"
        "a rate of 0 is none",
        fun () ->
            let decoder = TransformerDecoder.init plain 2 8 4 key
            equals (decoder.Forward x) (decoder.Train(x, key))
    ]

[<Tests>]
let tests = testList "Transformers" [ dropout ]
