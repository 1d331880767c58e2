namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How numbers between those of a tensor are found.</summary>
[<RequireQualifiedAccess; Struct>]
type Interpolation =
    /// The number at ⌊place · old size / new size⌋: PyTorch's <c>nearest</c>.
    | Nearest
    /// The number nearest to the centre, at ⌊(place + 1/2) · old size / new size⌋: PyTorch's <c>nearest-exact</c>.
    | NearestExact
    /// On the straight line between the two neighbours; over two axes bilinear, over three trilinear.
    | Linear
    /// On a cubic through four neighbours, with a = -3/4 (Keys 1981), as PyTorch has it; over two axes bicubic.
    | Cubic

/// What a resampling along one axis is: each new number is a weighted sum of old ones.
module internal Resampling =
    /// Taps: for each, the positions along the old axis and their weights, for all places of the new one.
    type Taps = (struct (int[] * float[])) list

    /// Where the place i of a new axis lies on the old one. Corners aligned: first and last numbers coincide; else the edges do.
    let private source alignCorners size wanted i =
        if alignCorners then
            if wanted = 1 then 0.0 else float i * float (size - 1) / float (wanted - 1)
        else
            (float i + 0.5) * float size / float wanted - 0.5

    let private within size i = min (size - 1) (max 0 i)

    /// Keys's cubic for distances up to 1, and from 1 to 2.
    let private near a x = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    let private far a x = ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a

    let taps (mode: Interpolation) alignCorners size wanted : Taps =
        let whole (position: int -> int64) = [
            struct (Array.init wanted (fun i -> within size (int (position i))), [||])
        ]

        let between count (place: int -> float) (weight: int -> float -> float) =
            let places = Array.init wanted place
            let floors = places |> Array.map (fun x -> int (floor x))

            [
                for tap in 0 .. count - 1 do
                    let offset = tap - (count / 2 - 1)

                    struct (floors |> Array.map (fun first -> within size (first + offset)),
                            Array.map2 (fun x first -> weight tap (x - float first)) places floors)
            ]

        match mode with
        | Interpolation.Nearest -> whole (fun i -> int64 i * int64 size / int64 wanted)
        | Interpolation.NearestExact ->
            whole (fun i -> (2L * int64 i + 1L) * int64 size / (2L * int64 wanted))
        | Interpolation.Linear ->
            between 2 (source alignCorners size wanted >> max 0.0) (fun tap t ->
                if tap = 0 then 1.0 - t else t)
        | Interpolation.Cubic ->
            let a = -0.75

            between 4 (source alignCorners size wanted) (fun tap t ->
                match tap with
                | 0 -> far a (t + 1.0)
                | 1 -> near a t
                | 2 -> near a (1.0 - t)
                | _ -> far a (2.0 - t))

    let along mode alignCorners axis wanted (x: Tensor) : Tensor =
        let size = x.Dims[axis]

        let isRepeated =
            match mode with
            | Interpolation.Nearest
            | Interpolation.NearestExact -> wanted % size = 0
            | Interpolation.Linear
            | Interpolation.Cubic -> false

        if wanted = size then
            x
        elif isRepeated then
            x.Repeat(wanted / size, axis)
        else
            let row (weights: float[]) =
                let shape = Array.init x.Rank (fun i -> if i = axis then wanted else 1)
                (((tensor weights).To x.Device).Convert x.DType).Reshape shape

            taps mode alignCorners size wanted
            |> List.map (fun (struct (positions, weights)) ->
                let taken = x.Take((tensor positions).To x.Device, axis)
                if weights.Length = 0 then taken else taken * row weights)
            |> List.reduce (+)

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

    let private resized (operation: string) mode alignCorners (sizes: int[]) (x: Tensor) =
        let mode = defaultArg mode Interpolation.Nearest
        let alignCorners = defaultArg alignCorners false
        requireMode operation mode alignCorners x
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

        // 16-bit floats lose digits in sums of several.
        let isSummed =
            match mode with
            | Interpolation.Nearest
            | Interpolation.NearestExact -> false
            | Interpolation.Linear
            | Interpolation.Cubic -> true

        let mutable y = if isSummed && DTypes.isHalf x.DType then x.Convert DType.Float32 else x

        for i in 0 .. axes - 1 do
            y <- Resampling.along mode alignCorners (x.Rank - axes + i) sizes[i] y

        y.Convert x.DType

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
