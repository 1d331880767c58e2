/// Attention with several heads.
module Cotangent.Tests.MultiHeadAttentionTests

open Expecto
open Cotangent
open Cotangent.Tests.Support
open Cotangent.Tests.GradientCheck
open Cotangent.Tests.PlainTransformer

let private options = { MultiHeadAttention.defaults with DType = DType.Float64 }

let private layerOf seed options width heads =
    randomized seed (MultiHeadAttention.init options width heads (Key.create 1L))

/// Of tensors.
let private plain layer sees (query: Tensor) (memory: Tensor) : Tensor =
    tensor (attention layer sees (rows query) (rows memory))

let private near (expected: Tensor) (actual: Tensor) what = Checks.within 1e-10 expected actual what

let private values =
    let x = normal 1 [ 5; 6 ]

    tests "values" [
        for keyHeads in [ 1; 2; 3; 6 ] do
            $"6 heads over {keyHeads} heads of keys",
            fun () ->
                let layer = layerOf 2 { options with KeyHeads = Some keyHeads } 6 6
                let expected = plain layer (fun _ _ -> true) x x
                near expected (MultiHeadAttention.forward layer x) "one sequence"
                near expected (compile (MultiHeadAttention.forward layer) x) "compiled"
                let batch = normal 3 [ 2; 3; 5; 6 ]
                let y = layer.Forward batch
                near (plain layer (fun _ _ -> true) batch[1, 2] batch[1, 2]) y[1, 2] "a batch"
                near y (vmap layer.Forward batch) "vmap"
                let causal = { layer with IsCausal = true }
                near (plain layer (fun i j -> j <= i) x x) (causal.Forward x) "causal"
        "masks say what is seen",
        fun () ->
            let layer = layerOf 4 { options with KeyHeads = Some 1 } 6 3
            let seen = [| for i in 0..4 -> [| for j in 0..4 -> (i + 2 * j) % 3 <> 1 |] |]
            near (plain layer (fun i j -> seen[i][j]) x x) (layer.Forward(x, tensor seen)) "each pair"
            let causal = { layer with IsCausal = true }

            near
                (plain layer (fun i j -> j <= i && seen[i][j]) x x)
                (causal.Forward(x, tensor seen))
                "and causal"

            let keys = tensor [ true; true; false; true; false ]

            near
                (plain layer (fun _ j -> j <> 2 && j <> 4) x x)
                (layer.Forward(x, Mask.forQueries keys))
                "keys"
        "padding changes nothing of what is seen",
        fun () ->
            let layer = layerOf 5 options 6 2
            let lengths = tensor [ 3; 5 ]
            let batch = normal 6 [ 2; 5; 6 ]
            let seen = Mask.forQueries (Mask.ofLengths 5 lengths)
            let y = layer.Forward(batch, seen)
            near (layer.Forward(batch[0, 0..2])) y[0, 0..2] "the short one"
            near (layer.Forward batch[1]) y[1] "the long one"
            let other = batch.At[0, 3..].Set 1e6
            near y[0, 0..2] (layer.Forward(other, seen)[0, 0..2]) "whatever stands there"
        "a step that sees nothing gets the output's bias",
        fun () ->
            let layer = layerOf 7 options 6 2
            let y = layer.Forward(x, Tensor.zeros DType.Bool [ 1; 5 ])
            near (nonNull layer.Output.Bias) y[3] "bias"
        "cross attention to a memory of another width and length",
        fun () ->
            let layer =
                layerOf 8 { options with MemoryWidth = Some 4; KeyHeads = Some 1; HeadWidth = Some 5 } 6 2

            let memory = normal 9 [ 3; 4 ]
            let expected = plain layer (fun _ _ -> true) x memory
            near expected (layer.Attend(x, memory)) "all"
            near expected (layer.Attend(x, layer.Memory memory)) "computed before"
            let seen = tensor [ [ true; false; true ] ]
            near (plain layer (fun _ j -> j <> 1) x memory) (layer.Attend(x, memory, seen)) "masked"
            hasShape [ 2; 5; 6 ] (layer.Attend(normal 1 [ 2; 5; 6 ], normal 1 [ 2; 3; 4 ]))
        "rotary positions turn queries and keys of each head",
        fun () ->
            let layer = layerOf 10 { options with Rotary = Some Rotary.halves } 8 2
            let x = normal 11 [ 5; 8 ]
            // The same as an attention whose projections are rotated by hand.
            let heads (l: Linear) = (l.Forward x).Reshape([ 5; 2; 4 ]).Transpose(0, 1)
            let q, k = Rotary.halves.Forward(heads layer.Query), Rotary.halves.Forward(heads layer.Key)
            let y = attend Attention.full q k (heads layer.Value)
            near (layer.Output.Forward(y.Transpose(0, 1).Reshape [ 5; 8 ])) (layer.Forward x) "by hand"
    ]

