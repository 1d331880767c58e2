namespace Cotangent

/// How large the slope of a function may be.
[<RequireQualifiedAccess; Struct>]
type internal Slope =
    /// 0 wherever there is one.
    | Flat
    | Finite
    /// Infinite, or NaN, at inputs that are finite.
    | Steep

/// On which elements a function is defined.
[<RequireQualifiedAccess; Struct>]
type internal Domain =
    | Floats
    | Numbers
    | Integers
    | Bools
    | All

    member domain.Has(dtype: DType) =
        match domain with
        | Floats -> dtype.IsFloat
        | Numbers -> dtype <> DType.Bool
        // Bool counts: its And and Or are those of bits.
        | Integers -> not dtype.IsFloat
        | Bools -> dtype = DType.Bool
        | All -> true

/// What there is to know of an elementwise function.
[<Struct; NoComparison; NoEquality>]
type internal FunctionFacts = {
    /// What error messages and printed graphs call it.
    Name: string
    /// In additions, about.
    Price: int
    Slope: Slope
    /// Whether it tells something of numbers, rather than making new ones: the result is Bool.
    Tells: bool
    /// Whether it is done again without a thought.
    IsFree: bool
    /// Whether loop nests have code for it.
    InNests: bool
} with

    static member plain name price slope = {
        Name = name
        Price = price
        Slope = slope
        Tells = false
        IsFree = false
        InNests = true
    }

    static member free name slope = { FunctionFacts.plain name 1 slope with IsFree = true }
    static member tells name = { FunctionFacts.free name Slope.Flat with Tells = true }
    static member apart name price slope = { FunctionFacts.plain name price slope with InNests = false }

/// Elementwise functions of one argument.
[<RequireQualifiedAccess>]
type internal Unary =
    | Negate
    | Abs
    | Sign
    | Floor
    | Ceiling
    /// To the nearest integer, ties to even.
    | Round
    | Exp
    | Expm1
    | Log
    | Log1p
    | Sqrt
    | Sin
    | Cos
    | Tan
    | Asin
    | Acos
    | Atan
    | Sinh
    | Cosh
    | Tanh
    | Asinh
    | Acosh
    | Atanh
    | Sigmoid
    | Softplus
    /// 2/√π ∫₀ˣ exp(-t²) dt
    | Erf
    /// 1 - erf x
    | Erfc
    /// x Φ(x), Φ the distribution of the standard normal.
    | Gelu
    /// Its derivative, Φ(x) + x φ(x).
    | GeluSlope
    /// log |Γ(x)|
    | Lgamma
    /// The derivatives of that: the digamma function is the first, of order 0.
    | Polygamma of order: int
    | Relu
    | IsNaN
    | Not

    /// What there is to know of it, said once: a new function is a case above and a line here.
    member op.Facts: FunctionFacts =
        match op with
        | Negate -> FunctionFacts.free "negate" Slope.Finite
        | Abs -> FunctionFacts.free "abs" Slope.Finite
        | Sign -> FunctionFacts.free "sign" Slope.Flat
        | Floor -> FunctionFacts.plain "floor" 1 Slope.Flat
        | Ceiling -> FunctionFacts.plain "ceiling" 1 Slope.Flat
        | Round -> FunctionFacts.plain "round" 1 Slope.Flat
        | Exp -> FunctionFacts.plain "exp" 10 Slope.Finite
        | Expm1 -> FunctionFacts.plain "expm1" 10 Slope.Finite
        | Log -> FunctionFacts.plain "log" 10 Slope.Steep
        | Log1p -> FunctionFacts.plain "log1p" 10 Slope.Steep
        | Sqrt -> FunctionFacts.plain "sqrt" 4 Slope.Steep
        | Sin -> FunctionFacts.plain "sin" 10 Slope.Finite
        | Cos -> FunctionFacts.plain "cos" 10 Slope.Finite
        | Tan -> FunctionFacts.plain "tan" 10 Slope.Finite
        | Asin -> FunctionFacts.plain "asin" 10 Slope.Steep
        | Acos -> FunctionFacts.plain "acos" 10 Slope.Steep
        | Atan -> FunctionFacts.plain "atan" 10 Slope.Finite
        | Sinh -> FunctionFacts.plain "sinh" 10 Slope.Finite
        | Cosh -> FunctionFacts.plain "cosh" 10 Slope.Finite
        | Tanh -> FunctionFacts.plain "tanh" 10 Slope.Finite
        | Asinh -> FunctionFacts.plain "asinh" 10 Slope.Finite
        | Acosh -> FunctionFacts.plain "acosh" 10 Slope.Steep
        | Atanh -> FunctionFacts.plain "atanh" 10 Slope.Steep
        | Sigmoid -> FunctionFacts.plain "sigmoid" 10 Slope.Finite
        | Softplus -> FunctionFacts.plain "softplus" 10 Slope.Finite
        | Erf -> FunctionFacts.plain "erf" 10 Slope.Finite
        | Erfc -> FunctionFacts.plain "erfc" 10 Slope.Finite
        | Gelu -> FunctionFacts.plain "gelu" 10 Slope.Finite
        | GeluSlope -> FunctionFacts.plain "geluslope" 10 Slope.Finite
        | Lgamma -> FunctionFacts.apart "lgamma" 40 Slope.Steep
        | Polygamma 0 -> FunctionFacts.apart "digamma" 40 Slope.Steep
        | Polygamma _ -> FunctionFacts.apart "polygamma" 60 Slope.Steep
        | Relu -> FunctionFacts.plain "relu" 1 Slope.Finite
        | IsNaN -> FunctionFacts.tells "isnan"
        | Not -> FunctionFacts.free "not" Slope.Flat

    /// Where it is defined. Eager code asks at each call.
    member op.Domain =
        match op with
        | Negate
        | Abs
        | Sign
        | Relu -> Domain.Numbers
        | Not -> Domain.Bools
        // As good as all are.
        | _ -> Domain.Floats

    override op.ToString() = op.Facts.Name

