/// The distance of fitted normal distributions, where it is known in closed form.
module Samples.Tests.GaussianTests

open Cotangent
open Expecto
open Models

let private gaussian (mean: float list) (covariance: float list list) : Gaussian = {
    Mean = tensor mean
    Covariance = tensor covariance
}

let private isNear (expected: float) (actual: float) what =
    Expect.floatClose { absolute = 1e-9; relative = 1e-9 } actual expected what

[<Tests>]
let tests =
    testList "Gaussian" [
        test "where covariances commute it is that of means and standard deviations" {
            let a = gaussian [ 1.0; 2.0 ] [ [ 4.0; 0.0 ]; [ 0.0; 9.0 ] ]
            let b = gaussian [ 4.0; -2.0 ] [ [ 1.0; 0.0 ]; [ 0.0; 16.0 ] ]
            // 3² + 4² + (2 - 1)² + (3 - 4)²
            isNear 27.0 (Gaussian.distance a b) "diagonal"
            isNear 0.0 (Gaussian.distance a a) "from itself"
        }

        test "two by two, where they don't" {
            // tr (AB)^½ = √(tr AB + 2 √(det AB)) of two by two matrices: AB is [[2, 1], [2, 4]], of trace 6 and determinant 6.
            let a = gaussian [ 0.0; 0.0 ] [ [ 2.0; 0.0 ]; [ 0.0; 2.0 ] ]
            let b = gaussian [ 0.0; 0.0 ] [ [ 2.0; 1.0 ]; [ 1.0; 2.0 ] ]
            let c = gaussian [ 0.0; 0.0 ] [ [ 1.0; 0.0 ]; [ 0.0; 2.0 ] ]

            isNear
                (8.0 - 2.0 * sqrt (8.0 + 2.0 * sqrt 12.0))
                (Gaussian.distance a b)
                "a multiple of the identity"

            isNear (7.0 - 2.0 * sqrt (6.0 + 2.0 * sqrt 6.0)) (Gaussian.distance c b) "any"
            isNear (Gaussian.distance c b) (Gaussian.distance b c) "either way"
        }

        test "singular covariances" {
            let a = gaussian [ 0.0; 0.0 ] [ [ 4.0; 0.0 ]; [ 0.0; 0.0 ] ]
            let b = gaussian [ 0.0; 0.0 ] [ [ 0.0; 0.0 ]; [ 0.0; 9.0 ] ]
            isNear 13.0 (Gaussian.distance a b) "nothing in common"
        }

        test "fitted" {
            let fitted = Gaussian.fit (tensor [ [ 0.0f; 1.0f ]; [ 2.0f; 3.0f ]; [ 4.0f; -1.0f ] ])
            Expect.equal (fitted.Mean.ToData<float[]>()) [| 2.0; 1.0 |] "mean"

            Expect.equal
                (fitted.Covariance.ToData<float[,]>())
                (array2D [ [ 4.0; -2.0 ]; [ -2.0; 4.0 ] ])
                "covariance"
        }
    ]
