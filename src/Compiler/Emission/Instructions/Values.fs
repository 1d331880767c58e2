namespace Cotangent.Compiler.Emission

open Cotangent.Compiler

// Values of operations. What is needed once stands where it is needed, as a tree of instructions; what is needed more
// often goes through a local.
//
// Rows, columns and steps that are computed together are replicas of an operation; one that does not vary along an axis
// has one value for all replicas along it. Code is written region by region: first all that a region needs is counted,
// then it is written.

open System
open System.Collections.Generic
open System.Reflection
open System.Reflection.Emit
open Cotangent.Lanes

[<Sealed>]
type internal Values(addressing: Addressing) =
    let code, body, s = addressing.Code, addressing.Body, addressing.Schedule
    let il = code.IL
    let nodes = body.Nodes

    /// Values that lie in locals.
    let values = Dictionary<int64, LocalBuilder>()
    /// How often those of this region are still needed.
    let uses = Dictionary<int64, int>()
    /// What lies in memory while lanes are computed one after the other, by purpose.
    let spilled = Dictionary<int64, LocalBuilder>()

    let varies i axis = axis >= 0 && (s.Varies[i] >>> axis) &&& 1 <> 0

    /// An operation's replica. Coordinates that it does not vary along are 0; rows in the lanes of a vector are row 63.
    let key i row column step =
        let row =
            if not (varies i s.RowAxis) then 0
            elif addressing.Packed then 63
            else row

        let column = if addressing.VectorKept && varies i s.Vector then column else 0
        let step = if varies i addressing.Innermost then step else 0
        (((int64 i <<< 6) + int64 row) <<< 12) + (int64 column <<< 6) + int64 step

    let rec count i row column step =
        if nodes[i].Op <> Op.Constant then
            let k = key i row column step

            if not (values.ContainsKey k) then
                match uses.TryGetValue k with
                | true, n -> uses[k] <- n + 1
                | _ ->
                    uses[k] <- 1
                    let n = nodes[i]
                    if n.A >= 0 then count n.A row column step
                    if n.B >= 0 then count n.B row column step
                    if n.C >= 0 then count n.C row column step
                    if n.D >= 0 then count n.D row column step

                    // A guard's operands go through locals.
                    if n.Op = Op.Guard then
                        count n.A row column step
                        count n.C row column step
                        count n.D row column step

    /// One need is met.
    let met k =
        match uses.TryGetValue k with
        | true, n ->
            uses[k] <- n - 1

            if n = 1 then
                match values.TryGetValue k with
                | true, local ->
                    values.Remove k |> ignore
                    code.GiveBack local
                | _ -> ()
        | _ -> ()

    let rec push i row column step =
        let n = nodes[i]

        if n.Op = Op.Constant then
            code.Constant(Width.OfBits n.Bits, n.Element, n.Immediate)
        else
            let k = key i row column step

            match values.TryGetValue k with
            | true, local ->
                code.Load local
                met k
            | _ ->
                if n.Op = Op.Load then
                    addressing.Load(n, row, column, step)
                elif n.Op = Op.LoadBool then
                    addressing.LoadBool(n, row, column, step)
                elif n.Op = Op.Index then
                    addressing.Index(n, row, column, step)
                else
                    if n.A >= 0 then
                        push n.A row column step
                        code.After(nodes, n, 0)

                    if n.B >= 0 then
                        push n.B row column step
                        code.After(nodes, n, 1)

                    if n.C >= 0 then
                        push n.C row column step
                        code.After(nodes, n, 2)

                    code.Apply(n, nodes[n.A].Element)

    /// Puts the value on the stack into memory, for a purpose.
    let spill purpose (w: Width) (e: Element) =
        let k = (int64 w.Bits <<< 8) + (int64 e <<< 4) + int64 purpose

        let local =
            match spilled.TryGetValue k with
            | true, local -> local
            | _ ->
                let local = il.DeclareLocal(w.Vector e)
                spilled.Add(k, local)
                local

        code.Store local
        local

    /// What computes lanes one after the other, for vectors of a type.
    static let scalarMethod (vector: Type) =
        match
            typeof<ScalarLanes>
                .GetMethod(
                    nameof ScalarLanes.Instead,
                    BindingFlags.Static ||| BindingFlags.NonPublic ||| BindingFlags.Public
                )
        with
        | null -> invalidOp "There are no scalar functions."
        | m -> m.MakeGenericMethod vector

    let guard (n: LaneNode) (local: LocalBuilder) row column step =
        let w, e = Width.OfBits n.Bits, n.Element
        push n.B row column step
        code.Store local
        let skip = il.DefineLabel()

        if nodes[n.A].Op <> Op.Constant then
            push n.A row column step
            code.Constant(w, Element.whole e, 0L)
            code.Call(w.Generic("EqualsAll", Element.whole e))
            il.Emit(OpCodes.Brtrue, skip)

        il.Emit(if Element.size e = 4 then OpCodes.Ldc_I4_1 else OpCodes.Ldc_I4_0)
        il.Emit(OpCodes.Ldc_I4, int n.Immediate)
        push n.A row column step
        code.Cast(w, Element.whole e, e)
        code.Load local
        push n.C row column step
        push n.D row column step
        code.Call(scalarMethod (w.Vector e))
        code.Store local
        il.MarkLabel skip
        met (key n.C row column step)
        met (key n.D row column step)

    /// The other words of the same block, or -1.
    let sibling (i: int) : int =
        let n = nodes[i]
        let mutable found = -1

        for j in 0 .. nodes.Length - 1 do
            let m = nodes[j]

            if
                j <> i
                && Op.isDraw m.Op
                && m.A = n.A
                && m.B = n.B
                && m.Immediate = n.Immediate
                && m.Bits = n.Bits
            then
                found <- j

        found

    /// Words of a block into a local, and the others into one of their own where they are needed.
    let draw i (local: LocalBuilder) row column step =
        let n = nodes[i]
        let w, e = Width.OfBits n.Bits, n.Element
        push n.A row column step
        let first = spill 0 w e
        push n.B row column step
        let last = spill 1 w e

        for vector in [| first; last |] do
            il.Emit(OpCodes.Ldloca, vector)
            il.Emit OpCodes.Conv_U

        il.Emit(OpCodes.Ldc_I8, n.Immediate)
        code.Call(RandomBlocks.ofWidth w)

        let take i (local: LocalBuilder) =
            code.Load(if nodes[i].Op = Op.FirstWords then first else last)
            code.Store local

        take i local
        let other = sibling i

        if other >= 0 then
            let k = key other row column step

            if uses.ContainsKey k && not (values.ContainsKey k) then
                let local = code.TakeVector(w, e)
                take other local
                values.Add(k, local)
                met (key n.A row column step)
                met (key n.B row column step)

    let belongsInLocal (op: Op) = op = Op.Guard || Op.isDraw op

    /// Writes into locals what an operation needs and what belongs there.
    let rec prepare i row column step =
        let n = nodes[i]

        if n.Op <> Op.Constant && not (values.ContainsKey(key i row column step)) then
            if n.A >= 0 then ready n.A row column step
            if n.B >= 0 then ready n.B row column step
            if n.C >= 0 then ready n.C row column step
            if n.D >= 0 then ready n.D row column step

    and ready i row column step =
        if nodes[i].Op <> Op.Constant then
            let k = key i row column step

            if not (values.ContainsKey k) then
                prepare i row column step

                // A draw may have come with its sibling.
                if (uses[k] > 1 || belongsInLocal nodes[i].Op) && not (values.ContainsKey k) then
                    put i row column step |> ignore

    and put i row column step =
        let n = nodes[i]
        let local = code.TakeVector(Width.OfBits n.Bits, n.Element)

        if n.Op = Op.Guard then
            guard n local row column step
        elif Op.isDraw n.Op then
            draw i local row column step
        else
            push i row column step
            code.Store local

        values.Add(key i row column step, local)
        local

    member _.Varies(i, axis) = varies i axis
    member _.Key(i, row, column, step) = key i row column step

    /// Forgets what is needed.
    member _.Start() = uses.Clear()

    /// One more need of a value, before any code of the region is written.
    member _.Count(i, row, column, step) = count i row column step

    /// Whether a value is needed once only and lies nowhere yet.
    member _.IsSingle(i, row, column, step) =
        let k = key i row column step
        not (values.ContainsKey k) && uses[k] = 1

    /// Whether a value is needed more than once, and lies nowhere yet.
    member _.IsShared(i, row, column, step) =
        let k = key i row column step

        match uses.TryGetValue k with
        | true, n -> n > 1 && not (values.ContainsKey k)
        | _ -> false

    /// What must stand before the code of an operation's operands.
    member _.Prepare(i, row, column, step) = prepare i row column step

    /// What must stand before the code of a value.
    member _.Ready(i, row, column, step) = ready i row column step

    /// The value onto the stack.
    member _.Push(i, row, column, step) = push i row column step

    /// A value into a local that stays until it is dropped.
    member _.Keep(i, row, column, step) : int64 =
        let k = key i row column step

        if not (values.ContainsKey k) then
            prepare i row column step
            put i row column step |> ignore

        uses.Remove k |> ignore
        k

    /// A local becomes an operation's value.
    member _.Set(i, row, column, step, local: LocalBuilder) =
        let k = key i row column step
        values.Add(k, local)
        k

    member _.Drop(k: int64) =
        code.GiveBack values[k]
        values.Remove k |> ignore
