// Units of measure as F# writes them. fsdocs shows them as the types that stand for them in an assembly: a quotient of 'u and 'v as
// MeasureProduct<'u, MeasureInverse<'v>>, each name a link.

open System.Text.RegularExpressions

/// The factors of a unit and their exponents.
type private Factors = (string * int) list

/// What is worked out already stands between braces: {{'u:1,'v:-1}}.
let private show (factors: Factors) =
    "{{" + String.concat "," [ for name, power in factors -> $"{name}:{power}" ] + "}}"

let private parse (text: string) : Factors =
    match text.Trim() with
    | "1" -> []
    | text when text.StartsWith "{{" -> [
        for m in Regex.Matches(text, @"([^{},:]+):(-?\d+)") -> m.Groups[1].Value, int m.Groups[2].Value
      ]
    | name -> [ name, 1 ]

let private multiply (a: Factors) (b: Factors) : Factors =
    a @ b
    |> List.groupBy fst
    |> List.map (fun (name, powers) -> name, List.sumBy snd powers)
    |> List.filter (fun (_, power) -> power <> 0)

let private written (factors: Factors) : string =
    let power (name, n) = if n = 1 then name else $"{name}^{n}"
    let above = factors |> List.filter (fun (_, n) -> n > 0) |> List.map power
    let below = factors |> List.filter (fun (_, n) -> n < 0) |> List.map (fun (name, n) -> power (name, -n))
    let above = if above.IsEmpty then "1" else String.concat " " above

    match below with
    | [] -> above
    | [ one ] -> $"{above}/{one}"
    | several -> $"""{above}/({String.concat " " several})"""

let private one = """<a href="[^"]*measureone">MeasureOne</a>"""

let private inverse =
    """<span><a href="[^"]*measureinverse-1">MeasureInverse</a>&lt;([^<>]*?)&gt;</span>"""

let private product =
    """<span><a href="[^"]*measureproduct-2">MeasureProduct</a>&lt;<span>([^<>]*?),&#32;([^<>]*?)</span>&gt;</span>"""

/// A page with all of its units written so, from the innermost on.
let units (html: string) : string =
    let rec inward (html: string) =
        let next =
            Regex.Replace(
                html,
                inverse,
                fun (m: Match) -> parse m.Groups[1].Value |> List.map (fun (name, n) -> name, -n) |> show
            )

        let next =
            Regex.Replace(
                next,
                product,
                fun (m: Match) -> multiply (parse m.Groups[1].Value) (parse m.Groups[2].Value) |> show
            )

        if next = html then html else inward next

    let found = inward (Regex.Replace(html, one, "1"))
    Regex.Replace(found, @"\{\{[^{}]*\}\}", fun (m: Match) -> written (parse m.Value))
