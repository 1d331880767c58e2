namespace Cotangent.Engines

// Large arrays are used again. The runtime would give a program that makes arrays of 100 KB and more fresh memory each
// time, which the operating system has to clear, page by page, and would look for dead ones only in full collections:
// several times the work of most kernels. Here a dead array goes to a pool, from which the next result of that length is
// taken. That an array is dead shows when the small object is collected by which buffers hold on to it, its claim; and
// small objects die young, where collections are quick.

open System
open System.Collections.Concurrent
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Threading
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Arrays of one type and length that wait to be used again.
[<Sealed>]
type internal Shelf<'T>() =
    let arrays = Stack<'T[]>()
    /// The fewest that waited since the last clearance: so many were not missed.
    let mutable fewest = 0

    /// For tests: how many wait.
    member _.Count = lock arrays (fun () -> arrays.Count)

    member _.Put array = lock arrays (fun () -> arrays.Push array)

    member _.Take() : 'T[] voption =
        lock arrays (fun () ->
            match arrays.TryPop() with
            | true, array ->
                fewest <- min fewest arrays.Count
                ValueSome array
            | _ -> ValueNone)

    /// Drops those that nobody missed since the last time, or all of them; how many.
    member _.Clear(all: bool) : int =
        lock arrays (fun () ->
            let dropped = if all then arrays.Count else min fewest arrays.Count

            for _ in 1..dropped do
                arrays.Pop() |> ignore

            fewest <- arrays.Count
            dropped)

/// The shelves of one element type, by length.
[<Sealed>]
type internal Shelves<'T> private () =
    inherit Waiting()
    static let mutable only: Shelves<'T> | null = null
    let shelves = ConcurrentDictionary<int, Shelf<'T>>()

    let clear all : int64 =
        let mutable dropped = 0L

        for entry in shelves do
            let n = entry.Value.Clear all
            dropped <- dropped + int64 n * int64 entry.Key * int64 (Unsafe.SizeOf<'T>())

        WaitingMemory.add -dropped
        dropped

    static member Only: Shelves<'T> =
        match Volatile.Read &only with
        | null ->
            let made = Shelves<'T>()

            match Interlocked.CompareExchange(&only, made, null) with
            | null ->
                WaitingMemory.register made
                made
            | found -> found
        | found -> found

    member _.Of(n: int) : Shelf<'T> = shelves.GetOrAdd(n, (fun _ -> Shelf<'T>()))
    override _.Trim() = clear false
    override _.Empty() = clear true

/// What a thread has rented in the course of an engine's call.
[<Sealed>]
type internal Rentals() =
    /// How many calls are going on, one inside the other; outside of any, arrays are not rented.
    member val Depth = 0 with get, set
    /// The arrays, their sizes in bytes, and how to give them back.
    member val Arrays = ResizeArray<struct (Array * int64 * (unit -> unit))>()

[<Sealed; AbstractClass>]
type internal ThreadRentals private () =
    [<ThreadStatic; DefaultValue>]
    static val mutable private current: Rentals | null

    static member Current: Rentals =
        match ThreadRentals.current with
        | null ->
            let made = Rentals()
            ThreadRentals.current <- made
            made
        | found -> found

    /// Puts others in their place.
    static member Exchange(rentals: Rentals) : Rentals =
        let before = ThreadRentals.Current
        ThreadRentals.current <- rentals
        before

