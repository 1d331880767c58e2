/// The laws of derivatives, over functions of complex numbers. Derivatives are those of both parts; a push and its pull are
/// transposes by the pairing Re Σ x y, and by Σ x y where the function is analytic.
module Cotangent.Tests.ComplexLawTests

open System.Numerics
open Cotangent
open Expecto
open Cotangent.Tests.ComplexTests
open Cotangent.Tests.Dice

type private Row = {
    Name: string
    IsAnalytic: bool
    Apply: Tensor[] -> Tensor
    /// Dtype and shape of each argument.
    At: (DType * int list) list
}

let private z, x = DType.Complex128, DType.Float64

let private rows = [
    let analytic name at f = { Name = name; IsAnalytic = true; Apply = f; At = at }
    let other name at f = { Name = name; IsAnalytic = false; Apply = f; At = at }
    let one name f = analytic name [ z, [ 3 ] ] (fun (a: Tensor[]) -> f a[0])
    let two name f = analytic name [ z, [ 2; 3 ]; z, [ 3 ] ] (fun (a: Tensor[]) -> f a[0] a[1])

    one "negate" (fun z -> -z)
    one "exp" exp
    one "log" log
    one "sqrt" sqrt
    one "sin" sin
    one "cos" cos
    one "tan" tan
    one "sinh" sinh
    one "cosh" cosh
    one "tanh" tanh
    one "square" square
    one "cube" (fun z -> z ** 3)
    one "root by power" (fun z -> z ** 0.5)
    one "reciprocal" (fun z -> 1 / z)
    one "sum" (fun z -> z.Sum())
    one "mean" (fun z -> z.Mean())
    one "prod" (fun z -> z.Prod())
    one "cumulativeSum" (fun z -> z.CumulativeSum 0)
    one "to single precision" (fun z -> (z.Convert DType.Complex64).Convert DType.Complex128)
    one "slice" (fun z -> z[1..2] * z[0..1])
    one "concat" (fun z -> concat 0 [ z; z * z ])
    one "take" (fun z -> z.Take(tensor [ 2; 0; 2 ], 0))
    one "where" (fun z -> where (tensor [ true; false; true ]) z (z * z))
    two "add" (fun a b -> a + b)
    two "subtract" (fun a b -> a - b)
    two "multiply" (fun a b -> a * b)
    two "divide" (fun a b -> a / b)
    two "power" (fun a b -> a ** b)
    analytic "matmul" [ z, [ 2; 3 ]; z, [ 3; 2 ] ] (fun a -> matmul a[0] a[1])
    analytic "scatter" [ z, [ 3 ] ] (fun a -> a[0].SegmentReduce(Reduce.Sum, tensor [ 1; 0; 1 ], 2))

    for n in [ 1; 2; 5; 8; 131 ] do
        analytic $"fft of {n}" [ z, [ 2; n ] ] (fun a -> fft a[0])
        analytic $"ifft of {n}" [ z, [ 2; n ] ] (fun a -> a[0].Ifft(norm = FourierNorm.Orthonormal))
        other $"rfft of {n}" [ x, [ 2; n ] ] (fun a -> rfft a[0])
        other $"irfft to {n}" [ z, [ 2; n / 2 + 1 ] ] (fun a -> a[0].Irfft(length = n))

    analytic "fft along the first axis" [ z, [ 4; 2 ] ] (fun a -> a[0].Fft(axis = 0))
    other "rfft along the first axis" [ x, [ 4; 2 ] ] (fun a -> a[0].Rfft(axis = 0))
    analytic "fft2" [ z, [ 3; 4 ] ] (fun a -> fft2 a[0])
    other "rfftn" [ x, [ 3; 4 ] ] (fun a -> a[0].Rfftn())
    other "irfftn" [ z, [ 3; 3 ] ] (fun a -> a[0].Irfftn())
    other "dct" [ x, [ 5 ] ] (fun a -> a[0].Dct())
    other "idct" [ x, [ 6 ] ] (fun a -> a[0].Idct(orthonormal = true))
    other "fftConvolve" [ x, [ 4 ]; x, [ 3 ] ] (fun a -> a[0].FftConvolve a[1])
    analytic "fftConvolve of complex numbers" [ z, [ 4 ]; z, [ 3 ] ] (fun a -> a[0].FftConvolve a[1])

    let window = SignalWindow.hamming DType.Float64 4
    other "stft" [ x, [ 10 ] ] (fun a -> a[0].Stft(window, 2))
    other "istft" [ z, [ 3; 4 ] ] (fun a -> a[0].Istft(window, 2))
    other "real" [ z, [ 3 ] ] (fun a -> real a[0])
    other "imag" [ z, [ 3 ] ] (fun a -> imag a[0])
    other "abs" [ z, [ 3 ] ] (fun a -> abs a[0])
    other "angle" [ z, [ 3 ] ] (fun a -> angle a[0])
    other "conj" [ z, [ 3 ] ] (fun a -> conj a[0])
    other "complex" [ x, [ 2; 3 ]; x, [ 3 ] ] (fun a -> complex a[0] a[1])
    other "complex of one that varies" [ x, [ 3 ] ] (fun a -> complex a[0] (Tensor.ones DType.Float64 [ 3 ]))
    other "polar" [ x, [ 3 ]; x, [ 3 ] ] (fun a -> polar a[0] a[1])
    other "from real numbers" [ x, [ 3 ] ] (fun a -> a[0].Convert DType.Complex128 * complex a[0] a[0])
    other "from single ones" [ DType.Float32, [ 3 ] ] (fun a -> a[0].Convert DType.Complex128)

    // Far from singular, and eigenvalues apart.
    let square = [ z, [ 3; 3 ] ]

    let apart (a: Tensor) =
        a + complex (Tensor.diag (tensor [ 1.0; 4.0; 8.0 ])) (Tensor.diag (tensor [ 0.0; 2.0; -3.0 ]))

    let realApart (a: Tensor) = a + Tensor.diag (tensor [ 1.0; 5.0; 9.0 ])
    let adjoint (a: Tensor) = conj (a.Transpose())
    analytic "solve" [ z, [ 3; 3 ]; z, [ 3; 2 ] ] (fun a -> solve (apart a[0]) a[1])
    analytic "inv" square (fun a -> inv (apart a[0]))

    let wider (a: Tensor) =
        a + complex (Tensor.diag (tensor [ 1.0; 3.0; 5.0; 8.0 ])) (Tensor.zeros x [ 4; 4 ])

    analytic "det" [ z, [ 4; 4 ] ] (fun a -> det (wider a[0]))
    other "slogdet" square (fun a -> let s, l = slogdet (apart a[0]) in s * l.Convert DType.Complex128)

    analytic "solveTriangular" [ z, [ 3; 3 ]; z, [ 3 ] ] (fun a ->
        (apart a[0]).SolveTriangular(a[1], upper = true))

    analytic "lu" square (fun a -> let _, l, u = lu (apart a[0]) in l + 2 * u)
    other "qr" [ z, [ 3; 3 ] ] (fun a -> let q, r = qr (apart a[0]) in concat -2 [ q; r ])

    other "qr of tall ones" [ z, [ 4; 4 ] ] (fun a ->
        let q, r = qr ((wider a[0])[*, 0..1]) in concat -2 [ q; r ])

    other "qr of wide ones" [ z, [ 4; 4 ] ] (fun a ->
        let q, r = qr ((wider a[0])[0..1, *]) in matmul q (r * r))

    other "cholesky" square (fun a -> cholesky (matmul a[0] (adjoint a[0]) + apart (adjoint a[0] * 0.0)))
    other "eigenvalues of Hermitian matrices" square (fun a -> fst (eigh (apart a[0])))
    other "eigenvectors of Hermitian matrices" square (fun a -> snd (eigh (apart a[0])))
    analytic "eigenvalues" [ z, [ 2; 3; 3 ] ] (fun a -> eigenvalues (apart a[0]))
    other "eigenvectors" square (fun a -> snd (eig (apart a[0])))
    other "eigenvalues of real matrices" [ x, [ 3; 3 ] ] (fun a -> eigenvalues (realApart a[0]))
    other "eigenvectors of real matrices" [ x, [ 3; 3 ] ] (fun a -> snd (eig (realApart a[0])))

    other "conjugate pairs" [ x, [ 2; 2 ] ] (fun a ->
        let w, v = eig (a[0] + tensor [ [ 0.0; -6.0 ]; [ 4.0; 0.0 ] ])
        matmul v (Tensor.diag w))

    // Clear of each other, and the largest elements of vectors of the others.
    let clear (a: Tensor) = wider (a * 0.2)

    let vectorsOf (a: Tensor) =
        let u, s, v = svd a
        concat 0 [ u.Flatten(); (s ** 2.0).Convert z; v.Flatten() ]

    other "singular values" [ z, [ 4; 4 ] ] (fun a -> singularValues (clear a[0]))
    other "singular vectors" [ z, [ 4; 4 ] ] (fun a -> vectorsOf (clear a[0]))
    other "singular vectors of tall ones" [ z, [ 4; 4 ] ] (fun a -> vectorsOf ((clear a[0])[*, 0..1]))
    other "singular vectors of wide ones" [ z, [ 4; 4 ] ] (fun a -> vectorsOf ((clear a[0])[0..2, *]))
    other "left vectors alone" [ z, [ 4; 4 ] ] (fun a -> let u, _, _ = svd (clear a[0]) in u)
    other "right vectors alone" [ z, [ 4; 4 ] ] (fun a -> let _, _, v = svd (clear a[0]) in v)
    other "pinv" [ z, [ 4; 4 ] ] (fun a -> pinv ((clear a[0])[*, 0..1]))
    other "lstsq" [ z, [ 4; 4 ]; z, [ 4 ] ] (fun a -> lstsq ((clear a[0])[*, 0..2]) a[1])
    other "nuclear norm" [ z, [ 4; 4 ] ] (fun a -> matrixNorm MatrixNorm.Nuclear (clear a[0]))
    other "norm" [ z, [ 4 ] ] (fun a -> norm a[0])
    analytic "matrixExp" square (fun a -> matrixExp a[0])
    analytic "matrixSqrt" square (fun a -> matrixSqrt (apart (a[0] * 0.2)))
    analytic "matrixLog" square (fun a -> matrixLog (apart (a[0] * 0.2)))
    analytic "matrixPower" square (fun a -> matrixPower 3 a[0])

    analytic "roots" [ z, [ 4 ] ] (fun a -> roots (a[0] + (tensor [ 0.0; 1.0; -6.0; 3.0 ]).Convert z))

    other "energy" [ z, [ 3 ] ] (fun a -> (conj a[0] * a[0]).Sum())
]

