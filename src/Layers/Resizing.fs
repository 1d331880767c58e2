namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

/// Images, signals and volumes made larger and smaller.
[<AutoOpen>]
module Resizing =
    let private requireMode (operation: string) mode alignCorners (x: Tensor) =
        match mode with
        | Interpolation.Nearest
        | Interpolation.NearestExact ->
            if alignCorners then
                raise (
                    ValueException
                        $"{operation}: corners are aligned in linear and cubic interpolation alone; the nearest number has a rule of its own."
                )
        | Interpolation.Linear
        | Interpolation.Cubic -> Folds.requireFloat operation x

    let private isSummed mode =
        match mode with
        | Interpolation.Nearest
        | Interpolation.NearestExact -> false
        | Interpolation.Linear
        | Interpolation.Cubic -> true

    let private requireSizes (operation: string) (sizes: int[]) (x: Tensor) =
        let axes = sizes.Length

        if
            axes < 1
            || axes > 3
            || x.Rank < axes
            || Array.exists (fun n -> n < 1) sizes
            || Array.contains 0 x.Dims[x.Rank - axes ..]
        then
            raise (
                ShapeException
                    $"{operation}: spatial axes of shape {Shape.show x.Dims} to sizes {Shape.show sizes}; give a size of 1 or more for each of one to three last axes, none empty."
            )

    /// Axis by axis; 16-bit floats lose digits in sums of several.
    let private eachAxis mode (sizes: int[]) (along: int -> int -> Tensor -> Tensor) (x: Tensor) : Tensor =
        let first = x.Rank - sizes.Length
        let mutable y = if isSummed mode && DTypes.isHalf x.DType then x.Convert DType.Float32 else x

        for i in 0 .. sizes.Length - 1 do
            y <- along i (first + i) y

        y.Convert x.DType

    /// <summary>
    /// What <c>Resize</c> does unless it is told more: on straight lines, edges of cells staying where they are; of half-way
    /// numbers the one before; a = -3/4; no antialiasing.
    /// </summary>
    let resizeDefaults: ResizeOptions = {
        Mode = Interpolation.Linear
        Coordinates = ResizeCoordinates.HalfPixel
        Rounding = NearestRounding.HalfDown
        CubicCoefficient = -0.75
        ExcludeOutside = false
        Antialias = false
        Scales = []
        Outside = None
    }

    let private resized (operation: string) mode alignCorners (sizes: int[]) (x: Tensor) =
        let mode = defaultArg mode Interpolation.Nearest
        let alignCorners = defaultArg alignCorners false
        requireMode operation mode alignCorners x
        requireSizes operation sizes x

        let options = {
            resizeDefaults with
                Mode = mode
                Coordinates =
                    match mode with
                    | Interpolation.Nearest -> ResizeCoordinates.Asymmetric
                    | Interpolation.NearestExact -> ResizeCoordinates.HalfPixel
                    | Interpolation.Linear
                    | Interpolation.Cubic when alignCorners -> ResizeCoordinates.AlignCorners
                    | Interpolation.Linear
                    | Interpolation.Cubic -> ResizeCoordinates.HalfPixel
        }

        let along i dimension (x: Tensor) =
            let size, wanted = x.Dims[dimension], sizes[i]
            // In whole numbers, so that no quotient is rounded.
            let whole (position: int -> int64) =
                x.Take((tensor (Array.init wanted (fun i -> int (position i)))).To x.Device, dimension)

            match mode with
            | _ when wanted = size -> x
            | Interpolation.Nearest
            | Interpolation.NearestExact when wanted % size = 0 -> x.Repeat(wanted / size, dimension)
            | Interpolation.Nearest -> whole (fun i -> int64 i * int64 size / int64 wanted)
            | Interpolation.NearestExact ->
                whole (fun i -> (2L * int64 i + 1L) * int64 size / (2L * int64 wanted))
            | Interpolation.Linear
            | Interpolation.Cubic -> Resampling.along options (Resampling.axis [] i size wanted) dimension x

        eachAxis mode sizes along x

    /// <summary>
    /// The last axes, one to three spatial ones, brought to given sizes, with all that can be told: where new numbers lie, how
    /// the nearest is chosen, the cubic, antialiasing, crops. <c>x.Resize</c> is for the usual. Differentiable by x.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// There are not one to three sizes, one is below 1, or x has fewer axes or an empty one.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">
    /// There are scales, starts or stops of another number of axes, or a scale that is not positive.
    /// </exception>
    /// <exception cref="T:Cotangent.DTypeException">Linear or cubic interpolation of what is not floating-point.</exception>
    /// <example><code>
    /// let x = tensor [ 0.0; 0.0; 8.0; 0.0; 0.0; 0.0 ]
    /// resizeWith { resizeDefaults with Antialias = true } [ 3 ] x // [1.1429, 3, 0]
    /// resizeWith { resizeDefaults with Coordinates = ResizeCoordinates.Crop([ 0.2 ], [ 0.6 ]) } [ 3 ] x // [0, 8, 0]
    /// </code></example>
    let resizeWith (options: ResizeOptions) (sizes: int seq) (x: Tensor) : Tensor =
        let operation = "resizeWith"
        Given.check "options" options
        Given.check "sizes" sizes
        Given.check "x" x
        let sizes = Array.ofSeq sizes
        if isSummed options.Mode then Folds.requireFloat operation x
        requireSizes operation sizes x

        let requireEach (what: string) (numbers: float list) =
            if numbers.Length <> sizes.Length then
                raise (
                    ValueException
                        $"{operation}: {numbers.Length} {what} for {sizes.Length} spatial axes; give one for each."
                )

        if not options.Scales.IsEmpty then
            requireEach "scales" options.Scales

            for scale in options.Scales do
                if not (scale > 0.0) then
                    raise (ValueException $"{operation}: a scale of {string scale}; it must be positive.")

        match options.Coordinates with
        | ResizeCoordinates.Crop(starts, stops) ->
            requireEach "starts" starts
            requireEach "stops" stops
        | ResizeCoordinates.HalfPixel
        | ResizeCoordinates.AlignCorners
        | ResizeCoordinates.Asymmetric -> ()

        let along i dimension (x: Tensor) =
            let axis = Resampling.axis options.Scales i x.Dims[dimension] sizes[i]
            Resampling.along options axis dimension x

        eachAxis options.Mode sizes along x

    type Tensor with

        /// <summary>
        /// The last axes, one to three spatial ones, brought to given sizes by interpolation, the nearest number unless another is
        /// given: what PyTorch calls <c>interpolate</c>. x is (examples, channels) and spatial sizes. With corners aligned, first and
        /// last numbers along an axis stay what they are; else (the default, as there) a number stands for a cell, and the edges of
        /// the outermost cells stay where they are.
        /// </summary>
        /// <exception cref="T:Cotangent.ShapeException">
        /// There are not one to three sizes, one is below 1, or x has fewer axes or an empty one.
        /// </exception>
        /// <exception cref="T:Cotangent.ValueException">Corners are to be aligned with the nearest number.</exception>
        /// <exception cref="T:Cotangent.DTypeException">Linear or cubic interpolation of what is not floating-point.</exception>
        /// <example><code>
        /// let x = tensor [ [ 0.0; 4.0 ] ]
        /// x.Resize [ 3 ] // [[0, 0, 4]]
        /// x.Resize([ 4 ], Interpolation.Linear) // [[0, 1, 3, 4]]
        /// x.Resize([ 5 ], Interpolation.Linear, alignCorners = true) // [[0, 1, 2, 3, 4]]
        /// </code></example>
        [<CompiledName "Resize">]
        member x.Resize(sizes: int seq, ?mode: Interpolation, ?alignCorners: bool) : Tensor =
            Given.check "sizes" sizes
            resized "resize" mode alignCorners (Array.ofSeq sizes) x

    /// <summary>
    /// Channels made space (Shi et al. 2016): (…, C·r², H, W) to (…, C, H·r, W·r), each r² channels a square of r by r places. What a
    /// net does to enlarge an image after its last convolution.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// There are fewer than three axes, or r² does not divide the channels.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">r is below 1.</exception>
    /// <example><code>
    /// pixelShuffle 2 (tensor [ [ [ 1 ] ]; [ [ 2 ] ]; [ [ 3 ] ]; [ [ 4 ] ] ]) // [[[1, 2], [3, 4]]]
    /// </code></example>
    let pixelShuffle (r: int) (x: Tensor) : Tensor =
        Given.check "x" x
        let first = x.Rank - 3

        if r < 1 then
            raise (ValueException $"pixelShuffle: a factor of {r}; it must be 1 or more.")

        if first < 0 || x.Dims[first] % (r * r) <> 0 then
            raise (
                ShapeException
                    $"pixelShuffle: the input has shape {Shape.show x.Dims}; it must be (…, channels, height, width), and {r}² must divide the channels."
            )

        let leading = x.Dims[.. first - 1]
        let channels, height, width = x.Dims[first] / (r * r), x.Dims[first + 1], x.Dims[first + 2]
        let order = [| 0; 3; 1; 4; 2 |] |> Array.map ((+) first)

        x
            .Reshape(Array.append leading [| channels; r; r; height; width |])
            .Permute(Array.append (Shape.allAxes first) order)
            .Reshape(Array.append leading [| channels; height * r; width * r |])

    /// <summary>
    /// Space made channels, the inverse of <c>pixelShuffle</c>: (…, C, H·r, W·r) to (…, C·r², H, W). Nothing is lost, unlike in a
    /// convolution with a stride.
    /// </summary>
    /// <exception cref="T:Cotangent.ShapeException">
    /// There are fewer than three axes, or r does not divide height and width.
    /// </exception>
    /// <exception cref="T:Cotangent.ValueException">r is below 1.</exception>
    /// <example><code>
    /// pixelUnshuffle 2 (tensor [ [ [ 1; 2 ]; [ 3; 4 ] ] ]) // [[[1]], [[2]], [[3]], [[4]]]
    /// </code></example>
    let pixelUnshuffle (r: int) (x: Tensor) : Tensor =
        Given.check "x" x
        let first = x.Rank - 3

        if r < 1 then
            raise (ValueException $"pixelUnshuffle: a factor of {r}; it must be 1 or more.")

        if first < 0 || x.Dims[first + 1] % r <> 0 || x.Dims[first + 2] % r <> 0 then
            raise (
                ShapeException
                    $"pixelUnshuffle: the input has shape {Shape.show x.Dims}; it must be (…, channels, height, width), and {r} must divide height and width."
            )

        let leading = x.Dims[.. first - 1]
        let channels, height, width = x.Dims[first], x.Dims[first + 1] / r, x.Dims[first + 2] / r
        let order = [| 0; 2; 4; 1; 3 |] |> Array.map ((+) first)

        x
            .Reshape(Array.append leading [| channels; height; r; width; r |])
            .Permute(Array.append (Shape.allAxes first) order)
            .Reshape(Array.append leading [| channels * r * r; height; width |])

