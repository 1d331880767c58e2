namespace Cotangent

open System
open System.Text
open Cotangent.Inlined // in place of functions of Array and List

/// <summary>
/// What the leaves behind a field are called, where that is not the field's name: <c>[&lt;LeafName "in_proj_weight">]</c>. With "" the
/// field takes no part in the name.
/// </summary>
[<Sealed; AttributeUsage(AttributeTargets.Property ||| AttributeTargets.Field)>]
type LeafNameAttribute(name: string) =
    inherit Attribute()
    /// A part of names such as <c>attention.in_proj_weight</c>.
    member _.Name = name

/// What the leaves of a tree are called for other programs: `layers.0.running_mean`, as PyTorch writes it.
module internal LeafName =
    /// "running_mean" of "RunningMean", "gru" of "GRU", "batch_norm2d" of "BatchNorm2d": a word begins with a capital after a small
    /// letter or a digit, or before a small letter.
    let ofField (name: string) : string =
        let text = StringBuilder()

        for i in 0 .. name.Length - 1 do
            let follows = i > 0 && (Char.IsLower name[i - 1] || Char.IsDigit name[i - 1])
            let leads = i > 0 && Char.IsUpper name[i - 1] && i + 1 < name.Length && Char.IsLower name[i + 1]
            if Char.IsUpper name[i] && (follows || leads) then text.Append '_' |> ignore
            text.Append(Char.ToLowerInvariant name[i]) |> ignore

        text.ToString()

    /// Of a place, ".Weight" or "[2]".
    let ofPlace (place: string) : string =
        if place.StartsWith '.' then ofField (place.Substring 1) else place.Trim('[', ']')

    /// The name of a part in a whole, either of which may have none of its own.
    let join (whole: string) (part: string) : string =
        if whole = "" then part
        elif part = "" then whole
        else whole + "." + part

    /// Whether a word fits a pattern with any number of asterisks, each for any letters.
    let private fits (pattern: string) (word: string) : bool =
        let parts = pattern.Split '*'

        if parts.Length = 1 then
            pattern = word
        else
            let last = parts[parts.Length - 1]

            let mutable at =
                if word.StartsWith(parts[0], StringComparison.Ordinal) then parts[0].Length else -1

            for part in parts[1 .. parts.Length - 2] do
                if at >= 0 then
                    let found = word.IndexOf(part, at, StringComparison.Ordinal)
                    at <- if found < 0 then -1 else found + part.Length

            at >= 0 && word.Length - at >= last.Length && word.EndsWith(last, StringComparison.Ordinal)

    /// Whether a name fits a pattern: `*` stands for any letters between two dots, `**` for any parts of the name, or none.
    let matches (pattern: string) : string -> bool =
        let wanted = pattern.Split '.'

        fun name ->
            let words = name.Split '.'
            // fitting[j]: whether the first j words fit the parts of the pattern so far.
            let mutable fitting = Array.init (words.Length + 1) (fun j -> j = 0)

            for part in wanted do
                let before = fitting
                fitting <- Array.zeroCreate (words.Length + 1)

                for j in 0 .. words.Length do
                    fitting[j] <-
                        if part = "**" then
                            before[j] || (j > 0 && fitting[j - 1])
                        else
                            j > 0 && before[j - 1] && fits part words[j - 1]

            fitting[words.Length]
