/// Operators element by element.
module internal Cotangent.Conformance.Elementwise

open Cotangent

let private unary (f: Tensor -> Tensor) : Operator = fun _ inputs -> [ f (given inputs 0) ]

let private binary (f: Tensor -> Tensor -> Tensor) : Operator =
    fun a inputs ->
        let x, y = given inputs 0, given inputs 1

        // Before version 7 of the operators the second stretches where an attribute says so, from an axis on.
        match a.TryInt "axis" with
        | Some axis when a.Opset < 7 && y.Rank > 0 ->
            let after = x.Rank - axis - y.Rank
            [ f x (y.Reshape(shapeOf y @ List.replicate after 1)) ]
        | Some _
        | None -> [ f x y ]

let private variadic (f: Tensor -> Tensor -> Tensor) : Operator =
    fun _ inputs -> [ inputs |> List.choose id |> List.reduce f ]

/// The sign of the result is that of the divisor, as Python has it.
let private floorMod (x: Tensor) (y: Tensor) =
    let rest = x % y
    let zero = Tensor.zerosLike rest
    let differs = (rest.NotEqual zero).And((rest.Less zero).Xor((y + zero).Less zero))
    where differs (rest + y) rest

/// Computed in Float64, in the dtype of the base.
let private pow (x: Tensor) (y: Tensor) =
    if x.DType = y.DType && x.DType.IsFloat then
        x ** y
    else
        ((x.Convert DType.Float64) ** (y.Convert DType.Float64)).Convert x.DType

let private clip: Operator =
    fun a inputs ->
        let x = given inputs 0

        let bound name i (f: Tensor -> Tensor -> Tensor) (x: Tensor) =
            match tryGiven inputs i, a.Named.TryFind name with
            | Some limit, _ -> f x limit
            | None, Some limit -> f x (Tensor.scalar x.DType (limit.GetDouble()))
            | None, None -> x

        [ x |> bound "min" 1 maximum |> bound "max" 2 minimum ]

let private shrink: Operator =
    fun a inputs ->
        let x = given inputs 0
        let limit, bias = a.Float("lambd", 0.5), a.Float("bias", 0.0)
        let zero = Tensor.zerosLike x
        [ where (x.Greater limit) (x - bias) (where (x.Less -limit) (x + bias) zero) ]

let private isInf: Operator =
    fun a inputs ->
        let x = given inputs 0
        let above = if a.Int("detect_positive", 1) <> 0 then infinity else nan
        let below = if a.Int("detect_negative", 1) <> 0 then -infinity else nan
        [ (x.Equal above).Or(x.Equal below) ]

let private convert (x: Tensor) (dtype: DType) =
    if dtype = DType.Bool then x.NotEqual(Tensor.zerosLike x) else x.Convert dtype

let private selu: Operator =
    fun a inputs ->
        match a.Named.TryFind "alpha", a.Named.TryFind "gamma" with
        | None, None -> [ selu (given inputs 0) ]
        | _ -> [ a.Float("gamma", 1.0507) * elu (a.Float("alpha", 1.67326)) (given inputs 0) ]

/// Before version 7 of the operators the slopes are those of the channels.
let private prelu: Operator =
    fun a inputs ->
        let x, slope = given inputs 0, given inputs 1

        let slope =
            if a.Opset < 7 && slope.Rank = 1 && slope.Size > 1 then
                slope.Reshape(-1 :: List.replicate (x.Rank - 2) 1)
            else
                slope

        [ where (x.Less 0.0) (slope * x) x ]

let operators: (string * Operator) list = [
    "Abs", unary abs
    "Acos", unary acos
    "Acosh", unary acosh
    "Asin", unary asin
    "Asinh", unary asinh
    "Atan", unary atan
    "Atanh", unary atanh
    "Ceil", unary ceil
    "Cos", unary cos
    "Cosh", unary cosh
    "Erf", unary erf
    "Exp", unary exp
    "Floor", unary floor
    "HardSwish", unary hardswish
    "Identity", unary id
    "IsNaN", unary _.IsNaN()
    "Log", unary log
    "Neg", unary (~-)
    "Not", unary _.Not()
    "Reciprocal", unary (fun x -> 1.0 / x)
    "Relu", unary relu
    "Round", unary round
    "Sigmoid", unary sigmoid
    "Sign", unary _.Sign()
    "Sin", unary sin
    "Sinh", unary sinh
    "Softplus", unary softplus
    "Softsign", unary softsign
    "Sqrt", unary sqrt
    "Tan", unary tan
    "Tanh", unary tanh
    "Celu", (fun a inputs -> [ celu (a.Float("alpha", 1.0)) (given inputs 0) ])
    "Elu", (fun a inputs -> [ elu (a.Float("alpha", 1.0)) (given inputs 0) ])
    "HardSigmoid",
    (fun a inputs -> [ clamp 0.0 1.0 (a.Float("alpha", 0.2) * given inputs 0 + a.Float("beta", 0.5)) ])
    "LeakyRelu", (fun a inputs -> [ leakyRelu (a.Float("alpha", 0.01)) (given inputs 0) ])
    "Selu", selu
    "Shrink", shrink
    "ThresholdedRelu", (fun a inputs -> [ threshold (a.Float("alpha", 1.0)) 0.0 (given inputs 0) ])
    "Clip", clip
    "IsInf", isInf
    "Cast", (fun a inputs -> [ convert (given inputs 0) (dtypeOf (a.Int("to", 1))) ])
    "CastLike", (fun _ inputs -> [ convert (given inputs 0) (given inputs 1).DType ])
    "Add", binary (+)
    "Sub", binary (-)
    "Mul", binary (*)
    "Div", binary (/)
    "Pow", binary pow
    "Mod", (fun a -> binary (if a.IsSet "fmod" then (%) else floorMod) a)
    "And", binary (fun x y -> x.And y)
    "Or", binary (fun x y -> x.Or y)
    "Xor", binary (fun x y -> x.Xor y)
    "Equal", binary (fun x y -> x.Equal y)
    "Greater", binary (fun x y -> x.Greater y)
    "GreaterOrEqual", binary (fun x y -> x.GreaterEqual y)
    "Less", binary (fun x y -> x.Less y)
    "LessOrEqual", binary (fun x y -> x.LessEqual y)
    "PRelu", prelu
    "Max", variadic maximum
    "Min", variadic minimum
    "Sum", variadic (+)
    "Mean", (fun a inputs -> [ (variadic (+) a inputs).Head / float inputs.Length ])
    "Where", (fun _ inputs -> [ where (given inputs 0) (given inputs 1) (given inputs 2) ])
]
