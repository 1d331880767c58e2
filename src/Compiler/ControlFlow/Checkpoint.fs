namespace Cotangent.Compiler

open Cotangent
open Cotangent.Batching
open Cotangent.Differentiation
open Cotangent.Inlined // in place of functions of Array and List

/// A function of which only the arguments are kept for the way back, where its values are computed again.
[<Sealed>]
type internal Recomputed(f: Tensor[] -> Tensor[]) =
    inherit CustomDerivative("checkpoint")

    /// Keeps a compiler from finding that what is computed again is there already.
    let barrier (t: Tensor) = Bind.one Primitive.Barrier [| t |]

    override _.IsFollowed = true
    override _.Run inputs = f inputs

    override _.Pushed(inputs, tangents) =
        let active = BodyRules.places (fun (t: Tensor voption) -> t.IsSome) tangents
        let changing, count = ref [||], ref 0

        let both (xs: Tensor[]) =
            let primals, given = Array.take inputs.Length xs, Array.skip inputs.Length xs
            let struct (values, pushed) = BodyRules.forward "checkpoint" f primals active given
            count.Value <- values.Length
            changing.Value <- BodyRules.places (fun (t: Tensor voption) -> t.IsSome) pushed
            Array.append values (BodyRules.pick changing.Value pushed |> Array.map _.Value)

        // Values and tangents are one function, whose values are not kept either.
        let given = active |> Array.map (fun i -> tangents[i].Value)
        let all = Bind.apply (Primitive.Custom(Recomputed both)) (Array.append inputs given)

        struct (Array.take count.Value all,
                BodyRules.scatter count.Value changing.Value (Array.skip count.Value all))

    override _.HasSeries = true

    override _.Series(order, inputs, rest) =
        let places = BodyRules.termPlaces rest
        let changing, count = ref [||], ref 0

        let along (xs: Tensor[]) =
            let struct (values, found) =
                Array.skip inputs.Length xs
                |> BodyRules.series "checkpoint" order f (Array.take inputs.Length xs) places

            count.Value <- values.Length
            changing.Value <- BodyRules.places (fun (terms: Tensor voption[]) -> terms.Length > 0) found
            Array.append values (BodyRules.termsOrZeros order changing.Value values found)

        let given = Array.append inputs (BodyRules.pickTerms places rest)
        let all = Bind.apply (Primitive.Custom(Recomputed along)) given

        struct (Array.take count.Value all,
                BodyRules.scatterTerms count.Value order changing.Value (Array.skip count.Value all))

    override f.Push(inputs, _, tangents) =
        let struct (_, pushed) = f.Pushed(inputs, tangents)
        pushed

    override _.Pull(inputs, _, cotangents) =
        let given = BodyRules.places (fun (c: Tensor voption) -> c.IsSome) cotangents
        let wanted = BodyRules.places BodyRules.isFloat inputs
        let primals = inputs |> Array.map barrier

        BodyRules.reverse
            "checkpoint"
            f
            primals
            wanted
            given
            (given |> Array.map (fun i -> cotangents[i].Value))

