module Cotangent.Tests.LinearAlgebraTests

open System
open Cotangent
open Cotangent.Tests.Support
open Expecto
open FsCheck.FSharp

// The oracle is NumPy's definition, as a loop: a vector is a row on the left and a column on the right, leading axes
// broadcast, and the axis that was added is dropped.
let private product (a: Tensor) (b: Tensor) =
    let rows = if a.Rank = 1 then a.Reshape [ 1; -1 ] else a
    let columns = if b.Rank = 1 then b.Reshape [ -1; 1 ] else b
    let sa, sb = List.ofArray rows.Shape, List.ofArray columns.Shape
    let lead (s: int list) = List.take (s.Length - 2) s
    let rank = max sa.Length sb.Length - 2
    let pad s = List.replicate (rank - List.length s) 1 @ s
    let batch = List.map2 (fun x y -> if x = 1 then y else x) (pad (lead sa)) (pad (lead sb))

    let own s index =
        List.skip (rank - (lead s).Length) index
        |> List.map2 (fun size i -> if size = 1 then 0 else i) (lead s)

    let m, k, n = sa[sa.Length - 2], List.last sa, List.last sb
    let atA, atB = reader rows, reader columns

    let full =
        build a.DType (batch @ [ m; n ]) (fun index ->
            let lead = List.take rank index
            let i, j = index[rank], index[rank + 1]

            Seq.sum (
                seq { for l in 0 .. k - 1 -> atA (own sa lead @ [ i; l ]) * atB (own sb lead @ [ l; j ]) }
            ))

    full.Reshape(batch @ [ if a.Rank > 1 then m ] @ [ if b.Rank > 1 then n ])

/// -3 .. 3: products of a few such numbers are exact in every dtype.
let private small dtype shape = build dtype shape (fun index -> float ((place shape index * 5 + 1) % 7 - 3))

let private shapes = [
    [ 3 ], [ 3 ], []
    [ 3 ], [ 3; 2 ], [ 2 ]
    [ 2; 3 ], [ 3 ], [ 2 ]
    [ 2; 3 ], [ 3; 4 ], [ 2; 4 ]
    [ 1; 1 ], [ 1; 1 ], [ 1; 1 ]
    [ 5; 2; 3 ], [ 3; 4 ], [ 5; 2; 4 ]
    [ 2; 3 ], [ 5; 3; 4 ], [ 5; 2; 4 ]
    [ 5; 2; 3 ], [ 5; 3; 4 ], [ 5; 2; 4 ]
    [ 5; 1; 2; 3 ], [ 4; 3; 2 ], [ 5; 4; 2; 2 ]
    [ 2; 1; 2; 3 ], [ 1; 3; 3; 2 ], [ 2; 3; 2; 2 ]
    [ 3 ], [ 5; 3; 2 ], [ 5; 2 ]
    [ 3 ], [ 1; 3; 1 ], [ 1; 1 ]
    [ 1; 1; 3 ], [ 3 ], [ 1; 1 ]
    [ 5; 2; 3 ], [ 3 ], [ 5; 2 ]
    [ 2; 0 ], [ 0; 3 ], [ 2; 3 ]
    [ 0; 2 ], [ 2; 3 ], [ 0; 3 ]
    [ 0; 2; 3 ], [ 3; 1 ], [ 0; 2; 1 ]
    [ 0 ], [ 0 ], []
]

