namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Checks that loop nests and steps are well formed: instructions in order and of agreeing dtypes, and nothing that reads or
/// writes outside of its slot. Run after every pass in tests; what it throws is a fault of ours, never of the user.
module internal VerifySteps =
    let private fail problem = invalidOp $"Steps: {problem}"

    /// The first and last element that positions 0 <= i < sizes reach, in Int64.
    let private reach (offset: int) (sizes: int[]) (strides: int[]) : struct (int64 * int64) =
        let mutable low, high = int64 offset, int64 offset

        for axis in 0 .. sizes.Length - 1 do
            let far = int64 (sizes[axis] - 1) * int64 strides[axis]
            if far < 0L then low <- low + far else high <- high + far

        struct (low, high)

    /// Checks an access to a slot: `slices` says of what each slice is a part, for how many rounds.
    let rec private inside
        (slots: Slot[])
        (slices: Dictionary<int, struct (View * int * int)>)
        what
        slot
        (struct (low: int64, high: int64))
        =
        match slots[slot].Home with
        | Home.Slice ->
            match slices.TryGetValue slot with
            | false, _ -> fail $"{what} reaches slice s{slot} outside of its loop"
            | true, struct (whole, stride, count) ->
                let far = int64 (count - 1) * int64 stride
                let start = int64 whole.Offset

                inside
                    slots
                    slices
                    what
                    whole.Slot
                    (struct (start + low + min 0L far, start + high + max 0L far))
        | Home.Arena
        | Home.Input _
        | Home.Output _
        | Home.Constant _ ->
            if low < 0L || high >= int64 slots[slot].Count then
                fail $"{what} reaches elements {low} to {high} of s{slot}, which has {slots[slot].Count}"

    let private view slots slices what (v: View) =
        if v.Shape.Length <> v.Strides.Length then
            fail $"{what} has a stride for each axis no more"

        if Shape.count v.Shape > 0 then
            inside slots slices what v.Slot (reach v.Offset v.Shape v.Strides)

    let private access slots slices what (sizes: int[]) (a: Access) =
        if a.Strides.Length <> sizes.Length then
            fail $"{what} has {a.Strides.Length} strides for {sizes.Length} axes"

        if not (Array.contains 0 sizes) then
            inside slots slices what a.Slot (reach a.Offset sizes a.Strides)

    /// The dtype of each instruction.
    let private dtypes (slots: Slot[]) (body: Instruction[]) : DType[] =
        let found = Array.create body.Length DType.Bool

        for i in 0 .. body.Length - 1 do
            let at j =
                if j < 0 || j >= i then fail $"%%{i} reads %%{j}, which does not come before it"
                found[j]

            let same a b =
                if a <> b then fail $"%%{i} joins {a} and {b}"
                a

            let needs dtype wanted = if dtype <> wanted then fail $"%%{i} reads {dtype} and wants {wanted}"

            found[i] <-
                match body[i] with
                | Instruction.Load(dtype, a) ->
                    needs slots[a.Slot].DType dtype
                    dtype
                | Instruction.Constant(_, dtype)
                | Instruction.Position(dtype, _, _, _) -> dtype
                | Instruction.Unary(Unary.IsNaN, a) ->
                    at a |> ignore
                    DType.Bool
                | Instruction.Unary(_, a)
                | Instruction.Reduce(_, a) -> at a
                | Instruction.Binary(Binary.Equal, a, b)
                | Instruction.Binary(Binary.Less, a, b)
                | Instruction.Binary(Binary.LessEqual, a, b) ->
                    same (at a) (at b) |> ignore
                    DType.Bool
                | Instruction.Binary(_, a, b) -> same (at a) (at b)
                | Instruction.Select(c, a, b) ->
                    needs (at c) DType.Bool
                    same (at a) (at b)
                | Instruction.Convert(dtype, a) ->
                    at a |> ignore
                    dtype
                | Instruction.Draw(_, dtype, key, index) ->
                    needs (at key) DType.Int64
                    needs (at index) DType.Int64
                    dtype

        found

    let private nest (slots: Slot[]) slices (k: LoopNest) =
        if k.Reduced < 0 || k.Reduced > k.Axes.Length then
            fail $"a nest of {k.Axes.Length} axes folds {k.Reduced}"

        let dtypes = dtypes slots k.Body
        let isFolded = Array.create k.Body.Length false

        for i in 0 .. k.Body.Length - 1 do
            let reads = Instruction.arguments k.Body[i] |> List.exists (fun j -> isFolded[j])

            match k.Body[i] with
            | Instruction.Reduce _ ->
                if reads then fail $"%%{i} folds what depends on another fold"
                isFolded[i] <- true
            | Instruction.Load(_, a) -> access slots slices $"%%{i}" k.Axes a
            | Instruction.Position(_, axis, _, _) ->
                if axis < 0 || axis >= k.Axes.Length then fail $"%%{i} is the position along axis {axis}"
            | Instruction.Constant _
            | Instruction.Unary _
            | Instruction.Binary _
            | Instruction.Select _
            | Instruction.Convert _
            | Instruction.Draw _ -> isFolded[i] <- reads

        let outer = k.Axes.Length - k.Reduced

        for a, value in k.Stores do
            if value < 0 || value >= k.Body.Length then fail $"a nest stores %%{value}"
            access slots slices "a store" k.Axes a

            if dtypes[value] <> slots[a.Slot].DType then
                fail $"{dtypes[value]} goes into s{a.Slot} of {slots[a.Slot].DType}"

            for axis in outer .. k.Axes.Length - 1 do
                if a.Strides[axis] <> 0 then fail "a store moves along an axis that is folded"

    let rec private walk (slots: Slot[]) slices (steps: Step[]) =
        let view = view slots slices

        for step in steps do
            match step with
            | Step.Nest k -> nest slots slices k
            | Step.Product(a, b, target) ->
                view "a product's first factor" a
                view "a product's second factor" b
                view "a product" target
            | Step.Draw(_, _, keys, _, target) ->
                view "a draw's key" keys
                view "a draw" target
            | Step.Engine(p, inputs, targets) ->
                for v in inputs do
                    view $"what {p} reads" v

                for target in targets do
                    ValueOption.iter (view $"what {p} makes") target
            | Step.Scan s ->
                for struct (slot, whole, stride) in s.Slices do
                    slices[slot] <- struct (whole, stride, s.Count)

                exchanged slots s.Carry
                if s.Count > 0 then walk slots slices s.Body
            | Step.While w ->
                exchanged slots w.State
                view "a loop's test" w.Test
                walk slots slices w.Condition
                walk slots slices w.Round
            | Step.Cond(test, onTrue, onFalse) ->
                view "a choice's test" test
                walk slots slices onTrue
                walk slots slices onFalse

    /// What changes places after each round is alike.
    and private exchanged (slots: Slot[]) (pairs: struct (int * int)[]) =
        for struct (a, b) in pairs do
            if slots[a].DType <> slots[b].DType || slots[a].Count <> slots[b].Count then
                fail $"s{a} and s{b} change places and are not alike"

    let steps (slots: Slot[]) (all: Step[]) : unit = walk slots (Dictionary()) all
