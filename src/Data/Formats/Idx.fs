namespace Cotangent

open System
open System.Buffers.Binary
open System.IO
open Cotangent.Checkpoints
open Cotangent.Datasets

/// What a file in the format IDX says of itself: two zeros, the type of its elements, the number of axes, their lengths.
/// http://yann.lecun.com/exdb/mnist/
module internal IdxHeader =
    let private damaged (reason: string) : 'a = raise (DamagedException reason)

    let private take (input: Stream) (count: int) : byte[] =
        let bytes = Array.zeroCreate count

        if input.ReadAtLeast(Span bytes, count, throwOnEndOfStream = false) < count then
            damaged "its end is missing"

        bytes

    let read (input: Stream) : ArrayInFile =
        let start = take input 4

        if start[0] <> 0uy || start[1] <> 0uy then
            damaged "it does not begin with two zeros, as files in the format IDX do"

        let dtype =
            match start[2] with
            | 0x08uy -> DType.UInt8
            | 0x09uy -> DType.Int8
            | 0x0Buy -> DType.Int16
            | 0x0Cuy -> DType.Int32
            | 0x0Duy -> DType.Float32
            | 0x0Euy -> DType.Float64
            | other -> damaged $"it has elements of type 0x{other:X2}, which the format does not know"

        let axes = int start[3]

        if axes = 0 then damaged "it has no axis"

        let sizes = take input (4 * axes)

        let shape =
            Array.init axes (fun i -> BinaryPrimitives.ReadInt32BigEndian(ReadOnlySpan(sizes, 4 * i, 4)))

        match shape |> Array.tryFind (fun size -> size < 0) with
        | Some size -> damaged $"one of its axes is {size} long"
        | None -> ()

        let array = {
            Elements = { DType = dtype; IsBigEndian = true }
            Shape = shape
            First = int64 (4 + 4 * axes)
        }

        try
            Checked.(*) array.RowBytes (int64 shape[0]) |> ignore
        with :? OverflowException ->
            damaged "its axes multiply to more than any file holds"

        if array.RowBytes > int64 Array.MaxLength then
            damaged $"an entry of its first axis takes up {array.RowBytes} bytes, more than one array does"

        array

/// <summary>
/// Files in the format IDX, in which MNIST and its kin are given; compressed by gzip or not. The dtype is the file's: images and labels
/// of MNIST are UInt8.
/// </summary>
[<RequireQualifiedAccess>]
module Idx =
    let private kind = "a file in the format IDX"

    let private tooShort (array: ArrayInFile) : 'a =
        raise (
            DamagedException
                $"{array.Shape[0]} entries of {array.RowBytes} bytes are announced, and it ends before"
        )

    /// The entries, one after the other.
    let private entries (operation: string) (path: string) : seq<Tensor> = seq {
        use input = SourceFile.openStream operation path kind
        let inside f = SourceFile.reading operation path kind f
        let array = inside (fun () -> IdxHeader.read input)
        let shape = array.Shape[1..]

        for _ in 1 .. array.Shape[0] do
            inside (fun () ->
                let bytes = GC.AllocateUninitializedArray<byte>(int array.RowBytes)

                if
                    input.ReadAtLeast(Span bytes, bytes.Length, throwOnEndOfStream = false) < bytes.Length
                then
                    tooShort array

                array.Elements.Tensor(shape, bytes))

        if inside (fun () -> input.ReadByte()) >= 0 then
            SourceFile.fail
                operation
                path
                $"goes on behind the {array.Shape[0]} entries that it announces. Get it again."
    }

    /// <summary>The entries of the file's first axis, one after the other: images, or labels. The file is never in memory as a whole.</summary>
    /// <exception cref="T:Cotangent.ExampleException">In the loop; its inner error is a <c>FileException</c>: the file is damaged, or something else.</exception>
    /// <example><code>
    /// let images = Idx.stream "train-images-idx3-ubyte.gz" |> DataStream.map (fun image -> image.Convert DType.Float32 / 255.0f)
    /// </code></example>
    [<CompiledName "Stream">]
    let stream (path: string) : DataStream<Tensor> =
        Argument.check "path" path
        DataStream<Tensor>(nonNull (Path.GetFileName path), fun _ -> entries "Idx.stream" path)

    /// <summary>
    /// The entries of the file's first axis. A file that is not compressed is mapped into memory, and only what is asked for is read; a
    /// compressed one is unpacked into memory, a byte for a byte.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, or something else.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let images = Idx.dataset "train-images-idx3-ubyte" |> Dataset.map (fun image -> image.Convert DType.Float32 / 255.0f)
    /// </code></example>
    [<CompiledName "Dataset">]
    let dataset (path: string) : Dataset<Tensor> =
        let operation = "Idx.dataset"

        let source: ByteSource =
            if SourceFile.isCompressed operation path then
                use input = SourceFile.openStream operation path kind
                use all = new MemoryStream()
                SourceFile.reading operation path kind (fun () -> input.CopyTo all)
                new ArraySource(all.ToArray())
            else
                SourceFile.map operation path kind

        SourceFile.reading operation path kind (fun () ->
            let head = source.Bytes(0L, int (min source.Length 2048L))
            let array = IdxHeader.read (new MemoryStream(head))
            let wanted = array.First + array.RowBytes * int64 array.Shape[0]

            if wanted <> source.Length then
                raise (
                    DamagedException
                        $"it is {source.Length} bytes long, and announces {array.Shape[0]} entries, which make {wanted}"
                )

            array.Rows(nonNull (Path.GetFileName path), source))

    /// <summary>The whole array.</summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, or something else.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let labels = Idx.read "train-labels-idx1-ubyte.gz" // UInt8, shape (60000)
    /// </code></example>
    [<CompiledName "Read">]
    let read (path: string) : Tensor =
        let operation = "Idx.read"
        use input = SourceFile.openStream operation path kind

        SourceFile.reading operation path kind (fun () ->
            let array = IdxHeader.read input
            let bytes = array.RowBytes * int64 array.Shape[0]

            if bytes > int64 Array.MaxLength then
                SourceFile.fail
                    operation
                    path
                    $"takes up {bytes} bytes, more than one array does. Use `Idx.dataset`."

            // As many as are there, should they be fewer than announced: those may be too many for the memory.
            let all = new MemoryStream()
            input.CopyTo all

            if all.Length <> bytes then
                raise (
                    DamagedException $"{bytes} bytes of numbers are announced, and {all.Length} are there"
                )

            array.Elements.Tensor(array.Shape, all.ToArray()))
