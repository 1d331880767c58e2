module Cotangent.Tests.RandomTests

open System
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Support
open Expecto
open FsCheck.FSharp

let private key = Key.create 42L

/// The vectors that come with the authors' own code (Random123, kat_vectors: philox4x32, 10 rounds).
let private generator =
    tests "Philox4x32-10" [
        "published vectors",
        fun () ->
            let ones = UInt32.MaxValue

            Expect.equal
                (Philox.block 0u 0u 0u 0u 0u 0u)
                (struct (0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u))
                "zeros"

            Expect.equal
                (Philox.block ones ones ones ones ones ones)
                (struct (0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu))
                "ones"

            Expect.equal
                (Philox.block 0x243f6a88u 0x85a308d3u 0x13198a2eu 0x03707344u 0xa4093822u 0x299f31d0u)
                (struct (0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u))
                "digits of pi"
        "a draw is made of those words",
        fun () ->
            // Key 0: the block of counter 0 under the vector above, 24 bits of each word.
            let words = [ 0x6627e8d5u; 0xe169c58du; 0xbc57ac4cu; 0x9b00dbd8u ]
            let expected = [ for w in words -> float32 (w >>> 8) / 16777216f ]
            equals expected (Random.uniform (Key.create 0L) DType.Float32 [ 4 ])
            let pair low high = (uint64<uint32> high <<< 32) ||| uint64<uint32> low

            let expected = [
                for w in [ pair words[0] words[1]; pair words[2] words[3] ] ->
                    float (w >>> 11) / 9007199254740992.0
            ]

            equals expected (Random.uniform (Key.create 0L) DType.Float64 [ 2 ])
    ]

let private draws: (string * (Key -> int list -> Tensor)) list = [
    for dtype in floats do
        $"uniform {dtype}", (fun key shape -> Random.uniform key dtype shape)
        $"normal {dtype}", (fun key shape -> Random.normal key dtype shape)
    "uniformIn", (fun key shape -> Random.uniformIn key -1.0 3.0 DType.Float32 shape)
    "truncatedNormal", (fun key shape -> Random.truncatedNormal key -1.0 2.0 DType.Float32 shape)
    "bernoulli", (fun key shape -> Random.bernoulli key 0.3 shape)
    "integers", (fun key shape -> Random.integers key -5L 5L DType.Int32 shape)
]

let private keyed =
    testList "every draw" [
        for name, draw in draws do
            testCase $"{name} depends on the key alone" (fun () ->
                let row = draw key [ 60 ]
                Expect.equal (draw (Key.create 42L) [ 60 ]) row "again"
                Expect.equal (draw key [ 3; 4; 5 ]) (row.Reshape [ 3; 4; 5 ]) "in another shape"
                Expect.equal (draw key [ 7 ]) row[..6] "fewer"
                Expect.equal (draw key [ 1 ]) row[..0] "one"
                Expect.equal (draw key []) row[0] "a scalar"
                hasShape [ 0; 3 ] (draw key [ 0; 3 ])
                Expect.notEqual (draw (Key.create 43L) [ 60 ]) row "of another key"
                let long = draw key [ 100_003 ]
                Expect.equal long[..59] row "many, on several threads"
                throws<ShapeException, _> [ "Random."; "(2, -1)" ] (fun () -> draw key [ 2; -1 ]))
    ]

let private words (key: Key) = key.Data.ToData<int64>()

