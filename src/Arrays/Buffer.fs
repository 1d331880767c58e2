namespace Cotangent

/// The claim of buffers to an array that goes back to a pool once none of them is left, or when they are told to release
/// it. A kernel that has taken the array out of a buffer must keep the buffer alive while it works: engines do so for all
/// of their inputs.
[<AbstractClass>]
type internal Claim() =
    let mutable ended = 0

    /// Whether the array has gone back.
    member _.IsReleased = ended = 1

    /// Leaves the array to the collector for good, since somebody outside the engines may hold on to it.
    member claim.Waive() =
        if System.Threading.Interlocked.CompareExchange(&ended, 2, 0) = 0 then
            claim.Forget()
            System.GC.SuppressFinalize claim

    member claim.Release() =
        if System.Threading.Interlocked.CompareExchange(&ended, 1, 0) = 0 then
            claim.GiveBack()
            System.GC.SuppressFinalize claim

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

    /// Gives the memory away: whoever uses this buffer from now on gets an error. Its claim, for the new owner.
    member x.GiveTo(taker: string) : Claim | null =
        let before = claim
        x.GivenTo <- taker
        claim <- Claim.Ended
        before

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
        x.IsShared <- true

        let view = HostBuffer<'T>(dtype, data, shape, strides, offset, Claim = x.Claim, IsShared = true)

        // What was given away is refused by that name, through whichever view.
        match x.GivenTo with
        | null -> ()
        | taker -> view.GivenTo <- taker

        view

module internal HostBuffer =
    /// A contiguous buffer over an array that the caller gives away.
    let own<'T> dtype (shape: int[]) (data: 'T[]) = HostBuffer<'T>(dtype, data, shape, Shape.strides shape, 0)

    let data<'T> (b: HostBuffer) = (b :?> HostBuffer<'T>).Items

    /// Whether every stride is 0, or there is one element: the buffer is one number seen everywhere.
    let isUniform (b: HostBuffer) =
        let mutable r = true

        for i in 0 .. b.Shape.Length - 1 do
            if b.Shape[i] > 1 && b.Strides[i] <> 0 then r <- false

        r
