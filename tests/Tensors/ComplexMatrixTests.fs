/// Systems and decompositions of complex matrices: what they are products of, closed forms, and MathNet.Numerics.
module Cotangent.Tests.ComplexMatrixTests

open System.Numerics
open MathNet.Numerics.LinearAlgebra
open Expecto
open Cotangent
open Cotangent.Tests.ComplexTests
open Cotangent.Tests.Support

let private random seed shape =
    complex
        (Random.normal (Key.create seed) DType.Float64 shape)
        (Random.normal (Key.create (seed + 100L)) DType.Float64 shape)

let private adjoint (t: Tensor) = conj (t.Transpose())
let private identity n = (Tensor.ones DType.Complex128 [ n; n ]).Tril().Triu()

/// Below one block of the kernels, and above.
let private sizes = [ 1; 2; 5; 40; 70 ]

let private matrixOf (t: Tensor) =
    let n = t.Shape[1]
    let all = items t
    Matrix<Complex>.Build.Dense(t.Shape[0], n, fun i j -> all[i * n + j])

let private systems =
    testList "systems" [
        test "solve and inv" {
            for n in sizes do
                let a, x = random (int64 n) [ n; n ], random 2L [ n; 3 ]
                let b = matmul a x
                closeTo 1e-10 (items x) (items (solve a b))
                closeTo 1e-10 (items (identity n)) (items (matmul a (inv a)))
                let column = x.Take(tensor [ 0 ], 1).Squeeze 1
                closeTo 1e-10 (items column) (items (solve a (matmul a column)))

            let batch, right = random 3L [ 4; 3; 3 ], random 4L [ 3; 2 ]

            closeTo
                1e-11
                (items ((Tensor.ones DType.Complex128 [ 4; 1; 1 ]) * right))
                (items (matmul batch (solve batch right)))
        }
        test "triangles" {
            let a, x = random 5L [ 70; 70 ] + 20.0 * identity 70, random 6L [ 70; 2 ]

            for upper in [ true; false ] do
                let part = if upper then a.Triu() else a.Tril()
                closeTo 1e-12 (items x) (items (a.SolveTriangular(matmul part x, upper = upper)))

                closeTo
                    1e-12
                    (items x)
                    (items (a.SolveTriangular(matmul part.T x, upper = upper, transpose = true)))
        }
        test "determinants" {
            for n in sizes do
                let a = random (int64 n) [ n; n ]
                let expected = (matrixOf a).Determinant()
                let size = Complex.Abs expected
                closeTo 1e-11 [ expected / size ] [ items (det a) |> Array.head |> fun d -> d / size ]
                let sign, logSize = slogdet a
                closeTo 1e-11 [ expected / size ] (items sign)
                close 1e-11 [ log size ] logSize

            // Of a triangle with this diagonal.
            let a = tensor [ [ Complex(0.0, 2.0); Complex.One ]; [ Complex.Zero; Complex(1.0, 1.0) ] ]
            closeTo 1e-15 [ Complex(-2.0, 2.0) ] (items (det a))
            let singular = random 7L [ 4; 2 ] |> fun b -> matmul b (adjoint b)
            Expect.isLessThan (Complex.Abs (items (det singular)).[0]) 1e-12 "singular"
        }
        test "without an inverse" {
            let zeros = Tensor.zeros DType.Complex128 [ 2; 2 ]
            throws<ValueException, _> [ "inv"; "singular" ] (fun () -> inv zeros)
            throws<ValueException, _> [ "solve"; "singular" ] (fun () -> solve zeros zeros)
        }
        test "in single precision" {
            let a = (random 8L [ 6; 6 ]).Convert DType.Complex64
            Expect.equal (inv a).DType DType.Complex64 "dtype"
            closeTo 1e-5 (items (inv (a.Convert DType.Complex128))) (items (inv a))
        }
    ]

