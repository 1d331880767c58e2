namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Convolutions and pooling, over one to three spatial axes.
[<AutoOpen>]
module Convolutions =

    // ---- Examples and batches ----

    /// Applies a function of a batch to a batch, or to one example, which lacks the first axis.
    let private asBatch (operation: string) axes (x: Tensor) (f: Tensor -> Tensor) =
        if x.Rank = axes + 2 then
            f x
        elif x.Rank = axes + 1 then
            (f (x.Unsqueeze 0)).Squeeze 0
        else
            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}; for {axes} spatial axes it must be (examples, channels) and their sizes, or (channels,) and their sizes for a single example."
            )

    let private requireFloat (operation: string) (x: Tensor) =
        if not x.DType.IsFloat then
            raise (
                DTypeException
                    $"{operation} needs a floating-point tensor, got {x.DType} {Shape.show x.Dims}; {DTypes.orConvert x.DType}"
            )

    /// The number of spatial axes, as the rank of a kernel tells.
    let private spatialAxes (operation: string) (kernel: Tensor) =
        let axes = kernel.Rank - 2

        if axes < 1 || axes > 3 || Array.contains 0 kernel.Dims[2..] then
            raise (
                ShapeException
                    $"{operation}: a kernel of shape {Shape.show kernel.Dims}; it has two axes of channels, then the sizes of one to three spatial axes, none 0."
            )

        axes

    let private prepare (operation: string) (kernel: Tensor) (x: Tensor) =
        requireFloat operation x
        Operands.sameDType operation x kernel
        spatialAxes operation kernel

    let private misfit (operation: string) (kernel: Tensor) (x: Tensor) wanted =
        raise (
            ShapeException
                $"{operation}: an input of shape {Shape.show x.Dims} and a kernel of shape {Shape.show kernel.Dims}: {wanted}."
        )

    // ---- Convolutions ----

    /// Sums of products with a kernel that slides, for the function of this name.
    let internal correlate
        (operation: string)
        (groups: int)
        (window: Window)
        (kernel: Tensor)
        (x: Tensor)
        : Tensor =
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

            let windows = WindowRules.windowsOver operation window kernel.Dims[2..] x.Dims[2..]
            Bind.one (Primitive.Convolution(ConvolutionTerm.Output, windows, groups)) [| x; kernel |])

    /// <summary>
    /// A convolution whose channels are in groups: those of each output meet only the inputs of its own group. The
    /// kernel has shape (outputs, inputs / groups) and its sizes. As many groups as inputs make it depthwise.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or no window does.</exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// The groups do not divide the outputs, or a stride, a dilation or a padding makes no sense.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// let image = Tensor.ones DType.Float32 [ 1; 4; 8; 8 ]
    /// convolveGroups 4 Window.plain (Tensor.ones DType.Float32 [ 4; 1; 3; 3 ]) image // shape (1, 4, 6, 6)
    /// </code></example>
    let convolveGroups (groups: int) (window: Window) (kernel: Tensor) (x: Tensor) : Tensor =
        Given.check "window" window
        Given.check "kernel" kernel
        Given.check "x" x
        correlate "convolveGroups" groups window kernel x

    /// <summary>
    /// y[n, o, i] = Σ w[o, c, k] x[n, c, i·stride + k·dilation - before], the sum over channels c and elements k of the
    /// kernel w: what deep learning calls a convolution, with the shapes of PyTorch. x is (examples, channels) and one
    /// to three spatial sizes, the examples optional; the kernel (outputs, channels) and as many sizes. There are
    /// ⌊(size + padding - dilation·(kernel - 1) - 1) / stride⌋ + 1 windows along each axis.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or no window does.</exception>
    /// <exception cref="T:Cotangent.ValueException">A stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// let edges = tensor [ [ [ -1.0; 0.0; 1.0 ] ] ]
    /// let signal = tensor [ [ 1.0; 2.0; 4.0; 8.0; 16.0 ] ]
    /// convolve Window.plain edges signal // [[3, 6, 12]]
    /// convolve Window.same edges signal // [[2, 3, 6, 12, -8]]
    /// </code></example>
    let convolve (window: Window) (kernel: Tensor) (x: Tensor) : Tensor =
        Given.check "window" window
        Given.check "kernel" kernel
        Given.check "x" x
        correlate "convolve" 1 window kernel x

    /// The sizes that a transposed convolution makes of so many windows.
    let private transposedSizes (operation: string) (window: Window) (size: int[]) (count: int[]) =
        let axes = count.Length
        let step = WindowRules.perAxis operation "strides" 1 axes window.Strides
        let reach = WindowRules.reach size (WindowRules.perAxis operation "dilation" 1 axes window.Dilation)

        let sizes =
            match window.Padding with
            | Padding.Same -> Array.map2 (fun n s -> int64 n * int64 s) count step
            | Padding.Valid
            | Padding.Around _
            | Padding.Sides _ ->
                let widths = WindowRules.widths operation window count step reach

                Array.init axes (fun a ->
                    let struct (before, after) = widths[a]
                    max 0L ((int64 count[a] - 1L) * int64 step[a] + reach[a] - before - after))

        Shape.sized operation sizes

    /// The transpose, of a size that follows from the input's.
    let private transposed
        (operation: string)
        (groups: int)
        (window: Window)
        (kernel: Tensor)
        (x: Tensor)
        (sizesOf: int[] -> int[])
        : Tensor =
        let axes = prepare operation kernel x

        asBatch operation axes x (fun x ->
            if x.Dims[1] <> kernel.Dims[0] then
                misfit
                    operation
                    kernel
                    x
                    $"the kernel wants {kernel.Dims[0]} input channels; kernels are (inputs, outputs) and their sizes"

            let windows = WindowRules.windowsOver operation window kernel.Dims[2..] (sizesOf x.Dims[2..])

            if not (Shape.equal windows.Count x.Dims[2..]) then
                misfit
                    operation
                    kernel
                    x
                    $"sizes {Shape.show windows.Full} have {Shape.show windows.Count} windows; as many as the input's spatial axes are needed"

            Bind.one (Primitive.Convolution(ConvolutionTerm.Input, windows, groups)) [| kernel; x |])

    /// The transpose of a convolution in groups, of the shortest sizes that have so many windows or of so much longer ones. The kernel
    /// is (inputs, outputs / groups) and its sizes.
    let internal transposedGroups
        (operation: string)
        groups
        (longer: int[])
        (window: Window)
        (kernel: Tensor)
        (x: Tensor)
        =
        transposed operation groups window kernel x (fun count ->
            Array.map2 (+) (transposedSizes operation window kernel.Dims[2..] count) longer)

    /// <summary>
    /// `convolveTransposed` to spatial sizes that are given: with strides, several sizes have as many windows.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit, or those sizes do not.</exception>
    /// <exception cref="T:Cotangent.ValueException">A stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// let kernel = tensor [ [ [ 1.0; 10.0 ] ] ]
    /// convolveTransposedTo [ 5 ] (Window.stride 2) kernel (tensor [ [ 1.0; 2.0 ] ]) // [[1, 10, 2, 20, 0]]
    /// </code></example>
    let convolveTransposedTo (sizes: int list) (window: Window) (kernel: Tensor) (x: Tensor) : Tensor =
        Given.check "sizes" sizes
        Given.check "window" window
        Given.check "kernel" kernel
        Given.check "x" x
        transposed "convolveTransposedTo" 1 window kernel x (fun _ -> Array.ofList sizes)

    /// <summary>
    /// The transpose of `convolve` with the same window and kernel: from outputs of a convolution back to inputs, which
    /// undoes strides; an upsampling with weights. x is (examples, inputs) and one to three spatial sizes, the examples
    /// optional; the kernel (inputs, outputs) and as many sizes, as in PyTorch. The result has sizes
    /// (size - 1)·stride + dilation·(kernel - 1) + 1 - padding, or size·stride with `Padding.Same`.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The shapes do not fit.</exception>
    /// <exception cref="T:Cotangent.ValueException">A stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtypes differ, or are not floating-point.</exception>
    /// <example><code>
    /// let kernel = tensor [ [ [ 1.0; 10.0 ] ] ]
    /// convolveTransposed (Window.stride 2) kernel (tensor [ [ 1.0; 2.0 ] ]) // [[1, 10, 2, 20]]
    /// </code></example>
    let convolveTransposed (window: Window) (kernel: Tensor) (x: Tensor) : Tensor =
        Given.check "window" window
        Given.check "kernel" kernel
        Given.check "x" x
        let operation = "convolveTransposed"
        transposed operation 1 window kernel x (transposedSizes operation window kernel.Dims[2..])

    // ---- Pooling ----

    /// One size alone holds for all spatial axes of a batch: of an input of four axes or more, which can't be an example with
    /// a single spatial axis.
    let private sizesFor (size: int list) (x: Tensor) =
        match size with
        | [ one ] when x.Rank = 4 || x.Rank = 5 -> List.replicate (x.Rank - 2) one
        | _ -> size

    /// <summary>
    /// The largest element of each window of given sizes; NaN wins. x is (examples, channels) and as many spatial sizes
    /// as the windows have, the examples optional. Of equal elements, the first alone has the derivative.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The rank does not fit, no window does, or one lies in the padding altogether.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// maxPool [ 2 ] (Window.stride 2) (tensor [ [ 1.0; 5.0; 2.0; 3.0 ] ]) // [[5, 3]]
    /// maxPool [ 2 ] (Window.stride 2) (Tensor.zeros DType.Float32 [ 8; 3; 28; 28 ]) // shape (8, 3, 14, 14)
    /// </code></example>
    let maxPool (size: int list) (window: Window) (x: Tensor) : Tensor =
        Given.check "size" size
        Given.check "window" window
        Given.check "x" x
        let operation = "maxPool"
        requireFloat operation x
        let size = sizesFor size x

        asBatch operation size.Length x (fun x ->
            let windows = WindowRules.poolingWindows operation size window x.Dims[2..]
            Bind.one (Primitive.MaxPool windows) [| x |])

    /// <summary>
    /// The mean of the elements of each window of given sizes. Padding is no element: windows over the edge are divided
    /// by what they have (as in Keras; PyTorch's default counts zeros there). x is as for `maxPool`.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The rank does not fit, no window does, or one lies in the padding altogether.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// averagePool [ 2 ] (Window.stride 2) (tensor [ [ 1.0; 5.0; 2.0; 3.0 ] ]) // [[3, 2.5]]
    /// </code></example>
    let averagePool (size: int list) (window: Window) (x: Tensor) : Tensor =
        Given.check "size" size
        Given.check "window" window
        Given.check "x" x
        let operation = "averagePool"
        requireFloat operation x
        let size = sizesFor size x
        // 16-bit floats overflow and lose digits in sums of many.
        let wide = if DTypes.isHalf x.DType then x.Convert DType.Float32 else x

        let mean (x: Tensor) =
            let windows = WindowRules.poolingWindows operation size window x.Dims[2..]
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
