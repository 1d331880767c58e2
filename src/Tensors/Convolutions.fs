namespace Cotangent

/// What surrounds the spatial axes where windows slide over them: zeros for a convolution, nothing for pooling.
[<RequireQualifiedAccess>]
type Padding =
    /// None: windows stay inside.
    | Valid
    /// So much that there are ⌈size / stride⌉ windows along each axis. An odd one goes to the end.
    | Same
    /// As much before and after each axis.
    | Around of width: int
    /// Before and after, axis by axis. A single pair holds for all axes.
    | Sides of (int * int) list

/// How windows slide over the spatial axes. A list of one entry holds for all axes.
[<CompiledName "FSharpWindow">]
type Window = {
    /// How far apart the first elements of neighbouring windows are.
    Strides: int list
    Padding: Padding
    /// How far apart the elements of one window are.
    Dilation: int list
}

/// Windows that are used often. Change what you need: `{ Window.plain with Padding = Padding.Same }`.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Window =
    /// Strides and dilation of 1, no padding.
    let plain: Window = { Strides = [ 1 ]; Padding = Padding.Valid; Dilation = [ 1 ] }

    /// Strides and dilation of 1, as many windows as elements.
    let same: Window = { plain with Padding = Padding.Same }

    /// A stride along all axes; no padding.
    let stride (step: int) : Window = { plain with Strides = [ step ] }

