/// Derivatives where calculus alone does not settle them: at kinks and poles, at ties, beside masks, at infinity.
module Cotangent.Tests.AwkwardPointTests

open Expecto
open Cotangent
open Cotangent.Tests.Checks

let private number (x: float) = tensor x

/// The first and second derivative of a function of one number, by every combination of the modes.
let private point name (f: Tensor -> Tensor) (x: float) first second = test $"{name} at {x}" {
    let x = number x
    same (number first) (diff f x) "forward"
    same (number first) (grad f x) "reverse"
    same (number second) (diff (diff f) x) "forward over forward"
    same (number second) (diff (grad f) x) "forward over reverse"
    same (number second) (grad (diff f) x) "reverse over forward"
    same (number second) (grad (grad f) x) "reverse over reverse"
}

/// Where only the first derivative is worth asking for.
let private slope name (f: Tensor -> Tensor) (x: float) first = test $"{name} at {x}" {
    same (number first) (diff f (number x)) "forward"
    same (number first) (grad f (number x)) "reverse"
}

let private kinks =
    testList "kinks and jumps" [
        point "abs" abs 0.0 0.0 0.0
        point "abs" abs -0.0 0.0 0.0
        point "abs" abs -3.0 -1.0 0.0
        point "relu" relu 0.0 0.0 0.0
        point "relu" relu -0.0 0.0 0.0
        point "relu" relu 3.0 1.0 0.0
        point "relu" relu -infinity 0.0 0.0
        point "gelu" gelu -infinity 0.0 0.0
        point "gelu" gelu infinity 1.0 0.0
        slope "erf" erf -infinity 0.0
        slope "erfc" erfc infinity 0.0
        point "leakyRelu" (leakyRelu 0.25) 0.0 0.25 0.0
        point "sign" (fun x -> x.Sign()) 0.0 0.0 0.0
        point "floor" floor 2.0 0.0 0.0
        point "ceiling" ceil 2.0 0.0 0.0
        point "round" round 0.5 0.0 0.0
        point "x % 1" (fun x -> x % 1.0) 2.0 1.0 0.0
        point "maximum of x and x" (fun x -> maximum x x) 2.0 1.0 0.0
        point "maximum of x and 0" (fun x -> maximum x (number 0.0)) 0.0 0.5 0.0
        point "minimum of 0 and x" (fun x -> minimum (number 0.0) x) 0.0 0.5 0.0
        point "maximum, below" (fun x -> maximum x (number 1.0)) 0.0 0.0 0.0
        point "minimum, above" (fun x -> minimum x (number 1.0)) 2.0 0.0 0.0
        point "clamp, on the upper border" (clamp -1.0 1.0) 1.0 1.0 0.0
        point "clamp, on the lower border" (clamp -1.0 1.0) -1.0 1.0 0.0
        point "clamp, outside" (clamp -1.0 1.0) -1.5 0.0 0.0
        point "clamp, at infinity" (clamp -1.0 1.0) infinity 0.0 0.0
        point "norm" norm 0.0 0.0 0.0
        point "norm" norm -2.0 -1.0 0.0
        point "norm of order infinity" (fun x -> x.Norm(order = infinity)) 0.0 0.0 0.0
    ]

let private powers =
    let power (exponent: float) x = Tensor.Pow(x, number exponent)

    testList "powers" [
        for how, pow in [ "literal", (fun (e: float) (x: Tensor) -> x ** e); "tensor", power ] do
            point $"x ** 0, {how}" (pow 0.0) 0.0 0.0 0.0
            point $"x ** 0, {how}" (pow 0.0) -2.0 -0.0 0.0
            point $"x ** 1, {how}" (pow 1.0) 0.0 1.0 0.0
            point $"x ** 2, {how}" (pow 2.0) 0.0 0.0 2.0
            point $"x ** 2, {how}" (pow 2.0) -3.0 -6.0 2.0
            point $"x ** 3, {how}" (pow 3.0) 0.0 0.0 0.0
            point $"x ** 3, {how}" (pow 3.0) -2.0 12.0 -12.0
            point $"x ** -1, {how}" (pow -1.0) 2.0 -0.25 0.25
            slope $"x ** 0.5, {how}" (pow 0.5) 0.0 infinity
            slope $"x ** 0.5, {how}" (pow 0.5) -1.0 nan
        point "0 ** x" (fun x -> number 0.0 ** x) 2.0 0.0 0.0
        point "0 ** x" (fun x -> number 0.0 ** x) 0.5 0.0 0.0
        point "1 ** x" (fun x -> number 1.0 ** x) 2.0 0.0 0.0
        point "sqrt" sqrt 0.0 infinity -infinity
        test "third derivative of x ** 3 at 0" {
            for n, expected in [ 1, 0.0; 2, 0.0; 3, 6.0; 4, 0.0 ] do
                same (number expected) (diffn n (power 3.0) (number 0.0)) $"order {n}"
        }
        test "both derivatives of a ** b at b = 0" {
            let f (struct (a: Tensor, b: Tensor)) = a ** b
            let at = struct (number 2.0, number 0.0)
            let struct (da, db) = grad f at
            near (number 0.0) da "by a"
            near (log (number 2.0)) db "by b"
            // ∂²/∂a∂b aᵇ = aᵇ⁻¹(1 + b ln a)
            let struct (_, mixed) = grad (fun p -> let struct (da, _) = grad f p in da) at
            near (number 0.5) mixed "by a and b"
        }
    ]

