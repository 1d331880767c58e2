namespace Cotangent.Compiler

open System.Collections.Concurrent
open System.Collections.Generic
open System.Runtime.CompilerServices
open Cotangent
open Cotangent.Differentiation

/// What of a graph has tangents, or cotangents, known without computing any: control flow carries those and no others. A
/// change that is absent is no 0, which an infinite slope would make NaN.
module internal Activity =
    let private union = Array.map2 (||)
    let private isFloat (g: Graph) (i: int) = g.Nodes[i].DType.HasDerivatives

    /// Whether a change can go through a node: some of its items may be floats.
    let private carries (node: Node) = node.HasItems || node.DType.HasDerivatives

    /// A user's own derivative gives all that are floats a change.
    let private isFollowed (f: CustomFunction) =
        match f with
        | :? CustomDerivative as f -> f.IsFollowed
        | _ -> false

    /// What was found of a graph. A body is asked several times by each of the loops around it, so that of bodies in bodies all
    /// would be asked exponentially often.
    [<Sealed; AllowNullLiteral>]
    type private Known() =
        member val Outputs = ConcurrentDictionary<string, bool[]>()
        member val Inputs = ConcurrentDictionary<string, bool[]>()
        member val IsSteep: bool voption = ValueNone with get, set

    let private known = ConditionalWeakTable<Graph, Known>()
    let private knownOf (g: Graph) = known.GetValue(g, (fun _ -> Known()))

    let private asked (answers: ConcurrentDictionary<string, bool[]>) (marks: bool[]) (find: unit -> bool[]) =
        let key = System.String(marks |> Array.map (fun isMarked -> if isMarked then '1' else '0'))
        // Found outside of the dictionary: it asks of other graphs.
        match answers.TryGetValue key with
        | true, answer -> answer
        | false, _ ->
            let answer = find ()
            answers[key] <- answer
            answer

    /// Grows marks of a carry until a round adds none.
    let rec private settled (round: bool[] -> bool[]) (marks: bool[]) =
        let next = union marks (round marks)
        if next = marks then marks else settled round next

    /// Which outputs change with the inputs marked.
    let rec outputs (g: Graph) (inputs: bool[]) : bool[] =
        asked (knownOf g).Outputs inputs (fun () -> findOutputs g inputs)

    and private findOutputs (g: Graph) (inputs: bool[]) : bool[] =
        let active = Array.create g.Nodes.Length false
        let ofControl = Dictionary<int, bool[]>()

        for i in 0 .. g.Nodes.Length - 1 do
            let node = g.Nodes[i]

            match node.Operation with
            | Operation.Input n -> active[i] <- inputs[n] && node.DType.HasDerivatives
            | Operation.Constant _ -> ()
            | Operation.Primitive p ->
                for k in 0 .. node.Inputs.Length - 1 do
                    if active[node.Inputs[k]] && carries node && Derivatives.depends p k then
                        active[i] <- true
            | Operation.Control control ->
                ofControl[i] <- results control (node.Inputs |> Array.map (fun j -> active[j]))
            | Operation.Item k ->
                let source = node.Inputs[0]

                let changes =
                    match ofControl.TryGetValue source with
                    | true, results -> results[k]
                    | false, _ -> active[source]

                active[i] <- changes && node.DType.HasDerivatives

        g.Outputs |> Array.map (fun i -> active[i])

    /// The parts of the carry that have a tangent at the beginning of some round.
    and carried (body: Graph) (shared: int) (carry: int) (inputs: bool[]) : bool[] =
        let round (marks: bool[]) =
            let given = Array.concat [ inputs[.. shared - 1]; marks; inputs[shared + carry ..] ]
            (outputs body given)[.. carry - 1]

        settled round inputs[shared .. shared + carry - 1]

    /// Which results of control flow change with the inputs marked.
    and results (control: Control) (inputs: bool[]) : bool[] =
        match control with
        | Control.Scan s ->
            let carry = carried s.Body s.Shared s.Carry inputs

            let last =
                outputs
                    s.Body
                    (Array.concat [ inputs[.. s.Shared - 1]; carry; inputs[s.Shared + s.Carry ..] ])

            // With no round the carry comes out as it went in.
            if s.Count > 0 then last else Array.append carry last[s.Carry ..]
        | Control.While w -> carried w.Body w.Shared (inputs.Length - w.Shared) inputs
        | Control.Cond c -> union (outputs c.OnTrue inputs[1..]) (outputs c.OnFalse inputs[1..])
        | Control.Call c ->
            if isFollowed c.Function then
                outputs c.Body inputs
            else
                c.Body.Outputs |> Array.map (fun i -> isFloat c.Body i && Array.contains true inputs)

    /// Which inputs have cotangents, of those outputs that are marked.
    let rec inputs (g: Graph) (outputs: bool[]) : bool[] =
        asked (knownOf g).Inputs outputs (fun () -> findInputs g outputs)

    and private findInputs (g: Graph) (outputs: bool[]) : bool[] =
        let active = Array.create g.Nodes.Length false
        let ofControl = Dictionary<int, bool[]>()
        let mark i = if isFloat g i then active[i] <- true

        Array.iter2 (fun i isMarked -> if isMarked then mark i) g.Outputs outputs

        for i in g.Nodes.Length - 1 .. -1 .. 0 do
            let node = g.Nodes[i]

            match node.Operation with
            | Operation.Input _
            | Operation.Constant _ -> ()
            | Operation.Primitive p ->
                if active[i] then
                    for k in 0 .. node.Inputs.Length - 1 do
                        if Derivatives.depends p k then mark node.Inputs[k]
            | Operation.Item k ->
                if active[i] then
                    let control = node.Inputs[0]

                    match g.Nodes[control].Operation with
                    | Operation.Control c ->
                        if not (ofControl.ContainsKey control) then
                            ofControl[control] <- Array.create (Graph.results c).Length false

                        ofControl[control][k] <- true
                    | Operation.Input _
                    | Operation.Constant _
                    | Operation.Primitive _
                    | Operation.Item _ -> active[control] <- true
            | Operation.Control control ->
                match ofControl.TryGetValue i with
                | true, marks ->
                    Array.iter2
                        (fun j isMarked -> if isMarked then mark j)
                        node.Inputs
                        (arguments control node.Inputs.Length marks)
                | false, _ -> ()

        g.Inputs |> Array.map (fun i -> active[i])

    /// The parts of the carry that have a cotangent at the end of some round, the results being marked that are read.
    and returned (body: Graph) (shared: int) (carry: int) (results: bool[]) : bool[] =
        let round (marks: bool[]) =
            (inputs body (Array.append marks results[carry..]))[shared .. shared + carry - 1]

        settled round results[.. carry - 1]

    /// Which inputs of control flow, `count` of them, have cotangents, of those results that are marked.
    and arguments (control: Control) (count: int) (results: bool[]) : bool[] =
        match control with
        | Control.Scan s ->
            let carry = returned s.Body s.Shared s.Carry results
            let first = inputs s.Body (Array.append carry results[s.Carry ..])

            if s.Count > 0 then
                first
            else
                Array.init count (fun i -> i >= s.Shared && i < s.Shared + s.Carry && results[i - s.Shared])
        | Control.While w ->
            let carry = returned w.Body w.Shared (count - w.Shared) results
            let found = inputs w.Body carry
            Array.append found[.. w.Shared - 1] carry
        | Control.Cond c ->
            Array.append [| false |] (union (inputs c.OnTrue results) (inputs c.OnFalse results))
        | Control.Call c ->
            if isFollowed c.Function then
                inputs c.Body results
            else
                c.Body.Inputs |> Array.map (fun i -> isFloat c.Body i && Array.contains true results)

    /// Whether somewhere in a graph a change of 0 may meet an infinite slope at numbers that are finite themselves.
    let rec isSteep (g: Graph) : bool =
        let known = knownOf g

        match known.IsSteep with
        | ValueSome answer -> answer
        | ValueNone ->
            let answer = findSteep g
            known.IsSteep <- ValueSome answer
            answer

    and private findSteep (g: Graph) : bool =
        let isKnown i =
            match g.Nodes[i].Operation with
            | Operation.Primitive(Primitive.Full(Literal.Real x, _, _)) -> x <> 0.0
            | Operation.Primitive(Primitive.Full(Literal.Whole n, _, _)) -> n <> 0L
            | Operation.Constant _
            | Operation.Input _
            | Operation.Primitive _
            | Operation.Control _
            | Operation.Item _ -> false

        g.Nodes
        |> Array.exists (fun node ->
            match node.Operation with
            | Operation.Primitive(Primitive.Binary Binary.Divide) when isKnown node.Inputs[1] -> false
            | Operation.Primitive p -> carries node && Facts.isSteep p
            | Operation.Control(Control.Call c) when not (isFollowed c.Function) -> true
            | Operation.Control control -> Graph.bodies control |> List.exists (snd >> isSteep)
            | Operation.Input _
            | Operation.Constant _
            | Operation.Item _ -> false)
