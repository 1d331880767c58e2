namespace Cotangent

open System
open System.Collections.Generic
open Cotangent.Checkpoints
open Cotangent.Datasets

/// What the cells of a column are.
[<RequireQualifiedAccess; Struct>]
type ColumnKind =
    /// Numbers or truth values, as a tensor of this dtype.
    | Numbers of dtype: DType
    /// Texts.
    | Texts

/// <summary>A column that is to be read: its name in the file, and what its cells are.</summary>
/// <example><code>
/// let columns = [ Column.Numbers("sepal length", DType.Float32); Column.Texts "species" ]
/// </code></example>
[<Struct>]
type Column = {
    /// Its name in the file.
    Name: string
    /// What its cells are.
    Kind: ColumnKind
} with

    /// <summary>A column of numbers or truth values.</summary>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "x,kind\n1.5,a\n2.5,b\n")
    /// let table = Csv.read Csv.defaults [ Column.Numbers("x", DType.Float32) ] path
    /// table.Numbers "x" // [1.5, 2.5]
    /// </code></example>
    static member Numbers(name: string, dtype: DType) = { Name = name; Kind = ColumnKind.Numbers dtype }
    /// <summary>A column of texts.</summary>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "x,kind\n1.5,a\n2.5,b\n")
    /// let table = Csv.read Csv.defaults [ Column.Texts "kind" ] path
    /// table.Texts "kind" = [| "a"; "b" |] // true
    /// </code></example>
    static member Texts(name: string) = { Name = name; Kind = ColumnKind.Texts }

/// <summary>Texts of a few kinds as numbers: the code of each, and what the codes stand for.</summary>
/// <example><code>
/// let path = System.IO.Path.GetTempFileName()
/// System.IO.File.WriteAllText(path, "kind\nb\na\nb\n")
/// let kinds = (Csv.read Csv.defaults [ Column.Texts "kind" ] path).Categories "kind"
/// kinds.Codes // [1, 0, 1]
/// kinds.Names = [| "a"; "b" |] // true
/// </code></example>
[<NoComparison; NoEquality>]
type Categories = {
    /// Int32, shape (rows): places in <c>Names</c>.
    Codes: Tensor
    /// The different texts, in the order of their characters' codes, which no culture changes.
    Names: string[]
}

/// Names in messages.
module internal Names =
    /// The one that is nearest to a name that is none of them, as a question.
    let near (name: string) (names: string[]) : string =
        match NearestName.find name names with
        | null -> ""
        | near -> $" Did you mean '{near}'?"

    let list (names: string[]) : string =
        let shown = names |> Seq.truncate 20 |> Seq.map Untrusted.quote |> String.concat ", "
        if names.Length > 20 then shown + ", …" else shown

/// What a table keeps of a column.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Cells =
    | Numbers of Tensor
    | Texts of string[]

