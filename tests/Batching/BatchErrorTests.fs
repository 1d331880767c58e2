/// What `vmap` refuses, and how it says so.
module Cotangent.Tests.BatchErrorTests

open Expecto
open Cotangent
open Cotangent.Tests.BatchTests

/// The error of a call, whose message must contain some texts.
let internal fails<'error, 'result when 'error :> exn> (texts: string list) (call: unit -> 'result) =
    Expect.throwsC (call >> ignore) (fun e ->
        Expect.equal (e.GetType()) typeof<'error> e.Message

        for text in texts do
            Expect.stringContains e.Message text "the message")

let private readings (other: Tensor) : (string * (Tensor -> unit)) list = [
    "as data", (fun t -> t.ToData<float[]>() |> ignore)
    "as a number", (fun t -> float (sum t) |> ignore)
    "by a comparison", (fun t -> (t = other) |> ignore)
    "by a branch", (fun t -> if (t.Greater 0.0).All().ToData<bool>() then ())
    "by a mask", (fun t -> t[t.Greater 0.0] |> ignore)
    "inside another transformation", (fun t -> gradWith (fun t -> sum t, float (sum t)) t |> ignore)
]

let private reading =
    let x = draw 1L [ 3; 2 ]

    testList "values can't be read inside" [
        for name, read in readings x[0] do
            test name {
                fails<TraceException, _> [ "vmap"; "3 examples"; "`where`"; "`t[mask]`" ] (fun () ->
                    vmap
                        (fun t ->
                            read t
                            t)
                        x)
            }
        test "but can be printed as what they are" {
            let mutable seen = ""

            vmap
                (fun t ->
                    seen <- string t
                    t)
                x
            |> ignore

            Expect.equal seen "traced by vmap: Float64 (2,)" "text"
        }
        test "a mask that is not batched selects" {
            let mask = tensor [ true; false ]

            near
                "selection"
                (x.Slice [ Index.All; Index.Range(Some 0, Some 0, 1) ])
                (vmap (fun (t: Tensor) -> t[mask]) x)
        }
        test "the message names what made the batch" {
            let reading =
                withDerivative (Derivative.Pull(fun _ (c: Tensor) -> c * float c)) (fun (x: Tensor) -> x)

            fails<TraceException, _> [ "jacobian:" ] (fun () -> jacobian (fun x -> reading (sum x)) x[0])
        }
    ]

[<Tests>]
let tests =
    let x = draw 1L [ 3; 2 ]
    let add (a: Tensor, b: Tensor) = a + b

    testList "Batch errors" [
        reading
        test "no type of tensors" {
            fails<TreeException, _> [ "vmap: the argument is Int32" ] (fun () -> vmap (fun (_: int) -> x) 1)
        }
        test "no tensors" {
            fails<ValueException, _> [ "vmap"; "no batch" ] (fun () -> vmap (fun (_: Tensor list) -> x) [])
        }
        test "a result without tensors" {
            fails<TreeException, _> [ "vmap: the result is Double" ] (fun () ->
                vmap (fun (_: Tensor) -> 1.0) x)
        }
        test "scalars" {
            fails<ShapeException, _> [ "`$.Item2`"; "scalar"; "vmapWith" ] (fun () ->
                vmap add (x, tensor 1.0))
        }
        test "batches of different sizes" {
            fails<ShapeException, _> [ "`$.Item2`"; "5 examples"; "`$.Item1` has 3" ] (fun () ->
                vmap add (x, draw 2L [ 5; 2 ]))
        }
        test "axes that are not there" {
            let along inputs out () = vmapWith { In = inputs; Out = out } add (x, x)
            fails<AxisException, _> [ "`$.Item1`"; "vmapWith"; "axis 2" ] (along [ Some 2; None ] 0)
            fails<AxisException, _> [ "vmapWith"; "result"; "axis 2" ] (along [ Some 0; Some 0 ] 2)
        }
        test "axes for other fields than there are" {
            fails<ValueException, _> [ "3 batch axes"; "2 fields `$.Item1`, `$.Item2`" ] (fun () ->
                vmapWith { In = [ Some 0; None; None ]; Out = 0 } add (x, x))
        }
        test "nothing batched" {
            fails<ValueException, _> [ "no batch" ] (fun () ->
                vmapWith { In = [ None; None ]; Out = 0 } add (x, x))
        }
        test "tensors that outlive their vmap" {
            let mutable leaked = x

            vmap
                (fun t ->
                    leaked <- t
                    t)
                x
            |> ignore

            fails<TraceException, _> [ "shape (2,)"; "after the `vmap`" ] (fun () -> leaked + 1)
        }
        test "a function that fails closes its vmap" {
            let mutable leaked = x

            fails<System.InvalidOperationException, _> [ "mine" ] (fun () ->
                vmap
                    (fun (t: Tensor) ->
                        leaked <- t
                        invalidOp "mine")
                    x
                : Tensor)

            fails<TraceException, _> [ "after the `vmap`" ] (fun () -> leaked + 1)
        }
    ]
