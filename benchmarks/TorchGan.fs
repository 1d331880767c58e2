/// The article's GAN (see `numpy/sine_gan.py`) of TorchSharp's modules and autograd. Nothing here may be touched where
/// libtorch is missing.
module Cotangent.Benchmarks.TorchGan

open System
open System.Diagnostics
open TorchSharp

type private Module = torch.nn.Module<torch.Tensor, torch.Tensor>

let private layer (inputs: int64) (outputs: int64) : Module =
    let layer = torch.nn.Linear(inputs, outputs)
    use _ = torch.no_grad ()

    let start (p: Modules.Parameter) (inputs: int64) =
        let bound = sqrt (2.0 / float (inputs + outputs))
        torch.nn.init.uniform_ (p, -bound, bound) |> ignore

    start layer.weight inputs
    // A bias is a weight whose input is always 1, and the only one of its output.
    start (nonNull layer.bias) 1L
    layer

let private low, high = (-0.25f).ToScalar(), (0.25f).ToScalar()

/// Clipped descent on each parameter, which then is kept within ±1/4.
let private update (model: Module) =
    use _ = torch.no_grad ()

    for p in model.parameters () do
        let g = p.grad |> nonNull
        let norm = g.norm().ToSingle()
        let rate = if norm > 0.2f then 0.01f * 0.2f / norm else 0.01f
        p.sub_(g.mul (rate.ToScalar())).clamp_(low, high) |> ignore
        p.grad <- null

/// Microseconds an iteration takes.
let run (iterations: int) : float =
    let generator: Module =
        torch.nn.Sequential(
            layer 1L 10L,
            torch.nn.ReLU(),
            layer 10L 10L,
            torch.nn.ReLU(),
            layer 10L 10L,
            torch.nn.Tanh()
        )

    let discriminator: Module =
        torch.nn.Sequential(
            layer 10L 10L,
            torch.nn.LeakyReLU 0.2,
            layer 10L 10L,
            torch.nn.LeakyReLU 0.2,
            layer 10L 1L,
            torch.nn.Sigmoid()
        )

    let one, zero = torch.ones [| 1L; 1L |], torch.zeros [| 1L; 1L |]
    let index = torch.arange (10L, dtype = torch.float32)
    let within low high = low + (high - low) * Random.Shared.NextDouble()

    let real () =
        let phase = index.mul((within 1.2 1.3).ToScalar()).add((within 0.0 0.5).ToScalar())
        phase.sin().mul((within 0.6 0.8).ToScalar()).unsqueeze 0L

    let fake () = generator.forward (torch.randn [| 1L; 1L |])

    let loss (x: torch.Tensor) truth =
        torch.nn.functional.binary_cross_entropy (discriminator.forward x, truth)

    let step () =
        use _ = torch.NewDisposeScope()
        (loss (real ()) one).backward()
        update discriminator
        // One signal an iteration: the discriminator learns from it, then the generator.
        let fake = fake ()
        (loss (fake.detach ()) zero).backward()
        update discriminator
        (loss fake one).backward()
        update generator
        discriminator.zero_grad ()

    for _ in 1..100 do
        step ()

    let clock = Stopwatch.StartNew()

    for _ in 1..iterations do
        step ()

    clock.Elapsed.TotalMicroseconds / float iterations
