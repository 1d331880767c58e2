/// Taylor mode against closed forms, and through what is not one primitive.
module Cotangent.Tests.TaylorTests

open Expecto
open Cotangent
open Cotangent.Tests.Checks

let private number (x: float) = tensor x
let private random seed shape = Random.normal (Key.create seed) DType.Float64 shape
let private factorial n = List.fold (fun product k -> product * float k) 1.0 [ 2..n ]
let private numbers (terms: Tensor list) = terms |> List.map float

let private sameTerms tolerance (expected: float list) (actual: Tensor list) what =
    within tolerance (tensor expected) (stack 0 actual) what

/// The terms of a series, by derivatives of derivatives.
let private nested order (f: Tensor -> Tensor) (x: Tensor) : float list =
    let rec derivative k (x: Tensor) =
        if k = 0 then f x else snd (jvp (derivative (k - 1)) x (Tensor.onesLike x))

    [ for k in 0..order -> float (derivative k x) / factorial k ]

let private closedForms =
    let at name order (x: float) f (term: int -> float) = test name {
        sameTerms 1e-13 (List.init (order + 1) term) (taylor order f (number x)) name
    }

    testList "closed forms" [
        at "exp" 20 0.5 exp (fun k -> exp 0.5 / factorial k)
        at "sin" 15 0.3 sin (fun k -> sin (0.3 + float k * System.Math.PI / 2.0) / factorial k)
        at "cos" 15 0.3 cos (fun k -> cos (0.3 + float k * System.Math.PI / 2.0) / factorial k)
        at "1/(1 - x)" 30 0.0 (fun x -> 1.0 / (1.0 - x)) (fun _ -> 1.0)
        at "log" 12 2.0 log (fun k -> if k = 0 then log 2.0 else -((-0.5) ** float k) / float k)
        // The binomial series.
        at "x ** 2.5" 10 1.0 (fun x -> x ** 2.5) (fun k ->
            List.fold (fun product j -> product * (2.5 - float j + 1.0) / float j) 1.0 [ 1..k ])
        at "sqrt" 10 1.0 sqrt (fun k ->
            List.fold (fun product j -> product * (0.5 - float j + 1.0) / float j) 1.0 [ 1..k ])
        // B₂ₖ 2²ᵏ (2²ᵏ - 1) / (2k)!, with Bernoulli's numbers 1/6, -1/30, 1/42, -1/30, 5/66.
        at "tan" 9 0.0 tan (fun k ->
            match k with
            | 1 -> 1.0
            | 3 -> 1.0 / 3.0
            | 5 -> 2.0 / 15.0
            | 7 -> 17.0 / 315.0
            | 9 -> 62.0 / 2835.0
            | _ -> 0.0)
        at "tanh" 9 0.0 tanh (fun k ->
            match k with
            | 1 -> 1.0
            | 3 -> -1.0 / 3.0
            | 5 -> 2.0 / 15.0
            | 7 -> -17.0 / 315.0
            | 9 -> 62.0 / 2835.0
            | _ -> 0.0)
        at "atan" 11 0.0 (fun x -> atan x) (fun k ->
            match k % 4 with
            | 1 -> 1.0 / float k
            | 3 -> -1.0 / float k
            | _ -> 0.0)
        // Powers, also where they are 0.
        at "x³ at 0" 5 0.0 (fun x -> x ** 3.0) (fun k -> if k = 3 then 1.0 else 0.0)
        at "erf" 7 0.0 erf (fun k ->
            let scale = 2.0 / sqrt System.Math.PI

            match k with
            | 1 -> scale
            | 3 -> -scale / 3.0
            | 5 -> scale / 10.0
            | 7 -> -scale / 42.0
            | _ -> 0.0)
        test "tanh and sigmoid anywhere, by Cauchy's integral" {
            // The k-th term is the mean of f(z)/(z - x)ᵏ over a circle around x, by as many points exact to rounding: the poles are at 1.5 or more.
            let integral (f: System.Numerics.Complex -> System.Numerics.Complex) (x: float) k =
                let points = 256

                let value n =
                    let around =
                        System.Numerics.Complex.FromPolarCoordinates(
                            1.0,
                            2.0 * System.Math.PI * float n / float points
                        )

                    f (x + around) / System.Numerics.Complex.Pow(around, float k)

                (List.sumBy (value >> _.Real) [ 0 .. points - 1 ]) / float points

            let functions = [
                "tanh", tanh, System.Numerics.Complex.Tanh
                "sigmoid", sigmoid, (fun z -> 1.0 / (1.0 + System.Numerics.Complex.Exp -z))
            ]

            for name, f, known in functions do
                for x in [ -0.9; 0.0; 0.4; 1.7 ] do
                    let expected = List.init 13 (integral known x)
                    sameTerms 1e-12 expected (taylor 12 f (number x)) $"{name} at {x}"
                    // Along a curve, 2 t + t², whose own terms are in all of it.
                    let along = jet f [ number x; number 2.0; number 1.0 ] |> numbers
                    let composed = [ expected[0]; 2.0 * expected[1]; expected[1] + 4.0 * expected[2] ]
                    sameTerms 1e-12 composed (List.map number along) $"{name} at {x}, along a curve"
        }
        test "tanh keeps its digits where it is flat" {
            // 1 - tanh² at 30 is 4 e⁻⁶⁰, of which 1 - y² has no digit; the second term is -tanh times that.
            let terms = numbers (taylor 2 tanh (number 30.0))
            let slope = 4.0 * exp -60.0
            Expect.floatClose Accuracy.high (terms[1] / slope) 1.0 "first"
            Expect.floatClose Accuracy.high (terms[2] / -slope) 1.0 "second"
        }
        test
            "tanh and sigmoid take as many products as tan, whose slope is a polynomial of its value everywhere" {
            let products (f: Tensor -> Tensor) =
                (Compile.after "simplify" (taylor 8 f) (number 0.3)).Split '\n'
                |> Array.filter _.Contains("= multiply")
                |> Array.length

            for name, f in [ "tanh", tanh; "sigmoid", sigmoid ] do
                Expect.isLessThanOrEqual (products f) (products tan + 2) name
        }
        test "the tenth derivative" {
            near (number (exp 0.3)) (diffn 10 exp (number 0.3)) "exp"

            within
                1e-11
                (number (factorial 10))
                (diffn 10 (fun x -> 1.0 / (1.0 - x)) (number 0.0))
                "1/(1 - x)"
        }
    ]

