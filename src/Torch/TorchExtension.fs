namespace Cotangent.Torch

open System.Runtime.InteropServices
open Cotangent.Engines

/// Where the core finds this assembly's engines, by the name of this type.
[<Sealed>]
type internal TorchExtension() =
    inherit Extension()

    /// Only MKL lets the caller choose the number of threads; other builds of libtorch come with another BLAS.
    let blas =
        match Loader.result () with
        | Ok library ->
            let exports name = fst (NativeLibrary.TryGetExport(library.Torch, name))

            if List.forall exports [ "sgemm_"; "dgemm_"; "MKL_Set_Num_Threads_Local" ] then
                ValueSome(TorchBlas() :> Blas)
            else
                ValueNone
        | Error _ -> ValueNone

    override _.Name =
        match Loader.result () with
        | Ok library -> $"libtorch in {library.Folder}"
        | Error e -> e.Message

    override _.Blas = blas

    override _.Cpu managed =
        Loader.require () |> ignore

        if Workers.isLimited () then Native.THSTorch_set_num_threads(Workers.count ())

        TorchHostEngine managed

    override _.Devices = Cuda.devices ()
    override _.Serve device = Cuda.engine device
    override _.Memory device = Cuda.memory device
    override _.Room(device, wanted) = Cuda.room device wanted
    override _.Synchronize device = Cuda.synchronize device
