/// Blocks and stacks of transformers: values, laws, options.
module Cotangent.Tests.TransformerTests

open Expecto
open Cotangent
open Cotangent.Tests.Support
open Cotangent.Tests.GradientCheck
open Cotangent.Tests.TransformerExamples

module Plain = Cotangent.Tests.PlainTransformer

let private values =
    tests "values" [
        for name, options in choices do
            $"of an encoder's block, {named (name, options)}",
            fun () ->
                let block = encoderOf 3 options
                ofRows (Plain.encoderBlock block all (Plain.rows x)) (block.Forward x) "one sequence"
                near (block.Forward x) (compile block.Forward x) "compiled"
                let batch = normal 4 [ 2; 3; 5; 8 ]
                let y = block.Forward batch
                ofRows (Plain.encoderBlock block all (Plain.rows batch[1, 2])) y[1, 2] "a batch"
                near y (vmap block.Forward batch) "vmap"

            $"of a decoder's block, {named (name, options)}",
            fun () ->
                let block = decoderOf 5 options
                ofRows (Plain.decoderBlock block None all (Plain.rows x)) (block.Forward x) "alone"
                let block = crossOf 6 options

                let expected, y =
                    Plain.decoderBlock block (Some(Plain.rows memory)) all (Plain.rows x),
                    block.Run(x, memory)

                ofRows expected y "with a memory"
                near y (compile (fun (x, memory) -> block.Run(x, memory)) (x, memory)) "compiled"
                let batch, memories = normal 7 [ 2; 5; 8 ], normal 8 [ 2; 3; 6 ]
                let y = block.Run(batch, memories)

                let expected =
                    Plain.decoderBlock block (Some(Plain.rows memories[1])) all (Plain.rows batch[1])

                ofRows expected y[1] "a batch"
                near y (vmap (fun (x, memory) -> block.Run(x, memory)) (batch, memories)) "vmap"

        "masks say what is seen",
        fun () ->
            let seen = [| for i in 0..4 -> [| for j in 0..4 -> (i + 2 * j) % 3 <> 1 |] |]
            let block = encoderOf 9 plain
            let expected = Plain.encoderBlock block (fun i j -> seen[i][j]) (Plain.rows x)
            ofRows expected (block.Run(x, tensor seen)) "of an encoder"
            let block = crossOf 10 plain
            let sees i j = (i + j) % 2 = 0
            let mask = tensor [| for i in 0..4 -> [| for j in 0..2 -> sees i j |] |]
            let expected = Plain.decoderBlock block (Some(Plain.rows memory)) sees (Plain.rows x)
            ofRows expected (block.Run(x, memory, memoryMask = mask)) "of a memory"
        "of stacks: blocks one after the other, and a normalisation at the end",
        fun () ->
            for options in [ plain; llama; { plain with IsNormFirst = false } ] do
                let encoder = randomized 11 (TransformerEncoder.init options 3 8 4 key)

                let finish (norm: ILayer | null) x =
                    match norm with
                    | null -> x
                    | norm -> Plain.normalize norm x

                Expect.equal (isNull encoder.Norm) (not options.IsNormFirst) "a normalisation at the end"

                let expected =
                    (Plain.rows x, encoder.Layers)
                    ||> List.fold (fun x block -> Plain.encoderBlock block all x)
                    |> finish encoder.Norm

                ofRows expected (encoder.Forward x) "encoder"
                near (encoder.Forward x) (compile encoder.Forward x) "compiled"
                let decoder = randomized 12 (TransformerDecoder.initWithMemory options 6 3 8 4 key)

                let expected =
                    (Plain.rows x, decoder.Layers)
                    ||> List.fold (fun x block -> Plain.decoderBlock block (Some(Plain.rows memory)) all x)
                    |> finish decoder.Norm

                ofRows expected (decoder.Run(x, memory)) "decoder"
    ]

