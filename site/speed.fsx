// The charts of speed in README and on the landing page, drawn from the tables of benchmarks/RESULTS.md, so that no figure is typed
// twice: `dotnet fsi site/speed.fsx` writes docs/img/speed-light.svg and speed-dark.svg, `--check` fails where they differ.

#load "results.fsx"

open System
open System.Globalization
open System.IO
open System.Net
open Results

let root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))

type Bar = { Name: string; Value: float; Label: string; IsOurs: bool }

/// The article's GAN, µs an iteration, from the fastest on.
let gan =
    rows "The article's GAN"
    |> Array.map (fun row -> {
        Name = row[0].Replace("`", "").Replace("C++ with -ffast-math", "C++ -ffast-math")
        Value = number row[1]
        Label = row[1] + " µs"
        IsOurs = row[0].StartsWith("Cotangent", StringComparison.Ordinal)
    })
    |> Array.sortBy _.Value

/// Training steps of models, ms, two threads: ours and TorchSharp's in turn.
let models =
    rows "Models of layers" |> Array.map (fun row -> row[0].Split(',')[0], number row[4], number row[5])

type Theme = { Name: string; Text: string; Faint: string; Ours: string; Other: string }

let themes = [
    { Name = "light"; Text = "#1f2937"; Faint = "#6b7280"; Ours = "#2563eb"; Other = "#9aa4b1" }
    { Name = "dark"; Text = "#e5e7eb"; Faint = "#9ca3af"; Ours = "#60a5fa"; Other = "#4b5563" }
]

let width, left, right, row = 720.0, 190.0, 620.0, 24.0

let text (x: float) (y: float) anchor size colour weight (content: string) =
    $"""<text x="{x:F0}" y="{y:F0}" text-anchor="{anchor}" font-size="{size}" fill="{colour}" font-weight="{weight}">{WebUtility.HtmlEncode content}</text>"""

let bar (y: float) (length: float) colour =
    $"""<rect x="{left:F0}" y="{y:F0}" width="{length:F1}" height="16" rx="3" fill="{colour}"/>"""

let draw (theme: Theme) : string =
    let colour isOurs = if isOurs then theme.Ours else theme.Other
    let high = gan |> Array.map _.Value |> Array.max |> Math.Log10
    let low = Math.Log10 0.1

    let ofGan (value: float) = (Math.Log10 value - low) / (high - low) * (right - left)

    let most = models |> Array.map (fun (_, ours, theirs) -> max ours theirs) |> Array.max
    let ofModels value = value / most * (right - left)
    let second = 52.0 + row * float gan.Length + 44.0

    let lines = [
        text
            0.0
            18.0
            "start"
            15
            theme.Text
            600
            "A GAN of 471 parameters, batch 1: time of an iteration (logarithmic)"

        for i, each in Array.indexed gan do
            let y = 34.0 + row * float i
            text (left - 8.0) (y + 13.0) "end" 13 theme.Text 400 each.Name
            bar y (ofGan each.Value) (colour each.IsOurs)
            text (left + ofGan each.Value + 6.0) (y + 13.0) "start" 12 theme.Faint 400 each.Label

        text
            0.0
            (second - 14.0)
            "start"
            15
            theme.Text
            600
            "A training step of larger models, two threads (blue: Cotangent, grey: TorchSharp)"

        for i, (name, ours, theirs) in Array.indexed models do
            let y = second + 44.0 * float i
            text (left - 8.0) (y + 22.0) "end" 13 theme.Text 400 name

            for offset, value, isOurs in [ 0.0, ours, true; 18.0, theirs, false ] do
                bar (y + offset) (ofModels value) (colour isOurs)

                text
                    (left + ofModels value + 6.0)
                    (y + offset + 13.0)
                    "start"
                    12
                    theme.Faint
                    400
                    $"{value.ToString CultureInfo.InvariantCulture} ms"
    ]

    let height = second + 44.0 * float models.Length

    String.concat "\n" [
        $"""<svg xmlns="http://www.w3.org/2000/svg" width="{width:F0}" height="{height:F0}" viewBox="0 0 {width:F0} {height:F0}" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif" role="img" style="max-width: 100%%; height: auto">"""
        "<title>Time of Cotangent beside C++, NumPy and TorchSharp; the numbers stand in benchmarks/RESULTS.md</title>"
        yield! lines
        "</svg>\n"
    ]

CultureInfo.CurrentCulture <- CultureInfo.InvariantCulture
let isCheck = fsi.CommandLineArgs |> Array.contains "--check"

for theme in themes do
    let path = Path.Combine(root, "docs", "img", $"speed-{theme.Name}.svg")
    let drawn = draw theme

    if not isCheck then
        File.WriteAllText(path, drawn)
    elif not (File.Exists path) || File.ReadAllText path <> drawn then
        eprintfn "%s is not what benchmarks/RESULTS.md says. To draw it anew: dotnet fsi site/speed.fsx" path
        exit 1
