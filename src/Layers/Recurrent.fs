namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How to make an <c>Rnn</c>, a <c>Gru</c> or an <c>Lstm</c>.</summary>
/// <example><code>
/// let options = { Lstm.defaults with Layers = 2; IsBidirectional = true }
/// (Lstm.init options 3 8 (Key.create 0L)).Forward(Tensor.ones DType.Float32 [ 2; 5; 3 ]) // shape (2, 5, 16)
/// </code></example>
[<NoComparison; NoEquality>]
type RecurrentOptions = {
    /// How all weights start; the fans are those of a step's hidden numbers to its gates.
    Weight: Init
    /// How all biases start; None: no biases.
    Bias: Init option
    /// Layers, each reading what the one before has made.
    Layers: int
    /// Whether there is a second direction, from the last step to the first.
    IsBidirectional: bool
    /// The share of the numbers between two layers that training drops.
    Dropout: float
    /// The dtype of weights and biases.
    DType: DType
}

/// <summary>
/// The parameters of a recurrent layer in one direction. All gates are one product, one after the other as PyTorch orders them.
/// </summary>
/// <example><code>
/// let layer = Lstm.create 3 8 (Key.create 0L)
/// layer.Layers[0].Ahead.WeightIh // shape (3, 32)
/// </code></example>
type RecurrentWeights = {
    /// (inputs, gates · hidden)
    WeightIh: Tensor
    /// (hidden, gates · hidden)
    WeightHh: Tensor
    /// <summary>(gates · hidden,), or null for none.</summary>
    BiasIh: Tensor | null
    /// <summary>(gates · hidden,), or null for none.</summary>
    BiasHh: Tensor | null
}

/// <summary>One of the layers of a recurrent network.</summary>
/// <example><code>
/// let layer = Lstm.init { Lstm.defaults with IsBidirectional = true } 3 8 (Key.create 0L)
/// (nonNull layer.Layers[0].Reverse).WeightIh // shape (3, 32)
/// </code></example>
type RecurrentLayer = {
    /// From the first step to the last.
    Ahead: RecurrentWeights
    /// <summary>From the last step to the first, or null for none.</summary>
    Reverse: RecurrentWeights | null
}

/// What makes a recurrent network one of its kind.
[<NoComparison; NoEquality>]
type internal RecurrentKind = {
    Name: string
    /// How often the hidden numbers are computed in a step.
    Gates: int
    /// Tensors that go from step to step, the output first.
    States: int
    /// Whether the biases of the hidden numbers are part of a gated term; else they are added before the loop.
    IsBiasInside: bool
    /// The weights, the inputs' product (N, gates · hidden), the states (N, hidden) -> the next states.
    Step: RecurrentWeights -> Tensor -> Tensor[] -> Tensor[]
}

