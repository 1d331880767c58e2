namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List
open Folds

/// Reductions by their name, over axes, for the function of another name.
module internal Reducing =
    let over (operation: string) (how: Reduce) (axes: int[]) (t: Tensor) : Tensor =
        Meeting.require operation how t
        let folded fold = inSingle (fun t -> fold t axes) t

        match how with
        | Reduce.Sum -> folded sumOver
        | Reduce.Mean -> folded (meanOver operation)
        | Reduce.Prod -> folded ProductOfRows.over
        | Reduce.Max ->
            requireSome operation t axes
            reduce Reduction.Max t axes
        | Reduce.Min ->
            requireSome operation t axes
            reduce Reduction.Min t axes
