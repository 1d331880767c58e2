namespace Cotangent.Torch

open System.Collections.Concurrent
open Cotangent
open Cotangent.Engines

/// CUDA devices.
module internal Cuda =

    /// Memory taken before the collector is asked for dead tensors.
    [<Literal>]
    let private Every = 268435456L

    /// Tests of what does not depend on the device have no CUDA at hand: they have libtorch's CPU take its place.
    let mutable internal onCpu = false

    let count () =
        match Loader.result () with
        | Error _ -> 0
        | Ok _ when onCpu -> 2
        | Ok library -> if Loader.loadCuda library then Native.THSTorchCuda_device_count() else 0

    let devices () = List.init (count ()) Device.Cuda

    let private meters = ConcurrentDictionary<int, MemoryMeter>()
    let private meter index = meters.GetOrAdd(index, fun _ -> MemoryMeter Every)

    let private require (device: Device) =
        match device with
        | Device.Cpu -> invalidOp "The CPU is no CUDA device."
        | Device.Cuda index ->
            let library = Loader.require ()
            let found = count ()

            if index >= found then
                let why =
                    if found > 0 then
                        let all = devices () |> Seq.map string |> String.concat ", "
                        $"there are {all}"
                    else
                        $"the libtorch in {library.Folder} {Loader.aboutCuda library}"

                raise (
                    DeviceException
                        $"There is no {device}: {why}. `Device.available ()` lists the devices that can be used."
                )

            index

    let engine (device: Device) : Engine =
        let index = require device
        let place = if onCpu then { Kind = Code.Cpu; Index = -1 } else { Kind = Code.Cuda; Index = index }
        TorchEngine(place, device, meter index)

    let memory (device: Device) : DeviceMemory =
        let meter = meter (require device)
        { Live = meter.Live; Peak = meter.Peak }

    let synchronize (device: Device) =
        let index = require device
        if not onCpu then Native.THSTorchCuda_synchronize(int64 index)
