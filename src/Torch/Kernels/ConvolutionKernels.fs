namespace Cotangent.Torch

open System
open System.Threading
open Cotangent
open Cotangent.Torch.Basic

/// Convolutions and pooling.
module internal ConvolutionKernels =

    /// With elements around, `before` and `after` each of the spatial axes. libtorch pads itself where it is the same on
    /// both sides; it names the axes from the last to the first.
    let private padded (f: Frame) x (before: int[]) (after: int[]) (number: string) =
        let widths = [
            for axis in before.Length - 1 .. -1 .. 0 do
                before[axis]
                after[axis]
        ]

        Script.call f $"def f(x):\n  return torch.constant_pad_nd(x, {Script.list widths}, {number})\n" [|
            x
        |]

    let private symmetric (w: Windows) = w.Before = w.After

    let private none (w: Windows) = Array.zeroCreate<int> w.Full.Length

    /// Without the elements around the spatial axes.
    let private cut (f: Frame) x (w: Windows) =
        let mutable y = x

        for axis in 0 .. w.Full.Length - 1 do
            let first = w.Before[axis]
            y <- Basic.slice f y (axis + 2) first (first + w.Full[axis]) 1

        y

    let private output (f: Frame) (w: Windows) groups x kernel =
        let x, around = if symmetric w then x, w.Before else padded f x w.Before w.After "0.0", none w

        Script.call
            f
            $"def f(x, w):\n  return torch.convolution(x, w, None, {Script.list w.Step}, {Script.list around}, {Script.list w.Dilation}, False, {Script.list (none w)}, {groups})\n"
            [| x; kernel |]

    /// The transposed convolution. Of the elements at the end that no window reaches libtorch must be told.
    let private input (f: Frame) (w: Windows) groups kernel y =
        let around = if symmetric w then w.Before else none w

        let wanted =
            if symmetric w then
                w.Full
            else
                Array.map3 (fun full before after -> full + before + after) w.Full w.Before w.After

        let count = w.Count

        let rest =
            Array.init w.Full.Length (fun a ->
                let reached =
                    (count[a] - 1) * w.Step[a] - 2 * around[a] + w.Dilation[a] * (w.Size[a] - 1) + 1

                wanted[a] - reached)

        let x =
            Script.call
                f
                $"def f(y, w):\n  return torch.convolution(y, w, None, {Script.list w.Step}, {Script.list around}, {Script.list w.Dilation}, True, {Script.list rest}, {groups})\n"
                [| y; kernel |]

        if symmetric w then x else cut f x w

    let private kernel (f: Frame) (w: Windows) groups x y (dtype: DType) (shape: int[]) =
        let x, around = if symmetric w then x, w.Before else padded f x w.Before w.After "0.0", none w

        // Its numbers are not looked at.
        let like = expand f (real f 0.0 dtype [||]) shape

        Script.call
            f
            $"def f(x, y, w):\n  return torch.convolution_backward(y, x, w, None, {Script.list w.Step}, {Script.list around}, {Script.list w.Dilation}, False, {Script.list (none w)}, {groups}, [False, True, False])[1]\n"
            [| x; y; like |]

    /// A convolution in the dtype of its operands.
    let inOwnDType f (result: ConvolutionTerm) w groups a b dtype shape =
        match result with
        | ConvolutionTerm.Output -> output f w groups a b
        | ConvolutionTerm.Input -> input f w groups a b
        | ConvolutionTerm.Kernel -> kernel f w groups a b dtype shape

    /// Whether convolutions of Float32 are what they are in Float64, tried with whole numbers, whose sums are exact in both.
    let agree
        (f: Frame)
        (convolve: ConvolutionTerm -> Windows -> int -> nativeint -> nativeint -> int[] -> nativeint)
        =
        let numbers (shape: int[]) (factor: int) (modulus: int) =
            let count = Shape.count shape

            let flat =
                Script.call
                    f
                    $"def f():\n  return torch.remainder(torch.arange({count}).double() * {factor}, {modulus}.0) - {modulus / 2}.0\n"
                    [||]

            reshape f flat shape

        let wrong (term: ConvolutionTerm) w groups (a: int[]) (b: int[]) (shape: int[]) =
            let a, b = numbers a 7 11, numbers b 5 7
            let exact = inOwnDType f term w groups a b DType.Float64 shape

            let found = convolve term w groups (cast f a DType.Float32) (cast f b DType.Float32) shape

            Script.call f "def f(x, y):\n  return (x.double() != y).sum().double()\n" [| found; exact |]

        let trials = [
            for axes, inputs, outputs, groups in
                [ 1, 3, 5, 1; 2, 1, 2, 1; 2, 3, 5, 1; 2, 16, 17, 1; 2, 16, 16, 16 ] do
                for full, size, step, width in [ 9, 3, 1, 1; 24, 1, 2, 0; 11, 4, 2, 2 ] do
                    let all n = Array.create axes n

                    let w = {
                        Full = all full
                        Size = all size
                        Step = all step
                        Dilation = all 1
                        Before = all width
                        After = all width
                    }

                    let x = Array.append [| 2; inputs |] w.Full
                    let kernel = Array.append [| outputs; inputs / groups |] w.Size
                    let y = Array.append [| 2; outputs |] w.Count
                    wrong ConvolutionTerm.Output w groups x kernel y
                    wrong ConvolutionTerm.Input w groups kernel y x
                    wrong ConvolutionTerm.Kernel w groups x y kernel
        ]

        let total = List.reduce (add f) trials
        let read = Transfer.read f total DType.Float64 [||]
        (read.Data :?> float[])[read.Offset] = 0.0

    /// On some CPUs, a Zen 5 for one, the oneDNN of libtorch 2.10.0 gives wrong sums in Float32. So it is tried, once.
    let private isFloat32Right =
        // An exception, for want of memory say, is not kept.
        Lazy<bool>(
            (fun () ->
                use f = new Frame({ Kind = Code.Cpu; Index = -1 })
                agree f (fun term w groups a b shape -> inOwnDType f term w groups a b DType.Float32 shape)),
            LazyThreadSafetyMode.PublicationOnly
        )

    /// What a convolution is computed in. Float64 does not go to oneDNN; BFloat16 is not trusted to it.
    let private computedIn (f: Frame) (dtype: DType) : DType =
        match dtype with
        | DType.Float32
        | DType.BFloat16 when f.Place.Kind = Code.Cpu ->
            if isFloat32Right.Value then DType.Float32 else DType.Float64
        | dtype -> dtype

    let convolution
        (f: Frame)
        (result: ConvolutionTerm)
        (w: Windows)
        groups
        a
        b
        dtype
        (aShape: int[])
        (bShape: int[])
        shape
        =
        if Array.contains 0 shape || Array.contains 0 aShape || Array.contains 0 bShape then
            zeros f dtype shape
        else
            let inner = computedIn f dtype
            let isWide = inner <> dtype
            let widen x = if isWide then cast f x inner else x
            let a, b = widen a, widen b

            let made = inOwnDType f result w groups a b inner shape
            if isWide then cast f made dtype else made

    /// Positions in the padded plane as those in the plane itself.
    let private unpadded (f: Frame) (w: Windows) positions =
        let padded = Array.map3 (fun full before after -> full + before + after) w.Full w.Before w.After
        let last = w.Full.Length - 1

        // From the last axis to the first: the place along it, less what is before it, times the size of what follows.
        let lines = [
            "  q = x"
            "  y = torch.zeros_like(x)"
            for axis in last .. -1 .. 0 do
                let step = Seq.fold (*) 1 w.Full[axis + 1 ..]
                $"  y = y + (q %% {padded[axis]} - {w.Before[axis]}) * {step}"
                $"  q = torch.div(q, {padded[axis]}, rounding_mode='floor')"
            "  return y"
        ]

        Script.call f ("def f(x):\n" + String.concat "\n" lines + "\n") [| positions |]

    /// The largest elements, and their positions.
    let maxPool (f: Frame) (w: Windows) x (xShape: int[]) (shape: int[]) (dtype: DType) : nativeint[] =
        if Array.contains 0 shape then
            [| zeros f dtype shape; zeros f DType.Int32 shape |]
        else
            // libtorch knows pooling in two and three axes, and padding by at most half a window.
            let isFlat = w.Full.Length = 1

            let fits = symmetric w && Array.forall2 (fun width size -> 2 * width <= size) w.Before w.Size

            let x, around = if fits then x, w.Before else padded f x w.Before w.After "float('-inf')", none w

            let line (sizes: int[]) one = if isFlat then Array.append [| one |] sizes else sizes

            let x =
                if isFlat then
                    let length = if fits then w.Full[0] else w.Full[0] + w.Before[0] + w.After[0]
                    reshape f x [| xShape[0]; xShape[1]; 1; length |]
                else
                    x

            let axes = max 2 w.Full.Length

            let found =
                Script.callAll
                    f
                    $"def f(x):\n  y, i = torch.max_pool{axes}d_with_indices(x, {Script.list (line w.Size 1)}, {Script.list (line w.Step 1)}, {Script.list (line around 0)}, {Script.list (line w.Dilation 1)}, False)\n  return [y, i]\n"
                    [| x |]

            let positions = reshape f found[1] shape

            [|
                reshape f found[0] shape
                cast f (if fits then positions else unpadded f w positions) DType.Int32
            |]
