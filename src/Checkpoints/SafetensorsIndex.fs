namespace Cotangent.Checkpoints

open System
open System.Collections.Generic
open System.IO
open System.Text.Json

/// Files that another file names. They lie in its folder: a name that leads elsewhere may be an attempt to have other files read.
module internal FileBeside =
    /// Its path; none where the name leads out of the folder.
    let path (file: string) (name: string) : string voption =
        if name = "" || Path.IsPathRooted name || Array.contains ".." (name.Split('/', '\\')) then
            ValueNone
        else
            let folder = Unchecked.nonNull (Path.GetDirectoryName(Path.GetFullPath file))
            ValueSome(Path.Combine(folder, name))

/// The index of a model in several safetensors files, as large ones are published: a text in JSON that says under `weight_map` in
/// which file beside it each tensor lies, `model.safetensors.index.json`.
module internal SafetensorsIndex =
    /// What is read at once to tell an index from a file of tensors.
    [<Literal>]
    let Looked = 64

    /// Whether a file begins as JSON does. None of tensors can: in the eight bytes of its first number, which are a length, the last
    /// ones are zero, and a text has no such bytes.
    let isLike (head: ReadOnlySpan<byte>) : bool =
        let text = head.TrimStart(ReadOnlySpan " \t\r\n"B)
        text.Length > 0 && text[0] = byte '{' && not (head.Slice(0, min 8 head.Length).Contains 0uy)

    let private damaged (reason: string) : 'a = raise (DamagedException reason)

    /// The files by tensor.
    let private map (reader: byref<Utf8JsonReader>) : Dictionary<string, string> =
        let files = Dictionary<string, string>()

        if reader.TokenType <> JsonTokenType.StartObject then
            damaged "its 'weight_map' is no object"

        reader.Read() |> ignore

        while reader.TokenType = JsonTokenType.PropertyName do
            let name = Unchecked.nonNull (reader.GetString())
            reader.Read() |> ignore

            if reader.TokenType <> JsonTokenType.String then
                damaged $"{Untrusted.quote name} lies in no file"

            if not (files.TryAdd(name, Unchecked.nonNull (reader.GetString()))) then
                damaged $"{Untrusted.quote name} stands twice in it"

            reader.Read() |> ignore

        files

    /// In which file each tensor lies; none where the text is another one, without a `weight_map`.
    let read (text: byte[]) : Dictionary<string, string> voption =
        let mutable reader = Utf8JsonReader(ReadOnlySpan text, JsonReaderOptions())
        let mutable found = ValueNone

        try
            reader.Read() |> ignore

            while reader.Read() && reader.TokenType = JsonTokenType.PropertyName do
                let isMap = reader.ValueTextEquals "weight_map"
                reader.Read() |> ignore

                if isMap && found.IsSome then damaged "it has two of 'weight_map'"
                if isMap then found <- ValueSome(map &reader) else reader.Skip()

            found
        with
        | :? JsonException as e -> damaged $"it is no JSON, as {e.Message}"
        // An escape that stands for half a character.
        | :? InvalidOperationException -> damaged "a name in it is no text"

    /// The paths of the files, each once.
    let files (index: string) (map: Dictionary<string, string>) : string[] =
        map.Values
        |> Seq.distinct
        |> Seq.sortWith (fun a b -> String.CompareOrdinal(a, b))
        |> Seq.map (fun name ->
            match FileBeside.path index name with
            | ValueSome path -> path
            | ValueNone -> damaged $"{Untrusted.quote name} lies outside of its folder")
        |> Array.ofSeq
