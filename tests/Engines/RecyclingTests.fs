/// Large arrays are used again, and only once nobody can see them.
module Cotangent.Tests.RecyclingTests

open System
open Expecto
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow
open Cotangent.Tests.PrimitiveTable

/// 200,000 elements take 800 KB in Float32: far more than what is left to the runtime.
let private many = 200_000

let private buffer (t: Tensor) =
    match t with
    | Value b -> b :?> HostBuffer
    | Traced _ -> failtest "traced"

let private array t = (buffer t).Data
let private counting () = Tensor.arange DType.Float32 many

let private memory (t: Tensor) =
    match (buffer t).Memory with
    | null -> failtest "no claim"
    | memory -> memory

let private claims =
    testList "claims" [
        test "a large result has one, a small one has none" {
            Expect.isNotNull (buffer (counting () * 2.0f)).Memory "large"
            Expect.isNull (buffer (Tensor.arange DType.Float32 100 * 2.0f)).Memory "small"
        }
        test "views share it" {
            let x = counting () * 2.0f

            for view in [ x.Reshape [ 2; many / 2 ]; x.Flip 0; x[10..20]; (x.Reshape [ 2; many / 2 ]).T ] do
                Expect.isTrue (obj.ReferenceEquals(memory x, memory view)) "claim"
        }
        test "results of a compiled function have one, equal results the same" {
            let f = compile (fun (x: Tensor) -> let y = x * 2.0f in y, y, x + 1.0f)
            let a, b, c = f (counting ())
            Expect.isTrue (obj.ReferenceEquals(memory a, memory b)) "equal"
            Expect.isFalse (obj.ReferenceEquals(memory a, memory c)) "another"
            let kept = f (counting ())

            for _ in 1..20 do
                f (counting () * 3.0f) |> ignore

            let first, _, last = kept
            Expect.equal (float first[many - 1]) (float (2 * (many - 1))) "nobody else wrote there"
            Expect.equal (float last[many - 1]) (float many) "nor there"
        }
        test "no primitive shows an operand's array without its claim" {
            // The large operand has a claim; whatever shows its array must have the same.
            let engine = ManagedEngine()

            for row in rows do
                for dtype in row.DTypes do
                    for seed in 1..6 do
                        let example = row.Draw (Dice seed) Numbers.Ordinary dtype

                        let inputs =
                            example.Inputs
                            |> Array.map (fun t ->
                                let b = (buffer t).View(t.Dims, (buffer t).Strides, (buffer t).Offset)

                                b.Claim <- {
                                    new Claim() with
                                        member _.GiveBack() = ()
                                        member _.Forget() = ()
                                }

                                b)

                        let outputs =
                            engine.EvaluateAll(
                                example.Primitive,
                                Array.map (fun b -> b :> Buffer) inputs,
                                Device.Cpu
                            )

                        for output in outputs do
                            let output = output :?> HostBuffer

                            for input in inputs do
                                if obj.ReferenceEquals(input.Data, output.Data) then
                                    Expect.isTrue
                                        (obj.ReferenceEquals(input.Claim, output.Claim))
                                        $"{example}, {seed}"
        }
        test "reading an array leaves it to the collector" {
            let x = counting () * 2.0f
            let read = x.ToData<float32[]>()
            (buffer x).Release()
            Expect.equal read[7] 14.0f "what was read stays"
            Expect.equal (float x[7]) 14.0 "and so does the tensor"
        }
    ]

