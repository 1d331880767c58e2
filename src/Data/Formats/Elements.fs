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

        let own (numbers: Array) dtype =
            Tensor.ofHost (Buffers.view dtype numbers shape (Shape.strides shape) 0)

        match ElementFormat.reading elements.Format with
        | ElementFormat.Reading.Wider dtype -> own (ElementFormat.widen elements.Format bytes) dtype
        | ElementFormat.Reading.Same dtype ->
            let numbers = Buffers.allocate dtype (Shape.count shape)
            bytes.CopyTo(ArrayBytes.at numbers 0L bytes.Length)
            if dtype = DType.Bool then ElementFormat.requireTruth "the array" numbers
            own numbers dtype
        | ElementFormat.Reading.No ->
            raise (DamagedException $"elements of type {elements.Format}, which no dtype holds")

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
