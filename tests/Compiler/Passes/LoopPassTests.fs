/// What passes do to loops and choices: on graphs of small functions and on graphs put together by hand, each verified.
module Cotangent.Tests.LoopPassTests

open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Support

let private scalar: Signature = { DType = DType.Float64; Shape = [||] }
let private vector: Signature = { DType = DType.Float64; Shape = [| 3 |] }
let private like (s: Signature) = s, Device.Cpu

let private graphOf (inputs: Signature list) (f: Tensor[] -> Tensor[]) : Graph =
    let g = Stage.closed "compile" f (inputs |> List.map like |> Array.ofList)
    Verify.graph g
    g

let private after (pass: Graph -> Graph) g =
    let made = pass g
    Verify.graph made
    Expect.equal made.Inputs.Length g.Inputs.Length "inputs stay"
    Expect.equal made.Outputs.Length g.Outputs.Length "outputs stay"
    made

let private controls (g: Graph) = [
    for node in g.Nodes do
        match node.Operation with
        | Operation.Control c -> c
        | _ -> ()
]

let private onlyScan (g: Graph) =
    match controls g with
    | [ Control.Scan s ] -> s
    | other -> failtest $"one scan, not {List.map Graph.describe other}"

let private onlyWhile (g: Graph) =
    match controls g with
    | [ Control.While w ] -> w
    | other -> failtest $"one while, not {List.map Graph.describe other}"

let private operations (g: Graph) = [
    for node in g.Nodes do
        match node.Operation with
        | Operation.Primitive p -> string p
        | _ -> ()
]

/// The numbers do not change, whatever a pass does.
let private sameNumbers (g: Graph) (made: Graph) (inputs: Tensor list) =
    let inputs = Array.ofList inputs

    Array.iter2
        (fun (expected: Tensor) actual -> close 1e-14 (numbers expected) actual)
        (GraphInterpreter.Run g inputs)
        (GraphInterpreter.Run made inputs)

let private x = tensor [ 1.0; 2.0; 3.0 ]

// ---- A graph by hand ----

/// scan 4: shared 1 (a), carry 3 (c₀ is read, c₁ feeds c₀, c₂ only itself), one sequence, two stacked results.
let private byHand () =
    let body = GraphBuilder()

    let a, c0, c1, c2, s =
        body.Input(DType.Float64, [||], Device.Cpu),
        body.Input(DType.Float64, [||], Device.Cpu),
        body.Input(DType.Float64, [||], Device.Cpu),
        body.Input(DType.Float64, [||], Device.Cpu),
        body.Input(DType.Float64, [||], Device.Cpu)

    let node (b: GraphBuilder) operation inputs =
        b.Add {
            Operation = operation
            Inputs = inputs
            DType = DType.Float64
            Shape = [||]
            Device = Device.Cpu
            Place = ""
        }

    let unary op x = node body (Operation.Primitive(Primitive.Unary op)) [| x |]
    let add x y = node body (Operation.Primitive(Primitive.Binary Binary.Add)) [| x; y |]
    let invariant = unary Unary.Sin a
    let n0 = add c0 (add c1 invariant)
    let n1 = add c1 s
    let n2 = unary Unary.Exp c2
    let body = body.ToGraph [| n0; n1; n2; n2; n0 |]

    let outer = GraphBuilder()
    let inputs = [| for _ in 0..3 -> outer.Input(DType.Float64, [||], Device.Cpu) |]
    let xs = outer.Input(DType.Float64, [| 4 |], Device.Cpu)

    let scan =
        outer.Add {
            Operation =
                Operation.Control(
                    Control.Scan { Count = 4; Reverse = false; Shared = 1; Carry = 3; Body = body }
                )
            Inputs = Array.append inputs [| xs |]
            DType = DType.Bool
            Shape = [||]
            Device = Device.Cpu
            Place = ""
        }

    let item = node outer (Operation.Item 0) [| scan |]
    let g = outer.ToGraph [| item |]
    Verify.graph g
    g

