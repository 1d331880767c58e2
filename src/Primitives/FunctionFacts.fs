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
    /// Integers, and Bool.
    | Bits
    | Bools
    | All

    member domain.Has(dtype: DType) =
        match domain with
        | Floats -> dtype.IsFloat
        | Numbers -> dtype <> DType.Bool
        | Integers -> dtype.IsInteger
        | Bits -> not dtype.IsFloat
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
    /// Whether it is done again without a thought.
    IsFree: bool
} with

    static member plain name price slope = { Name = name; Price = price; Slope = slope; IsFree = false }

    static member free name slope = { FunctionFacts.plain name 1 slope with IsFree = true }
