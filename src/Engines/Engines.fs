namespace Cotangent.Engines

open Cotangent

/// Which engine serves which device.
module internal Engines =
    let private managed: Engine = ManagedEngine()
    let mutable private cpu = managed
    let mutable private cuda: Engine voption = ValueNone

    /// The engine of a device; a DeviceException where there is none.
    let forDevice (device: Device) =
        match device with
        | Device.Cpu -> cpu
        | Device.Cuda _ ->
            match cuda with
            | ValueSome engine -> engine
            | ValueNone ->
                raise (
                    DeviceException
                        $"No engine for {device} is loaded: the managed engine serves the CPU only. Use Device.Cpu."
                )