/// In the upper half plane, and above 0: away from the cuts.
let private drawAt (dice: Dice) (row: Row) : Tensor[] = [|
    for dtype, shape in row.At -> tensorOf dice dtype (Array.ofList shape) (fun () -> dice.Between 0.4 1.6)
|]

let private direction (dice: Dice) (like: Tensor[]) = directionOf dice like

/// Σ x y
let private pairing (xs: Tensor[]) (ys: Tensor[]) : Complex =
    Array.map2
        (fun x y ->
            Array.map2 (fun (a: Complex) b -> a * b) (items x) (items y) |> Array.fold (+) Complex.Zero)
        xs
        ys
    |> Array.fold (+) Complex.Zero

let private over name (check: Dice -> Row -> Tensor[] -> unit) =
    testList name [
        for row in rows ->
            testCase row.Name (fun () ->
                for seed in 1..4 do
                    let dice = Dice seed
                    check dice row (drawAt dice row))
    ]

let private push =
    over "push against finite differences" (fun dice row at ->
        let d = direction dice at
        let pushed = snd (jvp row.Apply at d)
        let h = if at[0].DType = DType.Float32 then 0.25 else 0.01
        let single = row.Name = "to single precision" || at[0].DType = DType.Float32

        let central h =
            (row.Apply(Array.map2 (fun (x: Tensor) d -> x + d * h) at d)
             - row.Apply(Array.map2 (fun (x: Tensor) d -> x - d * h) at d))
            / (2.0 * h)

        let better weight (coarse: Tensor) (fine: Tensor) = (weight * fine - coarse) / (weight - 1.0)
        let a, b, c = central h, central (h / 2.0), central (h / 4.0)
        let expected = if single then central 0.25 else better 16.0 (better 4.0 a b) (better 4.0 b c)
        Expect.equal pushed.DType expected.DType "dtype"
        closeTo (if single then 1e-5 else 1e-8) (items expected) (items pushed))

