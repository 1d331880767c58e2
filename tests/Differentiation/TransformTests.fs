/// The transformations themselves: what they accept, what they return, and how they agree with each other.
module Cotangent.Tests.TransformTests

open Expecto
open Cotangent
open Cotangent.Tests.Checks

let private number (x: float) = tensor x
let private random seed shape = Random.normal (Key.create seed) DType.Float64 shape

/// From 3 numbers to 2, smooth and not linear.
let private curved (x: Tensor) = stack 0 [ x[0] * sin x[1]; exp (x[2] * x[0]) + x[1] ]

let private jacobians =
    testList "Jacobians and Hessians" [
        test "by rows and by columns" {
            let x = random 1L [ 3 ]
            let a, b, c = x[0], x[1], x[2]
            let zero = number 0.0
            let e = exp (c * a)
            let expected = stack 0 [ sin b; a * cos b; zero; c * e; number 1.0; a * e ] |> _.Reshape([ 2; 3 ])
            near expected (jacobian curved x) "jacobian"
            near expected (jacobianForward curved x) "jacobianForward"
        }
        test "of matrices" {
            let a, x = random 2L [ 2; 3 ], random 3L [ 3; 2 ]
            let f (x: Tensor) = sin (matmul a x)
            let j = jacobian f x
            Expect.equal j.Shape [| 2; 2; 3; 2 |] "output axes, then input axes"
            near j (jacobianForward f x) "by columns"
        }
        test "of nothing, and to nothing" {
            let empty = Tensor.zeros DType.Float64 [ 0 ]

            Expect.equal
                (jacobian (fun x -> concat 0 [ x; tensor [ 1.0; 2.0 ] ]) empty).Shape
                [| 2; 0 |]
                "from nothing"

            Expect.equal
                (jacobianForward (fun x -> concat 0 [ x; tensor [ 1.0; 2.0 ] ]) empty).Shape
                [| 2; 0 |]
                "from nothing"

            Expect.equal
                (jacobian (fun (x: Tensor) -> x[1..0]) (tensor [ 1.0; 2.0 ])).Shape
                [| 0; 2 |]
                "to nothing"

            Expect.equal
                (jacobianForward (fun (x: Tensor) -> x[1..0]) (tensor [ 1.0; 2.0 ])).Shape
                [| 0; 2 |]
                "to nothing"

            near (number 0.0) (laplacian (fun x -> sum (x * x)) empty) "Laplacian"
        }
        test "a Hessian is symmetric, and all ways to it agree" {
            let f (x: Tensor) = sum (exp (curved x)) + x[0] * x[1] * x[2]
            let x = random 4L [ 3 ]
            let h = hessian f x
            near h.T h "symmetric"
            near h (jacobian (grad f) x) "reverse over reverse"
            near h (jacobian (jacobianForward f) x) "reverse over forward"
            near h (jacobianForward (jacobianForward f) x) "forward over forward"
            let v = random 5L [ 3 ]
            near (matmul h v) (hvp f x v) "times a vector"
            near (sum (h * Tensor.eye DType.Float64 3)) (laplacian f x) "trace"
        }
        test "hvp of a record" {
            let f (p: {| A: Tensor; B: Tensor |}) = sum (p.A * p.A * p.B)
            let at = {| A = tensor [ 1.0; 2.0 ]; B = tensor [ 3.0; 4.0 ] |}
            let v = {| A = tensor [ 1.0; 0.0 ]; B = tensor [ 0.0; 1.0 ] |}
            // ∂²/∂a² = 2b, ∂²/∂a∂b = 2a
            nearTree {| A = tensor [ 6.0; 4.0 ]; B = tensor [ 2.0; 0.0 ] |} (hvp f at v) "product"
        }
    ]

