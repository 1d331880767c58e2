namespace Cotangent.Engines

open System
open System.Collections.Generic
open System.Threading
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Buffers made while `scope` lasts, to be released in the end. They are known by weak references: what nothing holds any
/// more is the collector's in the meantime.
[<Sealed>]
type internal ScopeNotes() =
    let notes = List<WeakReference<Buffer>>()
    let mutable limit = 1024

    member _.Add(buffer: Buffer) =
        lock notes (fun () ->
            notes.Add(WeakReference<Buffer> buffer)

            if notes.Count > limit then
                notes.RemoveAll(fun w -> not (fst (w.TryGetTarget()))) |> ignore
                limit <- max 1024 (2 * notes.Count))

    /// Those that are still there.
    member _.Buffers: Buffer list =
        lock notes (fun () -> [
            for w in notes do
                match w.TryGetTarget() with
                | true, buffer -> buffer
                | _ -> ()
        ])

module internal Scope =
    let private current = AsyncLocal<ScopeNotes | null>()
    let mutable private active = 0

    /// Tells the innermost scope, if there is one, of a buffer with memory to release.
    let note (buffer: Buffer) =
        if Volatile.Read &active > 0 then
            match current.Value with
            | null -> ()
            | notes -> notes.Add buffer

    /// Runs a function, then releases what it made but for the memory that its result shows; that is the outer scope's.
    /// `shown` tells the buffers of the result, or null where it can't be told what else is in use.
    let during (body: unit -> 'a) (shown: 'a -> Buffer list voption) : 'a =
        let outer = current.Value
        let notes = ScopeNotes()
        Interlocked.Increment &active |> ignore
        current.Value <- notes

        let leave () =
            current.Value <- outer
            Interlocked.Decrement &active |> ignore

        let pass (buffer: Buffer) =
            match outer with
            | null -> ()
            | outer -> outer.Add buffer

        try
            let result = body ()
            leave ()

            match shown result with
            | ValueNone -> List.iter pass notes.Buffers
            | ValueSome buffers ->
                let kept = HashSet<obj>(HashIdentity.Reference)

                for b in buffers do
                    match b.Memory with
                    | null -> ()
                    | memory -> kept.Add memory |> ignore

                for b in notes.Buffers do
                    match b.Memory with
                    | null -> ()
                    | memory -> if kept.Contains memory then pass b else b.Release()

            result
        with _ ->
            if obj.ReferenceEquals(current.Value, notes) then leave ()

            List.iter pass notes.Buffers
            reraise ()
