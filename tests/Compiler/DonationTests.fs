/// Arguments given away to compiled functions: what is written where, what stays as it was, and what is refused.
module Cotangent.Tests.DonationTests

open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Support

let private arrayOf (t: Tensor) =
    match t with
    | Value(:? HostBuffer as b) -> b.Data
    | Value _
    | Traced _ -> failtest "a tensor in main memory"

let private isSameArray (a: System.Array) (t: Tensor) = obj.ReferenceEquals(a, arrayOf t)

let private fresh () = Tensor.ofArray [ 4 ] [| 1.0; 2.0; 3.0; 4.0 |]
let private step (x: Tensor, rate: Tensor) = x - rate * x

let private refusals =
    testList "refusals" [
        test "whatever looks at a tensor that was given away says so" {
            let f = compileDonating step
            let x = Tensor.ofArray [ 40; 50 ] (Array.init 2000 float)
            let before = x.Flatten()
            f (x, tensor 0.5) |> ignore
            let y = fresh ()

            let looks: (string * (unit -> Tensor)) list = [
                "itself", (fun () -> x + 1.0)
                "a slice", (fun () -> x[0] + 1.0)
                "an element", (fun () -> x[0, 0] + 1.0)
                "a transpose", (fun () -> x.Transpose() + 1.0)
                "a reshape", (fun () -> x.Reshape [ 2000 ] + 1.0)
                "a conversion", (fun () -> x.Convert DType.Float32)
                "a closure", (fun () -> compile (fun y -> y + x[0, 0]) y)
                "a closure that shows it whole", (fun () -> compile (fun (y: Tensor) -> sum y + x) y)
                "a gradient's closure", (fun () -> grad (fun (y: Tensor) -> sum (y * x[0, 0])) y)
                "an argument", (fun () -> compile sum (x.Flatten()))
            ]

            for how, look in looks do
                Checks.raises<DonationException, _> "`compileDonating`" look how

            equals 1999.0 before[-1]
        }
    ]

let private places =
    testList "places" [
        test "an update is made in place" {
            let f = compileDonating step
            let x = fresh ()
            let home = arrayOf x
            let y = f (x, tensor 0.5)
            Expect.isTrue (isSameArray home y) "the array of the argument"
            equals [ 0.5; 1.0; 1.5; 2.0 ] y
            let z = f (y, tensor 0.5)
            Expect.isTrue (isSameArray home z) "again"
            equals [ 0.25; 0.5; 0.75; 1.0 ] z
        }
        test "without donation it is not" {
            let x = fresh ()
            Expect.isFalse (isSameArray (arrayOf x) (compile step (x, tensor 0.5))) "another array"
            equals [ 1.0; 2.0; 3.0; 4.0 ] x
        }
        test "parameters and state of an optimiser, all of them" {
            let optimizer = Optimizer.adam 0.1
            let loss (w: Tensor) = sum (square (w - 3.0))

            let train (w, state) =
                let next, state = Optimizer.step optimizer (grad loss w) state w
                next, state

            let f = compileDonating (fun (model, ()) -> train model)
            let start () = fresh (), optimizer.Init(fresh ())
            let mutable plain = start ()
            // A first step makes arrays of what the state shows as one number repeated.
            let mutable donated = f (start (), ())
            plain <- train plain
            let homes = Tree.leaves donated |> Array.map arrayOf

            for _ in 1..5 do
                plain <- train plain
                donated <- f (donated, ())

            Array.iter2
                (fun (a: Tensor) b -> close 1e-12 (numbers a) b)
                (Tree.leaves plain)
                (Tree.leaves donated)

            for t in Tree.leaves donated do
                if t.Size > 1 then
                    Expect.isTrue (homes |> Array.exists (fun home -> isSameArray home t)) "one of the arrays"

            let memory = Compile.memory f (donated, ())
            Expect.equal memory.InPlace memory.Arguments "bytes in place: all"
            Expect.equal memory.Results 0L "bytes made anew"
        }
        test "an argument that is read after a result is there keeps its memory" {
            let f =
                compileDonating (fun (x: Tensor, ()) ->
                    let y = matmul x x
                    y, matmul y x)

            let x = Tensor.ofArray [ 100; 100 ] (Array.init 10000 (fun i -> float (i % 7) / 100.0))
            let first, second = numbers (matmul x x), numbers (matmul (matmul x x) x)
            let y, z = f (x, ())
            close 1e-12 first y
            close 1e-12 second z
        }
        test "a transposed update is not made in place element by element" {
            let f = compileDonating (fun (x: Tensor, ()) -> x.T + 1.0)
            let data = Array.init 64 float
            let y = f (Tensor.ofArray [ 8; 8 ] data, ())
            equals ((Tensor.ofArray [ 8; 8 ] data).T + 1.0) y
        }
        test "a swap of two arguments, and a rotation" {
            let f = compileDonating (fun ((a: Tensor, b: Tensor), ()) -> b * 2.0, a * 3.0)
            let a, b = f ((fresh (), 10.0 * fresh ()), ())
            equals [ 20.0; 40.0; 60.0; 80.0 ] a
            equals [ 3.0; 6.0; 9.0; 12.0 ] b
        }
        test "loops in place" {
            let f = compileDonating (fun (x: Tensor, n: Tensor) -> iterate 10 (fun x -> x * n) x)
            let x = fresh ()
            let home = arrayOf x
            let y = f (x, tensor 2.0)
            equals [ 1024.0; 2048.0; 3072.0; 4096.0 ] y
            Expect.isTrue (isSameArray home y) "the array of the argument"
        }
        test "random programs, against the same without donation" {
            for seed in 1..80 do
                let run, inputs = CompileLawTests.program (Dice.Dice seed) DType.Float64
                let expected = compile run inputs
                let mine = inputs |> Array.map (fun t -> Tensor.ofArray (List.ofArray t.Shape) (numbers t))
                let actual = compileDonating (fun (xs, ()) -> run xs) (mine, ())

                for i in 0 .. expected.Length - 1 do
                    close 1e-13 (numbers expected[i]) actual[i]
        }
    ]

