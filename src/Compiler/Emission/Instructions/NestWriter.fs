namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Writes the loops of a scheduled kernel. In the innermost kept loop stand first the accumulators and the reduced loops,
// then the stores and all that only they need.

open System
open System.Reflection.Emit
open Cotangent.Inlined // in place of functions of Array and List

[<Sealed>]
type internal NestWriter
    (
        code: Instructions,
        width: Width,
        body: Body,
        s: NestSchedule,
        bounds: (LocalBuilder * LocalBuilder) voption
    ) =
    let il = code.IL
    let nodes = body.Nodes
    let rank = s.Axes.Sizes.Length
    let lanes = body.Lanes
    let placement = Placement.make body s
    let addressing = Addressing(code, width, body, s)
    let values = Values(addressing)
    let folds = placement.Folds

    let long = LongSums.make body s

    let unitOf axis = if axis = s.Vector then lanes else 1

    let factorOf axis =
        if axis = s.RowAxis then s.Rows
        elif axis = s.Vector && addressing.VectorKept then s.Columns
        elif axis = addressing.Innermost then s.Steps
        else 1

    /// Whether no reduced loop is left: each has at most as many turns as are written out.
    let isStraight =
        let mutable straight = not long.IsLong

        for level in s.Axes.Kept .. rank - 1 do
            let axis = s.Order[level]
            let turns = (s.Axes.Sizes[axis] + unitOf axis - 1) / unitOf axis
            straight <- straight && turns <= factorOf axis

        straight

    let accumulators = Accumulators(addressing, values, folds, long.IsLong, isStraight)

    let hoist level =
        values.Start()
        let kept = ResizeArray<int64>()

        for write in [| false; true |] do
            for i in 0 .. nodes.Length - 1 do
                if placement.Hoisted[i] && placement.Level[i] = level then
                    let rows = if values.Varies(i, s.RowAxis) then addressing.Rows.Length else 1

                    let columns =
                        if addressing.VectorKept && values.Varies(i, s.Vector) then
                            addressing.Columns.Length
                        else
                            1

                    for row in 0 .. rows - 1 do
                        for column in 0 .. columns - 1 do
                            if write then
                                kept.Add(values.Keep(i, row, column, 0))
                            else
                                values.Count(i, row, column, 0)

        kept

    /// What each store of a replica takes, in a local.
    let computed row column : LocalBuilder[] =
        let results: LocalBuilder[] = Array.zeroCreate body.Stored.Length

        for store in 0 .. results.Length - 1 do
            let i = body.Stored[store]
            let n = nodes[i]
            values.Ready(i, row, column, 0)
            values.Push(i, row, column, 0)
            results[store] <- code.TakeVector(Width.OfBits n.Bits, n.Element)
            code.Store results[store]

        results

    let storeAll (results: LocalBuilder[]) row column =
        for store in 0 .. results.Length - 1 do
            addressing.Store(store, nodes[body.Stored[store]], results[store], row, column)
            code.GiveBack results[store]

    /// The stores of one replica after the other: first all its values, since a store may overwrite what another's
    /// value is read from.
    let stores () =
        let rows = if addressing.Packed then 1 else addressing.Rows.Length
        let columns = addressing.Columns.Length
        values.Start()

        for row in 0 .. rows - 1 do
            for column in 0 .. columns - 1 do
                for i in body.Stored do
                    values.Count(i, row, column, 0)

        if s.Interleaves && columns > 1 then
            for i in 0 .. nodes.Length - 1 do
                for column in 0 .. columns - 1 do
                    if values.IsShared(i, 0, column, 0) then values.Ready(i, 0, column, 0)

            let results = Array.zeroCreate columns

            for column in 0 .. columns - 1 do
                results[column] <- computed 0 column

            for column in 0 .. columns - 1 do
                storeAll results[column] 0 column
        else
            for row in 0 .. rows - 1 do
                for column in 0 .. columns - 1 do
                    storeAll (computed row column) row column

    // Loops.

    let all count : Active[] = Array.create count lanes

    let setReplicas axis (units: Active[]) =
        if axis = s.RowAxis then addressing.Rows <- units
        elif axis = s.Vector && addressing.VectorKept then addressing.Columns <- units
        elif axis = addressing.Innermost then addressing.Steps <- units

    let pointers = MovingPointers(addressing, width)

    let rec loop level =
        let axis = s.Order[level]

        match bounds with
        | ValueSome(first, last) when axis = 0 && s.Axes.Kept > 0 -> openLoop level axis first last
        | _ -> closedLoop level axis

        if level = long.EmptyAt && level > s.Axes.Kept && long.IsLong then accumulators.Empty()

    /// What is inside a loop, once, for these replicas.
    and inside level axis (units: Active[]) =
        if units.Length > 0 then
            setReplicas axis units
            region level
            setReplicas axis (all 1)

    /// A loop whose bounds are constants.
    and closedLoop level axis =
        let n, unit, factor = s.Axes.Sizes[axis], unitOf axis, factorOf axis
        let full, rest = n / unit, n % unit
        let last: Active[] = if rest > 0 then [| rest |] else [||]
        let iterations = if full + last.Length <= factor then 0 else full / factor
        let remaining = Array.append (all (full - iterations * factor)) last
        let index = addressing.Indices[axis]

        if iterations <= 1 then
            writtenOut level axis (iterations * factor) remaining
        else
            counted level axis iterations remaining

        addressing.Indices[axis] <- index

    /// One turn, if any, and what remains, one after the other.
    and writtenOut level axis (units: int) remaining =
        let outer = addressing.Places
        let moved = int64 (units * unitOf axis)

        if units > 0 then
            inside level axis (all units)
            let inner = Array.copy outer

            for g in 0 .. inner.Length - 1 do
                let plus = inner[g].Plus + addressing.Groups[g].Strides[axis] * moved
                inner[g] <- { inner[g] with Plus = plus }

            addressing.Places <- inner

        addressing.Indices[axis] <- { Local = null; Plus = moved }
        inside level axis remaining
        addressing.Places <- outer

    /// So many turns, and what remains.
    and counted level axis iterations remaining =
        let factor = factorOf axis
        let step = factor * unitOf axis
        let moved = int64 (iterations * step)
        let outer = pointers.Start(axis, null)
        let i = code.Take typeof<int64>
        il.Emit(OpCodes.Ldc_I8, 0L)
        code.Store i
        addressing.Indices[axis] <- { Local = i; Plus = 0L }

        let turn () =
            inside level axis (all factor)
            pointers.Move(axis, step)
            pointers.AddTo(i, int64 step)

        if long.IsLong && level = long.EmptyAt && int64 iterations > 2L * long.Turns then
            inBlocks i step moved turn
        else
            let top = il.DefineLabel()
            il.MarkLabel top
            turn ()
            code.Load i
            il.Emit(OpCodes.Ldc_I8, moved)
            il.Emit(OpCodes.Blt, top)

        code.GiveBack i
        addressing.Indices[axis] <- { Local = null; Plus = moved }
        inside level axis remaining
        pointers.End(axis, outer)

    /// Turns until the index is at the end, in blocks, after each of which the sums are emptied.
    and inBlocks i step (moved: int64) (turn: unit -> unit) =
        let top, blockTop = il.DefineLabel(), il.DefineLabel()
        let blockEnd = code.Take typeof<int64>
        il.MarkLabel blockTop
        code.Load i
        il.Emit(OpCodes.Ldc_I8, long.Turns * int64 step)
        il.Emit OpCodes.Add
        code.Store blockEnd
        il.Emit(OpCodes.Ldc_I8, moved)
        code.Load blockEnd
        il.Emit(OpCodes.Bge, top)
        il.Emit(OpCodes.Ldc_I8, moved)
        code.Store blockEnd
        il.MarkLabel top
        turn ()
        code.Load i
        code.Load blockEnd
        il.Emit(OpCodes.Blt, top)
        accumulators.Empty()
        code.Load i
        il.Emit(OpCodes.Ldc_I8, moved)
        il.Emit(OpCodes.Blt, blockTop)
        code.GiveBack blockEnd

    /// The loop from one bound to the other.
    and openLoop level axis (first: LocalBuilder) (last: LocalBuilder) =
        let unit, factor = unitOf axis, factorOf axis
        let outer = pointers.Start(axis, first)
        let i = code.Take typeof<int64>
        code.Load first
        code.Store i
        addressing.Indices[axis] <- { Local = i; Plus = 0L }

        let repeat count (units: Active[]) =
            let top, check = il.DefineLabel(), il.DefineLabel()
            il.Emit(OpCodes.Br, check)
            il.MarkLabel top
            inside level axis units
            pointers.Move(axis, count)
            pointers.AddTo(i, int64 count)
            il.MarkLabel check
            code.Load i
            il.Emit(OpCodes.Ldc_I8, int64 count)
            il.Emit OpCodes.Add
            code.Load last
            il.Emit(OpCodes.Ble, top)

        if factor > 1 then repeat (factor * unit) (all factor)
        repeat unit (all 1)

        if unit > 1 && pointers.CanMask then
            let skip = il.DefineLabel()
            code.Load i
            code.Load last
            il.Emit(OpCodes.Bge, skip)
            pointers.StartMasks(i, last)
            inside level axis [| 0 |]
            pointers.EndMasks()
            il.MarkLabel skip
        elif unit > 1 then
            repeat 1 [| 1 |]

        code.GiveBack i
        pointers.End(axis, outer)
        addressing.Indices[axis] <- { Local = null; Plus = 0L }

    /// The code at a level, with all that is inside.
    and region level =
        let kept = hoist level

        if level = s.Axes.Kept - 1 then
            if folds.Length > 0 then
                accumulators.Start()
                loop s.Axes.Kept
                let results = accumulators.Finish()
                stores ()

                for k in results do
                    values.Drop k

                addressing.Packed <- false
            else
                stores ()
        elif level + 1 < rank then
            loop (level + 1)
        else
            accumulators.Step()

        for k in kept do
            values.Drop k

    /// Writes the nest; `slots` puts the address of the table of slots on the stack.
    member _.Write(slots: unit -> unit) =
        let mutable hasPoints = true

        for axis in 0 .. s.Axes.Kept - 1 do
            if s.Axes.Sizes[axis] = 0 then hasPoints <- false

        if hasPoints then
            let places = addressing.Places

            for g in 0 .. places.Length - 1 do
                let local = code.Take typeof<nativeint>
                slots ()
                code.AddBytes(int64 addressing.Groups[g].Slot * int64 IntPtr.Size)
                il.Emit OpCodes.Ldind_I
                code.AddBytes addressing.Groups[g].First
                code.Store local
                places[g] <- { Local = local; Plus = 0L }

            region -1

            for place in places do
                match place.Local with
                | null -> ()
                | local -> code.GiveBack local
