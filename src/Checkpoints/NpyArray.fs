namespace Cotangent.Checkpoints

open System
open System.Buffers.Binary
open System.Globalization
open System.IO
open System.Text
open System.Text.RegularExpressions
open Cotangent
open Cotangent.Engines

/// Arrays as NumPy's `save` writes them: a dictionary of Python in text, then the numbers.
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
module internal NpyArray =
    let private damaged (reason: string) : 'a = raise (DamagedException reason)

    /// More bytes of text than any header has.
    [<Literal>]
    let private LongestHeader = 65536

    let private exactly (input: Stream) (count: int) : byte[] =
        let bytes = Array.zeroCreate count

        if input.ReadAtLeast(Span bytes, count, throwOnEndOfStream = false) < count then
            damaged "its end is missing"

        bytes

    /// The length of the text that describes the array: two bytes of it, or four from version 2 on.
    let private headerLength (input: Stream) =
        let start = exactly input 8

        if not (start.AsSpan(0, 6).SequenceEqual(ReadOnlySpan(Encoding.Latin1.GetBytes "\u0093NUMPY"))) then
            damaged "it does not begin as arrays of NumPy do"

        let length =
            match start[6] with
            | 1uy -> uint32 (BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan(exactly input 2)))
            | 2uy
            | 3uy -> BinaryPrimitives.ReadUInt32LittleEndian(ReadOnlySpan(exactly input 4))
            | version -> damaged $"it is of version {version}, and 1 to 3 are known"

        if length > uint32 LongestHeader then
            damaged $"its header is {length} bytes long, more than {LongestHeader}"

        int length

    // `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
    let private describes = Regex @"^\s*'descr'\s*:\s*'(?<descr>[^']*)'\s*$"
    let private orders = Regex @"^\s*'fortran_order'\s*:\s*(?<order>True|False)\s*$"
    let private shapes = Regex @"^\s*'shape'\s*:\s*\((?<sizes>[\d\s,L]*)\)\s*$"

    /// What stands between the brackets of the dictionary, cut at the commas that belong to no inner bracket.
    let private parts (text: string) : string list =
        let inner = text.Trim()

        if not (inner.StartsWith '{' && inner.EndsWith '}') then
            damaged "its header is no dictionary"

        let found = ResizeArray<string>()
        let current = StringBuilder()
        let mutable depth = 0

        for c in inner.Substring(1, inner.Length - 2) do
            if c = '(' || c = '[' then depth <- depth + 1
            if c = ')' || c = ']' then depth <- depth - 1

            if c = ',' && depth = 0 then
                found.Add(current.ToString())
                current.Clear() |> ignore
            else
                current.Append c |> ignore

        found.Add(current.ToString())
        found |> Seq.filter (fun part -> part.Trim() <> "") |> List.ofSeq

    let private value (what: string) (pattern: Regex) (group: string) (all: string list) : string =
        match all |> List.map pattern.Match |> List.filter _.Success with
        | [ only ] -> only.Groups[group].Value
        | _ -> damaged $"its header does not say '{what}' in a way that is known"

    let private sizes (text: string) : int64[] =
        text.Split(',', StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries)
        |> Array.map (fun size ->
            match Int64.TryParse(size.TrimEnd 'L', NumberStyles.None, CultureInfo.InvariantCulture) with
            | true, n -> n
            | _ -> damaged $"'{size}' is no size")

    /// NumPy's names of dtypes, without the first letter, which says the order of the bytes.
    let private kinds: (string * DType) list = [
        "b1", DType.Bool
        "i1", DType.Int8
        "u1", DType.UInt8
        "i2", DType.Int16
        "u2", DType.UInt16
        "i4", DType.Int32
        "u4", DType.UInt32
        "i8", DType.Int64
        "u8", DType.UInt64
        "f2", DType.Float16
        "f4", DType.Float32
        "f8", DType.Float64
        "c8", DType.Complex64
        "c16", DType.Complex128
    ]

    /// The dtype of a type of NumPy, given without its first letter.
    let dtypeOf (kind: string) : DType voption =
        match List.tryFind (fun (name, _) -> name = kind) kinds with
        | Some(_, dtype) -> ValueSome dtype
        | None -> ValueNone

    /// The same of a whole type, and whether bytes come largest first.
    let private elementsOf (descr: string) : struct (DType voption * bool) =
        match Seq.tryHead descr with
        | Some('<' | '|' | '=') -> struct (dtypeOf (descr.Substring 1), false)
        | Some '>' -> struct (dtypeOf (descr.Substring 1), true)
        | Some _
        | None -> struct (ValueNone, false)

    /// An array of a stream that has at most so many bytes left.
    let read (operation: string) (name: string) (left: int64) (input: Stream) : HostBuffer =
        let text = Encoding.UTF8.GetString(exactly input (headerLength input))
        let all = parts text
        let descr = value "descr" describes "descr" all
        let isFortran = value "fortran_order" orders "order" all = "True"

        let shape =
            Shape.sized $"{operation}: {Untrusted.quote name}" (sizes (value "shape" shapes "sizes" all))

        let struct (dtype, isReversed) = elementsOf descr

        match dtype with
        | ValueNone ->
            raise (
                DTypeException
                    $"{operation}: {Untrusted.quote name} has elements of type '{descr}', which no dtype holds exactly. Convert it with 'astype' in NumPy."
            )
        | ValueSome dtype ->
            let size = dtype.Size
            let length = int64 (Shape.count shape) * int64 size

            if length > left then
                damaged $"its numbers take up {length} bytes, and {max 0L left} are there"

            if length > int64 Array.MaxLength then
                damaged $"its numbers take up {length} bytes, more than one array does"

            let bytes = Recycling.orRefuse operation length (fun () -> exactly input (int length))
            if isReversed then ElementFormat.turnBytes dtype bytes

            let numbers = ElementFormat.numbers name dtype bytes

            // The first index runs fastest in what Fortran would write.
            if isFortran then
                let strides = Array.rev (Shape.strides (Array.rev shape))
                Strided.materialise (Buffers.view dtype numbers shape strides 0)
            else
                Buffers.own dtype shape numbers

    /// The text that describes an array, as version 1 has it: what is before the numbers is a multiple of 64 bytes long.
    let header (operation: string) (x: HostBuffer) : byte[] =
        let kind =
            match List.tryFind (fun (_, dtype) -> dtype = x.DType) kinds with
            | Some(name, _) -> name
            | None ->
                raise (
                    DTypeException
                        $"{operation}: NumPy has no type of {x.DType} numbers. Convert it to Float32, which holds them all."
                )

        let order = if x.DType.Size = 1 then '|' else '<'
        let sizes = x.Shape |> Array.map string |> String.concat ", "
        let sizes = if x.Shape.Length = 1 then sizes + "," else sizes
        let text = $"{{'descr': '{order}{kind}', 'fortran_order': False, 'shape': ({sizes}), }}"
        let total = (10 + text.Length + 1 + 63) / 64 * 64
        let padded = text.PadRight(total - 11) + "\n"
        let length = padded.Length

        Array.concat [
            Encoding.Latin1.GetBytes "\u0093NUMPY"
            [| 1uy; 0uy; byte (length &&& 255); byte (length >>> 8) |]
            Encoding.Latin1.GetBytes padded
        ]

    /// The file of an array.
    let write (operation: string) (path: string) (x: HostBuffer) =
        let header = header operation x
        let whole = Strided.materialise x
        let start = int64 whole.Offset * int64 x.DType.Size
        let total = int64 (Shape.count x.Shape) * int64 x.DType.Size

        AtomicFile.write path (int64 header.Length + total) (fun file ->
            file.Write(ReadOnlySpan header)
            let mutable written = 0L

            while written < total do
                let count = int (min ArrayBytes.Piece (total - written))

                let bytes: ReadOnlySpan<byte> =
                    Span.op_Implicit (ArrayBytes.at whole.Data (start + written) count)

                file.Write bytes
                written <- written + int64 count)
