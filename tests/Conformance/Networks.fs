/// Operators that are layers and losses of networks.
module internal Cotangent.Conformance.Networks

open Cotangent

let private batchNorm: Operator =
    fun a inputs ->
        let x = given inputs 0
        let mean, variance = given inputs 3, given inputs 4
        let wide (t: Tensor) = t.Convert DType.Float32

        let layer: BatchNorm = {
            Weight = wide (given inputs 1)
            Bias = wide (given inputs 2)
            RunningMean = Frozen(wide mean)
            RunningVar = Frozen(wide variance)
            Momentum = 1.0 - a.Float("momentum", 0.9)
            Epsilon = a.Float("epsilon", 1e-5)
        }

        if a.IsSet "training_mode" then
            let y, next = BatchNorm.train layer x
            // ONNX takes the variance of the batch as it is; ours, as PyTorch's, is that of the population it comes from.
            let others = [ 0 .. x.Rank - 1 ] |> List.except [ 1 ]
            let kept = a.Float("momentum", 0.9)
            let running = variance * kept + x.Variance(others, correction = 0) * (1.0 - kept)
            [ y; next.RunningMean.Value; running ]
        else
            [ BatchNorm.forward layer x ]

let private instanceNorm: Operator =
    fun a inputs ->
        let x = given inputs 0

        let layer: InstanceNorm = {
            Weight = given inputs 1
            Bias = given inputs 2
            Channels = x.Shape[1]
            Epsilon = a.Float("epsilon", 1e-5)
        }

        [ InstanceNorm.forward layer x ]

let private layerNorm: Operator =
    fun a inputs ->
        let x, gain = given inputs 0, given inputs 1
        let axis = fromEnd x.Rank (a.Int("axis", -1))
        let epsilon = a.Float("epsilon", 1e-5)
        let last = x.Rank - axis
        let axes = [ axis .. x.Rank - 1 ]

        let y =
            match tryGiven inputs 2 with
            | Some bias -> x.LayerNorm(last, epsilon, gain, bias)
            | None -> x.LayerNorm(last, epsilon, gain)

        [ y; x.Mean(axes, true); 1.0 / sqrt (x.Variance(axes, true, 0) + epsilon) ]

let private meanVariance: Operator =
    fun a inputs ->
        let x = given inputs 0
        let axes = a.Ints("axes", [ 0; 2; 3 ])
        [ (x - x.Mean(axes, true)) / (sqrt (x.Variance(axes, true, 0)) + 1e-9) ]

/// Sums of squares over neighbouring channels.
let private localResponse: Operator =
    fun a inputs ->
        let x = given inputs 0
        let size = a.Int("size", 1)
        let less = (size - 1) / 2
        let sides = [ for axis in 0 .. x.Rank - 1 -> if axis = 1 then less, size - 1 - less else 0, 0 ]
        let sums = ((square x).Pad(sides)).Unfold(1, size).Sum -1

        [
            x / (a.Float("bias", 1.0) + sums * (a.Float("alpha", 1e-4) / float size)) ** a.Float("beta", 0.75)
        ]

let private dropout: Operator =
    fun a inputs ->
        let x = given inputs 0

        let ratio =
            tryGiven inputs 1
            |> Option.map (floatsOf >> List.head)
            |> Option.defaultValue (a.Float("ratio", 0.5))

        let trains = tryGiven inputs 2 |> Option.exists (fun t -> intsOf (t.Convert DType.Int32) <> [ 0 ])
        if trains && ratio <> 0.0 then unmapped "draws of another generator"
        [ x; (Tensor.onesLike x).Convert DType.Bool ]

let private reduced (a: Attributes) (each: Tensor) (weights: Tensor) =
    match a.Text("reduction", "mean") with
    | "none" -> each
    | "sum" -> sum each
    | _ -> sum each / sum weights

/// What each example weighs: the weight of its class, and nothing if its label is one to ignore.
let private weigh (a: Attributes) inputs (labels: Tensor) (scores: Tensor) =
    let counts =
        match a.TryInt "ignore_index" with
        | Some ignored -> labels.NotEqual(float ignored)
        | None -> (Tensor.zerosLike labels).Equal 0.0

    let known = where counts labels (Tensor.zerosLike labels)

    let ofClass =
        match tryGiven inputs 2 with
        | Some weights -> weights.Take(known, 0)
        | None -> Tensor.ones scores.DType (shapeOf labels)

    known, ofClass * counts.Convert scores.DType