/// Laws that hold whatever the numbers.
let private laws =
    tests "laws" [
        "what is not seen does not reach the output",
        fun () ->
            let batch = normal 20 [ 2; 5; 8 ]
            let seen = Mask.forQueries (Mask.ofLengths 5 (tensor [ 3; 5 ]))
            let encoder = randomized 21 (TransformerEncoder.init llama 2 8 4 key)
            let y = encoder.Run(batch, seen)
            near (encoder.Forward batch[0, 0..2]) y[0, 0..2] "padding changes nothing"

            for other in [ 1e6; nan; infinity ] do
                let changed = encoder.Run((batch.At[0, 3..].Set other), seen)
                Checks.same y[0, 0..2] changed[0, 0..2] $"{other}"

            let decoder = randomized 22 (TransformerDecoder.initWithMemory plain 6 2 8 4 key)
            let memories = normal 23 [ 2; 4; 6 ]
            let seen = Mask.forQueries (Mask.ofLengths 4 (tensor [ 2; 4 ]))
            let y = decoder.Run(batch, memories, memoryMask = seen)
            near (decoder.Run(batch[0], memories[0, 0..1])) y[0] "padding of a memory"

            for other in [ 1e6; nan ] do
                let changed = decoder.Run(batch, (memories.At[0, 2..].Set other), memoryMask = seen)
                Checks.same y changed $"{other} in a memory"
        "a later step changes no earlier one in a decoder, and all in an encoder",
        fun () ->
            let decoder = randomized 24 (TransformerDecoder.init llama 2 8 4 key)
            let encoder = randomized 25 (TransformerEncoder.init llama 2 8 4 key)
            let other = x.At[3].Set(normal 26 [ 8 ])
            Checks.same (decoder.Forward(x)[0..2]) (decoder.Forward(other)[0..2]) "before it"
            Expect.notEqual (decoder.Forward(x)[3]) (decoder.Forward(other)[3]) "at it"
            Expect.notEqual (decoder.Forward(x)[4]) (decoder.Forward(other)[4]) "after it"
            Expect.notEqual (encoder.Forward(x)[0]) (encoder.Forward(other)[0]) "in an encoder"
        "gradients",
        fun () ->
            for seed, options in [ 27, plain; 28, { plain with IsNormFirst = false }; 29, llama ] do
                gradient (fun (b: EncoderBlock) -> sum (square (b.Forward x))) (encoderOf seed options)

                gradient
                    (fun (b: DecoderBlock) -> sum (square (b.Run(x, memory))))
                    (crossOf (seed + 10) options)
        "blocks repeated are those of a stack",
        fun () ->
            let blocks = Repeat.create 3 (EncoderBlock.init llama 8 4) key |> randomized 30

            let stack: TransformerEncoder = {
                Layers = [ for i in 0..2 -> Repeat.item i blocks ]
                Norm = null
            }

            near (stack.Forward x) (Repeat.fold EncoderBlock.forward blocks x) "forwards"
            let bySum f = sum (square (f x))
            let eager = grad (fun blocks -> bySum (Repeat.fold EncoderBlock.forward blocks)) blocks
            let expected = grad (fun (stack: TransformerEncoder) -> bySum stack.Forward) stack

            for i in 0..2 do
                for e, a in Array.zip (Tree.leaves expected.Layers[i]) (Tree.leaves (Repeat.item i eager)) do
                    near e a $"backwards, block {i}"
        "several models at once",
        fun () ->
            let make key = DecoderBlock.init llama 8 4 key
            let models = vmap make (Key.batch 3 key)
            let y = vmap (fun (model: DecoderBlock, x) -> model.Forward x) (models, normal 31 [ 3; 5; 8 ])
            let second = make (Tree.map (fun t -> t[1]) (Key.batch 3 key))
            near (second.Forward((normal 31 [ 3; 5; 8 ])[1])) y[1] "one of them"
    ]