let private transpose =
    over "pull against push" (fun dice row at ->
        let d = direction dice at
        let y, pull = vjp row.Apply at
        let c = (direction dice [| y |])[0]
        let pulled = pull c
        let left = pairing [| snd (jvp row.Apply at d) |] [| c |]
        let right = pairing d pulled

        Array.iter2
            (fun (x: Tensor) (p: Tensor) -> Expect.equal p.DType x.DType "dtype of a cotangent")
            at
            pulled

        let tolerance = (if row.Name.Contains "single" then 1e-5 else 1e-12) * (1.0 + Complex.Abs left)
        Expect.isLessThan (abs (left.Real - right.Real)) tolerance "real parts"

        // Of an analytic function without a conjugate, whole.
        if row.IsAnalytic then
            Expect.isLessThan (abs (left.Imaginary - right.Imaginary)) tolerance "imaginary parts")

/// A real function of what a row makes.
let private lossOf (row: Row) (weights: Tensor) (at: Tensor[]) =
    let y = row.Apply at

    (real (y.Convert DType.Complex128 * weights) ** 2.0).Sum()
    + (imag (y.Convert DType.Complex128)).Sum()

let private second =
    over "second derivatives" (fun dice row at ->
        if not (row.Name.Contains "single") then
            let y = row.Apply at
            let weights = (direction dice [| y.Convert DType.Complex128 |])[0]
            let gradient = grad (lossOf row weights)
            let v = direction dice at
            let pushed = snd (jvp gradient at v)
            let moved h = gradient (Array.map2 (fun (x: Tensor) (d: Tensor) -> x + d * h) at v)
            let h = 1e-4

            let expected =
                Array.map2 (fun (a: Tensor) (b: Tensor) -> (a - b) / (2.0 * h)) (moved h) (moved -h)

            Array.iter2 (fun e p -> closeTo 1e-5 (items e) (items p)) expected pushed

            // Reverse over reverse: the derivative of Re Σ g v.
            let along at =
                Array.map2 (fun (g: Tensor) (v: Tensor) -> (real (g * v)).Sum()) (gradient at) v
                |> Array.reduce (+)

            Array.iter2 (fun e p -> closeTo 1e-9 (items e) (items p)) pushed (grad along at))

