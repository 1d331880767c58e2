namespace Cotangent.Compiler

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Computes before a loop, for all of its rounds at once, what depends on the number of the round and on slices of the
/// sequences but on nothing that the rounds hand on: draws of random numbers, functions of those, products of what comes
/// in with shared weights. A round then reads its slice. One draw after the other takes the time of its longest chain of
/// instructions, many together a fraction of it; and a product for all rounds is one of matrices.
module internal BeforeLoop =
    /// Prices from which elementwise work is worth the memory.
    [<Literal>]
    let private Dear = 10

    /// What rounds may do with a primitive.
    type private Move =
        /// Not in another order, nor all together, nor elsewhere.
        | Never = 0
        /// So where that is worth it for what reads it, or what it reads.
        | Along = 1
        /// It is worth it by itself.
        | Gain = 2

    let private move (p: Primitive) : Move =
        match Facts.kind p with
        // Behind a barrier things are meant to be computed where they are.
        | Kind.View ViewKind.Barrier
        | Kind.Opaque Kernel.Print
        | Kind.Transfer _
        | Kind.Custom _ -> Move.Never
        | Kind.Draw _
        | Kind.Contraction -> Move.Gain
        | Kind.Elementwise work -> if Facts.price work >= Dear then Move.Gain else Move.Along
        | Kind.Source _
        | Kind.View _
        | Kind.Fold _
        | Kind.Opaque _ -> Move.Along

    let isWorthIt (p: Primitive) = (move p = Move.Gain)

    let canMove (target: Target) (node: Node) (p: Primitive) =
        move p <> Move.Never && target.Serves node.Device

    /// What each round adds to a part of the carry, where that is all that becomes of it.
    let private stepOf (s: Scan) (k: int) : Literal voption =
        let body = s.Body
        let output = body.Nodes[body.Outputs[k]]

        match output.Operation with
        // Positions of narrow integers, which wrap around, are none.
        | Operation.Primitive(Primitive.Binary Binary.Add) when
            output.DType.IsInteger && DTypes.hasLanes output.DType
            ->
            let own = body.Inputs[s.Shared + k]

            let other =
                if output.Inputs[0] = own then output.Inputs[1]
                elif output.Inputs[1] = own then output.Inputs[0]
                else own

            match body.Nodes[other].Operation with
            | Operation.Primitive(Primitive.Full(step, _, _)) -> ValueSome step
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Control _
            | Operation.Item _ -> ValueNone
        | Operation.Input _
        | Operation.Constant _
        | Operation.Primitive _
        | Operation.Control _
        | Operation.Item _ -> ValueNone

    /// Of a node's values in all rounds.
    let bytes (s: Scan) (i: int) =
        let node = s.Body.Nodes[i]
        let size (shape: int[]) (dtype: DType) = int64 (Shape.count shape) * int64 dtype.Size

        int64 s.Count
        * (if node.HasItems then
               Graph.items s.Body i |> Array.sumBy (fun item -> size item.Shape item.DType)
           else
               size node.Shape node.DType)

    /// Nodes to compute ahead: those of them that what stays in the loop reads.
    let private frontier (target: Target) (s: Scan) (steps: Literal voption[]) : int[] =
        let body = s.Body
        let n = body.Nodes.Length
        // The same in every round; known before the loop; and of these, what is worth it.
        let fixed', known, moves = Array.create n false, Array.create n false, Array.create n false

        for i in 0 .. n - 1 do
            let node = body.Nodes[i]

            match node.Operation with
            | Operation.Input k ->
                let carry = k - s.Shared
                fixed'[i] <- carry < 0
                known[i] <- carry < 0 || carry >= s.Carry || steps[carry].IsSome
            | Operation.Constant _ ->
                fixed'[i] <- true
                known[i] <- true
            | Operation.Primitive p ->
                fixed'[i] <- node.Inputs |> Array.forall (fun j -> fixed'[j])

                known[i] <-
                    canMove target node p
                    && bytes s i <= target.LargestStack
                    && node.Inputs |> Array.forall (fun j -> known[j])

                moves[i] <-
                    known[i]
                    && not fixed'[i]
                    && (isWorthIt p || node.Inputs |> Array.exists (fun j -> moves[j]))
            // Of a primitive, what that is.
            | Operation.Item _ ->
                let source = node.Inputs[0]
                fixed'[i] <- fixed'[source]
                known[i] <- known[source]
                moves[i] <- moves[source]
            | Operation.Control _ -> ()

        let isRead =
            GraphWalk.back
                (fun i isRead ->
                    // Views cost nothing where they are, and may be of few numbers.
                    if moves[i] && isRead && Graph.isSpread body.Nodes[i] then moves[i] <- false
                    not moves[i])
                body
                body.Outputs

        [|
            for i in 0 .. n - 1 do
                if moves[i] && isRead[i] then i
        |]

    /// Nodes of one graph put into another, whose nodes stand for its inputs; its outputs there.
    let inLine (builder: GraphBuilder) (g: Graph) (arguments: int[]) : int[] =
        let copy = GraphCopy(g, builder)
        copy.Replace(g.Inputs, arguments)
        copy.Rest()
        copy.All g.Outputs

    /// start, start + step, start + 2 step, …: what a part of the carry is in each round.
    let private counted (count: int) (step: Literal) (builder: GraphBuilder) (start: int) : int =
        let node = builder[start]
        let whole = Array.append [| count |] node.Shape

        let add (p: Primitive) (inputs: int[]) =
            let like: Signature[] =
                inputs |> Array.map (fun i -> { DType = builder[i].DType; Shape = builder[i].Shape })

            let result = ShapeRule.one p like

            builder.Add {
                Operation = Operation.Primitive p
                Inputs = inputs
                DType = result.DType
                Shape = result.Shape
                Device = node.Device
                Place = ""
            }

        let spread i = add (Primitive.Broadcast whole) [| i |]
        let rounds = add (Primitive.Iota(node.DType, count)) [||]
        let ones = Array.create node.Shape.Length 1
        let rounds = add (Primitive.Reshape(Array.append [| count |] ones)) [| rounds |]
        let step = add (Primitive.Full(step, node.DType, whole)) [||]
        let moved = add (Primitive.Binary Binary.Multiply) [| spread rounds; step |]
        add (Primitive.Binary Binary.Add) [| spread start; moved |]

    let private scan
        (target: Target)
        (builder: GraphBuilder)
        (s: Scan)
        (arguments: int[])
        : struct (Scan * int[]) =
        let unchanged = struct (s, arguments)

        if s.Reverse || s.Count < 2 then
            unchanged
        else
            let steps = Array.init s.Carry (stepOf s)
            let found = frontier target s steps

            if found.Length = 0 || found |> Array.sumBy (bytes s) > target.LargestStack then
                unchanged
            else
                let varies =
                    Array.init arguments.Length (fun k ->
                        let carry = k - s.Shared
                        carry >= s.Carry || carry >= 0 && steps[carry].IsSome)

                let given =
                    arguments
                    |> Array.mapi (fun k i ->
                        let carry = k - s.Shared

                        if varies[k] && carry < s.Carry then
                            match steps[carry] with
                            | ValueSome step -> counted s.Count step builder i
                            | ValueNone -> i
                        else
                            i)

                let like =
                    given
                    |> Array.map (fun i ->
                        ({ DType = builder[i].DType; Shape = builder[i].Shape }: Signature),
                        builder[i].Device)

                let one = DeadCode.keep [||] { s.Body with Outputs = found }

                let all =
                    Stage.closed
                        "scan"
                        (BodyRules.batch "scan" s.Count (GraphInterpreter.Run one) varies)
                        like

                let made = inLine builder (DeadCode.eliminate all) given
                let last = s.Body.Inputs.Length
                let at = Array.init found.Length (fun k -> last + k)
                let inserted = Hoist.like s.Body found
                let body = Graph.insertInputs last inserted s.Body |> Hoist.readFrom at found
                struct ({ s with Body = body }, Array.append arguments made)

    /// A pass on the bodies of control flow.
    let inside (pass: Graph -> Graph) (control: Control) : Control =
        match control with
        | Control.Scan s -> Control.Scan { s with Body = pass s.Body }
        | Control.While w -> Control.While { w with Condition = pass w.Condition; Body = pass w.Body }
        | Control.Cond c -> Control.Cond { OnTrue = pass c.OnTrue; OnFalse = pass c.OnFalse }
        | Control.Call c -> Control.Call { c with Body = pass c.Body }

    /// Inner loops first.
    let rec graph (target: Target) (g: Graph) : Graph =
        let builder = GraphBuilder()
        let copy = GraphCopy(g, builder)
        copy.Inputs g.Inputs

        copy.Rest(fun _ node arguments ->
            match node.Operation with
            | Operation.Control(Control.Scan s) ->
                let s = { s with Body = graph target s.Body }
                let struct (s, arguments) = scan target builder s arguments
                builder.Add { node with Operation = Operation.Control(Control.Scan s); Inputs = arguments }
            | Operation.Control control ->
                let control = Operation.Control(inside (graph target) control)
                builder.Add { node with Operation = control; Inputs = arguments }
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Item _ -> builder.Add { node with Inputs = arguments })

        builder.ToGraph(copy.All g.Outputs)