/// <summary>A layer that makes its input larger by whole factors: <c>Resize</c>, where a layer is wanted.</summary>
type Upsample = {
    /// By how much, for each of one to three spatial axes.
    Scales: int list
    /// How numbers in between are found.
    Mode: Interpolation
    /// Whether first and last numbers along an axis stay what they are.
    AlignCorners: bool
} with

    /// <summary>The layer's value at x of shape (examples, channels) and as many spatial sizes as the layer has scales.</summary>
    /// <exception cref="T:Cotangent.ShapeException">x has fewer axes than the layer has scales.</exception>
    /// <exception cref="T:Cotangent.ValueException">Corners are to be aligned with the nearest number.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Linear or cubic interpolation of what is not floating-point.</exception>
    /// <example><code>
    /// (Upsample.create 2).Forward(tensor [ [ [ [ 1; 2 ] ] ] ]) // [[[[1, 1, 2, 2], [1, 1, 2, 2]]]]
    /// </code></example>
    member layer.Forward(x: Tensor) : Tensor =
        Given.check "x" x
        let scales = Array.ofList layer.Scales
        let first = x.Rank - scales.Length

        if first < 0 then
            raise (
                ShapeException
                    $"Upsample.forward: the input has shape {Shape.show x.Dims}; this layer wants (examples, channels) and {scales.Length} spatial sizes."
            )

        x.Resize(Array.map2 (*) x.Dims[first..] scales, layer.Mode, layer.AlignCorners)

    interface ILayer with
        member layer.Forward x = layer.Forward x

