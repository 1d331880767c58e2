/// Folds of what repeats: which are multiples, and which stay sums.
module Cotangent.Tests.RepeatsTests

open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Dice
open Cotangent.Tests.Support
open Expecto

let private graphOf dtype (shape: int list) (f: Tensor -> Tensor) =
    let like = [| ({ DType = dtype; Shape = Array.ofList shape }: Signature), Device.Cpu |]
    Stage.closed "compile" (fun xs -> [| f xs[0] |]) like

/// The most elements of any value that is computed, views aside, after simplification; the numbers stay the same.
let private largest dtype (shape: int list) (f: Tensor -> Tensor) =
    let g = graphOf dtype shape f
    let made = Simplify.graph Cpu.target g
    Verify.graph made
    let x = [| counting dtype shape |]
    Array.iter2 equals (GraphInterpreter.Run g x) (GraphInterpreter.Run made x)

    made.Nodes
    |> Array.map (fun node ->
        match node.Operation with
        | Operation.Primitive(Primitive.Reduce _) -> Shape.count made.Nodes[node.Inputs[0]].Shape
        | Operation.Primitive(Primitive.Unary _ | Primitive.Binary _) -> Shape.count node.Shape
        | _ -> 0)
    |> Array.max

let private repeated (x: Tensor) = (x.Unsqueeze 1).Expand [ 3; 800; 5 ]

let private rules =
    testList "rules" [
        for dtype in [ DType.Float32; DType.Float64; DType.Int32; DType.Int64 ] do
            test $"a sum of equal numbers is a multiple in {dtype}" {
                Expect.equal
                    (largest dtype [ 3; 5 ] (fun x -> (repeated x).Sum [ 1 ]))
                    15
                    "no more than the numbers"
            }
        for dtype in [ DType.Float16; DType.BFloat16 ] do
            test $"not in {dtype}, where their number may be too large" {
                let f (x: Tensor) = sum (x.Expand [ 100_000 ])
                let left = (Simplify.graph Cpu.target (graphOf dtype [] f)).Nodes

                let isSum (node: Node) =
                    match node.Operation with
                    | Operation.Primitive(Primitive.Reduce(Reduction.Sum, _)) -> true
                    | _ -> false

                Expect.isTrue (Array.exists isSum left) "it is added up"
                let x = (tensor 1e-4).Convert dtype
                // 10⁵ is not in Float16.
                closeNumbers 0.01 [ 10.0 ] (numbers (compile f x))
            }

            test $"the largest of equal numbers is one of them, in {dtype} too" {
                Expect.equal (largest dtype [ 3; 5 ] (fun x -> -((repeated x).Max [ 1 ]))) 15 "no more"
            }
        test "a repetition that was permuted" {
            // Axis 1 is where the repetition went; the permutation is not its own inverse.
            let f (x: Tensor) = ((repeated x).Permute [ 2; 0; 1 ]).Sum [ 2 ]
            Expect.equal (largest DType.Float64 [ 3; 5 ] f) 15 "no more than the numbers"
            let other (x: Tensor) = ((repeated x).Permute [ 1; 2; 0 ]).Sum [ 0 ]
            Expect.equal (largest DType.Float64 [ 3; 5 ] other) 15 "the other way round"
        }
        test "what varies is added up where it was permuted" {
            let f (x: Tensor) = ((repeated x).Permute [ 2; 0; 1 ]).Sum [ 0; 1 ]
            Expect.equal (largest DType.Float64 [ 3; 5 ] f) (3 * 800 * 5) "all of it"
        }
    ]

/// Repetitions, permutations and arithmetic, then a fold.
let private random = test "folds of random repetitions are the same" {
    let mutable smaller = 0

    for seed in firstSeed .. firstSeed + cases 400 - 1 do
        let shape = [ for i in 0 .. (Dice seed).Below 3 -> 1 + (Dice(seed + 1000 * i)).Below 4 ]
        let whole = ref 0

        let f (x: Tensor) =
            let dice = Dice(seed + 1)

            let spread (t: Tensor) =
                let once (t: Tensor) _ =
                    let t =
                        if t.Rank < 5 && dice.Chance 0.6 then
                            let axis = dice.Below(t.Rank + 1)
                            let t = t.Unsqueeze axis

                            t.Expand [
                                for a in 0 .. t.Rank - 1 -> if a = axis then 2 + dice.Below 2 else t.Shape[a]
                            ]
                        else
                            t

                    if dice.Chance 0.7 then t.Permute(dice.Order t.Rank) else t

                Seq.fold once t [ 0 .. dice.Below 3 ]

            let y = spread x
            let y = if dice.Chance 0.5 then spread (y * 2.0 + 1.0) else y
            let y = if dice.Chance 0.3 then y + (Tensor.full DType.Float64 [] 3.0).Expand(y.Shape) else y
            whole.Value <- y.Size

            let axes = [
                for a in 0 .. y.Rank - 1 do
                    if dice.Chance 0.5 then a
            ]

            let axes = if axes.IsEmpty then [ dice.Below y.Rank ] else axes
            let folded = if dice.Chance 0.6 then y.Sum axes else y.Max axes
            folded * 1.5

        if largest DType.Float64 shape f < whole.Value then smaller <- smaller + 1

    Expect.isGreaterThan smaller 50 "many were made smaller"
}

[<Tests>]
let tests = testList "Repeats" [ rules; random ]
