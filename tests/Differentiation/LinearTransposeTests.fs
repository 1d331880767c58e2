/// `linearTranspose`: transposes of linear functions, and no others.
module Cotangent.Tests.LinearTransposeTests

open Expecto
open Cotangent
open Cotangent.Tests.Checks

let private number (x: float) = tensor x
let private random seed shape = Random.normal (Key.create seed) DType.Float64 shape

[<Tests>]
let tests =
    testList "Linear transposes" [
        test "of matrices, sums and views" {
            let a = random 9L [ 2; 3 ]
            let f (x: Tensor) = (matmul a x * 2 - x[0..1]).Flip 0
            let like, c = random 10L [ 3 ], random 11L [ 2 ]
            let transposed = linearTranspose f like c
            let x = random 12L [ 3 ]
            near (dot (f x) c) (dot x transposed) "<f x, c> = <x, ft c>"
            near (f x) (linearTranspose (linearTranspose f like) c x) "the transpose of the transpose"
        }
        test "of trees" {
            let f (struct (a: Tensor, b: Tensor)) = [ a + b; a * 3.0 ]

            let struct (a, b) =
                linearTranspose f (struct (number 0.0, number 0.0)) [ number 1.0; number 10.0 ]

            near (number 31.0) a "first"
            near (number 1.0) b "second"
        }
        test "inside a derivative" {
            // fᵀ c = x c, a function of x.
            let f x = linearTranspose (fun y -> x * y) (number 0.0) (x * x)
            near (number 12.0) (grad f (number 2.0)) "3x^2"
        }
        test "nonlinear functions are refused" {
            let refused name (f: Tensor -> Tensor) =
                raises<DerivativeException, _>
                    "not linear"
                    (fun () -> linearTranspose f (tensor [ 1.0; 2.0 ]))
                    name

            refused "sin" sin
            refused "a square" (fun x -> x * x)
            refused "a quotient" (fun x -> tensor [ 1.0; 1.0 ] / x)
            refused "matmul with itself" (fun x -> dot x x)
            refused "a maximum" (fun x -> x.Max())
            refused "a condition" (fun x -> where (x.Greater 1.0) x (-x))
            refused "a sort" (fun x -> x.Sort())
            refused "a rounding" (fun x -> (x.Convert DType.Int32).Convert DType.Float64)
            refused "a remainder" (fun x -> x % 2.0)
        }
        test "affine functions are refused" {
            let refused name (f: Tensor -> Tensor) =
                raises<DerivativeException, _>
                    "not 0 at 0"
                    (fun () -> linearTranspose f (tensor [ 1.0; 2.0 ]))
                    name

            refused "a shift" (fun x -> x + 1.0)
            refused "a constant" (fun _ -> tensor [ 1.0 ])
            refused "a padding" (fun x -> x.Pad([ 1, 1 ], 3.0))

            near
                (tensor [ 3.0; 3.0 ])
                (linearTranspose (fun x -> sum (x + 1.0 - 1.0) * 3.0) (tensor [ 1.0; 2.0 ]) (number 1.0))
                "but not one that only looks like it"
        }
    ]
