namespace Cotangent

/// Where a tensor's numbers live.
[<RequireQualifiedAccess>]
type Device =
    /// The computer's main memory.
    | Cpu
    /// A CUDA device by its index; needs an engine that serves it.
    | Cuda of index: int

    override x.ToString() =
        match x with
        | Device.Cpu -> "cpu"
        | Device.Cuda i -> $"cuda:{i}"

/// <summary>What tensors hold of a device's memory, in bytes.</summary>
type DeviceMemory = {
    /// <summary>Now. What the garbage collector has yet to find counts.</summary>
    Live: int64
    /// <summary>The most there has been since the program started.</summary>
    Peak: int64
}

/// Whose kernels compute on the CPU.
[<RequireQualifiedAccess>]
type CpuEngine =
    /// For each operation and size those of the engine that is faster there. Without a native library, the managed ones.
    | Fastest
    /// Cotangent's own, in managed code.
    | Managed
    /// Those of libtorch; needs the package Cotangent-cpu.
    | Libtorch

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
