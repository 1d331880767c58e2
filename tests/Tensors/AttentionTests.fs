/// Attention against the sum over all keys, number by number in Float64: longer than a block of queries, with all options.
module Cotangent.Tests.AttentionTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto

let private normal seed (shape: int list) =
    let random = Random(seed: int)
    let count = List.fold (*) 1 shape
    (tensor (Array.init count (fun _ -> random.NextDouble() * 4.0 - 2.0))).Reshape shape

/// softmax(scale q kᵀ) v by loops, for one batch.
let private naive scale (sees: int -> int -> bool) (q: Tensor) (k: Tensor) (v: Tensor) : Tensor =
    let atQ, atK, atV = reader q, reader k, reader v
    let queries, width, keys, values = q.Shape[0], q.Shape[1], k.Shape[0], v.Shape[1]

    let rows =
        Array.init queries (fun i ->
            let weights =
                Array.init keys (fun j ->
                    if sees i j then
                        exp (
                            scale * Seq.sum (seq { for e in 0 .. width - 1 -> atQ [ i; e ] * atK [ j; e ] })
                        )
                    else
                        0.0)

            let total = Array.sum weights

            Array.init values (fun e ->
                if total = 0.0 then
                    0.0
                else
                    Seq.sum (seq { for j in 0 .. keys - 1 -> weights[j] * atV [ j; e ] }) / total))

    (tensor (Array.concat rows)).Reshape [ queries; values ]

/// The same in terms of other primitives, for its derivatives.
let private composite (how: Attention) (q: Tensor) (k: Tensor) (v: Tensor) =
    let queries, keys = q.Shape[q.Rank - 2], k.Shape[k.Rank - 2]
    let scores = matmul q (k.Transpose()) / sqrt (float q.Shape[q.Rank - 1])

    let seen =
        let all = Tensor.ones DType.Bool [ queries; keys ]
        let all = if how.IsCausal then (all.Convert DType.Int32).Tril(keys - queries).Greater 0.0 else all

        match how.Mask with
        | Some mask -> all.And mask
        | None -> all

    matmul (softmax (where seen scores (Tensor.full DType.Float64 [] -infinity))) v

let private long = lazy (normal 1 [ 150; 8 ], normal 2 [ 1100; 8 ], normal 3 [ 1100; 5 ])
let private scale = 1.0 / sqrt 8.0

let private random (seed: int) (shape: int list) =
    let random = Random seed
    (tensor (Array.init (List.fold (*) 1 shape) (fun _ -> random.Next 3 > 0))).Reshape shape

