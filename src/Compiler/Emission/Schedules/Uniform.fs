namespace Cotangent.Compiler.Emission

open Cotangent.Compiler
open Cotangent.Inlined // in place of functions of Array and List

// Values that are the same in all lanes, such as a norm and what follows from it, are computed in the shortest vectors:
// roots and quotients of 64 bytes take several times as long as those of 16, and twice the room where they are spilled.

[<RequireQualifiedAccess>]
module internal Uniform =
    [<Literal>]
    let private Short = 128

    let private isLeaf (op: Op) = Op.isLoad op || op = Op.Constant || op = Op.Index

    let inline private used i = i >= 0

    /// Which nodes are needed in long vectors, and which in short ones.
    [<Struct; NoEquality; NoComparison>]
    type private Needs = { Long: bool[]; Short: bool[] }

    let private needs (nodes: LaneNode[]) (stored: int[]) (isShort: int -> bool) (storesOne: bool) : Needs =
        let long = Array.create nodes.Length false
        let short = Array.create nodes.Length false

        for i in stored do
            if storesOne && isShort i then short[i] <- true else long[i] <- true

        for i in nodes.Length - 1 .. -1 .. 0 do
            let n = nodes[i]

            let need (marks: bool[]) =
                if used n.A then marks[n.A] <- true
                if used n.B then marks[n.B] <- true
                if used n.C then marks[n.C] <- true
                if used n.D then marks[n.D] <- true

            if isShort i then
                if short[i] || long[i] then need short
            elif Op.isFold n.Op then
                if short[i] || long[i] then need long
            elif long[i] then
                need long

        { Long = long; Short = short }

    /// The same code with each node in the vectors that it is needed in, and where it is there, in long ones and in short ones.
    let private rewritten (width: Width) (nodes: LaneNode[]) (isShort: int -> bool) (needs: Needs) =
        let code = Lanes()
        let long, short = needs.Long, needs.Short
        let asLong: int[] = Array.zeroCreate nodes.Length
        let asShort: int[] = Array.zeroCreate nodes.Length

        for i in 0 .. nodes.Length - 1 do
            let n = nodes[i]
            let at (numbers: int[]) j = if used j then numbers[j] else j

            let of' (numbers: int[]) bits = {
                n with
                    Bits = bits
                    A = at numbers n.A
                    B = at numbers n.B
                    C = at numbers n.C
                    D = at numbers n.D
            }

            let moved op bits from (immediate: int64) = {
                n with
                    Op = op
                    Bits = bits
                    A = from
                    B = -1
                    C = -1
                    D = -1
                    Immediate = immediate
            }

            if isShort i then
                if short[i] || long[i] then
                    asShort[i] <- code.Add(of' asShort Short)
                    if long[i] then asLong[i] <- code.Add(moved Op.Spread width.Bits asShort[i] 0L)
            else
                let isFold = Op.isFold n.Op
                if long[i] || isFold && short[i] then asLong[i] <- code.Add(of' asLong width.Bits)

                if short[i] then
                    asShort[i] <-
                        code.Add(
                            if isFold then
                                moved Op.Shorten Short asLong[i] (int64 width.Bits)
                            else
                                of' asShort Short
                        )

        struct (code.ToArray(), asLong, asShort)

    /// The body with what is uniform in short vectors, and the schedule of that.
    let shorten (width: Width) (body: Body) (s: NestSchedule) : struct (Body * NestSchedule) =
        let nodes = body.Nodes
        let mutable isPlain = width.Bits > Short

        for n in nodes do
            if n.Bits <> width.Bits then isPlain <- false

        if not isPlain then
            struct (body, s)
        else
            let alongLanes = if s.Vector >= 0 then 1 <<< s.Vector else 0
            let alongLanes = if s.Packs then alongLanes ||| (1 <<< s.RowAxis) else alongLanes

            let isShort i =
                let op = nodes[i].Op
                not (isLeaf op) && not (Op.isFold op) && s.Varies[i] &&& alongLanes = 0

            // Only one lane is stored.
            let storesOne = not s.Packs && not (s.Vector >= 0 && s.Vector < s.Axes.Kept)
            let needs = needs nodes body.Stored isShort storesOne
            let struct (nodes, asLong, asShort) = rewritten width nodes isShort needs

            let stored =
                body.Stored |> Array.map (fun i -> if storesOne && isShort i then asShort[i] else asLong[i])

            struct ({ body with Nodes = nodes; Stored = stored },
                    { s with Varies = Axes.ofNodes nodes s.Axes })
