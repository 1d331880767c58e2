/// Checkpoints that keep some values: that derivatives are those without, and what is computed again and what is not, eager and
/// compiled, counted in profiles and in graphs.
module Cotangent.Tests.CheckpointPolicyTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private draw seed shape = Random.normal (Key.create seed) DType.Float64 shape * 0.3
let private weights = [ draw 1L [ 40; 48 ]; draw 2L [ 48; 36 ]; draw 3L [ 36; 32 ] ]
let private data = draw 4L [ 64; 40 ]

/// Three products with tanh between, of which the middle one is named.
let private layers (weights: Tensor list) (x: Tensor) =
    let x = tanh (matmul x weights[0])
    let x = tanh (checkpointName "middle" (matmul x weights[1]))
    sum (tanh (matmul x weights[2]))

let private policies = [
    CheckpointPolicy.Nothing
    CheckpointPolicy.Everything
    CheckpointPolicy.Products
    CheckpointPolicy.Names [ "middle" ]
    CheckpointPolicy.Names [ "another" ]
    CheckpointPolicy.AllExcept [ "middle" ]
    CheckpointPolicy.AllExcept [ "another" ]
    CheckpointPolicy.AllExcept []
    CheckpointPolicy.Either(CheckpointPolicy.Names [ "middle" ], CheckpointPolicy.Products)
]