let private values =
    tests "values" [
        "every key",
        fun () ->
            let q, k, v = long.Value
            close 1e-13 (numbers (naive scale (fun _ _ -> true) q k v)) (attend Attention.full q k v)
        "keys up to the query's place, counted from the end",
        fun () ->
            let q, k, v = long.Value

            close
                1e-13
                (numbers (naive scale (fun i j -> j <= i + 950) q k v))
                (attend Attention.causal q k v)

            let q, k, v = k, q, v[..149]
            let expected = naive scale (fun i j -> j <= i - 950) q k v
            let y = attend Attention.causal q k v
            close 1e-13 (numbers expected) y
            Expect.equal y[..949] (Tensor.zeros DType.Float64 [ 950; 5 ]) "no key"
        "a mask, and both",
        fun () ->
            let q, k, v = long.Value
            let mask = random 4 [ 150; 1100 ]
            let holds = let at = reader (mask.Convert DType.Float64) in fun i j -> at [ i; j ] > 0.0
            close 1e-13 (numbers (naive scale holds q k v)) (attend (Attention.masked mask) q k v)
            let both = { Attention.causal with Mask = Some mask; Scale = Some 0.1 }
            let expected = naive 0.1 (fun i j -> j <= i + 950 && holds i j) q k v
            close 1e-13 (numbers expected) (attend both q k v)
        "what a query may not see does not reach it, whatever it is",
        fun () ->
            let q, k, v = normal 21 [ 2; 6; 4 ], normal 22 [ 2; 6; 4 ], normal 23 [ 2; 6; 3 ]
            let at = [ Index.All; Index.At 3 ]

            let hidden = tensor [| for _ in 0..5 -> [| for key in 0..5 -> key <> 3 |] |]
            let how = Attention.masked hidden
            let loss (q, k, v) = sum (square (attend how q k v))
            let tangents = normal 24 [ 2; 6; 4 ], normal 25 [ 2; 6; 4 ], normal 26 [ 2; 6; 3 ]
            let kept = q, k.At[at].Set(0.0), v.At[at].Set(0.0)

            let same what (expected: Tensor) (actual: Tensor) = Checks.near expected actual what

            for bad in [ nan; infinity; -infinity ] do
                let poisoned = q, k.At[at].Set(bad), v.At[at].Set(bad)
                let attended (q, k, v) = attend how q k v
                same "value" (attended kept) (attended poisoned)
                same "compiled" (attended kept) (compile attended poisoned)
                same "push" (snd (jvp attended kept tangents)) (snd (jvp attended poisoned tangents))

                for run in [ grad loss; compile (grad loss) ] do
                    let dq, dk, dv = grad loss kept
                    let pq, pk, pv = run poisoned
                    same "queries" dq pq
                    same "keys" dk pk
                    same "values" dv pv

                let dq, dk, dv = hvp loss kept tangents
                let pq, pk, pv = hvp loss poisoned tangents
                same "queries, twice" dq pq
                same "keys, twice" dk pk
                same "values, twice" dv pv
        "later keys do not reach earlier queries",
        fun () ->
            let q, k, v = normal 27 [ 7; 4 ], normal 28 [ 7; 4 ], normal 29 [ 7; 3 ]
            let last = [ Index.At -1 ]

            for bad in [ nan; infinity ] do
                for dtype in floats do
                    let convert (t: Tensor) = t.Convert dtype
                    let expected = attend Attention.causal (convert q) (convert k) (convert v)
                    let k, v = k.At[last].Set(bad), v.At[last].Set(bad)
                    let y = attend Attention.causal (convert q) (convert k) (convert v)
                    Expect.equal y[..5] expected[..5] "those before"
                    Expect.isTrue (y[6].IsFinite().Not().All().ToData<bool>()) "the last, which sees them"
        "a bad query does not reach the keys that it may not look at",
        fun () ->
            let q, k, v = normal 31 [ 5; 4 ], normal 32 [ 5; 4 ], normal 33 [ 5; 3 ]
            // The first query looks at the first two keys, the others at the last three.
            let mask = tensor [| for i in 0..4 -> [| for j in 0..4 -> (i = 0) = (j < 2) |] |]

            let loss (q, k, v) = sum ((attend (Attention.masked mask) q k v)[1..])
            let dq, dk, dv = grad loss (q, k, v)
            let pq, pk, pv = grad loss (q.At[[ Index.At 0 ]].Set(nan), k, v)
            closeNumbers 1e-12 (numbers dq[1..]) (numbers pq[1..])
            closeNumbers 1e-12 (numbers dk[2..]) (numbers pk[2..])
            closeNumbers 1e-12 (numbers dv[2..]) (numbers pv[2..])
        "batch axes broadcast",
        fun () ->
            let q, k, v = normal 5 [ 2; 3; 4; 6 ], normal 6 [ 3; 5; 6 ], normal 7 [ 2; 1; 5; 2 ]
            let y = attend Attention.full q k v
            hasShape [ 2; 3; 4; 2 ] y
            let scale = 1.0 / sqrt 6.0

            for b in 0..1 do
                for h in 0..2 do
                    let expected = naive scale (fun _ _ -> true) q[b, h] k[h] v[b, 0]
                    close 1e-13 (numbers expected) y[b, h]
        "views compute like copies",
        fun () ->
            let x = normal 8 [ 7; 2; 3; 4 ]
            // (sequence, heads, …) as a projection leaves it.
            let turned = x.Permute [ 1; 2; 0; 3 ]
            let copy = turned + 0.0

            Expect.equal
                (attend Attention.causal turned turned turned)
                (attend Attention.causal copy copy copy)
                "views"
        "heads of rows come back as heads of rows",
        fun () ->
            let heads seed length (width: int) =
                (normal seed [ 2; length; 3 * width ]).Reshape([ 2; length; 3; width ]).Permute [ 0; 2; 1; 3 ]

            // More than a block of queries.
            let q, k, v = heads 34 150 8, heads 35 200 8, heads 36 200 5
            let c = heads 37 150 5

            let isOfRows (t: Tensor) =
                match t.Permute [ 0; 2; 1; 3 ] with
                | Value(:? HostBuffer as b) -> b.IsContiguous
                | _ -> false

            for how in [ Attention.full; Attention.causal; Attention.masked (random 38 [ 150; 200 ]) ] do
                let attended (q, k, v) = attend how q k v
                let copies = q + 0.0, k + 0.0, v + 0.0
                let y, pull = vjp attended (q, k, v)
                let expected, pullOfCopies = vjp attended copies
                close 1e-13 (numbers expected) y
                Expect.isTrue (isOfRows y) "the result"
                let dq, dk, dv = pull c
                let eq, ek, ev = pullOfCopies (c + 0.0)

                for name, expected, actual in [ "queries", eq, dq; "keys", ek, dk; "values", ev, dv ] do
                    closeNumbers 1e-12 (numbers expected) (numbers actual)
                    Expect.isTrue (isOfRows actual) name

                let loss (q, k, v) = sum (c * attended (q, k, v))
                let gq, gk, gv = compile (grad loss) (q, k, v)
                closeNumbers 1e-12 (numbers eq) (numbers gq)
                closeNumbers 1e-12 (numbers ek) (numbers gk)
                closeNumbers 1e-12 (numbers ev) (numbers gv)
        "every float dtype",
        fun () ->
            let q, k, v = normal 9 [ 3; 4 ], normal 10 [ 5; 4 ], normal 11 [ 5; 4 ]
            let expected = numbers (attend Attention.full q k v)

            for dtype in floats do
                let y = attend Attention.full (q.Convert dtype) (k.Convert dtype) (v.Convert dtype)
                Expect.equal y.DType dtype "dtype"
                close (4.0 * Oracle.epsilon dtype) expected y
        "nothing to look at",
        fun () ->
            let none: Tensor = Tensor.zeros DType.Float32 [ 0; 4 ]

            equals
                (Tensor.zeros DType.Float32 [ 2; 4 ])
                (attend Attention.full (Tensor.ones DType.Float32 [ 2; 4 ]) none none)

            hasShape [ 0; 4 ] (attend Attention.full none none none)
    ]

