/// Transformers step by step, with a cache.
module Cotangent.Tests.TransformerGenerationTests

open Expecto
open Cotangent
open Cotangent.Tests.Support
open Cotangent.Tests.GradientCheck
open Cotangent.Tests.TransformerExamples

let private stepOf (decoder: TransformerDecoder) (x, cache) =
    let struct (y, cache) = decoder.Step(x, cache)
    y, cache

let private generation =
    let memories = normal 40 [ 2; 4; 6 ]
    let seen = Mask.forQueries (Mask.ofLengths 4 (tensor [ 2; 4 ]))

    tests "generation" [
        for name, options in choices do
            $"step by step is the whole sequence at once, {named (name, options)}",
            fun () ->
                let x = normal 41 [ 2; 7; 8 ]
                let alone = randomized 42 (TransformerDecoder.init options 2 8 4 key)
                let cross = randomized 43 (TransformerDecoder.initWithMemory options 6 2 8 4 key)

                for decoder, cache, expected in
                    [
                        alone, alone.Cache(10, [ 2 ]), alone.Forward x
                        cross,
                        cross.Cache(10, [ 2 ], memories, seen),
                        cross.Run(x, memories, memoryMask = seen)
                    ] do
                    let compiled = compile (stepOf decoder)

                    for run in [ stepOf decoder; compiled ] do
                        // A prompt of three steps, then one by one; the cache has room to spare.
                        let first, next = run (x[*, 0..2], cache)
                        near expected[*, 0..2] first "prompt"
                        let mutable next: TransformerCache = next

                        for t in 3..6 do
                            let y, after = run (x[*, t..t], next)
                            near expected[*, t..t] y $"step {t}"
                            next <- after

                        equals 7 next.Position
                        Expect.equal next.Capacity 10 "capacity"

                    Expect.stringContains
                        (Compile.explain compiled)
                        "compiled 2 times"
                        "one program for the prompt, one for all steps"
        "one block, inside a scan and under vmap",
        fun () ->
            let block = crossOf 44 llama
            let x = normal 45 [ 2; 5; 8 ]

            let generate (x: Tensor, memory: Tensor) =
                let step cache (x: Tensor) =
                    let struct (y, cache) = block.Step(x.Unsqueeze 0, cache)
                    cache, y[0]

                snd (scan step (block.Cache(5, [], memory)) x)

            near (block.Run(x[1], memories[1])) (compile generate (x[1], memories[1])) "scan"
            near (block.Run(x, memories)) (vmap generate (x, memories)) "vmap"
        "refused",
        fun () ->
            let decoder = TransformerDecoder.init plain 2 8 4 key
            let cross = TransformerDecoder.initWithMemory plain 6 2 8 4 key

            throws<ValueException, _> [ "TransformerDecoder.step"; "3 blocks"; "has 2" ] (fun () ->
                decoder.Step(x, (TransformerDecoder.init plain 3 8 4 key).Cache(9, [])))

            throws<ValueException, _> [ "TransformerDecoder.cache"; "wants a memory" ] (fun () ->
                cross.Cache(9, []))

            throws<ValueException, _>
                [ "TransformerDecoder.cache"; "TransformerDecoder.initWithMemory" ]
                (fun () -> decoder.Cache(9, [], memory))

            throws<ShapeException, _> [ "TransformerDecoder.cache"; "(2, 4, 6)"; "batch (3,)" ] (fun () ->
                cross.Cache(9, [ 3 ], memories))

            throws<ValueException, _> [ "TransformerDecoder.cache"; "0 places" ] (fun () ->
                decoder.Cache(0, []))

            throws<ShapeException, _> [ "TransformerDecoder.step"; "(2,)" ] (fun () ->
                decoder.Step(x, decoder.Cache(9, [ 2 ])))

            throws<IndexException, _> [ "a cache of 3 places" ] (fun () ->
                decoder.Step(x, decoder.Cache(3, [])))

            throws<ShapeException, _> [ "DecoderBlock.step"; "(5, 6)"; "8" ] (fun () ->
                decoder.Layers[0].Step(normal 1 [ 5; 6 ], decoder.Layers[0].Cache(9, [])))
    ]

[<Tests>]
let tests = testList "Transformers" [ generation ]
