/// From graphs to loop nests: what the nests compute, by the interpreter, is what the graph says, node by node.
module Cotangent.Tests.LoweringTests

open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Dice
open Cotangent.Tests.Support
open Expecto

let private like (shape: int list) =
    ({ DType = DType.Float64; Shape = Array.ofList shape }: Signature), Device.Cpu

/// Steps of a graph as it is, without any pass, on slots; and views of its inputs and outputs.
let private stepsOf (g: Graph) =
    let lowering = Lowering Cpu.target

    let views =
        g.Inputs
        |> Array.mapi (fun n i ->
            let node = g.Nodes[i]
            Layout.contiguous (lowering.Slot(node.DType, Shape.count node.Shape, Home.Input n)) node.Shape)

    let struct (steps, outputs) = lowering.Graph(g, views, Array.create g.Outputs.Length -1)
    let slots = lowering.Slots.ToArray()
    VerifySteps.steps slots steps
    struct (slots, steps, views, outputs)

/// The same, and what they compute of these inputs.
let private lowered (g: Graph) (inputs: Tensor list) =
    let struct (slots, steps, views, outputs) = stepsOf g
    let initial = inputs |> List.mapi (fun n t -> views[n].Slot, numbers t)
    let memory = StepInterpreter.run slots initial steps
    struct (steps, outputs |> Array.map (StepInterpreter.read memory))

let private agrees what (f: Tensor[] -> Tensor) (inputs: Tensor list) =
    let g =
        Stage.closed "compile" (fun xs -> [| f xs |]) [| for t in inputs -> like (List.ofArray t.Shape) |]

    let struct (_, found) = lowered g inputs
    let expected = (GraphInterpreter.Run g (Array.ofList inputs))[0]
    Expect.equal found[0] (numbers expected) what

let private part axis first last step (t: Tensor) =
    t
    |> Subset.slice [
        for a in 0 .. t.Rank - 1 -> if a = axis then Index.Range(first, last, step) else Index.All
    ]

let private positions =
    testList "positions" [
        test "the start of a part of a range counts once, along however many axes it runs" {
            let f (xs: Tensor[]) =
                (part 0 (Some 5) (Some 28) 1 (Tensor.arange DType.Float64 30)).Reshape [ 2; 3; 4 ] + xs[0]

            let zeros = Tensor.zeros DType.Float64 [ 2; 3; 4 ] + 0.0
            let g = Stage.closed "compile" (fun xs -> [| f xs |]) [| like [ 2; 3; 4 ] |]
            let struct (steps, found) = lowered g [ zeros ]

            let starts =
                steps
                |> Array.collect (fun step ->
                    match step with
                    | Step.Nest k ->
                        k.Body
                        |> Array.choose (fun i ->
                            match i with
                            | Instruction.Position(_, _, start, _) -> Some start
                            | _ -> None)
                    | _ -> [||])

            Expect.equal (Array.sum starts, starts.Length) (5, 3) "starts along three axes"
            Expect.equal found[0] (Array.init 24 (fun i -> 5.0 + float i)) "5, 6, …"
        }
        test "one element of a range" {
            agrees "17" (fun xs -> ((Tensor.arange DType.Float64 5002)[17..17]) + xs[0]) [ tensor [ 0.5 ] ]

            equals
                [ 17.5 ]
                (compile (fun x -> (Tensor.arange DType.Float64 5002)[17..17] + x) (tensor [ 0.5 ]))
        }
        test "a range backwards, every third, transposed" {
            let range = Tensor.arange DType.Float64 50

            agrees
                "backwards"
                (fun xs -> (range.Flip 0 |> part 0 (Some 3) (Some 26) 1).Reshape([ 6; 4 ]).T + xs[0])
                [ counting DType.Float64 [ 4; 6 ] ]
        }
    ]

/// Views of a tensor, one after the other.
let private moved (dice: Dice) (t: Tensor) : Tensor =
    let once (t: Tensor) _ =
        let axis = if t.Rank = 0 then 0 else dice.Below t.Rank
        let size = if t.Rank = 0 then 1 else t.Shape[axis]
        let shape = List.ofArray t.Shape

        match dice.Below 8 with
        | 0 -> t.Permute(dice.Order t.Rank)
        | 1 when t.Rank > 0 -> t.Flip axis
        | 2 when t.Rank > 0 ->
            let start = dice.Below size
            part axis (Some start) (Some(start + dice.Below(size - start))) 1 t
        | 3 when t.Rank > 0 && size > 1 -> part axis None None (dice.Pick [ 2; -1; -2; 3 ]) t
        | 4 when t.Size < 100 && t.Rank < 5 -> (t.Unsqueeze axis).Expand(List.insertAt axis 2 shape)
        | 5 -> t.Reshape [ t.Size ]
        | 6 when t.Rank > 0 && t.Rank < 5 ->
            let by = [ 1..size ] |> List.filter (fun n -> size % n = 0) |> dice.Pick
            t.Reshape(shape |> List.removeAt axis |> List.insertManyAt axis [ by; size / by ])
        | _ -> t

    Seq.fold once t [ 0 .. dice.Below 4 ]

