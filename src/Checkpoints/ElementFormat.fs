namespace Cotangent.Checkpoints

open System
open System.Runtime.InteropServices
open Cotangent
open Cotangent.Engines

/// How safetensors names the types of elements, how many bits each has, and which tensors can hold them.
module internal ElementFormat =
    /// Which dtype holds the numbers exactly.
    [<RequireQualifiedAccess>]
    type Reading =
        /// Bit for bit.
        | Same of DType
        /// As wider numbers.
        | Wider of DType
        /// None.
        | No

    /// In the order of the format's reference implementation, which writes the last of these first: tensors with larger elements
    /// stand before those with smaller ones, so that each begins at a multiple of its element's size.
    let private formats: (string * int * Reading)[] = [|
        "BOOL", 8, Reading.Same DType.Bool
        "F4", 4, Reading.No
        "F6_E2M3", 6, Reading.No
        "F6_E3M2", 6, Reading.No
        "U8", 8, Reading.Wider DType.Int32
        "I8", 8, Reading.Wider DType.Int32
        "F8_E5M2", 8, Reading.No
        "F8_E4M3", 8, Reading.No
        "F8_E8M0", 8, Reading.No
        "F8_E4M3FNUZ", 8, Reading.No
        "F8_E5M2FNUZ", 8, Reading.No
        "I16", 16, Reading.Wider DType.Int32
        "U16", 16, Reading.Wider DType.Int32
        "F16", 16, Reading.Same DType.Float16
        "BF16", 16, Reading.Same DType.BFloat16
        "I32", 32, Reading.Same DType.Int32
        "U32", 32, Reading.Wider DType.Int64
        "F32", 32, Reading.Same DType.Float32
        "C64", 64, Reading.No
        "F64", 64, Reading.Same DType.Float64
        "I64", 64, Reading.Same DType.Int64
        "U64", 64, Reading.No
    |]

    let ofDType (dtype: DType) : string =
        match dtype with
        | DType.Float32 -> "F32"
        | DType.Float64 -> "F64"
        | DType.BFloat16 -> "BF16"
        | DType.Float16 -> "F16"
        | DType.Int32 -> "I32"
        | DType.Int64 -> "I64"
        | DType.Bool -> "BOOL"

    /// Where in that order; -1 where there is no such type.
    let rank (format: string) : int =
        formats |> Array.tryFindIndex (fun (name, _, _) -> name = format) |> Option.defaultValue -1

    let bits (format: string) : int =
        let _, bits, _ = formats[rank format]
        bits

    let reading (format: string) : Reading =
        let _, _, reading = formats[rank format]
        reading

    /// Throws unless the bytes of truth values are 0 or 1, as .NET counts on.
    let requireTruth (name: string) (values: Array) =
        if (ArrayBytes.at values 0L values.Length).IndexOfAnyExceptInRange(0uy, 1uy) >= 0 then
            raise (
                DamagedException
                    $"{Untrusted.quote name} is of truth values, and has bytes that are neither 0 nor 1"
            )

    /// The narrow integers of some bytes as wider ones.
    let widen (format: string) (bytes: byte[]) : Array =
        let span = Span<byte> bytes

        match format with
        | "U8" -> Array.map int bytes
        | "I8" -> Array.map int (MemoryMarshal.Cast<byte, sbyte>(span).ToArray())
        | "U16" -> Array.map int (MemoryMarshal.Cast<byte, uint16>(span).ToArray())
        | "I16" -> Array.map int (MemoryMarshal.Cast<byte, int16>(span).ToArray())
        | "U32" -> Array.map int64 (MemoryMarshal.Cast<byte, uint32>(span).ToArray())
        | _ -> invalidOp $"{format} is not widened."

    /// The numbers of some bytes, in an array of the dtype that holds them.
    let numbers (name: string) (format: string) (bytes: byte[]) : Array =
        match reading format with
        | Reading.Same dtype ->
            let made = Buffers.allocate dtype (bytes.Length / (bits format / 8))
            bytes.CopyTo(ArrayBytes.at made 0L bytes.Length)
            if dtype = DType.Bool then requireTruth name made
            made
        | Reading.Wider _ -> widen format bytes
        | Reading.No -> invalidOp $"No dtype holds {format}."