/// A graph of which some values are kept for the way back beside its arguments.
[<Sealed>]
type internal Kept(graph: Graph, policy: CheckpointPolicy) =
    inherit BatchingOperation("checkpoint")

    let places = KeptValues.places policy graph

    /// The graph that returns what is kept, too; and for the way back the same without prints.
    let telling = { graph with Outputs = Array.append graph.Outputs places }
    let again = Effects.silenced telling

    let apply (g: Graph) (inputs: Tensor[]) = Bind.apply (Primitive.Custom(Kept(g, policy))) inputs

    /// What is computed of a graph whose last outputs say of the changes before them whether they are there.
    let marked (run: Graph -> Tensor[]) count (graph: Graph) =
        let struct (unsure, graphs) = BodyRules.unsure count [| graph |]
        let results = run graphs[0]
        let before = graphs[0].Outputs.Length - unsure.Length - count
        BodyRules.markUnsure (Array.sub results before count) unsure (Array.skip (before + count) results)
        Array.take (before + count) results

    /// Through the graph on a tape, where what was kept is known.
    let onTape (values: Tensor[]) (trace: ReverseTrace) (inputs: Tensor[]) =
        let nodes = again.Outputs[graph.Outputs.Length ..]

        let known i (arguments: Tensor[]) =
            match Array.tryFindIndex ((=) i) nodes with
            | None -> ValueNone
            | Some k ->
                match again.Nodes[i].Operation with
                | Operation.Primitive p -> ValueSome(trace.Known(p, arguments, values[k]))
                | Operation.Item _ -> ValueSome(trace.Same(Primitive.Barrier, arguments[0], values[k]))
                | Operation.Input _
                | Operation.Constant _
                | Operation.Control _ -> ValueNone

        (GraphInterpreter.Knowing known again inputs)[.. graph.Outputs.Length - 1]

    override _.IsFollowed = true
    override _.Run inputs = GraphInterpreter.Run graph inputs

    override _.OfBatch(trace, operands) =
        let inputs = operands |> Array.map _.Tensor
        let marks = operands |> Array.map BodyRules.isBatched

        let batched =
            Stage.closed
                "checkpoint"
                (BodyRules.batch "checkpoint" trace.Examples (GraphInterpreter.Run graph) marks)
                (BodyRules.likeAll inputs)

        apply batched inputs

    override _.Pushed(inputs, tangents) =
        let active = BodyRules.places (fun (d: Tensor voption) -> d.IsSome) tangents
        let given = active |> Array.map (fun i -> tangents[i].Value)
        let mutable changing = [||]

        let both (xs: Tensor[]) =
            let struct (values, pushed) =
                BodyRules.forward
                    "checkpoint"
                    (GraphInterpreter.Run graph)
                    (Array.take inputs.Length xs)
                    active
                    (Array.skip inputs.Length xs)

            changing <- BodyRules.places (fun (d: Tensor voption) -> d.IsSome) pushed
            Array.append values (BodyRules.withPresence changing values pushed)

        let all = Array.append inputs given
        let staged = Stage.closed "checkpoint" both (BodyRules.likeAll all)
        let results = marked (fun g -> apply g all) changing.Length staged
        let count = graph.Outputs.Length
        struct (Array.take count results, BodyRules.scatter count changing (Array.skip count results))

    override _.HasSeries = true

    override _.Series(order, inputs, rest) =
        let places = BodyRules.termPlaces rest
        let mutable changing = [||]

        let along (xs: Tensor[]) =
            let struct (values, found) =
                Array.skip inputs.Length xs
                |> BodyRules.series
                    "checkpoint"
                    order
                    (GraphInterpreter.Run graph)
                    (Array.take inputs.Length xs)
                    places

            changing <- BodyRules.places (fun (terms: Tensor voption[]) -> terms.Length > 0) found
            Array.append values (BodyRules.termsOrZeros order changing values found)

        let all = Array.append inputs (BodyRules.pickTerms places rest)
        let results = apply (Stage.closed "checkpoint" along (BodyRules.likeAll all)) all
        let count = graph.Outputs.Length

        struct (Array.take count results,
                BodyRules.scatterTerms count order changing (Array.skip count results))

    override f.Push(inputs, _, tangents) =
        let struct (_, pushed) = f.Pushed(inputs, tangents)
        pushed

    override f.Recorded(inputs, wanted) =
        let all = apply telling inputs
        let outputs, values = Array.take graph.Outputs.Length all, Array.skip graph.Outputs.Length all
        struct (outputs, Resumed(f, values, wanted) :> CustomDerivative)

    override f.Pull(inputs, _, cotangents) =
        let all = apply telling inputs
        f.Back(inputs, Array.skip graph.Outputs.Length all, Array.create inputs.Length true, cotangents)

    /// Of what is computed again only that is done which the cotangents ask for.
    member _.Back
        (inputs: Tensor[], values: Tensor[], wanted: bool[], cotangents: Tensor voption[])
        : Tensor voption[] =
        let given = BodyRules.places (fun (c: Tensor voption) -> c.IsSome) cotangents
        let wanted = Range.filter inputs.Length (fun i -> wanted[i] && BodyRules.isFloat inputs[i])
        let mutable found = [||]

        let back (xs: Tensor[]) =
            match BodyRules.split [ inputs.Length; values.Length; given.Length ] xs with
            | [ primals; values; cotangents ] ->
                let pulled = BodyRules.reverseOn "checkpoint" (onTape values) primals wanted given cotangents

                found <- BodyRules.places (fun (c: Tensor voption) -> c.IsSome) pulled
                BodyRules.withPresence found primals pulled
            | _ -> invalidOp "Three parts were asked for."

        let barrier (t: Tensor) = Bind.one Primitive.Barrier [| t |]

        let all =
            Array.concat [
                Array.map barrier inputs
                values
                given |> Array.map (fun i -> cotangents[i].Value)
            ]

        let staged = Stage.closed "checkpoint" back (BodyRules.likeAll all)

        marked (fun g -> GraphInterpreter.Run (DeadCode.eliminate g) all) found.Length staged
        |> BodyRules.scatter inputs.Length found