let private derivatives =
    let near what (expected: Tensor, expectedK: Tensor, expectedV: Tensor) (q: Tensor, k: Tensor, v: Tensor) =
        for name, e, a in [ "query", expected, q; "key", expectedK, k; "value", expectedV, v ] do
            let error = float ((abs (e - a)).Max())
            Expect.isLessThan error 1e-11 $"{what}: {name}"

    tests "derivatives" [
        for name, how in
            [
                "full", Attention.full
                "causal", Attention.causal
                "masked", Attention.masked (random 12 [ 150; 1100 ])
            ] do
            $"as of its definition, {name}",
            fun () ->
                let weight = normal 13 [ 150; 5 ]
                let loss f (q, k, v) = sum (weight * f how q k v)
                let expected = grad (loss composite) long.Value
                near "gradient" expected (grad (loss attend) long.Value)
                near "compiled" expected (compile (grad (loss attend)) long.Value)
        "twice, through the pull",
        fun () ->
            let at = normal 14 [ 6; 4 ], normal 15 [ 7; 4 ], normal 16 [ 7; 3 ]
            let loss f (q, k, v) = sum (square (f Attention.causal q k v))
            let direction = normal 17 [ 6; 4 ], normal 18 [ 7; 4 ], normal 19 [ 7; 3 ]
            near "hvp" (hvp (loss composite) at direction) (hvp (loss attend) at direction)
        "of queries that see nothing",
        fun () ->
            let q, k = normal 20 [ 5; 2 ], normal 21 [ 3; 2 ]
            let dq, dk, dv = grad (fun (q, k, v) -> sum (square (attend Attention.causal q k v))) (q, k, k)
            equals (Tensor.zeros DType.Float64 [ 2; 2 ]) dq[..1]
            Expect.isTrue ((dq + sum dk + sum dv).IsFinite().All().ToData<bool>()) "finite"
        "cotangents do not add to what lay in the memory before",
        fun () ->
            let q, k, v = normal 22 [ 600; 20 ], normal 23 [ 700; 20 ], normal 24 [ 700; 30 ]
            let sizes = [ q.Size; k.Size; v.Size; q.Size + k.Size + v.Size ]

            // Arrays that go back to the pool are full of NaN in these tests; the next of that length is one of them.
            Expect.isTrue Cotangent.Engines.Recycling.spoil "NaN"
            let rentals = Cotangent.Engines.Recycling.enter ()

            for size in sizes do
                for _ in 1..4 do
                    Cotangent.Engines.Recycling.rent<float> size |> ignore

            Cotangent.Engines.Recycling.leave rentals null

            let loss f (q: Tensor, k: Tensor, v: Tensor) = sum (square (f Attention.causal q k v))
            let dq, dk, dv = grad (loss attend) (q, k, v)
            let expectedQ, expectedK, expectedV = grad (loss composite) (q, k, v)
            close 1e-11 (numbers expectedQ) dq
            close 1e-11 (numbers expectedK) dk
            close 1e-11 (numbers expectedV) dv
    ]

let private errors =
    let x = Tensor.ones DType.Float32 [ 2; 3; 4 ]

    tests "errors" [
        "shapes",
        fun () ->
            throws<ShapeException, _> [ "attend"; "(2, 3, 4)"; "(2, 3, 5)" ] (fun () ->
                attend Attention.full x (Tensor.ones DType.Float32 [ 2; 3; 5 ]) x)

            throws<ShapeException, _> [ "attend"; "(4,)" ] (fun () -> attend Attention.full x[0, 0] x x)

            throws<ShapeException, _> [ "attend"; "(2, 2)" ] (fun () ->
                attend (Attention.masked (Tensor.ones DType.Bool [ 2; 2 ])) x x x)
        "dtypes",
        fun () ->
            throws<DTypeException, _> [ "attend"; "Float64" ] (fun () ->
                attend Attention.full x (x.Convert DType.Float64) x)

            throws<DTypeException, _> [ "mask"; "Int32" ] (fun () ->
                attend (Attention.masked (Tensor.ones DType.Int32 [ 3; 3 ])) x x x)

            throws<DTypeException, _> [ "attend"; "Int32" ] (fun () ->
                let i = x.Convert DType.Int32 in attend Attention.full i i i)
    ]

[<Tests>]
let all = testList "Attention" [ values; derivatives; errors ]
