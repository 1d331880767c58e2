/// Derivatives against closed forms.
module Cotangent.Tests.DerivativeTests

open System
open Expecto
open FsCheck
open Cotangent
open Cotangent.Tests.Checks

let private number (x: float) = tensor x
let private random seed shape = Random.normal (Key.create seed) DType.Float64 shape

/// sum_i c_i x^i
let private horner (coefficients: float list) (x: Tensor) =
    List.foldBack (fun (c: float) (sum: Tensor) -> sum * x + c) coefficients (Tensor.zerosLike x)

/// The coefficients of a polynomial's derivative.
let private derived coefficients = coefficients |> List.mapi (fun i c -> float i * c) |> List.tail

let private scalars =
    testList "one variable" [
        testPropertyWithConfig
            { FsCheckConfig.defaultConfig with maxTest = 50 }
            "polynomials, to the third derivative"
            (fun (NonEmptyArray(coefficients: sbyte[])) (at: sbyte) ->
                let coefficients = [ for c in coefficients -> float c / 16.0 ]
                let x = number (float at / 64.0)
                let padded = coefficients @ [ 0.0; 0.0; 0.0 ]

                for order, expected in List.indexed (List.scan (fun c _ -> derived c) padded [ 1..3 ]) do
                    within 1e-10 (horner expected x) (diffn order (horner coefficients) x) $"order {order}")
        test "diffn of sin goes round" {
            let x = number 0.3
            let cycle = [ sin x; cos x; -(sin x); -(cos x); sin x; cos x ]
            cycle |> List.iteri (fun n expected -> near expected (diffn n sin x) $"order {n}")
        }
        test "third and fourth derivatives by reverse mode" {
            let x = number 0.7
            let f x = exp (sin x)
            let third = grad (grad (grad f)) x
            near (diffn 3 f x) third "third"
            near (diffn 4 f x) (grad (grad (grad (grad f))) x) "fourth"
            near (exp (sin x) * (cos x ** 3.0 - 3.0 * sin x * cos x - cos x)) third "closed form"
        }
        test "diff of a function with many outputs" {
            let f t = stack 0 [ cos t; sin t; t * t ]
            near (tensor [ -(Math.Sin 2.0); Math.Cos 2.0; 4.0 ]) (diff f (number 2.0)) "a curve's velocity"
        }
        test "diff wants a number" {
            raises<ShapeException, _> "shape (2,)" (fun () -> diff sin (tensor [ 1.0; 2.0 ])) "a vector"
            raises<ValueException, _> "negative" (fun () -> diffn -1 sin (number 1.0)) "order"
        }
        test "a constant function" {
            near (number 0.0) (diff (fun _ -> number 3.0) (number 1.0)) "diff"
            near (number 0.0) (grad (fun _ -> number 3.0) (number 1.0)) "grad"
            near (number 1.0) (grad id (number 5.0)) "the identity"
        }
        test "the same tensor many times" {
            near (number 5.0) (grad (fun x -> x + x + x + x + x) (number 1.0)) "sums"
            near (number 80.0) (grad (fun x -> x * x * x * x * x) (number 2.0)) "products"
        }
    ]

let private rosenbrock (x: Tensor) =
    let a, b = x[0], x[1]
    square (1.0 - a) + 100.0 * square (b - a * a)

