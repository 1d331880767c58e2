/// The page that shows what a training reached. It opens without a network, on a screen of any width.
module Models.Page

open System
open System.IO
open System.Net
open System.Text.RegularExpressions
open Cotangent
open Plotly.NET
open Plotly.NET.LayoutObjects

type Content =
    | Drawing of GenericChart
    /// Grey images (n, 1, height, width) from 0 to 1, as one picture of so many columns.
    | Images of columns: int * images: Tensor
    /// Lines as they are.
    | Lines of string
    /// A page of its own with a drawing, such as `Compile.page` makes.
    | Inner of html: string

type Figure = { Title: string; Content: Content }

let private blue, red = Color.fromString "#2a6fbb", Color.fromString "#d1495b"

/// Figures over steps.
let curves (title: string) (history: (int * (string * float) list) list) (names: string list) : Figure =
    let lines = [
        for name, colour in
            List.zip names (List.truncate names.Length [ blue; red; Color.fromString "#3b8a5a" ]) do
            let points = [
                for step, figures in history do
                    match List.tryFind (fst >> (=) name) figures with
                    | Some(_, value) -> step, value
                    | None -> ()
            ]

            if points.IsEmpty && not history.IsEmpty then
                let there =
                    history |> List.collect (snd >> List.map fst) |> List.distinct |> String.concat ", "

                invalidArg
                    (nameof names)
                    $"There is no {name} in the history of this training, which has {there}."

            Chart.Line(
                xy = points,
                Name = name,
                ShowLegend = (names.Length > 1),
                // A single point has no line.
                ShowMarkers = (points.Length = 1),
                LineColor = colour
            )
    ]

    {
        Title = title
        Content =
            Chart.combine lines
            |> Chart.withXAxisStyle (TitleText = "step")
            |> Chart.withLegendStyle (Orientation = StyleParam.Orientation.Horizontal, Y = 1.12)
            |> Drawing
    }

/// The same with powers of ten at equal distances.
let logarithmic (figure: Figure) : Figure =
    match figure.Content with
    | Drawing chart -> {
        figure with
            Content =
                chart
                |> Chart.withYAxis (
                    LinearAxis.init (
                        AxisType = StyleParam.AxisType.Log,
                        ExponentFormat = StyleParam.ExponentFormat.Power
                    )
                )
                |> Drawing
      }
    | Images _
    | Lines _
    | Inner _ -> figure

/// How often which kind was taken for which.
let confusion (names: string[]) (counts: int64[,]) : Figure =
    let rows = [ for i in 0 .. names.Length - 1 -> [ for j in 0 .. names.Length - 1 -> counts[i, j] ] ]

    let colours = StyleParam.Colorscale.Custom [ 0.0, Color.fromString "#ffffff"; 1.0, blue ]

    {
        Title = "predicted (across) for each true kind (down)"
        Content =
            Chart.Heatmap(zData = rows, X = names, Y = names, ShowScale = false, ColorScale = colours)
            |> Chart.withYAxis (LinearAxis.init (AutoRange = StyleParam.AutoRange.Reversed))
            |> Drawing
    }

let images (title: string) (columns: int) (images: Tensor) : Figure = {
    Title = title
    Content = Images(columns, images)
}

let lines (title: string) (text: string) : Figure = { Title = title; Content = Lines text }

/// The images as one picture, ink on white, as a PNG file.
let private mosaic columns (images: Tensor) : byte[] =
    Cotangent.Images.Image.unstack (clamp 0.0 1.0 (1.0 - images))
    |> Cotangent.Images.Image.gridOn (Cotangent.Images.Color.OfRgb(255uy, 255uy, 255uy)) columns 1
    |> Cotangent.Images.Image.encodePng

