/// The law of compilation over random programs with control flow: values, first and second derivatives, batches and
/// donations are those of the plain function, also the second time and for other numbers.
module Cotangent.Tests.ProgramLawTests

open Expecto
open Cotangent
open Cotangent.Compiler
open Cotangent.Tests.Dice
open Cotangent.Tests.Laws
open Cotangent.Tests.Programs

let private all = { Floats = DType.Float64; While = true; Derivatives = true }

let private same tolerance what (expected: Tensor[]) (actual: Tensor[]) : Violation =
    if expected.Length <> actual.Length then
        Some $"{what}: {expected.Length} values, got {actual.Length}"
    else
        Seq.zip expected actual
        |> Seq.indexed
        |> Seq.tryPick (fun (i, (e, a)) -> difference $"{what}, value {i}" tolerance e a)

/// Every value of the program counts.
let private loss (run: Tensor[] -> Tensor[]) (xs: Tensor[]) =
    run xs |> Array.filter _.DType.IsFloat |> Array.map (fun t -> sum (sin t)) |> Array.reduce (+)

let private others (xs: Tensor[]) = xs |> Array.map (fun t -> cos t - 0.2)
let private copies (xs: Tensor[]) = xs |> Array.map (fun t -> t * 1)

let private programs name features seeds (check: (Tensor[] -> Tensor[]) -> Tensor[] -> Violation list) =
    test name {
        let wrong = ResizeArray()

        for seed in firstSeed .. firstSeed + cases seeds - 1 do
            let run, inputs = draw features (Dice seed)

            let violation =
                try
                    check run inputs |> List.tryPick id
                with e ->
                    Some(e.ToString())

            match violation with
            | None -> ()
            | Some text -> wrong.Add $"seed {seed}: {text}"

        if wrong.Count > 0 then
            failtest $"""{wrong.Count} programs: {String.concat "\n" (Seq.truncate 5 wrong)}"""
    }

let private values tolerance (run: Tensor[] -> Tensor[]) (inputs: Tensor[]) =
    let like = inputs |> Array.map (fun t -> Stage.signatureOf t, t.Device)
    let g = Stage.closed "compile" run like
    Verify.graph (Passes.complete Watch.ofEnvironment.Value Cpu.target g)
    Verify.graph (Passes.differentiable Watch.ofEnvironment.Value Cpu.target g)
    let compiled, given = compile run, compileDonating (fun (xs, ()) -> run xs)
    let expected, other = run inputs, others inputs
    let expectedOther = run other

    [
        same tolerance "compile" expected (compiled inputs)
        same tolerance "other numbers" expectedOther (compiled other)
        same tolerance "again" expected (compiled inputs)
        same tolerance "donated" expected (given (copies inputs, ()))
    ]

let private gradients run (inputs: Tensor[]) =
    let f = loss run
    let expected = grad f inputs

    [
        same 1e-8 "compile of grad" expected (compile (grad f) inputs)
        same 1e-8 "grad of compile" expected (grad (compile f) inputs)
    ]

let private second run (inputs: Tensor[]) =
    let f = loss run
    let v = inputs |> Array.map (fun t -> sin (t * 3.0))
    let expected = hvp f inputs v
    let twice f = grad (fun x -> Tree.dot (grad f x) v)

    [
        same 1e-7 "compile of hvp" expected (compile (hvp f inputs) v)
        same 1e-7 "hvp of compile" expected (hvp (compile f) inputs v)
        same 1e-7 "compile of grad of grad" expected (compile (twice f) inputs)
        same 1e-7 "grad of grad of compile" expected (twice (compile f) inputs)
    ]

let private batches (run: Tensor[] -> Tensor[]) (inputs: Tensor[]) =
    let batch = inputs |> Array.map (fun t -> stack 0 [ t; t * 0.5; -t ])
    let expected = vmap run batch

    let examples =
        [ 0..2 ]
        |> List.map (fun i -> run (batch |> Array.map (fun t -> t[i])))
        |> fun all -> Array.init expected.Length (fun k -> stack 0 [ for one in all -> one[k] ])

    [
        same 1e-9 "vmap" examples expected
        same 1e-9 "vmap of compile" expected (vmap (compile run) batch)
        same 1e-9 "compile of vmap" expected (compile (vmap run) batch)
    ]

let private batchedGradients run (inputs: Tensor[]) =
    let batch = inputs |> Array.map (fun t -> stack 0 [ t; t * 0.5; -t ])
    let g = grad (loss run)
    let expected = vmap g batch

    [
        same 1e-8 "compile of vmap of grad" expected (compile (vmap g) batch)
        same 1e-8 "vmap of grad of compile" expected (vmap (grad (compile (loss run))) batch)
    ]

[<Tests>]
let tests =
    let differentiable = { all with While = false }

    testList "compile programs" [
        programs "values" all 40 (values 1e-9)
        programs "values, Float32" { all with Floats = DType.Float32 } 25 (values 1e-3)
        programs "gradients" differentiable 15 gradients
        programs "second derivatives" { differentiable with Derivatives = false } 8 second
        programs "batches" all 15 batches
        programs "batches of gradients" differentiable 8 batchedGradients
    ]
