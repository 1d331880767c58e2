/// The compiler's passes, each on small graphs, steps and plans written by hand.
module Cotangent.Tests.CompilePassTests

open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Support

/// The graph of a function of Float64 tensors of these shapes.
let private graphIn dtype (shapes: int[] list) (f: Tensor[] -> Tensor) : Graph =
    let like = [| for s in shapes -> ({ DType = dtype; Shape = s }: Signature), Device.Cpu |]

    let g = Stage.closed "compile" (fun xs -> [| f xs |]) like
    Verify.graph g
    g

let private graphOf = graphIn DType.Float64

/// The operations that are left, in words, inputs and constants aside.
let private left (g: Graph) = [
    for node in g.Nodes do
        match node.Operation with
        | Operation.Primitive p -> OperationText.primitive p
        | Operation.Control c -> Graph.describe c
        | Operation.Input _
        | Operation.Constant _
        | Operation.Item _ -> ()
]

let private simplified shapes f =
    let g = Simplify.graph Cpu.target (graphOf shapes f)
    Verify.graph g
    left g

let private vector = [ [| 3 |] ]

let private simplify =
    let becomes name expected f = test name { Expect.equal (simplified vector f) expected name }

    testList "simplify" [
        becomes "x * 1 and x - 0 and x / 1 are x" [ "sin" ] (fun x -> sin (((x[0] * 1.0) - 0.0) / 1.0))
        becomes "two negations cancel" [ "sin" ] (fun x -> sin (-(-x[0])))
        becomes "x² is a product" [ "multiply" ] (fun x -> x[0] ** 2.0)
        becomes "x + (-y) is a difference" [ "sin"; "subtract" ] (fun x -> x[0] + -(sin x[0]))
        becomes "equal expressions are computed once" [ "sin"; "add" ] (fun x -> sin x[0] + sin x[0])
        becomes "what nobody needs is not computed" [ "cos" ] (fun x ->
            sin x[0] |> ignore
            cos x[0])
        becomes "constants fold" [ "full 3 Float64 [3]"; "add" ] (fun x ->
            x[0] + (Tensor.fullLike x[0] 1.0 + 2.0))
        becomes
            "a sum of equal numbers is a multiple"
            [ "sum axes=[0]"; "full 32 Float64 []"; "multiply" ]
            (fun x -> (sum x[0]).Expand([ 4; 8 ]) |> sum)
        becomes
            "the same of numbers made of a few: no more is computed than those"
            [
                "reshape [3 1]"
                "full 2 Float64 [3 1]"
                "multiply"
                "full 1 Float64 [3 1]"
                "add"
                "reshape [3]"
                "full 8 Float64 [3]"
                "multiply"
            ]
            (fun x -> ((x[0].Unsqueeze 1).Expand([ 3; 8 ]) * 2.0 + 1.0).Sum [ 1 ])
        becomes "the largest of equal numbers is the number" [ "sin" ] (fun x ->
            (sin x[0]).Expand([ 8; 3 ]).Max [ 0 ])
        test "a sum of ones is a number" {
            let f (_: Tensor[]) = sum (Tensor.ones DType.Float64 [ 1000; 1000 ])
            Expect.equal (simplified vector f) [ "full 1000000 Float64 []" ] "nothing to compute"
            equals 1e6 (compile (fun x -> f [| x |]) (tensor 1.0))
        }
        test "the same along two axes, one of them further in" {
            let f (x: Tensor) =
                let s = sum x
                let inner = s.Expand [ 5 ] * 2.0
                sum (inner.Expand [ 4; 5 ] + s.Expand [ 4; 5 ])

            equals (tensor 180.0) (compile f (tensor [ 1.0; 2.0 ]))
        }
        becomes "reshapes and permutations meet" [ "sin" ] (fun x ->
            (sin x[0]).Reshape([ 3; 1 ]).Transpose().Reshape [ 3 ])
        test "x + 0 stays: it makes 0 of -0" {
            Expect.contains (simplified vector (fun x -> x[0] + 0.0)) "add" "the sum"
        }
        test "a product with 0 stays: it may be NaN" {
            Expect.contains (simplified vector (fun x -> x[0] * 0.0)) "multiply" "the product"
        }
        test "a barrier keeps equal expressions apart" {
            let f (x: Tensor[]) = sin x[0] + sin (Bind.one Primitive.Barrier [| x[0] |])
            Expect.equal (simplified vector f |> List.filter ((=) "sin") |> List.length) 2 "sines"
        }
        test "-0 and 0 are different constants" {
            let f (x: Tensor[]) =
                x[0] / (Tensor.full DType.Float64 [ 3 ] -0.0) + x[0] / (Tensor.zeros DType.Float64 [ 3 ])

            let values = compile (fun x -> f [| x |]) (tensor [ 1.0; 1.0; 1.0 ])
            Expect.all (numbers values) System.Double.IsNaN "∞ - ∞"
        }
    ]

