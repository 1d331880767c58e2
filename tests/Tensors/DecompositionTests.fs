/// Decompositions of matrices: what they are made of again, closed forms, awkward matrices, and derivatives.
module Cotangent.Tests.DecompositionTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private normal seed dtype (shape: int list) = Random.normal (Key.create seed) dtype shape
let private largest (t: Tensor) = if t.Size = 0 then 0.0 else float ((abs t).Max().Convert DType.Float64)

let private near what tolerance (expected: Tensor) (actual: Tensor) =
    Expect.isLessThanOrEqual (largest (expected - actual)) tolerance what

let private orthonormal what tolerance (q: Tensor) =
    let n = q.Dims[q.Rank - 1]
    let inner = matmul (q.Transpose()) q
    near what tolerance ((Tensor.eye q.DType n).Expand(inner.Dims |> List.ofArray)) inner

let private symmetric (t: Tensor) = (t + t.Transpose()) * 0.5

/// Matrices of one panel of columns, of several, and between.
let private sizes = [ 1, 1; 3, 2; 2, 3; 7, 7; 32, 32; 33, 31; 50, 70; 100, 64; 130, 97; 40, 200 ]

let private qrTests =
    testList "qr" [
        test "q has orthonormal columns, r is upper triangular, and their product is the matrix" {
            for dtype, tolerance in [ DType.Float64, 1e-13; DType.Float32, 2e-5 ] do
                for m, n in sizes do
                    let a = normal 1L dtype [ m; n ]
                    let q, r = qr a
                    let k = min m n
                    hasShape [ m; k ] q
                    hasShape [ k; n ] r
                    near $"{m} x {n}: product" tolerance a (matmul q r)
                    orthonormal $"{m} x {n}: columns" tolerance q
                    Expect.equal (r.Tril -1) (Tensor.zerosLike r) "nothing below the diagonal"

                    Expect.isGreaterThanOrEqual
                        (float (r.Diagonal().Min().Convert DType.Float64))
                        0.0
                        "diagonal"
        }
        test "a batch is its matrices, transposed and broadcast ones too" {
            let a = (normal 2L DType.Float64 [ 2; 3; 5; 4 ]).Transpose()
            let q, r = qr a

            for i in 0..1 do
                for j in 0..2 do
                    let q', r' = qr a[i, j]
                    Expect.equal (q[i, j], r[i, j]) (q', r') $"matrix {i}, {j}"

            let q, _ = qr (a[0, 0].Expand [ 7; 4; 5 ])
            Expect.equal q[6] (fst (qr a[0, 0])) "the same matrix again and again"
        }
        test "by hand" {
            let q, r = qr (tensor [ [ 3.0; 0.0 ]; [ 4.0; 5.0 ] ])
            close 1e-15 [ 0.6; -0.8; 0.8; 0.6 ] q
            close 1e-15 [ 5.0; 4.0; 0.0; 3.0 ] r
        }
        test "zeros, dependent columns, and numbers at the ends of the range" {
            let zero = Tensor.zeros DType.Float64 [ 3; 3 ]
            let q, r = qr zero
            Expect.equal r zero "of zeros"
            orthonormal "of zeros" 1e-15 q
            let a = normal 3L DType.Float64 [ 6; 3 ]
            let twice = concat 1 [ a; a ]
            let q, r = qr twice
            near "dependent" 1e-14 twice (matmul q r)
            orthonormal "dependent" 1e-14 q

            for scale in [ 1e-300; 1e-160; 1e150; 1e300 ] do
                let q, r = qr (a * scale)
                orthonormal $"times {scale}" 1e-14 q
                near $"times {scale}" 1e-14 (snd (qr a)) (r / scale)
        }
        test "NaN and empty matrices" {
            let q, _ = qr (tensor [ [ nan; 1.0 ]; [ 2.0; 3.0 ] ])
            Expect.all (numbers q) System.Double.IsNaN "NaN"
            let q, r = qr (Tensor.zeros DType.Float32 [ 0; 3 ])
            hasShape [ 0; 0 ] q
            hasShape [ 0; 3 ] r
            let q, r = qr (Tensor.zeros DType.Float32 [ 2; 4; 0 ])
            hasShape [ 2; 4; 0 ] q
            hasShape [ 2; 0; 0 ] r
        }
        test
            "log |det a| is the sum of the logarithms of r's diagonal: its gradient is the transposed inverse" {
            let a = normal 4L DType.Float64 [ 6; 6 ]
            let logDeterminant (a: Tensor) = sum (log ((snd (qr a)).Diagonal()))
            let g = grad logDeterminant a
            near "gᵀ a" 1e-11 (Tensor.eye DType.Float64 6) (matmul (g.Transpose()) a)
            near "compiled" 1e-12 g (compile (grad logDeterminant) a)
            near "through compile" 1e-12 g (grad (compile logDeterminant) a)
            let all = stack 0 [ a; a * 2.0 ]
            near "of a batch" 1e-12 (stack 0 [ g; g * 0.5 ]) (vmap (grad logDeterminant) all)
            // The derivative of a⁻ᵀ along d is -a⁻ᵀ dᵀ a⁻ᵀ.
            let d = normal 5L DType.Float64 [ 6; 6 ]
            let expected = -(matmul g (matmul (d.Transpose()) g))
            near "second" 1e-9 expected (hvp logDeterminant a d)
            near "second, compiled" 1e-9 expected (compile (hvp logDeterminant a) d)
        }
        test "derivatives of a batch are those of its matrices" {
            for m, n in [ 5, 3; 3, 5; 4, 4 ] do
                let all = normal 6L DType.Float64 [ 3; m; n ]
                let changes = normal 7L DType.Float64 [ 3; m; n ]
                let (_, _), (dq, dr) = jvp (vmap qr) all changes
                let _, pull = vjp (vmap qr) all
                let back = pull (dq, dr)

                for k in 0..2 do
                    let (_, _), (dq', dr') = jvp qr all[k] changes[k]
                    near $"{m} x {n}: dq" 1e-12 dq' dq[k]
                    near $"{m} x {n}: dr" 1e-12 dr' dr[k]
                    near $"{m} x {n}: back" 1e-11 ((snd (vjp qr all[k])) (dq', dr')) back[k]
        }
        test "what is asked of it" {
            throws<ShapeException, _> [ "qr"; "(3,)" ] (fun () -> qr (tensor [ 1.0; 2.0; 3.0 ]))
            throws<DTypeException, _> [ "qr"; "Int32" ] (fun () -> qr (tensor [ [ 1; 2 ] ]))
        }
    ]