let private manyVariables =
    testList "many variables" [
        test "Rosenbrock" {
            let a, b = -1.2, 1.0
            let x = tensor [ a; b ]

            near
                (tensor [ -2.0 * (1.0 - a) - 400.0 * a * (b - a * a); 200.0 * (b - a * a) ])
                (grad rosenbrock x)
                "gradient"

            let second = tensor [ [ 2.0 - 400.0 * (b - 3.0 * a * a); -400.0 * a ]; [ -400.0 * a; 200.0 ] ]

            near second (hessian rosenbrock x) "Hessian"

            near
                (matmul second (tensor [ 2.0; -1.0 ]))
                (hvp rosenbrock x (tensor [ 2.0; -1.0 ]))
                "Hessian times a vector"

            near (second[0, 0] + second[1, 1]) (laplacian rosenbrock x) "Laplacian"
        }
        test "a quadratic form" {
            let a, x = random 1L [ 4; 4 ], random 2L [ 4 ]
            let f x = dot x (matmul a x)
            near (matmul (a + a.T) x) (grad f x) "gradient"
            near (a + a.T) (hessian f x) "Hessian"
        }
        test "matmul" {
            let a, b, c = random 3L [ 2; 3 ], random 4L [ 3; 4 ], random 5L [ 2; 4 ]
            let struct (da, db) = grad (fun (struct (a, b)) -> sum (c * matmul a b)) (struct (a, b))
            near (matmul c b.T) da "by the left factor"
            near (matmul a.T c) db "by the right factor"
        }
        test "logSumExp and softmax" {
            let x = random 6L [ 5 ]
            let s = softmax x
            near s (grad logSumExp x) "the gradient is the softmax"
            near (Tensor.eye DType.Float64 5 * s - outer s s) (hessian logSumExp x) "Hessian"
            near (Tensor.eye DType.Float64 5 * s - outer s s) (jacobian softmax x) "Jacobian of the softmax"
            near (Tensor.eye DType.Float64 5 - s) (jacobian logSoftmax x) "Jacobian of its logarithm"
        }
        test "norm" {
            let x = random 7L [ 3 ]
            let n = norm x
            near (x / n) (grad norm x) "gradient"
            near ((Tensor.eye DType.Float64 3 - outer x x / (n * n)) / n) (hessian norm x) "Hessian"
        }
        test "variance" {
            let x = random 8L [ 5 ]
            near (2.0 / 5.0 * (x - mean x)) (grad (fun x -> x.Variance()) x) "of a population"
            near (2.0 / 4.0 * (x - mean x)) (grad (fun x -> x.Variance(correction = 1)) x) "of a sample"
            near ((x - mean x) / 5.0 / x.Std()) (grad (fun x -> x.Std()) x) "its root"
            let flat = tensor [ 3.0; 3.0 ]
            near (Tensor.zerosLike flat) (grad (fun x -> x.Std()) flat) "of equal numbers"
        }
        test "products with zeros" {
            let products x = grad (fun (x: Tensor) -> x.Prod()) (tensor x)
            near (tensor [ 6.0; 3.0; 2.0 ]) (products [ 1.0; 2.0; 3.0 ]) "none"
            near (tensor [ 0.0; 3.0; 0.0 ]) (products [ 1.0; 0.0; 3.0 ]) "one"
            near (tensor [ 0.0; 0.0; 0.0 ]) (products [ 1.0; 0.0; 0.0 ]) "two"
            let second x = hessian (fun (x: Tensor) -> x.Prod()) (tensor x)

            near
                (tensor [ [ 0.0; 3.0; 0.0 ]; [ 3.0; 0.0; 1.0 ]; [ 0.0; 1.0; 0.0 ] ])
                (second [ 1.0; 0.0; 3.0 ])
                "Hessian, one"

            near
                (tensor [ [ 0.0; 0.0; 0.0 ]; [ 0.0; 0.0; 1.0 ]; [ 0.0; 1.0; 0.0 ] ])
                (second [ 1.0; 0.0; 0.0 ])
                "Hessian, two"
        }
        test "running sums" {
            let x, w = random 9L [ 4 ], tensor [ 1.0; 10.0; 100.0; 1000.0 ]

            near
                (tensor [ 1111.0; 1110.0; 1100.0; 1000.0 ])
                (grad (fun x -> sum (w * x.CumulativeSum 0)) x)
                "forwards"

            near
                (tensor [ 1.0; 11.0; 111.0; 1111.0 ])
                (grad (fun x -> sum (w * x.CumulativeSum(0, true))) x)
                "backwards"
        }
        test "float32 stays float32" {
            let g = grad (fun (x: Tensor) -> sum (sin x * 2.0)) (tensor [ 0.0f; 1.0f ])
            Expect.equal g.DType DType.Float32 "dtype"
            within 1e-6 (tensor [ 2.0f; float32 (2.0 * Math.Cos 1.0) ]) g "values"
        }
        test "a conversion on the way pulls back to the argument's dtype" {
            let g = grad (fun (x: Tensor) -> sum (square (x.Convert DType.Float64))) (tensor [ 1.0f; 3.0f ])
            same (tensor [ 2.0f; 6.0f ]) g "gradient"

            let integers =
                grad
                    (fun (x: Tensor) -> sum ((x.Convert DType.Int32).Convert DType.Float64 * x))
                    (tensor [ 1.5; 3.5 ])

            same (tensor [ 1.0; 3.0 ]) integers "integers are constants"
        }
    ]

