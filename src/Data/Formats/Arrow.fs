namespace Cotangent

open System
open System.IO
open Apache.Arrow
open Apache.Arrow.Ipc
open Cotangent.Datasets

/// <summary>
/// Columns of Arrow files and streams (Arrow IPC, also called Feather 2), by Apache.Arrow: numbers as tensors, unsigned and narrow integers as
/// wider ones, and texts. A missing floating-point number is NaN; another missing cell is an error.
/// </summary>
[<RequireQualifiedAccess>]
module ArrowFile =
    let private kind = "an Arrow file"

    let private primitive (array: PrimitiveArray<'t>) : Nullable<'t>[] =
        Array.init array.Length array.GetValue

    let private strings (array: StringArray) : (string | null)[] =
        Array.init array.Length (fun i -> array.GetString i)

    let rec private column operation path (name: string) (array: IArrowArray) : Cells =
        let numbers missing widen cells = Columns.numbers operation path name missing widen cells

        match array with
        | :? FloatArray as a -> numbers (ValueSome nanf) id (primitive a)
        | :? DoubleArray as a -> numbers (ValueSome nan) id (primitive a)
        | :? Int32Array as a -> numbers ValueNone id (primitive a)
        | :? Int64Array as a -> numbers ValueNone id (primitive a)
        | :? Int8Array as a -> numbers ValueNone int (primitive a)
        | :? UInt8Array as a -> numbers ValueNone int (primitive a)
        | :? Int16Array as a -> numbers ValueNone int (primitive a)
        | :? UInt16Array as a -> numbers ValueNone int (primitive a)
        | :? UInt32Array as a -> numbers ValueNone int64 (primitive a)
        | :? HalfFloatArray as a -> numbers (ValueSome Half.NaN) id (primitive a)
        | :? BooleanArray as a -> numbers ValueNone id (Array.init a.Length a.GetValue)
        | :? StringArray as a -> Columns.texts operation path name (strings a)
        | :? DictionaryArray as a ->
            match a.Dictionary, column operation path name a.Indices with
            | (:? StringArray as words), Cells.Numbers indices ->
                let indices = (indices.Convert DType.Int32).ToData<int[]>()
                Columns.texts operation path name (indices |> Array.map (fun i -> words.GetString i))
            | _ -> Columns.refuse operation path name "dictionary of what is no text"
        | other -> Columns.refuse operation path name (string other.Data.DataType.TypeId)

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

    let private openReader operation path (file: Stream) : ArrowStreamReader =
        inside operation path (fun () ->
            let head = Array.zeroCreate<byte> 6

            if not file.CanSeek then
                new ArrowStreamReader(file, leaveOpen = true)
            else
                let count = file.ReadAtLeast(Span head, head.Length, throwOnEndOfStream = false)
                file.Position <- 0L

                if head.AsSpan(0, count).SequenceEqual(ReadOnlySpan "ARROW1"B) then
                    new ArrowFileReader(file, leaveOpen = true)
                else
                    new ArrowStreamReader(file, leaveOpen = true))

    /// One table for each batch of records.
    let private tables (operation: string) (columns: string[]) (path: string) : seq<Cotangent.Table> = seq {
        use file = SourceFile.openStream operation path kind
        use reader = openReader operation path file

        let next () = inside operation path (fun () -> reader.ReadNextRecordBatch())
        let mutable batch = next ()

        while not (isNull (box batch)) do
            let all = [| for field in batch.Schema.FieldsList -> field.Name |]

            inside operation path (fun () ->
                let of' (name: string) =
                    match Array.IndexOf(all, name) with
                    | -1 -> raise (FileException(Cotangent.Table.Missing(operation, $"'{path}'", name, all)))
                    | i -> name, column operation path name (batch.Column i)

                Cotangent.Table(nonNull (Path.GetFileName path), batch.Length, Array.map of' columns))

            batch.Dispose()
            batch <- next ()
    }

    /// <summary>The batches of records of which the file is made, one after the other: some columns of each.</summary>
    /// <exception cref="T:Cotangent.ExampleException">
    /// In the loop; its inner error says what is wrong: the file is damaged or something else, lacks a column, or no dtype holds its elements.
    /// </exception>
    /// <example><code>
    /// let delays = ArrowFile.stream [ "delay" ] "flights.arrow" |> DataStream.map (fun table -> table.Numbers "delay")
    /// </code></example>
    [<CompiledName "Stream">]
    let stream (columns: string seq) (path: string) : DataStream<Cotangent.Table> =
        let columns = Argument.items "columns" columns
        Argument.check "path" path

        DataStream<Cotangent.Table>(
            nonNull (Path.GetFileName path),
            fun _ -> tables "ArrowFile.stream" columns path
        )

    /// <summary>Some columns in memory.</summary>
    /// <exception cref="T:Cotangent.FileException">The file is damaged, something else, or lacks a column.</exception>
    /// <exception cref="T:Cotangent.DTypeException">No dtype holds the elements of a column.</exception>
    /// <exception cref="T:System.IO.IOException">It is not there, or can't be read.</exception>
    /// <example><code>
    /// let table = ArrowFile.read [ "delay"; "distance" ] "flights.arrow"
    /// let both = table.Numbers [ "delay"; "distance" ] // rows and columns
    /// </code></example>
    [<CompiledName "Read">]
    let read (columns: string seq) (path: string) : Cotangent.Table =
        let columns = Argument.items "columns" columns

        tables "ArrowFile.read" columns path
        |> List.ofSeq
        |> Columns.concat (nonNull (Path.GetFileName path)) columns

    /// <summary>The names of a file's columns.</summary>
    /// <exception cref="T:Cotangent.FileException">The file is damaged, or something else.</exception>
    /// <example><code>
    /// let names = ArrowFile.names "flights.arrow"
    /// </code></example>
    [<CompiledName "Names">]
    let names (path: string) : string[] =
        let operation = "ArrowFile.names"
        use file = SourceFile.openStream operation path kind
        use reader = openReader operation path file

        inside operation path (fun () ->
            let schema = reader.GetSchema().AsTask().GetAwaiter().GetResult()
            [| for field in schema.FieldsList -> field.Name |])
