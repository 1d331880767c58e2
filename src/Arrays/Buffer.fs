namespace Cotangent

open System
open System.Collections.Generic
open System.Threading

/// The numbers of a tensor on a device. Immutable: no operation changes a buffer once it is made, so views may
/// share memory freely. Each engine derives its own.
[<AbstractClass>]
type internal Buffer(dtype: DType, shape: int[], device: Device) =
    let mutable givenTo: string | null = null
    member _.DType = dtype
    /// Never to be changed by who reads it.
    member _.Shape = shape
    member _.Device = device

    /// Whether other buffers may show the same memory, or hold it as a constant.
    member val IsShared = false with get, set

    /// What the memory was given to, in words; null as long as it is this buffer's.
    member _.GivenTo
        with get () = givenTo
        and set (value: string | null) = givenTo <- value

    /// Throws, since the memory is somebody else's by now.
    member x.Refuse() : unit =
        match x.GivenTo with
        | null ->
            let place =
                match device with
                | Device.Cpu -> ""
                | Device.Cuda _ -> $" on {device}"

            raise (
                ScopeException
                    $"A tensor {dtype} {Shape.show shape}{place} was used after its `scope` had ended. Return it from the scope."
            )
        | taker ->
            raise (
                DonationException
                    $"A tensor {dtype} {Shape.show shape} was used after it had been given to {taker}, which may have overwritten it. Go on with what the function returned, or `compile` it to keep its arguments."
            )

    /// What stands for the memory: buffers that share memory have one object in common. Null where the memory is an
    /// ordinary object of .NET.
    abstract Memory: obj | null

    /// Gives the memory back, ahead of the collector. Whoever uses it afterwards gets an error.
    abstract Release: unit -> unit

/// The claim of buffers to an array that goes back to a pool once none of them is left, or when they are told to release
/// it. A kernel that has taken the array out of a buffer must keep the buffer alive while it works, and hold the claim:
/// engines do so for all of their inputs. What is released while a kernel holds it is marked at once, so that nobody begins
/// to use it, and goes back when the last holder lets go.
[<AbstractClass>]
type internal Claim() =
    let mutable ended = 0
    let mutable holders = 0
    let mutable gone = 0

    /// Whether the array has gone back, or will.
    member _.IsReleased = Volatile.Read &ended = 1

    /// How many kernels and programs use the array just now.
    member _.Holders = Volatile.Read &holders

    member private claim.Finish() = if Interlocked.Exchange(&gone, 1) = 0 then claim.GiveBack()

    /// Keeps the array from going back until `Drop`. To be followed by a look at whether it is still there: of two threads one
    /// sees what the other did, whichever was first.
    member _.Hold() = Interlocked.Increment &holders |> ignore

    member claim.Drop() =
        if Interlocked.Decrement &holders = 0 && Volatile.Read &ended = 1 then claim.Finish()

    /// Leaves the array to the collector for good, since somebody outside the engines may hold on to it.
    member claim.Waive() =
        if Interlocked.CompareExchange(&ended, 2, 0) = 0 then
            claim.Forget()
            System.GC.SuppressFinalize claim

    member claim.Release() =
        if Interlocked.CompareExchange(&ended, 1, 0) = 0 then
            System.GC.SuppressFinalize claim
            if Volatile.Read &holders = 0 then claim.Finish()

    /// Puts the array back.
    abstract GiveBack: unit -> unit

    /// Counts it no longer.
    abstract Forget: unit -> unit

    override claim.Finalize() = claim.Release()

    /// The claim of buffers whose memory is gone.
    static member val Ended: Claim =
        let claim = {
            new Claim() with
                member _.GiveBack() = ()
                member _.Forget() = ()
        }

        claim.Release()
        claim

