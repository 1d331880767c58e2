/// Which slots engines' arrays stand in for, and that programs with such slots compute what eager code does.
module Cotangent.Tests.AdoptionTests

open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Engines
open Cotangent.Tests.Support

// 160 kB, enough for the pool.
let private size = 40_000
let private slot home = { DType = DType.Float32; Count = size; Home = home }
let private view s = Layout.contiguous s [| size |]

let private engine inputs target =
    Step.Engine(
        Primitive.Unary Unary.Sin,
        inputs |> List.map view |> Array.ofList,
        [| ValueSome(view target) |]
    )

let private adopted (slots: Slot[]) steps reuse = Adoption.plan slots steps reuse |> List.ofArray

let private plan =
    testList "plan" [
        test "what one step makes and later ones read" {
            let slots = [| slot (Home.Input 0); slot Home.Arena; slot Home.Arena; slot (Home.Output 0) |]
            let steps = [| engine [ 0 ] 1; engine [ 1 ] 2; engine [ 1; 2 ] 3 |]
            Expect.equal (adopted slots steps [| -1 |]) [ false; true; true; true ] "all that are made"
            Expect.equal (adopted slots steps [| 0 |]) [ false; true; true; false ] "not in given memory"
            let ends = Adoption.ends slots (Adoption.plan slots steps [| -1 |]) steps
            Expect.equal ends [| []; []; [ 2; 1 ] |] "after their last use; the result stays"
        }
        test "small ones, parts of slots, and what is written twice are the plan's" {
            let small = { slot Home.Arena with Count = 16 }
            let slots = [| slot (Home.Input 0); small; slot Home.Arena; slot Home.Arena |]
            let part = { view 2 with Shape = [| size / 2 |] }

            let steps = [|
                Step.Engine(
                    Primitive.Unary Unary.Sin,
                    [| view 0 |],
                    [| ValueSome(Layout.contiguous 1 [| 16 |]) |]
                )
                Step.Engine(Primitive.Unary Unary.Sin, [| view 0 |], [| ValueSome part |])
                engine [ 0 ] 3
                engine [ 0 ] 3
            |]

            Expect.equal (adopted slots steps [||]) [ false; false; false; false ] "none"
        }
        test "within a round of a loop, and not what goes on to the next" {
            // 0 a shared input, 1 and 2 the ends of a carry, 3 local to a round, 4 read after the loop.
            let slots = [| slot (Home.Input 0); yield! Array.init 4 (fun _ -> slot Home.Arena) |]

            let loop =
                Step.Scan {
                    Count = 3
                    Reverse = false
                    Body = [| engine [ 0; 1 ] 3; engine [ 3 ] 4; engine [ 3; 4 ] 2 |]
                    Carry = [| struct (1, 2) |]
                    Slices = [||]
                }

            let steps = [| engine [ 0 ] 1; loop; engine [ 4; 1 ] 1 |]
            Expect.equal (adopted slots steps [||]) [ false; false; false; true; false ] "3 alone"
        }
        test "the most bytes at one time" {
            let slots = Array.init 4 (fun _ -> slot Home.Arena)
            let steps = [| engine [] 0; engine [ 0 ] 1; engine [ 1 ] 2; engine [ 2 ] 3 |]
            let adopted = Adoption.plan slots steps [||]
            let bytes = Adoption.bytes slots adopted (ArenaPlan.lifetimes slots steps [||])
            Expect.equal bytes (2L * 4L * int64 size) "an input and its output"
        }
    ]

let private cumsum (x: Tensor) = x.CumulativeSum 0

/// Large tensors of a dtype that only engines compute on, and their numbers.
let private half (f: Tensor -> Tensor) =
    let x = (Tensor.linspace DType.Float32 -2.0 2.0 60_000).Convert DType.Float16
    let compiled = compile f
    let expected = f x

    for call in 1..3 do
        Expect.equal (compiled x) expected $"call {call}"