let private products =
    let column, row, matrix = [| 4; 1 |], [| 1; 5 |], [| 4; 5 |]

    let simple shapes f =
        let g = Simplify.graph Cpu.target (graphOf shapes f)
        Verify.graph g
        g

    /// How many nodes of an operation have so many elements.
    let count (operation: Binary) (elements: int) (g: Graph) =
        g.Nodes
        |> Array.filter (fun node ->
            match node.Operation with
            | Operation.Primitive p -> p = Primitive.Binary operation && Shape.count node.Shape = elements
            | _ -> false)
        |> Array.length

    let outer (x: Tensor[]) = matmul x[0] x[1]

    testList "products" [
        test "a matrix product over one element is an outer one" {
            let g = simple [ column; row ] outer
            Expect.equal (left g) [ "expand [4 5]"; "expand [4 5]"; "multiply" ] "no matrix product"
        }
        test "a factor stays where it is written: a side times it might be no number" {
            let g = simple [ column; row; [||] ] (fun x -> outer x * x[2] * 0.5)
            Expect.equal (count Binary.Multiply 20 g, count Binary.Multiply 4 g) (3, 0) "products"
        }
        test "one that varies as a side does stays, too" {
            let g = simple [ column; row; row ] (fun x -> outer x * x[2])
            Expect.equal (count Binary.Multiply 20 g, count Binary.Multiply 5 g) (2, 0) "products"
        }
        test "one that varies along both stays" {
            let g = simple [ column; row; matrix ] (fun x -> outer x * x[2])
            Expect.equal (count Binary.Multiply 20 g) 2 "products"
        }
        test "an ordinary product is not rearranged" {
            let g = simple [ matrix; [||]; [||] ] (fun x -> x[0] * x[1] * x[2])
            Expect.equal (count Binary.Multiply 20 g) 2 "products"
        }
        test "the norm of an outer product is one of norms" {
            let largest dtype f =
                let g = Simplify.graph Cpu.target (graphIn dtype [ column; row ] f)
                Verify.graph g
                g.Nodes |> Array.map (fun n -> Shape.count n.Shape) |> Array.max

            let squares (x: Tensor[]) = sum (square (outer x))
            Expect.equal (largest DType.Float32 squares) 5 "nothing of the whole size"
            Expect.equal (largest DType.Float32 (outer >> norm)) 5 "the norm likewise"
            // One sum may be infinite where the product of both is not, and there is no wider dtype.
            Expect.equal (largest DType.Float64 squares) 20 "Float64, as it is written"
        }
        test "norms of outer products stay in the range of Float32 where the whole norm does" {
            let length (x: Tensor, d: Tensor) = norm (Cotangent.LinearAlgebra.outer x d)
            let ones = Tensor.ones DType.Float32 [ 4 ]

            // ‖x⊗δ‖ = 4·|x·δ| here.
            for x, d in [ 1e-3f, 1e20f; 1e-20f, 1e25f; 1e4f, 1e-23f; 1e-30f, 1e38f; 0.0f, 1e30f; 2.0f, 3.0f ] do
                let expected = 4.0 * float x * float d
                let found = float (compile length (ones * x, ones * d))
                Expect.isLessThanOrEqual (abs (found - expected)) (1e-6 * expected) $"{x}, {d}: {found}"
        }
        test "what varies along both axes is summed as it was" {
            let f (x: Tensor[]) = sum (outer x * x[2])
            let g = simple [ column; row; matrix ] f
            Expect.equal (count Binary.Multiply 20 g) 2 "products of the whole size"
        }
        test "for derivatives still to be taken products stay" {
            let g = Simplify.differentiable Cpu.target (graphOf [ column; row ] outer)
            Expect.equal (left g) [ "matmul" ] "the product"
        }
        test "the numbers are those of the plain function" {
            for seed in 1..60 do
                let dice = Dice.Dice seed
                let m, n = 1 + dice.Below 6, 1 + dice.Below 6

                let draw (shape: int list) =
                    Random.normal (Key.create (int64 (dice.Below 1000000))) DType.Float64 shape

                let shapes = [ [ m; 1 ]; [ 1; n ]; [ m; n ]; [ n ]; [] ]

                let f (a: Tensor, b: Tensor, rest: Tensor) =
                    let p = matmul a b * rest
                    let q = outer [| a; b |] * (0.25 * rest)

                    [ p; p * q; sum (square p); (p * q).Sum [ 0 ]; (q * p * q).Sum [ 1 ]; sum (p * 3.0 * q) ]

                let x = draw shapes[0], draw shapes[1], draw (dice.Pick shapes)
                List.iter2 (fun (e: Tensor) a -> close 1e-12 (numbers e) a) (f x) (compile f x)
        }
    ]