let private eighTests =
    testList "eigh" [
        test "vectors are orthonormal and make the matrix again, values rise" {
            for dtype, tolerance in [ DType.Float64, 1e-12; DType.Float32, 1e-4 ] do
                for n in [ 1; 2; 3; 10; 33; 100 ] do
                    let a = symmetric (normal 1L dtype [ n; n ])
                    let w, v = eigh a
                    orthonormal $"{n}: vectors" tolerance v
                    near $"{n}: product" tolerance a (matmul (v * w.Unsqueeze 0) (v.Transpose()))
                    Expect.equal (w.Sort()) w "rising"
        }
        test "closed forms" {
            let w, v = eigh (tensor [ [ 2.0; 1.0 ]; [ 1.0; 2.0 ] ])
            close 1e-15 [ 1.0; 3.0 ] w
            let h = sqrt 0.5
            close 1e-15 [ h; h; -h; h ] v
            // A path's Laplacian: 2 - 2 cos(k π / n).
            let n = 20

            let path =
                Tensor.diag (
                    concat 0 [ tensor [ 1.0 ]; Tensor.full DType.Float64 [ n - 2 ] 2.0; tensor [ 1.0 ] ]
                )

            let beside = (Tensor.ones DType.Float64 [ n; n ]).Tril(1).Triu 1
            let w, _ = eigh (path - beside - beside.Transpose())
            close 1e-14 [ for k in 0 .. n - 1 -> 2.0 - 2.0 * cos (float k * System.Math.PI / float n) ] w
        }
        test "only the symmetric part counts" {
            let a = normal 2L DType.Float64 [ 5; 5 ]
            let w, v = eigh a
            let w', v' = eigh (symmetric a)
            near "values" 1e-14 w' w
            near "vectors" 1e-13 v' v
        }
        test "zeros, equal eigenvalues, the ends of the range, NaN, empty" {
            let w, v = eigh (Tensor.zeros DType.Float64 [ 3; 3 ])
            Expect.equal (w, v) (Tensor.zeros DType.Float64 [ 3 ], Tensor.eye DType.Float64 3) "zeros"
            let w, v = eigh (Tensor.ones DType.Float64 [ 4; 4 ])
            close 1e-14 [ 0.0; 0.0; 0.0; 4.0 ] w
            orthonormal "ones" 1e-14 v
            let a = symmetric (normal 3L DType.Float64 [ 6; 6 ])

            for scale in [ 1e-300; 1e-160; 1e150; 1e300 ] do
                near $"times {scale}" 1e-13 (fst (eigh a)) (fst (eigh (a * scale)) / scale)

            let w, _ = eigh (tensor [ [ nan; 0.0 ]; [ 0.0; 1.0 ] ])
            Expect.all (numbers w) System.Double.IsNaN "NaN"
            let w, v = eigh (Tensor.zeros DType.Float32 [ 2; 0; 0 ])
            hasShape [ 2; 0 ] w
            hasShape [ 2; 0; 0 ] v
        }
        test "the sum of a function of the eigenvalues has that function's derivative as gradient" {
            let a = symmetric (normal 4L DType.Float64 [ 6; 6 ])
            let cubes (a: Tensor) = let w, _ = eigh a in sum (w * w * w)
            let g = matmul a a * 3.0
            near "3 a²" 1e-11 g (grad cubes a)
            near "compiled" 1e-11 g (compile (grad cubes) a)
            near "of a batch" 1e-11 (stack 0 [ g; g * 4.0 ]) (vmap (grad cubes) (stack 0 [ a; a * 2.0 ]))
            let d = symmetric (normal 5L DType.Float64 [ 6; 6 ])
            let second = (matmul a d + matmul d a) * 3.0
            near "second" 1e-10 second (hvp cubes a d)
            near "second, through compile" 1e-10 second (hvp (compile cubes) a d)
        }
        test "a function of the matrix" {
            let squared (a: Tensor) =
                let w, v = eigh a
                matmul (v * (w * w).Unsqueeze 0) (v.Transpose())

            let a = symmetric (normal 7L DType.Float64 [ 4; 4 ])
            let d = symmetric (normal 6L DType.Float64 [ 4; 4 ])
            near "d a + a d" 1e-12 (matmul a d + matmul d a) (snd (jvp squared a d))
            near "and back" 1e-12 (matmul a d + matmul d a) ((snd (vjp squared a)) d)
        }
        test "where eigenvalues are equal they have derivatives, vectors have none and say so" {
            let a = Tensor.eye DType.Float64 3 * 2.0
            let squares (a: Tensor) = sum (square (fst (eigh a)))
            close 1e-14 (numbers (a * 2.0)) (grad squares a)
            let d = symmetric (normal 8L DType.Float64 [ 3; 3 ])
            close 1e-14 [ float (sum (a * d)) * 2.0 ] (snd (jvp squares a d))
            let first (a: Tensor) = sum ((snd (eigh a)) * d)
            Expect.all (numbers (grad first a)) (System.Double.IsFinite >> not) "no numbers"
        }
        test "what is asked of it" {
            throws<ShapeException, _> [ "eigh"; "(2, 3)" ] (fun () ->
                eigh (Tensor.zeros DType.Float32 [ 2; 3 ]))

            throws<DTypeException, _> [ "eigh"; "Int32" ] (fun () -> eigh (tensor [ [ 1 ] ]))
        }
    ]

let private triangularTests =
    let n, k = 150, 7
    let a = normal 8L DType.Float64 [ n; n ] * 0.05 + Tensor.eye DType.Float64 n * 2.0
    let b = normal 9L DType.Float64 [ n; k ]
    let solve isUpper (a: Tensor) b = Bind.one (Primitive.TriangularSolve isUpper) [| a; b |]

    testList "triangular systems" [
        test "over several blocks; of the other triangle nothing is read" {
            near "upper" 1e-12 b (matmul (a.Triu()) (solve true a b))
            near "lower" 1e-12 b (matmul (a.Tril()) (solve false a b))
            let above = (Tensor.onesLike a).Triu(1).Greater 0.0
            let spoilt = where above (Tensor.fullLike a nan) a
            near "NaN above" 1e-12 (solve false a b) (solve false spoilt b)
        }
    ]

[<Tests>]
let tests = testList "Decompositions" [ qrTests; eighTests; triangularTests ]
