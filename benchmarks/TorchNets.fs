/// The same networks of TorchSharp's modules, autograd and optimiser. Nothing here may be touched where libtorch is missing.
module Cotangent.Benchmarks.TorchNets

open TorchSharp

type private Module = torch.nn.Module<torch.Tensor, torch.Tensor>

let private training (model: Module) (x: torch.Tensor) (labels: torch.Tensor) : unit -> unit =
    let optimizer = torch.optim.Adam(model.parameters (), 1e-3)

    fun () ->
        use _ = torch.NewDisposeScope()
        optimizer.zero_grad ()
        let loss = torch.nn.functional.cross_entropy (model.forward x, labels)
        loss.backward ()
        optimizer.step () |> ignore

let private labels count = torch.randint (10L, [| count |])

/// One step of the MLP.
let mlp () =
    let model =
        torch.nn.Sequential(
            torch.nn.Linear(784L, 256L) :> Module,
            torch.nn.ReLU(),
            torch.nn.Linear(256L, 256L),
            torch.nn.ReLU(),
            torch.nn.Linear(256L, 10L)
        )

    training model (torch.randn [| 128L; 784L |]) (labels 128L)

/// One step of the convolutional net.
let convNet () =
    let model =
        torch.nn.Sequential(
            torch.nn.Conv2d(1L, 16L, 3L) :> Module,
            torch.nn.ReLU(),
            torch.nn.MaxPool2d 2L,
            torch.nn.Conv2d(16L, 32L, 3L),
            torch.nn.ReLU(),
            torch.nn.MaxPool2d 2L,
            torch.nn.Flatten(),
            torch.nn.Linear(800L, 10L)
        )

    training model (torch.randn [| 64L; 1L; 28L; 28L |]) (labels 64L)

/// One call of an operation by TorchSharp's tensors.
let call (operation: string) (shapes: int64[] list) : unit -> unit =
    let inputs = shapes |> List.map (fun shape -> torch.randn shape)
    let x = inputs[0]
    let dispose (y: torch.Tensor) = y.Dispose()

    match operation with
    | "add" -> fun () -> dispose (x.add inputs[1])
    | "tanh" -> fun () -> dispose (x.tanh ())
    | "matmul" -> fun () -> dispose (x.matmul inputs[1])
    | "sum" -> fun () -> dispose (x.sum ())
    | "convolve" -> fun () -> dispose (torch.nn.functional.conv2d (x, inputs[1]))
    | "maxPool" -> fun () -> dispose (torch.nn.functional.max_pool2d (x, 2L))
    | other -> invalidArg "operation" other

/// One call of a fused operation, and perhaps of what takes a cotangent back.
let fused (operation: string) (shapes: int64[] list) (back: bool) : unit -> unit =
    let inputs = [| for shape in shapes -> torch.randn(shape).requires_grad_ back |]
    let x = inputs[0]

    let apply () =
        match operation with
        | "gelu" -> torch.nn.functional.gelu x
        | "softmax" -> torch.nn.functional.softmax (x, -1L)
        | "layerNorm" -> torch.nn.functional.layer_norm (x, [| x.shape[1] |], inputs[1], inputs[2], 1e-5)
        | "attention" -> torch.nn.functional.scaled_dot_product_attention (x, inputs[1], inputs[2])
        | "causal" ->
            torch.nn.functional.scaled_dot_product_attention (x, inputs[1], inputs[2], is_casual = true)
        | other -> invalidArg "operation" other

    let cotangent = torch.full_like (apply().detach(), 0.5)

    fun () ->
        use _ = torch.NewDisposeScope()
        let y = apply ()
        if back then torch.autograd.grad ([| y |], inputs, [| cotangent |]) |> ignore

let setThreads (n: int) = torch.set_num_threads n
