namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// A part of what goes round in a loop: where it is read, and the slots that a round finds it in and leaves it in (-1 where the
/// body hands it through unchanged, and it is read where it was).
[<Struct; NoComparison; NoEquality>]
type private Carried = { Value: View; Before: int; After: int }

/// From a graph to steps on memory. Memory is a list of slots; where they lie is planned afterwards.
[<Sealed>]
type internal Lowering(target: Target) =
    let slots = SlotTable()

    let carry (level: Level) (initial: View[]) (body: Graph) (first: int) : Carried[] =
        initial
        |> Array.mapi (fun k v ->
            if body.Outputs[k] = body.Inputs[first + k] then
                { Value = v; Before = -1; After = -1 }
            else
                let before = slots.Like v
                { Value = level.Copy(v, before); Before = before; After = slots.Like v })

    /// A body that reads copies of operands that its products want to be laid out otherwise, and what it shares, with these.
    let withCopies (level: Level) (shared: View[]) (body: Graph) =
        let copy (source: View) count (view: int -> View) =
            let result = view (slots.Slot(slots.Slots[source.Slot].DType, count, Home.Arena))
            level.CopyTo(source, result)
            result

        LoopOperands.copied target copy shared body

    let values (carry: Carried[]) = carry |> Array.map _.Value
    let targets (carry: Carried[]) = carry |> Array.map _.After

    /// Slots that change places after each round.
    let changing (carry: Carried[]) : struct (int * int)[] =
        carry |> Array.filter (fun c -> c.Before >= 0) |> Array.map (fun c -> struct (c.Before, c.After))

    /// The slice of a round, and whose slice it is.
    let slice (v: View) : struct (View * struct (int * View * int)) =
        let slot = slots.Slot(slots.Slots[v.Slot].DType, 0, Home.Slice)

        struct ({ Slot = slot; Offset = 0; Shape = v.Shape[1..]; Strides = v.Strides[1..] },
                struct (slot, v, v.Strides[0]))

    /// Memory for what all rounds stack, and the slice that a round writes.
    let stack (control: Control) (r: Signature) : struct (View * struct (int * View * int)) =
        let count = Shape.count r.Shape
        let whole = Layout.contiguous (slots.Slot(r.DType, count, Home.Arena)) r.Shape

        slots.Name(
            whole.Slot,
            (fun () -> $"stacked by {Graph.describe control} {r.DType} {Shape.show r.Shape}")
        )

        let slot = slots.Slot(r.DType, 0, Home.Slice)
        struct (whole, struct (slot, whole, (if r.Shape[0] = 0 then 0 else count / r.Shape[0])))

    member _.Slots = slots.Slots

    /// What the value in a slot is, for people.
    member _.NameOf(slot: int) = slots.NameOf slot

    member _.Name(slot: int, what: unit -> string) = slots.Name(slot, what)
    member _.Slot(dtype, count, home) : int = slots.Slot(dtype, count, home)

    /// The steps that compute a graph from views of its inputs, and views of its outputs. `into` gives slots that
    /// outputs must end up in (-1: anywhere).
    member lowering.Graph(g: Graph, inputs: View[], into: int[]) : struct (Step[] * View[]) =
        Level(
            LowerControl(fun level control given into -> lowering.Control(level, control, given, into)),
            slots,
            target,
            g,
            inputs,
            into
        )
            .Run()

    /// Only branches can make their results anywhere: what goes round in a loop changes places.
    member private lowering.Control(level: Level, control: Control, given: View[], into: int[]) : View[] =
        match control with
        | Control.Scan s -> lowering.Scan(level, s, given)
        | Control.While w -> lowering.While(level, w, given)
        | Control.Cond c -> lowering.Cond(level, c, given, into)
        | Control.Call _ -> invalidOp "Calls were put in line before."

    member private lowering.Scan(level: Level, s: Scan, given: View[]) : View[] =
        let control = Control.Scan s
        let struct (body, shared) = withCopies level given[.. s.Shared - 1] s.Body
        let carry = carry level (Array.sub given s.Shared s.Carry) body shared.Length
        let slices = given[s.Shared + s.Carry ..] |> Array.map slice
        let stacks = (Graph.results control)[s.Carry ..] |> Array.map (stack control)

        let views (parts: struct (View * struct (int * View * int))[]) =
            parts |> Array.map (fun (struct (v, _)) -> v)

        let moves (parts: struct (View * struct (int * View * int))[]) =
            parts |> Array.map (fun (struct (_, m)) -> m)

        let slots (parts: struct (int * View * int)[]) =
            parts |> Array.map (fun (struct (slot, _, _)) -> slot)

        let struct (steps, _) =
            lowering.Graph(
                body,
                Array.concat [ shared; values carry; views slices ],
                Array.append (targets carry) (slots (moves stacks))
            )

        level.Add(
            Step.Scan {
                Count = s.Count
                Reverse = s.Reverse
                Body = steps
                Carry = changing carry
                Slices = Array.append (moves slices) (moves stacks)
            }
        )

        Array.append (values carry) (views stacks)

    member private lowering.While(level: Level, w: While, given: View[]) : View[] =
        let struct (body, shared) = withCopies level given[.. w.Shared - 1] w.Body
        let state = carry level given[w.Shared ..] body shared.Length
        let inside = Array.append given[.. w.Shared - 1] (values state)
        let test = slots.Slot(DType.Bool, 1, Home.Arena)
        let struct (condition, _) = lowering.Graph(w.Condition, inside, [| test |])
        let struct (round, _) = lowering.Graph(body, Array.append shared (values state), targets state)

        level.Add(
            Step.While {
                Condition = condition
                Test = Layout.contiguous test [||]
                Round = round
                State = changing state
            }
        )

        values state

    member private lowering.Cond(level: Level, c: Cond, given: View[], into: int[]) : View[] =
        let signatures = Graph.results (Control.Cond c)

        let into =
            Array.map2
                (fun (r: Signature) slot ->
                    if slot >= 0 then slot else slots.Slot(r.DType, Shape.count r.Shape, Home.Arena))
                signatures
                into

        let struct (onTrue, _) = lowering.Graph(c.OnTrue, given[1..], into)
        let struct (onFalse, _) = lowering.Graph(c.OnFalse, given[1..], into)
        level.Add(Step.Cond(given[0], onTrue, onFalse))
        Array.map2 (fun slot (r: Signature) -> Layout.contiguous slot r.Shape) into signatures