let private random = test "random views of ranges and inputs, computed with and folded" {
    for seed in firstSeed .. firstSeed + cases 600 - 1 do
        let dice = Dice seed
        let shape = [ for _ in 0 .. dice.Below 3 -> dice.Pick [ 1; 2; 3; 4; 6 ] ]

        let f (xs: Tensor[]) =
            let dice = Dice(seed + 1)
            let source = if dice.Chance 0.5 then xs[0] else Tensor.arange DType.Float64 (1 + dice.Below 40)
            let y = moved dice source
            let y = if dice.Chance 0.5 then moved dice (y * 2.0 + 1.0) else y
            let y = if dice.Chance 0.3 then y + (Tensor.arange DType.Float64 y.Size).Reshape(y.Shape) else y

            match dice.Below 3 with
            | 0 when y.Rank > 0 -> y.Sum [ dice.Below y.Rank ]
            | 1 -> moved dice (abs y)
            | _ -> y + 1.0

        agrees $"seed {seed}" f [ counting DType.Float64 shape ]
}

let private isCopy (step: Step) =
    match step with
    | Step.Nest k ->
        (match k.Body with
         | [| Instruction.Load _ |] -> true
         | _ -> false)
    | Step.Engine(Primitive.Barrier, _, _) -> true
    | Step.Scan _
    | Step.While _
    | Step.Cond _
    | Step.Product _
    | Step.Draw _
    | Step.Engine _ -> false

let private concatenations =
    let steps (f: Tensor[] -> Tensor) (inputs: Tensor list) =
        let shapes = [| for t in inputs -> like (List.ofArray t.Shape) |]
        let struct (steps, _) = lowered (Stage.closed "compile" (fun xs -> [| f xs |]) shapes) inputs
        steps

    let engines (steps: Step[]) = steps |> Array.filter _.IsEngine |> Array.length

    testList "concatenations" [
        test "small ones are nests, and what reads parts of them reads these" {
            let f (xs: Tensor[]) =
                let joined =
                    concat 0 [ xs[0] * 2.0; xs[1]; Tensor.zeros DType.Float64 [ 0; 2 ]; xs[0] + xs[1] ]

                let across = concat 1 [ joined[3..8]; joined[0..5]; xs[2] ]
                across * 3.0 + across[*, 1..1] - joined[8, 1]

            let inputs = [
                Tensor.arange DType.Float64 6 |> _.Reshape([ 3; 2 ])
                tensor [ [ 0.5; -1.0 ]; [ 7.0; 2.0 ]; [ -3.0; 4.0 ] ]
                Tensor.arange DType.Float64 12 |> _.Reshape([ 6; 2 ])
            ]

            let f xs = f xs |> _.Sum([ 1 ])
            agrees "parts" f inputs
            Expect.equal (engines (steps f inputs)) 0 "calls of the engine"
            equals (f (Array.ofList inputs)) (compile (fun xs -> f (Array.ofList xs)) inputs)
        }
        test "large ones are left to the engine" {
            let x = Tensor.arange DType.Float64 3000
            let f (xs: Tensor[]) = concat 0 [ xs[0]; xs[0] ]
            Expect.equal (engines (steps f [ x ])) 1 "calls of the engine"
            equals (f [| x |]) (compile (fun x -> f [| x |]) x)
        }
        test "what is computed for one alone is written into it, however large" {
            let f (xs: Tensor[]) =
                concat 1 [ xs[0] * 2.0; xs[1]; xs[0] - xs[1]; (xs[0] * xs[1]).Sum([ 1 ]).Unsqueeze 1 ]

            let inputs = [
                (Tensor.arange DType.Float64 3000).Reshape [ 60; 50 ]
                (Tensor.arange DType.Float64 3000 * 0.25).Reshape [ 60; 50 ]
            ]

            agrees "parts" f inputs
            let made = steps f inputs
            Expect.equal (engines made) 0 "calls of the engine"
            // The argument, and the fold, which is seen with an axis more.
            Expect.equal (made |> Array.filter isCopy |> Array.length) 2 "copies"
            equals (f (Array.ofList inputs)) (compile (fun xs -> f (Array.ofList xs)) inputs)

            // Where a round of a loop leaves it, and stacked.
            let rounds (x: Tensor, y: Tensor) =
                let round (x: Tensor, y: Tensor) _ =
                    let both = concat 0 [ x + y; x - y ]
                    (both[..59], both[60..] * 0.5), both

                let (x, y), all = scan round (x, y) (Tensor.arange DType.Float64 3)
                concat 0 [ x; y; all.Reshape [ -1; 50 ] ]

            equals (rounds (inputs[0], inputs[1])) (compile rounds (inputs[0], inputs[1]))
        }
        test "what others read as well is copied" {
            let x = Tensor.arange DType.Float64 3000
            let f (xs: Tensor[]) = (let y = xs[0] * 2.0 in concat 0 [ y; y ])
            Expect.equal (engines (steps f [ x ])) 1 "calls of the engine"
            equals (f [| x |]) (compile (fun x -> f [| x |]) x)
        }
    ]

