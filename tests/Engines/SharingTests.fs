/// Tensors that one thread computes with while another ends their scope or gives them away.
module Cotangent.Tests.SharingTests

open System
open System.Threading
open System.Threading.Tasks
open Expecto
open Cotangent
open Cotangent.Engines
open Cotangent.Tests.Support

let private buffer (t: Tensor) =
    match t with
    | Value b -> b :?> HostBuffer
    | Traced _ -> failtest "traced"

type private Counted() =
    inherit Claim()
    member val Returned = 0 with get, set
    override c.GiveBack() = c.Returned <- c.Returned + 1
    override _.Forget() = ()

let private claims =
    testList "claims" [
        test "what is held goes back when the last holder lets go" {
            let claim = Counted()
            claim.Hold()
            claim.Hold()
            claim.Release()
            Expect.isTrue claim.IsReleased "nobody may begin to use it"
            claim.Drop()
            Expect.equal claim.Returned 0 "one is left"
            claim.Drop()
            Expect.equal claim.Returned 1 "none is left"
            claim.Hold()
            claim.Drop()
            claim.Release()
            Expect.equal claim.Returned 1 "once"
        }
        test "what nobody holds goes back at once" {
            let claim = Counted()
            claim.Hold()
            claim.Drop()
            Expect.equal claim.Returned 0 "not released"
            claim.Release()
            Expect.equal claim.Returned 1 "released"
        }
        test "holders and a release in any order: it goes back once, after all" {
            for _ in 1..2000 do
                let claim = Counted()
                let wasEarly = ref false

                let hold () =
                    claim.Hold()

                    if not claim.IsReleased then if claim.Returned > 0 then wasEarly.Value <- true

                    claim.Drop()

                Parallel.Invoke(hold, claim.Release, hold)
                Expect.isFalse wasEarly.Value "a holder saw it alive and gone"
                Expect.equal claim.Returned 1 "once"
        }
        test "a kernel that reads what is given away hands nothing out" {
            let x = buffer (tensor [ 1.0; 2.0 ])
            let claim = Holding.take x
            Sharing.give [| x |] 1 "a taker"
            x.Close()
            throws<DonationException, _> [ "a taker" ] (fun () -> Holding.confirm x claim)
        }
    ]

/// Not one number repeated: an array of its own.
let private ones (n: int) = Tensor.arange DType.Float64 n * 0.0 + 1.0

/// Runs one function in a thread of its own until another is done with all its rounds.
let private against (reader: unit -> unit) (rounds: int) (writer: unit -> unit) =
    let isDone = ref false

    let reading =
        Task.Run(fun () ->
            while not (Volatile.Read &isDone.contents) do
                reader ())

    try
        for _ in 1..rounds do
            writer ()
    finally
        Volatile.Write(&isDone.contents, true)

    reading.Wait()

/// A value that is read while it is taken away: right, or refused.
let private rightOr<'e when 'e :> exn> (expected: float) (wrong: ResizeArray<float>) (read: unit -> float) =
    try
        let found = read ()
        if found <> expected then wrong.Add found
    with :? 'e ->
        ()

let private given (n: int) rounds =
    let wrong = ResizeArray<float>()
    let mutable current = ones n
    let give = compileDonating (fun (x: Tensor, ()) -> x * 0.0 + 7.0)
    let total = compile (fun (x: Tensor) -> sum (x * 2.0))

    against
        (fun () ->
            let x = Volatile.Read &current
            rightOr<DonationException> (float n) wrong (fun () -> float (sum (x * 1.0)))
            rightOr<DonationException> (2.0 * float n) wrong (fun () -> float (total x))
            rightOr<DonationException> (float n) wrong (fun () -> Array.sum (x.ToData<float[]>())))
        rounds
        (fun () ->
            let x = current
            give (x, ()) |> ignore
            Volatile.Write(&current, ones n))

    Expect.isEmpty wrong $"wrong numbers of {n} elements"

