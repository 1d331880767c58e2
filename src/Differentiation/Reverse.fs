namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined

/// Reverse mode: while the function runs, a tape records each primitive's linear maps; the transposes are then applied
/// from the last to the first.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Rule =
    /// The input's place on the tape and the map from it, for each input that has both. One output.
    | Each of struct (int * Linear)[]
    /// The map from all inputs at once, and their places (-1: constant). One output.
    | Whole of JointMap * places: int[]
    /// Several outputs at once; input places (-1: constant), inputs and outputs.
    | Joint of CustomDerivative * places: int[] * inputs: Tensor[] * outputs: Tensor[]

/// One primitive application: its outputs stand at the places `First`, `First + 1`, …
[<NoComparison; NoEquality>]
type internal Step = { Primitive: Primitive; First: int; Rule: Rule }

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
type internal ReverseTrace(name, onlyLinear: bool) =
    inherit Trace(name)

    // A function may do its parts on several threads: a step and the places of its outputs are taken as one.
    let gate = obj ()
    let steps = ResizeArray<Step>()
    let mutable places = 0
    let mutable largest = 0

    let add sum (t: Tensor) =
        match sum with
        | ValueNone -> ValueSome t
        | ValueSome s -> ValueSome(Bind.binary Binary.Add s t)

    /// The size of the largest tensor that has a cotangent.
    member _.Largest = largest

    member trace.Variable(primal: Tensor) =
        places <- places + 1
        largest <- max largest primal.Size
        Traced(ReverseTracer(trace, primal, places - 1))

    member private trace.Step(p: Primitive, rule: Rule, output: Tensor) : Tensor[] =
        lock gate (fun () ->
            steps.Add { Primitive = p; First = places; Rule = rule }
            [| trace.Variable output |])

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

        if onlyLinear then
            let marked = inputs |> Array.map (fun t -> trace.Place t >= 0)

            if not (Derivatives.isLinear p marked) then
                raise (
                    DerivativeException
                        $"{name}: the function is not linear: `{p}` is not, in what depends on the argument. Use `vjp` or `linearize` for the derivative of a function at a point."
                )

        match p with
        | Primitive.Custom f ->
            let at = Array.map trace.Place inputs

            let struct (outputs, derivative) =
                (CustomDerivative.ofCustom f).Recorded(primals, Array.map (fun place -> place >= 0) at)

            CustomDerivative.refuseClosures trace f.Name outputs

            lock gate (fun () ->
                steps.Add {
                    Primitive = p
                    First = places
                    Rule = Rule.Joint(derivative, at, primals, outputs)
                }

                outputs |> Array.map (fun o -> if o.DType.IsFloat then trace.Variable o else o))
        | _ ->
            match Derivatives.definition p inputs with
            // Its kernel's value, so that no number depends on what is differentiated.
            | ValueSome defined ->
                let output = Bind.one p primals
                let place = trace.Place defined

                if place < 0 then
                    [| output |]
                else
                    trace.Step(p, Rule.Each [| struct (place, Linear.Identity) |], output)
            | ValueNone -> trace.Mapped(p, inputs, primals)

    /// By the linear maps of the primitive.
    member private trace.Mapped(p, inputs, primals) =
        let output = Bind.one p primals

        match Derivatives.joint p primals with
        | ValueSome joint -> trace.Step(p, Rule.Whole(joint, Array.map trace.Place inputs), output)
        | ValueNone ->
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
                let rule = Rule.Each(if maps = found.Length then found else Array.sub found 0 maps)
                trace.Step(p, rule, output)

    /// Pulls cotangents given at places back to the first `inputs` places. Each is let go as it is passed.
    member _.Pull(inputs: int, seeds: struct (int * Tensor)[]) : Tensor voption[] =
        let cotangents: Tensor voption[] = Array.create places ValueNone

        for struct (place, cotangent) in seeds do
            if place >= 0 then cotangents[place] <- add cotangents[place] cotangent

        let pull (step: Step) =
            match step.Rule with
            | Rule.Each maps ->
                match cotangents[step.First] with
                | ValueNone -> ()
                | ValueSome cotangent ->
                    cotangents[step.First] <- ValueNone

                    for struct (place, map) in maps do
                        let pulled = Linear.apply (Linear.transpose map) cotangent
                        cotangents[place] <- add cotangents[place] pulled
            | Rule.Whole(joint, inputPlaces) ->
                match cotangents[step.First] with
                | ValueNone -> ()
                | ValueSome cotangent ->
                    cotangents[step.First] <- ValueNone

                    Array.iter2
                        (fun place pulled ->
                            match pulled with
                            | ValueSome c when place >= 0 -> cotangents[place] <- add cotangents[place] c
                            | ValueSome _
                            | ValueNone -> ())
                        inputPlaces
                        (joint.Pull cotangent)
            | Rule.Joint(f, inputPlaces, primals, outputs) ->
                // Only floating-point outputs have a place.
                let mutable next = step.First

                let mine =
                    outputs
                    |> Array.map (fun o ->
                        if o.DType.IsFloat then
                            let c = cotangents[next]
                            cotangents[next] <- ValueNone
                            next <- next + 1
                            c
                        else
                            ValueNone)

                if mine |> Array.exists _.IsSome then
                    let pulled = f.Pull(primals, outputs, mine)

                    for i in 0 .. inputPlaces.Length - 1 do
                        match pulled[i] with
                        | ValueSome c when inputPlaces[i] >= 0 ->
                            cotangents[inputPlaces[i]] <- add cotangents[inputPlaces[i]] c
                        | ValueSome _
                        | ValueNone -> ()

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

        let at place = if place >= 0 then values[place] else ValueNone

        for step in steps do
            match step.Rule with
            | Rule.Each maps ->
                for struct (place, map) in maps do
                    match values[place] with
                    | ValueNone -> ()
                    | ValueSome tangent ->
                        values[step.First] <- add values[step.First] (Linear.apply map tangent)
            | Rule.Whole(joint, inputPlaces) ->
                let tangents = Array.map at inputPlaces

                if tangents |> Array.exists _.IsSome then
                    values[step.First] <- ValueSome(joint.Push tangents)
            | Rule.Joint(f, inputPlaces, primals, outputs) ->
                let tangents = Array.map at inputPlaces

                if tangents |> Array.exists _.IsSome then
                    let pushed = f.Push(primals, outputs, tangents)
                    let mutable next = step.First

                    for i in 0 .. outputs.Length - 1 do
                        if outputs[i].DType.IsFloat then
                            values[next] <- pushed[i]
                            next <- next + 1

        Array.map at wanted
