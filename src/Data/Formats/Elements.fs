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
            Tensor.ofHost (Buffers.own dtype shape (ElementFormat.numbers "the array" dtype bytes))
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

    /// Entry by entry along the first axis, each changed, from bytes that are read when an entry is asked for.
    member array.Rows(name: string, source: ByteSource, change: Tensor -> Tensor) : Dataset<Tensor> =
        let bytes, shape = array.RowBytes, array.Shape[1..]

        Dataset<Tensor>(
            name,
            int64 array.Shape[0],
            fun i -> change (array.Elements.Tensor(shape, source.Bytes(array.First + i * bytes, int bytes)))
        )
