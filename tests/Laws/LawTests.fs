/// The laws, run over every primitive.
module Cotangent.Tests.LawTests

open Expecto
open Cotangent
open Cotangent.Differentiation
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow
open Cotangent.Tests.PrimitiveTable
open Cotangent.Tests.Laws

/// Runs a law on what a row draws. A failure names the seed: `Dice seed` draws the same again.
let private holds seeds (draw: Dice -> 'example) (law: Dice -> 'example -> Violation) =
    for seed in 1 .. cases seeds do
        let dice = Dice seed
        let example = draw dice

        let violation =
            try
                law dice example
            with e ->
                // The message, and where it comes from; not the whole stack.
                let stack =
                    e.StackTrace |> Option.ofObj |> Option.map _.Split('\n') |> Option.defaultValue [||]

                Some(String.concat "\n" (e.Message :: List.truncate 4 (List.ofArray stack)))

        match violation with
        | None -> ()
        | Some wrong -> failtest $"{example}, seed {seed}: {wrong}"

let private overPrimitives name seeds (dtypesOf: Row -> DType list) numbers law =
    testList name [
        for row in rows do
            let dtypes = dtypesOf row

            if not dtypes.IsEmpty then
                test row.Name {
                    for dtype in dtypes do
                        holds seeds (fun dice -> row.Draw dice numbers dtype) (law row)
                }
    ]

let private only dtypes (row: Row) = row.DTypes |> List.filter (fun d -> List.contains d dtypes)

/// A law of functions, for the primitives that have something to differentiate by.
let private ofCase law _ dice example = casesOf example |> Seq.tryPick (law dice)

let private overFunctions name seeds law =
    testList name [
        for row in FunctionTable.rows do
            test row.Name { holds seeds row.Draw law }
    ]

let private float64 = only [ DType.Float64 ]
let private floats = only [ DType.Float64; DType.Float32; DType.Float16; DType.BFloat16 ]

/// `Derivatives.isLinear` claims that a primitive is affine in some inputs if and only if it is.
let private linearity =
    let subsets: (string * (int -> bool)) list = [
        "the first", (=) 0
        "the second", (=) 1
        "all", (fun _ -> true)
    ]

    testList "linearity" [
        for row in rows do
            if List.contains DType.Float64 row.DTypes then
                test row.Name {
                    for name, chosen in subsets do
                        let examples = [
                            for seed in 1..20 do
                                let dice = Dice seed
                                let example = row.Draw dice Numbers.Smooth DType.Float64

                                let marked =
                                    example.Inputs |> Array.mapi (fun i x -> chosen i && x.DType.IsFloat)

                                if Array.contains true marked && (output example).DType.IsFloat then
                                    Derivatives.isLinear example.Primitive marked,
                                    isAffine dice example marked
                        ]

                        if not examples.IsEmpty then
                            let claimed = fst examples.Head
                            Expect.all examples (fun (claim, _) -> claim = claimed) $"{name}: one claim"
                            Expect.equal claimed (List.forall snd examples) $"{name}: claimed against found"
                }
    ]

/// Whether a change of an input alone changes a result.
let private hasMap (e: Example) (input: int) =
    match Derivatives.joint e.Primitive e.Inputs (outputs e) with
    | ValueNone -> (Derivatives.rule e.Primitive e.Inputs (output e) input).IsSome
    | ValueSome joint ->
        let only i x = if i = input then ValueSome(Tensor.onesLike x) else ValueNone
        Array.mapi only e.Inputs |> joint.Push |> Array.exists _.IsSome

/// What control flow is told of a primitive: the inputs on which its result depends are those that have a map.
let private dependence =
    testList "dependence" [
        for row in rows do
            if List.contains DType.Float64 row.DTypes then
                test row.Name {
                    for seed in 1..10 do
                        let example = row.Draw (Dice seed) Numbers.Smooth DType.Float64
                        let y = output example

                        if
                            y.DType.IsFloat
                            && (Derivatives.definition example.Primitive example.Inputs).IsNone
                        then
                            example.Inputs
                            |> Array.iteri (fun i x ->
                                if x.DType.IsFloat then
                                    Expect.equal
                                        (Derivatives.depends example.Primitive i)
                                        (hasMap example i)
                                        $"{example}: input {i}")
                }
    ]