/// Elementwise functions of two arguments of equal shape and dtype.
[<RequireQualifiedAccess>]
type internal Binary =
    | Add
    | Subtract
    | Multiply
    | Divide
    | Remainder
    | Power
    | Atan2
    | Max
    | Min
    | And
    | Or
    | Xor
    | Equal
    | Less
    | LessEqual

    /// What there is to know of it.
    member op.Facts: FunctionFacts =
        match op with
        | Add -> FunctionFacts.plain "add" 1 Slope.Finite
        | Subtract -> FunctionFacts.plain "subtract" 1 Slope.Finite
        | Multiply -> FunctionFacts.plain "multiply" 1 Slope.Finite
        | Divide -> FunctionFacts.plain "divide" 4 Slope.Steep
        | Remainder -> FunctionFacts.plain "remainder" 20 Slope.Steep
        | Power -> FunctionFacts.plain "power" 20 Slope.Steep
        | Atan2 -> FunctionFacts.plain "atan2" 20 Slope.Finite
        | Max -> FunctionFacts.plain "max" 1 Slope.Finite
        | Min -> FunctionFacts.plain "min" 1 Slope.Finite
        | And -> FunctionFacts.free "and" Slope.Flat
        | Or -> FunctionFacts.free "or" Slope.Flat
        | Xor -> FunctionFacts.free "xor" Slope.Flat
        | Equal -> FunctionFacts.tells "equal"
        | Less -> FunctionFacts.tells "less"
        | LessEqual -> FunctionFacts.tells "lessequal"

    /// Where it is defined. Eager code asks at each call.
    member op.Domain =
        match op with
        | Add
        | Subtract
        | Multiply
        | Divide
        | Remainder -> Domain.Numbers
        | Power
        | Atan2 -> Domain.Floats
        | And
        | Or
        | Xor -> Domain.Integers
        | Max
        | Min
        | Equal
        | Less
        | LessEqual -> Domain.All

    override op.ToString() = op.Facts.Name