let private fields =
    testList "vector calculus" [
        test "Laplacian" {
            let x = tensor [ 1.0; 2.0; 2.0 ]
            // Δ (Σx Σx²) = (2d + 4) Σx
            near (number 50.0) (laplacian (fun x -> sum x * sum (x * x)) x) "a cubic"
            near (number 0.0) (laplacian (fun x -> 1.0 / norm x) x) "1/r is harmonic in three dimensions"
            let grid = random 6L [ 2; 3 ]
            near (number 12.0) (laplacian (fun x -> sum (x * x)) grid) "any shape"
        }
        test "divergence" {
            let x = tensor [ 1.0; 2.0; 3.0 ]
            near (number 3.0) (divergence id x) "of the position"
            near (2.0 * sum x) (divergence (fun x -> x * x) x) "of squares"
            near (number 0.0) (divergence (fun x -> x / norm x ** 3.0) x) "of a point source"
            near (number 6.0) (divergence (fun x -> x * x.Flip 0) (tensor [ 1.0; 5.0 ])) "crosswise"
            raises<ShapeException, _> "(3,)" (fun () -> divergence (fun x -> x[0..1]) x) "another shape"
        }
        test "curl" {
            let x = tensor [ 1.0; 2.0; 3.0 ]
            let turning (x: Tensor) = stack 0 [ -x[1]; x[0]; number 0.0 ]
            near (tensor [ 0.0; 0.0; 2.0 ]) (curl turning x) "of a rotation"

            near
                (Tensor.zeros DType.Float64 [ 3 ])
                (curl (grad (fun x -> sum (sin x) * norm x)) x)
                "of a gradient"

            let f (x: Tensor) = stack 0 [ x[1] * x[2] * x[2]; x[0] * x[0]; x[0] * x[1] ]
            // (x, 2yz - y, 2x - z²)
            near (tensor [ 1.0; 10.0; -7.0 ]) (curl f x) "of a polynomial"
            near (number 0.0) (divergence (curl f) x) "has no divergence"
            raises<ShapeException, _> "(2,)" (fun () -> curl id (tensor [ 1.0; 2.0 ])) "two dimensions"
        }
    ]

let private results =
    testList "values, results beside them, pulls and pushes" [
        test "valueAndGrad" {
            let v, g = valueAndGrad (fun x -> sum (x * x)) (tensor [ 1.0; 2.0 ])
            near (number 5.0) v "value"
            near (tensor [ 2.0; 4.0 ]) g "gradient"
        }
        test "what comes out beside the value" {
            let f (x: Tensor) = sum (x * x), {| Doubled = x * 2; Note = "as it was"; Count = 3 |}
            let x = tensor [ 1.0; 2.0 ]
            let g, aux = gradWith f x
            near (tensor [ 2.0; 4.0 ]) g "gradient"
            near (tensor [ 2.0; 4.0 ]) aux.Doubled "a plain tensor, no longer traced"
            Expect.equal (aux.Note, aux.Count) ("as it was", 3) "static fields"
            let (v, aux), g = valueAndGradWith f x
            near (number 5.0) v "value"
            near (tensor [ 2.0; 4.0 ]) aux.Doubled "beside it"
            near (tensor [ 2.0; 4.0 ]) g "gradient"
            let _, plain = gradWith (fun x -> sum x, 42) x
            Expect.equal plain 42 "no tensor at all"
            // What comes out can be differentiated one level up.
            near
                (tensor [ 1.0; 1.0 ])
                (grad (fun x -> let _, (y: Tensor) = gradWith (fun x -> sum x, x) x in sum y) x)
                "nested"
        }
        test "the pull of vjp, again and again" {
            let x = random 7L [ 3 ]
            let y, pull = vjp curved x
            near (curved x) y "value"
            let j = jacobian curved x

            for c in [ tensor [ 1.0; 0.0 ]; tensor [ 0.0; 1.0 ]; tensor [ 2.0; -3.0 ]; tensor [ 1.0; 0.0 ] ] do
                near (matmul c j) (pull c) "row vector times Jacobian"
        }
        test "the push of linearize, again and again" {
            let x = random 8L [ 3 ]
            let y, push = linearize curved x
            near (curved x) y "value"
            let j = jacobian curved x

            for v in [ tensor [ 1.0; 0.0; 0.0 ]; tensor [ 1.0; 2.0; 3.0 ]; tensor [ 1.0; 0.0; 0.0 ] ] do
                near (matmul j v) (push v) "Jacobian times column vector"
        }
        test "trees in, trees out" {
            let f (struct (a: Tensor, b: Tensor)) = {| Sum = a + b; Parts = [ a * b; a; tensor 7.0 ] |}
            let at = struct (number 2.0, number 3.0)
            let y, dy = jvp f at (struct (number 1.0, number 10.0))
            nearTree {| Sum = number 5.0; Parts = [ number 6.0; number 2.0; number 7.0 ] |} y "value"
            nearTree {| Sum = number 11.0; Parts = [ number 23.0; number 1.0; number 0.0 ] |} dy "tangent"
            let _, pull = vjp f at

            let struct (da, db) =
                pull {| Sum = number 1.0; Parts = [ number 10.0; number 100.0; number 1000.0 ] |}

            near (number 131.0) da "by a"
            near (number 21.0) db "by b"
        }
        test "integers among the results have no derivative" {
            let f (x: Tensor) = struct (x * 2, x.ArgMax())
            let struct (y, at), struct (dy, dat) = jvp f (tensor [ 1.0; 3.0 ]) (tensor [ 1.0; 1.0 ])
            same (tensor [ 2.0; 6.0 ]) y "value"
            same (tensor 1) at "position"
            same (tensor [ 2.0; 2.0 ]) dy "tangent"
            same (tensor 0) dat "no change of the position"
            let _, pull = vjp f (tensor [ 1.0; 3.0 ])

            same
                (tensor [ 2.0; 4.0 ])
                (pull (struct (tensor [ 1.0; 2.0 ], tensor 9)))
                "its cotangent is ignored"
        }
        test "the function is evaluated once" {
            let mutable calls = 0

            let f (x: Tensor) =
                calls <- calls + 1
                x * x

            let count what (run: unit -> unit) =
                calls <- 0
                run ()
                Expect.equal calls 1 what

            count "grad" (fun () -> grad f (number 1.0) |> ignore)
            count "jvp" (fun () -> jvp f (number 1.0) (number 1.0) |> ignore)

            count "vjp" (fun () ->
                let _, pull = vjp f (number 1.0) in List.init 3 (fun _ -> pull (number 1.0)) |> ignore)

            count "jacobian" (fun () -> jacobian f (tensor [ 1.0; 2.0 ]) |> ignore)
        }
        test "an error inside leaves nothing behind" {
            let broken x = if float (sum x) > 0.0 then failwith "broken" else sum x
            raises<System.Exception, _> "broken" (fun () -> grad broken (tensor [ 1.0 ])) "raised"
            near (tensor [ 1.0 ]) (grad broken (tensor [ -1.0 ])) "and differentiated again"
        }
    ]