let private recycling =
    testSequenced
    <| testList "recycling" [
        test "the array of a dead tensor is used again" {
            let length = 234_567
            Recycling.startAfresh ()
            let made = System.Collections.Generic.HashSet<obj>(HashIdentity.Reference)
            let x = Tensor.arange DType.Float32 length

            for _ in 1..2000 do
                made.Add(array (x + 1.0f)) |> ignore

            // 1.9 GB in arrays of 0.9 MB.
            Expect.isLessThan made.Count 600 "different arrays"
        }
        test "arrays of lengths that nobody asks for any more make room" {
            let lengths = [ 1_600_000..1_600_005 ]

            // Full shelves keep nothing more.
            let fill length =
                scope (fun () ->
                    let x = Tensor.arange DType.Float32 length

                    for _ in 1..60 do
                        x + 1.0f |> ignore)

            for length in lengths do
                fill length

            Recycling.startAfresh ()

            // Only these lengths: what other tests left behind dies at times of its own.
            let waiting =
                lengths |> List.sumBy (fun n -> 4L * int64 n * int64 (Shelves<float32>.Only.Of(n).Count))

            Expect.isLessThan waiting 50_000_000L "of more than Spare"
        }
        test "an error gives the arrays of a call back" {
            let x = tensor (Array.create many 1)
            let y = Tensor.zeros DType.Int32 [ many ]

            for _ in 1..50 do
                Expect.throwsT<ValueException> (fun () -> x / y |> ignore) "division"

            let twice = x + x
            Expect.equal (int twice[many - 1]) 2 "the engine goes on"
        }
        test "what is reachable keeps its numbers" {
            // Spoilt arrays would show as NaN.
            let kept = ResizeArray<Tensor * float32>()
            let random = Random 7

            for i in 1..600 do
                let x = Tensor.full DType.Float32 [ many ] (float i) + Tensor.arange DType.Float32 many * 0.0f
                let x = if i % 3 = 0 then x.Reshape [ 2; many / 2 ] else x
                let x = if i % 5 = 0 then x.Flip 0 else x
                kept.Add((x, float32 i))

                if kept.Count > 40 then kept.RemoveAt(random.Next kept.Count)

                let t, value = kept[random.Next kept.Count]
                Expect.equal (float32 (t.Min())) value "smallest"
                Expect.equal (float32 (t.Max())) value "largest"
        }
        test "threads don't take each other's arrays" {
            let work seed () =
                let mutable x =
                    Tensor.full DType.Float32 [ many ] (float seed) + Tensor.arange DType.Float32 many

                for _ in 1..100 do
                    x <- (x + 1.0f) - 1.0f

                float (sum (x - Tensor.arange DType.Float32 many)) / float many

            let results =
                [ for seed in 1..4 -> System.Threading.Tasks.Task.Run<float>(work seed) ] |> List.map _.Result

            Expect.equal results [ 1.0; 2.0; 3.0; 4.0 ] "each its own"
        }
    ]

let private throwsAfterScope (t: Tensor) =
    Expect.throwsT<ScopeException> (fun () -> sum (t + t) |> ignore) "used after its scope"

let private scopes =
    testList "scope" [
        test "gives the memory of all but the result back" {
            let mutable leaked = tensor 0.0f

            let result =
                scope (fun () ->
                    leaked <- counting () * 2.0f
                    let y = leaked + 1.0f
                    y * 1.0f)

            throwsAfterScope leaked
            Expect.equal (float32 result[many - 1]) (float32 (2 * (many - 1) + 1)) "the result"
        }
        test "a result that is a view keeps what it shows" {
            let result = scope (fun () -> ((counting () * 2.0f).Reshape [ 2; many / 2 ]).T)
            Expect.equal (float32 result[1, 0]) 2.0f "the result"
        }
        test "a result of any tree" {
            let a, (b, n) = scope (fun () -> counting () * 2.0f, (counting () * 3.0f, 5))
            Expect.equal (float32 a[1] + float32 b[1], n) (5.0f, 5) "the result"
        }
        test "a result without tensors" {
            let mutable leaked = tensor 0.0f

            let total =
                scope (fun () ->
                    leaked <- counting () * 2.0f
                    float (sum (leaked * 0.0f)))

            Expect.equal total 0.0 "the result"
            throwsAfterScope leaked
        }
        test "what came from outside stays" {
            let outer = counting () * 2.0f
            let result = scope (fun () -> outer + 1.0f)
            Expect.equal (float32 outer[1], float32 result[1]) (2.0f, 3.0f) "both"
        }
        test "what an inner scope leaves is the outer one's" {
            let mutable leaked = tensor 0.0f

            let result =
                scope (fun () ->
                    leaked <- scope (fun () -> counting () * 2.0f)
                    leaked + 1.0f)

            throwsAfterScope leaked
            Expect.equal (float32 result[1]) 3.0f "the result"
        }
        test "inside a transformation nothing is freed that the way back needs" {
            let x = counting () / float32 many
            let f (x: Tensor) = scope (fun () -> sum (exp x * sin x))
            let g (x: Tensor) = sum (exp x * sin x)
            Expect.equal (grad f x) (grad g x) "gradient"
        }
        test "a gradient inside a scope" {
            let x = counting () / float32 many
            let g = scope (fun () -> grad (fun x -> sum (exp x)) x)
            Expect.equal g (exp x) "gradient"
        }
        test "an error leaves the scope" {
            Expect.throwsT<ShapeException>
                (fun () -> scope (fun () -> counting () + tensor [ 1.0f; 2.0f ]) |> ignore)
                "the error"

            let next = scope (fun () -> counting () * 2.0f)
            Expect.equal (float32 next[1]) 2.0f "and the next works"
        }
        test "a training step in a scope" {
            let mutable w = Tensor.full DType.Float32 [ many ] 0.0 + counting () * 0.0f
            let target = counting () / float32 many

            for _ in 1..200 do
                w <- scope (fun () -> w - 0.25f * grad (fun w -> sum (square (w - target))) w)

            Expect.isLessThan (float ((abs (w - target)).Max())) 1e-5 "converged"
        }
    ]

[<Tests>]
let tests = testList "Recycling" [ claims; recycling; scopes ]