let private subsets =
    let x = tensor [ 5.0; 1.0; 4.0; 2.0 ]
    let w = tensor [ 1.0; 10.0; 100.0; 1000.0 ]

    testList "subsets and orders" [
        test "sort" {
            near (tensor [ 1000.0; 1.0; 100.0; 10.0 ]) (grad (fun x -> sum (w * x.Sort())) x) "rising"

            near
                (tensor [ 1.0; 1000.0; 10.0; 100.0 ])
                (grad (fun x -> sum (w * x.Sort(descending = true))) x)
                "falling"
        }
        test "topK" {
            let f x = sum (fst ((x: Tensor).TopK 2) * tensor [ 1.0; 10.0 ])
            near (tensor [ 1.0; 0.0; 10.0; 0.0 ]) (grad f x) "the two largest"
        }
        test "take and gather, positions repeated" {
            let at = tensor [ 3; 0; 3 ]
            near (tensor [ 10.0; 0.0; 0.0; 101.0 ]) (grad (fun x -> sum (x.Take at * w[0..2])) x) "take"

            near
                (tensor [ 10.0; 0.0; 0.0; 101.0 ])
                (grad (fun x -> sum (x.Gather(at, 0) * w[0..2])) x)
                "gather"

            near (tensor [ 10.0; 0.0; 0.0; 101.0 ]) (grad (fun x -> sum (x[at] * w[0..2])) x) "index"
        }
        test "scatterAdd" {
            let f (struct (x: Tensor, u)) = sum (w * x.ScatterAdd(tensor [ 3; 0; 3 ], u, 0))
            let struct (dx, du) = grad f (struct (x, tensor [ 7.0; 8.0; 9.0 ]))
            near w dx "by the tensor"
            near (tensor [ 1000.0; 1.0; 1000.0 ]) du "by the updates"
        }
        test "slices" {
            near (tensor [ 0.0; 1.0; 10.0; 0.0 ]) (grad (fun x -> sum (x[1..2] * w[0..1])) x) "a range"

            near
                (tensor [ 0.0; 10.0; 0.0; 1.0 ])
                (grad (fun x -> sum (x.Slice [ Index.Range(Some 3, Some 1, -2) ] * w[0..1])) x)
                "backwards"

            near (tensor [ 0.0; 0.0; 0.0; 4.0 ]) (grad (fun x -> x[-1] * x[3]) x) "an element"
        }
        test "set" {
            let f (struct (x: Tensor, v: Tensor)) = sum (w * x.At[1..2].Set(v))
            let struct (dx, dv) = grad f (struct (x, tensor [ 7.0; 8.0 ]))
            near (tensor [ 1.0; 0.0; 0.0; 1000.0 ]) dx "what is overwritten does not count"
            near (tensor [ 10.0; 100.0 ]) dv "the value"
            let struct (_, dv) = grad f (struct (x, number 7.0))
            near (number 110.0) dv "a value that is stretched"
        }
        test "set, positions repeated" {
            let f (struct (x: Tensor, v: Tensor)) = sum (w * x.At[tensor [ 1; 3; 1 ]].Set(v))
            let struct (dx, dv) = grad f (struct (x, tensor [ 7.0; 8.0; 9.0 ]))
            near (tensor [ 1.0; 0.0; 100.0; 0.0 ]) dx "what is overwritten does not count"
            near (tensor [ 0.0; 1000.0; 10.0 ]) dv "only the last counts"
            let struct (_, dv) = grad f (struct (x, number 7.0))
            near (number 1010.0) dv "a value that is stretched"
        }
        test "addAt, positions repeated" {
            let f (struct (x: Tensor, v: Tensor)) = sum (square (x.At[tensor [ 1; 1 ]].Add(v)))
            let struct (dx, dv) = grad f (struct (x, tensor [ 7.0; 8.0 ]))
            near (tensor [ 10.0; 32.0; 8.0; 4.0 ]) dx "by the tensor"
            near (tensor [ 32.0; 32.0 ]) dv "by the values: all count"
        }
        test "masks" {
            let mask = tensor [ true; false; false; true ]
            near (tensor [ 10.0; 0.0; 0.0; 4.0 ]) (grad (fun x -> sum (square x[mask])) x) "elements"
            let f (struct (x: Tensor, v: Tensor)) = sum (w * x.At[mask].Set(v))
            let struct (dx, dv) = grad f (struct (x, number 7.0))
            near (tensor [ 0.0; 10.0; 100.0; 0.0 ]) dx "what is overwritten does not count"
            near (number 1001.0) dv "a value that is stretched"
        }
    ]

[<Tests>]
let tests = testList "Derivatives" [ scalars; manyVariables; subsets ]
