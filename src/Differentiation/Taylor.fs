namespace Cotangent.Differentiation

open Cotangent
open Cotangent.Inlined // in place of functions of Array and List

/// Taylor mode: which way each primitive goes. A linear one acts on each term, a product of two series is the convolution of their terms,
/// a quotient is found from the product that it undoes, and every other primitive from the equation that its derivative makes. So there
/// are no rules but those of `Derivatives`, and a derivative of order n takes of the order of n² evaluations.
[<Sealed>]
type internal TaylorTrace(name, order: int, directions: Directions) =
    inherit SeriesTrace(name, order, directions)

    /// In terms of others, but with its kernel's values, so that no number depends on what is differentiated.
    let define (trace: TaylorTrace) (p: Primitive) (inputs: Tensor[]) (defined: Tensor[]) equation =
        let starts = Bind.apply p (Array.map trace.Start inputs)
        Array.map2 (fun start t -> trace.WithStart(start, t, equation)) starts defined

    let byRule (trace: TaylorTrace) (p: Primitive) (inputs: Tensor[]) (equation: Equation) : Tensor[] =
        match TaylorRules.ofPrimitive p, directions with
        | TaylorRule.Defined make, _ -> define trace p inputs (make inputs) equation
        | TaylorRule.Product, _ -> [| TaylorProducts.product trace p inputs[0] inputs[1] equation |]
        | TaylorRule.Quotient(divisor, times), _ -> [|
            TaylorProducts.quotient trace p inputs divisor times equation
          |]
        | TaylorRule.OfMatrix f, null -> [| TaylorMatrixFunctions.ofBlocks trace f inputs[0] equation |]
        | (TaylorRule.Function _ | TaylorRule.Equation), null -> TaylorEquations.solve trace p inputs equation
        | TaylorRule.Function op, _ -> [| TaylorDirections.compose trace op inputs[0] |]
        | (TaylorRule.OfMatrix _ | TaylorRule.Equation), directions ->
            TaylorDirections.apart trace directions p inputs

    override _.Single() = TaylorTrace(name, order, null)

    override trace.Made(p, inputs, equation) =
        match Facts.custom p, directions with
        | null, _ ->
            match Derivatives.definition p inputs with
            | ValueSome defined -> define trace p inputs defined equation
            | ValueNone ->
                if Derivatives.isLinear p (inputs |> Array.map trace.IsOwn) then
                    [| TaylorProducts.linear trace p inputs equation |]
                else
                    byRule trace p inputs equation
        | f, null -> TaylorCustom.series trace p (CustomDerivative.ofCustom f) inputs equation
        | _, directions -> TaylorDirections.apart trace directions p inputs