let private bounds =
    let special dtype =
        (tensor [
            nan
            infinity
            -infinity
            0.0
            -0.0
            1.0
            -1.0
            0.25
            -0.25
            0.2
            1e-40
            -1e-40
            3e38
            0.1
            -0.3
            5.0
            -5.0
        ])
            .Convert
            dtype

    /// Bit for bit: also the zeros' signs; NaN is NaN.
    let same f =
        for dtype in [ DType.Float32; DType.Float64 ] do
            let x = special dtype

            let bits (t: Tensor) =
                numbers t
                |> Array.map (fun v ->
                    if System.Double.IsNaN v then -1L else System.BitConverter.DoubleToInt64Bits v)

            Expect.equal (bits (compile f x)) (bits (f x)) $"{dtype}"

    testList "bounds that are constants" [
        for low, high in [ -0.25, 0.25; 0.0, 1.0; -0.0, 0.25; 0.2, 0.2; -1.0, 0.0 ] do
            test $"clamp {low} {high}" { same (fun x -> clamp low high x) }

        test "bounds in the wrong order are no clamp" {
            let c (x: Tensor) v = Tensor.fullLike x v

            same (fun x ->
                let above = where ((c x -0.25).Less x) (c x -0.25) x
                where (x.Less(c x 0.25)) (c x 0.25) above)
        }

        for bound in [ 0.2; -0.25; 0.0; -0.0; nan; infinity; -infinity ] do
            test $"against {bound}" {
                let c (x: Tensor) = Tensor.fullLike x bound
                same (fun x -> maximum x (c x))
                same (fun x -> minimum (c x) x)
                same (fun x -> where (x.Less(c x)) (c x) x)
                same (fun x -> where ((c x).Less x) (c x) x)
                same (fun x -> where (x.Less(c x)) x (c x))
                same (fun x -> where ((c x).Less x) x (c x))
            }
    ]

let private verify =
    let node operation inputs dtype shape = {
        Operation = operation
        Inputs = inputs
        DType = dtype
        Shape = shape
        Device = Device.Cpu
        Place = ""
    }

    let input = node (Operation.Input 0) [||] DType.Float64 [| 3 |]

    let broken name nodes outputs = test name {
        Expect.throws (fun () -> Verify.graph { Nodes = nodes; Inputs = [| 0 |]; Outputs = outputs }) name
    }

    let sine = Operation.Primitive(Primitive.Unary Unary.Sin)

    testList "verify" [
        broken "a node before its input" [| input; node sine [| 2 |] DType.Float64 [| 3 |]; input |] [| 1 |]
        broken "a wrong shape" [| input; node sine [| 0 |] DType.Float64 [| 4 |] |] [| 1 |]
        broken "a wrong dtype" [| input; node sine [| 0 |] DType.Float32 [| 3 |] |] [| 1 |]
        broken "an output that is not there" [| input |] [| 1 |]
        broken "an item of what has none" [| input; node (Operation.Item 0) [| 0 |] DType.Float64 [| 3 |] |] [|
            1
        |]
    ]

