/// Running results of an associative function: against `scan`, which goes one by one, and against closed forms.
module Cotangent.Tests.TreeScanTests

open Expecto
open Cotangent
open Cotangent.Tests.Support

let private sizes = [ 0; 1; 2; 3; 4; 5; 7; 8; 9; 31; 64; 100 ]

/// h ↦ a h + b, and then another such map.
let private after (a: Tensor, b: Tensor) (a': Tensor, b': Tensor) = a * a', a' * b + b'

/// The recurrence from h = 0, one step after the other.
let private oneByOne (a: Tensor, b: Tensor) =
    let step h (a: Tensor, b: Tensor) =
        let next = a * h + b
        next, next

    snd (scan step (tensor 0.0) (a, b))

let private draw n =
    let key = Key.create 7L
    Random.uniform key DType.Float64 [ n ], Random.uniform (Key.fold 1L key) DType.Float64 [ n ]

[<Tests>]
let tests =
    testList "associativeScan" [
        test "a linear recurrence, plain and compiled" {
            for n in sizes do
                let given = draw n
                let expected = numbers (oneByOne given)

                for run in [ associativeScan after; compile (associativeScan after) ] do
                    close 1e-12 expected (snd (run given))
        }
        test "its derivatives, in both modes and orders" {
            let given = draw 11
            let paired x = sum (snd (associativeScan after x) ** 2.0)
            let plain x = sum (oneByOne x ** 2.0)

            let both f x =
                let (a: Tensor), (b: Tensor) = f x
                Array.append (numbers a) (numbers b)

            let expected = both (grad plain) given

            for run in [ grad paired; compile (grad paired); grad (compile paired) ] do
                closeNumbers 1e-11 expected (both run given)

            let direction = draw 11
            closeNumbers 1e-11 (both (hvp plain given) direction) (both (hvp paired given) direction)

            closeNumbers
                1e-11
                (both (hvp plain given) direction)
                (both (compile (hvp paired given)) direction)

            close 1e-11 (numbers (snd (jvp plain given direction))) (snd (jvp paired given direction))
        }
        test "under vmap, over what it closes over too" {
            let a, b = draw 12
            let batch = a.Reshape [ 3; 4 ], b.Reshape [ 3; 4 ]
            let expected = vmap oneByOne batch |> numbers
            close 1e-12 expected (vmap (associativeScan after >> snd) batch)
            close 1e-12 expected (compile (vmap (associativeScan after >> snd)) batch)

            // x ∘ y = c x y + x + y is associative: 1 + c z = Π (1 + c xᵢ).
            let running (c: Tensor) = associativeScan (fun (x: Tensor) y -> c * x * y + x + y) a
            let closed (c: Tensor) = ((1.0 + c * a).CumulativeProd 0 - 1.0) / c
            let cs = tensor [ 0.3; 2.0 ]
            close 1e-10 (numbers (vmap closed cs)) (vmap running cs)
            close 1e-10 (numbers (vmap (grad (closed >> sum)) cs)) (vmap (grad (running >> sum)) cs)
        }
        test "products of matrices, the earlier one first, and from the end" {
            let matrices = Random.normal (Key.create 3L) DType.Float64 [ 6; 2; 2 ]
            let one k = sliceAxis 0 k 1 matrices |> fun t -> t.Reshape [ 2; 2 ]
            let forwards = List.scan (fun p k -> matmul p (one k)) (one 0) [ 1..5 ]
            let backwards = List.scan (fun p k -> matmul p (one k)) (one 5) [ 4..-1..0 ] |> List.rev

            for way in [ id; compile ] do
                close 1e-12 (numbers (stack 0 forwards)) (way (associativeScan matmul) matrices)

                let fromTheEnd = associativeScanWith { Axis = 0; Reverse = true } matmul
                close 1e-12 (numbers (stack 0 backwards)) (way fromTheEnd matrices)
        }
        test "along any axis" {
            let x = counting DType.Float64 [ 2; 3; 4 ] + 1.0

            for axis in -3 .. 2 do
                for reverse in [ false; true ] do
                    let along = { Axis = axis; Reverse = reverse }
                    let expected = x.CumulativeSum(axis, reverse = reverse)
                    close 1e-12 (numbers expected) (associativeScanWith along (fun (x: Tensor) y -> x + y) x)
        }
        test "integers and the largest so far with its place" {
            let later (x: Tensor, i: Tensor) (y: Tensor, j: Tensor) =
                let isLarger = y.Greater x
                where isLarger y x, where isLarger j i

            let xs = tensor [ 3; 1; 4; 1; 5; 9; 2; 6 ]
            let largest, places = associativeScan later (xs, tensor [ 0; 1; 2; 3; 4; 5; 6; 7 ])
            equals [ 3; 3; 4; 4; 5; 9; 9; 9 ] largest
            equals [ 0; 0; 2; 2; 4; 5; 5; 5 ] places
        }
        test "as many steps as the logarithm of the number of items" {
            let mutable calls = 0

            let combine (x: Tensor) (y: Tensor) =
                calls <- calls + 1
                x + y

            let last = associativeScan combine (Tensor.ones DType.Float64 [ 1024 ])
            equals 1024.0 last[1023]
            Expect.isLessThanOrEqual calls 20 "two for each of ten levels"
        }
        test "errors" {
            let x = tensor [ 1.0; 2.0; 3.0 ]
            let add (a: Tensor) b = a + b

            throws<AxisException, _> [ "associativeScan"; "rank 0" ] (fun () ->
                associativeScan add (tensor 1.0))

            throws<AxisException, _> [ "associativeScan"; "2" ] (fun () ->
                associativeScanWith { Axis = 2; Reverse = false } add x)

            throws<ShapeException, _> [ "$.Item2"; "associativeScan"; "2 items"; "3" ] (fun () ->
                associativeScan after (x, tensor [ 1.0; 2.0 ]))

            throws<ShapeException, _> [ "associativeScan"; "must keep its shape" ] (fun () ->
                associativeScan (fun (a: Tensor) b -> stack 0 [ a; b ]) x)

            throws<TreeException, _> [ "associativeScan"; "no tensors" ] (fun () ->
                associativeScan (fun (a: Tensor list) (_: Tensor list) -> a) [])

            throws<TraceException, _> [ "associativeScan"; "no numbers" ] (fun () ->
                associativeScan (fun (a: Tensor) b -> if float a > 0.0 then a else b) x)
        }
    ]
