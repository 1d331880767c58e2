/// Systems of equations, determinants, and the decompositions behind them, against MathNet.Numerics and closed forms, eager and under
/// every transformation.
module Cotangent.Tests.LinearSystemTests

open Expecto
open MathNet.Numerics.LinearAlgebra
open MathNet.Numerics.LinearAlgebra.Double
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

/// A symmetric, positive definite matrix.
let private definite seed n =
    let a = normal seed [ n; n ]
    matmul a a.T / float n + eye n * 0.1

/// One function, eager, compiled, of a batch, and its derivatives of two orders against finite differences and each other.
let private everyWay what tolerance (f: Tensor -> Tensor) (x: Tensor) =
    let y = f x
    near $"{what}: compiled" 1e-12 y (compile f x)
    let both = stack 0 [ x; x * 1.5 ]
    let each = stack 0 [ y; f (x * 1.5) ]
    near $"{what}: of a batch" 1e-11 each (f both)
    near $"{what}: vmap" 1e-11 each (vmap f both)
    near $"{what}: vmap, compiled" 1e-11 each (compile (vmap f) both)
    let d = normal 77L (List.ofArray x.Shape)
    let c = normal 78L (List.ofArray y.Shape)
    let slope (g: Tensor -> Tensor) = (g (x + d * 1e-5) - g (x - d * 1e-5)) / 2e-5
    let _, pushed = jvp f x d
    near $"{what}: jvp" tolerance (slope f) pushed
    let pulled = snd (vjp f x) c
    let inner a b = float (sum (a * b))
    Expect.isLessThan (abs (inner pushed c - inner d pulled)) (tolerance * 1e-3) $"{what}: vjp"
    let scalar x = sum (f x * c)
    near $"{what}: second" (100.0 * tolerance) (slope (grad scalar)) (hvp scalar x d)
    near $"{what}: second, compiled" 1e-9 (hvp scalar x d) (compile (fun x -> hvp scalar x d) x)

    near
        $"{what}: gradients of a batch"
        1e-10
        (stack 0 [ grad scalar x; grad scalar (x * 1.5) ])
        (vmap (grad scalar) both)

/// Of one panel of columns, of several, and between.
let private sizes = [ 1; 2; 5; 31; 32; 33; 48; 49; 64; 97; 150 ]

let private choleskyTests =
    testList "cholesky" [
        test "against MathNet, and l lᵀ is the matrix" {
            for n in sizes do
                let a = definite (int64 n) n
                let l = cholesky a
                near $"{n}: factor" 1e-12 (toTensor ((ofTensor a).Cholesky().Factor)) l
                near $"{n}: product" 1e-14 a (matmul l l.T)
                let single = cholesky (a.Convert DType.Float32)
                near $"{n}: Float32" 1e-5 a ((matmul single single.T).Convert DType.Float64)
        }
        test "every way" { everyWay "cholesky" 1e-7 cholesky (definite 1L 5) }
        test "only the symmetric part counts" {
            let a = definite 2L 4
            let odd = normal 3L [ 4; 4 ]
            near "factor" 1e-14 (cholesky a) (cholesky (a + odd - odd.T))
        }
        test "NaN, empty, and what is not positive definite" {
            Expect.all (numbers ((cholesky (tensor [ [ nan ] ])))) System.Double.IsNaN "NaN"
            hasShape [ 2; 0; 0 ] (cholesky (Tensor.zeros DType.Float32 [ 2; 0; 0 ]))
            let wrong = stack 0 [ eye 2; tensor [ [ 1.0; 2.0 ]; [ 2.0; 1.0 ] ] ]
            throws<ValueException, _> [ "cholesky"; "[1]"; "positive definite" ] (fun () -> cholesky wrong)
            throws<ValueException, _> [ "cholesky"; "[1]" ] (fun () -> compile cholesky wrong)

            throws<ValueException, _> [ "cholesky" ] (fun () ->
                cholesky (Tensor.zeros DType.Float64 [ 3; 3 ]))

            throws<ShapeException, _> [ "cholesky"; "(2, 3)" ] (fun () ->
                cholesky (Tensor.zeros DType.Float64 [ 2; 3 ]))

            throws<DTypeException, _> [ "cholesky"; "Int32" ] (fun () -> cholesky (tensor [ [ 1 ] ]))
        }
        test "a log-determinant by it has the inverse as gradient" {
            let a = definite 4L 6
            let f a = 2.0 * sum (log ((cholesky a).Diagonal()))
            near "gradient" 1e-10 (inv a) (grad f a)
        }
    ]