let private someInputs = [ tensor 0.5; tensor 1.0; tensor 2.0; tensor 0.1; tensor [ 1.0; 2.0; 3.0; 4.0 ] ]

let private pruning =
    testList "prune" [
        test "a carry that nobody reads goes, with what it took to make it and its stacked results" {
            let g = byHand ()
            let made = after Prune.graph g
            let s = onlyScan made
            Expect.equal (s.Shared, s.Carry, s.Body.Outputs.Length) (1, 2, 2) "shared, carry, results"
            Expect.isFalse (List.contains "exp" (operations s.Body)) "what made the dead carry"
            sameNumbers g made someInputs
        }
        test "a carry that never changes is a shared input, and its result the argument" {
            let step (a: Tensor, b: Tensor) = a * b, b

            let g =
                graphOf [ vector; vector ] (fun xs ->
                    let a, b = iterate 3 step (xs[0], xs[1])
                    [| a; b |])

            let made = after Prune.graph g
            let s = onlyScan made
            Expect.equal (s.Shared, s.Carry) (1, 1) "shared, carry"
            Expect.equal made.Outputs[1] made.Inputs[1] "the argument itself"
            sameNumbers g made [ x; 2.0 * x ]
        }
        test "two carries that only feed each other go" {
            let step (a: Tensor, b: Tensor, c: Tensor) = a + 1.0, c * 2.0, b * 3.0

            let g =
                graphOf [ scalar; scalar; scalar ] (fun xs ->
                    let a, _, _ = iterate 3 step (xs[0], xs[1], xs[2])
                    [| a |])

            Expect.equal (onlyScan (after Prune.graph g)).Carry 1 "carry"
        }
        test "sequences that are not read, and slices that are stacked again" {
            let f (xs: Tensor[]) =
                let last, (same, twice) =
                    scan (fun t (a: Tensor, b: Tensor) -> t + a, (b, b * 2.0)) (tensor 0.0) (xs[0], xs[1])

                ignore twice
                [| last; same |]

            let g = graphOf [ vector; vector ] f
            let made = after Prune.graph g
            let s = onlyScan made
            Expect.equal (s.Body.Outputs.Length) 1 "the sum alone goes round"
            Expect.equal (s.Body.Inputs.Length - s.Shared - s.Carry) 1 "one sequence"
            Expect.equal made.Outputs[1] made.Inputs[1] "the sequence itself"
            sameNumbers g made [ x; 2.0 * x ]
        }
        test "while: what the condition reads stays, the rest only where it is read" {
            let step (n: Tensor, a: Tensor, b: Tensor) = n + 1.0, a * 2.0, b * 3.0

            let g =
                graphOf [ scalar; scalar; scalar ] (fun xs ->
                    let _, a, _ = whileLoop (fun (n: Tensor, _, _) -> n.Less 5.0) step (xs[0], xs[1], xs[2])

                    [| a |])

            let made = after Prune.graph g
            Expect.equal (onlyWhile made).Body.Outputs.Length 2 "n and a"
            sameNumbers g made [ tensor 0.0; tensor 1.0; tensor 1.0 ]
        }
        test "cond: results and inputs that nobody reads" {
            let g =
                graphOf [ vector; vector ] (fun xs ->
                    let a, _ =
                        cond
                            ((sum xs[0]).Greater 0.0)
                            (fun (a: Tensor, b: Tensor) -> sin a, b)
                            (fun (a, b) -> a, cos b)
                            (xs[0], xs[1])

                    [| a |])

            let made = after Prune.graph g

            match controls made with
            | [ Control.Cond c ] ->
                Expect.equal (c.OnTrue.Inputs.Length, c.OnTrue.Outputs.Length) (1, 1) "inputs, results"
            | _ -> failtest "one cond"

            sameNumbers g made [ x; x ]
        }
        test "what the pull of a loop does not need is not kept" {
            // The way back of x ↦ x·w needs x in each round, but not the counter.
            let f (xs: Tensor[]) =
                let loss (w: Tensor) =
                    fst (iterate 5 (fun (x: Tensor, n: Tensor) -> x * w, n + 1) (tensor 3.0, tensor 0))

                [| grad loss xs[0] |]

            let made = after (Passes.complete Watch.ofEnvironment.Value Cpu.target) (graphOf [ scalar ] f)

            for control in controls made do
                match control with
                | Control.Scan s -> Expect.isLessThanOrEqual s.Body.Outputs.Length 2 "carry and history of x"
                | _ -> failtest "scans"
        }
    ]

