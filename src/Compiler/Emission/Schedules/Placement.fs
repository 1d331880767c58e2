namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// At which level of the loops each operation is computed.
//
// Level -1 is before all loops, level i inside of loop i. An operation belongs to the level of the innermost loop that
// it varies along; one that needs a fold's result to the innermost kept loop, after the reduced ones. A level computes
// what inner loops need before they begin.

/// By operation.
[<NoEquality; NoComparison>]
type internal Placement = {
    Level: int[]
    /// Whether it needs a fold's result.
    Late: bool[]
    /// Whether loops inside of its own level need it.
    Hoisted: bool[]
    Folds: int[]
}

[<RequireQualifiedAccess>]
module internal Placement =

    let make (body: Body) (s: NestSchedule) : Placement =
        let nodes = body.Nodes
        let rank = s.Axes.Sizes.Length
        let level: int[] = Array.zeroCreate nodes.Length
        let late: bool[] = Array.zeroCreate nodes.Length
        let hoisted: bool[] = Array.zeroCreate nodes.Length
        let folds = ResizeArray<int>()

        for i in 0 .. nodes.Length - 1 do
            let n = nodes[i]
            if Op.isFold n.Op then folds.Add i

            late[i] <-
                Op.isFold n.Op
                || n.A >= 0 && late[n.A]
                || n.B >= 0 && late[n.B]
                || n.C >= 0 && late[n.C]
                || n.D >= 0 && late[n.D]

            level[i] <- -1

            if late[i] then
                level[i] <- s.Axes.Kept - 1
            else
                for l in 0 .. rank - 1 do
                    if (s.Varies[i] >>> s.Order[l]) &&& 1 <> 0 then level[i] <- l

        let needAt from i =
            if i >= 0 && nodes[i].Op <> Op.Constant && not late[i] && level[i] < from then
                hoisted[i] <- true

        for i in 0 .. nodes.Length - 1 do
            let n = nodes[i]
            let from = if Op.isFold n.Op then rank - 1 else level[i]
            needAt from n.A
            needAt from n.B
            needAt from n.C
            needAt from n.D

        for i in body.Stored do
            needAt (s.Axes.Kept - 1) i

        { Level = level; Late = late; Hoisted = hoisted; Folds = folds.ToArray() }
