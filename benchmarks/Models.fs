/// Models of the sizes that users train, made of the library's layers; one step of Adam at a time.
module Cotangent.Benchmarks.Models

open Cotangent

/// Takes a compiled step each time it is called. The loss is of logits (…, classes); what a model learns of its input besides,
/// such as running statistics, comes back beside them.
let private training
    (model: 'p)
    (forward: 'p -> Tensor -> Tensor * 'p)
    (x: Tensor)
    (labels: Tensor)
    : unit -> unit =
    let optimizer = Optimizer.adam 1e-3

    let loss model =
        let logits, model = forward model x
        let classes = logits.Shape[logits.Rank - 1]
        Loss.crossEntropy (labels.Flatten()) (logits.Reshape [ -1; classes ]), model

    let step =
        compile (fun (model, state) ->
            let (_, model), gradient = valueAndGradWith loss model
            Optimizer.step optimizer gradient state model)

    let mutable state = model, optimizer.Init model
    fun () -> state <- step state

let private below (n: float) shape =
    (Random.uniformIn (Key.create 9L) 0.0 n DType.Float32 shape).Convert DType.Int32

let private images () = Random.normal (Key.create 2L) DType.Float32 [ 64; 1; 28; 28 ], below 10.0 [ 64 ]

let private tokens batch length = below 96.0 [ batch; length ], below 96.0 [ batch; length ]

// ---- A small convolutional net ----

let private convolution size channels stride key =
    let window = { Window.stride stride with Padding = Padding.Around(size / 2) }
    Convolution.init { Convolution.defaults with Window = window } [ size; size ] channels key

type Cnn = { First: Convolution; Second: Convolution; Last: Linear }

let private cnnForward (net: Cnn) (x: Tensor) =
    let halve x = maxPool [ 2; 2 ] (Window.stride 2) x
    let x = relu (net.First.Forward x) |> halve
    let x = relu (net.Second.Forward x) |> halve
    net.Last.Forward(x.Reshape [ x.Shape[0]; -1 ]), net

let cnn () =
    let first, second, last = Key.split3 (Key.create 1L)

    let net = {
        First = convolution 3 (1, 32) 1 first
        Second = convolution 3 (32, 64) 1 second
        Last = Linear.create 3136 10 last
    }

    images () ||> training net cnnForward

// ---- A residual net ----

/// A convolution without biases, and batch normalisation.
type Normalized = { Convolution: Convolution; Norm: BatchNorm }

let private normalized size (inputs, outputs) stride key = {
    Convolution = { convolution size (inputs, outputs) stride key with Bias = null }
    Norm = BatchNorm.create outputs
}

let private train (layer: Normalized) x =
    let y, norm = BatchNorm.train layer.Norm (layer.Convolution.Forward x)
    y, { layer with Norm = norm }

/// Two of them beside a shortcut.
type Block = { Before: Normalized; After: Normalized; Shortcut: Normalized option }

let private block inputs outputs stride key =
    let before, after, shortcut = Key.split3 key

    {
        Before = normalized 3 (inputs, outputs) stride before
        After = normalized 3 (outputs, outputs) 1 after
        Shortcut =
            if inputs = outputs && stride = 1 then
                None
            else
                Some(normalized 1 (inputs, outputs) stride shortcut)
    }

let private trainBlock (block: Block) x =
    let y, before = train block.Before x
    let y, after = train block.After (relu y)

    let around, shortcut =
        match block.Shortcut with
        | Some layer ->
            let around, layer = train layer x
            around, Some layer
        | None -> x, None

    relu (y + around), { Before = before; After = after; Shortcut = shortcut }

type ResNet = { Stem: Normalized; Blocks: Block list; Last: Linear }

let private resNetForward (net: ResNet) x =
    let y, stem = train net.Stem x

    let blocks, y =
        List.mapFold (fun y block -> let y, block = trainBlock block y in block, y) (relu y) net.Blocks

    net.Last.Forward(y.Mean [ 2; 3 ]), { net with Stem = stem; Blocks = blocks }

let resNet () =
    let keys = Key.splitMany 5 (Key.create 1L)

    let net = {
        Stem = normalized 3 (1, 16) 1 keys[0]
        Blocks = [ block 16 16 1 keys[1]; block 16 32 2 keys[2]; block 32 64 2 keys[3] ]
        Last = Linear.create 64 10 keys[4]
    }

    images () ||> training net resNetForward

// ---- A transformer ----

type TransformerBlock = {
    First: LayerNorm
    Attention: MultiHeadAttention
    Second: LayerNorm
    Wide: Linear
    Narrow: Linear
}

type Transformer = {
    Tokens: Embedding
    Places: LearnedPositions
    Blocks: TransformerBlock list
    Norm: LayerNorm
    Logits: Linear
}

let private transformerForward (net: Transformer) (x: Tensor) =
    let each x (block: TransformerBlock) =
        let x = x + block.Attention.Forward(block.First.Forward x)
        x + block.Narrow.Forward(gelu (block.Wide.Forward(block.Second.Forward x)))

    let x = List.fold each (net.Places.Forward(net.Tokens.Forward x)) net.Blocks
    net.Logits.Forward(net.Norm.Forward x), net

let transformer () =
    let keys = Key.splitMany 15 (Key.create 1L)
    let causal = { MultiHeadAttention.defaults with IsCausal = true }

    let block i = {
        First = LayerNorm.create 128
        Attention = MultiHeadAttention.init causal 128 4 keys[3 * i]
        Second = LayerNorm.create 128
        Wide = Linear.create 128 512 keys[3 * i + 1]
        Narrow = Linear.create 512 128 keys[3 * i + 2]
    }

    let net = {
        Tokens = Embedding.create 96 128 keys[12]
        Places = LearnedPositions.create 128 128 keys[13]
        Blocks = List.init 4 block
        Norm = LayerNorm.create 128
        Logits = Linear.create 128 96 keys[14]
    }

    tokens 16 128 ||> training net transformerForward

// ---- A recurrent net ----

type Recurrent = { Tokens: Embedding; Cells: Lstm; Logits: Linear }

let lstm () =
    let tokensKey, cells, logits = Key.split3 (Key.create 1L)

    let net = {
        Tokens = Embedding.create 96 256 tokensKey
        Cells = Lstm.create 256 256 cells
        Logits = Linear.create 256 96 logits
    }

    let forward (net: Recurrent) (x: Tensor) =
        net.Logits.Forward(net.Cells.Forward(net.Tokens.Forward x)), net

    tokens 32 64 ||> training net forward