let private decompositions =
    testList "decompositions" [
        test "LU" {
            for m, n in [ 1, 1; 3, 5; 5, 3; 40, 40; 70, 50 ] do
                let a = random (int64 (m + n)) [ m; n ]
                let order, l, u = lu a
                closeTo 1e-12 (items (a.Take(order, 0))) (items (matmul l u))
                closeTo 0.0 (items l) (items (l.Tril()))
                closeTo 0.0 (items u) (items (u.Triu()))
                // Nothing is larger than its pivot.
                Expect.isLessThan (float ((abs l).Max())) 1.0000001 "pivots"
        }
        test "QR" {
            for m, n in [ 1, 1; 2, 2; 3, 5; 5, 3; 40, 40; 70, 50 ] do
                let a = random (int64 (m + 2 * n)) [ m; n ]
                let q, r = qr a
                let k = min m n
                closeTo 1e-12 (items a) (items (matmul q r))
                closeTo 1e-13 (items (identity k)) (items (matmul (adjoint q) q))
                closeTo 0.0 (items r) (items (r.Triu()))
                let diagonal = r.Diagonal()
                close 1e-13 (numbers (abs diagonal)) (real diagonal)
        }
        test "QR of dependent columns" {
            let a = matmul (random 9L [ 6; 2 ]) (random 10L [ 2; 6 ])
            let q, r = qr a
            closeTo 1e-12 (items a) (items (matmul q r))
            closeTo 1e-13 (items (identity 6)) (items (matmul (adjoint q) q))
        }
        test "Cholesky" {
            for n in sizes do
                let b = random (int64 n) [ n; n ]
                let a = matmul b (adjoint b) + identity n
                let l = cholesky a
                closeTo 1e-12 (items a) (items (matmul l (adjoint l)))
                closeTo 0.0 (items l) (items (l.Tril()))
                closeTo 1e-11 ((matrixOf a).Cholesky().Factor.ToRowMajorArray()) (items l)

            throws<ValueException, _> [ "cholesky"; "positive definite" ] (fun () -> cholesky (-(identity 2)))
        }
        test "eigh" {
            for n in sizes do
                let b = random (int64 n) [ n; n ]
                let a = b + adjoint b
                let w, v = eigh a
                Expect.equal w.DType DType.Float64 "real"
                closeTo 1e-12 (items (v * (w.Convert DType.Complex128).Unsqueeze -2)) (items (matmul a v))
                closeTo 1e-12 (items (identity n)) (items (matmul (adjoint v) v))

                let expected =
                    (matrixOf a).Evd(Symmetricity.Hermitian).EigenValues |> Seq.map _.Real |> Seq.sort

                close 1e-11 (List.ofSeq expected) w

            // Pauli's: ±1, and vectors (1, ±i)/√2.
            let w, v =
                eigh (tensor [ [ Complex.Zero; Complex(0.0, -1.0) ]; [ Complex(0.0, 1.0); Complex.Zero ] ])

            close 1e-15 [ -1.0; 1.0 ] w
            let h = sqrt 0.5
            closeTo 1e-15 [ Complex(h, 0.0); Complex(h, 0.0); Complex(0.0, -h); Complex(0.0, h) ] (items v)
        }
        test "what is asked" {
            throws<DTypeException, _> [ "svd"; "Int32" ] (fun () -> svd (Tensor.ones DType.Int32 [ 2; 2 ]))
            throws<ShapeException, _> [ "eigh"; "(2, 3)" ] (fun () -> eigh (random 1L [ 2; 3 ]))
        }
    ]

/// Tall, wide, square, more than one block of the kernels.
let private shapes = [ 1, 1; 1, 3; 3, 1; 5, 3; 3, 5; 4, 4; 40, 40; 70, 50; 50, 70 ]

let private times (u: Tensor) (s: Tensor) (v: Tensor) = matmul (u * (s.Convert u.DType).Unsqueeze -2) v