let private kept =
    testList "what stays" [
        test "a view made before keeps its numbers" {
            let x = fresh ()
            let view = x.Reshape [ 2; 2 ]
            equals [ 0.5; 1.0; 1.5; 2.0 ] (compileDonating step (x, tensor 0.5))
            equals [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ] view
        }
        test "the tensor that a donated view shows" {
            let x = fresh ()
            equals [ [ 0.5; 1.0 ]; [ 1.5; 2.0 ] ] (compileDonating step (x.Reshape [ 2; 2 ], tensor 0.5))
            equals [ 1.0; 2.0; 3.0; 4.0 ] x
        }
        test "a tensor passed twice" {
            let f = compileDonating (fun ((a: Tensor, b: Tensor), ()) -> a + 1.0, a + b)
            let x = fresh ()
            let a, b = f ((x, x), ())
            equals [ 2.0; 3.0; 4.0; 5.0 ] a
            equals [ 2.0; 4.0; 6.0; 8.0 ] b
        }
        test "a constant of another compiled function" {
            let x = fresh ()
            let g = compile (fun (y: Tensor) -> x + y)
            equals [ 2.0; 3.0; 4.0; 5.0 ] (g (tensor 1.0))
            compileDonating step (x, tensor 0.5) |> ignore
            equals [ 2.0; 3.0; 4.0; 5.0 ] (g (tensor 1.0))
        }
        test "one number seen everywhere" {
            let x = Tensor.ones DType.Float64 [ 4 ]
            let ones = Tensor.ones DType.Float64 [ 4 ]
            equals [ 0.5; 0.5; 0.5; 0.5 ] (compileDonating step (x, tensor 0.5))
            equals [ 1.0; 1.0; 1.0; 1.0 ] ones
        }
        test "one number seen a hundred million times is not written out" {
            let one = tensor [ 1.0f ]
            let x = one.Expand [ 3; 100_000_000 ]
            let f = compileDonating (fun (x: Tensor, y: Tensor) -> x[0, ..0] + y, sum x[2, ..9])
            let before = System.GC.GetAllocatedBytesForCurrentThread()
            let memory = Compile.memory f (x, tensor [ 2.0f ])
            let first, total = f (x, tensor [ 2.0f ])
            equals [ 3.0f ] first
            equals 10.0f total

            Expect.isLessThan
                (System.GC.GetAllocatedBytesForCurrentThread() - before)
                100_000_000L
                "bytes allocated"

            Expect.equal memory.Arguments 8L "bytes of arguments"
            // A result as large as what is there once does not lie in it.
            equals [ 1.0f ] one
            throws<DonationException, _> [ "Float32 (3, 100000000)" ] (fun () -> x + 1.0f)
        }
        test "a result lies in the copy of what repeats" {
            let one = tensor 1.0f
            let f = compileDonating (fun (x: Tensor, y: Tensor) -> x + y)
            let mutable x = one.Expand [ 5_000_000 ]
            let memory = Compile.memory f (x, tensor 0.5f)
            Expect.equal (memory.InPlace, memory.Results) (20_000_000L, 0L) "in place"
            Expect.equal memory.Peak 20_000_008L "all: the copy and two numbers"

            for _ in 1..3 do
                x <- f (x, tensor 0.5f)

            equals 2.5f (x[4_999_999])
            equals 1.0f one
        }
        test "arguments that are returned, once and twice" {
            let f = compileDonating (fun (x: Tensor, ()) -> x, x, x + 1.0)
            let a, b, c = f (fresh (), ())
            equals (fresh ()) a
            equals (fresh ()) b
            equals (fresh () + 1.0) c
            // Neither may now be overwritten, since the other shows the same memory.
            equals (fresh () * 0.5) (compileDonating step (a, tensor 0.5))
            equals (fresh ()) b
        }
        test "two equal results, one of which is given away" {
            let a, b = compile (fun (x: Tensor) -> x + 1.0, x + 1.0) (fresh ())
            equals ((fresh () + 1.0) * 0.5) (compileDonating step (a, tensor 0.5))
            equals (fresh () + 1.0) b
            let a, b = compile (fun (x: Tensor) -> (let y = x + 1.0 in y, y.Reshape [ 2; 2 ])) (fresh ())
            equals ((fresh () + 1.0) * 0.5) (compileDonating step (a, tensor 0.5))
            equals [ [ 2.0; 3.0 ]; [ 4.0; 5.0 ] ] b
        }
        test "under other transformations nothing is given away" {
            let f = compileDonating (fun (x: Tensor, ()) -> sum (x * x))
            let x = fresh ()
            equals [ 2.0; 4.0; 6.0; 8.0 ] (grad (fun x -> f (x, ())) x)
            equals (2.0 * x) (compile (fun x -> grad (fun x -> f (x, ())) x) x)
            equals [ 1.0; 4.0; 9.0; 16.0 ] (vmap (fun x -> f (x, ())) x)
            equals [ 1.0; 2.0; 3.0; 4.0 ] x
        }
        test "scopes and pooled arrays" {
            let n = 100_000
            let f = compileDonating (fun (x: Tensor, ()) -> x + 1.0)
            let mutable x = Tensor.zeros DType.Float64 [ n ] + 0.0

            for _ in 1..20 do
                x <- scope (fun () -> f (x * 1.0, ()))

            Expect.all (numbers x) ((=) 20.0) "all 20"
        }
    ]

