namespace Cotangent

open Cotangent.Inlined // in place of functions of Array and List

/// <summary>How numbers between those of a tensor are found.</summary>
/// <example><code>
/// (tensor [ [ 0.0; 4.0 ] ]).Resize([ 4 ], Interpolation.Linear) // [[0, 1, 3, 4]]
/// </code></example>
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

/// <summary>
/// Where the numbers of a resized axis lie on the old one: ONNX's <c>coordinate_transformation_mode</c>. The scale is the new
/// size divided by the old one, unless another is given.
/// </summary>
/// <example><code>
/// let corners = { resizeDefaults with Coordinates = ResizeCoordinates.AlignCorners }
/// resizeWith corners [ 5 ] (tensor [ 0.0; 4.0 ]) // [0, 1, 2, 3, 4]
/// </code></example>
[<RequireQualifiedAccess>]
type ResizeCoordinates =
    /// A number stands for a cell, and the outermost edges stay where they are: (i + 1/2) / scale - 1/2.
    | HalfPixel
    /// First and last numbers stay what they are: i · (old size - 1) / (new size - 1).
    | AlignCorners
    /// The first number stays what it is: i / scale.
    | Asymmetric
    /// A part of each spatial axis, from a start to a stop of which 0 is its first number and 1 its last, as TensorFlow's
    /// <c>crop_and_resize</c> has it.
    | Crop of starts: float list * stops: float list

/// <summary>Which of two numbers is the nearest: ONNX's <c>nearest_mode</c>.</summary>
/// <example><code>
/// let x = tensor [ 10.0; 20.0; 30.0; 40.0 ]
/// let nearest rounding =
///     { resizeDefaults with Mode = Interpolation.Nearest; Rounding = rounding; Coordinates = ResizeCoordinates.Asymmetric }
///
/// resizeWith (nearest NearestRounding.Up) [ 3 ] x // [10, 30, 40]
/// resizeWith (nearest NearestRounding.Down) [ 3 ] x // [10, 20, 30]
/// </code></example>
[<RequireQualifiedAccess; Struct>]
type NearestRounding =
    /// The nearer one, half-way the one before.
    | HalfDown
    /// The nearer one, half-way the one behind.
    | HalfUp
    /// The one before, or at the place.
    | Down
    /// The one behind, or at the place.
    | Up

/// <summary>What a resampling may be told, beyond what <c>Resize</c> is: all that ONNX's Resize knows.</summary>
/// <example><code>
/// let smooth = { resizeDefaults with Antialias = true }
/// resizeWith smooth [ 3 ] (tensor [ 0.0; 0.0; 8.0; 0.0; 0.0; 0.0 ]) // [1.1429, 3, 0]
/// </code></example>
[<NoComparison; NoEquality>]
type ResizeOptions = {
    /// How numbers in between are found; <c>NearestExact</c> is <c>Nearest</c> here, which follows coordinates and rounding.
    Mode: Interpolation
    /// Where new numbers lie on the old axes.
    Coordinates: ResizeCoordinates
    /// What the nearest number is.
    Rounding: NearestRounding
    /// Keys's a: -0.75 as PyTorch and OpenCV have it, -0.5 as Pillow, JAX and TensorFlow do.
    CubicCoefficient: float
    /// Whether neighbours outside the axis weigh nothing, and the others so much more; else the outermost numbers stand for them.
    ExcludeOutside: bool
    /// Whether what is made smaller is smoothed by a filter as wide as the distance of the new numbers, so that nothing finer than
    /// these can show: what PyTorch, JAX and Pillow call antialiasing.
    Antialias: bool
    /// The scale of each spatial axis; empty for those of the sizes.
    Scales: float list
    /// What stands at places outside the axis, of a crop; None for what the outermost numbers tell.
    Outside: float option
}

