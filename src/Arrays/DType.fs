namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

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
    /// <summary>F#'s <c>int</c>.</summary>
    | Int32
    /// <summary>F#'s <c>int64</c>.</summary>
    | Int64
    /// <summary>F#'s <c>bool</c>: what comparisons give.</summary>
    | Bool

    /// Whether the elements are floating-point numbers, the only ones that have derivatives.
    member x.IsFloat =
        match x with
        | DType.Float32
        | DType.Float64
        | DType.BFloat16
        | DType.Float16 -> true
        | DType.Int32
        | DType.Int64
        | DType.Bool -> false

    /// Whether the elements are integers (Bool is not).
    member x.IsInteger =
        match x with
        | DType.Int32
        | DType.Int64 -> true
        | DType.Float32
        | DType.Float64
        | DType.BFloat16
        | DType.Float16
        | DType.Bool -> false

    /// Bytes per element.
    member x.Size =
        match x with
        | DType.Float64
        | DType.Int64 -> 8
        | DType.Float32
        | DType.Int32 -> 4
        | DType.BFloat16
        | DType.Float16 -> 2
        | DType.Bool -> 1

    /// The .NET type of an element.
    member x.ClrType =
        match x with
        | DType.Float32 -> typeof<float32>
        | DType.Float64 -> typeof<float>
        | DType.BFloat16 -> typeof<Cotangent.BFloat16>
        | DType.Float16 -> typeof<Half>
        | DType.Int32 -> typeof<int>
        | DType.Int64 -> typeof<int64>
        | DType.Bool -> typeof<bool>

    /// The name of the case.
    override x.ToString() =
        match x with
        | DType.Float32 -> "Float32"
        | DType.Float64 -> "Float64"
        | DType.BFloat16 -> "BFloat16"
        | DType.Float16 -> "Float16"
        | DType.Int32 -> "Int32"
        | DType.Int64 -> "Int64"
        | DType.Bool -> "Bool"

module internal DTypes =
    let all = [
        DType.Float32
        DType.Float64
        DType.BFloat16
        DType.Float16
        DType.Int32
        DType.Int64
        DType.Bool
    ]

    /// The dtype whose elements have this .NET type.
    let tryOfClr (t: Type) : DType option =
        if sameType t typeof<float32> then Some DType.Float32
        elif sameType t typeof<float> then Some DType.Float64
        elif sameType t typeof<Cotangent.BFloat16> then Some DType.BFloat16
        elif sameType t typeof<Half> then Some DType.Float16
        elif sameType t typeof<int> then Some DType.Int32
        elif sameType t typeof<int64> then Some DType.Int64
        elif sameType t typeof<bool> then Some DType.Bool
        else None

    /// 16-bit floats compute in Float32.
    let isHalf (d: DType) =
        match d with
        | DType.BFloat16
        | DType.Float16 -> true
        | DType.Float32
        | DType.Float64
        | DType.Int32
        | DType.Int64
        | DType.Bool -> false
