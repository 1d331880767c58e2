namespace Cotangent

/// A gradient transformation: pure functions over trees, with a state that is a tree like any other, so that it
/// compiles, checkpoints and batches. The result of `Update` is what to add to the parameters.
[<NoComparison; NoEquality>]
type Optimizer<'p, 's> = {
    /// The first state, from the parameters.
    Init: 'p -> 's
    /// gradient, state, parameters -> change of the parameters, next state
    Update: 'p -> 's -> 'p -> 'p * 's
}

/// The running means of Adam and its relatives.
type AdamState<'p> = {
    /// Steps taken, Int32.
    Step: Tensor
    /// The mean of the gradients.
    First: 'p
    /// The mean of their squares.
    Second: 'p
}

/// Optimisers, as chains of gradient transformations. What parameters one is for follows from its use; a definition
/// that is not used in its own file names them: `let optimizer: Optimizer<Model, _> = Optimizer.adam 1e-3`.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Optimizer =
    let private zero = Tensor.own [||] [| 0 |]

    /// A transformation without a state, of gradient and parameters.
    let private stateless (change: 'p -> 'p -> 'p) : Optimizer<'p, unit> = {
        Init = fun _ -> ()
        Update = fun gradient () parameters -> change gradient parameters, ()
    }

    let private requireUnit name (value: float) =
        if not (value >= 0.0 && value < 1.0) then
            raise (ValueException $"Optimizer: {name} is {value}; it must be in [0, 1).")

    /// One transformation after another; the states stand side by side.
    let chain (first: Optimizer<'p, 's>) (second: Optimizer<'p, 't>) : Optimizer<'p, 's * 't> = {
        Init = fun parameters -> first.Init parameters, second.Init parameters
        Update =
            fun gradient (s, t) parameters ->
                let change, s = first.Update gradient s parameters
                let change, t = second.Update change t parameters
                change, (s, t)
    }

    /// Every number times a constant.
    let scale (factor: float) : Optimizer<'p, unit> =
        stateless (fun gradient _ -> Tree.map (fun g -> g * factor) gradient)

    /// Steps down the gradient at a rate that follows a schedule.
    let scaleBySchedule (rate: Schedule) : Optimizer<'p, Tensor> = {
        Init = fun _ -> zero
        Update =
            fun gradient step _ ->
                let factor = -(rate step)
                Tree.map (fun g -> g * factor.Convert g.DType) gradient, step + 1
    }

    let private shorten (limit: float) (norm: Tensor) (g: Tensor) =
        // A factor of at most 1; 0/0 at the origin is avoided, the gradient is 0 there anyway.
        g * (limit / maximum norm (Tensor.fullLike norm limit)).Convert g.DType

    /// Each tensor's gradient shortened to a Euclidean norm of at most the limit.
    let clipEachByNorm (limit: float) : Optimizer<'p, unit> =
        if not (limit > 0.0) then
            raise (ValueException $"Optimizer.clipEachByNorm: the limit is {limit}; it must be positive.")

        stateless (fun gradient _ -> Tree.map (fun g -> shorten limit (norm g) g) gradient)

    /// The whole gradient shortened to a Euclidean norm of at most the limit (Pascanu et al. 2013, algorithm 1).
    let clipByGlobalNorm (limit: float) : Optimizer<'p, unit> =
        if not (limit > 0.0) then
            raise (ValueException $"Optimizer.clipByGlobalNorm: the limit is {limit}; it must be positive.")

        stateless (fun gradient _ ->
            let norm = Tree.norm gradient
            Tree.map (shorten limit norm) gradient)

    /// Adds a share of the parameters to the gradient.
    let addDecayedWeights (decay: float) : Optimizer<'p, unit> =
        stateless (fun gradient parameters -> Tree.map2 (fun g p -> g + p * decay) gradient parameters)

    /// Stochastic gradient descent: -rate · g.
    ///
    /// <example><code>
    /// let optimizer = Optimizer.sgd 0.1
    /// let change, state = optimizer.Update (tensor [ 1.0f ]) (optimizer.Init(tensor [ 0.0f ])) (tensor [ 0.0f ])
    /// </code></example>
    let sgd (rate: float) : Optimizer<'p, unit> = scale -rate

    /// Descent with a heavy ball: v ← momentum · v + g; -rate · v, or with Nesterov's look-ahead -rate (g + momentum v)
    /// (Sutskever et al. 2013, in PyTorch's form).
    let momentum (rate: float) (momentum: float) (nesterov: bool) : Optimizer<'p, 'p> =
        requireUnit "momentum" momentum

        {
            Init = Tree.zerosLike
            Update =
                fun gradient velocity _ ->
                    let velocity = Tree.map2 (fun v g -> v * momentum + g) velocity gradient

                    let direction =
                        if nesterov then
                            Tree.map2 (fun g v -> g + v * momentum) gradient velocity
                        else
                            velocity

                    Tree.map (fun d -> d * -rate) direction, velocity
        }

    /// The direction of Adam, not yet scaled by a rate (Kingma & Ba 2015, algorithm 1).
    let scaleByAdam (beta1: float) (beta2: float) (epsilon: float) : Optimizer<'p, AdamState<'p>> =
        requireUnit "beta1" beta1
        requireUnit "beta2" beta2

        {
            Init =
                fun parameters -> {
                    Step = zero
                    First = Tree.zerosLike parameters
                    Second = Tree.zerosLike parameters
                }
            Update =
                fun gradient state _ ->
                    let step = state.Step + 1

                    let first =
                        if beta1 = 0.0 then
                            gradient
                        else
                            Tree.map2 (fun m g -> m * beta1 + g * (1.0 - beta1)) state.First gradient

                    let second =
                        Tree.map2 (fun v g -> v * beta2 + g * g * (1.0 - beta2)) state.Second gradient
                    // Both means start at 0; dividing by 1 - βᵗ takes that bias out. βᵗ in Float64: 1 - 0.999 has few
                    // digits in Float32.
                    let t = step.Convert DType.Float64

                    let unbiased (beta: float) =
                        if beta = 0.0 then Tensor.onesLike t else 1.0 - exp (t * log beta)

                    let c1, c2 = unbiased beta1, sqrt (unbiased beta2)

                    let direction =
                        Tree.map2
                            (fun (m: Tensor) (v: Tensor) ->
                                m / c1.Convert m.DType / (sqrt v / c2.Convert v.DType + epsilon))
                            first
                            second

                    direction, { Step = step; First = first; Second = second }
        }

    /// Adam with a rate that follows a schedule.
    let adamWith (rate: Schedule) (beta1: float) (beta2: float) : Optimizer<'p, AdamState<'p> * Tensor> =
        chain (scaleByAdam beta1 beta2 1e-8) (scaleBySchedule rate)

    /// Adam (Kingma & Ba 2015) with β = (0.9, 0.999).
    let adam (rate: float) : Optimizer<'p, AdamState<'p> * Tensor> =
        adamWith (Schedule.constant rate) 0.9 0.999

    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2).
    let adamW (rate: float) (decay: float) : Optimizer<'p, (AdamState<'p> * unit) * Tensor> =
        chain
            (chain (scaleByAdam 0.9 0.999 1e-8) (addDecayedWeights decay))
            (scaleBySchedule (Schedule.constant rate))

    /// g / √(mean of g²) (Tieleman & Hinton 2012, lecture 6e).
    let rmsProp (rate: float) (decay: float) : Optimizer<'p, 'p> =
        requireUnit "decay" decay

        {
            Init = Tree.zerosLike
            Update =
                fun gradient squares _ ->
                    let squares = Tree.map2 (fun v g -> v * decay + g * g * (1.0 - decay)) squares gradient
                    Tree.map2 (fun g v -> g * -rate / (sqrt v + 1e-8)) gradient squares, squares
        }

    /// The parameters after one update, and the next state.
    let step (optimizer: Optimizer<'p, 's>) (gradient: 'p) (state: 's) (parameters: 'p) : 'p * 's =
        let change, state = optimizer.Update gradient state parameters
        Tree.map2 (+) parameters change, state

    /// A running average of parameters: decay · average + (1 - decay) · parameters.
    let average (decay: float) (mean: 'p) (parameters: 'p) : 'p =
        Tree.map2 (fun a p -> a * decay + p * (1.0 - decay)) mean parameters
