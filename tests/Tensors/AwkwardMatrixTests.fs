/// Eigenvalues and eigenvectors of matrices that the QR algorithm may find awkward, where they are known.
module Cotangent.Tests.AwkwardMatrixTests

open System
open System.Numerics
open MathNet.Numerics.LinearAlgebra
open Expecto
open Cotangent
open Cotangent.Tests.ComplexTests
open Cotangent.Tests.EigenvalueTests
open Cotangent.Tests.Support

/// A square matrix of n rows from its elements.
let private matrix n (element: int -> int -> float) =
    Tensor.ofArray [ n; n ] [|
        for i in 0 .. n - 1 do
            for j in 0 .. n - 1 -> element i j
    |]

let private mathNet (a: Tensor) : Complex list =
    let all, n = numbers a, a.Shape[0]
    List.ofSeq ((Matrix<float>.Build.Dense(n, n, fun i j -> all[i * n + j])).Evd().EigenValues)

/// Of the polynomial with these roots.
let private companion (roots: float list) =
    let coefficients =
        (roots, [ 1.0 ])
        ||> List.foldBack (fun root p -> List.map2 (fun a b -> a - root * b) (p @ [ 0.0 ]) (0.0 :: p))

    matrix roots.Length (fun i j ->
        if i = 0 then -coefficients[j + 1]
        elif i = j + 1 then 1.0
        else 0.0)

let private band (n: int) (below: int) (above: int) (element: int -> int -> float) =
    matrix n (fun i j -> if j - i >= -below && j - i <= above then element i j else 0.0)

type private Case = {
    Name: string
    Matrix: Tensor
    /// Those that differ.
    Expected: Complex list
    Tolerance: float
}

let private case name matrix expected tolerance = {
    Name = name
    Matrix = matrix
    Expected = expected
    Tolerance = tolerance
}

let private ofReal (values: float seq) = [ for x in values -> Complex(x, 0.0) ]

let private wilkinson = band 21 1 1 (fun i j -> if i = j then abs (float i - 10.0) else 1.0)

let private cases =
    let frank = band 9 1 9 (fun i j -> float (9 - max i j))
    let grcar = band 24 1 3 (fun i j -> if i > j then -1.0 else 1.0)

    let kac =
        band 14 1 1 (fun i j ->
            if i < j then float (14 - j)
            elif i > j then float i
            else 0.0)

    let dense = Random.normal (Key.create 21L) DType.Float64 [ 10; 10 ]
    let diagonal = ofReal [ for i in 0..9 -> float dense[i, i] ]
    // d⁻¹ a d with powers of ten on the diagonal of d.
    let power i = float (i * 7 % 10 * 3)
    let scaled = matrix 10 (fun i j -> float dense[i, j] * 10.0 ** (power j - power i))
    let turn = array2D [ [ 0.6; -0.8 ]; [ 0.8; 0.6 ] ]
    let both = [ Complex(0.6, 0.8); Complex(0.6, -0.8) ]
    let apart = matrix 6 (fun i j -> if i / 2 = j / 2 then turn[i % 2, j % 2] else 0.0)
    let coupled = apart + band 6 0 2 (fun i j -> if j = i + 2 then 1.0 else 0.0)

    let tiny =
        matrix 5 (fun i j ->
            if i > 0 && j > 0 then 1e-161 / float (i + j)
            elif i = j then 1.0
            else 0.0)

    [
        case "a companion" (companion [ 1.0 .. 8.0 ]) (ofReal [ 1.0 .. 8.0 ]) 1e-9
        case "a companion of roots far apart" (companion [ 1e-3; 1.0; 1e3 ]) (ofReal [ 1e-3; 1.0; 1e3 ]) 1e-9
        // A step without a shift moves nothing.
        case
            "a permutation"
            (matrix 12 (fun i j -> if (i + 1) % 12 = j then 1.0 else 0.0))
            [ for k in 0..11 -> Complex.FromPolarCoordinates(1.0, Math.PI * float k / 6.0) ]
            1e-14
        case "Frank's" frank (mathNet frank) 1e-10
        case "Grcar's" grcar (mathNet grcar) 1e-9
        case "Wilkinson's" wilkinson (ofReal (numbers (fst (eigh wilkinson)))) 1e-13
        case "Kac's" kac (ofReal [ -13.0 .. 2.0..13.0 ]) 1e-9
        case "a Jordan block" (band 5 0 1 (fun i j -> if i = j then 0.5 else 1.0)) (ofReal [ 0.5 ]) 0.0
        case "a triangle" (dense.Triu()) diagonal 0.0
        case "a triangle below" (dense.Tril()) diagonal 1e-11
        case "equal pairs" apart both 1e-15
        case "equal pairs, coupled" coupled both 1e-5
        case "zeros" (Tensor.zeros DType.Float64 [ 4; 4 ]) (ofReal [ 0.0 ]) 0.0
        case "ones" (Tensor.ones DType.Float64 [ 6; 6 ]) (ofReal [ 0.0; 6.0 ]) 1e-14
        case "the identity" (Tensor.eye DType.Float64 7) (ofReal [ 1.0 ]) 0.0
        case "one number" (tensor [ [ -3.5 ] ]) (ofReal [ -3.5 ]) 0.0
        case "widely scaled" scaled (mathNet dense) 1e-12
        case "a part tiny beside the rest" tiny (ofReal [ 0.0; 1.0 ]) 1e-15
    ]

/// For each number of either list there is one in the other: those that are nearly equal may stand in another order.
let private agree (tolerance: float) (expected: Complex list) (found: Complex list) =
    for some, others in [ expected, found; found, expected ] do
        for x in some do
            let distance = others |> Seq.map (fun y -> Complex.Abs(x - y)) |> Seq.min
            Expect.isLessThanOrEqual distance tolerance $"""{x} among {String.Join(" ", others)}"""

let private check (a: Tensor) expected tolerance =
    let w, v = eig a
    agree tolerance expected (List.ofArray (items w))
    rises w
    let size = Math.Max(float ((abs a).Max()), 1e-300)
    fits 1e-13 (a / size) (w / size, v)

[<Tests>]
let tests =
    testList "Awkward matrices" [
        for case in cases do
            test case.Name { check case.Matrix case.Expected case.Tolerance }

        // By what a complex matrix has another algorithm.
        let turn = Complex(0.6, -0.8)

        for case in cases do
            test $"{case.Name}, turned" {
                let real = case.Matrix
                let a = complex (real * turn.Real) (real * turn.Imaginary)
                check a [ for w in case.Expected -> w * turn ] (Math.Max(10.0 * case.Tolerance, 1e-14))
            }

        test "Wilkinson's two largest, as he gave them" {
            let largest = (real (eigenvalues wilkinson))[19..]
            close 1e-14 [ 10.746194182903322; 10.746194182903393 ] largest
        }
    ]
