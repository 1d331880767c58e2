namespace Cotangent.Engines

open System

/// What is free of main memory.
module internal HostMemory =
    /// Whether the collector has a limit of its own, less than the memory of the machine or container.
    let private hasOwnLimit =
        lazy
            (let settings = GC.GetConfigurationVariables()

             [ "GCHeapHardLimit"; "GCHeapHardLimitPercent" ]
             |> List.exists (fun name ->
                 match settings.TryGetValue name with
                 | true, value -> Convert.ToInt64 value > 0L
                 | false, _ -> false))

    /// A number of bytes, for people.
    let inWords (n: int64) =
        let inUnits unit name =
            (float n / unit).ToString("0.#", Globalization.CultureInfo.InvariantCulture) + " " + name

        if n >= 1000000000L then inUnits 1e9 "GB"
        elif n >= 1000000L then inUnits 1e6 "MB"
        elif n >= 1000L then inUnits 1e3 "kB"
        else $"{n} bytes"

    /// As of the last collection, less what has been allocated since. Dead arrays count as taken.
    let private free () : int64 =
        let info = GC.GetGCMemoryInfo()
        let now = GC.GetTotalMemory false

        let taken =
            if hasOwnLimit.Value then
                now
            else
                info.MemoryLoadBytes + max 0L (now - info.HeapSizeBytes)

        max 0L (info.TotalAvailableMemoryBytes - taken)

    /// Gives dead arrays, and those that wait for use, back to the system.
    let private reclaim () =
        for _ in 1..2 do
            WaitingMemory.giveUp ()

    /// The bytes that can be had. Where they are fewer than wanted, dead arrays are looked for first.
    let room (wanted: int64) : int64 =
        let found = free ()

        if found >= wanted then
            found
        else
            reclaim ()
            free ()
