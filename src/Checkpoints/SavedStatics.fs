namespace Cotangent.Checkpoints

open System
open System.Buffers
open System.Collections
open System.Globalization
open System.Runtime.CompilerServices
open System.Text
open System.Text.Json
open FSharp.Reflection
open Cotangent

/// What is no tensor in a tree, such as a layer's activation, as texts: saved beside the tensors, so that a template that differs there
/// is told from the tree that was saved.
module internal SavedStatics =
    /// Among the texts of a file: an object in JSON, of places and what is there.
    [<Literal>]
    let Key = "cotangent.statics"

    /// None of what has no text of its own, such as a function.
    let rec private textOf (value: objnull) : string voption =
        match value with
        | null -> ValueSome "null"
        | :? string as s -> ValueSome $"\"{s}\""
        | :? bool as b -> ValueSome(if b then "true" else "false")
        | :? Enum as e -> ValueSome(string e)
        | :? DType as dtype -> ValueSome(string dtype)
        | :? IFormattable as number when number.GetType().IsPrimitive || (number :? decimal) ->
            ValueSome(number.ToString(null, CultureInfo.InvariantCulture))
        | :? ITuple as items -> ValueSome $"({list [ for i in 0 .. items.Length - 1 -> items[i] ]})"
        | value when FSharpType.IsUnion(value.GetType(), true) ->
            let case, fields = FSharpValue.GetUnionFields(value, value.GetType(), true)

            match value, fields with
            | (:? IEnumerable as items), _ -> ValueSome $"[{list (Seq.cast<objnull> items)}]"
            | _, [||] -> ValueSome case.Name
            | _ -> ValueSome $"{case.Name}({list fields})"
        | value when FSharpType.IsRecord(value.GetType(), true) ->
            let fields = FSharpType.GetRecordFields(value.GetType(), true)
            let values = FSharpValue.GetRecordFields(value, true)
            let text i = $"{fields[i].Name} = {orBlank values[i]}"
            let all = Seq.init fields.Length text |> String.concat ", "
            ValueSome $"{{{all}}}"
        | :? Array as items -> ValueSome $"[{list (Seq.cast<objnull> items)}]"
        | _ -> ValueNone

    and private orBlank (value: objnull) = textOf value |> ValueOption.defaultValue "_"
    and private list (values: objnull seq) = values |> Seq.map orBlank |> String.concat ", "

    /// The number of items and the keys of collections are told by the names of tensors.
    let private isStructure (place: string) =
        place.EndsWith(".Length", StringComparison.Ordinal)
        || place.EndsWith("]", StringComparison.Ordinal) && place.Contains(".Keys[", StringComparison.Ordinal)

    /// Places, and what is there.
    let ofTree (tree: 'tree) : Map<string, string> =
        let struct (_, statics) = Tree.contents tree

        Seq.zip (Tree.staticPaths tree) statics
        |> Seq.choose (fun (place, value) ->
            match textOf value with
            | ValueSome text when not (isStructure place) -> Some(place, text)
            | ValueSome _
            | ValueNone -> None)
        |> Map.ofSeq

    let toText (statics: Map<string, string>) : string =
        let buffer = ArrayBufferWriter<byte>()

        using (new Utf8JsonWriter(buffer)) (fun writer ->
            writer.WriteStartObject()

            for each in statics do
                writer.WriteString(each.Key, each.Value)

            writer.WriteEndObject())

        Encoding.UTF8.GetString buffer.WrittenSpan

    /// Of a text that is something else, nothing.
    let ofText (text: string) : Map<string, string> =
        try
            use document = JsonDocument.Parse text

            if document.RootElement.ValueKind <> JsonValueKind.Object then
                Map.empty
            else
                Map [
                    for each in document.RootElement.EnumerateObject() do
                        if each.Value.ValueKind = JsonValueKind.String then
                            each.Name, Unchecked.nonNull (each.Value.GetString())
                ]
        with
        | :? JsonException
        // An escape that stands for half a character.
        | :? InvalidOperationException -> Map.empty

    /// Places at which both have something, and not the same: what the file has, and the template.
    let differences
        (file: Map<string, string>)
        (template: Map<string, string>)
        : (string * string * string)[] = [|
        for each in template do
            match file.TryFind each.Key with
            | Some saved when saved <> each.Value -> each.Key, saved, each.Value
            | Some _
            | None -> ()
    |]
