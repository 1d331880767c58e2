/// Singular values, functions of matrices, matrices made of vectors, covariances: against MathNet.Numerics, closed forms and finite
/// differences.
module Cotangent.Tests.MatrixFunctionTests

open Expecto
open MathNet.Numerics.LinearAlgebra
open MathNet.Numerics.LinearAlgebra.Double
open MathNet.Numerics.Statistics
open Cotangent
open Cotangent.Tests.Support

let private normal seed (shape: int list) = Random.normal (Key.create seed) DType.Float64 shape
let private eye n = Tensor.eye DType.Float64 n
let private largest (t: Tensor) = if t.Size = 0 then 0.0 else float ((abs t).Max().Convert DType.Float64)

let private near what tolerance (expected: Tensor) (actual: Tensor) =
    Expect.equal actual.Shape expected.Shape $"{what}: shape"
    Expect.isLessThanOrEqual (largest (expected - actual)) tolerance what

let private ofTensor (t: Tensor) : Matrix<float> = DenseMatrix.OfArray(t.ToData<float[,]>())

let private toTensor (m: Matrix<float>) = tensor (m.ToArray())

let private orthonormal what tolerance (q: Tensor) = near what tolerance (eye q.Dims[1]) (matmul q.T q)

/// Derivatives of two orders against finite differences and each other; compiled; a batch.
let private everyWay what tolerance (f: Tensor -> Tensor) (x: Tensor) =
    let y = f x
    near $"{what}: compiled" 1e-11 y (compile f x)
    let both = stack 0 [ x; x * 1.25 ]
    near $"{what}: vmap" 1e-10 (stack 0 [ y; f (x * 1.25) ]) (vmap f both)
    let d = normal 77L (List.ofArray x.Shape)
    let c = normal 78L (List.ofArray y.Shape)
    let slope (g: Tensor -> Tensor) = (g (x + d * 1e-5) - g (x - d * 1e-5)) / 2e-5
    let _, pushed = jvp f x d
    near $"{what}: jvp" tolerance (slope f) pushed
    let inner a b = float (sum (a * b))
    Expect.isLessThan (abs (inner pushed c - inner d (snd (vjp f x) c))) (tolerance * 1e-3) $"{what}: vjp"
    let scalar x = sum (f x * c)
    near $"{what}: second" (100.0 * tolerance) (slope (grad scalar)) (hvp scalar x d)
    near $"{what}: gradient, compiled" 1e-9 (grad scalar x) (compile (grad scalar) x)

