namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Common subexpressions of two loops. A loop on the way back computes again, round by round, what its derivatives need of the loop
/// on the way there, whose rounds it reads. Of that, products and convolutions are dear: the first loop stacks theirs, and
/// the second reads the stacks. Behind a barrier, which is what `checkpoint` puts up, all is computed again as it was asked for.
module internal BetweenLoops =
    /// Bytes of a stack up to which reading it is better than computing it again.
    [<Literal>]
    let private LargestStack = 67108864L

    /// What a round of the loop at node `Loop` computes at node `Node` of its body, for node `At` of a later loop's body.
    [<Struct; NoComparison; NoEquality>]
    type private Reuse = { Loop: int; Node: int; At: int }

    let private isDear (p: Primitive) =
        match Facts.kind p with
        | Kind.Contraction
        | Kind.Opaque(Kernel.Convolution _) -> true
        | Kind.Opaque _
        | Kind.Source _
        | Kind.Draw _
        | Kind.View _
        | Kind.Elementwise _
        | Kind.Fold _
        | Kind.Transfer _
        | Kind.Custom _ -> false

    /// Whether it gives the same for the same inputs, wherever it is.
    let private isShared (p: Primitive) =
        match Facts.kind p with
        | Kind.View ViewKind.Barrier
        | Kind.Opaque Kernel.Print
        | Kind.Custom _ -> false
        | Kind.View _
        | Kind.Opaque _
        | Kind.Contraction
        | Kind.Source _
        | Kind.Draw _
        | Kind.Elementwise _
        | Kind.Fold _
        | Kind.Transfer _ -> true

    let private firstSequence (s: Scan) = s.Shared + s.Carry

    /// For each node of a later loop's body the node of an earlier one's that has its value in the same round; -1 where there is none.
    let private twins (g: Graph) (first: int) (one: Scan) (second: int) (other: Scan) : int[] =
        let arguments = g.Nodes[first].Inputs
        let known = Dictionary<struct (Primitive * int[] * Device), int>(HashIdentity.Structural)

        for i in 0 .. one.Body.Nodes.Length - 1 do
            let node = one.Body.Nodes[i]

            match node.Operation with
            | Operation.Primitive p when not node.HasItems && isShared p ->
                known.TryAdd(struct (p, node.Inputs, node.Device), i) |> ignore
            | Operation.Primitive _
            | Operation.Input _
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> ()

        /// The input, from one place to another, that is given this node of the graph.
        let given from until (node: int) =
            match Range.tryFind (until - from) (fun k -> arguments[from + k] = node) with
            | ValueSome k -> one.Body.Inputs[from + k]
            | ValueNone -> -1

        let input (k: int) =
            let argument = g.Nodes[second].Inputs[k]
            let node = g.Nodes[argument]

            if k < other.Shared then
                given 0 one.Shared argument
            elif k < firstSequence other then
                -1
            else
                match node.Operation with
                | Operation.Item n when node.Inputs[0] = first && n >= one.Carry -> one.Body.Outputs[n]
                | Operation.Item _
                | Operation.Input _
                | Operation.Constant _
                | Operation.Primitive _
                | Operation.Control _ -> given (firstSequence one) arguments.Length argument

        let twin = Array.create other.Body.Nodes.Length -1

        for i in 0 .. twin.Length - 1 do
            let node = other.Body.Nodes[i]

            match node.Operation with
            | Operation.Input k -> twin[i] <- input k
            | Operation.Primitive p when
                not node.HasItems && isShared p && node.Inputs |> Array.forall (fun j -> twin[j] >= 0)
                ->
                match
                    known.TryGetValue(struct (p, node.Inputs |> Array.map (fun j -> twin[j]), node.Device))
                with
                | true, found -> twin[i] <- found
                | false, _ -> ()
            | Operation.Primitive _
            | Operation.Constant _
            | Operation.Control _
            | Operation.Item _ -> ()

        twin

    /// What a loop need not compute again, of the loops whose stacks it reads.
    let private reuses (g: Graph) (second: int) (other: Scan) : Reuse[] =
        let sources =
            g.Nodes[second].Inputs[firstSequence other ..]
            |> Array.choose (fun argument ->
                let node = g.Nodes[argument]

                match node.Operation with
                | Operation.Item _ -> Some node.Inputs[0]
                | Operation.Input _
                | Operation.Constant _
                | Operation.Primitive _
                | Operation.Control _ -> None)
            |> Array.distinct

        [|
            for first in sources do
                match g.Nodes[first].Operation with
                | Operation.Control(Control.Scan one) when one.Count = other.Count ->
                    let twin = twins g first one second other

                    for i in 0 .. twin.Length - 1 do
                        match other.Body.Nodes[i].Operation with
                        | Operation.Primitive p when
                            twin[i] >= 0 && isDear p && BeforeLoop.bytes other i <= LargestStack
                              ->
                              { Loop = first; Node = twin[i]; At = i }
                        | Operation.Primitive _
                        | Operation.Input _
                        | Operation.Constant _
                        | Operation.Control _
                        | Operation.Item _ -> ()
                | Operation.Control _
                | Operation.Input _
                | Operation.Constant _
                | Operation.Primitive _
                | Operation.Item _ -> ()
        |]
        |> Array.distinctBy _.At

    let private inItself (g: Graph) : Graph =
        let found =
            g.Nodes
            |> Array.mapi (fun i node ->
                match node.Operation with
                | Operation.Control(Control.Scan s) -> reuses g i s
                | Operation.Control _
                | Operation.Input _
                | Operation.Constant _
                | Operation.Primitive _
                | Operation.Item _ -> [||])

        if found |> Array.forall Array.isEmpty then
            g
        else
            // Nodes of each loop's body that are to be stacked.
            let wanted = Array.init g.Nodes.Length (fun _ -> ResizeArray<int>())

            for reuse in Seq.concat found do
                if not (wanted[reuse.Loop].Contains reuse.Node) then wanted[reuse.Loop].Add reuse.Node

            let builder = GraphBuilder()
            let copy = GraphCopy(g, builder)
            copy.Inputs g.Inputs

            /// Its body with further outputs, and reading what it need not compute.
            let loop i (s: Scan) (arguments: int[]) =
                let outputs = Array.append s.Body.Outputs (wanted[i].ToArray())
                let body = { s.Body with Outputs = outputs }

                let stacks =
                    found[i]
                    |> Array.map (fun reuse ->
                        let node = s.Body.Nodes[reuse.At]

                        let before =
                            match g.Nodes[reuse.Loop].Operation with
                            | Operation.Control(Control.Scan one) -> one.Body.Outputs.Length
                            | Operation.Control _
                            | Operation.Input _
                            | Operation.Constant _
                            | Operation.Primitive _
                            | Operation.Item _ -> invalidOp "Only loops are read."

                        builder.Add {
                            node with
                                Operation = Operation.Item(before + wanted[reuse.Loop].IndexOf reuse.Node)
                                Inputs = [| copy[reuse.Loop] |]
                                Shape = Array.append [| s.Count |] node.Shape
                        })

                let nodes = found[i] |> Array.map _.At
                let last = s.Body.Inputs.Length

                let body =
                    if nodes.Length = 0 then
                        body
                    else
                        Graph.insertInputs last (Hoist.like s.Body nodes) body
                        |> Hoist.readFrom (Array.init nodes.Length (fun k -> last + k)) nodes

                struct ({ s with Body = body }, Array.append arguments stacks)

            copy.Rest(fun i node arguments ->
                match node.Operation with
                | Operation.Control(Control.Scan s) ->
                    let struct (s, arguments) = loop i s arguments

                    builder.Add {
                        node with
                            Operation = Operation.Control(Control.Scan s)
                            Inputs = arguments
                    }
                | Operation.Control _
                | Operation.Input _
                | Operation.Constant _
                | Operation.Primitive _
                | Operation.Item _ -> builder.Add { node with Inputs = arguments })

            builder.ToGraph(copy.All g.Outputs)

    /// Inner loops first.
    let rec graph (g: Graph) : Graph =
        {
            g with
                Nodes =
                    g.Nodes
                    |> Array.map (fun node ->
                        match node.Operation with
                        | Operation.Control control -> {
                            node with
                                Operation = Operation.Control(BeforeLoop.inside graph control)
                          }
                        | Operation.Input _
                        | Operation.Constant _
                        | Operation.Primitive _
                        | Operation.Item _ -> node)
        }
        |> inItself