let private negativeLogLikelihood: Operator =
    fun a inputs ->
        let scores, labels = given inputs 0, given inputs 1
        let known, weights = weigh a inputs labels scores
        let chosen = (scores.Gather(known.Unsqueeze 1, 1)).Squeeze 1
        [ reduced a (-chosen * weights) weights ]

let private crossEntropy: Operator =
    fun a inputs ->
        let scores, labels = given inputs 0, given inputs 1

        let options = {
            Loss.crossEntropyDefaults with
                Ignored = a.TryInt "ignore_index"
                Weights = tryGiven inputs 2
        }

        let logits = scores.MoveAxis(1, -1)

        let loss =
            match a.Text("reduction", "mean") with
            | "none" -> Loss.Each.crossEntropyWith options labels logits
            | "sum" -> sum (Loss.Each.crossEntropyWith options labels logits)
            | _ -> Loss.crossEntropyWith options labels logits

        [ loss; scores.LogSoftmax 1 ]

/// Rows of gates in another order.
let private gates (order: int list) (weights: Tensor) =
    let parts = weights.Chunk(order.Length, 0)
    concat 0 [ for i in order -> parts[i] ]

/// One layer in one direction, of weights in ONNX's order of gates, and the same laid out anew: batches first or not.
let private recurrent order (run: RecurrentWeights -> Tensor -> Tensor) : Operator =
    fun a inputs ->
        let first (t: Tensor) = t.Take(ofInts [ 0 ], 0).Squeeze 0
        let w, r = first (given inputs 1), first (given inputs 2)

        let inputBias, hiddenBias =
            match tryGiven inputs 3 with
            | Some b ->
                let halves = (first b).Chunk(2, 0)
                halves[0], halves[1]
            | None -> Tensor.zeros w.DType [ w.Shape[0] ], Tensor.zeros w.DType [ w.Shape[0] ]

        if (tryGiven inputs 7).IsSome then unmapped "peepholes"
        let batchFirst = a.IsSet "layout"
        let x = given inputs 0
        let x = if batchFirst then x else x.MoveAxis(0, 1)

        let weights: RecurrentWeights = {
            WeightIh = (gates order w).T
            WeightHh = (gates order r).T
            BiasIh = gates order inputBias
            BiasHh = gates order hiddenBias
        }

        let all = run weights x
        let last = all.Take(ofInts [ all.Shape[1] - 1 ], 1).Squeeze 1

        if batchFirst then
            [ all.Unsqueeze 2; last.Unsqueeze 1 ]
        else
            [ (all.MoveAxis(1, 0)).Unsqueeze 1; last.Unsqueeze 0 ]

let private layerOf weights : RecurrentLayer = { Ahead = weights; Reverse = null }

let private rnn =
    recurrent [ 0 ] (fun weights ->
        Rnn.forward { Layers = [ layerOf weights ]; Dropout = 0.0; Activation = Activation.Tanh })

let private lstm =
    recurrent [ 0; 2; 3; 1 ] (fun weights -> Lstm.forward { Layers = [ layerOf weights ]; Dropout = 0.0 })

/// ONNX's gates are update, reset, new.
let private gru: Operator =
    fun a ->
        let run (weights: RecurrentWeights) =
            Gru.forward {
                Layers = [ layerOf weights ]
                Dropout = 0.0
                ResetAfter = a.IsSet "linear_before_reset"
            }

        recurrent [ 1; 0; 2 ] run a

let operators: (string * Operator) list = [
    "BatchNormalization", batchNorm
    "InstanceNormalization", instanceNorm
    "LayerNormalization", layerNorm
    "MeanVarianceNormalization", meanVariance
    "LRN", localResponse
    "Dropout", dropout
    "NegativeLogLikelihoodLoss", negativeLogLikelihood
    "SoftmaxCrossEntropyLoss", crossEntropy
    "RNN", rnn
    "LSTM", lstm
    "GRU", gru
]
