/// Taylor mode over every primitive, against forward mode in forward mode.
module Cotangent.Tests.TaylorLawTests

open Expecto
open Cotangent
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow
open Cotangent.Tests.PrimitiveTable
open Cotangent.Tests.Laws

let private order = 3

/// The terms of a series, by derivatives of derivatives.
let private nested (f: Tensor -> Tensor) : Tensor list =
    let rec derivative k (t: Tensor) = if k = 0 then f t else snd (jvp (derivative (k - 1)) t (tensor 1.0))

    let factorials = List.scan (fun product k -> product * float k) 1.0 [ 1..order ]
    List.mapi (fun k factorial -> derivative k (tensor 0.0) / factorial) factorials

/// A curve through a point, of second order.
let private curve (dice: Dice) (case: Case) = case.At, directionOf dice case.At, directionOf dice case.At

let private along ((x, v, u): Tensor[] * Tensor[] * Tensor[]) (t: Tensor) =
    Array.init x.Length (fun i -> x[i] + v[i] * t + u[i] * (t * t))

let private jetAlong f ((x, v, u): Tensor[] * Tensor[] * Tensor[]) : Tensor list =
    jet f [ x; v; u; Array.map Tensor.zerosLike x ]

let private firstOf (violations: Violation seq) : Violation = violations |> Seq.tryPick id

let private agree what tolerance (expected: Tensor list) (actual: Tensor list) =
    Seq.mapi2 (fun k e a -> difference $"{what}, term {k}" tolerance e a) expected actual |> firstOf

/// Each term is that of forward mode in forward mode.
let private termLaw tolerance (dice: Dice) (case: Case) : Violation =
    if not (case.Apply case.At).DType.IsFloat then
        None
    else
        let curve = curve dice case
        agree "jet" tolerance (nested (along curve >> case.Apply)) (jetAlong case.Apply curve)

/// One compiled, one of a batch, and its gradient are what they are without.
let private transformedLaw (dice: Dice) (case: Case) : Violation =
    if not (case.Apply case.At).DType.IsFloat then
        None
    else
        let x, v, u = curve dice case
        let expected = jetAlong case.Apply (x, v, u)
        let last x = List.last (jetAlong case.Apply (x, v, u))
        let weights = (directionOf dice [| expected.Head |])[0]
        let d = directionOf dice x
        let slope x = sum (weights * last x)
        let _, pushed = jvp slope x d

        [
            agree "compiled" 1e-11 expected (compile (jetAlong case.Apply) (x, v, u))
            agree
                "of a batch"
                1e-11
                (expected |> List.map (fun t -> stack 0 [ t ]))
                (vmap (jetAlong case.Apply) (Tree.map (fun (t: Tensor) -> t.Unsqueeze 0) (x, v, u)))
            difference
                "reverse against forward mode"
                1e-9
                (pushed.Convert DType.Float64)
                (Tree.dot (grad slope x) d)
        ]
        |> firstOf

/// The Laplacian is the sum of second derivatives along all axes.
let private laplacianLaw tolerance (dice: Dice) (case: Case) : Violation =
    let y = case.Apply case.At

    if not y.DType.IsFloat || case.At |> Array.sumBy _.Size = 0 then
        None
    else
        let weights = (directionOf dice [| y |])[0]

        let f x =
            let y = case.Apply x
            sum (weights * y * y)

        let axes = [
            for i in 0 .. case.At.Length - 1 do
                for k in 0 .. case.At[i].Size - 1 do
                    case.At
                    |> Array.mapi (fun j t ->
                        let numbers = Array.init t.Size (fun n -> if i = j && n = k then 1.0 else 0.0)
                        Tensor.ofArray t.Dims numbers)
        ]

        let expected = axes |> List.sumBy (fun e -> float (Tree.dot (hvp f case.At e) e))
        difference "laplacian" tolerance (tensor expected) ((laplacian f case.At).Convert DType.Float64)

let private holds seeds (draw: Dice -> 'example) (law: Dice -> 'example -> Violation) =
    for seed in 1 .. cases seeds do
        let dice = Dice seed
        let example = draw dice

        let violation =
            try
                law dice example
            with e ->
                Some $"{e.Message}\n{e.StackTrace}"

        match violation with
        | None -> ()
        | Some wrong -> failtest $"{example}, seed {seed}: {wrong}"

let private overPrimitives name seeds law =
    testList name [
        for row in rows do
            if List.contains DType.Float64 row.DTypes then
                test row.Name {
                    holds seeds (fun dice -> row.Draw dice Numbers.Smooth DType.Float64) (fun dice example ->
                        casesOf example |> Seq.tryPick (law dice))
                }
    ]

let private overFunctions name seeds law =
    testList name [
        for row in FunctionTable.rows do
            test row.Name { holds seeds row.Draw law }
    ]

[<Tests>]
let tests =
    testList "Taylor laws" [
        overPrimitives "terms" 5 (termLaw 1e-8)
        overPrimitives "transformed" 1 transformedLaw
        overPrimitives "laplacian" 3 (laplacianLaw 1e-8)
        overFunctions "functions, terms" 4 (termLaw 1e-8)
        overFunctions "functions, laplacian" 3 (laplacianLaw 1e-8)
    ]