let private refusals =
    let x = tensor [ 1.0; 2.0 ]

    testList "refused" [
        test "a gradient of something else than one number" {
            raises<ShapeException, _> "Float64 (2,)" (fun () -> grad id x) "a vector"

            raises<ShapeException, _>
                "Int32 ()"
                (fun () -> grad (fun (x: Tensor) -> x.ArgMax()) x)
                "an integer"
        }
        test "integers to differentiate by" {
            let tree = {| Weight = x; Count = [ tensor 3 ] |}
            let loss (t: {| Weight: Tensor; Count: Tensor list |}) = sum t.Weight
            raises<DTypeException, _> "$.Count[0]" (fun () -> grad loss tree) "grad"
            raises<DTypeException, _> "$.Count[0]" (fun () -> jvp loss tree tree) "jvp"
            raises<DTypeException, _> "$.Count[0]" (fun () -> fst (vjp loss tree)) "vjp"

            raises<DTypeException, _>
                "Int32"
                (fun () -> grad (fun (x: Tensor) -> sum (x.Convert DType.Float64)) (tensor [ 1; 2 ]))
                "a tensor"
        }
        test "no tensors" {
            raises<TreeException, _>
                "nothing to differentiate by"
                (fun () -> grad (fun (_: Tensor list) -> number 1.0) [])
                "an empty list"

            raises<TreeException, _>
                "grad: the argument's type Int32 can't hold a tensor"
                (fun () -> grad (fun (_: int) -> number 1.0) 3)
                "an integer"

            raises<TreeException, _>
                "jvp: the result's type Double can't hold a tensor"
                (fun () -> jvp float (number 1.0) (number 1.0))
                "a number for a result"
        }
        test "tangents and cotangents that do not fit" {
            raises<ShapeException, _> "(3,)" (fun () -> jvp sin x (tensor [ 1.0; 2.0; 3.0 ])) "a shape"
            raises<ShapeException, _> "Float32" (fun () -> jvp sin x (tensor [ 1.0f; 2.0f ])) "a dtype"
            raises<ShapeException, _> "()" (fun () -> (snd (vjp sin x)) (number 1.0)) "a cotangent"

            raises<ShapeException, _>
                "()"
                (fun () -> (snd (linearize sin x)) (number 1.0))
                "a tangent of linearize"

            raises<TreeException, _>
                "$[1]"
                (fun () -> jvp (fun (l: Tensor list) -> l.Head) [ x; x ] [ x ])
                "a list too short"

            raises<ShapeException, _>
                "$.B"
                (fun () ->
                    jvp (fun (p: {| A: Tensor; B: Tensor |}) -> p.A) {| A = x; B = x |} {|
                        A = x
                        B = number 1.0
                    |})
                "a field"
        }
    ]

[<Tests>]
let tests = testList "Transformations" [ jacobians; fields; results; refusals ]
