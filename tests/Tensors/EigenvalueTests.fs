/// Eigenvalues of any matrices and roots of polynomials: closed forms, residuals, and MathNet.Numerics.
module Cotangent.Tests.EigenvalueTests

open System
open System.Numerics
open MathNet.Numerics.LinearAlgebra
open Expecto
open Cotangent
open Cotangent.Tests.ComplexTests
open Cotangent.Tests.Support

let private complexOf (t: Tensor) = t.Convert DType.Complex128

let private random seed shape = Random.normal (Key.create seed) DType.Float64 shape

let private randomComplex seed shape = complex (random seed shape) (random (seed + 1L) shape)

/// a v = v diag w, columns of length 1 whose pivots are real and positive.
let fits tolerance (a: Tensor) (w: Tensor, v: Tensor) =
    let a = complexOf a
    closeTo tolerance (items (v * w.Unsqueeze -2)) (items (matmul a v))
    let n = v.Shape[v.Rank - 1]
    let lengths = ((abs v) ** 2.0).Sum -2
    close 1e-13 (numbers (Tensor.onesLike lengths)) lengths

    for column in (v.MoveAxis(-1, -2)).Reshape([ -1; n ]).Unstack 0 do
        let all = items column
        let largest = all |> Array.map Complex.Abs |> Array.max
        // The first that may be the pivot, up to rounding.
        let pivot = all |> Array.find (fun x -> Complex.Abs x >= 0.499999 * largest)
        let other = all |> Array.find (fun x -> Complex.Abs x >= 0.500001 * largest)
        let isPivot (x: Complex) = x.Real > 0.0 && abs x.Imaginary < 1e-13 * x.Real + 1e-15
        Expect.isTrue (isPivot pivot || isPivot other) "phase"

let rises (w: Tensor) =
    let all = items w |> List.ofArray

    for a, b in List.pairwise all do
        Expect.isTrue (a.Real < b.Real || a.Real = b.Real && a.Imaginary <= b.Imaginary) $"{a} before {b}"

let private values =
    testList "values" [
        test "a rotation" {
            let angle = 0.7
            let c, s = cos angle, sin angle
            let w, v = eig (tensor [ [ c; -s ]; [ s; c ] ])
            closeTo 1e-15 [ Complex(c, -s); Complex(c, s) ] (items w)
            let h = sqrt 0.5

            closeTo 1e-15 [ Complex(h, 0.0); Complex(h, 0.0); Complex(0.0, h); Complex(0.0, -h) ] (items v)
        }
        test "of triangular matrices the diagonal, real ones exactly real" {
            let a = tensor [ [ 3.0; 5.0; -1.0 ]; [ 0.0; -2.0; 4.0 ]; [ 0.0; 0.0; 1.0 ] ]
            closeTo 0.0 [ Complex(-2.0, 0.0); Complex(1.0, 0.0); Complex(3.0, 0.0) ] (items (eigenvalues a))
            fits 1e-14 a (eig a)
        }
        test "real eigenvalues of a real matrix have no imaginary part" {
            let a = (random 3L [ 8; 8 ])
            let symmetric = a + a.T
            let basis = random 4L [ 8; 8 ]
            let similar = matmul (matmul basis symmetric) (inv basis)
            let w = eigenvalues similar
            close 0.0 (List.replicate 8 0.0) (imag w)
            close 1e-10 (numbers (fst (eigh symmetric))) (real w)
        }
        test "a matrix that lacks vectors" {
            let jordan = tensor [ [ 2.0; 1.0; 0.0 ]; [ 0.0; 2.0; 1.0 ]; [ 0.0; 0.0; 2.0 ] ]
            closeTo 0.0 (List.replicate 3 (Complex(2.0, 0.0))) (items (eigenvalues jordan))
        }
        test "against MathNet.Numerics" {
            for n in [ 1; 2; 3; 5; 12; 30 ] do
                for isComplex in [ false; true ] do
                    let a = if isComplex then randomComplex (int64 n) [ n; n ] else random (int64 n) [ n; n ]
                    let all = items a

                    let expected =
                        if isComplex then
                            (Matrix<Complex>.Build.Dense(n, n, fun i j -> all[i * n + j])).Evd().EigenValues
                        else
                            (Matrix<float>.Build.Dense(n, n, fun i j -> all[i * n + j].Real))
                                .Evd()
                                .EigenValues
                        |> Seq.sortBy (fun w -> w.Real, w.Imaginary)

                    let w, v = eig a
                    closeTo 1e-12 expected (items w)
                    rises w
                    fits 1e-12 a (w, v)
        }
        test "many rows" {
            let a = random 7L [ 120; 120 ]
            fits 1e-11 a (eig a)
            let z = randomComplex 8L [ 60; 60 ]
            fits 1e-11 z (eig z)
            // Their sum is the trace.
            closeTo 1e-11 [ items (trace z) |> Array.head ] [
                items (eigenvalues z) |> Array.fold (+) Complex.Zero
            ]
        }
        test "what is badly scaled" {
            // Similar to [[1, 2], [3, 4]], whose eigenvalues are (5 ± √33)/2.
            let a = tensor [ [ 1.0; 2e-12 ]; [ 3e12; 4.0 ] ]
            let root = sqrt 33.0
            close 1e-14 [ (5.0 - root) / 2.0; (5.0 + root) / 2.0 ] (real (eigenvalues a))
            close 1e-14 [ -1e-160; 1e-160 ] (real (eigenvalues (tensor [ [ 0.0; 1e-160 ]; [ 1e-160; 0.0 ] ])))
            close 1e-14 [ -1.0; 1.0 ] (real (eigenvalues (tensor [ [ 0.0; 1e160 ]; [ 1e160; 0.0 ] ])) / 1e160)
        }
        test "batches, dtypes, nothing, and what is no number" {
            let batch = random 9L [ 2; 3; 4; 4 ]
            let w, v = eig batch
            hasShape [ 2; 3; 4 ] w
            fits 1e-12 batch (w, v)
            let single = eigenvalues (batch.Convert DType.Float32)
            Expect.equal single.DType DType.Complex64 "dtype"
            closeTo 1e-5 (items w) (items single)
            Expect.equal (eigenvalues (batch.Convert DType.BFloat16)).DType DType.Complex64 "of halves"
            hasShape [ 2; 0 ] (eigenvalues (Tensor.zeros DType.Float64 [ 2; 0; 0 ]))

            let spoiled =
                concat 0 [
                    tensor [ [ [ nan; 1.0 ]; [ 0.0; 1.0 ] ] ]
                    tensor [ [ [ 1.0; 0.0 ]; [ 0.0; 2.0 ] ] ]
                ]

            let found = items (eigenvalues spoiled)
            Expect.isTrue (Double.IsNaN found[0].Real && Double.IsNaN found[1].Real) "no number"
            closeTo 0.0 [ Complex.One; Complex(2.0, 0.0) ] found[2..]
        }
        test "what is asked" {
            throws<ShapeException, _> [ "eig"; "(2, 3)"; "not square" ] (fun () -> eig (random 1L [ 2; 3 ]))
            throws<DTypeException, _> [ "eigenvalues"; "Int32" ] (fun () -> eigenvalues (tensor [ [ 1 ] ]))
            throws<ShapeException, _> [ "roots"; "(1,)"; "two or more" ] (fun () -> roots (tensor [ 1.0 ]))
            throws<DTypeException, _> [ "roots"; "Int32" ] (fun () -> roots (tensor [ 1; 2 ]))
        }
    ]