let private jets =
    testList "jets" [
        test "compose as functions do" {
            let terms = [ for k in 0L .. 4L -> random k [ 3 ] ]
            let f (x: Tensor) = sin x * x.Flip 0
            let g (x: Tensor) = exp (sum (tanh x))
            let once, twice = jet (f >> g) terms, jet g (jet f terms)
            List.iter2 (fun a b -> within 1e-12 a b "term") once twice
        }
        test "of a tree, to a tree" {
            let f (p: {| A: Tensor; B: Tensor |}) = {| Product = p.A * p.B; Constant = number 7.0 |}
            let at = {| A = tensor [ 1.0; 2.0 ]; B = number 3.0 |}
            let v = {| A = tensor [ 1.0; 0.0 ]; B = number 2.0 |}
            let terms = taylorAlong 3 f at v
            // (a + t da) (b + t db)
            let expected = [ [ 3.0; 6.0 ]; [ 5.0; 4.0 ]; [ 2.0; 0.0 ]; [ 0.0; 0.0 ] ]

            List.iter2
                (fun e (t: {| Product: Tensor; Constant: Tensor |}) -> near (tensor e) t.Product "product")
                expected
                terms

            Expect.equal (terms |> List.map (fun t -> float t.Constant)) [ 7.0; 0.0; 0.0; 0.0 ] "a constant"
        }
        test "what is frozen stays" {
            let f (w: Tensor, table: Frozen<Tensor>) = w * w * table.Value
            let terms = taylorAlong 2 f (number 2.0, Frozen(number 5.0)) (number 1.0, Frozen(number 9.0))
            sameTerms 1e-14 [ 20.0; 20.0; 5.0 ] terms "w² · 5"
        }
        test "of order 0" { sameTerms 0.0 [ exp 0.5 ] (taylor 0 exp (number 0.5)) "the value" }
        test "integers and truth pass through" {
            let isPositive, square = (taylor 2 (fun x -> x.Greater 0.0, x * x) (number 3.0))[1]
            Expect.equal (float (isPositive.Convert DType.Float64)) 0.0 "no change"
            near (number 6.0) square "the square"
        }
        test "a network" {
            let w = [ for k in 0L .. 2L -> random k [ 8; 8 ] * 0.5 ]
            let v = random 9L [ 8 ]
            let f t = sum (List.fold (fun x w -> tanh (matmul w x)) (v * t) w)
            sameTerms 1e-11 (nested 5 f (number 0.7)) (taylor 5 f (number 0.7)) "to order 5"
        }
    ]

