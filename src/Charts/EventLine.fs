namespace Cotangent.Charts

open System
open System.Globalization
open System.IO
open System.Text
open System.Text.Json

/// An event as a line of JSON, and back. Numbers that JSON has not are words: "NaN", "Infinity", "-Infinity".
module internal EventLine =
    let number (json: Utf8JsonWriter) (x: float) =
        if Double.IsFinite x then
            json.WriteNumberValue x
        else
            json.WriteStringValue(x.ToString CultureInfo.InvariantCulture)

    let numbers (json: Utf8JsonWriter) (name: string) (values: float[]) =
        json.WriteStartArray name

        for x in values do
            number json x

        json.WriteEndArray()

    let private part (json: Utf8JsonWriter) (name: string) (fields: unit -> unit) =
        json.WriteStartObject name
        fields ()
        json.WriteEndObject()

    let private content (json: Utf8JsonWriter) (content: RunContent) =
        match content with
        | RunContent.Scalar value ->
            json.WritePropertyName "scalar"
            number json value
        | RunContent.Histogram h ->
            part json "histogram" (fun () ->
                json.WriteNumber("count", h.Count)
                json.WriteNumber("nonFinite", h.NonFinite)
                json.WritePropertyName "sum"
                number json h.Sum
                json.WritePropertyName "sumOfSquares"
                number json h.SumOfSquares
                numbers json "edges" h.Edges
                numbers json "counts" h.Counts
                numbers json "quantiles" h.Quantiles)
        | RunContent.Picture p ->
            part json "picture" (fun () ->
                json.WriteNumber("width", p.Width)
                json.WriteNumber("height", p.Height)
                json.WriteNumber("outside", p.Outside)
                json.WriteBase64String("png", ReadOnlySpan p.Png))
        | RunContent.Text text -> json.WriteString("text", text)
        | RunContent.Plan(steps, epochs) ->
            part json "plan" (fun () ->
                json.WriteNumber("steps", steps)
                json.WriteNumber("epochs", epochs))
        | RunContent.End how ->
            part json "end" (fun () ->
                match how with
                | RunEnd.Completed -> json.WriteString("how", "completed")
                | RunEnd.Stopped reason ->
                    json.WriteString("how", "stopped")
                    json.WriteString("why", reason)
                | RunEnd.Failed error ->
                    json.WriteString("how", "failed")
                    json.WriteString("why", error))

    /// One line with its end, in UTF-8.
    let write (event: RunEvent) : byte[] =
        use line = new MemoryStream()

        using (new Utf8JsonWriter(line)) (fun json ->
            json.WriteStartObject()
            json.WriteNumber("step", event.Step)
            json.WriteString("time", event.Time)
            json.WriteString("name", event.Name)
            content json event.Content
            json.WriteEndObject())

        line.WriteByte(byte '\n')
        line.ToArray()

    let private asNumber (json: JsonElement) : float =
        match json.ValueKind with
        | JsonValueKind.String ->
            match json.GetString() with
            | "NaN" -> nan
            | "Infinity" -> infinity
            | "-Infinity" -> -infinity
            | other -> raise (FormatException $"\"{other}\" is no number")
        | _ -> json.GetDouble()

    let private text (json: JsonElement) (name: string) : string =
        match json.GetProperty(name).GetString() with
        | null -> raise (FormatException $"\"{name}\" is null")
        | text -> text

    let private asNumbers (json: JsonElement) (name: string) =
        json.GetProperty(name).EnumerateArray() |> Seq.map asNumber |> Array.ofSeq

    let private asHistogram (json: JsonElement) =
        let edges, counts, quantiles =
            asNumbers json "edges", asNumbers json "counts", asNumbers json "quantiles"

        let whole = if counts.Length = 0 then 0, 0 else counts.Length + 1, Histogram.Levels.Length

        if (edges.Length, quantiles.Length) <> whole then
            raise (
                FormatException
                    $"a histogram has {counts.Length} bins, {edges.Length} edges and {quantiles.Length} quantiles"
            )

        Histogram(
            json.GetProperty("count").GetInt64(),
            json.GetProperty("nonFinite").GetInt64(),
            asNumber (json.GetProperty "sum"),
            asNumber (json.GetProperty "sumOfSquares"),
            edges,
            counts,
            quantiles
        )

    let private asPicture (json: JsonElement) =
        Picture(
            json.GetProperty("width").GetInt32(),
            json.GetProperty("height").GetInt32(),
            json.GetProperty("outside").GetInt64(),
            json.GetProperty("png").GetBytesFromBase64()
        )

    let private asEnd (json: JsonElement) =
        match text json "how" with
        | "completed" -> RunEnd.Completed
        | "stopped" -> RunEnd.Stopped(text json "why")
        | "failed" -> RunEnd.Failed(text json "why")
        | other -> raise (FormatException $"a run that ended \"{other}\"")

    let private asContent (json: JsonElement) : RunContent =
        let has (name: string) = json.TryGetProperty name |> fst
        let of' (name: string) = json.GetProperty name

        if has "scalar" then
            RunContent.Scalar(asNumber (of' "scalar"))
        elif has "histogram" then
            RunContent.Histogram(asHistogram (of' "histogram"))
        elif has "picture" then
            RunContent.Picture(asPicture (of' "picture"))
        elif has "text" then
            RunContent.Text(text json "text")
        elif has "plan" then
            RunContent.Plan(
                (of' "plan").GetProperty("steps").GetInt64(),
                (of' "plan").GetProperty("epochs").GetInt32()
            )
        elif has "end" then
            RunContent.End(asEnd (of' "end"))
        else
            raise (FormatException "none of scalar, histogram, picture, text, plan, end")

    /// The event of a line, or what is wrong with it.
    let read (line: string) : Result<RunEvent, string> =
        try
            use document = JsonDocument.Parse line
            let json = document.RootElement

            Ok {
                Step = json.GetProperty("step").GetInt64()
                Time = json.GetProperty("time").GetDateTimeOffset()
                Name = text json "name"
                Content = asContent json
            }
        with
        | :? JsonException
        | :? FormatException
        | :? InvalidOperationException
        | :? Collections.Generic.KeyNotFoundException as e -> Error e.Message
