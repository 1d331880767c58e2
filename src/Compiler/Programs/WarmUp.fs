namespace Cotangent.Compiler

open System
open System.Runtime.CompilerServices
open System.Threading
open Cotangent
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// The first compilation pays for more than its own work: .NET loads each class that the compiler is made of, links each method
/// at its first call, and takes twice as long for the first method that it optimises. So a small training is compiled on
/// another core, while the program whose first function is about to be compiled still makes its parameters and is traced.
module internal WarmUp =
    let private step (weights: Tensor, key: Key) =
        let key, forData = Key.split key
        let x = Random.uniform forData DType.Float32 [ 2; 3 ]
        let loss (w: Tensor) = -((log (sigmoid (tanh (matmul x w)))).Mean()), ()
        let struct (_, (), gradient) = Transform.valueAndGradWith "grad" loss weights
        weights - gradient * 0.01 / sqrt ((gradient * gradient).Sum()), key

    /// The weights that come out of it.
    let train () : Tensor =
        let compiled = Compiled<Tensor * Key, Tensor * Key>("compile", Loops.iterate 2 step, (fun _ -> 0))
        fst (compiled.Invoke(Tensor.zeros DType.Float32 [ 3; 1 ], Key.create 0L))

    let private inBackground () =
        // What it throws, the program's own compilation will throw again, where it can be seen.
        try
            train () |> ignore
        with _ ->
            ()

    let private started =
        later (fun () ->
            // What is chosen where `compile` is called, such as a device, is nothing to it.
            // A program that was compiled ahead of time is warm.
            if Environment.ProcessorCount > 1 && RuntimeFeature.IsDynamicCodeCompiled then
                Thread(inBackground, IsBackground = true).UnsafeStart()

            true)

    /// Once in a process.
    let start () = started.Value |> ignore
