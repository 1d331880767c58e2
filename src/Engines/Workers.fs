namespace Cotangent.Engines

open System
open System.Runtime.ExceptionServices
open System.Threading
open System.Threading.Tasks
open Cotangent

/// The threads that kernels share their work among: as many as there are cores, or as the variable COTANGENT_THREADS says.
module internal Workers =
    let private byDefault () =
        match Environment.GetEnvironmentVariable "COTANGENT_THREADS" with
        | null
        | "" -> Environment.ProcessorCount
        | text ->
            match Int32.TryParse text with
            | true, n when n >= 1 -> n
            | _ ->
                raise (
                    ValueException
                        $"The environment variable COTANGENT_THREADS is \"{text}\"; it must be a number of threads, at least 1."
                )

    let mutable private current = 0

    /// How many; the calling thread is one of them.
    let count () =
        match Volatile.Read &current with
        | 0 ->
            let n = byDefault ()
            Volatile.Write(&current, n)
            n
        | n -> n

    /// Whether they are to be another number than there are cores.
    let isLimited () = count () <> Environment.ProcessorCount

    /// For benchmarks.
    let limit n = Volatile.Write(&current, n)

    /// Runs `body` for 0 .. parts - 1, on all threads. What it throws reaches the caller as it is.
    let run parts (body: int -> unit) =
        let threads = count ()

        if parts <= 1 || threads = 1 then
            for part in 0 .. parts - 1 do
                body part
        else
            try
                Parallel.For(0, parts, ParallelOptions(MaxDegreeOfParallelism = threads), body) |> ignore
            with :? AggregateException as e ->
                ExceptionDispatchInfo.Throw e.InnerExceptions[0]

    /// Has another core get something ready, if one is free. What goes wrong there is not lost, and must not end the process:
    /// whoever needs the thing meets it again.
    let ahead (prepare: unit -> unit) =
        ThreadPool.QueueUserWorkItem(fun _ ->
            try
                prepare ()
            with _ ->
                ())
        |> ignore
