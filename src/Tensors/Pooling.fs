namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// Pooling with more to say than `maxPool` and `averagePool`; and windows of images as columns.
[<AutoOpen>]
module Pooling =
    /// Applies a function of a batch to a batch, or to one example, which lacks the first axis.
    let private asBatch (operation: string) axes (x: Tensor) (f: Tensor -> Tensor[]) : Tensor[] =
        if x.Rank = axes + 2 then
            f x
        elif x.Rank = axes + 1 then
            f (x.Unsqueeze 0) |> Array.map (fun y -> y.Squeeze 0)
        else
            raise (
                ShapeException
                    $"{operation}: the input has shape {Shape.show x.Dims}; for {axes} spatial axes it must be (examples, channels) and their sizes, or (channels,) and their sizes for a single example."
            )

    let private padded (windows: Windows) (x: Tensor) : Tensor =
        if Range.forall windows.Full.Length (fun a -> windows.Before[a] = 0 && windows.After[a] = 0) then
            x
        else
            let spatial = Array.map2 (fun before after -> before, after) windows.Before windows.After
            x.Pad(Array.append [| (0, 0); (0, 0) |] spatial)

    /// Where the elements of all windows at one place in them lie, in what is padded: after two axes of batch and channels.
    let private element (windows: Windows) (leading: int[]) (full: int[]) (place: int[]) : Region = {
        Full = Array.append leading full
        Start = Array.append [| 0; 0 |] (Array.map2 (fun k dilation -> k * dilation) place windows.Dilation)
        Count = Array.append leading windows.Count
        Step =
            Array.append
                [| 1; 1 |]
                (Array.map2 (fun step count -> if count > 1 then step else 1) windows.Step windows.Count)
    }

    /// All places in a window, in row-major order.
    let private places (size: int[]) : int[][] =
        let strides = Shape.strides size
        Array.init (Shape.count size) (fun i -> Array.map2 (fun stride n -> i / stride % n) strides size)

    let private requireSizes (operation: string) (size: int list) =
        if size.Length < 1 || size.Length > 3 || List.exists (fun n -> n < 1) size then
            raise (
                ValueException
                    $"{operation}: windows of sizes {size}; give a size of 1 or more for each of one to three spatial axes."
            )

    /// <summary>
    /// The elements of each window as a column: (examples, channels) and spatial sizes to (examples, channels · elements of a
    /// window, windows), the examples optional; padding is 0. A convolution is a product of matrices with this. PyTorch's
    /// <c>F.unfold</c>, "im2col".
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The rank does not fit, or no window does.</exception>
    /// <exception cref="T:Cotangent.ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    /// <example><code>
    /// let image = tensor [ [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ] ]
    /// unfoldWindows [ 2; 2 ] Window.plain image // [[1, 2], [2, 3], [4, 5], [5, 6]]
    /// </code></example>
    let unfoldWindows (size: int list) (window: Window) (x: Tensor) : Tensor =
        let operation = "unfoldWindows"
        Given.check "size" size
        Given.check "window" window
        Given.check "x" x
        requireSizes operation size

        let columns (x: Tensor) =
            let size = Array.ofList size
            let windows = WindowRules.windowsOver operation window size x.Dims[2..]
            let from = padded windows x
            let full = from.Dims[2..]

            let elements =
                places size
                |> Array.map (fun place ->
                    Bind.one (Primitive.Slice(element windows x.Dims[..1] full place)) [| from |])

            [|
                (stack 2 elements).Reshape [|
                    x.Dims[0]
                    x.Dims[1] * elements.Length
                    Shape.count windows.Count
                |]
            |]

        (asBatch operation size.Length x columns)[0]

    /// <summary>
    /// The transpose of <c>unfoldWindows</c>: columns back to windows in spatial axes of given sizes, where windows that
    /// overlap are added. PyTorch's <c>F.fold</c>, "col2im".
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The columns are not those of so many windows, or no window fits the sizes.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is Bool.</exception>
    /// <example><code>
    /// let image = tensor [ [ [ 1; 2; 3 ]; [ 4; 5; 6 ] ] ]
    /// let columns = unfoldWindows [ 2; 2 ] Window.plain image
    /// foldWindows [ 2; 3 ] [ 2; 2 ] Window.plain columns // [[[1, 4, 3], [4, 10, 6]]]
    /// </code></example>
    let foldWindows (sizes: int list) (size: int list) (window: Window) (columns: Tensor) : Tensor =
        let operation = "foldWindows"
        Given.check "sizes" sizes
        Given.check "size" size
        Given.check "window" window
        Given.check "columns" columns
        requireSizes operation size
        Folds.requireNumbers operation columns

        if sizes.Length <> size.Length || List.exists (fun n -> n < 1) sizes then
            raise (
                ShapeException
                    $"{operation}: windows of sizes {size} in spatial axes of sizes {sizes}; give as many, none below 1."
            )

        let windows = WindowRules.windowsOver operation window (Array.ofList size) (Array.ofList sizes)
        let all = places windows.Size

        let image (y: Tensor) =
            if y.Dims[1] % all.Length <> 0 || y.Dims[2] <> Shape.count windows.Count then
                raise (
                    ShapeException
                        $"{operation}: columns of shape {Shape.show columns.Dims}; windows of {all.Length} elements have a multiple of so many rows, and sizes {sizes} have {Shape.count windows.Count} windows."
                )

            let leading = [| y.Dims[0]; y.Dims[1] / all.Length |]

            let full =
                Array.init sizes.Length (fun a -> windows.Full[a] + windows.Before[a] + windows.After[a])

            let parts = y.Reshape(Array.concat [ leading; [| all.Length |]; windows.Count ])

            let added =
                all
                |> Array.mapi (fun i place ->
                    let part = (sliceAxis 2 i 1 parts).Squeeze 2
                    Bind.one (Primitive.Place(element windows leading full place)) [| part |])
                |> Tensor.sumOf

            [|
                Bind.one
                    (Primitive.Slice {
                        Full = added.Dims
                        Start = Array.append [| 0; 0 |] windows.Before
                        Count = Array.append leading windows.Full
                        Step = Array.create added.Rank 1
                    })
                    [| added |]
            |]

        (asBatch operation 1 columns image)[0]

    /// <summary>
    /// The mean over each window as <c>averagePool</c>, but padding counts as zeros: PyTorch's default. x is as for
    /// <c>maxPool</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The rank does not fit, no window does, or one lies in the padding altogether.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// let window = { Window.stride 2 with Padding = Padding.Around 1 }
    /// averagePoolWithZeros [ 2 ] window (tensor [ [ 1.0; 5.0; 2.0; 4.0 ] ]) // [[0.5, 3.5, 2]]
    /// averagePool [ 2 ] window (tensor [ [ 1.0; 5.0; 2.0; 4.0 ] ]) // [[1, 3.5, 4]]
    /// </code></example>
    let averagePoolWithZeros (size: int list) (window: Window) (x: Tensor) : Tensor =
        let operation = "averagePoolWithZeros"
        Given.check "size" size
        Given.check "window" window
        Given.check "x" x
        Folds.requireFloat operation x

        let mean (x: Tensor) =
            let windows = WindowRules.poolingWindows operation size window x.Dims[2..]
            [| averagePool size { window with Padding = Padding.Valid } (padded windows x) |]

        (asBatch operation size.Length x mean)[0]

    /// <summary>
    /// The largest element of each window, as <c>maxPool</c>, and where it is: an Int32 position among the elements of all
    /// spatial axes in row-major order, the first of equal ones.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// The rank does not fit, no window does, or one lies in the padding altogether.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">A size, a stride, a dilation or a padding makes no sense.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The dtype is not floating-point.</exception>
    /// <example><code>
    /// let values, positions = maxPoolWithPositions [ 2 ] (Window.stride 2) (tensor [ [ 1.0; 5.0; 2.0; 3.0 ] ])
    /// positions // [[1, 3]]
    /// </code></example>
    let maxPoolWithPositions (size: int list) (window: Window) (x: Tensor) : Tensor * Tensor =
        let operation = "maxPoolWithPositions"
        Given.check "size" size
        Given.check "window" window
        Given.check "x" x
        Folds.requireFloat operation x

        let results =
            asBatch operation size.Length x (fun x ->
                let windows = WindowRules.poolingWindows operation size window x.Dims[2..]
                Bind.apply (Primitive.MaxPool windows) [| x |])

        results[0], results[1]

    /// <summary>
    /// The elements back where <c>maxPoolWithPositions</c> found them, in spatial axes of given sizes; 0 elsewhere.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">The positions have another shape, or the rank does not fit.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The positions are not integers.</exception>
    /// <exception cref="T:Cotangent.IndexException">A position is none of the elements.</exception>
    /// <example><code>
    /// let values, positions = maxPoolWithPositions [ 2 ] (Window.stride 2) (tensor [ [ 1.0; 5.0; 2.0; 3.0 ] ])
    /// maxUnpool [ 4 ] positions values // [[0, 5, 0, 3]]
    /// </code></example>
    let maxUnpool (sizes: int list) (positions: Tensor) (x: Tensor) : Tensor =
        let operation = "maxUnpool"
        Given.check "sizes" sizes
        Given.check "positions" positions
        Given.check "x" x
        Subset.integer operation positions
        let axes = sizes.Length

        if not (Shape.equal positions.Dims x.Dims) || List.exists (fun n -> n < 0) sizes || axes = 0 then
            raise (
                ShapeException
                    $"{operation}: positions {Shape.show positions.Dims} of elements {Shape.show x.Dims}, to sizes {sizes}; give one position for each element, and a size for each spatial axis."
            )

        let spread (x: Tensor) =
            let leading = x.Dims[..1]
            let size = Shape.count (Array.ofList sizes)
            let flat (t: Tensor) = t.Reshape [| leading[0]; leading[1]; -1 |]
            let full = Array.append leading [| size |]
            let positions = Subset.fromStart operation 2 full (flat (positions.Reshape x.Dims))
            let placed = Bind.one (Primitive.Scatter(Collision.Last, 2, 2, size)) [| flat x; positions |]
            [| placed.Reshape(Array.append leading (Array.ofList sizes)) |]

        (asBatch operation axes x spread)[0]