let private loops =
    let steps (f: Tensor[] -> Tensor) (inputs: Tensor list) =
        let shapes = [| for t in inputs -> like (List.ofArray t.Shape) |]
        let struct (_, steps, _, _) = stepsOf (Stage.closed "compile" (fun xs -> [| f xs |]) shapes)
        steps

    let rec all (steps: Step[]) : Step[] =
        steps
        |> Array.collect (fun step ->
            match step with
            | Step.Scan s -> all s.Body
            | Step.While w -> Array.append (all w.Condition) (all w.Round)
            | Step.Cond(_, onTrue, onFalse) -> Array.append (all onTrue) (all onFalse)
            | Step.Nest _
            | Step.Product _
            | Step.Draw _
            | Step.Engine _ -> [| step |])

    let rounds (steps: Step[]) : Step[] =
        steps
        |> Array.collect (fun step ->
            match step with
            | Step.While w -> w.Round
            | Step.Scan s -> s.Body
            | Step.Cond _
            | Step.Nest _
            | Step.Product _
            | Step.Draw _
            | Step.Engine _ -> [||])

    testList "loops" [
        test "what is Bool goes round, and is joined, without the engine" {
            let f (xs: Tensor[]) =
                let round (x: Tensor, seen: Tensor) = x + 1.0, concat 0 [ seen[1..]; (x[0..0]).Greater 2.0 ]

                let _, seen =
                    whileLoop (fun (x: Tensor, _) -> (sum x).Less 20.0) round (xs[0], xs[1].Greater 0.0)

                where seen (xs[0] * 2.0) xs[1]

            let inputs = [ tensor [ 0.5; -1.0; 1.0 ]; tensor [ 3.0; -2.0; 1.0 ] ]
            Expect.isEmpty (all (steps f inputs) |> Array.filter _.IsEngine) "calls of the engine"
            equals (f (Array.ofList inputs)) (compile (fun xs -> f (Array.ofList xs)) inputs)
        }
        test "branches make their results where a loop wants them" {
            let f (xs: Tensor[]) =
                let round (x: Tensor, y: Tensor) =
                    cond
                        ((sum x).Less 5.0)
                        (fun (x, y) -> x * 2.0, y + x)
                        (fun (x, y) -> x + 1.0, y * x)
                        (x, y)

                whileLoop (fun (x, _) -> (sum x).Less 40.0) round (xs[0], xs[1]) |> snd

            let inputs = [ tensor [ 0.5; 1.5; 1.0 ]; tensor [ 3.0; -2.0; 1.0 ] ]
            Expect.isEmpty (rounds (steps f inputs) |> Array.filter isCopy) "copies in a round"
            equals (f (Array.ofList inputs)) (compile (fun xs -> f (Array.ofList xs)) inputs)
        }
    ]

let private layouts =
    testList "layouts" [
        test "heads of attention are taken apart and joined without a copy, there and back" {
            let heads (t: Tensor) = (t.Reshape [ 3; 40; 4; 8 ]).Permute [ 0; 2; 1; 3 ]

            let attended (q: Tensor, k: Tensor, v: Tensor) =
                ((attend Attention.causal (heads q) (heads k) (heads v)).Permute [ 0; 2; 1; 3 ]).Reshape [
                    120
                    32
                ]

            let f (xs: Tensor[]) =
                let loss (q, k, v) = sum (square (matmul (attended (q, k, v)) xs[3]))
                let dq, dk, dv = grad loss (xs[0], xs[1], xs[2])
                [| matmul (dq.Reshape [ 120; 32 ]) xs[3]; matmul dk xs[3]; matmul dv xs[3] |]

            let random n shape = Random.normal (Key.create n) DType.Float64 shape

            let inputs =
                Array.append (Array.init 3 (fun i -> random (int64 i) [ 120; 32 ])) [| random 4L [ 32; 32 ] |]

            let shapes = [| for t in inputs -> like (List.ofArray t.Shape) |]
            let graph = Passes.complete Watch.ofEnvironment.Value Cpu.target (Stage.closed "compile" f shapes)
            let struct (_, steps, _, _) = stepsOf graph
            Expect.isEmpty (steps |> Array.filter isCopy) "copies"

            for expected, actual in Array.zip (f inputs) (compile f inputs) do
                closeNumbers 1e-11 (numbers expected) (numbers actual)
        }
    ]

[<Tests>]
let tests = testList "Lowering" [ positions; concatenations; loops; layouts; random ]