let private svdTests =
    testList "svd" [
        test "orthonormal vectors, falling values, and the matrix again" {
            for dtype, tolerance in [ DType.Float64, 1e-12; DType.Float32, 1e-4 ] do
                for m, n in [ 1, 1; 2, 2; 5, 3; 3, 5; 33, 20; 20, 33; 60, 60; 100, 40; 40, 100 ] do
                    let a = (normal (int64 (m + 1000 * n)) [ m; n ]).Convert dtype
                    let u, s, vt = svd a
                    let wide (t: Tensor) = t.Convert DType.Float64
                    orthonormal $"{m} x {n}: u" tolerance (wide u)
                    orthonormal $"{m} x {n}: v" tolerance (wide vt).T
                    near $"{m} x {n}: product" tolerance (wide a) (wide (matmul (u * s.Unsqueeze 0) vt))
                    Expect.equal (s.Sort(descending = true)) s "falling"
                    let expected = (ofTensor (wide a)).Svd(false).S.ToArray()
                    close (tolerance * 10.0) (List.ofArray expected) (wide s)
        }
        test "full ones complete the bases" {
            for m, n in [ 5, 2; 2, 5; 3, 3 ] do
                let a = normal 1L [ m; n ]
                let u, s, vt = svdFull a
                orthonormal "u" 1e-13 u
                orthonormal "v" 1e-13 vt.T
                let k = min m n
                near "product" 1e-13 a (matmul (u[*, .. k - 1] * s.Unsqueeze 0) vt[.. k - 1, *])
        }
        test "ranks, zeros, equal values, the ends of the range, NaN, empty" {
            let low = matmul (normal 2L [ 6; 2 ]) (normal 3L [ 2; 5 ])
            let u, s, vt = svd low
            near "product" 1e-13 low (matmul (u * s.Unsqueeze 0) vt)
            orthonormal "u of low rank" 1e-13 u
            close 0.0 [ 2.0 ] (low.MatrixRank())
            close 0.0 [ 0.0; 0.0; 0.0 ] (singularValues (Tensor.zeros DType.Float64 [ 3; 4 ]))
            close 1e-15 [ 1.0; 1.0; 1.0 ] (singularValues (eye 3))
            let a = normal 4L [ 5; 4 ]

            for scale in [ 1e-300; 1e-160; 1e150; 1e300 ] do
                near $"times {scale}" 1e-13 (singularValues a) (singularValues (a * scale) / scale)

            Expect.all (numbers (singularValues (tensor [ [ nan; 1.0 ] ]))) System.Double.IsNaN "NaN"
            hasShape [ 2; 0 ] (singularValues (Tensor.zeros DType.Float64 [ 2; 3; 0 ]))
            // Zeros on the diagonal of the bidiagonal form.
            let shift = (Tensor.ones DType.Float64 [ 6; 6 ]).Triu(1).Tril 1
            close 1e-15 [ 1.0; 1.0; 1.0; 1.0; 1.0; 0.0 ] (singularValues shift)
        }
        test "large ones: values that are equal, close, zero, or far apart" {
            let n = 150

            /// With d on the diagonal and e right of it, of places from 0 to 1.
            let bidiagonal (d: float -> float) (e: float -> float) =
                Tensor.ofArray
                    [ n; n ]
                    (Array.init (n * n) (fun k ->
                        let i, j = k / n, k % n
                        let x = float i / float n

                        if i = j then d x
                        elif j = i + 1 then e x
                        else 0.0))

            for what, a in
                [
                    "any", normal 20L [ n; n ]
                    "less than twice as tall", normal 21L [ 170; 150 ]
                    "wide", normal 22L [ 97; 130 ]
                    "very tall", normal 23L [ 300; 70 ]
                    "rank 5", matmul (normal 24L [ n; 5 ]) (normal 25L [ 5; n ])
                    "zeros", Tensor.zeros DType.Float64 [ n; n ]
                    "ones on the diagonal", eye n
                    "ones beside the diagonal", bidiagonal (fun _ -> 0.0) (fun _ -> 1.0)
                    "ones in both places", bidiagonal (fun _ -> 1.0) (fun _ -> 1.0)
                    "falling", bidiagonal (fun x -> 10.0 ** (-30.0 * x)) (fun x -> 10.0 ** (-30.0 * x))
                    "rising",
                    bidiagonal (fun x -> 10.0 ** (30.0 * x - 30.0)) (fun x -> 10.0 ** (30.0 * x - 30.0))
                    "to the end of the range", bidiagonal (fun x -> 10.0 ** (-310.0 * x)) (fun _ -> 1e-310)
                    "a cluster", bidiagonal (fun x -> 1.0 + 1e-13 * x) (fun x -> 1e-14 * x)
                    "two clusters", bidiagonal (fun x -> if x < 0.5 then 1.0 else 1e-9) (fun x -> 1e-12 * x)
                    "zeros between",
                    bidiagonal (fun x -> if x * 7.0 % 1.0 < 0.2 then 0.0 else x) (fun x -> 1.0 - x)
                ] do
                let u, s, vt = svd a
                let most = largest a
                let tolerance = 1e-12 * max 1.0 most
                orthonormal $"{what}: u" 1e-12 u
                orthonormal $"{what}: v" 1e-12 vt.T
                near $"{what}: product" tolerance a (matmul (u * s.Unsqueeze 0) vt)
                Expect.equal (s.Sort(descending = true)) s $"{what}: falling"
                let expected = (ofTensor a).Svd(false).S.ToArray()
                close (10.0 * tolerance) (List.ofArray expected) s
                close (10.0 * tolerance) (List.ofArray expected) (singularValues a)
        }
        test "the same for any number of threads" {
            let a, b = normal 26L [ 260; 230 ], normal 27L [ 230; 230 ]
            let before = Engines.Workers.count ()

            let by threads =
                Engines.Workers.limit threads
                let u, s, vt = svd a
                let p, l, upper = lu a
                let w, z = eigh b

                [ u; s; vt; singularValues a; w; z; p; l; upper; solve b b.T; inv b; det b ]
                |> List.map numbers

            try
                // Without a native library, whose sums depend on the part that it is asked for.
                Engines.Extension.withCpuEngine CpuEngine.Managed (fun () ->
                    let one = by 1

                    for threads in [ 2; 5 ] do
                        Expect.equal (by threads) one $"{threads} threads")
            finally
                Engines.Workers.limit before
        }
        test "every way" {
            let a = normal 5L [ 4; 4 ]
            everyWay "values" 1e-7 singularValues a
            everyWay "u, tall" 1e-6 (fun a -> let u, _, _ = svd a in u) (normal 6L [ 5; 3 ])
            everyWay "v, tall" 1e-6 (fun a -> let _, _, v = svd a in v) (normal 6L [ 5; 3 ])
            everyWay "v, wide" 1e-6 (fun a -> let _, _, v = svd a in v) (normal 7L [ 3; 5 ])
        }
        test "equal values have derivatives, their vectors none and say so" {
            near "sum" 1e-14 (eye 3) (grad (fun a -> sum (singularValues a)) (eye 3))
            let first (a: Tensor) = let u, _, _ = svd a in sum (u * normal 8L [ 3; 3 ])
            Expect.all (numbers (grad first (eye 3))) (System.Double.IsFinite >> not) "no numbers"
            let full (a: Tensor) = let u, _, _ = svdFull a in sum (u * normal 8L [ 3; 3 ])

            Expect.exists
                (numbers (grad full (normal 9L [ 3; 2 ])))
                (System.Double.IsFinite >> not)
                "beyond the thin one"
        }
    ]