/// Whether memory is shared, which decides whether who is given it may overwrite it.
module internal Sharing =
    let mutable private anyGiven = false
    let private gate = obj ()

    /// Before the first buffer of the process is given away.
    let prepare () =
        if not (Volatile.Read &anyGiven) then
            Volatile.Write(&anyGiven, true)
            // Threads that did not see it yet have by now told of what they shared.
            Interlocked.MemoryBarrierProcessWide()

    /// Marks the first so many buffers as given to a taker: all of them or none, and of two threads that give the same one,
    /// one of them does. What comes once more among them is shared. Throws where one is somebody else's already.
    let give (buffers: Buffer[]) (count: int) (taker: string) =
        prepare ()

        lock gate (fun () ->
            for x in buffers do
                if not (isNull x.GivenTo) then x.Refuse()

            for n in 0 .. buffers.Length - 1 do
                let x = buffers[n]

                if not (isNull x.GivenTo) then x.IsShared <- true
                elif n < count then x.GivenTo <- taker)

    /// Takes that back: nothing was done with them.
    let keep (buffers: Buffer[]) (count: int) =
        lock gate (fun () ->
            for n in 0 .. count - 1 do
                buffers[n].GivenTo <- null)

    /// Notes that others see a buffer's memory, before they do. Whoever gives it away at the same time sees that; or else
    /// whoever looks at the buffer next, that it was given away. As long as nothing is, that costs nothing.
    let share (x: Buffer) =
        x.IsShared <- true
        if Volatile.Read &anyGiven then Interlocked.MemoryBarrier()

/// The panels that kernels have made of a view of a constant, for the calls that follow.
[<Sealed>]
type internal Packing() =
    let made = Dictionary<obj, Array>()

    /// Those made already in an order of elements, or else made now.
    member _.Get(order: obj, make: unit -> 'T[]) : 'T[] =
        lock made (fun () ->
            match made.TryGetValue order with
            | true, (:? ('T[]) as found) -> found
            | _ ->
                let fresh = make ()
                made[order] <- fresh
                fresh)

/// A strided view into a .NET array: element (i, j, …) is `Data[Offset + i*Strides[0] + j*Strides[1] + …]`. A stride
/// is 0 along a broadcast axis and negative along a flipped one.
[<AbstractClass>]
type internal HostBuffer(dtype, shape: int[], strides: int[], offset: int) =
    inherit Buffer(dtype, shape, Device.Cpu)

    let mutable claim: Claim | null = null

    let contiguous =
        let mutable expected = 1
        let mutable result = true
        let mutable empty = false

        for i = shape.Length - 1 downto 0 do
            if shape[i] <> 1 then
                if strides[i] <> expected then result <- false

                if shape[i] = 0 then empty <- true

                expected <- expected * shape[i]

        result || empty

    member _.Strides = strides
    member _.Offset = offset
    /// Whether the elements lie in row-major order without gaps.
    member _.IsContiguous = contiguous
    abstract Data: System.Array

    /// Null for an array that the collector alone looks after.
    member _.Claim
        with get () = claim
        and set (value: Claim | null) = claim <- value

    /// Throws when the array has gone back to its pool.
    member inline internal x.CheckAlive() =
        match x.Claim with
        | null -> ()
        | claim -> if claim.IsReleased then x.Refuse()

    /// Where panels of it are kept, if it is a constant of a compiled program; else null.
    member val Packing: Packing | null = null with get, set

    /// Shuts who holds the buffer out from its memory, once it is given away.
    member _.Close() = claim <- Claim.Ended

    /// Lets them in again: nothing was done with it.
    member _.Open(before: Claim | null) = claim <- before

    override _.Memory = claim

    override _.Release() =
        match claim with
        | null -> ()
        | claim -> claim.Release()

    /// The same memory seen through another shape and strides.
    abstract View: shape: int[] * strides: int[] * offset: int -> HostBuffer

/// A `HostBuffer` with its element type.
[<Sealed>]
type internal HostBuffer<'T>(dtype, data: 'T[], shape, strides, offset) =
    inherit HostBuffer(dtype, shape, strides, offset)

    member x.Items =
        x.CheckAlive()
        data

    override x.Data = x.Items

    override x.View(shape, strides, offset) =
        Sharing.share x

        let view = HostBuffer<'T>(dtype, data, shape, strides, offset, Claim = x.Claim, IsShared = true)

        // What was given away is refused by that name, through whichever view.
        match x.GivenTo with
        | null -> ()
        | taker -> view.GivenTo <- taker

        view

module internal HostBuffer =
    /// A contiguous buffer over an array that the caller gives away.
    let own<'T> dtype (shape: int[]) (data: 'T[]) = HostBuffer<'T>(dtype, data, shape, Shape.strides shape, 0)

    /// The array as one of 'T. To .NET an array of signed integers is also one of unsigned ones.
    let data<'T> (b: HostBuffer) = b.Data :?> 'T[]

    /// Whether every stride is 0, or there is one element: the buffer is one number seen everywhere.
    let isUniform (b: HostBuffer) =
        let mutable r = true

        for i in 0 .. b.Shape.Length - 1 do
            if b.Shape[i] > 1 && b.Strides[i] <> 0 then r <- false

        r
