namespace Cotangent

/// A point on the line of a search: the distance, the value there and the slope; Float64 scalars.
[<NoComparison>]
type internal LinePoint = { At: Tensor; Value: Tensor; Slope: Tensor }

/// Where a search for a step stands.
[<NoComparison>]
type internal LineState = {
    /// The best point with enough descent so far, and the gradient there.
    Low: LinePoint
    LowGradient: Tensor
    /// The other end of the bracket, once there is one.
    High: LinePoint
    IsBracketed: Tensor
    /// The distance to try next.
    Next: Tensor
    IsDone: Tensor
    Evaluations: Tensor
}

/// The search for a step that fulfils the strong Wolfe conditions: enough descent, and a slope flat enough (Nocedal & Wright
/// 2006, algorithms 3.5 and 3.6, as one loop).
module internal LineSearch =
    [<Literal>]
    let Descent = 1e-4

    [<Literal>]
    let Flatness = 0.9

    let private choosePoint (test: Tensor) a b = {
        At = where test a.At b.At
        Value = where test a.Value b.Value
        Slope = where test a.Slope b.Slope
    }

    /// The minimum of the cubic through two points with their slopes, at least a tenth of the bracket from its ends; the
    /// middle where there is none (eq. 3.59).
    let private cubic (a: LinePoint) (b: LinePoint) : Tensor =
        let width = b.At - a.At
        let d1 = a.Slope + b.Slope - 3.0 * (b.Value - a.Value) / width
        let square = d1 * d1 - a.Slope * b.Slope
        let d2 = width.Sign() * sqrt (relu square)
        let share = 1.0 - (b.Slope + d2 - d1) / (b.Slope - a.Slope + 2.0 * d2)
        let isUsable = square.GreaterEqual(0.0).And(share.IsFinite())
        let half = Tensor.fullLike share 0.5
        let inside = clamp 0.1 0.9 (where isUsable share half)
        a.At + inside * width

    /// One evaluation more.
    let private advance
        (evaluate: Tensor -> LinePoint * Tensor)
        (start: LinePoint)
        (state: LineState)
        : LineState =
        let point, gradient = evaluate state.Next
        let low = state.Low

        // The value must fall in proportion to the distance; NaN and infinity are no descent.
        let bound = start.Value + Descent * point.At * start.Slope

        let isHigh =
            point.Value.LessEqual(bound).Not().Or(state.IsBracketed.And(point.Value.GreaterEqual low.Value))

        let isFlat = (abs point.Slope).LessEqual(-Flatness * start.Slope)
        let isDone = isHigh.Not().And isFlat
        let isBehind = isHigh.Not().And(isFlat.Not())

        // Beyond a minimum: the slope points back to the low point, or, without a bracket, upwards.
        let turnsBack =
            where
                state.IsBracketed
                ((point.Slope * (state.High.At - low.At)).GreaterEqual 0.0)
                (point.Slope.GreaterEqual 0.0)
            |> isBehind.And

        let high = choosePoint isHigh point (choosePoint turnsBack low state.High)
        let isBracketed = state.IsBracketed.Or(isHigh.Or turnsBack)
        let nextLow = choosePoint isHigh low point
        let between = cubic nextLow high
        // Where the far end is no number the bracket is cut down to a tenth.
        let safe =
            where
                (high.Value.IsFinite().And(high.Slope.IsFinite()))
                between
                (nextLow.At + 0.1 * (high.At - nextLow.At))

        {
            Low = nextLow
            LowGradient = where isHigh state.LowGradient gradient
            High = high
            IsBracketed = isBracketed
            Next = where isBracketed safe (2.0 * point.At)
            IsDone = isDone
            Evaluations = state.Evaluations + 1
        }

    /// From the value and slope at the start, and a first distance, to the point reached and the gradient there.
    let run
        evaluate
        (start: LinePoint)
        (startGradient: Tensor)
        (first: Tensor)
        (most: int)
        : LinePoint * Tensor =
        let no = first.Less -infinity

        let initial = {
            Low = start
            LowGradient = startGradient
            High = start
            IsBracketed = no
            Next = first
            IsDone = no
            Evaluations = Tensor.zerosLike (first.Convert DType.Int32)
        }

        let goesOn (state: LineState) = state.IsDone.Not().And(state.Evaluations.Less(float most))
        let final = whileLoop goesOn (advance evaluate start) initial
        final.Low, final.LowGradient