let private poles =
    testList "poles and infinities" [
        slope "log" log 0.0 infinity
        slope "log1p" log1p -1.0 infinity
        slope "asin" asin 1.0 infinity
        slope "acos" acos 1.0 -infinity
        slope "acosh" acosh 1.0 infinity
        slope "atanh" atanh 1.0 infinity
        slope "exp" exp -infinity 0.0
        slope "tanh" tanh infinity 0.0
        slope "sigmoid" sigmoid -infinity 0.0
        slope "atan" atan infinity 0.0
        slope "abs" abs nan nan
        point "exp" exp -1000.0 0.0 0.0
        point "sigmoid" sigmoid 1000.0 0.0 0.0
        point "sigmoid" sigmoid -1000.0 0.0 0.0
        point "tanh" tanh 1000.0 0.0 -0.0
        point "softplus" softplus 0.0 0.5 0.25
        point "softplus" softplus 1000.0 1.0 0.0
        point "softplus" softplus -1000.0 0.0 0.0
        slope "softplus" softplus infinity 1.0
        slope "softplus" softplus -infinity 0.0
        point "atan2 (x, 0)" (fun x -> atan2 x (number 0.0)) 0.0 0.0 0.0
        point "atan2 (0, x)" (fun x -> atan2 (number 0.0) x) 0.0 0.0 0.0
        point "atan2 (x, -1)" (fun x -> atan2 x (number -1.0)) 0.0 -1.0 0.0
        point "atan2 (-1, x)" (fun x -> atan2 (number -1.0) x) 0.0 1.0 0.0
    ]

/// A gradient, by reverse mode and, column by column, by forward mode.
let private gradient (f: Tensor -> Tensor) (x: Tensor) expected =
    same expected (grad f x) "reverse"
    same expected (jacobianForward f x) "forward"