let private hoisting =
    testList "hoist" [
        test "work on shared inputs is done before the loop" {
            let g = byHand ()
            let made = after Hoist.graph g
            Expect.contains (operations made) "sin" "before"
            Expect.isFalse (List.contains "sin" (operations (onlyScan made).Body)) "inside"
            sameNumbers g made someInputs
        }
        test "out of all loops that it does not depend on" {
            let g =
                graphOf [ vector; vector ] (fun xs -> [|
                    iterate 3 (fun a -> iterate 4 (fun b -> b + tanh xs[1]) (a * exp xs[1])) xs[0]
                |])

            let made = after Hoist.graph g
            Expect.containsAll (operations made) [ "tanh"; "exp" ] "before"
            Expect.equal (operations (onlyScan made).Body) [ "multiply" ] "in the outer loop"
            sameNumbers g made [ x; x ]
        }
        test "a whole inner loop" {
            let g =
                graphOf [ vector; vector ] (fun xs -> [|
                    iterate 3 (fun a -> a + iterate 4 sin xs[1]) xs[0]
                |])

            let made = after Hoist.graph g
            Expect.equal (controls made).Length 2 "both before"
            sameNumbers g made [ x; x ]
        }
        test "a product and random draws, out of a while loop" {
            let f (xs: Tensor[]) =
                let step (t: Tensor) =
                    t + sum (matmul xs[1] xs[1]) + sum (Random.uniform (Key.create 3L) DType.Float64 [ 2 ])

                [| whileLoop (fun (t: Tensor) -> t.Less(sum (exp xs[1]))) step xs[0] |]

            let g = graphOf [ scalar; { vector with Shape = [| 2; 2 |] } ] f
            let made = after Hoist.graph g
            let w = onlyWhile made
            Expect.equal (operations w.Body |> List.filter ((<>) "add")) [] "the round"
            Expect.isFalse (List.contains "exp" (operations w.Condition)) "the condition"
            sameNumbers g made [ tensor 0.0; tensor [ [ 0.1; 0.2 ]; [ 0.3; 0.4 ] ] ]
        }
        test "what is behind a barrier stays" {
            let f (xs: Tensor[]) = [|
                iterate 3 (fun a -> a + exp (Bind.one Primitive.Barrier [| xs[1] |])) xs[0]
            |]

            Expect.contains
                (operations (onlyScan (after Hoist.graph (graphOf [ vector; vector ] f))).Body)
                "exp"
                "inside"
        }
        test "light work that spreads a small tensor stays" {
            let f (xs: Tensor[]) =
                let row, column = xs[1].Unsqueeze 0, xs[1].Unsqueeze 1
                [| iterate 3 (fun a -> a + sum ((row - column) * a)) xs[0] |]

            Expect.contains
                (operations (onlyScan (after Hoist.graph (graphOf [ scalar; vector ] f))).Body)
                "subtract"
                "inside"
        }
        test "nothing leaves a branch, which may not be taken" {
            let f (xs: Tensor[]) = [| cond ((sum xs[0]).Greater 0.0) (fun a -> a + exp xs[1]) id xs[0] |]

            Expect.isFalse
                (List.contains "exp" (operations (after Hoist.graph (graphOf [ vector; vector ] f))))
                "outside"
        }
    ]

