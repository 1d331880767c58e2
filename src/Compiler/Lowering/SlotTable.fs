namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent

/// The slots of a program while it is put together, and what their values are, for people.
[<Sealed>]
type internal SlotTable() =
    let slots = ResizeArray<Slot>()
    let names = Dictionary<int, unit -> string>()

    member _.Slots = slots

    /// What the value in a slot is, for people.
    member _.NameOf(slot: int) : string voption =
        match names.TryGetValue slot with
        | true, name -> ValueSome(name ())
        | false, _ -> ValueNone

    member _.Name(slot: int, what: unit -> string) = names[slot] <- what

    /// A node's value, for people.
    static member Describe(node: Node) : string =
        let what =
            match node.Operation with
            | Operation.Input n -> $"input {n}"
            | Operation.Constant _ -> "constant"
            | Operation.Primitive p -> string p
            | Operation.Control control -> Graph.describe control
            | Operation.Item n -> $"result {n}"

        $"{what} {node.DType} {Shape.show node.Shape}"

    member _.Slot(dtype, count, home) : int =
        slots.Add { DType = dtype; Count = count; Home = home }
        slots.Count - 1

    /// One for a value like that in another slot, which a view tells.
    member table.Like(v: View) : int = table.Slot(slots[v.Slot].DType, Shape.count v.Shape, Home.Arena)
