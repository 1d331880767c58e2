namespace Cotangent.Inference

open System
open System.Globalization
open Cotangent
open Cotangent.Notebooks

/// What draws say of one number of a tree.
[<Sealed>]
type NumberSummary internal (name: string, draws: Tensor) =
    let chains = Array.chunkBySize draws.Shape[1] (draws.Flatten().ToData<float[]>())
    let all = Array.concat chains
    let sorted = Array.sort all

    let diagnosed =
        lazy
            (float (Diagnostics.RHat draws),
             float (Diagnostics.BulkSize draws),
             float (Diagnostics.TailSize draws))

    let rHat () = let (r, _, _) = diagnosed.Value in r

    /// <summary>Where it stands in the tree: <c>Mean</c>, <c>Each[3]</c>.</summary>
    member _.Name = name
    /// The mean of the draws.
    member _.Mean = Array.average all
    /// Their standard deviation.
    member _.StandardDeviation = sqrt (Autocorrelation.variance all)

    /// <summary>Below which a part of the draws lies. Between two draws it is linear.</summary>
    /// <exception cref="T:Cotangent.ValueException">The part is not between 0 and 1.</exception>
    /// <example><code>
    /// // The draws are 0, 1, …, 99.
    /// let draws = (Tensor.arange DType.Float64 100).Reshape [ 4; 25 ]
    /// (Summary.Of draws).Rows[0].Quantile 0.5 // 49.5
    /// </code></example>
    member _.Quantile(part: float) : float =
        if not (part >= 0.0 && part <= 1.0) then
            raise (ValueException $"NumberSummary.Quantile: {part} is no part; it must lie between 0 and 1.")

        Chains.quantile part sorted

    /// <summary>The effective sample size of the body: <c>Diagnostics.BulkSize</c>.</summary>
    member _.BulkSize = let (_, bulk, _) = diagnosed.Value in bulk
    /// <summary>That of the tails: <c>Diagnostics.TailSize</c>.</summary>
    member _.TailSize = let (_, _, tail) = diagnosed.Value in tail
    /// <summary>How far chains agree: <c>Diagnostics.RHat</c>.</summary>
    member _.RHat = rHat ()

module internal NumberSummaries =
    /// As `Each[3]`, of the place with that number among those of a shape.
    let private place (path: string) (shape: int[]) (number: int) : string =
        let indices =
            (shape, ([], number))
            ||> Array.foldBack (fun size (indices, rest) -> (rest % size :: indices, rest / size))
            |> fst
            |> List.map string
            |> String.concat ", "

        let name = path.TrimStart('$', '.')
        let name = if name = "" then "x" else name
        if shape.Length = 0 then name else $"{name}[{indices}]"

    let ofTree (draws: 'p) : NumberSummary[] =
        Tree.entries draws
        |> Array.filter _.IsTrained
        |> Array.collect (fun leaf ->
            let t = leaf.Tensor

            if t.Rank < 2 || t.Shape[0] < 1 || t.Shape[1] < 4 then
                raise (
                    ShapeException
                        $"{Cotangent.Distributions.Parameters.before leaf.Path}Summary: draws have shape {Cotangent.Distributions.Parameters.show t.Shape}; (chains, draws, …) is wanted, with four draws or more."
                )

            let shape = t.Shape[2..]
            let flat = (t.Convert DType.Float64).Reshape [ t.Shape[0]; t.Shape[1]; -1 ]
            Array.init flat.Shape[2] (fun i -> NumberSummary(place leaf.Path shape i, flat[*, *, i])))

/// <summary>What draws say of each number of a tree; prints as a table, with warnings below.</summary>
[<Sealed; StructuredFormatDisplay "{Text}"; TypeFormatterSource(typeof<NotebookFormatters>)>]
type Summary internal (rows: NumberSummary[], warnings: string[]) =
    /// <summary>Of any draws, such as quantities that were computed from others: a tree of tensors (chains, draws, …).</summary>
    /// <exception cref="T:Cotangent.ShapeException">A tensor is not of shape (chains, draws, …), or has fewer than four draws.</exception>
    /// <example><code>
    /// let draws = Random.normal (Key.create 0L) DType.Float64 [ 4; 1000 ]
    /// Summary.Of {| Square = square draws |}
    /// </code></example>
    static member Of(draws: 'p) : Summary = Summary(NumberSummaries.ofTree draws, [||])

    /// The numbers, in the order of the tree's fields.
    member _.Rows = rows
    /// What makes the draws doubtful, and what to do about it.
    member _.Warnings = warnings

    /// <summary>The row of that name.</summary>
    /// <exception cref="T:Cotangent.ValueException">No number is called so.</exception>
    member _.Item
        with get (name: string): NumberSummary =
            match rows |> Array.tryFind (fun row -> row.Name = name) with
            | Some row -> row
            | None ->
                let names = rows |> Array.map _.Name |> String.concat ", "
                raise (ValueException $"Summary: no number is called \"{name}\"; there are {names}.")

    member private summary.Text = summary.ToString()

    override _.ToString() =
        let text (format: string) (x: float) = x.ToString(format, CultureInfo.InvariantCulture)
        // Three digits of the deviation are all that there is to tell.
        let digits (row: NumberSummary) =
            let size = row.StandardDeviation

            if not (size > 0.0 && Double.IsFinite size) then
                "g6"
            else
                let places = 2 - int (floor (log10 size))
                if places > 8 then "e3" else $"F{max 0 places}"

        let table = [|
            [| ""; "mean"; "sd"; "5%"; "50%"; "95%"; "bulk"; "tail"; "R-hat" |]
            for row in rows do
                let number = text (digits row)

                [|
                    row.Name
                    number row.Mean
                    number row.StandardDeviation
                    number (row.Quantile 0.05)
                    number (row.Quantile 0.5)
                    number (row.Quantile 0.95)
                    text "F0" row.BulkSize
                    text "F0" row.TailSize
                    text "F3" row.RHat
                |]
        |]

        let widths =
            Array.init 9 (fun c -> table |> Array.map (fun (row: string[]) -> row[c].Length) |> Array.max)

        let padded (row: string[]) =
            row
            |> Array.mapi (fun c (cell: string) ->
                if c = 0 then cell.PadRight widths[c] else cell.PadLeft widths[c])
            |> String.concat "  "

        Array.append (Array.map padded table) warnings |> String.concat "\n"