let private generation =
    let cases = [
        "plain", options
        "multi-query", { options with KeyHeads = Some 1 }
        "grouped, rotary", { options with KeyHeads = Some 2; Rotary = Some Rotary.neighbours }
    ]

    tests "generation" [
        for name, options in cases do
            $"with a cache is the whole forward pass, {name}",
            fun () ->
                let layer = layerOf 20 { options with IsCausal = true } 8 4
                let x = normal 21 [ 2; 7; 8 ]
                let expected = layer.Forward x

                let step =
                    compile (fun (x, cache) -> let struct (y, cache) = layer.Step(x, cache) in y, cache)

                // A prompt of three steps, then one by one; the cache has room to spare.
                for run in
                    [ (fun (x, cache) -> let struct (y, cache) = layer.Step(x, cache) in y, cache); step ] do
                    let first, cache = run (x[*, 0..2], layer.Cache(10, [ 2 ]))
                    near expected[*, 0..2] first "prompt"
                    let mutable cache = cache

                    for t in 3..6 do
                        let y, next = run (x[*, t..t], cache)
                        near expected[*, t..t] y $"step {t}"
                        cache <- next

                    equals 7 cache.Position

                Expect.stringContains
                    (Compile.explain step)
                    "compiled 2 times"
                    "one program for the prompt, one for all steps"
        "a cache is a value: an earlier one can be gone on from again",
        fun () ->
            let layer = layerOf 22 { options with IsCausal = true } 8 4
            let x = normal 23 [ 4; 8 ]
            let struct (_, cache) = layer.Step(x[0..1], layer.Cache(4, []))
            let struct (a, _) = layer.Step(x[2..2], cache)
            let struct (_, _) = layer.Step(x[3..3], cache)
            let struct (b, _) = layer.Step(x[2..2], cache)
            equals a b
        "inside a scan, and under vmap",
        fun () ->
            let layer = layerOf 24 { options with IsCausal = true } 8 2
            let x = normal 25 [ 3; 5; 8 ]

            let generate (x: Tensor) =
                let step cache (x: Tensor) =
                    let struct (y, cache) = layer.Step(x.Unsqueeze 0, cache)
                    cache, y[0]

                snd (scan step (layer.Cache(5, [])) x)

            near (layer.Forward x[1]) (compile generate x[1]) "scan"
            near (layer.Forward x) (vmap generate x) "vmap"
        "a full cache refuses",
        fun () ->
            let layer = layerOf 26 { options with IsCausal = true } 8 2
            let struct (_, cache) = layer.Step(normal 1 [ 2; 8 ], layer.Cache(3, []))

            let run (x, cache) = let struct (y, _) = layer.Step(x, cache) in y

            for run in [ run; compile run ] do
                throws<IndexException, _>
                    [ "MultiHeadAttention.step"; "a cache of 3 places"; "a step at 3"; "larger" ]
                    (fun () -> run (normal 1 [ 2; 8 ], cache))

                throws<IndexException, _> [ "MultiHeadAttention.step"; "a cache of 3 places" ] (fun () ->
                    run (normal 1 [ 4; 8 ], cache))
    ]

