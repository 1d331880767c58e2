namespace Cotangent.Inference

/// The No-U-Turn Sampler (Hoffman and Gelman 2014): a trajectory is doubled, forwards or backwards in time, until it turns back; one of
/// its points is drawn by its weight, and the criterion of a turn is the general one (Betancourt 2017, appendix A.3 and A.4.2).
module internal NoUTurn =
    [<RequireQualifiedAccess>]
    type private End =
        /// It may be doubled.
        | Open
        | Turned
        | Diverged

    /// A part of a trajectory, without a gap.
    [<NoComparison; NoEquality>]
    type private Span = {
        First: Point
        Last: Point
        /// The sum over its points.
        Momentum: float[]
        /// The logarithm of the sum of the weights exp(energy at the start - energy) of its points.
        LogWeight: float
        /// One of its points, drawn by weight.
        Chosen: Point
        /// The sum over its points of the probabilities with which Metropolis would take them.
        Acceptance: float
        Steps: int
        End: End
    }

    let private logAdd (a: float) (b: float) =
        let high, low = max a b, min a b
        if high = -infinity then high else high + log (1.0 + exp (low - high))

    let private plus = Array.map2 (+)

    /// Whether both ends still move along with the whole.
    let private isStraight (momentum: float[]) (a: Point) (b: Point) =
        Mass.dot a.Velocity momentum > 0.0 && Mass.dot b.Velocity momentum > 0.0

    /// Two spans side by side. Besides the whole, each half with the other's nearest point must be straight: else a turn that is just as
    /// long as one half would pass unseen.
    let private joined (a: Span) (b: Span) (chosen: Point) : Span =
        let momentum = plus a.Momentum b.Momentum

        let goesOn =
            isStraight momentum a.First b.Last
            && isStraight (plus a.Momentum b.First.Momentum) a.First b.First
            && isStraight (plus a.Last.Momentum b.Momentum) a.Last b.Last

        {
            First = a.First
            Last = b.Last
            Momentum = momentum
            LogWeight = logAdd a.LogWeight b.LogWeight
            Chosen = chosen
            Acceptance = a.Acceptance + b.Acceptance
            Steps = a.Steps + b.Steps
            End = if goesOn then End.Open else End.Turned
        }

    /// What ended a span ends the one that it would have been a part of.
    let private ended (part: Span) (last: Span) : Span = {
        last with
            Acceptance = part.Acceptance + last.Acceptance
            Steps = part.Steps + last.Steps
    }

    let private lone (limit: float) (start: float) (p: Point) : Span =
        let gain = p.Energy - start

        {
            First = p
            Last = p
            Momentum = p.Momentum
            LogWeight = -gain
            Chosen = p
            Acceptance = exp (min 0.0 -gain)
            Steps = 1
            End = if gain > limit then End.Diverged else End.Open
        }

    let transition
        (limit: float)
        (maximumDepth: int)
        step
        (size: float)
        (random: Stream)
        (start: Point)
        : Transition =
        /// 2^depth points beyond an edge; its last is the farthest, whichever way time goes.
        let rec beyond size depth (edge: Point) : Span =
            if depth = 0 then
                lone limit start.Energy (step size edge)
            else
                let near = beyond size (depth - 1) edge

                match near.End with
                | End.Turned
                | End.Diverged -> near
                | End.Open ->
                    let far = beyond size (depth - 1) near.Last

                    match far.End with
                    | End.Turned
                    | End.Diverged -> ended near far
                    | End.Open ->
                        let share = exp (far.LogWeight - logAdd near.LogWeight far.LogWeight)
                        joined near far (if random.Uniform() < share then far.Chosen else near.Chosen)

        let transition (whole: Span) depth isDivergent isSaturated = {
            Point = whole.Chosen
            Acceptance = whole.Acceptance / float whole.Steps
            Steps = whole.Steps
            Depth = depth
            IsDivergent = isDivergent
            IsSaturated = isSaturated
        }

        let rec grow depth (whole: Span) : Transition =
            if depth = maximumDepth then
                transition whole depth false true
            else
                let goesForward = random.Uniform() < 0.5

                let added =
                    if goesForward then beyond size depth whole.Last else beyond -size depth whole.First

                let ended = ended whole added

                match added.End with
                | End.Turned -> transition { ended with Chosen = whole.Chosen } depth false false
                | End.Diverged -> transition { ended with Chosen = whole.Chosen } depth true false
                | End.Open ->
                    // In favour of what is new, and so of what is far away: biased progressive sampling.
                    let isTaken = random.Uniform() < exp (added.LogWeight - whole.LogWeight)
                    let chosen = if isTaken then added.Chosen else whole.Chosen

                    let next =
                        if goesForward then
                            joined whole added chosen
                        else
                            joined { added with First = added.Last; Last = added.First } whole chosen

                    match next.End with
                    | End.Open -> grow (depth + 1) next
                    | End.Turned
                    | End.Diverged -> transition next (depth + 1) false false

        // The start itself is no step.
        grow 0 { lone limit start.Energy start with Acceptance = 0.0; Steps = 0 }