let private ties =
    let third = 1.0 / 3.0

    testList "ties" [
        test "the largest share" {
            gradient (fun x -> x.Max()) (tensor [ 1.0; 3.0; 3.0 ]) (tensor [ 0.0; 0.5; 0.5 ])
        }
        test "all equal" {
            gradient (fun x -> x.Min()) (Tensor.ones DType.Float64 [ 3 ]) (tensor [ third; third; third ])
        }
        test "0 and -0 are equal" {
            gradient (fun x -> x.Max()) (tensor [ 0.0; -0.0; -1.0 ]) (tensor [ 0.5; 0.5; 0.0 ])
        }
        test "infinities" {
            gradient (fun x -> x.Max()) (tensor [ -infinity; -infinity ]) (tensor [ 0.5; 0.5 ])
            gradient (fun x -> x.Max()) (tensor [ infinity; 1.0 ]) (tensor [ 1.0; 0.0 ])
        }
        test "row by row" {
            let x = tensor [ [ 2.0; 2.0 ]; [ 1.0; 3.0 ] ]
            gradient (fun x -> sum (x.Max [ 1 ])) x (tensor [ [ 0.5; 0.5 ]; [ 0.0; 1.0 ] ])
        }
        test "two equal tensors halve" {
            let f (struct (a, b)) = sum (maximum a b * 2)
            let struct (a, b) = grad f (struct (tensor [ 1.0; 5.0 ], tensor [ 1.0; 2.0 ]))
            same (tensor [ 1.0; 2.0 ]) a "the first"
            same (tensor [ 1.0; 0.0 ]) b "the second"
        }
        test "equal numbers keep their order in sorts" {
            let weights = tensor [ 1.0; 10.0; 100.0 ]
            let x = tensor [ 2.0; 1.0; 2.0 ]
            gradient (fun x -> sum (x.Sort() * weights)) x (tensor [ 10.0; 1.0; 100.0 ])
            gradient (fun x -> sum (fst (x.TopK 2) * tensor [ 1.0; 10.0 ])) x (tensor [ 1.0; 0.0; 10.0 ])
        }
        test "norms" {
            gradient
                (fun x -> x.Norm(order = infinity))
                (tensor [ -3.0; 1.0; 3.0 ])
                (tensor [ -0.5; 0.0; 0.5 ])

            gradient (fun x -> x.Norm(order = 1.0)) (tensor [ -3.0; 0.0; 3.0 ]) (tensor [ -1.0; 0.0; 1.0 ])
            let rows = tensor [ [ 0.0; 0.0 ]; [ 3.0; 4.0 ] ]

            near
                (tensor [ [ 0.0; 0.0 ]; [ 0.6; 0.8 ] ])
                (grad (fun x -> sum (x.Norm [ 1 ])) rows)
                "an empty row"
        }
        test "the Hessian of a squared norm is 2 everywhere, at the origin too" {
            let twice = tensor [ [ 2.0; 0.0 ]; [ 0.0; 2.0 ] ]

            let squares: (string * (Tensor -> Tensor)) list = [
                "power", (fun x -> norm x ** 2.0)
                "square", (fun x -> square (norm x))
                "product", (fun x -> let n = norm x in n * n)
                "row", (fun x -> sum (square ((x.Unsqueeze 0).Norm [ 1 ])))
                "in a batch", (fun x -> sum (vmap (norm >> square) (x.Unsqueeze 0)))
            ]

            for name, f in squares do
                for at in [ tensor [ 0.0; 0.0 ]; tensor [ 3.0; 4.0 ] ] do
                    near (2.0 * at) (grad f at) $"{name}, gradient"
                    near (2.0 * at) (jacobianForward f at) $"{name}, columns"
                    near twice (hessian f at) $"{name}, forward over reverse"
                    near twice (jacobian (grad f) at) $"{name}, reverse over reverse"
                    near twice (jacobian (jacobianForward f) at) $"{name}, reverse over forward"
                    near twice (compile (hessian f) at) $"{name}, compiled Hessian"
                    near twice (hessian (compile f) at) $"{name}, Hessian of compiled"
        }
        test "the Hessian of a norm at the origin is 0, not NaN" {
            same (Tensor.zeros DType.Float64 [ 2; 2 ]) (hessian norm (tensor [ 0.0; 0.0 ])) "hessian"

            same
                (Tensor.zeros DType.Float64 [ 2; 2 ])
                (hessian (fun x -> Tree.norm [ x ]) (tensor [ 0.0; 0.0 ]))
                "Tree.norm"
        }
    ]