let private keys =
    tests "keys" [
        "the same numbers for ever",
        fun () ->
            // A change of the derivation would change every trained model: it must be noticed.
            let a, b = Key.split (Key.create 0L)
            let struct (w0, w1, w2, w3) = Philox.block 0u 0u 1u 0u 0u 0u
            let pair low high = int64 ((uint64<uint32> high <<< 32) ||| uint64<uint32> low)
            Expect.equal (words a, words b) (pair w0 w1, pair w2 w3) "the block of stream 1"
        "a key of a name is that of its hash by FNV-1a, and leaves the key as it is",
        fun () ->
            let key = Key.create 7L
            // The published test vectors of FNV-1a: of "", "a" and "foobar".
            for name, hash in
                [ "", 0xcbf29ce484222325UL; "a", 0xaf63dc4c8601ec8cUL; "foobar", 0x85944171f73967e8UL ] do
                Expect.equal (string (Key.named name key)) (string (Key.fold (int64 hash) key)) name

            Expect.notEqual (string (Key.named "weights" key)) (string (Key.named "dropout" key)) "names"
        "split, splitMany and fold agree with themselves and differ from each other",
        fun () ->
            let a, b = Key.split key
            let many = [ for k in Key.splitMany 50 key -> words k ]
            Expect.equal many[..1] [ words a; words b ] "the first two of many"
            let a3, b3, c3 = Key.split3 key
            Expect.equal [ words a3; words b3; words c3 ] many[..2] "the first three"
            let a4, b4, c4, d4 = Key.split4 key
            Expect.equal [ words a4; words b4; words c4; words d4 ] many[..3] "the first four"
            Expect.equal (List.map words (List.ofArray (Key.splitMany 50 (Key.create 42L)))) many "again"
            let folded = [ for n in -50L .. 50L -> words (Key.fold n key) ]
            Expect.equal (words (Key.fold 7L key)) folded[57] "again"

            let grandchildren = [
                for child in Key.splitMany 50 key do
                    for k in Key.splitMany 3 child -> words k
            ]

            let all =
                words key :: many @ folded @ grandchildren @ [ for n in 0L .. 20L -> words (Key.fold n a) ]

            Expect.equal (List.distinct all).Length all.Length "no two alike"
            Expect.isEmpty (Key.splitMany 0 key) "none"
            throws<ValueException, _> [ "splitMany"; "-1" ] (fun () -> Key.splitMany -1 key)
        "keys do not draw what their children draw",
        fun () ->
            let bits = Random.integers key 0L (1L <<< 40) DType.Int64 [ 50 ]
            let children = [ for k in Key.splitMany 50 key -> words k &&& ((1L <<< 40) - 1L) ]
            Expect.isEmpty (Set.intersect (set (bits.ToData<int64 list>())) (set children)) "streams"
        "siblings are not correlated",
        fun () ->
            let n = 20000

            let rows = [
                key
                fst (Key.split key)
                snd (Key.split key)
                Key.fold 0L key
                Key.fold 1L key
                Key.create 43L
            ]

            let rows = rows |> List.map (fun k -> Random.normal k DType.Float64 [ n ])

            for i in 0 .. rows.Length - 1 do
                for j in 0 .. i - 1 do
                    Expect.isLessThan
                        (abs (float (mean (rows[i] * rows[j]))) * sqrt (float n))
                        4.0
                        "standard errors"
        "a key used twice",
        fun () ->
            let use2 () = Random.uniform key DType.Float32 [ 2 ] + Random.normal key DType.Float32 [ 2 ]

            throws<KeyException, _> [ "Random.normal"; "Random.uniform"; "Key.split" ] (fun () ->
                Debug.checkKeys use2)

            throws<KeyException, _> [ "Key.split" ] (fun () ->
                Debug.checkKeys (fun () -> Key.split key, Key.split key))

            hasShape [ 2 ] (use2 ())

            Debug.checkKeys (fun () ->
                let a, b = Key.split (Key.create 1L)
                Random.uniform a DType.Float32 [ 2 ] + Random.normal b DType.Float32 [ 2 ])
            |> hasShape [ 2 ]

            Debug.checkKeys (fun () -> [
                for n in 0L .. 3L -> Random.uniform (Key.fold n key) DType.Float32 [ 1 ]
            ])
            |> ignore
            // Each check starts anew.
            Debug.checkKeys (fun () -> Random.uniform key DType.Float32 [ 1 ]) |> ignore
        "a key used twice in a batch, a loop, a branch or on the way back",
        fun () ->
            let draw (key: Key) = Random.normal key DType.Float64 [ 2 ]
            let flags, counts = tensor [ true; false ], tensor [ 1.0; 3.0 ]
            let zeros = Tensor.zeros DType.Float64 [ 2 ]

            let twice: (string * (unit -> Tensor)) list = [
                "of each example", fun () -> vmap (fun k -> draw k + draw k) (Key.batch 3 key)
                "split, too",
                fun () ->
                    vmap
                        (fun k ->
                            Key.split k |> ignore
                            draw k)
                        (Key.batch 3 key)
                "by two batches", fun () -> let keys = Key.batch 3 key in vmap draw keys + vmap draw keys
                "in a batch of batches",
                fun () -> vmap (fun k -> vmap (fun k -> draw k + draw k) (Key.batch 2 k)) (Key.batch 3 key)
                "in a gradient of each example",
                fun () ->
                    vmap
                        (fun k -> grad (fun (x: Tensor) -> sum (x * draw k + draw k)) zeros)
                        (Key.batch 2 key)
                "before a branch of some examples",
                fun () ->
                    vmap
                        (fun (flag, k) -> draw k + cond flag draw (fun _ -> zeros) k)
                        (flags, Key.batch 2 key)
                "in a branch",
                fun () ->
                    vmap
                        (fun (flag, k) -> cond flag (fun k -> draw k + draw k) draw k)
                        (flags, Key.batch 2 key)
                "in one of three",
                fun () ->
                    vmap
                        (fun (i, k) -> switch i [ draw; (fun k -> draw k + draw k); draw ] k)
                        (tensor [ 0; 1 ], Key.batch 2 key)
                "after branches",
                fun () ->
                    vmap
                        (fun (flag, k) -> cond flag draw (fun _ -> zeros) k + draw k)
                        (flags, Key.batch 2 key)
                "in rounds of a while",
                fun () ->
                    vmap
                        (fun (n, k) ->
                            whileLoop
                                (fun (n: Tensor, _) -> n.Greater 0.0)
                                (fun (n, x) -> n - 1.0, x + draw k)
                                (n, zeros)
                            |> snd)
                        (counts, Key.batch 2 key)
                "in rounds, closed over",
                fun () ->
                    vmap
                        (fun n ->
                            whileLoop
                                (fun (n: Tensor, _) -> n.Greater 0.0)
                                (fun (n, x) -> n - 1.0, x + draw key)
                                (n, zeros)
                            |> snd)
                        counts
                "in rounds of a scan",
                fun () ->
                    scan (fun (x: Tensor) (k: Key) -> x + draw k + draw k, ()) zeros (Key.batch 3 key) |> fst
                "in a checkpoint",
                fun () -> grad (fun x -> sum (checkpoint (fun x -> sin (x * draw key) * draw key) x)) zeros
            ]

            for what, f in twice do
                f () |> ignore

                try
                    Debug.checkKeys f |> ignore
                    failtest $"{what}: nothing was raised"
                with :? KeyException as e ->
                    Expect.stringContains e.Message "used before" what

            let once: (string * (unit -> Tensor)) list = [
                "of each example",
                fun () -> vmap (fun k -> let a, b = Key.split k in draw a + draw b) (Key.batch 3 key)
                "shared by all",
                fun () -> vmap (fun (x: Tensor) -> x * draw key) (Tensor.ones DType.Float64 [ 3; 2 ])
                "in either branch",
                fun () ->
                    vmap (fun (flag, k) -> cond flag draw (fun k -> 2.0 * draw k) k) (flags, Key.batch 2 key)
                "in any of three",
                fun () ->
                    vmap
                        (fun (i, k) -> switch i [ draw; draw; draw ] k)
                        (tensor [ -5; 1; 7 ], Key.batch 3 key)
                "by the examples that did not take a branch",
                fun () ->
                    vmap
                        (fun (flag: Tensor, k) ->
                            cond flag draw (fun _ -> zeros) k + cond (flag.Not()) draw (fun _ -> zeros) k)
                        (flags, Key.batch 2 key)
                "in rounds of a while",
                fun () ->
                    let round (n: Tensor, k, x: Tensor) = let k, now = Key.split k in n - 1.0, k, x + draw now

                    vmap
                        (fun (n, k) ->
                            let _, k, x =
                                whileLoop (fun (n: Tensor, _, _) -> n.Greater 0.0) round (n, k, zeros) in

                            x + draw k)
                        (counts, Key.batch 2 key)
                "in a checkpoint, and again on the way back",
                fun () -> grad (fun x -> sum (checkpoint (fun x -> sin (x * draw key)) x)) zeros
                "in rounds that are computed again",
                fun () ->
                    grad
                        (fun x ->
                            boundedWhileLoop
                                9
                                (fun (x: Tensor, _) -> x.Less 5.0)
                                (fun (x, k) -> let k, now = Key.split k in x + 1.0 + 0.0 * sum (draw now), k)
                                (x, key)
                            |> fst)
                        (tensor 0.0)
                "in columns of a Jacobian", fun () -> jacobianForward (fun x -> x * draw key) zeros
            ]

            for what, f in once do
                Expect.equal (Debug.checkKeys f) (f ()) what
        "permutations",
        fun () ->
            for n in [ 0; 1; 2; 100; 5000 ] do
                Expect.equal
                    (numbers (Random.permutation key n) |> Array.sort)
                    [| for i in 0 .. n - 1 -> float i |]
                    "every position once"

            Expect.equal (Random.permutation key 9).DType DType.Int32 "dtype"
            Expect.notEqual (Random.permutation key 100) (Random.permutation (Key.create 1L) 100) "by key"
            let t = counting DType.Float32 [ 10; 2 ]
            let shuffled = Random.shuffle key t
            Expect.notEqual shuffled t "moved"
            Expect.equal (shuffled.Take(shuffled[*, 0].ArgSort())) t "whole rows"
            throws<ShapeException, _> [ "permutation" ] (fun () -> Random.permutation key -1)
        "refused",
        fun () ->
            throws<DTypeException, _> [ "Random.uniform"; "Int32" ] (fun () ->
                Random.uniform key DType.Int32 [ 1 ])

            throws<DTypeException, _> [ "Random.normal"; "Bool" ] (fun () ->
                Random.normal key DType.Bool [ 1 ])

            throws<ValueException, _> [ "Random.uniformIn"; "3"; "1" ] (fun () ->
                Random.uniformIn key 3.0 1.0 DType.Float32 [ 1 ])

            throws<ValueException, _> [ "Random.truncatedNormal" ] (fun () ->
                Random.truncatedNormal key 1.0 1.0 DType.Float32 [ 1 ])

            throws<ValueException, _> [ "Random.bernoulli"; "1.5" ] (fun () -> Random.bernoulli key 1.5 [ 1 ])
            throws<ValueException, _> [ "Random.bernoulli"; "NaN" ] (fun () -> Random.bernoulli key nan [ 1 ])
            throws<ShapeException, _> [ "Random.categorical" ] (fun () -> Random.categorical key (tensor 1.0))

            throws<DTypeException, _> [ "Random.categorical"; "Int32" ] (fun () ->
                Random.categorical key (tensor [ 1 ]))

            throws<DTypeException, _> [ "Random.integers"; "Float32" ] (fun () ->
                Random.integers key 0L 2L DType.Float32 [ 1 ])

            throws<ValueException, _> [ "Random.integers"; "5"; "included" ] (fun () ->
                Random.integers key 5L 5L DType.Int32 [ 1 ])

            throws<ValueException, _> [ "Random.integers" ] (fun () ->
                Random.integers key Int64.MinValue Int64.MaxValue DType.Int64 [ 1 ])

            throws<ValueException, _> [ "Random.integers"; "Int32"; "Int64" ] (fun () ->
                Random.integers key 0L 3000000000L DType.Int32 [ 1 ])
    ]

[<Tests>]
let all = testList "Random" [ generator; keyed; keys ]
