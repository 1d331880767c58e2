namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Engines
open Cotangent.Inlined // in place of functions of Array and List

/// Rewrites a graph into one that computes the same values with less: calls in line, control flow that needs none,
/// primitives by the rules of the rewriter, unused ones not at all. One walk forward, since each node comes after its
/// inputs, and one back.
module internal Simplify =
    /// The node of one round's slices, and a round's result as the one slice of a stack.
    let private sliceOf (r: Rewriter) i =
        let node = r.Builder[i]
        r.Apply(Primitive.Reshape node.Shape[1..], [| i |], node.Device)

    let private stackOf (r: Rewriter) i =
        let node = r.Builder[i]
        r.Apply(Primitive.Reshape(Array.append [| 1 |] node.Shape), [| i |], node.Device)

    /// What a body need not be handed: the numbers that an input always has, or another input that is the same.
    [<RequireQualifiedAccess; Struct; NoComparison; NoEquality>]
    type private Known =
        | Unknown
        | Node of node: Node
        | Twin of input: int

    /// What is known of inputs that stand for nodes of the graph around.
    let private known (r: Rewriter) (arguments: int[]) : Known[] =
        arguments
        |> Array.mapi (fun k i ->
            let node = r.Builder[i]

            match node.Operation with
            | Operation.Primitive(Primitive.Full _ | Primitive.Iota _) -> Known.Node node
            | Operation.Constant b when Shape.count b.Shape <= Constants.mostFolded -> Known.Node node
            | Operation.Input _
            | Operation.Constant _
            | Operation.Primitive _
            | Operation.Control _
            | Operation.Item _ ->
                match System.Array.IndexOf(arguments, i) with
                | first when first < k -> Known.Twin first
                | _ -> Known.Unknown)

    let private unknown count = Array.create count Known.Unknown

    /// The truth of a test that is known while compiling.
    let private truth (node: Node) : bool voption =
        match node.Operation with
        | Operation.Primitive(Primitive.Full(Literal.Whole n, DType.Bool, _)) -> ValueSome(n <> 0L)
        | Operation.Primitive(Primitive.Full(Literal.Real x, DType.Bool, _)) -> ValueSome(x <> 0.0)
        | Operation.Constant b when b.DType = DType.Bool ->
            match Constants.literal ((Engines.forDevice b.Device).ToHost b) with
            | Literal.Whole n -> ValueSome(n <> 0L)
            | Literal.Real x -> ValueSome(x <> 0.0)
        | Operation.Input _
        | Operation.Constant _
        | Operation.Primitive _
        | Operation.Control _
        | Operation.Item _ -> ValueNone

    let rec private rewrite (r: Rewriter) (g: Graph) (inputs: int[]) : int[] =
        let copy = GraphCopy(g, r.Builder)
        // Results of control flow that turned out to be none.
        let inLine = Dictionary<int, int[]>()

        copy.Rest(fun i node arguments ->
            match node.Operation with
            | Operation.Input n -> inputs[n]
            | Operation.Constant _ -> r.Add node
            | Operation.Primitive _ when node.HasItems -> r.Add { node with Inputs = arguments }
            | Operation.Primitive p -> r.Apply(p, arguments, node.Device)
            | Operation.Control control ->
                match straight r control arguments with
                | ValueSome results ->
                    inLine[i] <- results
                    -1
                | ValueNone ->
                    let control = inside r control arguments
                    r.Add { node with Operation = Operation.Control control; Inputs = arguments }
            | Operation.Item n ->
                match inLine.TryGetValue node.Inputs[0] with
                | true, results -> results[n]
                | false, _ -> r.Add { node with Inputs = arguments })

        copy.All g.Outputs

    /// The results of control flow that needs no control: a call, one round or none, a test whose outcome is known.
    and private straight (r: Rewriter) (control: Control) (arguments: int[]) : int[] voption =
        let inLine (body: Graph) arguments = rewrite r (DeadCode.eliminate body) arguments

        match control with
        | Control.Call call -> if r.IsLast then ValueSome(inLine call.Body arguments) else ValueNone
        | Control.Scan s when s.Count = 0 ->
            let device i = s.Body.Nodes[s.Body.Outputs[i]].Device

            let nothing i (result: Signature) =
                let p = Primitive.Full(Literal.Whole 0L, result.DType, result.Shape)
                r.Apply(p, [||], device i)

            Graph.results control
            |> Array.mapi (fun i result -> if i < s.Carry then arguments[s.Shared + i] else nothing i result)
            |> ValueSome
        | Control.Scan s when s.Count = 1 ->
            let handed, sequences = arguments[.. s.Shared + s.Carry - 1], arguments[s.Shared + s.Carry ..]

            Array.append handed (sequences |> Array.map (sliceOf r))
            |> inLine s.Body
            |> Array.mapi (fun i result -> if i < s.Carry then result else stackOf r result)
            |> ValueSome
        | Control.Scan _ -> ValueNone
        | Control.While w ->
            // A condition that never holds, whatever goes round.
            match truth w.Condition.Nodes[w.Condition.Outputs[0]] with
            | ValueSome false -> ValueSome arguments[w.Shared ..]
            | ValueSome true
            | ValueNone -> ValueNone
        | Control.Cond c ->
            match truth r.Builder[arguments[0]] with
            | ValueSome true -> ValueSome(inLine c.OnTrue arguments[1..])
            | ValueSome false -> ValueSome(inLine c.OnFalse arguments[1..])
            | ValueNone -> ValueNone

    and private inside (r: Rewriter) (control: Control) (arguments: int[]) : Control =
        let shared count changing = Array.append (known r arguments[.. count - 1]) (unknown changing)

        match control with
        | Control.Scan s ->
            Control.Scan {
                s with
                    Body = body r.Target r.IsLast (shared s.Shared (arguments.Length - s.Shared)) s.Body
            }
        | Control.While w ->
            let known = shared w.Shared (arguments.Length - w.Shared)

            Control.While {
                w with
                    Condition = body r.Target r.IsLast known w.Condition
                    Body = body r.Target r.IsLast known w.Body
            }
        | Control.Cond c ->
            let known = known r arguments[1..]

            Control.Cond {
                OnTrue = body r.Target r.IsLast known c.OnTrue
                OnFalse = body r.Target r.IsLast known c.OnFalse
            }
        | Control.Call c ->
            Control.Call { c with Body = body r.Target r.IsLast (unknown arguments.Length) c.Body }

    /// The simplified graph: the same inputs, some of which may no longer be read, and outputs.
    and private body (target: Target) last (known: Known[]) (g: Graph) : Graph =
        let r = Rewriter(target, last)

        let own =
            g.Inputs
            |> Array.map (fun i ->
                let node = g.Nodes[i]
                r.Builder.Input(node.DType, node.Shape, node.Device))

        let inputs =
            known
            |> Array.mapi (fun k known ->
                match known with
                | Known.Unknown -> own[k]
                | Known.Node node -> r.Add node
                | Known.Twin first -> own[first])

        let outputs = rewrite r (DeadCode.eliminate g) inputs
        DeadCode.eliminate (r.Builder.ToGraph outputs)

    /// The simplified graph: the same inputs and outputs.
    let graph (target: Target) (g: Graph) : Graph = body target true (unknown g.Inputs.Length) g

    /// The same, where derivatives are still to be taken of the result.
    let differentiable (target: Target) (g: Graph) : Graph = body target false (unknown g.Inputs.Length) g
