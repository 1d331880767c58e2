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
            throws<DTypeException, _> [ "svd"; "Complex128" ] (fun () -> svd (identity 2))
            throws<ShapeException, _> [ "eigh"; "(2, 3)" ] (fun () -> eigh (random 1L [ 2; 3 ]))
        }
    ]

[<Tests>]
let tests = testList "Complex matrices" [ systems; decompositions ]
