// The last steps of the documentation site, after fsdocs: what mathematics and charts need, from npm; links made
// relative, so that the site works in any folder and from a disk; a check of every link.
//
//     dotnet fsi site/finish.fsx artifacts/docs

#load "units.fsx"

open System
open System.Collections.Generic
open System.Diagnostics
open System.IO
open System.Net
open System.Text.Json.Nodes
open System.Text.RegularExpressions

let site = Path.GetFullPath fsi.CommandLineArgs[1]
let packages = Path.GetFullPath(Path.Combine(site, "..", "npm"))

let fail (message: string) =
    eprintfn "%s" message
    exit 1

// ---- From npm ----

let versions = [ "katex", "0.19.1"; "plotly.js-cartesian-dist-min", "4.1.1" ]

let package name = Path.Combine(packages, "node_modules", name)

let isThere (name, version: string) =
    let about = Path.Combine(package name, "package.json")
    File.Exists about && File.ReadAllText(about).Contains $"\"version\": \"{version}\""

let fetch () =
    Directory.CreateDirectory packages |> ignore
    let wanted = versions |> List.map (fun (name, version) -> $"{name}@{version}")
    let windows = OperatingSystem.IsWindows()
    let program = if windows then "cmd" else "npm"
    let start = ProcessStartInfo(program, WorkingDirectory = packages)

    for argument in
        (if windows then [ "/c"; "npm" ] else [])
        @ [
            "install"
            "--no-save"
            "--no-package-lock"
            "--ignore-scripts"
            "--loglevel=error"
            "--prefix"
            packages
        ]
        @ wanted do
        start.ArgumentList.Add argument

    try
        use child = Process.Start start
        child.WaitForExit()

        if child.ExitCode <> 0 then
            fail
                $"""npm could not fetch {String.concat ", " wanted}, which the site's formulas and charts need."""
    with :? ComponentModel.Win32Exception ->
        fail
            "The documentation needs npm, to fetch KaTeX and plotly.js: install Node.js (https://nodejs.org)."

let copy source (target: string) =
    let target = Path.Combine(site, "content", target)
    Directory.CreateDirectory(Path.GetDirectoryName target) |> ignore
    File.Copy(source, target, true)

if not (List.forall isThere versions) then fetch ()

let katex = Path.Combine(package "katex", "dist")
copy (Path.Combine(katex, "katex.min.js")) "katex/katex.min.js"
copy (Path.Combine(katex, "katex.min.css")) "katex/katex.min.css"

// The style sheet also names older formats, which no browser that shows this site asks for.
for font in Directory.GetFiles(Path.Combine(katex, "fonts"), "*.woff2") do
    copy font $"katex/fonts/{Path.GetFileName font}"

copy (Path.Combine(package "plotly.js-cartesian-dist-min", "plotly-cartesian.min.js")) "plotly.min.js"

// ---- Links and texts ----

/// What fsdocs was told the root of the site is.
let rootMark = "@root@/"

let pages = Directory.GetFiles(site, "*.html", SearchOption.AllDirectories)

let replace (pattern: string) (by: string) html = Regex.Replace(html, pattern, by, RegexOptions.Singleline)

