namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

/// How many bits an integer has.
[<RequireQualifiedAccess; Struct>]
type internal IntegerSize =
    | Bits8
    | Bits16
    | Bits32
    | Bits64

    member x.Bytes =
        match x with
        | Bits8 -> 1
        | Bits16 -> 2
        | Bits32 -> 4
        | Bits64 -> 8

/// How elements lie in memory. Integers of one size lie in arrays of the signed one, whether they have a sign or not: what
/// moves, adds or multiplies them gives the same bits, and is one kernel. Only what orders, divides or converts them asks for
/// the sign.
[<RequireQualifiedAccess; Struct>]
type internal Storage =
    | Float32
    | Float64
    | BFloat16
    | Float16
    | Integer of size: IntegerSize
    | Bool
    | Complex64
    | Complex128

/// The type of a tensor's elements.
[<RequireQualifiedAccess; Struct>]
type DType =
    /// <summary>Single precision, F#'s <c>float32</c>: 24 bits of precision.</summary>
    | Float32
    /// <summary>Double precision, F#'s <c>float</c>: 53 bits of precision.</summary>
    | Float64
    /// The upper half of a Float32: its range, 8 bits of precision. Computed in Float32.
    | BFloat16
    /// <summary>Half precision, .NET's <c>Half</c>: 11 bits of precision, up to 65,504. Computed in Float32.</summary>
    | Float16
    /// <summary>F#'s <c>sbyte</c>, from -128 to 127.</summary>
    | Int8
    /// <summary>F#'s <c>int16</c>, from -32,768 to 32,767.</summary>
    | Int16
    /// <summary>F#'s <c>int</c>.</summary>
    | Int32
    /// <summary>F#'s <c>int64</c>.</summary>
    | Int64
    /// <summary>F#'s <c>byte</c>, from 0 to 255: what images and texts are made of.</summary>
    | UInt8
    /// <summary>F#'s <c>uint16</c>, from 0 to 65,535.</summary>
    | UInt16
    /// <summary>F#'s <c>uint32</c>, from 0 to 2³² - 1.</summary>
    | UInt32
    /// <summary>F#'s <c>uint64</c>, from 0 to 2⁶⁴ - 1.</summary>
    | UInt64
    /// <summary>F#'s <c>bool</c>: what comparisons give.</summary>
    | Bool
    /// <summary>Complex numbers of two Float32, real and imaginary part: <c>Cotangent.Complex64</c>.</summary>
    | Complex64
    /// <summary>Complex numbers of two Float64: .NET's <c>System.Numerics.Complex</c>.</summary>
    | Complex128

    /// How the elements lie in memory.
    member internal x.Storage: Storage =
        match x with
        | DType.Float32 -> Storage.Float32
        | DType.Float64 -> Storage.Float64
        | DType.BFloat16 -> Storage.BFloat16
        | DType.Float16 -> Storage.Float16
        | DType.Int8
        | DType.UInt8 -> Storage.Integer IntegerSize.Bits8
        | DType.Int16
        | DType.UInt16 -> Storage.Integer IntegerSize.Bits16
        | DType.Int32
        | DType.UInt32 -> Storage.Integer IntegerSize.Bits32
        | DType.Int64
        | DType.UInt64 -> Storage.Integer IntegerSize.Bits64
        | DType.Bool -> Storage.Bool
        | DType.Complex64 -> Storage.Complex64
        | DType.Complex128 -> Storage.Complex128

    /// Whether the elements are real floating-point numbers. These and complex ones have derivatives.
    member x.IsFloat =
        match x.Storage with
        | Storage.Float32
        | Storage.Float64
        | Storage.BFloat16
        | Storage.Float16 -> true
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 -> false

    /// Whether the elements are complex numbers. They have no order, and become real ones by `real`, `imag`, `abs` or `angle`.
    member x.IsComplex =
        match x.Storage with
        | Storage.Complex64
        | Storage.Complex128 -> true
        | Storage.Float32
        | Storage.Float64
        | Storage.BFloat16
        | Storage.Float16
        | Storage.Integer _
        | Storage.Bool -> false

    /// Whether there are derivatives by such elements: floating-point numbers, real or complex.
    member internal x.HasDerivatives = x.IsFloat || x.IsComplex

    /// Whether the elements are integers (Bool is not).
    member x.IsInteger = x.Storage.IsInteger

    /// Whether the elements are integers without a sign.
    member x.IsUnsigned =
        match x with
        | DType.UInt8
        | DType.UInt16
        | DType.UInt32
        | DType.UInt64 -> true
        | DType.Float32
        | DType.Float64
        | DType.BFloat16
        | DType.Float16
        | DType.Int8
        | DType.Int16
        | DType.Int32
        | DType.Int64
        | DType.Bool
        | DType.Complex64
        | DType.Complex128 -> false

    /// Bytes per element.
    member x.Size =
        match x.Storage with
        | Storage.Complex128 -> 16
        | Storage.Float64
        | Storage.Complex64 -> 8
        | Storage.Float32 -> 4
        | Storage.BFloat16
        | Storage.Float16 -> 2
        | Storage.Integer size -> size.Bytes
        | Storage.Bool -> 1

    /// The .NET type of an element.
    member x.ClrType =
        match x with
        | DType.Float32 -> typeof<float32>
        | DType.Float64 -> typeof<float>
        | DType.BFloat16 -> typeof<Cotangent.BFloat16>
        | DType.Float16 -> typeof<Half>
        | DType.Int8 -> typeof<sbyte>
        | DType.Int16 -> typeof<int16>
        | DType.Int32 -> typeof<int>
        | DType.Int64 -> typeof<int64>
        | DType.UInt8 -> typeof<byte>
        | DType.UInt16 -> typeof<uint16>
        | DType.UInt32 -> typeof<uint32>
        | DType.UInt64 -> typeof<uint64>
        | DType.Bool -> typeof<bool>
        | DType.Complex64 -> typeof<Cotangent.Complex64>
        | DType.Complex128 -> typeof<System.Numerics.Complex>

    /// <summary>The name of the case.</summary>
    /// <example><code>
    /// string DType.Float32 = "Float32" // true
    /// </code></example>
    override x.ToString() =
        match x with
        | DType.Float32 -> "Float32"
        | DType.Float64 -> "Float64"
        | DType.BFloat16 -> "BFloat16"
        | DType.Float16 -> "Float16"
        | DType.Int8 -> "Int8"
        | DType.Int16 -> "Int16"
        | DType.Int32 -> "Int32"
        | DType.Int64 -> "Int64"
        | DType.UInt8 -> "UInt8"
        | DType.UInt16 -> "UInt16"
        | DType.UInt32 -> "UInt32"
        | DType.UInt64 -> "UInt64"
        | DType.Bool -> "Bool"
        | DType.Complex64 -> "Complex64"
        | DType.Complex128 -> "Complex128"