/// Inputs of a dtype that a row does not list must be refused by the shape rule.
let private refusals =
    testList "dtypes refused" [
        for row in rows do
            match DTypes.real |> List.except row.DTypes with
            | [] -> ()
            | refused -> test row.Name {
                for dtype in refused do
                    let example = row.Draw (Dice 1) Numbers.Ordinary dtype

                    Expect.throwsC
                        (fun () ->
                            ShapeRule.infer example.Primitive (Array.map signature example.Inputs) |> ignore)
                        (fun e ->
                            Expect.isTrue
                                (e :? CotangentException)
                                $"{example}: {e.GetType().Name} {e.Message}")
              }
    ]

let private table =
    testList "table" [
        test "every variant of a primitive has a row, and only one" {
            Expect.equal (rows |> List.map _.Name |> List.sort) (List.sort variants) "rows"
        }
        test "rows draw what they are named after" {
            for row in rows do
                for seed in 1..5 do
                    let example = row.Draw (Dice seed) Numbers.Ordinary row.DTypes.Head
                    Expect.equal (variant example.Primitive) row.Name "variant"
        }
    ]

/// Functions with wrong derivatives, each of which breaks one law.
let private wrong =
    let violated (law: Dice -> Case -> Violation) f =
        let at = tensorOf (Dice 1) DType.Float64 [| 3 |] (fun () -> 0.7)
        (law (Dice 2) { Name = "wrong"; Apply = (fun x -> f x[0]); At = [| at |] }).IsSome

    let expect f transpose push second linearized =
        Expect.equal (violated (transposeLaw 1e-12) f) transpose "transpose law"
        Expect.equal (violated (pushLaw 1e-8) f) push "push law"
        Expect.equal (violated (secondOrderLaw 1e-7) f) second "second order law"
        Expect.equal (violated (linearizeLaw 1e-12) f) linearized "linearize law"

    testList "a wrong derivative is noticed" [
        test "none is wrong" {
            expect (withDerivative (Derivative.Push(fun x d -> d * cos x)) sin) false false false false
        }
        test "a wrong factor" {
            expect (withDerivative (Derivative.Push(fun x d -> d * sin x)) sin) false true true false
        }
        test "a derivative that is a constant" {
            let constant = Derivative.Push(fun x d -> d * stopGradient (cos x))
            expect (withDerivative constant sin) false false true false
        }
        test "a pull that is not the transpose of the push" {
            let operation = {
                new CustomDerivative("wrong") with
                    member _.Run inputs = [| sin inputs[0] |]
                    member _.Push(inputs, _, d) = [| ValueSome(cos inputs[0] * d[0].Value) |]
                    member _.Pull(inputs, _, c) = [| ValueSome(cos inputs[0] * c[0].Value.Flip 0) |]
            }

            expect (fun x -> Bind.one (Primitive.Custom operation) [| x |]) true false true false
        }
    ]

[<Tests>]
let tests =
    testList "Laws" [
        table
        wrong
        overPrimitives "map" 14 floats Numbers.Smooth (fun row -> mapLaw 1e-12 row.Moves)
        overPrimitives "transpose" 14 floats Numbers.Smooth (ofCase (transposeLaw 1e-12))
        overPrimitives "push" 20 float64 Numbers.Smooth (ofCase (pushLaw 1e-8))
        overPrimitives "second order" 20 float64 Numbers.Smooth (ofCase (secondOrderLaw 1e-7))
        overPrimitives "linearize" 10 float64 Numbers.Smooth (ofCase (linearizeLaw 1e-12))
        overPrimitives "shape" 10 _.DTypes Numbers.Ordinary (fun _ _ -> shapeLaw)
        overPrimitives "engine" 10 _.DTypes Numbers.Ordinary (fun _ _ -> engineLaw 16.0)
        refusals
        linearity
        dependence
        overFunctions "functions, transpose" 10 (transposeLaw 1e-12)
        overFunctions "functions, push" 10 (pushLaw 1e-8)
        overFunctions "functions, second order" 10 (secondOrderLaw 1e-7)
        overFunctions "functions, linearize" 5 (linearizeLaw 1e-12)
    ]
