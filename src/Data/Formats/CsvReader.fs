namespace Cotangent

open System
open System.Globalization
open System.IO
open System.Runtime.InteropServices
open Cotangent.Checkpoints
open Cotangent.Datasets
open Sylvan.Data.Csv

/// <summary>What a CSV file is like.</summary>
/// <example><code>
/// let path = System.IO.Path.GetTempFileName()
/// System.IO.File.WriteAllText(path, "x;y\n1.5;NA\n")
/// let options = { Csv.defaults with Delimiter = ';'; Missing = [| "NA" |] }
/// (Seq.head (Csv.rows options path)).Float64 "x" // 1.5
/// </code></example>
[<NoComparison>]
type CsvOptions = {
    /// What stands between cells.
    Delimiter: char
    /// Whether the first row has the names of the columns; otherwise they are called 0, 1, …
    HasHeader: bool
    /// Texts that stand for a missing number, and are NaN where the dtype has it; without them an empty cell is an error.
    Missing: string[]
    /// Whether a comma stands before the decimals, as programs write them in many countries: 1,5. Nothing stands between thousands.
    DecimalComma: bool
} with

    /// <summary>These options but for those that are given: what <c>{ options with … }</c> is in F#.</summary>
    /// <param name="delimiter">What stands between cells.</param>
    /// <param name="hasHeader">Whether the first row has the names of the columns.</param>
    /// <param name="missing">Texts that stand for a missing number.</param>
    /// <param name="decimalComma">Whether a comma stands before the decimals.</param>
    /// <example><code lang="csharp">
    /// var options = Csv.Defaults.With(delimiter: ';', decimalComma: true, missing: ["", "NA"]);
    /// options.HasHeader // true
    /// </code></example>
    member options.With
        (
            [<Optional>] delimiter: Nullable<char>,
            [<Optional>] hasHeader: Nullable<bool>,
            [<Optional>] missing: string[] | null,
            [<Optional>] decimalComma: Nullable<bool>
        ) : CsvOptions = {
        Delimiter = delimiter.GetValueOrDefault options.Delimiter
        HasHeader = hasHeader.GetValueOrDefault options.HasHeader
        Missing =
            match missing with
            | null -> options.Missing
            | missing -> missing
        DecimalComma = decimalComma.GetValueOrDefault options.DecimalComma
    }

module internal CsvHeader =
    /// A file that another character delimits has one column, called by its whole first line: a question that says so.
    let otherDelimiter (options: CsvOptions) (names: string[]) : string =
        match names with
        | [| only |] ->
            match
                [ ';'; '\t'; '|'; ',' ] |> List.tryFind (fun c -> c <> options.Delimiter && only.Contains c)
            with
            | Some '\t' -> " The first line has a tab in it: is that the `Delimiter` of `CsvOptions`?"
            | Some c -> $" The first line has '{c}' in it: is that the `Delimiter` of `CsvOptions`?"
            | None -> ""
        | _ -> ""

