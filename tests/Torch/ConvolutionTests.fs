/// libtorch's convolutions of Float32, which oneDNN computes, and the trial of them.
module Cotangent.Torch.Tests.ConvolutionTests

open Expecto
open FsCheck
open FsCheck.FSharp
open Cotangent
open Cotangent.Engines
open Cotangent.Torch

let private trial convolve =
    let _ = Loader.require ()
    use f = new Frame({ Kind = Code.Cpu; Index = -1 })
    ConvolutionKernels.agree f (convolve f)

/// Convolutions of Float64, which are not oneDNN's, rounded.
let private right (f: Frame) term w groups a b shape =
    let a, b = Basic.cast f a DType.Float64, Basic.cast f b DType.Float64
    Basic.cast f (ConvolutionKernels.inOwnDType f term w groups a b DType.Float64 shape) DType.Float32

let private noticed (what: string) isWrong = test $"wrong {what} are noticed" {
    let result =
        trial (fun f term w groups a b shape ->
            let y = right f term w groups a b shape

            if isWrong term groups shape then
                Script.call
                    f
                    "def f(y):\n  z = y.clone().flatten()\n  z[-1] = z[-1] + 1.0\n  return z.reshape(y.size())\n"
                    [| y |]
            else
                y)

    Expect.isFalse result "the trial passes"
}

let private shapes = gen {
    let! axes = Gen.choose (1, 3)
    let! groups = Gen.elements [ 1; 1; 1; 2; 4 ]
    let! inputs = Gen.elements [ 1; 3; 8; 16; 17 ]
    let! outputs = Gen.elements [ 1; 2; 8; 16; 20 ]
    let! images = Gen.elements [ 1; 2; 5; 16 ]
    let! sizes = Gen.listOfLength axes (Gen.choose (5, [| 400; 30; 8 |][axes - 1]))
    let! windows = Gen.listOfLength axes (Gen.choose (1, 4))
    let! steps = Gen.listOfLength axes (Gen.choose (1, 2))
    let! padding = Gen.choose (0, 2)
    return images, groups, groups * inputs, groups * outputs, sizes, windows, steps, padding
}

let private random =
    testPropertyWithConfig
        { FsCheckConfig.defaultConfig with maxTest = 100 }
        "of all sizes, and their derivatives, are those of the managed engine"
    <| Prop.forAll
        (Arb.fromGen shapes)
        (fun (images, groups, inputs, outputs, sizes, windows, steps, padding) ->
            let window = { Window.plain with Strides = steps; Padding = Padding.Around padding }
            let key = Key.create 0L
            let x = Random.normal key DType.Float32 ([ images; inputs ] @ sizes)

            let kernel =
                Random.normal (Key.named "kernel" key) DType.Float32 ([ outputs; inputs / groups ] @ windows)

            let results engine =
                withCpuEngine engine (fun () ->
                    let y, pull =
                        vjp
                            (fun (kernel, x) -> Convolutions.convolveGroups groups window kernel x)
                            (kernel, x)

                    let dKernel, dx = pull (sin y)
                    [ "y", y; "its pull to the kernel", dKernel; "its pull to x", dx ])

            for (what, a), (_, b) in List.zip (results CpuEngine.Managed) (results CpuEngine.Libtorch) do
                let scale = float ((abs a).Max())
                let difference = float ((abs (a - b)).Max())
                Expect.isLessThan difference (1e-4 * (1.0 + scale)) what)

[<Tests>]
let tests =
    testList "convolutions" [
        test "right ones pass the trial" { Expect.isTrue (trial right) "the trial fails" }
        noticed "sums" (fun term _ _ -> term = ConvolutionTerm.Output)
        noticed "pulls to the input" (fun term _ _ -> term = ConvolutionTerm.Input)
        noticed "pulls to the kernel" (fun term _ _ -> term = ConvolutionTerm.Kernel)
        noticed "results where each channel is a group" (fun _ groups _ -> groups = 16)
        noticed "results along one axis" (fun _ _ shape -> shape.Length = 3)
        random
    ]