let private inverseTests =
    testList "pinv, lstsq, norms" [
        test "Penrose's four conditions" {
            for a in
                [ normal 1L [ 5; 3 ]; normal 2L [ 3; 5 ]; matmul (normal 3L [ 6; 2 ]) (normal 4L [ 2; 4 ]) ] do
                let x = pinv a
                near "a x a" 1e-12 a (matmul a (matmul x a))
                near "x a x" 1e-12 x (matmul x (matmul a x))
                near "a x" 1e-12 (matmul a x).T (matmul a x)
                near "x a" 1e-12 (matmul x a).T (matmul x a)

            let a = normal 5L [ 7; 4 ]
            near "against MathNet" 1e-12 (toTensor ((ofTensor a).PseudoInverse())) (pinv a)
        }
        test "every way, where singular values are equal too" {
            everyWay "tall" 1e-7 pinv (normal 6L [ 4; 3 ])
            everyWay "wide" 1e-7 pinv (normal 7L [ 3; 4 ])
            let d = normal 8L [ 3; 3 ]
            near "at the identity" 1e-13 -d (snd (jvp pinv (eye 3) d))
        }
        test "least squares" {
            let a, b = normal 9L [ 8; 3 ], normal 10L [ 8; 2 ]
            let x = lstsq a b
            near "against MathNet's QR" 1e-12 (toTensor ((ofTensor a).QR().Solve(ofTensor b))) x
            near "normal equations" 1e-13 (Tensor.zeros DType.Float64 [ 3; 2 ]) (matmul a.T (matmul a x - b))
            let q, r = qr a
            near "by qr" 1e-12 (r.SolveTriangular(matmul q.T b, upper = true)) x
            // Of all that fit a wide system the shortest is a combination of its rows.
            let wide, one = normal 11L [ 2; 5 ], normal 12L [ 2 ]
            let x = lstsq wide one
            near "fits" 1e-13 one (matmul wide x)
            near "shortest" 1e-13 x (matmul (pinv wide) (matmul wide x))
            everyWay "by a" 1e-7 (fun a -> lstsq a b) a
        }
        test "least squares at a condition of 1e13, of a few equations or a thousand" {
            for m in [ 12; 100; 1000 ] do
                // By its singular values, 1 to 1e-13, so that the solution is known.
                let n = 12
                let u, _ = qr (normal (int64 m) [ m; n ])
                let v, _ = qr (normal 21L [ n; n ])
                let s = tensor [ for i in 0 .. n - 1 -> 1e-13 ** (float i / float (n - 1)) ]
                let a = matmul (u * s) v.T
                let x = normal 22L [ n ]
                let b = matmul a x
                let error (found: Tensor) = float ((found - x).Norm()) / float (x.Norm())
                let byQr = (ofTensor a).QR().Solve((ofTensor (b.Unsqueeze 1)))
                let known = max (error ((toTensor byQr).Squeeze 1)) 1e-5
                Expect.isLessThan (error (lstsq a b)) (3.0 * known) $"{m} equations, beside MathNet's QR"

            // What is really of a lower rank is still seen as that: the shortest solution, not one of 1e16.
            for m in [ 3; 50; 2000 ] do
                let half = normal (int64 m) [ m; 2 ]
                let a = concat 1 [ half; half ]
                let x = lstsq a (matmul half (tensor [ 1.0; 2.0 ]))
                near $"{m} equations of rank 2" 1e-11 (tensor [ 0.5; 1.0; 0.5; 1.0 ]) x
        }
        test "norms, condition, rank" {
            let a = normal 13L [ 5; 4 ]
            let m = ofTensor a
            close 1e-13 [ m.FrobeniusNorm() ] (matrixNorm MatrixNorm.Frobenius a)
            close 1e-13 [ m.L2Norm() ] (matrixNorm MatrixNorm.Spectral a)
            close 1e-13 [ m.L1Norm() ] (matrixNorm MatrixNorm.ColumnSum a)
            close 1e-13 [ m.InfinityNorm() ] (matrixNorm MatrixNorm.RowSum a)
            close 1e-13 [ Seq.sum (m.Svd(false).S) ] (matrixNorm MatrixNorm.Nuclear a)
            close 1e-12 [ m.ConditionNumber() ] (conditionNumber a)
            close 0.0 [ 4.0 ] (a.MatrixRank())
            close 0.0 [ 1.0 ] (a.MatrixRank(relative = 0.999))

            for norm in
                [
                    MatrixNorm.Frobenius
                    MatrixNorm.Nuclear
                    MatrixNorm.Spectral
                    MatrixNorm.ColumnSum
                    MatrixNorm.RowSum
                ] do
                everyWay $"{norm}" 1e-7 (matrixNorm norm) a

            everyWay "condition" 1e-5 conditionNumber a
        }
        test "vector norms of every order" {
            let x = [ 3.0; -4.0; 0.5; 2.0 ]
            let v = Vector<float>.Build.DenseOfEnumerable x

            for p in [ 1.0; 1.5; 2.0; 3.0; 7.0; infinity ] do
                close 1e-14 [ v.Norm p ] ((tensor x).Norm(order = p))
                everyWay $"order {p}" 1e-7 (fun x -> x.Norm(order = p)) (tensor x)

            close 0.0 [ 4.0 ] ((tensor [ 1.0; 0.0; 2.0; 3.0; -1.0 ]).Norm(order = 0.0))
            close 0.0 [ 0.5 ] ((tensor x).Norm(order = -infinity))
            close 1e-14 [ 1.0 / (1.0 / 3.0 + 0.25 + 2.0 + 0.5) ] ((tensor x).Norm(order = -1.0))
            close 1e-15 [ 0.0 ] ((tensor [ 1.0; 0.0 ]).Norm(order = -1.0))
            close 1e-14 [ 2.0 ** (1.0 / 3.0) ] ((tensor [ 1e300; 1e300 ]).Norm(order = 3.0) / 1e300)
            close 0.0 [ 0.0; 0.0 ] (grad (fun (x: Tensor) -> x.Norm(order = 3.0)) (tensor [ 0.0; 0.0 ]))
        }
    ]

