(**
---
title: Attention and transformers
category: Use
categoryindex: 3
index: 9
description: Scaled dot-product attention, masks, multi-head and grouped-query attention, rotary positions, transformer encoders and decoders, and generation with a key-value cache.
---
*)
(*** hide ***)
#load "../site/page.fsx"

open Plotly.NET

(**
# Attention and transformers

A query asks, keys answer, and what comes out is a mean of values, weighted by how well each key fits:
softmax(QKᵀ/√d) V ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762)). `attend` is that, over tensors of shape (…, steps, width):
*)
open Cotangent

let draw name shape = Random.normal (Key.named name (Key.create 0L)) DType.Float32 shape

let query, keys, values =
    draw "query" [ 2; 4; 8 ], draw "keys" [ 2; 6; 8 ], draw "values" [ 2; 6; 3 ]

(attend Attention.full query keys values).Shape
(*** include-it ***)

(**
It is one primitive: the matrix of weights is never held as a whole, on the way forward or back.

## Who sees what

A mask of Booleans says what is **seen**: true is looked at, false is not. (PyTorch's `key_padding_mask` says the opposite.) In the last
axes a mask is (queries, keys), and axes of size 1 stretch. `Attention.causal` lets each step see itself and what is before it. For
sequences of different lengths there is `Mask.ofLengths`:
*)
let seen = Mask.ofLengths 6 (tensor [ 6; 2 ])
seen
(*** include-it ***)

let padded = attend (Attention.masked (Mask.forQueries seen)) query keys values
let alone = attend Attention.full query[1] keys[1, 0..1] values[1, 0..1]

padded[1].AllClose alone
(*** include-it ***)

(**
The second example sees two of its six keys, as if there were no others. A query that sees nothing at all gets zeros, not NaN.

## With several heads

`MultiHeadAttention` has the four projections: queries, keys, values, and the output. Keys and values may have fewer heads than queries,
each shared by some of them (grouped-query attention,
[Ainslie et al. 2023](https://arxiv.org/abs/2305.13245)); positions may be rotary ([Su et al. 2021](https://arxiv.org/abs/2104.09864)).
*)
let options = {
    MultiHeadAttention.defaults with
        KeyHeads = Some 2
        IsCausal = true
        Rotary = Some Rotary.halves
}

let attention = MultiHeadAttention.init options 64 8 (Key.create 1L)
let x = draw "x" [ 2; 10; 64 ]

attention.Key.Weight.Shape, (attention.Forward x).Shape
(*** include-it ***)

(**
Self-attention is `Forward`. Cross attention is `Attend`, whose keys and values come from another sequence. What a causal layer
gives for a step cannot depend on later ones, and a derivative shows it: of the fourth step by all ten.
*)
let dependence x =
    let y = attention.Forward x
    sum y[0, 3]

let slopes = grad dependence x
let byStep = (abs slopes[0]).Sum [ 1 ]

(byStep.Greater 0.0).ToData<bool[]>()
(*** include-it ***)

(**
## Encoders and decoders

`TransformerEncoder` and `TransformerDecoder` are stacks of blocks, with the normalisation before each part (the default, stable for
deep stacks) or after it. One set of options describes the classical block, GPT-2's, or one as in Llama (root mean squares, gated
activations, rotary positions, no biases):
*)
let llama = {
    TransformerDecoder.defaults with
        Norm = BlockNorm.Rms
        Activation = Activation.Silu
        IsGated = true
        KeyHeads = Some 2
        Rotary = Some Rotary.halves
        Bias = None
}

(**
A language model is an embedding, a decoder, and the embedding once more for logits, which is why it starts with small numbers here. Logits of a step are for the letter that
**follows**, so labels are the text one step further on:
*)
type Writer = { Letters: Embedding; Decoder: TransformerDecoder }

let create letters width key =
    let a, b = Key.split key

    {
        Letters =
            Embedding.init
                { Embedding.defaults with Weight = Init.normalOf (fun _ -> 0.05) }
                letters
                width
                a
        Decoder = TransformerDecoder.init llama 2 width 4 b
    }

let logits writer (text: Tensor) =
    text
    |> Embedding.forward writer.Letters
    |> TransformerDecoder.forward writer.Decoder
    |> Embedding.logits writer.Letters

let text = "the rain in spain stays mainly in the plain. "
let alphabet = text |> Seq.distinct |> Seq.sort |> Array.ofSeq
let numbers = text |> Seq.map (fun c -> System.Array.IndexOf(alphabet, c)) |> Array.ofSeq

/// Eight copies of the text, each begun at another letter.
let batch =
    tensor [|
        for i in 0..7 ->
            [| for k in 0 .. text.Length -> numbers[(5 * i + k) % numbers.Length] |]
    |]

let inputs, labels = batch[*, .. -2], batch[*, 1..]

let optimizer = Optimizer.adamW (3e-3, decay = 0.01)

let step (writer, state) (inputs: Tensor, labels: Tensor) =
    let loss, gradient =
        valueAndGrad (fun writer -> Loss.crossEntropy labels (logits writer inputs)) writer

    Optimizer.step optimizer gradient state writer, loss

let fast = compile (fun (state, batch) -> step state batch)

let writer = create alphabet.Length 32 (Key.create 2L)
let mutable state = writer, optimizer.Init writer

let losses = [
    for i in 1..120 do
        let next, loss = fast (state, (inputs, labels))
        state <- next
        i, float loss
]

List.head losses, List.last losses
(*** include-it ***)

(*** hide ***)
Chart.Line(x = List.map fst losses, y = List.map snd losses)
|> Chart.withXAxisStyle (TitleText = "steps")
|> Chart.withYAxisStyle (TitleText = "cross-entropy, nats a letter")
(*** include-it ***)

(**
## Generating

Written letter by letter, each new one needs the keys and values of all before it. They are kept in a cache of a fixed capacity, so that
a step costs the same whatever has been written and compiles once. `Step` returns the output and the next cache; nothing is
changed in place.
*)
let trained = fst state
let cache = trained.Decoder.Cache(capacity = 64, batch = [ 1 ])

let next =
    compile (fun (writer: Writer, letter: Tensor, cache) ->
        let struct (y, cache) =
            writer.Decoder.Step(Embedding.forward writer.Letters letter, cache)

        (Embedding.logits writer.Letters y).ArgMax -1, cache)

let write (start: string) count =
    let rec go letters (cache: TransformerCache) (letter: int) left =
        if left = 0 then
            letters
        else
            let best, cache = next (trained, tensor [ [ letter ] ], cache)
            let best = int best[0, 0]
            go (letters @ [ alphabet[best] ]) cache best (left - 1)

    let first = System.Array.IndexOf(alphabet, start[0])
    start + System.String.Concat(go [] cache first count)

write "t" 44
(*** include-it ***)

(**
That is what the whole sequence at once says, too; the cached steps compute the same numbers:
*)
let whole = (logits trained inputs[0..0])[0]

let cached =
    ((cache, []), [ 0 .. inputs.Shape[1] - 1 ])
    ||> List.fold (fun (cache, rows) i ->
        let struct (y, cache) =
            trained.Decoder.Step(
                Embedding.forward trained.Letters inputs[0..0, i..i],
                cache
            )

        cache, rows @ [ (Embedding.logits trained.Letters y)[0, 0] ])
    |> snd
    |> stack 0

float ((abs (whole - cached)).Max())
(*** include-it ***)

(**
A cache that is full raises an error; it does not forget in silence. The sample `text` trains a larger model on a book and draws its
letters with a temperature.
*)