let private threads =
    testSequenced
    <| testList "threads" [
        test "small tensors given away while another thread reads them" { given 1000 4000 }
        test "large tensors given away while another thread reads them" { given 200_000 400 }
        test "a scope that ends while another thread reads what it made" {
            let n = 200_000
            let wrong = ResizeArray<float>()
            let mutable current = ones n

            against
                (fun () ->
                    let x = Volatile.Read &current
                    rightOr<ScopeException> (float n) wrong (fun () -> float (sum (x * 1.0))))
                400
                (fun () ->
                    scope (fun () ->
                        Volatile.Write(&current, ones n)
                        // Its array is used again as soon as it has gone back.
                        current * 3.0 |> ignore)

                    ones n + 4.0 |> ignore)

            Expect.isEmpty wrong "wrong numbers"
        }
        test "of two threads that give a tensor away one wins" {
            let give = compileDonating (fun (xs: Tensor list, ()) -> xs |> List.map (fun x -> x * 2.0))

            for n in [ 10; 20_000 ] do
                for _ in 1..300 do
                    let xs = List.init 3 (fun i -> ones n * float (i + 1))
                    use start = new Barrier 2

                    let attempt xs =
                        Task.Run(fun () ->
                            start.SignalAndWait()

                            try
                                Some(give (xs, ()))
                            with :? DonationException ->
                                None)

                    // In another order, so that each might get hold of a part.
                    let both = [ attempt xs; attempt (List.rev xs) ] |> List.map _.Result
                    Expect.hasCountOf both 1u _.IsSome $"winners, {n} elements"

                    for y in (both |> List.pick id |> List.sortBy (fun y -> float y[0])) |> List.indexed do
                        let i, y = y
                        Expect.equal (float (sum y)) (2.0 * float (i + 1) * float n) "its numbers"
        }
        test "an array that another thread holds is not overwritten" {
            for n in [ 20_000; 1000 ] do
                let x = ones n
                let home = (buffer x).Data
                // As a kernel of another thread does, whatever it reads.
                let held = Holding.take (buffer x)
                let y = compileDonating (fun (x: Tensor, ()) -> x * 0.0 + 7.0) (x, ())
                let isInPlace = obj.ReferenceEquals((buffer y).Data, home)
                Expect.equal isInPlace (isNull held) "in place only where nobody holds it"
                Expect.equal (float (sum y)) (7.0 * float n) "the result"

                if not (isNull held) then
                    Expect.equal ((home :?> float[])[5]) 1.0 "what the holder reads"
                    Holding.drop held
        }
    ]

let private keys =
    testList "checked keys" [
        test "16 threads with keys of their own" {
            let draw (key: Key) =
                let a, b = Key.split key
                float (sum (Random.uniform a DType.Float32 [ 3 ] + Random.uniform b DType.Float32 [ 3 ]))

            let all = Key.splitMany 1600 (Key.create 3L)

            let found =
                Debug.checkKeys (fun () ->
                    [ for t in 0..15 -> Task.Run(fun () -> [ for i in 0..99 -> draw all[100 * t + i] ]) ]
                    |> List.collect _.Result)

            Expect.equal found (all |> Array.map draw |> List.ofArray) "draws"
        }
        test "of 16 threads that use one key, one may" {
            for seed in 1L .. 50L do
                let key = Key.create seed

                let outcomes =
                    Debug.checkKeys (fun () ->
                        [
                            for _ in 1..16 ->
                                Task.Run(fun () ->
                                    try
                                        Random.uniform key DType.Float32 [ 2 ] |> ignore
                                        true
                                    with :? KeyException ->
                                        false)
                        ]
                        |> List.map _.Result)

                Expect.hasCountOf outcomes 1u id "used"
        }
    ]

[<Tests>]
let tests = testList "sharing" [ claims; threads; keys ]
