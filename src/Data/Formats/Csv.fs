namespace Cotangent

open System
open System.Collections.Generic
open System.IO
open Cotangent.Checkpoints
open Cotangent.Datasets

/// <summary>
/// Tables in CSV (RFC 4180), compressed by gzip or not, by Sylvan.Data.Csv. Numbers are read as programs write them, whatever the culture of
/// the machine; cells in quotes may hold line breaks; the last line may lack its end. Empty lines are passed over.
/// </summary>
[<RequireQualifiedAccess>]
module Csv =
    /// <summary>Commas, a first row of names, no text that stands for a missing number, a point before the decimals.</summary>
    /// <example><code>
    /// let options = { Csv.defaults with Delimiter = ';'; DecimalComma = true; Missing = [| ""; "NA" |] }
    /// </code></example>
    /// <example><code lang="csharp">
    /// var options = Csv.Defaults.With(delimiter: ';', decimalComma: true, missing: ["", "NA"]);
    /// </code></example>
    [<CompiledName "Defaults">]
    let defaults: CsvOptions = { Delimiter = ','; HasHeader = true; Missing = [||]; DecimalComma = false }

    /// <summary>The rows one after the other. The file is never in memory as a whole.</summary>
    /// <exception cref="T:Cotangent.ExampleException">
    /// In the loop; its inner error is a <c>FileException</c> that says line and column: the file is damaged, or something else.
    /// </exception>
    /// <example><code>
    /// let points =
    ///     Csv.rows Csv.defaults "points.csv"
    ///     |> DataStream.map (fun row -> tensor [ row.Float32 "x"; row.Float32 "y" ], tensor (row.Int32 "class"))
    /// </code></example>
    [<CompiledName "Rows">]
    let rows (options: CsvOptions) (path: string) : DataStream<CsvRow> =
        Argument.check "options" options
        Argument.check "path" path
        DataStream<CsvRow>(nonNull (Path.GetFileName path), fun _ -> CsvReader.rows "Csv.rows" options path)

    /// Fills a column row by row.
    let private filler
        (options: CsvOptions)
        (path: string)
        (column: Column)
        : (CsvRow -> unit) * (unit -> Cells) =
        match column.Kind with
        | ColumnKind.Texts ->
            let texts = List<string>()
            (fun row -> texts.Add(row.Text column.Name)), (fun () -> Cells.Texts(texts.ToArray()))
        | ColumnKind.Numbers dtype ->
            let builder = Cell.build options.DecimalComma dtype

            let add (row: CsvRow) =
                let text = row.Text column.Name

                if Array.contains text options.Missing then
                    if not (builder.AddMissing()) then
                        raise (
                            FileException
                                $"Csv.read: '{path}', line {row.Line}, column {Untrusted.quote column.Name}: a number is missing ({Untrusted.quote text}), and {dtype} has none that says so. Read it as Float32 or Float64, where it is NaN."
                        )
                elif not (builder.Add text) then
                    raise (
                        FileException
                            $"Csv.read: '{path}', line {row.Line}, column {Untrusted.quote column.Name}: {Untrusted.quote text} is no {dtype}. {Cell.wayOut options.DecimalComma dtype text}"
                    )

            add, (fun () -> Cells.Numbers(builder.ToTensor()))

    /// <summary>Some columns in memory, of the types that are named; other columns are passed over.</summary>
    /// <exception cref="T:Cotangent.FileException">
    /// The file is damaged or something else; it lacks a column; or a cell is not of its column's type: says line and column.
    /// </exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let iris =
    ///     Csv.read Csv.defaults [ Column.Numbers("petal length", DType.Float32); Column.Texts "species" ] "iris.csv"
    ///
    /// iris.Numbers "petal length" // Float32, shape (150)
    /// (iris.Categories "species").Names // [setosa, versicolor, virginica]
    /// </code></example>
    /// <example><code lang="csharp">
    /// var path = Path.GetTempFileName();
    /// File.WriteAllText(path, "area;city\n52,5;Bern\n80;Chur\n");
    /// var options = Csv.Defaults.With(delimiter: ';', decimalComma: true);
    /// var table = Csv.Read(options, [Column.Numbers("area", DType.Float32), Column.Texts("city")], path);
    /// table.Numbers("area") // [52.5, 80]
    /// </code></example>
    [<CompiledName "Read">]
    let read (options: CsvOptions) (columns: Column seq) (path: string) : Table =
        Argument.check "options" options
        Argument.check "columns" columns
        Argument.check "path" path
        let columns = Array.ofSeq columns
        let fillers = columns |> Array.map (filler options path)
        let mutable count = 0

        for row in CsvReader.rows "Csv.read" options path do
            for add, _ in fillers do
                add row

            count <- count + 1

        Table(
            nonNull (Path.GetFileName path),
            count,
            Array.map2 (fun (column: Column) (_, cells) -> column.Name, cells ()) columns fillers
        )
