namespace Cotangent

open System
open System.IO
open System.Threading.Tasks
open Cotangent.Datasets
open Parquet
open Parquet.Schema

/// <summary>
/// Columns of Parquet files, by Parquet.Net: numbers as tensors, unsigned and narrow integers as wider ones, and texts. A missing floating-point
/// number is NaN; another missing cell is an error.
/// </summary>
[<RequireQualifiedAccess>]
module ParquetFile =
    let private kind = "a Parquet file"

    /// Parquet.Net works asynchronously; a stream of examples is read by one thread, which waits.
    let private wait (task: ValueTask) = task.AsTask().GetAwaiter().GetResult()

    let private cells<'t when 't: struct and 't :> ValueType and 't: (new: unit -> 't)>
        (group: ParquetRowGroupReader)
        (field: DataField)
        : Nullable<'t>[] =
        let count = int group.RowCount

        if field.IsNullable then
            let cells = Array.zeroCreate<Nullable<'t>> count
            wait (group.ReadAsync<'t>(field, Memory cells))
            cells
        else
            let cells = Array.zeroCreate<'t> count
            wait (group.ReadAsync<'t>(field, Memory cells))
            Array.map Nullable cells

    let private column operation path (group: ParquetRowGroupReader) (field: DataField) : Cells =
        let name = field.Name
        let numbers missing widen cells = Columns.numbers operation path name missing widen cells

        if field.IsArray then Columns.refuse operation path name "list"

        match field.ClrType with
        | t when t = typeof<float32> -> numbers (ValueSome nanf) id (cells<float32> group field)
        | t when t = typeof<float> -> numbers (ValueSome nan) id (cells<float> group field)
        | t when t = typeof<int> -> numbers ValueNone id (cells<int> group field)
        | t when t = typeof<int64> -> numbers ValueNone id (cells<int64> group field)
        | t when t = typeof<bool> -> numbers ValueNone id (cells<bool> group field)
        | t when t = typeof<sbyte> -> numbers ValueNone int (cells<sbyte> group field)
        | t when t = typeof<byte> -> numbers ValueNone int (cells<byte> group field)
        | t when t = typeof<int16> -> numbers ValueNone int (cells<int16> group field)
        | t when t = typeof<uint16> -> numbers ValueNone int (cells<uint16> group field)
        | t when t = typeof<uint32> -> numbers ValueNone int64 (cells<uint32> group field)
        | t when t = typeof<string> || t = typeof<ReadOnlyMemory<char>> ->
            let texts = Array.zeroCreate<string>(int group.RowCount)
            wait (group.ReadAsync(field, Memory texts))
            Columns.texts operation path name (texts |> Array.map (fun text -> text))
        | t -> Columns.refuse operation path name t.Name

    /// What goes wrong with a file.
    let private inside (operation: string) (path: string) (f: unit -> 'a) : 'a =
        try
            SourceFile.reading operation path kind f
        with
        | :? CotangentException -> reraise ()
        | e ->
            raise (
                FileException(
                    $"{operation}: '{path}' is not {kind}, or damaged: {e.Message} Get it again.",
                    e
                )
            )

    let private openReader operation path (file: Stream) =
        inside operation path (fun () ->
            ParquetReader.CreateAsync(file, leaveStreamOpen = true).GetAwaiter().GetResult())

    /// One table for each group of rows.
    let private tables (operation: string) (columns: string[]) (path: string) : seq<Table> = seq {
        use file = SourceFile.openStream operation path kind
        let reader = openReader operation path file

        let fields =
            let all = reader.Schema.DataFields

            columns
            |> Array.map (fun name ->
                match all |> Array.tryFind (fun field -> field.Name = name) with
                | Some field -> field
                | None ->
                    raise (
                        FileException(Table.Missing(operation, $"'{path}'", name, all |> Array.map _.Name))
                    ))

        try
            for i in 0 .. reader.RowGroupCount - 1 do
                inside operation path (fun () ->
                    use group = reader.OpenRowGroupReader i

                    Table(
                        nonNull (Path.GetFileName path),
                        int group.RowCount,
                        fields |> Array.map (fun field -> field.Name, column operation path group field)
                    ))
        finally
            wait (reader.DisposeAsync())
    }

    /// <summary>The groups of rows into which the file is cut, one after the other: some columns of each, which alone are read.</summary>
    /// <exception cref="T:Cotangent.ExampleException">
    /// In the loop; its inner error says what is wrong: the file is damaged or something else, lacks a column, or no dtype holds its elements.
    /// </exception>
    /// <example><code>
    /// let delays = ParquetFile.stream [ "delay"; "distance" ] "flights.parquet" |> DataStream.map (fun table -> table.Numbers "delay")
    /// </code></example>
    [<CompiledName "Stream">]
    let stream (columns: string seq) (path: string) : DataStream<Table> =
        let columns = Argument.items "columns" columns
        Argument.check "path" path

        DataStream<Table>(nonNull (Path.GetFileName path), fun _ -> tables "ParquetFile.stream" columns path)

    /// <summary>Some columns in memory; others are not read.</summary>
    /// <exception cref="T:Cotangent.FileException">The file is damaged, something else, or lacks a column.</exception>
    /// <exception cref="T:Cotangent.DTypeException">No dtype holds the elements of a column.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let table = ParquetFile.read [ "delay"; "distance" ] "flights.parquet"
    /// let both = table.Numbers [ "delay"; "distance" ] // rows and columns
    /// </code></example>
    [<CompiledName "Read">]
    let read (columns: string seq) (path: string) : Table =
        let columns = Argument.items "columns" columns

        tables "ParquetFile.read" columns path
        |> List.ofSeq
        |> Columns.concat (nonNull (Path.GetFileName path)) columns

    /// <summary>The names of a file's columns.</summary>
    /// <exception cref="T:Cotangent.FileException">The file is damaged, or something else.</exception>
    /// <example><code>
    /// let names = ParquetFile.names "flights.parquet"
    /// </code></example>
    [<CompiledName "Names">]
    let names (path: string) : string[] =
        let operation = "ParquetFile.names"
        use file = SourceFile.openStream operation path kind
        let reader = openReader operation path file

        try
            reader.Schema.DataFields |> Array.map _.Name
        finally
            wait (reader.DisposeAsync())
