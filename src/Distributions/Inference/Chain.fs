namespace Cotangent.Inference

open System

/// What a chain has drawn.
[<NoComparison; NoEquality>]
type internal ChainDraws = { Transitions: Transition[]; StepSize: float; Mass: Mass }

/// Moves a point: a step of a size, a size, randomness, where it is.
type internal Move = (float -> Point -> Point) -> float -> Stream -> Point -> Transition

/// One chain, from its start to its last draw.
module internal Chain =
    /// Where a chain begins: near the start, where the log-density is finite.
    let start operation (radius: float) density (random: Stream) (near: float[]) : Point =
        let rec attempt tried =
            let position =
                near
                |> Array.map (fun q ->
                    if radius = 0.0 then q else q + radius * (2.0 * random.Uniform() - 1.0))

            let p = Leapfrog.resting density position

            if Double.IsFinite p.Energy && p.Gradient |> Array.forall Double.IsFinite then
                p
            elif tried = 100 || radius = 0.0 then
                raise (
                    Cotangent.ValueException
                        $"{operation}: the log-density at a start is {p.LogDensity}, or its gradient is not finite; so it was at all {tried} that were tried, each number of them at most {radius} from the start given. Start elsewhere, or lower StartRadius; a parameter that must be positive, or between bounds, is to be sampled through a bijection (`Unconstrained`)."
                )
            else
                attempt (tried + 1)

        attempt 1

    /// Warm-up and draws. What was drawn before the token was cancelled, if it was.
    let run
        operation
        (options: SamplerOptions)
        (move: Move)
        density
        (random: Stream)
        (start: Point)
        (told: Told)
        : ChainDraws =
        let windows = Windows.plan options.WarmUp
        let drawn = ResizeArray<Transition>()
        let learned = ResizeArray<float[]>()
        let mutable mass = Mass.unit start.Position.Length
        let mutable point = start
        let mutable sizes = StepSize.start (Option.defaultValue 1.0 options.FirstStep)

        let advance isWarmUp size =
            let momentum = Mass.momentum mass (random.Normals point.Position.Length)
            let transition = move (Leapfrog.step mass density) size random (Leapfrog.kick mass momentum point)
            point <- transition.Point
            told.Add(isWarmUp, transition)
            transition

        try
            if options.FirstStep.IsNone then
                sizes <- StepSize.start (StepSize.find operation mass density random 1.0 point)

            for i in 0 .. options.WarmUp - 1 do
                let transition = advance true (exp sizes.LogStep)
                sizes <- StepSize.adapt options.TargetAcceptance transition.Acceptance sizes

                let isLearning =
                    i >= windows.First && i < (if windows.Ends.IsEmpty then 0 else List.last windows.Ends)

                if isLearning then learned.Add point.Position

                if options.MassMatrix <> MassMatrix.Unit && List.contains (i + 1) windows.Ends then
                    mass <- Mass.estimate options.MassMatrix (learned.ToArray())
                    learned.Clear()
                    let guess = exp sizes.LogStep
                    sizes <- StepSize.start (StepSize.find operation mass density random guess point)

            for _ in 1 .. options.Draws do
                drawn.Add(advance false (exp sizes.LogAverage))
        with :? OperationCanceledException when options.Cancellation.IsCancellationRequested ->
            ()

        { Transitions = drawn.ToArray(); StepSize = exp sizes.LogAverage; Mass = mass }
