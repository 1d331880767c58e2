namespace Cotangent.Torch

open System.IO
open System.Runtime.InteropServices

/// What the CUDA runtime beside libtorch can tell and libtorch does not.
module internal CudaRuntime =
    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private MemGetInfo = delegate of free: byref<unativeint> * total: byref<unativeint> -> int

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private SetDevice = delegate of int -> int

    [<UnmanagedFunctionPointer(CallingConvention.Cdecl)>]
    type private GetDevice = delegate of byref<int> -> int

    /// The library that libtorch has loaded, by the file that stands in its folder.
    let private library =
        lazy
            (match Loader.result () with
             | Error _ -> ValueNone
             | Ok found ->
                 Directory.EnumerateFiles(found.Folder, "*cudart*")
                 |> Seq.tryPick (fun file ->
                     match NativeLibrary.TryLoad file with
                     | true, handle -> Some handle
                     | false, _ -> None)
                 |> function
                     | Some handle -> ValueSome handle
                     | None -> ValueNone)

    /// The bytes of memory that a device has free; ValueNone where that can't be told.
    let free (index: int) : int64 voption =
        match library.Value with
        | ValueNone -> ValueNone
        | ValueSome handle ->
            let entry name = Marshal.GetDelegateForFunctionPointer<'T>(NativeLibrary.GetExport(handle, name))
            let set: SetDevice = entry "cudaSetDevice"
            let get: GetDevice = entry "cudaGetDevice"
            let info: MemGetInfo = entry "cudaMemGetInfo"
            let mutable before = 0
            let mutable free = 0un
            let mutable total = 0un

            if get.Invoke &before <> 0 || set.Invoke index <> 0 then
                ValueNone
            else
                let failed = info.Invoke(&free, &total) <> 0
                set.Invoke before |> ignore
                if failed then ValueNone else ValueSome(int64 free)
