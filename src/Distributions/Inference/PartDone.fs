namespace Cotangent.Inference

open System
open Cotangent

/// Progress as C# takes it: the part that is done.
module internal PartDone =
    let reporter (progress: IProgress<float> | null) : IProgress<ProgressReport> =
        match progress with
        | null -> Progress.silent
        | progress -> {
            new IProgress<ProgressReport> with
                member _.Report report = progress.Report(float report.Done / float report.Total)
          }