let private functionTests =
    testList "functions" [
        test "closed forms" {
            let t = 0.7
            let turn = tensor [ [ 0.0; -t ]; [ t; 0.0 ] ]
            let turned = [ cos t; -sin t; sin t; cos t ]
            close 1e-15 turned (matrixExp turn)
            close 1e-15 [ 0.0; -t; t; 0.0 ] (matrixLog (matrixExp turn))
            close 1e-15 [ cos 0.35; -sin 0.35; sin 0.35; cos 0.35 ] (matrixSqrt (matrixExp turn))
            close 1e-15 [ 1.0; 2.0; 0.0; 1.0 ] (matrixExp (tensor [ [ 0.0; 2.0 ]; [ 0.0; 0.0 ] ]))
            close 0.0 [ 89.0; 55.0; 55.0; 34.0 ] (matrixPower 10 (tensor [ [ 1.0; 1.0 ]; [ 1.0; 0.0 ] ]))
            // Moler and Van Loan's: eigenvalues -1 and -17.
            let stiff = tensor [ [ -49.0; 24.0 ]; [ -64.0; 31.0 ] ]
            let a, b = exp -1.0, exp -17.0

            close
                1e-13
                [ 3.0 * b - 2.0 * a; 1.5 * a - 1.5 * b; -4.0 * a + 4.0 * b; 3.0 * a - 2.0 * b ]
                (matrixExp stiff)
        }
        test "undo each other" {
            let a = normal 1L [ 6; 6 ] + eye 6 * 4.0
            let s = matmul a a.T
            let product (x: Tensor) = matmul x x

            for what, x, tolerance in [ "general", a, 1e-12; "symmetric", s, 1e-11 ] do
                near $"{what}: root" tolerance x (product (matrixSqrt x))
                near $"{what}: logarithm" tolerance x (matrixExp (matrixLog x))
                near $"{what}: inverse" 1e-12 (eye 6) (matmul (matrixPower -2 x) (product x))

            let b = normal 2L [ 6; 6 ]
            near "exp -a" 1e-11 (eye 6) (matmul (matrixExp b) (matrixExp -b))
            near "0" 0.0 (eye 6) (matrixPower 0 b)

            near
                "a root of a singular one"
                1e-7
                (Tensor.ones DType.Float64 [ 2; 2 ])
                (product (matrixSqrt (Tensor.ones DType.Float64 [ 2; 2 ])))
        }
        test "every way" {
            let a = normal 3L [ 4; 4 ]
            let b = a * 0.4 + eye 4 * 3.0
            everyWay "matrixExp" 1e-7 matrixExp a
            everyWay "matrixSqrt" 1e-8 matrixSqrt b
            everyWay "matrixLog" 1e-8 matrixLog b
            everyWay "matrixPower 3" 1e-6 (matrixPower 3) a
            everyWay "matrixPower -2" 1e-8 (matrixPower -2) b
            let s = matmul a a.T + eye 4
            everyWay "of a symmetric one" 1e-7 matrixSqrt s
        }
        test "trace of the logarithm" {
            let a = normal 4L [ 5; 5 ] * 0.3 + eye 5 * 2.0
            close 1e-12 [ float (logAbsDet a) ] (trace (matrixLog a))
        }
        test "where there is none" {
            let negative = tensor [ [ 1.0; 1.0 ]; [ 0.0; -1.0 ] ]
            throws<ValueException, _> [ "matrixLog"; "eigenvalue" ] (fun () -> matrixLog negative)
            throws<ValueException, _> [ "matrixSqrt"; "eigenvalue" ] (fun () -> matrixSqrt negative)

            throws<ValueException, _> [ "matrixSqrt"; "[1]" ] (fun () ->
                matrixSqrt (stack 0 [ eye 2; -(eye 2) ]))

            Expect.all (numbers (matrixExp (tensor [ [ nan ] ]))) System.Double.IsNaN "NaN"
            hasShape [ 0; 0 ] (matrixExp (Tensor.zeros DType.Float64 [ 0; 0 ]))
        }
    ]

