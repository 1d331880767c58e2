/// Series through custom functions and control flow.
module internal Cotangent.Differentiation.TaylorCustom

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// What says itself which series it makes, of inputs of which all terms are there.
let private told (trace: SeriesTrace) (f: CustomDerivative) (inputs: Tensor[]) : Tensor[] =
    let struct (outputs, rest) =
        f.Series(trace.Order, Array.map trace.Start inputs, Array.map trace.Rest inputs)

    CustomDerivative.refuseClosures trace f.Name outputs
    Array.map2 (fun output rest -> trace.Join(output, rest)) outputs rest

/// The same in an equation: of what is still being found there are as many terms as have been asked for.
let private toldInEquation (trace: SeriesTrace) p (f: CustomDerivative) (inputs: Tensor[]) equation =
    let starts = Array.map trace.Start inputs

    let upTo k =
        let given =
            inputs
            |> Array.map (fun t ->
                if trace.IsOwn t then Array.init k (fun i -> trace.Term (i + 1) t) else [||])

        let struct (_, rest) = f.Series(k, starts, given)
        rest

    let outputs = Bind.apply p starts
    CustomDerivative.refuseClosures trace f.Name outputs
    let found = Array.init trace.Order (fun i -> later (fun () -> upTo (i + 1)))

    outputs
    |> Array.mapi (fun n start ->
        if not start.DType.HasDerivatives then
            start
        else
            let next k =
                if k = 0 then
                    ValueSome start
                else
                    let rest: Tensor voption[] = found[k - 1].Value[n]
                    if rest.Length = 0 then ValueNone else rest[k - 1]

            trace.Begun(start, equation, (fun _ k -> next k)))

/// By the series that the function tells, or from its push.
let series (trace: SeriesTrace) p (f: CustomDerivative) (inputs: Tensor[]) (equation: Equation) : Tensor[] =
    if not f.HasSeries then
        let outputs = Bind.apply p (Array.map trace.Start inputs)
        CustomDerivative.refuseClosures trace f.Name outputs
        let push inputs outputs changes = f.Push(inputs, outputs, changes)
        TaylorEquations.flow trace p inputs outputs equation push
    elif isNull equation then
        told trace f inputs
    else
        toldInEquation trace p f inputs equation
