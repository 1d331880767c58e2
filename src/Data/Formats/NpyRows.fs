namespace Cotangent

open System
open System.Buffers.Binary
open System.Globalization
open System.IO
open System.Text
open System.Text.RegularExpressions
open Cotangent.Checkpoints
open Cotangent.Datasets

/// <summary>
/// Arrays in <c>.npy</c> files of NumPy, entry by entry; <c>NumPy.readArray</c> reads one as a whole, <c>NumPy.read</c> an <c>.npz</c> archive.
/// </summary>
[<RequireQualifiedAccess>]
module Npy =
    let private kind = "an .npy array of NumPy"
    let private magic = [| 0x93uy; yield! "NUMPY"B |]
    let private damaged (reason: string) : 'a = raise (DamagedException reason)

    // `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
    let private describes = Regex @"'descr'\s*:\s*'(?<order>[<>|=])(?<kind>\w+)'"
    let private orders = Regex @"'fortran_order'\s*:\s*(?<order>True|False)"
    let private shapes = Regex @"'shape'\s*:\s*\((?<sizes>[\d\s,L]*)\)"

    let private dtype (kind: string) =
        match NpyArray.dtypeOf kind with
        | ValueSome dtype -> dtype
        | ValueNone ->
            raise (
                DTypeException
                    $"Npy.dataset: elements of type '{kind}', which no dtype holds exactly. Convert them with 'astype' in NumPy."
            )

    let private size (text: string) =
        match Int32.TryParse(text.TrimEnd 'L', NumberStyles.None, CultureInfo.InvariantCulture) with
        | true, n -> n
        | _ -> damaged $"'{text}' is no size of an axis"

    let private header (source: ByteSource) : ArrayInFile =
        let start = source.Bytes(0L, int (min source.Length 12L))

        if start.Length < 12 || not (start.AsSpan(0, 6).SequenceEqual(ReadOnlySpan magic)) then
            damaged "it does not begin as arrays of NumPy do"

        let length, first =
            if start[6] = 1uy then
                int64 (BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan(start, 8, 2))), 10L
            else
                int64 (BinaryPrimitives.ReadUInt32LittleEndian(ReadOnlySpan(start, 8, 4))), 12L

        if length > 65536L || first + length > source.Length then
            damaged "its header goes on behind its end"

        let text = Encoding.UTF8.GetString(source.Bytes(first, int length))

        match describes.Match text, orders.Match text, shapes.Match text with
        | elements, order, shape when elements.Success && order.Success && shape.Success ->
            let shape =
                shape.Groups["sizes"]
                    .Value.Split(
                        ',',
                        StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries
                    )
                |> Array.map size

            if order.Groups["order"].Value = "True" && shape.Length > 1 then
                damaged
                    "it was saved in the order of Fortran, in which an entry of the first axis lies in pieces; save it by 'np.ascontiguousarray', or read it whole with `NumPy.readArray`"

            {
                Elements = {
                    DType = dtype elements.Groups["kind"].Value
                    IsBigEndian = elements.Groups["order"].Value = ">"
                }
                Shape = shape
                First = first + length
            }
        | _ -> damaged "its header does not say type, order and shape in a way that is known"

    /// <summary>
    /// The entries of an array's first axis. The file is mapped into memory, and only what is asked for is read. The dtype is
    /// the file's, as <c>NumPy.readArray</c> gives it.
    /// </summary>
    /// <exception cref="T:Cotangent.FileException">It is damaged, something else, a scalar, or in the order of Fortran.</exception>
    /// <exception cref="T:Cotangent.DTypeException">No dtype holds its elements.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let embeddings = Npy.dataset "embeddings.npy"
    /// </code></example>
    [<CompiledName "Dataset">]
    let dataset (path: string) : Dataset<Tensor> =
        Argument.check "path" path
        let operation = "Npy.dataset"

        if Directory.Exists path then
            SourceFile.fail operation path "is a folder. Name a file in it."

        let source = ByteSource.ofFile path

        try
            SourceFile.reading operation path kind (fun () ->
                match FileKind.recognise (ReadOnlySpan(source.Bytes(0L, int (min source.Length 512L)))) with
                | NonNull other when not (other.StartsWith(kind, StringComparison.Ordinal)) ->
                    SourceFile.fail operation path $"is not {kind}: it is {other}"
                | _ -> ()

                let array = header source

                if array.Shape.Length = 0 then damaged "it is a scalar, and has no entries"

                let bytes =
                    try
                        Checked.(*) array.RowBytes (int64 array.Shape[0])
                    with :? OverflowException ->
                        damaged "its axes multiply to more than any file holds"

                if array.RowBytes > int64 Array.MaxLength then
                    damaged
                        $"an entry of its first axis takes up {array.RowBytes} bytes, more than one array does"

                if bytes > source.Length - array.First then
                    damaged $"its numbers take up {bytes} bytes, and {source.Length - array.First} are there"

                array.Rows(nonNull (Path.GetFileName path), source))
        with _ ->
            source.Dispose()
            reraise ()
