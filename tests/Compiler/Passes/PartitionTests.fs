/// The minimum cut, against every subset of small graphs, and what it chooses to keep for the way back.
module Cotangent.Tests.PartitionTests

open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Differentiation
open Cotangent.Tests.Dice

// ---- The cut alone ----

/// The price of the cheapest set of edges between source and sink, by trying every set of vertices on the source's side.
let private cheapest (vertices: int) (edges: (int * int * int64) list) =
    Seq.min (
        seq {
            for side in 0 .. (1 <<< vertices) - 1 do
                let isNear v = v = vertices || (v < vertices && (side >>> v) &&& 1 = 1)
                edges |> List.sumBy (fun (a, b, c) -> if isNear a && not (isNear b) then c else 0L)
        }
    )

let private cutOf vertices edges =
    let cut = MinCut vertices

    for a, b, c in edges do
        cut.Edge(a, b, c)

    let beyond = cut.Cut()
    Expect.isTrue beyond[cut.Sink] "the sink is beyond the cut"
    Expect.isFalse beyond[cut.Source] "the source is not"
    beyond

let private priceOf (beyond: bool[]) edges =
    edges |> List.sumBy (fun (a, b, c) -> if not beyond[a] && beyond[b] then c else 0L)

let private cuts =
    testList "minimum cut" [
        test "two ways of different width" {
            // source → 0 → 1 → sink with room 3, 1, 2, and source → 2 → sink with 4, 5
            let edges = [ 3, 0, 3L; 0, 1, 1L; 1, 4, 2L; 3, 2, 4L; 2, 4, 5L ]
            let beyond = cutOf 3 edges
            Expect.equal (List.ofArray beyond[..2]) [ false; true; true ] "sides"
        }
        test "the last of equal edges is cut" {
            let edges = [ 3, 0, 2L; 0, 1, 2L; 1, 2, 2L; 2, 4, 2L ]
            Expect.equal (List.ofArray(cutOf 3 edges)[..2]) [ false; false; false ] "sides"
        }
        test "the cheapest of all, on 300 random graphs" {
            for seed in 1..300 do
                let dice = Dice seed
                let n = 1 + dice.Below 7

                let edges = [
                    for _ in 1 .. 2 + dice.Below 20 do
                        let a, b = dice.Below(n + 1), dice.Below(n + 1)
                        let into = if b = n then n + 1 else b
                        if a <> into then a, into, int64 (dice.Below 10)
                ]

                Expect.equal (priceOf (cutOf n edges) edges) (cheapest n edges) $"seed {seed}: {edges}"
        }
        test "graphs as deep and as wide as programs" {
            let n = 20_000
            // A chain, each vertex of which also leads to the sink: the first edge is the bottleneck.
            let chain = [
                n, 0, 5L
                for i in 0 .. n - 2 do
                    i, i + 1, 7L
                    i, n + 1, MinCut.Endless
            ]

            Expect.equal (priceOf (cutOf n chain) chain) 5L "a chain"

            let dice = Dice 1

            let random = [
                n, 0, MinCut.Endless
                for i in 1 .. n - 1 do
                    for _ in 1..3 do
                        max 0 (i - 1 - dice.Below 50), i, int64 (1 + dice.Below 1000)

                    if i % 10 = 0 then i, n + 1, int64 (1 + dice.Below 1000)
            ]

            Expect.isGreaterThan (priceOf (cutOf n random) random) 0L "a net"
        }
    ]

// ---- What is kept ----

/// The joint graph of values and gradients of a function, as `grad (compile f)` makes it.
let private jointOf (f: Tensor[] -> Tensor[]) (inputs: Tensor[]) : Graph =
    let outputs = Stage.closed "compile" f (BodyRules.likeAll inputs)

    let like =
        outputs.Outputs
        |> Array.map (fun i ->
            ({ DType = outputs.Nodes[i].DType; Shape = outputs.Nodes[i].Shape }: Signature), Device.Cpu)

    Stage.closed
        "compile"
        (fun xs ->
            let primals, given = Array.take inputs.Length xs, Array.skip inputs.Length xs
            let values, pull = vjp f primals
            Array.append values (pull given))
        (Array.append (BodyRules.likeAll inputs) like)