let rec private ownProduct (at: Tensor * Tensor) : Tensor =
    let push (a, b) (da, db) = ownProduct (da, b) + ownProduct (a, db)
    withDerivative (Derivative.Push push) (fun (a: Tensor, b) -> a * b) at

/// Functions that are not one primitive, each with a derivative that nested forward mode finds in its own way.
let private through =
    let functions: (string * (Tensor -> Tensor)) list = [
        "iterate", (fun x -> iterate 3 (fun y -> sin y * x) x)
        "scan",
        (fun x ->
            let carry, ys = scan (fun y k -> sin (y * k) + x, y * y) x (tensor [ 1.0; 2.0; 3.0 ] * x)
            carry + sum ys)
        "whileLoop",
        (fun x ->
            whileLoop (fun (_, i: Tensor) -> i.Less 3.0) (fun (y, i) -> cos y * x, i + 1.0) (x, number 0.0)
            |> fst)
        "cond, one way", (fun x -> cond (x.Greater 0.0) (fun y -> y * y * sin x) (fun y -> y) x)
        "cond, the other way", (fun x -> cond (x.Less 0.0) (fun y -> y) (fun y -> y * y * sin x) x)
        "checkpoint", checkpoint (fun x -> exp (sin x))
        "checkpoint that keeps products", checkpointWith CheckpointPolicy.Products (fun x -> exp (sin x) * x)
        "compile", compile (fun x -> exp (sin x) * x)
        "a compiled loop", compile (fun x -> iterate 3 (fun y -> sin y * x) x)
        "vmap", (fun x -> sum (vmap (fun a -> sin (a * x)) (tensor [ 1.0; 2.0 ])))
        "a batch of loops",
        (fun x -> sum (vmap (fun a -> iterate 2 (fun y -> sin (y * x)) a) (tensor [ 1.0; 2.0 ])))
        "grad inside", (fun x -> grad (fun y -> sin (x * y) * x) x)
        "jvp inside", (fun x -> snd (jvp (fun y -> sin (x * y) * x) x x))
        "a derivative given as a push", withDerivative (Derivative.Push(fun x d -> d * cos x)) sin
        "a derivative given as a pull", withDerivative (Derivative.Pull(fun x c -> c * cos x)) sin
        "a batch of derivatives given",
        (fun x ->
            sum (
                vmap
                    (fun a -> withDerivative (Derivative.Push(fun x d -> d * cos x)) sin (a * x))
                    (tensor [ 1.0; 2.0 ])
            ))
        "withBatching", withBatching (fun batch -> sin batch.Value) (fun (x: Tensor) -> sin x)
        "prod", (fun x -> (stack 0 [ x; x * x; sin x ]).Prod())
        "the determinant", (fun x -> det (stack 0 [ stack 0 [ x; sin x ]; stack 0 [ cos x; x * x ] ]))
        "matrixExp", (fun x -> sum (matrixExp (stack 0 [ stack 0 [ x; sin x ]; stack 0 [ cos x; x * x ] ])))
        "eigenvectors",
        (fun x ->
            let w, v = eigh (stack 0 [ stack 0 [ x; sin x ]; stack 0 [ sin x; x * x ] ])
            sum (w * w * w) + sum (v * tensor [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]))
        "Fourier",
        (fun x -> sum (abs (fft (complex (stack 0 [ x; x * x; sin x ]) (stack 0 [ cos x; x; x ])))))
    ]

    testList "through" [
        for name, f in functions do
            test name {
                let x = number 0.7
                let expected = nested 4 f x
                sameTerms 1e-11 expected (taylor 4 f x) "eager"
                sameTerms 1e-11 expected (compile (taylor 4 f) x) "compiled"

                sameTerms
                    1e-11
                    expected
                    (vmap (taylor 4 f) (tensor [ 0.7; 0.5 ]) |> List.map (fun t -> t[0]))
                    "of a batch"

                let slope = grad (fun x -> List.last (taylor 3 f x)) x

                within
                    1e-10
                    (number (4.0 * expected[4]))
                    slope
                    "the gradient of the third term is four times the fourth"
            }
        test "a derivative that calls its function" {
            let f x = ownProduct (sin x, x * x)

            sameTerms
                1e-12
                (nested 5 (fun x -> sin x * x * x) (number 0.7))
                (taylor 5 f (number 0.7))
                "a product of one's own"
        }
        test "itself" {
            // The second term of the second term.
            let f x = (taylor 2 (fun y -> sin (x * y)) x)[2]

            sameTerms
                1e-12
                (nested 3 (fun x -> -x * x * sin (x * x) / 2.0) (number 0.7))
                (taylor 3 f (number 0.7))
                "sin (x y)"
        }
        test "grad of a jet of a loop in a compiled function" {
            let f a = (taylor 3 (fun x -> iterate 2 (fun y -> sin (y * a)) x) (number 0.4))[3]
            near (diff f (number 0.9)) (compile (grad f) (number 0.9)) "reverse, compiled"
        }
    ]

