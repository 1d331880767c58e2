namespace Cotangent.Inference

/// When warm-up learns what, as Stan does (reference manual, "Adaptation"): first the step size alone, while the chain finds the density; then
/// the mass matrix in windows, each twice as long as the last and forgetting it; at last the step size for the final mass matrix.
type internal Windows = {
    /// The first transition whose position tells of the mass matrix.
    First: int
    /// After how many transitions each window ends.
    Ends: int list
}

module internal Windows =
    let plan (warmUp: int) : Windows =
        if warmUp < 20 then
            { First = warmUp; Ends = [] }
        else
            let first, shortest, last =
                if warmUp >= 150 then
                    75, 25, 50
                else
                    let first, last = int (0.15 * float warmUp), int (0.1 * float warmUp)
                    first, warmUp - first - last, last

            let all = warmUp - last

            let rec ends from size =
                let next = from + size
                // A window that would leave too few for the next one takes them, too.
                if next >= all || next + 2 * size > all then [ all ] else next :: ends next (2 * size)

            { First = first; Ends = ends first shortest }