/// <summary>Columns of a file in memory: numbers as tensors, with an element for each row, and texts.</summary>
/// <example><code>
/// let table = Csv.read Csv.defaults [ Column.Numbers("x", DType.Float32); Column.Texts "kind" ] "points.csv"
/// let x, kinds = table.Numbers "x", table.Categories "kind"
/// let points = Dataset.ofTensors (x, kinds.Codes)
/// </code></example>
[<Sealed>]
type Table internal (name: string, count: int, columns: (string * Cells)[]) =
    let find (operation: string) (column: string) =
        Argument.check "column" column

        match columns |> Array.tryFind (fun (name, _) -> name = column) with
        | Some(_, cells) -> cells
        | None ->
            let names = Array.map fst columns

            raise (
                ValueException
                    $"{operation}: column {Untrusted.quote column} of {name} was not read.{Names.near column names} The columns that were read are {Names.list names}. Name it in the call that reads the file."
            )

    /// What a file that lacks a column, or an array, is told.
    static member internal Lacks
        (operation: string, file: string, what: string, name: string, names: string[])
        : string =
        $"{operation}: {file} has no {what} {Untrusted.quote name}.{Names.near name names} Its {what}s are {Names.list names}."

    static member internal Missing
        (operation: string, file: string, column: string, names: string[])
        : string =
        Table.Lacks(operation, file, "column", column, names)

    member internal _.Cells(column: string) : Cells = find "Table" column

    /// What it is called in errors.
    member _.Name = name
    /// How many rows there are.
    member _.Count = count
    /// The names of the columns.
    member _.Names: IReadOnlyList<string> = Array.map fst columns

    /// <summary>A column of numbers, shape (rows). A network wants (rows, 1): name it in a list, as several ones.</summary>
    /// <exception cref="T:Cotangent.ValueException">The column was not read, or as texts.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "x,y\n1,2\n3,4\n")
    /// let table = Csv.read Csv.defaults [ for name in [ "x"; "y" ] -> Column.Numbers(name, DType.Float64) ] path
    /// table.Numbers "y" // [2, 4]
    /// table.Numbers [ "x"; "y" ] // [[1, 2], [3, 4]]
    /// table.Numbers "z" // throws ValueException
    /// </code></example>
    member _.Numbers(column: string) : Tensor =
        match find "Numbers" column with
        | Cells.Numbers numbers -> numbers
        | Cells.Texts _ ->
            raise (
                ValueException
                    $"Numbers: column '{column}' of {name} is read as texts. Read it as `Column.Numbers`, or take `Categories`."
            )

    /// <summary>Several columns of numbers side by side, shape (rows, columns).</summary>
    /// <exception cref="T:Cotangent.ValueException">A column was not read, or as texts; or none is named.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The columns differ in dtype.</exception>
    member table.Numbers(columns: IEnumerable<string>) : Tensor =
        let columns = Argument.items "columns" columns

        if columns.Length = 0 then
            raise (ValueException $"Numbers: no column of {name} is named; name one or more.")

        let numbers = columns |> Array.map (fun column -> table.Numbers column)

        for column, other in Array.zip columns numbers do
            if other.DType <> numbers[0].DType then
                raise (
                    DTypeException
                        $"Numbers: column '{columns[0]}' of {name} is {numbers[0].DType}, column '{column}' {other.DType}; side by side they need one dtype. Read both with the same, or take them one by one and use `t.Convert`."
                )

        stack 1 numbers

    /// <summary>A column of texts.</summary>
    /// <exception cref="T:Cotangent.ValueException">The column was not read, or as numbers.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "kind\na\nb\na\n")
    /// (Csv.read Csv.defaults [ Column.Texts "kind" ] path).Texts "kind" = [| "a"; "b"; "a" |] // true
    /// </code></example>
    member _.Texts(column: string) : string[] =
        match find "Texts" column with
        | Cells.Texts texts -> texts
        | Cells.Numbers _ ->
            raise (
                ValueException
                    $"Texts: column '{column}' of {name} is read as numbers. Read it as `Column.Texts`."
            )

    /// <summary>
    /// A column of texts as numbers, by names of its own, in the order of their characters' codes. Another file may have other texts, and
    /// other codes then: keep the names with a model that is trained on these, and give them to <c>Categories(column, names)</c>.
    /// </summary>
    /// <exception cref="T:Cotangent.ValueException">The column was not read, or as numbers.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "kind\nb\na\nb\n")
    /// let kinds = (Csv.read Csv.defaults [ Column.Texts "kind" ] path).Categories "kind"
    /// kinds.Codes // [1, 0, 1]
    /// kinds.Names = [| "a"; "b" |] // true
    /// </code></example>
    member table.Categories(column: string) : Categories =
        let names = Array.distinct (table.Texts column)
        Array.Sort(names, StringComparer.Ordinal)
        table.Categories(column, names)

    /// <summary>A column of texts as numbers: the place of each among names that are given, such as those of the data of a training.</summary>
    /// <exception cref="T:Cotangent.ValueException">
    /// The column was not read, or as numbers; a text is none of the names, or one of them is there twice.
    /// </exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "kind\nb\nc\nb\n")
    /// let table = Csv.read Csv.defaults [ Column.Texts "kind" ] path
    /// (table.Categories("kind", [ "a"; "b"; "c" ])).Codes // [1, 2, 1]
    /// table.Categories("kind", [ "a"; "b" ]) // throws ValueException
    /// </code></example>
    /// <example><code lang="csharp">
    /// var path = Path.GetTempFileName();
    /// File.WriteAllText(path, "city\nChur\nBern\n");
    /// var table = Csv.Read(Csv.Defaults, [Column.Texts("city")], path);
    /// table.Categories("city", ["Aarau", "Bern", "Chur"]).Codes // [2, 1]
    /// </code></example>
    member table.Categories(column: string, names: IEnumerable<string>) : Categories =
        let names = Argument.items "names" names
        let codes = Dictionary<string, int>(StringComparer.Ordinal)

        names
        |> Array.iteri (fun code name ->
            if not (codes.TryAdd(name, code)) then
                raise (
                    ValueException
                        $"Categories: {Untrusted.quote name} stands twice among the names for column '{column}'. Leave one of them out."
                ))

        let code (row: int) (text: string) =
            match codes.TryGetValue text with
            | true, code -> code
            | _ ->
                raise (
                    ValueException
                        $"Categories: {Untrusted.quote text} in row {row + 1} of column '{column}' of {name} is none of the names.{Names.near text names} They are {Names.list names}. Leave such rows out, or train with their texts, too."
                )

        { Codes = Tensor.ofArray [ table.Count ] (Array.mapi code (table.Texts column)); Names = names }

    override _.ToString() =
        let shown = columns |> Array.map fst |> String.concat ", "
        $"{name}: {count} rows of {shown}"
