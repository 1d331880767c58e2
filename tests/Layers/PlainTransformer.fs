/// The layers of a transformer in the slowest and plainest way: loops over arrays, as the papers write the formulas.
module internal Cotangent.Tests.PlainTransformer

open Cotangent
open Cotangent.Tests.Support

/// Steps, each a vector.
type Rows = float[][]

let rows (t: Tensor) : Rows = [| for i in 0 .. t.Shape[0] - 1 -> numbers t[i] |]

let private activate (activation: Activation) (x: float) =
    match activation with
    | Activation.Identity -> x
    | Activation.Relu -> max 0.0 x
    | Activation.Tanh -> tanh x
    | Activation.Silu -> x / (1.0 + exp -x)
    | _ -> failwith $"{activation} has no plain form here"

/// activation (x W + b), row by row.
let project (layer: Linear) (x: Rows) : Rows =
    let w, inputs, outputs = reader layer.Weight, layer.Weight.Shape[0], layer.Weight.Shape[1]

    let b =
        match layer.Bias with
        | null -> Array.zeroCreate outputs
        | bias -> numbers bias

    [|
        for row in x ->
            [|
                for j in 0 .. outputs - 1 ->
                    activate
                        layer.Activation
                        (b[j] + Seq.sum (seq { for i in 0 .. inputs - 1 -> row[i] * w [ i; j ] }))
            |]
    |]

/// Each head's numbers i and i + width/2 turned by position · base^(-2i/width) (Su et al. 2021).
let private rotated (rotary: Rotary | null) (width: int) (x: Rows) : Rows =
    match rotary with
    | null -> x
    | rotary -> [|
        for position, row in Array.indexed x ->
            [|
                for j, number in Array.indexed row ->
                    let i, half = j % width, width / 2
                    let angle = float position * rotary.Base ** (-2.0 * float (i % half) / float width)

                    if i < half then
                        number * cos angle - row[j + half] * sin angle
                    else
                        row[j - half] * sin angle + number * cos angle
            |]
      |]

/// Attention of one sequence over another, head by head, as Vaswani et al. 2017 write it.
let attention (layer: MultiHeadAttention) (sees: int -> int -> bool) (query: Rows) (memory: Rows) : Rows =
    let q, k, v = project layer.Query query, project layer.Key memory, project layer.Value memory
    let width = q[0].Length / layer.Heads
    let q, k = rotated layer.Rotary width q, rotated layer.Rotary width k
    let group = layer.Heads / layer.KeyHeads

    let found = [|
        for i in 0 .. q.Length - 1 ->
            [|
                for h in 0 .. layer.Heads - 1 do
                    let mine, theirs = h * width, h / group * width

                    let score j =
                        Seq.sum (seq { for e in 0 .. width - 1 -> q[i][mine + e] * k[j][theirs + e] })
                        / sqrt (float width)

                    let weights = [| for j in 0 .. k.Length - 1 -> if sees i j then exp (score j) else 0.0 |]
                    let total = max 1e-300 (Array.sum weights)

                    for e in 0 .. width - 1 ->
                        Seq.sum (seq { for j in 0 .. k.Length - 1 -> weights[j] / total * v[j][theirs + e] })
            |]
    |]

    project layer.Output found

/// (x - mean)/√(variance + ε) · gain + bias, or x/√(mean x² + ε) · gain.
let normalize (norm: ILayer) (x: Rows) : Rows =
    let scaled (gain: Tensor | null) (bias: Tensor | null) epsilon (row: float[]) =
        let size = Array.average [| for n in row -> n * n |]

        [|
            for i, n in Array.indexed row ->
                let gain =
                    match gain with
                    | null -> 1.0
                    | gain -> (numbers gain)[i]

                let bias =
                    match bias with
                    | null -> 0.0
                    | bias -> (numbers bias)[i]

                n / sqrt (size + epsilon) * gain + bias
        |]

    match norm with
    | :? LayerNorm as norm -> [|
        for row in x ->
            let mean = Array.average row
            scaled norm.Weight norm.Bias norm.Epsilon [| for n in row -> n - mean |]
      |]
    | :? RmsNorm as norm -> [| for row in x -> scaled norm.Weight null norm.Epsilon row |]
    | other -> failwith $"{other.GetType()} has no plain form here"

let private zip (f: float -> float -> float) : Rows -> Rows -> Rows = Array.map2 (Array.map2 f)

let feedForward (layer: FeedForward) (x: Rows) : Rows =
    let hidden = project layer.Wide x

    match layer.Factor with
    | null -> hidden
    | factor -> zip (*) hidden (project factor x)
    |> project layer.Narrow

/// x + part (norm x), or norm (x + part x).
let private residual isNormFirst norm (part: Rows -> Rows) (x: Rows) : Rows =
    if isNormFirst then
        zip (+) x (part (normalize norm x))
    else
        normalize norm (zip (+) x (part x))

let encoderBlock (block: EncoderBlock) (sees: int -> int -> bool) (x: Rows) : Rows =
    x
    |> residual block.IsNormFirst block.Norm1 (fun x -> attention block.SelfAttention sees x x)
    |> residual block.IsNormFirst block.Norm2 (feedForward block.FeedForward)

let decoderBlock (block: DecoderBlock) (memory: Rows option) (sees: int -> int -> bool) (x: Rows) : Rows =
    let first = block.IsNormFirst

    x
    |> residual first block.Norm1 (fun x -> attention block.SelfAttention (fun i j -> j <= i) x x)
    |> fun x ->
        match block.Cross with
        | null -> x
        | cross -> residual first cross.Norm (fun x -> attention cross.Attention sees x memory.Value) x
    |> residual first block.Norm3 (feedForward block.FeedForward)