/// The loop of all recurrent networks, over sequences (steps, N, numbers) of N examples.
module internal Recurrent =
    let plus (bias: Tensor | null) (x: Tensor) =
        match bias with
        | null -> x
        | bias -> x + bias

    /// One layer in one direction: what comes out at each step, and the last states. The products of all inputs are one, before
    /// the loop. Where the mask (steps, N, 1) does not hold, the states stay as they are and 0 comes out.
    let private along kind isReverse (weights: RecurrentWeights) (mask: Tensor | null) (states: Tensor[]) x =
        let inputs = plus weights.BiasIh (matmul x weights.WeightIh)
        let inputs = if kind.IsBiasInside then inputs else plus weights.BiasHh inputs
        let turn (t: Tensor) = if isReverse then t.Flip 0 else t

        let step (states: Tensor[]) (input: Tensor) = kind.Step weights input states

        let last, outputs =
            match mask with
            | null ->
                scan
                    (fun states input ->
                        let next = step states input
                        next, next[0])
                    states
                    (turn inputs)
            | mask ->
                scan
                    (fun states (input, isSeen: Tensor) ->
                        let next =
                            Array.map2
                                (fun next before -> where isSeen next before)
                                (step states input)
                                states

                        next, where isSeen next[0] (Tensor.zerosLike next[0]))
                    states
                    (turn inputs, turn mask)

        struct (turn outputs, last)

    /// Dropout between two layers (Srivastava et al. 2014), what is kept scaled up.
    let private drop (rate: float) (key: Key) (x: Tensor) =
        let isKept = Random.bernoulli key (1.0 - rate) x.Dims
        where isKept (x * (1.0 / (1.0 - rate))) (Tensor.zerosLike x)

    /// All layers. The states are (N, layers · directions, hidden), those of one layer side by side, the direction ahead first.
    let private throughLayers
        kind
        (layers: RecurrentLayer list)
        rate
        (key: Key | null)
        mask
        (states: Tensor[])
        x
        =
        let keys =
            match key with
            | null -> [||]
            | key when rate > 0.0 && layers.Length > 1 -> Key.splitMany (layers.Length - 1) key
            | _ -> [||]

        let last = ResizeArray<Tensor[]>()
        let mutable x = x

        for i, layer in List.indexed layers do
            if i > 0 && keys.Length > 0 then x <- drop rate keys[i - 1] x

            let direction isReverse weights =
                let initial = states |> Array.map (fun s -> (sliceAxis 1 last.Count 1 s).Squeeze 1)
                let struct (output, final) = along kind isReverse weights mask initial x
                last.Add final
                output

            let ahead = direction false layer.Ahead

            x <-
                match layer.Reverse with
                | null -> ahead
                | weights -> concat -1 [ ahead; direction true weights ]

        struct (x, Array.init kind.States (fun k -> stack 1 [ for each in last -> each[k] ]))

    let private hiddenOf (layers: RecurrentLayer list) = layers.Head.Ahead.WeightHh.Dims[0]

    let private depthOf (layers: RecurrentLayer list) =
        layers |> List.sumBy (fun layer -> if isNull (box layer.Reverse) then 1 else 2)

    /// States of 0, for a batch of this shape.
    let zeroState (layers: RecurrentLayer list) (batch: int seq) : Tensor =
        let weight = layers.Head.Ahead.WeightHh
        let shape = Array.append (Array.ofSeq batch) [| depthOf layers; hiddenOf layers |]
        (Tensor.zeros weight.DType shape).To weight.Device

    let private requireInput kind (layers: RecurrentLayer list) (x: Tensor) =
        PositionAngles.requireSteps $"{kind.Name}.forward" x
        Layer.requireLast $"{kind.Name}.forward" "inputs" layers.Head.Ahead.WeightIh.Dims[0] x

    let private requireState kind (layers: RecurrentLayer list) (x: Tensor) (state: Tensor) =
        let wanted = Array.append x.Dims[.. x.Rank - 3] [| depthOf layers; hiddenOf layers |]

        if not (Shape.equal state.Dims wanted) then
            raise (
                ShapeException
                    $"{kind.Name}.run: the state has shape {Shape.show state.Dims}; for an input {Shape.show x.Dims} it wants {Shape.show wanted}: the batch, layers times directions, hidden numbers."
            )

    let private requireMask kind (x: Tensor) (mask: Tensor) =
        if mask.DType <> DType.Bool then
            raise (
                DTypeException
                    $"{kind.Name}.run: the mask must be Bool, true for steps that are seen, got {mask.DType} {Shape.show mask.Dims}. `Mask.ofLengths` makes one of lengths."
            )

        if not (Shape.equal mask.Dims x.Dims[.. x.Rank - 2]) then
            raise (
                ShapeException
                    $"{kind.Name}.run: the mask has shape {Shape.show mask.Dims}; for an input {Shape.show x.Dims} it wants {Shape.show x.Dims[.. x.Rank - 2]}, the steps of each sequence."
            )

    /// x (…, steps, inputs) through all layers: (…, steps, hidden · directions), and the last states.
    let run kind layers rate (states: Tensor[] | null) (mask: Tensor | null) (key: Key | null) (x: Tensor) =
        requireInput kind layers x
        let batch, steps = x.Dims[.. x.Rank - 3], x.Dims[x.Rank - 2]
        let examples = Shape.count batch

        let states =
            match states with
            | null -> Array.create kind.States (zeroState layers batch)
            | states ->
                for state in states do
                    requireState kind layers x state

                states

        let mask: Tensor | null =
            match mask with
            | null -> null
            | mask ->
                requireMask kind x mask
                mask.Reshape([| examples; steps |]).Transpose().Unsqueeze -1

        let stepsFirst = x.Reshape([| examples; steps; x.Dims[x.Rank - 1] |]).Transpose(0, 1)
        let flat = states |> Array.map (fun s -> s.Reshape [| examples; depthOf layers; hiddenOf layers |])
        let struct (y, last) = throughLayers kind layers rate key mask flat stepsFirst
        let y = y.Transpose(0, 1)

        struct (y.Reshape(Array.append x.Dims[.. x.Rank - 2] [| y.Dims[2] |]),
                last |> Array.map (fun s -> s.Reshape(Array.append batch s.Dims[1..])))

    /// Weights and biases of all layers.
    let init kind (options: RecurrentOptions) (inputs: int) (hidden: int) (key: Key) : RecurrentLayer list =
        let operation = $"{kind.Name}.init"

        Layer.requirePositive operation [
            "inputs", inputs
            "hidden numbers", hidden
            "layers", options.Layers
        ]

        Layer.requireFloat operation options.DType

        if not (options.Dropout >= 0.0 && options.Dropout < 1.0) then
            raise (
                ValueException
                    $"{operation}: a dropout of {string options.Dropout}; it must be from 0 to below 1."
            )

        let gates = kind.Gates * hidden
        let fans = Fans.ofShape [ hidden; gates ]

        let weights inputs key : RecurrentWeights =
            let a, b, c, d = Key.split4 key

            let bias key : Tensor | null =
                match options.Bias with
                | Some init -> init fans [ gates ] options.DType key
                | None -> null

            {
                WeightIh = options.Weight fans [ inputs; gates ] options.DType a
                WeightHh = options.Weight fans [ hidden; gates ] options.DType b
                BiasIh = bias c
                BiasHh = bias d
            }

        let directions = if options.IsBidirectional then 2 else 1

        [
            for i, key in Array.indexed (Key.splitMany options.Layers key) do
                let inputs = if i = 0 then inputs else directions * hidden
                let ahead, reverse = Key.split key

                {
                    Ahead = weights inputs ahead
                    Reverse = if options.IsBidirectional then weights inputs reverse else null
                }
        ]

    /// What PyTorch starts from.
    let defaults: RecurrentOptions = {
        Weight = Init.inverseRoot
        Bias = Some Init.inverseRoot
        Layers = 1
        IsBidirectional = false
        Dropout = 0.0
        DType = DType.Float32
    }
