namespace Cotangent

/// Bounds on gradients, and shares of the parameters in them.
module internal ClippingRules =
    /// By a norm in Float64, which is finite where that of the dtype may not be.
    let private shorten (limit: float) (norm: Tensor) =
        // A factor of at most 1; 0/0 at the origin is avoided, the gradient is 0 there anyway.
        let factor = limit / maximum norm (Tensor.fullLike norm limit)
        Wide.within (fun g -> g * factor.Convert g.DType)

    let eachByNorm (limit: float) =
        Rule.requirePositive "clipEachByNorm" "the limit" limit

        Rule.together "clipEachByNorm" (fun gradients _ ->
            gradients |> Array.map (fun g -> shorten limit (Folds.euclidean g (Shape.allAxes g.Rank)) g))

    let byGlobalNorm (limit: float) =
        Rule.requirePositive "clipByGlobalNorm" "the limit" limit

        Rule.together "clipByGlobalNorm" (fun gradients _ ->
            match Tree.wideNorm gradients with
            | ValueSome norm -> gradients |> Array.map (shorten limit norm)
            | ValueNone -> gradients)

    let addDecayedWeights (decay: float) = Rule.each "addDecayedWeights" (fun g p -> g + p * decay)

/// Bounds on gradients, and shares of the parameters in them.
[<AutoOpen>]
module ClippingMethods =
    type Optimizer with
        /// <summary>Each tensor's gradient shortened to a Euclidean norm of at most the limit.</summary>
        /// <exception cref="T:Cotangent.ValueException">The limit is not positive.</exception>
        /// <example><code>
        /// let zero = tensor [ 0.0; 0.0 ]
        /// let clip = Optimizer.clipEachByNorm 1.0
        /// fst (clip.Update (tensor [ 3.0; 4.0 ]) (clip.Init zero) zero) // [0.6, 0.8]
        /// </code></example>
        static member clipEachByNorm(limit: float) : Optimizer = Optimizer(ClippingRules.eachByNorm limit)

        /// <summary>
        /// The whole gradient shortened to a Euclidean norm of at most the limit (Pascanu et al. 2013, algorithm 1).
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The limit is not positive.</exception>
        /// <example><code>
        /// let zero = tensor 0.0, tensor 0.0
        /// let clip = Optimizer.clipByGlobalNorm 1.0
        /// fst (clip.Update (tensor 3.0, tensor 4.0) (clip.Init zero) zero) // (0.6, 0.8)
        /// </code></example>
        static member clipByGlobalNorm(limit: float) : Optimizer = Optimizer(ClippingRules.byGlobalNorm limit)

        /// <summary>
        /// Adds a share of the parameters to the gradient: weight decay, by what follows in the chain.
        /// </summary>
        /// <example><code>
        /// let x = tensor [ 5.0 ]
        /// let decay = Optimizer.addDecayedWeights 0.1
        /// fst (decay.Update (tensor [ 1.0 ]) (decay.Init x) x) // [1.5]
        /// </code></example>
        static member addDecayedWeights(decay: float) : Optimizer =
            Optimizer(ClippingRules.addDecayedWeights decay)
