namespace Cotangent

open System.Threading
open Cotangent.Inlined // in place of functions of Array and List

/// The check of `Debug.checkKeys`: which keys were used, and by what. Under `vmap` the keys of all examples are looked at.
module internal KeyCheck =
    /// Which examples the running code is for, under the `vmap`s around: one Bool for each choice that was made between examples.
    let private taking = AsyncLocal<Tensor list | null>()
    let private rehearsing = AsyncLocal<bool>()

    let private choices () : Tensor list =
        match taking.Value with
        | null -> []
        | choices -> choices

    /// The numbers behind a tensor, of all examples; none where it is only being traced.
    let rec private numbers (t: Tensor) : Tensor voption =
        match t with
        | Value _ -> ValueSome t
        | Traced r ->
            match r.Below with
            | ValueSome below -> numbers below
            | ValueNone -> ValueNone

    let private read<'a> (t: Tensor) : 'a[] =
        Staging.suspended (fun () -> (t.Reshape [ t.Size ]).ToData<'a[]>())

    /// Stands for the key of an example that takes another way. That a key is the same is as likely as any number of 64 bits.
    [<Literal>]
    let private Nobody = 0x6E6F626F64792121L

    let consume (operation: string) (key: Tensor) =
        match Ambient.usedKeys () with
        | null -> ()
        | used ->
            let ofThose (key: Tensor) (choice: Tensor) =
                where choice key (Bind.full (Literal.Whole Nobody) key.DType [||] key.Device)

            match numbers (List.fold ofThose key (choices ())) with
            | ValueNone -> ()
            | ValueSome keys ->
                // Examples may share a key, as they share all that does not come in by the batch.
                for word in Array.distinct (read<int64> keys) do
                    // In one go: of two threads that use a key at the same time, one is told.
                    if word <> Nobody && not (used.TryAdd(word, operation)) then
                        raise (
                            KeyException
                                $"{operation}: this key was used before, by {used[word]}, and would give correlated numbers. Split it first, `let a, b = Key.split key`, and use each part once."
                        )

    /// Whether this is a rehearsal, in which nothing is printed.
    let isRehearsing () = Ambient.anyActive () && rehearsing.Value

    /// Whether any example takes part, by a Bool that may be one of each example's own.
    let private isTaken (choice: Tensor) =
        match numbers (List.fold (fun (all: Tensor) choice -> all.And choice) choice (choices ())) with
        | ValueNone -> false
        | ValueSome each -> read<bool> each |> Array.exists id

    let private among (choice: Tensor) (body: unit -> 'a) : 'a =
        Ambient.during taking (choice :: choices ()) body

    /// A rehearsal for the sake of the check alone; then the run, without it.
    let private rehearsed (rehearse: unit -> unit) (run: unit -> 'a) : 'a =
        if isNull (Ambient.usedKeys ()) then
            run ()
        else
            try
                Ambient.withoutNumberCheck (fun () -> Ambient.during rehearsing true rehearse)
            with
            | :? KeyException -> reraise ()
            // Of other faults the run tells, which keeps examples out of what they do not take part in.
            | _ -> ()

            Ambient.withoutKeyCheck run

    // Where examples of a `vmap` go different ways, a graph is made of each way and runs on all of them: too late to see whose key is
    // used. So each way is tried beforehand, eagerly, for all examples, those that take it being noted.

    /// Ways of which each example takes the one whose Bool is true for it.
    let ofWays (ways: unit -> struct (Tensor * (unit -> unit))[]) (run: unit -> 'a) : 'a =
        let rehearse () =
            for struct (choice, way) in ways () do
                if isTaken choice then among choice way

        rehearsed rehearse run

    /// Rounds that each example goes through for as long as its condition holds. `stay` keeps, of a state before and one after a
    /// round, the first for those that are through.
    let ofRounds
        (condition: 'c -> Tensor)
        (f: 'c -> 'c)
        (stay: Tensor -> 'c -> 'c -> 'c)
        (x: 'c)
        (run: unit -> 'a)
        : 'a =
        let rehearse () =
            let mutable carry = x
            let mutable goesOn = condition carry

            while isTaken goesOn do
                let taken = goesOn

                among taken (fun () ->
                    carry <- stay taken carry (f carry)
                    goesOn <- taken.And(condition carry))

        rehearsed rehearse run
