namespace Cotangent.Compiler.Emission

/// Where sums over reduced loops are long, so that they are emptied now and then.
[<Struct; NoEquality; NoComparison>]
type internal LongSums = {
    IsLong: bool
    /// The level of the reduced loop in which that is done.
    EmptyAt: int
    /// Turns of that loop between.
    Turns: int64
}

[<RequireQualifiedAccess>]
module internal LongSums =
    /// Additions after which long sums are emptied.
    [<Literal>]
    let private Block = 64L

    let private iterations (body: Body) (s: NestSchedule) level =
        let axis = s.Order[level]
        let unit = if axis = s.Vector then body.Lanes else 1
        int64 (max 1 (s.Axes.Sizes[axis] / unit))

    let make (body: Body) (s: NestSchedule) : LongSums =
        let rank, chains = s.Axes.Sizes.Length, int64 s.Chains
        let iterations = iterations body s
        let mutable level = rank - 1
        // Additions to each chain in one turn of the loop.
        let mutable inTurn = max 1L (int64 s.Steps / chains)
        let mutable inLoop = if rank > s.Axes.Kept then iterations level / chains else 1L

        while inLoop < 32L && level > s.Axes.Kept do
            level <- level - 1
            inTurn <- max 1L inLoop
            inLoop <- inTurn * iterations level

        let mutable additions = 1L

        for level in s.Axes.Kept .. rank - 1 do
            additions <- additions * iterations level

        { IsLong = additions / chains > Block; EmptyAt = level; Turns = max 1L (Block / inTurn) }
