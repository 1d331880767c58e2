// Runs the examples of the documentation comments, of both languages and of the packages beside the library: what stands in a comment behind an expression must
// be what it gives.
//
//     dotnet fsi site/examples.fsx [PART ...]
//
// A part is F#, C#, or a package by its name without Cotangent; all of them by default. An example of a package for C# has
// <code lang="csharp">, and is run with those of the facade.
// An expectation is a value, as in `diff sin (tensor 0.0) // 1`, perhaps after words and a colon; `shape (2, 3)`; or
// `throws ValueException`. Numbers may be rounded. Any other comment is a comment.

open System
open System.Diagnostics
open System.IO
open System.Text.Json
open System.Text.RegularExpressions
open System.Xml.Linq

let repository = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))
let built (path: string) = Path.Combine(repository, path)
let folder = built "artifacts/examples"
Directory.CreateDirectory folder |> ignore

/// Whether an example of a package is C#, as its attribute says; those of the facade are all.
let isCSharp (code: XElement) = code.ToString().StartsWith "<code lang=\"csharp\""

/// The name of each member with such an example, and its code.
let examples (isWanted: XElement -> bool) (xml: string) =
    XDocument.Load(built xml).Descendants "member"
    |> Seq.collect (fun m ->
        m.Elements "example"
        |> Seq.map (fun e -> e.Element "code")
        |> Seq.filter isWanted
        |> Seq.map (fun code -> m.Attribute("name").Value, code.Value))
    |> Seq.toList

// ---- Code into statements ----

let isExpectation (comment: string) =
    Regex.IsMatch(comment, @"^(-?[\d\[(∞]|true\b|false\b|shape \(|throws \w)")

/// The lines of an example as statements: each begins at the margin. An expectation may have a line of its own.
let statements (code: string) =
    let lines = code.TrimEnd().Split '\n' |> Array.skipWhile String.IsNullOrWhiteSpace
    let margin = lines[0].Length - lines[0].TrimStart().Length

    (([]: string list), lines |> Array.map (fun line -> if line.Length > margin then line[margin..] else ""))
    ||> Array.fold (fun before line ->
        match before with
        | last :: earlier when line.StartsWith "// " && isExpectation line[3..] ->
            last + " " + line :: earlier
        | last :: earlier when line = "" || " {}])|".Contains line[0] -> last + "\n" + line :: earlier
        | _ -> line :: before)
    |> List.rev
    |> List.map _.TrimEnd()

/// The expression of a statement, and what is expected of it.
let expectation (statement: string) =
    match statement.LastIndexOf "// " with
    | -1 -> statement, ""
    | at ->
        let code, comment = statement[.. at - 1].TrimEnd(), statement[at + 3 ..]
        let tail = comment[comment.LastIndexOf ": " + 1 ..].Trim()

        if isExpectation comment then code, comment
        elif comment.Contains ": " && isExpectation tail then code, tail
        else code, ""

let indented (text: string) = text.Split '\n' |> Array.map (fun line -> "    " + line) |> String.concat "\n"

// ---- F# ----

let fsharpSection (opened: string list) number (name: string, code: string) =
    let part (statement: string) =
        if Regex.IsMatch(statement, @"^(let|open|type|module|use)\b|^//|^\[<") then
            indented statement
        else
            let code, expected = expectation statement

            $"    do Examples.show \"{name}\" \"{expected}\" (fun () ->\n{indented (indented code)}\n        |> box)"

    let body = statements code |> List.map part |> String.concat "\n"
    let opens = opened |> List.map (fun name -> $"    open {name}\n") |> String.concat ""
    $"module Example{number} =\n{opens}{body}\n    do ()\n"

let fsharpShow =
    """
module Examples =
    let show (name: string) (expected: string) (f: unit -> obj) =
        let kind, got =
            try
                match f () with
                | :? Cotangent.Tensor as t when expected.StartsWith "shape" ->
                    "value", sprintf "(%s)" (System.String.Join(", ", t.Shape))
                | :? Cotangent.Tensor as t -> "value", string t
                | value -> "value", sprintf "%A" value
            with e ->
                e.GetType().Name, e.Message

        printfn "@@ %s" (System.Text.Json.JsonSerializer.Serialize [| name; expected; kind; got |])
"""

