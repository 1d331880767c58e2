/// The models of `Models.fs` of TorchSharp's modules, autograd and optimiser. Nothing here may be touched where libtorch is
/// missing.
module Cotangent.Benchmarks.TorchModels

open TorchSharp
open type TorchSharp.torch.nn

type private Layer = torch.nn.Module<torch.Tensor, torch.Tensor>

let private training (model: Layer) (classes: int64) (x: torch.Tensor) (labels: torch.Tensor) : unit -> unit =
    let optimizer = torch.optim.Adam(model.parameters (), 1e-3)
    model.train ()

    fun () ->
        use _ = torch.NewDisposeScope()
        optimizer.zero_grad ()
        let logits = model.forward(x).reshape(-1L, classes)
        let loss = functional.cross_entropy (logits, labels.reshape -1L)
        loss.backward ()
        optimizer.step () |> ignore

let private images () = torch.randn [| 64L; 1L; 28L; 28L |], torch.randint (10L, [| 64L |])

let private tokens (batch: int64) (length: int64) =
    torch.randint (96L, [| batch; length |]), torch.randint (96L, [| batch; length |])

let cnn () =
    let model =
        Sequential(
            Conv2d(1L, 32L, 3L, padding = 1L) :> Layer,
            ReLU(),
            MaxPool2d 2L,
            Conv2d(32L, 64L, 3L, padding = 1L),
            ReLU(),
            MaxPool2d 2L,
            Flatten(),
            Linear(3136L, 10L)
        )

    images () ||> training model 10L

/// Two convolutions, each with batch normalisation, beside a shortcut.
type private Residual(inputs: int64, outputs: int64, stride: int64) as this =
    inherit torch.nn.Module<torch.Tensor, torch.Tensor>("Residual")

    let body =
        Sequential(
            Conv2d(inputs, outputs, 3L, stride, 1L, bias = false) :> Layer,
            BatchNorm2d outputs,
            ReLU(),
            Conv2d(outputs, outputs, 3L, padding = 1L, bias = false),
            BatchNorm2d outputs
        )

    let shortcut =
        if inputs = outputs && stride = 1L then
            Sequential(Identity() :> Layer)
        else
            Sequential(Conv2d(inputs, outputs, 1L, stride, bias = false) :> Layer, BatchNorm2d outputs)

    do this.RegisterComponents()

    override _.forward x = functional.relu (body.forward x + shortcut.forward x)

let resNet () =
    let model =
        Sequential(
            Conv2d(1L, 16L, 3L, padding = 1L, bias = false) :> Layer,
            BatchNorm2d 16L,
            ReLU(),
            new Residual(16L, 16L, 1L),
            new Residual(16L, 32L, 2L),
            new Residual(32L, 64L, 2L),
            AdaptiveAvgPool2d 1L,
            Flatten(),
            Linear(64L, 10L)
        )

    images () ||> training model 10L

/// Attention and a perceptron, each normalised before and added to what comes in.
type private Block(width: int64, heads: int64) as this =
    inherit torch.nn.Module<torch.Tensor, torch.Tensor>("Block")
    let before, between = LayerNorm width, LayerNorm width
    let joint, out = Linear(width, 3L * width), Linear(width, width)

    let feed = Sequential(Linear(width, 4L * width) :> Layer, GELU(), Linear(4L * width, width))

    do this.RegisterComponents()

    override _.forward x =
        let parts = joint.forward(before.forward x).chunk(3L, -1L)

        let heads =
            parts |> Array.map (fun part -> part.unflatten(2L, heads, width / heads).transpose(1L, 2L))

        let attended =
            functional.scaled_dot_product_attention (heads[0], heads[1], heads[2], is_casual = true)

        let x = x + out.forward (attended.transpose(1L, 2L).flatten 2L)
        x + feed.forward (between.forward x)

/// Tokens and their places, four blocks, logits.
type private Transformer(width: int64) as this =
    inherit torch.nn.Module<torch.Tensor, torch.Tensor>("Transformer")
    let tokens, places = Embedding(96L, width), Embedding(128L, width)

    let blocks = Sequential([| for _ in 1..4 -> new Block(width, 4L) :> Layer |])

    let last, logits = LayerNorm width, Linear(width, 96L)
    do this.RegisterComponents()

    override _.forward x =
        let places = places.forward (torch.arange x.shape[1])
        logits.forward (last.forward (blocks.forward (tokens.forward x + places)))

let transformer () = tokens 16L 128L ||> training (new Transformer 128L) 96L

type private Recurrent(width: int64) as this =
    inherit torch.nn.Module<torch.Tensor, torch.Tensor>("Recurrent")
    let tokens, logits = Embedding(96L, width), Linear(width, 96L)
    let cells = LSTM(width, width, batchFirst = true)
    do this.RegisterComponents()

    override _.forward x =
        let struct (outputs, _, _) = cells.forward (tokens.forward x)
        logits.forward outputs

let lstm () = tokens 32L 64L ||> training (new Recurrent 256L) 96L
