namespace Cotangent.Inference

open System
open Cotangent

/// The step size, by dual averaging (Nesterov 2009; Hoffman and Gelman 2014, section 3.2): steps as they are tried, and an average that
/// settles, to be kept.
[<NoComparison; NoEquality>]
type internal StepSize = {
    Count: int
    /// The average by which acceptance falls short.
    Shortfall: float
    LogStep: float
    LogAverage: float
    /// Where steps are drawn to: large ones are tried first, since they are cheap.
    LogTarget: float
}

module internal StepSize =
    // The constants of that paper.
    let private shrinkage, delay, decay = 0.05, 10.0, 0.75

    let start (first: float) : StepSize = {
        Count = 0
        Shortfall = 0.0
        LogStep = log first
        LogAverage = log first
        LogTarget = log (10.0 * first)
    }

    let adapt (wanted: float) (acceptance: float) (s: StepSize) : StepSize =
        let count = float (s.Count + 1)
        let weight = 1.0 / (count + delay)
        let shortfall = (1.0 - weight) * s.Shortfall + weight * (wanted - acceptance)
        let logStep = s.LogTarget - shortfall * sqrt count / shrinkage
        let weight = count ** -decay

        {
            s with
                Count = s.Count + 1
                Shortfall = shortfall
                LogStep = logStep
                LogAverage = weight * logStep + (1.0 - weight) * s.LogAverage
        }

    /// A step size whose acceptance is about 0.8, by doubling or halving another until it is passed.
    let find operation mass density (random: Stream) (guess: float) (p: Point) : float =
        let isGood size =
            let before = Leapfrog.kick mass (Mass.momentum mass (random.Normals p.Position.Length)) p
            before.Energy - (Leapfrog.step mass density size before).Energy > log 0.8

        let grows = isGood guess

        let rec search size =
            if size > 1e7 then
                raise (
                    ValueException
                        $"{operation}: steps of {size:g2} change the log-density by nothing: it seems to be flat, and has no total mass then. Give every parameter a prior."
                )
            elif size < 1e-14 then
                raise (
                    ValueException
                        $"{operation}: not even a step of {size:g2} keeps the energy: the gradient does not seem to be that of the log-density, or is not finite near the start. See what `valueAndGrad` gives there."
                )
            elif isGood size = grows then
                search (if grows then 2.0 * size else 0.5 * size)
            else
                size

        search guess
