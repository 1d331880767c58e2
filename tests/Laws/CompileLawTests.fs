/// The law of compilation, `compile f = f`, over every primitive and function of the tables, over random programs, and
/// in composition with the other transformations.
module Cotangent.Tests.CompileLawTests

open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Dice
open Cotangent.Tests.PrimitiveRow
open Cotangent.Tests.PrimitiveTable
open Cotangent.Tests.Laws

let private tolerance (dtype: DType) =
    match dtype.Storage with
    | Storage.Float64 -> 1e-12
    | Storage.Float32 -> 4e-6
    | Storage.Float16 -> 4e-3
    | Storage.BFloat16 -> 3e-2
    | Storage.Integer _
    | Storage.Bool
    | Storage.Complex64
    | Storage.Complex128 -> 0.0

/// The graph, simplified and not, is a graph.
let private verified (f: Tensor[] -> Tensor[]) (inputs: Tensor[]) =
    let like = inputs |> Array.map (fun t -> Stage.signatureOf t, t.Device)
    let g = Stage.closed "compile" f like
    Verify.graph g
    Verify.graph (Passes.complete Watch.ofEnvironment.Value Cpu.target g)
    Verify.graph (Passes.differentiable Watch.ofEnvironment.Value Cpu.target g)

let private compileLaw (f: Tensor[] -> Tensor) (inputs: Tensor[]) : Violation =
    verified (fun xs -> [| f xs |]) inputs
    let expected = f inputs
    // Units in the last place of numbers around 1, and of larger ones; NaN where there is NaN.
    Oracle.difference 16.0 1.0 expected.Host (compile f inputs).Host

let private holds seeds (draw: Dice -> 'example) (law: Dice -> 'example -> Violation) =
    for seed in 1 .. cases seeds do
        let dice = Dice seed
        let example = draw dice

        let violation =
            try
                law dice example
            with e ->
                Some(e.ToString())

        match violation with
        | None -> ()
        | Some wrong -> failtest $"{example}, seed {seed}: {wrong}"

let private primitives =
    testList "primitives" [
        for row in rows do
            test row.Name {
                for dtype in row.DTypes do
                    for numbers in [ Numbers.Ordinary; Numbers.Smooth ] do
                        holds 2 (fun dice -> row.Draw dice numbers dtype) (fun _ e ->
                            functionsOf e |> Seq.tryPick (fun f -> compileLaw f e.Inputs))
            }
    ]

let private weighted (case: Case) weights (x: Tensor[]) = sum (case.Apply x * weights)

let private functions =
    testList "functions" [
        for row in FunctionTable.rows do
            test row.Name {
                holds 2 row.Draw (fun dice case ->
                    let y = case.Apply case.At

                    if not y.DType.IsFloat then
                        compileLaw case.Apply case.At
                    else
                        let weights = directionOf dice [| y |]
                        let f = weighted case weights[0]
                        let v = directionOf dice case.At
                        let gradient = grad f case.At
                        let second = hvp f case.At v

                        let all what (expected: Tensor[]) (actual: Tensor[]) =
                            Seq.map2 (difference what 1e-9) expected actual |> Seq.tryPick id

                        [
                            compileLaw case.Apply case.At
                            all "compile of grad" gradient (compile (grad f) case.At)
                            all "grad of compile" gradient (grad (compile f) case.At)
                            all "the push through compile" [| snd (jvp case.Apply case.At v) |] [|
                                snd (jvp (compile case.Apply) case.At v)
                            |]
                            all "compile of the second derivative" second (compile (hvp f case.At) v)
                            all "the second derivative of compile" second (hvp (compile f) case.At v)
                            all
                                "grad of grad of compile"
                                second
                                (grad (fun x -> Tree.dot (grad (compile f) x) v) case.At)
                        ]
                        |> Seq.tryPick id)
            }
    ]

// ---- Random programs ----

