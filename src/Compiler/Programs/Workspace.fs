namespace Cotangent.Compiler

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// From counts of elements to bytes: widened first, since arrays may have more than 2³¹ bytes.
module internal Bytes =
    let ofElements (dtype: DType) (count: int) : nativeint = nativeint count * nativeint dtype.Size

    /// Of a slice: how far from its slot's first element it begins.
    let ofSlice (dtype: DType) (offset: int) (index: int) (stride: int) : nativeint =
        (nativeint offset + nativeint index * nativeint stride) * nativeint dtype.Size

/// The memory of one run at a time: the arenas, and where each slot is. Engines' arrays stand in for some.
[<Sealed>]
type internal Workspace(slots: Slot[], memory: MemoryPlan) =
    let arenas =
        memory.Sizes |> Array.map (fun (struct (dtype, n)) -> struct (dtype, Buffers.pinned dtype (int n)))

    let arenaOf (dtype: DType) =
        let mutable found = Unchecked.defaultof<Array>

        for struct (d, arena) in arenas do
            if d = dtype then found <- arena

        found

    let addressOf (data: Array) = Marshal.UnsafeAddrOfPinnedArrayElement(data, 0)
    let table: nativeint[] = GC.AllocateArray<nativeint>(max 1 slots.Length, pinned = true)
    // The array that each slot is a part of, and its address.
    let homes: objnull[] = Array.zeroCreate slots.Length
    let bases: nativeint[] = Array.zeroCreate slots.Length
    let guests: (HostBuffer | null)[] = Array.zeroCreate slots.Length
    // What keeps a slot's array where it is, while that is not the plan's; made once for each slot.
    let pins: GCHandle[] = Array.zeroCreate slots.Length

    let place slot (data: Array) offset =
        if pins[slot].IsAllocated then
            pins[slot].Target <- data
        else
            pins[slot] <- GCHandle.Alloc(data, GCHandleType.Pinned)

        homes[slot] <- data
        bases[slot] <- addressOf data

        table[slot] <-
            if offset = 0 then
                bases[slot]
            else
                bases[slot] + Bytes.ofElements slots[slot].DType offset

    do
        for i in 0 .. slots.Length - 1 do
            match slots[i].Home with
            // Where its array begins, since views of it carry their own offset. No pool takes it back: lowering has waived
            // its claim.
            | Home.Constant b -> place i b.Data 0
            | Home.Arena
            | Home.Input _
            | Home.Output _
            | Home.Slice -> ()

            if memory.Offsets[i] >= 0L then
                let arena = arenaOf slots[i].DType
                homes[i] <- arena
                bases[i] <- addressOf arena
                table[i] <- bases[i] + nativeint (memory.Offsets[i] * int64 slots[i].DType.Size)

    /// What emitted code reads: the address of each slot's first element.
    member _.Table = addressOf table

    member _.Address
        with get (slot: int) = table[slot]
        and set slot (value: nativeint) = table[slot] <- value

    /// A slot is now in an array, from an element on. Until it is released, the array does not move.
    member _.Place(slot: int, data: Array, offset: int) = place slot data offset

    /// A result that an engine has made stands in for a slot. What is not an array of its own is copied into one.
    member w.Adopt(place: View, result: HostBuffer) =
        let slot = place.Slot

        let isOwn =
            not (isNull result.Claim)
            && result.Offset = 0
            && Range.forall place.Shape.Length (fun axis ->
                place.Shape[axis] = 1 || result.Strides[axis] = place.Strides[axis])
            && result.Data.Length = slots[slot].Count

        let guest =
            if isOwn then
                result
            else
                let copy = Recycling.claimed (fun () -> Buffers.fresh result.DType result.Shape)
                Buffers.copy result (Buffers.view copy.DType copy.Data place.Shape place.Strides 0)
                result.Release()
                copy

        guests[slot] <- guest
        w.Place(slot, guest.Data, 0)

    /// What stands in for a slot, for good: from now on the caller's, who may still look at the slot until it is released.
    member w.Take(slot: int) : HostBuffer =
        let guest = nonNull guests[slot]
        guests[slot] <- null
        guest

    /// What stands in for a slot, if anything does, is needed no more.
    member w.Drop(slot: int) =
        if not (isNull guests[slot]) then
            (w.Take slot).Release()
            w.Release slot

    /// A slice lies in the memory of another slot.
    member _.Borrow(slot: int, from: int) =
        homes[slot] <- homes[from]
        bases[slot] <- bases[from]

    /// Nothing of a caller's is held between calls.
    member _.Release(slot: int) =
        homes[slot] <- null
        if pins[slot].IsAllocated then pins[slot].Target <- (null: objnull)

    member private _.Free() =
        for pin in pins do
            if pin.IsAllocated then pin.Free()

    /// Nobody uses it from now on. Left to the collector, its arenas would live through one collection more.
    member w.Close() =
        w.Free()
        GC.SuppressFinalize w

    override w.Finalize() = w.Free()

    member _.Home(slot: int) : Array = Unchecked.nonNull (Unsafe.As<Array> homes[slot])

    /// Where the first element of a view is in its array.
    member _.Offset(v: View) =
        int ((table[v.Slot] - bases[v.Slot]) / nativeint slots[v.Slot].DType.Size) + v.Offset

    member w.Buffer(v: View) : HostBuffer =
        Buffers.view slots[v.Slot].DType (w.Home v.Slot) v.Shape v.Strides (w.Offset v)

/// A step made ready to run.
type internal Runner = delegate of Workspace -> unit
