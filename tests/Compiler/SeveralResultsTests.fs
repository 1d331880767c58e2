/// Primitives of several results on their way through the compiler: graphs, loops, derivatives and memory.
module Cotangent.Tests.SeveralResultsTests

open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Support

let private graphOf (shapes: int[] list) (f: Tensor[] -> Tensor[]) : Graph =
    let like = [| for s in shapes -> ({ DType = DType.Float64; Shape = s }: Signature), Device.Cpu |]
    let g = Passes.complete Watch.ofEnvironment.Value Cpu.target (Stage.closed "compile" f like)
    Verify.graph g
    g

let private programOf (g: Graph) = Build.program Watch.ofEnvironment.Value Cpu.backend "compile" 0 g

let rec private count (name: string) (g: Graph) : int =
    g.Nodes
    |> Array.sumBy (fun node ->
        match node.Operation with
        | Operation.Primitive p -> if string p = name then 1 else 0
        | Operation.Control c -> Graph.bodies c |> List.sumBy (fun (_, body) -> count name body)
        | Operation.Input _
        | Operation.Constant _
        | Operation.Item _ -> 0)

let private outermost (name: string) (g: Graph) : int =
    g.Nodes
    |> Array.filter (fun node ->
        match node.Operation with
        | Operation.Primitive p -> string p = name
        | _ -> false)
    |> Array.length

let private x = tensor [ [ 3.0; 1.0; 2.0 ]; [ 0.5; 0.25; 4.0 ] ]
let private weights = tensor [ [ 1.0; -2.0; 4.0 ]; [ 0.5; 8.0; -1.0 ] ]

/// Both results of a sort: the weights go where the elements were.
let private loss (x: Tensor) = sum (x.Sort() * weights.Gather(x.ArgSort(), 1) * x)

let private same (expected: Tensor) (actual: Tensor) = close 1e-12 (numbers expected) actual

[<Tests>]
let tests =
    testList "several results" [
        test "equal primitives are one, whichever result is read" {
            let g = graphOf [ [| 4; 3 |] ] (fun xs -> [| xs[0].Sort(); xs[0].ArgSort(); xs[0].Sort() + 1.0 |])
            Expect.equal (count "sort" g) 1 "sorts"
        }
        test "the graph's text and drawing show them" {
            let g = graphOf [ [| 4 |] ] (fun xs -> [| xs[0].Sort(); xs[0].ArgSort() |])
            let text = Graph.print "" g |> String.concat "\n"
            Expect.stringContains text "%1 = sort axis=0 descending=False %0" "a node without a value"
            Expect.stringContains text "Int32 (4,) = item 1 of %1" "its positions"
        }
        test "compiled, they are what they are" {
            let f (x: Tensor) = x.Sort(), x.ArgSort(), fst (x.TopK 2)
            let a, b, c = compile f x
            let a', b', c' = f x
            Expect.equal (a, b, c) (a', b', c') "sorted, positions, largest"
        }
        test "a result that nobody reads is not stored" {
            let g = graphOf [ [| 4 |] ] (fun xs -> [| xs[0].ArgSort() |])
            let text = StepText.print "" (programOf g).Steps |> String.concat "\n"
            Expect.stringContains text "-> nowhere s" "the elements"
        }
        test "large results lie in the engine's arrays" {
            let n = 200_000
            let f (x: Tensor) = let s = x * 1.5 in s.Sort(), s.ArgSort()
            let x = Random.normal (Key.create 3L) DType.Float32 [ n ]
            let compiled = compile f

            for _ in 1..3 do
                let sorted, positions = compiled x
                let sorted', positions' = f x
                Expect.isTrue (sorted = sorted' && positions = positions') "equal"
        }
        test "derivatives, compiled in any order" {
            let gradient = grad loss x
            let second = hvp loss x weights
            same gradient (compile (grad loss) x)
            same gradient (grad (compile loss) x)
            same gradient (grad (checkpoint loss) x)
            same second (compile (hvp loss x) weights)
            same second (hvp (compile loss) x weights)
            same (snd (jvp loss x weights)) (snd (jvp (compile loss) x weights))
        }
        test "of a batch, compiled either way" {
            let rows f = vmap f (stack 0 [ x; x * -1.0; weights ])
            same (rows loss) (rows (compile loss))
            same (rows loss) (compile rows loss)
            same (rows (grad loss)) (rows (grad (compile loss)))
        }
        test "what is the same in every round leaves the loop" {
            let f (xs: Tensor[]) = [| iterate 5 (fun c -> c * 0.5 + sum (xs[0].Sort() * c)) xs[1] |]

            let g = graphOf [ [| 3 |]; [| 3 |] ] f
            Expect.equal (outermost "sort" g, count "sort" g) (1, 1) "before the loop"
            let inputs = [| x[0]; x[1] |]
            Array.iter2 same (f inputs) (compile f inputs)
        }
        test "what depends on slices alone is done for all rounds before the loop" {
            let f (xs: Tensor[]) =
                let step c (row: Tensor) =
                    let c = c + matmul xs[1] (row.Sort() * row.ArgSort().Convert DType.Float64) in c, c

                let last, all = scan step xs[0] xs[2]
                [| last; all |]

            let inputs = [|
                x[0]
                Tensor.ones DType.Float64 [ 3; 3 ] * 0.1
                stack 0 [ x[0]; x[1]; x[0] * x[1]; x[1] ]
            |]

            let g = graphOf [ for t in inputs -> t.Dims ] f
            Expect.equal (outermost "sort" g, count "sort" g) (1, 1) "before the loop"
            Array.iter2 same (f inputs) (compile f inputs)
            let total xs = f xs |> Array.map sum |> Array.reduce (+)
            Array.iter2 same (grad total inputs) (compile (grad total) inputs)
            Array.iter2 same (grad total inputs) (grad (compile total) inputs)
        }
        test "as carries of a loop and results of a choice" {
            let f (x: Tensor) =
                let sorted, positions =
                    whileLoop
                        (fun (s: Tensor, _) -> (sum s).Less 100.0)
                        (fun (s, _) -> (s * 2.0).Sort(descending = true), (s * -1.0).ArgSort())
                        (x, x.ArgSort())

                let a, b =
                    cond
                        ((sum sorted).Greater 150.0)
                        (fun (t: Tensor) -> t.Sort(), t.ArgSort())
                        (fun t -> t, t.ArgSort())
                        sorted

                a + b.Convert DType.Float64, positions

            let a, b = f x[0]
            let a', b' = compile f x[0]
            Expect.equal (a', b') (a, b) "compiled"
        }
        test "pulls of normalisation and attention have a result for each input" {
            let shapes = [
                for s in [ [ 5; 4 ]; [ 6; 4 ]; [ 6; 3 ] ] -> Random.normal (Key.create 9L) DType.Float64 s
            ]

            let inputs = Array.ofList shapes
            let f (xs: Tensor[]) = sum (square (attend Attention.causal xs[0] xs[1] xs[2]))
            Array.iter2 same (grad f inputs) (compile (grad f) inputs)
            Array.iter2 same (grad f inputs) (grad (compile f) inputs)

            let g = graphOf [ for t in inputs -> t.Dims ] (grad f)
            Expect.equal (count "attend pulled back" g) 1 "pulls"
            Expect.equal (count "slice" g) 0 "nothing is cut apart"
        }
    ]