/// One that has run, with what it kept.
and [<Sealed>] internal Resumed(f: Kept, values: Tensor[], wanted: bool[]) =
    inherit CustomDerivative(f.Name)
    override _.Run inputs = f.Run inputs
    override _.Push(inputs, outputs, tangents) = f.Push(inputs, outputs, tangents)
    override _.Pull(inputs, _, cotangents) = f.Back(inputs, values, wanted, cotangents)

/// Values that are not kept for the way back of reverse mode but computed again.
module internal Checkpoint =
    /// A function of all that it is differentiated by: only its arguments are kept.
    let private saving (f: 'p -> 'q) (x: 'p) : 'q =
        let template = ref ValueNone

        let run (inputs: Tensor[]) =
            let y = f (Tree.rebuild x inputs)
            if template.Value.IsNone then template.Value <- ValueSome y
            Tree.leaves y

        let outputs = Bind.apply (Primitive.Custom(Recomputed run)) (Tree.leaves x)
        Tree.rebuild template.Value.Value outputs

    /// What the function closes over counts among its arguments, found by tracing it: a layer's parameters, say, whose
    /// gradients are wanted. One that reads numbers can't be traced and must do without; of such a one nothing is kept.
    let runWith (policy: CheckpointPolicy) (f: 'p -> 'q) (x: 'p) : 'q =
        let leaves = if Walkers.holdsTensors typeof<'p> then Tree.leaves x else [||]

        // Computed again, it would use its keys again.
        if not (Trace.AnyIsOpen()) || KeptValues.keepsAll policy || not (isNull (Ambient.usedKeys ())) then
            f x
        else
            let mutable result = Unchecked.defaultof<'q>

            let body (xs: Tensor[]) =
                result <- f (if leaves.Length = 0 then x else Tree.rebuild x xs)
                Tree.leavesOf "checkpoint: the result's type" result

            let like = leaves |> Array.map (fun t -> Stage.signatureOf t, t.Device)

            let traced =
                try
                    ValueSome(Stage.graph "checkpoint" body like)
                with :? TraceException ->
                    ValueNone

            match traced with
            | ValueNone -> saving f x
            | ValueSome(struct (_, captured)) when captured.Length + leaves.Length = 0 -> f x
            | ValueSome(struct (graph, captured)) when not (KeptValues.keepsNone policy) ->
                Bind.apply (Primitive.Custom(Kept(graph, policy))) (Array.append leaves captured)
                |> Tree.rebuild result
            | ValueSome(struct (_, captured)) when captured.Length = 0 && isNull (Staging.innermost ()) ->
                saving f x
            | ValueSome(struct (graph, captured)) ->
                saving (GraphInterpreter.Run graph) (Array.append leaves captured) |> Tree.rebuild result

    let run (f: 'p -> 'q) (x: 'p) : 'q = runWith CheckpointPolicy.Nothing f x

    /// The same values, under a name.
    let name (label: string) (x: 'p) : 'p =
        if Trace.AnyIsOpen() then
            let named = NamedValue label
            Tree.replace "checkpointName" (fun t -> Bind.one (Primitive.Custom named) [| t |]) x
        else
            x