module internal Recycling =
    /// Bytes from which on the runtime keeps an array apart from small objects, and this pool takes it.
    [<Literal>]
    let Large = 85000L

    /// Bytes rented before the collector is asked for dead claims: about what the last-level caches hold.
    [<Literal>]
    let private Every = 33554432L

    /// Bytes that may wait on the shelves, beyond as many as are in use; fewer where the process may have little.
    let private spare = later (fun () -> min 268435456L (WaitingMemory.limit.Value / 8L))

    let private meter = MemoryMeter Every

    /// For tests: arrays that go back are filled with NaN, so that whoever still reads them notices.
    let mutable internal spoil = false

    /// For tests: the shelves are as a program finds them that begins. Two full collections clear them of what nobody
    /// missed between them.
    let internal startAfresh () =
        for _ in 1..2 do
            meter.Reclaim()

    /// For tests: what lies on the shelves, and in workspaces.
    let internal bytesWaiting () = WaitingMemory.total ()

    let private bytes<'T> (n: int) = int64 n * int64 (Unsafe.SizeOf<'T>())

    /// What may wait: no more than is in use, and a little; and no more than half of what is left to the process.
    let private allowance () =
        let live = meter.Live
        min (spare.Value + live) ((WaitingMemory.limit.Value - live) / 2L)

    let private giveBack (array: 'T[]) =
        let size = bytes<'T> array.Length
        meter.Return size

        if spoil then
            let first = &Unsafe.As<'T, byte>(&MemoryMarshal.GetArrayDataReference array)
            MemoryMarshal.CreateSpan(&first, int size).Fill 0xFFuy

        // What is more than will be wanted is for the collector.
        if WaitingMemory.total () + size <= allowance () then
            WaitingMemory.add size
            Shelves<'T>.Only.Of(array.Length).Put array

    let private take<'T> n : 'T[] voption =
        match Shelves<'T>.Only.Of(n).Take() with
        | ValueSome array ->
            WaitingMemory.add -(bytes<'T> n)
            ValueSome array
        | ValueNone -> ValueNone

    /// Makes something that takes memory. Where there is none, everything that is dead or waits is given up, and it is tried
    /// once more.
    let attempt (make: unit -> 'a) : 'a =
        try
            make ()
        with :? OutOfMemoryException ->
            Runtime.GCSettings.LargeObjectHeapCompactionMode <-
                Runtime.GCLargeObjectHeapCompactionMode.CompactOnce

            WaitingMemory.giveUp ()
            make ()

    /// The same for an operation that is not an engine's, and its exception.
    let orRefuse (operation: string) (bytes: int64) (make: unit -> 'a) : 'a =
        try
            attempt make
        with :? OutOfMemoryException ->
            raise (
                MemoryException
                    $"{operation}: no room in main memory for {HostMemory.inWords bytes}, even after everything unused was freed. Use smaller parts of the data or a smaller dtype."
            )

    /// An array for an output: in an engine's call and if it is large one from the pool, else a new one. Its elements are
    /// anything.
    let rent<'T> (n: int) : 'T[] =
        if bytes<'T> n < Large then
            GC.AllocateUninitializedArray<'T> n
        else
            let rentals = ThreadRentals.Current

            if rentals.Depth = 0 then
                attempt (fun () -> GC.AllocateUninitializedArray<'T> n)
            else
                // Looks for dead claims first, if it is time to.
                meter.Take(bytes<'T> n)
                WaitingMemory.note ()

                let array =
                    match take<'T> n with
                    | ValueSome array -> array
                    | ValueNone ->
                        try
                            attempt (fun () -> GC.AllocateUninitializedArray<'T> n)
                        with _ ->
                            meter.Return(bytes<'T> n)
                            reraise ()

                rentals.Arrays.Add(struct (array, bytes<'T> n, (fun () -> giveBack array)))
                array

    /// Before an engine's call: what to hand to `leave`.
    let enter () : Rentals =
        let rentals = ThreadRentals.Current
        rentals.Depth <- rentals.Depth + 1
        rentals

    let private claimOf size giveBack = {
        new Claim() with
            member _.GiveBack() = giveBack ()
            member _.Forget() = meter.Return size
    }

    let private settle (rentals: Rentals) (outputIn: Array -> HostBuffer | null) =
        for struct (array, size, giveBack) in rentals.Arrays do
            match outputIn array with
            | null -> giveBack ()
            | output ->
                output.Claim <- claimOf size giveBack
                Scope.note output

        rentals.Arrays.Clear()

    let private isIn (array: Array) (output: HostBuffer) = obj.ReferenceEquals(output.Data, array)

    /// After it, also by an error: its result, if any, has a claim to the array it was made in; the other arrays of the
    /// call go back.
    let leave (rentals: Rentals) (output: HostBuffer | null) =
        rentals.Depth <- rentals.Depth - 1

        if rentals.Depth = 0 && rentals.Arrays.Count > 0 then
            settle rentals (fun array ->
                match output with
                | null -> null
                | output -> if isIn array output then output else null)

    /// The same after a call with several results, each in an array of its own.
    let leaveAll (rentals: Rentals) (outputs: HostBuffer[]) =
        rentals.Depth <- rentals.Depth - 1

        if rentals.Depth = 0 && rentals.Arrays.Count > 0 then
            settle rentals (fun array ->
                match Array.FindIndex(outputs, isIn array) with
                | -1 -> null
                | found -> outputs[found])

    /// What is not a part of the engine's call that it is in the midst of: a user's function, which keeps what it likes.
    let apart (body: unit -> 'a) : 'a =
        let outer = ThreadRentals.Exchange(Rentals())

        try
            body ()
        finally
            ThreadRentals.Exchange outer |> ignore

    /// Makes a buffer that has a claim to its array from the start, if the array is large enough for the pool.
    let claimed (make: unit -> HostBuffer) : HostBuffer =
        let rentals = enter ()
        let mutable output: HostBuffer | null = null

        try
            let made = make ()
            output <- made
            made
        finally
            leave rentals output
