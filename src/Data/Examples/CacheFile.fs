namespace Cotangent.Datasets

open System
open System.Buffers.Binary
open System.IO
open System.Text
open Cotangent
open Cotangent.Checkpoints
open Cotangent.Engines

/// The tensors of many examples in one file, read by memory map: a line that says what it is, the tensors' bytes, and at the end
/// where each example begins. Only read by the version that wrote it: a cache can be made again.
module internal CacheFile =
    let private magic = "Cotangent cache of examples, version 1\n"

    /// What a cache must be of, so that none is taken for another's.
    let private head (name: string) (count: int64) : byte[] =
        Encoding.UTF8.GetBytes $"{magic}{count} examples of {name}\n"

    let private dtypes = DTypes.all |> Array.ofList

    let private put (output: BinaryWriter) (t: Tensor) =
        t.Reading(fun host ->
            let whole = Strided.materialise host
            output.Write(byte (Array.IndexOf(dtypes, whole.DType)))
            output.Write(byte whole.Shape.Length)

            for size in whole.Shape do
                output.Write size

            let size = whole.DType.Size

            output.Write(
                Span.op_Implicit (
                    ArrayBytes.at
                        whole.Data
                        (int64 whole.Offset * int64 size)
                        (Shape.count whole.Shape * size)
                )
                : ReadOnlySpan<byte>
            ))

    /// Asks for all examples of a dataset, in order, and writes them; the file is there when all are in it.
    let write (path: string) (dataset: Dataset<'t>) =
        AtomicFile.write path 0L (fun file ->
            use output = new BinaryWriter(file, Encoding.UTF8, leaveOpen = true)
            output.Write(head dataset.Name dataset.Count)
            let starts = Array.zeroCreate<int64>(int dataset.Count + 1)
            let mutable statics: objnull[] | null = null

            for i in 0 .. int dataset.Count - 1 do
                starts[i] <- file.Position
                let struct (tensors, others) = Tree.contents dataset[i]

                match statics with
                | null -> statics <- others
                | first ->
                    if
                        others.Length <> first.Length
                        || not (Array.forall2 (fun a b -> Object.Equals(a, b)) others first)
                    then
                        raise (
                            TreeException
                                $"Dataset.cacheIn: example {i} of {dataset.Name} differs from the first in something that is no tensor, and only tensors are written. Make tensors of all that differs: `Dataset.map (fun (x, label) -> x, tensor label)`."
                        )

                output.Write(byte tensors.Length)

                for t in tensors do
                    put output t

                output.Flush()

            starts[starts.Length - 1] <- file.Position

            for start in starts do
                output.Write start)

    let private other (path: string) (dataset: Dataset<'t>) : exn =
        FileException
            $"Dataset.cacheIn: '{path}' is no cache of the {dataset.Count} examples of {dataset.Name}, or a damaged one. Delete it, or name another file."

    /// The tensors of each example of a file that `write` made of the same dataset.
    let read (path: string) (dataset: Dataset<'t>) : int64 -> Tensor[] =
        let source = ByteSource.ofFile path
        let wanted = head dataset.Name dataset.Count
        let table = source.Length - 8L * (dataset.Count + 1L)

        if
            table < int64 wanted.Length
            || not (source.Bytes(0L, wanted.Length).AsSpan().SequenceEqual(ReadOnlySpan wanted))
        then
            source.Dispose()
            raise (other path dataset)

        let start (i: int64) =
            BinaryPrimitives.ReadInt64LittleEndian(ReadOnlySpan(source.Bytes(table + 8L * i, 8)))

        fun i ->
            let first, last = start i, start (i + 1L)

            if first < 0L || last < first || last > table then raise (other path dataset)

            let mutable at = first

            let take count =
                if at > last - int64 count then raise (other path dataset)
                let bytes = source.Bytes(at, count)
                at <- at + int64 count
                bytes

            let tensor () =
                let about = take 2

                if int about[0] >= dtypes.Length then raise (other path dataset)

                let dtype = dtypes[int about[0]]

                let shape =
                    Array.init (int about[1]) (fun _ ->
                        BinaryPrimitives.ReadInt32LittleEndian(ReadOnlySpan(take 4)))

                let bytes =
                    (shape |> Array.fold (fun n size -> Checked.(*) n (int64 size)) 1L) * int64 dtype.Size

                if bytes < 0L || bytes > last - at then raise (other path dataset)

                let numbers = Recycling.claimed (fun () -> Buffers.fresh dtype shape)
                source.Read(at, ArrayBytes.at numbers.Data 0L (int bytes))
                at <- at + bytes
                Tensor.ofHost numbers

            let count = take 1
            Array.init (int count[0]) (fun _ -> tensor ())
