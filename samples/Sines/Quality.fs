namespace Samples

open Cotangent

/// How well a generator has learnt a family, from as many generated as real signals.
type SineQuality = {
    /// The share of generated signals within the tolerance of some member of the family.
    Precision: float
    /// The share of members with a generated signal within the tolerance.
    Coverage: float
    /// 2 E‖g-r‖ - E‖g-g'‖ - E‖r-r'‖ (Székely & Rizzo 2013): 0 exactly when both distributions are equal.
    EnergyDistance: float
}

/// A member of a family: amplitude · sin (phase + frequency · i), and how far a signal is from it.
type NearestSine = {
    Amplitude: float
    Phase: float
    Frequency: float
    /// The root of the mean squared difference.
    Distance: float
}

/// How near generated signals are to a family.
[<RequireQualifiedAccess>]
module Quality =
    let private rootMeanSquare (a: float[]) (b: float[]) =
        let mutable total = 0.0

        for i in 0 .. a.Length - 1 do
            total <- total + (a[i] - b[i]) * (a[i] - b[i])

        sqrt (total / float a.Length)

    /// The member of the family that is nearest to a signal. At a given phase and frequency the best amplitude is a
    /// projection, clamped to its range; phase and frequency are searched on a grid that closes in on its best point.
    let nearest (family: SineFamily) (signal: float[]) : NearestSine =
        let lowAmplitude, highAmplitude = family.Amplitude

        /// The best amplitude, and the square of the distance.
        let fit phase frequency =
            let mutable product = 0.0
            let mutable square = 0.0
            let mutable own = 0.0

            for i in 0 .. signal.Length - 1 do
                let s = sin (phase + frequency * float i)
                product <- product + s * signal[i]
                square <- square + s * s
                own <- own + signal[i] * signal[i]

            let amplitude = System.Math.Clamp(product / square, lowAmplitude, highAmplitude)
            // ‖y - a s‖² = ‖y‖² - 2a ⟨y, s⟩ + a² ‖s‖²
            struct (amplitude, max 0.0 (own - 2.0 * amplitude * product + amplitude * amplitude * square))

        let search points (lowPhase, highPhase) (lowFrequency, highFrequency) =
            let mutable best = infinity
            let mutable at = struct (lowPhase, lowFrequency)

            for i in 0..points do
                let phase = lowPhase + (highPhase - lowPhase) * float i / float points

                for j in 0..points do
                    let frequency = lowFrequency + (highFrequency - lowFrequency) * float j / float points
                    let struct (_, e) = fit phase frequency

                    if e < best then
                        best <- e
                        at <- struct (phase, frequency)

            at

        let around (low: float, high: float) centre (width: float) =
            max low (centre - width), min high (centre + width)

        let rec zoom round phases frequencies points =
            let struct (phase, frequency) = search points phases frequencies

            if round = 0 then
                let struct (amplitude, squared) = fit phase frequency

                {
                    Amplitude = amplitude
                    Phase = phase
                    Frequency = frequency
                    Distance = sqrt (squared / float signal.Length)
                }
            else
                let step (low: float, high: float) = (high - low) / float points

                zoom
                    (round - 1)
                    (around family.Phase phase (step phases))
                    (around family.Frequency frequency (step frequencies))
                    6

        // Along the wide ranges a coarse cell changes the last sample's angle by less than a third of a radian.
        zoom 5 family.Phase family.Frequency 40

    /// The distance (RMSE) from a signal to the nearest member of the family.
    let distance (family: SineFamily) (signal: float[]) : float = (nearest family signal).Distance

    let private rows (t: Tensor) = (t.Convert DType.Float64).ToData<float[][]>()

    let private share (test: float[] -> bool) (signals: float[][]) =
        signals |> Array.Parallel.map (fun signal -> if test signal then 1.0 else 0.0) |> Array.average

    let private total (distances: float[]) =
        let mutable sum = 0.0

        for distance in distances do
            sum <- sum + distance

        sum

    let private meanDistance (a: float[][]) (b: float[][]) =
        let perSignal = a |> Array.Parallel.map (fun x -> b |> Array.map (rootMeanSquare x) |> total)
        // Euclidean distances, not root means.
        total perSignal * sqrt (float a[0].Length) / (float a.Length * float b.Length)

    /// 2 E‖g-r‖ - E‖g-g'‖ - E‖r-r'‖ between two samples of signals (count, length).
    let energyDistance (generated: Tensor) (real: Tensor) : float =
        let g, r = rows generated, rows real
        2.0 * meanDistance g r - meanDistance g g - meanDistance r r

    /// Measures generated signals (count, Length) against as many members of the family drawn with the key.
    let measure (family: SineFamily) (generated: Tensor) (key: Key) : SineQuality =
        if generated.Rank <> 2 || generated.Shape[1] <> family.Length || generated.Shape[0] = 0 then
            let shape = String.concat ", " (Seq.map string generated.Shape)

            raise (
                ShapeException
                    $"Quality.measure: signals of shape (count, {family.Length}) are wanted, got ({shape})."
            )

        let real = Sines.sample family generated.Shape[0] key
        let g, r = rows generated, rows real
        let isNear signal other = rootMeanSquare signal other <= family.Tolerance

        {
            Precision = g |> share (fun signal -> distance family signal <= family.Tolerance)
            Coverage = r |> share (fun signal -> Array.exists (isNear signal) g)
            EnergyDistance = energyDistance generated real
        }
