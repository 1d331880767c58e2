namespace Cotangent.Solvers

open Cotangent

/// Where a solution stands; a tree, which goes round in the loop.
type internal Progress = {
    Time: Tensor
    State: Tensor
    Slope: Tensor
    /// Of the step to try next, with the sign of time.
    NextSize: Tensor
    /// Of the error of the last step accepted, relative to the tolerances, the logarithm.
    LogError: Tensor
    /// Whether the last step tried was rejected; then the next accepted one makes no longer ones.
    WasRejected: Tensor
    /// The last step accepted.
    Last: Step
    /// What the event's function is, at the time.
    Event: Tensor
    /// As `OdeStatus` says; 0 while nothing ended it.
    Status: Tensor
    Accepted: Tensor
    Rejected: Tensor
    Evaluations: Tensor
}

module internal OdeStatus =
    let going, event, tooManySteps, stepTooSmall, notFinite = 0, 1, 2, 3, 4

/// The problem on vectors, and how it is solved.
type internal Problem = {
    Operation: string
    Options: OdeOptions
    Stepper: Stepper
    Field: Tensor -> Tensor -> Tensor
    /// The event: its function, and whether a change from one value to the next is one.
    Event: ((Tensor -> Tensor -> Tensor) * (Tensor -> Tensor -> Tensor)) voption
    Last: Tensor
    /// 1 or -1: the sign of time.
    Direction: Tensor
}

