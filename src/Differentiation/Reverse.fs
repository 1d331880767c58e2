namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Reverse mode: while the function runs, a tape records each primitive's linear maps; the transposes are then applied
/// from the last to the first.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Rule =
    /// The input's place on the tape and the map from it, for each input that has both. One output.
    | Each of struct (int * Linear)[] * output: int
    /// The map from all inputs at once to all outputs, and their places (-1: constant).
    | Joint of JointMap * inputs: int[] * outputs: int[]

/// One primitive application.
[<NoComparison; NoEquality>]
type internal Step = { Primitive: Primitive; Rule: Rule }

[<Sealed>]
type internal ReverseTracer(trace: Trace, primal: Tensor, place: int) =
    inherit Tracer(trace, primal.DType, primal.Dims, primal.Device)
    member _.Primal = primal
    /// Where its cotangent is kept during the walk back.
    member _.Place = place
    override _.Concrete = primal
    override _.Detached = Bind.detach primal

/// A tape. Places are numbered in the order of execution, so a walk in falling order meets each value after all of its
/// uses: iterative, whatever the depth.
[<Sealed>]
type internal ReverseTrace(name, notLinear: (string -> exn) voption) =
    inherit Trace(name)

    // A function may do its parts on several threads: a step and the places of its outputs are taken as one.
    let gate = obj ()
    let steps = ResizeArray<Step>()
    let mutable places = 0
    let mutable largest = 0

    /// What is at a place, if anything is.
    let at (values: Tensor voption[]) place = if place >= 0 then values[place] else ValueNone

    let add (values: Tensor voption[]) place (t: Tensor) =
        if place >= 0 then
            values[place] <-
                match values[place] with
                | ValueNone -> ValueSome t
                | ValueSome sum -> ValueSome(Presence.add sum t)

    let addAll values (at: int[]) (found: Tensor voption[]) =
        for i in 0 .. min at.Length found.Length - 1 do
            match found[i] with
            | ValueSome t -> add values at[i] t
            | ValueNone -> ()

    /// The size of the largest tensor that has a cotangent.
    member _.Largest = largest

    member trace.Variable(primal: Tensor) =
        places <- places + 1
        largest <- max largest primal.Size
        Traced(ReverseTracer(trace, primal, places - 1))

    member private trace.Each(p: Primitive, maps: struct (int * Linear)[], output: Tensor) : Tensor =
        lock gate (fun () ->
            steps.Add { Primitive = p; Rule = Rule.Each(maps, places) }
            trace.Variable output)

    /// A step of all outputs at once. Only those that are floats have a place.
    member private trace.Joint
        (p: Primitive, joint: JointMap, inputs: Tensor[], outputs: Tensor[])
        : Tensor[] =
        lock gate (fun () ->
            let variables =
                outputs |> Array.map (fun o -> if o.DType.HasDerivatives then trace.Variable o else o)

            let rule = Rule.Joint(joint, Array.map trace.Place inputs, Array.map trace.Place variables)
            steps.Add { Primitive = p; Rule = rule }
            variables)

    /// The place of a tensor on this tape; -1 when it is a constant here.
    member trace.Place(t: Tensor) =
        match t with
        | Traced(:? ReverseTracer as r) when obj.ReferenceEquals(r.Trace, trace) -> r.Place
        | Traced _
        | Value _ -> -1

    member trace.Primal(t: Tensor) =
        match t with
        | Traced(:? ReverseTracer as r) when obj.ReferenceEquals(r.Trace, trace) -> r.Primal
        | Traced _
        | Value _ -> t

    override trace.Apply(p, inputs) =
        let primals = Array.map trace.Primal inputs

        match notLinear with
        | ValueNone -> ()
        | ValueSome refusal ->
            let marked = inputs |> Array.map (fun t -> trace.Place t >= 0)

            if not (Derivatives.isLinear p marked) then
                raise (refusal $"`{p}` is not, in what depends on the argument")

        match Facts.custom p with
        | null ->
            match Derivatives.definition p inputs with
            // Its kernel's values, so that no number depends on what is differentiated.
            | ValueSome defined ->
                Array.map2 (fun output d -> trace.Same(p, d, output)) (Bind.apply p primals) defined
            | ValueNone -> trace.Mapped(p, inputs, primals)
        | f ->
            let wanted = inputs |> Array.map (fun t -> trace.Place t >= 0)
            let struct (outputs, derivative) = (CustomDerivative.ofCustom f).Recorded(primals, wanted)

            CustomDerivative.refuseClosures trace f.Name outputs

            let joint: JointMap = {
                Push = fun tangents -> derivative.Push(primals, outputs, tangents)
                Pull = fun cotangents -> derivative.Pull(primals, outputs, cotangents)
            }

            trace.Joint(p, joint, inputs, outputs)

    /// An output that depends on the inputs as another tensor does.
    member trace.Same(p, other: Tensor, output: Tensor) : Tensor =
        match trace.Place other with
        | -1 -> output
        | place -> trace.Each(p, [| struct (place, Linear.Identity) |], output)

    /// An output of a primitive whose value is known: the step alone is recorded.
    member trace.Known(p, inputs: Tensor[], output: Tensor) : Tensor =
        match Derivatives.definition p inputs with
        | ValueSome defined -> trace.Same(p, defined[0], output)
        | ValueNone ->
            let outputs = trace.Stepped(p, inputs, Array.map trace.Primal inputs, [| output |])
            outputs[0]

    /// By the linear maps of the primitive.
    member private trace.Mapped(p, inputs: Tensor[], primals: Tensor[]) =
        trace.Stepped(p, inputs, primals, Bind.apply p primals)

    member private trace.Stepped(p, inputs: Tensor[], primals: Tensor[], outputs: Tensor[]) : Tensor[] =
        let joint =
            match Derivatives.joint p primals outputs with
            | ValueNone when inputs.Length = 2 && Array.forall (fun t -> trace.Place t >= 0) inputs ->
                Derivatives.ofPair p primals outputs[0]
            | joint -> joint

        match joint with
        | ValueSome joint -> trace.Joint(p, joint, inputs, outputs)
        | ValueNone ->
            let output = outputs[0]
            let mutable maps = 0
            let found = Array.zeroCreate inputs.Length

            for i in 0 .. inputs.Length - 1 do
                let place = trace.Place inputs[i]

                if place >= 0 then
                    match Derivatives.rule p primals output i with
                    | ValueNone -> ()
                    | ValueSome map ->
                        found[maps] <- struct (place, map)
                        maps <- maps + 1

            if maps = 0 then
                [| output |]
            else
                [| trace.Each(p, (if maps = found.Length then found else Array.sub found 0 maps), output) |]

    /// Pulls cotangents given at places back to the first `inputs` places. Each is let go as it is passed.
    member _.Pull(inputs: int, seeds: struct (int * Tensor)[]) : Tensor voption[] =
        let cotangents: Tensor voption[] = Array.create places ValueNone

        for struct (place, cotangent) in seeds do
            add cotangents place cotangent

        let take place =
            let cotangent = at cotangents place
            if place >= 0 then cotangents[place] <- ValueNone
            cotangent

        let pull (step: Step) =
            match step.Rule with
            | Rule.Each(maps, output) ->
                match take output with
                | ValueNone -> ()
                | ValueSome cotangent ->
                    for struct (place, map) in maps do
                        add cotangents place (Presence.apply step.Primitive (Linear.transpose map) cotangent)
            | Rule.Joint(joint, inputs, outputs) ->
                let given = Array.map take outputs

                if given |> Array.exists _.IsSome then
                    addAll cotangents inputs (Presence.applyAll step.Primitive joint.Pull given)

        let mutable i = steps.Count

        try
            while i > 0 do
                i <- i - 1
                pull steps[i]
        with :? NumberException as e ->
            raise (NumberException $"While pulling back through `{steps[i].Primitive}`: {e.Message}")

        Array.sub cotangents 0 inputs

    /// Pushes tangents of the first places forward along the tape, to the places asked for.
    member _.Push(tangents: Tensor voption[], wanted: int[]) : Tensor voption[] =
        let values: Tensor voption[] = Array.create places ValueNone
        Array.blit tangents 0 values 0 tangents.Length

        for step in steps do
            match step.Rule with
            | Rule.Each(maps, output) ->
                for struct (place, map) in maps do
                    match values[place] with
                    | ValueNone -> ()
                    | ValueSome tangent -> add values output (Presence.apply step.Primitive map tangent)
            | Rule.Joint(joint, inputs, outputs) ->
                let given = Array.map (at values) inputs

                if given |> Array.exists _.IsSome then
                    addAll values outputs (Presence.applyAll step.Primitive joint.Push given)

        Array.map (at values) wanted
