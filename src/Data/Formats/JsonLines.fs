namespace Cotangent

open System
open System.Text.Json
open Cotangent.Datasets

/// <summary>
/// Texts with a JSON value in each line, by System.Text.Json: as a type of your own, or as a <c>JsonElement</c>. Fields of a record have the
/// names of the file's, in any case. Empty lines of a stream are passed over.
/// </summary>
[<RequireQualifiedAccess>]
module JsonLines =
    /// <summary>Names in any case; a missing field is an error, and so are null and numbers in quotes where a field can't hold them.</summary>
    [<CompiledName "Defaults">]
    let defaults: JsonSerializerOptions =
        let options = JsonSerializerOptions(JsonSerializerDefaults.General)
        options.PropertyNameCaseInsensitive <- true
        options.RespectRequiredConstructorParameters <- true
        options.RespectNullableAnnotations <- true
        options.MakeReadOnly true
        options

    let private parse<'t>
        (options: JsonSerializerOptions)
        (path: string)
        (number: int64)
        (line: string)
        : 't =
        try
            match JsonSerializer.Deserialize(line, typeof<'t>, options) with
            | null ->
                raise (
                    FileException
                        $"JsonLines: '{path}', line {number}: null, where a {typeof<'t>.Name} is wanted."
                )
            | value -> unbox<'t> value
        with :? JsonException as e ->
            let column =
                if e.BytePositionInLine.HasValue then $", byte {e.BytePositionInLine.Value + 1L}" else ""

            let place = if String.IsNullOrEmpty e.Path || e.Path = "$" then "" else $" at {e.Path}"

            raise (
                FileException(
                    $"JsonLines: '{path}', line {number}{column}: no {typeof<'t>.Name}{place}: {e.Message} Each line is one JSON value; a file that is one large array has to be written line by line.",
                    e
                )
            )

    /// <summary>One value after the other, of a file that may be compressed by gzip. It is never in memory as a whole.</summary>
    /// <exception cref="T:Cotangent.ExampleException">
    /// In the loop; its inner error is a <c>FileException</c> that says line and byte: no JSON, or of another type.
    /// </exception>
    /// <example><code>
    /// type Review = { Text: string; Stars: int }
    /// let reviews = JsonLines.stream&lt;Review> "reviews.jsonl.gz"
    /// </code></example>
    [<CompiledName "Stream">]
    let stream<'t> (path: string) : DataStream<'t> =
        let lines = Lines.stream path

        DataStream<'t>(
            lines.Name,
            fun epoch ->
                lines.Epoch epoch
                |> Seq.indexed
                |> Seq.filter (fun (_, line) -> not (String.IsNullOrWhiteSpace line))
                |> Seq.map (fun (i, line) -> parse<'t> defaults path (int64 i + 1L) line)
        )

    /// <summary>The values by number; the file is mapped into memory, as <c>Lines.dataset</c> does it. Empty lines are an error.</summary>
    /// <exception cref="T:Cotangent.FileException">The file is something else, or compressed.</exception>
    /// <exception cref="T:Cotangent.ExampleException">When an example is asked for: no JSON, or of another type.</exception>
    /// <example><code>
    /// type Review = { Text: string; Stars: int }
    /// let reviews = JsonLines.dataset&lt;Review> "reviews.jsonl" |> Dataset.shuffle (Key.create 0L)
    /// </code></example>
    [<CompiledName "Dataset">]
    let dataset<'t> (path: string) : Dataset<'t> =
        let lines = Lines.dataset path

        Dataset<'t>(lines.Name, lines.Count, fun i -> parse<'t> defaults path (i + 1L) (lines.Example(0, i)))