/// Convolutions and pooling, over one to three spatial axes.
[<AutoOpen>]
module Convolutions =

    // ---- Windows over an array of given sizes ----

    let private perAxis operation what least axes (entries: int list) =
        match entries with
        | [ one ] when one >= least -> Array.replicate axes one
        | many when many.Length = axes && List.forall (fun n -> n >= least) many -> Array.ofList many
        | wrong ->
            raise (
                ValueException
                    $"{operation}: %A{wrong} as {what} for {axes} spatial axes; give one number for all of them or one for each, {least} or more."
            )

    /// The elements from the first to the last of a window.
    let private reach (size: int[]) (dilation: int[]) = Array.map2 (fun n d -> (n - 1) * d + 1) size dilation

    let private sides operation axes (padding: (int * int) list) =
        let refuse () =
            raise (
                ValueException
                    $"{operation}: %A{padding} as padding of {axes} spatial axes; give one pair for all of them or one for each, of numbers not negative."
            )

        if padding |> List.exists (fun (before, after) -> before < 0 || after < 0) then refuse ()

        match padding with
        | [ pair ] -> Array.replicate axes pair
        | pairs when pairs.Length = axes -> Array.ofList pairs
        | _ -> refuse ()

    /// Before and after each axis, for windows that reach so far over axes of the sizes `full`.
    let private widths operation (window: Window) (full: int[]) (step: int[]) (reach: int[]) =
        match window.Padding with
        | Padding.Valid -> full |> Array.map (fun _ -> 0, 0)
        | Padding.Same ->
            Array.init full.Length (fun a ->
                let count = (full[a] + step[a] - 1) / step[a]
                let total = max 0 ((count - 1) * step[a] + reach[a] - full[a])
                total / 2, total - total / 2)
        | Padding.Around width -> sides operation full.Length [ width, width ]
        | Padding.Sides pairs -> sides operation full.Length pairs

    let private windowsOver operation (window: Window) (size: int[]) (full: int[]) : Windows =
        let axes = full.Length
        let step = perAxis operation "strides" 1 axes window.Strides
        let dilation = perAxis operation "dilation" 1 axes window.Dilation
        let reach = reach size dilation
        let before, after = widths operation window full step reach |> Array.unzip

        for a in 0 .. axes - 1 do
            if full[a] + before[a] + after[a] < reach[a] then
                raise (
                    ShapeException
                        $"{operation}: windows of {Shape.show size} with dilation {Shape.show dilation} reach over {Shape.show reach} elements, more than the spatial axes {Shape.show full} have with their padding. Use smaller windows, or `Padding.Same`."
                )

        { Full = full; Size = size; Step = step; Dilation = dilation; Before = before; After = after }

    // ---- Examples and batches ----

    /// Applies a function of a batch to a batch, or to one example, which lacks the first axis.
    let private asBatch operation axes (x: Tensor) (f: Tensor -> Tensor) =
        if x.Rank = axes + 2 then
            f x
        elif x.Rank = axes + 1 then
            (f (x.Unsqueeze 0)).Squeeze 0
        else
            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}; for {axes} spatial axes it must be (examples, channels) and their sizes, or (channels,) and their sizes for a single example."
            )

    let private requireFloat operation (x: Tensor) =
        if not x.DType.IsFloat then
            raise (
                DTypeException
                    $"{operation} needs a floating-point tensor, got {x.DType} {Shape.show x.Dims}; convert it first."
            )

    /// The number of spatial axes, as the rank of a kernel tells.
    let private spatialAxes operation (kernel: Tensor) =
        let axes = kernel.Rank - 2

        if axes < 1 || axes > 3 || Array.contains 0 kernel.Dims[2..] then
            raise (
                ShapeException
                    $"{operation}: a kernel of shape {Shape.show kernel.Dims}; it has two axes of channels, then the sizes of one to three spatial axes, none 0."
            )

        axes

    let private prepare operation (kernel: Tensor) (x: Tensor) =
        requireFloat operation x
        Operands.sameDType operation x kernel
        spatialAxes operation kernel

    let private misfit operation (kernel: Tensor) (x: Tensor) wanted =
        raise (
            ShapeException
                $"{operation}: an input of shape {Shape.show x.Dims} and a kernel of shape {Shape.show kernel.Dims}: {wanted}."
        )

    // ---- Convolutions ----

    /// A convolution whose channels are in groups: those of each output meet only the inputs of its own group. The
    /// kernel has shape (outputs, inputs / groups) and its sizes. As many groups as inputs make it depthwise.
    let convolveGroups (groups: int) (window: Window) (kernel: Tensor) (x: Tensor) : Tensor =
        let operation = "convolve"
        let axes = prepare operation kernel x

        asBatch operation axes x (fun x ->
            let outputs, channels = kernel.Dims[0], kernel.Dims[1]

            if groups < 1 || outputs % groups <> 0 then
                raise (
                    ValueException
                        $"{operation}: {groups} groups of the {outputs} outputs of a kernel of shape {Shape.show kernel.Dims}; the number of groups must divide them."
                )

            if x.Dims[1] <> channels * groups then
                let each = if groups = 1 then "" else $" in each of {groups} groups"

                misfit
                    operation
                    kernel
                    x
                    $"the kernel wants {channels} input channels{each}; kernels are (outputs, inputs / groups) and their sizes"

            let windows = windowsOver operation window kernel.Dims[2..] x.Dims[2..]
            Bind.one (Primitive.Convolution(ConvolutionTerm.Output, windows, groups)) [| x; kernel |])

    /// y[n, o, i] = Σ w[o, c, k] x[n, c, i·stride + k·dilation - before], the sum over channels c and elements k of the
    /// kernel w: what deep learning calls a convolution, with the shapes of PyTorch. x is (examples, channels) and one
    /// to three spatial sizes, the examples optional; the kernel (outputs, channels) and as many sizes. There are
    /// ⌊(size + padding - dilation·(kernel - 1) - 1) / stride⌋ + 1 windows along each axis.
    ///
    /// <example><code>
    /// let edges = tensor [ [ [ -1.0; 0.0; 1.0 ] ] ]                            // (1, 1, 3)
    /// convolve Window.plain edges (tensor [ [ 1.0; 2.0; 4.0; 8.0; 16.0 ] ])    // (1, 3): [[3, 6, 12]]
    /// convolve Window.same edges (tensor [ [ 1.0; 2.0; 4.0; 8.0; 16.0 ] ])     // (1, 5): [[2, 3, 6, 12, -8]]
    /// </code></example>
    let convolve (window: Window) (kernel: Tensor) (x: Tensor) : Tensor = convolveGroups 1 window kernel x

    /// The sizes that a transposed convolution makes of so many windows.
    let private transposedSizes operation (window: Window) (size: int[]) (count: int[]) =
        let axes = count.Length
        let step = perAxis operation "strides" 1 axes window.Strides
        let reach = reach size (perAxis operation "dilation" 1 axes window.Dilation)

        match window.Padding with
        | Padding.Same -> Array.map2 (*) count step
        | Padding.Valid
        | Padding.Around _
        | Padding.Sides _ ->
            let widths = widths operation window count step reach

            Array.init axes (fun a ->
                max 0 ((count[a] - 1) * step[a] + reach[a] - fst widths[a] - snd widths[a]))

    /// `convolveTransposed` to spatial sizes of one's own choice: with strides, several sizes have as many windows.
    let convolveTransposedTo (sizes: int list) (window: Window) (kernel: Tensor) (x: Tensor) : Tensor =
        let operation = "convolveTransposed"
        let axes = prepare operation kernel x

        asBatch operation axes x (fun x ->
            if x.Dims[1] <> kernel.Dims[0] then
                misfit
                    operation
                    kernel
                    x
                    $"the kernel wants {kernel.Dims[0]} input channels; kernels are (inputs, outputs) and their sizes"

            let windows = windowsOver operation window kernel.Dims[2..] (Array.ofList sizes)

            if not (Shape.equal windows.Count x.Dims[2..]) then
                misfit
                    operation
                    kernel
                    x
                    $"sizes {Shape.show windows.Full} have {Shape.show windows.Count} windows; as many as the input's spatial axes are needed"

            Bind.one (Primitive.Convolution(ConvolutionTerm.Input, windows, 1)) [| kernel; x |])

    /// The transpose of `convolve` with the same window and kernel: from outputs of a convolution back to inputs, which
    /// undoes strides; an upsampling with weights. x is (examples, inputs) and one to three spatial sizes, the examples
    /// optional; the kernel (inputs, outputs) and as many sizes, as in PyTorch. The result has sizes
    /// (size - 1)·stride + dilation·(kernel - 1) + 1 - padding, or size·stride with `Padding.Same`.
    ///
    /// <example><code>
    /// let kernel = tensor [ [ [ 1.0; 10.0 ] ] ]                                // (1, 1, 2)
    /// convolveTransposed (Window.stride 2) kernel (tensor [ [ 1.0; 2.0 ] ])    // (1, 4): [[1, 10, 2, 20]]
    /// </code></example>
    let convolveTransposed (window: Window) (kernel: Tensor) (x: Tensor) : Tensor =
        let operation = "convolveTransposed"
        let axes = prepare operation kernel x
        let count = x.Dims[max 0 (x.Rank - axes) ..]
        let sizes = transposedSizes operation window kernel.Dims[2..] count
        convolveTransposedTo (List.ofArray sizes) window kernel x

    // ---- Pooling ----

    let private poolingWindows operation (size: int list) (window: Window) (full: int[]) =
        let size = Array.ofList size

        if size.Length < 1 || size.Length > 3 || Array.exists (fun n -> n < 1) size then
            raise (
                ValueException
                    $"{operation}: windows of sizes %A{List.ofArray size}; give a size of 1 or more for each of one to three spatial axes."
            )

        let windows = windowsOver operation window size full
        let count = windows.Count

        let isThere a i k =
            let t = i * windows.Step[a] - windows.Before[a] + k * windows.Dilation[a]
            t >= 0 && t < full[a]

        for a in 0 .. full.Length - 1 do
            for i in 0 .. count[a] - 1 do
                if not (Seq.exists (isThere a i) (seq { 0 .. size[a] - 1 })) then
                    raise (
                        ShapeException
                            $"{operation}: window {i} along spatial axis {a} lies in the padding altogether ({windows.Before[a]} before, {windows.After[a]} after). Use less padding than the window has elements."
                    )

        windows

    /// The largest element of each window of given sizes; NaN wins. x is (examples, channels) and as many spatial sizes
    /// as the windows have, the examples optional. Of equal elements, the first alone has the derivative.
    ///
    /// <example><code>maxPool [ 2 ] (Window.stride 2) (tensor [ [ 1.0; 5.0; 2.0; 3.0 ] ])  // (1, 2): [[5, 3]]</code></example>
    let maxPool (size: int list) (window: Window) (x: Tensor) : Tensor =
        let operation = "maxPool"
        requireFloat operation x

        asBatch operation size.Length x (fun x ->
            let windows = poolingWindows operation size window x.Dims[2..]
            Bind.one (Primitive.MaxPool(Maximum.Value, windows)) [| x |])

    /// The mean of the elements of each window of given sizes. Padding is no element: windows over the edge are divided
    /// by what they have (as in Keras; PyTorch's default counts zeros there). x is as for `maxPool`.
    ///
    /// <example><code>averagePool [ 2 ] (Window.stride 2) (tensor [ [ 1.0; 5.0; 2.0; 3.0 ] ])  // (1, 2): [[3, 2.5]]</code></example>
    let averagePool (size: int list) (window: Window) (x: Tensor) : Tensor =
        let operation = "averagePool"
        requireFloat operation x
        // 16-bit floats overflow and lose digits in sums of many.
        let wide = if DTypes.isHalf x.DType then x.Convert DType.Float32 else x

        let mean (x: Tensor) =
            let windows = poolingWindows operation size window x.Dims[2..]
            let channels = x.Dims[1]

            // Sums, as convolutions of each channel with ones.
            let sums channels (x: Tensor) =
                let shape = Array.append [| channels; 1 |] windows.Size
                let ones = Bind.full (Literal.Real 1.0) x.DType shape x.Device
                Bind.one (Primitive.Convolution(ConvolutionTerm.Output, windows, channels)) [| x; ones |]

            if channels = 0 then
                x.Reshape(Array.append x.Dims[..1] windows.Count)
            elif Array.forall ((=) 0) (Array.append windows.Before windows.After) then
                sums channels x / float (Shape.count windows.Size)
            else
                let one = Bind.full (Literal.Real 1.0) x.DType (Array.append [| 1; 1 |] windows.Full) x.Device
                sums channels x / sums 1 one

        (asBatch operation size.Length wide mean).Convert x.DType
