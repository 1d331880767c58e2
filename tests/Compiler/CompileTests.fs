/// Compiled functions by example: loops, choices, caching, errors, plans.
module Cotangent.Tests.CompileTests

open System.Runtime.CompilerServices
open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Engines
open Cotangent.Tests.Support

let private x = tensor [ 1.0; 2.0; 3.0 ]

let private newton (a: Tensor) = iterate 20 (fun x -> 0.5 * (x + a / x)) a

let private loops =
    testList "loops" [
        test "iterate finds a square root, plain and compiled" {
            close 1e-14 [ sqrt 2.0 ] (newton (tensor 2.0))
            close 1e-14 [ sqrt 2.0 ] (compile newton (tensor 2.0))
        }
        test "what is no tensor may not change in a loop, run in whatever way" {
            let refused (f: unit -> 'a) = throws<TreeException, _> [ "$.Item2"; "1"; "2"; "tensor 0" ] f

            let start = tensor [ 1.0; 2.0 ], 1
            let round (x: Tensor, i: int) = x * float i, i + 1

            for transform in [ id; compile; vmap ] do
                let run loop = fun () -> transform (fun x -> fst (loop (x, 1))) (fst start)
                refused (run (iterate 3 round))
                refused (run (whileLoop (fun (x, _) -> (sum x).Less 100.0) round))

                refused (
                    run (fun first ->
                        fst (scan (fun carry (y: Tensor) -> round carry, y) first (tensor [ 1.0; 2.0 ])))
                )

            let which (x: Tensor) = cond ((sum x).Greater 0.0) (fun x -> x, 1) (fun x -> -x, 2) x |> fst

            equals [ 1.0; 2.0 ] (which (fst start))
            throws<TreeException, _> [ "$.Item2"; "branches"; "1"; "2" ] (fun () -> compile which (fst start))

            // What stays, and functions, which nobody can compare, go round.
            let kept (x: Tensor, name: string, f: Tensor -> Tensor) = f x, name, (fun (x: Tensor) -> x + 1.0)
            let x, name, _ = iterate 2 kept (fst start, "same", fun x -> 2.0 * x)
            equals [ 3.0; 5.0 ] x
            Expect.equal name "same" "kept"
        }
        test "iterate: derivatives through the loop, in both modes and orders" {
            // d√a/da = 1/(2√a), d²√a/da² = -1/(4 a^1.5)
            let slope, bend = 1.0 / (2.0 * sqrt 2.0), -1.0 / (4.0 * 2.0 ** 1.5)
            let two = tensor 2.0

            for f in [ newton; compile newton ] do
                close 1e-12 [ slope ] (grad f two)
                close 1e-12 [ slope ] (diff f two)
                close 1e-12 [ bend ] (grad (grad f) two)
                close 1e-12 [ bend ] (diff (grad f) two)

            close 1e-12 [ slope ] (compile (grad newton) two)
            close 1e-12 [ bend ] (compile (grad (grad newton)) two)
            close 1e-12 [ bend ] (compile (diff (diff newton)) two)
        }
        test "iterate closes over tensors of the function around it, and their gradients arrive" {
            // x ↦ x·w five times: w⁵x; d/dw = 5 w⁴ x
            let f (w: Tensor) = iterate 5 (fun x -> x * w) (tensor 3.0)
            close 1e-12 [ 5.0 * 16.0 * 3.0 ] (grad f (tensor 2.0))
            close 1e-12 [ 5.0 * 16.0 * 3.0 ] (compile (grad f) (tensor 2.0))
            close 1e-12 [ 5.0 * 16.0 * 3.0 ] (grad (compile f) (tensor 2.0))
            close 1e-12 [ 20.0 * 8.0 * 3.0 ] (compile (grad (grad f)) (tensor 2.0))
        }
        test "iteratei tells the round's number, plain, compiled, in batches, and with derivatives" {
            // Horner's rule: x ↦ x t + k for k = 0 … 3 makes of 1 the polynomial t⁴ + t² + 2 t + 3, with slope 4 t³ + 2 t + 2 and bend 12 t² + 2.
            let f (t: Tensor) = iteratei 4 (fun k x -> x * t + k.Convert DType.Float64) (Tensor.onesLike t)
            let value (t: float) = t ** 4.0 + t * t + 2.0 * t + 3.0
            let slope (t: float) = 4.0 * t ** 3.0 + 2.0 * t + 2.0
            let t = tensor 1.5

            for f in [ f; compile f ] do
                close 1e-14 [ value 1.5 ] (f t)
                close 1e-14 [ slope 1.5 ] (grad f t)
                close 1e-14 [ slope 1.5 ] (diff f t)
                close 1e-14 [ 12.0 * 2.25 + 2.0 ] (diff (grad f) t)
                close 1e-14 [ value 1.5; value -0.5 ] (vmap f (tensor [ 1.5; -0.5 ]))

            close 1e-14 [ slope 1.5 ] (compile (grad f) t)
            close 1e-14 [ value 1.5; value -0.5 ] (compile (vmap f) (tensor [ 1.5; -0.5 ]))
            close 1e-14 [ value 1.5; slope 1.5; 14.5 ] (stack 0 (taylor 2 f t))

            // The number itself: Int32, and the rounds are all there.
            let numbers = iteratei 3 (fun k (found: Tensor) -> found * 10 + k) (tensor 7)
            equals 7012 numbers
            equals 7012 (compile (iteratei 3 (fun k found -> found * 10 + k)) (tensor 7))
            equals x (iteratei 0 (fun _ y -> sin y) x)
            equals x (compile (iteratei 0 (fun _ y -> sin y)) x)
            throws<ValueException, _> [ "iteratei"; "-1" ] (fun () -> iteratei -1 (fun _ y -> sin y) x)
            throws<ShapeException, _> [ "iteratei"; "(3,)" ] (fun () -> iteratei 2 (fun _ y -> sum y) x)

            throws<ShapeException, _> [ "iteratei"; "(3,)" ] (fun () ->
                compile (iteratei 2 (fun _ y -> sum y)) x)
        }
        test "iterate of 0 rounds is the identity; of -1 an error" {
            equals x (compile (iterate 0 sin) x)
            throws<ValueException, _> [ "-1" ] (fun () -> iterate -1 sin x)
        }
        test "iterate keeps records, lists and static fields" {
            let step (a: Tensor, b: Tensor list) = a + 1.0, b |> List.map (fun t -> t * 2.0)
            let a, b = compile (iterate 3 step) (tensor 0.0, [ tensor 1.0; x ])
            equals 3.0 a
            equals 8.0 b[0]
            equals [ 8.0; 16.0; 24.0 ] b[1]
        }
        test "a carry that changes places is copied, not mixed up" {
            let swap (a: Tensor, b: Tensor) = b, a
            let a, b = compile (iterate 3 swap) (tensor 1.0, tensor 2.0)
            equals 2.0 a
            equals 1.0 b
            let fibonacci (a: Tensor, b: Tensor) = b, a + b
            equals 55.0 (fst (compile (iterate 10 fibonacci) (tensor 0.0, tensor 1.0)))
        }
        test "one value twice in a carry, and a constant in it" {
            let f (a: Tensor, _: Tensor) =
                let c = a * 2.0
                c, c

            let a, b = compile (iterate 2 f) (tensor 1.0, tensor 5.0)
            equals 4.0 a
            equals 4.0 b
            let g (a: Tensor, b: Tensor) = Tensor.fullLike a 7.0, b + 1.0
            let a, b = compile (iterate 2 g) (tensor 1.0, tensor 5.0)
            equals 7.0 a
            equals 7.0 b
        }
        test "the shape of what goes round must stay" {
            throws<ShapeException, _> [ "iterate"; "(3,)"; "(1, 3)" ] (fun () ->
                compile (iterate 2 (fun (x: Tensor) -> x.Unsqueeze 0)) x)

            throws<ShapeException, _> [ "iterate"; "Float32" ] (fun () ->
                iterate 2 (fun (x: Tensor) -> x.Convert DType.Float32) x)
        }
        test "scan: a running sum and product" {
            let f xs = scan (fun total x -> total + x, total * x) (tensor 0.0) xs

            for run in [ f; compile f ] do
                let last, products = run x
                equals 6.0 last
                equals [ 0.0; 2.0; 9.0 ] products
        }
        test "scan: gradients agree with the sum written out" {
            // loss = Σ tₖ², t₀ = 0, tₖ₊₁ = tₖ w + xₖ
            let loss (w: Tensor, xs: Tensor) =
                let _, ts =
                    scan
                        (fun t x ->
                            let t = t * w + x
                            t, t)
                        (tensor 0.0)
                        xs

                sum (ts * ts)

            let byHand (w: Tensor, xs: Tensor) =
                let t1 = xs[0]
                let t2 = t1 * w + xs[1]
                let t3 = t2 * w + xs[2]
                t1 * t1 + t2 * t2 + t3 * t3

            let at = tensor 0.7, x
            let dw, dx = grad byHand at

            for f in [ grad loss; compile (grad loss); grad (compile loss) ] do
                let w, xs = f at
                close 1e-12 (numbers dw) w
                close 1e-12 (numbers dx) xs

            let hessian f w = grad (fun w -> fst (grad f (w, x))) w
            close 1e-11 (numbers (hessian byHand (tensor 0.7))) (compile (hessian loss) (tensor 0.7))
        }
        test "scan: 20,000 rounds of the way back, plain and compiled, and 100,000 compiled" {
            // t ↦ t/2 + xₖ: the last t is Σ 2⁻⁽ⁿ⁻¹⁻ᵏ⁾ xₖ.
            let last (xs: Tensor) = fst (scan (fun t x -> 0.5 * t + x, ()) (tensor 0.0) xs)

            let check n (gradient: Tensor) =
                let found = numbers gradient
                closeNumbers 1e-15 [ 0.125; 0.25; 0.5; 1.0 ] found[n - 4 ..]
                Expect.equal found[0] (0.5 ** float (n - 1)) "the first"

            let some n = Tensor.ones DType.Float64 [ n ]
            check 20_000 (grad last (some 20_000))
            check 100_000 (compile (grad last) (some 100_000))
            check 100_000 (grad (compile last) (some 100_000))
            let turned (w: Tensor) = iterate 100_000 (fun x -> x * w) (tensor 1.0)
            close 1e-9 [ 100_000.0 ] (compile (grad turned) (tensor 1.0))
            close 1e-9 [ 100_000.0 ] (grad (compile turned) (tensor 1.0))
        }
        test "scan over nothing knows the shapes of its results" {
            let f xs = scan (fun (t: Tensor) (x: Tensor) -> t + x, x * 2.0) (tensor 0.0) xs
            let none = Tensor.zeros DType.Float64 [ 0 ]

            for run in [ f; compile f ] do
                let last, results = run none
                equals 0.0 last
                hasShape [ 0 ] results
        }
        test "scan under vmap, both ways round" {
            let f xs = scan (fun t x -> t + x, t * x) (tensor 0.0) xs
            let batch = stack 0 [ x; 2.0 * x ]
            let last, products = vmap f batch

            for run in [ compile (vmap f); vmap (compile f) ] do
                let last', products' = run batch
                equals last last'
                equals products products'
        }
        test "sequences of different lengths" {
            throws<ShapeException, _> [ "scan"; "$.Item2" ] (fun () ->
                scan
                    (fun (t: Tensor) (a: Tensor, b: Tensor) -> t + a + b, ())
                    (tensor 0.0)
                    (x, tensor [ 1.0 ]))
        }
        test "whileLoop stops by its own numbers, plain, compiled, batched" {
            let double = whileLoop (fun (x: Tensor) -> x.Less 100.0) (fun x -> 2.0 * x)
            equals 128.0 (double (tensor 1.0))
            equals 128.0 (compile double (tensor 1.0))
            equals [ 128.0; 120.0; 500.0 ] (vmap double (tensor [ 1.0; 30.0; 500.0 ]))
            equals [ 128.0; 120.0; 500.0 ] (compile (vmap double) (tensor [ 1.0; 30.0; 500.0 ]))
            let _, slope = jvp (compile double) (tensor 1.0) (tensor 1.0)
            equals 128.0 slope
            equals 128.0 (grad double (tensor 1.0))

            throws<DerivativeException, _> [ "whileLoop"; "scan" ] (fun () ->
                compile (grad double) (tensor 1.0))
        }
        test "boundedWhileLoop has derivatives of every mode, plain, compiled, batched" {
            // aⁿ, n the first with aⁿ >= 1000: a constant next to a, so the derivatives are those of the power.
            let grow (a: Tensor) =
                boundedWhileLoop 500 (fun (y: Tensor) -> y.Less 1000.0) (fun y -> y * a) (tensor 1.0)

            let power (a: float) =
                let n = ceil (log 1000.0 / log a)
                a ** n, n * a ** (n - 1.0), n * (n - 1.0) * a ** (n - 2.0)

            let value, slope, bend = power 1.05
            let other, otherSlope, _ = power 1.3
            let a, both = tensor 1.05, tensor [ 1.05; 1.3 ]
            let near (expected: float) (actual: Tensor) = close 1e-9 [ expected ] actual

            for run in [ grow; compile grow ] do
                near value (run a)
                near slope (grad run a)
                near bend (grad (grad run) a)
                near slope (snd (jvp run a (tensor 1.0)))
                close 1e-9 [ value; other ] (vmap run both)
                close 1e-9 [ slope; otherSlope ] (vmap (grad run) both)

            near slope (compile (grad grow) a)
            near bend (compile (grad (grad grow)) a)
            near bend (compile (fun a -> snd (jvp (grad grow) a (tensor 1.0))) a)
            close 1e-9 [ slope; otherSlope ] (compile (vmap (grad grow)) both)
        }
        test "boundedWhileLoop runs as many rounds as its bound allows, and none when the condition has ended" {
            let count bound =
                boundedWhileLoop bound (fun (n: Tensor) -> n.GreaterEqual 0.0) (fun n -> n + 1.0) (tensor 0.0)

            for bound in [ 0; 1; 2; 7; 8; 9; 63; 64; 65; 200 ] do
                equals (float bound) (count bound)
                equals (float bound) (compile (fun (x: Tensor) -> count bound + x) (tensor 0.0))

            let ended = boundedWhileLoop 10 (fun (x: Tensor) -> x.Less 0.0) (fun x -> x / 0.0)
            equals 3.0 (ended (tensor 3.0))
            equals 1.0 (compile (grad ended) (tensor 3.0))
            throws<ValueException, _> [ "boundedWhileLoop"; "-1" ] (fun () -> count -1)

            throws<ShapeException, _> [ "boundedWhileLoop"; "one Bool" ] (fun () ->
                boundedWhileLoop 3 (fun (x: Tensor) -> x.Less 1.0) id (tensor [ 0.0; 2.0 ]))

            throws<ShapeException, _> [ "boundedWhileLoop"; "must keep its shape" ] (fun () ->
                boundedWhileLoop
                    3
                    (fun (x: Tensor) -> (sum x).Less 1.0)
                    (fun x -> stack 0 [ x; x ])
                    (tensor 0.0))
        }
        test "what boundedWhileLoop keeps for the way back grows with the logarithm of its bound" {
            let memory bound =
                let loss (x: Tensor) =
                    boundedWhileLoop bound (fun (x: Tensor) -> (sum x).Less 1e9) (fun x -> x * 1.01) x |> sum

                float (Compile.memory (grad loss) (Tensor.ones DType.Float64 [ 1000 ])).Peak

            let few, many = memory 64, memory (64 * 64 * 8)
            Expect.isLessThan many (3.0 * few) "512 times as many rounds"
        }
        test "a loop in a loop reaches for the example of a batch around both" {
            let xs = tensor [ [ 1.0; 2.0 ]; [ 3.0; 0.5 ] ]

            let nested inner (x: Tensor) =
                let c = 2.0 * x
                let y = iterate 2 (fun t -> inner c t) x
                iterate 2 (fun t -> t + c) y

            let counted c t = iterate 2 (fun u -> u + c) t

            let searched c (t: Tensor) =
                whileLoop (fun (n: Tensor, _) -> n.Less 2.0) (fun (n, u) -> n + 1, u + c) (tensor 0, t) |> snd

            let chosen (c: Tensor) t = cond ((sum c).Greater 0.0) (fun t -> t + c + c) id t

            // 1 + 2·(2 + 2 + 1·2) of each x.
            for inner in [ counted; searched; chosen ] do
                equals (13.0 * xs) (compile (vmap (nested inner)) xs)
                equals (13.0 * xs) (vmap (compile (nested inner)) xs)
                equals (13.0 * xs) (vmap (nested inner) xs)
        }
        test "whileLoop whose examples part after the first round" {
            // Nothing of the carry is batched before c comes in.
            let rounds (c: Tensor) =
                whileLoop
                    (fun (_, t: Tensor) -> t.Less 5.0)
                    (fun (n, t) -> n + 1, t + c)
                    (tensor 0, tensor 0.0)
                |> fst

            let steps = tensor [ 1.0; 2.0; 0.4 ]
            equals [ 5; 3; 13 ] (vmap rounds steps)
            equals [ 5; 3; 13 ] (compile (vmap rounds) steps)
        }
        test "loops inside loops" {
            let inner (x: Tensor) = iterate 3 (fun x -> x + 1.0) x
            let outer x = iterate 4 (fun x -> inner (x * 2.0)) x
            let expected = Seq.fold (fun x _ -> x * 2.0 + 3.0) 1.0 [ 1..4 ]
            equals expected (outer (tensor 1.0))
            equals expected (compile outer (tensor 1.0))
        }
        test "random numbers inside a compiled loop are those of the plain one" {
            let step (key: Key, total: Tensor) =
                let key, own = Key.split key
                key, total + Random.normal own DType.Float32 [ 5 ]

            let start = Key.create 3L, Tensor.zeros DType.Float32 [ 5 ]
            let _, plain = iterate 7 step start
            let _, compiled = compile (iterate 7 step) start
            close 1e-5 (numbers plain) compiled
            let bits (key: Key) = Random.integers key 0L 1_000_000_000L DType.Int64 [ 100 ]
            equals (bits (Key.create 5L)) (compile bits (Key.create 5L))
        }
    ]

let private choices =
    let f x = cond ((sum x).Greater 0.0) (fun x -> log x) (fun x -> x - 1.0) x

    testList "choices" [
        test "cond takes one branch" {
            for g in [ f; compile f ] do
                equals (log x) (g x)
                equals (-x - 1.0) (g -x)
        }
        test "gradients come from the branch taken" {
            let loss = f >> sum

            for g in [ grad loss; compile (grad loss); grad (compile loss) ] do
                close 1e-15 (numbers (1.0 / x)) (g x)
                close 1e-15 [ 1.0; 1.0; 1.0 ] (g -x)
        }
        test "under vmap each example takes its own" {
            let batch = stack 0 [ x; -x ]
            let expected = stack 0 [ log x; -x - 1.0 ]
            equals expected (vmap f batch)
            equals expected (compile (vmap f) batch)
            equals expected (vmap (compile f) batch)
        }
        test "branches must agree" {
            throws<ShapeException, _> [ "cond"; "(3,)"; "()" ] (fun () ->
                compile (fun x -> cond ((sum x).Greater 0.0) sum id x) x)
        }
        test "a test that is known while compiling may lie within an array" {
            let tests = tensor [ false; true; false ]

            for i, expected in [ 0, -x; 1, x; 2, -x ] do
                equals expected (compile (fun x -> cond tests[i] id (fun x -> -x) x) x)
        }
        test "so may a number" {
            let numbers = tensor [ 2.0; 3.0; 5.0 ]
            let whole = tensor [ 7L; 11L ]
            let wide = whole[1].Expand [ 3 ]
            equals (x * 3.0) (compile (fun x -> x * numbers[1]) x)
            equals (tensor 33L) (compile (fun (_: Tensor) -> sum wide) x)
        }
        test "the test must be one Bool" {
            throws<ShapeException, _> [ "cond"; "Bool" ] (fun () -> cond x id id x)
        }
    ]

let private errors =
    testList "errors" [
        test "what goes wrong while code is got ready on another core does not end the process" {
            use over = new System.Threading.ManualResetEventSlim()

            // What nobody catches ends the process before any `finally` runs.
            Workers.ahead (fun () ->
                try
                    failwith "on another core"
                finally
                    over.Set())

            over.Wait()
        }
        test "numbers can't be read while tracing" {
            throws<TraceException, _> [ "cond"; "whileLoop" ] (fun () ->
                compile (fun (x: Tensor) -> if float (sum x) > 0.0 then x else -x) x)
        }
        test "what is printed while tracing says why there are no numbers" {
            let mutable text = ""

            compile
                (fun (x: Tensor) ->
                    text <- string x
                    x)
                x
            |> ignore

            Expect.stringContains text "traced by compile: Float64 (3,)" text
            Expect.stringContains text "return" text
        }
        test "shapes can't depend on data" {
            throws<TraceException, _> [ "where" ] (fun () -> compile (fun (x: Tensor) -> x[x.Greater 1.0]) x)
        }
        test "a traced value that got away is caught" {
            let mutable leaked = x

            compile
                (fun x ->
                    leaked <- x * 2.0
                    x)
                x
            |> ignore

            throws<TraceException, _> [ "compile" ] (fun () -> leaked + 1.0)
        }
        test "a curried function, and one that returns no tensors" {
            throws<TreeException, _> [ "compile: the result's type"; "one tuple" ] (fun () ->
                compile (fun (a: Tensor) (b: Tensor) -> a + b) x)

            throws<TreeException, _> [ "compile: the result's type Unit" ] (fun () ->
                compile (fun (_: Tensor) -> ()) x)
        }
        test "checks of numbers and keys look into compiled functions" {
            let bad = compile (fun (x: Tensor) -> log (x - 1.0))
            throws<NumberException, _> [ "log" ] (fun () -> Debug.checkNumbers (fun () -> bad x))
            equals [ -infinity; 0.0; log 2.0 ] (bad x)

            let twice =
                compile (fun (key: Key) ->
                    Random.normal key DType.Float32 [ 2 ] + Random.normal key DType.Float32 [ 2 ])

            throws<KeyException, _> [ "normal" ] (fun () -> Debug.checkKeys (fun () -> twice (Key.create 1L)))
        }
        test "a loop whose rounds can't all be kept says what to do" {
            throws<MemoryException, _> [ "iterate"; "100000 rounds"; "checkpoint" ] (fun () ->
                compile (grad (fun (x: Tensor) -> sum (iterate 100_000 sin (x.Expand [ 30_000; 3 ])))) x)
        }
        test "an error inside leaves nothing behind" {
            throws<ShapeException, _> [] (fun () -> compile (fun (x: Tensor) -> x.Reshape [ 7 ]) x)
            equals [ 2.0; 3.0; 4.0 ] (x + 1.0)
        }
    ]

type private Settings = { Start: Tensor; Rate: float; Tag: string }

type private Choice =
    | Relu of Tensor
    | Tanh of Tensor

/// Where the types say that there may be none.
type private Either = { Left: Tensor | null; Right: Tensor | null }

let private caching =
    testList "signatures" [
        test "one compilation for each signature, and the reason told" {
            let mutable traced = 0

            let c =
                Compiled<Tensor * int, Tensor>(
                    "compile"
                    , fun (x, n) ->
                        traced <- traced + 1
                        x * float n
                    , fun _ -> 0
                )

            equals [ 2.0; 4.0; 6.0 ] (c.Invoke(x, 2))
            equals [ 4.0; 8.0; 12.0 ] (c.Invoke(2.0 * x, 2))
            Expect.equal traced 1 "equal signatures share a program"
            equals [ 3.0; 6.0; 9.0 ] (c.Invoke(x, 3))
            Expect.equal traced 2 "a static field changed"
            Expect.stringContains c.Reason "`$.Item2` holds 3, it held 2" "the field"
            equals 6.0 (c.Invoke(tensor 2.0, 3))
            Expect.equal traced 3 "a shape changed"
            Expect.stringContains c.Reason "(3,)" "the shapes"
            c.Invoke(x, 2) |> ignore
            Expect.equal traced 3 "both are still known"
        }
        test "the reason names the place of a static item" {
            let reason (before: 'p) (after: 'p) =
                let c = Compiled<'p, Tensor>("compile", (fun _ -> x), (fun _ -> 0))
                c.Invoke before |> ignore
                c.Invoke after |> ignore
                c.Reason

            let same text before after = Expect.equal (reason before after) text text

            same
                "`$.Item2.Rate` holds 0.5, it held 0.1"
                (x, { Start = x; Rate = 0.1; Tag = "a" })
                (x, { Start = x; Rate = 0.5; Tag = "a" })

            same "`$.Item1[1].Item1` holds 3, it held 2" ([ 1, x; 2, x ], 0) ([ 1, x; 3, x ], 0)
            same "`$` holds 2, it held 1" 1 2
            same "`$.Keys[1]` holds \"c\", it held \"b\"" (Map [ "a", x; "b", x ]) (Map [ "a", x; "c", x ])
            same "`$` holds Tanh, it held Relu" (Relu x) (Tanh x)

            same
                "`$.Value.Item1` holds nothing, it held \"a\""
                (Some(("a": string | null), x))
                (Some(null, x))

            same "`$.Item2` holds [1; 2], it held [1]" (x, [ 1 ]) (x, [ 1; 2 ])
            same "the argument has 2 tensors, it had 1" [ x ] [ x; x ]
        }
        test "it matters which of two fields is absent" {
            let f = compile (fun (p: Either) -> if isNull (box p.Left) then 10.0 * x else x)
            equals x (f { Left = x; Right = null })
            equals (10.0 * x) (f { Left = null; Right = x })
        }
        test "several threads at once compile once for each signature" {
            let c = Compiled<Tensor * int, Tensor>("compile", (fun (x, n) -> x * float n), (fun _ -> 0))

            let sizes = [ 1..20 ]

            for wrong in
                Array.Parallel.init 400 (fun i ->
                    let n = sizes[i * 7 % sizes.Length]
                    let y = c.Invoke(x + float i, n)
                    y <> (x + float i) * float n) do
                Expect.isFalse wrong "a result"

            Expect.equal c.Count sizes.Length "compilations"
        }
        test "those used last are kept" {
            let times (x: Tensor, n: int) = x * float n
            let struct (one, _) = Compiled<Tensor * int, Tensor>("compile", times, (fun _ -> 0)).For(x, 1)
            let c = Compiled<Tensor * int, Tensor>("compile", times, (fun _ -> 0), 64L * one.Operation.Bytes)
            let call n = c.Invoke(x, n) |> ignore
            List.iter call [ 1..64 ]
            call 1
            call 65
            Expect.equal c.Count 65 "all different"
            call 1
            Expect.equal c.Count 65 "used since"
            call 2
            Expect.equal c.Count 66 "the one used least lately is gone"
        }
        test "hundreds of small programs in turn are compiled once each" {
            let c = Compiled<Tensor * int, Tensor>("compile", (fun (x, n) -> x * float n), (fun _ -> 0))

            for _ in 1..3 do
                for n in 1..200 do
                    equals (x * float n) (c.Invoke(x, n))

            Expect.equal c.Count 200 "compilations"
        }
        test "of programs that take more than they may the last one stays" {
            let c = Compiled<Tensor * int, Tensor>("compile", (fun (x, n) -> x * float n), (fun _ -> 0), 0L)

            for n in [ 1; 1; 1; 2; 2; 1 ] do
                equals (x * float n) (c.Invoke(x, n))

            Expect.equal c.Count 3 "compilations"
            throws<ValueException, _> [ "Compile.keep"; "-1 bytes" ] (fun () -> Compile.keep -1L)
        }
        test "larger graphs count for more" {
            let bytes f =
                (let struct (c, _) = Compiled<Tensor, Tensor>("compile", f, (fun _ -> 0)).For x in
                 c.Operation.Bytes)

            let rounds n = bytes (fun x -> Seq.fold (fun (x: Tensor) _ -> sin x) x [ 1..n ])
            Expect.isGreaterThan (rounds 200) (3L * rounds 10) "bytes"

            Expect.isGreaterThan
                (bytes (iterate 3 (fun x -> Seq.fold (fun (x: Tensor) _ -> sin x) x [ 1..200 ])))
                (3L * rounds 10)
                "of a loop"
        }
        test "a large argument that repeats few numbers is not written out" {
            // 1.2 GB, if it were.
            let x = (tensor [ 1.0f; 2.0f; 3.0f ]).Reshape([ 3; 1 ]).Expand [ 3; 100_000_000 ]
            let total (x: Tensor) = sum x[*, ..9] + x[2, 99_999_999]
            let f = compile total
            let before = System.GC.GetAllocatedBytesForCurrentThread()
            equals 63.0f (f x)
            let half = (tensor 0.5f).Expand [ 3; 100_000_000 ]
            equals 78.5f (compile (fun (x, y) -> total (x + y)) (x, half))

            Expect.isLessThan
                (System.GC.GetAllocatedBytesForCurrentThread() - before)
                100_000_000L
                "bytes allocated"

            let m = Compile.memory total x
            Expect.equal m.Arguments 12L "bytes of arguments"
            Expect.isLessThan m.Between 100_000L "bytes between"
            // As it was before; and another of the same shape.
            equals 63.0f (f x)
            let other = (tensor [ 1.0f ]).Expand [ 3; 100_000_000 ]
            equals 31.0f (f other)
        }
        test "a small one is copied, one of some megabytes as long as that costs less than a program for it" {
            let programs (x: Tensor) =
                let c = Compiled<Tensor, Tensor>("compile", (fun x -> sum (x * 2.0f)), (fun _ -> 0))
                let struct (found, _) = c.For x
                let before = found.Operation.Bytes

                fun calls ->
                    for _ in 1..calls do
                        equals (float32 x.Size) (c.Invoke x)

                    found.Operation.Bytes / before

            let of' size = (tensor 0.5f).Expand [ size ]
            let few, some, many = programs (of' 250_000), programs (of' 1_000_000), programs (of' 5_000_000)
            Expect.equal (few 100) 1L "1 MB: one program"
            Expect.equal (some 3) 1L "4 MB, three calls: one program"
            Expect.equal (some 20) 2L "4 MB, more calls: another"
            Expect.equal (many 1) 2L "20 MB: another at once"
        }
        test "what arguments take that lie in memory in another way" {
            let total (x: Tensor) = sum (x * 2.0f)
            let m = Compile.memory total ((tensor 0.5f).Expand [ 1_000_000 ])
            Expect.equal m.Arguments 4L "what is there once"
            Expect.isGreaterThanOrEqual m.Between 4_000_000L "a copy"
            let x = (Tensor.arange DType.Float32 600).Reshape [ 30; 20 ]
            let turned = Compile.memory total x.T
            Expect.equal turned.Arguments 2400L "as many numbers"
            Expect.isGreaterThanOrEqual turned.Between 2400L "a copy in another order"
        }
        test "gradients and results by way of such an argument" {
            let x = (tensor [ 0.5 ]).Expand [ 3_000_000 ]
            let slope = grad (compile (fun (x: Tensor) -> sum (x * x))) x
            equals [ 1.0; 1.0 ] (slope[2_999_998..])
            let same, twice = compile (fun (x: Tensor) -> x, x * 2.0) x
            equals 0.5 (same[7])
            equals 1.0 (twice[2_999_999])
            let given = compileDonating (fun (x: Tensor, y: Tensor) -> x + y) (x, x)
            equals 1.0 (given[2_999_999])
        }
        test "a constant outlives the scope in which the function was compiled" {
            let ones = Tensor.ones DType.Float32 [ 50_000 ]
            // A constant of the graph, and one that the program computes once.
            let withCount (constant: Tensor) (x: Tensor) =
                x + constant + ((Tensor.arange DType.Int64 50_000).CumulativeSum 0).Convert DType.Float32

            let mutable f = id

            scope (fun () ->
                let constant = ones.CumulativeSum 0
                f <- compile (withCount constant)
                f ones |> ignore
                tensor 0.0)
            |> ignore

            // Would take the arrays, if they had gone back to their pool.
            let others =
                List.init 3 (fun _ -> ones.CumulativeSum 0 * 7.0, (ones.Convert DType.Int64).CumulativeSum 0)

            equals (withCount (ones.CumulativeSum 0) ones) (f ones)
            System.GC.KeepAlive others
        }
        test "a NaN is the same as the one before" {
            let c = Compiled<Tensor * float, Tensor>("compile", (fun (x, _) -> x), (fun _ -> 0))
            c.Invoke(x, nan) |> ignore
            c.Invoke(x, nan) |> ignore
            Expect.equal c.Count 1 "compilations"
        }
        test "a static array that changes in place is another signature" {
            let c = Compiled<Tensor * int[], Tensor>("compile", (fun (x, n) -> x * n[0]), (fun _ -> 0))
            let n = [| 2 |]
            equals [ 2.0; 4.0; 6.0 ] (c.Invoke(x, n))
            n[0] <- 3
            equals [ 3.0; 6.0; 9.0 ] (c.Invoke(x, n))
        }
        test "the reason, where a function closes over what is being differentiated" {
            let mutable w = x
            let c = Compiled<Tensor, Tensor>("compile", (fun x -> x * w), (fun _ -> 0))

            let f v =
                w <- v
                sum (c.Invoke x)

            for _ in 1..2 do
                grad f x |> ignore

            Expect.stringContains c.Explanation "closes over" "the reason"
        }
        test "a lambda compiled in each round of a loop is worth a warning" {
            let warnings = ResizeArray<string>()

            let listener = {
                new System.Diagnostics.TraceListener() with
                    override _.Write(text: string | null) = ()

                    override _.WriteLine(text: string | null) =
                        lock warnings (fun () -> warnings.Add(string text))
            }

            System.Diagnostics.Trace.Listeners.Add listener |> ignore

            try
                for _ in 1..9 do
                    compile (fun aLambdaInALoop -> aLambdaInALoop + 1.0) x |> ignore
            finally
                System.Diagnostics.Trace.Listeners.Remove listener

            let given = warnings |> Seq.filter _.Contains("given to `compile` 8 times") |> Seq.length
            Expect.isGreaterThanOrEqual given 1 "a warning"
        }
        test "a warning reaches standard error once for each place" {
            let place, other = obj (), obj ()
            let text = System.Guid.NewGuid().ToString()
            let before = System.Console.Error
            use errors = new System.IO.StringWriter()
            // Other tests may write there, too.
            System.Console.SetError(System.IO.TextWriter.Synchronized errors)

            try
                for p in [ place; place; other; place ] do
                    Warnings.warn p "kind" text

                Warnings.warn place "another kind" text
            finally
                System.Console.SetError before

            Expect.equal (errors.ToString().Split(text).Length - 1) 3 "lines"
        }
        test "a function may close over a tensor that is being differentiated" {
            let f (w: Tensor) = sum (compile (fun x -> x * w) x)
            close 1e-15 [ 6.0 ] (grad f (tensor 2.0))
            close 1e-15 [ 6.0 ] (grad f (tensor 3.0))
        }
        test "parts done on several threads, while tracing and on a tape" {
            let part (x: Tensor) = Seq.fold (fun x _ -> sin x * 1.5) x [ 1..30 ]
            let loss map (xs: Tensor[]) = map part xs |> Array.map sum |> Array.reduce (+)
            let xs = Array.init 64 (fun i -> x * float i)
            let expected = grad (loss Array.map) xs

            for _ in 1..10 do
                let apart = loss Array.Parallel.map

                for gradient in [ grad apart xs; compile (grad apart) xs ] do
                    Array.iter2 (fun e g -> close 1e-9 (numbers e) g) expected gradient
        }
        test "compile in compile is one program" {
            let inner = compile (fun (x: Tensor) -> sin x)
            close 1e-15 (numbers (cos (sin x) * cos x)) (compile (grad (fun x -> sum (sin (inner x)))) x)
        }
        test "arguments may be returned, and may be the same" {
            let a, b, c = compile (fun (x: Tensor) -> x, x, x.Unsqueeze 0) x
            equals x a
            equals x b
            equals (x.Unsqueeze 0) c
        }
        test "stopGradient holds in compiled functions" {
            let f x = sum (stopGradient x * x)
            close 1e-15 (numbers x) (grad (compile f) x)
            close 1e-15 (numbers x) (compile (grad f) x)
        }
        test "withDerivative holds in compiled functions, and in loops" {
            let doubled = withDerivative (Derivative.Pull(fun _ c -> 2.0 * c)) (fun (x: Tensor) -> x)
            let f x = sum (doubled x)
            close 1e-15 [ 2.0; 2.0; 2.0 ] (compile (grad f) x)
            close 1e-15 [ 2.0; 2.0; 2.0 ] (grad (compile f) x)
            let g x = sum (iterate 3 doubled x)
            close 1e-15 [ 8.0; 8.0; 8.0 ] (compile (grad g) x)
            close 1e-15 [ 8.0; 8.0; 8.0 ] (grad (compile g) x)
        }
    ]

/// The array of a tensor, known without being held.
let private arrayOf (t: Tensor) = System.WeakReference t.Host.Data

/// A compiled function with a constant, called once: the arrays of the constant, of its argument and of its result.
[<MethodImpl(MethodImplOptions.NoInlining)>]
let private calledOnce () =
    let x, constant = Tensor.linspace DType.Float32 0.0 1.0 100, Tensor.linspace DType.Float32 0.0 2.0 100
    let f = compile (fun x -> x + constant)
    f, arrayOf constant, [ arrayOf x; arrayOf (f x) ]

let private memory =
    let isThere (array: System.WeakReference) =
        // Workspaces let go of constants when they are finalised.
        for _ in 1..2 do
            System.GC.Collect()
            System.GC.WaitForPendingFinalizers()

        System.GC.Collect()
        array.IsAlive

    testSequenced (
        testList "memory" [
            test "between calls arguments and results are not held" {
                let f, constant, others = calledOnce ()
                Expect.isFalse (List.exists isThere others) "argument and result"
                Expect.isTrue (isThere constant) "the constant"
                System.GC.KeepAlive f
            }
            test "a function that is gone holds nothing" {
                let constant =
                    let _, constant, _ = calledOnce ()
                    constant

                Expect.isFalse (isThere constant) "the constant"
            }
        ]
    )

let private plans =
    let deep (step: Tensor -> Tensor) (x: Tensor) = Seq.fold (fun x _ -> step x) x [ 1..20 ] |> sum

    let layer (x: Tensor) = tanh (matmul x (Tensor.eye DType.Float32 64) + 0.01)
    // Several layers in one checkpoint keep only what comes in.
    let block x = Seq.fold (fun x _ -> layer x) x [ 1..5 ]
    let blocks (step: Tensor -> Tensor) (x: Tensor) = Seq.fold (fun x _ -> step x) x [ 1..4 ] |> sum

    let bytes f (x: Tensor) = (Compile.memory f x).Between

    let big = Tensor.full DType.Float32 [ 64; 64 ] 0.1

    testList "plans" [
        test "a chain of steps shares memory" {
            let few = bytes (fun x -> Seq.fold (fun x _ -> layer x) x [ 1..2 ] |> sum) big
            let many = bytes (deep layer) big
            Expect.isLessThanOrEqual many (few * 2L) "memory for 20 layers against 2"
        }
        test "checkpoint keeps less, and changes nothing" {
            let plain = grad (blocks block)
            let kept = grad (blocks (checkpoint block))
            let expected = plain big
            close 1e-5 (numbers expected) (kept big)
            close 1e-5 (numbers expected) (compile kept big)

            Expect.isLessThan
                (bytes kept big)
                (bytes plain big * 3L / 4L)
                "bytes with checkpoints against without"
        }
        test "elementwise work is one nest" {
            let f (a: Tensor, x: Tensor) = tanh (a * x + 1.0) * exp (-(x * x)) + a
            let text = Compile.program f (tensor 2.0f, Tensor.linspace DType.Float32 0.0 1.0 1000)
            let nests = text.Split('\n') |> Array.filter (fun line -> line.StartsWith "nest")
            Expect.equal nests.Length 1 text
        }
        test "a layer with its activation is one nest" {
            let f (x: Tensor, w: Tensor, b: Tensor) = relu (matmul x w + b)
            let m = Tensor.full DType.Float32 [ 16; 16 ] 0.1
            let text = Compile.program f (m, m, Tensor.ones DType.Float32 [ 16 ])
            let nests = text.Split('\n') |> Array.filter (fun line -> line.StartsWith "nest")
            Expect.equal nests.Length 1 text
        }
    ]

let private warmUp = test "the training that warms up takes its two steps" {
    // Of length 0.01 each: whatever it throws is swallowed where it runs on its own.
    let moved = (WarmUp.train ()).Norm() |> float
    Expect.isGreaterThan moved 0.01 "more than one step"
    Expect.isLessThan moved 0.0201 "not more than two"
}

[<Tests>]
let tests = testList "compile" [ loops; choices; errors; caching; memory; plans; warmUp ]
