namespace Cotangent.Inference

open System
open System.Runtime.ExceptionServices
open System.Threading.Tasks
open Cotangent

/// Several chains, and what they drew as tensors.
module internal Sampling =
    /// Work for each number up to a count, some of it at a time. An error is thrown as it was raised.
    let private inParallel atOnce count (work: int -> unit) =
        try
            Parallel.For(0, count, ParallelOptions(MaxDegreeOfParallelism = atOnce), work) |> ignore
        with :? AggregateException as e ->
            ExceptionDispatchInfo.Throw e.InnerExceptions[0]

    let private gather (layout: Layout<'p>) (options: SamplerOptions) (chains: ChainDraws[]) : Samples<'p> =
        let count = chains |> Array.map _.Transitions.Length |> Array.min
        let all = chains |> Array.map (fun chain -> Array.truncate count chain.Transitions)
        let shape = [| chains.Length; count |]

        let each (f: Transition -> 'x) = Tensor.ofArray shape (all |> Array.collect (Array.map f))

        let positions = all |> Array.collect (Array.collect _.Point.Position)

        let vectors =
            (Tensor.ofArray (Array.append shape [| Layout.size layout |]) positions).To(Layout.device layout)

        let masses = chains |> Array.map (fun chain -> Mass.inverse chain.Mass)

        {
            Draws = Layout.unpack layout vectors
            LogDensity = each _.Point.LogDensity
            Acceptance = each _.Acceptance
            Steps = each _.Steps
            Depth = each _.Depth
            Diverged = each _.IsDivergent
            Saturated = each _.IsSaturated
            Energy = each _.Point.Energy
            StepSize = tensor (chains |> Array.map _.StepSize)
            InverseMass =
                Tensor.ofArray (Array.append [| chains.Length |] (fst masses[0])) (Array.collect snd masses)
            IsComplete = (count = options.Draws)
        }

    let run
        operation
        (options: SamplerOptions)
        (move: Move)
        (logDensity: 'p -> Tensor)
        (start: 'p)
        (key: Key)
        =
        SamplerOptions.check operation options
        let layout = Layout.ofTree operation start
        let near = Layout.numbers start

        match near |> Array.tryFind (Double.IsFinite >> not) with
        | Some number ->
            raise (ValueException $"{operation}: the start holds {number}; its numbers must be finite.")
        | None -> ()

        let evaluate = Density.withGradient operation options.Compiled layout logDensity

        let density position =
            options.Cancellation.ThrowIfCancellationRequested()
            evaluate position

        let streams = Key.splitMany options.Chains key |> Array.map Stream

        // Here, not on the threads of chains: the first call traces the function, under what surrounds the caller.
        let starts =
            streams
            |> Array.map (fun stream -> Chain.start operation options.StartRadius evaluate stream near)

        let told = Told options
        let chains = Array.zeroCreate<ChainDraws> options.Chains

        inParallel options.AtOnce options.Chains (fun i ->
            chains[i] <- Chain.run operation options move density streams[i] starts[i] told)

        gather layout options chains