let private halves f (inputs: Tensor[]) =
    let joint = Passes.differentiable Watch.ofEnvironment.Value Cpu.target (jointOf f inputs)
    let outputs = joint.Outputs.Length - inputs.Length
    let halves = Partition.split joint inputs.Length outputs
    Verify.graph halves.Forward
    Verify.graph halves.Backward
    halves

/// What crosses over, in words.
let private residuals (h: Partition.Halves) = [
    let outputs = h.Forward.Outputs

    for i in outputs[outputs.Length - h.Residuals ..] do
        match h.Forward.Nodes[i].Operation with
        | Operation.Input n -> $"input {n}"
        | Operation.Primitive p -> string p
        | Operation.Item _ -> "item"
        | Operation.Constant _ -> "constant"
        | Operation.Control _ -> "control"
]

let private count name (g: Graph) =
    g.Nodes
    |> Array.filter (fun node ->
        match node.Operation with
        | Operation.Primitive p -> string p = name
        | _ -> false)
    |> Array.length

let private vector = Tensor.linspace DType.Float64 -1.0 1.0 10
let private matrix = Tensor.full DType.Float64 [ 10; 10 ] 0.1

let private keeps name expected f inputs = test name {
    Expect.equal (residuals (halves f inputs)) expected "what crosses over"
}

let private layer (xs: Tensor[]) = [| sum (tanh (matmul xs[0] xs[1] + xs[2])) |]

let private kept =
    testList "what is kept" [
        keeps "of sum (sin x * x), x alone" [ "input 0" ] (fun xs -> [| sum (sin xs[0] * xs[0]) |]) [|
            vector
        |]
        keeps "of a sum of squares, x alone" [ "input 0" ] (fun xs -> [| sum (xs[0] * xs[0]) |]) [| vector |]
        keeps
            "of a long formula, x alone"
            [ "input 0" ]
            (fun xs -> [| sum (exp (sin (tanh xs[0] * xs[0]))) |])
            [| vector |]
        keeps "of a result of exp, the result" [ "exp" ] (fun xs -> [| exp (matmul xs[0] matrix) |]) [|
            matrix
        |]
        keeps "of a linear function, nothing of its argument" [] (fun xs -> [| sum (2.0 * xs[0]) |]) [|
            vector
        |]
        test "products are not done again" {
            let h = halves layer [| matrix; matrix; vector |]
            Expect.equal (count "matmul" h.Forward) 1 "forward"
            Expect.equal (count "matmul" h.Backward) 2 "backward: one for each operand's gradient"
        }
        test "nor are random draws, whose mask is all that is kept" {
            let dropped (xs: Tensor[]) =
                let draws = Random.uniform (Key.create 1L) DType.Float64 [ 100; 100 ]
                [| sum (where (draws.Less 0.5) (matmul xs[0] xs[0]) (Tensor.zerosLike xs[0])) |]

            let h = halves dropped [| Tensor.full DType.Float64 [ 100; 100 ] 0.1 |]
            Expect.equal (count "random" h.Backward) 0 "draws"
            Expect.contains (residuals h) "less" "the mask"
            Expect.equal (residuals h).Length 2 "and x"
        }
        test "nor are loops" {
            let h = halves (fun xs -> [| sum (iterate 5 sin xs[0]) |]) [| vector |]

            let scans (g: Graph) =
                g.Nodes
                |> Array.filter (fun node ->
                    match node.Operation with
                    | Operation.Control _ -> true
                    | _ -> false)
                |> Array.length

            Expect.equal (scans h.Forward) 1 "forward"
            Expect.equal (scans h.Backward) 1 "backward"
        }
        test "what a checkpoint holds is computed on the way back, and not before" {
            let block (x: Tensor) = Seq.fold (fun x _ -> tanh (matmul x matrix)) x [ 1..5 ]
            let plain = halves (fun xs -> [| sum (block xs[0]) |]) [| matrix |]
            let saving = halves (fun xs -> [| sum (checkpoint block xs[0]) |]) [| matrix |]
            Expect.equal (residuals saving) [ "input 0" ] "its argument"
            Expect.isGreaterThan plain.Residuals 1 "without it, more"
            Expect.equal (count "matmul" saving.Backward) 10 "five again, five back"
        }
        test "not even where what it computes is smaller than its argument" {
            // The mean's exponential is all that the way back reads; without the barrier it would be
            // computed a second time before and kept.
            let block (x: Tensor) = exp (mean x)
            let long = Tensor.linspace DType.Float64 -1.0 1.0 1000
            let h = halves (fun xs -> [| checkpoint block xs[0] |]) [| long |]
            Expect.equal (residuals h) [ "input 0" ] "its argument"
            Expect.equal (count "exp" h.Forward) 0 "but by the block itself, not before"
            Expect.equal (count "exp" h.Backward) 1 "once on the way back"
        }
        keeps "of equals, an input" [ "input 0" ] (fun xs -> [| sum (tanh xs[0]) |]) [| vector |]
        keeps
            "of equals, what is returned anyway"
            [ "matmul" ]
            (fun xs ->
                let y = matmul matrix xs[0]
                [| y; sum (tanh y) |])
            [| matrix |]
        test "a chain of elementwise work is anchored now and then" {
            let h = halves (fun xs -> [| sum (Seq.fold (fun x _ -> sin x) xs[0] [ 1..100 ]) |]) [| vector |]
            Expect.isGreaterThan h.Residuals 5 "anchors"
            Expect.isLessThan h.Residuals 20 "far fewer than 100"
        }
        test "a graph of 10⁴ operations" {
            let f (xs: Tensor[]) =
                let fold (a: Tensor, b: Tensor) i =
                    if i % 10 = 0 then b + 0.001 * matmul a matrix, a else tanh (a + b), a * b

                [| sum (fst (Seq.fold fold (xs[0], xs[0]) [ 1..2500 ])) |]

            let h = halves f [| matrix |]
            Expect.isGreaterThan (h.Forward.Nodes.Length + h.Backward.Nodes.Length) 10_000 "operations"
        }
    ]

