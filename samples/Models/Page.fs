/// The page that shows what a training reached; it opens without a network.
module Models.Page

open System.IO
open Cotangent
open Plotly.NET
open Plotly.NET.LayoutObjects

let private blue, red = Color.fromString "#2a6fbb", Color.fromString "#d1495b"

/// Figures over steps.
let curves (title: string) (history: (int * (string * float) list) list) (names: string list) =
    [
        for name, colour in
            List.zip names (List.truncate names.Length [ blue; red; Color.fromString "#3b8a5a" ]) do
            let points = [
                for step, figures in history do
                    match List.tryFind (fst >> (=) name) figures with
                    | Some(_, value) -> step, value
                    | None -> ()
            ]

            Chart.Line(xy = points, Name = name, ShowLegend = (names.Length > 1), LineColor = colour)
    ]
    |> Chart.combine
    |> Chart.withXAxisStyle (TitleText = "step")
    |> Chart.withYAxisStyle (TitleText = title)

/// How often which kind was taken for which.
let confusion (names: string[]) (counts: int64[,]) =
    let rows = [ for i in 0 .. names.Length - 1 -> [ for j in 0 .. names.Length - 1 -> counts[i, j] ] ]

    let colours = StyleParam.Colorscale.Custom [ 0.0, Color.fromString "#ffffff"; 1.0, blue ]

    Chart.Heatmap(zData = rows, X = names, Y = names, ShowScale = false, ColorScale = colours)
    |> Chart.withXAxisStyle (TitleText = "predicted")
    |> Chart.withYAxis (
        LinearAxis.init (AutoRange = StyleParam.AutoRange.Reversed, Title = Title.init "true")
    )

/// Grey images (n, 1, height, width) from 0 to 1 as one picture of so many columns.
let grid (title: string) (columns: int) (images: Tensor) =
    let pixels = images.ToData<float32[,,,]>()
    let n, height, width = images.Shape[0], images.Shape[2], images.Shape[3]
    let rows = (n + columns - 1) / columns

    let picture = [
        for r in 0 .. rows * (height + 1) - 1 ->
            [
                for c in 0 .. columns * (width + 1) - 1 ->
                    let i, j = r / (height + 1) * columns + c / (width + 1), r % (height + 1)

                    if i < n && j < height && c % (width + 1) < width then
                        pixels[i, 0, j, c % (width + 1)]
                    else
                        0.0f
            ]
    ]

    let hidden = LinearAxis.init (ShowTickLabels = false, ShowGrid = false, ZeroLine = false)

    Chart.Heatmap(
        zData = picture,
        ShowScale = false,
        ColorScale = StyleParam.Colorscale.Greys,
        ReverseScale = true
    )
    |> Chart.withXAxis hidden
    |> Chart.withXAxisStyle (TitleText = title)
    |> Chart.withYAxis (
        LinearAxis.init (AutoRange = StyleParam.AutoRange.Reversed, ShowTickLabels = false, ShowGrid = false)
    )

/// Writes charts side by side under a title and the measures.
let write (path: string) (title: string) (subtitle: string) (charts: GenericChart list) =
    let columns = min 2 charts.Length
    let rows = (charts.Length + columns - 1) / columns

    charts
    |> Chart.Grid(rows, columns, Pattern = StyleParam.LayoutGridPattern.Independent, XGap = 0.15, YGap = 0.2)
    |> Chart.withTitle $"{title}<br><sup>{subtitle}</sup>"
    |> Chart.withTemplate ChartTemplates.lightMirrored
    |> Chart.withConfigStyle (DisplayModeBar = false, Responsive = true)
    |> Chart.withSize (1200.0, 480.0 * float rows)
    |> Chart.withDisplayOptions (DisplayOptions.init (PlotlyJSReference = PlotlyJSReference.Full))
    |> GenericChart.toEmbeddedHTML
    // Chart.saveHtml would change the name.
    |> fun html -> File.WriteAllText(path, html)
