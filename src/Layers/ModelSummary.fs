namespace Cotangent

open System
open System.Globalization
open Cotangent.Notebooks
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>A leaf of a model, in a summary.</summary>
/// <example><code>
/// let layer = Linear.create 3 2 (Key.create 0L)
/// let summary = Model.summary Linear.forward (Tensor.zeros DType.Float32 [ 1; 3 ]) layer
/// [ for row in summary.Rows -> row.Leaf.Name, row.Parameters ] // weight has 6, bias 2
/// </code></example>
[<Sealed>]
type SummaryRow internal (leaf: Leaf, multiplyAdds: int64) =
    /// What it is called, its numbers, and whether they are trained.
    member _.Leaf = leaf
    /// In how many multiply-adds of the forward pass its numbers are factors.
    member _.MultiplyAdds = multiplyAdds
    /// How many numbers it is.
    member _.Parameters = int64 leaf.Tensor.Size
    /// How many bytes these take.
    member row.Bytes = row.Parameters * int64 leaf.Tensor.DType.Size

/// <summary>What a model is made of, and what its forward pass takes; prints as a table.</summary>
/// <example><code>
/// let layer = Linear.create 3 2 (Key.create 0L)
/// let summary = Model.summary Linear.forward (Tensor.zeros DType.Float32 [ 1; 3 ]) layer
/// summary.Parameters // 8
/// summary.MultiplyAdds // 6
/// </code></example>
[<Sealed; TypeFormatterSource(typeof<NotebookFormatters>)>]
type ModelSummary internal (rows: SummaryRow[], other: int64) =
    let total (of': SummaryRow -> int64) = rows |> Array.fold (fun n row -> n + of' row) 0L

    /// The leaves, in the order of the model's fields.
    member _.Rows = rows
    /// How many numbers are trained.
    member _.Parameters = total (fun row -> if row.Leaf.IsTrained then row.Parameters else 0L)
    /// How many numbers are not.
    member _.Frozen = total (fun row -> if row.Leaf.IsTrained then 0L else row.Parameters)
    /// How many bytes all of them take.
    member _.Bytes = total _.Bytes
    /// Of the forward pass: in products of matrices, convolutions and attention.
    member _.MultiplyAdds = total _.MultiplyAdds + other

    override summary.ToString() =
        let number (n: int64) = n.ToString("N0", CultureInfo.InvariantCulture)

        let line name shape dtype parameters bytes multiplyAdds = [|
            name
            shape
            dtype
            number parameters
            number bytes
            number multiplyAdds
        |]

        let table = [|
            [| "name"; "shape"; "dtype"; "numbers"; "bytes"; "multiply-adds" |]
            for row in rows do
                let t = row.Leaf.Tensor
                let name = if row.Leaf.IsTrained then row.Leaf.Name else row.Leaf.Name + " (frozen)"
                line name (Shape.show t.Dims) (string t.DType) row.Parameters row.Bytes row.MultiplyAdds
            if other > 0L then line "(of no leaf)" "" "" 0L 0L other
            line "total" "" "" (summary.Parameters + summary.Frozen) summary.Bytes summary.MultiplyAdds
        |]

        let widths =
            Array.init 6 (fun c -> table |> Array.map (fun (row: string[]) -> row[c].Length) |> Array.max)

        let padded (row: string[]) =
            row
            |> Array.mapi (fun c (text: string) ->
                if c < 3 then text.PadRight widths[c] else text.PadLeft widths[c])
            |> fun cells -> String.Join("  ", cells).TrimEnd()

        String.Join("\n", Array.map padded table)
