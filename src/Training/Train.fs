namespace Cotangent

open System
open System.Runtime.ExceptionServices
open System.Threading

/// <summary>The training loop.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Train =
    /// <summary>One epoch, compiled, a report every 100 steps to nobody, no callbacks.</summary>
    /// <example><code>
    /// let options: TrainOptions&lt;Tensor> = { Train.defaults with Epochs = 10 }
    /// </code></example>
    let defaults<'s> : TrainOptions<'s> = {
        Epochs = 1
        From = 0
        StepsPerCall = 1
        Compiled = true
        ReportEvery = 100
        Progress = Progress.silent
        Callbacks = []
        Cancellation = CancellationToken.None
    }

    /// `$.Loss` as loss; the only figure is the loss.
    let private names (figures: 'f) =
        Tree.paths figures
        |> Array.map (fun path ->
            match path.TrimStart('$', '.') with
            | "" -> "loss"
            | name -> name.Split '.' |> Array.map LeafName.ofField |> String.concat ".")

    /// The figures of one call: the means over its steps.
    let private figuresOf (figures: 'f) =
        Array.zip (names figures) (Tree.leaves figures)
        |> Array.map (fun (name, figure) -> name, float ((figure.Convert DType.Float64).Mean()))
        |> List.ofArray

    let private stacked (batches: 'x[]) : 'x =
        let leaves = batches |> Array.map Tree.leaves

        Tree.rebuild
            batches[0]
            (Array.init leaves[0].Length (fun i -> stack 0 [ for each in leaves -> each[i] ]))

    /// Takes a state through some batches, in one call.
    let private caller compiled (step: 's -> 'x -> 's * 'f) : 's -> 'x[] -> 's * 'f =
        let transform f = if compiled then compile f else f
        let one = transform (fun (state, batch) -> step state batch)
        let several = transform (fun (state, batches) -> scan step state batches)

        fun state batches ->
            if batches.Length = 1 then one (state, batches[0]) else several (state, stacked batches)

    let private requirePositive name (value: int) =
        if value < 1 then
            raise (ValueException $"Train: {name} is {value}; it must be at least 1.")

    /// What is reached call after call. The state is read before each: another may have been put there in between.
    let private reached
        compiled
        stepsPerCall
        from
        step
        (batches: Batches<'x>)
        (state: 's ref)
        : seq<Trained<'s>> =
        let call = caller compiled step

        seq {
            let mutable steps = from

            while true do
                let epoch = steps / batches.Count

                for together in batches.Epoch epoch (steps % batches.Count) |> Seq.chunkBySize stepsPerCall do
                    let next, figures = call state.Value together
                    state.Value <- next
                    steps <- steps + together.Length

                    {
                        State = next
                        Steps = steps
                        Epochs = steps / batches.Count
                        Figures = figuresOf figures
                    }

                if steps <> (epoch + 1) * batches.Count then
                    raise (
                        ValueException
                            $"Train: epoch {epoch} ended at batch {steps - epoch * batches.Count} of {batches.Count}; `Epoch` of the batches must yield as many as their `Count` says."
                    )
        }

    /// <summary>
    /// The loop itself, as a sequence without end of what is reached after each step: take as many as you want, in a
    /// <c>for</c> loop of your own if you like. Nothing runs that is not asked for.
    /// </summary>
    /// <param name="step">
    /// State and batch to the next state and figures: a scalar, the loss, or a tree of scalars with a name each. Compiled
    /// on the first call.
    /// </param>
    /// <param name="batches">What to train on.</param>
    /// <param name="start">The first state.</param>
    /// <exception cref="T:Cotangent.ValueException">An epoch has no batches, or fewer than it says.</exception>
    /// <example><code>
    /// // The mean of some numbers, by gradient descent.
    /// let step (x: Tensor) (batch: Tensor) =
    ///     let loss, slope = valueAndGrad (fun x -> mean (square (x - batch))) x
    ///     x - 0.1 * slope, loss
    ///
    /// let batches = Data.batches 2 (Key.create 0L) (tensor [ 1.0; 2.0; 3.0; 4.0 ])
    /// let reached = Train.steps step batches (tensor 0.0) |> Seq.find (fun now -> now.Steps = 3)
    /// reached.Epochs // 1
    /// </code></example>
    let steps (step: 's -> 'x -> 's * 'f) (batches: Batches<'x>) (start: 's) : seq<Trained<'s>> =
        Given.check "step" step
        Given.check "batches" batches
        requirePositive "the number of batches an epoch" batches.Count

        // Each run through the sequence begins at the start.
        seq { yield! reached true 1 0 step batches (ref start) }

    /// Whether a callback's turn has come between two numbers of steps.
    let private isTurn perEpoch before after every =
        let turns length = after / length > before / length

        match every with
        | Every.Steps n -> turns n
        | Every.Epochs n -> turns (n * perEpoch)

    /// The means over steps of what calls returned, each with the number of its steps; the last call comes first.
    let private averages (recent: (int * (string * float) list) list) =
        let steps = recent |> List.sumBy fst |> float

        match recent with
        | [] -> []
        | (_, last) :: _ -> [
            for name, _ in last do
                let own (count, figures) = float count * (figures |> List.find (fst >> (=) name) |> snd)
                name, List.sumBy own recent / steps
          ]

    let private addFigures (now: (string * float) list) more = [
        yield! now |> List.filter (fun (name, _) -> not (List.exists (fst >> (=) name) more))
        yield! more
    ]

    /// What is reached once a callback has had its say, and why training ends, if it does.
    let private ask (now: Trained<'s>, ending) react =
        ((now, ending), react now)
        ||> List.fold (fun (now, ending) reaction ->
            match reaction with
            | Reaction.Measured figures -> { now with Figures = addFigures now.Figures figures }, ending
            | Reaction.Replace state -> { now with State = state }, ending
            | Reaction.Stop reason -> now, Some(TrainingEnd.Stopped reason))

    let private check (options: TrainOptions<'s>) (batches: Batches<'x>) =
        requirePositive "the number of epochs" options.Epochs
        requirePositive "the number of steps a call" options.StepsPerCall
        requirePositive "the number of steps from report to report" options.ReportEvery
        requirePositive "the number of batches an epoch" batches.Count

        if options.From < 0 then
            raise (
                ValueException $"Train: {options.From} as the step to begin with; it must not be negative."
            )

        for callback in options.Callbacks do
            match callback.Every with
            | Every.Steps n
            | Every.Epochs n -> requirePositive "how often a callback is asked" n

    /// Tells all watches that training has ended, also where one of them fails; the first error of theirs is raised unless training
    /// itself failed, whose error is on its way already.
    let private ended (failed: bool) (watches: Watch<'s> list) =
        let errors =
            watches
            |> List.choose (fun watch ->
                try
                    watch.Ended()
                    None
                with e ->
                    Some e)

        match errors with
        | first :: _ when not failed -> ExceptionDispatchInfo.Throw first
        | _ -> ()

    /// <summary>
    /// Trains for some epochs. The steps are those of <c>Train.steps</c>; reports, callbacks and the end are what this adds. What is
    /// cancelled returns the state that it had reached, and two runs from equal keys give equal numbers, bit for bit.
    /// </summary>
    /// <param name="options">How long, who is told, what else to do.</param>
    /// <param name="step">State and batch to the next state and figures: a scalar, the loss, or a tree of scalars.</param>
    /// <param name="batches">What to train on.</param>
    /// <param name="start">The first state.</param>
    /// <exception cref="T:Cotangent.ValueException">
    /// A number among the options is too small, an epoch has no batches, or fewer than it says.
    /// </exception>
    /// <example><code>
    /// let step (x: Tensor) (batch: Tensor) =
    ///     let loss, slope = valueAndGrad (fun x -> mean (square (x - batch))) x
    ///     x - 0.1 * slope, loss
    ///
    /// let batches = Data.batches 2 (Key.create 0L) (tensor [ 1.0; 1.0; 1.0; 1.0 ])
    /// let run = Train.run { Train.defaults with Epochs = 100 } step batches (tensor 0.0)
    /// run.Last.State // 1
    /// </code></example>
    let run
        (options: TrainOptions<'s>)
        (step: 's -> 'x -> 's * 'f)
        (batches: Batches<'x>)
        (start: 's)
        : TrainingRun<'s> =
        Given.check "options" options
        Given.check "step" step
        Given.check "batches" batches
        check options batches
        let total = options.Epochs * batches.Count
        let watches = options.Callbacks |> List.map (fun each -> each.Every, each.Start())
        let state = ref start
        let history = ResizeArray()
        let mutable recent = []

        let mutable now = {
            State = start
            Steps = options.From
            Epochs = options.From / batches.Count
            Figures = []
        }

        let mutable ending = if now.Steps >= total then Some TrainingEnd.Completed else None

        let advance next =
            let before = now.Steps
            recent <- (next.Steps - before, next.Figures) :: recent
            let turn = isTurn batches.Count before next.Steps

            let asked = [
                for every, watch in watches do
                    if turn every then watch.Reached
            ]

            let reached, stopped = List.fold ask ({ next with Figures = averages recent }, None) asked
            now <- reached
            state.Value <- reached.State

            ending <-
                match stopped with
                | None when next.Steps >= total -> Some TrainingEnd.Completed
                | stopped -> stopped

            if turn (Every.Steps options.ReportEvery) || not asked.IsEmpty || ending.IsSome then
                history.Add(now.Steps, now.Figures)
                options.Progress.Report { Done = now.Steps; Total = total; Figures = now.Figures }
                recent <- []

        use reached =
            (reached options.Compiled options.StepsPerCall options.From step batches state).GetEnumerator()

        let mutable failed = true

        try
            while ending.IsNone do
                if options.Cancellation.IsCancellationRequested then ending <- Some TrainingEnd.Cancelled
                elif reached.MoveNext() then advance reached.Current

            failed <- false
        finally
            ended failed (List.map snd watches)

        let ending = Option.get ending

        let last =
            match ending with
            | TrainingEnd.Cancelled -> now
            | TrainingEnd.Completed
            | TrainingEnd.Stopped _ -> List.fold (fun reached (_, watch) -> watch.Result reached) now watches

        { Last = last; End = ending; History = List.ofSeq history }