let private runs =
    // They look at the arrays that all tests share.
    testSequenced
    <| testList "runs" [
        test "one after the other" { half (fun x -> cumsum (sin (cumsum x) * x)) }
        test "views of what was given" { half (fun x -> cumsum (x.Reshape [ 300; 200 ])) }
        test "in rounds" { half (fun x -> iterate 4 (fun x -> tanh (cumsum x) - x) x) }
        test "in branches" { half (fun x -> cond (sum(x).Less 1e6) (fun x -> cumsum (sin x)) (fun x -> x) x) }
        test "a result made by an engine is the caller's for good" {
            let f = compile (fun (x: Tensor) -> cumsum x)
            let x = Tensor.ones DType.Float32 [ 50_000 ]
            let first = f x
            let second = f (2.0 * x)
            Expect.equal (float first[49_999]) 50_000.0 "the first call's"
            Expect.equal (float second[49_999]) 100_000.0 "the second call's"
        }
        test "the same result twice, and views of it" {
            let f = compile (fun (x: Tensor) -> let y = cumsum x in y, y, y.Reshape [ 250; 200 ], y[1..])
            let x = Tensor.ones DType.Float32 [ 50_000 ]
            let y = cumsum x

            for _ in 1..2 do
                let a, b, c, d = f x
                equals y a
                equals y b
                equals (y.Reshape [ 250; 200 ]) c
                equals y[1..] d
        }
        test "steps of a convolutional net, in a loop and on several threads" {
            let normal i shape = Random.normal (Key.create i) DType.Float32 shape
            let images = normal 1L [ 3; 32; 1; 28; 28 ]
            let start = 0.1 * normal 2L [ 8; 1; 3; 3 ], 0.1 * normal 3L [ 16; 8; 3; 3 ]

            let loss x (first, second) =
                let block kernel x =
                    convolve Window.plain kernel x |> relu |> maxPool [ 2; 2 ] (Window.stride 2)

                mean (square (x |> block first |> block second))

            let step net x = Tree.map2 (fun p g -> p - 0.1 * g) net (grad (loss x) net), loss x net
            let train (net, xs) = scan step net xs
            let expected = train (start, images)
            let compiled = compile train
            let same (a: Tensor) (b: Tensor) = closeNumbers 1e-4 (numbers a) (numbers b)

            System.Threading.Tasks.Parallel.For(
                0,
                8,
                fun i ->
                    let (first, second), losses = compiled (start, images)
                    same (fst (fst expected)) first
                    same (snd (fst expected)) second
                    same (snd expected) losses
            )
            |> ignore
        }
        test "results go with their scope" {
            let f = compile (fun (x: Tensor) -> cumsum x)
            let x = Tensor.ones DType.Float32 [ 50_000 ]
            let mutable inside = x
            let mutable other = x

            let kept =
                scope (fun () ->
                    inside <- f x
                    other <- f x
                    other)

            Expect.equal (float kept[49_999]) 50_000.0 "what is returned"
            Expect.throwsT<ScopeException> (fun () -> numbers inside |> ignore) "what is not"
        }
        test "what a call made on the way is ready for the next" {
            let x = Tensor.ones DType.Float32 [ 64; 8; 20; 20 ]
            let pool = maxPool [ 2; 2 ] (Window.stride 2)
            let f = compile (grad (fun (x: Tensor) -> sum (sin (pool (x * x)))))
            f x |> ignore
            Recycling.startAfresh ()
            let before = Recycling.bytesWaiting ()
            f x |> ignore
            // Maxima, their positions, and where they came from: a quarter of x each, and as much as x.
            let made = 4L * int64 x.Size * 3L / 2L
            Expect.isGreaterThanOrEqual (Recycling.bytesWaiting () - before) made "bytes that wait for use"
        }
    ]

[<Tests>]
let tests = testList "adoption" [ plan; runs ]
