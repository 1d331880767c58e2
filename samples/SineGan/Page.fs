/// The page that shows what a training reached; it opens without a network.
module SineGan.Page

open System.IO
open Cotangent
open Samples
open Plotly.NET

/// Signals as thin lines over each other.
let private signals name colour (signals: Tensor) =
    let index = [ 0 .. signals.Shape[1] - 1 ]

    signals.ToData<float32[][]>()
    |> Array.map (fun signal ->
        Chart.Line(
            x = index,
            y = signal,
            Name = name,
            ShowLegend = false,
            LineColor = Color.fromString colour,
            LineWidth = 1.0,
            Opacity = 0.25
        ))
    |> Chart.combine
    |> Chart.withXAxisStyle (TitleText = "sample")
    |> Chart.withYAxisStyle (TitleText = name, MinMax = (-1.15, 1.15))

let private losses (points: SineGanPoint list) =
    let curve name colour value =
        Chart.Line(
            x = (points |> List.map _.Iteration),
            y = List.map value points,
            Name = name,
            LineColor = Color.fromString colour
        )

    [ curve "generator" "#2a6fbb" _.GeneratorLoss; curve "discriminator" "#d1495b" _.DiscriminatorLoss ]
    |> Chart.combine
    |> Chart.withXAxisStyle (TitleText = "iteration")
    |> Chart.withYAxisStyle (TitleText = "loss")

/// Writes the page: generated and real signals side by side, the losses, and the measures in the title.
let write (path: string) (title: string) (subtitle: string) (generated: Tensor) (real: Tensor) points =
    Defaults.DefaultDisplayOptions <- DisplayOptions.init (PlotlyJSReference = PlotlyJSReference.Full)

    [ signals "generated" "#2a6fbb" generated; signals "real" "#3b8a5a" real; losses points ]
    |> Chart.Grid(1, 3, Pattern = StyleParam.LayoutGridPattern.Independent)
    |> Chart.withTitle $"{title}<br><sup>{subtitle}</sup>"
    |> Chart.withTemplate ChartTemplates.lightMirrored
    |> Chart.withLegendStyle (
        Orientation = StyleParam.Orientation.Horizontal,
        X = 1.0,
        XAnchor = StyleParam.XAnchorPosition.Right,
        Y = 1.02,
        YAnchor = StyleParam.YAnchorPosition.Bottom
    )
    |> Chart.withConfigStyle (DisplayModeBar = false, Responsive = true)
    |> Chart.withSize (1200.0, 480.0)
    |> GenericChart.toEmbeddedHTML
    // Chart.saveHtml would change the name.
    |> fun html -> File.WriteAllText(path, html)