/// A program drawn by dice: a few tensors, then operations on whatever there is so far; all of its values are returned.
let internal program (dice: Dice) (dtype: DType) =
    let rows, columns = 1 + dice.Below 20, 1 + dice.Below 20
    let shapes = [ [| rows; columns |]; [| columns |]; [| rows; 1 |]; [||]; [| columns; rows |] ]

    let inputs =
        shapes
        |> List.map (fun s -> tensorOf dice dtype s (fun () -> dice.Between -1.5 1.5))
        |> Array.ofList

    let seed = dice.Below 1_000_000

    let run (xs: Tensor[]) =
        let dice = Dice seed
        let known = ResizeArray xs
        let any () = known[dice.Below known.Count]
        let matrix () = known |> Seq.filter (fun t -> t.Rank = 2) |> List.ofSeq |> dice.Pick

        for _ in 1 .. 4 + dice.Below 12 do
            let next =
                match dice.Below 14 with
                | 0 -> sin (any ())
                | 1 -> tanh (any ())
                | 2 -> exp (-(abs (any ())))
                | 3 -> sqrt (1.0 + square (any ()))
                | 4
                | 5 ->
                    let a, b = any (), any ()

                    match dice.Below 4 with
                    | _ when not (Shape.stretches a.Dims b.Dims || Shape.stretches b.Dims a.Dims) -> a * 0.5
                    | 0 -> a + b
                    | 1 -> a - b
                    | 2 -> a * b
                    | _ -> maximum a b
                | 6 ->
                    let a = any ()
                    where (a.Greater 0.1) a (Tensor.zerosLike a)
                | 7 -> (matrix ()).T
                | 8 ->
                    let a = matrix ()
                    matmul a (a.T * 0.1)
                | 9 -> (matrix ()).Sum [ dice.Below 2 ]
                | 10 -> (matrix ()).Max [ 1 ]
                | 11 -> (any ()).Flatten()
                | 12 ->
                    let a = matrix ()
                    a.Flip(dice.Below 2)
                | _ ->
                    let a = matrix ()
                    mean (a * a)

            if next.Size < 5000 then known.Add next

        known.ToArray()

    run, inputs

let private randomPrograms =
    testList "random programs" [
        for dtype in [ DType.Float64; DType.Float32 ] do
            test $"{dtype}" {
                for seed in 1 .. cases 60 do
                    let run, inputs = program (Dice seed) dtype
                    verified run inputs
                    let expected = run inputs
                    let actual = compile run inputs

                    for i in 0 .. expected.Length - 1 do
                        match difference $"value {i}" (50.0 * tolerance dtype) expected[i] actual[i] with
                        | None -> ()
                        | Some wrong -> failtest $"seed {seed}: {wrong}"
            }

        test "gradients" {
            for seed in 1 .. cases 25 do
                let run, inputs = program (Dice seed) DType.Float64
                let loss xs = run xs |> Array.map sum |> Array.reduce (+)
                let expected = grad loss inputs

                for what, actual in
                    [
                        "compile of grad", compile (grad loss) inputs
                        "grad of compile", grad (compile loss) inputs
                    ] do
                    for i in 0 .. expected.Length - 1 do
                        match difference $"{what}, input {i}" 1e-9 expected[i] actual[i] with
                        | None -> ()
                        | Some wrong -> failtest $"seed {seed}: {wrong}"
        }

        test "batches" {
            for seed in 1 .. cases 25 do
                let run, inputs = program (Dice seed) DType.Float64
                let batch = inputs |> Array.map (fun t -> stack 0 [ t; t * 0.5; -t ])
                let expected = vmap run batch

                for what, actual in
                    [
                        "vmap of compile", vmap (compile run) batch
                        "compile of vmap", compile (vmap run) batch
                    ] do
                    for i in 0 .. expected.Length - 1 do
                        match difference $"{what}, value {i}" 1e-10 expected[i] actual[i] with
                        | None -> ()
                        | Some wrong -> failtest $"seed {seed}: {wrong}"
        }
    ]

[<Tests>]
let tests = testList "compile laws" [ primitives; functions; randomPrograms ]
