namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// In which order the points of a nest are visited, and which of them together: which axis fills the lanes of vectors,
// which rows share what they load, how much is unrolled. Any schedule computes the same, except for the order of
// additions.

[<NoEquality; NoComparison>]
type internal NestSchedule = {
    Axes: Axes
    /// The axes along which each operation's value varies, as bits.
    Varies: int[]
    /// Axes from the outermost to the innermost loop; the kept ones first.
    Order: int[]
    /// The axis along which a vector's lanes lie; -1 where there are only single points.
    Vector: int
    /// The kept axis whose points are computed together, so that they share loads, and how many; -1 for none.
    RowAxis: int
    Rows: int
    /// Whether the folded values of the rows come to lie in the lanes of one vector, where what follows is computed.
    Packs: bool
    /// How many vectors in a row are computed together where the vectors' axis is kept.
    Columns: int
    /// Whether their operations are written in turn, so that one waits while the other computes: formulas of special functions are
    /// long chains, in which each step needs the one before it, and a processor looks ahead no further than about one of them.
    Interleaves: bool
    /// How many steps of the innermost reduced loop are written out, and how many of them add up apart from the others.
    Steps: int
    Chains: int
}

/// Decides for one body.
[<Sealed>]
type private Scheduler(width: Width, body: Body, axes: Axes) =
    let nodes, strides, sizes, kept = body.Nodes, axes.Strides, axes.Sizes, axes.Kept
    let rank = sizes.Length
    let varies = Axes.ofNodes nodes axes
    let lanes = body.Lanes
    let reduces = rank > kept
    let isInner i = varies[i] >>> kept <> 0

    // Operations at every point, and those once for each kept point.
    let mutable inner = 0
    let mutable outer = 0
    let mutable folds = 0
    let mutable branches = false

    /// In simple operations.
    let weight (op: Op) = if Op.isDraw op then 50 else 1

    do
        for i in 0 .. nodes.Length - 1 do
            if nodes[i].Op = Op.Guard || Op.isDraw nodes[i].Op then branches <- true

            if Op.isFold nodes[i].Op then folds <- folds + 1
            elif nodes[i].Op = Op.Constant then ()
            elif isInner i then inner <- inner + weight nodes[i].Op
            elif varies[i] <> 0 then outer <- outer + weight nodes[i].Op

    /// Operations beyond which points are not computed together: there is enough to do between loads.
    let isLight = inner <= 12

    let product from past =
        let mutable n = 1.0

        for axis in from .. past - 1 do
            n <- n * float sizes[axis]

        n

    /// How many vectors an axis fills.
    let vectors axis = (sizes[axis] + lanes - 1) / lanes

    /// The kept axis whose folded values can lie in the lanes of one vector: if possible one along which they are stored
    /// side by side.
    let packAxis =
        let mutable found = -1
        let mutable adjacent = -1

        if reduces && width.HasPacks && isLight then
            for axis in 0 .. kept - 1 do
                if sizes[axis] > 1 then
                    let mutable stores = 0

                    for a in body.Loads .. strides.Length - 1 do
                        if strides[a][axis] = 1 then stores <- stores + 1

                    if stores >= adjacent then
                        adjacent <- stores
                        found <- axis

        found

    /// Roughly how many instructions the nest takes with an axis in the lanes.
    let cost axis =
        let isKept = axis < kept
        let perPoint = float (vectors axis) / float sizes[axis]
        let mutable inside = float inner
        let mutable once = float outer

        for i in 0 .. nodes.Length - 1 do
            if Op.isLoad nodes[i].Op then
                let stride = strides[int nodes[i].Immediate][axis]

                if stride <> 0 && (stride <> 1 || nodes[i].Op = Op.LoadBool) then
                    if isInner i then
                        inside <- inside + 1.5 * float lanes
                    else
                        once <- once + 1.5 * float lanes

        if isKept then
            for a in body.Loads .. strides.Length - 1 do
                if strides[a][axis] <> 1 then once <- once + 2.0 * float lanes

            product 0 rank * inside * perPoint + product 0 kept * once * perPoint
        else
            let after =
                if packAxis >= 0 then
                    4.0 * float folds + 2.0 * once / float (min lanes sizes[packAxis])
                else
                    10.0 * float folds + once

            product 0 rank * inside * perPoint + product 0 kept * after

    let vector =
        let mutable best = infinity
        let mutable found = -1

        for axis in rank - 1 .. -1 .. 0 do
            if sizes[axis] > 1 then
                let c = cost axis

                if c < best then
                    best <- c
                    found <- axis

        found

    let vectorKept = vector >= 0 && vector < kept
    let packs = vector >= kept && packAxis >= 0

    /// The axis along which the most loads can be shared.
    let rowAxis =
        let mutable found = -1
        let mutable most = 0

        if packs then
            found <- packAxis
        elif reduces && isLight then
            for axis in kept - 1 .. -1 .. 0 do
                if axis <> vector && sizes[axis] > 1 then
                    let mutable shared = 0

                    for i in 0 .. nodes.Length - 1 do
                        if Op.isLoad nodes[i].Op && isInner i && (varies[i] >>> axis) &&& 1 = 0 then
                            let stride = if vector < 0 then 0 else strides[int nodes[i].Immediate][vector]
                            shared <- shared + (if stride = 0 || stride = 1 then 1 else lanes)

                    if shared > most then
                        most <- shared
                        found <- axis

        found

    let rows =
        if rowAxis < 0 then 1
        elif packs then min sizes[rowAxis] lanes
        else min sizes[rowAxis] 4

    /// Where there are registers for two, and enough work for the longer code. Less hides its latency by itself; much more would
    /// make a method that .NET compiles badly.
    let interleaves =
        vectorKept
        && not reduces
        && not branches
        && width.Bits = 512
        && outer >= 60
        && outer <= 160
        && vectors vector >= 16

    let columns =
        if not vectorKept then 1
        elif reduces && not isLight then 1
        elif reduces then min (if rows > 1 then 2 else 4) (vectors vector)
        elif vectors vector <= 4 && outer * vectors vector <= 100 then vectors vector
        elif outer <= 4 then 4
        elif outer <= 10 || interleaves then 2
        else 1

    let innermost = if vector >= kept then vector else rank - 1
    let together = rows * columns

    let steps =
        if not reduces then
            1
        else
            let count = max 1 (if innermost = vector then vectors innermost else sizes[innermost])

            let wanted =
                if inner * together > 40 then 1
                elif together >= 4 then 2
                else 4

            if count <= 16 && count * inner * together <= 64 then count
            elif wanted > 1 && count % wanted <> 0 && count % (wanted + 1) = 0 then wanted + 1
            else min wanted count

    let order =
        let loops = ResizeArray<int>()

        for axis in 0 .. kept - 1 do
            if axis <> vector && axis <> rowAxis then loops.Add axis

        if rowAxis >= 0 then loops.Add rowAxis
        if vectorKept then loops.Add vector

        for axis in kept .. rank - 1 do
            if axis <> vector then loops.Add axis

        if vector >= kept then loops.Add vector
        loops.ToArray()

    member _.Schedule: NestSchedule = {
        Axes = axes
        Varies = varies
        Order = order
        Vector = vector
        RowAxis = rowAxis
        Rows = rows
        Packs = packs
        Columns = columns
        Interleaves = interleaves
        Steps = steps
        Chains = min steps (max 1 (8 / together))
    }

[<RequireQualifiedAccess>]
module internal NestSchedule =

    let make (width: Width) (kernel: LoopNest) (body: Body) : NestSchedule =
        Scheduler(width, body, Axes.merge kernel body).Schedule