let private masks =
    let mask = tensor [ true; false; true ]

    testList "what a mask hides stays hidden" [
        test "a NaN in the branch not taken" {
            let x = tensor [ 1.0; nan; infinity ]
            gradient (fun x -> sum (where mask x (Tensor.onesLike x))) x (tensor [ 1.0; 0.0; 1.0 ])
            gradient (fun x -> sum (where mask (Tensor.onesLike x) x)) x (tensor [ 0.0; 1.0; 0.0 ])
        }
        // Functions that multiply by a factor multiply 0 by it, too: their input must be guarded, not their output.
        test "a guarded input" {
            let safe x = where mask x (Tensor.onesLike x)
            let x = tensor [ 1.0; nan; 2.0 ]

            gradient
                (fun x -> sum (where mask (log (safe x)) (Tensor.zerosLike x)))
                x
                (tensor [ 1.0; 0.0; 0.5 ])

            let x = tensor [ 1.0; 0.0; 4.0 ]

            gradient
                (fun x -> sum (where mask (sqrt (safe x)) (Tensor.zerosLike x)))
                x
                (tensor [ 0.5; 0.0; 0.25 ])
        }
        test "a NaN cotangent" {
            let bad = tensor [ 1.0; nan; infinity ]
            let pulled f x = (snd (vjp f (tensor x))) bad
            let keep = tensor [ true; false; false ]

            same
                (tensor [ 1.0; 0.0; 0.0 ])
                (pulled (fun x -> where keep x (Tensor.onesLike x)) [ 1.0; 2.0; 3.0 ])
                "where"

            same (tensor [ 1.0; 0.0; 0.0 ]) (pulled relu [ 1.0; -2.0; 0.0 ]) "relu"
            same (tensor [ 1.0; 0.0; 0.0 ]) (pulled (clamp -1.0 1.0) [ 0.5; -2.0; 3.0 ]) "clamp"

            same
                (tensor [ 1.0; 0.0; 0.0 ])
                (pulled (fun x -> maximum x (tensor [ 0.0; 9.0; 9.0 ])) [ 1.0; 2.0; 3.0 ])
                "maximum"
        }
        test "a NaN tangent" {
            let pushed f x d = snd (jvp f (tensor x) (tensor d))
            let d = [ nan; 1.0; infinity ]
            same (number 1.0) (pushed (fun x -> x.Max()) [ 1.0; 3.0; 2.0 ] d) "max"
            same (number 1.0) (pushed (fun x -> x.Min()) [ 4.0; 1.0; 2.0 ] d) "min"
            same (tensor [ 0.0; 1.0; 0.0 ]) (pushed relu [ -1.0; 1.0; -1.0 ] d) "relu"
            same (number 1.0) (pushed (fun x -> x[1]) [ 1.0; 2.0; 3.0 ] d) "an element"
            let last = [ Index.Take(tensor [ 0; 0; 0 ]) ]
            let set (x: Tensor) = (Tensor.zeros DType.Float64 [ 1 ]).At[last].Set(x)
            same (tensor [ 7.0 ]) (pushed set [ 1.0; 2.0; 3.0 ] [ nan; infinity; 7.0 ]) "overwritten updates"
            let under = [ Index.Range(Some 0, Some 1, 1) ]

            same
                (tensor [ 0.0; 0.0; 7.0 ])
                (pushed (fun x -> x.At[under].Set(5.0)) [ 1.0; 2.0; 3.0 ] [ nan; infinity; 7.0 ])
                "overwritten elements"
        }
        test "logits of minus infinity" {
            let logits = tensor [ 0.0; -infinity; 0.0 ]
            same (tensor [ 0.5; 0.0; 0.5 ]) (grad logSumExp logits) "logSumExp"
            same (tensor [ -0.5; 0.0; 0.5 ]) (grad (fun x -> -(logSoftmax x)[0]) logits) "logSoftmax"
            near (tensor [ 0.25; 0.0; -0.25 ]) (grad (fun x -> (softmax x)[0]) logits) "softmax"
        }
        test "logits of nothing but minus infinity" {
            let logits = tensor [ -infinity; -infinity ]
            let none = tensor [ 0.0; 0.0 ]
            let losses x = Loss.Each.crossEntropy (tensor 0) x

            for how, gradient in [ "eager", grad; "compiled", (fun f -> compile (grad f)) ] do
                same none (gradient logSumExp logits) $"logSumExp, {how}"
                same none (gradient (fun x -> (softmax x)[0]) logits) $"softmax, {how}"
                same none (gradient (fun x -> sum (softmax x * x.Sign())) logits) $"in a product, {how}"

            same (tensor [ -1.0; 0.0 ]) (grad losses logits) "crossEntropy"
            same (Tensor.zeros DType.Float64 [ 2; 2 ]) (hessian logSumExp logits) "twice"
        }
        test "rows of equal numbers" {
            let x = tensor [ 3.0; 3.0; 3.0 ]
            let slope = (tensor [ 2.0; -1.0; -1.0 ]) / (3.0 * sqrt 1e-5)
            near slope (grad (fun x -> (layerNorm x)[0]) x) "layerNorm"
            same (tensor [ 0.0; 0.0; 0.0 ]) (layerNorm x) "their deviations"
            same (tensor [ 0.0; 0.0 ]) (rmsNorm (tensor [ 0.0; 0.0 ])) "of zeros"
        }
        test "huge logits" {
            let logits = tensor [ 1e4; 1e4; -1e4 ]
            same (tensor [ 0.5; 0.5; 0.0 ]) (grad logSumExp logits) "logSumExp"
            near (tensor [ 0.25; -0.25; 0.0 ]) (grad (fun x -> (softmax x)[0]) logits) "softmax"
        }
    ]

[<Tests>]
let tests = testList "Awkward points" [ kinks; powers; poles; ties; masks ]
