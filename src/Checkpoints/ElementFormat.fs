namespace Cotangent.Checkpoints

open System
open Cotangent
open Cotangent.Engines

/// How safetensors names the types of elements, how many bits each has, and which dtype holds them.
module internal ElementFormat =
    /// In the order of the format's reference implementation, which writes the last of these first: tensors with larger elements
    /// stand before those with smaller ones, so that each begins at a multiple of its element's size.
    let private formats: (string * int * DType voption)[] = [|
        "BOOL", 8, ValueSome DType.Bool
        "F4", 4, ValueNone
        "F6_E2M3", 6, ValueNone
        "F6_E3M2", 6, ValueNone
        "U8", 8, ValueSome DType.UInt8
        "I8", 8, ValueSome DType.Int8
        "F8_E5M2", 8, ValueNone
        "F8_E4M3", 8, ValueNone
        "F8_E8M0", 8, ValueNone
        "F8_E4M3FNUZ", 8, ValueNone
        "F8_E5M2FNUZ", 8, ValueNone
        "I16", 16, ValueSome DType.Int16
        "U16", 16, ValueSome DType.UInt16
        "F16", 16, ValueSome DType.Float16
        "BF16", 16, ValueSome DType.BFloat16
        "I32", 32, ValueSome DType.Int32
        "U32", 32, ValueSome DType.UInt32
        "F32", 32, ValueSome DType.Float32
        "C64", 64, ValueSome DType.Complex64
        "F64", 64, ValueSome DType.Float64
        "I64", 64, ValueSome DType.Int64
        "U64", 64, ValueSome DType.UInt64
    |]

    let ofDType (dtype: DType) : string =
        match dtype with
        | DType.Float32 -> "F32"
        | DType.Float64 -> "F64"
        | DType.BFloat16 -> "BF16"
        | DType.Float16 -> "F16"
        | DType.Int8 -> "I8"
        | DType.Int16 -> "I16"
        | DType.Int32 -> "I32"
        | DType.Int64 -> "I64"
        | DType.UInt8 -> "U8"
        | DType.UInt16 -> "U16"
        | DType.UInt32 -> "U32"
        | DType.UInt64 -> "U64"
        | DType.Bool -> "BOOL"
        | DType.Complex64 -> "C64"
        | DType.Complex128 ->
            raise (
                DTypeException
                    "save: safetensors has no type of Complex128 numbers. Save `real` and `imag` of the tensor, or convert it to Complex64."
            )

    /// Where in that order; -1 where there is no such type.
    let rank (format: string) : int =
        formats |> Array.tryFindIndex (fun (name, _, _) -> name = format) |> Option.defaultValue -1

    let bits (format: string) : int =
        let _, bits, _ = formats[rank format]
        bits

    /// The dtype that holds such numbers, bit for bit.
    let dtype (format: string) : DType voption =
        let _, _, dtype = formats[rank format]
        dtype

    /// Throws unless the bytes of truth values are 0 or 1, as .NET counts on.
    let requireTruth (name: string) (values: Array) =
        if (ArrayBytes.at values 0L values.Length).IndexOfAnyExceptInRange(0uy, 1uy) >= 0 then
            raise (
                DamagedException
                    $"{Untrusted.quote name} is of truth values, and has bytes that are neither 0 nor 1"
            )

    /// Elements that come largest byte first, as they lie in memory; both parts of a complex number are turned, each in its place.
    let turnBytes (dtype: DType) (bytes: byte[]) =
        let size = if dtype.IsComplex then dtype.Size / 2 else dtype.Size

        if size > 1 then
            for first in 0..size .. bytes.Length - size do
                Array.Reverse(bytes, first, size)

    /// The numbers of some bytes, in an array of their dtype.
    let numbers (name: string) (dtype: DType) (bytes: byte[]) : Array =
        let made = Buffers.allocate dtype (bytes.Length / dtype.Size)
        bytes.CopyTo(ArrayBytes.at made 0L bytes.Length)
        if dtype = DType.Bool then requireTruth name made
        made
