namespace Cotangent.Checkpoints

open System
open System.Buffers
open System.Buffers.Binary
open System.Collections.Generic
open System.Text.Encodings.Web
open System.Text.Json
open System.Text.Unicode
open Cotangent

/// What stands in front of the numbers in a safetensors file: 8 bytes for the length of the header, least one first, and the header
/// in JSON, https://github.com/huggingface/safetensors. Nothing in it is trusted: every size is held against what is there before
/// anything is made of it.
[<Sealed>]
type internal SafetensorsHeader(entries: SafetensorsEntry[], metadata: Map<string, string>, dataStart: int64)
    =
    /// In the order in which the header names them.
    member _.Entries = entries
    member _.Metadata = metadata
    /// Where in the file the numbers begin.
    member _.DataStart = dataStart

module internal SafetensorsHeader =
    [<Literal>]
    let MetadataName = "__metadata__"

    /// More axes than any tensor has.
    [<Literal>]
    let private MostAxes = 255

    let private damaged (reason: string) : 'a = raise (DamagedException reason)

    let private quote (name: string) = Untrusted.quote name

    let private next (reader: byref<Utf8JsonReader>) =
        if not (reader.Read()) then damaged "its header ends too early"

    let private expect (reader: byref<Utf8JsonReader>) (wanted: JsonTokenType) (what: string) =
        if reader.TokenType <> wanted then
            damaged $"{what} is {reader.TokenType} in its header, not {wanted}"

    let private text (reader: byref<Utf8JsonReader>) (what: string) : string =
        expect &reader JsonTokenType.String what
        Unchecked.nonNull (reader.GetString())

    /// The numbers of an array, each 0 or more.
    let private sizes (reader: byref<Utf8JsonReader>) (what: string) : int64[] =
        expect &reader JsonTokenType.StartArray what
        let found = ResizeArray<int64>()
        next &reader

        while reader.TokenType <> JsonTokenType.EndArray do
            let mutable value = 0L

            if reader.TokenType <> JsonTokenType.Number || not (reader.TryGetInt64 &value) || value < 0L then
                damaged $"{what} has something else than whole numbers from 0 on"

            if found.Count = MostAxes then damaged $"{what} has more than {MostAxes} numbers"
            found.Add value
            next &reader

        found.ToArray()

    /// How many bytes a tensor takes up.
    let private bytes (name: string) (format: string) (shape: int64[]) : int64 =
        let bits = int64 (ElementFormat.bits format)

        let elements =
            if Array.contains 0L shape then
                0L
            else
                (1L, shape)
                ||> Array.fold (fun n size ->
                    if size > Int64.MaxValue / bits / n then
                        damaged
                            $"the sizes of {quote name}, {Shape.showLong shape}, make up more bytes than there can be"

                    n * size)

        if elements * bits % 8L <> 0L then
            damaged $"the elements of {quote name} fill no whole bytes"

        elements * bits / 8L

    let private entry (reader: byref<Utf8JsonReader>) (name: string) : SafetensorsEntry =
        expect &reader JsonTokenType.StartObject $"the entry of {quote name}"
        let mutable format: string | null = null
        let mutable shape: int64[] | null = null
        let mutable offsets: int64[] | null = null
        next &reader

        while reader.TokenType = JsonTokenType.PropertyName do
            let key = reader.GetString()
            next &reader
            let what = $"{key} of {quote name}"

            match key with
            | "dtype" when isNull format -> format <- text &reader what
            | "shape" when isNull shape -> shape <- sizes &reader what
            | "data_offsets" when isNull offsets -> offsets <- sizes &reader what
            | "dtype"
            | "shape"
            | "data_offsets" -> damaged $"{what} stands twice in its header"
            // What later versions of the format may add.
            | _ -> reader.Skip()

            next &reader

        match format, shape, offsets with
        | NonNull format, NonNull shape, NonNull [| first; last |] ->
            if ElementFormat.rank format < 0 then
                damaged $"{quote name} is of a type that the format does not have, {quote format}"

            if last < first then
                damaged $"{quote name} ends at byte {last}, before it begins at {first}"

            if last - first <> bytes name format shape then
                damaged
                    $"{quote name}, {format} {Shape.showLong shape}, takes up {bytes name format shape} bytes, and its header gives it {last - first}"

            SafetensorsEntry(name, format, shape, first, last)
        | _ -> damaged $"the entry of {quote name} lacks its dtype, shape or two data_offsets"

    let private metadata (reader: byref<Utf8JsonReader>) : Map<string, string> =
        if reader.TokenType = JsonTokenType.Null then
            Map.empty
        else
            expect &reader JsonTokenType.StartObject MetadataName
            let found = Dictionary<string, string>()
            next &reader

            while reader.TokenType = JsonTokenType.PropertyName do
                let key = Unchecked.nonNull (reader.GetString())
                next &reader

                if not (found.TryAdd(key, text &reader $"{quote key} in {MetadataName}")) then
                    damaged $"{quote key} stands twice in {MetadataName}"

                next &reader

            found |> Seq.map (fun each -> each.Key, each.Value) |> Map.ofSeq

    let private parse (header: byte[]) : struct (SafetensorsEntry[] * Map<string, string>) =
        let mutable reader = Utf8JsonReader(ReadOnlySpan header, JsonReaderOptions())
        let entries = ResizeArray<SafetensorsEntry>()
        let names = HashSet<string>()
        let mutable about = Map.empty
        next &reader
        expect &reader JsonTokenType.StartObject "the whole"
        next &reader

        while reader.TokenType = JsonTokenType.PropertyName do
            let name = Unchecked.nonNull (reader.GetString())
            next &reader
            if not (names.Add name) then damaged $"{quote name} stands twice in its header"

            if name = MetadataName then about <- metadata &reader else entries.Add(entry &reader name)
            next &reader

        if reader.Read() then damaged "something stands behind its header's last bracket"
        struct (entries.ToArray(), about)

    /// Throws unless the tensors fill the file, each byte once.
    let private requireFilled (dataLength: int64) (entries: SafetensorsEntry[]) =
        let mutable filled = 0L

        for each in entries |> Array.sortBy (fun each -> struct (each.First, each.Last)) do
            if each.First < filled then
                damaged
                    $"{quote each.Name} begins at byte {each.First}, where another tensor lies that ends at {filled}"

            if each.First > filled then
                damaged $"bytes {filled} to {each.First} belong to no tensor; {quote each.Name} comes next"

            filled <- each.Last

        if filled > dataLength then
            damaged $"its tensors take up {filled} bytes, and there are {dataLength}: the end is missing"

        if filled < dataLength then
            damaged $"its tensors take up {filled} bytes, and {dataLength - filled} more follow"

    /// The header of a file.
    let read (source: ByteSource) : SafetensorsHeader =
        if source.Length < 8L then damaged $"it has {source.Length} bytes, too few for a header"
        let length = BinaryPrimitives.ReadUInt64LittleEndian(ReadOnlySpan(source.Bytes(0L, 8)))

        if length > uint64 (source.Length - 8L) then
            damaged $"its header would be {length} bytes long, and {source.Length - 8L} bytes are there"

        if length > uint64 Array.MaxLength then
            damaged $"its header is {length} bytes long, more than the {Array.MaxLength} of one array"

        let header = source.Bytes(8L, int length)

        if header.Length = 0 || header[0] <> byte '{' then
            damaged "its header does not begin with a bracket"

        if not (Utf8.IsValid(ReadOnlySpan header)) then damaged "its header is no text in UTF-8"

        try
            let struct (entries, about) = parse header
            requireFilled (source.Length - 8L - int64 length) entries
            SafetensorsHeader(entries, about, 8L + int64 length)
        with
        | :? JsonException as e ->
            damaged $"its header is no JSON, as byte {e.BytePositionInLine.GetValueOrDefault()} shows"
        // An escape that stands for half a character.
        | :? InvalidOperationException -> damaged "a name in its header is no text"

    /// The first bytes of a file with such tensors, up to their numbers, which stand in this order.
    let write (about: Map<string, string>) (tensors: struct (string * DType * int[])[]) : byte[] =
        let text = ArrayBufferWriter<byte>()
        text.Write(ReadOnlySpan(Array.zeroCreate<byte> 8))

        let options =
            JsonWriterOptions(Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true)

        use json = new Utf8JsonWriter(text, options)
        json.WriteStartObject()

        if not about.IsEmpty then
            json.WriteStartObject MetadataName

            for each in about do
                json.WriteString(each.Key, each.Value)

            json.WriteEndObject()

        let mutable first = 0L

        for struct (name, dtype, shape) in tensors do
            json.WriteStartObject name
            json.WriteString("dtype", ElementFormat.ofDType dtype)
            json.WriteStartArray "shape"

            for size in shape do
                json.WriteNumberValue size

            json.WriteEndArray()
            json.WriteStartArray "data_offsets"
            json.WriteNumberValue first
            first <- first + int64 (Shape.count shape) * int64 dtype.Size
            json.WriteNumberValue first
            json.WriteEndArray()
            json.WriteEndObject()

        json.WriteEndObject()
        json.Flush()
        // The numbers begin at a multiple of 8.
        let padding = (8 - text.WrittenCount % 8) % 8
        text.Write(ReadOnlySpan(Array.create padding (byte ' ')))
        let bytes = text.WrittenSpan.ToArray()
        BinaryPrimitives.WriteUInt64LittleEndian(Span bytes, uint64 (bytes.Length - 8))
        bytes
