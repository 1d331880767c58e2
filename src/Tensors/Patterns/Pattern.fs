namespace Cotangent

open System
open System.Collections.Generic
open Cotangent.Inlined // in place of functions of Array and List

/// An axis that a pattern speaks of, or the dots, and where it stands. A number has no name: it is an axis for itself.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal PatternItem =
    | Axis of name: string * at: int
    | Number of size: int * at: int
    | Rest of at: int

    member item.At =
        match item with
        | Axis(_, at)
        | Number(_, at)
        | Rest at -> at

    /// What no other axis of the pattern is called.
    member item.Label =
        match item with
        | Axis(name, _) -> name
        | Number(size, at) -> $"{size} at {at}"
        | Rest _ -> "..."

/// One axis of a tensor: an item of its own, or several in parentheses, the last of which runs fastest. Without any it has
/// size 1.
[<NoComparison; NoEquality>]
type internal PatternGroup = { Items: PatternItem list; IsMerged: bool }

/// What stands on both sides of the arrow.
[<NoComparison; NoEquality>]
type internal Pattern = {
    Operation: string
    Text: string
    Left: PatternGroup list
    Right: PatternGroup list
} with

    /// An error about a place in the pattern.
    member pattern.Fail (at: int) (problem: string) : 'a =
        raise (
            ValueException $"{pattern.Operation}: in \"{pattern.Text}\", at character {at + 1}: {problem}."
        )

/// The notation of einops: `b (h w) c -> b c h w`.
module internal Pattern =
    let private isStart (c: char) = Char.IsAsciiLetter c || c = '_'
    let private isWord (c: char) = Char.IsAsciiLetterOrDigit c || c = '_'

    let items (side: PatternGroup list) : PatternItem list = [
        for group in side do
            yield! group.Items
    ]

    /// The groups between two places in the text.
    let private side (pattern: Pattern) first next : PatternGroup list =
        let text = pattern.Text
        let groups = ResizeArray<PatternGroup>()
        let mutable inside: ResizeArray<PatternItem> | null = null
        let mutable opened = 0
        let mutable i = first

        let add item =
            match inside with
            | null -> groups.Add { Items = [ item ]; IsMerged = false }
            | items -> items.Add item

        while i < next do
            let c = text[i]
            let start = i
            i <- i + 1

            if Char.IsWhiteSpace c then
                ()
            elif c = '(' then
                match inside with
                | null ->
                    inside <- ResizeArray()
                    opened <- start
                | _ -> pattern.Fail start "parentheses stand in parentheses; a group has no groups"
            elif c = ')' then
                match inside with
                | null -> pattern.Fail start "this parenthesis closes what was never opened"
                | items ->
                    groups.Add { Items = List.ofSeq items; IsMerged = true }
                    inside <- null
            elif c = '.' then
                if start + 3 > next || String.CompareOrdinal(text, start, "...", 0, 3) <> 0 then
                    pattern.Fail start "three dots stand for the axes without names, never one or two"

                i <- start + 3
                add (PatternItem.Rest start)
            elif isWord c then
                while i < next && isWord text[i] do
                    i <- i + 1

                let word = text[start .. i - 1]

                if isStart c then
                    add (PatternItem.Axis(word, start))
                else
                    match Int32.TryParse word with
                    | true, 1 -> if isNull inside then groups.Add { Items = []; IsMerged = true }
                    | true, size when size > 1 -> add (PatternItem.Number(size, start))
                    | _ ->
                        pattern.Fail
                            start
                            $"{word} is neither a name, which begins with a letter, nor a size of 1 or more"
            else
                pattern.Fail start $"'{c}' is no name, number, parenthesis, nor dots"

        if not (isNull inside) then pattern.Fail opened "this parenthesis is never closed"
        List.ofSeq groups

    let private requireOnce (pattern: Pattern) (side: PatternGroup list) =
        let seen = HashSet<string>()

        for item in items side do
            if not (seen.Add item.Label) then
                pattern.Fail
                    item.At
                    $"{item.Label} stands on this side a second time; an axis has a name of its own"

    let parse (operation: string) (text: string) : Pattern =
        let blank = { Operation = operation; Text = text; Left = []; Right = [] }
        let arrow = text.IndexOf("->", StringComparison.Ordinal)

        if arrow < 0 then
            raise (
                ValueException
                    $"{operation}: \"{text}\" has no arrow. A pattern has the axes as they are, ->, and the axes as they shall be."
            )

        let second = text.IndexOf("->", arrow + 2, StringComparison.Ordinal)
        if second >= 0 then blank.Fail second "a second arrow; a pattern has two sides"

        let pattern = { blank with Left = side blank 0 arrow; Right = side blank (arrow + 2) text.Length }

        requireOnce pattern pattern.Left
        requireOnce pattern pattern.Right

        for group in pattern.Left do
            for item in group.Items do
                if item.IsRest && group.IsMerged then
                    pattern.Fail
                        item.At
                        "dots in parentheses on the left: how their axes divide a size can't be told"

        pattern