/// Layers that make their input larger.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Upsample =
    /// <summary>A layer with a scale for each of one to three spatial axes, corners not aligned.</summary>
    /// <exception cref="T:Cotangent.ValueException">There are not one to three scales, or one is below 1.</exception>
    /// <example><code>
    /// let layer = Upsample.init Interpolation.Linear [ 2; 2 ]
    /// Upsample.forward layer (Tensor.ones DType.Float32 [ 8; 3; 14; 14 ]) // shape (8, 3, 28, 28)
    /// </code></example>
    let init (mode: Interpolation) (scales: int list) : Upsample =
        let operation = "Upsample.init"
        Given.check "scales" scales

        if scales.IsEmpty || scales.Length > 3 then
            raise (
                ValueException
                    $"{operation}: {scales.Length} scales; give one for each of one to three spatial axes."
            )

        Layer.requirePositive operation [ for scale in scales -> "as a scale", scale ]
        { Scales = scales; Mode = mode; AlignCorners = false }

    /// <summary>A layer that makes images larger by a factor, each number a square of its like.</summary>
    /// <exception cref="T:Cotangent.ValueException">The scale is below 1.</exception>
    /// <example><code>
    /// Upsample.forward (Upsample.create 2) (tensor [ [ [ 1; 2 ] ] ]) // [[[1, 1, 2, 2], [1, 1, 2, 2]]]
    /// </code></example>
    let create (scale: int) : Upsample = init Interpolation.Nearest [ scale; scale ]

    /// <summary>The layer's value at x of shape (examples, channels) and as many spatial sizes as the layer has scales.</summary>
    /// <exception cref="T:Cotangent.ShapeException">x has fewer axes than the layer has scales.</exception>
    /// <exception cref="T:Cotangent.ValueException">Corners are to be aligned with the nearest number.</exception>
    /// <exception cref="T:Cotangent.DTypeException">Linear or cubic interpolation of what is not floating-point.</exception>
    /// <example><code>
    /// let layer = { Upsample.init Interpolation.Linear [ 2 ] with AlignCorners = true }
    /// Upsample.forward layer (tensor [ [ 0.0; 3.0 ] ]) // [[0, 1, 2, 3]]
    /// </code></example>
    let forward (layer: Upsample) (x: Tensor) : Tensor =
        Given.check "layer" layer
        layer.Forward x
