namespace Cotangent.Inference

open Cotangent

/// What chains have done so far, told to one who may be asked from many threads.
type internal Told(options: SamplerOptions) =
    let total = options.Chains * (options.WarmUp + options.Draws)
    let gate = obj ()
    let mutable transitions = 0
    let mutable acceptance = 0.0
    let mutable divergences = 0

    member _.Add(isWarmUp: bool, transition: Transition) =
        lock gate (fun () ->
            transitions <- transitions + 1
            acceptance <- acceptance + transition.Acceptance
            if transition.IsDivergent && not isWarmUp then divergences <- divergences + 1

            if transitions % options.ReportEvery = 0 || transitions = total then
                options.Progress.Report {
                    Done = transitions
                    Total = total
                    Figures = [
                        "acceptance", acceptance / float transitions
                        "divergences", float divergences
                    ]
                })
