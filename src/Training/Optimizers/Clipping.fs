namespace Cotangent

/// Bounds on gradients, and noise on them.
module internal ClippingRules =
    /// By a norm in Float64, which is finite where that of the dtype may not be.
    let private shorten (limit: float) (norm: Tensor) =
        // A factor of at most 1; 0/0 at the origin is avoided, the gradient is 0 there anyway.
        let factor = limit / maximum norm (Tensor.fullLike norm limit)
        Wide.within (fun g -> g * factor.Convert g.DType)

    let byValue (limit: float) =
        Rule.requirePositive "clipByValue" "the limit" limit
        Rule.each "clipByValue" (fun g _ -> clamp -limit limit g)

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

    /// Norms of what feeds each output: a column of the weights of a linear layer, (inputs, outputs); a filter of a convolution,
    /// (outputs, inputs, …). Of a vector, of all of it.
    let private unitNorms (t: Tensor) : Tensor =
        match t.Rank with
        | 0
        | 1 -> Folds.euclidean t (Shape.allAxes t.Rank)
        | 2 -> (Folds.euclidean t [| 0 |]).Unsqueeze 0
        | rank ->
            (Folds.euclidean t [| 1 .. rank - 1 |]).Reshape [|
                t.Dims[0]
                yield! Array.replicate (rank - 1) 1
            |]

    let adaptively (limit: float) (epsilon: float) =
        Rule.requirePositive "clipAdaptively" "the limit" limit
        Rule.requirePositive "clipAdaptively" "epsilon" epsilon

        Rule.each "clipAdaptively" (fun g p ->
            let most = maximum (unitNorms p) (tensor epsilon) * limit
            let norms = unitNorms g
            g * (most / maximum norms most).Convert g.DType)

    let addNoise (key: Key) (variance: float) (decay: float) =
        if not (variance >= 0.0) then
            raise (
                ValueException
                    $"Optimizer.addNoise: the variance is {string variance}; it must not be negative."
            )

        let move (gradients: Tensor[]) (state: State) (_: TrainedParameters) =
            let count = State.count state
            let t = (count + 1).Convert DType.Float64
            let deviation = sqrt variance * exp (log t * (-0.5 * decay))
            let now = Key.foldTensor (count.Convert DType.Int64) key

            let noisy i (g: Tensor) =
                let draw = Random.normal (Key.fold (int64 i) now) (Wide.widen g).DType (List.ofArray g.Dims)
                Wide.within (fun g -> g + draw.To g.Device * deviation.Convert g.DType) g

            Array.mapi noisy gradients, { state with Counts = Map.ofList [ "step", count + 1 ] }

        { Name = "addNoise"; Start = State.counting "addNoise"; Move = move }

/// Bounds on gradients, and noise on them.
[<AutoOpen>]
module ClippingMethods =
    type Optimizer with
        /// <summary>Each number of the gradient brought into [-limit, limit].</summary>
        /// <exception cref="T:Cotangent.ValueException">The limit is not positive.</exception>
        /// <example><code>
        /// let zero = tensor [ 0.0; 0.0 ]
        /// let clip = Optimizer.clipByValue 1.0
        /// fst (clip.Update (tensor [ 3.0; -0.5 ]) (clip.Init zero) zero) // [1, -0.5]
        /// </code></example>
        static member clipByValue(limit: float) : Optimizer = Optimizer(ClippingRules.byValue limit)

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
        /// The gradient of what feeds each output shortened to at most limit times the norm of its weights, or of ε where
        /// these are smaller (Brock et al. 2021, eq. 3): each column of a matrix (inputs, outputs), each filter of a
        /// convolution's kernel (outputs, inputs, …), a vector as a whole. By default with a limit of 0.01 and ε = 1e-3.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The limit or ε is not positive.</exception>
        /// <example><code>
        /// let w = tensor [ 3.0; 4.0 ]
        /// let clip = Optimizer.clipAdaptively 0.1
        /// fst (clip.Update (tensor [ 0.0; 2.0 ]) (clip.Init w) w) // [0, 0.5]
        /// </code></example>
        static member clipAdaptively(?limit: float, ?epsilon: float) : Optimizer =
            Optimizer(ClippingRules.adaptively (defaultArg limit 0.01) (defaultArg epsilon 1e-3))

        /// <summary>
        /// Adds normal noise of variance variance / t^decay to the gradient of step t (Neelakantan et al. 2015, eq. 1), by
        /// default with a decay of 0.55. The draws are those of the key and the step: the same again in a run repeated.
        /// </summary>
        /// <exception cref="T:Cotangent.ValueException">The variance is negative.</exception>
        /// <example><code>
        /// let x = tensor [ 5.0 ]
        /// let noise = Optimizer.addNoise(Key.create 0L, 0.0)
        /// fst (noise.Update (tensor [ 1.0 ]) (noise.Init x) x) // [1]
        /// </code></example>
        static member addNoise(key: Key, variance: float, ?decay: float) : Optimizer =
            Given.check "key" key
            Optimizer(ClippingRules.addNoise key variance (defaultArg decay 0.55))