let private with' policy weights = checkpointWith policy (layers weights) data
let private flat (tree: 'tree) = Tree.leaves tree |> Array.collect numbers

/// How often a product runs on the way back: five are derivatives, the others are computed again. Of a program a product is a nest
/// that folds.
let private again (f: Tensor list -> Tensor) =
    let _, pull = vjp f weights
    pull (tensor 1.0) |> ignore
    let _, report = Profile.run (fun () -> pull (tensor 1.0))

    let products =
        report.Rows |> Array.filter (fun row -> row.Name = "matmul" || row.Shapes.Contains "folding")

    (products |> Array.sumBy _.Calls) - 5

/// How many products are in one program of value and gradient, beside three of the way forward and five derivatives.
let private compiledAgain (f: Tensor list -> Tensor) =
    let lines = (Compile.after "simplify" (valueAndGrad f) weights).Split '\n'
    (lines |> Array.filter _.Contains("= matmul")).Length - 8

[<Tests>]
let tests =
    testList "checkpoint policies" [
        for policy in policies do
            test $"{policy}: the same derivatives" {
                let expected = flat (grad (fun w -> layers w data) weights)
                let gradient = grad (with' policy)

                for way in [ gradient; compile gradient; grad (compile (with' policy)) ] do
                    closeNumbers 1e-12 expected (flat (way weights))

                let v = weights |> List.map cos
                let expected = flat (hvp (fun w -> layers w data) weights v)

                for way in [ hvp (with' policy) weights; compile (hvp (with' policy) weights) ] do
                    closeNumbers 1e-11 expected (flat (way v))

                let push f = numbers (snd (jvp f weights v))
                closeNumbers 1e-12 (push (fun w -> layers w data)) (push (with' policy))

                // A batch around, and one inside of the derivative.
                let each f = vmap (fun row -> grad (fun w -> f w row) weights) data
                let expected = flat (each layers)
                closeNumbers 1e-12 expected (flat (each (fun w -> checkpointWith policy (layers w))))
                let all f w = vmap (f w) data |> sum
                let expected = flat (grad (all layers) weights)
                let saved = all (fun w -> checkpointWith policy (layers w))

                for way in [ grad saved; compile (grad saved); grad (compile saved) ] do
                    closeNumbers 1e-12 expected (flat (way weights))
            }

        test "what is kept is not computed again, and what leads to it alone neither" {
            let expected = [
                CheckpointPolicy.Everything, 0
                CheckpointPolicy.Products, 0
                // The first makes what the second's weights are multiplied with, the third what the last slope is of.
                CheckpointPolicy.Names [ "middle" ], 2
                CheckpointPolicy.Names [ "another" ], 3
                CheckpointPolicy.AllExcept [ "another" ], 0
                CheckpointPolicy.AllExcept [], 0
                CheckpointPolicy.Either(CheckpointPolicy.Names [ "middle" ], CheckpointPolicy.Products), 0
            ]

            for policy, count in expected do
                Expect.equal (again (with' policy)) count $"{policy}, eager"
                Expect.equal (again (compile (with' policy))) count $"{policy}, two programs"
                Expect.equal (compiledAgain (with' policy)) count $"{policy}, one program"
        }
        test "all but one value: it alone is computed again" {
            // One sine is of the way forward and made again on the way back for the slope of the square; of the others there are only
            // derivatives.
            let f (x: Tensor) =
                let y = sin (checkpointName "first" (exp x))
                let z = tanh (checkpointName "second" (checkpointName "alias" (log (2.0 + y))))
                sum (z * z)

            let x = tensor [ 0.3; 0.7 ]

            let again policy name =
                let _, pull = vjp (checkpointWith policy f) x
                let _, report = Profile.run (fun () -> pull (tensor 1.0))
                report.Rows |> Array.filter (fun row -> row.Name = name) |> Array.sumBy _.Calls

            let functions = [ "exp"; "log" ]
            let counts policy = functions |> List.map (again policy)
            Expect.equal (counts (CheckpointPolicy.AllExcept [ "none" ])) [ 0; 0 ] "no such name"
            Expect.equal (counts (CheckpointPolicy.AllExcept [ "first" ])) [ 1; 0 ] "the first"

            for name in [ "second"; "alias" ] do
                Expect.equal (counts (CheckpointPolicy.AllExcept [ name ])) [ 0; 1 ] name

            Expect.equal (counts (CheckpointPolicy.AllExcept [ "first"; "second" ])) [ 1; 1 ] "both"

            Expect.equal
                (counts (
                    CheckpointPolicy.Either(
                        CheckpointPolicy.AllExcept [ "first" ],
                        CheckpointPolicy.Names [ "first" ]
                    )
                ))
                [ 0; 0 ]
                "either of two"
        }
        test "convolutions are products" {
            let image, kernel = draw 5L [ 1; 2; 6; 6 ], draw 6L [ 3; 2; 3; 3 ]

            let f policy k =
                checkpointWith policy (fun k -> convolve Window.plain (tanh k) image |> tanh |> sum) k

            let convolutions policy =
                let _, pull = vjp (f policy) kernel
                let _, report = Profile.run (fun () -> pull (tensor 1.0))
                report.Rows |> Array.filter _.Name.StartsWith("convol") |> Array.sumBy _.Calls

            let least = convolutions CheckpointPolicy.Everything
            Expect.equal (convolutions CheckpointPolicy.Products) least "kept"
            Expect.equal (convolutions CheckpointPolicy.Nothing) (least + 1) "computed again"
        }
        test "the memory of a program lies between that of nothing kept and all kept" {
            let deep = [ for i in 1L .. 8L -> draw i [ 64; 64 ] ]
            let x = draw 9L [ 64; 64 ]

            let f policy w =
                checkpointWith policy (fun x -> List.fold (fun x w -> sin (tanh (matmul x w))) x w |> sum) x

            let between policy = (Compile.memory (grad (f policy)) deep).Between
            let nothing, products = between CheckpointPolicy.Nothing, between CheckpointPolicy.Products
            Expect.isLessThanOrEqual products (between CheckpointPolicy.Everything) "less than all"
            Expect.isGreaterThan products 0L $"{nothing} for none"
        }
        test "names of trees, of arguments, in batches and in loops" {
            let keep = CheckpointPolicy.Names [ "kept" ]

            let f (a: Tensor, b: Tensor) =
                let a, b = checkpointName "kept" (a, b)
                let both = checkpointName "kept" [ a * b; sin a ]
                let order, _ = (stack 0 both).Sort 0, ()
                let last = iterate 3 (fun x -> checkpointName "kept" (x * a)) both[1]
                sum (checkpointName "kept" order) + last

            let a, b = tensor 0.7, tensor 1.9
            let da, db = grad f (a, b)

            for way in
                [
                    grad (checkpointWith keep f)
                    compile (grad (checkpointWith keep f))
                    grad (compile (checkpointWith keep f))
                ] do
                let a', b' = way (a, b)
                close 1e-13 (numbers da) a'
                close 1e-13 (numbers db) b'

            let batch = tensor [ 0.7; 0.2 ], tensor [ 1.9; -0.4 ]
            let da, db = vmap (grad f) batch

            for way in
                [
                    vmap (grad (checkpointWith keep f))
                    grad (vmap (checkpointWith keep f) >> sum)
                    compile (vmap (grad (checkpointWith keep f)))
                ] do
                let a', b' = way batch
                close 1e-13 (numbers da) a'
                close 1e-13 (numbers db) b'
        }
        test "branches of which one is taken, and infinite slopes in the other" {
            let f (x: Tensor) =
                let y = checkpointName "kept" (cond (x.Greater 1.0) (fun x -> x * x) (fun _ -> tensor 2.0) x)
                sqrt (y - 2.0) + x

            for policy in policies do
                for way in
                    [ compile (grad (checkpointWith policy f)); grad (compile (checkpointWith policy f)) ] do
                    close 1e-13 [ 1.0 ] (way (tensor 0.5))
        }
        test "a function that reads numbers is computed again as a whole" {
            let f (x: Tensor) = if float (sum x) > 0.0 then x * x else x
            let x = tensor [ 1.0; 2.0 ]
            close 1e-15 [ 2.0; 4.0 ] (grad (fun x -> sum (checkpointWith CheckpointPolicy.Products f x)) x)
        }
        test "a name changes nothing" {
            let x = tensor [ 1.0; 2.0 ]
            equals x (checkpointName "x" x)
            equals [ 2.0; 4.0 ] (grad (fun x -> sum (checkpointName "x" (x * x))) x)
            equals [ 2.0; 4.0 ] (compile (grad (fun x -> sum (checkpointName "x" (x * x)))) x)
            equals [ 2.0; 4.0 ] (snd (jvp (fun x -> checkpointName "x" (x * x)) x (Tensor.onesLike x)))
            equals [ 1.0; 4.0 ] (vmap (fun x -> checkpointName "x" (x * x)) x)
        }
    ]
