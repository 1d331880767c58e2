namespace Cotangent

open System

/// Text that F# Interactive shows as it is.
[<StructuredFormatDisplay("{Text}")>]
type internal DisplayedText(text: string) =
    member _.Text = text

/// What F# Interactive and "%A" show of a tensor: dtype, shape and values.
module internal Display =
    /// The rows of a matrix, each without its brackets; none if one of them takes several lines.
    let private matrixRows (shape: int[]) (text: string) =
        let lines = text[1 .. text.Length - 2].Split '\n' |> Array.map _.Trim()
        let isWhole (line: string) = line = "..." || (line.StartsWith '[' && line.EndsWith ']')

        if shape.Length = 2 && Array.forall isWhole lines then
            Some(lines |> Array.map _.Trim('[', ']'))
        else
            None

    /// Two parts, shown beside each other: text as it is, an object by its structure. F# Interactive sets the rows of a
    /// two-dimensional array below each other, in brackets, wherever in a record or list they are; the lines of one
    /// text would all begin at the left.
    let parts (b: HostBuffer) : string * obj =
        let text = Print.buffer b
        let header = if b.Shape.Length = 0 then $"{b.DType}" else $"{b.DType} {Shape.show b.Shape}"

        match matrixRows b.Shape text with
        | Some rows -> $"{header} ", Array2D.init rows.Length 1 (fun i _ -> DisplayedText rows[i])
        | None when text.Contains '\n' -> $"{header}\n{text}", ""
        | None -> $"{header} {text}", ""
