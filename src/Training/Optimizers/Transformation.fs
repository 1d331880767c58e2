namespace Cotangent

/// <summary>
/// What an optimiser remembers from step to step: a tree like any other, so that it compiles, batches, is carried by loops and
/// saved. It belongs to the optimiser that made it, and every other refuses it.
/// </summary>
/// <example><code>
/// let state = (Optimizer.adam 1e-3).Init(tensor [ 1.0; 2.0 ])
/// state.Numbers["step"], state.Slots["first"], state.Slots["second"] // (0, [0, 0], [0, 0])
/// </code></example>
type OptimizerState<'p> = {
    /// <summary>The name of the optimiser that it belongs to: <c>adam</c>, <c>chain(clipByGlobalNorm, sgd)</c>.</summary>
    Optimizer: string
    /// Counts and other scalars, by name.
    Numbers: Map<string, Tensor>
    /// What is kept of each tensor of the parameters, in a tree like theirs: running means and the like, by name. A
    /// parameter of 16 bits has Float32 there; one that is not trained has a 0.
    Slots: Map<string, 'p>
    /// The states of the optimisers that this one is made of.
    Parts: OptimizerState<'p> list
}

/// The same as arrays, for the parameters that a transformation is given, in their order.
[<NoComparison; NoEquality>]
type internal State = {
    Of: string
    Counts: Map<string, Tensor>
    Kept: Map<string, Tensor[]>
    Inner: State list
}

/// The parameters that a transformation is given: the trained ones, or a group of them.
[<NoComparison; NoEquality>]
type internal TrainedParameters = {
    Values: Tensor[]
    /// The same with their names, for messages and for choosing by name.
    Leaves: Lazy<Leaf[]>
}

/// What makes changes of parameters from gradients, leaf by leaf or of all together.
[<NoComparison; NoEquality>]
type internal Transformation = {
    Name: string
    Start: TrainedParameters -> State
    /// gradients, state, parameters -> changes, next state
    Move: Tensor[] -> State -> TrainedParameters -> Tensor[] * State
}

/// Arithmetic of optimisers. Means of gradients and of their squares, rates and ε would vanish in 16 bits: there they compute,
/// and remember, in Float32.
module internal Wide =
    let widen (t: Tensor) = if DTypes.isHalf t.DType then t.Convert DType.Float32 else t

    /// A change of a tensor, computed in Float32 where that has 16 bits.
    let within (change: Tensor -> Tensor) (g: Tensor) = (change (widen g)).Convert g.DType

    /// Zeros for what an optimiser keeps of a parameter.
    let zeros (p: Tensor) = widen (Tensor.zerosLike p)

/// States of transformations.
module internal State =
    let empty name = { Of = name; Counts = Map.empty; Kept = Map.empty; Inner = [] }

    /// A zero of its own for each state, which may be given away to a compiled function; where the parameters are.
    let private zero (parameters: TrainedParameters) =
        let zero = Tensor.own [||] [| 0 |]
        if parameters.Values.Length = 0 then zero else zero.To parameters.Values[0].Device

    /// With a count of steps, none taken yet.
    let counting name (parameters: TrainedParameters) = {
        empty name with
            Counts = Map.ofList [ "step", zero parameters ]
    }

    let containing name (parts: State list) = { empty name with Inner = parts }

    let private lacks (state: State) (what: string) : 'a =
        raise (
            ValueException
                $"Optimizer.step: the state of {state.Of} holds no {what}; it was made with other arguments. Make it anew by `Init`."
        )

    /// Steps taken, Int32.
    let count (state: State) : Tensor =
        match state.Counts.TryFind "step" with
        | Some step -> step
        | None -> lacks state "count of steps"

    /// What is kept under a name.
    let kept (name: string) (state: State) : Tensor[] =
        match state.Kept.TryFind name with
        | Some kept -> kept
        | None -> lacks state name

    /// The state with something made of what is kept of all leaves.
    let rec map (f: Tensor[] -> Tensor[]) (state: State) : State = {
        state with
            Kept = state.Kept |> Map.map (fun _ kept -> f kept)
            Inner = state.Inner |> List.map (map f)
    }

    /// The same of two states of one structure.
    let rec map2 (f: Tensor[] -> Tensor[] -> Tensor[]) (a: State) (b: State) : State = {
        b with
            Kept = b.Kept |> Map.map (fun name kept -> f a.Kept[name] kept)
            Inner = List.map2 (map2 f) a.Inner b.Inner
    }
