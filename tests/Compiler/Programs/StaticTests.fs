/// What is static in the argument of a compiled function, and is changed in place between calls.
module Cotangent.Tests.StaticTests

open System.Collections.Generic
open Expecto
open Cotangent
open Cotangent.Tests.Checks

type Settings = { mutable Rate: float; Names: string list }
type Plan = { Steps: int[] }

[<Sealed>]
type Service() =
    member val Calls = 0 with get, set

let private x = tensor 1.0

/// A function of what `read` finds in a static; after `change`, the compiled one must find what the plain one does.
let private follows (value: 's) (read: 's -> float) (change: 's -> unit) =
    let mutable traced = 0

    let f =
        compile (fun (x: Tensor, s: 's) ->
            traced <- traced + 1
            x * read s)

    let check times what =
        near (tensor (read value)) (f (x, value)) what
        Expect.equal traced times $"{what}: how often it was traced"

    check 1 "first"
    check 1 "again"
    change value
    check 2 "changed in place"
    check 2 "changed, again"

let private changes =
    testList "changed in place" [
        test "an array" { follows [| 1.0; 2.0 |] Array.sum (fun a -> a[1] <- 5.0) }
        test "an array in an array" {
            follows [| [| 1.0 |]; [| 2.0 |] |] (Array.sumBy Array.sum) (fun a -> a[1][0] <- 5.0)
        }
        test "an array in a list" { follows [ [| 1.0 |] ] (List.sumBy Array.sum) (fun a -> a[0][0] <- 5.0) }
        test "an array in a tuple in an option" {
            follows (Some(1, [| 2.0 |])) (fun s -> Array.sum (snd s.Value)) (fun s -> (snd s.Value)[0] <- 7.0)
        }
        test "a list" { follows (List [ 1.0; 2.0 ]) Seq.sum (fun l -> l.Add 3.0) }
        test "a list in a list" {
            follows (List [ List [ 1.0 ] ]) (Seq.sumBy Seq.sum) (fun l -> l[0].Add 3.0)
        }
        test "a dictionary" {
            follows (Dictionary(dict [ "a", 1.0 ])) (fun d -> d["a"]) (fun d -> d["a"] <- 4.0)
        }
        test "an array in a dictionary" {
            follows (Dictionary(dict [ "a", [| 1.0 |] ])) (fun d -> d["a"][0]) (fun d -> d["a"][0] <- 4.0)
        }
        test "a set" { follows (HashSet [ 1.0 ]) Seq.sum (fun s -> s.Add 4.0 |> ignore) }
        test "an array of two axes" {
            follows (array2D [ [ 1.0; 2.0 ] ]) (fun a -> a[0, 1]) (fun a -> a[0, 1] <- 9.0)
        }
        test "a field" { follows { Rate = 0.5; Names = [] } _.Rate (fun s -> s.Rate <- 0.25) }
        test "an array in a record" {
            follows { Steps = [| 1 |] } (fun p -> float p.Steps[0]) (fun p -> p.Steps[0] <- 3)
        }
    ]

let private equals =
    let once (make: unit -> 's) =
        let mutable traced = 0

        let f =
            compile (fun (x: Tensor, _: 's) ->
                traced <- traced + 1
                x * 2.0)

        for _ in 1..3 do
            f (x, make ()) |> ignore

        Expect.equal traced 1 "traced once"

    testList "equal ones share a program" [
        test "arrays" { once (fun () -> [| 1; 2 |]) }
        test "arrays of arrays" { once (fun () -> [| [| "a" |] |]) }
        test "lists" { once (fun () -> List [ 1; 2 ]) }
        test "dictionaries" { once (fun () -> Dictionary(dict [ "a", 1 ])) }
        test "records" { once (fun () -> { Rate = 0.5; Names = [ "a" ] }) }
        test "arrays of one length in other shapes do not" {
            let f = compile (fun (x: Tensor, a: int[,]) -> x * float (a.GetLength 0))
            near (tensor 1.0) (f (x, array2D [ [ 1; 2 ] ])) "a row"
            near (tensor 2.0) (f (x, array2D [ [ 1 ]; [ 2 ] ])) "a column"
        }
        test "an object is itself, whatever becomes of its fields" {
            let service = Service()

            once (fun () ->
                service.Calls <- service.Calls + 1
                service)
        }
        test "a list that holds itself" {
            let own = List<obj>()
            own.Add own
            once (fun () -> own)
        }
    ]

[<Tests>]
let tests = testList "statics" [ changes; equals ]
