namespace Cotangent.Datasets

open System
open Cotangent
open Cotangent.Checkpoints
open Cotangent.Engines

/// Elements of arrays as they stand in files.
[<Struct>]
type internal Elements = {
    /// As safetensors calls the type.
    Format: string
    /// Whether the largest byte of each comes first.
    IsBigEndian: bool
} with

    /// Bytes for each.
    member elements.Size = ElementFormat.bits elements.Format / 8

    /// Bytes of elements as a tensor of a shape; the bytes may be changed.
    member elements.Tensor(shape: int[], bytes: byte[]) : Tensor =
        if elements.IsBigEndian && elements.Size > 1 then
            for first in 0 .. elements.Size .. bytes.Length - elements.Size do
                Array.Reverse(bytes, first, elements.Size)

        match ElementFormat.dtype elements.Format with
        | ValueSome dtype ->
            let found =
                Tensor.ofHost (Buffers.own dtype shape (ElementFormat.numbers "the array" dtype bytes))

            // As numbers to be computed with.
            match dtype with
            | DType.Int8
            | DType.Int16
            | DType.UInt8
            | DType.UInt16 -> found.Convert DType.Int32
            | DType.UInt32 -> found.Convert DType.Int64
            | DType.Float32
            | DType.Float64
            | DType.BFloat16
            | DType.Float16
            | DType.Int32
            | DType.Int64
            | DType.UInt64
            | DType.Bool -> found
        | ValueNone -> raise (DamagedException $"elements of type {elements.Format}, which no dtype holds")

/// An array in a file: what its elements are, its shape, and where its first byte is.
[<NoComparison; NoEquality>]
type internal ArrayInFile = {
    Elements: Elements
    Shape: int[]
    First: int64
} with

    /// Bytes for each entry along the first axis.
    member array.RowBytes =
        let mutable n = int64 array.Elements.Size

        for size in array.Shape[1..] do
            n <- Checked.(*) n (int64 size)

        n

    /// Entry by entry along the first axis, from bytes that are read when an entry is asked for.
    member array.Rows(name: string, source: ByteSource) : Dataset<Tensor> =
        let bytes, shape = array.RowBytes, array.Shape[1..]

        Dataset<Tensor>(
            name,
            int64 array.Shape[0],
            fun i -> array.Elements.Tensor(shape, source.Bytes(array.First + i * bytes, int bytes))
        )
