namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Computes after a loop, for all of its rounds at once, what nothing in the loop waits for: what a round only adds to a
/// running sum, such as its loss. A round then stores what that is made of, and the sum is one of a stack.
module internal AfterLoop =
    /// The part of a carry that becomes a sum, the node of the sum and that of what is added to it or taken away.
    [<Struct; NoComparison; NoEquality>]
    type private RunningSum = { Carry: int; Sum: int; Term: int; Op: Binary }

    [<RequireQualifiedAccess; Struct>]
    type private Stack =
        | Sequence of input: int
        | Output of output: int
        | Nowhere

    /// Numbers that are the same in every round and are no node of the loop.
    let private isGiven (s: Scan) (i: int) =
        match s.Body.Nodes[i].Operation with
        | Operation.Input k -> k < s.Shared
        | Operation.Constant _
        | Operation.Primitive(Primitive.Full _ | Primitive.Iota _) -> true
        | Operation.Primitive _
        | Operation.Control _
        | Operation.Item _ -> false

    let private totals (target: Target) (s: Scan) (uses: int[]) : RunningSum[] = [|
        for k in 0 .. s.Carry - 1 do
            let own = s.Body.Inputs[s.Shared + k]
            let sum = s.Body.Outputs[k]
            let node = s.Body.Nodes[sum]

            match node.Operation with
            | Operation.Primitive(Primitive.Binary(Binary.Add | Binary.Subtract as op)) when
                uses[own] = 1 && uses[sum] = 1 && target.Serves node.Device && DTypes.hasLanes node.DType
                ->
                if node.Inputs[0] = own then
                    { Carry = k; Sum = sum; Term = node.Inputs[1]; Op = op }
                elif node.Inputs[1] = own && op = Binary.Add then
                    { Carry = k; Sum = sum; Term = node.Inputs[0]; Op = op }
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Control _
            | Operation.Item _ -> ()
    |]

    /// Nodes that nothing but sums needs.
    let private tail (target: Target) (s: Scan) (totals: RunningSum[]) : bool[] =
        let body = s.Body
        let isSum, moves = Array.create body.Nodes.Length false, Array.create body.Nodes.Length false

        for t in totals do
            isSum[t.Sum] <- true

        /// A sum of products of stacks is one product: theirs are never stacked (see Products.contracted).
        let isContracted i =
            let node = body.Nodes[i]

            match node.Operation with
            | Operation.Primitive Primitive.MatMul ->
                node.Shape.Length = 2
                && totals |> Array.exists (fun t -> t.Term = i)
                && node.Inputs |> Array.forall (fun j -> not (isGiven s j))
            | Operation.Primitive _
            | Operation.Input _
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> false

        let canMove i =
            let node = body.Nodes[i]

            match node.Operation with
            | Operation.Primitive p ->
                BeforeLoop.canMove target node p
                && (BeforeLoop.bytes s i <= target.LargestStack || isContracted i)
            | Operation.Input _
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> false

        GraphWalk.back
            (fun i isNeeded ->
                moves[i] <- not isSum[i] && not isNeeded && canMove i
                not isSum[i] && not moves[i])
            body
            (body.Outputs |> Array.filter (fun i -> not isSum[i]))
        |> ignore

        moves

    /// Where a node's values of all rounds are already: in a sequence, or in a stack.
    let private stackOf (s: Scan) (i: int) : Stack =
        match s.Body.Nodes[i].Operation with
        | Operation.Input k when k >= s.Shared + s.Carry -> Stack.Sequence k
        | Operation.Input _
        | Operation.Constant _
        | Operation.Primitive _
        | Operation.Control _
        | Operation.Item _ ->
            match System.Array.IndexOf(s.Body.Outputs, i, s.Carry) with
            | -1 -> Stack.Nowhere
            | k -> Stack.Output k

    /// Bytes of the stacks that are still to be made.
    let private newBytes (s: Scan) (found: int[]) =
        found
        |> Array.sumBy (fun i ->
            match stackOf s i with
            | Stack.Nowhere -> BeforeLoop.bytes s i
            | Stack.Sequence _
            | Stack.Output _ -> 0L)

    /// What moved nodes, and the terms, are made of; in the order of the body.
    let private frontier (s: Scan) (totals: RunningSum[]) (moves: bool[]) : int[] =
        let isRead = GraphWalk.back (fun i _ -> moves[i]) s.Body (totals |> Array.map _.Term)

        [|
            for i in 0 .. moves.Length - 1 do
                if isRead[i] && not moves[i] && not (isGiven s i) then i
        |]

    let private isWorthIt (body: Graph) (moves: bool[]) =
        let mutable found = false

        for i in 0 .. moves.Length - 1 do
            match body.Nodes[i].Operation with
            | Operation.Primitive p -> if moves[i] && BeforeLoop.isWorthIt p then found <- true
            | Operation.Input _
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> ()

        found

    let private like (node: Node) : Signature * Device =
        { DType = node.DType; Shape = node.Shape }, node.Device

    /// The terms of all rounds, stacked, from shared inputs and the stacks of the frontier.
    let private terms (s: Scan) (totals: RunningSum[]) (found: int[]) : Graph =
        let body = s.Body
        let builder = GraphBuilder()
        let copy = GraphCopy(body, builder)
        copy.Inputs(Array.append body.Inputs[.. s.Shared - 1] found)
        let terms = totals |> Array.map _.Term
        copy.Nodes(GraphWalk.ancestorsUpTo copy.Has body terms)
        let one = builder.ToGraph(copy.All terms)
        let isStacked = Array.init one.Inputs.Length (fun k -> k >= s.Shared)

        let given =
            one.Inputs
            |> Array.mapi (fun k i ->
                let signature, device = like one.Nodes[i]

                (if isStacked[k] then
                     { signature with Shape = Array.append [| s.Count |] signature.Shape }
                 else
                     signature),
                device)

        Stage.closed "scan" (BodyRules.batch "scan" s.Count (GraphInterpreter.Run one) isStacked) given

    /// The loop without these sums, which are taken after it, of what moves.
    let private apart
        (target: Target)
        (builder: GraphBuilder)
        (control: Node)
        (s: Scan)
        (arguments: int[])
        (totals: RunningSum[])
        (found: int[])
        =
        let outputs = Array.copy s.Body.Outputs

        for t in totals do
            outputs[t.Carry] <- s.Body.Inputs[s.Shared + t.Carry]

        let missing = found |> Array.filter (fun i -> (stackOf s i).IsNowhere)
        let body = DeadCode.eliminate { s.Body with Outputs = Array.append outputs missing }
        let loop = { s with Body = body }

        let made =
            builder.Add { control with Operation = Operation.Control(Control.Scan loop); Inputs = arguments }

        let add operation (inputs: int[]) dtype shape =
            builder.Add {
                Operation = operation
                Inputs = inputs
                DType = dtype
                Shape = shape
                Device = target.Device
                Place = ""
            }

        let stacks =
            found
            |> Array.map (fun i ->
                let node = s.Body.Nodes[i]

                let item k =
                    add (Operation.Item k) [| made |] node.DType (Array.append [| s.Count |] node.Shape)

                match stackOf s i with
                | Stack.Sequence k -> arguments[k]
                | Stack.Output k -> item k
                | Stack.Nowhere -> item (outputs.Length + System.Array.IndexOf(missing, i)))

        let all = DeadCode.eliminate (terms s totals found)

        let terms = BeforeLoop.inLine builder all (Array.append arguments[.. s.Shared - 1] stacks)

        let sums =
            Array.map2
                (fun t term ->
                    let node = s.Body.Nodes[t.Sum]
                    let sum = Operation.Primitive(Primitive.Reduce(Reduction.Sum, [| 0 |]))
                    let total = add sum [| term |] node.DType node.Shape
                    let op = Operation.Primitive(Primitive.Binary t.Op)

                    struct (t.Carry, add op [| arguments[s.Shared + t.Carry]; total |] node.DType node.Shape))
                totals
                terms

        struct (made, sums)

    /// The loop without the sums, and these.
    let private scan (target: Target) (builder: GraphBuilder) (control: Node) (s: Scan) (arguments: int[]) =
        let whole () =
            struct (builder.Add {
                        control with
                            Operation = Operation.Control(Control.Scan s)
                            Inputs = arguments
                    },
                    [||])

        if s.Count < 2 then
            whole ()
        else
            let totals = totals target s (GraphWalk.readers s.Body)
            let moves = tail target s totals
            let found = frontier s totals moves

            if
                totals.Length = 0
                || not (isWorthIt s.Body moves)
                || not (found |> Array.forall (fun i -> target.Serves s.Body.Nodes[i].Device))
                || newBytes s found > target.LargestStack
            then
                whole ()
            else
                apart target builder control s arguments totals found

    /// Inner loops first.
    let rec graph (target: Target) (g: Graph) : Graph =
        let builder = GraphBuilder()
        let copy = GraphCopy(g, builder)
        let instead = Dictionary<struct (int * int), int>()
        copy.Inputs g.Inputs

        copy.Rest(fun i node arguments ->
            let plain operation = builder.Add { node with Operation = operation; Inputs = arguments }

            match node.Operation with
            | Operation.Control(Control.Scan s) ->
                let s = { s with Body = graph target s.Body }
                let struct (made, sums) = scan target builder node s arguments

                for struct (carry, sum) in sums do
                    instead[struct (i, carry)] <- sum

                made
            | Operation.Control control ->
                plain (Operation.Control(BeforeLoop.inside (graph target) control))
            | Operation.Item k ->
                match instead.TryGetValue(struct (node.Inputs[0], k)) with
                | true, sum -> sum
                | false, _ -> plain node.Operation
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _ -> plain node.Operation)

        DeadCode.eliminate (builder.ToGraph(copy.All g.Outputs))
