namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// Control flow as operations with derivatives and batching rules: each rule makes another graph, by interpreting the
/// body's graph under the trace of the transformation and staging what that does.
[<AbstractClass>]
type internal GraphOperation(name) =
    inherit StagedOperation(name)

    /// The operation on numbers.
    abstract Evaluate: Tensor[] -> Tensor[]
    /// The operation in a graph that is being made.
    abstract Staged: StageTrace * Tensor[] -> Tensor[]
    /// The operation on all examples of a batch; every result is batched.
    abstract Batched: BatchTrace * Operand[] -> Tensor[]

    override _.IsFollowed = true

    override f.Run inputs =
        let staging = Staging.innermost ()

        // A batch around the staging is one of its inputs: the body of a loop reaches for an example.
        let isInside (trace: BatchTrace) =
            match staging with
            | null -> true
            | staging -> trace.Level > staging.Level

        let batches =
            inputs
            |> Array.choose (fun t ->
                match t with
                | Traced(:? BatchTracer as r) -> Some(r.Trace :?> BatchTrace)
                | Traced _
                | Value _ -> None)
            |> Array.filter isInside

        if batches.Length > 0 then
            let trace = batches |> Array.maxBy _.Level
            f.Batched(trace, Array.map trace.Operand inputs)
        else
            match staging with
            | :? StageTrace as staging -> f.Staged(staging, inputs)
            | _ -> f.Evaluate inputs

    // The rules below make other graphs; a tape calls `Recorded`, which keeps what these would compute again.
    override f.Push(inputs, _, tangents) =
        let struct (_, pushed) = f.Pushed(inputs, tangents)
        pushed

    override f.Pull(inputs, outputs, cotangents) =
        let wanted = inputs |> Array.map _.DType.HasDerivatives
        let struct (_, recorded) = f.Recorded(inputs, wanted)
        recorded.Pull(inputs, outputs, cotangents)

/// Control flow: a node of its own in a graph.
[<AbstractClass>]
type internal ControlOperation(control: Control) =
    inherit GraphOperation(Graph.describe control)
    override _.Staged(staging, inputs) = staging.Control(control, inputs)

/// An operation that has run for a tape, with its residuals in the function that pulls.
[<Sealed>]
type internal Recorded(f: GraphOperation, pull: Tensor voption[] -> Tensor voption[]) =
    inherit CustomDerivative(f.Name)
    override _.Run inputs = f.Run inputs
    override _.Push(inputs, outputs, tangents) = f.Push(inputs, outputs, tangents)
    override _.Pull(_, _, cotangents) = pull cotangents

/// How the rules of control flow interpret the graphs of bodies, in which there may be control flow again.
[<AbstractClass>]
type internal Bodies() =
    /// Binds the primitives: on numbers, or under any transformation.
    abstract Run: Graph -> Tensor[] -> Tensor[]
    /// On numbers.
    abstract Evaluate: Graph * Tensor[] -> Tensor[]
