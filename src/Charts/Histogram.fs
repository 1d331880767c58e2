namespace Cotangent.Charts

open System
open Cotangent

/// <summary>How a tensor's numbers are spread: bins of equal width, and quantiles.</summary>
[<Sealed; AllowNullLiteral(false)>]
type Histogram
    internal
    (
        count: int64,
        nonFinite: int64,
        sum: float,
        sumOfSquares: float,
        edges: float[],
        counts: float[],
        quantiles: float[]
    ) =
    /// The shares of numbers below each of <c>Quantiles</c>.
    static member Levels: float[] = [| 0.0; 0.05; 0.25; 0.5; 0.75; 0.95; 1.0 |]

    /// How many finite numbers there are.
    member _.Count = count
    /// How many are NaN or infinite; bins and quantiles leave them out.
    member _.NonFinite = nonFinite
    /// The sum of the finite ones.
    member _.Sum = sum
    /// The sum of their squares.
    member _.SumOfSquares = sumOfSquares
    /// Where bins end and begin: one more than there are bins; empty where no number is finite.
    member _.Edges = edges
    /// How many numbers are in each bin.
    member _.Counts = counts
    /// The quantiles at <c>Levels</c>: the least, 5, 25, 50, 75 and 95 %, the greatest; empty where no number is finite.
    member _.Quantiles = quantiles
    /// The least number; NaN where none is finite.
    member _.Min = if quantiles.Length = 0 then nan else quantiles[0]
    /// The greatest number; NaN where none is finite.
    member _.Max = if quantiles.Length = 0 then nan else quantiles[quantiles.Length - 1]

    override _.ToString() = $"{count} numbers, {nonFinite} not finite"

    /// <summary>
    /// The histogram of a tensor of any shape and dtype. Of more than 65,536 numbers the inner quantiles are those of 65,536 of them,
    /// taken at even distances, which is as good as a screen can show; all else is of all of them.
    /// </summary>
    /// <exception cref="T:Cotangent.TraceException">Inside a transformation, where there are no numbers yet.</exception>
    /// <example><code>
    /// let histogram = Histogram.OfTensor(tensor [ 1.0; 2.0; 3.0; 4.0; nan ])
    /// histogram.Count, histogram.NonFinite, histogram.Quantiles[3] // (4, 1, 2.5)
    /// </code></example>
    static member OfTensor(tensor: Tensor) : Histogram =
        ArgumentNullException.ThrowIfNull(box tensor, nameof tensor)
        let flat = tensor.Reshape [ tensor.Size ]

        match tensor.DType with
        | DType.Float32 -> flat.ToData<float32[]>() |> Array.map float
        | _ -> (flat.Convert DType.Float64).ToData<float[]>()
        |> HistogramOf.numbers

/// How histograms are computed.
and internal HistogramOf =
    /// Bins: enough to see a shape.
    static member Bins = 48

    static member numbers(all: float[]) : Histogram =
        let finite = all |> Array.filter Double.IsFinite
        let missing = int64 (all.Length - finite.Length)

        if finite.Length = 0 then
            Histogram(0L, missing, 0.0, 0.0, [||], [||], [||])
        else
            let low, high = Array.min finite, Array.max finite
            let bins = if low = high then 1 else HistogramOf.Bins
            // Halves, since high - low may overflow.
            let half = high / 2.0 - low / 2.0

            let edges =
                Array.init (bins + 1) (fun i ->
                    let share = float i / float bins
                    low * (1.0 - share) + high * share)

            let counts = Array.zeroCreate<float> bins

            for x in finite do
                let share = if half > 0.0 then (x / 2.0 - low / 2.0) / half else 0.0
                let bin = min (int (share * float bins)) (bins - 1)
                counts[bin] <- counts[bin] + 1.0

            let quantiles = HistogramOf.quantiles finite
            quantiles[0] <- low
            quantiles[quantiles.Length - 1] <- high

            Histogram(
                int64 finite.Length,
                missing,
                Array.sum finite,
                finite |> Array.sumBy (fun x -> x * x),
                edges,
                counts,
                quantiles
            )

    /// By linear interpolation between the two numbers around a rank, as NumPy does.
    static member private quantiles(finite: float[]) : float[] =
        let most = 1 <<< 16

        let sorted =
            if finite.Length <= most then
                Array.copy finite
            else
                Array.init most (fun i -> finite[int (int64 i * int64 finite.Length / int64 most)])

        Array.sortInPlace sorted

        Histogram.Levels
        |> Array.map (fun level ->
            let rank = level * float (sorted.Length - 1)
            let below = int rank
            let above = min (below + 1) (sorted.Length - 1)
            let share = rank - float below
            sorted[below] * (1.0 - share) + sorted[above] * share)
