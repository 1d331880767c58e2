namespace Cotangent

open System
open Cotangent.Inlined // in place of functions of Array and List

/// Text that F# Interactive shows as it is.
[<StructuredFormatDisplay("{Text}")>]
type internal DisplayedText(text: string) =
    member _.Text = text

/// What F# Interactive and "%A" show of a tensor, wherever in a record or list it is: dtype, shape and values, of large ones a
/// few. `string t` lays out more of them.
module internal Display =
    /// The rows along the last axis, each without one pair of brackets: the array that holds them gives it back, at its
    /// left edge. None if a row takes several lines.
    let private rows (text: string) =
        // One more bracket stands at the very beginning, and a space, which is as wide, before every other line.
        let lines =
            text[.. text.Length - 2].Split '\n'
            |> Array.filter (fun line -> line <> "")
            |> Array.map (fun line -> line[1..].TrimEnd())

        let isWhole (line: string) =
            line.TrimStart() = "..." || (line.TrimStart().StartsWith '[' && line.EndsWith ']')

        let opened (line: string) =
            let bracket = line.IndexOf '['
            if bracket < 0 then line else line[.. bracket - 1] + line[bracket + 1 .. line.Length - 2]

        if lines.Length > 0 && Array.forall isWhole lines then
            Some(Array.map opened lines)
        else
            None

    /// More elements than this are not laid out: a model, or the state of an optimiser, would fill the screen.
    let private most = 120

    let private header (b: HostBuffer) =
        if b.Shape.Length = 0 then $"{b.DType}" else $"{b.DType} {Shape.show b.Shape}"

    /// One line: dtype, shape, and up to ten values or a few of more.
    let line (b: HostBuffer) : string =
        let text =
            if Shape.count b.Shape > 10 then
                Print.brief b
            else
                String.Join(
                    ' ',
                    (Print.buffer b).Split([| '\n'; ' ' |], StringSplitOptions.RemoveEmptyEntries)
                )

        $"{header b} {text}"

    /// Dtype and shape, and below them as many values as `string t` has; a scalar takes one line.
    let lines (b: HostBuffer) : string =
        let separator = if b.Shape.Length = 0 then " " else "\n"
        header b + separator + Print.buffer b

    /// Two parts, shown beside each other: text as it is, an object by its structure. F# Interactive sets the rows of a
    /// two-dimensional array below each other, in brackets, wherever in a record or list they are; the lines of one
    /// text would all begin at the left. With more axes there are brackets inside of such rows, which would no longer stand below
    /// each other: these are one text.
    let parts (b: HostBuffer) : string * obj =
        let header = header b

        if Shape.count b.Shape > most then
            $"{header} {Print.brief b}", ""
        else
            let text = Print.buffer b

            match (if b.Shape.Length = 2 then rows text else None) with
            | Some rows -> $"{header} ", Array2D.init rows.Length 1 (fun i _ -> DisplayedText rows[i])
            | None when text.Contains '\n' -> $"{header}\n{text}", ""
            | None -> $"{header} {text}", ""
