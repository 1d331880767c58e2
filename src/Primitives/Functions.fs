namespace Cotangent

/// Functions of all numbers.
[<RequireQualifiedAccess; Struct>]
type internal Arithmetic =
    | Negate
    | Abs
    | Sign
    | Relu

/// Functions of floats that are one instruction.
[<RequireQualifiedAccess; Struct>]
type internal Direct =
    | Floor
    | Ceiling
    | Round
    | Sqrt

/// Functions of floats with a formula in Lanes, which kernels and loop nests share.
[<RequireQualifiedAccess; Struct>]
type internal Special =
    | Exp
    | Expm1
    | Log
    | Log1p
    | Sin
    | Cos
    | Tan
    | Asin
    | Acos
    | Atan
    | Sinh
    | Cosh
    | Tanh
    | Sigmoid
    | Softplus
    | Erf
    | Erfc
    | Gelu
    | GeluSlope

/// Those whose formula is computed in Float64, of Float32 too.
[<RequireQualifiedAccess; Struct>]
type internal Doubled =
    | Asinh
    | Acosh
    | Atanh

/// Functions of floats that have a kernel alone: none that loop nests have code for.
[<RequireQualifiedAccess; Struct>]
type internal Apart =
    | Lgamma
    | Polygamma of order: int

/// What computes a function of one argument: who computes those of one form asks for no others.
[<RequireQualifiedAccess; Struct>]
type internal Form =
    | Arithmetic of arithmetic: Arithmetic
    | Direct of direct: Direct
    | Special of special: Special
    | Doubled of doubled: Doubled
    | Apart of apart: Apart
    /// Tells something of floats.
    | IsNaN
    /// Of Bool.
    | Not

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

    /// What there is to know of it, said once: a new function is a case above, a line here, and one for its form.
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
        // 1 - y²
        | Tanh -> { FunctionFacts.plain "tanh" 10 Slope.Finite with Riccati = ValueSome 0.0 }
        | Asinh -> FunctionFacts.plain "asinh" 10 Slope.Finite
        | Acosh -> FunctionFacts.plain "acosh" 10 Slope.Steep
        | Atanh -> FunctionFacts.plain "atanh" 10 Slope.Steep
        // y - y²
        | Sigmoid -> { FunctionFacts.plain "sigmoid" 10 Slope.Finite with Riccati = ValueSome 1.0 }
        | Softplus -> FunctionFacts.plain "softplus" 10 Slope.Finite
        | Erf -> FunctionFacts.plain "erf" 10 Slope.Finite
        | Erfc -> FunctionFacts.plain "erfc" 10 Slope.Finite
        | Gelu -> FunctionFacts.plain "gelu" 10 Slope.Finite
        | GeluSlope -> FunctionFacts.plain "geluslope" 10 Slope.Finite
        | Lgamma -> FunctionFacts.plain "lgamma" 40 Slope.Steep
        | Polygamma 0 -> FunctionFacts.plain "digamma" 40 Slope.Steep
        | Polygamma _ -> FunctionFacts.plain "polygamma" 60 Slope.Steep
        | Relu -> FunctionFacts.plain "relu" 1 Slope.Finite
        | IsNaN -> FunctionFacts.free "isnan" Slope.Flat
        | Not -> FunctionFacts.free "not" Slope.Flat

    /// What computes it.
    member op.Form: Form =
        match op with
        | Negate -> Form.Arithmetic Arithmetic.Negate
        | Abs -> Form.Arithmetic Arithmetic.Abs
        | Sign -> Form.Arithmetic Arithmetic.Sign
        | Relu -> Form.Arithmetic Arithmetic.Relu
        | Floor -> Form.Direct Direct.Floor
        | Ceiling -> Form.Direct Direct.Ceiling
        | Round -> Form.Direct Direct.Round
        | Sqrt -> Form.Direct Direct.Sqrt
        | Exp -> Form.Special Special.Exp
        | Expm1 -> Form.Special Special.Expm1
        | Log -> Form.Special Special.Log
        | Log1p -> Form.Special Special.Log1p
        | Sin -> Form.Special Special.Sin
        | Cos -> Form.Special Special.Cos
        | Tan -> Form.Special Special.Tan
        | Asin -> Form.Special Special.Asin
        | Acos -> Form.Special Special.Acos
        | Atan -> Form.Special Special.Atan
        | Sinh -> Form.Special Special.Sinh
        | Cosh -> Form.Special Special.Cosh
        | Tanh -> Form.Special Special.Tanh
        | Sigmoid -> Form.Special Special.Sigmoid
        | Softplus -> Form.Special Special.Softplus
        | Erf -> Form.Special Special.Erf
        | Erfc -> Form.Special Special.Erfc
        | Gelu -> Form.Special Special.Gelu
        | GeluSlope -> Form.Special Special.GeluSlope
        | Asinh -> Form.Doubled Doubled.Asinh
        | Acosh -> Form.Doubled Doubled.Acosh
        | Atanh -> Form.Doubled Doubled.Atanh
        | Lgamma -> Form.Apart Apart.Lgamma
        | Polygamma order -> Form.Apart(Apart.Polygamma order)
        | IsNaN -> Form.IsNaN
        | Not -> Form.Not

    /// Where it is defined. Eager code asks at each call, and so gets no form.
    member op.Domain =
        match op with
        | Negate -> Domain.Numbers
        | Abs
        | Sign
        | Relu -> Domain.Reals
        | Exp
        | Log
        | Sqrt
        | Sin
        | Cos
        | Tan
        | Sinh
        | Cosh
        | Tanh
        | IsNaN -> Domain.Analytic
        | Floor
        | Ceiling
        | Round
        | Expm1
        | Log1p
        | Asin
        | Acos
        | Atan
        | Asinh
        | Acosh
        | Atanh
        | Sigmoid
        | Softplus
        | Erf
        | Erfc
        | Gelu
        | GeluSlope
        | Lgamma
        | Polygamma _ -> Domain.Floats
        | Not -> Domain.Bools

    /// Whether it tells something of numbers, rather than making new ones: the result is Bool.
    member op.Tells = op.IsIsNaN

    member op.IsInNests = not op.Form.IsApart

    override op.ToString() = op.Facts.Name