/// <summary>
/// A row of a CSV file. Numbers are read as programs write them, with a point before the decimals, or a comma where the options say so,
/// whatever the culture.
/// </summary>
[<Sealed>]
type CsvRow
    internal
    (operation: string, path: string, line: int64, names: string[], cells: string[], options: CsvOptions) =
    let place (column: string) =
        Argument.check "column" column

        match Array.IndexOf(names, column) with
        | -1 ->
            let missing = Table.Missing(operation, $"'{path}'", column, names)
            raise (FileException(missing + CsvHeader.otherDelimiter options names))
        | i -> i

    let read (column: string) (dtype: DType) (what: string) (parse: string -> 'a option) : 'a =
        let text = cells[place column]

        match parse text with
        | Some value -> value
        | None ->
            raise (
                FileException
                    $"{operation}: '{path}', line {line}, column {Untrusted.quote column}: {Untrusted.quote text} is no {what}. {Cell.wayOut options.DecimalComma dtype text}"
            )

    let orMissing (missingValue: 'a) (parse: string -> 'a option) (text: string) =
        if Array.contains text options.Missing then Some missingValue else parse text

    /// The line of the file on which the row begins, from 1.
    member _.Line = line
    /// The cells as texts, in the order of the file.
    member _.Cells: Collections.Generic.IReadOnlyList<string> = cells
    /// <summary>A cell as it stands there, without its quotes.</summary>
    /// <exception cref="T:Cotangent.FileException">There is no such column.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "name,age\n\"Doe, Jane\",42\n")
    /// let row = Seq.head (Csv.rows Csv.defaults path)
    /// row.Text "name" = "Doe, Jane" // true
    /// </code></example>
    member _.Text(column: string) : string = cells[place column]

    /// <summary>A number; NaN for a text that stands for a missing one.</summary>
    /// <exception cref="T:Cotangent.FileException">It is no number, or there is no such column; says line and column.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "x,y\n1.5,?\n")
    /// let row = Seq.head (Csv.rows { Csv.defaults with Missing = [| "?" |] } path)
    /// row.Float64 "x", row.Float64 "y" // (1.5, nan)
    /// </code></example>
    member _.Float64(column: string) : float =
        read column DType.Float64 "number" (orMissing nan (Cell.float options.DecimalComma))

    /// <summary>A number; NaN for a text that stands for a missing one.</summary>
    /// <exception cref="T:Cotangent.FileException">It is no number, or there is no such column; says line and column.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "x,kind\n1.5,a\n")
    /// let row = Seq.head (Csv.rows Csv.defaults path)
    /// row.Float32 "x" // 1.5
    /// row.Float32 "kind" // throws FileException
    /// </code></example>
    member _.Float32(column: string) : float32 =
        read column DType.Float32 "number" (orMissing nanf (Cell.float32 options.DecimalComma))

    /// <summary>An integer of 32 bits.</summary>
    /// <exception cref="T:Cotangent.FileException">It is none, or there is no such column; says line and column.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "age,size\n42,1.5\n")
    /// let row = Seq.head (Csv.rows Csv.defaults path)
    /// row.Int32 "age" // 42
    /// row.Int32 "size" // throws FileException
    /// </code></example>
    member _.Int32(column: string) : int = read column DType.Int32 "integer of 32 bits" Cell.int
    /// <summary>An integer of 64 bits.</summary>
    /// <exception cref="T:Cotangent.FileException">It is none, or there is no such column; says line and column.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "id\n9000000000\n")
    /// (Seq.head (Csv.rows Csv.defaults path)).Int64 "id" // 9000000000
    /// </code></example>
    member _.Int64(column: string) : int64 = read column DType.Int64 "integer of 64 bits" Cell.int64
    /// <summary>A truth value: true, false, 1 or 0.</summary>
    /// <exception cref="T:Cotangent.FileException">It is none, or there is no such column; says line and column.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "a,b\ntrue,0\n")
    /// let row = Seq.head (Csv.rows Csv.defaults path)
    /// row.Bool "a", row.Bool "b" // (true, false)
    /// </code></example>
    member _.Bool(column: string) : bool = read column DType.Bool "truth value" Cell.bool

/// A CSV file row by row.
module internal CsvReader =
    let kind = "a table in CSV"

    let private newlines (text: ReadOnlySpan<char>) =
        let mutable count = 0

        for c in text do
            if c = '\n' then count <- count + 1

        count

    /// Throws unless each column has a name of its own.
    let private requireNames (operation: string) (path: string) (names: string[]) =
        match names |> Array.countBy id |> Array.tryFind (fun (_, count) -> count > 1) with
        | Some(name, count) ->
            SourceFile.fail
                operation
                path
                $"has {count} columns called {Untrusted.quote name}. Rename them, or read it without its header."
        | None -> ()

    /// The names of the columns, and the rows: for each the line where it begins, and a function that reads it.
    let rows (operation: string) (options: CsvOptions) (path: string) : seq<CsvRow> = seq {
        use text = SourceFile.openText operation path kind

        let settings =
            CsvDataReaderOptions(
                Delimiter = options.Delimiter,
                HasHeaders = options.HasHeader,
                Culture = CultureInfo.InvariantCulture,
                MaxBufferSize = (1 <<< 28),
                OwnsReader = false
            )

        let line = ref 1L

        let inside (f: unit -> 'a) : 'a =
            try
                SourceFile.reading operation path kind f
            with :? CsvFormatException as e ->
                raise (
                    FileException(
                        $"{operation}: '{path}', line {line.Value}: {e.Message} Is a quote not closed, or the delimiter another than '{options.Delimiter}'?",
                        e
                    )
                )

        use reader = inside (fun () -> CsvDataReader.Create(text, settings))

        let names =
            if options.HasHeader then
                Array.init reader.FieldCount reader.GetName
            else
                Array.init reader.FieldCount string

        if options.HasHeader then
            requireNames operation path names

            line.Value <-
                line.Value + int64 (1 + (names |> Array.sumBy (fun name -> newlines (name.AsSpan()))))

        while inside reader.Read do
            let raw = reader.GetRawRecordSpan()
            let lines = int64 (newlines raw)

            // An empty cell in a table of one column is written in quotes; what has none is an empty line.
            if not (raw.Trim().IsEmpty) || options.Delimiter = '\t' && raw.IndexOf '\t' >= 0 then
                if reader.RowFieldCount <> names.Length then
                    let counted (count: int) (what: string) =
                        if count = 1 then $"1 {what}" else $"{count} {what}s"

                    let question =
                        match CsvHeader.otherDelimiter options names with
                        | "" -> " Is a delimiter or a quote missing there?"
                        | other -> other

                    SourceFile.fail
                        operation
                        path
                        $"""has {counted reader.RowFieldCount "cell"} in line {line.Value}, and {counted names.Length "column"}.{question}"""

                let cells = inside (fun () -> Array.init names.Length reader.GetString)
                CsvRow(operation, path, line.Value, names, cells, options)

            // A row may go over several lines, in quotes.
            line.Value <- line.Value + max 1L lines
    }
