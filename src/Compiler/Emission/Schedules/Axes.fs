namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// The axes of a nest as loops see them: those that memory does not tell apart merged into one, those of one point
// dropped.

/// Merged axes: the kept ones, then the reduced ones.
[<NoEquality; NoComparison>]
type internal Axes = {
    Sizes: int[]
    Kept: int
    /// The new axis of each of the kernel's; -1 where its only index is 0.
    AxisOf: int[]
    /// Strides along the new axes, for each access.
    Strides: int[][]
    /// How many indices of axis 0 make up a point of the kernel's outermost axis; 0 where nothing is kept.
    Outermost: int
}

[<RequireQualifiedAccess>]
module internal Axes =

    /// Whether every access passes from one row to the next as it passes from one element to the next, and no operation
    /// asks for the index along either axis.
    let private joins (kernel: LoopNest) (body: Body) before axis =
        let mutable joins = true

        for access in body.Accesses do
            if access.Strides[before] <> access.Strides[axis] * kernel.Axes[axis] then joins <- false

        for n in body.Nodes do
            if n.Op = Op.Index && (int n.Immediate = before || int n.Immediate = axis) then
                joins <- false

        joins

    let merge (kernel: LoopNest) (body: Body) : Axes =
        let rank = kernel.Axes.Length
        let sizes = ResizeArray<int>()
        /// The first and the innermost of the axes that were merged into each.
        let outer, inner = ResizeArray<int>(), ResizeArray<int>()
        let axisOf: int[] = Array.zeroCreate rank

        let collect from past =
            let start = sizes.Count

            for axis in from .. past - 1 do
                if kernel.Axes[axis] = 1 then
                    axisOf[axis] <- -1
                else
                    let last = sizes.Count - 1

                    if last >= start && joins kernel body inner[last] axis then
                        sizes[last] <- sizes[last] * kernel.Axes[axis]
                        inner[last] <- axis
                    else
                        sizes.Add kernel.Axes[axis]
                        outer.Add axis
                        inner.Add axis

                    axisOf[axis] <- sizes.Count - 1

        let mutable reduces = false

        for n in body.Nodes do
            if Op.isFold n.Op then reduces <- true

        collect 0 (rank - kernel.Reduced)
        let kept = sizes.Count

        if reduces then
            collect (rank - kernel.Reduced) rank

            // A fold needs a loop, if only of one point.
            if sizes.Count = kept then
                sizes.Add 1
                inner.Add -1

        let strides = Array.zeroCreate<int[]> body.Accesses.Length

        for a in 0 .. strides.Length - 1 do
            let own: int[] = Array.zeroCreate sizes.Count

            for axis in 0 .. own.Length - 1 do
                if inner[axis] >= 0 then own[axis] <- body.Accesses[a].Strides[inner[axis]]

            strides[a] <- own

        {
            Sizes = sizes.ToArray()
            Kept = kept
            AxisOf = axisOf
            Strides = strides
            Outermost =
                if kept = 0 then 0
                elif outer[0] = 0 then sizes[0] / max 1 kernel.Axes[0]
                else sizes[0]
        }

    /// The axes along which each operation's value varies, as bits.
    let ofNodes (nodes: LaneNode[]) (x: Axes) : int[] =
        let sets: int[] = Array.zeroCreate nodes.Length
        let keptOnly = (1 <<< x.Kept) - 1

        for i in 0 .. nodes.Length - 1 do
            let n = nodes[i]
            let mutable set = 0

            if Op.isLoad n.Op then
                let strides = x.Strides[int n.Immediate]

                for axis in 0 .. strides.Length - 1 do
                    if strides[axis] <> 0 then set <- set ||| (1 <<< axis)
            elif n.Op = Op.Index then
                let axis = x.AxisOf[int n.Immediate]
                if axis >= 0 then set <- 1 <<< axis
            else
                if n.A >= 0 then set <- set ||| sets[n.A]
                if n.B >= 0 then set <- set ||| sets[n.B]
                if n.C >= 0 then set <- set ||| sets[n.C]
                if n.D >= 0 then set <- set ||| sets[n.D]
                if Op.isFold n.Op then set <- set &&& keptOnly

            sets[i] <- set

        sets