let private luTests =
    testList "lu" [
        test "rows in order are the product, of tall and wide ones too" {
            for m, n in [ 1, 1; 2, 2; 5, 3; 3, 5; 33, 33; 70, 40; 40, 70; 100, 100 ] do
                let a = normal (int64 (m + 1000 * n)) [ m; n ]
                let order, l, u = lu a
                let k = min m n
                hasShape [ m; k ] l
                hasShape [ k; n ] u
                near $"{m} x {n}: product" 1e-13 a[order] (matmul l u)
                Expect.isLessThanOrEqual (largest l) 1.0 "no multiplier above 1"
                Expect.equal (u.Tril -1) (Tensor.zerosLike u) "nothing below the diagonal"

            let a = normal 1L [ 40; 40 ]
            let _, _, u = lu a
            near "against MathNet" 1e-13 (toTensor ((ofTensor a).LU().U)) u
        }
        test "every way" {
            let a = normal 2L [ 4; 4 ]
            everyWay "u" 1e-6 (fun a -> let _, _, u = lu a in u) a
            everyWay "l of a tall one" 1e-6 (fun a -> let _, l, _ = lu a in l) (normal 5L [ 5; 3 ])
            everyWay "u of a wide one" 1e-6 (fun a -> let _, _, u = lu a in u) (normal 6L [ 3; 5 ])
        }
        test "singular and empty ones" {
            let order, l, u = lu (tensor [ [ 0.0; 1.0 ]; [ 0.0; 2.0 ] ])
            close 0.0 [ 0.0; 1.0 ] order
            close 0.0 [ 1.0; 0.0; 0.0; 1.0 ] l
            close 0.0 [ 0.0; 1.0; 0.0; 2.0 ] u
            let order, l, u = lu (Tensor.zeros DType.Float64 [ 2; 3; 0 ])
            hasShape [ 2; 3 ] order
            hasShape [ 2; 3; 0 ] l
            hasShape [ 2; 0; 0 ] u
        }
    ]

let private solveTests =
    testList "solve and inv" [
        test "against MathNet" {
            for n in sizes do
                let a, b = normal (int64 n) [ n; n ], normal (int64 n + 1000L) [ n; 3 ]
                let inverse = (ofTensor a).Inverse()
                let scale = largest (toTensor inverse)

                near
                    $"{n}: solve"
                    (1e-10 * scale * scale)
                    (toTensor ((ofTensor a).Solve(ofTensor b)))
                    (solve a b)

                near $"{n}: inv" (1e-10 * scale * scale) (toTensor inverse) (inv a)
                near $"{n}: what is left" (1e-12 * scale) b (matmul a (solve a b))
        }
        test "every way" {
            let a, b = normal 1L [ 4; 4 ] + eye 4 * 3.0, normal 2L [ 4; 2 ]
            everyWay "solve, by a" 1e-8 (fun a -> solve a b) a
            everyWay "solve, by b" 1e-8 (fun b -> solve a b) b
            everyWay "inv" 1e-8 inv a
        }
        test "vectors, and leading axes that broadcast" {
            let a = normal 3L [ 3; 1; 4; 4 ] + eye 4 * 3.0
            let b = normal 4L [ 2; 4; 5 ]
            let x = solve a b
            hasShape [ 3; 2; 4; 5 ] x
            near "product" 1e-13 (b.Expand [ 3; 2; 4; 5 ]) (matmul a x)
            let v = normal 5L [ 4 ]
            hasShape [ 3; 1; 4 ] (solve a v)
            near "vector" 1e-13 v (matmul a[0, 0] (solve a[0, 0] v))
        }
        test "singular ones say which they are, and what helps" {
            let wrong = stack 0 [ eye 2; eye 2; tensor [ [ 1.0; 2.0 ]; [ 2.0; 4.0 ] ] ]
            throws<ValueException, _> [ "inv"; "[2]"; "(3,)"; "singular"; "pinv" ] (fun () -> inv wrong)
            throws<ValueException, _> [ "solve"; "[2]" ] (fun () -> solve wrong (eye 2))
            throws<ValueException, _> [ "inv"; "[2]" ] (fun () -> compile inv wrong)
            throws<ValueException, _> [ "inv"; "[2]" ] (fun () -> vmap inv wrong)
            throws<ValueException, _> [ "the matrix is singular" ] (fun () -> inv wrong[2])

            throws<ShapeException, _> [ "solve"; "(2, 2)"; "(3,)" ] (fun () ->
                solve (eye 2) (tensor [ 1.0; 2.0; 3.0 ]))

            throws<ShapeException, _> [ "inv"; "(2, 3)" ] (fun () ->
                inv (Tensor.zeros DType.Float64 [ 2; 3 ]))

            throws<DTypeException, _> [ "solve"; "Float32" ] (fun () -> solve (eye 2) (tensor [ 1.0f; 2.0f ]))
        }
        test "triangular ones, of every kind" {
            let a, b = normal 6L [ 5; 5 ] + eye 5 * 3.0, normal 7L [ 5; 2 ]

            for upper in [ false; true ] do
                for transpose in [ false; true ] do
                    for unit in [ false; true ] do
                        let part = if upper then a.Triu() else a.Tril()
                        let part = if unit then part - Tensor.diag (part.Diagonal()) + eye 5 else part
                        let part = if transpose then part.T else part
                        let x = a.SolveTriangular(b, upper, transpose, unit)
                        near $"upper {upper}, transposed {transpose}, unit {unit}" 1e-12 b (matmul part x)

            everyWay "by a" 1e-8 (fun a -> a.SolveTriangular(b, upper = true, unitDiagonal = true)) a
        }
    ]

