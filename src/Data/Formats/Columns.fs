namespace Cotangent.Datasets

open System
open Cotangent

/// Columns of files that keep them as numbers, with places where one is missing.
module internal Columns =
    let private missing (operation: string) (path: string) (column: string) (row: int) (dtype: DType) : 'a =
        raise (
            FileException
                $"{operation}: '{path}', column '{column}', row {row + 1}: the number is missing, and {dtype} has none that says so; Float32 and Float64 columns get NaN there. Fill or drop it where the file is made."
        )

    /// Numbers as a tensor of their own dtype, and what stands where one is missing, if the dtype has such a number.
    let numbers operation path column (missingValue: 't voption) (cells: Nullable<'t>[]) : Cells =
        let convert row (cell: Nullable<'t>) =
            if cell.HasValue then
                cell.Value
            else
                match missingValue with
                | ValueSome value -> value
                | ValueNone -> missing operation path column row (DTypes.tryOfClr typeof<'t>).Value

        Cells.Numbers(Tensor.ofArray [ cells.Length ] (Array.mapi convert cells))

    let texts operation path column (cells: (string | null)[]) : Cells =
        cells
        |> Array.mapi (fun row cell ->
            match cell with
            | null ->
                raise (
                    FileException
                        $"{operation}: '{path}', column '{column}', row {row + 1}: the text is missing. Fill or drop it where the file is made."
                )
            | text -> text)
        |> Cells.Texts

    /// What is made of a type of elements that no dtype holds.
    let refuse operation path column (kind: string) : 'a =
        raise (
            DTypeException
                $"{operation}: '{path}', column '{column}': elements of type {kind}, which no dtype holds. Read other columns, or convert it where the file is made."
        )

    /// Tables of one file below each other.
    let concat (name: string) (names: string[]) (tables: Table list) : Table =
        let cells column =
            match tables |> List.map (fun table -> table.Cells column) with
            | Cells.Numbers _ :: _ as all ->
                Cells.Numbers(
                    concat 0 [
                        for cells in all do
                            match cells with
                            | Cells.Numbers numbers -> numbers
                            | Cells.Texts _ -> ()
                    ]
                )
            | all ->
                Cells.Texts [|
                    for cells in all do
                        match cells with
                        | Cells.Texts texts -> yield! texts
                        | Cells.Numbers _ -> ()
                |]

        Table(name, tables |> List.sumBy _.Count, names |> Array.map (fun column -> column, cells column))
