/// Adam: the kernel that does a step in one pass against the operations that it stands for.
module Cotangent.Tests.AdamStepTests

open Expecto
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Support

let private draw dtype key count = Random.normal (Key.create key) dtype [ count ]

let private buffer (t: Tensor) =
    match t with
    | Value b -> b :?> HostBuffer
    | Traced _ -> failtest "traced"

let private step = { Beta1 = 0.8; Beta2 = 0.95; Epsilon = 1e-3; Bias1 = 0.3; Bias2 = 0.7; Factor = -0.1 }

/// The operations that a step stands for.
let private operations (g: Tensor) (m: Tensor) (v: Tensor) =
    let first = m * step.Beta1 + g * (1.0 - step.Beta1)
    let second = v * step.Beta2 + g * g * (1.0 - step.Beta2)
    first / step.Bias1 / (sqrt second / step.Bias2 + step.Epsilon) * step.Factor, first, second

let private kernel =
    testList "the kernel" [
        for dtype in [ DType.Float32; DType.Float64 ] do
            for count in [ 8; 9; 31; 1000; 32768 + 3; 200_001 ] do
                test $"{dtype}, {count}: the numbers of the operations, to the last bit" {
                    let g, m, v = draw dtype 1L count, draw dtype 2L count, square (draw dtype 3L count)

                    match AdamKernel.step step (buffer g) (buffer m) (buffer v) with
                    | ValueNone -> failtest "refused"
                    | ValueSome(struct (change, first, second)) ->
                        let expected = operations g m v
                        Expect.equal (Value change, Value first, Value second) expected "change and means"
                }
        test "views and half floats take the operations" {
            let x = (draw DType.Float32 1L 64).Reshape [ 8; 8 ]
            let o = Optimizer.adam 0.1
            let straight, _ = o.Update x.T (o.Init x) x
            let turned, _ = o.Update (x.T + 0.0f) (o.Init x) x
            equals straight turned
            let half = x.Convert DType.Float16
            let change, _ = o.Update half (o.Init half) half
            Expect.equal change.DType DType.Float16 "dtype"
        }
        test "serves what is contiguous and a vector long" {
            let serves (t: Tensor) = (AdamKernel.step step (buffer t) (buffer t) (buffer t)).IsSome

            let x = (draw DType.Float32 1L 64).Reshape [ 8; 8 ]
            let cases = [ x; x.Convert DType.Float64; x.T; x[0..1, 0..1]; x.Convert DType.Float16 ]
            Expect.equal (List.map serves cases) [ true; true; false; false; false ] "served"
        }
    ]

let private others =
    testList "everywhere else" [
        test "compiled, the same within rounding" {
            let o = Optimizer.adam 0.1
            let x = draw DType.Float64 1L 100
            let step (g, s) = o.Update g s g
            let change, _ = step (x, o.Init x)
            let compiled, _ = compile step (x, o.Init x)
            close 1e-12 (numbers change) compiled
        }
        test "differentiated through" {
            let o = Optimizer.adam 0.1
            let x = draw DType.Float64 1L 10
            let change g = sum (fst (o.Update g (o.Init x) x))
            let h = 1e-6
            let by i = Tensor.own [| 10 |] (Array.init 10 (fun j -> if i = j then h else 0.0))
            let slope i = (float (change (x + by i)) - float (change (x - by i))) / (2.0 * h)
            close 1e-4 (Seq.init 10 slope) (grad change x)
        }
    ]

let private threads = test "one thread and several give the same bits" {
    let x = Random.normal (Key.create 1L) DType.Float32 [ 300; 700 ]
    let f () = [ tanh x + x; matmul x.T x; sum (x * x); x.Sum [ 0 ]; x.Max [ 1 ] ] |> List.map numbers
    let before = Workers.count ()

    try
        Workers.limit 1
        let one = f ()
        Workers.limit 3
        Expect.equal (f ()) one "numbers"
    finally
        Workers.limit before
}

[<Tests>]
let tests = testList "Adam" [ kernel; others; testSequenced threads ]
