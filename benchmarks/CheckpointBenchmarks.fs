/// A model of 1 GB saved and loaded, beside what the disk and the memory do with as many plain bytes in the same run.
module Cotangent.Benchmarks.CheckpointBenchmarks

open System
open System.IO
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Benchmarks.Harness

[<DllImport("libc", EntryPoint = "posix_fadvise")>]
extern int private advise(int file, int64 offset, int64 length, int advice)

/// Has the system forget what it keeps of a file in memory.
let private forget (path: string) =
    use handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read)
    // POSIX_FADV_DONTNEED
    advise (int (handle.DangerousGetHandle()), 0L, 0L, 4) |> ignore

let private piece = 8 <<< 20

/// 64 matrices of 2,048 rows and columns: 1.07 GB.
let private model () = [ for i in 1..64 -> Random.normal (Key.create (int64 i)) DType.Float32 [ 2048; 2048 ] ]

let private bytes = 64 * 2048 * 2048 * 4

let private milliseconds (work: unit -> unit) =
    GC.Collect()
    let clock = Diagnostics.Stopwatch.StartNew()
    work ()
    Some clock.Elapsed.TotalMilliseconds

/// Plain bytes written and flushed, as fast as it goes.
let private writePlain (path: string) (data: byte[]) =
    use file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1)

    for first in 0..piece .. data.Length - 1 do
        file.Write(data, first, min piece (data.Length - first))

    file.Flush true

/// A file read into memory that is new, as a model's is.
let private readPlain (path: string) =
    use handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read)
    let data = GC.AllocateUninitializedArray<byte> bytes
    let mutable first = 0

    while first < data.Length do
        let count = RandomAccess.Read(handle, Span(data, first, min piece (data.Length - first)), int64 first)
        first <- if count = 0 then data.Length else first + count

let run (_: string list) =
    let folder = Directory.CreateTempSubdirectory "checkpoint-"

    try
        let at name = Path.Combine(folder.FullName, name)
        let plain, saved = at "plain", at "model.safetensors"
        let model = model ()
        let data = GC.AllocateUninitializedArray<byte> bytes
        Random.Shared.NextBytes data
        let target = GC.AllocateUninitializedArray<byte> bytes
        let load () = Checkpoint.load saved model |> ignore

        let cold path work =
            forget path
            milliseconds work

        printfn "%.2f GB, ms; 1,000 ms are %.2f GB/s" (float bytes / 1e9) (float bytes / 1e9)

        compare "Saving" "ms" 5 [
            {
                Name = "plain bytes, written and flushed"
                Measure = fun () -> milliseconds (fun () -> writePlain plain data)
            }
            {
                Name = "Checkpoint.save"
                Measure = fun () -> milliseconds (fun () -> Checkpoint.save saved model)
            }
        ]

        compare "Loading what the system has in memory" "ms" 5 [
            {
                Name = "plain file, read into new memory"
                Measure = fun () -> milliseconds (fun () -> readPlain plain)
            }
            { Name = "Checkpoint.load"; Measure = fun () -> milliseconds load }
            {
                Name = "memory copied, one thread"
                Measure = fun () -> milliseconds (fun () -> Array.Copy(data, target, bytes))
            }
        ]

        compare "Loading from the disk" "ms" 5 [
            {
                Name = "plain file, read into new memory"
                Measure = fun () -> cold plain (fun () -> readPlain plain)
            }
            { Name = "Checkpoint.load"; Measure = fun () -> cold saved load }
        ]
    finally
        folder.Delete true
