namespace Cotangent.Checkpoints

open System
open System.Buffers.Binary
open System.Collections.Generic
open System.IO
open System.IO.Compression
open Cotangent
open Cotangent.Engines

/// What a file of PyTorch's `torch.save` is made of: a pickle, which says how tensors are cut from storages, and the storages' bytes.
[<NoComparison; NoEquality>]
type internal PyTorchContent = {
    Pickle: Pickled
    /// The bytes of a storage by its key. There may be a few more than whole elements make.
    Storage: string -> byte[]
}

/// Storages by the classes that PyTorch has for them.
module internal PyTorchStorage =
    /// The dtype of a class's elements; none where no dtype holds them, or where the class does not say it.
    let dtype (storage: string) : DType voption =
        match storage with
        | "torch.FloatStorage" -> ValueSome DType.Float32
        | "torch.DoubleStorage" -> ValueSome DType.Float64
        | "torch.HalfStorage" -> ValueSome DType.Float16
        | "torch.BFloat16Storage" -> ValueSome DType.BFloat16
        | "torch.LongStorage" -> ValueSome DType.Int64
        | "torch.IntStorage" -> ValueSome DType.Int32
        | "torch.ShortStorage" -> ValueSome DType.Int16
        | "torch.CharStorage" -> ValueSome DType.Int8
        | "torch.ByteStorage" -> ValueSome DType.UInt8
        | "torch.BoolStorage" -> ValueSome DType.Bool
        | "torch.ComplexFloatStorage" -> ValueSome DType.Complex64
        | "torch.ComplexDoubleStorage" -> ValueSome DType.Complex128
        | _ -> ValueNone

    let refuse (operation: string) (name: string) (what: string) : 'a =
        raise (
            DTypeException
                $"{operation}: {Untrusted.quote name} is of {what}, which no dtype holds exactly. Convert it in PyTorch, as by 't.float()'."
        )

/// Files of version 1.6 and later: a zip archive in which the pickle and each storage are files of their own.
module internal PyTorchArchive =
    let private damaged (reason: string) : 'a = raise (DamagedException reason)

    let read (operation: string) (archive: ZipArchive) : PyTorchContent =
        let pickle =
            match
                archive.Entries
                |> Seq.tryFind (fun e ->
                    e.FullName = "data.pkl" || e.FullName.EndsWith("/data.pkl", StringComparison.Ordinal))
            with
            | Some entry -> entry
            | None -> damaged "no file in it is called data.pkl"

        /// The folder in which all is.
        let folder = pickle.FullName.Substring(0, pickle.FullName.Length - "data.pkl".Length)

        match archive.GetEntry(folder + "byteorder") with
        | NonNull entry when Text.Encoding.ASCII.GetString(ZipEntries.bytes entry) <> "little" ->
            damaged "its numbers come largest byte first"
        | _ -> ()

        {
            Pickle = PickleReader(new MemoryStream(ZipEntries.bytes pickle)).Read()
            Storage =
                fun key ->
                    match archive.GetEntry($"{folder}data/{key}") with
                    | null -> damaged $"the storage {Untrusted.quote key} is missing"
                    | entry ->
                        ZipEntries.require entry
                        Recycling.orRefuse operation entry.Length (fun () -> ZipEntries.bytes entry)
        }

/// Files of versions before 1.6, which later ones write when they are asked to: pickles one behind the other, of a number that says
/// what the file is, of a version, of the machine, of the tensors and of the storages' keys; then each storage, its number of elements
/// in front (`_legacy_load` in torch/serialization.py).
module internal PyTorchLegacy =
    let private damaged (reason: string) : 'a = raise (DamagedException reason)

    /// The number's opcode, its length and its ten bytes, and the end of the pickle.
    let private magic = [|
        0x8Auy
        10uy
        0x6Cuy
        0xFCuy
        0x9Cuy
        0x46uy
        0xF9uy
        0x20uy
        0x6Auy
        0xA8uy
        0x50uy
        0x19uy
        byte '.'
    |]

    /// Where the second pickle begins; -1 where it is no such file. How much stands before the number depends on pickle's protocol.
    let secondPickle (head: ReadOnlySpan<byte>) : int =
        let start = head.Slice(0, min 32 head.Length)

        match start.IndexOf(ReadOnlySpan magic) with
        | -1 -> -1
        | found -> found + magic.Length

    /// Keys of storages and their dtypes, as far as the pickle names some.
    let private dtypes (operation: string) (named: ResizeArray<Pickled>) : Dictionary<string, DType> =
        let found = Dictionary<string, DType>()

        for each in named do
            match each with
            | Pickled.Items parts when parts.Count >= 5 ->
                match parts[0], parts[1], parts[2] with
                | Pickled.Text "storage", Pickled.Global kind, Pickled.Text key ->
                    match PyTorchStorage.dtype kind with
                    | ValueSome dtype -> found[key] <- dtype
                    | ValueNone -> PyTorchStorage.refuse operation $"the storage {key}" kind

                    match Seq.tryItem 5 parts with
                    | Some(Pickled.Items _) ->
                        damaged
                            "its storages are parts of each other, as versions before 0.4 wrote them; load and save it in a later one"
                    | Some _
                    | None -> ()
                | _ -> ()
            | _ -> ()

        found

    let read (operation: string) (input: Stream) (second: int) : PyTorchContent =
        input.Position <- int64 second

        match PickleReader(input).Read() with
        | Pickled.Whole 1001L -> ()
        | _ -> damaged "its version is not 1001"

        match PickleReader(input).Read() with
        | Pickled.Dictionary about when
            about
            |> Seq.exists (fun struct (key, value) ->
                match key, value with
                | Pickled.Text "little_endian", Pickled.Truth isLittle -> not isLittle
                | _ -> false)
            ->
            damaged "its numbers come largest byte first"
        | _ -> ()

        let reader = PickleReader(input)
        let tensors = reader.Read()
        let dtypes = dtypes operation reader.Persistents

        let keys =
            match PickleReader(input).Read() with
            | Pickled.Items keys -> keys
            | _ -> damaged "it has no list of storages"

        let places = Dictionary<string, struct (int64 * int64)>()
        let length = Array.zeroCreate<byte> 8

        for key in keys do
            match key with
            | Pickled.Text key when dtypes.ContainsKey key ->
                if input.ReadAtLeast(Span length, 8, throwOnEndOfStream = false) < 8 then
                    damaged "its end is missing"

                let elements = BinaryPrimitives.ReadInt64LittleEndian(ReadOnlySpan length)
                let size = int64 dtypes[key].Size
                let left = input.Length - input.Position

                if elements < 0L || elements > left / size then
                    damaged
                        $"the storage {Untrusted.quote key} has {elements} elements of {size} bytes, and {left} bytes are there"

                places[key] <- struct (input.Position, elements * size)
                input.Position <- input.Position + elements * size
            | Pickled.Text key -> damaged $"no tensor is of the storage {Untrusted.quote key}"
            | _ -> damaged "its list of storages has something else in it"

        {
            Pickle = tensors
            Storage =
                fun key ->
                    match places.TryGetValue key with
                    | true, struct (first, count) ->
                        if count > int64 Array.MaxLength then
                            damaged
                                $"the storage {Untrusted.quote key} is {count} bytes long, more than one array is"

                        Untrusted.bytes operation input first count
                    | _ -> damaged $"the storage {Untrusted.quote key} is missing"
        }