let private straightening =
    let none (g: Graph) = Expect.isEmpty (controls g) "no control is left"

    testList "rounds and tests that are known" [
        test "one round is no loop" {
            let g =
                graphOf [ scalar; { vector with Shape = [| 1; 3 |] } ] (fun xs ->
                    let last, ys = scan (fun t (x: Tensor) -> t + sum x, x * t) xs[0] xs[1]
                    [| last; ys |])

            let made = after (Simplify.graph Cpu.target) g
            none made
            sameNumbers g made [ tensor 2.0; x.Unsqueeze 0 ]
        }
        test "no round is nothing" {
            let g =
                graphOf [ scalar; { vector with Shape = [| 0 |] } ] (fun xs ->
                    let last, ys = scan (fun t (x: Tensor) -> t + x, (x * t).Greater 0.0) xs[0] xs[1]
                    [| last; ys |])

            let made = after (Simplify.graph Cpu.target) g
            none made
            sameNumbers g made [ tensor 2.0; Tensor.zeros DType.Float64 [ 0 ] ]
        }
        test "a test that is known takes its branch" {
            for truth in [ true; false ] do
                let f (xs: Tensor[]) = [| cond (tensor truth) sin cos xs[0] |]
                let made = after (Simplify.graph Cpu.target) (graphOf [ vector ] f)
                none made
                Expect.equal (operations made) [ (if truth then "sin" else "cos") ] "the branch"
        }
        test "also one that folds" {
            let f (xs: Tensor[]) = [| cond ((tensor 1.0 + 2.0).Greater 2.5) sin cos xs[0] |]

            Expect.equal
                (operations (after (Simplify.graph Cpu.target) (graphOf [ vector ] f)))
                [ "sin" ]
                "the branch"
        }
        test "a condition that never holds is no loop" {
            let f (xs: Tensor[]) = [| whileLoop (fun (_: Tensor) -> (tensor 2.0).Less 1.0) sin xs[0] |]
            let g = graphOf [ vector ] f
            let made = after (Passes.complete Watch.ofEnvironment.Value Cpu.target) g
            none made
            Expect.equal (operations made) [] "the argument"
        }
        test "constants from outside fold inside" {
            // The 1 is made before the loop; x·1 is x.
            let f (xs: Tensor[]) =
                let one = Tensor.ones DType.Float64 [ 3 ]
                [| iterate 3 (fun a -> sin (a * one)) xs[0] |]

            let made = after (Passes.complete Watch.ofEnvironment.Value Cpu.target) (graphOf [ vector ] f)
            Expect.equal (operations (onlyScan made).Body) [ "sin" ] "inside"
            Expect.equal (onlyScan made).Shared 0 "nothing is handed in"
        }
        test "one tensor handed in twice is one" {
            let f (xs: Tensor[]) =
                let twin = xs[1] * 1.0
                [| iterate 3 (fun a -> a + (sin xs[1] - sin twin)) xs[0] |]

            Expect.equal
                (onlyScan (
                    after
                        (Passes.complete Watch.ofEnvironment.Value Cpu.target)
                        (graphOf [ vector; vector ] f)
                ))
                    .Shared
                1
                "shared"
        }
        test "all of it with derivatives still to come" {
            let f (w: Tensor) =
                let loop x = iterate 3 (fun (a, b) -> a * sin w + stopGradient b, b * 1.0) (x, w)
                fst (iterate 1 (fun (a, _) -> loop a) (w, w)) |> sum

            for g in [ grad (compile f); compile (grad f); grad (fun w -> sum (grad (compile f) w)) ] do
                ignore (g x)

            close 1e-13 (numbers (grad f x)) (grad (compile f) x)
            close 1e-13 (numbers (grad f x)) (compile (grad f) x)
            let second (f: Tensor -> Tensor) = grad (fun w -> sum (grad f w)) x
            close 1e-12 (numbers (second f)) (second (compile f))
        }
    ]

