module Cotangent.Solvers.Tests.QuadratureTests

open System
open Cotangent
open Cotangent.Solvers
open Cotangent.Solvers.Tests.Near
open Cotangent.Solvers.Tests.Raises
open Expecto

let private defaults = Quadrature.defaults

let private rules = [
    KronrodRule.Nodes15, Rule.kronrod15, 7, 22
    KronrodRule.Nodes21, Rule.kronrod21, 10, 31
]

/// ∫ x^k over [-1, 1], by nodes and weights.
let private moment (nodes: float[]) (weights: float[]) k =
    Array.sumBy id (Array.map2 (fun x w -> w * x ** float k) nodes weights)

let private exactMoment k = if k % 2 = 1 then 0.0 else 2.0 / float (k + 1)

[<Tests>]
let tests =
    testList "Quadrature" [
        test "defaults can be met in Float32" {
            let ends = tensor 0.0f, tensor 1.0f

            let found = [
                "exp", Quadrature.adaptive Quadrature.defaults (fun () x -> exp x) () ends, exp 1.0 - 1.0
                "a root", Quadrature.adaptive Quadrature.defaults (fun () x -> sqrt x) () ends, 2.0 / 3.0
                "odd",
                Quadrature.adaptive
                    Quadrature.defaults
                    (fun () x -> 100.0 * sin x)
                    ()
                    (tensor -1.0f, tensor 1.0f),
                0.0
                "to infinity",
                Quadrature.toInfinity Quadrature.defaults (fun () x -> exp -x) () (tensor 0.0f),
                1.0
                "tanh-sinh", Quadrature.tanhSinh Root.defaults (fun x -> exp x) ends, exp 1.0 - 1.0
            ]

            for name, found, expected in found do
                Expect.isTrue (found.Converged.ToData<bool>()) $"{name} converged: {found.Residual}"
                near 1e-5 [ expected ] found.Value name
        }
        test "rules are exact for the polynomials that they should be" {
            for _, rule, inner, degree in rules do
                for k in 0..degree do
                    Expect.isLessThan
                        (abs (moment rule.Nodes rule.Weights k - exactMoment k))
                        1e-14
                        $"Kronrod, degree {k}"

                for k in 0 .. 2 * inner - 1 do
                    Expect.isLessThan
                        (abs (moment rule.Nodes rule.Inner k - exactMoment k))
                        1e-14
                        $"Gauss, degree {k}"

            for n in [ 1; 2; 5; 20; 64 ] do
                let rule = Rule.legendre n

                for k in 0 .. 2 * n - 1 do
                    Expect.isLessThan
                        (abs (moment rule.Nodes rule.Weights k - exactMoment k))
                        1e-13
                        $"Legendre {n}, degree {k}"
        }
        test "integrals in closed form" {
            let check name f (low, high) expected =
                for rule, _, _, _ in rules do
                    let options = { defaults with Rule = rule }
                    let found = Quadrature.adaptive options (fun () x -> f x) () (tensor low, tensor high)
                    Expect.isTrue (found.Converged.ToData<bool>()) $"{name}: {found.Residual}"
                    near 1e-8 [ expected ] found.Value name

                    Expect.isLessThan
                        (abs (float found.Value - expected))
                        (float found.Residual + 1e-13)
                        $"{name}: the error is estimated"

            check "exp" exp (0.0, 1.0) (Math.E - 1.0)
            check "a peak" (fun x -> 1e-2 / (square (x - 0.3) + 1e-4)) (0.0, 1.0) (atan 70.0 + atan 30.0)
            check "a root" sqrt (0.0, 1.0) (2.0 / 3.0)
            check "waves" (fun x -> cos (50.0 * x)) (0.0, 1.0) (sin 50.0 / 50.0)
            check "backwards" exp (1.0, 0.0) (1.0 - Math.E)
            check "nothing" (fun x -> 0.0 * x) (0.0, 1.0) 0.0
        }
        test "tensors for each point, compiled and batched" {
            let f (k: Tensor) (x: Tensor) = stack 1 [ exp (-k * x); x ** 3 ]
            let integral k = (Quadrature.adaptive defaults f k (tensor 0.0, tensor 2.0)).Value
            let expected k = [ (1.0 - exp (-2.0 * k)) / k; 4.0 ]
            near 1e-9 (expected 1.0) (integral (tensor 1.0)) "two at once"
            near 1e-9 (expected 1.0) (compile integral (tensor 1.0)) "compiled"
            let many = vmap integral (tensor [ 0.5; 1.0; 30.0 ])
            near 1e-8 (List.collect expected [ 0.5; 1.0; 30.0 ]) many "batched"
        }
        test "derivatives" {
            let integral (k: Tensor, low: Tensor, high: Tensor) =
                (Quadrature.adaptive defaults (fun k x -> sqrt x * exp (-k * x)) k (low, high)).Value

            let f x = exp (-x) * sqrt x
            let at = tensor 1.0, tensor 0.1, tensor 2.0
            let byK, byLow, byHigh = grad integral at
            let difference g = (float (g 1e-5) - float (g -1e-5)) / 2e-5

            near
                1e-7
                [ difference (fun d -> integral (tensor (1.0 + d), tensor 0.1, tensor 2.0)) ]
                byK
                "by a parameter"

            near 1e-7 [ -(f 0.1) ] byLow "by the lower end"
            near 1e-7 [ f 2.0 ] byHigh "by the upper end"
            let compiled, _, _ = compile (grad integral) at
            near 1e-12 (numbers byK) compiled "compiled"
            // d²/dk d(high) = -x f(x) at the upper end.
            let mixed =
                grad
                    (fun k -> (let _, _, high = grad integral (k, tensor 0.1, tensor 2.0) in high))
                    (tensor 1.0)

            near 1e-7 [ -2.0 * f 2.0 ] mixed "mixed"
        }
        test "to infinity" {
            let found =
                Quadrature.toInfinity
                    defaults
                    (fun (k: Tensor) x -> exp (-k * square x))
                    (tensor 1.0)
                    (tensor 0.0)

            near 1e-8 [ sqrt Math.PI / 2.0 ] found.Value "Gauss"

            let by k =
                (Quadrature.toInfinity defaults (fun (k: Tensor) x -> exp (-k * x)) k (tensor 1.0)).Value

            near
                1e-8
                [ exp -2.0 / 2.0; -0.75 * exp -2.0 ]
                (stack 0 [ by (tensor 2.0); grad by (tensor 2.0) ])
                "with its derivative"
        }
        test "Gauss's rule" {
            let f (x: Tensor) = sin x
            near 1e-14 [ 2.0 ] (Quadrature.gaussLegendre 12 f (tensor 0.0, tensor Math.PI)) "sin"

            near
                1e-12
                [ sin 1.0 ]
                (grad (fun high -> Quadrature.gaussLegendre 12 f (tensor 0.0, high)) (tensor 1.0))
                "by its end"

            raises<ValueException, _>
                "0 nodes"
                (fun () -> Quadrature.gaussLegendre 0 f (tensor 0.0, tensor 1.0))
                "none"
        }
        test "tanh-sinh, where the function is infinite at an end" {
            let check name f (low, high) expected =
                let found = Quadrature.tanhSinh Root.defaults f (tensor low, tensor high)
                Expect.isTrue (found.Converged.ToData<bool>()) $"{name}: {found.Residual}"
                near 1e-9 [ expected ] found.Value name

            check "1/√x" (fun x -> 1.0 / sqrt x) (0.0, 1.0) 2.0
            check "1/√x, from above" (fun x -> 1.0 / sqrt -x) (-3.0, 0.0) (2.0 * sqrt 3.0)
            check "log x/√x" (fun x -> log x / sqrt x) (0.0, 1.0) -4.0
            check "log" log (0.0, 1.0) -1.0
            check "√" sqrt (0.0, 4.0) (16.0 / 3.0)
            check "smooth" exp (-1.0, 1.0) (Math.E - exp -1.0)

            let by (k: Tensor) =
                (Quadrature.tanhSinh Root.defaults (fun x -> x ** (k - 1.0)) (tensor 0.0, tensor 1.0)).Value

            near 1e-8 [ -4.0 ] (grad by (tensor 0.5)) "1/k by k"
            near 1e-8 [ -4.0 ] (compile (grad by) (tensor 0.5)) "compiled"
        }
        test "tanh-sinh, where numbers are too far apart beside the end" {
            // Of 1/√(1 - x) some 2e-8 lie between 1 and its neighbour; the residual says so, and nothing is infinite.
            let check name f (low, high) (expected: float) =
                for integrate in [ id; compile ] do
                    let found =
                        integrate
                            (fun (low, high) ->
                                let found = Quadrature.tanhSinh Root.defaults f (low, high)
                                found.Value, found.Converged, found.Residual)
                            (tensor low, tensor high)

                    let value, converged, residual = found
                    let error = abs (float value - expected)
                    Expect.isLessThan error 1e-7 $"{name}: near"
                    Expect.isLessThanOrEqual error (float residual) $"{name}: within the residual"
                    Expect.isFalse (converged.ToData<bool>()) $"{name}: not to 1e-10"

            check "1/√(1 - x)" (fun x -> 1.0 / sqrt (1.0 - x)) (0.0, 1.0) 2.0
            check "1/√(1 - x²)" (fun x -> 1.0 / sqrt (1.0 - x * x)) (-1.0, 1.0) Math.PI
            check "1/√(x - 1)" (fun x -> 1.0 / sqrt (x - 1.0)) (1.0, 2.0) 2.0

            let infinite = Quadrature.tanhSinh Root.defaults (fun x -> 1.0 / x) (tensor 0.0, tensor 1.0)
            Expect.isFalse (infinite.Converged.ToData<bool>()) "1/x has no integral"
        }
        test "ends that are infinite" {
            let bell (x: Tensor) = exp -(x * x)
            let raises name run = raises<ValueException, _> "toInfinity" run name

            raises "adaptive" (fun () ->
                Quadrature.adaptive defaults (fun () x -> bell x) () (tensor 0.0, tensor infinity))

            raises "to infinity" (fun () ->
                Quadrature.toInfinity defaults (fun () x -> bell x) () (tensor -infinity))

            raises "tanh-sinh" (fun () -> Quadrature.tanhSinh Root.defaults bell (tensor 0.0, tensor nan))
        }
        test "ends of two dtypes" {
            for name, integrate in
                [
                    "adaptive",
                    fun ends -> (Quadrature.adaptive Quadrature.defaults (fun () x -> x) () ends).Value
                    "tanhSinh", fun ends -> (Quadrature.tanhSinh FixedPoint.defaults (fun x -> x) ends).Value
                    "gaussLegendre", fun ends -> Quadrature.gaussLegendre 5 (fun x -> x) ends
                ] do
                raises<DTypeException, _>
                    $"Quadrature.{name}: ends of Float64 and Float32"
                    (fun () -> integrate (tensor 0.0, tensor 1.0f))
                    name
        }
        test "what does not converge, and mistakes" {
            let options = { defaults with MaximumIntervals = 3 }
            let found = Quadrature.adaptive options (fun () x -> cos (500.0 * x)) () (tensor 0.0, tensor 1.0)
            Expect.isFalse (found.Converged.ToData<bool>()) "three intervals"
            raises<SolverException, _> "after 3 steps" (fun () -> found.OrFail()) "or fails"

            raises<ShapeException, _>
                "of 21 points"
                (fun () -> Quadrature.adaptive defaults (fun () x -> sum x) () (tensor 0.0, tensor 1.0))
                "one value for all"

            raises<ShapeException, _>
                "an end"
                (fun () -> Quadrature.adaptive defaults (fun () x -> x) () (tensor [ 0.0 ], tensor 1.0))
                "an end"

            raises<ValueException, _>
                "0 intervals"
                (fun () ->
                    Quadrature.adaptive
                        { defaults with MaximumIntervals = 0 }
                        (fun () x -> x)
                        ()
                        (tensor 0.0, tensor 1.0))
                "none"
        }
    ]