/// Pages of the API reference, plainer than fsdocs makes them: all of a member is shown at once, without buttons and
/// hints, and examples stand at the margin.
let reference (html: string) =
    let example (m: Match) =
        let code =
            m.Groups[1].Value
            |> replace """<div popover class="fsdocs-tip".*?</div>""" ""
            |> replace """ data-fsdocs-tip(?:-unique)?="[^"]*"(?=[ >])""" ""
            |> replace """(<code[^>]*>|\n) """ "$1"

        $"""<div class="fsdocs-example">{code}</div>"""

    Units.units html
    // What is public for .NET Interactive alone has no page.
    |> replace """<a href="[^"]*cotangent-notebooks-[^"]*">(.*?)</a>""" "$1"
    |> replace """<div class="icon-button-row">.*?</div>\s*</div>""" ""
    |> replace
        """<div popover="" class="fsdocs-tip"[^>]*>\s*<div class="member-tooltip">.*?</div>\s*</div>"""
        ""
    |> replace """ data-fsdocs-tip(?:-unique)?="\d+"(?=[ >])""" ""
    |> replace """<details>\s*<summary>""" "<div>"
    |> replace "</summary>" ""
    |> replace "</details>" "</div>"
    |> fun html ->
        Regex.Replace(
            html,
            """<p class="fsdocs-example"(?: id="example")?>(.*?)</p>""",
            MatchEvaluator example,
            RegexOptions.Singleline
        )
    // Comments name code in Markdown's way, which fsdocs leaves as it is between tags.
    |> replace "`([^`<>\n]+)`" "<code>$1</code>"
    // What other languages call a type that F# calls otherwise.
    |> replace @">(\s*)FSharp([A-Z]\w*)" ">$1$2"
    |> replace "title=\"FSharp([A-Z])" "title=\"$1"

/// Titles of the API reference end with the name of the folder that the repository lies in.
let folderName = $" ({Path.GetFileName(Directory.GetCurrentDirectory())})"

for page in pages do
    let folder = Path.GetRelativePath(Path.GetDirectoryName page, site).Replace('\\', '/')
    let toRoot = if folder = "." then "" else folder + "/"
    let text = File.ReadAllText page
    let text = if folder = "." then text else reference text
    File.WriteAllText(page, text.Replace(rootMark, toRoot).Replace(folderName, ""))

/// What a regular expression's first group finds, all along a text.
let groups (pattern: string) (html: string) = [
    for m in Regex.Matches(html, pattern, RegexOptions.Singleline) -> m.Groups[1].Value
]

let plain (html: string) = (WebUtility.HtmlDecode(Regex.Replace(html, "<[^>]*>", ""))).Trim()

/// Entries of the search for the names of other libraries, from the glossary's table: each leads to the function of the first name
/// that it has for F#.
let synonyms () =
    let links =
        File.ReadAllText(Path.Combine(site, "functions.html"))
        |> groups "(<a href=\"reference/[^\"]*\"><code>[^<]*)"
        |> List.map (fun link -> plain link, (groups "href=\"([^\"]*)" link).Head)

    /// Where a function is described: of one in a module, the page is called like that.
    let place (name: string) =
        let isWanted (found: string, uri: string) =
            match name.Split '.' with
            | [| owner; own |] ->
                found = own && Regex.IsMatch(uri, $@"-{owner.ToLowerInvariant()}(module)?\.html#")
            | _ -> found = name

        links |> List.tryFind isWanted |> Option.map snd

    let table =
        let glossary = File.ReadAllText(Path.Combine(site, "glossary.html"))
        glossary[glossary.IndexOf "Names-in-other-libraries" ..]

    [
        for row in groups "<tr[^>]*>(.*?)</tr>" table do
            match groups "<td[^>]*>(.*?)</td>" row with
            | [ theirs; ours; _ ] when ours.Contains "<code>" ->
                let name = plain (groups "<code>(.*?)</code>" ours).Head

                let entry = JsonObject()

                entry["uri"] <-
                    JsonValue.Create(
                        place name |> Option.defaultValue "glossary.html#Names-in-other-libraries"
                    )

                entry["title"] <- JsonValue.Create $"{plain theirs}: {plain ours}"
                entry["content"] <- JsonValue.Create ""
                entry["headings"] <- JsonArray()
                entry["type"] <- JsonValue.Create "content"
                entry
            | _ -> ()
    ]

// As a script, the index can be loaded from a disk, too.
let index = Path.Combine(site, "index.json")