let private products =
    testList "matmul" [
        for dtype in numeric do
            testCase $"every pair of shapes, {dtype}" (fun () ->
                for a, b, shape in shapes do
                    let x, y = small dtype a, small dtype b
                    let z = matmul x y
                    hasShape shape z
                    Expect.equal z (product x y) $"{a} times {b}"
                    Expect.equal (x.MatMul y) z "as a member")
        testCase "by hand" (fun () ->
            equals
                [ [ 19; 22 ]; [ 43; 50 ] ]
                (matmul (tensor [ [ 1; 2 ]; [ 3; 4 ] ]) (tensor [ [ 5; 6 ]; [ 7; 8 ] ]))

            equals [ 11.0 ] (matmul (tensor [ [ 1.0; 2.0 ] ]) (tensor [ 3.0; 4.0 ]))
            equals 32 (matmul (tensor [ 1; 2; 3 ]) (tensor [ 4; 5; 6 ])))
        for dtype in numeric do
            testCase $"views, {dtype}" (fun () ->
                let a, b = small dtype [ 3; 2 ], small dtype [ 4; 3 ]
                Expect.equal (matmul a.T b.T) (product a.T b.T) "transposed"
                let c = small dtype [ 2; 3; 4 ]

                Expect.equal
                    (matmul c (c.Permute [ 0; 2; 1 ]))
                    (product c (c.Permute [ 0; 2; 1 ]))
                    "a transposed batch"

                Expect.equal
                    (matmul (c.Permute [ 1; 0; 2 ]) c[0].T)
                    (product (c.Permute [ 1; 0; 2 ]) c[0].T)
                    "a permuted batch"

                Expect.equal (matmul (c.Flip 2) c.T) (product (c.Flip 2) c.T) "flipped"
                Expect.equal (matmul c[*, 1, *] (c[1].T)) (product c[*, 1, *] c[1].T) "sliced"
                let every = c.Slice [ Index.At 0; Index.All; Index.Range(None, None, 2) ]
                Expect.equal (matmul every.T every) (product every.T every) "every other column"

                Expect.equal
                    (matmul (a[0].Expand [ 3; 2 ]) a.T)
                    (product (a[0].Expand [ 3; 2 ]) a.T)
                    "stretched")
        for dtype in [ DType.Float32; DType.Float64; DType.Int32; DType.Float16 ] do
            testCase $"larger than any block, {dtype}" (fun () ->
                for m, k, n in [ 33, 65, 17; 1, 300, 3; 130, 7, 130; 64, 64, 64 ] do
                    let a, b = small dtype [ m; k ], small dtype [ k; n ]
                    let x, y = numbers a, numbers b

                    let expected = [
                        for i in 0 .. m - 1 do
                            for j in 0 .. n - 1 ->
                                Seq.sum (seq { for l in 0 .. k - 1 -> x[i * k + l] * y[l * n + j] })
                    ]

                    close (if dtype = DType.Float16 then 1e-3 else 0.0) expected (matmul a b)
                    close (if dtype = DType.Float16 then 1e-3 else 0.0) expected (matmul (b.T) (a.T) |> _.T))
        testCase "NaN and infinity are not skipped" (fun () ->
            equals [ [ nan ] ] (matmul (tensor [ [ 0.0; 1.0 ] ]) (tensor [ [ infinity ]; [ 1.0 ] ]))

            equals
                [ [ nan; 1.0 ] ]
                (matmul (tensor [ [ 1.0; 0.0 ] ]) (tensor [ [ nan; 1.0 ]; [ 1.0; 1.0 ] ])))
        testCase "integers wrap around" (fun () ->
            equals
                [ [ -2 ] ]
                (matmul (tensor [ [ Int32.MaxValue; Int32.MaxValue ] ]) (tensor [ [ 1 ]; [ 1 ] ])))
        testCase "refused" (fun () ->
            let a = Tensor.ones DType.Float32 [ 2; 3 ]

            throws<ShapeException, _> [ "matmul"; "(2, 3) times (2, 3)"; "3 and 2"; "(…, m, k)" ] (fun () ->
                matmul a a)

            throws<ShapeException, _> [ "matmul"; "(2,)" ] (fun () ->
                matmul a (Tensor.ones DType.Float32 [ 2 ]))

            throws<ShapeException, _> [ "matmul"; "()"; "scalar" ] (fun () -> matmul a (tensor 1.0f))

            throws<ShapeException, _> [ "matmul"; "(2,)"; "(3,)" ] (fun () ->
                matmul (Tensor.ones DType.Float32 [ 2; 2; 3 ]) (Tensor.ones DType.Float32 [ 3; 3; 2 ]))

            throws<DTypeException, _> [ "matmul"; "Float32 (2, 3)"; "Float64 (3, 2)" ] (fun () ->
                matmul a (Tensor.ones DType.Float64 [ 3; 2 ]))

            throws<DTypeException, _> [ "matmul"; "Bool" ] (fun () ->
                matmul (tensor [ true ]) (tensor [ true ])))
    ]

let private vectors =
    tests "vectors" [
        "dot",
        fun () ->
            equals 32 (dot (tensor [ 1; 2; 3 ]) (tensor [ 4; 5; 6 ]))
            equals 0.0 (dot (tensor ([]: float list)) (tensor ([]: float list)))

            throws<ShapeException, _> [ "dot"; "(2,)"; "(3,)" ] (fun () ->
                dot (tensor [ 1; 2 ]) (tensor [ 1; 2; 3 ]))

            throws<ShapeException, _> [ "dot"; "(1, 1)" ] (fun () ->
                dot (tensor [ [ 1 ] ]) (tensor [ [ 1 ] ]))
        "outer",
        fun () ->
            equals [ [ 3; 4; 5 ]; [ 6; 8; 10 ] ] (outer (tensor [ 1; 2 ]) (tensor [ 3; 4; 5 ]))
            hasShape [ 0; 2 ] (outer (tensor ([]: int list)) (tensor [ 1; 2 ]))

            throws<ShapeException, _> [ "outer"; "(1, 1)"; "(1,)" ] (fun () ->
                outer (tensor [ [ 1 ] ]) (tensor [ 1 ]))
    ]