let private singular =
    testList "singular values" [
        test "orthonormal vectors, falling values, the matrix again" {
            for m, n in shapes do
                let a = random (int64 (m + 3 * n)) [ m; n ]
                let u, s, v = svd a
                let k = min m n
                Expect.equal s.DType DType.Float64 "real"
                closeTo 1e-12 (items a) (items (times u s v))
                closeTo 1e-12 (items (identity k)) (items (matmul (adjoint u) u))
                closeTo 1e-12 (items (identity k)) (items (matmul v (adjoint v)))
                let expected = (matrixOf a).Svd(false).S |> Seq.map _.Real |> List.ofSeq
                close 1e-12 expected s
                Expect.equal (numbers s) (numbers s |> Array.sortDescending) "falling"
                close 1e-13 (numbers s) (singularValues a)

                // The pivots of u are real and positive.
                for j in 0 .. k - 1 do
                    let column = items (u[*, j])
                    let largest = column |> Array.map Complex.Abs |> Array.max
                    let pivot = column |> Array.find (fun z -> Complex.Abs z >= 0.4999999 * largest)
                    Expect.isGreaterThan pivot.Real 0.0 "positive"
                    Expect.isLessThan (abs pivot.Imaginary) 1e-14 "real"
        }
        test "by hand" {
            // i times a real matrix has its values.
            let u, s, v =
                svd (tensor [ [ Complex(0.0, 3.0); Complex.Zero ]; [ Complex.Zero; Complex(0.0, -2.0) ] ])

            close 1e-15 [ 3.0; 2.0 ] s
            closeTo 1e-15 [ Complex.One; Complex.Zero; Complex.Zero; Complex.One ] (items u)
            closeTo 1e-15 [ Complex(0.0, 1.0); Complex.Zero; Complex.Zero; Complex(0.0, -1.0) ] (items v)
        }
        test "ranks, zeros, the ends of the range, NaN, empty" {
            let low = matmul (random 9L [ 6; 2 ]) (random 10L [ 2; 5 ])
            let u, s, v = svd low
            closeTo 1e-12 (items low) (items (times u s v))
            closeTo 1e-12 (items (identity 5)) (items (matmul (adjoint u) u))
            closeTo 1e-12 (items (identity 5)) (items (matmul v (adjoint v)))
            Expect.equal (int (low.MatrixRank())) 2 "rank"
            let _, s, _ = svd (Tensor.zeros DType.Complex128 [ 3; 2 ])
            close 0.0 [ 0.0; 0.0 ] s
            let a = random 11L [ 4; 3 ]

            for scale in [ 1e-300; 1e-160; 1e150; 1e300 ] do
                close 1e-13 (numbers (singularValues a)) (singularValues (a * scale) / scale)

            let _, s, _ = svd (a * nan)
            Expect.all (numbers s) System.Double.IsNaN "NaN"
            Expect.all (numbers (singularValues (a * nan))) System.Double.IsNaN "NaN"
            let u, s, v = svd (Tensor.zeros DType.Complex64 [ 2; 0; 3 ])
            hasShape [ 2; 0; 0 ] u
            hasShape [ 2; 0 ] s
            hasShape [ 2; 0; 3 ] v
            Expect.equal s.DType DType.Float32 "single precision"
        }
        test "full ones complete the bases" {
            for m, n in [ 5, 3; 3, 5; 4, 4 ] do
                let a = random (int64 (m + n)) [ m; n ]
                let u, s, v = svdFull a
                closeTo 1e-13 (items (identity m)) (items (matmul (adjoint u) u))
                closeTo 1e-13 (items (identity n)) (items (matmul v (adjoint v)))
                let k = min m n
                closeTo 1e-12 (items a) (items (times u[*, 0 .. k - 1] s v[0 .. k - 1, *]))
        }
        test "Penrose's four conditions" {
            for a in
                [
                    random 12L [ 5; 3 ]
                    random 13L [ 3; 5 ]
                    matmul (random 14L [ 6; 2 ]) (random 15L [ 2; 5 ])
                ] do
                let x = pinv a
                closeTo 1e-12 (items a) (items (matmul a (matmul x a)))
                closeTo 1e-12 (items x) (items (matmul x (matmul a x)))
                closeTo 1e-12 (items (matmul a x)) (items (adjoint (matmul a x)))
                closeTo 1e-12 (items (matmul x a)) (items (adjoint (matmul x a)))
        }
        test "least squares leave what is orthogonal to the columns" {
            let a, b = random 16L [ 7; 3 ], random 17L [ 7; 2 ]
            let rest = b - matmul a (lstsq a b)
            closeTo 1e-12 (Array.create 6 Complex.Zero) (items (matmul (adjoint a) rest))
        }
        test "norms, condition" {
            let a = random 18L [ 4; 6 ]
            let m = matrixOf a
            let values = m.Svd(false).S |> Seq.map _.Real |> Array.ofSeq
            close 1e-12 [ m.FrobeniusNorm() ] (matrixNorm MatrixNorm.Frobenius a)
            close 1e-12 [ Array.sum values ] (matrixNorm MatrixNorm.Nuclear a)
            close 1e-12 [ values[0] ] (matrixNorm MatrixNorm.Spectral a)
            close 1e-12 [ m.L1Norm() ] (matrixNorm MatrixNorm.ColumnSum a)
            close 1e-12 [ m.InfinityNorm() ] (matrixNorm MatrixNorm.RowSum a)
            close 1e-12 [ values[0] / values[3] ] (conditionNumber a)
            let x = tensor [ Complex(3.0, 4.0); Complex.Zero; Complex(0.0, -12.0) ]
            close 1e-15 [ 13.0 ] (norm x)
            close 1e-15 [ 17.0 ] (x.Norm(order = 1.0))
            close 1e-15 [ 12.0 ] (x.Norm(order = infinity))
            // Its gradient is the direction, conjugate.
            closeTo
                1e-15
                [ Complex(3.0, 4.0) / 13.0; Complex.Zero; Complex(0.0, -12.0) / 13.0 ]
                (items (conj (grad norm x)))
        }
    ]