/// Operators on numbers.
[<RequireQualifiedAccess; Struct>]
type internal Operator =
    | Add
    | Subtract
    | Multiply
    | Divide
    | Remainder

/// Functions of floats.
[<RequireQualifiedAccess; Struct>]
type internal Curve =
    | Power
    | Atan2

/// What chooses one of two elements; on Bool, true is the larger.
[<RequireQualifiedAccess; Struct>]
type internal Bound =
    | Max
    | Min

/// Operators on bits: of integers, and of Bool.
[<RequireQualifiedAccess; Struct>]
type internal Logic =
    | And
    | Or
    | Xor

/// Shifts of an integer's bits, the counts of at least as many as it has included: they move all out.
[<RequireQualifiedAccess; Struct>]
type internal Shift =
    | Left
    | Right

/// What tells something of two elements.
[<RequireQualifiedAccess; Struct>]
type internal Comparison =
    | Equal
    | Less
    | LessEqual

/// What computes a function of two arguments.
[<RequireQualifiedAccess; Struct>]
type internal BinaryForm =
    | Operator of operator: Operator
    | Curve of curve: Curve
    | Bound of bound: Bound
    | Logic of logic: Logic
    | Shift of shift: Shift
    | Comparison of comparison: Comparison

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
    /// Filled up with 0.
    | ShiftLeft
    /// Filled up with the sign.
    | ShiftRight
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
        | ShiftLeft -> FunctionFacts.plain "shiftleft" 1 Slope.Flat
        | ShiftRight -> FunctionFacts.plain "shiftright" 1 Slope.Flat
        | Equal -> FunctionFacts.free "equal" Slope.Flat
        | Less -> FunctionFacts.free "less" Slope.Flat
        | LessEqual -> FunctionFacts.free "lessequal" Slope.Flat

    /// What computes it.
    member op.Form: BinaryForm =
        match op with
        | Add -> BinaryForm.Operator Operator.Add
        | Subtract -> BinaryForm.Operator Operator.Subtract
        | Multiply -> BinaryForm.Operator Operator.Multiply
        | Divide -> BinaryForm.Operator Operator.Divide
        | Remainder -> BinaryForm.Operator Operator.Remainder
        | Power -> BinaryForm.Curve Curve.Power
        | Atan2 -> BinaryForm.Curve Curve.Atan2
        | Max -> BinaryForm.Bound Bound.Max
        | Min -> BinaryForm.Bound Bound.Min
        | And -> BinaryForm.Logic Logic.And
        | Or -> BinaryForm.Logic Logic.Or
        | Xor -> BinaryForm.Logic Logic.Xor
        | ShiftLeft -> BinaryForm.Shift Shift.Left
        | ShiftRight -> BinaryForm.Shift Shift.Right
        | Equal -> BinaryForm.Comparison Comparison.Equal
        | Less -> BinaryForm.Comparison Comparison.Less
        | LessEqual -> BinaryForm.Comparison Comparison.LessEqual

    /// Where it is defined. Eager code asks at each call, and so gets no form.
    member op.Domain =
        match op with
        | Add
        | Subtract
        | Multiply
        | Divide -> Domain.Numbers
        | Remainder -> Domain.Reals
        | Power -> Domain.Analytic
        | Atan2 -> Domain.Floats
        | And
        | Or
        | Xor -> Domain.Bits
        | ShiftLeft
        | ShiftRight -> Domain.Integers
        | Max
        | Min
        | Less
        | LessEqual -> Domain.Ordered
        | Equal -> Domain.All

    /// Whether it tells something of numbers: the result is Bool.
    member op.Tells = op.IsEqual || op.IsLess || op.IsLessEqual

    override op.ToString() = op.Facts.Name
