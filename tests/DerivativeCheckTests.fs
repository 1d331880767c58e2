/// Derivatives beside differences, where the closed form tells what is right.
module Cotangent.Tests.DerivativeCheckTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private x = tensor [ 0.3; -1.2; 2.5 ]

/// A function with a derivative that is wrong by a factor.
let private wrongBy (push: float) (pull: float) =
    withDerivative
        (Derivative.Both((fun (x: Tensor) (d: Tensor) -> push * d * cos x), (fun x c -> pull * c * cos x)))
        sin

let private refuses (says: string list) (f: 'p -> 'q) (x: 'p) =
    throws<DerivativeException, _> ("Debug.checkDerivative" :: says) (fun () -> Debug.checkDerivative f x)

[<Tests>]
let tests =
    testList "Derivatives beside differences" [
        test "Right ones pass, and the report tells the closed form" {
            let found = Debug.checkDerivative (fun (x: Tensor) -> sum (sin x * exp x)) x
            Expect.isLessThan found.Error 1e-8 "in Float64"
            Expect.equal found.Place "$" "the argument is the tensor"
            // The one result is weighted by the first draw of the key 1.
            let keys = Key.splitMany 1 (Key.create 1L)
            let weight = Random.normal keys[0] DType.Float64 []
            let closed = sum (found.Direction * exp x * (sin x + cos x)) * weight

            for what, value in [ "differences", found.Difference; "push", found.Push; "pull", found.Pull ] do
                Expect.floatClose Accuracy.high value (float closed) what
        }

        test "Of trees, in Float32, at sizes far from 1, compiled, and of second order" {
            let f (a: Tensor, b: Tensor) = matmul a b, [ exp (0.1 * sum a) ]
            let a = Random.normal (Key.create 3L) DType.Float64 [ 2; 3 ]
            Expect.isLessThan (Debug.checkDerivative f (a, tensor [ 1e6; 2e6; -1e6 ])).Error 1e-6 "large"
            Expect.isLessThan (Debug.checkDerivative f (a, tensor [ 1e-9; 0.0; 2e-9 ])).Error 1e-6 "small"

            Expect.isLessThan
                (Debug.checkDerivative f (a, Tensor.zeros DType.Float64 [ 3 ])).Error
                1e-6
                "at 0"

            let narrow = a.Convert DType.Float32, tensor [ 1.0f; 2.0f; 3.0f ]
            Expect.isLessThan (Debug.checkDerivative f narrow).Error 1e-3 "Float32"
            Expect.isLessThan (Debug.checkDerivative (compile f) (a, x)).Error 1e-6 "compiled"

            Expect.isLessThan
                (Debug.checkDerivative (grad (fun (x: Tensor) -> sum (x * x * sin x))) x).Error
                1e-6
                "second"

            Expect.isLessThan (Debug.checkDerivative relu x).Error 1e-6 "beside kinks"

            Expect.isLessThan
                (Debug.checkDerivative (fun (x: Tensor) -> sum (softmax x)) x).Error
                infinity
                "a constant"

            let frozen (x: Tensor, n: Frozen<Tensor>) = x * n.Value.Convert DType.Float64

            Expect.isLessThan
                (Debug.checkDerivative frozen (x, Frozen(tensor 3))).Error
                1e-6
                "with a frozen integer"
        }

        test "Wrong ones are told, with the mode, the place and the numbers" {
            refuses [ "the derivative in reverse mode is" ] (wrongBy 1.0 1.001) x
            refuses [ "the derivative in forward mode is" ] (wrongBy 1.001 1.0) x

            refuses
                [ "the derivatives in forward and in reverse mode are"; "0.001 off"; "allowed" ]
                (wrongBy 1.001 1.001)
                x

            refuses [ "Error at: `$[1]`" ] (fun (a: Tensor list) -> sin a[0] + wrongBy 2.0 2.0 a[1]) [ x; x ]
            refuses [ "reverse" ] (fun (x: Tensor) -> sum (x * stopGradient x)) x
            refuses [ "forward" ] (fun (x: Tensor) -> float (sum (x * x)) * sum x) x
            // One of many numbers.
            let one =
                withDerivative
                    (Derivative.Push(fun x d ->
                        d * where ((Tensor.arange DType.Int32 300).Equal 7) (1.01 * cos x) (cos x)))
                    sin

            refuses [ "derivative" ] one (Random.normal (Key.create 5L) DType.Float64 [ 300 ])
        }

        test "What is not smooth, or changes by itself, does not settle" {
            refuses [ "do not settle"; "jump" ] floor (tensor [ 0.0; 1.0 ])
            // Differences are half of the slope there, and settle.
            refuses [ "a kink at this point" ] relu (tensor [ 0.0; 0.0 ])
            let random = System.Random 1
            refuses [ "do not settle" ] (fun (x: Tensor) -> x * (1.0 + random.NextDouble())) x
            refuses [ "do not settle" ] (fun (x: Tensor) -> x * nan) x
        }

        test "What has no derivative is refused" {
            throws<DTypeException, _> [ "Debug.checkDerivative"; "Int32" ] (fun () ->
                Debug.checkDerivative (fun (x: Tensor) -> x) (tensor 1))

            throws<DTypeException, _> [ "Debug.checkDerivative"; "BFloat16" ] (fun () ->
                Debug.checkDerivative (fun (x: Tensor) -> x) (x.Convert DType.BFloat16))

            throws<DTypeException, _> [ "Debug.checkDerivative"; "Complex128" ] (fun () ->
                Debug.checkDerivative (fun (x: Tensor) -> x) (complex x x))

            throws<TreeException, _> [ "Debug.checkDerivative"; "no floating-point" ] (fun () ->
                Debug.checkDerivative (fun (x: Tensor) -> x.Convert DType.Int32) x)

            throws<TreeException, _> [ "Debug.checkDerivative" ] (fun () ->
                Debug.checkDerivative (fun () -> x) ())

            throws<TraceException, _> [] (fun () ->
                compile (fun x -> (Debug.checkDerivative sin x).Direction) x)
        }
    ]