module internal DTypes =
    /// Those whose elements are one number each, which have an order.
    let real = [
        DType.Float32
        DType.Float64
        DType.BFloat16
        DType.Float16
        DType.Int8
        DType.Int16
        DType.Int32
        DType.Int64
        DType.UInt8
        DType.UInt16
        DType.UInt32
        DType.UInt64
        DType.Bool
    ]

    let complex = [ DType.Complex64; DType.Complex128 ]

    let all = real @ complex

    /// The dtype whose elements have this .NET type.
    let tryOfClr (t: Type) : DType option =
        if sameType t typeof<float32> then Some DType.Float32
        elif sameType t typeof<float> then Some DType.Float64
        elif sameType t typeof<int> then Some DType.Int32
        elif sameType t typeof<int64> then Some DType.Int64
        elif sameType t typeof<bool> then Some DType.Bool
        elif sameType t typeof<byte> then Some DType.UInt8
        elif sameType t typeof<sbyte> then Some DType.Int8
        elif sameType t typeof<int16> then Some DType.Int16
        elif sameType t typeof<uint16> then Some DType.UInt16
        elif sameType t typeof<uint32> then Some DType.UInt32
        elif sameType t typeof<uint64> then Some DType.UInt64
        elif sameType t typeof<Cotangent.BFloat16> then Some DType.BFloat16
        elif sameType t typeof<Half> then Some DType.Float16
        elif sameType t typeof<Cotangent.Complex64> then Some DType.Complex64
        elif sameType t typeof<System.Numerics.Complex> then Some DType.Complex128
        else None

    /// 16-bit floats compute in Float32.
    let isHalf (d: DType) =
        match d.Storage with
        | Storage.BFloat16
        | Storage.Float16 -> true
        | Storage.Float32
        | Storage.Float64
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 -> false

    /// The dtype of the parts of complex numbers; every other dtype as it is.
    let ofParts (d: DType) =
        match d.Storage with
        | Storage.Complex64 -> DType.Float32
        | Storage.Complex128 -> DType.Float64
        | Storage.Float32
        | Storage.Float64
        | Storage.BFloat16
        | Storage.Float16
        | Storage.Integer _
        | Storage.Bool -> d

    /// The complex dtype whose parts are of this one; none where there is no such.
    let tryWithParts (d: DType) =
        match d.Storage with
        | Storage.Float32 -> ValueSome DType.Complex64
        | Storage.Float64 -> ValueSome DType.Complex128
        | Storage.BFloat16
        | Storage.Float16
        | Storage.Integer _
        | Storage.Bool
        | Storage.Complex64
        | Storage.Complex128 -> ValueNone

    /// How elements become some that an operation of real numbers takes, for error messages: what is said of those that
    /// convert is not true of complex ones.
    let private orElse (conversion: string) (d: DType) =
        if d.IsComplex then
            "take a real tensor of it first: `real`, `imag`, `abs` or `angle`."
        else
            conversion

    let orConvert = orElse "convert it first."
    let orFloat64 = orElse "convert to a float first, with `t.Convert DType.Float64` for example."

    /// The same as a sentence, where nothing else is said.
    let wayOut (d: DType) =
        if d.IsComplex then
            "Take a real tensor of it first: `real`, `imag`, `abs` or `angle`."
        else
            "Convert first, with `t.Convert DType.Float32` for example."

    /// The dtypes that emitted code has lanes of. Tensors of others are computed by engines' kernels.
    let hasLanes (d: DType) =
        match d with
        | DType.Float32
        | DType.Float64
        | DType.Int32
        | DType.Int64 -> true
        | DType.BFloat16
        | DType.Float16
        | DType.Int8
        | DType.Int16
        | DType.UInt8
        | DType.UInt16
        | DType.UInt32
        | DType.UInt64
        | DType.Bool
        | DType.Complex64
        | DType.Complex128 -> false

    /// The least number of an integer dtype, and the first that is too large; Float64 has both.
    let bounds (d: DType) : struct (float * float) =
        let bits = 8 * d.Size

        if d.IsUnsigned then
            struct (0.0, Math.ScaleB(1.0, bits))
        else
            struct (-Math.ScaleB(1.0, bits - 1), Math.ScaleB(1.0, bits - 1))