let private offsets = [ -4 .. 4 ]

let private diagonals =
    tests "diagonals and triangles" [
        "diagonal",
        fun () ->
            for shape in [ [ 3; 3 ]; [ 2; 4 ]; [ 4; 2 ]; [ 2; 3; 2 ]; [ 0; 2 ]; [ 1; 0 ] ] do
                let t = counting DType.Float64 shape
                let lead, m, n = List.take (shape.Length - 2) shape, shape[shape.Length - 2], List.last shape
                let at = reader t

                for k in offsets do
                    let places = [
                        for i in 0 .. m - 1 do
                            if i + k >= 0 && i + k < n then i
                    ]

                    let expected =
                        build DType.Float64 (lead @ [ places.Length ]) (fun index ->
                            let i = places[List.last index]
                            at (List.take lead.Length index @ [ i; i + k ]))

                    Expect.equal (t.Diagonal k) expected $"offset {k} of {shape}"
        "tril, triu",
        fun () ->
            for dtype in DTypes.real do
                for shape in [ [ 3; 3 ]; [ 2; 4 ]; [ 4; 2 ]; [ 2; 3; 2 ]; [ 0; 2 ] ] do
                    let t = Tensor.onesLike (counting dtype shape)
                    let rank = shape.Length

                    for k in offsets do
                        let expected holds =
                            build dtype shape (fun index ->
                                if holds (index[rank - 1] - index[rank - 2]) k then 1.0 else 0.0)

                        Expect.equal (t.Tril k) (expected (<=)) $"tril {k} of {shape}"
                        Expect.equal (t.Triu k) (expected (>=)) $"triu {k} of {shape}"

            equals [ [ 1.0; 0.0 ]; [ nan; 1.0 ] ] ((tensor [ [ 1.0; nan ]; [ nan; 1.0 ] ]).Tril())
        "trace",
        fun () ->
            equals 5.0 (trace (tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]))
            equals [ 0 + 3; 4 + 7 ] (trace (counting DType.Int32 [ 2; 2; 2 ]))
            equals 3 (trace (Tensor.eye DType.Int32 3))
        "diag",
        fun () ->
            equals [ [ 1; 0; 0 ]; [ 0; 2; 0 ]; [ 0; 0; 3 ] ] (Tensor.diag (tensor [ 1; 2; 3 ]))
            let batch = counting DType.Float32 [ 2; 3 ]
            hasShape [ 2; 3; 3 ] (Tensor.diag batch)
            Expect.equal ((Tensor.diag batch).Diagonal()) batch "there and back"
            Expect.equal (Tensor.diag batch[1]) (Tensor.diag batch).[1] "each of a batch"
            hasShape [ 0; 0 ] (Tensor.diag (Tensor.zeros DType.Float32 [ 0 ]))
        "refused",
        fun () ->
            throws<ShapeException, _> [ "diagonal"; "(3,)" ] (fun () -> (tensor [ 1; 2; 3 ]).Diagonal())
            throws<ShapeException, _> [ "tril"; "()" ] (fun () -> (tensor 1).Tril())
            throws<ShapeException, _> [ "diag" ] (fun () -> Tensor.diag (tensor 1))
    ]

let private laws =
    let matrices = gen {
        let! batch = Gen.choose (0, 2) |> Gen.bind (fun n -> Gen.listOfLength n (Gen.choose (0, 3)))
        let! m, k, l, n = Gen.choose (0, 4) |> Gen.listOfLength 4 |> Gen.map (fun s -> s[0], s[1], s[2], s[3])
        let! a = Gen.numbersIn DType.Float64 (batch @ [ m; k ])
        let! b = Gen.numbersIn DType.Float64 [ k; l ]
        let! c = Gen.numbersIn DType.Float64 (batch @ [ l; n ])
        return a, b, c
    }

    testList "laws" [
        law "(ab)c = a(bc)" matrices (fun (a, b, c) -> matmul (matmul a b) c = matmul a (matmul b c))
        law "(ab)ᵀ = bᵀaᵀ" matrices (fun (a, b, _) -> (matmul a b).T = matmul b.T a.T)
        law "trace (ab) = trace (ba)" matrices (fun (a, _, _) -> trace (matmul a a.T) = trace (matmul a.T a))
        law "a lower and a strictly upper triangle make up a matrix" matrices (fun (a, _, _) ->
            a.Tril() + a.Triu 1 = a)
        law "the identity" matrices (fun (a, _, _) ->
            matmul a (Tensor.eye DType.Float64 a.Shape[a.Rank - 1]) = a)
        law "a(b + b) = ab + ab" matrices (fun (a, b, _) -> matmul a (b + b) = matmul a b + matmul a b)
    ]

[<Tests>]
let all = testList "Linear algebra" [ products; vectors; diagonals; laws ]
