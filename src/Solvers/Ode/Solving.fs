namespace Cotangent.Solvers

open System
open Cotangent
open Cotangent.Compiler

/// From trees to vectors, through the loop, and back.
module internal Solving =
    let private checkTimes (operation: string) (layout: Layout<'y>) (times: Tensor) =
        if times.Rank <> 1 || times.Size < 2 then
            raise (
                ShapeException
                    $"{operation}: the times have shape {Vector.show times.Shape}; a vector of at least two is needed: where to start, where to end, and between them where states are wanted."
            )

        if times.DType <> layout.DType then
            raise (
                DTypeException
                    $"{operation}: times of {times.DType} and a state of {layout.DType}; they must be of one dtype. Convert one of them."
            )

        match Vector.tryRead times with
        | ValueNone -> ()
        | ValueSome read ->
            let forwards = read[1] > read[0]

            for a, b in Array.pairwise read do
                if
                    not (if forwards then b > a else b < a) || not (Double.IsFinite a && Double.IsFinite b)
                then
                    raise (
                        ValueException
                            $"{operation}: the times go from {a} to {b}; each must be further than the last, all in one direction."
                    )

    /// The times up to the first that is not further than the one before, NaN from there on; the last that is left; and whether all
    /// are. Where numbers can't be read, this is what `checkTimes` can't raise.
    let private reachable (times: Tensor) : Tensor * Tensor * Tensor =
        let fixedTimes = stopGradient times
        let isForwards = fixedTimes[1].Greater fixedTimes[0]

        let keep (last: Tensor, isOrdered: Tensor) (time: Tensor) =
            let before, now = stopGradient last, stopGradient time
            let isFurther = where isForwards (now.Greater before) (now.Less before)
            let isOrdered = isOrdered.And(isFurther).And(now.IsFinite())
            (where isOrdered time last, isOrdered), where isOrdered time (Tensor.fullLike time nan)

        let (last, isOrdered), targets = scan keep (times[0], fixedTimes[0].IsFinite()) times[1..]
        targets, last, isOrdered

    /// The problem on vectors.
    let problem
        (operation: string)
        (options: OdeOptions)
        (layout: Layout<'y>)
        (event: ((Tensor -> 'y -> Tensor) * (Tensor -> Tensor -> Tensor)) voption)
        (f: Tensor -> 'y -> 'y)
        (first: Tensor)
        (last: Tensor)
        : Problem =
        let scalarEvent (value: Tensor -> 'y -> Tensor) (t: Tensor) (y: Tensor) =
            let value = value t (Vector.unpack layout y)

            if value.Rank <> 0 || value.DType <> layout.DType then
                raise (
                    ShapeException
                        $"{operation}: the event's function returns {value.DType} of {value.Rank} axes; it must be one {layout.DType}, which passes through 0 at the event."
                )

            value

        {
            Operation = operation
            Options = options
            Stepper = Stepper.ofMethod options.Method
            Field = fun t y -> f t (Vector.unpack layout y) |> Vector.pack operation "what f returns" layout
            Event = event |> ValueOption.map (fun (value, isPassed) -> scalarEvent value, isPassed)
            Last = last
            Direction =
                stopGradient (where (last.Less first) (Vector.scalar first -1.0) (Vector.scalar first 1.0))
        }

    /// What was not reached is told by its derivatives, too: NaN forward, and back an error where it can be told, else NaN. But what a
    /// loss leaves out, whose cotangents are 0, is no concern of it.
    let private unlessMissing
        (operation: string)
        (value: Tensor -> Tensor -> Tensor)
        (isMissing: Tensor)
        (state: Tensor)
        =
        let notANumber (t: Tensor) = Tensor.fullLike t nan

        let push (_: Tensor, isMissing: Tensor) (change: Tensor, _: Tensor) =
            where isMissing (notANumber change) change

        let pull (_: Tensor, isMissing: Tensor) (told: Tensor) =
            let isAsked = isMissing.And((told.NotEqual 0.0).Any())

            if isAsked.HasNumbers && isAsked.ToData<bool>() then
                raise (
                    SolverException
                        $"{operation}: the solution ended before the last time, and what was not reached has no derivative. `orFail` tells where it ended, why, and what to do, before anything is differentiated; or leave out of the loss, by `where`, the states that are NaN."
                )

            where isAsked (notANumber told) told, isMissing

        withDerivative
            (Derivative.Both(push, pull))
            (fun (state, isMissing) -> value isMissing state)
            (state, isMissing)

    /// Steps until a time is reached, or something ends it.
    let reach (problem: Problem) (target: Tensor) (progress: Progress) : Progress =
        let goesOn progress = (Advance.isGoing progress).And(Advance.isAhead problem progress target)

        match problem.Options.Loop with
        | OdeLoop.Open ->
            let noReverse =
                $"{problem.Operation}: reverse mode in a compiled function or under `vmap` needs a bound for the number of steps: set `Loop = OdeLoop.Bounded` in the options, and `MaximumSteps` no higher than needed. Or use `Ode.solveAdjoint`, forward mode (`jvp`, `jacobianForward`), or leave this function uncompiled."

            Loops.whileLoopOf problem.Operation noReverse goesOn (Advance.attempt problem) progress
        | OdeLoop.Bounded ->
            Loop.bounded problem.Options.MaximumSteps goesOn (Advance.attempt problem) progress

    /// The state at a time that the last step reached or passed; NaN where none did.
    let private stateAt (problem: Problem) (progress: Progress) (target: Tensor) : Tensor =
        let within () =
            let polynomial = problem.Stepper.Dense problem.Field progress.Last
            Stepper.at progress.Last polynomial target

        // By its slope, which is exact at a distance of 0, and right as the time changes.
        let atEnd = progress.State + (target - progress.Time) * progress.Slope

        let reached = cond ((stopGradient (target - progress.Time)).Equal 0.0) (fun () -> atEnd) within ()

        let nanWhere isMissing (state: Tensor) = where isMissing (Tensor.fullLike state nan) state
        unlessMissing problem.Operation nanWhere (Advance.isAhead problem progress target) reached

    let solve
        operation
        (options: OdeOptions)
        event
        (f: Tensor -> 'y -> 'y)
        (times: Tensor)
        (start: 'y)
        : OdeSolution<'y> =
        OdeOptions.check operation options
        let layout = Vector.layout operation "the state" start
        checkTimes operation layout times

        let targets, end', isOrdered =
            match Vector.tryRead times with
            | ValueSome _ -> times[1..], times[times.Size - 1], ValueNone
            | ValueNone ->
                let targets, end', isOrdered = reachable times in targets, end', ValueSome isOrdered

        let problem = problem operation options layout event f times[0] end'
        let first = Vector.pack operation "the state" layout start

        let save progress target =
            let progress = reach problem target progress
            let state = stateAt problem progress target
            progress, state

        let last, states = scan save (Advance.start problem times[0] first) targets

        let last =
            match isOrdered with
            | ValueNone -> last
            | ValueSome isOrdered ->
                let isStopped = (Advance.isGoing last).And(isOrdered.Not())
                { last with Status = where isStopped (Advance.code OdeStatus.notFinite) last.Status }

        let isFinished = (Advance.isGoing last).And((Advance.isAhead problem last problem.Last).Not())

        // The numbers are those that were reached, whatever happened.
        let ofReached = unlessMissing operation (fun _ state -> state) (last.Status.Greater 1.0)

        {
            Times = times
            States = Vector.unpack layout (concat 0 [ first.Unsqueeze 0; states ])
            // As a saved state, which changes with its time.
            FinalTime = ofReached (where isFinished problem.Last last.Time)
            Final = Vector.unpack layout (ofReached (where isFinished states[times.Size - 2] last.State))
            Status = last.Status
            Accepted = last.Accepted
            Rejected = last.Rejected
            Evaluations = last.Evaluations
        }
