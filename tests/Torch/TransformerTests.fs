/// Blocks of transformers against TorchSharp's layers with the same parameters, which normalise last.
module Cotangent.Torch.Tests.TransformerTests

open Expecto
open TorchSharp
open Cotangent
open Cotangent.Torch
open Cotangent.Tests

let private key = Key.create 7L

let private normal seed shape = Random.normal (Key.create seed) DType.Float64 shape

/// All parameters random: zeros and ones hide faults.
let private randomized (block: 'block) : 'block =
    let leaves = Tree.leaves block |> Array.mapi (fun i t -> 0.5 * normal (int64 i) (List.ofArray t.Shape))
    Tree.rebuild block leaves

let private toTorch (t: Tensor) : torch.Tensor =
    torch.from_array((t.Flatten()).ToData<float[]>()).reshape(Array.map int64 t.Shape)

let private ofTorch (t: torch.Tensor) : Tensor =
    Tensor.ofArray (Array.map int t.shape) (t.contiguous().data<float>().ToArray())

/// PyTorch keeps weights as (outputs, inputs), and those of queries, keys and values as one.
let private parameters (model: 'model) : (string * Tensor) list =
    let leaves = dict [ for leaf in Tree.entries model -> leaf.Name, leaf.Tensor ]

    [
        for attention in [ "self_attn"; "multihead_attn" ] do
            if leaves.ContainsKey $"{attention}.query.weight" then
                let joint part =
                    concat 0 [
                        for p in [ "query"; "key"; "value" ] -> leaves[$"{attention}.{p}.{part}"].Transpose()
                    ]

                $"{attention}.in_proj_weight", joint "weight"

                $"{attention}.in_proj_bias",
                concat 0 [ for p in [ "query"; "key"; "value" ] -> leaves[$"{attention}.{p}.bias"] ]

                $"{attention}.out_proj.weight", leaves[$"{attention}.output.weight"].Transpose()
                $"{attention}.out_proj.bias", leaves[$"{attention}.output.bias"]

        for leaf in leaves do
            if leaf.Key.StartsWith "norm" then leaf.Key, leaf.Value
            elif leaf.Key.StartsWith "linear" && leaf.Key.EndsWith "bias" then leaf.Key, leaf.Value
            elif leaf.Key.StartsWith "linear" then leaf.Key, leaf.Value.Transpose()
    ]

let private fill (layer: torch.nn.Module) (model: 'model) =
    use _ = torch.no_grad ()
    let values = dict (parameters model)
    let mutable count = 0

    for struct (name, parameter) in layer.named_parameters () do
        parameter.copy_ (toTorch values[name]) |> ignore
        count <- count + 1

    Expect.equal count values.Count "parameters"

/// TorchSharp takes null for no mask, and does not say so.
let private absent: torch.Tensor = Unchecked.defaultof<torch.Tensor>

/// Steps first, as TorchSharp's layers want them.
let private stepsFirst (x: Tensor) = (toTorch x).transpose(0L, 1L).contiguous().detach().requires_grad_ true

let private back (t: torch.Tensor) = ofTorch (t.transpose (0L, 1L))

let private options activation = {
    EncoderBlock.defaults with
        IsNormFirst = false
        Hidden = Some 12
        Activation = activation
        DType = DType.Float64
}

/// Both outputs, and both slopes of a sum of squares by the inputs.
let private agree
    (inputs: torch.Tensor list)
    (expected: torch.Tensor)
    (f: Tensor list -> Tensor)
    (own: Tensor list)
    =
    expected.square().sum().backward()
    Checks.within 1e-10 (back expected) (f own) "forwards"
    let slopes = grad (fun own -> sum (square (f own))) own

    for expected, slope in List.zip inputs slopes do
        Checks.within 1e-10 (back (nonNull expected.grad)) slope "backwards"

[<Tests>]
let tests =
    testList "Transformers as TorchSharp has them" [
        for own, theirs in
            [ Activation.Relu, torch.nn.Activations.ReLU; Activation.Gelu, torch.nn.Activations.GELU ] do
            test $"an encoder's block, {own}" {
                let _ = Loader.require ()
                let block = randomized (EncoderBlock.init (options own) 8 4 key)

                use layer =
                    torch.nn.TransformerEncoderLayer(
                        d_model = 8L,
                        nhead = 4L,
                        dim_feedforward = 12L,
                        dropout = 0.0,
                        activation = theirs
                    )

                layer.``to`` (torch.float64) |> ignore
                fill layer block
                let x = normal 20L [ 2; 5; 8 ]
                let seen = Mask.ofLengths 5 (tensor [ 3; 5 ])
                let given = stepsFirst x
                // True for what is left out.
                let hidden = torch.from_array((seen.Not().Flatten()).ToData<bool[]>()).reshape(2L, 5L)
                let masked: torch.nn.IModule<torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor> = layer
                let expected = masked.call (given, absent, hidden)
                let mask = Mask.forQueries seen
                agree [ given ] expected (fun x -> block.Run(x[0], mask)) [ x ]
            }
    ]