/// One step at a time, its size by the proportional–integral controller of Hairer, Nørsett and Wanner, Solving ODEs I, II.4.
module internal Advance =
    let private count (n: int) = Tensor.ofArray [] [| n |]

    /// What an error counts as, at the least, when the next step's size is chosen.
    let private leastError = 1e-4

    let code (n: int) = count n

    let private allFinite (t: Tensor) = (t.IsFinite()).All()

    /// How large numbers are beside what is tolerated; the root of the mean square.
    let private norm (scale: Tensor) (x: Tensor) = sqrt (mean (square (x / scale)))

    let private tolerated (options: OdeOptions) (size: Tensor) =
        options.AbsoluteTolerance + options.RelativeTolerance * size

    let private errorOf (options: OdeOptions) (before: Tensor) (trial: Trial) =
        let scale = tolerated options (maximum (abs (stopGradient before)) (abs (stopGradient trial.State)))

        match trial.Errors |> Array.map (stopGradient >> norm scale) with
        | [| one |] -> one
        | errors ->
            let fifth, third = square errors[0], square errors[1]
            // Where both are 0, so is the error.
            fifth / sqrt (maximum (fifth + 0.01 * third) (Vector.scalar fifth 1e-30))

    /// The smallest step by which time still changes.
    let private shortest (options: OdeOptions) (time: Tensor) =
        let precision = if time.DType = DType.Float64 then 2.3e-16 else 1.2e-7
        clampMin options.SmallestStep (10.0 * precision * abs time)

    let private firstSize (problem: Problem) (t: Tensor) (y: Tensor) (slope: Tensor) =
        let options, span = problem.Options, abs (problem.Last - t)

        match options.Steps, options.FirstStep with
        | OdeSteps.Fixed size, _
        | OdeSteps.Adaptive, Some size -> Vector.scalar t size, 0
        | OdeSteps.Adaptive, None ->
            let scale = tolerated options (abs y)
            let state, change = norm scale y, norm scale slope

            let small = (state.Less 1e-5).Or(change.Less 1e-5)

            let guess =
                minimum span (where small (Vector.scalar t 1e-6) (0.01 * state / clampMin 1e-30 change))

            let ahead = problem.Direction * guess
            let bend = norm scale (problem.Field (t + ahead) (y + ahead * slope) - slope) / guess
            let most = maximum change bend

            let second =
                where
                    (most.LessEqual 1e-15)
                    (clampMin 1e-6 (1e-3 * guess))
                    ((0.01 / clampMin 1e-30 most) ** (1.0 / float problem.Stepper.ErrorOrder))

            let size = minimum (100.0 * guess) second
            where (size.IsFinite()) size guess, 1

    let start (problem: Problem) (t: Tensor) (y: Tensor) : Progress =
        let slope = problem.Field t y

        let size, evaluations =
            stopGradient (firstSize problem (stopGradient t) (stopGradient y) (stopGradient slope))

        let one = Tensor.onesLike (stopGradient t)

        // Before the first step there is none: one that stands still.
        let none = {
            Time = t
            Size = one
            State = y
            Stages = Array.create problem.Stepper.Stages (Tensor.zerosLike y)
        }

        {
            Time = t
            State = y
            Slope = slope
            NextSize = problem.Direction * clampMax problem.Options.LargestStep size
            LogError = log leastError * one
            WasRejected = one.Less 0.0
            Last = none
            Event =
                match problem.Event with
                | ValueSome(value, _) -> value t y
                | ValueNone -> one
            Status =
                where
                    ((allFinite (stopGradient slope)).And(allFinite (stopGradient y)))
                    (code OdeStatus.going)
                    (code OdeStatus.notFinite)
            Accepted = count 0
            Rejected = count 0
            Evaluations = count (1 + evaluations)
        }

    /// Whether a time lies ahead.
    let isAhead (problem: Problem) (progress: Progress) (time: Tensor) : Tensor =
        (problem.Direction * stopGradient (time - progress.Time)).Greater 0.0

    let isGoing (progress: Progress) : Tensor = progress.Status.Equal(float OdeStatus.going)

    /// What the size is multiplied by, 0.9 ε^(3β/4 - 1/p) ε_before^β, in logarithms, since powers take twice as long.
    let private factor (problem: Problem) (progress: Progress) (logError: Tensor) =
        let order = float problem.Stepper.ErrorOrder
        let integral = 0.2 / order
        let proportional = -(1.0 / order - 0.75 * integral) * logError
        let accepted = clamp 0.2 10.0 (0.9 * exp (proportional + integral * progress.LogError))
        where progress.WasRejected (clampMax 1.0 accepted) accepted

    let private accept (problem: Problem) (trial: Trial) (ends: Tensor) (error: Tensor) (progress: Progress) =
        let size, logError =
            match problem.Options.Steps with
            | OdeSteps.Fixed _ -> progress.NextSize, progress.LogError
            | OdeSteps.Adaptive ->
                let logError = log (clampMin 1e-10 error)
                let size = abs trial.Taken.Size * factor problem progress logError
                // Of a smaller error the next step shall not take much notice.
                problem.Direction * clampMax problem.Options.LargestStep size,
                clampMin (log leastError) logError

        let time = trial.Taken.Time + trial.Taken.Size
        // Exactly there, in spite of rounding.
        let rounding = stopGradient (where ends (problem.Last - time) (Tensor.zerosLike time))

        {
            progress with
                Time = time + rounding
                State = trial.State
                Slope = trial.Slope
                NextSize = size
                LogError = logError
                WasRejected = error.Less -1.0
                Last = trial.Taken
                Accepted = progress.Accepted + 1
        }

    let private reject (problem: Problem) (size: Tensor) (error: Tensor) (progress: Progress) =
        let isNumber = error.IsFinite()
        let order = float problem.Stepper.ErrorOrder
        let smaller = clamp 0.2 1.0 (0.9 * (clampMin 1.0 error) ** -(1.0 / order))
        let next = size * where isNumber smaller (Vector.scalar error 0.2)

        let status =
            match problem.Options.Steps with
            | OdeSteps.Fixed _ -> code OdeStatus.notFinite
            | OdeSteps.Adaptive ->
                let isTooSmall = (abs next).LessEqual(shortest problem.Options (stopGradient progress.Time))
                let why = where isNumber (code OdeStatus.stepTooSmall) (code OdeStatus.notFinite)
                where isTooSmall why progress.Status

        {
            progress with
                NextSize = next
                WasRejected = (abs error).Less(0.0).Not()
                Status = status
                Rejected = progress.Rejected + 1
        }

    /// Where the event was passed in the last step, by bisection on its polynomial, and the state there. The derivative of that time is
    /// the implicit function's: of -g / (dg/dt).
    let private stopAt
        (problem: Problem)
        value
        (isPassed: Tensor -> Tensor -> Tensor)
        (before: Progress)
        (after: Progress)
        =
        let step = after.Last
        let polynomial = problem.Stepper.Dense problem.Field step
        let state = Stepper.at step polynomial
        let valueAt time : Tensor = value time (state time)
        let time (theta: Tensor) = step.Time + theta * step.Size
        let sign = stopGradient before.Event

        let halve (low: Tensor, high: Tensor) =
            let middle = 0.5 * (low + high)
            let passed = isPassed sign (stopGradient (valueAt (time middle)))
            where passed low middle, where passed middle high

        let zero = stopGradient (Tensor.zerosLike step.Size)
        let theta = snd (iterate 54 halve (zero, zero + 1.0))
        let found = time theta
        let one = Tensor.onesLike found
        let reached, slope = jvp state found one
        let reachedValue, speed = jvp valueAt found one
        let speed = stopGradient speed
        let shift = -reachedValue / where (speed.Equal 0.0) one speed
        // Of this the derivative alone: the number is of the size of rounding.
        let shift = shift - stopGradient shift

        {
            after with
                Time = found + shift
                State = reached + stopGradient slope * shift
                Event = reachedValue
                Status = code OdeStatus.event
                Evaluations = after.Evaluations + problem.Stepper.MoreEvaluations
        }

    let private watch (problem: Problem) (before: Progress) (after: Progress) =
        match problem.Event with
        | ValueNone -> after
        | ValueSome(value, isPassed) ->
            let now = value after.Time after.State
            let passed = isPassed (stopGradient before.Event) (stopGradient now)
            cond passed (stopAt problem value isPassed before) (fun after -> { after with Event = now }) after

    /// Tries a step, and takes it if its error is tolerated.
    let attempt (problem: Problem) (progress: Progress) : Progress =
        let left = stopGradient (problem.Last - progress.Time)
        let ends = (1.0000001 * abs progress.NextSize).GreaterEqual(abs left)
        let size = where ends left progress.NextSize

        let tryFrom (progress: Progress) =
            problem.Stepper.Try problem.Field progress.Time size progress.State progress.Slope

        // In a program reverse mode goes through rejected steps, too: with cotangents of 0, but 0 · ∞ is NaN. So there a step is looked
        // at, and computed again once it is accepted.
        let looksFirst =
            match problem.Options.Loop, problem.Options.Steps with
            | OdeLoop.Bounded, OdeSteps.Adaptive -> true
            | OdeLoop.Bounded, OdeSteps.Fixed _
            | OdeLoop.Open, _ -> false

        let trial = if looksFirst then stopGradient (tryFrom progress) else tryFrom progress

        let error =
            match problem.Options.Steps with
            | OdeSteps.Fixed _ ->
                where (allFinite (stopGradient trial.State)) (Vector.scalar size 0.5) (Vector.scalar size nan)
            | OdeSteps.Adaptive ->
                let error = errorOf problem.Options progress.State trial
                // The slope at the end is the next step's first.
                where (allFinite (stopGradient trial.Slope)) error (Vector.scalar error nan)

        let counted (progress: Progress) = {
            progress with
                Evaluations = progress.Evaluations + problem.Stepper.Evaluations
        }

        let tried =
            cond
                (error.LessEqual 1.0)
                (fun progress ->
                    if looksFirst then
                        accept problem (tryFrom progress) ends error (counted progress)
                    else
                        accept problem trial ends error progress
                    |> watch problem progress)
                (reject problem size error)
                (counted progress)

        let isSpent = (tried.Accepted + tried.Rejected).GreaterEqual(float problem.Options.MaximumSteps)

        {
            tried with
                Status =
                    where
                        ((isSpent.And(isGoing tried)).And(isAhead problem tried problem.Last))
                        (code OdeStatus.tooManySteps)
                        tried.Status
        }
