/// The page that shows what a training reached; it opens without a network.
module SineGan.Page

open System.IO
open Cotangent
open Samples
open Plotly.NET
open Plotly.NET.LayoutObjects

/// Small multiples: each signal as points in a cell of its own, on the curve of the nearest member of the family.
let private cells (family: SineFamily) rows columns (signals: Tensor) =
    let last = float (family.Length - 1)

    let cell i (signal: float32[]) =
        let right = float (i % columns) * (last + 2.0)
        let up = float (i / columns) * -2.4
        let sine = Quality.nearest family (Array.map float signal)
        let between = [ for step in 0..60 -> last * float step / 60.0 ]

        [
            Chart.Line(
                xy = [
                    for at in between ->
                        right + at, up + sine.Amplitude * sin (sine.Phase + sine.Frequency * at)
                ],
                Name = "the nearest sine",
                ShowLegend = (i = 0),
                LineColor = Color.fromString "#b0b7bf",
                LineWidth = 1.5
            )
            Chart.Point(
                xy = (signal |> Seq.mapi (fun at y -> right + float at, up + float y)),
                Name = "generated",
                ShowLegend = (i = 0),
                MarkerColor = Color.fromString "#2a6fbb"
            )
        ]

    let hidden axis = LinearAxis.init (Visible = false, Range = StyleParam.Range.ofMinMax axis)

    signals.ToData<float32[][]>()
    |> Seq.truncate (rows * columns)
    |> Seq.mapi cell
    |> Seq.concat
    |> Chart.combine
    |> Chart.withXAxis (hidden (-1.0, float columns * (last + 2.0) - 1.0))
    |> Chart.withYAxis (hidden (float (rows - 1) * -2.4 - 1.2, 1.2))

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

/// Writes the page: generated signals, the losses, and the measures in the title.
let write (path: string) (title: string) (subtitle: string) family (generated: Tensor) points =
    Defaults.DefaultDisplayOptions <- DisplayOptions.init (PlotlyJSReference = PlotlyJSReference.Full)

    [ cells family 4 4 generated; losses points ]
    |> Chart.Grid(1, 2, Pattern = StyleParam.LayoutGridPattern.Independent)
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