let private functions =
    testList "functions" [
        test "exponentials" {
            // exp (i t n·σ) = cos t + i sin t n·σ.
            let spin =
                tensor [
                    [ Complex(0.6, 0.0); Complex(0.0, -0.8) ]
                    [ Complex(0.0, 0.8); Complex(-0.6, 0.0) ]
                ]

            let t = 2.3
            let turned = matrixExp (spin * Complex(0.0, t))
            let expected = identity 2 * cos t + spin * Complex(0.0, sin t)
            closeTo 1e-14 (items expected) (items turned)
            closeTo 1e-14 (items (identity 2)) (items (matmul turned (adjoint turned)))
        }
        test "undo each other" {
            for n in [ 1; 2; 5; 20 ] do
                let a = random (int64 n) [ n; n ] * 0.1 + identity n * Complex(2.0, 1.0)
                let root = matrixSqrt a
                closeTo 1e-12 (items a) (items (matmul root root))
                closeTo 1e-11 (items a) (items (matrixExp (matrixLog a)))
                closeTo 1e-11 (items (inv (matmul a a))) (items (matrixPower -2 a))
                closeTo 1e-12 (items (matmul a (matmul a a))) (items (matrixPower 3 a))

            // Of a diagonal, the elements' own.
            let d = [ Complex(0.0, 2.0); Complex(-3.0, 4.0) ]

            closeTo
                1e-14
                (d |> List.map Complex.Sqrt)
                (items ((matrixSqrt (Tensor.diag (tensor d))).Diagonal()))

            closeTo
                1e-14
                (d |> List.map Complex.Log)
                (items ((matrixLog (Tensor.diag (tensor d))).Diagonal()))
        }
        test "in single precision" {
            let a = (random 5L [ 3; 3 ]).Convert DType.Complex64
            Expect.equal (matrixExp a).DType DType.Complex64 "dtype"
            Expect.equal (pinv a).DType DType.Complex64 "dtype"
        }
    ]

[<Tests>]
let tests = testList "Complex matrices" [ systems; decompositions; singular; functions ]
