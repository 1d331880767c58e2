namespace Cotangent.Datasets

open System
open Cotangent
open Cotangent.Checkpoints
open Cotangent.Engines

/// Elements of arrays as they stand in files.
[<Struct>]
type internal Elements = {
    DType: DType
    /// Whether the largest byte of each comes first.
    IsBigEndian: bool
} with

    /// Bytes of elements as a tensor of a shape; the bytes may be changed.
    member elements.Tensor(shape: int[], bytes: byte[]) : Tensor =
        if elements.IsBigEndian then ElementFormat.turnBytes elements.DType bytes

        Tensor.ofHost (
            Buffers.own elements.DType shape (ElementFormat.numbers "the array" elements.DType bytes)
        )

/// An array in a file: what its elements are, its shape, and where its first byte is.
[<NoComparison; NoEquality>]
type internal ArrayInFile = {
    Elements: Elements
    Shape: int[]
    First: int64
} with

    /// Bytes for each entry along the first axis.
    member array.RowBytes =
        let mutable n = int64 array.Elements.DType.Size

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