// ---- Never more than by the rule of thumb ----

let private bytes (g: Graph) i = int64 (Shape.count g.Nodes[i].Shape) * int64 g.Nodes[i].DType.Size

/// Bytes kept when only what makes no new numbers is done again.
let private withoutCut (joint: Graph) inputs outputs =
    let n = joint.Nodes.Length
    let late = Array.create n false

    for i in 0 .. n - 1 do
        late[i] <-
            Array.contains i joint.Inputs[inputs..]
            || joint.Nodes[i].Inputs |> Array.exists (fun j -> late[j])

    let free (node: Node) =
        match node.Operation with
        | Operation.Constant _ -> true
        | Operation.Primitive p ->
            List.contains (string p) [
                "full"
                "arange"
                "reshape"
                "permute"
                "expand"
                "slice"
                "negate"
                "not"
                "sign"
                "abs"
                "equal"
                "less"
                "lessequal"
                "and"
                "or"
                "xor"
                "isnan"
                "barrier"
                "stopGradient"
            ]
            || (string p).StartsWith "convert"
        | _ -> false

    let needed = Array.create n false
    let mutable sum = 0L

    for i in joint.Outputs[outputs..] do
        needed[i] <- true

    for i in n - 1 .. -1 .. 0 do
        if needed[i] then
            if late[i] || free joint.Nodes[i] then
                for j in joint.Nodes[i].Inputs do
                    needed[j] <- true
            else
                sum <- sum + bytes joint i

    sum

let private property = test "residuals are never larger than without the cut" {
    for seed in 1 .. cases 60 do
        let run, inputs = CompileLawTests.program (Dice seed) DType.Float64
        let f xs = [| run xs |> Array.map sum |> Array.reduce (+) |]
        let joint = Passes.differentiable Watch.ofEnvironment.Value Cpu.target (jointOf f inputs)
        let h = Partition.split joint inputs.Length 1
        let outputs = h.Forward.Outputs
        let cut = outputs[outputs.Length - h.Residuals ..] |> Array.sumBy (bytes h.Forward)
        Expect.isLessThanOrEqual cut (withoutCut joint inputs.Length 1) $"bytes, seed {seed}"
}

[<Tests>]
let tests = testList "partition" [ cuts; kept; property ]
