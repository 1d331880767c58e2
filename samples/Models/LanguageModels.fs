/// Two models that tell from the letters so far how likely each letter is to come next.
module Models.LanguageModels

open Cotangent

/// What training and drawing ask of a model: its parameters, and what it keeps of the letters it has read.
[<NoEquality; NoComparison>]
type LanguageModel<'net, 'memory> = {
    Name: string
    Create: Key -> 'net
    /// Logits (batch, letters, symbols) of letters (batch, letters), each from those up to it; with a key while training.
    Forward: 'net -> Key | null -> Tensor -> Tensor
    /// Nothing read yet, for a batch of this size and at most so many letters to come.
    Start: 'net -> int -> int -> 'memory
    /// Logits of the letters that come next, and what to remember of them.
    Read: 'net -> 'memory -> Tensor -> Tensor * 'memory
}

type Transformer = { Letters: Embedding; Decoder: TransformerDecoder; Logits: Linear }

/// Blocks that rotate queries and keys by their positions.
let transformer blocks width heads : LanguageModel<Transformer, TransformerCache> =
    let options = { TransformerDecoder.defaults with Rotary = Some Rotary.halves; Dropout = 0.1 }

    {
        Name = "transformer"
        Create =
            fun key ->
                let letters, decoder, logits = Key.split3 key

                {
                    Letters = Embedding.create DevilsDictionary.symbols width letters
                    Decoder = TransformerDecoder.init options blocks width heads decoder
                    Logits = Linear.create width DevilsDictionary.symbols logits
                }
        Forward = fun net key x -> net.Logits.Forward(net.Decoder.Run(net.Letters.Forward x, key = key))
        Start = fun net batch letters -> net.Decoder.Cache(letters, [ batch ])
        Read =
            fun net cache x ->
                let struct (y, cache) = net.Decoder.Step(net.Letters.Forward x, cache)
                net.Logits.Forward y, cache
    }

type Recurrent = { Letters: Embedding; Cells: Lstm; Dropout: Dropout; Logits: Linear }

let lstm width : LanguageModel<Recurrent, LstmState> = {
    Name = "LSTM"
    Create =
        fun key ->
            let letters, cells, logits = Key.split3 key

            {
                Letters = Embedding.create DevilsDictionary.symbols width letters
                Cells = Lstm.create width width cells
                Dropout = Dropout.create 0.1
                Logits = Linear.create width DevilsDictionary.symbols logits
            }
    Forward =
        fun net key x ->
            let y = net.Cells.Forward(net.Letters.Forward x)

            match key with
            | null -> y
            | key -> net.Dropout.Train(y, key)
            |> net.Logits.Forward
    Start = fun net batch _ -> net.Cells.ZeroState [ batch ]
    Read =
        fun net state x ->
            let struct (y, state) = net.Cells.Run(net.Letters.Forward x, state)
            net.Logits.Forward y, state
}

/// Letters (batch, count) after a prompt (batch, letters), each drawn by its probability: the logits are divided by a temperature,
/// below 1 for what is more likely. One compiled program, whose loop reads a letter at a time.
let draw
    (model: LanguageModel<'net, 'memory>)
    (net: 'net)
    (temperature: float)
    (count: int)
    (key: Key)
    (prompt: Tensor)
    =
    let pick (logits: Tensor) key = Random.categorical key (logits[*, -1] / temperature)

    let all (net, key: Key, prompt: Tensor) =
        let first, others = Key.split key
        let start = model.Start net prompt.Shape[0] (prompt.Shape[1] + count)
        let logits, memory = model.Read net start prompt

        let next (memory, letters: Tensor) key =
            let logits, memory = model.Read net memory (letters.Unsqueeze 1)
            (memory, pick logits key), letters

        let (_, last), drawn = scan next (memory, pick logits first) (Key.batch (count - 1) others)
        (concat 0 [ drawn; last.Unsqueeze 0 ]).T

    compile all (net, key, prompt)
