namespace Cotangent.Engines

open System
open System.Runtime.CompilerServices
open System.Threading
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

    // ---- Jobs that wait for helpers ----

    /// Calls that run at the same time; one that finds no place works alone.
    let private jobs: (Job | null)[] = Array.zeroCreate 16

    let rec private place job slot =
        if slot = jobs.Length then -1
        elif isNull (Interlocked.CompareExchange(&jobs[slot], job, null)) then slot
        else place job (slot + 1)

    // Not inlined: a thread that sleeps must not hold on to the last job it saw.
    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private isOpen () =
        let mutable found = false

        for slot in 0 .. jobs.Length - 1 do
            match Volatile.Read &jobs[slot] with
            | null -> ()
            | job -> if job.IsOpen then found <- true

        found

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private help () =
        for slot in 0 .. jobs.Length - 1 do
            match Volatile.Read &jobs[slot] with
            | null -> ()
            | job -> job.Help() |> ignore

    // ---- Threads that help ----

    let mutable private started = 0
    let mutable private looking = 0
    let mutable private sleeping = 0
    let private bell = new SemaphoreSlim(0)

    /// Takes one from the number of sleepers, if there is any: who does owes the bell a ring, or need not sleep.
    let rec private claim () =
        match Volatile.Read &sleeping with
        | 0 -> false
        | n -> Interlocked.CompareExchange(&sleeping, n - 1, n) = n || claim ()

    let private sleep () =
        Interlocked.Increment &sleeping |> ignore
        // Who has brought a job in between may not have seen this sleeper.
        if not (isOpen () && claim ()) then bell.Wait()

    /// Looks for jobs a short time after the last one, and then sleeps.
    let private serve () =
        while true do
            Interlocked.Increment &looking |> ignore
            let found = Spin.until 50L isOpen
            Interlocked.Decrement &looking |> ignore
            if found then help () else sleep ()

    let private start () =
        let thread = Thread(serve, IsBackground = true, Name = "Cotangent worker")
        // What starts it does not belong to the first caller's ambient variables.
        thread.UnsafeStart()

    /// Sees to it that so many threads look for jobs, or will soon.
    let private call wanted =
        while Volatile.Read &started < wanted do
            let n = Volatile.Read &started
            if n < wanted && Interlocked.CompareExchange(&started, n + 1, n) = n then start ()

        let mutable missing = wanted - Volatile.Read &looking

        while missing > 0 && claim () do
            bell.Release() |> ignore
            missing <- missing - 1

    /// Runs `body` for 0 .. parts - 1, on all threads. What it throws reaches the caller as it is.
    let run parts (body: int -> unit) =
        let seats = min parts (count ()) - 1

        if seats < 1 then
            for part in 0 .. parts - 1 do
                body part
        else
            let job = Job(parts, body, seats)
            let slot = place job 0

            if slot >= 0 then call seats

            job.Work()
            if slot >= 0 then Volatile.Write(&jobs[slot], null)
            job.Wait()

    /// Has another core get something ready, if one is free. What goes wrong there is not lost, and must not end the process:
    /// whoever needs the thing meets it again.
    let ahead (prepare: unit -> unit) =
        ThreadPool.QueueUserWorkItem(fun _ ->
            try
                prepare ()
            with _ ->
                ())
        |> ignore
