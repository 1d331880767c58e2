namespace Cotangent

open System.Collections.Concurrent
open System.Threading

/// What surrounds the running code: the checks that `Debug` switches on for the duration of a call. Flows with async
/// code and tasks. `anyActive` keeps the price in ordinary code at one read of a static field.
module internal Ambient =
    let mutable private active = 0
    let private numbers = AsyncLocal<bool>()
    let private keys = AsyncLocal<ConcurrentDictionary<int64, string> | null>()

    /// Whether any check is on anywhere in the process.
    let anyActive () = Volatile.Read &active > 0

    let during (local: AsyncLocal<'a>) (value: 'a) (body: unit -> 'b) =
        let before = local.Value
        Interlocked.Increment &active |> ignore
        local.Value <- value

        try
            body ()
        finally
            local.Value <- before
            Interlocked.Decrement &active |> ignore

    let checkingNumbers () = anyActive () && numbers.Value

    /// The keys used so far and what used them; null when nobody checks.
    let usedKeys () = if anyActive () then keys.Value else null

    /// Whether this flow of calls checks numbers or keys.
    let isChecking () = anyActive () && (numbers.Value || not (isNull keys.Value))

    // ---- Where tensors are made from nothing ----

    let mutable private placed = 0
    let private place = AsyncLocal<Device voption>()

    let device () =
        if Volatile.Read &placed > 0 then
            ValueOption.defaultValue Device.Cpu place.Value
        else
            Device.Cpu

    let onDevice (device: Device) (body: unit -> 'a) : 'a =
        let before = place.Value
        Interlocked.Increment &placed |> ignore
        place.Value <- ValueSome device

        try
            body ()
        finally
            place.Value <- before
            Interlocked.Decrement &placed |> ignore

    let duringNumberCheck body = during numbers true body

    /// What a function makes on the way to answers about numbers, such as the difference of infinities, is nobody's fault.
    let withoutNumberCheck (body: unit -> 'a) : 'a =
        if checkingNumbers () then during numbers false body else body ()

    let duringKeyCheck body = during keys (ConcurrentDictionary<int64, string>()) body

    /// What is computed a second time uses keys a second time, and is nobody's fault.
    let withoutKeyCheck (body: unit -> 'a) : 'a =
        if isNull (usedKeys ()) then body () else during keys null body
