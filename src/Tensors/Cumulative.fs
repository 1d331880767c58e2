namespace Cotangent

open Folds

/// Running results along an axis; the running sum is `t.CumulativeSum`.
[<AutoOpen>]
module Cumulative =
    let private running (operation: string) axis reverse (combine: Tensor -> Tensor -> Tensor) (t: Tensor) =
        let axis = Shape.axis operation t.Rank axis
        AssociativeScan.running axis (defaultArg reverse false) combine t

    type Tensor with

        /// <summary>
        /// The running product along an axis; from the end when reversed. Its derivatives are right at zeros, too.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 2; 3; 4 ]).CumulativeProd 0 // [2, 6, 24]
        /// (tensor [ 2; 3; 4 ]).CumulativeProd(0, reverse = true) // [24, 12, 4]
        /// </code></example>
        [<CompiledName "CumulativeProd">]
        member t.CumulativeProd(axis: int, ?reverse: bool) : Tensor =
            requireNumbers "cumulativeProd" t
            t |> inSingle (running "cumulativeProd" axis reverse (Meeting.combine Reduce.Prod))

        /// <summary>
        /// The largest element so far along an axis, from the end when reversed; NaN from the first NaN on. Equal ones
        /// share the derivative.
        /// </summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 1; 3; 2; 5 ]).CumulativeMax 0 // [1, 3, 3, 5]
        /// </code></example>
        [<CompiledName "CumulativeMax">]
        member t.CumulativeMax(axis: int, ?reverse: bool) : Tensor =
            Meeting.require "cumulativeMax" Reduce.Max t
            running "cumulativeMax" axis reverse (Meeting.combine Reduce.Max) t

        /// <summary>
        /// The smallest element so far along an axis, from the end when reversed; NaN from the first NaN on. Equal ones
        /// share the derivative.
        /// </summary>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 5; 3; 4; 1 ]).CumulativeMin 0 // [5, 3, 3, 1]
        /// </code></example>
        [<CompiledName "CumulativeMin">]
        member t.CumulativeMin(axis: int, ?reverse: bool) : Tensor =
            Meeting.require "cumulativeMin" Reduce.Min t
            running "cumulativeMin" axis reverse (Meeting.combine Reduce.Min) t

        /// <summary>
        /// log Σ exp x of the elements so far along an axis, without overflow; from the end when reversed. Where all are
        /// -∞ it is -∞, and its derivative 0.
        /// </summary>
        /// <exception cref="T:Cotangent.DTypeException">The tensor is not floating-point.</exception>
        /// <exception cref="T:Cotangent.AxisException">The axis lies outside the rank.</exception>
        /// <example><code>
        /// (tensor [ 1000.0; 1000.0 ]).CumulativeLogSumExp 0 // [1000, 1000.6931]
        /// </code></example>
        [<CompiledName "CumulativeLogSumExp">]
        member t.CumulativeLogSumExp(axis: int, ?reverse: bool) : Tensor =
            requireFloat "cumulativeLogSumExp" t
            let both (a: Tensor) b = fused (Fused.LogSumExp a.Rank) (stack a.Rank [ a; b ])
            t |> inSingle (running "cumulativeLogSumExp" axis reverse both)
