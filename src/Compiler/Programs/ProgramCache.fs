namespace Cotangent.Compiler

open System
open System.Collections.Concurrent
open System.Threading
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// How much the programs of one compiled function may take.
module internal CacheLimit =
    /// Some thousands of small programs, some dozens of large ones; less where the process may have little.
    let byDefault = later (fun () -> min 1073741824L (WaitingMemory.limit.Value / 8L))

    let mutable private chosen = -1L
    let choose (bytes: int64) = Volatile.Write(&chosen, bytes)

    /// What was chosen; -1 for the default.
    let current () = Volatile.Read &chosen

/// One thing in a cache.
[<Sealed>]
type internal CacheEntry<'c>(hash: int, value: 'c) =
    member _.Hash = hash
    member _.Value = value
    /// When it last began to be the one used last.
    member val Used = 0L with get, set

/// What was compiled of one function, by signature. Each keeps code and memory, so that those used least lately go when all
/// together take too many bytes; the one used last never does. Look-ups don't wait for each other.
[<Sealed>]
type internal ProgramCache<'c>(bytes: 'c -> int64, limit: int64) =
    /// Those of one hash.
    let entries = ConcurrentDictionary<int, CacheEntry<'c>[]>()
    let mutable latest: CacheEntry<'c> | null = null
    let mutable clock = 0L

    let use' (entry: CacheEntry<'c>) =
        clock <- clock + 1L
        entry.Used <- clock
        Volatile.Write(&latest, entry)

    let all () = entries.Values |> Seq.concat |> Seq.toArray

    let drop (entry: CacheEntry<'c>) =
        match entries[entry.Hash] |> Array.filter (fun e -> not (obj.ReferenceEquals(e, entry))) with
        | [||] -> entries.TryRemove entry.Hash |> ignore
        | others -> entries[entry.Hash] <- others

    /// The one used last.
    member _.Latest: 'c voption =
        match Volatile.Read &latest with
        | null -> ValueNone
        | entry -> ValueSome entry.Value

    member _.Count = entries.Values |> Seq.sumBy _.Length

    /// The one that fits; `hash` is asked for when that is not the one used last.
    member _.Find(hash: unit -> int, fits: 'c -> bool) : 'c voption =
        match Volatile.Read &latest with
        | null -> ValueNone
        | entry when fits entry.Value -> ValueSome entry.Value
        | _ ->
            match entries.TryGetValue(hash ()) with
            | true, some ->
                match Range.tryFind some.Length (fun i -> fits some[i].Value) with
                | ValueSome i ->
                    use' some[i]
                    ValueSome some[i].Value
                | ValueNone -> ValueNone
            | _ -> ValueNone

    /// Adds one; for one thread at a time.
    member _.Add(hash: int, value: 'c) =
        let entry = CacheEntry(hash, value)

        entries[hash] <-
            match entries.TryGetValue hash with
            | true, others -> Array.append [| entry |] others
            | _ -> [| entry |]

        use' entry
        let limit = if limit < 0L then CacheLimit.byDefault.Value else limit
        let oldestFirst = all () |> Array.sortBy _.Used
        let mutable total = oldestFirst |> Array.sumBy (fun e -> bytes e.Value)

        for old in oldestFirst do
            if total > limit && not (obj.ReferenceEquals(old, entry)) then
                total <- total - bytes old.Value
                drop old

/// What is worth a word to whoever runs the program.
module internal Warnings =
    let private told =
        System.Runtime.CompilerServices.ConditionalWeakTable<obj, ConcurrentDictionary<string, bool>>()

    /// To the listeners of System.Diagnostics.Trace each time; to standard error, where people look, once for each kind and
    /// place in the program.
    let warn (place: obj) (kind: string) (text: string) =
        Diagnostics.Trace.TraceWarning text

        if (told.GetValue(place, (fun _ -> ConcurrentDictionary()))).TryAdd(kind, true) then
            Console.Error.WriteLine text