let private laplacians =
    testList "laplacian" [
        test "of a network, of a tree, in a batch, compiled, and its gradient" {
            let w = [ for k in 0L .. 2L -> random k [ 5; 5 ] * 0.5 ]
            let f (w: Tensor list) (x: Tensor) = sum (List.fold (fun x w -> tanh (matmul w x)) x w)
            let x = random 7L [ 5 ]
            let expected = trace (hessian (f w) x)
            near expected (laplacian (f w) x) "eager"
            near expected (compile (laplacian (f w)) x) "compiled"
            near expected (laplacian (compile (f w)) x) "of a compiled function"
            near expected ((vmap (laplacian (f w)) (stack 0 [ x; x * 2.0 ])).[0]) "of a batch"
            near expected (laplacian (fun (a, b) -> f w (concat 0 [ a; b ])) (x[..1], x[2..])) "of a tree"
            let byHessian = grad (fun w -> trace (hessian (f w) x)) w
            nearTree byHessian (grad (fun w -> laplacian (f w) x) w) "its gradient by the weights"
        }
        test "harmonic functions" {
            let harmonic (x: Tensor) = exp (3.0 * x[0]) * sin (4.0 * x[1]) * cos (5.0 * x[2]) * 1.0
            let x = tensor [ 0.1; 0.2; 0.3 ]
            near ((9.0 - 16.0 - 25.0) * harmonic x) (laplacian harmonic x) "an eigenfunction"

            near
                (number 0.0)
                (laplacian (fun (x: Tensor) -> log (norm x)) (tensor [ 1.0; 2.0 ]))
                "log r in the plane"
        }
        test "of more axes than are taken at once" {
            let x = random 3L [ 150 ]
            near (-(sum (sin x))) (laplacian (fun x -> sum (sin x)) x) "150 axes"
        }
        test "through loops, decompositions and functions with derivatives of their own" {
            let own = withDerivative (Derivative.Push(fun x d -> d * cos x)) sin
            let a = random 5L [ 3; 3 ]
            let spd (x: Tensor) = matmul a a.T + Tensor.eye DType.Float64 3 + x.Unsqueeze 0 * x.Unsqueeze 1

            for name, f in
                [
                    "iterate", (fun (x: Tensor) -> sum (iterate 3 (fun y -> sin (y * x)) x))
                    "own", (fun x -> sum (own (x * x.Flip 0)))
                    "cholesky", (fun x -> sum (cholesky (spd x)))
                    "softmax", (fun x -> sum (x.Softmax 0 * x * x))
                    "max", (fun x -> (x * x).Max())
                    "power", (fun x -> sum (exp x ** x))
                ] do
                let x = tensor [ 0.4; 0.9; -0.6 ]
                within 1e-11 (trace (hessian f x)) (laplacian f x) name
        }
    ]

let private errors =
    testList "errors" [
        test "say what is wanted" {
            let x = number 1.0
            raises<ValueException, _> "taylor: the order -1" (fun () -> taylor -1 sin x) "order"

            raises<ShapeException, _>
                "taylor differentiates by one number"
                (fun () -> taylor 1 sin (tensor [ 1.0 ]))
                "shape"

            raises<ValueException, _> "jet: there are no terms" (fun () -> jet sin []) "terms"

            raises<ShapeException, _>
                "jet: term 2: got Float64 (1,)"
                (fun () -> jet sin [ x; x; tensor [ 1.0 ] ])
                "a term"

            raises<DTypeException, _>
                "Int32 numbers have no derivatives"
                (fun () -> jet id [ tensor 1 ])
                "dtype"

            raises<ShapeException, _>
                "laplacian: the function returned"
                (fun () -> laplacian sin (tensor [ 1.0 ]))
                "laplacian"
        }
        test "a tensor that outlives its jet" {
            let mutable kept = number 0.0

            jet
                (fun x ->
                    kept <- x
                    x)
                [ number 1.0; number 1.0 ]
            |> ignore

            raises<TraceException, _> "jet" (fun () -> kept + 1.0) "escaped"
        }
    ]

[<Tests>]
let tests = testList "Taylor" [ closedForms; jets; through; laplacians; errors ]
