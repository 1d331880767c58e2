namespace Cotangent

/// <summary>
/// A gradient transformation: pure functions over trees, with a state that is a tree like any other, so that it
/// compiles, checkpoints and batches. The result of <c>Update</c> is what to add to the parameters.
/// </summary>
/// <example><code>
/// // Steps of one length, whatever the gradient.
/// let signed rate : Optimizer&lt;'p, unit> = {
///     Init = fun _ -> ()
///     Update = fun gradient () _ -> Tree.map (fun g -> g.Sign() * -rate) gradient, ()
/// }
///
/// let x = tensor [ 1.0; 2.0 ]
/// fst (Optimizer.step (signed 0.5) (2.0 * x) () x) // [0.5, 1.5]
/// </code></example>
[<NoComparison; NoEquality>]
type Optimizer<'p, 's> = {
    /// The first state, from the parameters.
    Init: 'p -> 's
    /// gradient, state, parameters -> change of the parameters, next state
    Update: 'p -> 's -> 'p -> 'p * 's
}

/// <summary>
/// Optimisers, as chains of gradient transformations. What parameters one is for follows from its use; a definition
/// that is not used in its own file names them: <c>let optimizer: Optimizer&lt;Model, _&gt; = Optimizer.adam 1e-3</c>.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Optimizer =
    /// A transformation without a state, of gradient and parameters.
    let private stateless (change: 'p -> 'p -> 'p) : Optimizer<'p, unit> = {
        Init = fun _ -> ()
        Update = fun gradient () parameters -> change gradient parameters, ()
    }

    /// Leaf by leaf, of two trees whose leaves must have equal shapes: a gradient of shape (3, 1) for parameters of shape (3)
    /// would make them (3, 3). Computed in Float32 where they have 16 bits.
    let private combine (what: string) (f: Tensor -> Tensor -> Tensor) (a: 'p) (b: 'p) : 'p =
        let la, lb = Tree.matched $"Optimizer.{what}" a b
        Array.map2 (fun x y -> Adam.inWide (fun x -> f x (Adam.wide y)) x) la lb |> Tree.rebuild a

    let private requireUnit name (value: float) =
        if not (value >= 0.0 && value < 1.0) then
            raise (ValueException $"Optimizer: {name} is {string value}; it must be in [0, 1).")

    /// <summary>One transformation after another; the states stand side by side.</summary>
    /// <example><code>
    /// let x = tensor [ 1.0; 2.0 ]
    /// let optimizer = Optimizer.chain (Optimizer.clipByGlobalNorm 1.0) (Optimizer.sgd 0.1)
    /// let next, state = Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x
    /// next // [0.9553, 1.9106]
    /// </code></example>
    let chain (first: Optimizer<'p, 's>) (second: Optimizer<'p, 't>) : Optimizer<'p, 's * 't> = {
        Init = fun parameters -> first.Init parameters, second.Init parameters
        Update =
            fun gradient (s, t) parameters ->
                let change, s = first.Update gradient s parameters
                let change, t = second.Update change t parameters
                change, (s, t)
    }

    /// <summary>Every number times a constant.</summary>
    /// <example><code>
    /// fst ((Optimizer.scale -2.0).Update (tensor [ 1.0 ]) () (tensor [ 5.0 ])) // [-2]
    /// </code></example>
    let scale (factor: float) : Optimizer<'p, unit> =
        stateless (fun gradient _ -> Tree.map (Adam.inWide (fun g -> g * factor)) gradient)

    /// <summary>Steps down the gradient at a rate that follows a schedule.</summary>
    /// <example><code>
    /// let x = tensor [ 1.0; 2.0 ]
    /// let optimizer = Optimizer.scaleBySchedule (Schedule.constant 0.1)
    /// let next, state = Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x
    /// next // [0.8, 1.6]
    /// </code></example>
    let scaleBySchedule (rate: Schedule) : Optimizer<'p, Tensor> = {
        Init = Adam.noStep
        Update =
            fun gradient step _ ->
                let factor = -(Schedule.at rate step)
                Tree.map (Adam.inWide (fun g -> g * factor.Convert g.DType)) gradient, step + 1
    }

    /// By a norm in Float64, which is finite where that of the dtype may not be.
    let private shorten (limit: float) (norm: Tensor) =
        // A factor of at most 1; 0/0 at the origin is avoided, the gradient is 0 there anyway.
        let factor = limit / maximum norm (Tensor.fullLike norm limit)
        Adam.inWide (fun g -> g * factor.Convert g.DType)

    /// <summary>Each tensor's gradient shortened to a Euclidean norm of at most the limit.</summary>
    /// <exception cref="T:Cotangent.ValueException">The limit is not positive.</exception>
    /// <example><code>
    /// fst ((Optimizer.clipEachByNorm 1.0).Update (tensor [ 3.0; 4.0 ]) () (tensor [ 0.0; 0.0 ])) // [0.6, 0.8]
    /// </code></example>
    let clipEachByNorm (limit: float) : Optimizer<'p, unit> =
        if not (limit > 0.0) then
            raise (
                ValueException $"Optimizer.clipEachByNorm: the limit is {string limit}; it must be positive."
            )

        let clip (g: Tensor) = shorten limit (Folds.euclidean g (Shape.allAxes g.Rank)) g
        stateless (fun gradient _ -> Tree.map clip gradient)

    /// <summary>
    /// The whole gradient shortened to a Euclidean norm of at most the limit (Pascanu et al. 2013, algorithm 1).
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The limit is not positive.</exception>
    /// <example><code>
    /// let zero = tensor 0.0, tensor 0.0
    /// fst ((Optimizer.clipByGlobalNorm 1.0).Update (tensor 3.0, tensor 4.0) () zero) // (0.6, 0.8)
    /// </code></example>
    let clipByGlobalNorm (limit: float) : Optimizer<'p, unit> =
        if not (limit > 0.0) then
            raise (
                ValueException
                    $"Optimizer.clipByGlobalNorm: the limit is {string limit}; it must be positive."
            )

        stateless (fun gradient _ ->
            match Tree.wideNorm gradient with
            | ValueSome norm -> Tree.map (shorten limit norm) gradient
            | ValueNone -> gradient)

    /// <summary>Adds a share of the parameters to the gradient.</summary>
    /// <example><code>
    /// fst ((Optimizer.addDecayedWeights 0.1).Update (tensor [ 1.0 ]) () (tensor [ 5.0 ])) // [1.5]
    /// </code></example>
    let addDecayedWeights (decay: float) : Optimizer<'p, unit> =
        stateless (fun gradient parameters ->
            combine
                "addDecayedWeights: gradient and parameters"
                (fun g p -> g + p * decay)
                gradient
                parameters)

    /// <summary>Stochastic gradient descent: -rate · g.</summary>
    /// <example><code>
    /// let x = tensor [ 1.0; 2.0 ]
    /// let optimizer = Optimizer.sgd 0.1
    /// let next, state = Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x
    /// next // [0.8, 1.6]
    /// </code></example>
    let sgd (rate: float) : Optimizer<'p, unit> = scale -rate

    /// <summary>
    /// Descent with a heavy ball: v ← momentum · v + g; -rate · v, or with Nesterov's look-ahead -rate (g + momentum v)
    /// (Sutskever et al. 2013, in PyTorch's form).
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The momentum is outside [0, 1).</exception>
    /// <example><code>
    /// let x = tensor [ 1.0; 2.0 ]
    /// let optimizer = Optimizer.momentum 0.1 0.9 false
    /// let next, state = Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x
    /// next // [0.8, 1.6]
    /// </code></example>
    let momentum (rate: float) (momentum: float) (nesterov: bool) : Optimizer<'p, 'p> =
        requireUnit "momentum" momentum

        {
            Init = Adam.zerosFor
            Update =
                fun gradient velocity _ ->
                    let wider = Tree.map Adam.wide gradient

                    let velocity =
                        combine "momentum: velocity and gradient" (fun v g -> v * momentum + g) velocity wider

                    let direction =
                        if nesterov then Tree.map2 (fun g v -> g + v * momentum) wider velocity else velocity

                    Tree.map2 (fun (g: Tensor) d -> (d * -rate).Convert g.DType) gradient direction, velocity
        }

    /// <summary>The direction of Adam, not yet scaled by a rate (Kingma &amp; Ba 2015, algorithm 1).</summary>
    /// <exception cref="T:Cotangent.ValueException">A beta is outside [0, 1).</exception>
    let scaleByAdam (beta1: float) (beta2: float) (epsilon: float) : Optimizer<'p, AdamState<'p>> =
        requireUnit "beta1" beta1
        requireUnit "beta2" beta2

        {
            Init = Adam.start
            Update = fun gradient state _ -> Adam.update beta1 beta2 epsilon ValueNone gradient state
        }

    /// <summary>Adam with a rate that follows a schedule.</summary>
    /// <exception cref="T:Cotangent.ValueException">A beta is outside [0, 1).</exception>
    /// <example><code>
    /// let optimizer = Optimizer.adamWith (Schedule.cosine 1e-3 0.0 1000) 0.9 0.999
    /// let state = optimizer.Init(tensor [ 1.0 ])
    /// </code></example>
    let adamWith (rate: Schedule) (beta1: float) (beta2: float) : Optimizer<'p, AdamState<'p> * Tensor> =
        requireUnit "beta1" beta1
        requireUnit "beta2" beta2

        // scaleByAdam and scaleBySchedule, one after the other, in one pass.
        {
            Init = fun parameters -> Adam.start parameters, Adam.noStep parameters
            Update =
                fun gradient (state, step) _ ->
                    let factor = ValueSome(-(Schedule.at rate step))
                    let change, state = Adam.update beta1 beta2 1e-8 factor gradient state
                    change, (state, step + 1)
        }

    /// <summary>Adam (Kingma &amp; Ba 2015) with β = (0.9, 0.999).</summary>
    /// <example><code>
    /// let x = tensor [ 1.0; 2.0 ]
    /// let optimizer = Optimizer.adam 0.1
    /// let next, state = Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x
    /// next // [0.9, 1.9]
    /// </code></example>
    let adam (rate: float) : Optimizer<'p, AdamState<'p> * Tensor> =
        adamWith (Schedule.constant rate) 0.9 0.999

    /// <summary>Adam with decoupled weight decay (Loshchilov &amp; Hutter 2019, algorithm 2).</summary>
    /// <example><code>
    /// let x = tensor [ 1.0; 2.0 ]
    /// let optimizer = Optimizer.adamW 0.1 0.5
    /// let next, state = Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x
    /// next // [0.85, 1.8]
    /// </code></example>
    let adamW (rate: float) (decay: float) : Optimizer<'p, (AdamState<'p> * unit) * Tensor> =
        chain
            (chain (scaleByAdam 0.9 0.999 1e-8) (addDecayedWeights decay))
            (scaleBySchedule (Schedule.constant rate))

    /// <summary>g / √(mean of g²) (Tieleman &amp; Hinton 2012, lecture 6e).</summary>
    /// <exception cref="T:Cotangent.ValueException">The decay is outside [0, 1).</exception>
    /// <example><code>
    /// let x = tensor [ 1.0; 2.0 ]
    /// let optimizer = Optimizer.rmsProp 0.1 0.75
    /// let next, state = Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x
    /// next // [0.8, 1.8]
    /// </code></example>
    let rmsProp (rate: float) (decay: float) : Optimizer<'p, 'p> =
        requireUnit "decay" decay

        {
            Init = Adam.zerosFor
            Update =
                fun gradient squares _ ->
                    let mean (v: Tensor) (g: Tensor) = v * decay + g * g * (1.0 - decay)

                    let squares =
                        combine "rmsProp: mean square and gradient" mean squares (Tree.map Adam.wide gradient)

                    let change (g: Tensor) (v: Tensor) = Adam.inWide (fun g -> g * -rate / (sqrt v + 1e-8)) g

                    Tree.map2 change gradient squares, squares
        }

    /// <summary>The parameters after one update, and the next state.</summary>
    /// <exception cref="T:Cotangent.TreeException">
    /// The gradient or the state differs from the parameters in structure.
    /// </exception>
    /// <exception cref="T:Cotangent.ShapeException">A gradient has another shape than its parameters.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A gradient has another dtype than its parameters.</exception>
    /// <example><code>
    /// let f x = sum (square x)
    /// let optimizer = Optimizer.sgd 0.1
    /// let once (x, state) _ = Optimizer.step optimizer (grad f x) state x
    /// let start = tensor [ 1.0; 2.0 ]
    /// fst (Seq.fold once (start, optimizer.Init start) [ 1..100 ]) // [0, 0]
    /// </code></example>
    let step (optimizer: Optimizer<'p, 's>) (gradient: 'p) (state: 's) (parameters: 'p) : 'p * 's =
        Tree.matched "Optimizer.step: parameters and gradient" parameters gradient |> ignore
        let change, state = optimizer.Update gradient state parameters
        let before, changes = Tree.matched "Optimizer.step: parameters and change" parameters change
        Tree.rebuild parameters (Array.map2 (+) before changes), state

    /// <summary>A running average of parameters: decay · average + (1 - decay) · parameters.</summary>
    /// <exception cref="T:Cotangent.TreeException">The structures differ.</exception>
    /// <exception cref="T:Cotangent.ValueException">The decay is outside [0, 1].</exception>
    /// <exception cref="T:Cotangent.ShapeException">The mean of parameters has another shape than they.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The mean of parameters has another dtype than they.</exception>
    /// <example><code>
    /// Optimizer.average 0.75 (tensor [ 0.0 ]) (tensor [ 4.0 ]) // [1]
    /// </code></example>
    let average (decay: float) (mean: 'p) (parameters: 'p) : 'p =
        if not (decay >= 0.0 && decay <= 1.0) then
            raise (ValueException $"Optimizer.average: the decay is {string decay}; it must be in [0, 1].")

        combine "average: mean and parameters" (fun a p -> a * decay + p * (1.0 - decay)) mean parameters
