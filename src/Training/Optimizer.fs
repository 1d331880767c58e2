namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Where optimisers meet trees: which tensors of a model they change, and how what they keep of these becomes trees.
module internal TrainedLeaves =
    /// Which leaves are trained: all but those in a `Frozen`.
    let places (parameters: 'p) : int[] =
        let struct (_, trained) = Tree.marked "Optimizer:" parameters
        Array.init trained.Length id |> Array.filter (fun i -> trained[i])

    let choose (places: int[]) (leaves: Tensor[]) : Tensor[] =
        if places.Length = leaves.Length then leaves else places |> Array.map (fun i -> leaves[i])

    /// Leaves with others in some places.
    let put (places: int[]) (leaves: Tensor[]) (chosen: Tensor[]) : Tensor[] =
        if places.Length = leaves.Length then
            chosen
        else
            let all = Array.copy leaves
            Array.iter2 (fun place t -> all[place] <- t) places chosen
            all

    /// What stands for each leaf that nothing is kept of: a number of its own, so that a state can be given away.
    let absent (leaves: Tensor[]) : Tensor[] =
        leaves |> Array.map (fun leaf -> (Tensor.zeros leaf.DType []).To leaf.Device)

    let rec toTree (like: 'p) (state: State) : OptimizerState<'p> = {
        Optimizer = state.Of
        Numbers = state.Counts
        Slots = state.Kept |> Map.map (fun _ kept -> Tree.rebuild like kept)
        Parts = state.Inner |> List.map (toTree like)
    }

    let rec ofTree (operation: string) (like: 'p) (state: OptimizerState<'p>) : State = {
        Of = state.Optimizer
        Counts = state.Numbers
        Kept =
            state.Slots
            |> Map.map (fun name slot -> snd (Tree.zipped $"{operation}: parameters and {name}" like slot))
        Inner = state.Parts |> List.map (ofTree operation like)
    }

    // To optimisers complex numbers are pairs of real ones, along a last axis. The gradient of a real function of x + yi is
    // ∂/∂x - i ∂/∂y: its conjugate is the pair that the pair of the number has as its gradient.

    let private pairs (z: Tensor) : Tensor = stack z.Rank [ real z; imag z ]

    /// A parameter as transformations see it.
    let asReal (t: Tensor) : Tensor = if t.DType.IsComplex then pairs t else t

    /// A gradient as transformations see it.
    let slope (g: Tensor) : Tensor = if g.DType.IsComplex then pairs (conj g) else g

    /// A change of a parameter from what transformations made.
    let changeOf (parameter: Tensor) (change: Tensor) : Tensor =
        if parameter.DType.IsComplex then
            let part i = (sliceAxis (change.Rank - 1) i 1 change).Squeeze(change.Rank - 1)
            complex (part 0) (part 1)
        else
            change

    let given (parameters: 'p) (leaves: Tensor[]) (places: int[]) : TrainedParameters = {
        Values = choose places leaves |> Array.map asReal
        Leaves = later (fun () -> let all = Tree.entries parameters in places |> Array.map (fun i -> all[i]))
    }

/// <summary>
/// How parameters learn from gradients: a pure transformation of gradients into changes, one value for models of every
/// type. Complex parameters learn as pairs of real ones, from what <c>grad</c> gives: against its conjugate. A change is what is <i>added</i> to the parameters: what descends, such as <c>sgd</c> and <c>adam</c>, turns the
/// sign around; what only transforms, such as <c>clipByGlobalNorm</c>, keeps it, and stands before one that descends in a
/// <c>chain</c>.
/// </summary>
/// <example><code>
/// let optimizer = Optimizer.adam 0.1
/// let loss x = sum (square x)
/// let x = tensor [ 1.0; 2.0 ]
/// let next, state = Optimizer.step optimizer (grad loss x) (optimizer.Init x) x
/// next // [0.9, 1.9]
/// </code></example>
[<Sealed>]
type Optimizer internal (transformation: Transformation) =
    member internal _.Transformation = transformation

    /// <summary>What it is called: <c>adam</c>, <c>chain(clipByGlobalNorm, sgd)</c>. Its states carry the name.</summary>
    member _.Name = transformation.Name

    override _.ToString() = transformation.Name

    /// <summary>The first state, from the parameters: any tree of floating-point and complex tensors.</summary>
    /// <exception cref="T:Cotangent.TreeException">The parameters are no tree of tensors.</exception>
    /// <example><code>
    /// (Optimizer.momentum 0.1).Init(tensor [ 1.0; 2.0 ]).Slots["velocity"] // [0, 0]
    /// </code></example>
    member _.Init(parameters: 'p) : OptimizerState<'p> =
        Given.check "parameters" parameters
        let leaves = Tree.leaves parameters
        let places = TrainedLeaves.places parameters

        transformation.Start(TrainedLeaves.given parameters leaves places)
        |> State.map (fun kept ->
            if places.Length = leaves.Length then
                kept
            else
                TrainedLeaves.put places (TrainedLeaves.absent leaves) kept)
        |> TrainedLeaves.toTree parameters

    /// The leaves of the parameters, which of them are trained, the changes of these, and the next state.
    member internal _.Move(operation: string, gradient: 'p, state: OptimizerState<'p>, parameters: 'p) =
        Given.check "gradient" gradient
        Given.check "state" state
        Given.check "parameters" parameters

        if state.Optimizer <> transformation.Name then
            raise (
                ValueException
                    $"{operation}: the state belongs to `{state.Optimizer}`, the optimiser is `{transformation.Name}`. Make a state of its own by its `Init`."
            )

        let leaves, slopes = Tree.matched $"{operation}: parameters and gradient" parameters gradient
        let places = TrainedLeaves.places parameters
        let before = TrainedLeaves.ofTree operation parameters state

        let changes, next =
            transformation.Move
                (TrainedLeaves.choose places slopes |> Array.map TrainedLeaves.slope)
                (before |> State.map (TrainedLeaves.choose places))
                (TrainedLeaves.given parameters leaves places)

        let changes = Array.map2 (fun i change -> TrainedLeaves.changeOf leaves[i] change) places changes
        let whole = State.map2 (TrainedLeaves.put places) before next
        struct (leaves, places, changes, TrainedLeaves.toTree parameters whole)

    /// <summary>
    /// gradient, state, parameters -> what to add to the parameters, and the next state. <c>Optimizer.step</c> adds it, too.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The state belongs to another optimiser.</exception>
    /// <exception cref="T:Cotangent.TreeException">Gradient, state and parameters differ in structure.</exception>
    /// <exception cref="T:Cotangent.ShapeException">A gradient has another shape than its parameters.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A gradient has another dtype than its parameters.</exception>
    /// <example><code>
    /// let optimizer = Optimizer.sgd 0.1
    /// let x = tensor [ 1.0; 2.0 ]
    /// fst (optimizer.Update (tensor [ 10.0; 20.0 ]) (optimizer.Init x) x) // [-1, -2]
    /// </code></example>
    member optimizer.Update
        (gradient: 'p)
        (state: OptimizerState<'p>)
        (parameters: 'p)
        : 'p * OptimizerState<'p> =
        let struct (leaves, places, changes, next) =
            optimizer.Move("Optimizer.Update", gradient, state, parameters)

        let still = if places.Length = leaves.Length then leaves else leaves |> Array.map Tensor.zerosLike
        Tree.rebuild parameters (TrainedLeaves.put places still changes), next

/// <summary>
/// Optimisers of the field, and parts to chain others from. Each is called as a method, with what it has by default named
/// where it should differ, and takes a number or a <c>Schedule</c> as its rate:
/// <c>Optimizer.adam 1e-3</c>, <c>Optimizer.adam(Schedule.cosine 1e-3 0.0 1000, beta2 = 0.99)</c>.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Optimizer =
    /// <summary>The parameters after one update, and the next state. What is not trained stays as it is.</summary>
    /// <exception cref="T:Cotangent.ValueException">The state belongs to another optimiser.</exception>
    /// <exception cref="T:Cotangent.TreeException">Gradient, state and parameters differ in structure.</exception>
    /// <exception cref="T:Cotangent.ShapeException">A gradient has another shape than its parameters.</exception>
    /// <exception cref="T:Cotangent.DTypeException">A gradient has another dtype than its parameters.</exception>
    /// <example><code>
    /// let f x = sum (square x)
    /// let optimizer = Optimizer.sgd 0.1
    /// let once (x, state) _ = Optimizer.step optimizer (grad f x) state x
    /// let start = tensor [ 1.0; 2.0 ]
    /// fst (Seq.fold once (start, optimizer.Init start) [ 1..100 ]) // [0, 0]
    /// </code></example>
    let step
        (optimizer: Optimizer)
        (gradient: 'p)
        (state: OptimizerState<'p>)
        (parameters: 'p)
        : 'p * OptimizerState<'p> =
        Given.check "optimizer" optimizer

        let struct (leaves, places, changes, next) =
            optimizer.Move("Optimizer.step", gradient, state, parameters)

        let moved = Array.map2 (fun i change -> leaves[i] + change) places changes
        Tree.rebuild parameters (TrainedLeaves.put places leaves moved), next

    /// <summary>One transformation after another: each gets the changes of the one before as its gradient.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are none.</exception>
    /// <example><code>
    /// let x = tensor [ 1.0; 2.0 ]
    /// let optimizer = Optimizer.chain [ Optimizer.clipByGlobalNorm 1.0; Optimizer.sgd 0.1 ]
    /// fst (Optimizer.step optimizer (2.0 * x) (optimizer.Init x) x) // [0.9553, 1.9106]
    /// </code></example>
    let chain (optimizers: Optimizer list) : Optimizer =
        Given.check "optimizers" optimizers

        if optimizers.IsEmpty then
            raise (ValueException "Optimizer.chain: there are no optimisers in the list; give at least one.")

        let parts = optimizers |> List.map _.Transformation
        let name = "chain(" + System.String.Join(", ", parts |> List.map _.Name) + ")"

        Optimizer {
            Name = name
            Start = fun parameters -> State.containing name [ for part in parts -> part.Start parameters ]
            Move =
                fun gradients state parameters ->
                    let next, changes =
                        List.zip parts state.Inner
                        |> List.mapFold
                            (fun gradients (part, inner) ->
                                let changes, next = part.Move gradients inner parameters
                                next, changes)
                            gradients

                    changes, State.containing name next
        }

    /// <summary>
    /// A running average of parameters: decay · average + (1 - decay) · parameters. What is in a <c>Frozen</c> is that of the
    /// parameters.
    /// </summary>
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

        let means, now = Tree.matched "Optimizer.average: mean and parameters" mean parameters
        let blend (a: Tensor) (p: Tensor) = Wide.within (fun a -> a * decay + Wide.widen p * (1.0 - decay)) a
        let places = TrainedLeaves.places parameters
        let blended = places |> Array.map (fun i -> blend means[i] now[i])
        Tree.rebuild mean (TrainedLeaves.put places now blended)