let private structuredTests =
    testList "structured" [
        test "kron against MathNet" {
            let a, b = normal 1L [ 2; 3 ], normal 2L [ 4; 2 ]
            near "matrices" 0.0 (toTensor ((ofTensor a).KroneckerProduct(ofTensor b))) (kron a b)
            close 0.0 [ 3.0; 4.0; 6.0; 8.0 ] (kron (tensor [ 1; 2 ]) (tensor [ 3; 4 ]))
            hasShape [ 2; 12; 6 ] (kron a (normal 3L [ 2; 6; 2 ]))
        }
        test "cross, vander, toeplitz" {
            let a, b = normal 4L [ 5; 3 ], normal 5L [ 3 ]
            let c = cross a b
            near "at right angles" 1e-14 (Tensor.zeros DType.Float64 [ 5 ]) (matmul c b)
            close 0.0 [ 0.0; 0.0; 1.0 ] (cross (tensor [ 1.0; 0.0; 0.0 ]) (tensor [ 0.0; 1.0; 0.0 ]))
            close 0.0 [ 1.0; 2.0; 4.0; 1.0; 3.0; 9.0 ] (vander 3 (tensor [ 2; 3 ]))
            hasShape [ 2; 0 ] (vander 0 (tensor [ 2; 3 ]))
            close 0.0 [ 1.0; 8.0; 9.0; 2.0; 1.0; 8.0 ] (toeplitz (tensor [ 1; 2 ]) (tensor [ 1; 8; 9 ]))
            everyWay "cross" 1e-8 (fun a -> cross a (a.Flip 1)) a
            everyWay "vander" 1e-7 (vander 4) b
            everyWay "toeplitz" 1e-8 (fun b -> toeplitz b (b * b)) b
            everyWay "kron" 1e-8 (fun a -> kron a (sin a)) (normal 6L [ 2; 2 ])
            throws<ShapeException, _> [ "cross"; "(2,)" ] (fun () -> cross (tensor [ 1.0; 2.0 ]) b)
        }
        test "tensorDot" {
            let a, b = normal 7L [ 2; 3; 4 ], normal 8L [ 4; 5; 3 ]
            let c = a.TensorDot(b, [ 1; 2 ], [ 2; 0 ])

            let plain =
                tensor [
                    for i in 0..1 ->
                        [
                            for j in 0..4 ->
                                Seq.sum (
                                    seq {
                                        for k in 0..2 do
                                            for l in 0..3 -> float (a[i, k, l]) * float (b[l, j, k])
                                    }
                                )
                        ]
                ]

            near "plain sums" 1e-14 plain c
            hasShape [ 2; 3; 4; 4; 5; 3 ] (a.TensorDot(b, [], []))
            throws<ShapeException, _> [ "tensorDot"; "(2, 3, 4)" ] (fun () -> a.TensorDot(b, [ 0 ], [ 0 ]))
            throws<AxisException, _> [ "tensorDot" ] (fun () -> a.TensorDot(b, [ 5 ], [ 0 ]))
        }
    ]

