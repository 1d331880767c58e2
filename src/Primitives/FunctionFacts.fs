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
    /// Floats, and complex numbers, of which an analytic function has values as well.
    | Analytic
    | Numbers
    /// Numbers, but complex ones.
    | Reals
    | Integers
    /// Integers, and Bool.
    | Bits
    | Bools
    /// All but complex numbers.
    | Ordered
    | All

    member domain.Has(dtype: DType) =
        match domain with
        | Floats -> dtype.IsFloat
        | Analytic -> dtype.HasDerivatives
        | Numbers -> dtype <> DType.Bool
        | Reals -> dtype <> DType.Bool && not dtype.IsComplex
        | Integers -> dtype.IsInteger
        | Bits -> dtype.IsInteger || dtype = DType.Bool
        | Bools -> dtype = DType.Bool
        | Ordered -> not dtype.IsComplex
        | All -> true

/// What there is to know of an elementwise function.
[<Struct; NoComparison; NoEquality>]
type internal FunctionFacts = {
    /// What error messages and printed graphs call it.
    Name: string
    /// In additions, about.
    Price: int
    Slope: Slope
    /// Whether it is done again without a thought.
    IsFree: bool
    /// b of a value y whose slope is b y - y² but for a constant, as Riccati's equation has it.
    Riccati: float voption
} with

    static member plain name price slope = {
        Name = name
        Price = price
        Slope = slope
        IsFree = false
        Riccati = ValueNone
    }

    static member free name slope = { FunctionFacts.plain name 1 slope with IsFree = true }
