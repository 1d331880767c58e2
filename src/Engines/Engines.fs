namespace Cotangent.Engines

open System
open System.Collections.Concurrent
open System.Diagnostics
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Which engine serves which device.
module internal Engines =
    let private managed: Engine = ManagedEngine()

    let private missing (what: string) =
        DeviceException
            $"{what} needs libtorch, and the package Cotangent.Torch is not referenced: reference Cotangent-cpu, or for CUDA devices Cotangent-cuda-linux or Cotangent-cuda-windows."

    let private extension what =
        match Extension.find () with
        | Some extension -> extension
        | None -> raise (missing what)

    let private libtorch = later (fun () -> (extension "CpuEngine.Libtorch").Cpu managed)

    /// None where libtorch can't be loaded: then all is left to the managed engine.
    let private ifThere =
        later (fun () ->
            match Extension.find () with
            | None -> None
            | Some extension ->
                try
                    Some(extension.Cpu managed)
                with :? DeviceException ->
                    None)

    let private fastest: Engine = FastestEngine(managed, ifThere)

    let private devices = ConcurrentDictionary<Device, Engine>()

    let private serve (device: Device) =
        match devices.TryGetValue device with
        | true, engine -> engine
        | _ -> devices.GetOrAdd(device, fun device -> (extension (string device)).Serve device)

    /// The engine of a device; a DeviceException where there is none.
    let forDevice (device: Device) : Engine =
        match device with
        | Device.Cpu ->
            if not (Extension.isChosen ()) then
                fastest
            else
                match Extension.cpuEngine () with
                | CpuEngine.Fastest -> fastest
                | CpuEngine.Managed -> managed
                | CpuEngine.Libtorch -> libtorch.Value
        | Device.Cuda _ -> serve device

    /// The numbers on another device.
    let transfer (x: Buffer) (device: Device) : Buffer =
        if x.Device = device then
            x
        else
            let host = (forDevice x.Device).ToHost x
            let moved = (forDevice device).OfHost(host, device)
            // It may have been given away while it was copied.
            System.Threading.Volatile.ReadBarrier()
            host.CheckAlive()
            moved

    let available () : Device list =
        match Extension.find () with
        | Some extension -> Device.Cpu :: extension.Devices
        | None -> [ Device.Cpu ]

    let memory (device: Device) : DeviceMemory =
        match device with
        | Device.Cpu ->
            use self = Process.GetCurrentProcess()
            { Live = GC.GetTotalMemory false; Peak = self.PeakWorkingSet64 }
        | Device.Cuda _ -> (extension (string device)).Memory device

    /// The bytes that a device has free, where that can be told. Where they are fewer than wanted, dead tensors are looked
    /// for first.
    let room (device: Device) (wanted: int64) : int64 voption =
        match device with
        | Device.Cpu -> ValueSome(HostMemory.room wanted)
        | Device.Cuda _ -> (extension (string device)).Room(device, wanted)

    let synchronize (device: Device) =
        match device with
        | Device.Cpu -> ()
        | Device.Cuda _ -> (extension (string device)).Synchronize device