/// Whether an example is about files, or sets of data, that are not there.
let readsFiles (name: string, code: string) =
    (name + code).Contains "ReadySets"
    || Regex.IsMatch(
        code,
        @"""[\w-]+(\.\w+)*\.(csv|h5|parquet|arrow|json|jsonl|cache|npy|txt|wav|gz)|-ubyte"""
    )

let all _ = true

/// The script that runs the examples of an assembly, whose dependencies lie beside it.
let fsharp (assembly: string) (opened: string list) (isRun: string * string -> bool) =
    let name = Path.GetFileNameWithoutExtension assembly
    let place = nonNull (Path.GetDirectoryName(built assembly))
    let file = Path.Combine(folder, $"{name}.fsx")
    // A package may stand on others.
    let references =
        Directory.GetFiles(place, "Cotangent*.dll")
        |> Array.map (Path.GetFileName >> nonNull)
        |> Array.filter (fun file -> not (file.Contains ".Tests" || file.Contains ".CSharp"))

    let sections =
        examples (isCSharp >> not) (nonNull (Path.ChangeExtension(assembly, ".xml")))
        |> List.filter isRun
        |> List.mapi (fsharpSection ("Cotangent" :: opened))

    File.WriteAllText(
        file,
        String.concat "\n" [
            $"#I @\"{place}\""
            for reference in references do
                $"#r \"{reference}\""
            fsharpShow
            yield! sections
        ]
    )

    [ "fsi"; "--quiet"; "--nowarn:3886"; file ]

// ---- C# ----

let csharpSection number (opened: string, (name: string, code: string)) =
    let types, rest =
        statements code
        |> List.partition (fun s -> Regex.IsMatch(s, @"^(record|class|struct|readonly|sealed)\b"))

    let part (statement: string) =
        let code, expected = expectation statement

        if Regex.IsMatch(statement, @"^//|[;}]( *//.*)?$") || code = "" then
            indented (indented statement)
        else
            $"        Examples.Show(\"{name}\", \"{expected}\", () =>\n{indented (indented (indented code))});"

    let body = rest |> List.map part |> String.concat "\n"
    let types = types |> List.map indented |> String.concat "\n"
    // A namespace of its own, since packages may have equal names.
    $"namespace Example{number}\n{{\n{opened}internal static class Example\n{{\n{types}\n    public static async Task Run()\n    {{\n{body}\n    }}\n}}\n}}\n"

/// The packages with methods for C#, and the namespaces that they need.
let facades = [
    "Data", []
    "Solvers", [ "Cotangent.Solvers" ]
    "Charts", [ "Cotangent.Charts" ]
    "Distributions", [ "Cotangent.Distributions"; "Cotangent.Inference" ]
    "Images", [ "Cotangent.Images" ]
]

/// The code goes into the program of the C# examples (site/csharp).
let csharp () =
    let code = [
        for example in examples all "src/CSharp/bin/Release/net10.0/Cotangent.CSharp.xml" do
            "", example

        for package, opened in facades do
            let opened = opened |> List.map (fun name -> $"using {name};\n") |> String.concat ""

            for example in examples isCSharp $"src/{package}/bin/Release/net10.0/Cotangent.{package}.xml" do
                if not (readsFiles example) then opened, example
    ]

    let calls =
        code |> List.mapi (fun i _ -> $"        all.Add(Example{i}.Example.Run);") |> String.concat "\n"

    let all =
        $"internal static partial class Examples\n{{\n    static partial void Add(List<Func<Task>> all)\n    {{\n{calls}\n    }}\n}}\n"

    let text =
        "#pragma warning disable\n#nullable enable\nusing Cotangent;\n" :: List.mapi csharpSection code
        @ [ all ]
        |> String.concat "\n"

    File.WriteAllText(Path.Combine(folder, "Examples.cs"), text)
    let project = built "site/csharp/Snippets.csproj"
    let build = [ "build"; project; "-c"; "Release"; "-v"; "quiet"; "-nodeReuse:false"; "--nologo" ]
    use child = Process.Start(ProcessStartInfo("dotnet", build))
    child.WaitForExit()
    if child.ExitCode <> 0 then exit child.ExitCode
    [ built "site/csharp/bin/Release/net10.0/Snippets.dll"; "examples" ]

