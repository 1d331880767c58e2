namespace Cotangent.Compiler

open System.Collections.Generic
open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Takes out of loops and choices what goes round for nobody: carries and results that are not read, inputs that a body
/// does not use; and carries that never change, which are shared inputs. One walk back over the graph, which tells what is
/// read; bodies the same way.
module internal Prune =
    /// What has become of a result.
    [<RequireQualifiedAccess; Struct>]
    type private Result =
        | Gone
        /// A result of the control flow that is left.
        | At of index: int
        /// What that input of the control flow is.
        | SameAs of input: int

    /// Control flow with less to do: which of its inputs it takes now, in order, and where its results are.
    [<NoComparison; NoEquality>]
    type private Smaller = { Control: Control; Takes: int[]; Results: Result[] }

    let private places (marks: bool[]) = [|
        for i in 0 .. marks.Length - 1 do
            if marks[i] then i
    |]

    /// Marks what a node depends on; the inputs met.
    let private reach (g: Graph) (seen: bool[]) (from: int) : int list =
        let waiting = Stack [ from ]
        let mutable inputs = []

        while waiting.Count > 0 do
            let i = waiting.Pop()

            if not seen[i] then
                seen[i] <- true

                match g.Nodes[i].Operation with
                | Operation.Input n -> inputs <- n :: inputs
                | Operation.Constant _
                | Operation.Primitive _
                | Operation.Control _
                | Operation.Item _ ->
                    for j in g.Nodes[i].Inputs do
                        waiting.Push j

        inputs

    /// The graph with some of its inputs and outputs only; the others are not read.
    let private restrict (inputs: int[]) (outputs: int[]) (g: Graph) : Graph =
        let outputs = outputs |> Array.map (fun k -> g.Outputs[k])
        let builder = GraphBuilder()
        let copy = GraphCopy(g, builder)
        copy.Inputs(inputs |> Array.map (fun k -> g.Inputs[k]))
        copy.Nodes(GraphWalk.ancestors g (Array.append outputs (Effects.places g)))
        builder.ToGraph(copy.All outputs)

    /// The inputs that what prints depends on.
    let private printed (g: Graph) : int list =
        let seen = Array.create g.Nodes.Length false
        Effects.places g |> List.ofArray |> List.collect (reach g seen)

    /// Which carries matter: those asked for, those that `tested` (a condition's inputs) names, and what they are made of.
    /// Also which inputs of the body do. What is `constant` is made of nothing.
    let private carriesOf (body: Graph) shared (constant: bool[]) (wanted: bool[]) (tested: int list) =
        let carries = Array.copy wanted
        let seen = Array.create body.Nodes.Length false
        let used = Array.create body.Inputs.Length false
        let waiting = Queue<int>()

        let use' (inputs: int list) =
            for n in inputs do
                used[n] <- true
                let k = n - shared

                if k >= 0 && k < carries.Length && not carries[k] then
                    carries[k] <- true
                    if not constant[k] then waiting.Enqueue k

        for k in 0 .. carries.Length - 1 do
            if carries[k] && not constant[k] then waiting.Enqueue k

        use' tested

        let follow () =
            while waiting.Count > 0 do
                use' (reach body seen body.Outputs[waiting.Dequeue()])

        struct (carries, used, seen, use', follow)

    let rec graph (g: Graph) : Graph =
        let n = g.Nodes.Length
        let live = Array.create n false
        let wanted = Dictionary<int, bool[]>()
        let smaller = Dictionary<int, Smaller>()

        for i in Array.append g.Outputs g.Inputs do
            live[i] <- true

        for i in Effects.places g do
            live[i] <- true
            if g.Nodes[i].HasItems then wanted[i] <- Array.create (Graph.items g i).Length false

        for i in n - 1 .. -1 .. 0 do
            if live[i] then
                let node = g.Nodes[i]

                match node.Operation with
                | Operation.Item k ->
                    let control = node.Inputs[0]
                    live[control] <- true

                    if not (wanted.ContainsKey control) then
                        wanted[control] <- Array.create (Graph.items g control).Length false

                    wanted[control][k] <- true
                | Operation.Control control ->
                    let less = shrink control node.Inputs.Length wanted[i]
                    smaller[i] <- less

                    for k in less.Takes do
                        live[node.Inputs[k]] <- true

                    for result in less.Results do
                        match result with
                        | Result.SameAs k -> live[node.Inputs[k]] <- true
                        | Result.Gone
                        | Result.At _ -> ()
                | Operation.Input _
                | Operation.Constant _
                | Operation.Primitive _ ->
                    for j in node.Inputs do
                        live[j] <- true

        rebuild g live smaller

    and private rebuild (g: Graph) (live: bool[]) (smaller: Dictionary<int, Smaller>) : Graph =
        let builder = GraphBuilder()
        let copy = GraphCopy(g, builder)
        copy.Inputs g.Inputs

        copy.Nodes(
            live,
            fun i node arguments ->
                let add operation inputs = builder.Add { node with Operation = operation; Inputs = inputs }

                match node.Operation with
                | Operation.Control _ ->
                    let less = smaller[i]
                    add (Operation.Control less.Control) (less.Takes |> Array.map (fun k -> arguments[k]))
                | Operation.Item k ->
                    match smaller.TryGetValue node.Inputs[0] with
                    // Of a primitive.
                    | false, _ -> add node.Operation arguments
                    | true, less ->
                        match less.Results[k] with
                        | Result.At at -> add (Operation.Item at) arguments
                        | Result.SameAs input -> copy[g.Nodes[node.Inputs[0]].Inputs[input]]
                        | Result.Gone -> invalidOp "A result that was read is gone."
                | Operation.Input _
                | Operation.Constant _
                | Operation.Primitive _ -> add node.Operation arguments
        )

        DeadCode.eliminate (builder.ToGraph(copy.All g.Outputs))

    /// Control flow of so many inputs of which only some results are wanted.
    and private shrink (control: Control) (count: int) (wanted: bool[]) : Smaller =
        match control with
        | Control.Scan s -> scan s count wanted
        | Control.While w -> loop w count wanted
        | Control.Cond c ->
            let outputs = places wanted
            let used = Array.create (count - 1) false

            for branch in [ c.OnTrue; c.OnFalse ] do
                let seen = Array.create branch.Nodes.Length false

                for k in outputs do
                    for n in reach branch seen branch.Outputs[k] do
                        used[n] <- true

                for n in printed branch do
                    used[n] <- true

            let inputs = places used
            let branch g = graph (restrict inputs outputs g)

            {
                Control = Control.Cond { OnTrue = branch c.OnTrue; OnFalse = branch c.OnFalse }
                Takes = Array.append [| 0 |] (inputs |> Array.map ((+) 1))
                Results =
                    wanted
                    |> Array.mapi (fun k w ->
                        if w then Result.At(System.Array.IndexOf(outputs, k)) else Result.Gone)
            }
        // What calls it has fixed what goes in and out.
        | Control.Call c -> {
            Control = Control.Call { c with Body = graph c.Body }
            Takes = [| 0 .. count - 1 |]
            Results = Array.init wanted.Length Result.At
          }

    and private scan (s: Scan) count wanted : Smaller =
        let body = s.Body
        let first = s.Shared + s.Carry
        let constant = Array.init s.Carry (fun k -> body.Outputs[k] = body.Inputs[s.Shared + k])

        // The slices of a sequence, stacked again.
        let passedOn k =
            match body.Nodes[body.Outputs[k]].Operation with
            | Operation.Input n when n >= first -> ValueSome n
            | _ -> ValueNone

        let struct (carries, used, seen, use', follow) =
            carriesOf body s.Shared constant wanted[.. s.Carry - 1] (printed body)

        let stacked = [|
            for k in s.Carry .. wanted.Length - 1 do
                if wanted[k] && (passedOn k).IsNone then k
        |]

        for k in stacked do
            use' (reach body seen body.Outputs[k])

        follow ()

        let changing = [|
            for k in 0 .. s.Carry - 1 do
                if carries[k] && not constant[k] then k
        |]

        let shared = [|
            for k in 0 .. s.Shared - 1 do
                if used[k] then k

            for k in 0 .. s.Carry - 1 do
                if used[s.Shared + k] && constant[k] then s.Shared + k
        |]

        let sequences = [|
            for n in first .. count - 1 do
                if used[n] then n
        |]

        let inputs = Array.concat [ shared; changing |> Array.map (fun k -> s.Shared + k); sequences ]

        let outputs = Array.append changing stacked

        {
            Control =
                Control.Scan {
                    s with
                        Shared = shared.Length
                        Carry = changing.Length
                        Body = graph (restrict inputs outputs body)
                }
            Takes = inputs
            Results =
                wanted
                |> Array.mapi (fun k isWanted ->
                    if not isWanted then
                        Result.Gone
                    elif k < s.Carry then
                        if constant[k] then
                            Result.SameAs(s.Shared + k)
                        else
                            Result.At(System.Array.IndexOf(changing, k))
                    else
                        match passedOn k with
                        | ValueSome n -> Result.SameAs n
                        | ValueNone -> Result.At(changing.Length + System.Array.IndexOf(stacked, k)))
        }

    and private loop (w: While) count wanted : Smaller =
        let body = w.Body

        let tested =
            reach w.Condition (Array.create w.Condition.Nodes.Length false) w.Condition.Outputs[0]
            @ printed w.Condition
            @ printed body

        let constant = Array.init (count - w.Shared) (fun k -> body.Outputs[k] = body.Inputs[w.Shared + k])
        let struct (carries, used, _, _, follow) = carriesOf body w.Shared constant wanted tested
        follow ()

        let changing = [|
            for k in 0 .. constant.Length - 1 do
                if carries[k] && not constant[k] then k
        |]

        let shared = [|
            for n in 0 .. count - 1 do
                if used[n] && (n < w.Shared || constant[n - w.Shared]) then n
        |]

        let inputs = Array.append shared (changing |> Array.map (fun k -> w.Shared + k))

        {
            Control =
                Control.While {
                    w with
                        Shared = shared.Length
                        Condition = graph (restrict inputs [| 0 |] w.Condition)
                        Body = graph (restrict inputs changing body)
                }
            Takes = inputs
            Results =
                wanted
                |> Array.mapi (fun k isWanted ->
                    if not isWanted then Result.Gone
                    elif constant[k] then Result.SameAs(w.Shared + k)
                    else Result.At(System.Array.IndexOf(changing, k)))
        }
