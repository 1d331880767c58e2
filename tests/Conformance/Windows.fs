/// Operators on windows that slide over the spatial axes: convolutions, pooling, resizing.
module internal Cotangent.Conformance.Windows

open Cotangent

/// Sizes of the windows with their dilation, and what surrounds the input, by ONNX's rules.
let private windowOf (a: Attributes) (spatial: int list) (kernel: int list) : Window =
    let ones = spatial |> List.map (fun _ -> 1)
    let strides, dilations = a.Ints("strides", ones), a.Ints("dilations", ones)
    let reach = List.map2 (fun k d -> (k - 1) * d + 1) kernel dilations

    let around upper =
        List.zip3 spatial reach strides
        |> List.map (fun (n, reach, stride) ->
            let count = (n + stride - 1) / stride
            let total = max 0 ((count - 1) * stride + reach - n)
            let less = total / 2
            if upper then less, total - less else total - less, less)

    let sides =
        match a.Text("auto_pad", "NOTSET") with
        | "SAME_UPPER" -> around true
        | "SAME_LOWER" -> around false
        | "VALID" -> [ for _ in spatial -> 0, 0 ]
        | _ ->
            let pads = a.Ints("pads", ones @ ones |> List.map (fun _ -> 0))
            List.zip (List.take spatial.Length pads) (List.skip spatial.Length pads)

    // With ceil_mode the last window may reach beyond, but must begin inside.
    let sides =
        if a.IsSet "ceil_mode" then
            List.zip3 spatial reach (List.zip strides sides)
            |> List.map (fun (n, reach, (stride, (before, after))) ->
                let over = (n + before + after - reach) % stride
                before, (if over = 0 then after else after + stride - over))
        else
            sides

    { Strides = strides; Padding = Padding.Sides sides; Dilation = dilations }

let private spatialOf (x: Tensor) = List.skip 2 (shapeOf x)

/// Along the axis of channels.
let private channels (x: Tensor) (values: Tensor) = values.Reshape(-1 :: List.replicate (x.Rank - 2) 1)

let private biased inputs (y: Tensor) =
    match tryGiven inputs 2 with
    | Some bias -> y + channels y bias
    | None -> y

let private convolution: Operator =
    fun a inputs ->
        let x, kernel = given inputs 0, given inputs 1
        let window = windowOf a (spatialOf x) (spatialOf kernel)
        [ biased inputs (convolveGroups (a.Int("group", 1)) window kernel x) ]

let private transposed: Operator =
    fun a inputs ->
        let x, kernel = given inputs 0, given inputs 1
        if a.Int("group", 1) <> 1 then unmapped "transposed convolutions in groups by a function"
        let spatial = spatialOf x
        let ones = spatial |> List.map (fun _ -> 1)
        let strides, dilations = a.Ints("strides", ones), a.Ints("dilations", ones)
        let longer = a.Ints("output_padding", ones |> List.map (fun _ -> 0))

        let full =
            List.zip3 spatial strides (List.zip3 (spatialOf kernel) dilations longer)
            |> List.map (fun (n, stride, (k, dilation, more)) ->
                stride * (n - 1) + more + (k - 1) * dilation + 1)

        let shared upper sizes =
            List.map2
                (fun full size ->
                    let total = max 0 (full - size)
                    if upper then total / 2, total - total / 2 else total - total / 2, total / 2)
                full
                sizes

        let sides, sizes =
            match a.Text("auto_pad", "NOTSET"), a.TryInts "output_shape" with
            | "SAME_UPPER", _ ->
                let sizes = List.map2 (*) spatial strides
                shared true sizes, sizes
            | "SAME_LOWER", _ ->
                let sizes = List.map2 (*) spatial strides
                shared false sizes, sizes
            | _, Some sizes -> shared false sizes, sizes
            | _, None ->
                let pads = a.Ints("pads", ones @ ones |> List.map (fun _ -> 0))
                let sides = List.zip (List.take ones.Length pads) (List.skip ones.Length pads)
                sides, List.map2 (fun full (before, after) -> full - before - after) full sides

        let window = { Strides = strides; Padding = Padding.Sides sides; Dilation = dilations }
        [ biased inputs (convolveTransposedTo sizes window kernel x) ]

/// Places in the whole tensor, of places within each image.
let private planes (x: Tensor) =
    let area = List.fold (*) 1 (spatialOf x)
    let first = Tensor.arange DType.Int64 (x.Shape[0] * x.Shape[1]) * area
    first.Reshape(List.take 2 (shapeOf x) @ List.replicate (x.Rank - 2) 1)

let private maxPooling: Operator =
    fun a inputs ->
        let x = given inputs 0
        if not x.DType.IsFloat then unmapped "pooling of integers"
        let size = a.Ints("kernel_shape", [])
        let window = windowOf a (spatialOf x) size

        if a.Outputs = 1 then
            [ maxPool size window x ]
        else
            let y, positions = maxPoolWithPositions size window x
            let positions = positions.Convert DType.Int64

            let positions =
                if a.IsSet "storage_order" then
                    let rows, columns = x.Shape[2], x.Shape[3]
                    let row = positions / columns
                    (positions - row * columns) * rows + row
                else
                    positions

            [ y; positions + planes x ]

let private averagePooling: Operator =
    fun a inputs ->
        let x = given inputs 0
        let size = a.Ints("kernel_shape", [])
        let window = windowOf a (spatialOf x) size
        [ (if a.IsSet "count_include_pad" then averagePoolWithZeros else averagePool) size window x ]

