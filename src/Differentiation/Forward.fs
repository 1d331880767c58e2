namespace Cotangent.Differentiation

open Cotangent

/// Forward mode: each tracer carries its primal and a tangent, pushed through the linear map of every primitive.
[<Sealed>]
type internal ForwardTracer(trace: Trace, primal: Tensor, tangent: Tensor) =
    inherit Tracer(trace, primal.DType, primal.Dims, primal.Device)
    member _.Primal = primal
    member _.Tangent = tangent
    override _.Concrete = primal
    override _.Detached = Bind.detach primal

[<Sealed>]
type internal ForwardTrace(name) =
    inherit Trace(name)

    /// Primal and tangent of any tensor as this trace sees it.
    member trace.Split(t: Tensor) : struct (Tensor * Tensor voption) =
        match t with
        | Traced(:? ForwardTracer as r) when obj.ReferenceEquals(r.Trace, trace) ->
            struct (r.Primal, ValueSome r.Tangent)
        | Traced _
        | Value _ -> struct (t, ValueNone)

    /// A tracer; an absent tangent leaves the primal a constant.
    member trace.Join(primal: Tensor, tangent: Tensor voption) =
        match tangent with
        | ValueSome d -> Traced(ForwardTracer(trace, primal, d))
        | ValueNone -> primal

    override trace.Apply(p, inputs) =
        let primals = Array.zeroCreate inputs.Length
        let tangents = Array.zeroCreate inputs.Length

        for i in 0 .. inputs.Length - 1 do
            let struct (primal, tangent) = trace.Split inputs[i]
            primals[i] <- primal
            tangents[i] <- tangent

        match Facts.custom p with
        | null ->
            match Derivatives.definition p inputs with
            // Its kernel's values, so that no number depends on what is differentiated.
            | ValueSome defined ->
                Array.map2
                    (fun primal defined ->
                        let struct (_, tangent) = trace.Split defined
                        trace.Join(primal, tangent))
                    (Bind.apply p primals)
                    defined
            | ValueNone -> trace.Mapped(p, primals, tangents)
        | f ->
            let mutable outputs = [||]

            let push tangents =
                let struct (values, pushed) = (CustomDerivative.ofCustom f).Pushed(primals, tangents)
                outputs <- values
                pushed

            let pushed = Presence.applyAll p push tangents
            CustomDerivative.refuseClosures trace f.Name outputs
            Array.map2 (fun primal tangent -> trace.Join(primal, tangent)) outputs pushed

    /// By the linear maps of the primitive.
    member private trace.Mapped(p, primals: Tensor[], tangents: Tensor voption[]) =
        let outputs = Bind.apply p primals

        let joint =
            match Derivatives.joint p primals outputs with
            | ValueNone when
                tangents.Length = 2 && Array.forall (fun (t: Tensor voption) -> t.IsSome) tangents
                ->
                Derivatives.ofPair p primals outputs[0]
            | joint -> joint

        match joint with
        | ValueSome joint ->
            Array.map2
                (fun primal tangent -> trace.Join(primal, tangent))
                outputs
                (Presence.applyAll p joint.Push tangents)
        | ValueNone ->
            let output = outputs[0]
            let mutable total = ValueNone

            for i in 0 .. primals.Length - 1 do
                match tangents[i] with
                | ValueNone -> ()
                | ValueSome tangent ->
                    match Derivatives.rule p primals output i with
                    | ValueNone -> ()
                    | ValueSome map ->
                        let pushed = Presence.apply p map tangent

                        total <-
                            match total with
                            | ValueNone -> ValueSome pushed
                            | ValueSome sum -> ValueSome(Presence.add sum pushed)

            [| trace.Join(output, total) |]
