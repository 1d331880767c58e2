namespace Cotangent.Compiler.Emission

// What moves along an axis while a loop over it goes on: pointers of accesses, and masks of the lanes that are left.

open System.Reflection.Emit
open Cotangent.Inlined // in place of functions of Array and List

[<Sealed>]
type internal MovingPointers(addressing: Addressing, width: Width) =
    let code, body, s = addressing.Code, addressing.Body, addressing.Schedule
    let il = code.IL
    let lanes = body.Lanes

    /// Whether a vector can be moved in part, by a mask made at run time.
    let canMask =
        let mutable can = width.HasMasks && s.Vector >= 0

        if can then
            for a in 0 .. body.Types.Length - 1 do
                let stride = s.Axes.Strides[a][s.Vector]
                can <- can && (stride = 0 || stride = 1 && body.Types[a].Size > 1)

        can

    let addTo (local: LocalBuilder) (count: int64) =
        code.Load local
        il.Emit(OpCodes.Ldc_I8, count)
        if sameType local.LocalType typeof<nativeint> then il.Emit OpCodes.Conv_I
        il.Emit OpCodes.Add
        code.Store local

    member _.CanMask = canMask

    /// Moves a pointer or an index.
    member _.AddTo(local: LocalBuilder, count: int64) = addTo local count

    /// Gives accesses that vary along an axis pointers of their own, which can be moved. Returns those before.
    member _.Start(axis: int, start: LocalBuilder | null) : Address[] =
        let outer = addressing.Places
        let inner = Array.copy outer

        for g in 0 .. inner.Length - 1 do
            let stride = addressing.Groups[g].Strides[axis]

            if stride <> 0L then
                let local = code.Take typeof<nativeint>
                addressing.LoadPointer g
                code.AddBytes outer[g].Plus

                match start with
                | null -> ()
                | start ->
                    code.Load start
                    il.Emit(OpCodes.Ldc_I8, stride)
                    il.Emit OpCodes.Mul
                    il.Emit OpCodes.Conv_I
                    il.Emit OpCodes.Add

                code.Store local
                inner[g] <- { Local = local; Plus = 0L }

        addressing.Places <- inner
        outer

    member _.Move(axis: int, count: int) =
        for g in 0 .. addressing.Groups.Count - 1 do
            let stride = addressing.Groups[g].Strides[axis]

            if stride <> 0L then
                match addressing.Places[g].Local with
                | null -> ()
                | local -> addTo local (stride * int64 count)

    member _.End(axis: int, outer: Address[]) =
        for g in 0 .. outer.Length - 1 do
            if addressing.Groups[g].Strides[axis] <> 0L then
                match addressing.Places[g].Local with
                | null -> ()
                | local -> code.GiveBack local

        addressing.Places <- outer

    /// The masks of the lanes from an index to the end.
    member _.StartMasks(index: LocalBuilder, last: LocalBuilder) =
        for e in [| Element.I32; Element.I64 |] do
            let mutable wanted = false

            for dtype in body.Types do
                if dtype.Size = Element.size e then wanted <- true

            if wanted then
                let w = Width.OfBits(lanes * Element.size e * 8)
                code.Count(w, e)
                code.Load last
                code.Load index
                il.Emit OpCodes.Sub
                if e = Element.I32 then il.Emit OpCodes.Conv_I4
                code.Broadcast(w, e)
                code.Call(w.Generic("LessThan", e))
                let local = code.TakeVector(w, e)
                code.Store local
                addressing.Masks[Element.size e / 8] <- local

    member _.EndMasks() =
        for m in 0..1 do
            match addressing.Masks[m] with
            | null -> ()
            | local ->
                code.GiveBack local
                addressing.Masks[m] <- null