let private covarianceTests =
    testList "covariances" [
        test "against MathNet" {
            let x = normal 1L [ 3; 20 ]
            let rows = [ for i in 0..2 -> numbers x[i] ]
            let all f = tensor [ for a in rows -> [ for b in rows -> (f (a: float[]) (b: float[]): float) ] ]
            near "cov" 1e-14 (all (fun a b -> Statistics.Covariance(a, b))) (cov x)

            near
                "population"
                1e-14
                (all (fun a b -> Statistics.PopulationCovariance(a, b)))
                (x.Covariance(correction = 0))

            near "corrcoef" 1e-14 (all (fun a b -> Correlation.Pearson(a, b))) (corrcoef x)
            everyWay "cov" 1e-8 cov x
            everyWay "corrcoef" 1e-8 corrcoef x
            hasShape [ 4; 3; 3 ] (cov (normal 2L [ 4; 3; 9 ]))

            throws<ShapeException, _> [ "cov"; "(3, 1)" ] (fun () ->
                cov (Tensor.zeros DType.Float64 [ 3; 1 ]))

            throws<ShapeException, _> [ "corrcoef"; "(3,)" ] (fun () ->
                corrcoef (Tensor.zeros DType.Float64 [ 3 ]))
        }
    ]

[<Tests>]
let tests =
    testList "Matrix functions" [ svdTests; inverseTests; functionTests; structuredTests; covarianceTests ]