let private determinantTests =
    testList "determinants" [
        test "against MathNet" {
            for n in [ 1..8 ] @ [ 40 ] do
                let a = normal (int64 n) [ n; n ]
                let expected = (ofTensor a).Determinant()
                let sign, size = slogdet a
                close 1e-12 [ 1.0 ] (det a / expected)
                close 0.0 [ float (System.Math.Sign expected) ] sign
                close 1e-11 [ log (abs expected) ] size
        }
        test "every way" {
            everyWay "det of 2" 1e-8 det (normal 1L [ 2; 2 ])
            everyWay "det of 3" 1e-8 det (normal 1L [ 3; 3 ])
            everyWay "det of 5" 1e-6 det (normal 1L [ 5; 5 ])
            everyWay "logAbsDet" 1e-6 logAbsDet (normal 1L [ 5; 5 ])
        }
        test "the gradient of det is the matrix of cofactors, also where it is 0" {
            let a = normal 2L [ 5; 5 ]
            near "regular" 1e-10 ((inv a).T * det a) (grad det a)
            // The last column is the sum of the others; the cofactors by MathNet.
            let singular = concat 1 [ a[*, 0..3]; a[*, 0..3].Sum([ 1 ], true) ]
            let m = ofTensor singular

            let cofactors =
                DenseMatrix.Create(
                    5,
                    5,
                    fun i j ->
                        let sign = if (i + j) % 2 = 0 then 1.0 else -1.0
                        sign * m.RemoveRow(i).RemoveColumn(j).Determinant()
                )

            near "value" 1e-13 (tensor 0.0) (det singular)
            near "singular" 1e-10 (toTensor cofactors) (grad det singular)

            near
                "three rows, all zero"
                0.0
                (Tensor.zeros DType.Float64 [ 3; 3 ])
                (grad det (Tensor.zeros DType.Float64 [ 3; 3 ]))
        }
        test "out of range, singular, empty" {
            let sign, size = slogdet (eye 400 * -1e-3)
            close 0.0 [ 1.0 ] sign
            close 1e-9 [ 400.0 * log 1e-3 ] size
            let sign, size = slogdet (Tensor.zeros DType.Float64 [ 4; 4 ])
            close 0.0 [ 0.0 ] sign
            close 0.0 [ -infinity ] size
            close 0.0 [ 1.0; 1.0 ] (det (Tensor.zeros DType.Float64 [ 2; 0; 0 ]))
        }
    ]

[<Tests>]
let tests = testList "Linear systems" [ choleskyTests; luTests; solveTests; determinantTests ]