let private making =
    let key = Key.create 5L

    tests "making" [
        "gradients",
        fun () ->
            let x, memory = normal 30 [ 2; 4; 6 ], normal 31 [ 2; 3; 6 ]
            let own = { options with KeyHeads = Some 1; IsCausal = true; Rotary = Some Rotary.halves }
            gradient (fun (l: MultiHeadAttention) -> sum (square (l.Forward x))) (layerOf 32 own 6 3)
            let cross = { options with KeyHeads = Some 3 }

            gradient
                (fun (l: MultiHeadAttention) -> sum (square (l.Attend(x, memory))))
                (layerOf 33 cross 6 3)
        "options are honoured",
        fun () ->
            let made =
                MultiHeadAttention.init
                    {
                        options with
                            Weight = Init.constant 2.0
                            Bias = None
                            KeyHeads = Some 2
                            HeadWidth = Some 3
                            MemoryWidth = Some 5
                            Rotary = None
                    }
                    8
                    4
                    key

            equals (Tensor.full DType.Float64 [ 8; 12 ] 2.0) made.Query.Weight
            equals (Tensor.full DType.Float64 [ 5; 6 ] 2.0) made.Key.Weight
            equals (Tensor.full DType.Float64 [ 5; 6 ] 2.0) made.Value.Weight
            equals (Tensor.full DType.Float64 [ 12; 8 ] 2.0) made.Output.Weight
            Expect.isNull (box made.Query.Bias) "no bias"
            Expect.isNull (box made.Rotary) "no rotation"

            Expect.sequenceEqual
                [ for l in Tree.entries (MultiHeadAttention.create 8 2 key) -> l.Name ]
                [
                    for p in [ "query"; "key"; "value"; "output" ] do
                        for w in [ "weight"; "bias" ] -> $"{p}.{w}"
                ]
                "names"

            Expect.equal
                (MultiHeadAttention.create 8 2 key)
                (MultiHeadAttention.init MultiHeadAttention.defaults 8 2 key)
                "create"

            let made = MultiHeadAttention.create 8 2 key
            Expect.notEqual made.Query.Weight made.Key.Weight "keys of their own"
            Expect.isFalse made.IsCausal "sees all"
        "head counts that do not divide are refused",
        fun () ->
            throws<ValueException, _>
                [ "MultiHeadAttention.init"; "3 heads"; "width of 8"; "a width of their own" ]
                (fun () -> MultiHeadAttention.create 8 3 key)

            throws<ValueException, _> [ "MultiHeadAttention.init"; "3 heads of keys"; "4 heads" ] (fun () ->
                MultiHeadAttention.init { options with KeyHeads = Some 3 } 8 4 key)

            throws<ShapeException, _> [ "MultiHeadAttention.init"; "rotary"; "width of 3" ] (fun () ->
                MultiHeadAttention.init { options with Rotary = Some Rotary.halves } 6 2 key)

            throws<ValueException, _> [ "MultiHeadAttention.init"; "0 heads" ] (fun () ->
                MultiHeadAttention.create 8 0 key)

            throws<ValueException, _> [ "MultiHeadAttention.forward"; "8 numbers"; "3 heads" ] (fun () ->
                ({ layerOf 1 options 8 2 with Heads = 3 }).Forward(normal 1 [ 2; 8 ]))
        "bad input",
        fun () ->
            let layer = layerOf 40 options 8 2
            let x = normal 41 [ 4; 4; 8 ]

            throws<ShapeException, _> [ "MultiHeadAttention.forward"; "(8,)"; "(…, steps, width)" ] (fun () ->
                layer.Forward x[0, 0])

            throws<ShapeException, _> [ "MultiHeadAttention.forward"; "(4, 6)"; "8" ] (fun () ->
                layer.Forward(normal 1 [ 4; 6 ]))

            throws<DTypeException, _> [ "MultiHeadAttention.forward"; "Int32" ] (fun () ->
                layer.Forward(Tensor.zeros DType.Int32 [ 4; 8 ]))

            // (batch, keys) where a batch has as many examples as queries: it would pass for (queries, keys).
            throws<ShapeException, _>
                [ "MultiHeadAttention.forward"; "(4, 4)"; "(4, 4, 4)"; "Mask.forQueries" ]
                (fun () -> layer.Forward(x, Tensor.ones DType.Bool [ 4; 4 ]))

            throws<ShapeException, _> [ "MultiHeadAttention.forward"; "(4, 1, 3)" ] (fun () ->
                layer.Forward(x, Tensor.ones DType.Bool [ 4; 1; 3 ]))

            throws<DTypeException, _>
                [ "MultiHeadAttention.forward"; "true for what is seen"; "Float64" ]
                (fun () -> layer.Forward(x, Tensor.ones DType.Float64 [ 4; 1; 4 ]))

            throws<ValueException, _> [ "MultiHeadAttention.step"; "Make a causal layer" ] (fun () ->
                layer.Step(x, layer.Cache(4, [ 4 ])))

            let causal = { layer with IsCausal = true }

            throws<ValueException, _> [ "MultiHeadAttention.attend"; "make one that is not" ] (fun () ->
                causal.Attend(x, x))

            throws<ShapeException, _> [ "MultiHeadAttention.step"; "(4,)"; "(2,)" ] (fun () ->
                causal.Step(x, causal.Cache(4, [ 2 ])))

            throws<ValueException, _> [ "MultiHeadAttention.cache"; "0 places" ] (fun () ->
                causal.Cache(0, []))
    ]

[<Tests>]
let all = testList "MultiHeadAttention" [ values; generation; making ]