let private unpooling: Operator =
    fun a inputs ->
        let x, positions = given inputs 0, given inputs 1

        let sizes =
            match tryGiven inputs 2 with
            | Some shape -> List.skip 2 (intsOf shape)
            | None ->
                List.zip3 (spatialOf x) (a.Ints("strides", [])) (a.Ints("kernel_shape", []))
                |> List.map (fun (n, stride, size) -> (n - 1) * stride + size)

        // The positions were those in the tensor that was pooled, whose sizes are those without a shape.
        let pooled =
            List.zip3 (spatialOf x) (a.Ints("strides", [])) (a.Ints("kernel_shape", []))
            |> List.map (fun (n, stride, size) -> (n - 1) * stride + size)

        let local = positions - planes (Tensor.zeros DType.Float32 (List.take 2 (shapeOf x) @ pooled))
        let rest = List.map2 (fun size n -> 0, size - n) sizes pooled
        [ (maxUnpool pooled local x).Pad([ 0, 0; 0, 0 ] @ rest) ]

let private mode name =
    match name with
    | "nearest" -> Interpolation.Nearest
    | "linear"
    | "bilinear" -> Interpolation.Linear
    | "cubic"
    | "bicubic" -> Interpolation.Cubic
    | other -> unmapped $"interpolation by {other}"

/// Axis by axis, since PyTorch's way of placing pixels depends on the size.
let private resizeAxis
    (a: Attributes)
    (roi: float list)
    (scales: float list)
    (sizes: int list)
    (x: Tensor)
    axis
    =
    let size = sizes[axis]
    let name = a.Text("coordinate_transformation_mode", "half_pixel")

    let coordinates =
        match name with
        | "half_pixel"
        // From the edge, without the half: this moves what is rounded below.
        | "tf_half_pixel_for_nn" -> ResizeCoordinates.HalfPixel
        | "pytorch_half_pixel" when size = 1 -> ResizeCoordinates.Asymmetric
        | "pytorch_half_pixel" -> ResizeCoordinates.HalfPixel
        | "align_corners" -> ResizeCoordinates.AlignCorners
        | "asymmetric" -> ResizeCoordinates.Asymmetric
        | "tf_crop_and_resize" -> ResizeCoordinates.Crop([ roi[axis] ], [ roi[axis + x.Rank] ])
        | other -> unmapped $"placing pixels by {other}"

    let rounding =
        match a.Text("nearest_mode", "round_prefer_floor") with
        | "round_prefer_floor" when name = "tf_half_pixel_for_nn" -> NearestRounding.Up
        | "round_prefer_floor" -> NearestRounding.HalfDown
        | "round_prefer_ceil" -> NearestRounding.HalfUp
        | "floor" -> NearestRounding.Down
        | "ceil" -> NearestRounding.Up
        | other -> unmapped $"rounding by {other}"

    let options = {
        resizeDefaults with
            Mode = mode (a.Text("mode", "nearest"))
            Coordinates = coordinates
            Rounding = rounding
            CubicCoefficient = a.Float("cubic_coeff_a", -0.75)
            ExcludeOutside = a.IsSet "exclude_outside"
            Scales = if scales.IsEmpty then [] else [ scales[axis] ]
            Outside = if name = "tf_crop_and_resize" then Some(a.Float("extrapolation_value", 0.0)) else None
    }

    let last = x.Rank - 1
    (resizeWith options [ size ] (x.MoveAxis(axis, last))).MoveAxis(last, axis)

let private resize: Operator =
    fun a inputs ->
        let x = given inputs 0
        let roi = tryGiven inputs 1 |> Option.map floatsOf |> Option.defaultValue []

        let scales, sizes =
            match tryGiven inputs 3, tryGiven inputs 2 with
            | Some sizes, _ when sizes.Size > 0 -> [], intsOf sizes
            | _, Some scales ->
                floatsOf scales,
                List.map2 (fun n s -> int (floor (float n * s))) (shapeOf x) (floatsOf scales)
            | _, None -> failwith "Neither sizes nor scales."

        let changed = [
            for axis in 0 .. x.Rank - 1 do
                if sizes[axis] <> x.Shape[axis] || not roi.IsEmpty then axis
        ]

        [ List.fold (resizeAxis a roi scales sizes) x changed ]

let private upsample: Operator =
    fun a inputs ->
        let x = given inputs 0
        let sizes = List.map2 (fun n s -> int (float n * s)) (shapeOf x) (floatsOf (given inputs 1))
        [ x.Resize(List.skip 2 sizes, mode (a.Text("mode", "nearest"))) ]

let private gridSample: Operator =
    fun a inputs ->
        let padding =
            match a.Text("padding_mode", "zeros") with
            | "zeros" -> PaddingMode.Zeros
            | "border" -> PaddingMode.Replicate
            // At the centres of the outermost pixels, or at their edges.
            | "reflection" -> if a.IsSet "align_corners" then PaddingMode.Reflect else PaddingMode.Symmetric
            | other -> unmapped $"padding by {other}"

        [
            (given inputs 0)
                .GridSample(
                    given inputs 1,
                    mode (a.Text("mode", "bilinear")),
                    padding,
                    a.IsSet "align_corners"
                )
        ]

let operators: (string * Operator) list = [
    "Conv", convolution
    "ConvTranspose", transposed
    "MaxPool", maxPooling
    "AveragePool", averagePooling
    "GlobalAveragePool",
    (fun _ inputs ->
        let x = given inputs 0
        [ x.Mean([ 2 .. x.Rank - 1 ], true) ])
    "GlobalMaxPool",
    (fun _ inputs ->
        let x = given inputs 0
        [ x.Max([ 2 .. x.Rank - 1 ], true) ])
    "MaxUnpool", unpooling
    "Resize", resize
    "Upsample", upsample
    "GridSample", gridSample
]