let private ahead =
    let count = 7

    let counter: Signature = { DType = DType.Int64; Shape = [||] }

    /// A loop over draws and sequences, whose round gets the key, the number and a slice.
    let loop (round: Tensor -> Tensor -> Tensor -> Tensor -> Tensor) (xs: Tensor[]) : Tensor[] =
        let step (i: Tensor, total: Tensor) (x: Tensor) =
            let next = round xs[0] i total x
            (i + 3, next), next

        let (i, total), ys = scan step (xs[1], xs[2]) xs[3]
        [| i; total; ys |]

    let inputs: Signature list = [
        counter
        counter
        vector
        { DType = DType.Float64; Shape = [| count; 3 |] }
    ]

    let example = [ tensor 5L; tensor -4L; x; (Tensor.arange DType.Float64 (3 * count)).Reshape [ count; 3 ] ]

    let draws (key: Tensor) (i: Tensor) =
        Random.normal (Key.foldTensor i ({ Data = key }: Key)) DType.Float64 [ 3 ]

    let inside round =
        let g = graphOf inputs (loop round) |> Simplify.graph Cpu.target |> Hoist.graph
        let made = after (BeforeLoop.graph Cpu.target) g
        sameNumbers g made example
        operations (onlyScan made).Body

    testList "ahead of a loop" [
        test "draws by the number of the round" {
            let left = inside (fun key i total x -> total * x + draws key i)

            Expect.isFalse
                (left |> List.exists (fun o -> o.Contains "random" || o.Contains "Random"))
                "no draws"

            Expect.containsAll left [ "multiply"; "add" ] "what needs the carry stays"
        }
        test "functions of slices" {
            let left = inside (fun _ _ total x -> total + sin x)
            Expect.isFalse (List.contains "sin" left) "no sine"
        }
        test "light work on slices stays" {
            let left = inside (fun _ _ total x -> total + 2.0 * x)
            Expect.contains left "multiply" "the product"
        }
        test "products of slices with shared matrices are one product" {
            let f (xs: Tensor[]) =
                let step (total: Tensor) (x: Tensor) = tanh (total + matmul x xs[1]), total
                let last, ys = scan step xs[0] xs[2]
                [| last; ys |]

            let matrix: Signature = { DType = DType.Float64; Shape = [| 3; 3 |] }
            let g = graphOf [ vector; matrix; inputs[3] ] f |> Simplify.graph Cpu.target |> Hoist.graph
            let made = after (BeforeLoop.graph Cpu.target) g
            sameNumbers g made [ x; Tensor.ones DType.Float64 [ 3; 3 ] * 0.1; example[3] ]

            Expect.isFalse
                (operations (onlyScan made).Body |> List.exists (fun o -> o = "matmul"))
                "no product"
        }
        test "what depends on the carry stays" {
            let left = inside (fun _ _ total x -> sin total + x)
            Expect.contains left "sin" "the sine"
        }
        test "a carry that is more than counted stays" {
            let f (xs: Tensor[]) =
                let step (i: Tensor, total: Tensor) (x: Tensor) =
                    (i * 2 + 1, total + sin (x + i.Convert DType.Float64)), x

                let (i, total), _ = scan step (xs[1], xs[2]) xs[3]
                [| i; total |]

            let g = graphOf inputs f |> Simplify.graph Cpu.target |> Hoist.graph
            let made = after (BeforeLoop.graph Cpu.target) g
            sameNumbers g made example
            Expect.contains (operations (onlyScan made).Body) "sin" "the sine"
        }
        test "large results stay" {
            let f (xs: Tensor[]) =
                let step (i: Tensor, total: Tensor) _ =
                    let draw =
                        Random.uniform (Key.foldTensor i ({ Data = xs[0] }: Key)) DType.Float64 [ 100_000 ]

                    (i + 1, total + sum draw), total

                let (i, total), _ = scan step (xs[1], xs[2]) xs[3]
                [| i; total |]

            let g = graphOf inputs f |> Simplify.graph Cpu.target |> Hoist.graph
            let made = after (BeforeLoop.graph Cpu.target) g
            let left = operations (onlyScan made).Body
            Expect.isTrue (left |> List.exists (fun o -> o.Contains "andom")) "the draws"
        }
        test "loops give the numbers of plain ones" {
            for seed in 1..20 do
                let dice = Dice.Dice seed
                let rounds = 2 + dice.Below 40
                let step, start = int64 (dice.Below 7 - 3), int64 (dice.Below 100 - 50)
                let size = 1 + dice.Below 6
                let key = Key.create (int64 seed)

                let f (start: Tensor, total: Tensor) =
                    iterate
                        rounds
                        (fun (i: Tensor, total: Tensor) ->
                            let a, b = Key.split (Key.foldTensor i key)
                            let noise = Random.uniform a DType.Float32 [ size ]
                            let sign = Random.uniformIn b -1.0 1.0 DType.Float32 [ 1 ]
                            i + tensor step, total * 0.5f + sin noise * sign)
                        (start, total)

                let x = tensor start, Tensor.ones DType.Float32 [ size ]
                let i, total = f x
                let i', total' = compile f x
                equals i i'
                close 1e-6 (numbers total) total'
        }
    ]