// ---- Comparison ----

/// Brackets, numbers and truth values, without dtypes, shapes, separators.
let tokens (text: string) =
    let text = Regex.Replace(text, @"\b(B?Float\d\d|Int\d\d|Bool)\b( \(\d[\d, ]*\))?", " ")

    [
        for m in
            Regex.Matches(text, @"[\[\]()]|-?∞|-?\d+\.?\d*(?:e[-+]?\d+)?|true|false", RegexOptions.IgnoreCase) ->
            m.Value.ToLowerInvariant()
    ]

let same (a: string) (b: string) =
    match Double.TryParse a, Double.TryParse b with
    | (true, x), (true, y) -> abs (x - y) <= 6e-4 * max 1.0 (abs y)
    | _ -> a = b

/// Whether an outcome is what was expected; without an expectation, whether there is one.
let holds (expected: string) kind (got: string) =
    if expected.StartsWith "throws " then
        kind = expected["throws ".Length ..].Trim()
    elif kind <> "value" then
        false
    elif expected = "" then
        true
    else
        let want, got = tokens expected, tokens got
        want.Length = got.Length && List.forall2 same got want

/// Runs a program of examples, and says how many expressions it had and how many failed.
let run language arguments =
    let start = ProcessStartInfo("dotnet", List.toSeq arguments, RedirectStandardOutput = true)
    use child = Process.Start start
    let lines = child.StandardOutput.ReadToEnd().Split '\n'
    child.WaitForExit()

    let outcomes =
        lines
        |> Array.filter (fun line -> line.StartsWith "@@ ")
        |> Array.map (fun line -> JsonSerializer.Deserialize<string[]>(line[3..]))

    let failed =
        outcomes
        |> Array.filter (fun o ->
            let wrong = not (holds o[1] o[2] o[3])
            if wrong then eprintfn "%s\n    expected %s\n    got      %s: %s" o[0] o[1] o[2] o[3]
            wrong)

    if outcomes |> Array.exists (fun o -> o[3].Contains "OpenCvSharp.Internal.NativeMethods") then
        printfn "%s: left out, since OpenCV's library can't be loaded here" language
        true
    else
        printfn
            "%s: %d expressions of documentation comments, %d failed"
            language
            outcomes.Length
            failed.Length

        child.ExitCode = 0 && outcomes.Length > 0 && failed.Length = 0

/// Each part by its name, and how it is run.
let parts: (string * (unit -> bool)) list = [
    let part name dll opened chosen = name, (fun () -> run name (fsharp dll opened chosen))

    part "F#" "src/bin/Release/net10.0/Cotangent.dll" [] all

    part
        "Data"
        "tests/Data/bin/Release/net10.0/Cotangent.Data.dll"
        [ "Cotangent.Datasets" ]
        (readsFiles >> not)

    part "Images" "tests/Images/bin/Release/net10.0/Cotangent.Images.dll" [ "Cotangent.Images" ] all

    part
        "Video"
        "tests/Video/bin/Release/net10.0/Cotangent.Video.dll"
        [ "Cotangent.Images"; "Cotangent.Video" ]
        all

    part "Solvers" "tests/Solvers/bin/Release/net10.0/Cotangent.Solvers.dll" [ "Cotangent.Solvers" ] all
    part "Charts" "tests/Charts/bin/Release/net10.0/Cotangent.Charts.dll" [ "Cotangent.Charts" ] all

    part
        "Distributions"
        "tests/Distributions/bin/Release/net10.0/Cotangent.Distributions.dll"
        [ "Cotangent.Distributions"; "Cotangent.Inference" ]
        all

    "C#", (fun () -> run "C#" (csharp ()))
]

let wanted = List.tail (List.ofArray fsi.CommandLineArgs)

match wanted |> List.filter (fun name -> not (List.exists (fun (part, _) -> part = name) parts)) with
| [] -> ()
| unknown ->
    let known = parts |> List.map fst |> String.concat ", "
    eprintfn "There are no examples of %s; the parts are %s." (String.concat ", " unknown) known
    exit 1

let outcomes =
    parts
    |> List.filter (fun (name, _) -> wanted.IsEmpty || List.contains name wanted)
    |> List.map (fun (_, run) -> run ())

exit (if List.forall id outcomes then 0 else 1)