let private style =
    """
body { margin: 0 auto; max-width: 76rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #22304a; background: #f3f5f9 }
h1 { margin: .5rem 0; font-size: 1.6rem }
p { max-width: 60rem; margin: .5rem 0 }
dl, main { display: grid; gap: 1rem; margin: 1rem 0 }
dl { grid-template-columns: repeat(auto-fill, minmax(min(100%, 9rem), 1fr)); gap: .75rem }
figure { display: flex; flex-direction: column }
dl div, figure { margin: 0; padding: .75rem 1rem; background: #fff; border-radius: .5rem; box-shadow: 0 1px 3px #22304a22; min-width: 0 }
dt { font-size: .85rem; color: #5a6a86 }
dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums }
main { grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)) }
figcaption { margin-bottom: .5rem; font-weight: 600 }
img { display: block; width: 100%; image-rendering: pixelated }
pre { margin: 0; overflow-x: auto; font: .85rem/1.45 ui-monospace, monospace; white-space: pre-wrap }
.chart { flex: 1; min-height: 24rem }
iframe { width: 100%; border: 0 }
"""

/// Each chart takes the room there is, and no bar of buttons.
let private script =
    """
for (const element of document.querySelectorAll('.chart')) {
  const { data, layout } = JSON.parse(element.dataset.figure);
  delete layout.width; delete layout.height;
  layout.margin = { l: 50, r: 10, t: 10, b: 40 };
  for (const name of ['xaxis', 'yaxis']) (layout[name] ??= {}).automargin = true;
  Plotly.newPlot(element, data, layout, { responsive: true, displayModeBar: false });
}
"""

/// The library that Plotly.NET brings, so that the page needs no network.
let private plotly () =
    let assembly = typeof<GenericChart>.Assembly
    let name = assembly.GetManifestResourceNames() |> Array.find _.EndsWith(".min.js")
    use reader = new StreamReader(nonNull (assembly.GetManifestResourceStream name))
    reader.ReadToEnd()

let private show (figure: Figure) =
    let encoded (text: string) = WebUtility.HtmlEncode text

    let content =
        match figure.Content with
        | Drawing chart ->
            let json = chart |> Chart.withTemplate ChartTemplates.lightMirrored |> GenericChart.toFigureJson

            $"""<div class="chart" data-figure="{encoded json}"></div>"""
        | Lines text -> $"<pre>{encoded text}</pre>"
        | Images(columns, images) ->
            let data = Convert.ToBase64String(mosaic columns images)
            $"""<img alt="{encoded figure.Title}" src="data:image/png;base64,{data}">"""
        | Inner html ->
            // As high as the drawing, and the heading and margins around it.
            let height = Regex.Match(html, "<svg[^>]* height=\"(\\d+)\"").Groups[1].Value

            $"""<iframe title="{encoded figure.Title}" style="height: calc({height}px + 7rem)" srcdoc="{encoded html}"></iframe>"""

    $"<figure><figcaption>{encoded figure.Title}</figcaption>{content}</figure>"

/// featureDistance -> feature distance.
let private words (name: string) =
    Regex.Replace(name, "(?<=[a-z])[A-Z]", fun found -> " " + found.Value.ToLowerInvariant())

/// Writes a title, what there is to say, facts with their names, and figures.
let write
    (path: string)
    (title: string)
    (about: string)
    (facts: (string * string) list)
    (figures: Figure list)
    =
    let encoded (text: string) = WebUtility.HtmlEncode text

    let facts = [
        for name, value in facts -> $"<div><dt>{encoded (words name)}</dt><dd>{encoded value}</dd></div>"
    ]

    [
        "<!DOCTYPE html>"
        "<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        $"<title>{encoded title}</title><style>{style}</style><script>{plotly ()}</script></head>"
        $"""<body><h1>{encoded title}</h1><p>{encoded about}</p><dl>{String.concat "" facts}</dl>"""
        $"""<main>{figures |> List.map show |> String.concat "\n"}</main>"""
        $"<script>{script}</script></body></html>"
    ]
    |> fun lines -> File.WriteAllLines(path, lines)