let private compiled =
    over "compiled as eager" (fun _ row at ->
        let f (at: Tensor[]) =
            let y = row.Apply at
            let w = (directionOf (Dice 9) [| y.Convert DType.Complex128 |])[0]
            y, grad (lossOf row w) at

        let y, g = f at
        let y', g' = compile f at
        let tolerance = if row.Name.Contains "single" then 1e-5 else 1e-12
        closeTo tolerance (items y) (items y')
        Array.iter2 (fun a b -> closeTo tolerance (items a) (items b)) g g')

let private batched =
    over "vmap as a loop" (fun dice row _ ->
        let examples = Array.init 3 (fun _ -> drawAt dice row)
        let batch = Array.init examples[0].Length (fun i -> stack 0 [ for e in examples -> e[i] ])
        let each = stack 0 [ for e in examples -> row.Apply e ]

        closeTo
            (if row.Name.Contains "single" then 1e-6 else 1e-12)
            (items each)
            (items (vmap row.Apply batch)))

let private convention =
    let at = tensor [ Complex(1.0, 2.0); Complex(-3.0, 0.5) ]

    testList "the convention" [
        testCase "the gradient is ∂f/∂x - i ∂f/∂y" (fun () ->
            closeTo
                1e-14
                [ Complex(2.0, -4.0); Complex(-6.0, -1.0) ]
                (items (grad (fun (z: Tensor) -> (abs z ** 2.0).Sum()) at))

            closeTo 1e-14 [ Complex.One; Complex.One ] (items (grad (fun z -> (real z).Sum()) at))

            closeTo
                1e-14
                [ Complex(0.0, -1.0); Complex(0.0, -1.0) ]
                (items (grad (fun z -> (imag z).Sum()) at))
            // Of an analytic function's real part it is the derivative.
            closeTo 1e-13 (items (3 * at * at)) (items (grad (fun z -> (real (z ** 3)).Sum()) at)))
        testCase "descent is along the conjugate" (fun () ->
            let goal = tensor [ Complex(0.5, -1.0); Complex(2.0, 2.0) ]
            let loss (z: Tensor) = (abs (z - goal) ** 2.0).Sum()
            let mutable z = at

            for _ in 1..100 do
                z <- z - 0.2 * conj (grad loss z)

            closeTo 1e-12 (items goal) (items z))
        testCase "at 0" (fun () ->
            let origin = Tensor.zeros DType.Complex128 [ 1 ]
            closeTo 0.0 [ Complex.Zero ] (items (grad (fun (z: Tensor) -> (abs z).Sum()) origin))
            closeTo 0.0 [ Complex.Zero ] (items (grad (fun z -> (angle z).Sum()) origin))
            closeTo 0.0 [ Complex.Zero ] (items (grad (fun (z: Tensor) -> (real (z ** 2.0)).Sum()) origin)))
        testCase "a complex loss has no gradient" (fun () ->
            Support.throws<DTypeException, _> [ "grad"; "Complex128"; "`real`" ] (fun () ->
                grad (fun (z: Tensor) -> z.Sum()) at))
        testCase "a linear transpose" (fun () ->
            let f (z: Tensor) = fft z * 2.0
            let c = tensor [ Complex(1.0, 1.0); Complex(0.0, 2.0) ]
            closeTo 1e-14 (items (f c)) (items (linearTranspose f at c)))
    ]

[<Tests>]
let tests =
    testList "Laws of complex numbers" [ push; transpose; second; compiled; batched; convention ]