let private layouts =
    testList "layouts" [
        test "a reshape of a view is a view only where its elements are evenly spaced" {
            let whole = Layout.contiguous 0 [| 4; 6 |]
            Expect.equal (Layout.tryReshape [| 2; 2; 6 |] whole).Value.Strides [| 12; 6; 1 |] "an axis split"
            Expect.equal (Layout.tryReshape [| 24 |] whole).Value.Strides [| 1 |] "axes joined"

            Expect.isTrue
                (Layout.tryReshape [| 24 |] (Layout.permute [| 1; 0 |] whole)).IsNone
                "a transpose, flattened"

            Expect.equal (Layout.tryReshape [| 1; 4; 1; 6 |] whole).Value.Strides.Length 4 "ones put in"
        }
        test "joins" {
            Expect.isTrue (Layout.joins [| 24 |] [| 4; 6 |]) "one axis read as two"
            Expect.isFalse (Layout.joins [| 4; 6 |] [| 24 |]) "two axes read as one"
            Expect.isTrue (Layout.joins [| 4; 1; 6 |] [| 4; 6 |]) "ones"
        }
    ]

let private memory =
    let slot count = { DType = DType.Float32; Count = count; Home = Home.Arena }

    let engine inputs target =
        let view s = Layout.contiguous s [| 16 |]

        Step.Engine(
            Primitive.Unary Unary.Sin,
            inputs |> List.map view |> Array.ofList,
            [| ValueSome(view target) |]
        )

    testList "memory" [
        test "slots that live at different times share memory" {
            // 0 → 1 → 2 → 3: 0 is dead when 2 is written, 1 when 3 is.
            let slots = Array.init 4 (fun _ -> slot 16)
            let steps = [| engine [ 0 ] 1; engine [ 1 ] 2; engine [ 2 ] 3 |]
            let lifetimes = ArenaPlan.lifetimes slots steps [| Layout.contiguous 3 [| 16 |] |]
            let plan = ArenaPlan.memory slots lifetimes
            Expect.equal plan.Bytes 128L "two slots' worth"

            for i in 0..2 do
                Expect.notEqual plan.Offsets[i] plan.Offsets[i + 1] "an input and its output are apart"
        }
        test "what a loop uses lives until it ends" {
            let slots = Array.init 5 (fun _ -> slot 16)

            let loop =
                Step.Scan {
                    Count = 3
                    Reverse = false
                    Body = [| engine [ 0; 1 ] 3; engine [ 3 ] 2 |]
                    Carry = [| struct (1, 2) |]
                    Slices = [||]
                }

            // 0 is read in each round, so nothing in the loop may lie on it.
            let steps = [| engine [ 4 ] 0; engine [ 4 ] 1; loop |]

            let plan =
                ArenaPlan.memory slots (ArenaPlan.lifetimes slots steps [| Layout.contiguous 1 [| 16 |] |])

            for other in [ 1; 2; 3 ] do
                Expect.notEqual plan.Offsets[0] plan.Offsets[other] $"0 and {other}"

            Expect.notEqual plan.Offsets[1] plan.Offsets[2] "the two ends of a carry"
        }
        test "slots begin at cache lines" {
            let slots = Array.init 3 (fun i -> slot (i + 1))
            let steps = [| engine [ 0; 1 ] 2 |]
            let plan = ArenaPlan.memory slots (ArenaPlan.lifetimes slots steps [||])
            Expect.all plan.Offsets (fun o -> o % 16L = 0L) "offsets"
        }
    ]