let private behind =
    let count = 6
    let sequence: Signature = { DType = DType.Float64; Shape = [| count; 3 |] }
    let xs = (Tensor.arange DType.Float64 (3 * count)).Reshape [ count; 3 ] * 0.1 + 1.0

    /// A loop with a state, a sum and a sequence; the operations of its body after the pass.
    let inside (round: Tensor -> Tensor -> Tensor -> Tensor -> Tensor * Tensor) =
        let f (inputs: Tensor[]) =
            let step (state: Tensor, total: Tensor) (x: Tensor) = round inputs[0] state total x, state
            let (state, total), states = scan step (inputs[1], inputs[2]) inputs[3]
            [| total; state; states |]

        let g = graphOf [ vector; vector; scalar; sequence ] f |> Simplify.graph Cpu.target |> Hoist.graph
        let made = after (AfterLoop.graph Cpu.target) g
        sameNumbers g made [ x * 0.5; x; tensor 2.0; xs ]
        operations (onlyScan made).Body

    testList "behind a loop" [
        for dtype in [ DType.Float16; DType.BFloat16 ] do
            test $"a sum of {dtype}, which rounds in each round, stays" {
                // In Float32 or Float64 the same loop gives up its sum.
                let f (inputs: Tensor[]) =
                    let step (total: Tensor) (x: Tensor) = total + sum (log (x * x)), x
                    let total, states = scan step inputs[0] inputs[1]
                    [| total; states |]

                let body dtype =
                    let of' shape : Signature = { DType = dtype; Shape = shape }
                    let g = graphOf [ of' [||]; of' [| count; 3 |] ] f |> Simplify.graph Cpu.target
                    operations (onlyScan (after (AfterLoop.graph Cpu.target) g)).Body

                Expect.contains (body dtype) "log" "it is where it was"
                Expect.isFalse (List.contains "log" (body DType.Float32)) "Float32"

                let inputs = [ tensor 100.0; xs * 10.0 ] |> List.map _.Convert(dtype) |> Array.ofList
                Array.iter2 equals (f inputs) (compile f inputs)
            }
        test "terms of which all rounds would take more memory than the target allows stay" {
            // In each of 6 rounds 3 numbers are made of one: what the round stores instead would be small enough.
            let f (inputs: Tensor[]) =
                let step (total: Tensor) (x: Tensor) = total + log (x * inputs[0]), x
                let total, xs = scan step inputs[1] inputs[2]
                [| total; xs |]

            let single: Signature = { DType = DType.Float64; Shape = [| count |] }
            let g = graphOf [ vector; vector; single ] f |> Simplify.graph Cpu.target

            let moves most =
                let made = AfterLoop.graph { Cpu.target with LargestStack = most } g
                sameNumbers g made [ x; x * 2.0; Tensor.arange DType.Float64 count * 0.1 + 1.0 ]
                not (List.contains "log" (operations (onlyScan made).Body))

            let bytes = int64 (count * 3 * 8)
            Expect.isTrue (moves bytes) "just enough"
            Expect.isFalse (moves (bytes - 1L)) "one less"
        }
        test "what all rounds store instead is not to take more than that either" {
            // The logarithm is of a product of two states: each fits, both together do not.
            let f (inputs: Tensor[]) =
                let step (total: Tensor, a: Tensor, b: Tensor) (x: Tensor) =
                    (total + sum (log (a * b)), a * 0.5 + x, b * 0.3 + x), x

                let (total, a, b), xs = scan step (inputs[0], inputs[1], inputs[2]) inputs[3]
                [| total; a; b; xs |]

            let g = graphOf [ scalar; vector; vector; sequence ] f |> Simplify.graph Cpu.target

            let moves most =
                let made = AfterLoop.graph { Cpu.target with LargestStack = most } g
                sameNumbers g made [ tensor 2.0; x; x * 2.0; xs ]
                not (List.contains "log" (operations (onlyScan made).Body))

            let bytes = int64 (2 * count * 3 * 8)
            Expect.isTrue (moves bytes) "just enough"
            Expect.isFalse (moves (bytes - 1L)) "one less"
        }
        test "a sum of which the value in every round is kept stays" {
            let f (inputs: Tensor[]) =
                let step (total: Tensor) (x: Tensor) =
                    let next = total + sum (log (x * x))
                    next, next

                let total, totals = scan step inputs[0] inputs[1]
                [| total; totals |]

            let g = graphOf [ scalar; sequence ] f |> Simplify.graph Cpu.target
            let made = after (AfterLoop.graph Cpu.target) g
            sameNumbers g made [ tensor 2.0; xs ]
            Expect.contains (operations (onlyScan made).Body) "log" "it is where it was"
        }
        test "what is only added up" {
            let left = inside (fun _ state total x -> state * 0.5 + x, total + sum (log (state * state)))
            Expect.isFalse (List.contains "log" left) "no logarithm"
            Expect.isFalse (List.contains "sum [0]" left) "no sum"
            Expect.containsAll left [ "multiply"; "add" ] "what the state needs stays"
        }
        test "or taken away, also with shared numbers" {
            let left =
                inside (fun shared state total x -> state + x, total - sum (exp (state * shared * 0.01)))

            Expect.isFalse (List.contains "exp" left) "no exponential"
        }
        test "what the state needs, too, stays" {
            let left =
                inside (fun _ state total x ->
                    let y = sin state
                    y + x, total + sum (cos y))

            Expect.contains left "sin" "the sine"
            Expect.isFalse (List.contains "cos" left) "no cosine"
        }
        test "a sum that is read stays" {
            let left = inside (fun _ state total x -> state * 0.5 + x + total * 0.01, total + sum (sin state))
            Expect.contains left "sin" "the sine"
        }
        test "one that does not begin with itself stays" {
            let left = inside (fun _ state total x -> state * 0.5 + x, sum (sin state) - total)
            Expect.contains left "sin" "the sine"
        }
        test "light work stays" {
            let left = inside (fun _ state total x -> state * 0.5 + x, total + sum (state * state))
            Expect.isTrue (left |> List.exists (fun o -> o.StartsWith "sum")) "the sum"
        }
        test "sums of loops are those of plain ones" {
            for seed in 1..20 do
                let dice = Dice.Dice seed
                let rounds, size = 2 + dice.Below 30, 1 + dice.Below 20
                let key = Key.create (int64 seed)

                let f (start: Tensor) =
                    iterate
                        rounds
                        (fun (state: Tensor, i: Tensor, losses: Tensor, steps: Tensor) ->
                            let noise = Random.uniform (Key.foldTensor i key) DType.Float64 [ size ]
                            let next = tanh (state + noise)
                            next, i + 1, losses - sum (log (next * next + 0.5)), steps + tensor [ 1L; 2L ])
                        (start, tensor 0L, tensor 1.0, tensor [ 0L; 5L ])

                let x = Random.normal (Key.create (int64 (seed + 100))) DType.Float64 [ size ]
                let a, b, c, d = f x
                let a', b', c', d' = compile f x
                close 1e-12 (numbers a) a'
                equals b b'
                close 1e-12 (numbers c) c'
                equals d d'
        }
    ]

[<Tests>]
let tests = testList "loop passes" [ pruning; hoisting; straightening; ahead; behind ]
