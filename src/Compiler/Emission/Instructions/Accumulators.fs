namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// What reduced loops fold into: for every fold, row and column one vector for each chain of steps, so that one addition
// need not wait for the one before.
//
// A long sum in one accumulator loses digits: its error grows with the number of additions. Therefore it is emptied now
// and then into a total, whose rounding errors are summed up beside it (A. Neumaier, "Rundungsfehleranalyse einiger
// Verfahren zur Summation endlicher Summen", ZAMM 54, 1974; the errors by D. Knuth's two-sum).

open System
open System.Collections.Generic
open System.Reflection.Emit
open Cotangent.Inlined // in place of functions of Array and List

/// A long sum so far: what has been emptied into it, and the rounding errors of that.
[<NoEquality; NoComparison>]
type internal CompensatedSum = { Sum: LocalBuilder; Lost: LocalBuilder }

[<Sealed>]
type internal Accumulators
    (addressing: Addressing, values: Values, folds: int[], isLong: bool, isStraight: bool) =
    let code, nodes, s = addressing.Code, addressing.Body.Nodes, addressing.Schedule
    let locals = Dictionary<int64, LocalBuilder>()
    let totals = Dictionary<int64, CompensatedSum>()

    let key fold row column chain =
        (((int64 fold <<< 6) + int64 row) <<< 12) + (int64 column <<< 6) + int64 chain

    let identity (op: Op) (e: Element) =
        match Op.fold op, e with
        | Fold.Sum, _
        | Fold.Any, _ -> 0L
        | Fold.All, _ -> -1L
        | Fold.Largest, Element.F32 -> int64 (BitConverter.SingleToInt32Bits Single.NegativeInfinity)
        | Fold.Largest, Element.F64 -> BitConverter.DoubleToInt64Bits Double.NegativeInfinity
        | Fold.Largest, Element.I32 -> int64 Int32.MinValue
        | Fold.Largest, Element.I64 -> Int64.MinValue
        | Fold.Smallest, Element.F32 -> int64 (BitConverter.SingleToInt32Bits Single.PositiveInfinity)
        | Fold.Smallest, Element.F64 -> BitConverter.DoubleToInt64Bits Double.PositiveInfinity
        | Fold.Smallest, Element.I32 -> int64 Int32.MaxValue
        | Fold.Smallest, Element.I64 -> Int64.MaxValue

    let overLanes = s.Vector >= s.Axes.Kept

    /// Accumulators of sums that hold nothing so far. Their first addend is put there, not added; where the reduced loops
    /// are written out, that is.
    let untouched = HashSet<int64>()

    let widthOf (n: LaneNode) = Width.OfBits n.Bits

    let each (f: int -> int -> int -> unit) =
        for row in 0 .. addressing.Rows.Length - 1 do
            for column in 0 .. addressing.Columns.Length - 1 do
                for fold in folds do
                    if
                        (row = 0 || values.Varies(fold, s.RowAxis))
                        && (column = 0 || values.Varies(fold, s.Vector))
                    then
                        f fold row column

    let isLongSum (n: LaneNode) = isLong && n.Op = Op.Sum && Element.isFloat n.Element

    let fresh (n: LaneNode) bits =
        let local = code.TakeVector(widthOf n, n.Element)
        code.Constant(widthOf n, n.Element, bits)
        code.Store local
        local

    /// total <- total + accumulator; what that loses is added up.
    let empty fold row column chain =
        let n = nodes[fold]
        let w, e = widthOf n, n.Element
        let accumulator = locals[key fold row column chain]
        let total = totals[key fold row column 0]
        let sum, back = code.TakeVector(w, e), code.TakeVector(w, e)

        let apply name (a: LocalBuilder) (b: LocalBuilder) =
            code.Load a
            code.Load b
            code.Call(w.Generic(name, e))

        apply "Add" total.Sum accumulator
        code.Store sum
        apply "Subtract" sum total.Sum
        code.Store back
        // (accumulator - back) + (total - (sum - back))
        code.Load total.Lost
        apply "Subtract" accumulator back
        code.Call(w.Generic("Add", e))
        code.Load total.Sum
        apply "Subtract" sum back
        code.Call(w.Generic("Subtract", e))
        code.Call(w.Generic("Add", e))
        code.Store total.Lost
        code.Load sum
        code.Store total.Sum
        code.Constant(w, e, 0L)
        code.Store accumulator
        code.GiveBack sum
        code.GiveBack back

    /// The total, with its errors where they are numbers: beside an infinite total they are not.
    let settle (n: LaneNode) (total: CompensatedSum) =
        let w, e = widthOf n, n.Element
        code.Load total.Lost
        code.Load total.Lost
        code.Call(w.Generic("Equals", e))
        code.Load total.Sum
        code.Load total.Lost
        code.Call(w.Generic("Add", e))
        code.Load total.Sum
        code.Call(w.Generic("ConditionalSelect", e))
        code.GiveBack total.Lost
        code.GiveBack total.Sum

    /// One step of a fold: its operand into the accumulator of its chain.
    let take fold row column step =
        let n = nodes[fold]
        let i = n.A
        let w, e = widthOf n, n.Element
        let k = key fold row column (step % s.Chains)
        let local = locals[k]
        let active = addressing.Steps[step]
        let isPartial = overLanes && active < addressing.Body.Lanes
        let isFirst = untouched.Remove k

        let isProduct =
            n.Op = Op.Sum
            && Element.isFloat e
            && nodes[i].Op = Op.Multiply
            && values.IsSingle(i, row, column, step)

        if isProduct then
            values.Prepare(i, row, column, step)
        else
            values.Ready(i, row, column, step)

        // Zeros beyond the last element stay zeros.
        let isPadded =
            n.Op = Op.Sum
            && (addressing.IsPadded nodes[i]
                || isProduct && addressing.IsPadded nodes[nodes[i].A] && addressing.IsPadded nodes[nodes[i].B])

        let isMasked = isPartial && not isPadded

        // Zeros of both signs add up to 0: the sum is not the addend if that is -0 in every lane.
        if isFirst && not isPartial then
            code.Constant(w, e, 0L)
            code.Store local

        if isMasked then addressing.Mask(w, e, active)

        if isFirst && isPartial then
            if isProduct then
                values.Push(nodes[i].A, row, column, step)
                values.Push(nodes[i].B, row, column, step)
                code.Call(w.Generic("Multiply", e))
            else
                values.Push(i, row, column, step)

            if isMasked then code.Call(w.Generic("BitwiseAnd", e))
        elif isProduct then
            values.Push(nodes[i].A, row, column, step)
            values.Push(nodes[i].B, row, column, step)
            code.Load local
            code.Call(w.Overload("MultiplyAddEstimate", e, 3))
        else
            values.Push(i, row, column, step)
            code.Load local
            code.Fold(w, n.Op, e)

        if isMasked && not isFirst then
            code.Load local
            code.Call(w.Generic("ConditionalSelect", e))

        code.Store local

    /// The chains of a fold into the first of them, which is returned.
    let joinChains fold row column =
        let n = nodes[fold]
        let w = widthOf n
        let first = locals[key fold row column 0]

        for chain in 0 .. s.Chains - 1 do
            let k = key fold row column chain

            if untouched.Remove k then
                code.Constant(w, n.Element, 0L)
                code.Store locals[k]

        if isLongSum n then
            for chain in 0 .. s.Chains - 1 do
                empty fold row column chain

            settle n totals[key fold row column 0]
            code.Store first

            for chain in 1 .. s.Chains - 1 do
                code.GiveBack locals[key fold row column chain]
        else
            // Pairwise.
            let mutable distance = 1

            while distance < s.Chains do
                for chain in 0 .. 2 * distance .. s.Chains - 1 - distance do
                    let left = locals[key fold row column chain]
                    let right = locals[key fold row column (chain + distance)]
                    code.Load left
                    code.Load right
                    code.Fold(w, n.Op, n.Element)
                    code.Store left
                    code.GiveBack right

                distance <- 2 * distance

        first

    /// The rows of a fold into the lanes of one vector, which is returned.
    let packRows fold =
        let n = nodes[fold]
        let w = widthOf n

        let vectors = Array.init addressing.Rows.Length (fun i -> locals[key fold i 0 0])
        LaneFolds.pack code w n.Op n.Element vectors
        code.Store vectors[0]

        for i in 1 .. vectors.Length - 1 do
            code.GiveBack vectors[i]

        vectors[0]

    member _.Start() =
        each (fun fold row column ->
            let n = nodes[fold]

            for chain in 0 .. s.Chains - 1 do
                let k = key fold row column chain

                if isStraight && overLanes && n.Op = Op.Sum then
                    locals[k] <- code.TakeVector(widthOf n, n.Element)
                    untouched.Add k |> ignore
                else
                    locals[k] <- fresh n (identity n.Op n.Element)

            if isLongSum n then
                totals[key fold row column 0] <- { Sum = fresh n 0L; Lost = fresh n 0L })

    /// One step of all folds for all replicas.
    member _.Step() =
        values.Start()
        let steps = addressing.Steps.Length

        for step in 0 .. steps - 1 do
            each (fun fold row column -> values.Count(nodes[fold].A, row, column, step))

        for step in 0 .. steps - 1 do
            each (fun fold row column -> take fold row column step)

    /// After a block of steps.
    member _.Empty() =
        each (fun fold row column ->
            if isLongSum nodes[fold] then
                for chain in 0 .. s.Chains - 1 do
                    empty fold row column chain)

    /// Folds chains and lanes; the results are the folds' values. Returns them.
    member _.Finish() : ResizeArray<int64> =
        let results = ResizeArray<int64>()

        let isPacked fold =
            overLanes && s.Packs && addressing.Rows.Length > 1 && values.Varies(fold, s.RowAxis)

        each (fun fold row column ->
            let n = nodes[fold]
            let first = joinChains fold row column

            if not (isPacked fold) then
                if overLanes then
                    code.Load first
                    LaneFolds.lanes code (widthOf n) n.Op n.Element
                    code.Store first

                results.Add(values.Set(fold, row, column, 0, first)))

        if overLanes && s.Packs && addressing.Rows.Length > 1 then
            addressing.Packed <- true

            for fold in folds do
                if values.Varies(fold, s.RowAxis) then
                    results.Add(values.Set(fold, 0, 0, 0, packRows fold))

        results
