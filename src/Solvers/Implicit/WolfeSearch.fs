namespace Cotangent.Solvers

open Cotangent

/// A point on a line: how far, the value there, the slope, and the gradient.
type internal WolfePoint = { At: Tensor; Value: Tensor; Slope: Tensor; Gradient: Tensor }

/// Where a search along a line stands.
type internal Search = {
    /// The best point with enough descent.
    Low: WolfePoint
    /// The other end, once there is one.
    High: WolfePoint
    IsBracketed: Tensor
    Next: Tensor
    IsDone: Tensor
    Count: Tensor
}

/// The strong Wolfe conditions, by a bracket that is made narrower (Nocedal and Wright 2006, algorithms 3.5 and 3.6).
module internal WolfeSearch =
    let private enough = 1e-4
    let private most = 30

    let private choose (test: Tensor) (a: WolfePoint) (b: WolfePoint) : WolfePoint =
        Tree.map2 (where test) a b

    /// The minimum of the cubic through both ends, where it lies well between them; else the middle.
    let private between (a: WolfePoint) (b: WolfePoint) =
        let width = b.At - a.At
        let d1 = a.Slope + b.Slope - 3.0 * (b.Value - a.Value) / width
        let square = d1 * d1 - a.Slope * b.Slope
        let d2 = width.Sign() * sqrt (clampMin 0.0 square)
        let share = 1.0 - (b.Slope + d2 - d1) / (b.Slope - a.Slope + 2.0 * d2)
        let isUsable = (square.GreaterEqual 0.0).And(share.IsFinite())
        let share = clamp 0.1 0.9 (where isUsable share (Tensor.fullLike share 0.5))
        let isNumber = (b.Value.IsFinite()).And(b.Slope.IsFinite())
        a.At + where isNumber share (Tensor.fullLike share 0.1) * width

    let private step (flatness: float) (evaluate: Tensor -> WolfePoint) (start: WolfePoint) (s: Search) =
        let p = evaluate s.Next
        let hasDescent = p.Value.LessEqual(start.Value + enough * p.At * start.Slope)
        let isHigh = (hasDescent.And((s.IsBracketed.And(p.Value.GreaterEqual s.Low.Value)).Not())).Not()
        let isFlat = (abs p.Slope).LessEqual(-flatness * start.Slope)
        let isLow = isHigh.Not()

        // The minimum is behind: between this point and the one before.
        let isPast =
            where
                s.IsBracketed
                ((p.Slope * (s.High.At - s.Low.At)).GreaterEqual 0.0)
                (p.Slope.GreaterEqual 0.0)

        let high = choose isHigh p (choose (isLow.And isPast) s.Low s.High)
        let low = choose isHigh s.Low p
        let isBracketed = s.IsBracketed.Or(isHigh.Or(isLow.And isPast))

        {
            Low = low
            High = high
            IsBracketed = isBracketed
            Next = where isBracketed (between low high) (4.0 * p.At)
            IsDone = isLow.And isFlat
            Count = s.Count + 1
        }

    /// The point reached, and how many evaluations it took; the start itself where none is better.
    let run operation flatness evaluate (start: WolfePoint) (first: Tensor) : WolfePoint * Tensor =
        let no = first.Less -1.0

        let initial = {
            Low = start
            High = start
            IsBracketed = no
            Next = first
            IsDone = no
            Count = Counter.of' 0
        }

        let goesOn s = (s.IsDone.Not()).And(Counter.isBelow most s.Count)
        let found = Loop.whileHolds operation goesOn (step flatness evaluate start) initial
        found.Low, found.Count
