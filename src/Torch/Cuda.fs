namespace Cotangent.Torch

open System
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

    // ---- Precision ----

    /// Lets Float32 products and convolutions round their operands to TF32, with 10 bits in place of 23: several times
    /// faster on tensor cores.
    [<Literal>]
    let Tf32 = "COTANGENT_TF32"

    let private wantsTf32 () =
        match Environment.GetEnvironmentVariable Tf32 with
        | null
        | ""
        | "0" -> false
        | "1" -> true
        | other ->
            raise (
                ValueException $"The environment variable {Tf32} is \"{other}\"; it can be 1, or 0 or absent."
            )

    /// Float32 means Float32, unless the user wants it otherwise; libtorch lets convolutions use TF32. Sums of Float16
    /// products are kept in Float32 to the end.
    let private settlePrecision =
        lazy
            (let tf32 = if wantsTf32 () then 1uy else 0uy
             Native.THSBackend_cublas_set_allow_tf32 tf32
             Native.THSBackend_cudnn_set_allow_tf32 tf32
             Native.THSBackend_cuda_set_allow_fp16_reduced_precision_reduction 0uy)

    let engine (device: Device) : Engine =
        let index = require device
        settlePrecision.Force()
        let place = if onCpu then { Kind = Code.Cpu; Index = -1 } else { Kind = Code.Cuda; Index = index }
        TorchEngine(place, device, meter index)

    let memory (device: Device) : DeviceMemory =
        let meter = meter (require device)
        { Live = meter.Live; Peak = meter.Peak }

    /// For tests: what a device is said to have free.
    let mutable internal roomOfTests: int64 voption = ValueNone

    /// The bytes that tensors can have: what is free, and what libtorch keeps of tensors that are gone, of which all
    /// together once took `Peak`.
    let room (device: Device) (wanted: int64) : int64 voption =
        let index = require device
        let meter = meter index

        let room () =
            if onCpu then
                roomOfTests
            else
                CudaRuntime.free index |> ValueOption.map (fun free -> free + meter.Peak - meter.Live)

        match room () with
        | ValueSome found when found < wanted ->
            meter.Reclaim()
            room ()
        | found -> found

    let synchronize (device: Device) =
        let index = require device
        if not onCpu then Native.THSTorchCuda_synchronize(int64 index)
