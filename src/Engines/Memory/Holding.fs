namespace Cotangent.Engines

open System.Threading
open Cotangent

/// What a kernel reads must not change under it, when another thread ends the `scope` of an operand or gives it away.
/// Memory with a claim is held until the kernel is done. Small arrays have none, and to count their users would cost as much
/// as the kernels; so after a kernel they are looked at again: what was given away in the meantime was perhaps overwritten, and
/// the result is not handed out.
module internal Holding =
    /// The claim of a buffer, now held, or null.
    let take (x: HostBuffer) : Claim | null =
        match x.Claim with
        | null -> null
        | claim ->
            claim.Hold()
            claim

    let drop (claim: Claim | null) =
        match claim with
        | null -> ()
        | claim -> claim.Drop()

    /// After a kernel: throws if it read memory that was not its own to read any more.
    let confirm (x: HostBuffer) (claim: Claim | null) =
        match claim with
        | null ->
            // What the kernel read, it read before this.
            Volatile.ReadBarrier()
            x.CheckAlive()
        | _ -> ()

    /// The claims of all buffers that have one; null where none has.
    let takeAll (xs: Buffer[]) : (Claim | null)[] | null =
        let mutable claims: (Claim | null)[] | null = null

        for i in 0 .. xs.Length - 1 do
            match xs[i] with
            | :? HostBuffer as x ->
                match take x with
                | null -> ()
                | claim ->
                    match claims with
                    | null ->
                        let made = Array.zeroCreate xs.Length
                        made[i] <- claim
                        claims <- made
                    | made -> made[i] <- claim
            | _ -> ()

        claims

    let dropAll (claims: (Claim | null)[] | null) =
        match claims with
        | null -> ()
        | claims ->
            for claim in claims do
                drop claim

    /// The claim that was taken of one of them.
    let ofAll (claims: (Claim | null)[] | null) i : Claim | null =
        match claims with
        | null -> null
        | claims -> claims[i]