let private polynomials =
    testList "roots" [
        test "of whole numbers, and of one" {
            // (x - 1)(x - 2)…(x - 5)
            close 1e-11 [ 1.0 .. 5.0 ] (real (roots (tensor [ 1.0; -15.0; 85.0; -225.0; 274.0; -120.0 ])))
            let ofOne = items (roots (tensor [ 1.0; 0.0; 0.0; -1.0 ]))
            let h = sqrt 0.75
            closeTo 1e-15 [ Complex(-0.5, -h); Complex(-0.5, h); Complex.One ] ofOne

            closeTo
                1e-15
                [ Complex(0.0, 1.0) ]
                (items (roots (tensor [ Complex(2.0, 0.0); Complex(0.0, -2.0) ])))

            hasShape [ 4; 2 ] (roots (random 5L [ 4; 3 ]))
        }
        test "a root moves by -xᵏ/p′" {
            let c = tensor [ 2.0; -3.0; -11.0; 6.0 ]
            // 2x³ - 3x² - 11x + 6 = (x + 2)(2x - 1)(x - 3), and p′ = 6x² - 6x - 11.
            let at = [ -2.0; 0.5; 3.0 ]

            let expected = [
                for x in at do
                    for power in [ 3.0; 2.0; 1.0; 0.0 ] -> -(x ** power) / (6.0 * x * x - 6.0 * x - 11.0)
            ]

            close 1e-12 expected (jacobian (fun c -> real (roots c)) c)
        }
    ]

let private derivatives =
    testList "derivatives" [
        test "of an eigenvalue, where it is of a rotation and a growth" {
            // [a, -b; b, a] has a ± bi.
            let f (p: Tensor) =
                let a, b = p[0], p[1]
                let w = eigenvalues (stack 0 [ stack 0 [ a; -b ]; stack 0 [ b; a ] ])
                stack 0 [ (real w)[1]; (imag w)[1] ]

            close 1e-14 [ 1.0; 0.0; 0.0; 1.0 ] (jacobian f (tensor [ 0.3; 1.2 ]))
        }
        test "of sums of powers it is that of traces" {
            let a = random 11L [ 5; 5 ]
            let cubes (a: Tensor) = (real (eigenvalues a ** 3)).Sum()
            close 1e-11 (numbers (3.0 * (matmul a a).T)) (grad cubes a)
            close 1e-11 (numbers (grad cubes a)) (compile (grad cubes) a)
        }
        test "of projections, which no phase changes" {
            // Σ wᵢ Pᵢ is the matrix itself.
            let f (a: Tensor) =
                let w, v = eig a
                real (matmul (v * w.Unsqueeze -2) (inv v))

            let a = random 12L [ 4; 4 ]
            let d = random 13L [ 4; 4 ]
            close 1e-11 (numbers d) (snd (jvp f a d))
            close 1e-11 (numbers d) ((snd (vjp f a)) d)
        }
    ]

[<Tests>]
let tests = testList "Eigenvalues" [ values; polynomials; derivatives ]
