/// Operators on bits, and on integers that stand for real numbers: scale · (integer - zero point).
module internal Cotangent.Conformance.Integers

open Cotangent

let private shift: Operator =
    fun a inputs ->
        let x, bits = given inputs 0, given inputs 1
        [ (if a.Text("direction", "LEFT") = "LEFT" then x.ShiftLeft bits else x.ShiftRight bits) ]

/// The smallest and the largest number of a dtype of 8 bits.
let private range (dtype: DType) =
    match dtype with
    | DType.UInt8 -> 0.0, 255.0
    | DType.Int8 -> -128.0, 127.0
    | other -> unmapped $"quantised numbers of {other}"

/// Along an axis of x, if there are as many numbers as places on it.
let private along (x: Tensor) axis (numbers: Tensor) =
    if numbers.Size = 1 then
        numbers.Reshape []
    else
        numbers.Reshape(-1 :: List.replicate (x.Rank - 1 - fromEnd x.Rank axis) 1)

let private quantized (x: Tensor) (scale: Tensor) (zero: Tensor) =
    let low, high = range zero.DType
    (clamp low high (round (x / scale) + zero.Convert x.DType)).Convert zero.DType

let private quantize: Operator =
    fun a inputs ->
        let x = given inputs 0
        let axis = a.Int("axis", 1)
        let zero = tryGiven inputs 2 |> Option.defaultWith (fun () -> Tensor.zeros DType.UInt8 [])
        [ quantized x (along x axis (given inputs 1)) (along x axis zero) ]

let private dequantize: Operator =
    fun a inputs ->
        let x = given inputs 0
        let axis = a.Int("axis", 1)
        let scale = along x axis (given inputs 1)
        let wide = x.Convert scale.DType

        match tryGiven inputs 2 with
        | Some zero -> [ (wide - (along x axis zero).Convert scale.DType) * scale ]
        | None -> [ wide * scale ]

/// Scale and zero point from the numbers, of which 0 is one.
let private dynamically: Operator =
    fun _ inputs ->
        let x = given inputs 0

        let low, high =
            minimum (x.Min()) (Tensor.zeros x.DType []), maximum (x.Max()) (Tensor.zeros x.DType [])

        let scale = (high - low) / 255.0
        let zero = (clamp 0.0 255.0 (round (-low / scale))).Convert DType.UInt8
        [ quantized x scale zero; scale; zero ]

/// As Float64, which holds such products and their sums exactly.
let private centred inputs i zero =
    let x: Tensor = given inputs i
    let wide = x.Convert DType.Float64

    match tryGiven inputs zero with
    | Some zero -> wide - zero.Convert DType.Float64
    | None -> wide

let private product: Operator =
    fun _ inputs -> [ (matmul (centred inputs 0 2) (centred inputs 1 3)).Convert DType.Int32 ]

let private convolution: Operator =
    fun a inputs ->
        let inner = Map Windows.operators
        let results = inner["Conv"] a [ Some(centred inputs 0 2); Some(centred inputs 1 3) ]
        [ results.Head.Convert DType.Int32 ]

/// A product or convolution of integers with scales, a kind of its own: inputs, scale, zero point, thrice.
let private rescaled (x: Tensor) inputs scale zero =
    let factor i : Tensor = (given inputs i).Convert DType.Float64
    let scales = factor 1 * factor 4 / factor scale

    let scales =
        if scales.Size = 1 then
            scales.Reshape []
        else
            scales.Reshape(-1 :: List.replicate (x.Rank - 2) 1)

    quantized (x * scales) (Tensor.ones DType.Float64 []) (given inputs zero)

let private quantizedProduct: Operator =
    fun _ inputs -> [ rescaled (matmul (centred inputs 0 2) (centred inputs 3 5)) inputs 6 7 ]

let private quantizedConvolution: Operator =
    fun a inputs ->
        let inner = Map Windows.operators
        let results = inner["Conv"] a [ Some(centred inputs 0 2); Some(centred inputs 3 5) ]
        [ rescaled results.Head inputs 6 7 ]

let operators: (string * Operator) list = [
    "BitShift", shift
    "QuantizeLinear", quantize
    "DequantizeLinear", dequantize
    "DynamicQuantizeLinear", dynamically
    "MatMulInteger", product
    "ConvInteger", convolution
    "QLinearMatMul", quantizedProduct
    "QLinearConv", quantizedConvolution
]
