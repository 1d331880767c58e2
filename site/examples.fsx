// Runs the examples of the documentation comments: every <example> of Cotangent.xml becomes a module of a script, and
// what stands in a comment behind an expression must be what it gives.
//
//     dotnet fsi site/examples.fsx
//
// An expectation is a value, as in `diff sin (tensor 0.0) // 1`, perhaps after words and a colon; `shape (2, 3)`; or
// `throws ValueException`. Numbers may be rounded. Any other comment is a comment.

open System
open System.Diagnostics
open System.IO
open System.Text.RegularExpressions
open System.Xml.Linq

let repository = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))
let assembly = Path.Combine(repository, "src/bin/Release/net10.0/Cotangent.dll")

/// The lines of an example as statements: each begins at the margin.
let statements (code: string) =
    let lines = code.TrimEnd().Split '\n' |> Array.skipWhile String.IsNullOrWhiteSpace
    let margin = lines[0].Length - lines[0].TrimStart().Length

    (([]: string list), lines |> Array.map (fun line -> if line.Length > margin then line[margin..] else ""))
    ||> Array.fold (fun before line ->
        match before with
        | last :: earlier when line = "" || " }])|".Contains line[0] -> last + "\n" + line :: earlier
        | _ -> line :: before)
    |> List.rev
    |> List.map _.TrimEnd()

let isExpectation (comment: string) =
    Regex.IsMatch(comment, @"^(-?[\d\[(∞]|true\b|false\b|shape \(|throws \w)")

/// The expression of a statement, and what is expected of it.
let expectation (statement: string) =
    match statement.LastIndexOf "// " with
    | -1 -> statement, None
    | at ->
        let code, comment = statement[.. at - 1].TrimEnd(), statement[at + 3 ..]
        let tail = comment[comment.LastIndexOf ": " + 1 ..].Trim()

        if isExpectation comment then code, Some comment
        elif comment.Contains ": " && isExpectation tail then code, Some tail
        else code, None

let isDeclaration (statement: string) = Regex.IsMatch(statement, @"^(let|open|type|module|//|use)\b|^//")

let indented (text: string) = text.Split '\n' |> Array.map (fun line -> "    " + line) |> String.concat "\n"

/// One example as a module.
let section number (name: string) (code: string) =
    let body =
        statements code
        |> List.map (fun statement ->
            if isDeclaration statement then
                indented statement
            else
                let code, expected = expectation statement
                let quotes = "\"\"\""

                let expected =
                    expected |> Option.map (fun e -> $"{quotes}{e}{quotes}") |> Option.defaultValue "null"

                $"    do Examples.check {quotes}{name}{quotes} {expected} (fun () ->\n{indented (indented code)}\n        |> box)")
        |> String.concat "\n"

    $"module Example{number} =\n    open Cotangent\n{body}\n    do ()\n"

let members =
    XDocument.Load(Path.ChangeExtension(assembly, ".xml")).Descendants(XName.Get "member")
    |> Seq.collect (fun m ->
        m.Descendants(XName.Get "example")
        |> Seq.map (fun e ->
            m.Attribute(XName.Get "name").Value, (e.Element(XName.Get "code") |> Unchecked.nonNull).Value))
    |> Seq.toList

/// What the script begins with: the comparison.
let prelude =
    """
module Examples =
    open System
    open System.Text.RegularExpressions

    let mutable run = 0
    let mutable failed = 0

    let private show (value: obj) =
        match value with
        | :? Cotangent.Tensor as t -> string t
        | value -> sprintf "%A" value

    /// Brackets, numbers and truth values, without dtypes, shapes, separators.
    let private tokens (text: string) =
        let text = Regex.Replace(text, @"\b(B?Float\d\d|Int\d\d|Bool)\b( \(\d[\d, ]*\))?", " ")
        [ for m in Regex.Matches(text, @"[\[\]()]|-?∞|-?\d+\.?\d*(?:e[-+]?\d+)?|true|false") -> m.Value ]

    let private same (a: string) (b: string) =
        match Double.TryParse a, Double.TryParse b with
        | (true, x), (true, y) -> abs (x - y) <= 6e-4 * max 1.0 (abs y)
        | _ -> a = b

    let check name (expected: string | null) (f: unit -> obj) =
        run <- run + 1

        let complain got =
            failed <- failed + 1
            eprintfn "%s\n    expected %s\n    got      %s" name expected got

        let outcome = try Choice1Of2(f ()) with e -> Choice2Of2 e

        match expected, outcome with
        | null, Choice1Of2 _ -> ()
        | null, Choice2Of2 e -> complain (string e)
        | expected, Choice2Of2 e ->
            if not (expected.StartsWith("throws " + e.GetType().Name)) then complain (string e)
        | expected, Choice1Of2 value ->
            if expected.StartsWith "throws" then
                complain (show value)
            elif expected.StartsWith "shape" then
                match value with
                | :? Cotangent.Tensor as t when tokens expected = tokens (sprintf "(%s)" (String.Join(", ", t.Shape))) -> ()
                | value -> complain (show value)
            else
                let want, got = tokens expected, tokens (show value)
                if want.Length <> got.Length || not (List.forall2 same got want) then complain (show value)
"""

let script =
    [
        $"#r @\"{assembly}\""
        prelude
        yield! members |> List.mapi (fun i (name, code) -> section i name code)
        "printfn \"%d examples of documentation comments, %d expressions, %d failed\" "
        + $"{members.Length}"
        + " Examples.run Examples.failed"
        "exit (if Examples.failed = 0 then 0 else 1)"
    ]
    |> String.concat "\n"

let file = Path.Combine(repository, "artifacts", "examples.fsx")
Directory.CreateDirectory(Path.GetDirectoryName file |> Unchecked.nonNull) |> ignore
File.WriteAllText(file, script)

let child =
    Process.Start(ProcessStartInfo("dotnet", [ "fsi"; "--quiet"; "--nowarn:3886"; file ]))
    |> Unchecked.nonNull

child.WaitForExit()
exit child.ExitCode
