namespace Cotangent.Engines

// Convolutions: each of the three tensors of ⟨x * w, y⟩ from the two others.

open System
open Cotangent
open Cotangent.Engines.CorrelationImage
open Cotangent.Inlined // in place of functions of Array and List

module internal Convolve =

    /// A tensor's kernels for the group's outputs, from a given one; those of their channels are the "channels".
    let private ofOutputs (kernel: HostBuffer<'T>) first = {
        channelsOf kernel 0 with
            Offset = kernel.Offset + first * kernel.Strides[0]
    }

    /// y from x and w.
    let private output
        correlate
        (w: Windows)
        groups
        (x: HostBuffer<'T>)
        (kernel: HostBuffer<'T>)
        : HostBuffer =
        let y = Strided.fresh<'T> x.DType (Array.append [| x.Shape[0]; kernel.Shape[0] |] w.Count)

        if KernelParts.isEmpty x || KernelParts.isEmpty kernel then
            Array.Clear y.Items
        elif not (KernelParts.isEmpty y) then
            let m, channels = kernel.Shape[0] / groups, kernel.Shape[1]

            correlate {
                Axes = axes forward x.Shape[0] w
                Groups = groups
                Outputs = m
                Channels = channels
                Source = fun g -> channelsOf x (g * channels)
                Kernel = fun g -> ofOutputs kernel (g * m)
                Target = fun g -> channelsOf y (g * m)
                RowStep = kernel.Strides[0]
                Packing = kernel.Packing
                Term = struct (ConvolutionTerm.Output, w)
            }

        y

    /// x from w and y: the transposed convolution.
    let private input
        correlate
        (w: Windows)
        groups
        (kernel: HostBuffer<'T>)
        (y: HostBuffer<'T>)
        : HostBuffer =
        let shape = Array.append [| y.Shape[0]; kernel.Shape[1] * groups |] w.Full
        let x = Strided.fresh<'T> y.DType shape
        let axes = axes backward y.Shape[0] w
        let isEmpty = KernelParts.isEmpty x || KernelParts.isEmpty y || KernelParts.isEmpty kernel
        // Elements of phases that no tap reaches stay zero. All others are written, those beyond all windows as sums over nothing; but where phases
        // are written among each other, elements are read before, and of memory that nobody has written yet each page is then mapped twice.
        let isWritten =
            axes[3].TargetStep = 1 && axes |> Array.forall (fun a -> a.Targets.Length = a.TargetStep)

        if isEmpty || not isWritten then Array.Clear x.Items

        if not isEmpty then
            let channels, m = kernel.Shape[0] / groups, kernel.Shape[1]

            correlate {
                Axes = axes
                Groups = groups
                Outputs = m
                Channels = channels
                Source = fun g -> channelsOf y (g * channels)
                // The outputs are what is summed over.
                Kernel = fun g -> { ofOutputs kernel (g * channels) with Channel = kernel.Strides[0] }
                Target = fun g -> channelsOf x (g * m)
                RowStep = kernel.Strides[1]
                Packing = kernel.Packing
                Term = struct (ConvolutionTerm.Input, w)
            }

        x

    /// The term asked for: `correlate` makes the outputs or inputs, `kernels` the kernels.
    let by correlate kernels result w groups (a: HostBuffer<'T>) (b: HostBuffer<'T>) : HostBuffer =
        match result with
        | ConvolutionTerm.Output -> output correlate w groups a b
        | ConvolutionTerm.Input -> input correlate w groups a b
        | ConvolutionTerm.Kernel -> kernels w groups a b

    let private singles (sums: CorrelationSums<float32>) =
        match WinogradChoice.faster sums with
        | ValueSome size -> Winograd.run size sums
        | ValueNone -> Correlation.run sums

    let private kernels (w: Windows) groups (x: HostBuffer<'T>) y =
        if KernelParts.isEmpty x || KernelParts.isEmpty y || Array.contains 0 w.Size then
            KernelParts.zeros w groups x y
        elif DepthwiseKernels.isFor groups x y then
            DepthwiseKernels.kernel w groups x y
        elif KernelPatches.isFaster w groups x y then
            KernelPatches.kernel w groups x y
        elif KernelProducts.isFaster w groups x y then
            KernelProducts.kernel w groups x y
        else
            KernelSums.kernel w groups x y

    let private singleKernels (w: Windows) groups (x: HostBuffer<float32>) y =
        if WinogradKernels.isFaster w groups x y then
            WinogradKernels.kernel w groups x y
        else
            kernels w groups x y

    /// The term asked for, from the two others.
    let rec convolution result (w: Windows) groups (a: HostBuffer) (b: HostBuffer) : HostBuffer =
        match a.DType.Storage with
        | Storage.Float32 ->
            let a, b = a :?> HostBuffer<float32>, b :?> HostBuffer<float32>
            by singles singleKernels result w groups a b
        | Storage.Float64 ->
            let a, b = a :?> HostBuffer<float>, b :?> HostBuffer<float>
            by Correlation.run kernels result w groups a b
        | Storage.BFloat16
        | Storage.Float16 ->
            Convert.buffer a.DType (convolution result w groups (Convert.widen a) (Convert.widen b))
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 ->
            raise (DTypeException $"convolve is not defined on {a.DType}; convert to a float first.")
