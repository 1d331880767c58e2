namespace Cotangent.Torch

open System
open System.Threading
open Cotangent
open Cotangent.Engines

/// Memory on a device that tensors of libtorch share.
[<Sealed; AllowNullLiteral>]
type internal SharedMemory(bytes: int64, meter: MemoryMeter) =
    let mutable users = 0
    member _.Bytes = bytes
    member _.Meter = meter

    member _.Enter() = if Interlocked.Increment &users = 1 then meter.Take bytes
    member _.Leave() = if Interlocked.Decrement &users = 0 then meter.Return bytes

/// A tensor of libtorch on a device. It is freed when it is released, or by the collector.
[<Sealed>]
type internal TorchBuffer(dtype, shape, device, tensor: nativeint, memory: SharedMemory) =
    inherit Buffer(dtype, shape, device)
    let mutable tensor = tensor
    // Kernels that use the tensor just now, in whatever thread, and whether it is to be freed after them.
    let mutable holders = 0
    let mutable ended = 0
    do memory.Enter()

    /// What it shares with its views.
    member _.Shared = memory

    override _.Memory = memory

    /// The tensor; not to be freed. The buffer must be kept alive and held while it is used.
    member x.Tensor: nativeint =
        if Volatile.Read &ended = 1 then x.Refuse()

        tensor

    /// Keeps the tensor from being freed until `Drop`; to be followed by `Tensor`, which refuses what was released before.
    member _.Hold() = Interlocked.Increment &holders |> ignore

    member x.Drop() = if Interlocked.Decrement &holders = 0 && Volatile.Read &ended = 1 then x.Free()

    member private _.Free() =
        let freed = Interlocked.Exchange(&tensor, 0n)

        if freed <> 0n then
            Native.THSTensor_dispose freed
            memory.Leave()

    override x.Release() =
        Volatile.Write(&ended, 1)
        // Whoever holds it by now does not see that, and frees it later; who comes after, sees it.
        Interlocked.MemoryBarrier()
        if Volatile.Read &holders = 0 then x.Free()
        GC.SuppressFinalize x

    override x.Finalize() = x.Free()