let private refused =
    testList "refused" [
        test "a tensor that was given away, with the function's name and a way out" {
            let halve (x: Tensor, ()) = x * 0.5
            let f = compileDonating halve
            let x = fresh ()
            f (x, ()) |> ignore

            for use' in
                [
                    fun () -> ignore (x + 1.0)
                    fun () -> ignore (x.ToString())
                    fun () -> ignore (f (x, ()))
                    fun () -> ignore (compile id x + 0.0)
                    fun () -> ignore (x.ToData<float[]>())
                ] do
                throws<DonationException, _> [ "Float64 (4,)"; "`compileDonating`"; "Go on with" ] use'
        }
        test "the pull of a tape that needs it" {
            let w = fresh ()
            let _, pull = vjp (fun (x: Tensor) -> sum (x * w)) (fresh ())
            compileDonating step (w, tensor 0.5) |> ignore
            throws<DonationException, _> [] (fun () -> pull (tensor 1.0))
        }
        test "an error before the call has begun takes nothing away" {
            let f = compileDonating (fun (x: Tensor, ()) -> x.Reshape [ 7 ])
            let x = fresh ()
            throws<ShapeException, _> [] (fun () -> f (x, ()))
            equals [ 1.0; 2.0; 3.0; 4.0 ] x
        }
        test "what is not given away can be used" {
            let rate = tensor 0.5
            compileDonating step (fresh (), rate) |> ignore
            equals 0.5 rate
        }
    ]

[<Tests>]
let tests = testList "donation" [ refusals; places; kept; refused ]
