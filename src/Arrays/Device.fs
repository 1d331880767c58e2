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
/// <example><code>
/// let memory = Device.memory Device.Cpu
/// memory.Peak >= memory.Live // true
/// </code></example>
type DeviceMemory = {
    /// <summary>Now. What the garbage collector has yet to find counts.</summary>
    Live: int64
    /// <summary>The most there has been since the program started.</summary>
    Peak: int64
}