if File.Exists index then
    let entries =
        JsonNode.Parse(File.ReadAllText(index).Replace(rootMark, "").Replace(folderName, "")).AsArray()

    let others = synonyms ()

    if others.Length < 20 then
        fail $"The glossary has {others.Length} names of other libraries: is its table there?"

    for entry in others do
        entries.Add entry

    let text = entries.ToJsonString()
    File.WriteAllText(Path.Combine(site, "content", "search-index.js"), $"window.searchIndex = {text};")
    File.Delete index

// ---- The check ----

let attribute names =
    Regex($"""<([a-z-]+)[^>]*?\s({names})\s*=\s*["']([^"']*)["']""", RegexOptions.Singleline)

let links = attribute "href|src|srcset|poster|data"
let anchors = Regex("""\s(?:id|name)\s*=\s*(?:"([^"]*)"|'([^']*)')""")

/// Scripts and code hold no links, though they may look so.
let withoutScripts (html: string) = Regex.Replace(html, "(?s)(<script[^>]*>).*?</script>", "$1</script>")

let texts = Dictionary<string, string>()

let text path =
    match texts.TryGetValue path with
    | true, text -> text
    | false, _ ->
        texts[path] <- withoutScripts (File.ReadAllText path)
        texts[path]

let anchorsOf =
    let known = Dictionary<string, HashSet<string>>()

    fun path ->
        match known.TryGetValue path with
        | true, found -> found
        | false, _ ->
            let found = HashSet<string>()

            for m in anchors.Matches(text path) do
                found.Add(WebUtility.HtmlDecode(m.Groups[1].Value + m.Groups[2].Value)) |> ignore

            known[path] <- found
            found

let isOutside (link: string) = Regex.IsMatch(link, "^([a-z][a-z0-9+.-]*:|//)", RegexOptions.IgnoreCase)

/// What is wrong with a link of an element, if anything.
let problem page (element: string) (link: string) =
    if link.StartsWith "data:" then
        None
    elif isOutside link then
        // A reader may follow a link; nothing may be loaded without being asked for.
        if element = "a" then None else Some $"<{element}> loads {link} from elsewhere"
    else
        let path, anchor =
            match link.IndexOf '#' with
            | -1 -> link, ""
            | at -> link[.. at - 1], link[at + 1 ..]

        let path = Uri.UnescapeDataString(path.Split('?')[0])

        let target =
            if path = "" then
                page
            else
                Path.GetFullPath(Path.Combine(Path.GetDirectoryName page, path))

        if path.StartsWith '/' then
            Some $"{link} starts at the root of the server"
        elif not (File.Exists target) then
            Some $"{link} is not there"
        elif
            anchor <> ""
            && target.EndsWith ".html"
            && not ((anchorsOf target).Contains(Uri.UnescapeDataString anchor))
        then
            Some $"{link}: no such place on that page"
        else
            None

let problems = [
    for page in pages do
        let name = Path.GetRelativePath(site, page)

        for m in links.Matches(text page) do
            match problem page m.Groups[1].Value (WebUtility.HtmlDecode m.Groups[3].Value) with
            | Some what -> $"{name}: {what}"
            | None -> ()

        for m in Regex.Matches(text page, "\{\{[a-z-]+\}\}") do
            $"{name}: {m.Value} was not filled in"

        for silence in [ "No value returned by any evaluator"; "No output has been produced" ] do
            if (text page).Contains silence then $"{name}: a code block failed: {silence}"

    for sheet in Directory.GetFiles(site, "*.css", SearchOption.AllDirectories) do
        for m in Regex.Matches(File.ReadAllText sheet, """(?:url\(|@import)\s*["']?(?:https?:)?//[^)"']*""") do
            $"{Path.GetRelativePath(site, sheet)}: loads {m.Value} from elsewhere"
]

if problems.IsEmpty then
    printfn
        "%d pages, %d links checked."
        pages.Length
        (pages |> Array.sumBy (fun page -> (links.Matches(text page)).Count))
else
    for problem in List.distinct problems do
        eprintfn "%s" problem

    fail $"{problems.Length} broken links."
