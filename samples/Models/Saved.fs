/// Models in files: which sample made one stands beside its tensors.
module Models.Saved

open Cotangent

/// A file's name of its sample, and whether a quick run made it, whose models may be smaller.
type Origin = { Sample: string; Quick: bool }

let options (sample: string) (quick: bool) : CheckpointOptions = {
    Checkpoint.defaults with
        Metadata = Map [ "sample", sample; "quick", string quick ]
}

/// Where a file comes from; or that no sample saved it.
let origin (path: string) : Result<Origin, string> =
    let about = Checkpoint.metadata path

    match about.TryFind "sample", about.TryFind "quick" with
    | Some sample, Some quick -> Ok { Sample = sample; Quick = (quick = string true) }
    | _ -> Error $"{path} was not saved by one of the samples: its metadata do not name one."
