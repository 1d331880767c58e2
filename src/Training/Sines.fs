namespace Cotangent

open Cotangent.Inlined

/// A family of sine signals: mult · sin(x0 + freq · i) for i = 0 .. length-1, each parameter uniform in its range.
[<CompiledName "FSharpSineFamily">]
type SineFamily = {
    /// Samples of one signal.
    Length: int
    /// The range of x0.
    Phase: float * float
    /// The range of freq.
    Frequency: float * float
    /// The range of mult.
    Amplitude: float * float
    /// The root-mean-square error within which two signals count as the same.
    Tolerance: float
}

/// How well a generator has learnt a family, from as many generated as real signals.
type SineQuality = {
    /// The share of generated signals within the tolerance of some member of the family.
    Precision: float
    /// The share of members with a generated signal within the tolerance.
    Coverage: float
    /// 2 E‖g-r‖ - E‖g-g'‖ - E‖r-r'‖ (Székely & Rizzo 2013): 0 exactly when both distributions are equal.
    EnergyDistance: float
}

/// The signals of the sine GAN.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Sines =
    /// The family of the article that the GAN comes from.
    let article = {
        Length = 10
        Phase = 0.0, 0.5
        Frequency = 1.2, 1.3
        Amplitude = 0.6, 0.8
        Tolerance = 0.05
    }

    /// A family so wide that the article's GAN collapses on it.
    let wide = {
        Length = 10
        Phase = 0.0, 2.0 * System.Math.PI
        Frequency = 0.6, 1.8
        Amplitude = 0.3, 1.0
        Tolerance = 0.1
    }

    /// <summary>Members of a family drawn at random: Float32 (count, Length).</summary>
    /// <example><code>
    /// Sines.sample Sines.wide 100 (Key.create 0L) // shape (100, 10)
    /// </code></example>
    let sample (family: SineFamily) (count: int) (key: Key) : Tensor =
        let draw (low, high) key = Random.uniformIn key low high DType.Float32 [ count; 1 ]

        let forPhase, forFrequency, forAmplitude = Key.split3 key
        let i = Tensor.arange DType.Float32 family.Length

        draw family.Amplitude forAmplitude
        * sin (draw family.Phase forPhase + draw family.Frequency forFrequency * i)

    let private rootMeanSquare (a: float[]) (b: float[]) =
        let mutable total = 0.0

        for i in 0 .. a.Length - 1 do
            total <- total + (a[i] - b[i]) * (a[i] - b[i])

        sqrt (total / float a.Length)

    /// The distance (RMSE) from a signal to the nearest member of the family. At a given phase and frequency the best
    /// amplitude is a projection, clamped to its range; phase and frequency are searched on a grid that closes in on
    /// its best point.
    let internal distance (family: SineFamily) (signal: float[]) : float =
        let lowAmplitude, highAmplitude = family.Amplitude

        let error phase frequency =
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
            max 0.0 (own - 2.0 * amplitude * product + amplitude * amplitude * square)

        let search points (lowPhase, highPhase) (lowFrequency, highFrequency) =
            let mutable best = infinity
            let mutable at = struct (lowPhase, lowFrequency)

            for i in 0..points do
                let phase = lowPhase + (highPhase - lowPhase) * float i / float points

                for j in 0..points do
                    let frequency = lowFrequency + (highFrequency - lowFrequency) * float j / float points
                    let e = error phase frequency

                    if e < best then
                        best <- e
                        at <- struct (phase, frequency)

            struct (best, at)

        let around (low: float, high: float) centre (width: float) =
            max low (centre - width), min high (centre + width)

        let rec zoom round phases frequencies points =
            let struct (best, struct (phase, frequency)) = search points phases frequencies

            if round = 0 then
                best
            else
                let step (low: float, high: float) = (high - low) / float points

                zoom
                    (round - 1)
                    (around family.Phase phase (step phases))
                    (around family.Frequency frequency (step frequencies))
                    6

        // Along the wide ranges a coarse cell changes the last sample's angle by less than a third of a radian.
        sqrt (zoom 5 family.Phase family.Frequency 40 / float signal.Length)

    let private rows (t: Tensor) = (t.Convert DType.Float64).ToData<float[][]>()

    let private share (test: 'a -> bool) (items: 'a[]) =
        let hits = items |> Array.Parallel.map (fun item -> if test item then 1.0 else 0.0)
        Array.average hits

    let private meanDistance (a: float[][]) (b: float[][]) =
        let total =
            a
            |> Array.Parallel.map (fun x ->
                let mutable sum = 0.0

                for y in b do
                    sum <- sum + rootMeanSquare x y

                sum)

        // Euclidean distances, not root means.
        Array.sum total * sqrt (float a[0].Length) / (float a.Length * float b.Length)

    /// <summary>2 E‖g-r‖ - E‖g-g'‖ - E‖r-r'‖ between two samples of signals (count, length).</summary>
    /// <example><code>
    /// let signals = Sines.sample Sines.article 50 (Key.create 0L)
    /// Sines.energyDistance signals signals // 0
    /// </code></example>
    let energyDistance (generated: Tensor) (real: Tensor) : float =
        let g, r = rows generated, rows real
        2.0 * meanDistance g r - meanDistance g g - meanDistance r r

    /// <summary>
    /// Measures generated signals (count, Length) against as many members of the family drawn with the key.
    /// </summary>
    /// <example><code>
    /// let signals = Sines.sample Sines.article 200 (Key.create 0L)
    /// (Sines.quality Sines.article signals (Key.create 1L)).Precision // 1
    /// </code></example>
    let quality (family: SineFamily) (generated: Tensor) (key: Key) : SineQuality =
        if generated.Rank <> 2 || generated.Dims[1] <> family.Length || generated.Dims[0] = 0 then
            raise (
                ShapeException
                    $"Sines.quality: signals of shape (count, {family.Length}) are wanted, got {Shape.show generated.Dims}."
            )

        let real = sample family generated.Dims[0] key
        let g, r = rows generated, rows real
        let within = family.Tolerance

        {
            Precision = share (fun signal -> distance family signal <= within) g
            Coverage =
                share (fun signal -> g |> Array.exists (fun other -> rootMeanSquare signal other <= within)) r
            EnergyDistance = energyDistance generated real
        }
