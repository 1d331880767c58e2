// Loaded by every page of the documentation: the library as built, Plotly.NET, and how charts and code from elsewhere
// become part of a page.

#I "../samples/SineGan/bin/Release/net10.0"
#r "Cotangent.dll"
#r "Sines.dll"
#r "DynamicObj.dll"
#r "Giraffe.ViewEngine.dll"
#r "Newtonsoft.Json.dll"
#r "Plotly.NET.dll"

open System
open System.IO
open System.Net
open System.Text.Json.Nodes
open System.Text.RegularExpressions
open Plotly.NET

let repository = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))

// ---- Charts ----

/// A chart as data: content/site.js draws it in the colours of the reader's theme and the width of the page.
let chartHtml (chart: GenericChart) =
    let figure = JsonNode.Parse(GenericChart.toFigureJson chart).AsObject()
    let layout = figure["layout"].AsObject()

    for name in [ "template"; "width" ] do
        layout.Remove name |> ignore

    figure.Remove "frames" |> ignore
    let json = figure.ToJsonString().Replace("</", "<\\/")
    $"<figure class=\"chart\"><script type=\"application/json\">{json}</script></figure>"

Defaults.DefaultHeight <- 380

#if HAS_FSI_ADDHTMLPRINTER
fsi.AddHtmlPrinter(fun (chart: GenericChart) -> Seq.empty, chartHtml chart)
#endif

// ---- Code from files ----

let private keywords =
    Map [
        "fsharp",
        "let|in|fun|function|match|with|type|module|open|if|then|else|elif|for|do|while|rec|and|of|member|static|private|internal|mutable|use|try|when|abstract|override|inherit|not"
        "csharp",
        "using|var|new|record|class|sealed|internal|namespace|catch|try|struct|static|public|private|readonly|return|foreach|for|in|if|else|while|await|async|is|null|true|false|this|void|int|long|float|double|bool|string|with|switch|nameof|out|ref"
    ]

/// Code as HTML, in colours that need no compiler.
let code language (text: string) =
    let token =
        Regex
            $"""(?<c>//[^\n]*)|(?<s>\$?@?"(?:\\.|[^"\\\n])*")|\b(?<k>{keywords[language]})\b|\b(?<n>\d[\d_]*(?:\.\d+)?(?:e-?\d+)?[fFLdm]?)\b"""

    let html = Text.StringBuilder()
    let mutable at = 0

    for m in token.Matches text do
        html.Append(WebUtility.HtmlEncode text[at .. m.Index - 1]) |> ignore
        let kind = [ "c"; "s"; "k"; "n" ] |> List.find (fun kind -> m.Groups[kind].Success)
        html.Append($"<span class=\"{kind}\">{WebUtility.HtmlEncode m.Value}</span>") |> ignore
        at <- m.Index + m.Length

    html.Append(WebUtility.HtmlEncode text[at..]) |> ignore
    $"<pre class=\"fssnip\"><code lang=\"{language}\">{html}</code></pre>\n"

/// Lines without the indentation that all of them share.
let dedent (lines: string[]) =
    let indentation (line: string) = line.Length - line.TrimStart().Length
    let filled = lines |> Array.filter (fun line -> line.Trim() <> "")
    let common = if filled.Length = 0 then 0 else filled |> Array.map indentation |> Array.min

    lines
    |> Array.map (fun line -> if line.Length >= common then line[common..] else "")
    |> String.concat "\n"

/// Lines of a source file, from the first that contains one text to the next that contains another. Fails, and the
/// site with it, when the file no longer has them.
let lines file (first: string) (last: string) =
    let all = File.ReadAllLines(Path.Combine(repository, file))

    let find (text: string) start =
        match Array.FindIndex(all, start, (fun line -> line.Contains text)) with
        | -1 -> failwith $"{file} has no line with '{text}'."
        | at -> at

    let from = find first 0
    all[from .. find last from]

/// The same as a block of a page.
let excerpt file first last = code "fsharp" (dedent (lines file first last))

// ---- The C# program whose parts are shown ----

/// What the regions of docs/csharp print, by their names.
let private csharpOutput =
    lazy
        (let dll = Path.Combine(repository, "site/csharp/bin/Release/net10.0/Snippets.dll")

         let start =
             Diagnostics.ProcessStartInfo(
                 "dotnet",
                 [ dll ],
                 RedirectStandardOutput = true,
                 WorkingDirectory = repository
             )

         use child = Diagnostics.Process.Start start
         let text = child.StandardOutput.ReadToEnd()
         child.WaitForExit()

         if child.ExitCode <> 0 then
             failwith $"The C# examples failed with exit code {child.ExitCode}."

         Regex.Split(text, "(?m)^#### ")
         |> Array.skip 1
         |> Array.map (fun part ->
             let name, output =
                 match part.IndexOf '\n' with
                 | -1 -> part, ""
                 | at -> part[.. at - 1], part[at + 1 ..]

             name.Trim(), output.Trim())
         |> Map)

/// A region of a C# file of the examples.
let csharpCode file region =
    let all = lines ("site/csharp/" + file) $"#region {region}" "#endregion"
    code "csharp" (dedent all[1 .. all.Length - 2])

/// A region, and what it printed when the site was built.
let csharp file region =
    let output =
        match csharpOutput.Value.TryFind region with
        | Some text when text <> "" ->
            $"<pre class=\"output\"><code>{WebUtility.HtmlEncode text}</code></pre>\n"
        | Some _ -> ""
        | None -> failwith $"The C# examples ran no '{region}'."

    csharpCode file region + output

// ---- Tables whose code is run ----

/// A table of what is known to the reader and what it is here; code on both sides.
let table (heading: string) (rows: (string * string) list) =
    let cell (text: string) =
        text.Split '\n'
        |> Array.map (fun line -> $"<code>{WebUtility.HtmlEncode line}</code>")
        |> String.concat "<br>"

    let body =
        rows
        |> List.map (fun (left, right) -> $"<tr><td>{cell left}</td><td>{cell right}</td></tr>")
        |> String.concat "\n"

    $"<table class=\"stack\"><thead><tr><th>{heading}</th><th>Cotangent</th></tr></thead><tbody>\n{body}\n</tbody></table>\n"

/// Runs pieces of code as one script after some definitions; fails where one of them does.
let runAll (definitions: string) (pieces: string list) =
    let script = Path.Combine(Path.GetTempPath(), $"cotangent-{Guid.NewGuid():N}.fsx")

    let tests =
        pieces
        |> List.mapi (fun i piece ->
            let body = piece.Split '\n' |> Array.map (fun line -> "    " + line) |> String.concat "\n"
            $"let test{i} () =\n{body}\ntest{i} () |> ignore")

    let page = Path.Combine(repository, "site", "page.fsx").Replace("\\", "/")
    File.WriteAllText(script, String.concat "\n" ([ $"#load \"{page}\""; definitions ] @ tests))

    let start =
        Diagnostics.ProcessStartInfo(
            "dotnet",
            [ "fsi"; script ],
            RedirectStandardError = true,
            RedirectStandardOutput = true
        )

    use child = Diagnostics.Process.Start start
    let errors = child.StandardError.ReadToEndAsync()
    child.StandardOutput.ReadToEnd() |> ignore
    child.WaitForExit()
    File.Delete script

    if child.ExitCode <> 0 then failwith $"Code in a table failed.\n{errors.Result}"
