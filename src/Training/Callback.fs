namespace Cotangent

open Cotangent.Checkpoints

/// <summary>Which of two figures is the better one.</summary>
/// <example><code>
/// let stop: Callback&lt;Tensor> = Callback.earlyStopping (Every.Epochs 1) "accuracy" Better.Higher 5
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type Better =
    /// The lower, as of losses.
    | Lower
    /// The higher, as of accuracies.
    | Higher

/// <summary>Callbacks of the training loop.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Callback =
    /// One that has nothing to do in the end.
    let private reacting (every: Every) (start: unit -> Trained<'s> -> Reaction<'s> list) : Callback<'s> = {
        Every = every
        Start = fun () -> { Reached = start (); Ended = ignore; Result = id }
    }

    /// <summary>Calls a function with what is reached, and remembers nothing.</summary>
    /// <example><code>
    /// let announce: Callback&lt;Tensor> = Callback.call (Every.Epochs 1) (fun now -> printfn "%d epochs" now.Epochs)
    /// </code></example>
    let call (every: Every) (action: Trained<'s> -> unit) : Callback<'s> =
        Given.check "action" action

        reacting every (fun () now ->
            action now
            [])

    /// <summary>Measures the state, under a name: what an evaluation on other examples gives.</summary>
    /// <example><code>
    /// let distance: Callback&lt;Tensor> =
    ///     Callback.measure (Every.Epochs 1) "distance" (fun x -> float (abs (x - 1.0)))
    /// </code></example>
    let measure (every: Every) (name: string) (figure: 's -> float) : Callback<'s> =
        Given.check "name" name
        Given.check "figure" figure

        reacting every (fun () now -> [ Reaction.Measured [ name, figure now.State ] ])

    let private figure (name: string) (now: Trained<'s>) =
        match now.Figures |> List.tryFind (fst >> (=) name) with
        | Some(_, value) -> value
        | None ->
            let there = now.Figures |> List.map fst |> String.concat ", "

            raise (
                ValueException
                    $"Callback: no figure is called \"{name}\"; there are: {there}. What a callback measures is known to those after it."
            )

    let private isBetter better (value: float) (best: float) =
        match better with
        | Better.Lower -> value < best
        | Better.Higher -> value > best

    /// <summary>
    /// Stops when a figure has not become better for so many askings in a row (Prechelt, "Early stopping – but when?", 1998).
    /// Training then returns what it had reached when the figure was best: state, steps and figures; also when its epochs end before the
    /// patience does, but not when it is cancelled. NaN is never better.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The patience is below 1, or there is no such figure.</exception>
    /// <example><code>
    /// let callbacks: Callback&lt;Tensor> list = [
    ///     Callback.measure (Every.Epochs 1) "distance" (fun x -> float (abs (x - 1.0)))
    ///     Callback.earlyStopping (Every.Epochs 1) "distance" Better.Lower 3
    /// ]
    /// </code></example>
    let earlyStopping (every: Every) (name: string) (better: Better) (patience: int) : Callback<'s> =
        Given.check "name" name

        if patience < 1 then
            raise (
                ValueException
                    $"Callback.earlyStopping: a patience of {patience} askings; it must be at least 1."
            )

        let start () : Watch<'s> =
            let best: (Trained<'s> * float) option ref = ref None
            let waited = ref 0

            let reached now =
                let value = figure name now

                match best.Value with
                | Some(_, least) when not (isBetter better value least) ->
                    waited.Value <- waited.Value + 1

                    if waited.Value < patience then
                        []
                    else
                        [
                            Reaction.Stop
                                $"{name} did not get better than {string least} for {patience} askings"
                        ]
                | Some _
                | None ->
                    if not (System.Double.IsNaN value) then
                        best.Value <- Some(now, value)
                        waited.Value <- 0

                    []

            let result last =
                match best.Value with
                | Some(best, _) -> best
                | None -> last

            { Reached = reached; Ended = ignore; Result = result }

        { Every = every; Start = start }

    /// <summary>Stops when a figure of the steps is NaN or infinite: no later step mends that.</summary>
    /// <example><code>
    /// let options: TrainOptions&lt;Tensor> = { Train.defaults with Callbacks = [ Callback.stopUnlessFinite (Every.Steps 1) ] }
    /// </code></example>
    let stopUnlessFinite (every: Every) : Callback<'s> =
        reacting every (fun () now ->
            match now.Figures |> List.tryFind (snd >> System.Double.IsFinite >> not) with
            | Some(name, value) -> [ Reaction.Stop $"{name} is {string value} after {now.Steps} steps" ]
            | None -> [])

    /// <summary>
    /// Saves the state in a folder, as <c>Checkpoint.saveStep</c> does, on a thread of its own while training goes on: one file at a time,
    /// so that training waits if the disk is slower. What goes wrong is raised at the next turn, or when training ends, which waits for the
    /// last file. <c>Checkpoint.resume</c> finds where to go on.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">Less than 1 checkpoint is to be kept.</exception>
    /// <example><code>
    /// let folder = System.IO.Directory.CreateTempSubdirectory().FullName
    /// let step (x: Tensor) (batch: Tensor) = x + mean batch, x
    /// let batches = Data.inOrder 1 (tensor [ 1.0; 2.0; 3.0 ])
    /// let start, from = Checkpoint.resume folder (tensor 0.0)
    /// let callbacks = [ Callback.checkpoint (Every.Steps 2) 3 folder ]
    /// Train.run { Train.defaults with From = from; Callbacks = callbacks } step batches start |> ignore
    /// Checkpoint.resume folder (tensor 0.0) // (3, 2)
    /// </code></example>
    let checkpoint (every: Every) (keep: int) (folder: string) : Callback<'s> =
        Given.check "folder" folder
        Rotation.requireKeep "Callback.checkpoint" keep

        {
            Every = every
            Start =
                fun () ->
                    let behind = Behind()

                    {
                        Reached =
                            fun now ->
                                // What the last one had to say comes first.
                                behind.Wait()

                                behind.Give(
                                    Checkpoint.preparedStep
                                        "Callback.checkpoint"
                                        keep
                                        folder
                                        now.Steps
                                        now.State
                                )

                                []
                        Ended = behind.Wait
                        Result = id
                    }
        }
