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
        | None -> raise (ValueException(Table.Missing(operation, name, column, Array.map fst columns)))

    /// What a file that lacks a column, or an array, is told.
    static member internal Lacks
        (operation: string, file: string, what: string, name: string, names: string[])
        : string =
        let near =
            match NearestName.find name names with
            | null -> ""
            | near -> $" Did you mean '{near}'?"

        let shown = names |> Seq.truncate 20 |> Seq.map Untrusted.quote |> String.concat ", "

        let more = if names.Length > 20 then ", …" else ""

        $"{operation}: {file} has no {what} {Untrusted.quote name}.{near} Its {what}s are {shown}{more}."

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

    /// <summary>A column of numbers, shape (rows).</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no such column, or it is one of texts.</exception>
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
    /// <exception cref="T:Cotangent.ValueException">There is no such column, or it is one of texts.</exception>
    /// <exception cref="T:Cotangent.DTypeException">The columns differ in dtype.</exception>
    member table.Numbers(columns: IEnumerable<string>) : Tensor =
        Argument.check "columns" columns
        stack 1 [ for column in columns -> table.Numbers column ]

    /// <summary>A column of texts.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no such column, or it is one of numbers.</exception>
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

    /// <summary>A column of texts as numbers.</summary>
    /// <exception cref="T:Cotangent.ValueException">There is no such column, or it is one of numbers.</exception>
    /// <example><code>
    /// let path = System.IO.Path.GetTempFileName()
    /// System.IO.File.WriteAllText(path, "kind\nb\na\nb\n")
    /// let kinds = (Csv.read Csv.defaults [ Column.Texts "kind" ] path).Categories "kind"
    /// kinds.Codes // [1, 0, 1]
    /// kinds.Names = [| "a"; "b" |] // true
    /// </code></example>
    member table.Categories(column: string) : Categories =
        let texts = table.Texts column
        let names = Array.distinct texts
        Array.Sort(names, StringComparer.Ordinal)
        let codes = Dictionary<string, int>(StringComparer.Ordinal)
        names |> Array.iteri (fun code name -> codes[name] <- code)

        {
            Codes = Tensor.ofArray [ texts.Length ] (texts |> Array.map (fun text -> codes[text]))
            Names = names
        }

    override _.ToString() =
        let shown = columns |> Array.map fst |> String.concat ", "
        $"{name}: {count} rows of {shown}"
