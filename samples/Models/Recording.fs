/// Trainings that a page follows, if the command line names one.
module Models.Recording

open Cotangent
open Cotangent.Charts

/// `Train.run`, recorded some 500 times: its figures, and what else there is to record of the state.
let run
    (options: Options.Options)
    (what: Recorded<'state> list)
    (training: TrainOptions<'state>)
    (step: 'state -> 'batch -> 'state * 'figures)
    (batches: Batches<'batch>)
    (start: 'state)
    : TrainingRun<'state> =
    match options.Watch with
    | None -> Train.run training step batches start
    | Some path ->
        use page = RunPage.writer path
        let steps = training.Epochs * batches.Count
        let every = Every.Steps(max training.StepsPerCall (steps / 500))
        Record.run every [ page ] (Record.memory :: what) training step batches start