let private merging =
    let load slot : Access = { Slot = slot; Offset = 0; Strides = [| 1 |] }

    let nest (from: int) (into: int) op =
        Step.Nest {
            Axes = [| 8 |]
            Reduced = 0
            Body = [| Instruction.Load(DType.Float32, load from); Instruction.Unary(op, 0) |]
            Stores = [| load into, 1 |]
        }

    let count (steps: Step[]) = steps.Length

    testList "merge" [
        test "a chain becomes one nest, and what is only passed on is not stored" {
            let slots = Array.init 3 (fun _ -> { DType = DType.Float32; Count = 8; Home = Home.Arena })
            let steps = Merge.steps [| nest 0 1 Unary.Sin; nest 1 2 Unary.Cos |]
            Expect.equal (count steps) 1 "nests"

            match (Merge.clean slots [| Layout.contiguous 2 [| 8 |] |] steps)[0] with
            | Step.Nest k ->
                Expect.equal k.Stores.Length 1 "stores"
                Expect.equal k.Body.Length 3 "a load and two functions"
            | _ -> failtest "a nest"
        }
        test "a step between that reads and writes keeps them apart" {
            let view s = Layout.contiguous s [| 8 |]

            let between =
                Step.Engine(Primitive.CumulativeSum(0, false), [| view 1 |], [| ValueSome(view 2) |])

            Expect.equal (count (Merge.steps [| nest 0 1 Unary.Sin; between; nest 2 3 Unary.Cos |])) 3 "steps"
        }
        test "a nest that reads another's result elsewhere is not joined to it" {
            let flipped: Access = { Slot = 1; Offset = 7; Strides = [| -1 |] }

            let second =
                Step.Nest {
                    Axes = [| 8 |]
                    Reduced = 0
                    Body = [| Instruction.Load(DType.Float32, flipped) |]
                    Stores = [| load 2, 0 |]
                }

            Expect.equal (count (Merge.steps [| nest 0 1 Unary.Sin; second |])) 2 "nests"
        }
    ]

let private looking =
    let f (x: Tensor) = iterate 3 (fun x -> sin x) x
    let x = tensor [ 1.0; 2.0 ]

    testList "looking in" [
        test "the graph, one line a node, bodies of loops indented" {
            let text = Compile.graph f x
            Expect.stringContains text "%0: Float64 (2,) = input 0" text
            Expect.stringContains text "scan 3" text
            Expect.stringContains text "    %1: Float64 (2,) = sin %0" text
        }
        test "a Mermaid flowchart" {
            let text = Compile.mermaid f x
            Expect.stringStarts text "flowchart TD" text
            Expect.stringContains text "subgraph" text
        }
        test "a page that asks for nothing from elsewhere" {
            let text = Compile.page f x
            Expect.stringContains text "<svg" "a drawing"
            Expect.isFalse (text.Replace("http://www.w3.org/2000/svg", "").Contains "http") "no link"
        }
        test "its nodes have bytes, what they read, and the line that they come from" {
            let page = Compile.page (fun (x: Tensor) -> sin x + 1.0) x
            let sine = page.Substring(page.IndexOf "data-label=\"sin\"")
            let sine = sine.Substring(0, sine.IndexOf "</g>")
            Expect.stringContains sine "data-signature=\"Float64 (2,)\"" "signature"
            Expect.stringContains sine "data-bytes=\"16\"" "bytes"
            Expect.stringContains sine "data-inputs=\"0:0\"" "it reads the input"
            Expect.isTrue (sine.Contains "CompilePassTests.fs:") "place"
            Expect.isFalse ((Compile.graph f x).Contains "CompilePassTests") "nowhere else"
        }
        test "explain" {
            let g = compile (fun (x: Tensor, n: int) -> x * float n)
            Expect.stringContains (Compile.explain g) "not compiled" "before the first call"
            g (x, 2) |> ignore
            Expect.stringContains (Compile.explain g) "once" "after it"
            g (x, 3) |> ignore
            Expect.stringContains (Compile.explain g) "`$.Item2` holds 3, it held 2" "a static field"
            g (tensor 1.0, 3) |> ignore
            Expect.stringContains (Compile.explain g) "`$.Item1` is Float64 ()" "a shape"
            throws<ValueException, _> [ "compile" ] (fun () -> Compile.explain (fun (x: Tensor) -> x))
        }
    ]

[<Tests>]
let tests =
    testList "compile passes" [ simplify; products; bounds; verify; layouts; memory; merging; looking ]
