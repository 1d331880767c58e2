namespace Cotangent

open Cotangent.Engines

/// Tensors and devices.
[<AutoOpen>]
module Devices =
    type Tensor with

        /// <summary>
        /// The same numbers on another device; the tensor itself if it is there. Derivatives go through, and come back to
        /// the device that they are from.
        /// </summary>
        /// <exception cref="T:Cotangent.DeviceException">There is no such device, or nothing that serves it.</exception>
        /// <exception cref="T:Cotangent.MemoryException">The device has no room for it.</exception>
        /// <example><code>
        /// (tensor [ 1.0f; 2.0f ]).To Device.Cpu // [1, 2]
        /// </code></example>
        [<CompiledName "To">]
        member t.To(device: Device) : Tensor =
            Given.check "device" device
            if t.Device = device then t else Bind.one (Primitive.Transfer device) [| t |]

/// The devices of the computer. All but the CPU need a package with a native library: Cotangent-cuda-linux or
/// Cotangent-cuda-windows.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Device =
    /// <summary>A CUDA device by its number, whether or not it is there.</summary>
    /// <example><code>
    /// string (Device.cuda 0) // "cuda:0"
    /// </code></example>
    let cuda (index: int) : Device =
        if index < 0 then
            raise (DeviceException $"Device.cuda: devices are numbered from 0; {index} is none.")

        Device.Cuda index

    /// <summary>The devices that tensors can be on: the CPU, and CUDA devices where an engine serves them.</summary>
    /// <example><code>
    /// List.head (Device.available ()) // Device.Cpu
    /// </code></example>
    let available () : Device list = Engines.available ()

    /// <summary>
    /// What tensors hold of a device's memory. On the CPU, where the garbage collector keeps them: the size of its heap,
    /// and the most memory that the process has had.
    /// </summary>
    /// <exception cref="T:Cotangent.DeviceException">There is no such device, or nothing that serves it.</exception>
    /// <example><code>
    /// (Device.memory Device.Cpu).Live > 0L // true
    /// </code></example>
    let memory (device: Device) : DeviceMemory =
        Given.check "device" device
        Engines.memory device

    /// <summary>
    /// Waits until a device has done all work given to it. Reading a tensor waits for that tensor, so this is for
    /// measuring time. The CPU has always done its work.
    /// </summary>
    /// <exception cref="T:Cotangent.DeviceException">There is no such device, or nothing that serves it.</exception>
    /// <example><code>
    /// Device.synchronize Device.Cpu
    /// </code></example>
    let synchronize (device: Device) : unit =
        Given.check "device" device
        Engines.synchronize device