/// What a resampling along one axis is: each new number is a weighted sum of old ones.
module internal Resampling =
    /// One axis: its old and new size, the scale and the scaled size, which need not be whole, and its number among the spatial ones.
    [<Struct; NoComparison; NoEquality>]
    type Axis = { Size: int; Wanted: int; Scale: float; Length: float; Number: int }

    /// The axis with that number, from a size to another, with a scale of its own if one is given.
    let axis (scales: float list) (number: int) (size: int) (wanted: int) : Axis =
        let isGiven = not scales.IsEmpty

        {
            Size = size
            Wanted = wanted
            Scale = if isGiven then scales[number] else float wanted / float size
            Length = if isGiven then scales[number] * float size else float wanted
            Number = number
        }

    /// Positions along the old axis and their weights, for all places of the new one. No weights are ones.
    type Taps = (struct (int[] * float[])) list

    /// Where the place i of a new axis lies on the old one.
    let private source (coordinates: ResizeCoordinates) (axis: Axis) (i: int) : float =
        let last = float (axis.Size - 1)

        match coordinates with
        | ResizeCoordinates.HalfPixel -> (float i + 0.5) / axis.Scale - 0.5
        | ResizeCoordinates.AlignCorners ->
            if axis.Wanted = 1 then 0.0 else float i * last / (axis.Length - 1.0)
        | ResizeCoordinates.Asymmetric -> float i / axis.Scale
        | ResizeCoordinates.Crop(starts, stops) ->
            let start, stop = starts[axis.Number], stops[axis.Number]

            if axis.Wanted = 1 then
                0.5 * (start + stop) * last
            else
                start * last + float i * (stop - start) * last / (axis.Length - 1.0)

    let private within size i = min (size - 1) (max 0 i)

    /// Keys's cubic at a distance.
    let private keys a (x: float) =
        let x = abs x

        if x < 1.0 then ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
        elif x < 2.0 then ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a
        else 0.0

    let private round (rounding: NearestRounding) (x: float) =
        match rounding with
        | NearestRounding.HalfDown -> ceil (x - 0.5)
        | NearestRounding.HalfUp -> floor (x + 0.5)
        | NearestRounding.Down -> floor x
        | NearestRounding.Up -> ceil x

    /// Weights that sum to 1 at each place, of those inside alone.
    let private normalised (size: int) (taps: Taps) : Taps =
        let inside (positions: int[]) weights =
            Array.map2 (fun p w -> if p < 0 || p >= size then 0.0 else w) positions weights

        let kept = taps |> List.map (fun (struct (at, weights)) -> struct (at, inside at weights))

        let totals = kept |> List.map (fun (struct (_, weights)) -> weights) |> List.reduce (Array.map2 (+))

        kept |> List.map (fun (struct (at, weights)) -> struct (at, Array.map2 (/) weights totals))

    let taps (options: ResizeOptions) (axis: Axis) : Taps =
        let places = Array.init axis.Wanted (source options.Coordinates axis)

        let filtered support (weight: float -> float) =
            // Made smaller, new numbers lie further apart than the filter is wide.
            let stretch = if options.Antialias then max 1.0 (1.0 / axis.Scale) else 1.0
            let first = places |> Array.map (fun x -> int (floor (x - support * stretch)) + 1)

            let taps: Taps = [
                for tap in 0 .. int (ceil (2.0 * support * stretch)) - 1 do
                    let at = first |> Array.map ((+) tap)
                    struct (at, Array.map2 (fun (i: int) x -> weight ((float i - x) / stretch)) at places)
            ]

            if options.ExcludeOutside || stretch > 1.0 then normalised axis.Size taps else taps

        let taps =
            match options.Mode with
            | Interpolation.Nearest
            | Interpolation.NearestExact -> [
                struct (places |> Array.map (fun x -> int (round options.Rounding x)), [||])
              ]
            | Interpolation.Linear -> filtered 1.0 (fun x -> max 0.0 (1.0 - abs x))
            | Interpolation.Cubic -> filtered 2.0 (keys options.CubicCoefficient)

        taps |> List.map (fun (struct (at, weights)) -> struct (Array.map (within axis.Size) at, weights))

    /// Taps of so many rows are one product with a matrix.
    [<Literal>]
    let private ManyTaps = 8

    let private product (axis: Axis) dimension (taps: Taps) (x: Tensor) : Tensor =
        let matrix = Array2D.zeroCreate<float> axis.Size axis.Wanted

        for struct (at, weights) in taps do
            for i in 0 .. axis.Wanted - 1 do
                matrix[at[i], i] <- matrix[at[i], i] + weights[i]

        let flat = Array.init matrix.Length (fun k -> matrix[k / axis.Wanted, k % axis.Wanted])

        let weights = ((Tensor.ofArray [ axis.Size; axis.Wanted ] flat).To x.Device).Convert x.DType

        let last = x.Rank - 1
        let rows = x.MoveAxis(dimension, last)
        let flatRows = rows.Reshape [| -1; axis.Size |]

        (matmul flatRows weights)
            .Reshape(Array.append rows.Dims[.. last - 1] [| axis.Wanted |])
            .MoveAxis(last, dimension)

    let along (options: ResizeOptions) (axis: Axis) dimension (x: Tensor) : Tensor =
        let taps = taps options axis
        let shape = Array.init x.Rank (fun i -> if i = dimension then axis.Wanted else 1)

        let sum =
            if taps.Length > ManyTaps then
                product axis dimension taps x
            else
                taps
                |> List.map (fun (struct (at, weights)) ->
                    let taken = x.Take((tensor at).To x.Device, dimension)

                    if weights.Length = 0 then
                        taken
                    else
                        taken * (((tensor weights).To x.Device).Convert x.DType).Reshape shape)
                |> List.reduce (+)

        match options.Outside with
        | None -> sum
        | Some value ->
            let isInside =
                Array.init axis.Wanted (fun i ->
                    let place = source options.Coordinates axis i
                    place >= 0.0 && place <= float (axis.Size - 1))

            let isInside = ((tensor isInside).To x.Device).Reshape shape
            where (isInside.Expand sum.Dims) sum (Tensor.fullLike sum value)
