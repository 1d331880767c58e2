namespace Cotangent.Charts

open System
open System.Collections.Generic
open System.Globalization
open System.Text.Json

/// Fewer points where a screen can't show more.
module internal Thinning =
    /// Some of the places, evenly spaced, the first and the last among them.
    let evenly (most: int) (count: int) : int[] =
        if count <= most then
            Array.init count id
        else
            Array.init most (fun i -> int (int64 i * int64 (count - 1) / int64 (most - 1)))

    /// Some of the places of a curve: of each stretch the lowest and the highest, and the first that is no number; the first and the
    /// last of all.
    let curve (most: int) (values: float[]) : int[] =
        let count = values.Length

        if count <= most then
            Array.init count id
        else
            let stretches = max 1 ((most - 2) / 3)
            let kept = SortedSet<int> [ 0; count - 1 ]

            for s in 0 .. stretches - 1 do
                let from = int (int64 s * int64 count / int64 stretches)
                let until = int (int64 (s + 1) * int64 count / int64 stretches)
                let places = [| from .. until - 1 |]
                let numbers = places |> Array.filter (fun i -> Double.IsFinite values[i])

                if numbers.Length > 0 then
                    kept.Add(Array.minBy (Array.get values) numbers) |> ignore
                    kept.Add(Array.maxBy (Array.get values) numbers) |> ignore

                places
                |> Array.tryFind (fun i -> not (Double.IsFinite values[i]))
                |> Option.iter (kept.Add >> ignore)

            Array.ofSeq kept

/// What pages show of runs, as the JSON that their script reads.
module internal PageData =
    /// Points of a curve that a page shows.
    [<Literal>]
    let Points = 2000

    /// Steps at which it shows a histogram.
    [<Literal>]
    let Histograms = 200

    /// Pictures that it holds of a name.
    [<Literal>]
    let Pictures = 48

    let private values (events: List<RunEvent>) =
        events
        |> Seq.map (fun event ->
            match event.Content with
            | RunContent.Scalar value -> value
            | _ -> nan)
        |> Array.ofSeq

    /// The events of a series that are shown, several times as many where they may become more.
    let thinned (times: int) (events: List<RunEvent>) : RunEvent[] =
        let places =
            match events[0].Content with
            | RunContent.Scalar _ -> Thinning.curve (times * Points) (values events)
            | RunContent.Histogram _ -> Thinning.evenly (times * Histograms) events.Count
            | RunContent.Picture _ -> Thinning.evenly (times * Pictures) events.Count
            | RunContent.Text _
            | RunContent.Plan _
            | RunContent.End _ -> [| events.Count - 1 |]

        places |> Array.map (fun i -> events[i])

    let private milliseconds (time: DateTimeOffset) = time.ToUnixTimeMilliseconds()

    let private times (json: Utf8JsonWriter) (events: RunEvent[]) =
        json.WriteStartArray "steps"

        for event in events do
            json.WriteNumberValue event.Step

        json.WriteEndArray()
        json.WriteStartArray "times"

        for event in events do
            json.WriteNumberValue(milliseconds event.Time)

        json.WriteEndArray()

    /// One kind of series: those whose first event has what `pick` picks.
    let private kind (json: Utf8JsonWriter) name (all: RunEvent[][]) (pick: RunContent -> 'a option) write =
        json.WriteStartArray(name: string)

        for events in all do
            let picked = events |> Array.choose (fun event -> pick event.Content)

            if picked.Length > 0 then
                json.WriteStartObject()
                json.WriteString("name", events[0].Name)
                times json events
                write picked
                json.WriteEndObject()

        json.WriteEndArray()

    let private scalars json all =
        let pick content =
            match content with
            | RunContent.Scalar value -> Some value
            | _ -> None

        kind json "scalars" all pick (EventLine.numbers json "values")

    /// Six digits, which are more than a chart shows.
    let private rounded (json: Utf8JsonWriter) (x: float) =
        if Double.IsFinite x then
            json.WriteRawValue(x.ToString("G6", CultureInfo.InvariantCulture))
        else
            EventLine.number json x

    let private histograms (json: Utf8JsonWriter) all =
        let pick content =
            match content with
            | RunContent.Histogram h -> Some h
            | _ -> None

        kind json "histograms" all pick (fun (picked: Histogram[]) ->
            json.WriteStartArray "quantiles"

            for level in 0 .. Histogram.Levels.Length - 1 do
                json.WriteStartArray()

                for h in picked do
                    rounded json (if h.Count = 0L then nan else h.Quantiles[level])

                json.WriteEndArray()

            json.WriteEndArray()
            json.WriteNumber("nonFinite", picked |> Array.sumBy _.NonFinite)
            let last = picked[picked.Length - 1]
            EventLine.numbers json "edges" last.Edges
            EventLine.numbers json "counts" last.Counts)

    let private pictures (json: Utf8JsonWriter) all =
        let pick content =
            match content with
            | RunContent.Picture p -> Some p
            | _ -> None

        kind json "pictures" all pick (fun (picked: Picture[]) ->
            json.WriteStartArray "frames"

            for p in picked do
                json.WriteStartObject()
                json.WriteNumber("width", p.Width)
                json.WriteNumber("height", p.Height)
                json.WriteNumber("outside", p.Outside)
                json.WriteBase64String("png", ReadOnlySpan p.Png)
                json.WriteEndObject()

            json.WriteEndArray())

    let private texts (json: Utf8JsonWriter) all =
        let pick content =
            match content with
            | RunContent.Text text -> Some text
            | _ -> None

        kind json "texts" all pick (fun picked -> json.WriteString("text", Array.last picked))

    let private ending (json: Utf8JsonWriter) (how: RunEnd) =
        json.WriteStartObject "end"

        match how with
        | RunEnd.Completed -> json.WriteString("how", "completed")
        | RunEnd.Stopped reason ->
            json.WriteString("how", "stopped")
            json.WriteString("why", reason)
        | RunEnd.Failed error ->
            json.WriteString("how", "failed")
            json.WriteString("why", error)

        json.WriteEndObject()

    /// One run.
    let run (json: Utf8JsonWriter) (name: string) (series: RunSeries) : unit =
        let all = series.All |> Seq.map (thinned 1) |> Array.ofSeq
        json.WriteStartObject()
        json.WriteString("name", name)
        series.Began |> Option.iter (fun time -> json.WriteNumber("began", milliseconds time))

        series.Last
        |> Option.iter (fun (step, time) ->
            json.WriteNumber("step", step)
            json.WriteNumber("last", milliseconds time))

        for events in all do
            match events[0].Content with
            | RunContent.Plan(steps, epochs) ->
                json.WriteStartObject "plan"
                json.WriteNumber("steps", steps)
                json.WriteNumber("epochs", epochs)
                json.WriteEndObject()
            | _ -> ()

        match series.End with
        | Some { Content = RunContent.End how } -> ending json how
        | _ -> ()

        scalars json all
        histograms json all
        pictures json all
        texts json all
        json.WriteEndObject()

    /// The runs of a page. A page whose run goes on looks for more after so many milliseconds; 0 says that no more comes.
    let write (json: Utf8JsonWriter) (refresh: int) (runs: (string * RunSeries) list) : unit =
        json.WriteStartObject()
        json.WriteNumber("refresh", refresh)
        json.WriteStartArray "runs"

        for name, series in runs do
            run json name series

        json.WriteEndArray()
        json.WriteEndObject()
