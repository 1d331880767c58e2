namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// In which order the points of a nest are visited, and which of them together: which axis fills the lanes of vectors,
// which rows share what they load, and how much is unrolled. Any schedule computes the same, except for the order of
// additions.

open Cotangent

[<NoComparison>]
type internal Schedule = {
    /// Sizes of the axes that are left when those that memory does not tell apart have been merged: the kept ones,
    /// then the reduced ones.
    Sizes: int[]
    Kept: int
    /// The new axis of each of the kernel's; -1 where its only index is 0.
    AxisOf: int[]
    /// Strides along the new axes, for each access of the body and then for each store.
    Strides: int[][]
    /// How many indices of axis 0 make up a point of the kernel's outermost axis; 0 where no axis is left of it.
    Outermost: int
    /// From the outermost to the innermost loop.
    Order: int[]
    /// The axis along which a vector's lanes lie; -1 where there are only single points.
    Vector: int
    /// The kept axis whose points are computed together, so that they share loads, and how many; -1 for none.
    RowAxis: int
    Rows: int
    /// How many vectors in a row are computed together where the vectors' axis is kept.
    Columns: int
    /// How many steps of the innermost reduced loop are written out, and how many of them add up apart from the others.
    Steps: int
    Chains: int
}

[<RequireQualifiedAccess>]
module internal Schedule =

    /// Merges adjacent axes where every access passes from one row to the next as it passes from one element to the
    /// next, and drops axes of one point.
    let private merge (kernel: Kernel) (body: Body) (strides: int[][]) =
        let rank = kernel.Axes.Length
        let named = Array.create rank false

        for node in body.Nodes do
            if node.Op = Op.Index then named[int node.Immediate] <- true

        let reduces =
            body.Nodes
            |> Array.exists (fun n ->
                n.Op = Op.Sum || n.Op = Op.Largest || n.Op = Op.Smallest || n.Op = Op.All || n.Op = Op.Any)

        let first = rank - kernel.Reduced
        let groups = ResizeArray<ResizeArray<int>>()
        let axisOf = Array.create rank -1

        let joins (last: ResizeArray<int>) axis =
            let before = last[last.Count - 1]

            not named[before]
            && not named[axis]
            && strides |> Array.forall (fun s -> s[before] = s[axis] * kernel.Axes[axis])

        let collect from past =
            let start = groups.Count

            for axis in from .. past - 1 do
                if kernel.Axes[axis] <> 1 then
                    if groups.Count > start && joins groups[groups.Count - 1] axis then
                        groups[groups.Count - 1].Add axis
                    else
                        groups.Add(ResizeArray [ axis ])

                    axisOf[axis] <- groups.Count - 1

        collect 0 first
        let kept = groups.Count
        if reduces then collect first rank
        let size (g: ResizeArray<int>) = Seq.fold (fun n axis -> n * kernel.Axes[axis]) 1 g
        let sizes = groups.ToArray() |> Array.map size

        let strides =
            strides |> Array.map (fun s -> groups.ToArray() |> Array.map (fun g -> s[g[g.Count - 1]]))

        // A fold needs a loop, if only of one point.
        let sizes, strides =
            if reduces && groups.Count = kept then
                Array.append sizes [| 1 |], strides |> Array.map (fun s -> Array.append s [| 0 |])
            else
                sizes, strides

        let outermost =
            if kept = 0 then 0
            elif groups[0][0] = 0 then sizes[0] / max 1 kernel.Axes[0]
            else sizes[0]

        struct (sizes, kept, axisOf, strides, outermost)

    let private product (sizes: int[]) from past =
        let mutable n = 1.0

        for i in from .. past - 1 do
            n <- n * float sizes[i]

        n

    /// Which axes an operation's value varies along, as a set of bits.
    let dependences (nodes: Node[]) (axisOf: int[]) (strides: int[][]) kept rank =
        let sets = Array.zeroCreate<int> nodes.Length
        let reduced = ((1 <<< rank) - 1) &&& ~~~((1 <<< kept) - 1)

        for i in 0 .. nodes.Length - 1 do
            let n = nodes[i]
            let operand a = if a >= 0 then sets[a] else 0

            sets[i] <-
                match n.Op with
                | Op.Load
                | Op.LoadBool ->
                    let s = strides[int n.Immediate]
                    let mutable set = 0

                    for axis in 0 .. rank - 1 do
                        if s[axis] <> 0 then set <- set ||| (1 <<< axis)

                    set
                | Op.Index ->
                    let axis = axisOf[int n.Immediate]
                    if axis < 0 then 0 else 1 <<< axis
                | Op.Sum
                | Op.Largest
                | Op.Smallest
                | Op.All
                | Op.Any -> operand n.A &&& ~~~reduced
                | _ -> operand n.A ||| operand n.B ||| operand n.C ||| operand n.D

        sets

    let isFold (op: Op) =
        match op with
        | Op.Sum
        | Op.Largest
        | Op.Smallest
        | Op.All
        | Op.Any -> true
        | _ -> false

    let private isLoad (op: Op) = op = Op.Load || op = Op.LoadBool

    let make (kernel: Kernel) (body: Body) : Schedule =
        let all =
            Array.append
                (body.Accesses |> Array.map (fun (struct (a, _)) -> a.Strides))
                (body.Stores |> Array.map (fun (struct (a, _, _)) -> a.Strides))

        let struct (sizes, kept, axisOf, strides, outermost) = merge kernel body all
        let rank = sizes.Length
        let nodes = body.Nodes
        let sets = dependences nodes axisOf strides kept rank
        let reducedSet = ((1 <<< rank) - 1) &&& ~~~((1 <<< kept) - 1)
        let keptPoints = product sizes 0 kept
        let points = product sizes 0 rank
        let lanes = float body.Lanes

        // Operations at every point, and those once for each kept point.
        let mutable inner = 0
        let mutable outer = 0

        for i in 0 .. nodes.Length - 1 do
            let op = nodes[i].Op

            if op <> Op.Constant then
                if sets[i] &&& reducedSet <> 0 then inner <- inner + 1
                elif sets[i] <> 0 then outer <- outer + 1

        let folds = nodes |> Array.filter (fun n -> isFold n.Op) |> Array.length

        /// Roughly how many instructions the nest takes with an axis in the lanes.
        let cost axis =
            let n = float sizes[axis]
            let perLane = 1.0 / n * ceil (n / lanes)
            let isKept = axis < kept
            let mutable inside = float inner
            let mutable once = float outer

            for i in 0 .. nodes.Length - 1 do
                if isLoad nodes[i].Op then
                    let stride = strides[int nodes[i].Immediate][axis]

                    if stride <> 0 && stride <> 1 || nodes[i].Op = Op.LoadBool && stride <> 0 then
                        if sets[i] &&& reducedSet <> 0 then
                            inside <- inside + 1.5 * lanes
                        else
                            once <- once + 1.5 * lanes

            for s in body.Accesses.Length .. strides.Length - 1 do
                if isKept && strides[s][axis] <> 1 then once <- once + 2.0 * lanes

            let fold = if isKept then 0.0 else float folds * 10.0

            points * inside * perLane + keptPoints * (once * (if isKept then perLane else 1.0) + fold)

        let mutable vector = -1

        if kept + (rank - kept) > 0 then
            let mutable best = infinity

            for axis in rank - 1 .. -1 .. 0 do
                if sizes[axis] > 1 then
                    let c = cost axis

                    if c < best then
                        best <- c
                        vector <- axis

        let reduces = rank > kept
        let vectorKept = vector >= 0 && vector < kept

        // The axis along which the most loads can be shared.
        let mutable rowAxis = -1
        let mutable shared = 0

        if reduces then
            for axis in kept - 1 .. -1 .. 0 do
                if axis <> vector && sizes[axis] > 1 then
                    let mutable saved = 0

                    for i in 0 .. nodes.Length - 1 do
                        if
                            isLoad nodes[i].Op && sets[i] &&& reducedSet <> 0 && sets[i] &&& (1 <<< axis) = 0
                        then
                            let unit = vector >= 0 && strides[int nodes[i].Immediate][vector] <= 1
                            saved <- saved + (if unit then 1 else body.Lanes)

                    if saved > shared then
                        shared <- saved
                        rowAxis <- axis

        let vectors axis = (sizes[axis] + body.Lanes - 1) / body.Lanes

        let columns =
            if not vectorKept then 1
            elif reduces then (if inner <= 12 then min 4 (vectors vector) else 1)
            elif vectors vector <= 4 && outer * vectors vector <= 100 then vectors vector
            elif outer <= 4 then 4
            elif outer <= 10 then 2
            else 1

        let rows, columns =
            if rowAxis < 0 || inner > 12 then
                1, columns
            else
                let columns = min columns 2
                min sizes[rowAxis] 4, columns

        // Steps of the innermost reduced loop.
        let steps, chains =
            if not reduces then
                1, 1
            else
                let innermost = if vector >= kept then vector else rank - 1
                let count = max 1 (if innermost = vector then vectors innermost else sizes[innermost])
                let block = rows * columns

                let wanted =
                    if inner * block > 40 then 1
                    elif block >= 8 then 2
                    elif block >= 4 then 2
                    else 4

                let steps =
                    if count <= 16 && count * inner * block <= 64 then count
                    elif wanted > 1 && count % wanted <> 0 && count % (wanted + 1) = 0 then wanted + 1
                    else min wanted count

                steps, min steps (max 1 (8 / block))

        let order =
            let rest = [|
                for axis in 0 .. kept - 1 do
                    if axis <> vector && axis <> rowAxis then axis
                if rowAxis >= 0 then rowAxis
                if vectorKept then vector
                for axis in kept .. rank - 1 do
                    if axis <> vector then axis
                if vector >= kept then vector
            |]

            rest

        {
            Sizes = sizes
            Kept = kept
            AxisOf = axisOf
            Strides = strides
            Outermost = outermost
            Order = order
            Vector = vector
            RowAxis = rowAxis
            Rows = rows
            Columns = columns
            Steps = steps
            Chains = chains
        }
