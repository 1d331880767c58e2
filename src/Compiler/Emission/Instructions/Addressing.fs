namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Where the elements of a nest lie, and vectors and numbers read from there and written there.
//
// Nothing is read or written but the elements that an access names: a vector of which some lanes lie beyond the nest is
// moved in pieces or under a mask.

open System
open System.Reflection.Emit
open Cotangent

/// How many lanes of a vector count; 0 for those of a mask made at run time.
type internal Active = int

/// A local and a constant, of which a pointer or an index is the sum.
[<Struct; NoEquality; NoComparison>]
type internal Address = { Local: LocalBuilder | null; Plus: int64 }

/// Accesses that differ only in their offsets.
[<NoEquality; NoComparison>]
type internal Group = {
    Slot: int
    First: int64
    /// In bytes.
    Strides: int64[]
}

/// What is computed together just now, and where.
[<Sealed>]
type internal Addressing(code: Instructions, width: Width, body: Body, s: NestSchedule) =
    let il = code.IL
    let rank = s.Axes.Sizes.Length
    let lanes = body.Lanes
    let groups = ResizeArray<Group>()
    /// Each access's group and its distance from the group's first element.
    let groupOf: int[] = Array.zeroCreate body.Accesses.Length
    let distance: int64[] = Array.zeroCreate body.Accesses.Length

    let present (place: Address) =
        match place.Local with
        | null -> invalidOp "Code for an address that is not there."
        | local -> local

    let sameStrides (a: int64[]) (b: int64[]) = a.AsSpan().SequenceEqual(ReadOnlySpan b)

    do
        for a in 0 .. body.Accesses.Length - 1 do
            let access, bytes = body.Accesses[a], int64 body.Types[a].Size
            let strides = Array.zeroCreate<int64> rank

            for axis in 0 .. rank - 1 do
                strides[axis] <- int64 (s.Axes.Strides[a][axis]) * bytes

            let start = int64 access.Offset * bytes
            let mutable found = -1

            for g in 0 .. groups.Count - 1 do
                if groups[g].Slot = access.Slot && sameStrides groups[g].Strides strides then found <- g

            if found < 0 then
                found <- groups.Count
                groups.Add { Slot = access.Slot; First = start; Strides = strides }

            groupOf[a] <- found
            distance[a] <- start - groups[found].First

    let mutable places: Address[] = Array.zeroCreate groups.Count
    let indices: Address[] = Array.zeroCreate rank
    /// Masks of the last, incomplete vector, for elements of 4 and of 8 bytes.
    let masks: (LocalBuilder | null)[] = Array.zeroCreate 2

    let mutable rows: Active[] = [| lanes |]
    let mutable columns: Active[] = [| lanes |]
    let mutable steps: Active[] = [| lanes |]
    let mutable packed = false
    let innermost = if rank > s.Axes.Kept then s.Order[rank - 1] else -1
    let vectorKept = s.Vector >= 0 && s.Vector < s.Axes.Kept

    /// Puts the address of a replica's element on the stack, some lanes further on.
    let address a row column step (vector: int) lane =
        let g = groupOf[a]
        let place, strides = places[g], groups[g].Strides
        let mutable bytes = place.Plus + distance[a]
        if s.RowAxis >= 0 && not packed then bytes <- bytes + strides[s.RowAxis] * int64 row
        if vectorKept then bytes <- bytes + strides[s.Vector] * int64 (column * lanes)

        if innermost >= 0 then
            let unit = if innermost = s.Vector then lanes else 1
            bytes <- bytes + strides[innermost] * int64 (step * unit)

        if vector >= 0 then bytes <- bytes + strides[vector] * int64 lane
        code.Load(present place)
        code.AddBytes bytes

    /// A truth for the lanes that count, as an element.
    let mask (w: Width) (e: Element) (active: Active) =
        if active = 0 then
            match masks[Element.size e / 8] with
            | null -> invalidOp "Code for a mask that is not there."
            | local ->
                code.Load local
                code.Cast(w, Element.whole e, e)
        else
            code.FirstLanes(w, e, active)

    /// Numbers of the first lanes, one by one; zeros in the others.
    let rec assemble (w: Width) (e: Element) from count (at: int -> unit) (read: unit -> unit) =
        let size = w.Bits / 8 / Element.size e

        if w.Bits = 128 then
            at from
            read ()
            code.First(w, e)

            for lane in 1 .. min count size - 1 do
                il.Emit(OpCodes.Ldc_I4, lane)
                at (from + lane)
                read ()
                code.Call(w.Generic("WithElement", e))
        else
            let half = Width.OfBits(w.Bits / 2)
            assemble half e from (min count (size / 2)) at read
            code.Call(half.Generic((if w.Bits = 256 then "ToVector256" else "ToVector512"), e))

            if count > size / 2 then
                assemble half e (from + size / 2) (count - size / 2) at read
                code.Call(w.Generic("WithUpper", e))

    /// How many moves of 2ⁿ elements it takes.
    let pieces (count: int) = Numerics.BitOperations.PopCount(uint32 count)

    /// The first lanes, adjacent in memory, in pieces of 2ⁿ elements; zeros in the others.
    let rec loadPieces (w: Width) (e: Element) from count (at: int -> unit) =
        let size = w.Bits / 8 / Element.size e

        if count = size then
            at from
            code.LoadVector(w, e)
        elif count = 1 then
            at from
            code.LoadElement e
            code.First(w, e)
        elif count = 2 && Element.size e = 4 then
            at from
            code.LoadElement Element.F64
            code.First(w, Element.F64)
            code.Cast(w, Element.F64, e)
        elif w.Bits > 128 then
            let half = Width.OfBits(w.Bits / 2)
            loadPieces half e from (min count (size / 2)) at
            code.Call(half.Generic((if w.Bits = 256 then "ToVector256" else "ToVector512"), e))

            if count > size / 2 then
                loadPieces half e (from + size / 2) (count - size / 2) at
                code.Call(w.Generic("WithUpper", e))
        else
            // Three elements of 4 bytes.
            loadPieces w e from 2 at
            il.Emit(OpCodes.Ldc_I4_2)
            at (from + 2)
            code.LoadElement e
            code.Call(w.Generic("WithElement", e))

    let rec storePieces (w: Width) (e: Element) (value: LocalBuilder) from count (at: int -> unit) =
        let size = w.Bits / 8 / Element.size e

        if count = size then
            at from
            code.Load value
            code.StoreVector(w, e)
        elif count = 1 then
            at from
            code.Load value
            code.Lane(w, e, 0)
            code.StoreElement e
        elif count = 2 && Element.size e = 4 then
            at from
            code.Load value
            code.Cast(w, e, Element.F64)
            code.Lane(w, Element.F64, 0)
            code.StoreElement Element.F64
        elif w.Bits > 128 then
            let half = Width.OfBits(w.Bits / 2)

            let part name from count =
                let local = code.TakeVector(half, e)
                code.Load value
                code.Call(w.Generic(name, e))
                code.Store local
                storePieces half e local from count at
                code.GiveBack local

            part "GetLower" from (min count (size / 2))
            if count > size / 2 then part "GetUpper" (from + size / 2) (count - size / 2)
        else
            // Three elements of 4 bytes.
            storePieces w e value from 2 at
            at (from + 2)
            code.Load value
            code.Lane(w, e, 2)
            code.StoreElement e

    member _.Body = body
    member _.Schedule = s
    member _.Code = code
    member _.Width = width
    member _.Groups = groups
    member _.Indices = indices
    member _.Masks = masks
    member _.Innermost = innermost
    member _.VectorKept = vectorKept

    member _.Places
        with get () = places
        and set value = places <- value

    // Replicas: rows, columns and steps that are computed together, with the lanes that count in each.

    member _.Rows
        with get () = rows
        and set value = rows <- value

    member _.Columns
        with get () = columns
        and set value = columns <- value

    member _.Steps
        with get () = steps
        and set value = steps <- value

    /// Puts a group's pointer on the stack.
    member _.LoadPointer g = code.Load(present places[g])

    /// Whether the rows now lie in the lanes of one vector.
    member _.Packed
        with get () = packed
        and set value = packed <- value

    /// The axis along which the lanes lie.
    member _.Vector = if packed then s.RowAxis else s.Vector

    member _.ActiveIn column step : Active =
        if packed then rows.Length
        elif s.Vector < 0 then 1
        elif vectorKept then columns[column]
        else steps[step]

    member _.Mask(w, e, active) = mask w e active

    member x.Stride a = if x.Vector < 0 then 0 else s.Axes.Strides[a][x.Vector]

    /// Whether a value is read so that lanes beyond the last element hold zeros.
    member x.IsPadded(n: LaneNode) = n.Op = Op.Load && x.Stride(int n.Immediate) <> 0

    /// Reads a vector of numbers.
    member x.Load(n: LaneNode, row, column, step) =
        let w, e, a = Width.OfBits n.Bits, n.Element, int n.Immediate
        let active = x.ActiveIn column step
        let vector = x.Vector
        let at lane = address a row column step vector lane

        match x.Stride a with
        | 0 ->
            at 0
            code.LoadElement e
            code.Broadcast(w, e)
        | 1 when active = lanes ->
            at 0
            code.LoadVector(w, e)
        | 1 when active = 0 || w.HasMasks && pieces active > 2 ->
            at 0
            mask w (Element.real e) active
            if w.Bits = 512 then code.Constant(w, Element.real e, 0L)
            code.Call(w.MaskLoad(Element.real e))
            code.Cast(w, Element.real e, e)
        | 1 -> loadPieces w e 0 active at
        | _ -> assemble w e 0 active at (fun () -> code.LoadElement e)

    /// Reads bytes of 0 or 1 as lanes of zeros or ones.
    member x.LoadBool(n: LaneNode, row, column, step) =
        let w, e, a = Width.OfBits n.Bits, n.Element, int n.Immediate
        let vector = x.Vector

        let read () =
            il.Emit OpCodes.Ldind_U1
            if Element.size e = 8 then il.Emit OpCodes.Conv_U8

        code.Constant(w, e, 0L)

        if x.Stride a = 0 then
            address a row column step vector 0
            read ()
            code.Broadcast(w, e)
        else
            assemble w e 0 (x.ActiveIn column step) (address a row column step vector) read

        code.Call(w.Generic("Subtract", e))

    /// The index along an axis of the kernel.
    member x.Index(n: LaneNode, row, column, step) =
        let w, e = Width.OfBits n.Bits, n.Element
        let axis = s.Axes.AxisOf[int n.Immediate]

        if axis < 0 then
            code.Constant(w, e, 0L)
        else
            let moved =
                if axis = s.RowAxis then (if packed then 0 else row)
                elif axis = innermost then step * (if axis = s.Vector then lanes else 1)
                elif axis = s.Vector then column * lanes
                else 0

            let plus = indices[axis].Plus + int64 moved

            match indices[axis].Local with
            | null -> code.Constant(w, e, plus)
            | local ->
                code.Load local

                if plus <> 0L then
                    il.Emit(OpCodes.Ldc_I8, plus)
                    il.Emit OpCodes.Add

                if Element.size e = 4 then il.Emit OpCodes.Conv_I4
                code.Broadcast(w, e)

            if axis = x.Vector then
                code.Count(w, e)
                code.Call(w.Generic("Add", e))

    /// Writes a value of an operation.
    member x.Store(store: int, n: LaneNode, value: LocalBuilder, row, column) =
        let a = body.Loads + store
        let w, e, dtype = Width.OfBits n.Bits, n.Element, body.Types[a]
        let vector = if packed || vectorKept then x.Vector else -1
        let stride = if vector < 0 then 0 else s.Axes.Strides[a][vector]
        let active = if vector < 0 then 1 else x.ActiveIn column 0
        let at lane = address a row column 0 vector lane

        if stride = 1 && dtype <> DType.Bool && active = 0 then
            at 0
            mask w (Element.real e) active
            code.Load value
            code.Cast(w, e, Element.real e)
            code.Call(w.MaskStore(Element.real e))
        elif stride = 1 && dtype <> DType.Bool then
            storePieces w e value 0 active at
        else
            for lane in 0 .. active - 1 do
                at lane
                code.Load value
                code.Lane(w, e, lane)

                if dtype = DType.Bool then
                    il.Emit OpCodes.Conv_I4
                    il.Emit OpCodes.Ldc_I4_1
                    il.Emit OpCodes.And
                    il.Emit OpCodes.Stind_I1
                else
                    code.StoreElement e