let private making =
    tests "making" [
        "names of leaves are PyTorch's",
        fun () ->
            let attention name = [
                for p in [ "query"; "key"; "value"; "output" ] do
                    for w in [ "weight"; "bias" ] -> $"{name}.{p}.{w}"
            ]

            let both name = [ $"{name}.weight"; $"{name}.bias" ]
            let decoder = TransformerDecoder.initWithMemory DecoderBlock.defaults 6 2 8 4 key

            Expect.sequenceEqual
                (Model.names decoder)
                [
                    for i in 0..1 do
                        let own = [
                            yield! attention "self_attn"
                            yield! both "norm1"
                            yield! attention "multihead_attn"
                            yield! both "norm2"
                            yield! both "linear1"
                            yield! both "linear2"
                            yield! both "norm3"
                        ]

                        for name in own do
                            $"layers.{i}.{name}"

                    yield! both "norm"
                ]
                "decoder"

            let block = EncoderBlock.init { EncoderBlock.defaults with IsGated = true; Bias = None } 8 4 key

            Expect.sequenceEqual
                (Model.names block)
                [
                    for p in [ "query"; "key"; "value"; "output" ] do
                        $"self_attn.{p}.weight"

                    "norm1.weight"
                    for i in [ 1; 2; 3 ] do
                        $"linear{i}.weight"

                    "norm2.weight"
                ]
                "gated, without biases"
        "options are honoured",
        fun () ->
            let block =
                DecoderBlock.initWithMemory
                    {
                        llama with
                            Weight = Init.constant 2.0
                            Bias = Some(Init.constant 3.0)
                            Dropout = 0.1
                            AttentionDropout = 0.2
                            HeadWidth = Some 6
                    }
                    5
                    8
                    4
                    key

            let cross = nonNull block.Cross
            equals (Tensor.full DType.Float64 [ 8; 24 ] 2.0) block.SelfAttention.Query.Weight
            equals (Tensor.full DType.Float64 [ 6 ] 3.0) (nonNull block.SelfAttention.Key.Bias)
            equals (Tensor.full DType.Float64 [ 5; 6 ] 2.0) cross.Attention.Value.Weight
            equals (Tensor.full DType.Float64 [ 8; 7 ] 2.0) (nonNull block.FeedForward.Factor).Weight
            Expect.equal (block.SelfAttention.IsCausal, cross.Attention.IsCausal) (true, false) "causal"
            Expect.isNotNull (box block.SelfAttention.Rotary) "rotated"
            Expect.isNull (box cross.Attention.Rotary) "another sequence is not rotated"
            Expect.equal (block.Dropout, block.FeedForward.Dropout) (0.1, 0.1) "dropout"
            Expect.equal (block.SelfAttention.Dropout, cross.Attention.Dropout) (0.2, 0.2) "of attention"
            Expect.equal (block.Norm1 :?> RmsNorm).Epsilon 1e-3 "epsilon"
            let made = EncoderBlock.create 8 4 key
            Expect.equal made (EncoderBlock.init EncoderBlock.defaults 8 4 key) "create"
            Expect.equal made.FeedForward.Wide.Weight.Shape [| 8; 32 |] "four times the width"
            Expect.equal made.FeedForward.Wide.Activation Activation.Gelu "GELU"
            Expect.isFalse made.SelfAttention.IsCausal "an encoder sees all"
            let stack = TransformerEncoder.create 2 8 4 key
            Expect.notEqual stack.Layers[0] stack.Layers[1] "keys of their own"

            Expect.equal
                (TransformerDecoder.create 2 8 4 key)
                (TransformerDecoder.init TransformerDecoder.defaults 2 8 4 key)
                "create"
        "bad options",
        fun () ->
            let refused (parts: string list) options =
                throws<ValueException, _> ("EncoderBlock.init" :: parts) (fun () ->
                    EncoderBlock.init options 8 4 key)

                throws<ValueException, _> ("DecoderBlock.init" :: parts) (fun () ->
                    DecoderBlock.init options 8 4 key)

                throws<ValueException, _> ("TransformerEncoder.init" :: parts) (fun () ->
                    TransformerEncoder.init options 2 8 4 key)

                throws<ValueException, _> ("TransformerDecoder.initWithMemory" :: parts) (fun () ->
                    TransformerDecoder.initWithMemory options 6 2 8 4 key)

            refused [ "a rate of 1" ] { plain with Dropout = 1.0 }
            refused [ "a rate of -1" ] { plain with AttentionDropout = -1.0 }
            refused [ "0 hidden numbers" ] { plain with Hidden = Some 0 }
            refused [ "3 heads of keys" ] { plain with KeyHeads = Some 3 }
            refused [ "epsilon is -1" ] { plain with Epsilon = -1.0 }

            throws<ValueException, _> [ "TransformerEncoder.init"; "0 blocks" ] (fun () ->
                TransformerEncoder.create 0 8 4 key)

            throws<DTypeException, _> [ "EncoderBlock.init"; "Int32" ] (fun () ->
                EncoderBlock.init { plain with DType = DType.Int32 } 8 4 key)

            throws<ValueException, _> [ "FeedForward.init"; "0 hidden numbers" ] (fun () ->
                FeedForward.create 8 0 key)

            throws<ValueException, _> [ "MultiHeadAttention.init"; "a rate of 1.5" ] (fun () ->
                MultiHeadAttention.init { MultiHeadAttention.defaults with Dropout = 1.5 } 8 4 key)
        "bad input",
        fun () ->
            let encoder = TransformerEncoder.init plain 2 8 4 key
            let cross = DecoderBlock.initWithMemory plain 6 8 4 key
            let alone = DecoderBlock.init plain 8 4 key

            throws<ShapeException, _> [ "TransformerEncoder.forward"; "(8,)"; "(…, steps, width)" ] (fun () ->
                encoder.Forward x[0])

            throws<ShapeException, _> [ "EncoderBlock.run"; "(5, 6)"; "8 numbers of a step" ] (fun () ->
                encoder.Layers[0].Run(normal 1 [ 5; 6 ]))

            throws<DTypeException, _> [ "TransformerEncoder.train"; "Float32"; "Float64" ] (fun () ->
                encoder.Train(Tensor.ones DType.Float32 [ 5; 8 ], key))

            throws<ShapeException, _> [ "TransformerEncoder.run"; "(5, 4)"; "(5, 5)" ] (fun () ->
                encoder.Run(x, Tensor.ones DType.Bool [ 5; 4 ]))

            throws<DTypeException, _> [ "TransformerEncoder.run"; "true for what is seen" ] (fun () ->
                encoder.Run(x, Tensor.ones DType.Float64 [ 5; 5 ]))

            throws<ValueException, _>
                [ "DecoderBlock.forward"; "wants a memory"; "`DecoderBlock.init`" ]
                (fun () -> cross.Forward x)

            throws<ValueException, _> [ "DecoderBlock.run"; "`DecoderBlock.initWithMemory`" ] (fun () ->
                alone.Run(x, memory))

            throws<ValueException, _> [ "DecoderBlock.run"; "no cross attention" ] (fun () ->
                alone.Run(x, memoryMask = Tensor.ones DType.Bool [ 1; 3 ]))

            throws<ShapeException, _> [ "DecoderBlock.run"; "(3, 8)"; "6" ] (fun () ->
                cross.Run(x, normal 1 [ 3; 8 ]))

            throws<ShapeException, _> [ "DecoderBlock.run"; "(2, 3, 6)"; "batch ()" ] (fun () ->
                cross.Run(x, normal 1 [ 2; 3; 6 ]))

            throws<ShapeException, _> [ "DecoderBlock.run"; "(5, 5)"; "(5, 3)" ] (fun () ->
                cross.Run(x, memory, memoryMask = Tensor.ones DType.Bool [ 5; 5 ]))

            throws<ShapeException, _> [ "FeedForward.forward"; "(5, 6)"; "8 inputs" ] (fun () ->
                (FeedForward.create 8 4 key).Forward(normal 1 [ 5; 6 ]))
    ]

[<Tests>]
let tests = testList "Transformers" [ values; laws; making ]
